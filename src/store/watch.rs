//! What a watchdog saw of a thread, and what came in meanwhile.

use super::chunks::{Chunks, Part};
use crate::trace::{Doing, TaskId, TimeRange, Timestamp};

/// What a watchdog saw of one thread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    samples: Chunks<Sample>,
    times: Chunks<CpuTimes>,
}

/// What a thread was doing at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When somebody looked.
    pub at: Timestamp,
    /// What it was doing.
    pub doing: Doing,
}

/// How the time of a thread was spent up to a moment, by the system's own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTimes {
    /// Up to when.
    pub at: Timestamp,
    /// Nanoseconds on a core.
    pub on_cpu: u64,
    /// Nanoseconds in which it could have run and had to wait for a core.
    pub waiting_for_core: u64,
}

impl Watch {
    /// What it was doing, at the moments that lie in `range`.
    pub fn samples_in(&self, range: TimeRange) -> Part<'_, Sample> {
        between(&self.samples, range, |sample| sample.at)
    }

    /// The accounts of its time that were taken in `range`.
    pub fn times_in(&self, range: TimeRange) -> Part<'_, CpuTimes> {
        between(&self.times, range, |times| times.at)
    }

    pub(super) fn add_sample(&mut self, sample: Sample) {
        insert(&mut self.samples, sample, |sample| sample.at);
    }

    pub(super) fn add_times(&mut self, times: CpuTimes) {
        insert(&mut self.times, times, |times| times.at);
    }

    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        forget(&mut self.samples, moment, |sample| sample.at);
        forget(&mut self.times, moment, |times| times.at);
    }

    pub(super) fn bytes(&self) -> usize {
        self.samples.bytes() + self.times.bytes()
    }
}

/// Data that came in on a descriptor while its loop did not look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// On which descriptor.
    pub fd: i32,
    /// Whose it is.
    pub task: Option<TaskId>,
    /// Whether it was there at the first look: then it came at this moment or before.
    pub at_first_look: bool,
}

/// The data that came in while the loops of a model did not look, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals(Chunks<Arrival>);

impl Arrivals {
    /// Those that lie in `range`.
    pub fn within(&self, range: TimeRange) -> Part<'_, Arrival> {
        between(&self.0, range, |arrival| arrival.at)
    }

    pub(super) fn add(&mut self, arrival: Arrival) {
        insert(&mut self.0, arrival, |arrival| arrival.at);
    }

    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        forget(&mut self.0, moment, |arrival| arrival.at);
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// What watching a model has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observer {
    /// How often the system was asked something.
    pub reads: u64,
    /// CPU time of the watching threads, in nanoseconds.
    pub spent: u64,
    /// How many reports of stalls were held back because they came too often.
    pub held_back: u64,
}

fn between<T>(all: &Chunks<T>, range: TimeRange, at: impl Fn(&T) -> Timestamp) -> Part<'_, T> {
    let from = all.partition_point(|one| at(one) < range.begin);
    let to = all.partition_point(|one| at(one) < range.end);
    all.range(from..to.max(from))
}

/// Nearly always at the end: only several watchdogs, or a watchdog and the loop itself, are out of order.
fn insert<T: Copy>(all: &mut Chunks<T>, one: T, at: impl Fn(&T) -> Timestamp) {
    let moment = at(&one);
    let place = match all.last() {
        Some(last) if moment < at(last) => all.partition_point(|known| at(known) <= moment),
        _ => all.len(),
    };
    all.insert(place, one);
}

/// Lets go of what lies before a moment, in whole pieces.
fn forget<T>(all: &mut Chunks<T>, moment: Timestamp, at: impl Fn(&T) -> Timestamp) {
    let place = all.partition_point(|one| at(one) < moment);
    all.forget_before(place);
}

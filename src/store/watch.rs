//! What a watchdog saw of a thread, and what came in meanwhile.

use std::collections::BTreeMap;

use super::chunks::{Chunks, Part};
use crate::trace::{Doing, NameId, Sighting, TaskId, TimeRange, Timestamp};

/// What a watchdog saw of one thread.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    samples: Chunks<Sample>,
    times: Chunks<CpuTimes>,
    runs: Chunks<Ran>,
    descriptors: Chunks<SeenDescriptor>,
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

/// It did something since a look: what it waited for then is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// When the next look was, or the stall over.
    pub at: Timestamp,
    /// How often it was given a core.
    pub times: u32,
}

/// A descriptor that a thread was seen to be busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenDescriptor {
    /// When.
    pub at: Timestamp,
    /// Its number.
    pub fd: i32,
    /// Whose it was.
    pub task: Option<TaskId>,
    /// What it was: the path of a file, or another few words.
    pub what: NameId,
}

impl Watch {
    /// When it did something between two looks, of those looks that lie in `range`.
    pub fn runs_in(&self, range: TimeRange) -> Part<'_, Ran> {
        between(&self.runs, range, |ran| ran.at)
    }

    /// The descriptors that it was busy with in `range`.
    pub fn descriptors_in(&self, range: TimeRange) -> Part<'_, SeenDescriptor> {
        between(&self.descriptors, range, |seen| seen.at)
    }

    /// What it was doing, at the moments that lie in `range`.
    pub fn samples_in(&self, range: TimeRange) -> Part<'_, Sample> {
        between(&self.samples, range, |sample| sample.at)
    }

    /// The accounts of its time that were taken in `range`.
    pub fn times_in(&self, range: TimeRange) -> Part<'_, CpuTimes> {
        between(&self.times, range, |times| times.at)
    }

    pub(super) fn add_sample(&mut self, sample: Sample) {
        self.samples.insert_by(sample, |sample| sample.at);
    }

    pub(super) fn add_run(&mut self, ran: Ran) {
        self.runs.insert_by(ran, |ran| ran.at);
    }

    pub(super) fn add_descriptor(&mut self, seen: SeenDescriptor) {
        self.descriptors.insert_by(seen, |seen| seen.at);
    }

    pub(super) fn add_times(&mut self, times: CpuTimes) {
        self.times.insert_by(times, |times| times.at);
    }

    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.samples.forget_while(|sample| sample.at < moment);
        self.times.forget_while(|times| times.at < moment);
        self.runs.forget_while(|ran| ran.at < moment);
        self.descriptors.forget_while(|seen| seen.at < moment);
    }

    pub(super) fn bytes(&self) -> usize {
        let watched = self.samples.bytes() + self.times.bytes();
        watched + self.runs.bytes() + self.descriptors.bytes()
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
    /// How that is known.
    pub sighting: Sighting,
}

/// The data that came in while the loops of a model did not look, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrivals {
    all: Chunks<Arrival>,
    /// The same by their descriptors: of thousands, each is asked for one after the other.
    by_fd: BTreeMap<i32, Chunks<Arrival>>,
}

impl Arrivals {
    /// Those that lie in `range`.
    pub fn within(&self, range: TimeRange) -> Part<'_, Arrival> {
        between(&self.all, range, |arrival| arrival.at)
    }

    /// Those of a descriptor that lie in `range`.
    pub fn on(&self, fd: i32, range: TimeRange) -> impl Iterator<Item = &Arrival> {
        let of_it = self.by_fd.get(&fd).into_iter();
        of_it.flat_map(move |all| between(all, range, |arrival| arrival.at).iter())
    }

    pub(super) fn add(&mut self, arrival: Arrival) {
        self.all.insert_by(arrival, |arrival| arrival.at);
        let of_it = self.by_fd.entry(arrival.fd).or_default();
        of_it.insert_by(arrival, |arrival| arrival.at);
    }

    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.all.forget_while(|arrival| arrival.at < moment);
        for of_it in self.by_fd.values_mut() {
            of_it.forget_while(|arrival| arrival.at < moment);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let by_fd = self.by_fd.values();
        let by_fd = by_fd.map(|all| size_of::<Chunks<Arrival>>() + all.bytes());
        self.all.bytes() + by_fd.sum::<usize>()
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
    /// How long its threads spent on recording, in nanoseconds, as far as they told: an estimate.
    pub recording: Option<u64>,
}

impl Observer {
    pub(super) fn recorded(&mut self, spent: u64) {
        let recording = self.recording.get_or_insert_default();
        *recording = recording.saturating_add(spent);
    }
}

fn between<T>(all: &Chunks<T>, range: TimeRange, at: impl Fn(&T) -> Timestamp) -> Part<'_, T> {
    let from = all.partition_point(|one| at(one) < range.begin);
    let to = all.partition_point(|one| at(one) < range.end);
    all.range(from..to.max(from))
}

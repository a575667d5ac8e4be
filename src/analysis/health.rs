//! How well a loop does.
//!
//! Most of it the store has counted already. How long things waited for the loop is counted by a [`Meter`], which goes on
//! where it stopped: a window keeps one and lets it look at what is new in each frame; a report lets it look at all. Of a
//! part of a trace [`health_in`] tells the same.

use std::collections::BTreeMap;
use std::time::Duration;

use super::rates::{Turned, busy_in, turned};
use super::spans::common;
use super::waits::{known_until, served};
use super::{Histogram, Quantiles, Waits};
use crate::store::ModelTrack;
use crate::trace::{ThreadId, TimeRange, Timestamp};

/// How well the loops of a model do.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::health_in;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let asynchronous = &trace.store.models()[2];
/// let health = health_in(asynchronous, trace.store.range(), trace.now()).expect("it has a loop");
/// assert!(health.utilization > 0.9, "it hardly ever came to its poll: {health:?}");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Health {
    /// Event loop utilization: the share of its time that a loop spent outside the poll, 0 to 1. It is not CPU time.
    pub utilization: f64,
    /// How many turns were made, counted by their polls.
    pub turns: usize,
    /// How many of them a second.
    pub turns_per_second: f64,
    /// How many callbacks, those inside others not counted, ran in a turn; `None` where the loop came to no poll.
    pub callbacks_per_turn: Option<f64>,
    /// How many descriptors a poll brought; `None` where there was no poll.
    pub ready_per_poll: Option<f64>,
    /// How late timers fired: what is called the lag of the loop.
    pub lag: Quantiles,
    /// How long descriptors, timers and calls from threads waited from the moment when they were ready to that when
    /// they were served.
    pub queueing: Quantiles,
}

/// Counts how long things waited for the loops of a model.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    queueing: Histogram,
    lag: Histogram,
    threads: BTreeMap<ThreadId, Counted>,
}

/// Up to where a thread was counted.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    until: Timestamp,
    timers: usize,
}

impl Meter {
    /// Looks at what has become known of a model. The work grows with what is new; turns that are not over wait.
    ///
    /// A meter that looks while a run goes on takes a descriptor as ready since the loop learned of it, should the
    /// watchdog that saw it come in be heard of later than the loop.
    pub fn look(&mut self, model: &ModelTrack) {
        for thread in model.threads.iter().filter(|thread| thread.runs_loop()) {
            let counted = self.threads.entry(thread.id).or_default();
            let late = thread.lateness.points().range(counted.timers..);
            late.iter().for_each(|(_, late)| self.lag.add(*late));
            counted.timers = thread.lateness.points().len();
            let new = TimeRange::new(counted.until, known_until(thread));
            counted.until = new.end;
            for (_, waited) in served(model, thread, new) {
                self.queueing.add(waited);
            }
        }
    }

    /// How long things waited: how often each delay came.
    pub const fn queueing(&self) -> &Histogram {
        &self.queueing
    }

    /// How well the loops of the model do, by what it has seen so far; `None` where the model has no loop.
    pub fn health(&self, model: &ModelTrack, now: Timestamp) -> Option<Health> {
        let now = model.end.map_or(now, |end| end.min(now));
        let loops = || model.threads.iter().filter(|thread| thread.runs_loop());
        let polls: usize = loops().map(|thread| thread.polls).sum();
        let lived = loops().map(|thread| thread.range(now).nanos());
        let lived = lived.fold(0, u64::saturating_add);
        let waited = loops().map(|thread| thread.waited_nanos(now));
        let waited = waited.fold(0, u64::saturating_add).min(lived);
        let callbacks: usize = loops().map(|thread| thread.callbacks).sum();
        let ready = loops()
            .map(|thread| thread.ready)
            .fold(0, u64::saturating_add);
        let share = |a: f64, b: f64| if b > 0.0 { a / b } else { 0.0 };
        let by_turn = |count: f64| (polls > 0).then(|| count / polls as f64);
        // Where there is no loop there is no longest either.
        let longest = Duration::from_nanos(loops().map(|one| one.range(now).nanos()).max()?);
        Some(Health {
            utilization: share((lived - waited) as f64, lived as f64),
            turns: polls,
            turns_per_second: share(polls as f64, longest.as_secs_f64()),
            callbacks_per_turn: by_turn(callbacks as f64),
            ready_per_poll: by_turn(ready as f64),
            lag: self.lag.quantiles(),
            queueing: self.queueing.quantiles(),
        })
    }
}

/// How well the loops of a model did during `range`: what was served in it, and the turns that have a moment in it. `now`
/// stands for the end of what lasts still; `None` where the model had no loop then. Looks at all that was served in the
/// whole trace: for reports, not for frames.
pub fn health_in(model: &ModelTrack, range: TimeRange, now: Timestamp) -> Option<Health> {
    let now = model.end.map_or(now, |end| end.min(now));
    let mut lag = Histogram::default();
    let (mut lived, mut busy, mut made, mut longest) = (0, 0, 0.0, Duration::ZERO);
    let mut all = Turned::default();
    for thread in model.threads.iter().filter(|thread| thread.runs_loop()) {
        let part = common(thread.range(now), range);
        if part.is_empty() {
            continue;
        }
        let late = thread.lateness.points().iter();
        let late = late.filter(|(at, _)| range.contains(*at));
        late.for_each(|(_, late)| lag.add(*late));
        let (active, turns) = busy_in(thread, part, now);
        lived += part.nanos();
        busy += active;
        made += turns;
        longest = longest.max(part.duration());
        let done = turned(thread, part);
        all.turns += done.turns;
        all.callbacks += done.callbacks;
        all.ready += done.ready;
    }
    let mut waits = Waits::default();
    waits.look(model, usize::MAX);
    let by_turn = |count: u64| (all.turns > 0).then(|| count as f64 / all.turns as f64);
    (lived > 0).then(|| Health {
        utilization: busy as f64 / lived as f64,
        turns: usize::try_from(all.turns).unwrap_or(usize::MAX),
        turns_per_second: made / longest.as_secs_f64(),
        callbacks_per_turn: by_turn(all.callbacks),
        ready_per_poll: by_turn(all.ready),
        lag: lag.quantiles(),
        queueing: waits.histogram(range).quantiles(),
    })
}

//! Stalls, health and the observer's cost as a report has them: plain numbers and texts. Durations are seconds,
//! moments are seconds since the begin of the model.

use std::time::Duration;

use super::{Blame, Cause, Health, Quantiles, StallReport, Victim};
use crate::store::ModelTrack;
use crate::trace::Timestamp;

/// One stall.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct StallEntry {
    /// When it began.
    pub start_s: f64,
    /// How long it was, or has been so far.
    pub duration_s: f64,
    /// Whether it lasts still.
    pub lasts: bool,
    /// The name of the callback that took the largest part.
    pub callback: String,
    /// The name of its task.
    pub task: Option<String>,
    /// That task's place in the scenario, from 1.
    pub task_number: Option<u32>,
    /// What held the loop.
    pub cause: CauseEntry,
    /// Who waited because of it, the one who waited longest first.
    pub victims: Vec<VictimEntry>,
    /// How long others waited during it, all of them together.
    pub harm_s: f64,
    /// All that for a person.
    pub sentence: String,
}

/// What held the loop.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct CauseEntry {
    /// `on_cpu`, `blocked`, `waiting_for_core`, `many_callbacks`, `many_calls` or `unknown`.
    pub kind: &'static str,
    /// The system call in which most of it was spent, where one was seen.
    pub syscall: Option<String>,
    /// The descriptor that call was about.
    pub fd: Option<i32>,
    /// The name of the task whose descriptor that is.
    pub fd_of: Option<String>,
    /// What that descriptor is: the path of a file, or another few words.
    pub fd_what: Option<String>,
    /// The call that blocks which took most of it, where the program announced one.
    pub call: Option<String>,
    /// On a core; `null`, like the next two, where the system does not account for it.
    pub on_cpu_s: Option<f64>,
    /// It could have run, and had to wait for a core.
    pub waiting_for_core_s: Option<f64>,
    /// Neither.
    pub blocked_s: Option<f64>,
    /// How often a watchdog looked.
    pub samples: usize,
}

/// Who waited because of a stall.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct VictimEntry {
    /// `fd`, `timer`, `thread_call`, `deferred` or `startup`.
    pub kind: &'static str,
    /// What it is called, such as `data_received of ecstasy`.
    pub name: String,
    /// The name of its task.
    pub task: Option<String>,
    /// The number of its descriptor.
    pub fd: Option<i32>,
    /// When it was ready.
    pub ready_s: f64,
    /// How that is known: `exact`, `observed`, `stamped` by the system, `at_first_look` (then or before) or `as_learned` by
    /// the loop.
    pub known: &'static str,
    /// When it was served; `null` while it waits.
    pub served_s: Option<f64>,
    /// How long it waited.
    pub delay_s: f64,
    /// Who held the loop meanwhile; the parts add up to the delay.
    pub blame: Vec<BlameEntry>,
}

/// A part of a delay.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct BlameEntry {
    /// The name of the callback that held the loop.
    pub callback: String,
    /// The name of its task.
    pub task: Option<String>,
    /// For how long.
    pub seconds: f64,
}

/// How well the loops of a model did.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct HealthEntry {
    /// The share of its time that the loop spent outside the poll, 0 to 1.
    pub utilization: f64,
    /// How many turns were made.
    pub turns: usize,
    /// How many of them a second.
    pub turns_per_second: f64,
    /// How many callbacks ran in a turn; `null` where the loop came to no poll.
    pub callbacks_per_turn: Option<f64>,
    /// How many descriptors a poll brought; `null` where there was no poll.
    pub ready_per_poll: Option<f64>,
    /// How late timers fired.
    pub lag: QuantilesEntry,
    /// How long things waited from the moment when they were ready to that when they were served.
    pub queueing_delay: QuantilesEntry,
}

/// Below which duration so many of all lie.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct QuantilesEntry {
    /// Of how many.
    pub count: u64,
    /// Half of them.
    pub p50_s: f64,
    /// Nine of ten.
    pub p90_s: f64,
    /// All but one in a hundred.
    pub p99_s: f64,
    /// The largest.
    pub max_s: f64,
}

/// What it has cost to see all this.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct ObserverEntry {
    /// How many events were recorded.
    pub events: u64,
    /// How many were dropped because nobody fetched them.
    pub dropped: u64,
    /// How long the threads of the model spent on recording, of several the sum: handing over is measured, the rest
    /// estimated by what an event costs. `null` where they did not tell.
    pub recording_s: Option<f64>,
    /// CPU time of those who watched.
    pub spent_s: f64,
    /// How often the system was asked something.
    pub reads: u64,
    /// How many reports of stalls were held back because they came too often.
    pub held_back: u64,
}

impl StallEntry {
    pub(super) fn new(stall: &StallReport, begin: Timestamp) -> Self {
        let victims = stall.victims.iter();
        Self {
            start_s: seconds(stall.range.begin.since(begin)),
            duration_s: seconds(stall.range.duration()),
            lasts: stall.lasts,
            callback: stall.callback.clone(),
            task: stall.task_name.clone(),
            task_number: stall.task.map(|task| task.number()),
            cause: CauseEntry::new(&stall.cause),
            victims: victims
                .map(|victim| VictimEntry::new(victim, begin))
                .collect(),
            harm_s: seconds(stall.harm),
            sentence: stall.sentence().to_string(),
        }
    }
}

impl CauseEntry {
    fn new(cause: &Cause) -> Self {
        Self {
            kind: cause.kind.word(),
            syscall: cause.syscall.clone(),
            fd: cause.fd,
            fd_of: cause.fd_of.clone(),
            fd_what: cause.fd_what.clone(),
            call: cause.call.clone(),
            on_cpu_s: cause.split.map(|split| seconds(split.on_cpu)),
            waiting_for_core_s: cause.split.map(|split| seconds(split.waiting_for_core)),
            blocked_s: cause.split.map(|split| seconds(split.blocked)),
            samples: cause.samples,
        }
    }
}

impl VictimEntry {
    fn new(victim: &Victim, begin: Timestamp) -> Self {
        let served = victim.served_by.map(|_| victim.waited.end);
        Self {
            kind: victim.kind.word(),
            name: victim.name().to_string(),
            task: victim.task_name.clone(),
            fd: victim.fd,
            ready_s: seconds(victim.waited.begin.since(begin)),
            known: victim.known.word(),
            served_s: served.map(|served| seconds(served.since(begin))),
            delay_s: seconds(victim.delay()),
            blame: victim.blame.iter().map(BlameEntry::new).collect(),
        }
    }
}

impl BlameEntry {
    fn new(blame: &Blame) -> Self {
        Self {
            callback: blame.holder.callback(),
            task: blame.holder.task().map(str::to_owned),
            seconds: seconds(blame.duration),
        }
    }
}

impl HealthEntry {
    pub(super) fn new(health: &Health) -> Self {
        Self {
            utilization: health.utilization,
            turns: health.turns,
            turns_per_second: health.turns_per_second,
            callbacks_per_turn: health.callbacks_per_turn,
            ready_per_poll: health.ready_per_poll,
            lag: QuantilesEntry::new(&health.lag),
            queueing_delay: QuantilesEntry::new(&health.queueing),
        }
    }
}

impl QuantilesEntry {
    fn new(quantiles: &Quantiles) -> Self {
        Self {
            count: quantiles.count,
            p50_s: seconds(quantiles.p50),
            p90_s: seconds(quantiles.p90),
            p99_s: seconds(quantiles.p99),
            max_s: seconds(quantiles.max),
        }
    }
}

impl ObserverEntry {
    pub(super) fn new(model: &ModelTrack) -> Self {
        Self {
            events: model.events,
            dropped: model.dropped,
            recording_s: model
                .observer
                .recording
                .map(|nanos| seconds(Duration::from_nanos(nanos))),
            spent_s: seconds(Duration::from_nanos(model.observer.spent)),
            reads: model.observer.reads,
            held_back: model.observer.held_back,
        }
    }
}

/// Whole nanoseconds of up to a hundred days are exact in the nine decimals of this.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

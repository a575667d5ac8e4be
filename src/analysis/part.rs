//! A part of a trace as numbers: what `report --range` prints.

use super::entries::seconds;
use super::{
    CallStatistics, HealthEntry, StallEntry, StallReport, Statistics, TaskStatistics,
    ThreadStatistics, health_in, stalls, statistics,
};
use crate::store::TraceStore;
use crate::trace::{TimeRange, Timestamp};

/// What happened between two moments, as numbers. Durations are seconds. Moments are seconds of the trace, as the window's
/// ruler has them, for all models.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct PartReport {
    /// The name of the scenario.
    pub scenario: String,
    /// From when on.
    pub from_s: f64,
    /// Until when.
    pub to_s: f64,
    /// What each model did meanwhile, in the order in which they are shown.
    pub models: Vec<ModelPart>,
}

/// What one model did.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct ModelPart {
    /// Its name, such as `asynchronous`.
    pub model: String,
    /// What was called, and the blocking calls in it, that which took longest first. A call that reaches over an edge of
    /// the range counts with what of it lies inside, here and below.
    pub callbacks: Vec<CallPart>,
    /// How its tasks fared, in the order of the scenario; those that did not exist then are left out.
    pub tasks: Vec<TaskPart>,
    /// How its threads spent their time; those that did not exist then, or never did a thing, are left out.
    pub threads: Vec<ThreadPart>,
    /// The stalls that reach into the range, each of them whole, in the order in which they began.
    pub stalls: Vec<StallEntry>,
    /// How well its loop did; `null` where it had none then.
    pub health: Option<HealthEntry>,
}

/// All calls by one name.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct CallPart {
    /// What it is called.
    pub name: String,
    /// Whether it is a call that blocks, and not a callback.
    pub blocking: bool,
    /// How often.
    pub count: u64,
    /// How long in all, what it called included.
    pub total_s: f64,
    /// How long without what lies in it.
    pub self_s: f64,
    /// The total by the count.
    pub mean_s: f64,
    /// Half of the calls took no longer.
    pub p50_s: f64,
    /// All but one in a hundred took no longer.
    pub p99_s: f64,
    /// The longest.
    pub max_s: f64,
}

/// How one task fared.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct TaskPart {
    /// What it is called.
    pub task: String,
    /// How long nobody worked on it.
    pub queued_s: f64,
    /// How long it waited for its connection.
    pub waiting_s: f64,
    /// How long it was ready and not served.
    pub ready_s: f64,
    /// How long its code ran.
    pub running_s: f64,
}

/// How one thread spent its time.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct ThreadPart {
    /// What it is called.
    pub thread: String,
    /// How long it waited, in polls or in system calls.
    pub waiting_s: f64,
    /// How long it did anything else.
    pub busy_s: f64,
    /// How much of that it was in callbacks, or in calls that block.
    pub called_s: f64,
}

/// The stalls that reach into a stretch of time, in the order in which they began.
pub fn stalls_in(store: &TraceStore, range: TimeRange, now: Timestamp) -> Vec<StallReport> {
    let mut stalls = stalls(store, now);
    stalls.retain(|stall| stall.range.overlaps(range));
    stalls
}

impl PartReport {
    /// What `store` tells of `range` in a run of `scenario` up to `now`.
    pub fn new(store: &TraceStore, scenario: &str, range: TimeRange, now: Timestamp) -> Self {
        let stalls = stalls_in(store, range, now);
        let models = store.models().iter().map(|model| {
            let Statistics {
                callbacks,
                tasks,
                threads,
                ..
            } = statistics(store, model, range, now);
            let of_model = stalls.iter().filter(|stall| stall.model == model.id);
            ModelPart {
                model: store.model_name(model).to_owned(),
                callbacks: callbacks.into_iter().map(CallPart::new).collect(),
                tasks: tasks.into_iter().map(TaskPart::new).collect(),
                threads: threads.into_iter().map(ThreadPart::new).collect(),
                stalls: of_model
                    .map(|stall| StallEntry::new(stall, Timestamp::ZERO))
                    .collect(),
                health: health_in(model, range, now).map(|health| HealthEntry::new(&health)),
            }
        });
        Self {
            scenario: scenario.to_owned(),
            from_s: moment(range.begin),
            to_s: moment(range.end),
            models: models.collect(),
        }
    }
}

fn moment(at: Timestamp) -> f64 {
    seconds(at.since(Timestamp::ZERO))
}

impl CallPart {
    fn new(call: CallStatistics) -> Self {
        Self {
            name: call.name,
            blocking: call.blocking,
            count: call.count,
            total_s: seconds(call.total),
            self_s: seconds(call.own),
            mean_s: seconds(call.mean),
            p50_s: seconds(call.p50),
            p99_s: seconds(call.p99),
            max_s: seconds(call.max),
        }
    }
}

impl TaskPart {
    fn new(task: TaskStatistics) -> Self {
        Self {
            task: task.name,
            queued_s: seconds(task.queued),
            waiting_s: seconds(task.waiting),
            ready_s: seconds(task.ready),
            running_s: seconds(task.running),
        }
    }
}

impl ThreadPart {
    fn new(thread: ThreadStatistics) -> Self {
        Self {
            thread: thread.name,
            waiting_s: seconds(thread.waited),
            busy_s: seconds(thread.busy),
            called_s: seconds(thread.called),
        }
    }
}

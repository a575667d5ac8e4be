//! The models side by side.

use std::time::Duration;

use crate::store::{ModelTrack, SpanKind, TaskTrack, TraceStore};
use crate::trace::{ModelId, Outcome, TaskId, TimeRange, Timestamp};

/// How one model of execution fared.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSummary {
    /// Which.
    pub id: ModelId,
    /// What it is called, such as `asynchronous`.
    pub name: String,
    /// How it ended; `None` while it runs.
    pub outcome: Option<Outcome>,
    /// From its begin to its end.
    pub elapsed: Duration,
    /// How long its threads waited, in polls or in system calls that block. Of several threads this is the
    /// sum, so three threads that wait for one second have waited for three. A thread that has no spans is not
    /// counted: the main thread of the threaded model does nothing but wait for the others, without a record.
    pub waiting: Duration,
    /// How long its threads did anything else: the rest of their lives. Computing counts as well as blocking in
    /// a callback: it is not CPU time. Of several threads this is the sum, of the same ones as `waiting`.
    pub running: Duration,
    /// How much CPU time its threads have used, of several the sum; `None` unless they told it, which they do when they end.
    pub cpu: Option<Duration>,
    /// How long its threads could have run and had to wait for a core, as `cpu`.
    pub waiting_for_core: Option<Duration>,
    /// By how many bytes the memory of the process grew while it ran, at most; `None` where other models ran beside it.
    pub memory: Option<u64>,
    /// Its longest stall.
    pub longest_stall: Option<Duration>,
    /// How many stalls it had.
    pub stalls: usize,
    /// How often it entered the event provider; 0 for a model without a loop.
    pub polls: usize,
    /// How many events it recorded.
    pub events: u64,
    /// How many events were dropped because nobody fetched them.
    pub dropped: u64,
    /// Its tasks, in the order of the scenario.
    pub tasks: Vec<TaskSummary>,
}

/// How one task fared in one model.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSummary {
    /// Which.
    pub id: TaskId,
    /// What it is called.
    pub name: String,
    /// How many bytes it has read.
    pub bytes: u64,
    /// When somebody began to work on it.
    pub begin: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// How it ended; `None` while it lasts.
    pub outcome: Option<Outcome>,
    /// What went wrong, as a person reads it.
    pub error: Option<String>,
    /// How long nobody worked on it.
    pub queued: Duration,
    /// How long it waited for its connection.
    pub waiting: Duration,
    /// How long it was ready and not served.
    pub ready: Duration,
    /// How long its code ran.
    pub running: Duration,
}

/// How the models fared up to `now`, in the order of their ids. Costs the same for a long trace as for a short
/// one: a frame may ask for it.
pub fn compare(store: &TraceStore, now: Timestamp) -> Vec<ModelSummary> {
    let summary = |model| model_summary(store, model, now);
    store.models().iter().map(summary).collect()
}

/// How one model fared up to `now`.
pub(super) fn model_summary(
    store: &TraceStore,
    model: &ModelTrack,
    now: Timestamp,
) -> ModelSummary {
    let range = model.range(now);
    // What was left open in a model that is over lasts no longer than it.
    let now = range.end;
    let (mut waited, mut lived) = (0_u64, 0_u64);
    for thread in model.threads.iter().filter(|thread| thread.has_spans()) {
        let life = thread.range(now).nanos();
        lived = lived.saturating_add(life);
        waited = waited.saturating_add(thread.waited_nanos(now).min(life));
    }
    ModelSummary {
        id: model.id,
        name: store.model_name(model).to_owned(),
        outcome: model.outcome,
        elapsed: range.duration(),
        waiting: Duration::from_nanos(waited),
        running: Duration::from_nanos(lived - waited),
        cpu: model.times.map(|times| Duration::from_nanos(times.on_cpu)),
        waiting_for_core: model
            .times
            .map(|times| Duration::from_nanos(times.waiting_for_core)),
        memory: model.memory.map(|memory| memory.most - memory.first),
        longest_stall: model.longest_stall(now).map(TimeRange::duration),
        stalls: model.stalls.len(),
        polls: model.threads.iter().map(|thread| thread.polls).sum(),
        events: model.events,
        dropped: model.dropped,
        tasks: model
            .tasks
            .iter()
            .map(|task| summary(store, task, now))
            .collect(),
    }
}

/// How one task of a model fared up to `now`, as [`compare`] tells it of all.
pub fn task_summary(
    store: &TraceStore,
    model: &ModelTrack,
    id: TaskId,
    now: Timestamp,
) -> Option<TaskSummary> {
    let now = model.range(now).end;
    model.task(id).map(|task| summary(store, task, now))
}

fn summary(store: &TraceStore, task: &TaskTrack, now: Timestamp) -> TaskSummary {
    let spent = |state| Duration::from_nanos(task.spent_nanos(state, now));
    TaskSummary {
        id: task.id,
        name: task_name(store, task),
        bytes: task.bytes,
        begin: task.begin,
        end: task.end,
        outcome: task.outcome,
        error: task.failure.map(|message| store.name(message).to_owned()),
        queued: spent(SpanKind::Queued),
        waiting: spent(SpanKind::Waiting),
        ready: spent(SpanKind::Ready),
        running: spent(SpanKind::Running),
    }
}

/// What a task is called; its number where the trace does not tell.
pub(super) fn task_name(store: &TraceStore, task: &TaskTrack) -> String {
    task.name.map_or_else(
        || format!("task {}", task.id),
        |name| store.name(name).to_owned(),
    )
}

/// What the task with this id is called.
pub(super) fn name_of_task(store: &TraceStore, model: &ModelTrack, id: TaskId) -> String {
    model
        .task(id)
        .map_or_else(|| format!("task {id}"), |task| task_name(store, task))
}

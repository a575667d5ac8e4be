//! What a thing in the trace is, in words: for the inspector and for links to it.

use crate::analysis::plain_duration;
use crate::store::{LaneRef, ModelTrack, Span, SpanKind, TraceStore};
use crate::trace::{EventKind, Interest, ModelId, Outcome, TaskId, ThreadId};
use std::time::Duration;

/// What a span is called: `data_received`, `sleep 200ms`, `poll`.
pub(super) fn span(store: &TraceStore, span: &Span) -> String {
    span.name.map_or_else(
        || span.kind.word().to_owned(),
        |name| store.name(name).to_owned(),
    )
}

/// What kind of thing a span is, for a newcomer.
pub(super) const fn explained(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Poll => {
            "The loop waits until a descriptor is ready, a timer is due or another thread calls"
        }
        SpanKind::Turn => "The loop works: between two polls it runs what has become due or ready",
        SpanKind::Wait(_) => "The thread sleeps in a system call until its one socket is ready",
        SpanKind::Callback(_) => {
            "Your code runs, from begin to end; in a loop nothing else runs meanwhile"
        }
        SpanKind::Blocking => "Your code called something that does not return at once",
        SpanKind::Queued => "The task is known, and nobody works on it yet",
        SpanKind::Waiting => "The task waits for its connection",
        SpanKind::Ready => "Data is there, but the loop is busy with something else",
        SpanKind::Running => "The task's code runs",
    }
}

/// What a model is called.
pub(super) fn model(store: &TraceStore, id: ModelId) -> &str {
    store.model(id).map_or("?", |model| store.model_name(model))
}

/// What a task is called.
pub(super) fn task(store: &TraceStore, model: &ModelTrack, id: TaskId) -> String {
    model
        .task(id)
        .and_then(|task| task.name)
        .map_or_else(|| format!("task {id}"), |name| store.name(name).to_owned())
}

/// What a thread is called.
pub(super) fn thread(store: &TraceStore, model: &ModelTrack, id: ThreadId) -> String {
    model.thread(id).and_then(|thread| thread.name).map_or_else(
        || format!("thread {id}"),
        |name| store.name(name).to_owned(),
    )
}

/// What a lane is called: `thread reactor`, `task ecstasy`.
pub(super) fn lane(store: &TraceStore, model: &ModelTrack, lane: LaneRef) -> String {
    match lane {
        LaneRef::Thread(id) => format!("thread {}", thread(store, model, id)),
        LaneRef::Task(id) => format!("task {}", task(store, model, id)),
    }
}

/// What happened at a moment, in a few words.
pub(super) fn event(store: &TraceStore, model: &ModelTrack, kind: &EventKind) -> String {
    let task = |id: &TaskId| task(store, model, *id);
    let whose = |id: &Option<TaskId>| {
        id.map_or_else(
            || "a descriptor".to_owned(),
            |id| self::task(store, model, id),
        )
    };
    match kind {
        EventKind::ModelBegin { name } => format!("{} begins", store.name(*name)),
        EventKind::ModelEnd { outcome } => format!("the model ends: {}", ended(*outcome)),
        EventKind::TaskQueued { task: id, .. } => format!("{} is queued", task(id)),
        EventKind::TaskBegin { task: id, .. } => format!("{} begins", task(id)),
        EventKind::TaskEnd { task: id, outcome } => {
            format!("{} ends: {}", task(id), ended(*outcome))
        }
        EventKind::Connected { task: id } => format!("{} is connected", task(id)),
        EventKind::BytesRead { task: id, bytes: 0 } => format!("{}: end of the data", task(id)),
        EventKind::BytesRead { task: id, bytes } => format!("{} read {bytes} bytes", task(id)),
        EventKind::Readiness {
            task,
            interest: Interest::Readable,
            ..
        } => {
            format!("{} became readable", whose(task))
        }
        EventKind::Readiness {
            task,
            interest: Interest::Writable,
            ..
        } => {
            format!("{} became writable", whose(task))
        }
        EventKind::TimerSet { name, .. } => format!("timer for {} was set", store.name(*name)),
        EventKind::TimerFired { late, .. } => {
            format!(
                "timer fired {} late",
                plain_duration(Duration::from_nanos(*late))
            )
        }
        EventKind::TimerCancelled { .. } => "timer was cancelled".to_owned(),
        EventKind::ThreadCall { .. } => "another thread asked for a call".to_owned(),
        EventKind::Stall { callback, .. } => format!("stall in {}", store.name(*callback)),
        EventKind::Failure { message, .. } => store.name(*message).to_owned(),
        EventKind::Dropped { count } => {
            format!("{count} events were dropped: nobody fetched them in time")
        }
        // These are ends of spans, and spans are described by [`span`].
        _ => "an event".to_owned(),
    }
}

/// How something ended.
pub(super) const fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Stopped => "stopped",
    }
}

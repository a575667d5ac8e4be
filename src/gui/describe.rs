//! What a thing in the trace is, in words: for the inspector and for links to it.

use std::time::Duration;

use crate::analysis::plain_duration;
use crate::store::{LaneRef, ModelTrack, Span, SpanKind, TraceStore};
use crate::trace::{
    Doing, EventKind, Half, Interest, ModelId, Outcome, Side, TaskId, ThreadId, WaitCall,
};

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
        SpanKind::Wait(WaitCall::Connect | WaitCall::Read) => {
            "The thread sleeps in a system call until its one socket is ready"
        }
        SpanKind::Wait(WaitCall::Work) => "The thread has nothing to do until there is work for it",
        SpanKind::Wait(WaitCall::Sleep) => {
            "The thread sleeps in a system call until some time has passed"
        }
        SpanKind::Callback(_) => {
            "Your code runs, from begin to end; in a loop nothing else runs meanwhile"
        }
        SpanKind::Blocking => "Your code called something that does not return at once",
        SpanKind::Queued => "The task is known, and nobody works on it yet",
        SpanKind::Waiting => "The task waits: for its connection, or until some time has passed",
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
    let whose = &|id: &Option<TaskId>| {
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
        _ => connection(store, kind, whose)
            .or_else(|| deferred(store, kind))
            .or_else(|| watched(store, kind, whose))
            // The rest are begins and ends of spans, and spans are described by [`span`].
            .unwrap_or_else(|| "an event".to_owned()),
    }
}

/// What happened in the life of a connection.
fn connection(
    store: &TraceStore,
    kind: &EventKind,
    whose: impl Fn(&Option<TaskId>) -> String,
) -> Option<String> {
    Some(match kind {
        EventKind::ConnectionMade { task, side, .. } => match side {
            Side::Client => format!("the connection of {} stands", whose(task)),
            Side::Server => format!("{} was taken in", whose(task)),
        },
        EventKind::ConnectionHalfClosed { task, half, .. } => match half {
            Half::Reading => format!("{}: the other side sends no more", whose(task)),
            Half::Writing => format!("{}: this side sends no more", whose(task)),
        },
        EventKind::ConnectionLost { task, message, .. } => match message {
            Some(message) => format!("{} was lost: {}", whose(task), store.name(*message)),
            None => format!("{} was closed", whose(task)),
        },
        EventKind::BytesWritten { task, bytes, .. } => {
            format!("{} wrote {bytes} bytes", whose(task))
        }
        EventKind::BackPressureBegin { task, buffered, .. } => format!(
            "{}: the other side reads too slowly, {buffered} bytes wait",
            whose(task)
        ),
        EventKind::BackPressureEnd { task, .. } => {
            format!("{}: the other side has caught up", whose(task))
        }
        EventKind::ReadingPaused { task, .. } => format!("{} reads no more for now", whose(task)),
        EventKind::ReadingResumed { task, .. } => format!("{} reads again", whose(task)),
        _ => return None,
    })
}

/// What happened to a Deferred, or to work for the thread pool.
fn deferred(store: &TraceStore, kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::DeferredMade { name, .. } => {
            format!("{} was promised (a Deferred)", store.name(*name))
        }
        EventKind::DeferredStep { step, .. } => format!("a Deferred {step}"),
        EventKind::DeferredPaused { .. } => "a Deferred waits for another one".to_owned(),
        EventKind::WorkQueued { name, .. } => {
            format!("{} was handed to the thread pool", store.name(*name))
        }
        EventKind::WorkDone { .. } => "a thread of the pool has done its work".to_owned(),
        _ => return None,
    })
}

/// What a watchdog saw.
fn watched(
    store: &TraceStore,
    kind: &EventKind,
    whose: impl Fn(&Option<TaskId>) -> String,
) -> Option<String> {
    Some(match kind {
        EventKind::StallNoticed { callback, .. } => match callback {
            Some(callback) => format!("a stall goes on in {}", store.name(*callback)),
            None => "a stall goes on".to_owned(),
        },
        EventKind::ReportsHeldBack { count } => {
            format!("{count} more reports of stalls were held back")
        }
        EventKind::ThreadSample { doing, .. } => match doing {
            Doing::Running => "seen running (or waiting for a core)".to_owned(),
            Doing::SystemCall { name, fd } => {
                let on = fd.map(|fd| format!(" on descriptor {fd}"));
                format!("seen in {}{}", store.name(*name), on.unwrap_or_default())
            }
            Doing::Unknown => "the system does not say what the thread does".to_owned(),
        },
        EventKind::ThreadTimes { on_cpu, .. } => format!(
            "{} of CPU time so far",
            plain_duration(Duration::from_nanos(*on_cpu))
        ),
        EventKind::ThreadSpent { on_cpu, .. } => format!(
            "the thread has used {} of CPU time in all",
            plain_duration(Duration::from_nanos(*on_cpu))
        ),
        EventKind::DataArrived { task, .. } => {
            format!("data for {} came in, and nobody looked", whose(task))
        }
        EventKind::ReadinessOf { fd, .. } => format!("that was descriptor {fd}"),
        EventKind::Memory { resident } => format!("the process has {resident} bytes of memory"),
        EventKind::Watched { spent, .. } => format!(
            "watching took {} of CPU time",
            plain_duration(Duration::from_nanos(*spent))
        ),
        _ => return None,
    })
}

/// How something ended.
pub(super) const fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Stopped => "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;
    use crate::trace::{DeferredStep, FlowId, NameId};

    #[test]
    fn the_life_of_a_connection_and_of_a_deferred_are_told_in_words() {
        let mut store = TraceStore::new();
        sample::batches().iter().for_each(|batch| store.push(batch));
        let model = &store.models()[0];
        let flow = FlowId::from_index(0);
        let name = NameId::from_index(0);
        let said = |kind| event(&store, model, &kind);
        let lost = EventKind::ConnectionLost {
            connection: flow,
            task: None,
            loss: crate::trace::Loss::Broken,
            message: Some(name),
        };
        assert_eq!(said(lost), "a descriptor was lost: asynchronous");
        let step = DeferredStep::Recovered;
        assert_eq!(
            said(EventKind::DeferredStep {
                deferred: flow,
                step
            }),
            "a Deferred recovered"
        );
        assert_eq!(
            said(EventKind::WorkQueued { work: flow, name }),
            "asynchronous was handed to the thread pool"
        );
    }
}

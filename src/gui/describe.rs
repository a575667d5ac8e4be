//! What a thing in the trace is, in words: for the inspector and for links to it.

use std::time::Duration;

use crate::analysis::{outcome_word, plain_duration};
use crate::gui::texts::{self, fill, tr};
use crate::gui::theme::hues;
use crate::store::{LaneRef, ModelTrack, Span, SpanKind, TraceStore};
use crate::trace::{
    Doing, EventKind, Half, Interest, ModelId, Outcome, Side, TaskId, ThreadId, WaitCall, Wire,
    process_of,
};

/// What a span is called: `data_received`, `sleep 200ms`, `poll`.
pub(super) fn span(store: &TraceStore, span: &Span) -> String {
    span.name.map_or_else(
        || tr(span.kind.word()).to_owned(),
        |name| store.name(name).to_owned(),
    )
}

/// What a span is called, with its task.
pub(super) fn span_of_task(store: &TraceStore, model: &ModelTrack, span: &Span) -> String {
    let callback = self::span(store, span);
    let Some(id) = span.task else {
        return callback;
    };
    let task = task(store, model, id);
    fill(
        tr("{callback} of {task}"),
        &[("callback", &callback), ("task", &task)],
    )
}

/// What kind of thing a span is, for a newcomer.
pub(super) fn explained(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Poll => {
            tr("The loop waits until a descriptor is ready, a timer is due or another thread calls")
        }
        SpanKind::Turn => {
            tr("The loop works: between two polls it runs what has become due or ready")
        }
        SpanKind::Wait(WaitCall::Connect | WaitCall::Read) => {
            tr("The thread sleeps in a system call until its one socket is ready")
        }
        SpanKind::Wait(WaitCall::Work) => {
            tr("The thread has nothing to do until there is work for it")
        }
        SpanKind::Wait(WaitCall::Sleep) => {
            tr("The thread sleeps in a system call until some time has passed")
        }
        SpanKind::Callback(_) => {
            tr("Your code runs, from begin to end; in a loop nothing else runs meanwhile")
        }
        SpanKind::Blocking => tr("Your code called something that does not return at once"),
        SpanKind::Queued => tr("The task is known, and nobody works on it yet"),
        SpanKind::Waiting => {
            tr("The task waits: for its connection, or until some time has passed")
        }
        SpanKind::Ready => tr("Data is there, but the loop is busy with something else"),
        SpanKind::Running => tr("The task's code runs"),
    }
}

/// How something ended, in a word. What has no end in a trace runs while that is live, and else nobody knows.
pub(super) fn outcome(outcome: Option<Outcome>, live: bool) -> &'static str {
    match outcome {
        None if !live => tr("not ended"),
        outcome => tr(outcome_word(outcome)),
    }
}

/// What a model is called.
pub(super) fn model(store: &TraceStore, id: ModelId) -> &str {
    store
        .model(id)
        .map_or("?", |model| texts::variant(store.model_name(model)))
}

/// The models of a trace, each with what tells its colour (see [`hues`]).
pub(super) fn coloured_models(store: &TraceStore) -> impl Iterator<Item = (usize, &ModelTrack)> {
    let models = store.models();
    let hues = hues(models.iter().map(|model| store.model_name(model)));
    hues.into_iter().zip(models)
}

/// What a task is called.
pub(super) fn task(store: &TraceStore, model: &ModelTrack, id: TaskId) -> String {
    model.task(id).and_then(|task| task.name).map_or_else(
        || fill(tr("task {id}"), &[("id", &id)]),
        |name| store.name(name).to_owned(),
    )
}

/// What a thread is called.
pub(super) fn thread(store: &TraceStore, model: &ModelTrack, id: ThreadId) -> String {
    model.thread(id).and_then(|thread| thread.name).map_or_else(
        || fill(tr("thread {id}"), &[("id", &id)]),
        |name| texts::thread(store.name(name)).into_owned(),
    )
}

/// What a lane is called: `thread reactor`, `task ecstasy`.
pub(super) fn lane(store: &TraceStore, model: &ModelTrack, lane: LaneRef) -> String {
    match lane {
        LaneRef::Thread(id) if is_process(store, model, id) => thread(store, model, id),
        LaneRef::Thread(id) => fill(tr("thread {name}"), &[("name", &thread(store, model, id))]),
        LaneRef::Task(id) => fill(tr("task {name}"), &[("name", &task(store, model, id))]),
    }
}

/// Whether a thread is all there is of a process of its own.
fn is_process(store: &TraceStore, model: &ModelTrack, id: ThreadId) -> bool {
    let name = model.thread(id).and_then(|thread| thread.name);
    name.is_some_and(|name| process_of(store.name(name)).is_some())
}

/// What happened at a moment, in a few words.
pub(super) fn event(store: &TraceStore, model: &ModelTrack, kind: &EventKind) -> String {
    let task = |id: &TaskId| task(store, model, *id);
    let whose = &|id: &Option<TaskId>| {
        id.map_or_else(
            || tr("a descriptor").to_owned(),
            |id| self::task(store, model, id),
        )
    };
    match kind {
        EventKind::ModelBegin { name } => {
            fill(tr("{name} begins"), &[("name", &store.name(*name))])
        }
        EventKind::ModelEnd { outcome } => fill(
            tr("the model ends: {outcome}"),
            &[("outcome", &ended(*outcome))],
        ),
        EventKind::TaskQueued { task: id, .. } => {
            fill(tr("{task} is queued"), &[("task", &task(id))])
        }
        EventKind::TaskBegin { task: id, .. } => fill(tr("{name} begins"), &[("name", &task(id))]),
        EventKind::TaskEnd { task: id, outcome } => fill(
            tr("{task} ends: {outcome}"),
            &[("task", &task(id)), ("outcome", &ended(*outcome))],
        ),
        EventKind::Connected { task: id } => {
            fill(tr("{task} is connected"), &[("task", &task(id))])
        }
        EventKind::BytesRead { task: id, bytes: 0 } => {
            fill(tr("{task}: end of the data"), &[("task", &task(id))])
        }
        EventKind::BytesRead { task: id, bytes } => fill(
            tr("{task} read {bytes} bytes"),
            &[("task", &task(id)), ("bytes", &bytes)],
        ),
        EventKind::Readiness {
            task,
            interest: Interest::Readable,
            ..
        } => fill(tr("{task} became readable"), &[("task", &whose(task))]),
        EventKind::Readiness {
            task,
            interest: Interest::Writable,
            ..
        } => fill(tr("{task} became writable"), &[("task", &whose(task))]),
        EventKind::TimerSet { name, .. } => fill(
            tr("timer for {name} was set"),
            &[("name", &store.name(*name))],
        ),
        EventKind::TimerFired { late, .. } => fill(
            tr("timer fired {late} late"),
            &[("late", &plain_duration(Duration::from_nanos(*late)))],
        ),
        EventKind::TimerCancelled { .. } => tr("timer was cancelled").to_owned(),
        EventKind::ThreadCall { .. } => tr("another thread asked for a call").to_owned(),
        EventKind::Stall { callback, .. } => fill(
            tr("stall in {callback}"),
            &[("callback", &store.name(*callback))],
        ),
        EventKind::Failure { message, .. } => texts::failure(store.name(*message)).into_owned(),
        EventKind::Dropped { count } => fill(
            tr("{count} events were dropped: nobody fetched them in time"),
            &[("count", &count)],
        ),
        _ => connection(store, kind, whose)
            .or_else(|| deferred(store, kind))
            .or_else(|| watched(store, kind, whose))
            // The rest are begins and ends of spans, and spans are described by [`span`].
            .unwrap_or_else(|| tr("an event").to_owned()),
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
            Side::Client => fill(
                tr("the connection of {task} stands"),
                &[("task", &whose(task))],
            ),
            Side::Server => fill(tr("{task} was taken in"), &[("task", &whose(task))]),
        },
        EventKind::ConnectionHalfClosed { task, half, .. } => match half {
            Half::Reading => fill(
                tr("{task}: the other side sends no more"),
                &[("task", &whose(task))],
            ),
            Half::Writing => fill(
                tr("{task}: this side sends no more"),
                &[("task", &whose(task))],
            ),
        },
        EventKind::ConnectionLost { task, message, .. } => match message {
            Some(message) => fill(
                tr("{task} was lost: {why}"),
                &[
                    ("task", &whose(task)),
                    ("why", &texts::failure(store.name(*message))),
                ],
            ),
            None => fill(tr("{task} was closed"), &[("task", &whose(task))]),
        },
        EventKind::BytesWritten { task, bytes, .. } => fill(
            tr("{task} wrote {bytes} bytes"),
            &[("task", &whose(task)), ("bytes", &bytes)],
        ),
        EventKind::BackPressureBegin { task, buffered, .. } => fill(
            tr("{task}: the other side reads too slowly, {buffered} bytes wait"),
            &[("task", &whose(task)), ("buffered", &buffered)],
        ),
        EventKind::BackPressureEnd { task, .. } => fill(
            tr("{task}: the other side has caught up"),
            &[("task", &whose(task))],
        ),
        EventKind::ReadingPaused { task, .. } => fill(
            tr("{task} reads no more for now"),
            &[("task", &whose(task))],
        ),
        EventKind::ReadingResumed { task, .. } => {
            fill(tr("{task} reads again"), &[("task", &whose(task))])
        }
        EventKind::ConnectedBy { task, wire } => {
            let (text, number) = match wire {
                Wire::Tcp { client, .. } | Wire::Udp { client, .. } => (
                    tr("{task} is connected from port {number}"),
                    (*client).into(),
                ),
                Wire::Unix(inode) => (
                    tr("{task} is connected from a Unix socket (inode {number})"),
                    *inode,
                ),
                Wire::Pipe(inode) => (tr("{task} is connected by a pipe (inode {number})"), *inode),
            };
            let task = whose(&Some(*task));
            fill(text, &[("task", &task), ("number", &number)])
        }
        _ => return None,
    })
}

/// What happened to a Deferred, or to work for the thread pool.
fn deferred(store: &TraceStore, kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::DeferredMade { name, .. } => fill(
            tr("{name} was promised (a Deferred)"),
            &[("name", &store.name(*name))],
        ),
        EventKind::DeferredStep { step, .. } => {
            fill(tr("a Deferred {step}"), &[("step", &tr(&step.to_string()))])
        }
        EventKind::DeferredPaused { .. } => tr("a Deferred waits for another one").to_owned(),
        EventKind::WorkQueued { name, .. } => fill(
            tr("{name} was handed to the thread pool"),
            &[("name", &store.name(*name))],
        ),
        EventKind::WorkDone { .. } => tr("a thread of the pool has done its work").to_owned(),
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
            Some(callback) => fill(
                tr("a stall goes on in {callback}"),
                &[("callback", &store.name(*callback))],
            ),
            None => tr("a stall goes on").to_owned(),
        },
        EventKind::ReportsHeldBack { count } => fill(
            tr("{count} more reports of stalls were held back"),
            &[("count", &count)],
        ),
        EventKind::ThreadSample { doing, .. } => match doing {
            Doing::Running => tr("seen running (or waiting for a core)").to_owned(),
            Doing::SystemCall { name, fd } => {
                let on = fd.map(|fd| fill(tr(" on descriptor {fd}"), &[("fd", &fd)]));
                fill(
                    tr("seen in {call}{on}"),
                    &[
                        ("call", &store.name(*name)),
                        ("on", &on.unwrap_or_default()),
                    ],
                )
            }
            Doing::Unknown => tr("the system does not say what the thread does").to_owned(),
        },
        EventKind::ThreadTimes { on_cpu, .. } => fill(
            tr("{time} of CPU time so far"),
            &[("time", &plain_duration(Duration::from_nanos(*on_cpu)))],
        ),
        EventKind::ThreadSpent { on_cpu, .. } => fill(
            tr("the thread has used {time} of CPU time in all"),
            &[("time", &plain_duration(Duration::from_nanos(*on_cpu)))],
        ),
        EventKind::ThreadRan { times, .. } => fill(
            tr("ran again, {times} × since the look before"),
            &[("times", &times)],
        ),
        EventKind::DescriptorIs { fd, what, .. } => fill(
            tr("descriptor {fd} is {what}"),
            &[("fd", &fd), ("what", &store.name(*what))],
        ),
        EventKind::Recorded { events: 0, spent } => fill(
            tr("taking in what another process recorded took {time}"),
            &[("time", &plain_duration(Duration::from_nanos(*spent)))],
        ),
        EventKind::Recorded { events, spent } => fill(
            tr("recording {events} events took about {time}"),
            &[
                ("events", &events),
                ("time", &plain_duration(Duration::from_nanos(*spent))),
            ],
        ),
        EventKind::DataArrived { task, .. } => fill(
            tr("data for {task} came in, and nobody looked"),
            &[("task", &whose(task))],
        ),
        EventKind::ReadinessOf { fd, .. } => fill(tr("that was descriptor {fd}"), &[("fd", &fd)]),
        EventKind::Memory { resident } => fill(
            tr("the process has {resident} bytes of memory"),
            &[("resident", &resident)],
        ),
        EventKind::Watched { spent, .. } => fill(
            tr("watching took {time} of CPU time"),
            &[("time", &plain_duration(Duration::from_nanos(*spent)))],
        ),
        _ => return None,
    })
}

/// How something ended.
pub(super) fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => tr("done"),
        Outcome::Failed => tr("failed"),
        Outcome::Stopped => tr("stopped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_not_called_a_thread() {
        let mut store = TraceStore::new();
        let (model, id) = (ModelId::from_index(0), ThreadId::from_index(0));
        let name = NameId::from_index(0);
        let event = |kind| Event {
            at: Timestamp::ZERO,
            kind,
        };
        store.push(&Batch {
            source: Source { model, thread: id },
            names: vec![(name, "process 17".to_owned())],
            events: vec![
                event(EventKind::ModelBegin { name }),
                event(EventKind::ThreadBegin { name }),
            ],
        });
        let said = lane(&store, &store.models()[0], LaneRef::Thread(id));
        assert_eq!(said, "process 17");
    }
    use crate::store::sample;
    use crate::trace::{Batch, DeferredStep, Event, FlowId, ModelId, NameId, Source, Timestamp};

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

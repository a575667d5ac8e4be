//! A small trace with everything in it, for the tests of those who read the store.

use super::TraceStore;
use crate::trace::{
    Batch, Cause, Event, EventKind, FlowId, Interest, ModelId, NameId, Outcome, Source, TaskId,
    ThreadId, Timestamp, WaitCall,
};

/// The texts, by their ids from 1.
const TEXTS: [&str; 12] = [
    "asynchronous",
    "threaded",
    "reactor",
    "main",
    "thread of ecstasy",
    "ecstasy",
    "science \"quoted\"",
    "start",
    "data_received",
    "sleep 60ms",
    "timed_out",
    "connection reset, said the kernel",
];

fn name(text: &str) -> NameId {
    let place = TEXTS.iter().position(|known| known.starts_with(text));
    NameId::from_index(place.expect("one of the texts"))
}

fn task(number: u32) -> TaskId {
    TaskId::new(number).expect("from 1")
}

fn flow(number: u64) -> FlowId {
    FlowId::new(number).expect("from 1")
}

fn batch(model: usize, thread: usize, events: Vec<(u64, EventKind)>) -> Batch {
    let names = TEXTS.iter().enumerate();
    Batch {
        source: Source {
            model: ModelId::from_index(model),
            thread: ThreadId::from_index(thread),
        },
        names: names
            .map(|(place, text)| (NameId::from_index(place), (*text).to_owned()))
            .collect(),
        events: events
            .into_iter()
            .map(|(millis, kind)| Event {
                at: Timestamp(millis * 1_000_000),
                kind,
            })
            .collect(),
    }
}

/// A store that holds all of it.
pub(crate) fn store() -> TraceStore {
    let mut store = TraceStore::new();
    for batch in batches() {
        store.push(&batch);
    }
    store
}

/// A reactor that serves two tasks, is stalled by the first of them for 68 ms, fires a timer 61 ms late and fails
/// in a call from a thread; and a thread that downloads, while its main thread waits for it.
pub(crate) fn batches() -> Vec<Batch> {
    vec![
        batch(0, 0, first_turns()),
        batch(0, 0, last_turns()),
        batch(1, 1, main_begins()),
        batch(1, 2, worker()),
        batch(
            1,
            1,
            vec![
                (
                    100,
                    EventKind::ModelEnd {
                        outcome: Outcome::Done,
                    },
                ),
                (100, EventKind::ThreadEnd),
            ],
        ),
    ]
}

fn callback(callback: &str, task: Option<TaskId>, cause: Cause, flow: Option<FlowId>) -> EventKind {
    EventKind::CallbackBegin {
        name: name(callback),
        task,
        cause,
        flow,
    }
}

const RETURNED: EventKind = EventKind::CallbackEnd { failed: false };

fn begins(number: u32, task_name: &str) -> [EventKind; 2] {
    let (task, name) = (task(number), name(task_name));
    [
        EventKind::TaskQueued { task, name },
        EventKind::TaskBegin { task, name },
    ]
}

fn read(number: u32, bytes: u32) -> EventKind {
    EventKind::BytesRead {
        task: task(number),
        bytes,
    }
}

fn ready(number: u64) -> EventKind {
    EventKind::Readiness {
        flow: flow(number),
        task: TaskId::new(number as u32),
        interest: Interest::Readable,
    }
}

fn first_turns() -> Vec<(u64, EventKind)> {
    let ([queued1, begun1], [queued2, begun2]) = (begins(1, "ecstasy"), begins(2, "science"));
    let serve = |number| {
        let flow = Some(flow(u64::from(number)));
        callback("data_received", Some(task(number)), Cause::Readiness, flow)
    };
    vec![
        (
            0,
            EventKind::ThreadBegin {
                name: name("reactor"),
            },
        ),
        (
            0,
            EventKind::ModelBegin {
                name: name("asynchronous"),
            },
        ),
        (0, queued1),
        (0, queued2),
        (1, callback("start", None, Cause::WhenRunning, None)),
        (1, begun1),
        (1, begun2),
        (
            1,
            EventKind::TimerSet {
                timer: flow(3),
                deadline: Timestamp(15_000_000),
                name: name("timed_out"),
            },
        ),
        (2, RETURNED),
        (2, EventKind::PollBegin),
        (10, EventKind::PollEnd { ready: 2 }),
        (10, ready(1)),
        (10, ready(2)),
        (10, serve(1)),
        (11, read(1, 30)),
        (
            12,
            EventKind::BlockingBegin {
                name: name("sleep 60ms"),
                task: Some(task(1)),
            },
        ),
        (72, EventKind::BlockingEnd),
        (73, RETURNED),
        (73, serve(2)),
        (74, read(2, 20)),
        (75, RETURNED),
    ]
}

fn last_turns() -> Vec<(u64, EventKind)> {
    let end = |number, outcome| EventKind::TaskEnd {
        task: task(number),
        outcome,
    };
    vec![
        (
            76,
            EventKind::TimerFired {
                timer: flow(3),
                late: 61_000_000,
            },
        ),
        (76, callback("timed_out", None, Cause::Timer, Some(flow(3)))),
        (77, RETURNED),
        (
            78,
            EventKind::Stall {
                begin: Timestamp(10_000_000),
                task: Some(task(1)),
                callback: name("data_received"),
            },
        ),
        (78, EventKind::PollBegin),
        (90, EventKind::PollEnd { ready: 0 }),
        (
            90,
            EventKind::ThreadCall {
                flow: flow(4),
                queued_at: Timestamp(85_000_000),
            },
        ),
        (
            91,
            callback("start", Some(task(2)), Cause::ThreadCall, Some(flow(4))),
        ),
        (
            92,
            EventKind::Failure {
                task: Some(task(2)),
                message: name("connection reset"),
            },
        ),
        (92, EventKind::CallbackEnd { failed: true }),
        (93, end(1, Outcome::Done)),
        (93, end(2, Outcome::Failed)),
        (94, EventKind::PollBegin),
        (95, EventKind::PollEnd { ready: 0 }),
        (95, EventKind::Dropped { count: 7 }),
        (
            96,
            EventKind::ModelEnd {
                outcome: Outcome::Failed,
            },
        ),
        (96, EventKind::ThreadEnd),
    ]
}

fn main_begins() -> Vec<(u64, EventKind)> {
    vec![
        (0, EventKind::ThreadBegin { name: name("main") }),
        (
            0,
            EventKind::ModelBegin {
                name: name("threaded"),
            },
        ),
        (0, begins(1, "ecstasy")[0]),
    ]
}

fn worker() -> Vec<(u64, EventKind)> {
    let waits = |call| EventKind::WaitBegin {
        task: task(1),
        call,
    };
    let done = EventKind::WaitEnd { task: task(1) };
    vec![
        (
            1,
            EventKind::ThreadBegin {
                name: name("thread of"),
            },
        ),
        (1, begins(1, "ecstasy")[1]),
        (1, waits(WaitCall::Connect)),
        (3, done),
        (3, EventKind::Connected { task: task(1) }),
        (4, waits(WaitCall::Read)),
        (50, done),
        (50, read(1, 30)),
        (
            51,
            callback("data_received", Some(task(1)), Cause::Program, None),
        ),
        (53, RETURNED),
        (54, waits(WaitCall::Read)),
        (99, done),
        (99, read(1, 0)),
        (
            99,
            EventKind::TaskEnd {
                task: task(1),
                outcome: Outcome::Done,
            },
        ),
        (99, EventKind::ThreadEnd),
    ]
}

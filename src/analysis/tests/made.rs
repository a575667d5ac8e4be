//! Hand-made traces of a loop and of the watchdog that looks at it. Times are milliseconds.

use super::at;
use crate::store::TraceStore;
use crate::trace::{
    Batch, Cause, Doing, Event, EventKind, FlowId, Interest, ModelId, NameId, Sighting, Source,
    TaskId, ThreadId,
};

/// The texts, by their ids from 1.
const TEXTS: [&str; 14] = [
    "data_received",
    "tick",
    "call",
    "clock_nanosleep",
    "recvfrom",
    "ecstasy",
    "science",
    "truth",
    "asynchronous",
    "loop",
    "a pipe",
    "fsync",
    "sleep 150ms",
    "compute 200ms",
];

const TASKS: [&str; 3] = ["ecstasy", "science", "truth"];

/// A trace in the making.
#[derive(Default)]
pub(super) struct Made {
    pub(super) events: Vec<(u64, EventKind)>,
    pub(super) watched: Vec<(u64, EventKind)>,
    /// What a thread of the pool tells.
    pub(super) pool: Vec<(u64, EventKind)>,
    flows: u64,
}

pub(super) fn name(text: &str) -> NameId {
    let place = TEXTS.iter().position(|known| *known == text);
    NameId::from_index(place.expect("one of the texts"))
}

/// What a callback is called.
pub(super) fn said(name: NameId, task: Option<TaskId>) -> String {
    let name = TEXTS[name.index()];
    match task {
        Some(task) => format!("{name} of {}", TASKS[task.index()]),
        None => name.to_owned(),
    }
}

pub(super) fn task(number: u32) -> TaskId {
    TaskId::new(number).expect("from 1")
}

pub(super) const LOOP: ThreadId = ThreadId::new(1).expect("not zero");

impl Made {
    /// How many events there are before the first poll.
    pub(super) const BEFORE: usize = 5;

    /// Three tasks, and a poll that returns at 100.
    pub(super) fn new() -> Self {
        let mut made = Self::starting();
        made.poll(1, 100);
        made
    }

    /// Three tasks.
    pub(super) fn starting() -> Self {
        let mut made = Self::default();
        made.tell(0, EventKind::ThreadBegin { name: name("loop") });
        made.tell(
            0,
            EventKind::ModelBegin {
                name: name("asynchronous"),
            },
        );
        for (number, text) in (1..).zip(TASKS) {
            let (task, name) = (task(number), name(text));
            made.tell(0, EventKind::TaskBegin { task, name });
        }
        made
    }

    pub(super) fn tell(&mut self, at: u64, kind: EventKind) {
        self.events.push((at, kind));
    }

    pub(super) fn watch(&mut self, at: u64, kind: EventKind) {
        self.watched.push((at, kind));
    }

    pub(super) fn new_flow(&mut self) -> FlowId {
        self.flows += 1;
        FlowId::new(self.flows).expect("from 1")
    }

    pub(super) fn poll(&mut self, begin: u64, end: u64) {
        self.tell(begin, EventKind::PollBegin);
        self.tell(end, EventKind::PollEnd { ready: 1 });
    }

    /// The loop learns that a task is ready; of which descriptor is told where it was watched.
    pub(super) fn ready(&mut self, at: u64, number: u32, fd: Option<i32>) -> FlowId {
        let flow = self.new_flow();
        let (task, interest) = (Some(task(number)), Interest::Readable);
        self.tell(
            at,
            EventKind::Readiness {
                flow,
                task,
                interest,
            },
        );
        if let Some(fd) = fd {
            self.tell(at, EventKind::ReadinessOf { flow, fd });
        }
        flow
    }

    /// What was to be called when the loop runs.
    pub(super) fn start(&mut self, (begin, end): (u64, u64), number: u32) {
        let begins = EventKind::CallbackBegin {
            name: name("call"),
            task: Some(task(number)),
            cause: Cause::WhenRunning,
            flow: None,
        };
        self.tell(begin, begins);
        self.tell(end, EventKind::CallbackEnd { failed: false });
    }

    /// A callback runs from `begin` to `end`.
    pub(super) fn call(
        &mut self,
        (begin, end): (u64, u64),
        text: &str,
        number: Option<u32>,
        (cause, flow): (Cause, FlowId),
    ) {
        let begins = EventKind::CallbackBegin {
            name: name(text),
            task: number.map(task),
            cause,
            flow: Some(flow),
        };
        self.tell(begin, begins);
        self.tell(end, EventKind::CallbackEnd { failed: false });
    }

    pub(super) fn serve(&mut self, (begin, end): (u64, u64), number: u32, flow: FlowId) {
        let because = (Cause::Readiness, flow);
        self.call((begin, end), "data_received", Some(number), because);
    }

    pub(super) fn stall(&mut self, begin: u64, end: u64, number: u32) {
        let stall = EventKind::Stall {
            begin: at(begin),
            task: Some(task(number)),
            callback: name("data_received"),
        };
        self.tell(end, stall);
    }

    pub(super) fn arrives(&mut self, at: u64, number: u32, fd: i32, sighting: Sighting) {
        let task = Some(task(number));
        let arrived = EventKind::DataArrived { fd, task, sighting };
        self.watch(at, arrived);
    }

    pub(super) fn notices(&mut self, at_millis: u64, begin: u64) {
        let noticed = EventKind::StallNoticed {
            thread: LOOP,
            task: Some(task(1)),
            callback: Some(name("data_received")),
            begin: at(begin),
        };
        self.watch(at_millis, noticed);
    }

    pub(super) fn sees(&mut self, at: u64, doing: Doing) {
        self.watch(
            at,
            EventKind::ThreadSample {
                thread: LOOP,
                doing,
            },
        );
    }

    /// The loop did something else between two looks.
    pub(super) fn runs(&mut self, at: u64, times: u32) {
        let thread = LOOP;
        self.watch(at, EventKind::ThreadRan { thread, times });
    }

    /// Somebody found out what a descriptor is.
    pub(super) fn finds(&mut self, at: u64, fd: i32, of: Option<u32>, what: &str) {
        let seen = EventKind::DescriptorIs {
            thread: LOOP,
            fd,
            task: of.map(task),
            what: name(what),
        };
        self.watch(at, seen);
    }

    /// The system's account, in milliseconds.
    pub(super) fn accounts(&mut self, at: u64, on_cpu: u64, waiting_for_core: u64) {
        let times = EventKind::ThreadTimes {
            thread: LOOP,
            on_cpu: on_cpu * 1_000_000,
            waiting_for_core: waiting_for_core * 1_000_000,
        };
        self.watch(at, times);
    }

    /// The watchdog is heard of first, and the loop last: it tells of a turn at its end.
    pub(super) fn store(&self) -> TraceStore {
        self.store_of([1, 2, 0])
    }

    /// The loop is thread 0, the watchdog 1, and 2 is of the pool: in this order they are heard of.
    pub(super) fn store_of(&self, order: [usize; 3]) -> TraceStore {
        let mut store = TraceStore::new();
        let all = [&self.events, &self.watched, &self.pool];
        for thread in order {
            let events = all[thread];
            store.push(&Batch {
                source: Source {
                    model: ModelId::from_index(0),
                    thread: ThreadId::from_index(thread),
                },
                names: TEXTS
                    .iter()
                    .enumerate()
                    .map(|(place, text)| (NameId::from_index(place), (*text).to_owned()))
                    .collect(),
                events: events
                    .iter()
                    .map(|&(millis, kind)| Event {
                        at: at(millis),
                        kind,
                    })
                    .collect(),
            });
        }
        store
    }
}

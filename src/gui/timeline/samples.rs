//! A trace made by hand, as the shipped scenario records one: three models, three tasks, a read every tenth of a
//! second. For tests only.

use crate::store::TraceStore;
use crate::trace::{
    Batch, Cause, Event, EventKind, FlowId, Interest, ModelId, NameId, Outcome, Source, TaskId,
    ThreadId, Timestamp, WaitCall,
};

const MS: u64 = 1_000_000;
const US: u64 = 1_000;
/// How often a server sends.
const DELAY: u64 = 100 * MS;

const NAMES: [&str; 13] = [
    "synchronous",
    "threaded",
    "asynchronous",
    "main",
    "reactor",
    "ecstasy",
    "fascination",
    "science",
    "connection_made",
    "data_received",
    "connection_lost",
    "sleep 200ms",
    "cannot connect to 127.0.0.1:9: connection refused (os error 111); is the server running?",
];

/// What each task downloads: bytes at once, and how often.
const TASKS: [(&str, u32, u64); 3] = [
    ("ecstasy", 100, 31),
    ("fascination", 30, 21),
    ("science", 33, 20),
];

/// What is in the trace.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Nothing later is in it.
    pub(crate) until: Timestamp,
    /// Whether some callbacks of the first task sleep for 200 ms.
    pub(crate) blocking: bool,
    /// Whether the third task fails under the threaded model.
    pub(crate) failing: bool,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            until: Timestamp::MAX,
            blocking: true,
            failing: false,
        }
    }
}

impl Sample {
    /// The trace.
    pub(crate) fn store(self) -> TraceStore {
        let mut store = TraceStore::new();
        for mut batch in [self.synchronous(), self.threaded(), self.asynchronous()].concat() {
            batch.events.retain(|event| event.at <= self.until);
            store.push(&batch);
        }
        store
    }

    fn synchronous(self) -> Vec<Batch> {
        let mut main = Thread::new(0, 0, "main");
        main.begin_model("synchronous");
        let mut at = 200 * US;
        for task in 0..TASKS.len() {
            at = self.download(&mut main, task, at, false);
        }
        main.end_model(at + 50 * US, Outcome::Done);
        vec![main.batch]
    }

    fn threaded(self) -> Vec<Batch> {
        let mut main = Thread::new(1, 10, "main");
        main.begin_model("threaded");
        let mut batches = Vec::new();
        let mut last = 0;
        for (task, (name, ..)) in TASKS.iter().enumerate() {
            let mut thread = Thread::new(1, 11 + task, name);
            let fails = self.failing && task == 2;
            let end = self.download(&mut thread, task, 300 * US + task as u64 * 90 * US, fails);
            thread.push(end + US, EventKind::ThreadEnd);
            last = last.max(end);
            batches.push(thread.batch);
        }
        let outcome = if self.failing {
            Outcome::Failed
        } else {
            Outcome::Done
        };
        main.end_model(last + 90 * US, outcome);
        batches.insert(0, main.batch);
        batches
    }

    /// A blocking download; returns when it is over.
    fn download(self, thread: &mut Thread, index: usize, begin: u64, fails: bool) -> u64 {
        let (name, bytes, reads) = TASKS[index];
        let task = TaskId::from_index(index);
        let wait = |call| EventKind::WaitBegin { task, call };
        thread.push(
            begin,
            EventKind::TaskBegin {
                task,
                name: id(name),
            },
        );
        thread.push(begin + 20 * US, wait(WaitCall::Connect));
        thread.push(begin + 400 * US, EventKind::WaitEnd { task });
        if fails {
            let message = id(NAMES[12]);
            let task_of = Some(task);
            thread.push(
                begin + 410 * US,
                EventKind::Failure {
                    task: task_of,
                    message,
                },
            );
            let outcome = Outcome::Failed;
            thread.push(begin + 420 * US, EventKind::TaskEnd { task, outcome });
            return begin + 420 * US;
        }
        thread.push(begin + 410 * US, EventKind::Connected { task });
        let mut at = begin + 430 * US;
        for read in 0..=reads {
            thread.push(at, wait(WaitCall::Read));
            at = at.max(begin + 400 * US + read * DELAY) + 30 * US;
            thread.push(at, EventKind::WaitEnd { task });
            let bytes = if read < reads { bytes } else { 0 };
            thread.push(at + 5 * US, EventKind::BytesRead { task, bytes });
            let name = if read < reads {
                "data_received"
            } else {
                "connection_lost"
            };
            let block = self.blocking && index == 0 && (6..9).contains(&read);
            at = thread.callback(at + 10 * US, name, Some(index), Cause::Program, None, block);
        }
        let outcome = Outcome::Done;
        thread.push(at + 5 * US, EventKind::TaskEnd { task, outcome });
        at + 10 * US
    }

    fn asynchronous(self) -> Vec<Batch> {
        let mut reactor = Thread::new(2, 20, "reactor");
        reactor.begin_model("asynchronous");
        let mut at = 150 * US;
        for (index, (name, ..)) in TASKS.iter().enumerate() {
            let task = TaskId::from_index(index);
            reactor.push(
                at,
                EventKind::TaskBegin {
                    task,
                    name: id(name),
                },
            );
            at = reactor.callback(
                at,
                "connection_made",
                Some(index),
                Cause::WhenRunning,
                None,
                false,
            );
            reactor.push(at, EventKind::Connected { task });
        }
        let timer = reactor.flow();
        let deadline = Timestamp(1_500 * MS);
        let name = id("connection_lost");
        reactor.push(
            at,
            EventKind::TimerSet {
                timer,
                deadline,
                name,
            },
        );
        let begin = at;
        let arrival =
            |task: usize, read: u64| begin + 300 * US + task as u64 * 900 * US + read * DELAY;
        let mut next = [0_u64; TASKS.len()];
        while let Some(first) = (0..TASKS.len())
            .filter(|&task| next[task] <= TASKS[task].2)
            .map(|task| arrival(task, next[task]))
            .min()
        {
            reactor.push(at, EventKind::PollBegin);
            at = at.max(first) + 40 * US;
            let ready: Vec<_> = (0..TASKS.len())
                .filter(|&task| next[task] <= TASKS[task].2 && arrival(task, next[task]) <= at)
                .map(|task| (task, reactor.flow()))
                .collect();
            let count = ready.len() as u32;
            reactor.push(at, EventKind::PollEnd { ready: count });
            at = self.turn(&mut reactor, at, &ready, &mut next, &arrival);
            if at > 1_500 * MS && next[2] == 15 {
                reactor.push(at, EventKind::TimerCancelled { timer });
            }
        }
        reactor.push(at, EventKind::PollBegin);
        reactor.push(at + 60 * US, EventKind::PollEnd { ready: 0 });
        reactor.end_model(at + 80 * US, Outcome::Done);
        vec![reactor.batch]
    }

    /// Serves what is ready; returns when it is done.
    fn turn(
        self,
        reactor: &mut Thread,
        begin: u64,
        ready: &[(usize, FlowId)],
        next: &mut [u64; TASKS.len()],
        arrival: &dyn Fn(usize, u64) -> u64,
    ) -> u64 {
        for &(index, flow) in ready {
            let task = Some(TaskId::from_index(index));
            let interest = Interest::Readable;
            reactor.push(
                begin,
                EventKind::Readiness {
                    flow,
                    task,
                    interest,
                },
            );
        }
        let mut at = begin + 8 * US;
        for &(index, flow) in ready {
            let (_, bytes, reads) = TASKS[index];
            let arrived = (next[index]..=reads).take_while(|&read| arrival(index, read) <= at);
            let count = arrived.count() as u64;
            let last = next[index] + count > reads;
            let block = self.blocking && index == 0 && (6..20).contains(&next[index]) && !last;
            next[index] += count;
            let task = TaskId::from_index(index);
            let bytes = bytes * (count - u64::from(last)) as u32;
            reactor.push(at, EventKind::BytesRead { task, bytes });
            let name = if last {
                "connection_lost"
            } else {
                "data_received"
            };
            let flow = Some(flow);
            at = reactor.callback(
                at + 2 * US,
                name,
                Some(index),
                Cause::Readiness,
                flow,
                block,
            );
            if last {
                let outcome = Outcome::Done;
                reactor.push(at, EventKind::TaskEnd { task, outcome });
            }
            at += 3 * US;
        }
        if at - begin > 50 * MS {
            reactor.stall(begin, at);
        }
        at
    }
}

fn id(name: &str) -> NameId {
    let place = NAMES.iter().position(|known| *known == name);
    NameId::from_index(place.expect("every name of the sample is in the list"))
}

/// What one thread records.
struct Thread {
    batch: Batch,
    flows: u64,
}

impl Thread {
    fn new(model: usize, thread: usize, name: &str) -> Self {
        let source = Source {
            model: ModelId::from_index(model),
            thread: ThreadId::from_index(thread),
        };
        let named = |(place, name): (usize, &&str)| (NameId::from_index(place), (*name).to_owned());
        let names = NAMES.iter().enumerate().map(named).collect();
        let events = Vec::new();
        let flows = 1_000_000 * (thread as u64 + 1);
        let mut thread = Self {
            batch: Batch {
                source,
                names,
                events,
            },
            flows,
        };
        thread.push(0, EventKind::ThreadBegin { name: id(name) });
        thread
    }

    fn push(&mut self, at: u64, kind: EventKind) {
        let at = Timestamp(at);
        self.batch.events.push(Event { at, kind });
    }

    fn flow(&mut self) -> FlowId {
        self.flows += 1;
        FlowId::new(self.flows).expect("it counts from a million")
    }

    fn begin_model(&mut self, name: &str) {
        self.push(0, EventKind::ModelBegin { name: id(name) });
        for (index, (name, ..)) in TASKS.iter().enumerate() {
            let task = TaskId::from_index(index);
            self.push(
                0,
                EventKind::TaskQueued {
                    task,
                    name: id(name),
                },
            );
        }
    }

    fn end_model(&mut self, at: u64, outcome: Outcome) {
        self.push(at, EventKind::ModelEnd { outcome });
        self.push(at + US, EventKind::ThreadEnd);
    }

    fn stall(&mut self, begin: u64, end: u64) {
        let kind = EventKind::Stall {
            begin: Timestamp(begin),
            task: Some(TaskId::from_index(0)),
            callback: id("data_received"),
        };
        self.push(end, kind);
    }

    /// A callback, which may sleep for 200 ms; returns when it is over.
    fn callback(
        &mut self,
        begin: u64,
        name: &str,
        task: Option<usize>,
        cause: Cause,
        flow: Option<FlowId>,
        block: bool,
    ) -> u64 {
        let task = task.map(TaskId::from_index);
        let name = id(name);
        let kind = EventKind::CallbackBegin {
            name,
            task,
            cause,
            flow,
        };
        self.push(begin, kind);
        let mut end = begin + 60 * US;
        if block {
            let name = id("sleep 200ms");
            self.push(begin + 20 * US, EventKind::BlockingBegin { name, task });
            end = begin + 200_100 * US;
            self.push(end - 20 * US, EventKind::BlockingEnd);
        }
        self.push(end, EventKind::CallbackEnd { failed: false });
        if block && cause == Cause::Program {
            self.stall(begin, end);
        }
        end
    }
}

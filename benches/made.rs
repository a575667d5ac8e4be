//! A trace as a loop records it that serves one of its tasks each turn.

use loopscope::store::{Lane, TraceStore};
use loopscope::trace::{
    Batch, Cause, Event, EventKind, FlowId, Interest, ModelId, NameId, Source, TaskId, ThreadId,
    Timestamp,
};

/// How many tasks it serves where nothing else is said.
const TASKS: usize = 8;
/// Nanoseconds from one turn of the loop to the next.
pub const TURN: u64 = 10_000;
/// Six spans come from a turn: its poll, itself, its callback, and the task that waits, is ready and runs.
const SPANS_A_TURN: u64 = 6;
/// How many turns a batch holds.
const TURNS_A_BATCH: u64 = 50;
/// A turn in so many lasts for this long, in nanoseconds, and is a stall.
const STALL_EACH: u64 = 20_000;
const STALL: u64 = 60_000_000;

/// The batches of a trace of about so many spans, one after the other.
pub fn batches(spans: usize) -> impl Iterator<Item = Batch> {
    batches_of(spans, TASKS)
}

/// The same, of a loop that serves so many tasks.
pub fn batches_of(spans: usize, tasks: usize) -> impl Iterator<Item = Batch> {
    let turns = spans as u64 / SPANS_A_TURN + 1;
    let mut made = Made {
        tasks,
        ..Made::default()
    };
    let first = made.begin();
    let firsts = (1..=turns).step_by(TURNS_A_BATCH as usize);
    let rest = firsts.map(move |first| {
        let past = (first + TURNS_A_BATCH).min(turns + 1);
        (first..past).for_each(|turn| made.turn(turn));
        made.take()
    });
    std::iter::once(first).chain(rest)
}

/// The same, taken in.
pub fn stored(spans: usize) -> TraceStore {
    stored_of(spans, TASKS)
}

/// The same, of a loop that serves so many tasks.
pub fn stored_of(spans: usize, tasks: usize) -> TraceStore {
    let mut store = TraceStore::new();
    batches_of(spans, tasks).for_each(|batch| store.push(&batch));
    store
}

/// All the lanes of a trace.
pub fn lanes(store: &TraceStore) -> impl Iterator<Item = &Lane> {
    store.models().iter().flat_map(|model| {
        let threads = model.threads.iter().map(|thread| &thread.lane);
        threads.chain(model.tasks.iter().map(|task| &task.lane))
    })
}

/// How many spans a trace has.
pub fn count(store: &TraceStore) -> usize {
    let rows = lanes(store).flat_map(Lane::rows);
    rows.map(|row| row.spans().len()).sum()
}

#[derive(Default)]
struct Made {
    tasks: usize,
    events: Vec<Event>,
    names: Vec<(NameId, String)>,
    now: u64,
}

impl Made {
    fn push(&mut self, at: u64, kind: EventKind) {
        let at = Timestamp(at);
        self.events.push(Event { at, kind });
    }

    fn take(&mut self) -> Batch {
        let thread = ThreadId::from_index(0);
        let model = ModelId::from_index(0);
        Batch {
            source: Source { model, thread },
            names: std::mem::take(&mut self.names),
            events: std::mem::take(&mut self.events),
        }
    }

    fn begin(&mut self) -> Batch {
        let names = ["asynchronous", "reactor", "a task", "data_received"];
        let ids = (0..).map(NameId::from_index);
        self.names = ids.zip(names.map(str::to_owned)).collect();
        let [model, thread, task_name] = [0, 1, 2].map(NameId::from_index);
        self.push(0, EventKind::ThreadBegin { name: thread });
        self.push(0, EventKind::ModelBegin { name: model });
        for task in (0..self.tasks).map(TaskId::from_index) {
            let name = task_name;
            self.push(0, EventKind::TaskBegin { task, name });
        }
        self.push(0, EventKind::PollBegin);
        self.take()
    }

    fn turn(&mut self, turn: u64) {
        self.now += TURN;
        let begin = self.now;
        let name = NameId::from_index(3);
        let task = Some(TaskId::from_index(turn as usize % self.tasks));
        let flow = FlowId::new(turn).expect("turns are counted from 1");
        let readiness = EventKind::Readiness {
            flow,
            task,
            interest: Interest::Readable,
        };
        let callback = EventKind::CallbackBegin {
            name,
            task,
            cause: Cause::Readiness,
            flow: Some(flow),
        };
        self.push(begin, EventKind::PollEnd { ready: 1 });
        self.push(begin, readiness);
        self.push(begin + 500, callback);
        // Some are long, so that not everything looks the same.
        let mut end = begin + 3_000 + 400 * (turn % 13);
        if turn.is_multiple_of(STALL_EACH) {
            end += STALL;
            self.now += STALL;
        }
        self.push(end, EventKind::CallbackEnd { failed: false });
        if end - begin > STALL {
            let stall = EventKind::Stall {
                begin: Timestamp(begin),
                task,
                callback: name,
            };
            self.push(end + 50, stall);
        }
        self.push(end + 100, EventKind::PollBegin);
    }
}

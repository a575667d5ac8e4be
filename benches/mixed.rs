//! A long trace with everything in it that a run can bring: three models, loops with timers, Deferreds and a thread pool,
//! threads that block, a watchdog that looks, and stalls.

use loopscope::trace::{
    Batch, Cause, DeferredStep, Doing, Event, EventKind, FlowId, Interest, ModelId, NameId, Side,
    Sighting, Source, TaskId, ThreadId, Timestamp, WaitCall,
};

/// How many tasks each model has.
const TASKS: usize = 16;
/// Nanoseconds from one turn of the loop to the next.
const TURN: u64 = 100_000;
/// How many turns a batch of the loop holds.
const TURNS: u64 = 50;
/// In a turn of so many a callback blocks, for so long.
const STALL_EACH: u64 = 200;
const STALL: u64 = 60_000_000;
/// About so many spans come from each [`TURNS`] turns, with what the other threads do meanwhile.
const SPANS: usize = 1_100;

const SYNCHRONOUS: usize = 0;
const THREADED: usize = 1;
const ASYNCHRONOUS: usize = 2;
/// The threads: that of the synchronous model, those of the threaded one, the loop, its pool, its watchdog.
const FIRST_OF_THREADED: usize = 1;
const LOOP: usize = FIRST_OF_THREADED + TASKS;
const POOL: usize = LOOP + 1;
const WATCHDOG: usize = POOL + 1;

/// What comes once, right at the beginning, and once more at the very end.
pub const RARE: &str = "once in a while";
const NAMES: [&str; 14] = [
    "synchronous",
    "threaded",
    "asynchronous",
    "main",
    "reactor",
    "pool 1",
    "watchdog",
    "data_received",
    "line_received",
    "got_answer",
    "tick",
    "look_up",
    "sleep 60ms",
    RARE,
];
const FIRST_TASK: usize = NAMES.len();

fn name(text: &str) -> NameId {
    let place = NAMES.iter().position(|known| *known == text);
    NameId::from_index(place.expect("one of the names"))
}

/// The batches of a trace of about so many spans, in the order in which a run would hand them over.
pub fn batches(spans: usize) -> impl Iterator<Item = Batch> {
    let rounds = (spans / SPANS).max(2) as u64;
    let mut made = Made::default();
    (0..rounds).flat_map(move |round| made.round(round, rounds))
}

#[derive(Default)]
struct Made {
    now: u64,
    flows: u64,
    /// The Deferred and the timer that wait from the beginning to the end.
    first: Option<(FlowId, FlowId)>,
    /// The timer that fires next.
    timer: Option<(FlowId, u64)>,
}

struct Thread {
    model: usize,
    thread: usize,
    events: Vec<Event>,
}

impl Thread {
    const fn new(model: usize, thread: usize) -> Self {
        Self {
            model,
            thread,
            events: Vec::new(),
        }
    }

    fn push(&mut self, at: u64, kind: EventKind) {
        let at = Timestamp(at);
        self.events.push(Event { at, kind });
    }

    fn batch(self, names: Vec<(NameId, String)>) -> Batch {
        Batch {
            source: Source {
                model: ModelId::from_index(self.model),
                thread: ThreadId::from_index(self.thread),
            },
            names,
            events: self.events,
        }
    }
}

fn task(place: usize) -> TaskId {
    TaskId::from_index(place)
}

impl Made {
    fn flow(&mut self) -> FlowId {
        self.flows += 1;
        FlowId::new(self.flows).expect("counted from 1")
    }

    fn round(&mut self, round: u64, rounds: u64) -> Vec<Batch> {
        let begin = self.now;
        let mut of_loop = Thread::new(ASYNCHRONOUS, LOOP);
        let mut pool = Thread::new(ASYNCHRONOUS, POOL);
        let mut watchdog = Thread::new(ASYNCHRONOUS, WATCHDOG);
        let mut others = vec![Thread::new(SYNCHRONOUS, 0)];
        others.extend((0..TASKS).map(|place| Thread::new(THREADED, FIRST_OF_THREADED + place)));
        let mut names = Vec::new();
        if round == 0 {
            let texts = NAMES.iter().map(|text| (*text).to_owned());
            let tasks = (0..TASKS).map(|place| format!("task {}", place + 1));
            names = (0..)
                .map(NameId::from_index)
                .zip(texts.chain(tasks))
                .collect();
            self.begin(&mut of_loop, &mut pool, &mut watchdog, &mut others);
        }
        for turn in round * TURNS..(round + 1) * TURNS {
            self.turn(turn, &mut of_loop, &mut pool, &mut watchdog);
        }
        if round == 0 || round + 1 == rounds {
            self.now += TURN;
            of_loop.push(self.now, EventKind::PollEnd { ready: 0 });
            self.rare(round == 0, &mut of_loop);
            of_loop.push(self.now + 900, EventKind::PollBegin);
        }
        let end = self.now;
        let first = (round * TASKS as u64 / rounds) as usize;
        for (place, thread) in others.iter_mut().enumerate() {
            let of = if place == 0 { first } else { place - 1 };
            blocking(thread, of, begin + 1_000, end);
        }
        let mut all = vec![of_loop.batch(names)];
        all.extend([pool, watchdog].map(|thread| thread.batch(Vec::new())));
        all.extend(others.into_iter().map(|thread| thread.batch(Vec::new())));
        all
    }

    fn begin(
        &mut self,
        of_loop: &mut Thread,
        pool: &mut Thread,
        watchdog: &mut Thread,
        others: &mut [Thread],
    ) {
        let begins = |thread: &mut Thread, text| {
            thread.push(0, EventKind::ThreadBegin { name: name(text) });
        };
        begins(of_loop, "reactor");
        begins(pool, "pool 1");
        begins(watchdog, "watchdog");
        let models = [(&mut *of_loop, "asynchronous")];
        for (thread, text) in models {
            thread.push(0, EventKind::ModelBegin { name: name(text) });
        }
        for (place, thread) in others.iter_mut().enumerate() {
            begins(thread, "main");
            match place {
                0 => thread.push(
                    0,
                    EventKind::ModelBegin {
                        name: name("synchronous"),
                    },
                ),
                1 => thread.push(
                    0,
                    EventKind::ModelBegin {
                        name: name("threaded"),
                    },
                ),
                _ => {}
            }
        }
        for place in 0..TASKS {
            let begins = EventKind::TaskBegin {
                task: task(place),
                name: NameId::from_index(FIRST_TASK + place),
            };
            of_loop.push(0, begins);
            others[0].push(0, begins);
            others[1 + place].push(0, begins);
            let connection = self.flow();
            of_loop.push(
                0,
                EventKind::ConnectionMade {
                    connection,
                    task: Some(task(place)),
                    side: Side::Client,
                },
            );
        }
        of_loop.push(0, EventKind::PollBegin);
        pool.push(0, EventKind::IdleBegin);
    }

    /// What comes twice only.
    fn rare(&mut self, first: bool, of_loop: &mut Thread) {
        let at = self.now;
        let rare = |cause, flow| EventKind::CallbackBegin {
            name: name(RARE),
            task: None,
            cause,
            flow,
        };
        of_loop.push(at + 100, rare(Cause::Timer, None));
        if first {
            let (deferred, timer) = (self.flow(), self.flow());
            self.first = Some((deferred, timer));
            let name = name(RARE);
            of_loop.push(at + 200, EventKind::DeferredMade { deferred, name });
            let deadline = Timestamp(u64::MAX / 4);
            let set = EventKind::TimerSet {
                timer,
                deadline,
                name,
            };
            of_loop.push(at + 300, set);
        } else if let Some((deferred, timer)) = self.first {
            let step = DeferredStep::Fired;
            of_loop.push(at + 200, EventKind::DeferredStep { deferred, step });
            of_loop.push(at + 300, rare(Cause::Deferred, Some(deferred)));
            of_loop.push(at + 400, EventKind::CallbackEnd { failed: false });
            of_loop.push(at + 500, EventKind::TimerCancelled { timer });
        }
        of_loop.push(at + 600, EventKind::CallbackEnd { failed: false });
    }

    fn turn(&mut self, turn: u64, of_loop: &mut Thread, pool: &mut Thread, watchdog: &mut Thread) {
        const RETURNED: EventKind = EventKind::CallbackEnd { failed: false };
        self.now += TURN;
        let mut at = self.now;
        of_loop.push(at, EventKind::PollEnd { ready: 2 });
        let served = [turn * 2, turn * 2 + 1].map(|number| task(number as usize % TASKS));
        let flows = served.map(|_| self.flow());
        for (task, flow) in served.into_iter().zip(flows) {
            of_loop.push(
                at + 50,
                EventKind::Readiness {
                    flow,
                    task: Some(task),
                    interest: Interest::Readable,
                },
            );
        }
        at += 500;
        let stalls = turn % STALL_EACH == STALL_EACH - 1;
        let turn_begin = self.now;
        for (place, (served, flow)) in served.into_iter().zip(flows).enumerate() {
            let task = Some(served);
            let called = |text, cause, flow| EventKind::CallbackBegin {
                name: name(text),
                task,
                cause,
                flow,
            };
            of_loop.push(at, called("data_received", Cause::Readiness, Some(flow)));
            let read = EventKind::BytesRead {
                task: served,
                bytes: 100,
            };
            of_loop.push(at + 100, read);
            of_loop.push(at + 200, called("line_received", Cause::Program, None));
            if turn.is_multiple_of(4) {
                let deferred = self.flow();
                let promised = EventKind::DeferredMade {
                    deferred,
                    name: name("got_answer"),
                };
                of_loop.push(at + 300, promised);
                let step = DeferredStep::Fired;
                of_loop.push(at + 400, EventKind::DeferredStep { deferred, step });
                of_loop.push(
                    at + 500,
                    called("got_answer", Cause::Deferred, Some(deferred)),
                );
                of_loop.push(at + 600, RETURNED);
            }
            if stalls && place == 0 {
                let blocks = EventKind::BlockingBegin {
                    name: name("sleep 60ms"),
                    task,
                };
                of_loop.push(at + 700, blocks);
                watch(watchdog, turn_begin, task, served, at);
                at += STALL;
                self.now += STALL;
                of_loop.push(at + 700, EventKind::BlockingEnd);
            }
            at += 1_000 + 400 * (turn % 13);
            of_loop.push(at, RETURNED);
            of_loop.push(at + 100, RETURNED);
            at += 200;
        }
        if turn.is_multiple_of(32) {
            let (work, call) = (self.flow(), self.flow());
            let name = name("look_up");
            of_loop.push(at, EventKind::WorkQueued { work, name });
            pool.push(at + 300, EventKind::IdleEnd);
            pool.push(
                at + 400,
                EventKind::CallbackBegin {
                    name,
                    task: None,
                    cause: Cause::ThreadPool,
                    flow: Some(work),
                },
            );
            pool.push(at + 9_000, EventKind::CallbackEnd { failed: false });
            let call_of = Some(call);
            pool.push(
                at + 9_000,
                EventKind::WorkDone {
                    work,
                    call: call_of,
                },
            );
            pool.push(at + 9_100, EventKind::IdleBegin);
            at += 10_000;
            let asked = EventKind::ThreadCall {
                flow: call,
                queued_at: Timestamp(at - 1_000),
            };
            of_loop.push(at, asked);
            of_loop.push(
                at + 100,
                EventKind::CallbackBegin {
                    name,
                    task: None,
                    cause: Cause::ThreadCall,
                    flow: Some(call),
                },
            );
            of_loop.push(at + 600, RETURNED);
            at += 700;
        }
        if turn.is_multiple_of(8) {
            if let Some((timer, deadline)) = self.timer.take() {
                let late = at.saturating_sub(deadline);
                of_loop.push(at, EventKind::TimerFired { timer, late });
                of_loop.push(
                    at + 100,
                    EventKind::CallbackBegin {
                        name: name("tick"),
                        task: None,
                        cause: Cause::Timer,
                        flow: Some(timer),
                    },
                );
                of_loop.push(at + 600, RETURNED);
                at += 700;
            }
            let (timer, due) = (self.flow(), at + 8 * TURN - 50_000);
            self.timer = Some((timer, due));
            let set = EventKind::TimerSet {
                timer,
                deadline: Timestamp(due),
                name: name("tick"),
            };
            of_loop.push(at, set);
        }
        if stalls {
            let stall = EventKind::Stall {
                begin: Timestamp(turn_begin),
                task: Some(served[0]),
                callback: name("data_received"),
            };
            of_loop.push(at, stall);
        }
        of_loop.push(at + 100, EventKind::PollBegin);
    }
}

/// What a watchdog sees of a stall.
fn watch(watchdog: &mut Thread, begin: u64, of: Option<TaskId>, served: TaskId, at: u64) {
    let thread = ThreadId::from_index(LOOP);
    let noticed = EventKind::StallNoticed {
        thread,
        task: of,
        callback: Some(name("data_received")),
        begin: Timestamp(begin),
    };
    watchdog.push(at + 50_000_000, noticed);
    for look in 0..5 {
        let at = at + 50_000_000 + look * 2_000_000;
        let doing = Doing::SystemCall {
            name: name("sleep 60ms"),
            fd: None,
        };
        watchdog.push(at, EventKind::ThreadSample { thread, doing });
        let other = TaskId::from_index((served.index() + 2 + look as usize) % TASKS);
        let arrived = EventKind::DataArrived {
            fd: 10 + other.index() as i32,
            task: Some(other),
            sighting: match look {
                0 => Sighting::AtFirstLook,
                _ => Sighting::AsItCame,
            },
        };
        watchdog.push(at + 100, arrived);
    }
}

/// What a thread of a blocking model does for a task from one moment to another.
fn blocking(thread: &mut Thread, of: usize, begin: u64, end: u64) {
    const TIMES: u64 = 10;
    let step = (end - begin) / TIMES;
    for time in 0..TIMES {
        let at = begin + time * step;
        let task = task(of);
        let call = WaitCall::Read;
        thread.push(at, EventKind::WaitBegin { task, call });
        thread.push(at + step * 3 / 4, EventKind::WaitEnd { task });
        thread.push(
            at + step * 3 / 4 + 50,
            EventKind::BytesRead { task, bytes: 100 },
        );
    }
}

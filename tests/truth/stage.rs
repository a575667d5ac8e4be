//! The loop that is held, those who wait for it, and the hand that sends at known moments.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loopscope::analysis::VictimKind;
use loopscope::clock::Clock;
use loopscope::reactor::{
    CallbackResult, Descriptor, Failure, Handle, Label, Next, Reactor, Reason, StallThreshold,
};
use loopscope::record::{self, Recorders};
use loopscope::store::TraceStore;
use loopscope::trace::{EventKind, ModelId, TaskId, Timestamp};

use crate::hold::{Kind, Props, Spent, waiting_for_core};

/// What lasts longer is a stall.
const THRESHOLD: Duration = Duration::from_millis(25);

// When somebody begins to wait, counted from the moment from which the loop is held.
const ALPHA: Duration = Duration::from_millis(25);
const PAUSED: Duration = Duration::from_millis(30);
const TIMER: Duration = Duration::from_millis(35);
const BETA: Duration = Duration::from_millis(40);
const ASK: Duration = Duration::from_millis(50);
/// When whatever the loop waits for comes.
pub(crate) const RELEASE: Duration = Duration::from_millis(80);

/// The tasks, in their order: connections, and who holds the loop.
const TASKS: [&str; 8] = [
    "early", "alpha", "beta", "quiet", "paused", "late", "database", "holder",
];

pub(crate) fn task(name: &str) -> Option<TaskId> {
    let place = TASKS.iter().position(|known| *known == name);
    place.map(TaskId::from_index)
}

/// When whoever is not served yet was.
const UNSERVED: Between = Between {
    earliest: Timestamp::MAX,
    latest: Timestamp::MAX,
};

/// A moment that lies between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Between {
    pub(crate) earliest: Timestamp,
    pub(crate) latest: Timestamp,
}

impl Between {
    fn around<T>(clock: &Clock, code: impl FnOnce() -> T) -> (T, Self) {
        let earliest = clock.now();
        let result = code();
        let latest = clock.now();
        (result, Self { earliest, latest })
    }
}

/// Somebody who waited for the loop, in truth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) kind: VictimKind,
    pub(crate) name: &'static str,
    pub(crate) ready: Between,
    pub(crate) served: Between,
}

/// What happened, in truth, while the loop was held in one way.
pub(crate) struct Truth {
    pub(crate) kind: Kind,
    pub(crate) spent: Spent,
    pub(crate) waits: Vec<Wait>,
    /// The descriptor in question, and what it is.
    pub(crate) fd: Option<(RawFd, String)>,
}

/// What the loop tells of its way.
pub(crate) enum Told {
    /// It is held from this moment on.
    Begun(Between),
    /// Somebody waits for it.
    Ready(&'static str, VictimKind, Between),
    Served(&'static str, Between),
    /// It is held no more, and its time was spent like this.
    Ended(Spent),
}

/// With this whoever holds the loop says so.
#[derive(Clone)]
pub(crate) struct Prompter {
    pub(crate) clock: Clock,
    tell: Sender<Told>,
    /// The far end of a connection of this loop.
    early: Arc<TcpStream>,
}

impl Prompter {
    /// `code` holds the loop.
    pub(crate) fn hold(
        &self,
        reactor: &mut Reactor,
        code: impl FnOnce() -> Result<Option<Duration>, Failure>,
    ) -> CallbackResult {
        self.begin(reactor)?;
        let before = Spent::so_far(&self.clock);
        let longest = code()?;
        self.end(before, longest)
    }

    /// The loop is held from now on. At its first moment somebody is made ready, and a timer is set.
    pub(crate) fn begin(&self, reactor: &mut Reactor) -> CallbackResult {
        self.tell.send(Told::Begun(self.in_callback()))?;
        let (sent, at) = Between::around(&self.clock, || (&*self.early).write_all(b"x"));
        sent?;
        let ready = Told::Ready("early", VictimKind::Descriptor, at);
        self.tell.send(ready)?;
        self.call_later(reactor, TIMER, "tick", |_| Ok(()))
    }

    pub(crate) fn end(&self, before: Spent, longest: Option<Duration>) -> CallbackResult {
        let spent = Spent::so_far(&self.clock).since(before);
        Ok(self.tell.send(Told::Ended(Spent { longest, ..spent }))?)
    }

    /// When the callback began that says so first of all: the loop may have lost its core in between.
    fn in_callback(&self) -> Between {
        thread_local! {
            static TOLD: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        }
        let latest = self.clock.now();
        let waited = waiting_for_core();
        let lost = waited.saturating_sub(TOLD.replace(waited));
        Between {
            earliest: latest - lost,
            latest,
        }
    }

    fn tell_served(&self, name: &'static str) -> CallbackResult {
        Ok(self.tell.send(Told::Served(name, self.in_callback()))?)
    }

    /// Sets a timer, and tells when it is due and when it fires.
    pub(crate) fn call_later(
        &self,
        reactor: &mut Reactor,
        delay: Duration,
        name: &'static str,
        code: impl FnOnce(&mut Reactor) -> CallbackResult + 'static,
    ) -> CallbackResult {
        let own = self.clone();
        let (_, set) = Between::around(&self.clock, || {
            reactor.call_later(delay, Label::new(name, None), move |reactor| {
                own.tell_served(name)?;
                code(reactor)
            })
        });
        let due = Between {
            earliest: set.earliest + delay,
            latest: set.latest + delay,
        };
        Ok(self.tell.send(Told::Ready(name, VictimKind::Timer, due))?)
    }
}

/// The near end of a connection: tells when it is served.
struct Ear<S> {
    name: &'static str,
    stream: S,
    prompter: Prompter,
}

impl<S: Read + AsFd> Descriptor for Ear<S> {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn do_read(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        self.prompter.tell_served(self.name)?;
        loop {
            match self.stream.read(&mut [0; 64]) {
                Ok(0) => return Ok(Next::Close),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Wait),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, _: &mut Reactor, _: Reason) -> CallbackResult {
        Ok(())
    }
}

/// A connection whose callback asks for more than has come, and waits for it.
struct Database {
    stream: UnixStream,
    prompter: Prompter,
}

impl Descriptor for Database {
    fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        self.stream.read_exact(&mut [0])?;
        self.stream.set_nonblocking(false)?;
        let mut stream = &self.stream;
        let wait = || {
            stream.read_exact(&mut [0])?;
            Ok(None)
        };
        self.prompter.hold(reactor, wait)?;
        self.stream.set_nonblocking(true)?;
        Ok(Next::Wait)
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, _: &mut Reactor, _: Reason) -> CallbackResult {
        Ok(())
    }
}

/// The far ends, and what came of it so far.
pub(crate) struct Stage {
    prompter: Prompter,
    told: Receiver<Told>,
    handle: Handle,
    alpha: TcpStream,
    ends: HashMap<&'static str, UnixStream>,
    /// The descriptor of the database, as the loop has it.
    database: RawFd,
    trace: record::Receiver,
    reactor: JoinHandle<()>,
}

impl Stage {
    /// The loop runs when this returns.
    pub(crate) fn set() -> io::Result<Self> {
        let clock = Clock::monotonic();
        let (recorders, trace) = record::channel(&clock, Arc::new(|| {}));
        let (tell, told) = channel();
        let (early, far_early) = tcp()?;
        let prompter = Prompter {
            clock,
            tell,
            early: Arc::new(far_early),
        };
        let (near_alpha, alpha) = tcp()?;
        let (stream, far_database) = pair()?;
        let database = stream.as_raw_fd();
        let mut ends = HashMap::from([("database", far_database)]);
        let mut ears = Vec::new();
        for name in ["beta", "quiet", "paused", "late"] {
            let (near, far) = pair()?;
            ears.push((name, near));
            ends.insert(name, far);
        }
        let (hand, handed) = channel();
        let near = Near {
            connections: [("early", early), ("alpha", near_alpha)],
            ears,
            database: Database {
                stream,
                prompter: prompter.clone(),
            },
            prompter: prompter.clone(),
        };
        let reactor = thread::spawn(move || {
            let mut reactor = near.start(&recorders).expect("there is a loop");
            hand.send(reactor.handle()).expect("somebody waits");
            reactor.run().expect("it runs to its end");
        });
        Ok(Self {
            prompter,
            told,
            handle: handed.recv().expect("the loop starts"),
            alpha,
            ends,
            database,
            trace,
            reactor,
        })
    }

    /// Holds the loop in one way, while others begin to wait. `None` where the system does not let it.
    pub(crate) fn play(&mut self, kind: Kind) -> io::Result<Option<Truth>> {
        let Some(props) = Props::prepare(kind, &self.prompter, self.database)? else {
            return Ok(None);
        };
        let clock = self.prompter.clock.clone();
        // Whoever is to hold the loop has to wait for it as well.
        let mut holder = match props.code {
            None => {
                let (sent, at) = self.say("database");
                sent?;
                waiting("database", VictimKind::Descriptor, at)
            }
            Some(code) => {
                let label = Label::new(kind.name(), task("holder"));
                let ask = || self.handle.call_from_thread(label, code);
                let (asked, at) = Between::around(&clock, ask);
                asked.expect("the loop lives");
                waiting(kind.name(), VictimKind::ThreadCall, at)
            }
        };
        holder.served = self.wait_for_begin();
        let begin = holder.served.latest;
        wait_until(&clock, begin + ALPHA);
        let (sent, at) = Between::around(&clock, || self.alpha.write_all(b"x"));
        sent?;
        let mut waits = vec![holder, waiting("alpha", VictimKind::Descriptor, at)];
        wait_until(&clock, begin + PAUSED);
        // Nobody reads from it, so that it waits for nothing.
        self.say("paused").0?;
        wait_until(&clock, begin + BETA);
        let (sent, at) = self.say("beta");
        sent?;
        waits.push(waiting("beta", VictimKind::Descriptor, at));
        wait_until(&clock, begin + ASK);
        waits.push(self.ask());
        wait_until(&clock, begin + RELEASE);
        if kind == Kind::Read {
            self.say("database").0?;
        }
        (props.release)();
        let spent = self.conclude(&mut waits)?;
        Ok(Some(Truth {
            kind,
            spent,
            waits,
            fd: props.fd,
        }))
    }

    fn wait_for_begin(&self) -> Between {
        match self.told.recv().expect("the loop lives") {
            Told::Begun(at) => at,
            _ => unreachable!("it is the first thing that it tells"),
        }
    }

    /// Sends to the loop.
    fn say(&self, name: &str) -> (io::Result<()>, Between) {
        let mut end = &self.ends[name];
        Between::around(&self.prompter.clock, || end.write_all(b"x"))
    }

    /// Asks for a call.
    fn ask(&self) -> Wait {
        let own = self.prompter.clone();
        let label = Label::new("ask", None);
        let (asked, at) = Between::around(&self.prompter.clock, || {
            let code = move |_: &mut Reactor| own.tell_served("ask");
            self.handle.call_from_thread(label, code)
        });
        asked.expect("the loop lives");
        waiting("ask", VictimKind::ThreadCall, at)
    }

    /// Waits until everybody is served, also one who comes too late to be a victim.
    fn conclude(&self, waits: &mut Vec<Wait>) -> io::Result<Spent> {
        let mut spent = None;
        while spent.is_none() || waits.iter().any(|wait| wait.served == UNSERVED) {
            match self.told.recv().expect("the loop lives") {
                Told::Begun(_) => unreachable!("it is held once"),
                Told::Ready(name, kind, at) => waits.push(waiting(name, kind, at)),
                Told::Served(name, at) => {
                    // Of several with one name they are served in the order in which they began to wait.
                    let unserved = |wait: &&mut Wait| wait.name == name && wait.served == UNSERVED;
                    let wait = waits.iter_mut().find(unserved);
                    wait.expect("it is told before").served = at;
                }
                Told::Ended(how) => {
                    spent = Some(how);
                    let (sent, at) = self.say("late");
                    sent?;
                    waits.push(waiting("late", VictimKind::Descriptor, at));
                }
            }
        }
        Ok(spent.expect("it was waited for"))
    }

    /// All that was recorded.
    pub(crate) fn close(self) -> TraceStore {
        self.handle.stop().expect("the loop lives");
        self.reactor.join().expect("it does not panic");
        let mut store = TraceStore::new();
        while let Ok(batch) = self.trace.try_recv() {
            store.push(&batch);
        }
        store
    }
}

fn waiting(name: &'static str, kind: VictimKind, ready: Between) -> Wait {
    Wait {
        kind,
        name,
        ready,
        served: UNSERVED,
    }
}

fn wait_until(clock: &Clock, moment: Timestamp) {
    thread::sleep(moment.since(clock.now()));
}

/// The near ends, on their way to the thread of the loop.
struct Near {
    connections: [(&'static str, TcpStream); 2],
    ears: Vec<(&'static str, UnixStream)>,
    database: Database,
    prompter: Prompter,
}

impl Near {
    fn start(self, recorders: &Recorders) -> io::Result<Reactor> {
        let mut recorder = recorders.recorder(ModelId::from_index(0), "reactor");
        for name in TASKS {
            let (task, name) = (task(name).expect("it is one"), recorder.name(name));
            recorder.record(EventKind::TaskBegin { task, name });
        }
        let mut reactor = Reactor::new(recorder)?;
        reactor.share_stall_threshold(StallThreshold::new(THRESHOLD));
        reactor.watch()?;
        let prompter = self.prompter;
        for (name, stream) in self.connections {
            let prompter = prompter.clone();
            let ear = Box::new(Ear {
                name,
                stream,
                prompter,
            });
            read(&mut reactor, ear, task(name))?;
        }
        for (name, stream) in self.ears {
            let prompter = prompter.clone();
            let ear = Box::new(Ear {
                name,
                stream,
                prompter,
            });
            if name == "paused" {
                reactor.add_descriptor(ear, task(name));
            } else {
                read(&mut reactor, ear, task(name))?;
            }
        }
        let id = reactor.add_descriptor(Box::new(self.database), task("database"));
        reactor.add_reader(id, Kind::Read.name())?;
        Ok(reactor)
    }
}

fn read(
    reactor: &mut Reactor,
    descriptor: Box<dyn Descriptor>,
    task: Option<TaskId>,
) -> io::Result<()> {
    let id = reactor.add_descriptor(descriptor, task);
    reactor.add_reader(id, "data_received")
}

fn tcp() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let far = TcpStream::connect(listener.local_addr()?)?;
    let near = listener.accept()?.0;
    near.set_nonblocking(true)?;
    far.set_nodelay(true)?;
    Ok((near, far))
}

fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (near, far) = UnixStream::pair()?;
    near.set_nonblocking(true)?;
    Ok((near, far))
}

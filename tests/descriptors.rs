//! File descriptors: none is left open, and what happens when there is none to be had. They belong to the whole
//! process, so these tests have a process of their own and take turns.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use loopscope::clock::Clock;
use loopscope::reactor::{
    Address, CallbackResult, Descriptor, Factory, Failure, Next, Protocol, Provider, ProviderKind,
    Reactor, Reason, Transport,
};
use loopscope::record::{Recorders, channel};
use loopscope::runner::{self, Controls, Endpoint, Job, Place};
use loopscope::scenario::{Model, Scenario, Service, Step, Task, Work};
use loopscope::server::Servers;
use loopscope::session::{Options, Session};
use loopscope::trace::{EventKind, ModelId, Outcome, TaskId};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

static TURN: Mutex<()> = Mutex::new(());

fn open() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn nothing_is_left_open_after_a_run_whether_it_ended_or_was_stopped() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut scenario = Scenario::load("three-slow-servers").unwrap();
    for server in &mut scenario.servers {
        server.delay /= 100;
    }
    let before = open();
    for stopped in [false, true] {
        if stopped {
            scenario.servers[0].delay = Duration::from_secs(3600);
        }
        let (wake, wakes) = std::sync::mpsc::channel();
        let (session, receiver) = Session::start(
            &scenario,
            Options::of(&scenario),
            Arc::new(move || {
                let _ = wake.send(());
            }),
        )
        .unwrap();
        if stopped {
            let mut connected = 0;
            while connected < 3 {
                wakes.recv().unwrap();
                while let Ok(batch) = receiver.try_recv() {
                    let events = batch.events.iter();
                    connected += events
                        .filter(|event| matches!(event.kind, EventKind::Connected { .. }))
                        .count();
                }
            }
            assert!(open() > before);
            session.stop();
        }
        session.join();
        assert_eq!(open(), before, "stopped: {stopped}");
    }
}

/// Lets the process open at most `more` further descriptors until it is dropped.
struct Limit(Rlimit);

impl Limit {
    fn to(more: u64) -> Self {
        let before = getrlimit(Resource::Nofile);
        let lowest_free = File::open("/dev/null").unwrap().as_raw_fd() as u64;
        let limit = Rlimit {
            current: Some(lowest_free + more),
            maximum: before.maximum,
        };
        setrlimit(Resource::Nofile, limit).unwrap();
        Self(before)
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).unwrap();
    }
}

#[test]
fn without_a_descriptor_each_task_says_so_and_how_to_help_it() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    for model in Model::OF_TASKS {
        // The reactor's own three are to be had the second time, but no socket.
        for more in [0, 3] {
            if more > 0 && model != Model::Asynchronous {
                continue;
            }
            let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
            let tasks = (0..2).map(|index| Task {
                id: TaskId::from_index(index),
                name: format!("task {index}"),
                section: index,
                steps: vec![Step::download(0)],
                after: None,
            });
            let server = Endpoint {
                place: Place::Tcp(address),
                expected: None,
            };
            let job = Job {
                model: ModelId::from_index(0),
                variant: model.into(),
                tasks: tasks.collect(),
                endpoints: Arc::new([server]),
                service: None,
                recorders,
                controls: Controls::default(),
            };
            let limit = Limit::to(more);
            let runs = runner::of(model).run(job);
            drop(limit);
            assert_eq!(runs.len(), 2);
            for run in runs {
                assert_eq!(run.outcome, Outcome::Failed);
                assert_eq!(
                    run.error.as_deref(),
                    Some("no file descriptor left: raise the limit with `ulimit -n`"),
                    "{model}"
                );
            }
            let mut failures = 0;
            let mut ends = 0;
            while let Ok(batch) = receiver.try_recv() {
                for event in &batch.events {
                    failures += usize::from(matches!(event.kind, EventKind::Failure { .. }));
                    ends += usize::from(matches!(event.kind, EventKind::TaskEnd { .. }));
                }
            }
            assert_eq!((failures, ends), (2, 2), "{model}");
        }
    }
}

#[test]
fn a_server_without_a_descriptor_for_the_next_client_turns_him_away() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for model in [
        Model::Sequential,
        Model::Threads,
        Model::Pool,
        Model::Reactor,
    ] {
        let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let tasks = (0..20).map(|index| Task {
            id: TaskId::from_index(index),
            name: format!("client {index}"),
            section: index,
            steps: vec![Step::Say {
                to: None,
                texts: vec!["hello".to_owned()],
                times: 1,
                pause: Duration::ZERO,
            }],
            after: None,
        });
        let job = Job {
            model: ModelId::from_index(0),
            variant: model.into(),
            tasks: tasks.collect(),
            endpoints: Arc::new([]),
            service: Some(Service {
                name: "echo".to_owned(),
                work: Work::Nothing,
                threads: 2,
            }),
            recorders,
            controls: Controls::default(),
        };
        // Two for the server's port, three for the loop of the clients, as many for that of the reactor, and the rest for
        // the clients: without one for the server's end all of them would wait for ever.
        let limit = Limit::to(12);
        let runs = runner::of(model).run(job);
        drop(limit);
        assert_eq!(runs.len(), 20);
        for run in runs {
            let why = run.error.as_deref().unwrap_or_default();
            let heard = run.outcome == Outcome::Done && run.content == b"hello\n";
            assert!(
                heard || why.contains("no file descriptor left"),
                "{model}: {run:?}"
            );
        }
        let mut ends = 0;
        while let Ok(batch) = receiver.try_recv() {
            let events = batch.events.iter();
            ends += events
                .filter(|event| matches!(event.kind, EventKind::TaskEnd { .. }))
                .count();
        }
        assert_eq!(ends, 20, "{model}");
    }
}

/// Before, a run with few descriptors took twice as long, and nobody said why.
#[test]
fn slow_servers_without_a_descriptor_say_that_clients_wait() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let scenario = Scenario::load("three-slow-servers").unwrap();
    let recorders = Recorders::off(&Clock::monotonic());
    let servers = Servers::start(&scenario.servers, &recorders).unwrap();
    let loopscope::server::Address::Tcp(address) = servers.addresses()[0] else {
        panic!("it drips over TCP");
    };
    let trouble = servers.trouble();
    assert!(trouble.get().is_none());
    let limit = Limit::to(1);
    let client = TcpStream::connect(address);
    let told = trouble.wait().to_string();
    drop(limit);
    assert!(client.is_ok(), "its own end was to be had");
    assert!(told.starts_with("the servers let clients wait"), "{told}");
    assert!(told.contains("ulimit -n"), "{told}");
}

/// Counts the connections that stand.
struct Counted(Rc<Cell<usize>>);

impl Protocol for Counted {
    fn connection_made(&mut self, _: &mut Reactor, _: &Transport) -> CallbackResult {
        self.0.set(self.0.get() + 1);
        Ok(())
    }

    fn data_received(&mut self, _: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult {
        Ok(())
    }
}

/// Takes in whom it can, and turns the others away.
struct Hospitable {
    made: Rc<Cell<usize>>,
    turned_away: Rc<Cell<usize>>,
}

impl Factory for Hospitable {
    fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
        Some(Box::new(Counted(Rc::clone(&self.made))))
    }

    fn turns_away(&self) -> bool {
        true
    }

    fn turned_away(&mut self, _: &mut Reactor, _: &Address) -> CallbackResult {
        self.turned_away.set(self.turned_away.get() + 1);
        Ok(())
    }
}

/// Before, the server that is a reactor left its clients in the queue: they had all descriptors, and waited until
/// somebody stopped it.
#[test]
fn a_port_without_descriptors_turns_away_who_is_not_to_wait() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    let mut reactor = Reactor::new(recorder).unwrap();
    let made = Rc::new(Cell::new(0));
    let turned_away = Rc::new(Cell::new(0));
    let factory = Hospitable {
        made: Rc::clone(&made),
        turned_away: Rc::clone(&turned_away),
    };
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let port = reactor.listen_tcp(address, None, factory).unwrap();
    let address = port.get_host().socket().unwrap();
    let mut clients: Vec<_> = (0..3)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let limit = Limit::to(1);
    reactor.turn().unwrap();
    drop(limit);
    assert_eq!((made.get(), turned_away.get()), (1, 2));
    for client in &mut clients[1..] {
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "it was closed");
    }
    let _late = TcpStream::connect(address).unwrap();
    reactor.turn().unwrap();
    assert_eq!(made.get(), 2, "the port goes on");
}

#[test]
fn a_port_without_descriptors_rests_and_then_takes_in_who_waited() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (clock, hand) = Clock::manual();
    let (recorders, receiver) = channel(&clock, Arc::new(|| {}));
    let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    let mut reactor = Reactor::new(recorder).unwrap();
    let made = Rc::new(Cell::new(0));
    let counter = Rc::clone(&made);
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let factory = move |_: &Address| Counted(Rc::clone(&counter));
    let port = reactor.listen_tcp(address, None, factory).unwrap();
    let address = port.get_host().socket().unwrap();
    let _clients: Vec<_> = (0..3)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();

    let limit = Limit::to(1);
    reactor.turn().unwrap();
    assert_eq!(made.get(), 1, "there is one descriptor");
    // While it rests it does not ask again, however often the loop turns.
    for _ in 0..10 {
        reactor.turn().unwrap();
    }
    drop(limit);
    hand.advance(Duration::from_millis(100));
    for _ in 0..3 {
        reactor.turn().unwrap();
    }
    assert_eq!(made.get(), 3, "they waited in the queue");

    reactor.recorder().flush();
    let mut failures = Vec::new();
    while let Ok(batch) = receiver.try_recv() {
        for event in &batch.events {
            if let EventKind::Failure { message, .. } = event.kind {
                let text = batch.names.iter().find(|(id, _)| *id == message).unwrap();
                failures.push(text.1.clone());
            }
        }
    }
    assert_eq!(failures.len(), 1, "asked once: {failures:?}");
    assert!(failures[0].contains("ulimit -n"), "{failures:?}");
}

type Told = Rc<Cell<(usize, usize)>>;

/// Reads what there is, and counts how often it was told of something and how often it was lost.
struct Reader {
    end: UnixStream,
    /// What it puts in the place of its descriptor once it was called, which closes that against the rule.
    other: Option<UnixStream>,
    told: Told,
}

impl Descriptor for Reader {
    fn fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }

    fn do_read(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        let (reads, lost) = self.told.get();
        self.told.set((reads + 1, lost));
        if let Some(other) = self.other.take() {
            self.end = other;
            return Ok(Next::Wait);
        }
        let mut taken = 0;
        while let Ok(bytes @ 1..) = self.end.read(&mut [0; 16]) {
            taken += bytes;
        }
        Ok(if taken > 0 { Next::Wait } else { Next::Close })
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        unreachable!("it never asks to write")
    }

    fn connection_lost(self: Box<Self>, _: &mut Reactor, _: Reason) -> CallbackResult {
        let (reads, lost) = self.told.get();
        self.told.set((reads, lost + 1));
        Ok(())
    }
}

fn reactor(kind: ProviderKind) -> Reactor {
    let (recorders, _) = channel(&Clock::monotonic(), Arc::new(|| {}));
    let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    Reactor::with_provider(recorder, Provider::of(kind).unwrap())
}

fn add_reader(reactor: &mut Reactor, end: UnixStream, other: Option<UnixStream>) -> Told {
    end.set_nonblocking(true).unwrap();
    let told = Told::default();
    let reader = Reader {
        end,
        other,
        told: Rc::clone(&told),
    };
    let id = reactor.add_descriptor(Box::new(reader), None);
    reactor.add_reader(id, "do_read").unwrap();
    told
}

/// `select` has room for 1024 descriptors as C knows it.
#[test]
fn every_provider_watches_descriptors_above_1024() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    for kind in ProviderKind::ALL {
        let mut reactor = reactor(kind);
        let ends: Vec<_> = [1500, 2100, 1501]
            .into_iter()
            .map(|lowest| {
                let (near, far) = UnixStream::pair().unwrap();
                let high: OwnedFd = rustix::io::fcntl_dupfd_cloexec(&near, lowest).unwrap();
                let told = add_reader(&mut reactor, high.into(), None);
                (told, far)
            })
            .collect();
        for (told, far) in &ends {
            (&*far).write_all(b"x").unwrap();
            reactor.turn().unwrap();
            assert_eq!(told.get(), (1, 0), "on {kind}");
        }
    }
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
fn a_descriptor_that_its_owner_closed_does_not_take_the_loop_down() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for kind in ProviderKind::ALL {
        let mut reactor = reactor(kind);
        let (near, far) = UnixStream::pair().unwrap();
        let (other, _keep) = UnixStream::pair().unwrap();
        other.set_nonblocking(true).unwrap();
        let careless = add_reader(&mut reactor, near, Some(other));
        let (near, fine) = UnixStream::pair().unwrap();
        let careful = add_reader(&mut reactor, near, None);
        (&far).write_all(b"x").unwrap();
        reactor.turn().unwrap();
        for round in 1..4 {
            (&fine).write_all(b"x").unwrap();
            // Where all of them are refused for the sake of one, that one has to go first.
            reactor.turn().unwrap();
            reactor.turn().unwrap();
            assert_eq!(careful.get(), (round, 0), "on {kind}");
        }
        // epoll forgets what is closed, and says nothing.
        let told = match kind {
            ProviderKind::Epoll => (1, 0),
            ProviderKind::Poll | ProviderKind::Select => (2, 1),
        };
        assert_eq!(careless.get(), told, "on {kind}");
    }
}

//! File descriptors: none is left open, and what happens when there is none to be had. They belong to the whole
//! process, so these tests have a process of their own and take turns.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use loopscope::clock::Clock;
use loopscope::reactor::{Address, CallbackResult, Protocol, Reactor, Transport};
use loopscope::record::channel;
use loopscope::runner::{self, Controls, Endpoint, Job, Place};
use loopscope::scenario::{Model, Scenario, Service, Step, Task, Work};
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
                name: "server".to_owned(),
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
    for model in [Model::Sequential, Model::Threads, Model::Pool] {
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
        // Two for the server's port, three for the loop of the clients, and the rest for them: without one for the
        // server's end all of them would wait for ever.
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

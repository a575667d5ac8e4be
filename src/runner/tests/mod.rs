//! Each model against small servers of the standard library's.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod asynchronous;
mod blocking;
mod failures;
mod requests;
mod service;
mod steps_blocking;
mod stops;
mod treatment;
mod whole;

use std::collections::HashMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::*;
use crate::clock::Clock;
use crate::record::{Receiver, channel};
use crate::scenario::Step;
use crate::trace::{Batch, Event, NameId, ThreadId};

/// Far longer than any test lasts: what takes as long was not stopped.
const EVER: Duration = Duration::from_secs(3600);

/// A model that runs on a thread of its own, and what it recorded so far.
struct Run {
    controls: Controls,
    thread: JoinHandle<Vec<TaskRun>>,
    receiver: Receiver,
    wakes: mpsc::Receiver<()>,
    threads: Vec<(ThreadId, Vec<Event>)>,
    names: HashMap<NameId, String>,
}

impl Run {
    fn start(model: Model, tasks: Vec<Order>, controls: &Controls) -> Self {
        Self::start_job(controls, |recorders| {
            job(model, &tasks, recorders, controls)
        })
    }

    fn start_job(controls: &Controls, job: impl FnOnce(Recorders) -> Job) -> Self {
        let (wake, wakes) = mpsc::channel();
        let (recorders, receiver) = channel(
            &Clock::monotonic(),
            Arc::new(move || {
                // The test may be over.
                let _ = wake.send(());
            }),
        );
        let job = job(recorders);
        Self {
            controls: controls.clone(),
            thread: thread::spawn(move || of(job.variant.model).run(job)),
            receiver,
            wakes,
            threads: Vec::new(),
            names: HashMap::new(),
        }
    }

    fn take(&mut self, batch: Batch) {
        self.names.extend(batch.names);
        let thread = batch.source.thread;
        match self.threads.iter_mut().find(|(id, _)| *id == thread) {
            Some((_, events)) => events.extend(batch.events),
            None => self.threads.push((thread, batch.events)),
        }
    }

    fn drain(&mut self) {
        while let Ok(batch) = self.receiver.try_recv() {
            self.take(batch);
        }
    }

    /// Waits until an event like this was handed over.
    fn until(&mut self, wanted: impl Fn(&EventKind) -> bool) {
        while !self.kinds().any(|kind| wanted(&kind)) {
            self.wakes.recv().expect("the run ended before");
            self.drain();
        }
    }

    /// Waits for the end.
    fn finish(mut self) -> (Vec<TaskRun>, Self) {
        let runs = std::mem::replace(&mut self.thread, thread::spawn(Vec::new))
            .join()
            .unwrap();
        self.drain();
        (runs, self)
    }

    fn kinds(&self) -> impl Iterator<Item = EventKind> {
        let threads = self.threads.iter();
        threads.flat_map(|(_, events)| events.iter().map(|event| event.kind))
    }

    /// How many bytes were read for a task.
    fn received(&self, of: TaskId) -> usize {
        let reads = self.kinds().filter_map(|kind| match kind {
            EventKind::BytesRead { task, bytes } if task == of => Some(bytes as usize),
            _ => None,
        });
        reads.sum()
    }

    fn count(&self, wanted: impl Fn(&EventKind) -> bool) -> usize {
        self.kinds().filter(|kind| wanted(kind)).count()
    }

    /// The names of a task's callbacks.
    fn callbacks(&self, of: TaskId) -> Vec<&str> {
        self.kinds()
            .filter_map(|kind| match kind {
                EventKind::CallbackBegin { name, task, .. } if task == Some(of) => {
                    Some(self.names[&name].as_str())
                }
                _ => None,
            })
            .collect()
    }

    /// Spans nest on each thread, and every one that was begun was ended.
    fn check_nesting(&self) {
        for (_, events) in &self.threads {
            let mut open = Vec::new();
            for event in events {
                match event.kind {
                    EventKind::CallbackBegin { .. } => open.push("callback"),
                    EventKind::CallbackEnd { .. } => assert_eq!(open.pop(), Some("callback")),
                    EventKind::BlockingBegin { .. } => open.push("blocking"),
                    EventKind::BlockingEnd => assert_eq!(open.pop(), Some("blocking")),
                    EventKind::WaitBegin { .. } => open.push("wait"),
                    EventKind::WaitEnd { .. } => assert_eq!(open.pop(), Some("wait")),
                    EventKind::PollBegin => open.push("poll"),
                    EventKind::PollEnd { .. } => assert_eq!(open.pop(), Some("poll")),
                    _ => {}
                }
            }
            assert!(open.is_empty(), "left open: {open:?}");
            assert!(events.is_sorted_by_key(|event| event.at));
        }
    }
}

/// Runs `tasks` to their end.
fn run(model: Model, tasks: Vec<Order>, controls: &Controls) -> (Vec<TaskRun>, Run) {
    let (runs, run) = Run::start(model, tasks, controls).finish();
    run.check_nesting();
    (runs, run)
}

fn id(number: usize) -> TaskId {
    TaskId::from_index(number - 1)
}

/// A download, and from where.
#[derive(Clone)]
struct Order {
    id: TaskId,
    address: SocketAddr,
    expected: Option<usize>,
}

fn task(number: usize, address: SocketAddr, expected: usize) -> Order {
    Order {
        id: id(number),
        address,
        expected: Some(expected),
    }
}

/// What is to be done for these downloads.
fn job(model: Model, orders: &[Order], recorders: Recorders, controls: &Controls) -> Job {
    let tasks = orders.iter().enumerate().map(|(server, order)| Task {
        id: order.id,
        name: format!("task {}", order.id),
        section: server,
        steps: vec![Step::download(server)],
        after: None,
    });
    let endpoints = orders.iter().map(|order| Endpoint {
        place: Place::Tcp(order.address),
        expected: order.expected,
    });
    Job {
        model: ModelId::from_index(0),
        variant: model.into(),
        tasks: tasks.collect(),
        endpoints: endpoints.collect(),
        service: None,
        recorders,
        controls: controls.clone(),
    }
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves one client.
fn serve(with: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let (listener, address) = listener();
    thread::spawn(move || with(listener.accept().unwrap().0));
    address
}

/// Sends `text` to one client, and closes.
fn serve_text(text: &[u8]) -> SocketAddr {
    let text = text.to_vec();
    serve(move |mut client| client.write_all(&text).unwrap())
}

/// An address where nobody listens: a socket holds it for as long as the tests run, because a port that is free
/// may be another test's.
fn dead() -> SocketAddr {
    use rustix::net::{AddressFamily, SocketType};

    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = rustix::net::getsockname(&socket).unwrap();
    std::mem::forget(socket);
    address.try_into().unwrap()
}

/// Sends `text`, and then neither more nor the end until the client goes away.
fn serve_and_hang(text: &[u8]) -> SocketAddr {
    let text = text.to_vec();
    serve(move |mut client| {
        client.write_all(&text).unwrap();
        wait_for_end(&mut client);
    })
}

fn wait_for_end(client: &mut TcpStream) {
    // Ends with the client's connection, in whatever manner.
    let _ = std::io::copy(client, &mut std::io::sink());
}

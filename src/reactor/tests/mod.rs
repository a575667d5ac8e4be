//! What Twisted's reactor does, ours does: one test per line of its semantics, on a clock that moves by hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    clippy::duplicate_mod,
    reason = "that is how the contract is tested thrice"
)]

mod deferred_recorded;
mod deferreds;
mod stalls;
mod watch;

/// The same tests for every event provider: the name of one that fails says on which.
#[path = "."]
mod epoll {
    use super::*;
    mod contract;
}

#[path = "."]
mod poll {
    use super::*;
    type Bench = BenchOn<{ ProviderKind::Poll as usize }>;
    mod contract;
}

#[path = "."]
mod select {
    use super::*;
    type Bench = BenchOn<{ ProviderKind::Select as usize }>;
    mod contract;
}

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::record::{Receiver, channel};
use crate::trace::{Cause, Event, EventKind, ModelId, NameId, Side, TaskId, Timestamp};

/// An address on which nobody listens, for as long as the socket lives: a port that is free may be another test's.
fn refusing() -> (OwnedFd, SocketAddr) {
    use rustix::net::{AddressFamily, SocketType};

    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = rustix::net::getsockname(&socket).unwrap();
    (socket, address.try_into().unwrap())
}

const MS: Duration = Duration::from_millis(1);

/// A reactor with the end of its trace and the hand of its clock, on the event provider with this place among
/// [`ProviderKind::ALL`].
struct BenchOn<const KIND: usize> {
    reactor: Reactor,
    receiver: Receiver,
    hand: Option<ManualClock>,
    log: Log,
    names: HashMap<NameId, String>,
}

/// What user code did, in order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// On the one that a reactor has unless told otherwise.
type Bench = BenchOn<{ ProviderKind::Epoll as usize }>;

impl<const KIND: usize> BenchOn<KIND> {
    const KIND: ProviderKind = ProviderKind::ALL[KIND];

    fn manual() -> Self {
        let (clock, hand) = Clock::manual();
        Self::on(&clock, Some(hand))
    }

    fn real() -> Self {
        Self::on(&Clock::monotonic(), None)
    }

    fn on(clock: &Clock, hand: Option<ManualClock>) -> Self {
        let (recorders, receiver) = channel(clock, Arc::new(|| {}));
        let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
        Self {
            reactor: Reactor::with_provider(recorder, Provider::of(Self::KIND).unwrap()),
            receiver,
            hand,
            log: Log::default(),
            names: HashMap::new(),
        }
    }

    fn hand(&self) -> ManualClock {
        self.hand.clone().unwrap()
    }

    fn turn(&mut self) -> Vec<String> {
        self.reactor.turn().unwrap();
        self.log.take()
    }

    /// Sets a timer that logs its name.
    fn timer(&mut self, delay: Duration, name: &'static str) -> TimerId {
        let log = self.log.clone();
        self.reactor.call_later(delay, label(name), move |_| {
            log.add(name);
            Ok(())
        })
    }

    /// Sets a timer that ends the run.
    fn stop_after(&mut self, delay: Duration) {
        self.reactor
            .call_later(delay, label("stop"), |reactor| Ok(reactor.stop()?));
    }

    /// Everything that was recorded since the last call.
    fn events(&mut self) -> Vec<(Timestamp, EventKind)> {
        let mut events = Vec::new();
        loop {
            // After many turns there was no room for the last of it.
            self.reactor.recorder().flush();
            let Ok(batch) = self.receiver.try_recv() else {
                break;
            };
            self.names.extend(batch.names);
            events.extend(batch.events.iter().map(|event| (event.at, event.kind)));
        }
        events
    }

    /// The trace, a word or two per event.
    fn trace(&mut self) -> Vec<String> {
        let events = self.events();
        events.iter().map(|(_, kind)| self.word(kind)).collect()
    }

    fn word(&self, kind: &EventKind) -> String {
        match kind {
            EventKind::PollBegin => "poll".to_owned(),
            EventKind::PollEnd { ready } => format!("polled {ready}"),
            EventKind::Readiness { interest, .. } => format!("{interest:?}"),
            EventKind::CallbackBegin { name, cause, .. } => {
                format!("{} ({cause})", self.names[name])
            }
            EventKind::CallbackEnd { failed: false } => "end".to_owned(),
            EventKind::CallbackEnd { failed: true } => "failed end".to_owned(),
            EventKind::Failure { message, .. } => format!("failure: {}", self.names[message]),
            EventKind::TimerSet { .. } => "set".to_owned(),
            EventKind::TimerFired { late, .. } => format!("fired {late} late"),
            EventKind::TimerCancelled { .. } => "cancelled".to_owned(),
            EventKind::ThreadCall { .. } => "thread call".to_owned(),
            EventKind::Stall {
                begin,
                task,
                callback,
            } => format!(
                "stall from {} ms: {} of {task:?}",
                begin.as_nanos() / 1_000_000,
                self.names[callback]
            ),
            EventKind::ThreadBegin { .. } => "thread".to_owned(),
            EventKind::DeferredMade { name, .. } => format!("made {}", self.names[name]),
            EventKind::DeferredStep { step, .. } => step.to_string(),
            EventKind::DeferredPaused { .. } => "paused".to_owned(),
            EventKind::WorkQueued { name, .. } => format!("queued {}", self.names[name]),
            EventKind::WorkDone { .. } => "work done".to_owned(),
            other => format!("{other:?}"),
        }
    }

    fn polls(&mut self) -> usize {
        self.events()
            .iter()
            .filter(|(_, kind)| matches!(kind, EventKind::PollBegin))
            .count()
    }
}

fn label(name: &'static str) -> Label {
    Label::new(name, None)
}

fn task(number: usize) -> Option<TaskId> {
    Some(TaskId::from_index(number - 1))
}

/// What a pipe does when it is called.
type Action = Box<dyn FnMut(&mut Reactor) -> Result<Next, Failure>>;

/// One end of a pair of sockets that logs what it is called for.
struct Pipe {
    name: &'static str,
    end: UnixStream,
    log: Log,
    on_read: Action,
}

impl Descriptor for Pipe {
    fn fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        self.log.add(format!("{} reads", self.name));
        let mut buffer = [0; 16];
        while self.end.read(&mut buffer).is_ok_and(|bytes| bytes > 0) {}
        (self.on_read)(reactor)
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        self.log.add(format!("{} writes", self.name));
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, _: &mut Reactor, reason: Reason) -> CallbackResult {
        self.log.add(match reason {
            Reason::Closed => format!("{} closed", self.name),
            Reason::Stopped => format!("{} stopped", self.name),
            Reason::Broken(error) => format!("{} broken: {error}", self.name),
            Reason::Failed(failure) => format!("{} lost: {failure}", self.name),
        });
        Ok(())
    }
}

impl<const KIND: usize> BenchOn<KIND> {
    /// A reader with the other end of its pair, which has sent nothing yet.
    fn pipe(
        &mut self,
        name: &'static str,
        on_read: impl FnMut(&mut Reactor) -> Result<Next, Failure> + 'static,
    ) -> (DescriptorId, UnixStream) {
        let (end, other) = UnixStream::pair().unwrap();
        end.set_nonblocking(true).unwrap();
        let pipe = Pipe {
            name,
            end,
            log: self.log.clone(),
            on_read: Box::new(on_read),
        };
        let id = self.reactor.add_descriptor(Box::new(pipe), task(1));
        self.reactor.add_reader(id, "data_received").unwrap();
        (id, other)
    }
}

fn wait(_: &mut Reactor) -> Result<Next, Failure> {
    Ok(Next::Wait)
}

fn send(mut other: &UnixStream) {
    other.write_all(b"x").unwrap();
}

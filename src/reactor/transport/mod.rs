//! Connections that carry a stream of bytes: transports, and the protocols that they serve.
//!
//! A program says what is said on a connection ([`Protocol`]) and who makes protocols ([`Factory`]). The
//! reactor makes the connection, and gives the protocol a [`Transport`]: its hand on it. Everything that
//! happens is a callback of the protocol; everything that it wants is a call on the transport, which never
//! waits.
//!
//! In the trace the callbacks nest as the layers do: the transport's `do_read` holds the protocol's
//! `data_received`. A stall is named after the inner one. Reading a little takes hardly longer than looking at the clock,
//! and so is not told apart from the callback that gets it; reading more than 4 KiB at once is.
//!
//! # Writing
//! What a protocol writes inside its own callback goes out at the end of that callback, as a part of it, with one system
//! call. Where more is read in one go, what several of its callbacks wrote goes out after the last.
//! What is written from elsewhere goes out at once. What the system does not take waits in a buffer, without
//! bound: whoever writes much registers as a [`Producer`] and is told when to pause.

mod address;
mod buffer;
mod connection;
mod pipes;
mod pressure;
mod producer;
mod protocol;
mod sending;
mod stream;

use std::cell::{Cell, RefCell, RefMut};
use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;

use super::{DescriptorId, Label, Next, Reactor, Reason};
use crate::trace::{EventKind, FlowId, Half, Interest, NameId, Phrase, TaskId};

pub use address::Address;
pub use producer::{AlreadyProducing, Producer};
pub use protocol::{Factory, Protocol};

pub(super) use connection::{Connection, OnLost};
pub(super) use stream::Stream;

use buffer::SendBuffer;
use pressure::Pressure;

/// The program's hand on one connection. Clones are hands on the same one: keep one to write to it from a
/// timer or from another connection. Once the connection is lost, every call does nothing.
///
/// ```
/// use loopscope::reactor::{CallbackResult, Label, Protocol, Reactor, Transport};
/// use std::time::Duration;
///
/// /// Says the time every second, and never listens.
/// struct Clock;
///
/// impl Protocol for Clock {
///     fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
///         tick(reactor, transport.clone());
///         Ok(())
///     }
///
///     fn data_received(&mut self, _: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult {
///         Ok(())
///     }
/// }
///
/// fn tick(reactor: &mut Reactor, transport: Transport) {
///     if transport.is_lost() {
///         return;
///     }
///     let now = reactor.recorder().now();
///     transport.write(reactor, format!("{now:?}\n").as_bytes());
///     reactor.call_later(Duration::from_secs(1), Label::new("tick", None), move |reactor| {
///         tick(reactor, transport);
///         Ok(())
///     });
/// }
/// ```
#[derive(Clone)]
pub struct Transport {
    shared: Rc<Shared>,
}

/// In this order, so that what is looked at to serve a request is side by side: with a thousand connections nothing of it
/// is in the processor's nearest caches any more.
#[repr(C)]
struct Shared {
    connection: FlowId,
    task: Option<TaskId>,
    data_received: NameId,
    state: RefCell<State>,
    id: DescriptorId,
    /// What becomes writable: for pipes another descriptor.
    write_id: Cell<DescriptorId>,
    peer: Address,
}

/// In this order for the same reason.
#[derive(Default)]
#[repr(C)]
struct State {
    /// A callback of its protocol runs: what is written goes out at its end.
    corked: bool,
    /// It is being served: what is to become of it is looked at when that ends.
    serving: bool,
    /// The event provider is to say when it can be written.
    awaits_write: bool,
    /// `connection_made` has returned.
    started: bool,
    paused: bool,
    /// The protocol is to be told that it was resumed.
    resumed: bool,
    read_closed: bool,
    writing: Writing,
    /// It is to be closed once everything went out.
    closing: bool,
    close_is_due: bool,
    lost: bool,
    /// None once the connection is lost: so it is closed then, whoever has a transport still.
    stream: Option<Stream>,
    /// Why it is to be lost, if not in order.
    reason: Option<Box<Reason>>,
    out: SendBuffer,
    pressure: Pressure,
    on_lost: Option<OnLost>,
}

/// The direction that goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Writing {
    #[default]
    Open,
    /// To be shut once everything went out.
    Ending,
    Shut,
}

impl State {
    #[inline]
    fn takes_writes(&self) -> bool {
        !self.lost && self.reason.is_none() && self.writing == Writing::Open
    }

    /// Everything went out, nobody is to be told of that, and nothing is to end: as it mostly is.
    #[inline]
    fn is_at_rest(&self) -> bool {
        self.out.is_empty()
            && self.pressure.is_at_rest()
            && self.writing == Writing::Open
            && !self.closing
            && self.reason.is_none()
    }

    #[inline]
    fn reads(&self) -> bool {
        self.started && !self.paused && !self.read_closed && !self.closing && self.reason.is_none()
    }
}

impl Transport {
    fn new(
        reactor: &mut Reactor,
        stream: Stream,
        peer: Address,
        task: Option<TaskId>,
        on_lost: Option<OnLost>,
    ) -> Self {
        let id = reactor.insert(stream.fd().as_raw_fd(), task, None);
        Self {
            shared: Rc::new(Shared {
                id,
                connection: reactor.recorder.new_flow(),
                task,
                data_received: reactor.recorder.name("data_received"),
                state: RefCell::new(State {
                    stream: Some(stream),
                    on_lost,
                    ..State::default()
                }),
                write_id: Cell::new(id),
                peer,
            }),
        }
    }

    /// Closes the connection, once everything that was written went out and the registered producer, if there
    /// is one, has unregistered. Nothing more is read. Its protocol is told in a later callback.
    pub fn lose_connection(&self, reactor: &mut Reactor) {
        let mut state = self.shared.state.borrow_mut();
        if state.lost || state.closing {
            return;
        }
        state.closing = true;
        drop(state);
        self.remove_reader(reactor);
        self.close_if_due(reactor);
    }

    /// Closes the connection without sending what waits; the other side sees it reset. Its protocol is told in a
    /// later callback, with [`Reason::Broken`].
    pub fn abort_connection(&self, reactor: &mut Reactor) {
        let state = self.shared.state.borrow();
        if state.lost {
            return;
        }
        if let Some(stream) = &state.stream {
            stream.close_hard();
        }
        drop(state);
        let aborted = io::Error::new(
            io::ErrorKind::ConnectionAborted,
            Phrase::new("this side aborted the connection"),
        );
        self.remove_reader(reactor);
        self.break_off(reactor, Reason::Broken(aborted));
    }

    /// Sends no more, once everything that was written went out; still reads. When the other side has ended
    /// as well, the connection is lost, in order.
    pub fn lose_write_connection(&self, reactor: &mut Reactor) {
        let mut state = self.shared.state.borrow_mut();
        if !state.takes_writes() {
            return;
        }
        state.writing = Writing::Ending;
        drop(state);
        self.close_if_due(reactor);
    }

    /// Reads no more for now: what the other side sends fills the system's buffers, and then it has to wait.
    pub fn pause_producing(&self, reactor: &mut Reactor) {
        let mut state = self.shared.state.borrow_mut();
        if state.lost || state.paused {
            return;
        }
        state.paused = true;
        drop(state);
        self.record(reactor, |connection, task| EventKind::ReadingPaused {
            connection,
            task,
        });
        self.remove_reader(reactor);
    }

    /// Reads again.
    pub fn resume_producing(&self, reactor: &mut Reactor) {
        let mut state = self.shared.state.borrow_mut();
        if state.lost || !state.paused {
            return;
        }
        state.paused = false;
        state.resumed = true;
        drop(state);
        self.record(reactor, |connection, task| EventKind::ReadingResumed {
            connection,
            task,
        });
        self.start_reading(reactor);
        // Also when nothing new arrived: the protocol may hold something back.
        reactor.list_again(self.shared.id, Interest::Readable);
    }

    /// Whether reading is paused.
    pub fn is_paused(&self) -> bool {
        self.shared.state.borrow().paused
    }

    /// Whether the connection is over.
    pub fn is_lost(&self) -> bool {
        self.shared.state.borrow().lost
    }

    /// Whether it is over, or will be once everything went out.
    pub fn is_closing(&self) -> bool {
        let state = self.shared.state.borrow();
        state.lost || state.closing || state.reason.is_some()
    }

    /// Where this end is.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn get_host(&self) -> io::Result<Address> {
        let state = self.shared.state.borrow();
        let stream = state.stream.as_ref();
        stream.ok_or(io::ErrorKind::NotConnected)?.host()
    }

    /// Where the other end is.
    pub fn get_peer(&self) -> &Address {
        &self.shared.peer
    }

    /// For which task it works.
    pub fn task(&self) -> Option<TaskId> {
        self.shared.task
    }

    /// Whether TCP sends small pieces at once, instead of waiting for the other side to confirm the last one.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn set_tcp_no_delay(&self, no_delay: bool) -> io::Result<()> {
        let state = self.shared.state.borrow();
        let stream = state.stream.as_ref();
        stream
            .ok_or(io::ErrorKind::NotConnected)?
            .set_no_delay(no_delay)
    }

    /// A callback of its protocol begins.
    #[inline]
    fn cork(&self, reactor: &mut Reactor) -> RefMut<'_, State> {
        let mut state = self.shared.state.borrow_mut();
        state.out.borrow(&mut reactor.write_memory);
        state.corked = true;
        state.serving = true;
        state
    }

    /// Its protocol's callbacks are over. Whether that is all, as it mostly is: what they wrote has gone, and nothing ends.
    #[inline]
    fn uncork(&self, reactor: &mut Reactor) -> bool {
        let mut state = self.shared.state.borrow_mut();
        state.out.give_back(&mut reactor.write_memory);
        state.corked = false;
        let is_at_rest = state.is_at_rest();
        state.serving = !is_at_rest;
        is_at_rest
    }

    /// That was not all: sends what is still to be sent. What is to become of it, where the reading wants `next`.
    #[cold]
    fn settle(&self, reactor: &mut Reactor, next: Next) -> Next {
        let sends = {
            let state = self.shared.state.borrow();
            !state.awaits_write && state.reason.is_none()
        };
        if sends {
            self.flush(reactor);
        }
        self.await_write_if_needed(reactor);
        self.check_pressure(reactor);
        self.shared.state.borrow_mut().serving = false;
        self.next(reactor, next)
    }

    /// What is to become of it; `next` if it simply goes on.
    fn next(&self, reactor: &mut Reactor, next: Next) -> Next {
        let mut state = self.shared.state.borrow_mut();
        if state.reason.is_some() {
            return Next::Close;
        }
        if !state.out.is_empty() {
            return next;
        }
        if state.writing == Writing::Ending {
            state.writing = Writing::Shut;
            self.remove_write_half(reactor);
            let shut = state.stream.as_mut().map(Stream::shut_down_writing);
            if let Some(Err(error)) = shut {
                state.reason = Some(Box::new(Reason::Broken(error)));
                return Next::Close;
            }
            self.record(reactor, |connection, task| {
                EventKind::ConnectionHalfClosed {
                    connection,
                    task,
                    half: Half::Writing,
                }
            });
        }
        let ended = state.read_closed && state.writing == Writing::Shut;
        let closed = state.closing && !state.pressure.has_producer();
        if ended || closed { Next::Close } else { next }
    }

    /// From elsewhere: it is lost in the next turn, if it is to be lost. Its protocol may be in the middle of
    /// something that calls this.
    fn close_if_due(&self, reactor: &mut Reactor) {
        if self.shared.state.borrow().serving || self.next(reactor, Next::Wait) != Next::Close {
            return;
        }
        let mut state = self.shared.state.borrow_mut();
        if state.lost || std::mem::replace(&mut state.close_is_due, true) {
            return;
        }
        let label = Label::new("close", self.shared.task);
        reactor.close_soon(self.shared.id, label);
    }

    /// It is to be lost for `reason`, and not in order.
    fn break_off(&self, reactor: &mut Reactor, reason: Reason) {
        let mut state = self.shared.state.borrow_mut();
        state.reason.get_or_insert_with(|| Box::new(reason));
        state.out.clear();
        drop(state);
        self.close_if_due(reactor);
    }

    /// Closes the stream, and returns who wanted to be told of that.
    fn close(&self) -> Option<OnLost> {
        let mut state = self.shared.state.borrow_mut();
        state.stream = None;
        state.on_lost.take()
    }

    fn start_reading(&self, reactor: &mut Reactor) {
        if !self.shared.state.borrow().reads() {
            return;
        }
        if let Err(error) = reactor.add_reader(self.shared.id, "do_read") {
            self.break_off(reactor, Reason::Broken(error));
        }
    }

    fn remove_reader(&self, reactor: &mut Reactor) {
        // It fails only with the event provider itself, which the next poll tells.
        let _ = reactor.remove_reader(self.shared.id);
    }

    #[inline]
    fn record(
        &self,
        reactor: &mut Reactor,
        kind: impl FnOnce(FlowId, Option<TaskId>) -> EventKind,
    ) {
        if reactor.recorder.is_off() {
            return;
        }
        let kind = kind(self.shared.connection, self.shared.task);
        reactor.recorder.record(kind);
    }
}

/// As many as fit into an event.
fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

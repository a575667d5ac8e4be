//! A connection as the loop sees it.

use std::io;

use super::{Address, Protocol, Stream, Transport, count};
use crate::clock::Ticks;
use crate::reactor::descriptor::{Handler, Served};
use crate::reactor::{Callback, CallbackResult, Label, Next, Reactor, Reason};
use crate::record::wire;
use crate::trace::{Cause, EventKind, Half, Loss, Side, TaskId};

/// How often one callback reads at most, so that a fast sender does not starve the others.
const READS: usize = 16;

/// A read that brings no more than so many bytes is not told apart from the callback that gets them: it takes little
/// longer than to look at the clock.
const SHORT_READ: usize = 4096;

/// Called when the connection is lost, after its protocol.
pub(in crate::reactor) type OnLost = Box<dyn FnOnce(&mut Reactor, &Reason)>;

/// A connection that stands. Dropping it closes it.
pub(in crate::reactor) struct Connection {
    transport: Transport,
    protocol: Box<dyn Protocol>,
}

impl Connection {
    /// Takes a stream in, for `protocol` to serve. Nothing is called before [`Connection::begin`].
    pub(in crate::reactor) fn new(
        reactor: &mut Reactor,
        stream: Stream,
        peer: Address,
        task: Option<TaskId>,
        protocol: Box<dyn Protocol>,
        on_lost: Option<OnLost>,
    ) -> Self {
        Self {
            transport: Transport::new(reactor, stream, peer, task, on_lost),
            protocol,
        }
    }

    pub(in crate::reactor) const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Tells the protocol that the connection stands, and lets the loop serve it from now on.
    pub(in crate::reactor) fn begin(mut self, reactor: &mut Reactor, side: Side) {
        let transport = self.transport.clone();
        transport.record(reactor, |connection, task| EventKind::ConnectionMade {
            connection,
            task,
            side,
        });
        if let (Side::Client, Some(task)) = (side, transport.shared.task) {
            let at = reactor.recorder.record(EventKind::Connected { task });
            if !reactor.recorder.is_off()
                && let Some(stream) = &transport.shared.state.borrow().stream
                && let Some(wire) = wire(stream.fd(), side)
            {
                let by = EventKind::ConnectedBy { task, wire };
                reactor.recorder.record_at(at, by);
            }
        }
        drop(transport.cork(reactor));
        let label = Label::new("connection_made", transport.shared.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        let now = reactor.recorder.stamp();
        let made = self.call(
            reactor,
            callback,
            now,
            true,
            |protocol, reactor, transport| protocol.connection_made(reactor, transport),
        );
        transport.shared.state.borrow_mut().started = true;
        let next = if transport.uncork(reactor) {
            made
        } else {
            transport.settle(reactor, made)
        };
        let id = transport.shared.id;
        // Where it was removed meanwhile, nobody will call it, and it is dropped.
        if !reactor.put_back(id, Handler::Served(Served::Connection(self))) {
            return;
        }
        if next == Next::Close {
            reactor.lose(id, Reason::Closed, Cause::Program, None);
        } else {
            transport.start_reading(reactor);
        }
    }

    /// Calls the protocol, now. What it writes in the last call for now goes out as a part of that. Its failure breaks
    /// the connection off.
    #[inline]
    fn call(
        &mut self,
        reactor: &mut Reactor,
        callback: Callback,
        now: Ticks,
        is_last: bool,
        code: impl FnOnce(&mut dyn Protocol, &mut Reactor, &Transport) -> CallbackResult,
    ) -> Next {
        let Self {
            protocol,
            transport,
        } = self;
        let called = reactor.dispatch_inside(callback, now, |reactor| {
            code(protocol.as_mut(), reactor, transport)?;
            if is_last && transport.send_written(reactor) {
                reactor.recorder.end_with_last();
            }
            Ok(())
        });
        match called {
            Ok(()) => Next::Wait,
            Err(failure) => self.break_off(Reason::Failed(failure)),
        }
    }

    fn call_named(
        &mut self,
        reactor: &mut Reactor,
        name: &'static str,
        is_last: bool,
        code: impl FnOnce(&mut dyn Protocol, &mut Reactor, &Transport) -> CallbackResult,
    ) -> Next {
        let label = Label::new(name, self.transport.shared.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        let now = reactor.recorder.stamp();
        self.call(reactor, callback, now, is_last, code)
    }

    #[cold]
    fn break_off(&self, reason: Reason) -> Next {
        let mut state = self.transport.shared.state.borrow_mut();
        state.out.clear();
        state.reason.get_or_insert_with(|| Box::new(reason));
        Next::Close
    }

    /// Reads for as long as there is something, the protocol wants it, and it is not too much at once. Whether a call
    /// of the protocol was the last that was done.
    #[inline]
    fn read(&mut self, reactor: &mut Reactor, buffer: &mut [u8], hung_up: bool) -> (Next, bool) {
        let task = self.transport.shared.task;
        for _ in 0..READS {
            let state = self.transport.shared.state.borrow();
            let Some(stream) = state.stream.as_ref().filter(|_| state.reads()) else {
                return (Next::Wait, true);
            };
            let (read, is_socket) = (stream.read(buffer), stream.is_socket());
            drop(state);
            let bytes = match read {
                Ok(0) => return (self.end_of_data(reactor), true),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return (Next::Wait, false);
                }
                Err(error) => return (self.break_off(Reason::Broken(error)), false),
            };
            // Less than was asked for: the system has no more. Only the end of the data does not count as
            // new readiness, if it came with the data.
            let is_last = bytes < buffer.len() && is_socket && !hung_up;
            let now = if bytes <= SHORT_READ {
                reactor.recorder.last()
            } else {
                reactor.recorder.stamp()
            };
            if let Some(task) = task {
                let bytes = count(bytes);
                let read = EventKind::BytesRead { task, bytes };
                reactor.recorder.record_at(now, read);
            }
            let callback = Callback {
                name: self.transport.shared.data_received,
                task,
                cause: Cause::Program,
                flow: None,
            };
            let next = self.call(
                reactor,
                callback,
                now,
                is_last,
                |protocol, reactor, transport| {
                    protocol.data_received(reactor, transport, &buffer[..bytes])
                },
            );
            if is_last || next == Next::Close {
                return (next, true);
            }
        }
        (Next::Again, true)
    }

    /// The other side sends no more.
    #[cold]
    fn end_of_data(&mut self, reactor: &mut Reactor) -> Next {
        let transport = self.transport.clone();
        transport.shared.state.borrow_mut().read_closed = true;
        transport.remove_reader(reactor);
        if let Some(task) = transport.shared.task {
            reactor
                .recorder
                .record(EventKind::BytesRead { task, bytes: 0 });
        }
        transport.record(reactor, |connection, task| {
            EventKind::ConnectionHalfClosed {
                connection,
                task,
                half: Half::Reading,
            }
        });
        self.call_named(
            reactor,
            "read_connection_lost",
            true,
            |protocol, reactor, transport| protocol.read_connection_lost(reactor, transport),
        )
    }

    /// Why it really ends.
    fn settle(&self, reactor: &mut Reactor, reason: Reason) -> Reason {
        let mut state = self.transport.shared.state.borrow_mut();
        state.lost = true;
        let is_done = state.closing && state.out.is_empty();
        state.out.clear();
        let reason = match state.reason.take() {
            Some(reason) => *reason,
            None if is_done => Reason::Closed,
            None => reason,
        };
        let (loss, message) = match &reason {
            Reason::Closed => (Loss::Closed, None),
            Reason::Stopped => (Loss::Stopped, None),
            Reason::Broken(error) => (Loss::Broken, Some(error.to_string())),
            Reason::Failed(failure) => (Loss::Failed, Some(failure.to_string())),
        };
        let message = message.map(|message| reactor.recorder.message(&message));
        self.transport
            .record(reactor, |connection, task| EventKind::ConnectionLost {
                connection,
                task,
                loss,
                message,
            });
        reason
    }
}

impl Connection {
    /// It can be read. `hung_up`: the event provider has said that the other side sends no more.
    #[inline]
    pub(in crate::reactor) fn do_read(&mut self, reactor: &mut Reactor, hung_up: bool) -> Next {
        let resumed = std::mem::take(&mut self.transport.cork(reactor).resumed);
        let (mut next, mut was_called) = (Next::Wait, false);
        if resumed {
            next = self.tell_resumed(reactor);
        }
        if next != Next::Close {
            let mut buffer = reactor.take_read_buffer();
            (next, was_called) = self.read(reactor, &mut buffer, hung_up);
            reactor.read_buffer = Some(buffer);
        }
        if !self.transport.uncork(reactor) {
            return self.transport.settle(reactor, next);
        }
        if was_called {
            // Where the protocol's callback ended.
            reactor.recorder.end_with_last();
        }
        next
    }

    /// Kept out of the way of what reads, which is short.
    #[cold]
    fn tell_resumed(&mut self, reactor: &mut Reactor) -> Next {
        self.call_named(
            reactor,
            "reading_resumed",
            false,
            |protocol, reactor, transport| protocol.reading_resumed(reactor, transport),
        )
    }

    /// It can be written.
    pub(in crate::reactor) fn do_write(&self, reactor: &mut Reactor) -> Next {
        self.transport.serve_write(reactor)
    }

    /// The reactor has forgotten it, for `reason`.
    pub(in crate::reactor) fn connection_lost(mut self, reactor: &mut Reactor, reason: Reason) {
        let reason = self.settle(reactor, reason);
        let Self {
            transport,
            protocol,
        } = &mut self;
        transport.remove_write_half(reactor);
        // The other side learns of it now, whatever the program does next.
        let on_lost = transport.close();
        let producer = transport.shared.state.borrow_mut().pressure.end();
        if let Some(producer) = producer {
            // Its failure is recorded, and there is nothing left to lose.
            let _ = transport.call_producer(reactor, "stop_producing", |reactor| {
                producer.try_borrow_mut()?.stop_producing(reactor)
            });
        }
        let label = Label::new("connection_lost", transport.shared.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        // As above.
        let _ = reactor.dispatch(callback, |reactor| {
            protocol.connection_lost(reactor, &reason)
        });
        if let Some(on_lost) = on_lost {
            on_lost(reactor, &reason);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        drop(self.transport.close());
        // It may hold the transport, which holds it, where nobody told it to stop.
        let producer = self.transport.shared.state.borrow_mut().pressure.end();
        drop(producer);
    }
}

//! Sending: at once where the system takes it, later where it does not.

use std::io::{self, IoSlice};

use super::{State, Stream, Transport, count};
use crate::reactor::{Next, Reactor, Reason};
use crate::trace::EventKind;

/// How often one callback sends at most, so that a fast receiver does not starve the others.
const WRITES: usize = 16;

/// How many pieces one system call sends at most.
const PIECES: usize = 16;

/// What became of what was to be sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing is left.
    All,
    /// The system takes no more for now.
    Blocked,
    /// It was enough for one callback.
    Enough,
}

impl Transport {
    /// Sends `data`, after everything that was written before. Never waits and never fails: a connection that
    /// breaks is lost, which its protocol is told.
    pub fn write(&self, reactor: &mut Reactor, data: &[u8]) {
        let mut state = self.shared.state.borrow_mut();
        // As it mostly is: it goes out at the end of the callback.
        if state.corked
            && state.takes_writes()
            && state.out.len() + data.len() <= state.pressure.high_water
        {
            state.out.push(data);
            return;
        }
        drop(state);
        self.write_sequence(reactor, &[data]);
    }

    /// Sends several pieces, in their order, as one write of all of them.
    pub fn write_sequence(&self, reactor: &mut Reactor, pieces: &[&[u8]]) {
        let mut state = self.shared.state.borrow_mut();
        if !state.takes_writes() {
            return;
        }
        let at_once = !state.corked && !state.awaits_write && state.out.is_empty();
        let sent = if at_once {
            self.send(reactor, state.stream.as_ref(), pieces)
        } else {
            Ok(0)
        };
        match sent {
            Ok(mut sent) => {
                for piece in pieces {
                    let gone = sent.min(piece.len());
                    sent -= gone;
                    state.out.push(&piece[gone..]);
                }
            }
            Err(error) => state.reason = Some(Box::new(Reason::Broken(error))),
        }
        let overflows = state.out.len() > state.pressure.high_water;
        let corked = state.corked;
        drop(state);
        if corked {
            if !overflows {
                return;
            }
            // The system may have room for it: memory need not hold all that one callback writes.
            self.flush(reactor);
        } else {
            self.await_write_if_needed(reactor);
        }
        self.check_pressure(reactor);
        self.close_if_due(reactor);
    }

    /// It can be written.
    pub(super) fn serve_write(&self, reactor: &mut Reactor) -> Next {
        self.shared.state.borrow_mut().serving = true;
        let flushed = self.flush(reactor);
        if flushed == Flushed::All {
            self.shared.state.borrow_mut().awaits_write = false;
            // It fails only with the event provider itself, which the next poll tells.
            let _ = reactor.remove_writer(self.shared.write_id.get());
        }
        self.check_pressure(reactor);
        self.shared.state.borrow_mut().serving = false;
        let again = flushed == Flushed::Enough;
        self.next(reactor, if again { Next::Again } else { Next::Wait })
    }

    pub(super) fn await_write_if_needed(&self, reactor: &mut Reactor) {
        let mut state = self.shared.state.borrow_mut();
        if state.awaits_write || state.out.is_empty() {
            return;
        }
        match reactor.add_writer(self.shared.write_id.get(), "do_write") {
            Ok(()) => state.awaits_write = true,
            Err(error) => {
                state.out.clear();
                state
                    .reason
                    .get_or_insert_with(|| Box::new(Reason::Broken(error)));
            }
        }
    }

    /// Sends as much as the system takes now, which may be nothing.
    fn send(
        &self,
        reactor: &mut Reactor,
        stream: Option<&Stream>,
        pieces: &[&[u8]],
    ) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let filled = pieces.iter().filter(|piece| !piece.is_empty());
        let count = slices
            .iter_mut()
            .zip(filled)
            .fold(0, |count, (slice, piece)| {
                *slice = IoSlice::new(piece);
                count + 1
            });
        let Some(stream) = stream else {
            return Ok(0);
        };
        let sent = match &slices[..count] {
            [] => return Ok(0),
            [piece] => stream.write(piece),
            pieces => stream.write_vectored(pieces),
        };
        self.record_sent(reactor, sent)
    }

    /// What the system took; nothing where it cannot take anything now.
    #[inline]
    fn record_sent(&self, reactor: &mut Reactor, sent: io::Result<usize>) -> io::Result<usize> {
        let sent = match sent {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            sent => sent?,
        };
        self.record(reactor, |connection, task| EventKind::BytesWritten {
            connection,
            task,
            bytes: count(sent),
        });
        Ok(sent)
    }

    /// Sends what its protocol's callbacks wrote, unless the system is known to take nothing now. Whether all of it went,
    /// as was recorded last.
    #[inline]
    pub(super) fn send_written(&self, reactor: &mut Reactor) -> bool {
        let mut state = self.shared.state.borrow_mut();
        let is_to_go = !state.out.is_empty() && !state.awaits_write && state.reason.is_none();
        is_to_go && self.send_waiting(reactor, &mut state) == Flushed::All && state.reason.is_none()
    }

    /// Sends what waits, for as long as the system takes it.
    pub(super) fn flush(&self, reactor: &mut Reactor) -> Flushed {
        self.send_waiting(reactor, &mut self.shared.state.borrow_mut())
    }

    #[inline]
    fn send_waiting(&self, reactor: &mut Reactor, state: &mut State) -> Flushed {
        let Some(stream) = &state.stream else {
            // Nobody takes anything any more.
            return Flushed::Blocked;
        };
        for _ in 0..WRITES {
            if state.out.is_empty() {
                return Flushed::All;
            }
            match self.record_sent(reactor, stream.write(state.out.pending())) {
                Ok(0) => return Flushed::Blocked,
                Ok(sent) => state.out.advance(sent),
                Err(error) => {
                    state.out.clear();
                    state
                        .reason
                        .get_or_insert_with(|| Box::new(Reason::Broken(error)));
                    return Flushed::All;
                }
            }
        }
        if state.out.is_empty() {
            Flushed::All
        } else {
            Flushed::Enough
        }
    }
}

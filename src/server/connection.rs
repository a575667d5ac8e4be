//! One client of one server: carries what is said to and fro, as far as both sides take it.

use std::io::{self, Read as _, Write as _};
use std::time::Instant;

use mio::event::Event;

use super::pace::Pace;
use super::stream::Stream;
use super::talk::{Next, Talk};
use crate::record::Recorder;
use crate::trace::{EventKind, Wire};

/// How often a connection reads and writes before others have their turn.
pub(super) const ROUNDS: usize = 16;

/// A client that is being served.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    /// The place of its server.
    server: usize,
    /// By what the client knows it, too.
    wire: Option<Wire>,
    talk: Box<dyn Talk>,
    /// There may be something to read.
    readable: bool,
    /// The client did not take a piece at once.
    full: bool,
}

/// When somebody is to be served again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// At this time, or when the system reports an event.
    At(Instant),
    /// When the system reports an event.
    Event,
    /// Never: all is said, or the client is gone.
    Close,
}

impl Connection {
    /// A client that has just come.
    pub(super) fn new(
        stream: Stream,
        server: usize,
        talk: Box<dyn Talk>,
        recorder: &mut Recorder,
    ) -> Self {
        let mut connection = Self {
            wire: None,
            stream,
            server,
            talk,
            readable: true,
            full: false,
        };
        if !recorder.is_off() {
            connection.wire = connection.stream.wire();
        }
        connection.record_sent(0, recorder);
        connection
    }

    /// So many bytes were sent; none when the client was taken in.
    fn record_sent(&self, bytes: usize, recorder: &mut Recorder) {
        if let Some(wire) = self.wire {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            recorder.record(EventKind::Sent { wire, bytes });
        }
    }

    /// The place of its server.
    pub(super) const fn server(&self) -> usize {
        self.server
    }

    /// From the next piece on it goes at this pace.
    pub(super) fn set_pace(&mut self, pace: Pace, now: Instant) {
        self.talk.set_pace(pace, now);
    }

    /// The system reports something: whether anybody is left to be served.
    pub(super) fn notice(&mut self, event: &Event) -> bool {
        self.readable = true;
        !self.stream.is_gone(event)
    }

    /// Takes what the client says, and sends what is due. Events are reported once only, so it goes on until both
    /// directions have to wait.
    pub(super) fn serve(
        &mut self,
        mut now: Instant,
        buffer: &mut [u8],
        recorder: &mut Recorder,
    ) -> Then {
        for _ in 0..ROUNDS {
            if self.can_hear() {
                if self.hear(buffer).is_err() {
                    return Then::Close;
                }
                now = Instant::now();
            }
            let can_hear_more = self.can_hear();
            let piece = match self.talk.next(now) {
                Next::Send(piece) => piece,
                Next::Wait(_) if can_hear_more => continue,
                Next::Wait(Some(due)) => return Then::At(due),
                Next::Wait(None) => return Then::Event,
                Next::Close => return Then::Close,
            };
            let whole = piece.len();
            match self.stream.write(piece) {
                // It took nothing of something: it never will.
                Ok(0) => return Then::Close,
                Ok(bytes) => {
                    self.talk.took(bytes);
                    self.record_sent(bytes, recorder);
                    if bytes == whole && self.full {
                        self.full = false;
                        self.talk.caught_up(now);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.full = true;
                    return Then::Event;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The client went away, which it may.
                Err(_) => return Then::Close,
            }
        }
        // After the others that are due by now.
        Then::At(Instant::now())
    }

    /// Whether there may be something to hear that there is room for.
    fn can_hear(&self) -> bool {
        self.readable && self.talk.listens()
    }

    /// Takes some of what the client says.
    ///
    /// # Errors
    /// The connection is broken.
    fn hear(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        match self.stream.read(buffer) {
            Ok(0) => {
                self.readable = false;
                self.talk.heard_all();
            }
            Ok(bytes) => self.talk.hear(&buffer[..bytes], Instant::now()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.readable = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

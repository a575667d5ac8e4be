//! One client of one server: sends what is due, as far as the client takes it.

use std::io::{self, Write as _};
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::drip::{Drip, Next};
use crate::scenario::Server;

/// A client that is being served.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    drip: Drip,
    /// Its buffer is full: only its becoming writable, not the time, makes it go on.
    full: bool,
}

/// When a connection is to be served again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// At this time.
    At(Instant),
    /// When it can be written to.
    Writable,
    /// Never: the text is sent, or the client is gone.
    Close,
}

impl Connection {
    /// A client that has just come; watched for becoming writable.
    pub(super) fn new(
        mut stream: TcpStream,
        server: &Server,
        registry: &Registry,
        token: Token,
        now: Instant,
    ) -> io::Result<Self> {
        // A piece must not wait for the acknowledgement of the one before it.
        stream.set_nodelay(true)?;
        registry.register(&mut stream, token, Interest::WRITABLE)?;
        Ok(Self {
            stream,
            drip: Drip::new(server, now),
            full: false,
        })
    }

    /// Whether it waits for its client to take more.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// Sends what is due.
    pub(super) fn serve(&mut self, now: Instant) -> Then {
        loop {
            let piece = match self.drip.next(now) {
                Next::Send(piece) => piece,
                Next::Wait(due) => return Then::At(due),
                Next::Close => return Then::Close,
            };
            let whole = piece.len();
            match self.stream.write(piece) {
                // It took nothing of something: it never will.
                Ok(0) => return Then::Close,
                Ok(bytes) => {
                    self.drip.took(bytes);
                    if bytes == whole && self.full {
                        self.full = false;
                        self.drip.caught_up(now);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.full = true;
                    return Then::Writable;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The client went away, which it may.
                Err(_) => return Then::Close,
            }
        }
    }
}

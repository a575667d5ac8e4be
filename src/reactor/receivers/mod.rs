//! Receivers: protocols that cut the stream of bytes where the other side meant it to be cut.
//!
//! TCP keeps no boundaries: what was written as one line may arrive in three pieces, or three lines in one. A
//! receiver stands between the transport and the program's own protocol, and calls that once per line
//! ([`LineReceiver`]) or once per message with its length before it ([`PrefixedReceiver`]), however the bytes
//! were cut on their way.
//!
//! A receiver gives nothing more while its transport is paused or about to be closed, also of what has arrived
//! already; when it is resumed, it goes on where it was.

mod line;
mod prefixed;

pub use line::{LineProtocol, LineReceiver, Lines};
pub use prefixed::{MessageProtocol, MessageTooLong, Messages, Prefix, PrefixedReceiver};

use super::Transport;

/// What has arrived, and was not given on yet.
#[derive(Default)]
struct Received {
    bytes: Vec<u8>,
    /// How many of them were given on.
    given: usize,
    /// A length was exceeded: what follows has no known boundaries.
    is_broken: bool,
}

impl Received {
    fn push(&mut self, data: &[u8]) {
        if !self.is_broken {
            self.bytes.extend_from_slice(data);
        }
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.given..]
    }

    /// Whether there is something that may be given on now.
    fn may_go_on(&self, transport: &Transport) -> bool {
        !self.is_broken
            && !self.rest().is_empty()
            && !transport.is_paused()
            && !transport.is_closing()
    }

    /// Moves what is left to the front, once per arrival.
    fn compact(&mut self) {
        self.bytes.drain(..self.given);
        self.given = 0;
    }

    /// Gives nothing on any more.
    fn break_off(&mut self) {
        self.is_broken = true;
        self.bytes = Vec::new();
        self.given = 0;
    }
}

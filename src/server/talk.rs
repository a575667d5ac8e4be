//! What is said on one connection, and when: without a socket, and without a clock.

use std::fmt;
use std::time::Instant;

use super::pace::Pace;

/// One side of a conversation: it is told what is heard and what time it is, and says what to do.
pub(super) trait Talk: fmt::Debug + Send {
    /// Whether it has room for what its client says. What it has no room for stays in the system's buffers, and
    /// when these are full, the client has to wait: that is all the back-pressure there is.
    fn listens(&self) -> bool {
        false
    }

    /// The client said this.
    fn hear(&mut self, _data: &[u8], _now: Instant) {}

    /// The client says no more, but it may go on listening.
    fn heard_all(&mut self) {}

    /// What to do at `now`.
    fn next(&mut self, now: Instant) -> Next<'_>;

    /// The client took so many bytes of what [`Self::next`] said.
    fn took(&mut self, bytes: usize);

    /// The client took the rest of a piece only at `now`, after it had been full for a while.
    fn caught_up(&mut self, _now: Instant) {}

    /// From the next piece on it goes at this pace.
    fn set_pace(&mut self, pace: Pace, now: Instant);
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// Send this; at least one byte.
    Send(&'a [u8]),
    /// Nothing until then; without a time, until the client says something.
    Wait(Option<Instant>),
    /// It is over.
    Close,
}

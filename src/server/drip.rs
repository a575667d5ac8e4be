//! What is to be sent when: the rhythm of one download, without a socket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::scenario::{Fault, Server};

/// One text on its way to one client, piece by piece.
///
/// Pieces are due on a grid: each a delay after the one before it *was due*, not after it was sent. So what the
/// thread comes late for one piece (mio rounds its timeouts up to whole milliseconds) is not added to the next,
/// and a download takes ⌈bytes/chunk⌉ delays however many pieces it has. Only a client that does not take its
/// piece within the delay shifts its own grid.
#[derive(Debug)]
pub(super) struct Drip {
    text: Arc<[u8]>,
    chunk: usize,
    delay: Duration,
    /// How many bytes are sent in all.
    end: usize,
    /// Whether it ends before the text does, without a last delay.
    broken_off: bool,
    /// How many bytes were due until now, whether the client took them or not.
    offered: usize,
    sent: usize,
    /// When the next piece is due, or the end.
    due: Instant,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// Send this; at least one byte.
    Send(&'a [u8]),
    /// Nothing until then.
    Wait(Instant),
    /// It is over.
    Close,
}

impl Drip {
    /// The first piece is due at once.
    pub(super) fn new(server: &Server, now: Instant) -> Self {
        let length = server.text.len();
        let end = match server.fault {
            Some(Fault::ClosesAfter(bytes)) => bytes.min(length),
            Some(Fault::Dead) | None => length,
        };
        Self {
            text: Arc::clone(&server.text),
            chunk: server.chunk,
            delay: server.delay,
            end,
            broken_off: end < length,
            offered: 0,
            sent: 0,
            due: now,
        }
    }

    /// What is due at `now`: the rest of the piece that was begun, or the next piece, or the end.
    pub(super) fn next(&mut self, now: Instant) -> Next<'_> {
        if self.sent == self.offered {
            let at_end = self.offered == self.end;
            if at_end && self.broken_off {
                return Next::Close;
            }
            if now < self.due {
                return Next::Wait(self.due);
            }
            if at_end {
                return Next::Close;
            }
            self.offered = self.offered.saturating_add(self.chunk).min(self.end);
            self.due += self.delay;
        }
        Next::Send(&self.text[self.sent..self.offered])
    }

    /// The client took so many bytes of what [`Self::next`] said.
    pub(super) fn took(&mut self, bytes: usize) {
        self.sent += bytes;
    }

    /// The client took the rest of a piece only at `now`, after it had been full for a while.
    pub(super) fn caught_up(&mut self, now: Instant) {
        if self.due <= now {
            self.due = now + self.delay;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Over, Speaks};

    const DELAY: Duration = Duration::from_millis(10);

    fn drip(text: &str, chunk: usize, fault: Option<Fault>) -> (Drip, Instant) {
        let server = Server {
            name: "slow".to_owned(),
            speaks: Speaks::Drip,
            over: Over::Tcp,
            text: Arc::from(text.as_bytes()),
            chunk,
            delay: DELAY,
            fault,
        };
        let now = Instant::now();
        (Drip::new(&server, now), now)
    }

    /// All pieces with the time at which each is sent, and the end, by a thread that is `late` every time.
    fn run(drip: &mut Drip, start: Instant, late: Duration) -> (Vec<(u128, String)>, u128) {
        let mut now = start;
        let mut pieces = Vec::new();
        loop {
            let since = (now - start).as_millis();
            match drip.next(now) {
                Next::Send(piece) => {
                    let bytes = piece.len();
                    pieces.push((since, String::from_utf8_lossy(piece).into_owned()));
                    drip.took(bytes);
                }
                Next::Wait(due) => now = due + late,
                Next::Close => return (pieces, since),
            }
        }
    }

    fn piece(at: u128, text: &str) -> (u128, String) {
        (at, text.to_owned())
    }

    #[test]
    fn it_waits_after_each_piece_and_after_the_last_too() {
        let (mut drip, start) = drip("Hello", 2, None);
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(0, "He"), piece(10, "ll"), piece(20, "o")], 30)
        );
    }

    #[test]
    fn lateness_is_not_added_up() {
        let (mut drip, start) = drip("Hello", 2, None);
        assert_eq!(
            run(&mut drip, start, Duration::from_millis(3)),
            (vec![piece(0, "He"), piece(13, "ll"), piece(23, "o")], 33)
        );
    }

    #[test]
    fn a_thread_that_slept_through_two_pieces_sends_both() {
        let (mut drip, start) = drip("Hello", 2, None);
        assert_eq!(
            run(&mut drip, start, Duration::from_millis(12)),
            (vec![piece(0, "He"), piece(22, "ll"), piece(22, "o")], 42)
        );
    }

    #[test]
    fn a_chunk_larger_than_the_text_is_one_piece() {
        let (mut drip, start) = drip("Hello", usize::MAX, None);
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(0, "Hello")], 10)
        );
    }

    #[test]
    fn an_empty_text_is_over_at_once() {
        let (mut drip, start) = drip("", 2, None);
        assert_eq!(run(&mut drip, start, Duration::ZERO), (vec![], 0));
    }

    #[test]
    fn it_breaks_off_after_so_many_bytes_without_waiting() {
        let (mut drip, start) = drip("Hello", 2, Some(Fault::ClosesAfter(3)));
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(0, "He"), piece(10, "l")], 10)
        );
    }

    #[test]
    fn a_client_that_takes_a_piece_late_shifts_its_own_grid() {
        let (mut drip, start) = drip("Hello", 2, None);
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(drip.next(start), Next::Send(b"He"));
        drip.took(1);
        assert_eq!(drip.next(after(25)), Next::Send(b"e"));
        drip.took(1);
        drip.caught_up(after(25));
        assert_eq!(drip.next(after(25)), Next::Wait(after(35)));
    }

    #[test]
    fn a_client_that_takes_a_piece_within_the_delay_keeps_the_grid() {
        let (mut drip, start) = drip("Hello", 2, None);
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(drip.next(start), Next::Send(b"He"));
        drip.took(2);
        drip.caught_up(after(4));
        assert_eq!(drip.next(after(4)), Next::Wait(after(10)));
    }
}

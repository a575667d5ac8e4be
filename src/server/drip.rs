//! What is to be sent when: the rhythm of one text on its way to one client.

use std::time::Instant;

use super::pace::Pace;
use super::talk::{Next, Talk};
use super::text::Text;

/// One text on its way to one client, piece by piece.
///
/// Pieces are due on a grid: each a delay after the one before it *was due*, not after it was sent. So what the
/// thread comes late for one piece is not added to the next, and a download takes ⌈bytes/chunk⌉ delays however many
/// pieces it has. Only a client that does not take its piece within the delay shifts its own grid.
#[derive(Debug)]
pub(super) struct Drip {
    text: Text,
    pace: Pace,
    /// Whether it closes a delay after its last piece, not with it.
    waits_at_end: bool,
    /// How many bytes were due until now, whether the client took them or not.
    offered: usize,
    sent: usize,
    /// From when on the present delay counts.
    since: Instant,
    /// When the next piece is due, or the end.
    due: Instant,
}

impl Drip {
    /// The first piece is due at once, and the end a delay after the last one; one that ends before the text does
    /// ends with its last piece.
    pub(super) fn new(text: Text, pace: Pace, now: Instant) -> Self {
        Self {
            waits_at_end: text.end == text.bytes.len(),
            text,
            pace,
            offered: 0,
            sent: 0,
            since: now,
            due: now,
        }
    }

    /// The first piece is due after a delay, and the end comes with the last one: a client that knows how long
    /// the text is does not wait for the end. A head alone is due at once.
    pub(super) fn response(text: Text, pace: Pace, now: Instant) -> Self {
        let due = if text.end == text.head {
            now
        } else {
            now + pace.delay()
        };
        Self {
            waits_at_end: false,
            due,
            ..Self::new(text, pace, now)
        }
    }

    /// The present delay counts from `since` on.
    fn wait(&mut self, since: Instant) {
        self.since = since;
        self.due = since + self.pace.delay();
    }

    /// Where the next piece ends.
    fn piece_end(&self) -> usize {
        let begin = self.offered.max(self.text.head);
        begin.saturating_add(self.pace.chunk()).min(self.text.end)
    }
}

impl Talk for Drip {
    /// What is due at `now`: the rest of the piece that was begun, or the next piece, or the end.
    fn next(&mut self, now: Instant) -> Next<'_> {
        if self.sent == self.offered {
            let at_end = self.offered == self.text.end;
            if at_end && !self.waits_at_end {
                return Next::Close;
            }
            if now < self.due {
                return Next::Wait(Some(self.due));
            }
            if at_end {
                return Next::Close;
            }
            self.offered = self.piece_end();
            self.wait(self.due);
        }
        Next::Send(&self.text.bytes[self.sent..self.offered])
    }

    fn took(&mut self, bytes: usize) {
        self.sent += bytes;
    }

    fn caught_up(&mut self, now: Instant) {
        if self.due <= now {
            self.wait(now);
        }
    }

    /// The present delay becomes the new one, and what is over of it by now is not made up for.
    fn set_pace(&mut self, pace: Pace, now: Instant) {
        self.pace = pace;
        if now < self.due {
            self.due = (self.since + pace.delay()).max(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    const DELAY: Duration = Duration::from_millis(10);

    /// The first `end` bytes of a text.
    fn drip(text: &str, chunk: usize, end: usize) -> (Drip, Instant) {
        let text = Text {
            bytes: Arc::from(text.as_bytes()),
            head: 0,
            end,
        };
        let now = Instant::now();
        (Drip::new(text, Pace::new(chunk, DELAY), now), now)
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
                Next::Wait(due) => now = due.expect("it waits for nothing else") + late,
                Next::Close => return (pieces, since),
            }
        }
    }

    fn piece(at: u128, text: &str) -> (u128, String) {
        (at, text.to_owned())
    }

    #[test]
    fn it_waits_after_each_piece_and_after_the_last_too() {
        let (mut drip, start) = drip("Hello", 2, 5);
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(0, "He"), piece(10, "ll"), piece(20, "o")], 30)
        );
    }

    #[test]
    fn lateness_is_not_added_up() {
        let (mut drip, start) = drip("Hello", 2, 5);
        assert_eq!(
            run(&mut drip, start, Duration::from_millis(3)),
            (vec![piece(0, "He"), piece(13, "ll"), piece(23, "o")], 33)
        );
    }

    #[test]
    fn a_thread_that_slept_through_two_pieces_sends_both() {
        let (mut drip, start) = drip("Hello", 2, 5);
        assert_eq!(
            run(&mut drip, start, Duration::from_millis(12)),
            (vec![piece(0, "He"), piece(22, "ll"), piece(22, "o")], 42)
        );
    }

    #[test]
    fn a_chunk_larger_than_the_text_is_one_piece() {
        let (mut drip, start) = drip("Hello", usize::MAX, 5);
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(0, "Hello")], 10)
        );
    }

    #[test]
    fn an_empty_text_is_over_at_once() {
        let (mut drip, start) = drip("", 2, 0);
        assert_eq!(run(&mut drip, start, Duration::ZERO), (vec![], 0));
    }

    #[test]
    fn it_breaks_off_after_so_many_bytes_without_waiting() {
        let (mut drip, start) = drip("Hello", 2, 3);
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(0, "He"), piece(10, "l")], 10)
        );
    }

    #[test]
    fn a_client_that_takes_a_piece_late_shifts_its_own_grid() {
        let (mut drip, start) = drip("Hello", 2, 5);
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(drip.next(start), Next::Send(b"He"));
        drip.took(1);
        assert_eq!(drip.next(after(25)), Next::Send(b"e"));
        drip.took(1);
        drip.caught_up(after(25));
        assert_eq!(drip.next(after(25)), Next::Wait(Some(after(35))));
    }

    #[test]
    fn a_client_that_takes_a_piece_within_the_delay_keeps_the_grid() {
        let (mut drip, start) = drip("Hello", 2, 5);
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(drip.next(start), Next::Send(b"He"));
        drip.took(2);
        drip.caught_up(after(4));
        assert_eq!(drip.next(after(4)), Next::Wait(Some(after(10))));
    }

    #[test]
    fn a_new_pace_counts_from_the_next_piece_on() {
        let (mut drip, start) = drip("Hello", 1, 5);
        assert_eq!(drip.next(start), Next::Send(b"H"));
        drip.set_pace(Pace::new(3, 3 * DELAY), start);
        assert_eq!(drip.next(start), Next::Send(b"H"), "it was begun");
        drip.took(1);
        assert_eq!(
            run(&mut drip, start, Duration::ZERO),
            (vec![piece(30, "ell"), piece(60, "o")], 90)
        );
    }

    #[test]
    fn a_shorter_delay_that_is_over_ends_at_once_and_is_the_grid_from_then_on() {
        let (mut drip, start) = drip("Hello", 2, 5);
        let after = |millis| start + Duration::from_millis(millis);
        assert_eq!(drip.next(start), Next::Send(b"He"));
        drip.took(2);
        drip.set_pace(Pace::new(1, Duration::from_millis(4)), after(7));
        assert_eq!(drip.next(after(7)), Next::Send(b"l"));
        drip.took(1);
        assert_eq!(drip.next(after(7)), Next::Wait(Some(after(11))));
    }

    #[test]
    fn however_often_the_pace_changes_the_delay_goes_on() {
        let (mut drip, start) = drip("Hello", 2, 5);
        assert_eq!(drip.next(start), Next::Send(b"He"));
        drip.took(2);
        for millis in 0..15 {
            let now = start + Duration::from_millis(millis);
            drip.set_pace(Pace::new(2, Duration::from_millis(15)), now);
        }
        let due = start + Duration::from_millis(15);
        assert_eq!(drip.next(start), Next::Wait(Some(due)));
    }
}

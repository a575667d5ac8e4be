//! Whatever is heard, back again: line by line, each after a while.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::pace::Pace;
use super::talk::{Next, Talk};

/// How many bytes wait to be answered before no more are taken. A line as long as this is answered before it ends.
const ENOUGH: usize = 64 * 1024;

/// The lines of one client on their way back.
#[derive(Debug)]
pub(super) struct Echo {
    delay: Duration,
    /// What was heard and is not sent back yet.
    held: VecDeque<u8>,
    /// When which part of it came, in order. Lines that came together are one part.
    lines: VecDeque<Lines>,
    /// How many bytes at the end of it are a line that is not whole yet.
    open: usize,
    /// The client took some of the first part, which does not wait any more.
    begun: bool,
    /// The client says no more.
    heard_all: bool,
}

/// Whole lines that came at once.
#[derive(Clone, Copy, Debug)]
struct Lines {
    came: Instant,
    /// What is left of them.
    bytes: usize,
}

impl Echo {
    /// Answers each line after `delay`.
    pub(super) const fn new(delay: Duration) -> Self {
        Self {
            delay,
            held: VecDeque::new(),
            lines: VecDeque::new(),
            open: 0,
            begun: false,
            heard_all: false,
        }
    }

    /// The open line counts as whole.
    fn close_line(&mut self, came: Instant) {
        let bytes = std::mem::take(&mut self.open);
        self.lines.push_back(Lines { came, bytes });
    }
}

impl Talk for Echo {
    fn listens(&self) -> bool {
        self.held.len() < ENOUGH
    }

    fn hear(&mut self, data: &[u8], now: Instant) {
        self.held.extend(data);
        let line_end = data.iter().rposition(|byte| *byte == b'\n');
        let (whole, open) = data.split_at(line_end.map_or(0, |at| at + 1));
        self.open += whole.len();
        if !whole.is_empty() {
            self.close_line(now);
        }
        self.open += open.len();
        if self.open >= ENOUGH {
            self.close_line(now);
        }
    }

    fn heard_all(&mut self) {
        self.heard_all = true;
    }

    fn next(&mut self, now: Instant) -> Next<'_> {
        let Some(lines) = self.lines.front() else {
            return match self.heard_all {
                true => Next::Close,
                false => Next::Wait(None),
            };
        };
        let due = lines.came + self.delay;
        if now < due && !self.begun {
            return Next::Wait(Some(due));
        }
        let (front, _) = self.held.as_slices();
        Next::Send(&front[..lines.bytes.min(front.len())])
    }

    fn took(&mut self, bytes: usize) {
        self.held.drain(..bytes);
        if let Some(lines) = self.lines.front_mut() {
            lines.bytes -= bytes;
            self.begun = lines.bytes > 0;
            if !self.begun {
                self.lines.pop_front();
            }
        }
    }

    fn set_pace(&mut self, pace: Pace, _: Instant) {
        self.delay = pace.delay();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_millis(10);

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    /// Everything that is due, as it is sent, and what to do then.
    fn due(echo: &mut Echo, now: Instant) -> (String, Option<Next<'static>>) {
        let mut sent = String::new();
        loop {
            let bytes = match echo.next(now) {
                Next::Send(piece) => {
                    sent.push_str(&String::from_utf8_lossy(piece));
                    piece.len()
                }
                Next::Wait(due) => return (sent, Some(Next::Wait(due))),
                Next::Close => return (sent, Some(Next::Close)),
            };
            echo.took(bytes);
        }
    }

    #[test]
    fn each_line_comes_back_a_delay_after_it_was_whole() {
        let start = Instant::now();
        let mut echo = Echo::new(DELAY);
        echo.hear(b"Th", start);
        assert_eq!(echo.next(after(start, 50)), Next::Wait(None));
        echo.hear(b"ou\ncan", after(start, 50));
        echo.hear(b"st\n\nno", after(start, 54));
        let waits = |millis| Some(Next::Wait(Some(after(start, millis))));
        assert_eq!(due(&mut echo, after(start, 59)), (String::new(), waits(60)));
        assert_eq!(
            due(&mut echo, after(start, 60)),
            ("Thou\n".to_owned(), waits(64))
        );
        let (sent, then) = due(&mut echo, after(start, 70));
        assert_eq!((sent.as_str(), then), ("canst\n\n", Some(Next::Wait(None))));
    }

    #[test]
    fn without_a_delay_it_answers_at_once() {
        let now = Instant::now();
        let mut echo = Echo::new(Duration::ZERO);
        echo.hear(b"now\n", now);
        assert_eq!(echo.next(now), Next::Send(b"now\n"));
    }

    #[test]
    fn at_the_end_it_answers_the_whole_lines_and_closes() {
        let now = Instant::now();
        let mut echo = Echo::new(DELAY);
        echo.hear(b"me\nunfinished", now);
        echo.heard_all();
        let (sent, then) = due(&mut echo, now + DELAY);
        assert_eq!((sent.as_str(), then), ("me\n", Some(Next::Close)));
        assert_eq!(due(&mut Echo::new(DELAY), now).1, Some(Next::Wait(None)));
    }

    #[test]
    fn it_listens_no_more_while_it_holds_enough() {
        let now = Instant::now();
        let mut echo = Echo::new(DELAY);
        let line = [vec![b'x'; ENOUGH / 2], vec![b'\n']].concat();
        echo.hear(&line, now);
        assert!(echo.listens());
        echo.hear(&line, now);
        assert!(!echo.listens());
        let (sent, _) = due(&mut echo, now + DELAY);
        assert_eq!(sent.len(), 2 * line.len());
        assert!(echo.listens());
    }

    #[test]
    fn a_line_that_never_ends_is_answered_in_parts() {
        let now = Instant::now();
        let mut echo = Echo::new(Duration::ZERO);
        echo.hear(&vec![b'x'; ENOUGH - 1], now);
        assert_eq!(due(&mut echo, now).0, "");
        echo.hear(b"yz", now);
        assert_eq!(due(&mut echo, now).0.len(), ENOUGH + 1);
        assert!(echo.listens());
    }

    #[test]
    fn a_new_delay_counts_for_those_that_wait_but_not_for_a_line_that_was_begun() {
        let now = Instant::now();
        let mut echo = Echo::new(DELAY);
        echo.hear(b"first\n", now);
        echo.hear(b"second\n", now);
        echo.set_pace(Pace::new(1, Duration::ZERO), now);
        assert_eq!(echo.next(now), Next::Send(b"first\n"));
        echo.took(2);
        echo.set_pace(Pace::new(1, DELAY), now);
        assert_eq!(echo.next(now), Next::Send(b"rst\n"));
        echo.took(4);
        assert_eq!(echo.next(now), Next::Wait(Some(now + DELAY)));
    }
}

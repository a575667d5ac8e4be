//! When to say of a stall that it lasts: at once, then ever more rarely, and not too often in all.

use std::time::Duration;

use crate::trace::Timestamp;

/// How many reports there are in a [`WINDOW`], at most: as many as there can be stalls of the usual threshold.
const MOST: u32 = 20;
/// How many there are before none is made any more of a stall that is known.
const MOST_AGAIN: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);

/// When to speak again of one stall: when it exceeds the threshold, and whenever it has become twice as long as it
/// was to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schedule {
    next: Option<Duration>,
}

impl Schedule {
    /// What the stall has to exceed.
    pub(super) fn next(self, threshold: Duration) -> Duration {
        self.next.unwrap_or(threshold)
    }

    /// Whether it is time to speak of a stall that has lasted for `elapsed`. Once for each time.
    pub(super) fn is_due(&mut self, elapsed: Duration, threshold: Duration) -> bool {
        let mut next = self.next(threshold);
        if elapsed <= next {
            return false;
        }
        while next < elapsed {
            next = next.saturating_mul(2).max(Duration::from_nanos(1));
        }
        self.next = Some(next);
        true
    }
}

/// Holds back what comes too often, and counts it.
#[derive(Debug, Default)]
pub(super) struct Limit {
    window: Timestamp,
    said: u32,
    held_back: u32,
}

impl Limit {
    /// Whether to say one more thing, or one thing `again`.
    pub(super) fn allows(&mut self, now: Timestamp, again: bool) -> bool {
        if now.since(self.window) >= WINDOW {
            self.window = now;
            self.said = 0;
        }
        let most = if again { MOST_AGAIN } else { MOST };
        if self.said >= most {
            self.held_back += 1;
            return false;
        }
        self.said += 1;
        true
    }

    /// How many were held back since this was asked last, if any were.
    pub(super) fn take_held_back(&mut self) -> Option<u32> {
        let count = std::mem::take(&mut self.held_back);
        (count > 0).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_stall_is_spoken_of_at_once_and_then_ever_more_rarely() {
        let mut schedule = Schedule::default();
        let due: Vec<_> = (0..=1000)
            .filter(|&millis| schedule.is_due(millis * MS, 50 * MS))
            .collect();
        assert_eq!(due, [51, 101, 201, 401, 801]);
    }

    #[test]
    fn what_was_missed_is_not_made_up_for() {
        let mut schedule = Schedule::default();
        assert!(schedule.is_due(330 * MS, 50 * MS));
        assert!(!schedule.is_due(400 * MS, 50 * MS));
        assert_eq!(schedule.next(50 * MS), 400 * MS);
    }

    #[test]
    fn a_threshold_that_is_lowered_counts_for_what_lasts() {
        let mut schedule = Schedule::default();
        assert!(!schedule.is_due(30 * MS, 50 * MS));
        assert!(schedule.is_due(30 * MS, 20 * MS));
    }

    #[test]
    fn reports_that_come_too_often_are_held_back_and_counted() {
        let mut limit = Limit::default();
        let mut said = 0;
        for millis in (0..1000).step_by(10) {
            let again = millis < 500;
            said += u32::from(limit.allows(Timestamp::ZERO + millis * MS, again));
            let most = if again { MOST_AGAIN } else { MOST };
            assert!(said <= most, "after {millis} ms");
        }
        assert_eq!(said, MOST);
        assert_eq!(limit.take_held_back(), Some(100 - MOST));
        assert_eq!(limit.take_held_back(), None);
        assert!(limit.allows(Timestamp::ZERO + 1000 * MS, true));
    }
}

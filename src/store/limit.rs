//! How much is kept of a run that never ends: the oldest goes first.

use std::collections::VecDeque;

use crate::trace::Timestamp;

/// In how many steps the limit is reached. What goes at once is an eighth of it, so that it is seldom.
const STEPS: u64 = 64;
const STEPS_AT_ONCE: u64 = STEPS / 8;

/// What was let go of, because a store keeps no more than it was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// What ended before this moment is gone, as far as a whole piece of it did.
    pub until: Timestamp,
    /// How many events were taken in until then.
    pub events: u64,
}

/// How many events are kept, and which are the oldest of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Limit {
    /// How many events are kept at most, roughly; `None` for all of them.
    most: Option<u64>,
    /// Moments, each with the number of events until then.
    steps: VecDeque<Forgotten>,
    /// What was let go of.
    pub(super) forgotten: Option<Forgotten>,
}

impl Limit {
    pub(super) fn set(&mut self, most: Option<u64>) {
        // Fewer would be gone before they are seen.
        self.most = most.map(|most| most.max(STEPS));
    }

    /// There are so many events now, of which the newest is of this moment. Returns the moment before which everything
    /// is to go, if it is time for that.
    pub(super) fn check(&mut self, events: u64, newest: Timestamp) -> Option<Timestamp> {
        let most = self.most?;
        let last = self.steps.back().or(self.forgotten.as_ref());
        if events - last.map_or(0, |last| last.events) >= most / STEPS {
            let until = newest;
            self.steps.push_back(Forgotten { until, events });
        }
        let kept = events - self.forgotten.map_or(0, |gone| gone.events);
        if kept <= most {
            return None;
        }
        let goal = events - (most - most / STEPS * STEPS_AT_ONCE);
        let mut gone = None;
        while let Some(step) = self.steps.pop_front_if(|step| step.events <= goal) {
            gone = Some(step);
        }
        let gone = gone.or_else(|| self.steps.pop_front())?;
        self.forgotten = Some(gone);
        Some(gone.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_was_said_and_not_much_less() {
        let mut limit = Limit::default();
        limit.set(Some(6_400));
        let mut times = 0;
        for events in 1..100_000 {
            let until = limit.check(events, Timestamp(events));
            times += u32::from(until.is_some());
            let kept = events - limit.forgotten.map_or(0, |gone| gone.events);
            assert!(kept <= 6_400, "{kept} of {events}");
            assert!(kept >= events.min(5_500), "{kept} of {events}");
        }
        assert!(
            (100..150).contains(&times),
            "an eighth each time, not {times}"
        );
    }

    #[test]
    fn one_large_batch_goes_as_a_whole() {
        let mut limit = Limit::default();
        limit.set(Some(1_000));
        assert_eq!(limit.check(50_000, Timestamp(9)), Some(Timestamp(9)));
        limit.set(None);
        assert_eq!(limit.check(90_000, Timestamp(10)), None);
    }
}

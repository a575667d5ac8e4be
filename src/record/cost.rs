//! What recording costs the thread that does it: an estimate.
//!
//! A batch is handed over seldom, so that is measured each time. To measure a single event would cost more than the
//! event itself: what one costs on this machine is found out once, before anything is recorded, and the events are
//! counted. Most of it is the look at the clock, which several events may share: so their moments are counted as well.
//! Caches are warm while that is found out, so the truth may be a little more; looking up texts is not counted.

use std::sync::Arc;
use std::time::Duration;

use super::Recorder;
use super::channel::channel_with_capacity;
use crate::clock::{Clock, Ticks};
use crate::trace::{Event, EventKind, ModelId};

/// How often a thread tells, besides when it ends.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How many events are recorded to find out what one costs, and how often.
const EVENTS: u32 = 200;
const ROUNDS: u32 = 10;

/// A hand-over that takes so many times as long as they usually do was interrupted: whoever ran meanwhile did not record.
const INTERRUPTED: u64 = 8;

/// What events cost on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EventCost {
    /// Nanoseconds for [`EVENTS`] of them that have a moment in common.
    together: u64,
    /// What it takes more where each has a moment of its own.
    apart: u64,
    /// Nanoseconds for handing over a batch, at least: whoever reads may have to be woken as well.
    hand_over: u64,
}

impl EventCost {
    /// Finds it out, which takes some ten microseconds. On a clock that stands still nothing costs anything.
    pub(super) fn measure(clock: &Clock) -> Self {
        let batches = 2 * ROUNDS as usize;
        let (recorders, _receiver) = channel_with_capacity(clock, Arc::new(|| {}), batches);
        let mut recorder = recorders.recorder(ModelId::from_index(0), "");
        recorder.flush();
        // Whatever else took time had nothing to do with it.
        let mut hand_over = u64::MAX;
        let mut least = |record: fn(&mut Recorder, Ticks) -> Ticks| {
            let rounds = (0..ROUNDS).map(|_| {
                let begin = clock.ticks();
                (0..EVENTS).fold(begin, |moment, _| record(&mut recorder, moment));
                let recorded = clock.ticks();
                recorder.flush();
                let took = clock.nanos_between(recorded, clock.ticks());
                hand_over = hand_over.min(took);
                clock.nanos_between(begin, recorded)
            });
            rounds.min().unwrap_or_default()
        };
        let together = least(|recorder, moment| {
            recorder.record_at(moment, EventKind::BlockingEnd);
            moment
        });
        let each = least(|recorder, _| recorder.record(EventKind::BlockingEnd));
        Self {
            together,
            apart: each.saturating_sub(together),
            hand_over,
        }
    }

    fn of(self, counted: Counted) -> u64 {
        let Counted { events, moments } = counted;
        let together = self.together.saturating_mul(u64::from(events));
        let apart = self.apart.saturating_mul(u64::from(moments));
        together.saturating_add(apart) / u64::from(EVENTS)
    }
}

/// How many events there were, and at how many moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    events: u32,
    moments: u32,
}

impl Counted {
    /// The events of a batch, which never go back in time.
    pub(super) fn of(events: &[Event]) -> Self {
        let pairs = events.iter().zip(events.iter().skip(1));
        let apart = pairs.filter(|(one, next)| one.at != next.at).count();
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            events: count(events.len()),
            moments: count(apart + usize::from(!events.is_empty())),
        }
    }

    /// As many more, at a moment that they have in common with others.
    pub(super) const fn and_together(self, events: u32) -> Self {
        Self {
            events: self.events.saturating_add(events),
            ..self
        }
    }

    const fn add(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.moments = self.moments.saturating_add(other.moments);
    }
}

/// What recording has cost one thread since that was told last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    event: EventCost,
    told_at: Ticks,
    counted: Counted,
    /// Nanoseconds.
    handing_over: u64,
    /// What one takes as a rule, in nanoseconds, as soon as that is known.
    usual: Option<u64>,
}

impl Cost {
    pub(super) const fn begin(event: EventCost, at: Ticks) -> Self {
        Self {
            event,
            told_at: at,
            counted: Counted {
                events: 0,
                moments: 0,
            },
            handing_over: 0,
            usual: if event.hand_over > 0 {
                Some(event.hand_over)
            } else {
                None
            },
        }
    }

    /// These were recorded.
    pub(super) const fn add(&mut self, counted: Counted) {
        self.counted.add(counted);
    }

    /// They were handed over, which took so many nanoseconds.
    pub(super) fn add_handing_over(&mut self, took: u64) {
        let usual = self.usual.unwrap_or(took);
        let took = took.min(usual.saturating_mul(INTERRUPTED));
        // Of the last ten or so.
        self.usual = Some((7 * usual + took) / 8);
        self.handing_over = self.handing_over.saturating_add(took);
    }

    /// What to tell, if it is time to.
    pub(super) fn tell_if_due(&mut self, clock: &Clock, now: Ticks) -> Option<EventKind> {
        let since = clock.timestamp(now).since(clock.timestamp(self.told_at));
        (since >= TELL_EVERY).then(|| self.tell(now))
    }

    /// What to tell now.
    pub(super) fn tell(&mut self, now: Ticks) -> EventKind {
        let Self {
            event,
            counted,
            handing_over,
            usual,
            ..
        } = *self;
        *self = Self {
            usual,
            ..Self::begin(event, now)
        };
        EventKind::Recorded {
            events: counted.events,
            spent: event.of(counted).saturating_add(handing_over),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    const fn counted(events: u32, moments: u32) -> Counted {
        Counted { events, moments }
    }

    #[test]
    fn an_event_costs_something_and_on_a_clock_that_stands_still_nothing() {
        let cost = EventCost::measure(&Clock::monotonic());
        assert!(cost.of(counted(1_000_000, 0)) > 0);
        assert!(cost.apart > 0, "a look at the clock costs something");
        assert_eq!(EventCost::measure(&Clock::manual().0), EventCost::default());
    }

    #[test]
    fn events_are_estimated_and_handing_over_is_measured() {
        let (clock, hand) = Clock::manual();
        let begin = clock.ticks();
        // Each takes a hundred nanoseconds, and as much again for its moment.
        let nanos = 100 * u64::from(EVENTS);
        let event = EventCost {
            together: nanos,
            apart: nanos,
            hand_over: 7_000,
        };
        let mut cost = Cost::begin(event, begin);
        cost.add(counted(30, 10));
        cost.add_handing_over(7_000);
        assert_eq!(cost.tell_if_due(&clock, clock.ticks()), None);
        hand.advance(TELL_EVERY);
        let told = EventKind::Recorded {
            events: 30,
            spent: 11_000,
        };
        assert_eq!(cost.tell_if_due(&clock, clock.ticks()), Some(told));
        let nothing = EventKind::Recorded {
            events: 0,
            spent: 0,
        };
        assert_eq!(cost.tell(clock.ticks()), nothing);
    }

    #[test]
    fn a_hand_over_that_was_interrupted_counts_for_no_more_than_they_take() {
        let (clock, _hand) = Clock::manual();
        let mut cost = Cost::begin(EventCost::default(), clock.ticks());
        for _ in 0..9 {
            cost.add_handing_over(1_000);
        }
        cost.add_handing_over(4_000_000);
        let told = EventKind::Recorded {
            events: 0,
            spent: 9_000 + INTERRUPTED * 1_000,
        };
        assert_eq!(cost.tell(clock.ticks()), told);
    }

    /// Where many threads begin at once, each waits for a core.
    #[test]
    fn the_first_hand_over_may_be_interrupted_as_well() {
        let (clock, _hand) = Clock::manual();
        let event = EventCost {
            hand_over: 1_000,
            ..EventCost::default()
        };
        let mut cost = Cost::begin(event, clock.ticks());
        cost.add_handing_over(30_000_000);
        let told = EventKind::Recorded {
            events: 0,
            spent: INTERRUPTED * 1_000,
        };
        assert_eq!(cost.tell(clock.ticks()), told);
    }

    /// The truth is how far the clock has moved: by a microsecond for each look at it, and nothing else moves it.
    #[test]
    fn what_is_told_is_what_it_took() {
        let clock = Clock::moved_by_looks(US);
        let (recorders, receiver) = channel_with_capacity(&clock, Arc::new(|| {}), 64);
        let recorders = recorders.with_thread_times();
        let begin = clock.now();
        let mut recorder = recorders.recorder(ModelId::from_index(0), "thread");
        for _ in 0..2_000 {
            // As a reactor does: most events share the moment of another one.
            let moment = recorder.record(EventKind::PollBegin);
            for _ in 0..3 {
                recorder.record_at(moment, EventKind::PollEnd { ready: 1 });
            }
        }
        drop(recorder);
        let took = clock.now().since(begin);
        let batches = std::iter::from_fn(|| receiver.try_recv().ok());
        let events = batches.flat_map(|batch| batch.events);
        let told: u64 = events
            .map(|event| match event.kind {
                EventKind::Recorded { spent, .. } => spent,
                _ => 0,
            })
            .sum();
        let told = Duration::from_nanos(told);
        assert!(told.abs_diff(took) < took / 50, "{told:?} of {took:?}");
    }
}

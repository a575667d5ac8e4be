//! What recording costs the thread that does it: an estimate.
//!
//! A batch is handed over seldom, so that is measured each time. To measure a single event would cost more than the
//! event itself: what one costs on this machine is found out once, before anything is recorded, and the events are
//! counted. Caches are warm while that is found out, so the truth may be a little more; looking up texts is not counted.

use std::sync::Arc;
use std::time::Duration;

use super::channel::channel_with_capacity;
use crate::clock::{Clock, Ticks};
use crate::trace::{EventKind, ModelId};

/// How often a thread tells, besides when it ends.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// How many events are recorded to find out what one costs, and how often.
const EVENTS: u32 = 200;
const ROUNDS: u32 = 10;

/// What an event costs on this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventCost {
    /// Nanoseconds for [`EVENTS`] of them.
    nanos: u64,
}

impl EventCost {
    /// Finds it out, which takes some ten microseconds. On a clock that stands still nothing costs anything.
    pub(super) fn measure(clock: &Clock) -> Self {
        let (recorders, _receiver) = channel_with_capacity(clock, Arc::new(|| {}), ROUNDS as usize);
        let mut recorder = recorders.recorder(ModelId::from_index(0), "");
        recorder.flush();
        let rounds = (0..ROUNDS).map(|_| {
            let begin = clock.now();
            for _ in 0..EVENTS {
                recorder.record(EventKind::BlockingEnd);
            }
            let nanos = clock.now().0 - begin.0;
            recorder.flush();
            nanos
        });
        // Whatever else took time had nothing to do with it.
        let nanos = rounds.min().unwrap_or_default();
        Self { nanos }
    }

    fn of(self, events: u32) -> u64 {
        self.nanos.saturating_mul(u64::from(events)) / u64::from(EVENTS)
    }
}

/// What recording has cost one thread since that was told last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    event: EventCost,
    told_at: Ticks,
    events: u32,
    /// Nanoseconds.
    handing_over: u64,
}

impl Cost {
    pub(super) const fn begin(event: EventCost, at: Ticks) -> Self {
        Self {
            event,
            told_at: at,
            events: 0,
            handing_over: 0,
        }
    }

    /// So many events were recorded, and it was tried to hand them over.
    pub(super) fn add(&mut self, events: usize, clock: &Clock, begin: Ticks, end: Ticks) {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        self.events = self.events.saturating_add(events);
        let took = clock
            .timestamp(end)
            .0
            .saturating_sub(clock.timestamp(begin).0);
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
            events,
            handing_over,
            ..
        } = *self;
        *self = Self::begin(event, now);
        EventKind::Recorded {
            events,
            spent: event.of(events).saturating_add(handing_over),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    #[test]
    fn an_event_costs_something_and_on_a_clock_that_stands_still_nothing() {
        assert!(EventCost::measure(&Clock::monotonic()).of(1_000_000) > 0);
        assert_eq!(EventCost::measure(&Clock::manual().0).of(1_000_000), 0);
    }

    #[test]
    fn events_are_estimated_and_handing_over_is_measured() {
        let (clock, hand) = Clock::manual();
        let begin = clock.ticks();
        // Each takes a hundred nanoseconds.
        let nanos = 100 * u64::from(EVENTS);
        let mut cost = Cost::begin(EventCost { nanos }, begin);
        hand.advance(7 * US);
        cost.add(30, &clock, begin, clock.ticks());
        assert_eq!(cost.tell_if_due(&clock, clock.ticks()), None);
        hand.advance(TELL_EVERY);
        let told = EventKind::Recorded {
            events: 30,
            spent: 10_000,
        };
        assert_eq!(cost.tell_if_due(&clock, clock.ticks()), Some(told));
        let nothing = EventKind::Recorded {
            events: 0,
            spent: 0,
        };
        assert_eq!(cost.tell(clock.ticks()), nothing);
    }
}

//! What a loop lets its watchdog see: atomics that it sets on its way, without a look at the clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::clock::Ticks;
use crate::trace::{NameId, TaskId};

/// No stretch begins at this reading of the clock.
const NEVER: u64 = u64::MAX;
/// Set beside the beginning of a stretch that is over. No clock comes that far: 2⁶² ticks are decades.
const OVER: u64 = 1 << 63;
/// Set as well if it was a stall.
const STALLED: u64 = 1 << 62;

/// A stretch without a poll, as the loop tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) begin: Ticks,
    /// The loop is in its poll again.
    pub(super) is_over: bool,
    /// It was longer than the threshold, by the loop's own clock.
    pub(super) was_stall: bool,
}

/// The callback that runs: its name, and its task.
pub(super) type Running = Option<(NameId, Option<TaskId>)>;

#[derive(Debug)]
pub(super) struct Pulse {
    /// The last stretch.
    stretch: AtomicU64,
    callback: AtomicU64,
    /// The watchdog does not look: whoever begins a stretch has to ask it to.
    asleep: AtomicBool,
    /// The beginning of the stretch that the watchdog looks at closely: it wants to be told of its end.
    attended: AtomicU64,
}

impl Pulse {
    /// Of a loop in its poll, at which nobody looks.
    pub(super) const fn asleep() -> Self {
        Self {
            stretch: AtomicU64::new(OVER),
            callback: AtomicU64::new(0),
            asleep: AtomicBool::new(true),
            attended: AtomicU64::new(NEVER),
        }
    }

    /// The loop left its poll. Whether the watchdog has to be asked to look.
    #[inline]
    pub(super) fn begin(&self, at: Ticks) -> bool {
        // Either this thread sees that the watchdog sleeps, or the watchdog sees this stretch before it does.
        self.stretch.store(at.0, Ordering::SeqCst);
        self.asleep.load(Ordering::SeqCst) && self.take_asleep()
    }

    /// The loop enters its poll.
    #[inline]
    pub(super) fn end(&self, begin: Ticks, was_stall: bool) {
        let stalled = if was_stall { STALLED } else { 0 };
        let over = begin.0 | OVER | stalled;
        self.stretch.store(over, Ordering::Release);
    }

    /// Whether the watchdog looks closely at the stretch that began there, and wants to be told of its end.
    #[inline]
    pub(super) fn is_attended(&self, begin: Ticks) -> bool {
        self.attended.load(Ordering::Relaxed) == begin.0
    }

    /// A callback begins; what ran around it, for [`Pulse::leave`].
    #[inline]
    pub(super) fn enter(&self, name: NameId, task: Option<TaskId>) -> u64 {
        let outer = self.callback.load(Ordering::Relaxed);
        let task = u64::from(task.map_or(0, TaskId::number));
        let packed = u64::from(name.number()) | task << 32;
        self.callback.store(packed, Ordering::Relaxed);
        outer
    }

    #[inline]
    pub(super) fn leave(&self, outer: u64) {
        self.callback.store(outer, Ordering::Relaxed);
    }

    pub(super) fn beat(&self) -> Beat {
        let packed = self.stretch.load(Ordering::SeqCst);
        Beat {
            begin: Ticks(packed & !(OVER | STALLED)),
            is_over: packed & OVER != 0,
            was_stall: packed & STALLED != 0,
        }
    }

    pub(super) fn running(&self) -> Running {
        let packed = self.callback.load(Ordering::Relaxed);
        // The lower half, then the upper one.
        let name = NameId::new(packed as u32)?;
        Some((name, TaskId::new((packed >> 32) as u32)))
    }

    /// The watchdog looks no more.
    pub(super) fn fall_asleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
    }

    /// Ends that. Whether the caller is the one who did.
    pub(super) fn take_asleep(&self) -> bool {
        self.asleep.swap(false, Ordering::SeqCst)
    }

    #[cfg(test)]
    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::SeqCst)
    }

    /// The watchdog looks closely at the stretch that began there, or at none.
    pub(super) fn attend(&self, begin: Option<Ticks>) {
        let begin = begin.map_or(NEVER, |ticks| ticks.0);
        self.attended.store(begin, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_runs_and_what_ran_around_it() {
        let pulse = Pulse::asleep();
        let name = NameId::from_index;
        assert_eq!(pulse.running(), None);
        let none = pulse.enter(name(6), None);
        let outer = pulse.enter(name(7), Some(TaskId::from_index(2)));
        assert_eq!(
            pulse.running(),
            Some((name(7), Some(TaskId::from_index(2))))
        );
        pulse.leave(outer);
        assert_eq!(pulse.running(), Some((name(6), None)));
        pulse.leave(none);
        assert_eq!(pulse.running(), None);
    }

    #[test]
    fn it_tells_of_a_stretch_while_it_lasts_and_after_it() {
        let pulse = Pulse::asleep();
        let begin = Ticks(70);
        assert!(pulse.beat().is_over);
        assert!(pulse.begin(begin), "nobody looks");
        let mut beat = Beat {
            begin,
            is_over: false,
            was_stall: false,
        };
        assert_eq!(pulse.beat(), beat);
        pulse.attend(Some(begin));
        assert!(pulse.is_attended(begin));
        pulse.end(begin, true);
        beat.is_over = true;
        beat.was_stall = true;
        assert_eq!(pulse.beat(), beat);
        pulse.attend(None);
        assert!(!pulse.is_attended(begin));
        pulse.end(begin, false);
        beat.was_stall = false;
        assert_eq!(pulse.beat(), beat);
    }

    #[test]
    fn one_that_sleeps_is_woken_once() {
        let pulse = Pulse::asleep();
        assert!(pulse.begin(Ticks(1)));
        assert!(!pulse.begin(Ticks(2)));
        pulse.fall_asleep();
        assert!(pulse.take_asleep(), "it looks again by itself");
        assert!(!pulse.begin(Ticks(3)));
    }
}

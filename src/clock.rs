//! The clock of a trace: monotonic, shared by every thread, and a manual one for tests.
//!
//! Reading the time is the dearest part of recording an event. So the recorder keeps [`Ticks`], the raw
//! counter, and whoever receives the events turns them into [`Timestamp`]s.

use std::sync::Arc;
use std::time::Duration;

use crate::trace::Timestamp;

/// A raw reading of the clock. Only the [`Clock`] that it came from (or a clone of it) knows what it means.
///
/// ```
/// use loopscope::clock::Clock;
///
/// let clock = Clock::monotonic();
/// let (begin, end) = (clock.ticks(), clock.ticks());
/// // Readings of one clock can be compared; what one means only the clock can say.
/// assert!(begin <= end && clock.timestamp(begin) <= clock.timestamp(end));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticks(pub(crate) u64);

impl Ticks {
    /// So many ticks earlier.
    pub(crate) const fn before(self, ticks: u64) -> Self {
        Self(self.0.saturating_sub(ticks))
    }

    /// So many ticks later.
    pub(crate) const fn after(self, ticks: u64) -> Self {
        Self(self.0.saturating_add(ticks))
    }
}

/// Tells the time since it was made. Clones tell the same time, on every thread.
///
/// ```
/// use loopscope::clock::Clock;
///
/// let clock = Clock::monotonic();
/// let before = clock.now();
/// let there = clock.clone();
/// let now = std::thread::spawn(move || there.now()).join().expect("it does not panic");
/// assert!(before <= now && now <= clock.now(), "it is the same clock there");
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    source: quanta::Clock,
    origin: u64,
    manual: bool,
    #[cfg(test)]
    moved_by_looks: Option<(ManualClock, Duration)>,
}

impl Clock {
    /// The machine's monotonic clock, starting at zero now. The first call in a process takes some
    /// milliseconds, in which the processor's counter is calibrated.
    pub fn monotonic() -> Self {
        let source = quanta::Clock::new();
        let origin = source.raw();
        Self {
            source,
            origin,
            manual: false,
            #[cfg(test)]
            moved_by_looks: None,
        }
    }

    /// A clock that stands still at zero until its [`ManualClock`] moves it: for tests of what takes time, which it then
    /// does not. It is for a reactor that is driven with [`Reactor::turn`](crate::reactor::Reactor::turn): one that runs on
    /// it, with a timer that is still to come, looks at it again and again until somebody moves it.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    /// use std::time::Duration;
    /// use loopscope::clock::Clock;
    /// use loopscope::reactor::{Label, Reactor};
    /// use loopscope::record::Recorders;
    /// use loopscope::trace::ModelId;
    ///
    /// let (clock, hand) = Clock::manual();
    /// let recorders = Recorders::off(&clock);
    /// let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
    /// let rang = Rc::new(Cell::new(false));
    /// let rings = Rc::clone(&rang);
    /// let hour = Duration::from_secs(3600);
    /// reactor.call_later(hour, Label::new("ring", None), move |_| Ok(rings.set(true)));
    /// hand.advance(hour - Duration::from_nanos(1));
    /// reactor.turn()?;
    /// assert!(!rang.get());
    /// hand.advance(Duration::from_nanos(1));
    /// reactor.turn()?;
    /// assert!(rang.get());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn manual() -> (Self, ManualClock) {
        let (source, mock) = quanta::Clock::mock();
        let origin = source.raw();
        (
            Self {
                source,
                origin,
                manual: true,
                #[cfg(test)]
                moved_by_looks: None,
            },
            ManualClock(mock),
        )
    }

    /// A clock that every look at it moves on, and nothing else.
    #[cfg(test)]
    pub(crate) fn moved_by_looks(step: Duration) -> Self {
        let (clock, hand) = Self::manual();
        Self {
            moved_by_looks: Some((hand, step)),
            ..clock
        }
    }

    /// Whether it moves only by hand, so that waiting for it would take for ever.
    pub const fn is_manual(&self) -> bool {
        self.manual
    }

    /// The raw time: the cheapest reading.
    #[inline]
    pub fn ticks(&self) -> Ticks {
        #[cfg(test)]
        if let Some((hand, step)) = &self.moved_by_looks {
            hand.advance(*step);
        }
        Ticks(self.source.raw())
    }

    /// What a raw reading means.
    #[inline]
    pub fn timestamp(&self, ticks: Ticks) -> Timestamp {
        Timestamp(self.source.delta_as_nanos(self.origin, ticks.0))
    }

    /// Nanoseconds from one raw reading to a later one; 0 if it is not later.
    #[inline]
    pub(crate) fn nanos_between(&self, begin: Ticks, end: Ticks) -> u64 {
        self.source.delta_as_nanos(begin.0, end.0)
    }

    /// About how many ticks there are in a stretch of time: to compare readings without turning each into a time.
    pub(crate) fn ticks_in(&self, stretch: Duration) -> u64 {
        const MANY: u64 = 1 << 32;
        let nanos = self.nanos_between(Ticks(0), Ticks(MANY)).max(1);
        let ticks = stretch.as_nanos() * u128::from(MANY) / u128::from(nanos);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// The raw reading at zero.
    #[cfg(feature = "cli")]
    pub(crate) const fn origin(&self) -> Ticks {
        Ticks(self.origin)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.timestamp(self.ticks())
    }
}

/// Moves the clock that was made with it.
///
/// ```
/// use loopscope::clock::Clock;
/// use std::time::Duration;
///
/// let (clock, hand) = Clock::manual();
/// let before = clock.now();
/// hand.advance(Duration::from_secs(3600));
/// assert_eq!(clock.now().since(before), Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<quanta::Mock>);

impl ManualClock {
    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.0.increment(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand() {
        let (clock, hand) = Clock::manual();
        assert_eq!(clock.now(), Timestamp::ZERO);
        let before = clock.ticks();
        hand.advance(Duration::from_millis(3));
        assert_eq!(clock.now(), Timestamp::from_nanos(3_000_000));
        assert_eq!(clock.timestamp(before), Timestamp::ZERO);
    }

    #[test]
    fn a_stretch_has_as_many_ticks_as_pass_in_it() {
        let second = Duration::from_secs(1);
        let (manual, _hand) = Clock::manual();
        for clock in [manual, Clock::monotonic()] {
            let ticks = clock.ticks_in(second);
            let nanos = clock.nanos_between(Ticks(0), Ticks(ticks));
            assert!(nanos.abs_diff(1_000_000_000) < 1000, "{nanos}");
        }
    }

    #[test]
    fn clones_of_a_monotonic_clock_tell_the_same_time() {
        let clock = Clock::monotonic();
        let clone = clock.clone();
        let a = clock.now();
        let b = std::thread::spawn(move || clone.now())
            .join()
            .expect("the thread does not panic");
        let c = clock.now();
        assert!(a <= b && b <= c, "{a:?} {b:?} {c:?}");
    }
}

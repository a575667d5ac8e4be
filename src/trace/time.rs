//! Moments and stretches of time, in integer nanoseconds since the trace began.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment: nanoseconds since the clock of the trace was started (584 years fit).
///
/// ```
/// use loopscope::trace::Timestamp;
/// use std::time::Duration;
///
/// let later = Timestamp::ZERO + Duration::from_millis(1_250);
/// assert_eq!(later.since(Timestamp::ZERO), Duration::from_millis(1_250));
/// assert_eq!(format!("{later:.2}"), "1.25 s");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "format",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment at which the clock of the trace was started.
    pub const ZERO: Self = Self(0);
    /// Later than every moment of every trace.
    pub const MAX: Self = Self(u64::MAX);

    /// The moment `nanos` nanoseconds after the beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning. For drawing and for printing, never for arithmetic on the trace.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Saturates: a deadline too far away to be represented never comes.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

/// Saturates at the beginning of the trace.
impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    /// Seconds with as many decimals as asked for, by default six: `1.250000 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(6);
        write!(f, "{:.decimals$} s", self.as_secs_f64())
    }
}

/// A stretch of time, `begin` included, `end` not. Never ends before it begins.
///
/// ```
/// use loopscope::trace::{TimeRange, Timestamp};
///
/// let range = TimeRange::new(Timestamp::from_nanos(10), Timestamp::from_nanos(30));
/// assert!(range.contains(range.begin) && !range.contains(range.end));
/// assert_eq!(range.nanos(), 20);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub struct TimeRange {
    /// Its first moment.
    pub begin: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

impl TimeRange {
    /// From `begin` to `end`; empty, at `begin`, where `end` is earlier.
    pub fn new(begin: Timestamp, end: Timestamp) -> Self {
        Self {
            begin,
            end: end.max(begin),
        }
    }

    /// Its length.
    pub const fn duration(self) -> Duration {
        self.end.since(self.begin)
    }

    /// Its length in nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.end.0.saturating_sub(self.begin.0)
    }

    /// Whether it has no length.
    pub const fn is_empty(self) -> bool {
        self.end.0 <= self.begin.0
    }

    /// Whether `moment` lies in it.
    pub fn contains(self, moment: Timestamp) -> bool {
        self.begin <= moment && moment < self.end
    }

    /// Whether the two have a moment in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.begin < other.end && other.begin < self.end
    }

    /// The smallest stretch that holds both.
    pub fn union(self, other: Self) -> Self {
        Self {
            begin: self.begin.min(other.begin),
            end: self.end.max(other.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_never_ends_before_it_begins() {
        let range = TimeRange::new(Timestamp(5), Timestamp(3));
        assert!(range.is_empty());
        assert_eq!(range.end, Timestamp(5));
    }

    #[test]
    fn a_deadline_that_is_too_far_away_saturates() {
        assert_eq!(Timestamp(1) + Duration::MAX, Timestamp::MAX);
        assert_eq!(Timestamp(1) - Duration::MAX, Timestamp::ZERO);
    }

    #[test]
    fn neighbours_do_not_overlap() {
        let a = TimeRange::new(Timestamp(0), Timestamp(5));
        let b = TimeRange::new(Timestamp(5), Timestamp(9));
        assert!(!a.overlaps(b));
        assert_eq!(a.union(b), TimeRange::new(Timestamp(0), Timestamp(9)));
    }
}

//! How long a stretch of time must be to count as a stall.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The threshold unless somebody sets another: the web's long task.
pub const DEFAULT_STALL_THRESHOLD: Duration = Duration::from_millis(50);

/// How long a stretch must be to count as a stall. Clones share it; any thread may change it at any time.
///
/// ```
/// use std::time::Duration;
/// use loopscope::watch::{DEFAULT_STALL_THRESHOLD, StallThreshold};
///
/// let threshold = StallThreshold::default();
/// assert_eq!(threshold.get(), DEFAULT_STALL_THRESHOLD);
/// // The loop that has the other takes this one from now on.
/// let shared = threshold.clone();
/// threshold.set(Duration::from_millis(10));
/// assert_eq!(shared.get(), Duration::from_millis(10));
/// ```
#[derive(Clone, Debug)]
pub struct StallThreshold(Arc<AtomicU64>);

impl StallThreshold {
    /// A threshold of its own.
    pub fn new(threshold: Duration) -> Self {
        Self(Arc::new(AtomicU64::new(nanos(threshold))))
    }

    /// Changes it, for whatever ends from now on.
    pub fn set(&self, threshold: Duration) {
        self.0.store(nanos(threshold), Ordering::Relaxed);
    }

    /// What it is now.
    pub fn get(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    /// Whether a stretch of so many nanoseconds is a stall.
    #[inline]
    pub(crate) fn is_exceeded_by(&self, stretch: u64) -> bool {
        stretch > self.0.load(Ordering::Relaxed)
    }
}

impl Default for StallThreshold {
    fn default() -> Self {
        Self::new(DEFAULT_STALL_THRESHOLD)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

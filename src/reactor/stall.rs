//! When a stretch of time counts as a stall, and whose callback it is named after.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Callback;
use crate::clock::Ticks;
use crate::record::Recorder;
use crate::trace::{EventKind, NameId, TaskId, TimeRange};

/// The threshold unless somebody sets another: the web's long task.
pub const DEFAULT_STALL_THRESHOLD: Duration = Duration::from_millis(50);

/// How long a stretch must be to count as a stall. Clones share it; any thread may change it at any time.
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

    fn is_exceeded_by(&self, stretch: TimeRange) -> bool {
        stretch.nanos() > self.0.load(Ordering::Relaxed)
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

/// A stretch in which others had to wait: without a poll in the reactor, a single callback in a blocking model.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    begin: Ticks,
    longest: Option<Longest>,
}

/// The callback that took the largest part of a stretch so far.
#[derive(Clone, Copy, Debug)]
struct Longest {
    ticks: u64,
    name: NameId,
    task: Option<TaskId>,
}

impl Stretch {
    /// Begins at `begin`.
    pub const fn begin(begin: Ticks) -> Self {
        Self {
            begin,
            longest: None,
        }
    }

    /// `callback` ran in it.
    pub fn add(&mut self, callback: &Callback, begin: Ticks, end: Ticks) {
        let ticks = end.0.saturating_sub(begin.0);
        if self.longest.is_none_or(|longest| ticks > longest.ticks) {
            self.longest = Some(Longest {
                ticks,
                name: callback.name,
                task: callback.task,
            });
        }
    }

    /// Ends it: a stall is recorded if it was longer than `threshold`. One without any callback is the
    /// loop's own.
    pub fn end(self, end: Ticks, recorder: &mut Recorder, threshold: &StallThreshold) {
        let clock = recorder.clock();
        let range = TimeRange::new(clock.timestamp(self.begin), clock.timestamp(end));
        if !threshold.is_exceeded_by(range) {
            return;
        }
        let stall = EventKind::Stall {
            begin: range.begin,
            task: self.longest.and_then(|longest| longest.task),
            callback: match self.longest {
                Some(longest) => longest.name,
                None => recorder.name("the loop itself"),
            },
        };
        recorder.record_at(end, stall);
    }
}

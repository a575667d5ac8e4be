//! Stretches of time that are stalls, and whose callback one is named after.

use super::Callback;
use crate::clock::Ticks;
use crate::record::Recorder;
use crate::trace::{EventKind, LOOP_ITSELF, NameId, TaskId};
use crate::watch::StallThreshold;

/// A stretch in which others had to wait: without a poll in the reactor, a single callback in a blocking model.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::reactor::{StallThreshold, Stretch};
/// use loopscope::record::channel;
/// use loopscope::trace::ModelId;
/// use std::time::Duration;
///
/// let (clock, hand) = Clock::manual();
/// let (recorders, _trace) = channel(&clock, std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// let threshold = StallThreshold::new(Duration::from_millis(50));
///
/// let stretch = Stretch::begin(recorder.stamp());
/// hand.advance(Duration::from_millis(80));
/// let end = recorder.stamp();
/// assert!(stretch.end(end, &mut recorder, &threshold), "it was a stall, and is recorded");
/// ```
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
    #[inline]
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
    /// loop's own. Whether it was a stall.
    #[inline]
    pub fn end(self, end: Ticks, recorder: &mut Recorder, threshold: &StallThreshold) -> bool {
        let clock = recorder.clock();
        if !threshold.is_exceeded_by(clock.nanos_between(self.begin, end)) {
            return false;
        }
        let stall = EventKind::Stall {
            begin: clock.timestamp(self.begin),
            task: self.longest.and_then(|longest| longest.task),
            callback: match self.longest {
                Some(longest) => longest.name,
                None => recorder.name(LOOP_ITSELF),
            },
        };
        recorder.record_at(end, stall);
        true
    }
}

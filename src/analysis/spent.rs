//! How tasks and threads spent a stretch of time.

use std::time::Duration;

use super::{TaskStatistics, ThreadStatistics};
use crate::store::{SpanKind, SpanRef};
use crate::trace::{TaskId, ThreadId, TimeRange};

/// How long a task was in its states.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct States {
    queued: u64,
    waiting: u64,
    ready: u64,
    running: u64,
    /// Whether it was ready, and how long it was at once.
    longest: Option<((bool, u64), SpanRef)>,
}

impl States {
    /// It was so for so many nanoseconds.
    pub(super) fn add(&mut self, kind: SpanKind, nanos: u64, at: SpanRef) {
        let sum = match kind {
            SpanKind::Queued => &mut self.queued,
            SpanKind::Waiting => &mut self.waiting,
            SpanKind::Ready => &mut self.ready,
            SpanKind::Running => &mut self.running,
            _ => return,
        };
        *sum = sum.saturating_add(nanos);
        let rank = (kind == SpanKind::Ready, nanos);
        if self.longest.is_none_or(|(longest, _)| rank > longest) {
            self.longest = Some((rank, at));
        }
    }

    /// What was counted; nothing where there was nothing to count.
    pub(super) fn statistics(self, task: TaskId, name: String) -> Option<TaskStatistics> {
        let (_, longest) = self.longest?;
        Some(TaskStatistics {
            task,
            name,
            queued: Duration::from_nanos(self.queued),
            waiting: Duration::from_nanos(self.waiting),
            ready: Duration::from_nanos(self.ready),
            running: Duration::from_nanos(self.running),
            longest,
        })
    }
}

/// How a thread spent its time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    waited: u64,
    called: u64,
    /// Whether it did something, and how long at once.
    longest: Option<((bool, u64), SpanRef)>,
}

impl Spent {
    /// It was so for so many nanoseconds.
    pub(super) fn add(&mut self, kind: SpanKind, above: Option<SpanKind>, nanos: u64, at: SpanRef) {
        let is_call = |kind| matches!(kind, SpanKind::Callback(_) | SpanKind::Blocking);
        let in_call = above.is_some_and(is_call);
        match kind {
            SpanKind::Poll | SpanKind::Wait(_) => {
                self.waited = self.waited.saturating_add(nanos);
                // A callback that waits is not busy meanwhile.
                if in_call {
                    self.called = self.called.saturating_sub(nanos);
                }
            }
            kind if is_call(kind) && !in_call => self.called = self.called.saturating_add(nanos),
            _ => {}
        }
        let rank = (kind.is_active(), nanos);
        if self.longest.is_none_or(|(longest, _)| rank > longest) {
            self.longest = Some((rank, at));
        }
    }

    /// What was counted; nothing where there was nothing to count.
    pub(super) fn statistics(
        self,
        thread: ThreadId,
        name: String,
        lived: TimeRange,
    ) -> Option<ThreadStatistics> {
        let (_, longest) = self.longest?;
        Some(ThreadStatistics {
            thread,
            name,
            waited: Duration::from_nanos(self.waited),
            busy: Duration::from_nanos(lived.nanos().saturating_sub(self.waited)),
            called: Duration::from_nanos(self.called),
            longest,
        })
    }
}

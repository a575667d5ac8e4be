//! What is not known because events were dropped: nothing that lasted then is taken to have lasted on.

use super::{ModelTrack, Stall, ThreadTrack};
use crate::trace::{EventKind, ThreadId, TimeRange, Timestamp};

/// The stretches of which a thread's events were dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gaps {
    ended: Vec<TimeRange>,
    /// When the one began that lasts still.
    open: Option<Timestamp>,
}

impl Gaps {
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.open.get_or_insert(at);
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether nobody knows what the thread was doing before this event. Of a loop that is known again when it polls.
    pub(super) fn hide(&mut self, is_loop: bool, at: Timestamp, kind: &EventKind) -> bool {
        let Some(begin) = self.open else {
            return false;
        };
        let known = match kind {
            EventKind::PollBegin | EventKind::PollEnd { .. } | EventKind::ThreadEnd => true,
            EventKind::WaitBegin { .. }
            | EventKind::WaitEnd { .. }
            | EventKind::IdleBegin
            | EventKind::IdleEnd
            | EventKind::CallbackBegin { .. }
            | EventKind::CallbackEnd { .. } => !is_loop,
            _ => false,
        };
        if known {
            self.ended.push(TimeRange::new(begin, at));
            self.open = None;
        }
        !known
    }

    fn touch(&self, range: TimeRange) -> bool {
        let last = self.open.map(|begin| TimeRange::new(begin, Timestamp::MAX));
        let mut all = self.ended.iter().copied().chain(last);
        all.any(|gap| gap.begin <= range.end && range.begin < gap.end)
    }
}

/// A thread of a model dropped so many events from this moment on.
pub(super) fn lose(model: &mut ModelTrack, thread: ThreadId, at: Timestamp, count: u64) {
    model.dropped = model.dropped.saturating_add(count);
    // All of them may have gone on meanwhile.
    if model.thread(thread).is_some_and(|one| one.polls > 0) {
        model.tasks.iter_mut().for_each(|task| task.lose(at));
    }
}

/// When a stall ended that a watchdog had noticed, where its thread polled next at `told`. If events were dropped in
/// between, it is known to have lasted until it was noticed.
pub(super) fn last_known(threads: &[ThreadTrack], stall: &Stall, told: Timestamp) -> Timestamp {
    let noticed = stall.range.end.min(told);
    let range = TimeRange::new(stall.range.begin, told);
    let mut threads = threads.iter();
    match threads.find(|one| one.id == stall.thread) {
        Some(one) if one.gaps.touch(range) => noticed,
        _ => told,
    }
}

//! Stalls, and where they are found without a look at each of them.

use std::collections::BTreeMap;

use crate::trace::{NameId, TaskId, ThreadId, TimeRange, Timestamp};

/// A stretch without a poll (or one callback of a blocking model) over the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stall {
    /// When. While it lasts, up to the moment when it was last seen to last.
    pub range: TimeRange,
    /// Whether it lasts still: a watchdog noticed it, and its end is not known.
    pub lasts: bool,
    /// On which thread.
    pub thread: ThreadId,
    /// Whose callback took the largest part, or runs now.
    pub task: Option<TaskId>,
    /// The name of that callback; `None` where only the loop itself is to be named.
    pub callback: Option<NameId>,
}

impl Stall {
    /// When it was, where `now` stands for the end of one that lasts still.
    pub fn until(&self, now: Timestamp) -> TimeRange {
        let end = if self.lasts {
            self.range.end.max(now)
        } else {
            self.range.end
        };
        TimeRange::new(self.range.begin, end)
    }
}

/// Whether one is the other, told once more.
pub(super) fn is_same(a: &Stall, b: &Stall) -> bool {
    a.thread == b.thread && a.range.begin == b.range.begin
}

/// The places of stalls that have ended, by thread and by task, each in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StallPlaces {
    by_thread: BTreeMap<ThreadId, Vec<usize>>,
    by_task: BTreeMap<TaskId, Vec<usize>>,
}

impl StallPlaces {
    /// The stall at a place has ended.
    pub(super) fn add(&mut self, stalls: &[Stall], place: usize) {
        let Stall {
            range,
            thread,
            task,
            ..
        } = stalls[place];
        let by_thread = Some(self.by_thread.entry(thread).or_default());
        let by_task = task.map(|task| self.by_task.entry(task).or_default());
        for places in by_thread.into_iter().chain(by_task) {
            // Nearly always the last place.
            let before = |known: &usize| stalls[*known].range.begin <= range.begin;
            let free = match places.last() {
                Some(last) if !before(last) => places.partition_point(before),
                _ => places.len(),
            };
            places.insert(free, place);
        }
    }

    /// The places of those on a thread that reach into a stretch of time or touch it.
    pub(super) fn on(&self, stalls: &[Stall], thread: ThreadId, range: TimeRange) -> &[usize] {
        let places = self.by_thread.get(&thread).map_or(&[][..], Vec::as_slice);
        // Those of one thread do not overlap: they end in the order in which they began.
        let from = places.partition_point(|place| stalls[*place].range.end < range.begin);
        let to = places.partition_point(|place| stalls[*place].range.begin <= range.end);
        &places[from..to.max(from)]
    }

    /// The places of those that a task caused and that began before the end of a stretch of time.
    pub(super) fn by(&self, stalls: &[Stall], task: TaskId, range: TimeRange) -> &[usize] {
        let places = self.by_task.get(&task).map_or(&[][..], Vec::as_slice);
        let to = places.partition_point(|place| stalls[*place].range.begin <= range.end);
        &places[..to]
    }
}

//! Stalls, and where they are found without a look at each of them.

use std::collections::BTreeMap;

use super::peaks::Peaks;
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

/// The places of stalls that have ended, by thread and by task.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StallPlaces {
    by_thread: BTreeMap<ThreadId, Line>,
    by_task: BTreeMap<TaskId, Line>,
}

impl StallPlaces {
    /// The stall at a place has ended.
    pub(super) fn add(&mut self, stalls: &[Stall], place: usize) {
        let Stall { thread, task, .. } = stalls[place];
        self.by_thread.entry(thread).or_default().add(stalls, place);
        if let Some(task) = task {
            self.by_task.entry(task).or_default().add(stalls, place);
        }
    }

    /// Those on each thread that has any.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.by_thread.values()
    }

    /// Those on a thread.
    pub(super) fn on(&self, thread: ThreadId) -> Option<&Line> {
        self.by_thread.get(&thread)
    }

    /// Those that a task caused.
    pub(super) fn by(&self, task: TaskId) -> Option<&Line> {
        self.by_task.get(&task)
    }
}

/// The places of some stalls that have ended, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    places: Vec<usize>,
    /// When the last one has ended of each and all before it: those of one thread do not overlap, those of one task may.
    ends: Vec<Timestamp>,
    longest: Peaks,
}

impl Line {
    fn add(&mut self, stalls: &[Stall], place: usize) {
        // Nearly always the last place.
        let begin = stalls[place].range.begin;
        let past = self
            .places
            .partition_point(|known| stalls[*known].range.begin <= begin);
        self.places.insert(past, place);
        self.ends.truncate(past);
        if past + 1 < self.places.len() {
            self.longest = Peaks::default();
        }
        let known = if past + 1 < self.places.len() {
            0
        } else {
            past
        };
        for next in known..self.places.len() {
            let range = stalls[self.places[next]].range;
            self.longest.push(next, range.nanos());
            if next >= past {
                let before = self.ends.last().copied().unwrap_or_default();
                self.ends.push(range.end.max(before));
            }
        }
    }
}

/// Stalls of one thread, or by one task, that have ended: in the order in which they began, and found without a look at
/// each of them.
#[derive(Clone, Copy, Debug)]
pub struct StallRow<'a> {
    stalls: &'a [Stall],
    line: Option<&'a Line>,
    from: usize,
    to: usize,
}

impl<'a> StallRow<'a> {
    /// Those of a line that may reach into a stretch of time or touch it.
    pub(super) fn new(stalls: &'a [Stall], line: Option<&'a Line>, range: TimeRange) -> Self {
        let begun = |place: &usize| stalls[*place].range.begin <= range.end;
        let from = line.map_or(0, |line| {
            line.ends.partition_point(|end| *end < range.begin)
        });
        let to = line.map_or(0, |line| line.places.partition_point(begun));
        Self {
            stalls,
            line,
            from,
            to: to.max(from),
        }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.to - self.from
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them, counted from the first, with its place among those of the model.
    pub fn get(&self, number: usize) -> Option<(usize, &'a Stall)> {
        let line = self.line.filter(|_| number < self.len())?;
        let place = line.places[self.from + number];
        Some((place, &self.stalls[place]))
    }

    /// In their order, with their places among those of the model.
    pub fn iter(self) -> impl Iterator<Item = (usize, &'a Stall)> {
        (0..self.len()).filter_map(move |number| self.get(number))
    }

    /// The first from `number` on that ends after `moment`, or comes after one that does.
    pub fn ends_after(&self, number: usize, moment: Timestamp) -> usize {
        self.first(number, |line, place| line.ends[place] <= moment)
    }

    /// The first from `number` on that begins at `moment` or later.
    pub fn begins_at(&self, number: usize, moment: Timestamp) -> usize {
        let begins = |line: &Line, place: usize| self.stalls[line.places[place]].range.begin;
        self.first(number, |line, place| begins(line, place) < moment)
    }

    /// The longest of those from one number up to another, with its place among those of the model.
    pub fn longest(&self, from: usize, to: usize) -> Option<(usize, &'a Stall)> {
        let line = self.line?;
        let nanos = |place: usize| self.stalls[line.places[place]].range.nanos();
        let (from, to) = (self.from + from, self.from + to.min(self.len()));
        let longest = line.longest.largest(from, to, nanos)?;
        self.get(longest - self.from)
    }

    /// The first from `number` on that is not before what is looked for.
    fn first(&self, number: usize, before: impl Fn(&Line, usize) -> bool) -> usize {
        let Some(line) = self.line else { return 0 };
        let (mut low, mut high) = (self.from + number, self.to);
        while low < high {
            let middle = low + (high - low) / 2;
            match before(line, middle) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low - self.from
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stall(begin: u64, nanos: u64) -> Stall {
        Stall {
            range: TimeRange::new(Timestamp(begin), Timestamp(begin + nanos)),
            lasts: false,
            thread: ThreadId::from_index(0),
            task: TaskId::new(1),
            callback: None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn they_are_found_as_if_each_was_looked_at(
            // By one task, on several threads: they come in any order, and overlap.
            stalls in prop::collection::vec((0_u64..1_000, 0_u64..90), 1..200),
            view in (0_u64..1_000, 0_u64..500),
            moment in (0_u64..1_100).prop_map(Timestamp),
            a in 0_usize..200,
            b in 0_usize..200,
        ) {
            let stalls: Vec<_> = stalls.into_iter().map(|(begin, nanos)| stall(begin, nanos)).collect();
            let mut places = StallPlaces::default();
            (0..stalls.len()).for_each(|place| places.add(&stalls, place));
            let range = TimeRange::new(Timestamp(view.0), Timestamp(view.0 + view.1));
            let row = StallRow::new(&stalls, places.by(TaskId::from_index(0)), range);
            let reaches = |stall: &Stall| stall.range.begin <= range.end && stall.range.end >= range.begin;
            let found = row.iter().filter(|(_, stall)| reaches(stall)).count();
            prop_assert_eq!(found, stalls.iter().filter(|stall| reaches(stall)).count());
            let all: Vec<_> = row.iter().map(|(_, stall)| *stall).collect();
            prop_assert!(all.is_sorted_by_key(|stall| stall.range.begin));
            let (from, to) = (a.min(b).min(all.len()), a.max(b).min(all.len()));
            let nanos = |(_, stall): (usize, &Stall)| stall.range.nanos();
            let longest = all[from..to].iter().map(|stall| stall.range.nanos()).max();
            prop_assert_eq!(row.longest(from, to).map(nanos), longest);
            let begins = all[from..].iter().position(|stall| stall.range.begin >= moment);
            prop_assert_eq!(row.begins_at(from, moment), begins.map_or(all.len(), |more| from + more));
            let skipped = from..row.ends_after(from, moment);
            prop_assert!(all[skipped.clone()].iter().all(|stall| stall.range.end <= moment));
            let next = skipped.end.max(from);
            prop_assert!(next == all.len() || all[..=next].iter().any(|one| one.range.end > moment)
                || row.from > 0);
        }
    }
}

//! Waits split among those who held the loop meanwhile.
//!
//! In one turn thousands may wait for thousands: to go through all that ran in each wait would take as many steps as there
//! are pairs of them. So a window moves over what ran, from wait to wait, and keeps how long each held the loop in it (Mo's
//! algorithm). A loop serves things about in the order in which they became ready; then the window moves little, and the
//! work grows with `n log n`. In no order whatsoever it grows with `n √n log n`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::ops::Range;

use super::blame::NAMED;
use crate::trace::TimeRange;

/// So many parts of a wait are told, and the rest of them only counted: more than are named, for several of them may have
/// one name.
const LARGEST: usize = 2 * NAMED;

/// A stretch in which one callback held the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held<K> {
    pub(super) range: TimeRange,
    pub(super) by: K,
}

/// How a wait is split. All of it adds up to the wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split<K> {
    /// The largest parts, in nanoseconds, the largest first and of those that are alike the one that came first. That of
    /// `None` is the loop's own.
    pub(super) largest: Vec<(Option<K>, u64)>,
    /// How many parts there are beside them.
    pub(super) others: usize,
    /// How many nanoseconds those are.
    pub(super) rest: u64,
}

/// Splits each wait among those who held the loop, and hands it over with its place: in any order. The stretches come in
/// the order of time and do not overlap.
pub(super) fn split<K: Eq + Hash + Copy>(
    held: &[Held<K>],
    waits: &[TimeRange],
    mut each: impl FnMut(usize, Split<K>),
) {
    let mut window = Window::new(held);
    let stretches = waits.iter().map(|wait| window.stretches_in(*wait));
    let mut asked: Vec<_> = stretches.zip(0..).collect();
    // Rows of waits that begin near each other; the ends go up in one row and down in the next.
    let row = (window.stretches.len() / waits.len().isqrt().max(1)).max(1);
    asked.sort_by_key(|(stretches, _)| {
        let row = stretches.start / row;
        let goes_down = !row.is_multiple_of(2);
        let end = stretches.end;
        (row, if goes_down { usize::MAX - end } else { end })
    });
    for (stretches, place) in asked {
        each(place, window.split(waits[place], stretches));
    }
}

/// A stretch by the number of its holder.
struct Stretch {
    range: TimeRange,
    by: usize,
    /// The place of the next one of the same holder; past all where it is the last.
    next: usize,
}

/// For how long somebody held the loop in the window, and the place of the first stretch in which he did.
#[derive(Clone, Copy, Default)]
struct Sum {
    nanos: u64,
    first: usize,
}

struct Window<K> {
    stretches: Vec<Stretch>,
    by: Vec<K>,
    /// Which stretches are in it.
    seen: Range<usize>,
    /// How long those are.
    nanos: u64,
    /// By the numbers of the holders.
    sums: Vec<Sum>,
    /// The sums in it, the longest first.
    ranked: BTreeSet<(Reverse<u64>, usize)>,
}

impl<K: Eq + Hash + Copy> Window<K> {
    fn new(held: &[Held<K>]) -> Self {
        let mut by = Vec::new();
        let mut numbers: HashMap<K, usize> = HashMap::new();
        let mut stretches: Vec<Stretch> = Vec::with_capacity(held.len());
        for held in held {
            // What should overlap all the same counts for whoever came first: else the parts would be more than the wait.
            let from = stretches
                .last()
                .map_or(held.range.begin, |last| last.range.end);
            let range = TimeRange::new(held.range.begin.max(from), held.range.end);
            if range.is_empty() {
                continue;
            }
            let number = *numbers.entry(held.by).or_insert_with(|| {
                by.push(held.by);
                by.len() - 1
            });
            stretches.push(Stretch {
                range,
                by: number,
                next: usize::MAX,
            });
        }
        let mut next = vec![usize::MAX; by.len()];
        for (place, stretch) in stretches.iter_mut().enumerate().rev() {
            stretch.next = std::mem::replace(&mut next[stretch.by], place);
        }
        Self {
            stretches,
            sums: vec![Sum::default(); by.len()],
            by,
            seen: 0..0,
            nanos: 0,
            ranked: BTreeSet::new(),
        }
    }

    /// The places of those that have a moment in common with a wait.
    fn stretches_in(&self, wait: TimeRange) -> Range<usize> {
        let all = &self.stretches;
        if wait.is_empty() {
            return 0..0;
        }
        let first = all.partition_point(|one| one.range.end <= wait.begin);
        let past = all.partition_point(|one| one.range.begin < wait.end);
        first..past.max(first)
    }

    fn split(&mut self, wait: TimeRange, stretches: Range<usize>) -> Split<K> {
        let mut parts: Vec<(u64, usize)> = Vec::with_capacity(LARGEST + 3);
        let (mut count, mut left) = (0, wait.nanos());
        if !stretches.is_empty() {
            self.move_to(stretches);
            count = self.ranked.len();
            left -= self.parts(wait, &mut parts);
        }
        if left > 0 {
            count += 1;
            parts.push((left, usize::MAX));
        }
        parts.sort_unstable_by_key(|&(nanos, place)| (Reverse(nanos), place));
        parts.truncate(LARGEST);
        let told: u64 = parts.iter().map(|(nanos, _)| nanos).sum();
        let holder = |place: usize| Some(self.by[self.stretches.get(place)?.by]);
        Split {
            others: count - parts.len(),
            rest: wait.nanos() - told,
            largest: parts
                .into_iter()
                .map(|(nanos, place)| (holder(place), nanos))
                .collect(),
        }
    }

    /// Adds the largest parts of a wait in which the window lies, each with the place of its first stretch. How long all of
    /// the window is.
    fn parts(&self, wait: TimeRange, parts: &mut Vec<(u64, usize)>) -> u64 {
        let edges = [self.seen.start, self.seen.end - 1].map(|place| &self.stretches[place]);
        // Of the stretches at the edges only a part may lie in the wait.
        let outside = [
            wait.begin.0.saturating_sub(edges[0].range.begin.0),
            edges[1].range.end.0.saturating_sub(wait.end.0),
        ];
        let at_edge = |stretch: &Stretch| edges.iter().any(|edge| edge.by == stretch.by);
        let ranked = self
            .ranked
            .iter()
            .map(|&(Reverse(nanos), first)| (nanos, first));
        let inner = ranked.filter(|(_, first)| !at_edge(&self.stretches[*first]));
        parts.extend(inner.take(LARGEST));
        let is_same = edges[0].by == edges[1].by;
        for (edge, cut) in match is_same {
            true => vec![(edges[0], outside[0] + outside[1])],
            false => vec![(edges[0], outside[0]), (edges[1], outside[1])],
        } {
            let sum = self.sums[edge.by];
            parts.push((sum.nanos - cut, sum.first));
        }
        self.nanos - outside[0] - outside[1]
    }

    /// It grows before it shrinks: so it is never less than empty.
    fn move_to(&mut self, to: Range<usize>) {
        while to.start < self.seen.start {
            self.seen.start -= 1;
            self.add(self.seen.start);
        }
        while self.seen.end < to.end {
            self.add(self.seen.end);
            self.seen.end += 1;
        }
        while self.seen.start < to.start {
            self.remove(self.seen.start);
            self.seen.start += 1;
        }
        while to.end < self.seen.end {
            self.seen.end -= 1;
            self.remove(self.seen.end);
        }
    }

    fn add(&mut self, place: usize) {
        let Stretch { range, by, .. } = self.stretches[place];
        let sum = self.sums[by];
        self.nanos += range.nanos();
        let first = match sum.nanos {
            0 => place,
            _ => sum.first.min(place),
        };
        let nanos = sum.nanos + range.nanos();
        self.change(by, Sum { nanos, first });
    }

    fn remove(&mut self, place: usize) {
        let Stretch { range, by, next } = self.stretches[place];
        let sum = self.sums[by];
        self.nanos -= range.nanos();
        let first = if sum.first == place { next } else { sum.first };
        let nanos = sum.nanos - range.nanos();
        self.change(by, Sum { nanos, first });
    }

    fn change(&mut self, by: usize, to: Sum) {
        let was = std::mem::replace(&mut self.sums[by], to);
        if was.nanos > 0 {
            self.ranked.remove(&(Reverse(was.nanos), was.first));
        }
        if to.nanos > 0 {
            self.ranked.insert((Reverse(to.nanos), to.first));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::spans::common;
    use crate::trace::Timestamp;

    fn range(begin: u64, end: u64) -> TimeRange {
        TimeRange::new(Timestamp(begin), Timestamp(end))
    }

    fn split_all<K: Eq + Hash + Copy>(held: &[Held<K>], waits: &[TimeRange]) -> Vec<Split<K>> {
        let mut all: Vec<_> = waits.iter().map(|_| None).collect();
        split(held, waits, |place, split| all[place] = Some(split));
        all.into_iter().map(|split| split.expect("each")).collect()
    }

    /// The plain rule: all that ran in a wait is gone through.
    fn one_by_one(held: &[Held<u8>], wait: TimeRange) -> Split<u8> {
        let mut parts: Vec<(Option<u8>, u64)> = Vec::new();
        let mut left = wait.nanos();
        for held in held {
            let nanos = common(held.range, wait).nanos();
            left -= nanos;
            match parts.iter_mut().find(|(by, _)| *by == Some(held.by)) {
                Some((_, sum)) => *sum += nanos,
                None if nanos > 0 => parts.push((Some(held.by), nanos)),
                None => {}
            }
        }
        if left > 0 {
            parts.push((None, left));
        }
        parts.sort_by_key(|(_, nanos)| Reverse(*nanos));
        let others = parts.split_off(parts.len().min(LARGEST));
        Split {
            largest: parts,
            others: others.len(),
            rest: others.iter().map(|(_, nanos)| nanos).sum(),
        }
    }

    #[test]
    fn a_delay_is_split_among_those_who_held_the_loop() {
        let held = [(0, 10, 'a'), (12, 20, 'b'), (20, 25, 'a'), (30, 40, 'c')];
        let held = held.map(|(begin, end, by)| Held {
            range: range(begin, end),
            by,
        });
        let largest = vec![(Some('a'), 10), (Some('b'), 8), (None, 4)];
        let (others, rest) = (0, 0);
        let split = Split {
            largest,
            others,
            rest,
        };
        assert_eq!(split_all(&held, &[range(5, 27)]), [split]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn waits_are_split_as_if_all_that_ran_in_each_were_gone_through(
            callbacks in prop::collection::vec((0_u64..20, 0_u64..50, 0_u8..60), 0..90),
            waits in prop::collection::vec((0_u64..3000, 0_u64..2000), 0..40),
        ) {
            let mut at = 0;
            let mut held = Vec::new();
            for (gap, length, by) in callbacks {
                held.push(Held { range: range(at + gap, at + gap + length), by });
                at += gap + length;
            }
            let waits: Vec<_> = waits.into_iter().map(|(at, delay)| range(at, at + delay)).collect();
            for (wait, split) in waits.iter().zip(split_all(&held, &waits)) {
                let parts: u64 = split.largest.iter().map(|(_, nanos)| nanos).sum();
                prop_assert_eq!(parts + split.rest, wait.nanos());
                prop_assert_eq!(split, one_by_one(&held, *wait));
            }
        }
    }
}

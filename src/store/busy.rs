//! How busy a model was over all of its time, in no more numbers than a picture of all of it can show.

use crate::trace::{TimeRange, Timestamp};

/// How many stretches there are at most. At least half of them are in use, as many as a wide screen has columns.
const MOST: usize = 4_096;

/// The active time of all threads together in stretches of equal length. Where time goes on beyond the last one, two
/// become one, so that to look at all of it costs the same however long it is and however many threads there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Busy {
    /// In nanoseconds, by stretch.
    active: Vec<u64>,
    /// A stretch lasts for two to the power of this nanoseconds.
    power: u32,
}

impl Busy {
    /// The stretches in which something was active, each with its active nanoseconds. Those of several threads are summed
    /// up, and may be more than the stretch is long.
    pub fn stretches(&self) -> impl Iterator<Item = (TimeRange, u64)> + '_ {
        let some = self.active.iter().enumerate();
        let some = some.filter(|(_, active)| **active > 0);
        some.map(|(place, &active)| (self.range(place), active))
    }

    /// A thread was active in `range`.
    pub(super) fn add(&mut self, range: TimeRange) {
        if range.nanos() == 0 {
            return;
        }
        let last = Timestamp(range.end.0 - 1);
        while self.place(last) >= MOST as u64 {
            self.double();
        }
        let (from, to) = (self.place(range.begin) as usize, self.place(last) as usize);
        if self.active.len() <= to {
            self.active.resize(to + 1, 0);
        }
        for place in from..=to {
            let whole = self.range(place);
            let (begin, end) = (whole.begin.max(range.begin), whole.end.min(range.end));
            self.active[place] = self.active[place].saturating_add(end.0 - begin.0);
        }
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.active.capacity() * size_of::<u64>()
    }

    const fn place(&self, at: Timestamp) -> u64 {
        at.0 >> self.power
    }

    fn range(&self, place: usize) -> TimeRange {
        let begin = (place as u64) << self.power;
        let end = begin.saturating_add(1 << self.power);
        TimeRange::new(Timestamp(begin), Timestamp(end))
    }

    fn double(&mut self) {
        for place in 0..self.active.len().div_ceil(2) {
            let second = self.active.get(2 * place + 1).copied().unwrap_or(0);
            self.active[place] = self.active[2 * place].saturating_add(second);
        }
        self.active.truncate(self.active.len().div_ceil(2));
        self.power += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn each_stretch_holds_what_was_active_in_it_in_whatever_order_it_is_heard_of(
            parts in prop::collection::vec((0_u64..300_000, 0_u64..40_000), 0..60),
        ) {
            let range = |(begin, nanos): (u64, u64)| TimeRange::new(Timestamp(begin), Timestamp(begin + nanos));
            let ranges: Vec<_> = parts.into_iter().map(range).collect();
            let mut busy = Busy::default();
            ranges.iter().for_each(|range| busy.add(*range));
            prop_assert!(busy.active.len() <= MOST);
            let mut backwards = Busy::default();
            ranges.iter().rev().for_each(|range| backwards.add(*range));
            prop_assert_eq!(&busy, &backwards);
            let all: u64 = ranges.iter().map(|range| range.nanos()).sum();
            prop_assert_eq!(busy.stretches().map(|(_, active)| active).sum::<u64>(), all);
            for (stretch, active) in busy.stretches() {
                let shared = |range: &TimeRange| {
                    let (begin, end) = (range.begin.max(stretch.begin), range.end.min(stretch.end));
                    end.0.saturating_sub(begin.0)
                };
                prop_assert_eq!(ranges.iter().map(shared).sum::<u64>(), active);
            }
        }
    }

    #[test]
    fn the_end_of_time_is_a_moment_like_others() {
        let mut busy = Busy::default();
        busy.add(TimeRange::new(Timestamp(5), Timestamp(7)));
        busy.add(TimeRange::new(Timestamp(u64::MAX - 1), Timestamp(u64::MAX)));
        let all: u64 = busy.stretches().map(|(_, active)| active).sum();
        assert_eq!(all, 3);
    }
}

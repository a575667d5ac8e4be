//! Where the largest of a long row of numbers is, without looking at each.

use crate::trace::{TimeRange, Timestamp};

/// How many numbers a small block holds.
const SMALL: usize = 32;
/// How many numbers a large block holds.
const LARGE: usize = SMALL * SMALL;

/// Remembers, of every 32 and of every 1024 numbers in a row, the place of the largest. The numbers stay with
/// whoever has them; this holds a quarter of a byte for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Peaks {
    small: Vec<usize>,
    large: Vec<usize>,
}

impl Peaks {
    /// The number at `place`, the next one in the row, is known now.
    pub(super) fn push(&mut self, place: usize, number: impl Fn(usize) -> u64) {
        raise(&mut self.small, place / SMALL, place, &number);
        raise(&mut self.large, place / LARGE, place, &number);
    }

    /// There is no number at `place`, the last one, any more. It must have been 0.
    pub(super) fn forget(&mut self, place: usize) {
        if place.is_multiple_of(SMALL) {
            self.small.pop();
        }
        if place.is_multiple_of(LARGE) {
            self.large.pop();
        }
    }

    /// The place of the largest of the numbers `from..to`, the first if several are equal.
    pub(super) fn largest(
        &self,
        from: usize,
        to: usize,
        number: impl Fn(usize) -> u64,
    ) -> Option<usize> {
        let mut best: Option<usize> = None;
        let mut place = from;
        while place < to {
            let (candidate, next) = if place.is_multiple_of(LARGE) && place + LARGE <= to {
                (self.large[place / LARGE], place + LARGE)
            } else if place.is_multiple_of(SMALL) && place + SMALL <= to {
                (self.small[place / SMALL], place + SMALL)
            } else {
                (place, place + 1)
            };
            if best.is_none_or(|best| number(candidate) > number(best)) {
                best = Some(candidate);
            }
            place = next;
        }
        best
    }
}

fn raise(blocks: &mut Vec<usize>, block: usize, place: usize, number: impl Fn(usize) -> u64) {
    match blocks.get_mut(block) {
        Some(best) if number(place) > number(*best) => *best = place,
        Some(_) => {}
        None => blocks.push(place),
    }
}

/// Numbers that belong to moments, such as how late each timer fired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    points: Vec<(Timestamp, u64)>,
    peaks: Peaks,
}

impl Series {
    /// All of them, in the order of time.
    pub fn points(&self) -> &[(Timestamp, u64)] {
        &self.points
    }

    /// What there is to see of `view` where nothing closer than `grain` nanoseconds can be told apart: the
    /// largest number of each grain, with its own moment.
    pub fn highest(
        &self,
        view: TimeRange,
        grain: u64,
    ) -> impl Iterator<Item = (Timestamp, u64)> + '_ {
        let grain = grain.max(1);
        let mut next = self.points.partition_point(|(at, _)| *at < view.begin);
        std::iter::from_fn(move || {
            let (first, _) = self.points.get(next).filter(|(at, _)| *at < view.end)?;
            let grain_end = (first.0 / grain + 1).saturating_mul(grain).min(view.end.0);
            let past = next + self.points[next..].partition_point(|(at, _)| at.0 < grain_end);
            let past = past.max(next + 1);
            let place = self
                .peaks
                .largest(next, past, |place| self.points[place].1)?;
            next = past;
            Some(self.points[place])
        })
    }

    /// Adds a number. A moment before that of the last one is moved to it.
    pub(crate) fn push(&mut self, at: Timestamp, number: u64) {
        let at = self.points.last().map_or(at, |(last, _)| at.max(*last));
        self.points.push((at, number));
        let points = &self.points;
        self.peaks.push(points.len() - 1, |place| points[place].1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_grain_shows_its_highest_number_at_its_own_moment() {
        let mut series = Series::default();
        for (at, number) in [(0, 3), (4, 9), (9, 1), (10, 2), (35, 5)] {
            series.push(Timestamp(at), number);
        }
        let view = TimeRange::new(Timestamp(0), Timestamp(35));
        let seen: Vec<_> = series.highest(view, 10).collect();
        assert_eq!(seen, [(Timestamp(4), 9), (Timestamp(10), 2)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_largest_is_found_as_if_all_were_looked_at(
            numbers in prop::collection::vec(0_u64..50, 1..5000),
            a in 0_usize..5000,
            b in 0_usize..5000,
        ) {
            let mut peaks = Peaks::default();
            for place in 0..numbers.len() {
                peaks.push(place, |place| numbers[place]);
            }
            let (from, to) = (a.min(b).min(numbers.len()), a.max(b).min(numbers.len()));
            let found = peaks.largest(from, to, |place| numbers[place]).map(|place| numbers[place]);
            prop_assert_eq!(found, numbers[from..to].iter().max().copied());
        }
    }
}

//! Where the largest of a long row of numbers is, without looking at each.

use super::chunks::Chunks;
use crate::trace::{TimeRange, Timestamp};

/// How many numbers a block of each level holds. Each level is a multiple of the one below, so that few steps lead
/// over any stretch.
const LEVELS: [usize; 3] = [8, 64, 512];

/// Remembers, of every 8, 64 and 512 numbers in a row, the place of the largest. The numbers stay with whoever has
/// them; this holds a third of a byte for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Peaks {
    places: [Chunks<Place>; LEVELS.len()],
    /// The largest number of the last block of each level.
    largest: [u64; LEVELS.len()],
}

/// The place of a number in its block.
type Place = u16;

const _: () = assert!(LEVELS[LEVELS.len() - 1] <= Place::MAX as usize);

impl Peaks {
    /// The number at `place`, the next one in the row, is known now.
    #[inline]
    pub(super) fn push(&mut self, place: usize, number: u64) {
        // Mostly none begins here, and this is not the largest of one.
        if place.is_multiple_of(LEVELS[0]) || number > self.largest[0] {
            self.push_peak(place, number);
        }
    }

    fn push_peak(&mut self, place: usize, number: u64) {
        let blocks = self.places.iter_mut().zip(&mut self.largest);
        for ((places, largest), size) in blocks.zip(LEVELS) {
            let inside = (place % size) as Place;
            if inside == 0 {
                places.push(inside);
                *largest = number;
            } else if number > *largest {
                *largest = number;
                if let Some(best) = places.get_mut(place / size) {
                    *best = inside;
                }
            } else {
                // Neither does a larger block begin here, nor is this the largest of one.
                return;
            }
        }
    }

    /// There is no number at `place`, the last one, any more. It must have been 0. `number` tells those before it.
    pub(super) fn forget(&mut self, place: usize, number: impl Fn(usize) -> u64) {
        let blocks = self.places.iter_mut().zip(&mut self.largest);
        for ((places, largest), size) in blocks.zip(LEVELS) {
            if !place.is_multiple_of(size) {
                return;
            }
            places.pop();
            let last = (place / size).checked_sub(1);
            let best = last.and_then(|last| Some(last * size + usize::from(*places.get(last)?)));
            *largest = best.map_or(0, &number);
        }
    }

    /// Nobody will ask for a number before `place` any more.
    pub(super) fn forget_before(&mut self, place: usize) {
        for (places, size) in self.places.iter_mut().zip(LEVELS) {
            places.forget_before(place / size);
        }
    }

    /// The place of the largest of the numbers `from..to`, the first if several are equal.
    pub(super) fn largest(
        &self,
        from: usize,
        to: usize,
        number: impl Fn(usize) -> u64,
    ) -> Option<usize> {
        let mut best: Option<(u64, usize)> = None;
        let mut place = from;
        while place < to {
            let levels = self.places.iter().zip(LEVELS).rev();
            let mut whole =
                levels.filter(|(_, size)| place.is_multiple_of(*size) && place + size <= to);
            let (candidate, next) = match whole.next() {
                Some((places, size)) => {
                    let best = *places.get(place / size)?;
                    (place + usize::from(best), place + size)
                }
                None => (place, place + 1),
            };
            let its = number(candidate);
            if best.is_none_or(|(most, _)| its > most) {
                best = Some((its, candidate));
            }
            place = next;
        }
        best.map(|(_, place)| place)
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.places.iter().map(Chunks::bytes).sum()
    }
}

/// Numbers that belong to moments, such as how late each timer fired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    points: Chunks<(Timestamp, u64)>,
    peaks: Peaks,
}

impl Series {
    /// All of them that are here, in the order of time.
    pub const fn points(&self) -> &Chunks<(Timestamp, u64)> {
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
            let grain_end = (first.0 / grain)
                .saturating_add(1)
                .saturating_mul(grain)
                .min(view.end.0);
            let past = self
                .points
                .partition_point_from(next + 1, |(at, _)| at.0 < grain_end);
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
        self.peaks.push(self.points.len(), number);
        self.points.push((at, number));
    }

    /// Lets go of what lies before `moment`, in whole pieces.
    pub(crate) fn forget_before(&mut self, moment: Timestamp) {
        self.points.forget_while(|(at, _)| *at < moment);
        self.peaks.forget_before(self.points.first_place());
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.points.bytes() + self.peaks.bytes()
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
            // After each number so many that turn out not to be there.
            pushed in prop::collection::vec((0_u64..50, 0_usize..3), 1..5000),
            a in 0_usize..5000,
            b in 0_usize..5000,
        ) {
            let mut peaks = Peaks::default();
            let mut numbers: Vec<u64> = Vec::new();
            for (number, more) in pushed {
                peaks.push(numbers.len(), number);
                numbers.push(number);
                let last = numbers.len();
                (last..last + more).for_each(|place| peaks.push(place, 0));
                for place in (last..last + more).rev() {
                    peaks.forget(place, |place| numbers.get(place).copied().unwrap_or(0));
                }
            }
            let (from, to) = (a.min(b).min(numbers.len()), a.max(b).min(numbers.len()));
            let found = peaks.largest(from, to, |place| numbers[place]).map(|place| numbers[place]);
            prop_assert_eq!(found, numbers[from..to].iter().max().copied());
        }
    }
}

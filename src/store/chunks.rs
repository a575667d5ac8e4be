//! A long row of values in pieces.

use std::collections::VecDeque;
use std::ops::{Bound, Index, IndexMut, RangeBounds};

/// How many values a piece holds.
const CHUNK: usize = 512;
/// What is no further than this is found faster by a look at each: memory that is read in its order is there in time.
const NEAR: usize = 32;
/// With so many pieces an empty one more makes no difference.
const MANY: usize = 8;

/// Values that come one after the other, in pieces of the same size: what is long ago can be let go of, piece by piece,
/// and adding one costs the same however many there are.
///
/// A value keeps its place for good. Places run from [`Self::first_place`] up to [`Self::len`].
#[derive(Clone, Debug, PartialEq)]
pub struct Chunks<T> {
    /// How many values were let go of: whole pieces.
    gone: usize,
    /// Those that are full.
    full: VecDeque<Vec<T>>,
    /// The one that grows. Not empty where any value is here.
    last: Vec<T>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self {
            gone: 0,
            full: VecDeque::new(),
            last: Vec::new(),
            len: 0,
        }
    }
}

impl<T> Chunks<T> {
    /// The place of the first value that is still here.
    pub const fn first_place(&self) -> usize {
        self.gone
    }

    /// How many values were added, those that were let go of included: the place of the next one.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no value is here.
    pub const fn is_empty(&self) -> bool {
        self.len == self.gone
    }

    /// The value at a place; `None` where there is none yet, or none any more.
    pub fn get(&self, place: usize) -> Option<&T> {
        let place = place.checked_sub(self.gone)?;
        self.chunk(place / CHUNK)?.get(place % CHUNK)
    }

    /// The first value that is still here.
    pub fn first(&self) -> Option<&T> {
        self.chunk(0)?.first()
    }

    /// The last value.
    pub fn last(&self) -> Option<&T> {
        self.last.last()
    }

    /// Those that are here, in their order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.range(..).iter()
    }

    /// Those at these places, as far as they are here.
    pub fn range(&self, places: impl RangeBounds<usize>) -> Part<'_, T> {
        let (from, to) = bounds(&places);
        let to = to.min(self.len);
        Part {
            chunks: self,
            from: from.max(self.gone).min(to),
            to,
        }
    }

    /// Those from one place up to another, as far as they are here: a slice for each piece in which they lie.
    pub(super) fn slices(&self, from: usize, to: usize) -> impl Iterator<Item = &[T]> {
        let [from, to] =
            [from.min(to), to].map(|place| place.clamp(self.gone, self.len) - self.gone);
        (from / CHUNK..to.div_ceil(CHUNK)).map(move |number| {
            let piece = self.chunk(number).map_or(&[][..], Vec::as_slice);
            let first = number * CHUNK;
            &piece[from.saturating_sub(first)..(to - first).min(piece.len())]
        })
    }

    /// The place of the first value that does not satisfy `before`, where all that do come first.
    pub fn partition_point(&self, mut before: impl FnMut(&T) -> bool) -> usize {
        let is_past = |chunk: &Vec<T>| chunk.last().is_some_and(&mut before);
        let chunk = self.full.partition_point(is_past);
        let inside = self.chunk(chunk);
        let inside = inside.map_or(0, |chunk| chunk.partition_point(&mut before));
        self.gone + chunk * CHUNK + inside
    }

    /// As [`Self::partition_point`], of the values from `from` on. Looks near first.
    pub fn partition_point_from(&self, from: usize, mut before: impl FnMut(&T) -> bool) -> usize {
        let mut low = from.max(self.gone).min(self.len);
        let mut step = 1;
        while self.get(low + step - 1).is_some_and(&mut before) {
            low += step;
            step *= 2;
        }
        // The value at `low + step - 1`, where there is one, lies past.
        self.bisect(low, (low + step - 1).min(self.len), before)
    }

    /// As [`Self::partition_point_from`], where that place is likely to be so near that a look at each leads there.
    pub fn partition_point_walking(
        &self,
        from: usize,
        mut before: impl FnMut(&T) -> bool,
    ) -> usize {
        let mut next = from.max(self.gone).min(self.len);
        for near in self.slices(next, next + NEAR) {
            match near.iter().position(|value| !before(value)) {
                Some(past) => return next + past,
                None => next += near.len(),
            }
        }
        self.partition_point_from(next, before)
    }

    /// As [`Self::partition_point_from`], where that place is likely to be `step` places further. Looks there first.
    pub fn partition_point_near(
        &self,
        from: usize,
        step: usize,
        mut before: impl FnMut(&T) -> bool,
    ) -> usize {
        let from = from.max(self.gone).min(self.len);
        let guess = (from + step).min(self.len);
        let (mut high, mut step) = (guess, 1);
        while high > from {
            let below = high.saturating_sub(step).max(from);
            if self.get(below).is_some_and(&mut before) {
                return match high == guess {
                    true => self.partition_point_from(guess, before),
                    false => self.bisect(below + 1, high, before),
                };
            }
            high = below;
            step *= 2;
        }
        match guess == from {
            true => self.partition_point_from(from, before),
            false => from,
        }
    }

    /// The place from `low` up to `high` of the first value that does not satisfy `before`.
    fn bisect(&self, mut low: usize, mut high: usize, mut before: impl FnMut(&T) -> bool) -> usize {
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).is_some_and(&mut before) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// Those of a piece.
    fn chunk(&self, number: usize) -> Option<&Vec<T>> {
        let last = || (number == self.full.len()).then_some(&self.last);
        self.full.get(number).or_else(last)
    }

    fn chunk_mut(&mut self, number: usize) -> Option<&mut Vec<T>> {
        let last = (number == self.full.len()).then_some(&mut self.last);
        self.full.get_mut(number).or(last)
    }

    pub(super) fn push(&mut self, value: T) {
        if self.last.len() == CHUNK {
            self.begin_chunk();
        }
        self.last.push(value);
        self.len += 1;
    }

    #[cold]
    fn begin_chunk(&mut self) {
        // A long row fills its pieces: they grow in few steps, and where it has many not at all.
        let room = match self.full.len() + 1 {
            ..MANY => CHUNK / 4,
            MANY.. => CHUNK,
        };
        let full = std::mem::replace(&mut self.last, Vec::with_capacity(room));
        self.full.push_back(full);
    }

    /// Takes the last value out again.
    pub(super) fn pop(&mut self) -> Option<T> {
        let value = self.last.pop()?;
        if self.last.is_empty() {
            self.last = self.full.pop_back().unwrap_or_default();
        }
        self.len -= 1;
        Some(value)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let place = place.checked_sub(self.gone)?;
        self.chunk_mut(place / CHUNK)?.get_mut(place % CHUNK)
    }

    /// Lets go of the pieces in which there is nothing from `place` on.
    pub(super) fn forget_before(&mut self, place: usize) {
        while self.gone + CHUNK <= place.min(self.len) {
            if self.full.pop_front().is_none() {
                self.last = Vec::new();
            }
            self.gone += CHUNK;
        }
    }

    /// Lets go of the first values, all that satisfy `before`, in whole pieces.
    pub(super) fn forget_while(&mut self, before: impl FnMut(&T) -> bool) {
        let place = self.partition_point(before);
        self.forget_before(place);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let chunks = self.full.iter().chain([&self.last]);
        let values: usize = chunks.map(|chunk| chunk.capacity() * size_of::<T>()).sum();
        values + self.full.capacity() * size_of::<Vec<T>>()
    }
}

impl<T: Copy> Chunks<T> {
    /// Puts a value at a place; those from there on move up. Costs as much as there are of those.
    pub(super) fn insert(&mut self, place: usize, value: T) {
        self.push(value);
        for above in (place.max(self.gone) + 1..self.len).rev() {
            let below = self[above - 1];
            self[above] = below;
        }
        if let Some(free) = self.get_mut(place.max(self.gone)) {
            *free = value;
        }
    }

    /// Puts a value where its key says among values in the order of theirs, behind those with the same. Nearly always that
    /// is the end.
    pub(super) fn insert_by<K: PartialOrd>(&mut self, value: T, key: impl Fn(&T) -> K) {
        let its = key(&value);
        let place = match self.last() {
            Some(last) if its < key(last) => self.partition_point(|one| key(one) <= its),
            _ => self.len,
        };
        self.insert(place, value);
    }
}

const MISSING: &str = "a value at a place that there is";

/// # Panics
/// Where no value is at that place: none yet, or none any more.
impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        self.get(place).expect(MISSING)
    }
}

impl<T> IndexMut<usize> for Chunks<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        self.get_mut(place).expect(MISSING)
    }
}

impl<'a, T> IntoIterator for &'a Chunks<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// From the first of these places up to the one after the last.
pub(super) fn bounds(places: &impl RangeBounds<usize>) -> (usize, usize) {
    let from = match places.start_bound() {
        Bound::Included(&from) => from,
        Bound::Excluded(&before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let to = match places.end_bound() {
        Bound::Included(&last) => last.saturating_add(1),
        Bound::Excluded(&to) => to,
        Bound::Unbounded => usize::MAX,
    };
    (from, to)
}

/// Some of the values of a [`Chunks`], one after the other: what a slice is of a vector.
#[derive(Debug)]
pub struct Part<'a, T> {
    chunks: &'a Chunks<T>,
    from: usize,
    to: usize,
}

impl<T> Clone for Part<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Part<'_, T> {}

impl<'a, T> Part<'a, T> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.to.saturating_sub(self.from)
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The one at a place, counted from the first of them.
    pub fn get(&self, place: usize) -> Option<&'a T> {
        let is_inside = place < self.len();
        is_inside.then(|| &self.chunks[self.from + place])
    }

    /// The first one.
    pub fn first(&self) -> Option<&'a T> {
        self.get(0)
    }

    /// The last one.
    pub fn last(&self) -> Option<&'a T> {
        self.get(self.len().checked_sub(1)?)
    }

    /// In their order.
    pub const fn iter(&self) -> Iter<'a, T> {
        Iter(*self)
    }
}

impl<'a, T> IntoIterator for Part<'a, T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Values of a [`Chunks`], one after the other.
#[derive(Clone, Debug)]
pub struct Iter<'a, T>(Part<'a, T>);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        let value = self.0.first()?;
        self.0.from += 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }

    fn nth(&mut self, n: usize) -> Option<&'a T> {
        self.0.from = self.0.from.saturating_add(n).min(self.0.to);
        self.next()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let value = self.0.last()?;
        self.0.to -= 1;
        Some(value)
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(count: usize) -> Chunks<usize> {
        let mut chunks = Chunks::default();
        (0..count).for_each(|number| chunks.push(number));
        chunks
    }

    #[test]
    fn what_was_let_go_of_is_gone_and_the_rest_keeps_its_place() {
        let mut chunks = numbers(3 * CHUNK + 7);
        chunks.forget_before(2 * CHUNK - 1);
        assert_eq!(chunks.first_place(), CHUNK, "only whole pieces go");
        assert_eq!(chunks.get(CHUNK - 1), None);
        assert_eq!(chunks.get(CHUNK), Some(&CHUNK));
        assert_eq!(chunks.len(), 3 * CHUNK + 7);
        assert_eq!(chunks.iter().len(), 2 * CHUNK + 7);
        assert_eq!(chunks.iter().next(), Some(&CHUNK));
        chunks.forget_before(usize::MAX);
        assert_eq!(
            chunks.first_place(),
            3 * CHUNK,
            "the last piece may still grow"
        );
        chunks.push(0);
        assert_eq!(chunks[3 * CHUNK + 7], 0);
    }

    #[test]
    fn a_value_that_was_taken_out_again_was_never_there() {
        let mut chunks = numbers(CHUNK + 1);
        assert_eq!(chunks.pop(), Some(CHUNK));
        assert_eq!(chunks, numbers(CHUNK));
        chunks.push(CHUNK);
        assert_eq!(chunks, numbers(CHUNK + 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_as_good_as_a_vector(
            count in 0..3 * CHUNK,
            gone in 0..4 * CHUNK,
            inserted in prop::collection::vec(0..3 * CHUNK, 0..4),
            a in 0..4 * CHUNK,
            b in 0..4 * CHUNK,
            step in 0..2 * CHUNK,
        ) {
            let mut chunks = numbers(count);
            let mut vector: Vec<usize> = (0..count).collect();
            chunks.forget_before(gone);
            let first = chunks.first_place();
            for place in inserted {
                let place = place.clamp(first, vector.len());
                chunks.insert(place, place);
                vector.insert(place, place);
            }
            prop_assert_eq!(chunks.len(), vector.len());
            let (from, to) = (a.min(b), a.max(b));
            let inside = from.clamp(first, vector.len())..to.clamp(first, vector.len());
            let kept: Vec<usize> = chunks.range(from..to).iter().copied().collect();
            prop_assert_eq!(&kept, &vector[inside]);
            prop_assert_eq!(&chunks.slices(from, to).collect::<Vec<_>>().concat(), &kept);
            let back: Vec<usize> = chunks.range(from..to).iter().rev().copied().collect();
            prop_assert!(back.iter().eq(kept.iter().rev()));
            vector.drain(..first);
            let past = chunks.partition_point(|&number| number < a);
            prop_assert_eq!(past, first + vector.partition_point(|&number| number < a));
            let near = chunks.partition_point_from(b, |&number| number < a);
            let known = past.max(b.clamp(first, chunks.len()));
            prop_assert_eq!(near, known);
            let guessed = chunks.partition_point_near(b, step, |&number| number < a);
            prop_assert_eq!(guessed, known);
            let walked = chunks.partition_point_walking(b, |&number| number < a);
            prop_assert_eq!(walked, known);
        }
    }
}

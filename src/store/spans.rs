//! The spans of a row, or the moments of a thread, as one looks at them.

use std::ops::RangeBounds;

use super::Span;
use super::chunks::bounds;
use super::shelf::{Kept, Shelf};
use crate::trace::Event;

/// The spans of a row.
pub type Spans<'a> = Shelved<'a, Span>;
/// What is a moment on a thread, and not a span.
pub type Moments<'a> = Shelved<'a, Event>;

/// Spans or moments, one after the other. They are kept in a smaller form, so each is a copy.
///
/// One keeps its place for good, also when those before it were let go of: places run from [`Self::first_place`] up to
/// [`Self::len`].
#[derive(Debug)]
pub struct Shelved<'a, T: Kept> {
    shelf: &'a Shelf<T>,
    from: usize,
    to: usize,
}

impl<T: Kept> Clone for Shelved<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Kept> Copy for Shelved<'_, T> {}

impl<'a, T: Kept> Shelved<'a, T> {
    pub(super) const fn all(shelf: &'a Shelf<T>) -> Self {
        Self {
            shelf,
            from: shelf.first(),
            to: shelf.len(),
        }
    }

    /// The place of the first one.
    pub const fn first_place(&self) -> usize {
        self.from
    }

    /// The place after the last one: how many there are, those included that were let go of.
    pub const fn len(&self) -> usize {
        self.to
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// The one at a place.
    pub fn get(&self, place: usize) -> Option<T> {
        let is_inside = self.from <= place && place < self.to;
        is_inside.then(|| self.shelf.get(place)).flatten()
    }

    /// The first one.
    pub fn first(&self) -> Option<T> {
        self.get(self.from)
    }

    /// The last one.
    pub fn last(&self) -> Option<T> {
        self.get(self.to.checked_sub(1)?)
    }

    /// Those at these places, as far as they are among these.
    pub fn range(&self, places: impl RangeBounds<usize>) -> Self {
        let (from, to) = bounds(&places);
        let to = to.min(self.to);
        Self {
            from: from.max(self.from).min(to),
            to,
            ..*self
        }
    }

    /// In the order of time.
    pub const fn iter(&self) -> Iter<'a, T> {
        Iter(*self)
    }

    /// The place of the first one that does not satisfy `before`, where all that do come first.
    pub fn partition_point(&self, mut before: impl FnMut(&T) -> bool) -> usize {
        let (mut low, mut high) = (self.from, self.to.max(self.from));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).is_some_and(|one| before(&one)) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

impl<'a, T: Kept> IntoIterator for Shelved<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        Iter(self)
    }
}

/// Spans or moments, one after the other.
#[derive(Clone, Debug)]
pub struct Iter<'a, T: Kept>(Shelved<'a, T>);

impl<T: Kept> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let one = self.0.first()?;
        self.0.from += 1;
        Some(one)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.to.saturating_sub(self.0.from);
        (left, Some(left))
    }

    fn nth(&mut self, n: usize) -> Option<T> {
        self.0.from = self.0.from.saturating_add(n).min(self.0.to);
        self.next()
    }
}

impl<T: Kept> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<T> {
        let one = self.0.last()?;
        self.0.to -= 1;
        Some(one)
    }
}

impl<T: Kept> ExactSizeIterator for Iter<'_, T> {}

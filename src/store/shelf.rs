//! How spans and moments are kept: 16 bytes for each, however many names and tasks there are.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::chunks::Chunks;
use crate::trace::Timestamp;

/// Something with a moment, of which most is the same as of others.
pub trait Kept: Copy + Debug + PartialEq {
    /// What it may have in common with others.
    type What: Copy + Debug + Eq + Hash;

    /// When it was, or began.
    fn at(&self) -> Timestamp;

    /// What it has in common with others, and what else there is to tell of it. `None` where it has nothing in common.
    fn parts(&self) -> Option<(Self::What, [u64; 2])>;

    /// What has these parts. `None` only where nothing can have them.
    fn of_parts(at: Timestamp, what: Self::What, numbers: [u32; 2]) -> Option<Self>;
}

/// Spans or moments in the order in which they were added. What they have in common is told once for all of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shelf<T: Kept> {
    small: Chunks<Small>,
    /// When the first one was: moments are told as distances from it.
    origin: Timestamp,
    /// Those that are not [`Small`], with their places.
    large: Vec<(usize, T)>,
    whats: Whats<T::What>,
}

/// One in numbers as small as they nearly always are: each byte is fetched from memory whenever it is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Small {
    /// In nanoseconds after the origin, the lower 32 bits and 16 above them: enough for three days.
    at: u32,
    at_above: u16,
    /// The place of what it has in common with others.
    what: u16,
    /// What else there is to tell; [`LARGE`] in the first of them where it is among the large ones.
    numbers: [u32; 2],
}

const _: () = assert!(size_of::<Small>() == 16, "memory is stated per span");

/// As a length in nanoseconds more than four seconds: there are few of those.
const LARGE: u32 = u32::MAX;

impl Small {
    /// Stands at the place of a large one.
    const ELSEWHERE: Self = Self {
        at: 0,
        at_above: 0,
        what: 0,
        numbers: [LARGE; 2],
    };

    /// `None` where something is too large.
    fn new(at: Timestamp, origin: Timestamp, what: usize, numbers: [u64; 2]) -> Option<Self> {
        let after = at.0.checked_sub(origin.0)?;
        let [first, second] = numbers;
        let (at_above, what_above) = (after >> u32::BITS, what as u64 >> u16::BITS);
        // All that is too large, looked at in one step.
        let above = at_above >> u16::BITS | what_above | first >> u32::BITS | second >> u32::BITS;
        let fits = above == 0 && first < u64::from(LARGE);
        fits.then_some(Self {
            at: after as u32,
            at_above: at_above as u16,
            what: what as u16,
            numbers: [first as u32, second as u32],
        })
    }

    pub(super) const fn is_elsewhere(&self) -> bool {
        self.numbers[0] == LARGE
    }

    pub(super) const fn at(&self, origin: Timestamp) -> Timestamp {
        let after = (self.at_above as u64) << u32::BITS | self.at as u64;
        Timestamp(origin.0 + after)
    }

    pub(super) const fn first_number(&self) -> u64 {
        self.numbers[0] as u64
    }
}

impl<T: Kept> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            small: Chunks::default(),
            origin: Timestamp::ZERO,
            large: Vec::new(),
            whats: Whats::default(),
        }
    }
}

impl<T: Kept> Shelf<T> {
    pub(super) const fn first(&self) -> usize {
        self.small.first_place()
    }

    pub(super) const fn len(&self) -> usize {
        self.small.len()
    }

    pub(super) const fn origin(&self) -> Timestamp {
        self.origin
    }

    pub(super) fn push(&mut self, one: T) {
        if self.small.is_empty() {
            self.origin = one.at();
        }
        let small = self.small_of(&one).unwrap_or_else(|| {
            self.large.push((self.len(), one));
            Small::ELSEWHERE
        });
        self.small.push(small);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.get(self.len().checked_sub(1)?)?;
        self.small.pop();
        self.large.pop_if(|(place, _)| *place == self.small.len());
        Some(last)
    }

    pub(super) fn get(&self, place: usize) -> Option<T> {
        let small = self.small.get(place)?;
        if small.is_elsewhere() {
            return self.large(place).copied();
        }
        T::of_parts(small.at(self.origin), *self.what(small), small.numbers)
    }

    /// The one at a place, as far as it is small.
    pub(super) fn small(&self, place: usize) -> Option<&Small> {
        self.small.get(place)
    }

    /// What a small one has in common with others.
    pub(super) fn what(&self, small: &Small) -> &T::What {
        &self.whats.all[usize::from(small.what)]
    }

    /// The one at a place, if it is large.
    pub(super) fn large(&self, place: usize) -> Option<&T> {
        let known = self.large.binary_search_by_key(&place, |known| known.0);
        known.ok().map(|known| &self.large[known].1)
    }

    /// Puts another one at a place.
    pub(super) fn set(&mut self, place: usize, one: &T) {
        let small = self.small_of(one);
        let Some(before) = self.small.get_mut(place) else {
            return;
        };
        *before = small.unwrap_or(Small::ELSEWHERE);
        let known = self.large.binary_search_by_key(&place, |known| known.0);
        match (known, small) {
            (Ok(known), None) => self.large[known].1 = *one,
            (Err(free), None) => self.large.insert(free, (place, *one)),
            (Ok(known), Some(_)) => {
                self.large.remove(known);
            }
            (Err(_), Some(_)) => {}
        }
    }

    pub(super) fn forget_before(&mut self, place: usize) {
        self.small.forget_before(place);
        let first = self.first();
        let gone = self.large.partition_point(|(place, _)| *place < first);
        self.large.drain(..gone);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.small.bytes() + self.large.capacity() * size_of::<(usize, T)>() + self.whats.bytes()
    }

    /// This one as a small one, if it is one.
    fn small_of(&mut self, one: &T) -> Option<Small> {
        let (what, numbers) = one.parts()?;
        let what = self.whats.place(what);
        Small::new(one.at(), self.origin, what, numbers)
    }
}

/// Each [`Kept::What`] that there is, once.
#[derive(Clone, Debug)]
struct Whats<W> {
    all: Vec<W>,
    places: HashMap<W, usize, BuildHasherDefault<Mixer>>,
    /// The place of what came after each when it was there last. A row repeats itself: nearly always it comes again.
    after: Vec<usize>,
    /// The place of what was asked for last.
    last: usize,
}

impl<W> Default for Whats<W> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            places: HashMap::default(),
            after: Vec::new(),
            last: 0,
        }
    }
}

/// What is likely to come next makes no difference.
impl<W: PartialEq> PartialEq for Whats<W> {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl<W: Copy + Eq + Hash> Whats<W> {
    fn place(&mut self, what: W) -> usize {
        let likely = self.after.get(self.last).copied().unwrap_or(0);
        if self.all.get(likely) == Some(&what) {
            self.last = likely;
            return likely;
        }
        let place = *self.places.entry(what).or_insert_with(|| {
            self.all.push(what);
            self.after.push(0);
            self.all.len() - 1
        });
        if let Some(after) = self.after.get_mut(self.last) {
            *after = place;
        }
        self.last = place;
        place
    }

    fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<W>()
            + self.places.capacity() * size_of::<(W, usize)>()
            + self.after.capacity() * size_of::<usize>()
    }
}

/// A hash of a few small numbers, many times cheaper than the standard one. Whoever writes a trace with numbers that
/// collide gets a slow look at it and nothing else.
#[derive(Clone, Copy, Default)]
struct Mixer(u64);

impl Mixer {
    const fn mix(&mut self, number: u64) {
        // 2^64 divided by the golden ratio: neighbours fall far apart.
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.mix(u64::from(byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        // The table looks at the lowest bits, and a product has its best ones on top.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Span, SpanKind};
    use crate::trace::{FlowId, NameId, TaskId};

    /// A span with this begin, this length and this flow.
    fn span(begin: u64, length: u64, flow: u64) -> Span {
        let mut span = Span::open(Timestamp(begin), SpanKind::Blocking)
            .named(NameId::from_index(length as usize % 3))
            .of_task(TaskId::new(7))
            .caused_by(FlowId::new(flow));
        span.end = Timestamp(begin + length);
        span.failed = length == 1;
        span
    }

    fn check(shelf: &Shelf<Span>, spans: &[Span]) {
        for (place, span) in spans.iter().enumerate() {
            assert_eq!(shelf.get(place), Some(*span));
            assert_eq!(shelf.times(place), Some((span.begin, span.end)));
            assert_eq!(shelf.active_nanos(place), span.end.0 - span.begin.0);
        }
        assert_eq!(shelf.get(spans.len()), None);
    }

    #[test]
    fn a_span_comes_back_as_it_was_however_large_its_numbers() {
        const DAY: u64 = 86_400_000_000_000;
        let large = u64::from(LARGE);
        let mut spans = vec![
            span(1_000, 0, 0),
            span(1_000, 1, 1),
            span(1_001, large - 1, large),
            span(10 * large, large, 3),
            span(20 * large, 1 << 40, large + 1),
            span(DAY, 5, 4),
            span(4 * DAY, 6, 5),
            span(4 * DAY + 7, 7, 6),
        ];
        let mut shelf = Shelf::<Span>::default();
        spans.iter().for_each(|span| shelf.push(*span));
        check(&shelf, &spans);
        // What was large is so no more, and the other way round; what is first may begin before it did.
        for (place, begin, length) in [(3, 10 * large, 9), (5, DAY, 1 << 50), (0, 999, 1)] {
            let (begin, end) = (Timestamp(begin), Timestamp(begin + length));
            shelf.set_times(place, begin, end);
            (spans[place].begin, spans[place].end) = (begin, end);
        }
        check(&shelf, &spans);
        while let Some(last) = spans.pop() {
            assert_eq!(shelf.pop(), Some(last));
            check(&shelf, &spans);
        }
        assert!(shelf.large.is_empty(), "nothing is left of them");
    }

    #[test]
    fn there_may_be_more_names_than_a_small_number_can_tell() {
        let mut shelf = Shelf::<Span>::default();
        let named = |place: usize| span(place as u64, 1, 0).named(NameId::from_index(place));
        (0..70_000).for_each(|place| shelf.push(named(place)));
        for place in [0, 65_535, 65_536, 69_999] {
            assert_eq!(shelf.get(place), Some(named(place)));
        }
        shelf.forget_before(69_900);
        assert_eq!(shelf.get(69_999), Some(named(69_999)));
        assert!(shelf.large.len() < 1_000, "they are let go of too");
    }
}

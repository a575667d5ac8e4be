//! How spans are kept: 16 bytes for each, however many names and tasks there are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::chunks::Chunks;
use super::{Span, SpanKind};
use crate::trace::{FlowId, NameId, TaskId, Timestamp};

/// Spans in the order in which they were added. What they are (name, task, kind) is told once for all that are the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shelf {
    spans: Chunks<Stored>,
    /// When the first one began: moments are told as distances from it.
    origin: Timestamp,
    /// Those of which a number is too large for [`Stored`], with their places.
    large: Vec<(usize, Span)>,
    whats: Whats,
}

/// A span, but for what it has in common with others, in numbers as small as they nearly always are: each byte is
/// fetched from memory for every span that is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Stored {
    /// In nanoseconds after the origin, the lower 32 bits and 16 above them: enough for three days.
    begin: u32,
    begin_above: u16,
    /// The place of its [`What`].
    what: u16,
    /// In nanoseconds; [`LARGE`] where a number of it is too large, so long or another one.
    length: u32,
    /// The number of its flow; 0 where it has none.
    flow: u32,
}

const _: () = assert!(size_of::<Stored>() == 16, "memory is stated per span");

/// More than four seconds: there are few of those.
const LARGE: u32 = u32::MAX;

impl Stored {
    /// `None` where a number is too large.
    fn new(span: &Span, origin: Timestamp, what: usize) -> Option<Self> {
        let begin = span.begin.0.checked_sub(origin.0)?;
        let length = span.end.0.saturating_sub(span.begin.0);
        let flow = span.flow.map_or(0, FlowId::number);
        Some(Self {
            begin: begin as u32,
            begin_above: u16::try_from(begin >> u32::BITS).ok()?,
            what: u16::try_from(what).ok()?,
            length: u32::try_from(length).ok().filter(|&it| it < LARGE)?,
            flow: u32::try_from(flow).ok()?,
        })
    }

    const fn begin(&self, origin: Timestamp) -> Timestamp {
        let after = (self.begin_above as u64) << u32::BITS | self.begin as u64;
        Timestamp(origin.0 + after)
    }
}

impl Shelf {
    pub(super) const fn first(&self) -> usize {
        self.spans.first_place()
    }

    pub(super) const fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn push(&mut self, span: Span) {
        if self.spans.is_empty() {
            self.origin = span.begin;
        }
        let place = self.len();
        let stored = self.stored(place, &span);
        self.spans.push(stored);
    }

    pub(super) fn pop(&mut self) -> Option<Span> {
        let last = self.get(self.len().checked_sub(1)?)?;
        self.spans.pop();
        self.large.pop_if(|(place, _)| *place == self.spans.len());
        Some(last)
    }

    pub(super) fn get(&self, place: usize) -> Option<Span> {
        let stored = self.spans.get(place)?;
        if stored.length == LARGE {
            return self.large(place);
        }
        let begin = stored.begin(self.origin);
        let what = self.whats.all[usize::from(stored.what)];
        Some(Span {
            begin,
            end: Timestamp(begin.0 + u64::from(stored.length)),
            flow: FlowId::new(u64::from(stored.flow)),
            name: what.name,
            task: what.task,
            kind: what.kind,
            failed: what.failed,
        })
    }

    /// When a span begins and ends: cheaper than all of it.
    pub(super) fn times(&self, place: usize) -> Option<(Timestamp, Timestamp)> {
        let stored = self.spans.get(place)?;
        if stored.length == LARGE {
            let span = self.large(place)?;
            return Some((span.begin, span.end));
        }
        let begin = stored.begin(self.origin);
        Some((begin, Timestamp(begin.0 + u64::from(stored.length))))
    }

    /// The active time of a span, in nanoseconds.
    pub(super) fn active_nanos(&self, place: usize) -> u64 {
        let Some(stored) = self.spans.get(place) else {
            return 0;
        };
        let (kind, nanos) = match stored.length {
            LARGE => match self.large(place) {
                Some(span) => (span.kind, span.end.0 - span.begin.0),
                None => return 0,
            },
            length => {
                let what = &self.whats.all[usize::from(stored.what)];
                (what.kind, u64::from(length))
            }
        };
        if kind.is_active() { nanos } else { 0 }
    }

    /// Gives a span that is there other times, of which the first comes first.
    pub(super) fn set_times(&mut self, place: usize, begin: Timestamp, end: Timestamp) {
        let Some(span) = self.get(place) else { return };
        let stored = self.stored(place, &Span { begin, end, ..span });
        if let Some(before) = self.spans.get_mut(place) {
            *before = stored;
        }
    }

    pub(super) fn forget_before(&mut self, place: usize) {
        self.spans.forget_before(place);
        let first = self.first();
        let gone = self.large.partition_point(|(place, _)| *place < first);
        self.large.drain(..gone);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.spans.bytes() + self.large.capacity() * size_of::<(usize, Span)>() + self.whats.bytes()
    }

    /// A span as it is kept at a place, and among the large ones if it is one.
    fn stored(&mut self, place: usize, span: &Span) -> Stored {
        let what = self.whats.place(What {
            name: span.name,
            task: span.task,
            kind: span.kind,
            failed: span.failed,
        });
        let small = Stored::new(span, self.origin, what);
        // Nearly always there is none, or the place comes after the last one.
        if small.is_none() || self.large.last().is_some_and(|(last, _)| place <= *last) {
            self.set_large(place, small.is_none().then_some(*span));
        }
        small.unwrap_or(Stored {
            length: LARGE,
            ..Stored::default()
        })
    }

    /// The span at a place is among the large ones, or is not.
    fn set_large(&mut self, place: usize, span: Option<Span>) {
        let known = self.large.binary_search_by_key(&place, |known| known.0);
        match (known, span) {
            (Ok(known), Some(span)) => self.large[known].1 = span,
            (Err(free), Some(span)) => self.large.insert(free, (place, span)),
            (Ok(known), None) => {
                self.large.remove(known);
            }
            (Err(_), None) => {}
        }
    }

    fn large(&self, place: usize) -> Option<Span> {
        let known = self.large.binary_search_by_key(&place, |known| known.0);
        known.ok().map(|known| self.large[known].1)
    }
}

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct What {
    name: Option<NameId>,
    task: Option<TaskId>,
    kind: SpanKind,
    failed: bool,
}

/// In as few steps as can be: it is asked for with every span.
impl Hash for What {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let name = self.name.map_or(0, |name| u64::from(name.number()));
        let task = self.task.map_or(0, |task| u64::from(task.number()));
        state.write_u64(name << 32 | task);
        self.kind.hash(state);
    }
}

/// Each [`What`] that there is, once.
#[derive(Clone, Debug, Default)]
struct Whats {
    all: Vec<What>,
    places: HashMap<What, usize, BuildHasherDefault<Mixer>>,
    /// The place of what came after each when it was there last. A row repeats itself: nearly always it comes again.
    after: Vec<usize>,
    /// The place of what was asked for last.
    last: usize,
}

/// What is likely to come next makes no difference.
impl PartialEq for Whats {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Whats {
    fn place(&mut self, what: What) -> usize {
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
        self.all.capacity() * size_of::<What>()
            + self.places.capacity() * size_of::<(What, usize)>()
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

    fn check(shelf: &Shelf, spans: &[Span]) {
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
        let mut shelf = Shelf::default();
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
        let mut shelf = Shelf::default();
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

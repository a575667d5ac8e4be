//! How spans are kept: 24 bytes for each, however many names and tasks there are.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::chunks::Chunks;
use super::{Span, SpanKind};
use crate::trace::{FlowId, NameId, TaskId, Timestamp};

/// Spans in the order in which they were added. What they are (name, task, kind) is told once for all that are the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shelf {
    spans: Chunks<Stored>,
    /// Where those end that are too long for [`Stored::length`], with their places.
    ends: Vec<(usize, Timestamp)>,
    whats: Whats,
}

/// A span, but for what it has in common with others.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stored {
    begin: Timestamp,
    flow: Option<FlowId>,
    /// In nanoseconds; [`LONG`] where it is that or more.
    length: u32,
    /// The place of its [`What`].
    what: u32,
}

const _: () = assert!(size_of::<Stored>() == 24, "memory is stated per span");

/// More than four seconds: there are few of those.
const LONG: u32 = u32::MAX;

impl Shelf {
    pub(super) const fn first(&self) -> usize {
        self.spans.first_place()
    }

    pub(super) const fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn push(&mut self, span: Span) {
        let length = span.end.0.saturating_sub(span.begin.0);
        let stored = Stored {
            begin: span.begin,
            flow: span.flow,
            length: u32::try_from(length).unwrap_or(LONG),
            what: self.whats.place(What {
                name: span.name,
                task: span.task,
                kind: span.kind,
                failed: span.failed,
            }),
        };
        if stored.length == LONG {
            self.ends.push((self.len(), span.end));
        }
        self.spans.push(stored);
    }

    pub(super) fn pop(&mut self) -> Option<Span> {
        let last = self.get(self.len().checked_sub(1)?)?;
        self.spans.pop();
        self.ends.pop_if(|(place, _)| *place == self.spans.len());
        Some(last)
    }

    pub(super) fn get(&self, place: usize) -> Option<Span> {
        let stored = self.spans.get(place)?;
        let what = self.whats.all[stored.what as usize];
        Some(Span {
            begin: stored.begin,
            end: self.end_of(place, stored),
            flow: stored.flow,
            name: what.name,
            task: what.task,
            kind: what.kind,
            failed: what.failed,
        })
    }

    /// When a span begins and ends: cheaper than all of it.
    pub(super) fn times(&self, place: usize) -> Option<(Timestamp, Timestamp)> {
        let stored = self.spans.get(place)?;
        Some((stored.begin, self.end_of(place, stored)))
    }

    /// The active time of a span, in nanoseconds.
    pub(super) fn active_nanos(&self, place: usize) -> u64 {
        match self.spans.get(place) {
            Some(stored) if self.whats.all[stored.what as usize].kind.is_active() => {
                self.end_of(place, stored).0 - stored.begin.0
            }
            _ => 0,
        }
    }

    /// Gives a span that is there other times, of which the first comes first.
    pub(super) fn set_times(&mut self, place: usize, begin: Timestamp, end: Timestamp) {
        let Some(stored) = self.spans.get_mut(place) else {
            return;
        };
        let length = end.0.saturating_sub(begin.0);
        let was_long = stored.length == LONG;
        stored.begin = begin;
        stored.length = u32::try_from(length).unwrap_or(LONG);
        let is_long = stored.length == LONG;
        if !was_long && !is_long {
            return;
        }
        match (
            self.ends.binary_search_by_key(&place, |known| known.0),
            is_long,
        ) {
            (Ok(known), true) => self.ends[known].1 = end,
            (Ok(known), false) => {
                self.ends.remove(known);
            }
            (Err(free), true) => self.ends.insert(free, (place, end)),
            (Err(_), false) => {}
        }
    }

    pub(super) fn forget_before(&mut self, place: usize) {
        self.spans.forget_before(place);
        let first = self.first();
        let gone = self.ends.partition_point(|(place, _)| *place < first);
        self.ends.drain(..gone);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.spans.bytes()
            + self.ends.capacity() * size_of::<(usize, Timestamp)>()
            + self.whats.bytes()
    }

    fn end_of(&self, place: usize, stored: &Stored) -> Timestamp {
        if stored.length < LONG {
            return Timestamp(stored.begin.0 + u64::from(stored.length));
        }
        let known = self.ends.binary_search_by_key(&place, |known| known.0);
        known.map_or(stored.begin, |known| self.ends[known].1)
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
    places: HashMap<What, u32, BuildHasherDefault<Mixer>>,
    /// The place of what came after each when it was there last. A row repeats itself: nearly always it comes again.
    after: Vec<u32>,
    /// The place of what was asked for last.
    last: u32,
}

/// What is likely to come next makes no difference.
impl PartialEq for Whats {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Whats {
    fn place(&mut self, what: What) -> u32 {
        let likely = self.after.get(self.last as usize).copied().unwrap_or(0);
        if self.all.get(likely as usize) == Some(&what) {
            self.last = likely;
            return likely;
        }
        let place = *self.places.entry(what).or_insert_with(|| {
            self.all.push(what);
            self.after.push(0);
            // A row of so many different spans would need more memory than there is.
            u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(after) = self.after.get_mut(self.last as usize) {
            *after = place;
        }
        self.last = place;
        place
    }

    fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<What>()
            + self.places.capacity() * size_of::<(What, u32)>()
            + self.after.capacity() * size_of::<u32>()
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

    #[test]
    fn a_span_comes_back_as_it_was_however_long() {
        let mut shelf = Shelf::default();
        let mut begin = 0;
        let lengths = [0, 1, u64::from(LONG) - 1, u64::from(LONG), 1 << 40, 3];
        let spans = lengths.map(|length| {
            let mut span = Span::open(Timestamp(begin), SpanKind::Blocking)
                .named(NameId::from_index(length as usize % 3))
                .of_task(TaskId::new(7))
                .caused_by(FlowId::new(length));
            begin += length;
            span.end = Timestamp(begin);
            span.failed = length == 1;
            shelf.push(span);
            span
        });
        for (place, span) in spans.iter().enumerate() {
            assert_eq!(shelf.get(place), Some(*span));
        }
        let (_, end) = shelf.times(4).expect("it is there");
        shelf.set_times(4, Timestamp(end.0 - 5), end);
        shelf.set_times(5, end, Timestamp(end.0 + (1 << 50)));
        assert_eq!(shelf.active_nanos(4), 5);
        assert_eq!(shelf.active_nanos(5), 1 << 50);
        assert_eq!(shelf.pop().map(|span| span.end.0), Some(end.0 + (1 << 50)));
        assert_eq!(shelf.active_nanos(5), 0, "it is gone");
    }
}

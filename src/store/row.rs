//! The spans of one depth, and how to look at a million of them.

use super::Span;
use super::chunks::Chunks;
use super::peaks::Peaks;
use super::shelf::Shelf;
use super::spans::Spans;
use crate::trace::{TimeRange, Timestamp};

/// After how many spans a checkpoint is written down. Finding a sum or a place looks at so many spans at most:
/// what is slow about a long row is not to compute but to fetch it from memory.
const CHECKPOINT: usize = 8;

/// What is known at every eighth span, so that most of the spans need not be looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Checkpoint {
    /// When the span begins.
    begin: Timestamp,
    /// The active time, in nanoseconds, of all spans before it.
    active: u64,
}

/// Spans that do not overlap, in the order of time. Only finished ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    shelf: Shelf,
    /// The one at `i` is about the span at `i * CHECKPOINT`.
    checkpoints: Chunks<Checkpoint>,
    total_active: u64,
    longest: Peaks,
}

impl Row {
    /// The spans.
    pub const fn spans(&self) -> Spans<'_> {
        Spans::all(&self.shelf)
    }

    /// The span at a place; `None` where there is none yet, or none any more.
    pub fn get(&self, place: usize) -> Option<Span> {
        self.shelf.get(place)
    }

    /// Adds a finished span. One that would begin before the last one ended begins there.
    pub(super) fn push(&mut self, mut span: Span) {
        let place = self.shelf.len();
        if let Some((_, end)) = place.checked_sub(1).and_then(|last| self.shelf.times(last)) {
            span.begin = span.begin.max(end);
        }
        span.end = span.end.max(span.begin);
        if place.is_multiple_of(CHECKPOINT) {
            self.checkpoints.push(Checkpoint {
                begin: span.begin,
                active: self.total_active,
            });
        }
        self.shelf.push(span);
        if span.kind.is_active() {
            self.total_active = self.total_active.saturating_add(span.end.0 - span.begin.0);
        }
        let shelf = &self.shelf;
        self.longest.push(place, |place| shelf.active_nanos(place));
    }

    /// Takes the last span out again, as one that lasts still. Only one without active time: of others more is
    /// remembered than can be forgotten.
    pub(super) fn reopen_last(&mut self) -> Option<Span> {
        self.spans().last().filter(|span| !span.kind.is_active())?;
        let mut span = self.shelf.pop()?;
        let place = self.shelf.len();
        if place.is_multiple_of(CHECKPOINT) {
            self.checkpoints.pop();
        }
        self.longest.forget(place);
        span.end = Timestamp::MAX;
        Some(span)
    }

    /// Moves the border between the span at `place` and the next one, which begins where it ends, to an earlier
    /// moment. Neither may be active time.
    pub(super) fn move_border(&mut self, place: usize, to: Timestamp) {
        self.end_earlier(place, to);
        let next = place + 1;
        if let Some((_, end)) = self.shelf.times(next) {
            self.shelf.set_times(next, to, end);
            if let Some(checkpoint) = self.checkpoints.get_mut(next / CHECKPOINT)
                && next.is_multiple_of(CHECKPOINT)
            {
                checkpoint.begin = to;
            }
        }
    }

    /// The span at `place`, which is no active time, has ended at an earlier moment.
    pub(super) fn end_earlier(&mut self, place: usize, to: Timestamp) {
        if let Some((begin, _)) = self.shelf.times(place) {
            self.shelf.set_times(place, begin, to.max(begin));
        }
    }

    /// Lets go of the spans that end before `moment`, in whole pieces.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.shelf.forget_before(self.first_after(moment));
        let first = self.shelf.first();
        self.checkpoints.forget_before(first / CHECKPOINT);
        self.longest.forget_before(first);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.shelf.bytes() + self.checkpoints.bytes() + self.longest.bytes()
    }

    /// The place of the first span that ends after `moment`.
    pub fn first_after(&self, moment: Timestamp) -> usize {
        // Those before the one that begins last at this moment or before it have ended.
        let past = self.begins_at(0, Timestamp(moment.0.saturating_add(1)));
        let before = past.saturating_sub(1).max(self.shelf.first());
        match self.shelf.times(before) {
            Some((_, end)) if end <= moment => past,
            _ => before,
        }
    }

    /// The spans that begin at `moment` or later.
    pub(super) fn spans_from(&self, moment: Timestamp) -> Spans<'_> {
        self.spans().range(self.begins_at(0, moment)..)
    }

    /// The place of the span that holds `moment`.
    pub fn at(&self, moment: Timestamp) -> Option<usize> {
        let place = self.first_after(moment);
        let (begin, _) = self.shelf.times(place)?;
        (begin <= moment).then_some(place)
    }

    /// How many nanoseconds of active time the spans `from..to` hold.
    pub fn active_nanos(&self, from: usize, to: usize) -> u64 {
        self.active_before(to)
            .saturating_sub(self.active_before(from))
    }

    /// The place, among the spans `from..to`, of the one with the most active time, if any of them has some.
    pub fn longest_active(&self, from: usize, to: usize) -> Option<usize> {
        let (from, to) = (from.max(self.shelf.first()), to.min(self.shelf.len()));
        self.longest
            .largest(from, to, |place| self.shelf.active_nanos(place))
            .filter(|&place| self.get(place).is_some_and(|span| span.kind.is_active()))
    }

    fn active_before(&self, place: usize) -> u64 {
        if place >= self.shelf.len() {
            return self.total_active;
        }
        let place = place.max(self.shelf.first());
        let checkpoint = place / CHECKPOINT;
        let before = self.checkpoints.get(checkpoint).map_or(0, |one| one.active);
        let near = checkpoint * CHECKPOINT..place;
        before
            + near
                .map(|place| self.shelf.active_nanos(place))
                .sum::<u64>()
    }

    /// The place of the first span from `from` on that begins at `moment` or later. Looks near first: most grains
    /// hold few spans.
    fn begins_at(&self, from: usize, moment: Timestamp) -> usize {
        let from = from.max(self.shelf.first());
        let next = from.div_ceil(CHECKPOINT);
        let block = self
            .checkpoints
            .partition_point_from(next, |one| one.begin < moment);
        // The span lies between the last checkpoint before the moment and the first one after it.
        let low = (block.saturating_sub(1) * CHECKPOINT).max(from);
        let high = (block * CHECKPOINT).min(self.shelf.len()).max(low);
        // Counting fetches all of them at once; bisection would wait for one after the other.
        let begun = (low..high).filter_map(|place| self.shelf.times(place));
        low + begun.filter(|(begin, _)| *begin < moment).count()
    }

    /// What there is to see of `view` where nothing shorter than `grain` nanoseconds can be told apart.
    ///
    /// The work depends on how many grains the view holds, not on how many spans: those that begin in one
    /// grain are folded, found by bisection and never touched one by one. Grains lie at multiples of
    /// `grain` of the trace's time, so that folds do not change while the view moves.
    pub fn pieces(&self, view: TimeRange, grain: u64) -> Pieces<'_> {
        // One without length that lies where the view begins belongs to it.
        let begun = self.begins_at(0, view.begin);
        let before = begun.saturating_sub(1).max(self.shelf.first());
        let reaches_in = |(_, end)| end > view.begin;
        let next = match self.shelf.times(before).is_some_and(reaches_in) {
            true => before,
            false => begun,
        };
        Pieces {
            row: self,
            next,
            end: view.end,
            grain: grain.max(1),
        }
    }
}

/// What there is to see at one place of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// A span that is long enough to be seen.
    Span {
        /// Its place in the row.
        index: usize,
    },
    /// Several that are too short to be told apart.
    Folded {
        /// The place of the first.
        first: usize,
        /// How many.
        count: usize,
        /// From the begin of the first to the end of the last.
        range: TimeRange,
        /// How much of that range is active time, in nanoseconds.
        active: u64,
    },
}

/// The pieces of a row in a view, in the order of time.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    row: &'a Row,
    next: usize,
    end: Timestamp,
    grain: u64,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let shelf = &self.row.shelf;
        let first = self.next;
        let (begin, end) = shelf.times(first).filter(|(begin, _)| *begin < self.end)?;
        if end.0 - begin.0 >= self.grain {
            self.next += 1;
            return Some(Piece::Span { index: first });
        }
        let grain_end = Timestamp((begin.0 / self.grain + 1).saturating_mul(self.grain));
        let mut past = self.row.begins_at(first + 1, grain_end);
        let mut range = TimeRange::new(begin, end);
        if past - first > 1 {
            let (last_begin, last_end) = shelf.times(past - 1)?;
            range.end = last_end;
            // Only the last one can reach out of the grain, and so be long enough to be seen by itself.
            if last_end.0 - last_begin.0 >= self.grain {
                past -= 1;
                range.end = shelf.times(past - 1)?.1;
            }
        }
        self.next = past;
        if past - first == 1 {
            return Some(Piece::Span { index: first });
        }
        Some(Piece::Folded {
            first,
            count: past - first,
            range,
            active: self.row.active_nanos(first, past),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::SpanKind;

    fn row(parts: &[(u64, u64)]) -> Row {
        let mut row = Row::default();
        let mut at = 0;
        for &(gap, length) in parts {
            let mut span = Span::open(Timestamp(at + gap), SpanKind::Turn);
            at += gap + length;
            span.end = Timestamp(at);
            row.push(span);
        }
        row
    }

    fn all() -> TimeRange {
        TimeRange::new(Timestamp::ZERO, Timestamp::MAX)
    }

    #[test]
    fn what_is_long_enough_is_seen_by_itself() {
        let row = row(&[(0, 100), (5, 200)]);
        let pieces: Vec<_> = row.pieces(all(), 50).collect();
        assert_eq!(pieces, [Piece::Span { index: 0 }, Piece::Span { index: 1 }]);
    }

    #[test]
    fn what_is_too_short_is_folded_and_says_how_much_it_holds() {
        let row = row(&[(0, 1), (1, 1), (1, 1), (1, 100)]);
        let pieces: Vec<_> = row.pieces(all(), 50).collect();
        let folded = TimeRange::new(Timestamp(0), Timestamp(5));
        assert_eq!(
            pieces,
            [
                Piece::Folded {
                    first: 0,
                    count: 3,
                    range: folded,
                    active: 3
                },
                Piece::Span { index: 3 }
            ]
        );
    }

    #[test]
    fn a_view_in_the_middle_begins_with_the_span_that_reaches_into_it() {
        let row = row(&[(0, 100), (0, 100), (0, 100)]);
        let view = TimeRange::new(Timestamp(150), Timestamp(200));
        assert_eq!(
            row.pieces(view, 1).collect::<Vec<_>>(),
            [Piece::Span { index: 1 }]
        );
        assert_eq!(row.at(Timestamp(199)), Some(1));
        assert_eq!(row.at(Timestamp(300)), None);
    }

    #[test]
    fn a_million_spans_come_as_no_more_pieces_than_there_are_grains() {
        let row = row(&vec![(1, 1); 1_000_000]);
        let pieces = row.pieces(all(), 2_000).count();
        assert!(pieces <= 1_001, "{pieces}");
    }

    #[test]
    fn a_fold_knows_its_longest_span() {
        let row = row(&[(1, 3), (1, 7), (1, 5)]);
        assert_eq!(row.longest_active(0, 3), Some(1));
        assert_eq!(row.longest_active(2, 9), Some(2));
        assert_eq!(row.longest_active(3, 9), None);
    }

    proptest! {
        // Nothing is written beside the sources: a failure prints its smallest input.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_span_is_in_exactly_one_piece(
            parts in prop::collection::vec((0_u64..40, 0_u64..40), 0..200),
            grain in 1_u64..60,
        ) {
            let row = row(&parts);
            let mut next = 0;
            let mut active = 0;
            for piece in row.pieces(all(), grain) {
                let (first, count) = match piece {
                    Piece::Span { index } => (index, 1),
                    Piece::Folded { first, count, active: folded, range } => {
                        prop_assert_eq!(folded, row.active_nanos(first, first + count));
                        prop_assert_eq!(Some(range.begin), row.get(first).map(|span| span.begin));
                        (first, count)
                    }
                };
                prop_assert_eq!(first, next);
                next = first + count;
                active += (first..next).map(|place| row.shelf.active_nanos(place)).sum::<u64>();
            }
            prop_assert_eq!(next, parts.len());
            prop_assert_eq!(active, row.active_nanos(0, parts.len()));
        }
    }
}

//! The spans of one depth, and how to look at a million of them.

use super::levels::{Block, Found, Levels, Trail};
use super::peaks::Peaks;
use super::shelf::Shelf;
use super::spans::Spans;
use super::{Span, SpanKind};
use crate::trace::{TimeRange, Timestamp};

/// Where a fold of many spans ends may be off by this part of a grain: half a pixel.
const SLACK: u64 = 4;

/// Spans that do not overlap, in the order of time. Only finished ones.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::store::Piece;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let task = &trace.store.models()[2].tasks[0];
/// let row = task.lane.row(0).expect("it did something");
/// // What there is to see on a screen on which nothing shorter than a second can be told apart.
/// let pieces = row.pieces(trace.store.range(), 1_000_000_000);
/// let seen: Vec<Piece> = pieces.collect();
/// assert!(seen.len() < row.spans().len(), "short ones are folded");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    shelf: Shelf<Span>,
    levels: Levels,
    total_active: u64,
    /// When the last span ended.
    ended: Timestamp,
    /// What the last span is that has active time.
    last_active: Option<SpanKind>,
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
        span.begin = span.begin.max(self.ended);
        span.end = span.end.max(span.begin);
        let (ended, active, kind) = (self.ended, self.total_active, self.last_active);
        let block = || Block::new(span.begin, ended, active, kind);
        self.levels.push(place, block);
        self.ended = span.end;
        self.shelf.push(span);
        let active = match span.kind.is_active() {
            true => span.end.0 - span.begin.0,
            false => 0,
        };
        if active > 0 {
            self.total_active = self.total_active.saturating_add(active);
            self.last_active = Some(span.kind);
        }
        self.longest.push(place, active);
    }

    /// Takes the last span out again, as one that lasts still. Only one without active time: of others more is
    /// remembered than can be forgotten.
    pub(super) fn reopen_last(&mut self) -> Option<Span> {
        self.spans().last().filter(|span| !span.kind.is_active())?;
        let mut span = self.shelf.pop()?;
        let place = self.shelf.len();
        let shelf = &self.shelf;
        self.longest
            .forget(place, |place| shelf.active_nanos(place));
        self.levels.forget(place);
        self.ended = self.spans().last().map_or(Timestamp::ZERO, |last| last.end);
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
            let ended = self.shelf.times(place).map_or(to, |(_, ended)| ended);
            self.levels.move_begin(next, to, ended);
        }
    }

    /// The span at `place`, which is no active time, has ended at an earlier moment.
    pub(super) fn end_earlier(&mut self, place: usize, to: Timestamp) {
        if let Some((begin, _)) = self.shelf.times(place) {
            let end = to.max(begin);
            self.shelf.set_times(place, begin, end);
            self.levels.move_end(place, end);
            if place + 1 == self.shelf.len() {
                self.ended = end;
            }
        }
    }

    /// Lets go of the spans that end before `moment`, in whole pieces.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.shelf.forget_before(self.first_after(moment));
        let first = self.shelf.first();
        self.levels.forget_before(first);
        self.longest.forget_before(first);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.shelf.bytes() + self.levels.bytes() + self.longest.bytes()
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
        let [from, to] = [from, to].map(|place| self.active_before(place, Trail::default()));
        to.saturating_sub(from)
    }

    /// The place, among the spans `from..to`, of the one with the most active time, if any of them has some.
    pub fn longest_active(&self, from: usize, to: usize) -> Option<usize> {
        let (from, to) = (from.max(self.shelf.first()), to.min(self.shelf.len()));
        self.longest
            .largest(from, to, |place| self.shelf.active_nanos(place))
            .filter(|&place| self.get(place).is_some_and(|span| span.kind.is_active()))
    }

    fn active_before(&self, place: usize, trail: Trail) -> u64 {
        if place >= self.shelf.len() {
            return self.total_active;
        }
        let place = place.max(self.shelf.first());
        if let Some(border) = self.levels.border(place, trail) {
            return border.active;
        }
        let (before, block) = self.levels.active_before_block(place);
        let near = (block..place).map(|place| self.shelf.active_nanos(place));
        before + near.sum::<u64>()
    }

    /// How long a span is, in nanoseconds.
    fn nanos(&self, place: usize) -> Option<u64> {
        let (begin, end) = self.shelf.times(place)?;
        Some(end.0 - begin.0)
    }

    /// When the last span before a place ended.
    fn ended_before(&self, place: usize, trail: Trail) -> Option<Timestamp> {
        if let Some(ended) = self.levels.border(place, trail).and_then(Block::ended) {
            return Some(ended);
        }
        Some(self.shelf.times(place.checked_sub(1)?)?.1)
    }

    /// What a fold of the spans `from..to` is drawn as: what the last of them is that has active time, if any has. Only
    /// the last few are looked at where that is not known: a frame must not read the whole trace.
    fn kind_of(&self, from: usize, to: usize, active: u64, trail: Trail) -> SpanKind {
        const ENOUGH: usize = 4;
        let known = self.levels.border(to, trail).filter(|_| active > 0);
        let spans = self.spans().range(from..to);
        let few = || spans.iter().rev().take(ENOUGH);
        let found = || few().find(|span| span.kind.is_active() == (active > 0));
        known
            .and_then(|border| border.kind)
            .or_else(|| Some(found().or_else(|| spans.last())?.kind))
            .unwrap_or(SpanKind::Waiting)
    }

    /// The place of the first span from `from` on that begins at `moment` or later.
    pub fn begins_at(&self, from: usize, moment: Timestamp) -> usize {
        let from = from.max(self.shelf.first());
        let found = self.levels.find(from, moment, 0, &mut Trail::default());
        match found {
            Found::NearEnough(place) => place,
            Found::Between(low, high) => self.begins_between(low, high, moment),
        }
    }

    /// The same of the few spans `low..high`, or the end of those.
    fn begins_between(&self, low: usize, high: usize, moment: Timestamp) -> usize {
        let high = high.min(self.shelf.len());
        // Counting fetches all of them at once; bisection would wait for one after the other.
        let begun = (low..high).filter_map(|place| self.shelf.times(place));
        low + begun.filter(|(begin, _)| *begin < moment).count()
    }

    /// What there is to see of `view` where nothing shorter than `grain` nanoseconds can be told apart.
    ///
    /// The work depends on how many grains the view holds, not on how many spans: those that begin in one
    /// grain are folded, found by blocks of them and never touched one by one. Grains lie at multiples of
    /// `grain` of the trace's time, so that folds do not change while the view moves. A fold of very many spans may hold
    /// a few that begin just after its grain.
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
            trail: Trail::default(),
            active: None,
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
        /// What one of those with active time is, if one is known that has some; otherwise what another one is.
        kind: SpanKind,
    },
}

/// The pieces of a row in a view, in the order of time.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    row: &'a Row,
    next: usize,
    end: Timestamp,
    grain: u64,
    trail: Trail,
    /// The active time of all spans before the next one, where it is known.
    active: Option<u64>,
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let (row, first) = (self.row, self.next);
        let slack = self.grain / SLACK;
        // Of short blocks no span needs to be looked at.
        let block = row.levels.short_block(first, self.trail, slack);
        let (begin, nanos) = match block {
            Some(begin) => (begin, 0),
            None => {
                let (begin, end) = row.shelf.times(first)?;
                (begin, end.0 - begin.0)
            }
        };
        if begin >= self.end {
            return None;
        }
        let past = match nanos >= self.grain {
            true => first + 1,
            false => self.past_grain(first, begin)?,
        };
        self.next = past;
        if past - first == 1 {
            self.active = None;
            return Some(Piece::Span { index: first });
        }
        let trail = self.trail;
        let before = self
            .active
            .unwrap_or_else(|| row.active_before(first, trail));
        let until = row.active_before(past, trail);
        self.active = Some(until);
        let active = until.saturating_sub(before);
        Some(Piece::Folded {
            first,
            count: past - first,
            range: TimeRange::new(begin, row.ended_before(past, trail)?),
            active,
            kind: row.kind_of(first, past, active, trail),
        })
    }
}

impl Pieces<'_> {
    /// The place after the short spans that begin in the same grain as the one at `first`, which does at `begin`.
    fn past_grain(&mut self, first: usize, begin: Timestamp) -> Option<usize> {
        let slack = self.grain / SLACK;
        let grain_end = Timestamp(
            (begin.0 / self.grain)
                .saturating_add(1)
                .saturating_mul(self.grain),
        );
        let levels = &self.row.levels;
        let (low, high) = match levels.find(first + 1, grain_end, slack, &mut self.trail) {
            Found::NearEnough(place) => return Some(place),
            Found::Between(low, high) => (low, high),
        };
        let past = self.row.begins_between(low, high, grain_end);
        // Only the last one can reach out of the grain, and so be long enough to be seen by itself.
        let is_seen = past - first > 1 && self.row.nanos(past - 1)? >= self.grain;
        Some(if is_seen { past - 1 } else { past })
    }
}

#[cfg(test)]
mod tests;

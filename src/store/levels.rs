//! Where a moment lies in a long row, without a look at what lies in between.

use super::SpanKind;
use super::chunks::Chunks;
use crate::trace::Timestamp;

/// How many spans a block of each level holds. Each level is a multiple of the one below: the begins of all blocks
/// inside one around them are fetched from memory at once.
const LEVELS: [usize; 4] = [64, 512, 4_096, 32_768];
/// How many spans the smallest block holds.
pub(super) const BLOCK: usize = LEVELS[0];

/// What is known of the spans of a row by blocks of them, so that a stretch of many is found and summed up with a few
/// looks. Half a byte for each span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Levels {
    /// Where the blocks of each level begin.
    begins: [Chunks<Timestamp>; LEVELS.len()],
    /// What lies before each of the smallest blocks.
    borders: Chunks<Border>,
}

/// What lies before a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Border {
    /// When the last span before it ended.
    pub(super) ended: Timestamp,
    /// The active time, in nanoseconds, of all spans before it.
    pub(super) active: u64,
    /// What the last span before it is that has active time, if there is one.
    pub(super) kind: Option<SpanKind>,
}

/// Where a moment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Somewhere in a block, which begins before it: no further than the first of these places, and up to the second
    /// or where the row ends.
    Between(usize, usize),
    /// In a block so short that its end, at this place, is near enough.
    NearEnough(usize),
}

impl Levels {
    /// A span at `place`, the next one in the row, begins there. `border` tells what lies before it, where somebody will
    /// want to know.
    pub(super) fn push(&mut self, place: usize, begin: Timestamp, border: impl FnOnce() -> Border) {
        if !place.is_multiple_of(BLOCK) {
            return;
        }
        self.borders.push(border());
        for (begins, size) in self.begins.iter_mut().zip(LEVELS) {
            if place.is_multiple_of(size) {
                begins.push(begin);
            }
        }
    }

    /// There is no span at `place`, the last one, any more.
    pub(super) fn forget(&mut self, place: usize) {
        if !place.is_multiple_of(BLOCK) {
            return;
        }
        self.borders.pop();
        for (begins, size) in self.begins.iter_mut().zip(LEVELS) {
            if place.is_multiple_of(size) {
                begins.pop();
            }
        }
    }

    /// The span at `place` begins at another moment.
    pub(super) fn move_begin(&mut self, place: usize, to: Timestamp) {
        for (begins, size) in self.begins.iter_mut().zip(LEVELS) {
            if let Some(begin) = begins.get_mut(place / size)
                && place.is_multiple_of(size)
            {
                *begin = to;
            }
        }
    }

    /// The span at `place` ends at another moment.
    pub(super) fn move_end(&mut self, place: usize, to: Timestamp) {
        let next = place + 1;
        if let Some(border) = self.borders.get_mut(next / BLOCK)
            && next.is_multiple_of(BLOCK)
        {
            border.ended = to;
        }
    }

    /// Nobody will ask for anything before `place` any more.
    pub(super) fn forget_before(&mut self, place: usize) {
        for (begins, size) in self.begins.iter_mut().zip(LEVELS) {
            begins.forget_before(place / size);
        }
        self.borders.forget_before(place / BLOCK);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let begins: usize = self.begins.iter().map(Chunks::bytes).sum();
        begins + self.borders.bytes()
    }

    /// What lies before `place`, where that is the begin of a block.
    pub(super) fn border(&self, place: usize) -> Option<&Border> {
        let begins = place.is_multiple_of(BLOCK);
        begins.then(|| self.borders.get(place / BLOCK)).flatten()
    }

    /// When the smallest block that begins at `place` does, if it takes no more than `slack` nanoseconds. `None` where none
    /// begins there, or none after it.
    pub(super) fn short_block(&self, place: usize, slack: u64) -> Option<Timestamp> {
        if !place.is_multiple_of(BLOCK) {
            return None;
        }
        let block = place / BLOCK;
        let [begins, ..] = &self.begins;
        let (begin, end) = (*begins.get(block)?, *begins.get(block + 1)?);
        (end.0 - begin.0 <= slack).then_some(begin)
    }

    /// Where the first span from `from` on lies that begins at `moment` or later. A block of no more than `slack`
    /// nanoseconds is not looked into. Looks near first: most grains hold few spans.
    pub(super) fn find(&self, from: usize, moment: Timestamp, slack: u64) -> Found {
        // Up, as long as blocks end before the moment.
        let mut low = from;
        let mut level = 0;
        for (place, size) in LEVELS.into_iter().enumerate() {
            level = place;
            let next = low / size + 1;
            match self.begins[place].get(next) {
                Some(begin) if *begin < moment => low = next * size,
                _ => break,
            }
        }
        // Down again, from block to block.
        loop {
            let (begins, size) = (&self.begins[level], LEVELS[level]);
            let next = begins.partition_point_from(low / size + 1, |begin| *begin < moment);
            let block = next.saturating_sub(1);
            low = low.max(block * size);
            if let (Some(begin), Some(end)) = (begins.get(block), begins.get(next))
                && *begin < moment
                && end.0 - begin.0 <= slack
            {
                return Found::NearEnough(next * size);
            }
            match level.checked_sub(1) {
                Some(below) => level = below,
                None => return Found::Between(low, next * size),
            }
        }
    }
}

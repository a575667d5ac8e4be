//! Where a moment lies in a long row, without a look at what lies in between.

use super::SpanKind;
use super::chunks::Chunks;
use crate::trace::Timestamp;

/// How many spans a block of each level holds. Each level is a multiple of the one below: the begins of all blocks
/// inside one around them are fetched from memory at once.
const LEVELS: [usize; 5] = [8, 64, 512, 4_096, 32_768];
/// How many spans the smallest block holds. Finding a sum or a place looks at so many spans at most: what is slow about
/// a long row is not to compute but to fetch it from memory.
pub(super) const BLOCK: usize = LEVELS[0];
/// Before so many spans more is known than the active time.
const BORDER: usize = LEVELS[1];

/// What is known of the spans of a row by blocks of them, so that a stretch of many is found and summed up with a few
/// looks. Two bytes and a half for each span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Levels {
    /// Where the blocks of each level begin.
    begins: [Chunks<Timestamp>; LEVELS.len()],
    /// The active time, in nanoseconds, of all spans before each of the smallest blocks.
    active: Chunks<u64>,
    /// What lies before each of the blocks of [`BORDER`] spans.
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
    /// Somewhere in one of the smallest blocks, which begins before it: no further than the first of these places, and up to
    /// the second or where the row ends.
    Between(usize, usize),
    /// In a block so short that its end, at this place, is near enough.
    NearEnough(usize),
}

/// How the last moment was found. The next one is likely to be as far away: this says where to look first, and changes
/// nothing about what is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trail {
    /// By blocks of this level.
    level: usize,
    /// So many of them further.
    step: usize,
}

impl Default for Trail {
    /// From above: nothing is known.
    fn default() -> Self {
        Self {
            level: LEVELS.len() - 1,
            step: 0,
        }
    }
}

impl Levels {
    /// A span at `place`, the next one in the row, begins there. `border` tells what lies before it, where somebody will
    /// want to know.
    pub(super) fn push(&mut self, place: usize, begin: Timestamp, border: impl FnOnce() -> Border) {
        if !place.is_multiple_of(BLOCK) {
            return;
        }
        let border = border();
        self.active.push(border.active);
        if place.is_multiple_of(BORDER) {
            self.borders.push(border);
        }
        for (begins, size) in self.begins.iter_mut().zip(LEVELS) {
            if !place.is_multiple_of(size) {
                return;
            }
            begins.push(begin);
        }
    }

    /// There is no span at `place`, the last one, any more.
    pub(super) fn forget(&mut self, place: usize) {
        if !place.is_multiple_of(BLOCK) {
            return;
        }
        self.active.pop();
        if place.is_multiple_of(BORDER) {
            self.borders.pop();
        }
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
        if let Some(border) = self.borders.get_mut(next / BORDER)
            && next.is_multiple_of(BORDER)
        {
            border.ended = to;
        }
    }

    /// Nobody will ask for anything before `place` any more.
    pub(super) fn forget_before(&mut self, place: usize) {
        for (begins, size) in self.begins.iter_mut().zip(LEVELS) {
            begins.forget_before(place / size);
        }
        self.active.forget_before(place / BLOCK);
        self.borders.forget_before(place / BORDER);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let begins: usize = self.begins.iter().map(Chunks::bytes).sum();
        begins + self.active.bytes() + self.borders.bytes()
    }

    /// What lies before `place`, where that is the begin of a block that knows it.
    pub(super) fn border(&self, place: usize) -> Option<&Border> {
        let begins = place.is_multiple_of(BORDER);
        begins.then(|| self.borders.get(place / BORDER)).flatten()
    }

    /// The active time, in nanoseconds, of all spans before the smallest block around `place`, and where that begins.
    pub(super) fn active_before_block(&self, place: usize) -> (u64, usize) {
        let block = place / BLOCK;
        (self.active.get(block).copied().unwrap_or(0), block * BLOCK)
    }

    /// When the block that begins at `place` does, if it takes no more than `slack` nanoseconds: none of its spans needs to
    /// be looked at then. Of the blocks that begin there, the one by which the trail leads counts.
    pub(super) fn short_block(&self, place: usize, trail: Trail, slack: u64) -> Option<Timestamp> {
        let (level, size) = (trail.level, LEVELS[trail.level]);
        let begins = place.is_multiple_of(size);
        begins.then(|| self.short(level, place / size, slack))?
    }

    /// Where the first span from `from` on lies that begins at `moment` or later. A block of no more than `slack`
    /// nanoseconds is not looked into: the largest such block around the moment counts, wherever the trail leads.
    pub(super) fn find(
        &self,
        from: usize,
        moment: Timestamp,
        slack: u64,
        trail: &mut Trail,
    ) -> Found {
        let Trail { level, step } = *trail;
        let (mut low, mut likely) = (from, step);
        for level in (0..=level).rev() {
            let first = low / LEVELS[level] + 1;
            let begins = &self.begins[level];
            let next = begins.partition_point_near(first, likely, |begin| *begin < moment);
            low = low.max(next.saturating_sub(1) * LEVELS[level]);
            // What was walked below the level where the trail began says nothing about the next moment.
            let step = match level == trail.level {
                true => next.saturating_sub(first),
                false => 0,
            };
            let end = |level| self.end_of_short(low, level, moment, slack);
            if let Some(near) = end(level) {
                let around =
                    (level + 1..LEVELS.len()).map_while(|above| Some((above, end(above)?)));
                let (largest, step, near) = match around.last() {
                    Some((above, near)) => (above, 0, near),
                    None => (level, step, near),
                };
                *trail = Trail {
                    level: largest,
                    step,
                };
                return Found::NearEnough(near);
            }
            if level == 0 {
                *trail = Trail { level, step };
                return Found::Between(low, next * LEVELS[level]);
            }
            likely = 0;
        }
        unreachable!("the last level is the smallest one")
    }

    /// Where the block of a level around `place` ends, if it begins before `moment` and takes no more than `slack`
    /// nanoseconds.
    fn end_of_short(
        &self,
        place: usize,
        level: usize,
        moment: Timestamp,
        slack: u64,
    ) -> Option<usize> {
        let block = place / LEVELS[level];
        let begin = self.short(level, block, slack)?;
        (begin < moment).then_some((block + 1) * LEVELS[level])
    }

    /// When a block begins that takes no more than `slack` nanoseconds. The last one of a row has no end yet.
    fn short(&self, level: usize, block: usize, slack: u64) -> Option<Timestamp> {
        let begins = &self.begins[level];
        let (begin, end) = (*begins.get(block)?, *begins.get(block + 1)?);
        (end.0 - begin.0 <= slack).then_some(begin)
    }
}

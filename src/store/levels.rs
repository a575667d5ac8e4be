//! Where a moment lies in a long row, without a look at what lies in between.

use super::SpanKind;
use super::chunks::Chunks;
use crate::trace::Timestamp;

/// How many spans a block of each level holds. Each level is a multiple of the one below: the begins of all blocks
/// inside one around them are fetched from memory at once.
const LEVELS: [usize; 6] = [8, 32, 128, 512, 4_096, 32_768];
/// How many spans the smallest block holds. Finding a sum or a place looks at so many spans at most: what is slow about
/// a long row is not to compute but to fetch it from memory.
pub(super) const BLOCK: usize = LEVELS[0];

/// What is known of the spans of a row by blocks of them, so that a stretch of many is found and summed up with a few
/// looks. Three bytes and a third for each span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Levels {
    /// The smallest blocks.
    blocks: Chunks<Block>,
    /// When the blocks of each level above begin.
    begins: [Chunks<Timestamp>; LEVELS.len() - 1],
}

/// Where one of the smallest blocks begins, and what lies before it: all that a fold up to there needs in one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// When its first span begins.
    begin: Timestamp,
    /// The active time, in nanoseconds, of all spans before it.
    pub(super) active: u64,
    /// How many nanoseconds before its first span the last one before it ended; [`FAR`] where it is that or more.
    gap: u32,
    /// What the last span before it is that has active time, if there is one.
    pub(super) kind: Option<SpanKind>,
}

const _: () = assert!(size_of::<Block>() == 24, "memory is stated per span");

/// More than four seconds: there are few of those.
const FAR: u32 = u32::MAX;

impl Block {
    /// One whose first span begins at a moment, where the last one before it ended at another.
    pub(super) fn new(
        begin: Timestamp,
        ended: Timestamp,
        active: u64,
        kind: Option<SpanKind>,
    ) -> Self {
        Self {
            begin,
            active,
            gap: gap(begin, ended),
            kind,
        }
    }

    /// When the last span before it ended, unless that is long ago.
    pub(super) fn ended(&self) -> Option<Timestamp> {
        let near = self.gap < FAR;
        near.then(|| Timestamp(self.begin.0 - u64::from(self.gap)))
    }
}

fn gap(begin: Timestamp, ended: Timestamp) -> u32 {
    u32::try_from(begin.0.saturating_sub(ended.0)).unwrap_or(FAR)
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
    /// A span at `place`, the next one in the row, begins there. `block` tells what lies before it, where somebody will
    /// want to know.
    #[inline]
    pub(super) fn push(&mut self, place: usize, block: impl FnOnce() -> Block) {
        if place.is_multiple_of(BLOCK) {
            self.push_block(place, block());
        }
    }

    fn push_block(&mut self, place: usize, block: Block) {
        self.blocks.push(block);
        for (begins, size) in self.begins.iter_mut().zip(&LEVELS[1..]) {
            if !place.is_multiple_of(*size) {
                return;
            }
            begins.push(block.begin);
        }
    }

    /// There is no span at `place`, the last one, any more.
    pub(super) fn forget(&mut self, place: usize) {
        if !place.is_multiple_of(BLOCK) {
            return;
        }
        self.blocks.pop();
        for (begins, size) in self.begins.iter_mut().zip(&LEVELS[1..]) {
            if place.is_multiple_of(*size) {
                begins.pop();
            }
        }
    }

    /// The span at `place` begins at another moment, and so may the one before it have ended at another.
    pub(super) fn move_begin(&mut self, place: usize, begin: Timestamp, ended: Timestamp) {
        if !place.is_multiple_of(BLOCK) {
            return;
        }
        if let Some(block) = self.blocks.get_mut(place / BLOCK) {
            (block.begin, block.gap) = (begin, gap(begin, ended));
        }
        for (begins, size) in self.begins.iter_mut().zip(&LEVELS[1..]) {
            if let Some(known) = begins.get_mut(place / size)
                && place.is_multiple_of(*size)
            {
                *known = begin;
            }
        }
    }

    /// The span at `place` ends at another moment.
    pub(super) fn move_end(&mut self, place: usize, to: Timestamp) {
        let next = place + 1;
        if let Some(block) = self.blocks.get_mut(next / BLOCK)
            && next.is_multiple_of(BLOCK)
        {
            block.gap = gap(block.begin, to);
        }
    }

    /// Nobody will ask for anything before `place` any more.
    pub(super) fn forget_before(&mut self, place: usize) {
        self.blocks.forget_before(place / BLOCK);
        for (begins, size) in self.begins.iter_mut().zip(&LEVELS[1..]) {
            begins.forget_before(place / size);
        }
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let begins: usize = self.begins.iter().map(Chunks::bytes).sum();
        begins + self.blocks.bytes()
    }

    /// The smallest block that begins at `place`, where one does.
    pub(super) fn border(&self, place: usize) -> Option<&Block> {
        let begins = place.is_multiple_of(BLOCK);
        begins.then(|| self.blocks.get(place / BLOCK)).flatten()
    }

    /// The active time, in nanoseconds, of all spans before the smallest block around `place`, and where that begins.
    pub(super) fn active_before_block(&self, place: usize) -> (u64, usize) {
        let block = place / BLOCK;
        let active = self.blocks.get(block).map_or(0, |block| block.active);
        (active, block * BLOCK)
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
            let next = match level.checked_sub(1) {
                None => self
                    .blocks
                    .partition_point_near(first, likely, |block| block.begin < moment),
                Some(above) => {
                    self.begins[above].partition_point_near(first, likely, |begin| *begin < moment)
                }
            };
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
        let (begin, end) = (
            self.begin_of(level, block)?,
            self.begin_of(level, block + 1)?,
        );
        (end.0 - begin.0 <= slack).then_some(begin)
    }

    /// When a block of a level begins.
    fn begin_of(&self, level: usize, block: usize) -> Option<Timestamp> {
        match level.checked_sub(1) {
            None => self.blocks.get(block).map(|block| block.begin),
            Some(above) => self.begins[above].get(block).copied(),
        }
    }
}

//! Where a moment lies in a long row, without a look at what lies in between.

use super::SpanKind;
use super::chunks::Chunks;
use crate::trace::Timestamp;

/// How many spans a block of each level holds. Each is four times the one below: a look at a long row goes from block to
/// block of one level, of which there are a few to a pixel, and so is fetched from memory as one stream.
const LEVELS: [usize; 8] = [8, 32, 128, 512, 2_048, 8_192, 32_768, 131_072];
/// How many spans the smallest block holds. Finding a sum or a place looks at so many spans at most: what is slow about
/// a long row is not to compute but to fetch it from memory.
pub(super) const BLOCK: usize = LEVELS[0];

/// What is known of the spans of a row by blocks of them, so that a stretch of many is found and summed up with a few
/// looks. Four bytes for each span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Levels {
    /// The blocks of each level. Those above the smallest begin to be kept with the second one of their level: a row of a
    /// few spans needs none.
    blocks: [Chunks<Block>; LEVELS.len()],
}

/// Where a block begins, and what lies before it: all that a fold up to there needs in one place.
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
    /// Stands for one of which nothing is known any more.
    const BEFORE: Self = Self {
        begin: Timestamp::ZERO,
        active: 0,
        gap: FAR,
        kind: None,
    };

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

/// By blocks of which level the last moment was found. The next one is likely to be as far away: this says where to look
/// first, and changes nothing about what is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trail(usize);

impl Default for Trail {
    /// From above: nothing is known.
    fn default() -> Self {
        Self(LEVELS.len() - 1)
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
        let [smallest, above @ ..] = &mut self.blocks;
        smallest.push(block);
        for (blocks, size) in above.iter_mut().zip(&LEVELS[1..]) {
            if place == 0 || !place.is_multiple_of(*size) {
                return;
            }
            if place == *size {
                // Where that was let go of nobody asks for it any more.
                blocks.push(*smallest.get(0).unwrap_or(&Block::BEFORE));
            }
            blocks.push(block);
        }
    }

    /// There is no span at `place`, the last one, any more.
    pub(super) fn forget(&mut self, place: usize) {
        for (level, size) in LEVELS.into_iter().enumerate() {
            if !place.is_multiple_of(size) || place == 0 && level > 0 {
                return;
            }
            self.blocks[level].pop();
            if place == size && level > 0 {
                // The first one came with it.
                self.blocks[level].pop();
            }
        }
    }

    /// The span at `place` begins at another moment, and so may the one before it have ended at another.
    pub(super) fn move_begin(&mut self, place: usize, begin: Timestamp, ended: Timestamp) {
        self.change(place, |block| {
            (block.begin, block.gap) = (begin, gap(begin, ended));
        });
    }

    /// The span at `place` ends at another moment.
    pub(super) fn move_end(&mut self, place: usize, to: Timestamp) {
        self.change(place + 1, |block| block.gap = gap(block.begin, to));
    }

    /// Changes the blocks that begin at `place`, where any do.
    fn change(&mut self, place: usize, change: impl Fn(&mut Block)) {
        for (blocks, size) in self.blocks.iter_mut().zip(LEVELS) {
            if !place.is_multiple_of(size) {
                return;
            }
            if let Some(block) = blocks.get_mut(place / size) {
                change(block);
            }
        }
    }

    /// Nobody will ask for anything before `place` any more.
    pub(super) fn forget_before(&mut self, place: usize) {
        for (blocks, size) in self.blocks.iter_mut().zip(LEVELS) {
            blocks.forget_before(place / size);
        }
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(Chunks::bytes).sum()
    }

    /// The block that begins at `place`, where one does. All that do say the same: the one is asked by which the trail leads.
    pub(super) fn border(&self, place: usize, trail: Trail) -> Option<&Block> {
        let of = |level: usize| {
            let begins = place.is_multiple_of(LEVELS[level]);
            begins.then(|| self.block(level, place / LEVELS[level]))?
        };
        of(trail.0).or_else(|| of(0))
    }

    /// The active time, in nanoseconds, of all spans before the smallest block around `place`, and where that begins.
    pub(super) fn active_before_block(&self, place: usize) -> (u64, usize) {
        let block = place / BLOCK;
        let active = self.block(0, block).map_or(0, |block| block.active);
        (active, block * BLOCK)
    }

    /// When the block that begins at `place` does, if it takes no more than `slack` nanoseconds: none of its spans needs to
    /// be looked at then. Of the blocks that begin there, the one by which the trail leads counts.
    pub(super) fn short_block(&self, place: usize, trail: Trail, slack: u64) -> Option<Timestamp> {
        let size = LEVELS[trail.0];
        let begins = place.is_multiple_of(size);
        begins.then(|| self.short(trail.0, [place, place + size], slack))?
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
        let mut low = from;
        for level in (0..=trail.0).rev() {
            let size = LEVELS[level];
            let begins_before = |block: &Block| block.begin < moment;
            let next = self.blocks[level].partition_point_walking(low / size + 1, begins_before);
            low = low.max(next.saturating_sub(1) * size);
            let end = |above| self.end_of_short(low, above, level, moment, slack);
            let largest = (level..LEVELS.len()).map_while(|above| Some((above, end(above)?)));
            if let Some((largest, near)) = largest.last() {
                *trail = Trail(largest);
                return Found::NearEnough(near);
            }
            if level == 0 {
                *trail = Trail(level);
                return Found::Between(low, next * size);
            }
        }
        unreachable!("the last level is the smallest one")
    }

    /// Where the block of level `above` around `place` ends, if it begins before `moment` and takes no more than `slack`
    /// nanoseconds. When it does is told by the blocks of `level` in it, at which we look anyway.
    fn end_of_short(
        &self,
        place: usize,
        above: usize,
        level: usize,
        moment: Timestamp,
        slack: u64,
    ) -> Option<usize> {
        let size = LEVELS[above];
        let from = place - place % size;
        let begin = self.short(level, [from, from + size], slack)?;
        (begin < moment).then_some(from + size)
    }

    /// When the spans from one place up to another begin, at both of which a block of a level does, if they take no more
    /// than `slack` nanoseconds. The last ones of a row have no end yet.
    fn short(&self, level: usize, [from, to]: [usize; 2], slack: u64) -> Option<Timestamp> {
        let begin = |place| Some(self.block(level, place / LEVELS[level])?.begin);
        let (begin, end) = (begin(from)?, begin(to)?);
        (end.0 - begin.0 <= slack).then_some(begin)
    }

    fn block(&self, level: usize, number: usize) -> Option<&Block> {
        self.blocks[level].get(number)
    }
}

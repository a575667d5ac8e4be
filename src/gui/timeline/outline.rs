//! What lies above what: the groups and lanes from top to bottom, without their contents.

use std::collections::HashMap;

use super::census::Counted;
use super::scene::Scene;
use super::stack::Stack;
use crate::gui::lanes::{Lane, Part, Sort};
use crate::store::{LaneRef, ModelTrack, TaskTrack, ThreadTrack, TraceStore};
use crate::trace::ModelId;

/// Height of a model's header, in points.
pub(super) const HEADER: f32 = 38.0;
/// Height of a task's lane where there is little room.
pub(super) const TASK: f32 = 23.0;
/// Height of one depth of a thread's lane where there is little room.
pub(super) const ROW: f32 = 16.0;
/// Heights of a task's lane and of one depth of a thread's where with a little less of height all lanes can be seen at once:
/// down to where words on them would lose their feet.
const LOWER: [(f32, f32); 4] = [(22.0, 15.0), (21.0, 14.0), (20.0, 14.0), (19.0, 14.0)];
/// Height of a task's lane that is collapsed.
pub(super) const SLIM: f32 = 12.0;
/// Height of the strip above a thread's rows in which its moments are marked.
pub(super) const MOMENTS: f32 = 9.0;
/// Free space below a thread's rows.
pub(super) const BELOW: f32 = 3.0;
/// Free space between two groups.
pub(super) const GAP: f32 = 7.0;
/// Height of the note below the names that tells of hidden lanes.
pub(super) const NOTE: f32 = 22.0;
/// How much higher lanes are at most where there is much room.
const MOST_GROWTH: f32 = 2.25;
/// How much of the room pinned lanes take at most; those that are left lie in their groups.
const MOST_PINNED: f32 = 0.5;

/// What stands at the top of the lanes as far as they are scrolled, in words that another trace understands.
#[derive(Clone, Debug, PartialEq)]
pub struct Top {
    /// The name of the model.
    pub model: String,
    /// How far below the upper edge of its header, in points.
    pub below: f32,
}

/// What a band of the timeline is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    /// The header of a model.
    Header {
        /// Whether its lanes are hidden.
        collapsed: bool,
    },
    /// How a task fared.
    Task(&'a TaskTrack),
    /// What a thread did.
    Thread(&'a ThreadTrack),
    /// All but the first lanes of a sort, of which there are very many.
    Crowd {
        /// Which sort.
        sort: Sort,
        /// How many they are.
        count: usize,
        /// Whether they share this one; else each lies below it.
        collapsed: bool,
    },
}

/// Where a band is while the others are scrolled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stays {
    /// It goes along.
    Scrolls,
    /// It never moves.
    Pinned,
    /// It goes no higher than `roof` while something of its group, which ends at `until`, is below it. Both in
    /// points, as [`Band::top`].
    Sticks {
        /// The lower edge of what is pinned.
        roof: f32,
        /// The lower edge of its group.
        until: f32,
    },
}

/// One horizontal band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band<'a> {
    /// What it is about.
    pub(super) kind: Kind<'a>,
    /// Whose it is.
    pub(super) model: &'a ModelTrack,
    /// Its upper edge, in points below the upper edge of all bands.
    pub(super) top: f32,
    /// How high it is, in points.
    pub(super) height: f32,
    /// How high one depth of a thread is.
    pub(super) row: f32,
    /// How many depths of a thread show.
    pub(super) rows: usize,
    /// Where it is while the others are scrolled.
    pub(super) stays: Stays,
}

impl Band<'_> {
    /// Its lower edge.
    pub(super) fn bottom(&self) -> f32 {
        self.top + self.height
    }

    /// The upper edge of a depth of a thread, below the upper edge of the band. Depths that do not show lie on
    /// the last one that does.
    pub(super) fn row_top(&self, depth: usize) -> f32 {
        MOMENTS + depth.min(self.rows.saturating_sub(1)) as f32 * self.row
    }

    /// Its upper edge, in points below the upper edge of the window, when the lanes are scrolled up by `scroll`.
    pub(super) fn shown_top(&self, scroll: f32) -> f32 {
        let top = self.top - scroll;
        match self.stays {
            Stays::Pinned => self.top,
            Stays::Scrolls => top,
            Stays::Sticks { roof, until } => top.max(roof.min(until - scroll - self.height)),
        }
    }

    /// Which lane of its model it is; `None` for a header.
    pub(super) fn lane(&self) -> Option<LaneRef> {
        match self.kind {
            Kind::Header { .. } | Kind::Crowd { .. } => None,
            Kind::Task(task) => Some(LaneRef::Task(task.id)),
            Kind::Thread(thread) => Some(LaneRef::Thread(thread.id)),
        }
    }

    /// By what it is known to the arrangement.
    pub(super) fn key(&self, store: &TraceStore) -> Lane {
        let part = match (self.kind, self.lane()) {
            (Kind::Crowd { sort, .. }, _) => Part::Crowd(sort),
            (_, Some(lane)) => Part::One(lane),
            (_, None) => Part::Whole,
        };
        Lane {
            group: store.model_name(self.model).to_owned(),
            part,
        }
    }
}

/// All bands.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline<'a> {
    /// The pinned ones first.
    pub(super) bands: Vec<Band<'a>>,
    pub(super) pinned: usize,
    /// The lower edge of the pinned ones.
    pub(super) roof: f32,
    pub(super) height: f32,
    pub(super) hidden: usize,
    /// What shares a lane with others, of each model.
    pub(super) crowds: HashMap<(ModelId, Sort), Vec<LaneRef>>,
    /// What is known of those that are on the screen.
    pub(super) counted: HashMap<(ModelId, Sort), Counted>,
}

impl<'a> Outline<'a> {
    /// The bands of a scene for a window of `room` points. Where it is higher than they are, they grow; where it is a little
    /// lower, they shrink: what is compared is best seen at once.
    pub(super) fn new(scene: &Scene<'a>, room: f32) -> Self {
        let mut plain = Self::build(scene, room, [TASK, ROW], 0.0);
        // What shares a lane although there is room for all of it has lanes of its own.
        let spare = room - plain.height;
        let fits = |band: &Band<'_>| match band.kind {
            Kind::Crowd { count, .. } => count as f32 * TASK <= spare + band.height,
            _ => false,
        };
        if plain.bands.iter().any(fits) {
            plain = Self::build(scene, room, [TASK, ROW], spare);
        }
        let (tasks, rows) = plain.heights();
        if plain.height > room {
            let saved = |(task, row)| tasks * (TASK - task) + rows * (ROW - row);
            let mut lower = LOWER.into_iter();
            return match lower.find(|one| plain.height - saved(*one) <= room) {
                Some((task, row)) => Self::build(scene, room, [task, row], spare),
                None => plain,
            };
        }
        let growth = 1.0 + (room - plain.height) / (tasks * TASK + rows * ROW).max(1.0);
        let growth = growth.min(MOST_GROWTH);
        let (task, row) = ((TASK * growth).floor(), (ROW * growth).floor());
        if task <= TASK && row <= ROW {
            return plain;
        }
        Self::build(scene, room, [task, row], spare)
    }

    /// How many lanes of tasks have their full height, and how many depths of threads. A crowd that shares one is as high as
    /// two tasks.
    fn heights(&self) -> (f32, f32) {
        let height = |band: &Band<'_>| match band.kind {
            Kind::Header { .. } => (0.0, 0.0),
            Kind::Crowd { collapsed, .. } => (if collapsed { 2.0 } else { 0.0 }, 0.0),
            Kind::Task(_) => (if band.height < TASK { 0.0 } else { 1.0 }, 0.0),
            Kind::Thread(_) => (0.0, band.rows as f32),
        };
        let sum = |all: (f32, f32), one: (f32, f32)| (all.0 + one.0, all.1 + one.1);
        self.bands.iter().map(height).fold((0.0, 0.0), sum)
    }

    /// The bands with tasks and rows of threads of these heights, where `spare` points are left when all crowds share.
    fn build(scene: &Scene<'a>, room: f32, heights: [f32; 2], spare: f32) -> Self {
        let mut outline = Self::default();
        let mut stack = Stack::new(scene, heights, spare, &mut outline);
        stack.pin(room * MOST_PINNED);
        for model in scene.lanes.models(scene.store) {
            stack.group(model);
        }
        if outline.hidden > 0 {
            outline.height += NOTE;
        }
        outline
    }

    /// All of them: those that are pinned, then the others from top to bottom.
    pub(super) fn bands(&self) -> &[Band<'a>] {
        &self.bands
    }

    /// Those that stay at the top.
    pub(super) fn pinned(&self) -> &[Band<'a>] {
        &self.bands[..self.pinned]
    }

    /// How high what is pinned is, in points.
    pub(super) const fn roof(&self) -> f32 {
        self.roof
    }

    /// How high all of them are together, in points.
    pub(super) const fn height(&self) -> f32 {
        self.height
    }

    /// What shares the lane of a crowd.
    pub(super) fn crowd(&self, model: ModelId, sort: Sort) -> &[LaneRef] {
        self.crowds.get(&(model, sort)).map_or(&[], Vec::as_slice)
    }

    /// How many lanes are hidden, in their groups or with them.
    pub(super) const fn hidden(&self) -> usize {
        self.hidden
    }

    /// What stands at the top of a window that is scrolled by so much.
    pub(super) fn top(&self, store: &TraceStore, scroll: f32) -> Option<Top> {
        let headers = self.headers().rev();
        let mut above = headers.skip_while(|band| band.top > scroll + self.roof);
        above.next().map(|band| Top {
            model: store.model_name(band.model).to_owned(),
            below: scroll + self.roof - band.top,
        })
    }

    /// How far a window must be scrolled so that this stands at its top.
    pub(super) fn scroll_to(&self, store: &TraceStore, top: &Top) -> Option<f32> {
        let mut headers = self.headers();
        let header = headers.find(|band| store.model_name(band.model) == top.model)?;
        Some(header.top + top.below - self.roof)
    }

    fn headers(&self) -> impl DoubleEndedIterator<Item = &Band<'a>> {
        let all = self.bands[self.pinned..].iter();
        all.filter(|band| matches!(band.kind, Kind::Header { .. }))
    }

    /// Those below the pinned ones that show in a window of `height` points, `scroll` points below the upper edge.
    /// The headers come last: the one that sticks lies over the lanes.
    pub(super) fn visible(&self, scroll: f32, height: f32) -> impl Iterator<Item = &Band<'a>> {
        let all = &self.bands[self.pinned..];
        let from = all.partition_point(|band| band.bottom() <= scroll + self.roof);
        let to = all.partition_point(|band| band.top < scroll + height);
        let seen = &all[from..to.max(from)];
        let is_header = |band: &&Band<'_>| matches!(band.kind, Kind::Header { .. });
        let lanes = seen.iter().filter(move |band| !is_header(band));
        let below = move |band: &&Band<'_>| is_header(band) && band.top >= scroll + self.roof;
        let headers = seen.iter().filter(below);
        lanes.chain(self.stuck(scroll)).chain(headers)
    }

    /// The header that would be out of sight, at least in part, and stays because lanes of its group are not.
    fn stuck(&self, scroll: f32) -> Option<&Band<'a>> {
        let all = &self.bands[self.pinned..];
        let from = all.partition_point(|band| band.top < scroll + self.roof);
        let mut above = all[..from].iter().rev();
        let last = above.find(|band| matches!(band.kind, Kind::Header { .. }))?;
        matches!(last.stays, Stays::Sticks { roof, until } if until > scroll + roof).then_some(last)
    }

    /// The lower edge of what covers the lanes at their top, in points below the upper edge of the window.
    pub(super) fn cover(&self, scroll: f32) -> f32 {
        let stuck = self.stuck(scroll);
        stuck.map_or(self.roof, |band| band.shown_top(scroll) + band.height)
    }

    /// The one `y` points below the upper edge of the window, scrolled up by `scroll`.
    pub(super) fn at(&self, y: f32, scroll: f32) -> Option<&Band<'a>> {
        let holds = |band: &&Band<'_>| {
            let top = band.shown_top(scroll);
            top <= y && y < top + band.height
        };
        if y < self.roof {
            return self.pinned().iter().find(holds);
        }
        if let Some(header) = self.stuck(scroll).filter(holds) {
            return Some(header);
        }
        let all = &self.bands[self.pinned..];
        let place = all.partition_point(|band| band.bottom() <= y + scroll);
        all.get(place).filter(holds)
    }
}

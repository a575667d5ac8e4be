//! What lies above what: the groups and lanes from top to bottom, without their contents.

use std::collections::HashMap;

use super::scene::Scene;
use crate::gui::lanes::{Arrangement, CROWD, FIRST, Lane, Part, Sort};
use crate::store::{LaneRef, ModelTrack, TaskTrack, ThreadTrack, TraceStore};
use crate::trace::ModelId;

/// Height of a model's header, in points.
pub(super) const HEADER: f32 = 38.0;
/// Height of a task's lane where there is little room.
pub(super) const TASK: f32 = 23.0;
/// Height of one depth of a thread's lane where there is little room.
pub(super) const ROW: f32 = 16.0;
/// Height of a task's lane that is collapsed.
const SLIM: f32 = 12.0;
/// Height of what is above the lanes of a crowd that is expanded.
const CROWD_HEADER: f32 = 18.0;
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
    bands: Vec<Band<'a>>,
    pinned: usize,
    /// The lower edge of the pinned ones.
    roof: f32,
    height: f32,
    hidden: usize,
    /// What shares a lane with others, of each model.
    crowds: HashMap<(ModelId, Sort), Vec<LaneRef>>,
}

impl<'a> Outline<'a> {
    /// The bands of a scene for a window of `room` points. Where it is higher than they are, they grow.
    pub(super) fn new(scene: &Scene<'a>, room: f32) -> Self {
        let small = Self::build(scene, room, TASK, ROW);
        let grows = |band: &Band<'_>| match band.kind {
            Kind::Header { .. } => 0.0,
            Kind::Crowd { collapsed, .. } if !collapsed => 0.0,
            Kind::Crowd { .. } => band.height,
            Kind::Task(_) if band.height < TASK => 0.0,
            Kind::Task(_) => band.height,
            Kind::Thread(_) => band.rows as f32 * ROW,
        };
        let growing: f32 = small.bands.iter().map(grows).sum();
        let growth = 1.0 + (room - small.height).max(0.0) / growing.max(1.0);
        let growth = growth.min(MOST_GROWTH);
        let (task, row) = ((TASK * growth).floor(), (ROW * growth).floor());
        if task <= TASK && row <= ROW {
            return small;
        }
        Self::build(scene, room, task, row)
    }

    fn build(scene: &Scene<'a>, room: f32, task: f32, row: f32) -> Self {
        let mut outline = Self::default();
        let (store, lanes) = (scene.store, scene.lanes);
        let mut build = Build {
            store,
            lanes,
            selected: scene.selected_lane(),
            task,
            row,
            outline: &mut outline,
        };
        build.pin(room * MOST_PINNED);
        for model in lanes.models(store) {
            build.group(model);
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

/// Very many lanes of a sort.
struct Crowd {
    sort: Sort,
    /// How many of the next still have a lane of their own.
    first: usize,
    /// How many the others are.
    count: usize,
    collapsed: bool,
    hidden: bool,
}

/// Puts one band below the other.
struct Build<'a, 'b> {
    store: &'a TraceStore,
    lanes: &'b Arrangement,
    /// The lane of what is looked at closely: it has one of its own also where it is one of a crowd.
    selected: Option<(ModelId, LaneRef)>,
    task: f32,
    row: f32,
    outline: &'b mut Outline<'a>,
}

impl<'a> Build<'a, '_> {
    /// The lanes that are pinned, as far as there is room.
    fn pin(&mut self, room: f32) {
        for key in self.lanes.pinned() {
            let mut models = self.store.models().iter();
            let model = models.find(|model| self.store.model_name(model) == key.group);
            let (Some(model), Part::One(lane)) = (model, key.part) else {
                continue;
            };
            if self.outline.height + self.height_of(model, lane) <= room {
                let slim = self.lanes.is_collapsed(key);
                self.lane(model, lane, slim, Stays::Pinned);
            }
        }
        self.outline.pinned = self.outline.bands.len();
        self.outline.roof = self.outline.height;
    }

    fn height_of(&self, model: &ModelTrack, lane: LaneRef) -> f32 {
        match lane {
            LaneRef::Task(_) => self.task,
            LaneRef::Thread(id) => {
                let rows = model.thread(id).map_or(1, |thread| thread.lane.depths());
                MOMENTS + rows.max(1) as f32 * self.row + BELOW
            }
        }
    }

    fn group(&mut self, model: &'a ModelTrack) {
        let name = self.store.model_name(model);
        let group = Lane::group(name);
        let mut lanes = self.lanes.lanes(self.store, model);
        if self.lanes.is_hidden(&group) {
            self.outline.hidden += lanes.len().max(1);
            return;
        }
        if self.outline.bands.len() > self.outline.pinned {
            self.outline.height += GAP;
        }
        let collapsed = self.lanes.is_collapsed(&group);
        let header = self.outline.bands.len();
        self.add(model, Kind::Header { collapsed }, HEADER, 0, Stays::Scrolls);
        if self.lanes.singles_out(name) {
            let all = lanes.len();
            lanes.retain(|lane| !self.lanes.is_hidden(&Lane::one(name, *lane)));
            self.outline.hidden += all - lanes.len();
            lanes.retain(|lane| !self.is_in_pins(model, *lane));
        }
        if !collapsed {
            self.lanes_of(model, name, &lanes);
        }
        let (roof, until) = (self.outline.roof, self.outline.height);
        self.outline.bands[header].stays = Stays::Sticks { roof, until };
    }

    /// The lanes of a group, of which a crowd shares one.
    fn lanes_of(&mut self, model: &'a ModelTrack, name: &str, lanes: &[LaneRef]) {
        let singles = self.lanes.singles_out(name);
        let mut crowds = [Sort::Tasks, Sort::Threads].map(|sort| {
            let of_sort = lanes.iter().filter(|lane| Sort::of(**lane) == sort);
            let all = of_sort.count();
            (all > CROWD).then_some(Crowd {
                sort,
                first: FIRST,
                count: all - FIRST.min(all),
                collapsed: true,
                hidden: false,
            })
        });
        self.outline.bands.reserve(lanes.len().min(2 * CROWD));
        for &lane in lanes {
            let crowd = &mut crowds[Sort::of(lane) as usize];
            if crowd
                .as_mut()
                .is_some_and(|crowd| self.is_in_crowd(model, name, crowd, lane))
            {
                continue;
            }
            let slim = singles && self.lanes.is_collapsed(&Lane::one(name, lane));
            self.lane(model, lane, slim, Stays::Scrolls);
        }
    }

    /// Whether a lane, the next of its sort, is left to the lane of its crowd, which comes after the first of them.
    fn is_in_crowd(
        &mut self,
        model: &'a ModelTrack,
        name: &str,
        crowd: &mut Crowd,
        lane: LaneRef,
    ) -> bool {
        if crowd.first > 0 {
            crowd.first -= 1;
            return false;
        }
        let sort = crowd.sort;
        let is_new = !self.outline.crowds.contains_key(&(model.id, sort));
        if is_new {
            let key = Lane {
                group: name.to_owned(),
                part: Part::Crowd(sort),
            };
            crowd.hidden = self.lanes.is_hidden(&key);
            crowd.collapsed = self.lanes.is_collapsed(&key);
            self.outline.crowds.insert((model.id, sort), Vec::new());
            if crowd.hidden {
                self.outline.hidden += crowd.count;
            } else {
                self.crowd(model, crowd);
            }
        }
        if self.selected == Some((model.id, lane)) {
            return false;
        }
        if crowd.collapsed && !crowd.hidden {
            let shared = self.outline.crowds.entry((model.id, sort)).or_default();
            shared.push(lane);
        }
        crowd.collapsed || crowd.hidden
    }

    fn crowd(&mut self, model: &'a ModelTrack, crowd: &Crowd) {
        let Crowd {
            sort,
            count,
            collapsed,
            ..
        } = *crowd;
        let height = if collapsed {
            2.0 * self.task
        } else {
            CROWD_HEADER
        };
        let kind = Kind::Crowd {
            sort,
            count,
            collapsed,
        };
        self.add(model, kind, height, 1, Stays::Scrolls);
        if let Some(band) = self.outline.bands.last_mut() {
            band.row = height - MOMENTS - BELOW;
        }
    }

    fn is_in_pins(&self, model: &ModelTrack, lane: LaneRef) -> bool {
        let mut pinned = self.outline.pinned().iter();
        pinned.any(|band| band.model.id == model.id && band.lane() == Some(lane))
    }

    /// One lane; a `slim` one shows as little as possible.
    fn lane(&mut self, model: &'a ModelTrack, lane: LaneRef, slim: bool, stays: Stays) {
        match lane {
            LaneRef::Task(id) => {
                if let Some(task) = model.task(id) {
                    let height = if slim { SLIM } else { self.task };
                    self.add(model, Kind::Task(task), height, 1, stays);
                }
            }
            LaneRef::Thread(id) => {
                if let Some(thread) = model.thread(id) {
                    let all = thread.lane.depths().max(1);
                    let rows = if slim { 1 } else { all };
                    let height = MOMENTS + rows as f32 * self.row + BELOW;
                    self.add(model, Kind::Thread(thread), height, rows, stays);
                }
            }
        }
    }

    fn add(
        &mut self,
        model: &'a ModelTrack,
        kind: Kind<'a>,
        height: f32,
        rows: usize,
        stays: Stays,
    ) {
        self.outline.bands.push(Band {
            kind,
            model,
            top: self.outline.height,
            height,
            row: self.row,
            rows,
            stays,
        });
        self.outline.height += height;
    }
}

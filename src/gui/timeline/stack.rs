//! Puts one band below the other: the groups in their order, and the lanes in theirs, of which a crowd shares one.

use super::outline::{BELOW, Band, GAP, HEADER, Kind, MOMENTS, Outline, ROW, SLIM, Stays, TASK};
use super::scene::Scene;
use crate::gui::lanes::{Arrangement, CROWD, FIRST, Lane, Part, Sort};
use crate::store::{LaneRef, ModelTrack, TraceStore};
use crate::trace::ModelId;

/// Height of what is above the lanes of a crowd that is expanded.
const CROWD_HEADER: f32 = 18.0;

/// Very many lanes of a sort.
struct Crowd {
    sort: Sort,
    /// How many of the next still have a lane of their own.
    first: usize,
    /// How many the others are.
    count: usize,
    /// Which of them share a lane, from the first that does not have its own.
    shared: Option<Vec<LaneRef>>,
    collapsed: bool,
    hidden: bool,
}

/// Puts one band below the other.
pub(super) struct Stack<'a, 'b> {
    store: &'a TraceStore,
    lanes: &'b Arrangement,
    /// The lane of what is looked at closely: it has one of its own also where it is one of a crowd.
    selected: Option<(ModelId, LaneRef)>,
    task: f32,
    row: f32,
    /// How much room is left for lanes of what else would share one, in points.
    spare: f32,
    outline: &'b mut Outline<'a>,
}

impl<'a, 'b> Stack<'a, 'b> {
    /// On top of what `outline` has, with tasks and rows of threads of these heights, where `spare` points are left when
    /// all crowds share their lanes.
    pub(super) fn new(
        scene: &Scene<'a>,
        [task, row]: [f32; 2],
        spare: f32,
        outline: &'b mut Outline<'a>,
    ) -> Self
    where
        'a: 'b,
    {
        Self {
            store: scene.store,
            lanes: scene.lanes,
            selected: scene.selected_lane(),
            task,
            row,
            spare,
            outline,
        }
    }

    /// The lanes that are pinned, as far as there is room.
    pub(super) fn pin(&mut self, room: f32) {
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

    /// The header of a model and its lanes.
    pub(super) fn group(&mut self, model: &'a ModelTrack) {
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
        let has_room = self.take_room(model, lanes);
        let mut crowds = [Sort::Tasks, Sort::Threads].map(|sort| {
            let of_sort = lanes.iter().filter(|lane| Sort::of(**lane) == sort);
            let all = of_sort.count();
            (all > CROWD && !has_room).then_some(Crowd {
                sort,
                first: FIRST,
                count: all - FIRST.min(all),
                shared: None,
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
        for crowd in crowds.into_iter().flatten() {
            let shared = crowd.shared.unwrap_or_default();
            self.outline.crowds.insert((model.id, crowd.sort), shared);
        }
    }

    /// Whether there is room for all lanes of a model, however low, and takes it then: none of them need share one.
    fn take_room(&mut self, model: &ModelTrack, lanes: &[LaneRef]) -> bool {
        // So much would be there in any case.
        let shared = 2.0 * (FIRST + 2) as f32 * TASK;
        if lanes.len() as f32 * TASK > self.spare + shared {
            return false;
        }
        let all: f32 = [Sort::Tasks, Sort::Threads]
            .map(|sort| {
                let of_sort = lanes.iter().filter(|lane| Sort::of(**lane) == sort);
                if of_sort.clone().count() <= CROWD {
                    return 0.0;
                }
                let more: f32 = of_sort.skip(FIRST).map(|lane| lowest(model, *lane)).sum();
                more - 2.0 * TASK
            })
            .iter()
            .sum();
        let fits = all <= self.spare;
        if fits {
            self.spare -= all;
        }
        fits
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
        if crowd.shared.is_none() {
            let key = Lane {
                group: name.to_owned(),
                part: Part::Crowd(crowd.sort),
            };
            crowd.hidden = self.lanes.is_hidden(&key);
            crowd.collapsed = self.lanes.is_collapsed(&key);
            if crowd.hidden {
                self.outline.hidden += crowd.count;
            } else {
                self.crowd(model, crowd);
            }
        }
        let shared = crowd.shared.get_or_insert_default();
        if self.selected == Some((model.id, lane)) {
            return false;
        }
        if crowd.collapsed && !crowd.hidden {
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

/// How high a lane is at least, in points.
fn lowest(model: &ModelTrack, lane: LaneRef) -> f32 {
    match lane {
        LaneRef::Task(_) => TASK,
        LaneRef::Thread(id) => {
            let rows = model.thread(id).map_or(1, |thread| thread.lane.depths());
            MOMENTS + rows.max(1) as f32 * ROW + BELOW
        }
    }
}

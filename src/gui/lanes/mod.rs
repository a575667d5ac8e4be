//! How the lanes are arranged: which are hidden, collapsed or pinned, and in which order they lie.
//!
//! By the names of models and not by their numbers: what was hidden in one run of a scenario is hidden in the
//! next, also when other models run then.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::gui::texts::{self, fill, tr};
use crate::store::{Chunks, LaneRef, ModelTrack, ThreadTrack, TraceStore};

/// From more lanes of a sort on those of a model are a crowd, unless there is room for all: all but the first few share one
/// lane until it is expanded.
pub const CROWD: usize = 24;
/// How many of a crowd have a lane of their own in any case.
pub const FIRST: usize = 2;

/// A lane, the crowd of a model's lanes of one sort, or the group of all its lanes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// The name of the model.
    pub group: String,
    /// Which of its lanes.
    pub part: Part,
}

/// Which lanes of a model are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// All of them.
    Whole,
    /// What shares a lane because there are so many.
    Crowd(Sort),
    /// A single one.
    One(LaneRef),
}

/// A sort of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// Those of tasks.
    Tasks,
    /// Those of threads and processes.
    Threads,
}

impl Sort {
    /// That of a lane.
    pub const fn of(lane: LaneRef) -> Self {
        match lane {
            LaneRef::Task(_) => Self::Tasks,
            LaneRef::Thread(_) => Self::Threads,
        }
    }
}

impl Lane {
    /// All lanes of a model.
    pub fn group(name: &str) -> Self {
        Self {
            group: name.to_owned(),
            part: Part::Whole,
        }
    }

    /// A single lane of a model.
    pub fn one(group: &str, lane: LaneRef) -> Self {
        Self {
            group: group.to_owned(),
            part: Part::One(lane),
        }
    }

    /// What it is called.
    pub fn title(&self, store: &TraceStore) -> String {
        let mut models = store.models().iter();
        let model = models.find(|model| store.model_name(model) == self.group);
        let name = |lane| {
            let name = model.and_then(|model| match lane {
                LaneRef::Task(id) => model.task(id)?.name,
                LaneRef::Thread(id) => model.thread(id)?.name,
            });
            name.map_or("?".into(), |name| texts::thread(store.name(name)))
        };
        let model = texts::variant(&self.group);
        let lane = match self.part {
            Part::Whole => return model.to_owned(),
            Part::Crowd(Sort::Tasks) => tr("many tasks").into(),
            Part::Crowd(Sort::Threads) => tr("many threads").into(),
            Part::One(lane) => name(lane),
        };
        fill(
            tr("{lane} of {model}"),
            &[("lane", &lane), ("model", &model)],
        )
    }

    /// The same model, as a whole.
    pub fn whole(&self) -> Self {
        Self::group(&self.group)
    }
}

/// A change of the arrangement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneCommand {
    /// Show as little as possible of it, or all again.
    Collapse(Lane, bool),
    /// Collapse all groups, or expand them.
    CollapseAll(bool),
    /// Show nothing of it.
    Hide(Lane),
    /// Show everything that is hidden.
    ShowHidden,
    /// Keep a lane at the top, or no longer. Means nothing for a group or a crowd.
    Pin(Lane, bool),
    /// Move it by so many places, down where positive. What is hidden or pinned is no place. Means nothing for a crowd.
    Move(Lane, isize),
    /// As it was at first.
    Reset,
}

/// How the lanes of a trace are arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    collapsed: BTreeSet<Lane>,
    /// The crowds of which each has a lane of its own: they are collapsed at first.
    expanded: BTreeSet<Lane>,
    hidden: BTreeSet<Lane>,
    /// The lanes that stay at the top, from top to bottom.
    pinned: Vec<Lane>,
    /// The groups that come first, where any was moved.
    groups: Vec<String>,
    /// The lanes of a group that come first, where any was moved.
    lanes: BTreeMap<String, Vec<LaneRef>>,
}

impl Arrangement {
    /// Everything as it is recorded.
    pub const PLAIN: &Self = &Self {
        collapsed: BTreeSet::new(),
        expanded: BTreeSet::new(),
        hidden: BTreeSet::new(),
        pinned: Vec::new(),
        groups: Vec::new(),
        lanes: BTreeMap::new(),
    };

    /// Whether as little as possible of it shows.
    pub fn is_collapsed(&self, lane: &Lane) -> bool {
        match lane.part {
            Part::Crowd(_) => !self.expanded.contains(lane),
            Part::Whole | Part::One(_) => self.collapsed.contains(lane),
        }
    }

    /// Whether nothing of it shows.
    pub fn is_hidden(&self, lane: &Lane) -> bool {
        self.hidden.contains(lane)
    }

    /// Whether it stays at the top.
    pub fn is_pinned(&self, lane: &Lane) -> bool {
        self.pinned.contains(lane)
    }

    /// Whether anything is hidden.
    pub fn hides_any(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// The lanes that stay at the top, from top to bottom.
    pub fn pinned(&self) -> &[Lane] {
        &self.pinned
    }

    /// Whether single lanes of a group are not as they are recorded. Where none is, nobody needs to ask for each.
    pub fn singles_out(&self, group: &str) -> bool {
        let of_group = |lane: &Lane| lane.group == group && lane.part != Part::Whole;
        let mut all = self.collapsed.iter().chain(&self.hidden);
        all.any(of_group) || self.pinned.iter().any(of_group)
    }

    /// The models in their order, also those that are hidden.
    pub fn models<'a>(&self, store: &'a TraceStore) -> Vec<&'a ModelTrack> {
        let mut models: Vec<_> = store.models().iter().collect();
        put_first(&mut models, &self.groups, |model| store.model_name(model));
        models
    }

    /// The lanes of a model in their order, also those that are hidden or pinned.
    pub fn lanes(&self, store: &TraceStore, model: &ModelTrack) -> Vec<LaneRef> {
        let tasks = model.tasks.iter().map(|task| LaneRef::Task(task.id));
        let threads = model.threads.iter().filter(|one| is_worth_a_lane(one));
        let threads = threads.map(|thread| LaneRef::Thread(thread.id));
        let mut lanes: Vec<_> = tasks.chain(threads).collect();
        if let Some(order) = self.lanes.get(store.model_name(model)) {
            put_first(&mut lanes, order, |lane| lane);
        }
        lanes
    }

    /// Does what was asked for, to the lanes of `store`.
    pub fn apply(&mut self, command: LaneCommand, store: &TraceStore) {
        match command {
            LaneCommand::Collapse(lane, collapse) => self.collapse(lane, collapse),
            LaneCommand::CollapseAll(collapsed) => {
                let names = store.models().iter().map(|model| store.model_name(model));
                for group in names.map(Lane::group) {
                    self.apply(LaneCommand::Collapse(group, collapsed), store);
                }
            }
            LaneCommand::Hide(lane) => {
                self.pinned.retain(|pinned| *pinned != lane);
                self.hidden.insert(lane);
            }
            LaneCommand::ShowHidden => self.hidden.clear(),
            LaneCommand::Pin(lane, pin) => {
                self.pinned.retain(|pinned| *pinned != lane);
                if pin && matches!(lane.part, Part::One(_)) {
                    self.pinned.push(lane);
                }
            }
            LaneCommand::Move(lane, by) => self.shift(&lane, by, store),
            LaneCommand::Reset => *self = Self::default(),
        }
    }

    fn collapse(&mut self, lane: Lane, collapse: bool) {
        let (others, insert) = match lane.part {
            Part::Crowd(_) => (&mut self.expanded, !collapse),
            Part::Whole | Part::One(_) => (&mut self.collapsed, collapse),
        };
        if insert {
            others.insert(lane);
        } else {
            others.remove(&lane);
        }
    }

    fn shift(&mut self, lane: &Lane, by: isize, store: &TraceStore) {
        if self.is_pinned(lane) {
            step(&mut self.pinned, lane, by, |_| true);
            return;
        }
        let of_group = match lane.part {
            Part::One(lane) => lane,
            Part::Crowd(_) => return,
            Part::Whole => return self.shift_group(lane, by, store),
        };
        let mut models = store.models().iter();
        let Some(model) = models.find(|model| store.model_name(model) == lane.group) else {
            return;
        };
        let mut lanes = self.lanes(store, model);
        step(&mut lanes, &of_group, by, |&other| {
            let other = Lane::one(&lane.group, other);
            !self.is_hidden(&other) && !self.is_pinned(&other)
        });
        self.lanes.insert(lane.group.clone(), lanes);
    }

    fn shift_group(&mut self, lane: &Lane, by: isize, store: &TraceStore) {
        let models = self.models(store);
        let mut names: Vec<_> = models
            .into_iter()
            .map(|model| store.model_name(model).to_owned())
            .collect();
        step(&mut names, &lane.group, by, |name| {
            !self.is_hidden(&Lane::group(name))
        });
        self.groups = names;
    }
}

/// The arrangements, one for each scenario.
#[derive(Clone, Debug, Default)]
pub struct Arrangements(BTreeMap<String, Arrangement>);

impl Arrangements {
    /// That of the traces of a scenario, by its name.
    pub fn of(&self, scenario: &str) -> &Arrangement {
        self.0.get(scenario).unwrap_or(Arrangement::PLAIN)
    }

    /// That of the traces of a scenario, to change it.
    pub fn of_mut(&mut self, scenario: &str) -> &mut Arrangement {
        self.0.entry(scenario.to_owned()).or_default()
    }
}

/// A thread that never did a thing, such as the one that waits for all others, takes no room.
fn is_worth_a_lane(thread: &ThreadTrack) -> bool {
    thread.has_spans() || !thread.notable().iter().all(Chunks::is_empty)
}

/// Puts those that are in `order` first, in that order. The others stay as they are.
fn put_first<T, K: PartialEq<Q>, Q: ?Sized>(all: &mut [T], order: &[K], key: impl Fn(&T) -> &Q) {
    if !order.is_empty() {
        all.sort_by_cached_key(|one| {
            let place = order.iter().position(|other| other == key(one));
            place.unwrap_or(usize::MAX)
        });
    }
}

/// Moves `one` by so many of those that count, as far as there are any.
fn step<T: PartialEq>(all: &mut Vec<T>, one: &T, by: isize, counts: impl Fn(&T) -> bool) {
    for _ in 0..by.unsigned_abs() {
        let Some(from) = all.iter().position(|other| other == one) else {
            return;
        };
        let to = if by > 0 {
            let after = all[from + 1..].iter().position(&counts);
            after.map(|place| from + 1 + place)
        } else {
            all[..from].iter().rposition(&counts)
        };
        let Some(to) = to else { return };
        let moved = all.remove(from);
        all.insert(to, moved);
    }
}

//! Lanes that are hidden, pinned and moved about.

use super::*;
use crate::gui::timeline::samples::Sample;

fn lane(group: &str, lane: LaneRef) -> Lane {
    Lane::one(group, lane)
}

/// The sample, how it is arranged, and the names of its models.
struct World {
    store: TraceStore,
    arrangement: Arrangement,
}

impl World {
    fn new() -> Self {
        Self {
            store: Sample::default().store(),
            arrangement: Arrangement::default(),
        }
    }

    fn apply(&mut self, command: LaneCommand) {
        self.arrangement.apply(command, &self.store);
    }

    fn groups(&self) -> Vec<&str> {
        let models = self.arrangement.models(&self.store);
        models
            .into_iter()
            .map(|model| self.store.model_name(model))
            .collect()
    }

    fn lanes(&self, group: usize) -> Vec<LaneRef> {
        let model = &self.store.models()[group];
        self.arrangement.lanes(&self.store, model)
    }
}

#[test]
fn a_group_moves_past_its_neighbours_and_no_further() {
    let mut world = World::new();
    let before: Vec<String> = world.groups().into_iter().map(str::to_owned).collect();
    let first = Lane::group(&before[0]);
    world.apply(LaneCommand::Move(first.clone(), 1));
    assert_eq!(world.groups(), [&before[1], &before[0], &before[2]]);
    world.apply(LaneCommand::Move(first.clone(), 9));
    assert_eq!(world.groups(), [&before[1], &before[2], &before[0]]);
    world.apply(LaneCommand::Move(first, -9));
    assert_eq!(world.groups(), [&before[0], &before[1], &before[2]]);
}

#[test]
fn a_lane_moves_past_hidden_ones_in_one_step() {
    let mut world = World::new();
    let group = world.groups()[0].to_owned();
    let before = world.lanes(0);
    world.apply(LaneCommand::Hide(lane(&group, before[1])));
    world.apply(LaneCommand::Move(lane(&group, before[0]), 1));
    let after = world.lanes(0);
    assert_eq!(after[..3], [before[1], before[2], before[0]]);
    assert_eq!(world.lanes(1), World::new().lanes(1), "the others stay");
}

#[test]
fn pinned_lanes_have_an_order_of_their_own() {
    let mut world = World::new();
    let group = world.groups()[0].to_owned();
    let lanes = world.lanes(0);
    let (first, second) = (lane(&group, lanes[0]), lane(&group, lanes[1]));
    world.apply(LaneCommand::Pin(first.clone(), true));
    world.apply(LaneCommand::Pin(second.clone(), true));
    world.apply(LaneCommand::Move(second.clone(), -1));
    assert_eq!(world.arrangement.pinned(), [second.clone(), first]);
    world.apply(LaneCommand::Hide(second.clone()));
    assert!(!world.arrangement.is_pinned(&second));
    world.apply(LaneCommand::Pin(Lane::group(&group), true));
    assert_eq!(world.arrangement.pinned().len(), 1, "a group is not pinned");
}

#[test]
fn everything_can_be_taken_back() {
    let mut world = World::new();
    let group = Lane::group(world.groups()[0]);
    world.apply(LaneCommand::Hide(group.clone()));
    assert!(world.arrangement.hides_any());
    world.apply(LaneCommand::ShowHidden);
    assert_eq!(&world.arrangement, Arrangement::PLAIN);
    world.apply(LaneCommand::CollapseAll(true));
    assert!(world.arrangement.is_collapsed(&group));
    world.apply(LaneCommand::Move(group, 1));
    world.apply(LaneCommand::Reset);
    assert_eq!(&world.arrangement, Arrangement::PLAIN);
}

#[test]
fn each_scenario_has_its_own() {
    let mut all = Arrangements::default();
    let store = Sample::default().store();
    all.of_mut("one")
        .apply(LaneCommand::CollapseAll(true), &store);
    assert_ne!(all.of("one"), Arrangement::PLAIN);
    assert_eq!(all.of("two"), Arrangement::PLAIN);
}

//! Lanes that are pinned, collapsed, hidden, moved and grown, and headers that stick.

use egui::{Pos2, vec2};
use egui_kittest::kittest::Queryable as _;

use super::hands::{harness, look, press, release};
use super::*;
use crate::gui::lanes::Part;
use crate::gui::timeline::outline::{NOTE, ROW, Stays, TASK};
use crate::store::LaneRef;

/// Does something to a lane of a model, by their places.
fn change(world: &mut World, model: usize, lane: usize, what: impl Fn(Lane) -> LaneCommand) {
    let group = &world.store.models()[model];
    let lanes = world.lanes.lanes(&world.store, group);
    let name = world.store.model_name(group);
    let lane = lanes.get(lane).copied();
    let lane = lane.map_or(Lane::group(name), |lane| Lane::one(name, lane));
    world.lanes.apply(what(lane), &world.store);
}

const HEADER_ITSELF: usize = usize::MAX;

#[test]
fn a_pinned_lane_stays_at_the_top_and_is_nowhere_else() {
    let mut world = World::new(Sample::default());
    change(&mut world, 2, 0, |lane| LaneCommand::Pin(lane, true));
    world.height = 300.0;
    world.scroll = 200.0;
    world.look(|place, _| {
        let outline = Outline::new(place.scene, 300.0);
        let [pinned] = outline.pinned() else {
            panic!("one lane is pinned");
        };
        assert_eq!(place.top(pinned), place.lanes.top());
        assert_eq!(
            outline.at(1.0, place.scroll).and_then(Band::lane),
            pinned.lane()
        );
        let same =
            |band: &&Band<'_>| band.lane() == pinned.lane() && band.model.id == pinned.model.id;
        assert_eq!(outline.bands().iter().filter(same).count(), 1);
        for band in outline.visible(place.scroll, 300.0) {
            assert!(place.top(band) + band.height > place.top(pinned) + pinned.height);
        }
    });
}

#[test]
fn pinned_lanes_leave_room_for_the_others() {
    let mut world = World::new(Sample::default());
    world.height = 100.0;
    for lane in 0..3 {
        change(&mut world, 0, lane, |lane| LaneCommand::Pin(lane, true));
    }
    world.look(|place, _| {
        let outline = Outline::new(place.scene, 100.0);
        assert_eq!(outline.pinned().len(), 2);
        assert!(outline.roof() <= 50.0);
        let tasks =
            |band: &&Band<'_>| band.model.id.index() == 0 && matches!(band.kind, Kind::Task(_));
        assert_eq!(
            outline.bands().iter().filter(tasks).count(),
            3,
            "none is lost"
        );
    });
}

#[test]
fn a_header_sticks_while_its_lanes_are_seen_and_is_pushed_out_by_the_next() {
    let mut world = World::new(Sample::default());
    world.height = 200.0;
    let headers = world.look(|_, outline| {
        let headers = outline.bands().iter();
        let headers = headers.filter(|band| matches!(band.kind, Kind::Header { .. }));
        headers
            .map(|band| (band.top, band.stays))
            .collect::<Vec<_>>()
    });
    let Stays::Sticks { until, .. } = headers[0].1 else {
        panic!("a header sticks");
    };
    world.scroll = 60.0;
    world.look(|place, outline| {
        let first = &outline.bands()[0];
        assert_eq!(place.top(first), place.lanes.top());
        assert_eq!(outline.cover(60.0), first.height);
        let header = outline.at(5.0, 60.0).map(|band| band.top);
        assert_eq!(header, Some(first.top));
        let last = outline.visible(60.0, 200.0).last();
        assert!(
            last.is_some_and(|band| matches!(band.kind, Kind::Header { .. })),
            "over the lanes"
        );
    });
    world.scroll = until - 10.0;
    world.look(|place, outline| {
        let bottom = place.top(&outline.bands()[0]) + outline.bands()[0].height;
        assert_eq!(
            bottom,
            place.lanes.top() + 10.0,
            "only its lower edge is left"
        );
    });
    world.scroll = until;
    world.look(|_, outline| assert_eq!(outline.cover(until), 0.0));
}

#[test]
fn a_collapsed_lane_is_slim_and_shows_its_first_row() {
    let mut world = World::new(Sample::default());
    let lanes = world.lanes.lanes(&world.store, &world.store.models()[2]);
    let of_thread = lanes
        .iter()
        .position(|lane| matches!(lane, LaneRef::Thread(_)));
    let of_thread = of_thread.expect("the reactor has a lane");
    let before = world.picture().bars.len();
    change(&mut world, 2, of_thread, |lane| {
        LaneCommand::Collapse(lane, true)
    });
    change(&mut world, 2, 0, |lane| LaneCommand::Collapse(lane, true));
    world.look(|place, outline| {
        assert_eq!(thread(outline, 2).rows, 1);
        let band = task(outline, 2, 0);
        assert!(band.height < TASK);
        let (top, bottom) = place.task_edges(band);
        assert!(bottom - top >= 5.0, "there is something to see");
    });
    assert!(world.picture().bars.len() < before);
}

#[test]
fn hidden_lanes_are_counted_and_take_no_room() {
    let mut world = World::new(Sample::default());
    let before = world.look(|_, outline| (outline.height(), outline.hidden()));
    assert_eq!(before.1, 0);
    change(&mut world, 0, 0, LaneCommand::Hide);
    let one = world.look(|_, outline| (outline.height(), outline.hidden()));
    assert_eq!(one, (before.0 - TASK + NOTE, 1));
    change(&mut world, 1, HEADER_ITSELF, LaneCommand::Hide);
    world.look(|_, outline| {
        assert!(outline.hidden() > 2, "those of the model count");
        let mut bands = outline.bands().iter();
        assert!(bands.all(|band| band.model.id.index() != 1));
    });
}

#[test]
fn lanes_grow_with_the_window_but_not_without_end() {
    let world = World::new(Sample::default());
    world.look(|place, small| {
        let room = small.height() + 100.0;
        let grown = Outline::new(place.scene, room);
        assert!(grown.height() > small.height() && grown.height() <= room);
        let most = Outline::new(place.scene, 10_000.0);
        assert!(thread(&most, 2).row <= ROW * 2.25);
        assert!(most.height() < 2.25 * small.height());
    });
}

#[test]
fn lanes_shrink_a_little_where_all_of_them_are_seen_then_and_else_not_at_all() {
    let world = World::new(Sample::default());
    world.look(|place, plain| {
        let room = plain.height() - 30.0;
        let shrunk = Outline::new(place.scene, room);
        assert!(shrunk.height() <= room, "{} in {room}", shrunk.height());
        assert!(thread(&shrunk, 2).row >= 14.0);
        let room = plain.height() / 2.0;
        assert_eq!(Outline::new(place.scene, room).height(), plain.height());
    });
}

#[test]
fn a_drag_of_a_name_moves_the_lane() {
    let mut harness = harness(World::new(Sample::default()));
    let lane =
        |harness: &_, place: usize| look(harness, |_, outline| task(outline, 0, place).lane());
    let first = lane(&harness, 0);
    let [from, to]: [Pos2; 2] = look(&harness, |place, outline| {
        [0, 1].map(|number| {
            let band = task(outline, 0, number);
            pos2(30.0, place.top(band) + band.height / 2.0)
        })
    });
    press(&mut harness, from);
    harness.hover_at(to + vec2(0.0, 6.0));
    harness.run_steps(3);
    release(&mut harness, to + vec2(0.0, 6.0));
    assert_eq!(lane(&harness, 1), first);
    harness.run_steps(5);
    assert_eq!(lane(&harness, 1), first, "it stays there");
}

#[test]
fn a_drag_of_a_header_moves_the_group() {
    let mut harness = harness(World::new(Sample::default()));
    let first = |harness: &_| look(harness, |_, outline| outline.bands()[0].model.id.index());
    assert_eq!(first(&harness), 0);
    let header = harness.get_by_label("Collapse synchronous").rect().center();
    let second = harness.get_by_label("Collapse threaded").rect().center();
    press(&mut harness, header);
    harness.hover_at(second + vec2(0.0, 150.0));
    harness.run_steps(3);
    release(&mut harness, second + vec2(0.0, 150.0));
    assert_eq!(first(&harness), 1);
}

#[test]
fn the_lane_that_is_aimed_at_is_the_one_under_the_pointer_until_it_moves_on() {
    let mut harness = harness(World::new(Sample::default()));
    let at = look(&harness, |place, outline| {
        let band = task(outline, 0, 1);
        pos2(place.lanes.center().x, place.top(band) + 5.0)
    });
    harness.hover_at(at);
    harness.run_steps(2);
    let aimed = harness.state().timeline.aimed().cloned();
    assert!(aimed.as_ref().is_some_and(|lane| lane.part != Part::Whole));
    let up = LaneCommand::Move(aimed.clone().expect("it is there"), -1);
    let world = &mut harness.state_mut().world;
    world.lanes.apply(up, &world.store);
    harness.run_steps(3);
    assert_eq!(harness.state().timeline.aimed().cloned(), aimed);
}

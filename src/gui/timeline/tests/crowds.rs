//! Very many lanes of a sort: they share one, in which it is counted how they fared.

use egui_kittest::kittest::Queryable as _;

use super::super::census::{Count, count_at};
use super::super::crowd::stall_edges;
use super::super::hit::{Target, hit};
use super::hands::{harness, look};
use super::*;
use crate::gui::lanes::{CROWD, FIRST, Part, Sort};
use crate::store::{LaneRef, SpanRef};
use crate::trace::{Batch, Cause, Event, EventKind, ModelId, NameId, Source, TaskId, ThreadId};

/// How many tasks there are.
const TASKS: usize = 100;

/// A loop that serves each of its tasks once, one after the other: number `n` in the second half of millisecond `n`.
fn store_of(tasks: usize) -> TraceStore {
    served(tasks, tasks)
}

/// The same, where so many times one is served, and after the last of them the first again.
fn served(tasks: usize, times: usize) -> TraceStore {
    let name = NameId::from_index(0);
    let mut events = vec![(0, EventKind::PollBegin)];
    for task in (0..tasks).map(TaskId::from_index) {
        events.push((0, EventKind::TaskBegin { task, name }));
    }
    for number in 0..times {
        let at = number as u64 * MS + MS / 2;
        let begin = EventKind::CallbackBegin {
            task: Some(TaskId::from_index(number % tasks)),
            name,
            cause: Cause::Readiness,
            flow: None,
        };
        events.extend([
            (at, EventKind::PollEnd { ready: 1 }),
            (at, begin),
            (at + MS / 2 - 1, EventKind::CallbackEnd { failed: false }),
            (at + MS / 2 - 1, EventKind::PollBegin),
        ]);
    }
    let mut store = TraceStore::new();
    store.push(&batch(0, events));
    store
}

fn batch(thread: usize, events: Vec<(u64, EventKind)>) -> Batch {
    let event = |(at, kind)| Event {
        at: Timestamp(at),
        kind,
    };
    Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(thread),
        },
        names: vec![(NameId::from_index(0), "data_received".to_owned())],
        events: events.into_iter().map(event).collect(),
    }
}

fn world() -> World {
    World::of(store_of(TASKS), Timestamp::MAX)
}

fn the_crowd(world: &World) -> Lane {
    let model = &world.store.models()[0];
    Lane {
        group: world.store.model_name(model).to_owned(),
        part: Part::Crowd(Sort::Tasks),
    }
}

/// How many tasks have a lane of their own, and how many share one.
fn lanes(world: &World) -> (usize, Option<usize>) {
    world.look(|_, outline| {
        let all = outline.bands().iter();
        let own = all
            .clone()
            .filter(|band| matches!(band.kind, Kind::Task(_)));
        let shared = all.clone().find_map(|band| match band.kind {
            Kind::Crowd { .. } => Some(outline.crowd(band.model.id, Sort::Tasks).len()),
            _ => None,
        });
        (own.count(), shared)
    })
}

#[test]
fn very_many_lanes_share_one_until_it_is_expanded() {
    assert_eq!(
        lanes(&World::of(store_of(CROWD), Timestamp::MAX)),
        (CROWD, None)
    );
    let mut world = world();
    assert_eq!(lanes(&world), (FIRST, Some(TASKS - FIRST)));
    let crowd = the_crowd(&world);
    let is_low = world.look(|_, outline| outline.height());
    world
        .lanes
        .apply(LaneCommand::Collapse(crowd.clone(), false), &world.store);
    assert_eq!(lanes(&world), (TASKS, Some(0)));
    assert!(world.look(|_, outline| outline.height()) > 5.0 * is_low);
    world
        .lanes
        .apply(LaneCommand::Collapse(crowd, true), &world.store);
    assert_eq!(lanes(&world), (FIRST, Some(TASKS - FIRST)));
    assert_eq!(&world.lanes, Arrangement::PLAIN);
}

#[test]
fn what_is_selected_has_a_lane_of_its_own() {
    let mut world = world();
    let lane = LaneRef::Task(TaskId::from_index(50));
    let model = world.store.models()[0].id;
    world.selection = Some(Selection::Span(SpanRef {
        model,
        lane,
        depth: 0,
        index: 1,
    }));
    assert_eq!(lanes(&world), (FIRST + 1, Some(TASKS - FIRST - 1)));
    world.look(|_, outline| {
        let mut bands = outline.bands().iter();
        assert!(bands.any(|band| band.lane() == Some(lane)));
    });
}

#[test]
fn a_crowd_that_is_hidden_is_counted_among_what_is_hidden() {
    let mut world = world();
    let crowd = the_crowd(&world);
    world.lanes.apply(LaneCommand::Hide(crowd), &world.store);
    assert_eq!(lanes(&world), (FIRST, None));
    assert_eq!(world.look(|_, outline| outline.hidden()), TASKS - FIRST);
}

#[test]
fn it_is_counted_how_many_run_at_a_moment() {
    let world = world();
    world.look(|place, outline| {
        let model = place.scene.store.models()[0].id;
        let crowd = outline.crowd(model, Sort::Tasks);
        let count = |at: f64| {
            let x = place.axis.x(Timestamp((at * MS as f64) as u64));
            let model = &place.scene.store.models()[0];
            count_at(place, model, crowd, x)
        };
        let there = TASKS - FIRST;
        let quiet = Count {
            there,
            ..Count::default()
        };
        assert_eq!(count(40.25), quiet);
        assert_eq!(count(40.75), Count { active: 1, ..quiet });
    });
    // Seen from so far that all of them run within a column.
    let far = World::of(store_of(TASKS), Timestamp(200_000 * MS));
    far.look(|place, outline| {
        let model = &place.scene.store.models()[0];
        let crowd = outline.crowd(model.id, Sort::Tasks);
        let count = count_at(place, model, crowd, place.axis.x(Timestamp(50 * MS)));
        assert_eq!((count.there, count.active), (TASKS - FIRST, TASKS - FIRST));
    });
}

#[test]
fn a_crowd_is_painted_as_high_as_it_is_many() {
    let world = world();
    world.look(|place, outline| {
        let band = crowd_of(outline);
        let (top, bottom) = place.task_edges(band);
        let picture = lay_out(place, outline);
        let inside =
            |bar: &&super::super::items::Bar| bar.rect.top() >= top && bar.rect.bottom() <= bottom;
        let bars: Vec<_> = picture.bars.iter().filter(inside).collect();
        assert!(!bars.is_empty());
        assert!(
            bars.iter().any(|bar| bar.rect.top() == top),
            "all are there"
        );
        assert!(bars.iter().any(|bar| bar.look.is_active()), "some run");
        let at = pos2(place.axis.x(Timestamp(40 * MS)), (top + bottom) / 2.0);
        let found = hit(place, outline, at);
        assert!(
            matches!(found, Some(Target::Crowd { lanes, .. }) if lanes == TASKS - FIRST),
            "{found:?}"
        );
    });
}

#[test]
fn very_much_is_counted_bit_by_bit_and_it_says_how_far() {
    let world = World::of(served(600, 600 * 40), Timestamp::MAX);
    let says = |place: &Placement<'_>, outline: &Outline<'_>| {
        let mut labels = lay_out(place, outline).labels.into_iter();
        labels.find(|label| label.text.ends_with(" counted"))
    };
    world.look(|place, outline| {
        let first = says(place, outline).expect("it is too much for one frame");
        assert!(first.text.ends_with(" of 598 counted"), "{}", first.text);
        let model = &place.scene.store.models()[0];
        let crowd = outline.crowd(model.id, Sort::Tasks);
        let count = count_at(place, model, crowd, place.lanes.center().x);
        assert_eq!(count.there, 598, "the pointer is told of all at once");

        let (mut census, mut outline) = (Census::default(), outline.clone());
        let mut frames = 1;
        while census.go_on(place, &mut outline) {
            frames += 1;
            assert!(frames < 100, "it comes to an end");
        }
        assert!(frames > 2);
        assert!(says(place, &outline).is_none());
        let counted = &outline.counted[&(model.id, Sort::Tasks)];
        assert_eq!(counted.lanes, 598);
        let middle = counted.counts.len() / 2;
        assert_eq!(counted.counts[middle].there, 598);
        assert!(!census.go_on(place, &mut outline), "once is enough");
    });
    let near = world.at(0, 100 * MS);
    near.look(|place, outline| assert!(says(place, outline).is_none(), "there is less to count"));
}

#[test]
fn where_there_is_room_for_all_none_share_a_lane() {
    let world = World::of(store_of(CROWD + 6), Timestamp::MAX);
    let shares = |room: f32| {
        world.look(|place, _| {
            let outline = Outline::new(place.scene, room);
            let mut bands = outline.bands().iter();
            bands.any(|band| matches!(band.kind, Kind::Crowd { .. }))
        })
    };
    assert!(shares(500.0));
    assert!(!shares(1_000.0));
}

fn crowd_of<'a>(outline: &'a Outline<'_>) -> &'a Band<'a> {
    let mut bands = outline.bands().iter();
    bands
        .find(|band| matches!(band.kind, Kind::Crowd { .. }))
        .expect("they share a lane")
}

#[test]
fn a_stall_is_seen_although_its_thread_is_one_of_a_crowd() {
    let mut store = TraceStore::new();
    let name = NameId::from_index(0);
    for thread in 0..TASKS {
        let mut events = vec![
            (0, EventKind::PollBegin),
            (MS, EventKind::PollEnd { ready: 1 }),
        ];
        if thread == 60 {
            let stall = EventKind::Stall {
                begin: Timestamp(100 * MS),
                task: None,
                callback: name,
            };
            events.push((300 * MS, stall));
        }
        events.push((400 * MS, EventKind::PollBegin));
        events.push((500 * MS, EventKind::PollEnd { ready: 0 }));
        store.push(&batch(thread, events));
    }
    let world = World::of(store, Timestamp::MAX);
    world.look(|place, outline| {
        let band = crowd_of(outline);
        let (top, bottom) = stall_edges(place, band, Sort::Threads);
        let picture = lay_out(place, outline);
        let [stall] = picture.stalls[..] else {
            panic!("{:?}", picture.stalls);
        };
        assert_eq!((stall.rect.top(), stall.rect.bottom()), (top, bottom));
        let found = hit(place, outline, stall.rect.center());
        assert!(matches!(found, Some(Target::Stall(..))), "{found:?}");
        let below = pos2(stall.rect.center().x, bottom + 5.0);
        let found = hit(place, outline, below);
        assert!(matches!(found, Some(Target::Crowd { .. })), "{found:?}");
    });
}

#[test]
fn the_name_of_a_crowd_expands_it() {
    let mut harness = harness(world());
    let height = |harness: &_| look(harness, |_, outline| outline.height());
    let model = the_crowd(&harness.state().world).group;
    let before = height(&harness);
    harness
        .get_by_label(&format!("Expand many tasks of {model}"))
        .click();
    harness.run_steps(2);
    assert!(height(&harness) > 2.0 * before);
    harness
        .get_by_label(&format!("Collapse many tasks of {model}"))
        .click();
    harness.run_steps(2);
    assert_eq!(height(&harness), before);
}

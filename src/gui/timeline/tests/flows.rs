//! Arrows from what led to something to what followed.

use super::super::arrows::under;
use super::super::flows::{Arrow, Flows};
use super::*;
use crate::analysis::LinkKind;
use crate::store::{LaneRef, SpanKind, SpanRef, sample};
use crate::trace::{
    Batch, Cause, Event, EventKind, FlowId, Interest, ModelId, NameId, Source, ThreadId,
};

fn flows(world: &World) -> Flows {
    world.look(Flows::of)
}

/// The callbacks of the first loop, in the order of time.
fn callbacks(store: &TraceStore) -> Vec<SpanRef> {
    let model = &store.models()[0];
    let thread = &model.threads[0];
    let row = thread
        .lane
        .row(1)
        .expect("it has callbacks")
        .spans()
        .iter()
        .enumerate();
    let called = row.filter(|(_, span)| matches!(span.kind, SpanKind::Callback(_)));
    called
        .map(|(index, _)| SpanRef {
            model: model.id,
            lane: LaneRef::Thread(thread.id),
            depth: 1,
            index,
        })
        .collect()
}

#[test]
fn what_is_selected_has_an_arrow_from_its_cause() {
    let mut world = World::of(sample::store(), Timestamp::MAX);
    let fired = callbacks(&world.store)[2];
    world.selection = Some(Selection::Span(fired));
    let [arrow] = flows(&world).selected[..] else {
        panic!("{:?}", flows(&world));
    };
    assert_eq!(arrow.link.kind, LinkKind::Timer);
    assert!(arrow.from.x < arrow.to.x);
    world.look(|place, outline| {
        let band = thread(outline, 0);
        let (top, bottom) = place.row_edges(band, 1);
        assert_eq!(
            arrow.to,
            pos2(place.axis.x(Timestamp(76 * MS)), (top + bottom) / 2.0)
        );
        assert!(
            arrow.from.y < place.row_edges(band, 0).0,
            "among the moments"
        );
    });
    assert_eq!(flows(&world).others, []);
    assert_eq!(
        flows(&world.collapse("asynchronous")).selected,
        [],
        "nobody would see where it leads"
    );
}

#[test]
fn who_looks_at_all_sees_all_that_can_be_told_apart() {
    let mut world = World::of(sample::store(), Timestamp::MAX);
    world.all_arrows = true;
    let found = flows(&world);
    let mut kinds: Vec<_> = found.others.iter().map(|arrow| arrow.link.kind).collect();
    kinds.sort();
    let expected = [
        LinkKind::Readiness,
        LinkKind::Readiness,
        LinkKind::Timer,
        LinkKind::ThreadCall,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(found.count, 4);
    let late = flows(&world.at(80 * MS, 100 * MS));
    assert_eq!(late.others.len(), 1, "the others are over");
}

/// Of so many callbacks one has waited a little longer.
const SLOW: u64 = 10;

/// A loop that serves this many readinesses, each 1 ms after the one before it.
fn busy(count: u64) -> TraceStore {
    let mut events = vec![
        (0, EventKind::PollBegin),
        (1, EventKind::PollEnd { ready: 1 }),
    ];
    for number in 1..=count {
        let flow = FlowId::new(number).expect("from 1");
        let at = number * 1_000;
        let (task, interest) = (None, Interest::Readable);
        events.push((
            at,
            EventKind::Readiness {
                flow,
                task,
                interest,
            },
        ));
        let name = NameId::from_index(0);
        let (cause, flow) = (Cause::Readiness, Some(flow));
        let wait = if number.is_multiple_of(SLOW) {
            450
        } else {
            400
        };
        events.push((
            at + wait,
            EventKind::CallbackBegin {
                name,
                task,
                cause,
                flow,
            },
        ));
        events.push((at + 900, EventKind::CallbackEnd { failed: false }));
    }
    let mut store = TraceStore::new();
    store.push(&Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: vec![(NameId::from_index(0), "data_received".to_owned())],
        events: events
            .into_iter()
            .map(|(micros, kind)| Event {
                at: Timestamp(micros * 1_000),
                kind,
            })
            .collect(),
    });
    store
}

#[test]
fn arrows_that_are_too_many_become_fewer_that_stand_for_all() {
    for count in [30, 250, 3_000, 200_000] {
        let mut world = World::of(busy(count), Timestamp::MAX);
        world.all_arrows = true;
        let found = flows(&world);
        assert!(found.others.len() <= 300, "{}", found.others.len());
        let stands_for: usize = found.others.iter().map(|arrow| arrow.count).sum();
        assert_eq!(stands_for, found.count);
        assert_eq!(found.count as u64, count, "nobody is left out");
        assert_eq!(found.others.len() as u64 == count, count == 30);
    }
}

/// Where arrows end, and when.
fn ends(found: &Flows) -> Vec<(f32, Timestamp)> {
    let mut ends: Vec<_> = found
        .others
        .iter()
        .map(|arrow| (arrow.to.x, arrow.link.arrived))
        .collect();
    ends.sort_by_key(|(_, arrived)| *arrived);
    ends
}

#[test]
fn arrows_leave_room_between_them_and_are_the_same_ones_while_the_view_moves() {
    let mut world = World::of(busy(3_000), Timestamp::MAX).at(1_000 * MS, 2_000 * MS);
    world.all_arrows = true;
    let before = ends(&flows(&world));
    let inner = |ends: &[(f32, Timestamp)]| -> Vec<Timestamp> {
        let inside = ends.iter().map(|(_, arrived)| *arrived);
        inside
            .filter(|at| (1_300 * MS..1_700 * MS).contains(&at.0))
            .collect()
    };
    assert!(before.len() < 60, "{} on 1,000 points", before.len());
    for by in [1e6, 7.3e6, 50e6] {
        let range = TimeRange::new(Timestamp::ZERO, world.now);
        world.view.apply(ViewCommand::Pan(by), range);
        assert_eq!(
            inner(&ends(&flows(&world))),
            inner(&before),
            "moved by {by}"
        );
    }
}

#[test]
fn the_arrow_that_stands_for_several_is_the_one_that_took_longest() {
    // Five points from one to the next, and fifty from one slow one to the next.
    let mut world = World::of(busy(3_000), Timestamp::MAX).at(1_000 * MS, 1_200 * MS);
    world.all_arrows = true;
    let found = flows(&world);
    assert!(found.others.len() < found.count / 3);
    let slow = found.others.iter().filter(|arrow| {
        let took = arrow.link.arrived.since(arrow.link.left);
        took == Duration::from_micros(450)
    });
    assert!((20..=22).contains(&slow.count()), "all of them");
}

#[test]
fn the_pointer_finds_an_arrow_on_its_way_and_not_beside_it() {
    let mut world = World::of(sample::store(), Timestamp::MAX);
    let fired = callbacks(&world.store)[2];
    world.selection = Some(Selection::Span(fired));
    let found = flows(&world);
    let [Arrow { from, to, .. }] = found.selected[..] else {
        panic!("{found:?}");
    };
    for end in [from, to - vec2(3.0, 0.0)] {
        assert_eq!(under(&found, end), found.selected.first(), "{end:?}");
    }
    assert_eq!(under(&found, to + vec2(0.0, 30.0)), None);
    assert_eq!(under(&Flows::default(), from), None);
}

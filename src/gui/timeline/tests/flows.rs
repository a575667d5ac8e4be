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
        events.push((
            at + 400,
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
    for count in [250, 3_000, 200_000] {
        let mut world = World::of(busy(count), Timestamp::MAX);
        world.all_arrows = true;
        let found = flows(&world);
        assert!(found.others.len() <= 300, "{}", found.others.len());
        let stands_for: usize = found.others.iter().map(|arrow| arrow.count).sum();
        assert_eq!(stands_for, found.count);
        assert_eq!(found.count as u64, count, "nobody is left out");
        assert_eq!(found.others.len() as u64 == count, count == 250);
    }
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

//! Long traces: far from their beginning nothing trembles, and what is gone is told.

use super::super::forgotten;
use super::super::items::Shape;
use super::*;
use crate::store::SpanKind;
use crate::trace::{Batch, Event, EventKind, FlowId, ModelId, NameId, Source, TaskId, ThreadId};

const HOUR: u64 = 3_600_000_000_000;

fn batch(events: impl IntoIterator<Item = (u64, EventKind)>) -> Batch {
    Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: Vec::new(),
        events: events
            .into_iter()
            .map(|(at, kind)| Event {
                at: Timestamp(at),
                kind,
            })
            .collect(),
    }
}

#[test]
fn after_three_hours_a_nanosecond_is_where_it_belongs() {
    let begin = 3 * HOUR + 7;
    let mut store = TraceStore::new();
    store.push(&batch([(0, EventKind::PollBegin)]));
    store.push(&batch([
        (begin, EventKind::PollEnd { ready: 0 }),
        (begin + 1, EventKind::PollBegin),
        (begin + 3, EventKind::PollEnd { ready: 0 }),
    ]));
    let mut left = Vec::new();
    // The view moves by a tenth of a nanosecond at a time.
    for tenths in 0..10 {
        let mut world = World::of(store.clone(), Timestamp(begin + 20));
        let part = TimeRange::new(Timestamp(begin - 2), Timestamp(begin + 8));
        world.view.apply(ViewCommand::Show(part), store.range());
        world
            .view
            .apply(ViewCommand::Pan(f64::from(tenths) / 10.0), store.range());
        world.look(|place, outline| {
            let point = place.axis.nanos_per_point() as f32;
            let picture = lay_out(place, outline);
            let mut bars = picture.bars.iter();
            let turn = bars.find(|bar| bar.look == super::super::items::Look::Span(SpanKind::Turn));
            let turn = turn.expect("the turn of one nanosecond").rect;
            // A gap of a point tells neighbours apart.
            assert!(((turn.width() + 1.0) * point - 1.0).abs() < 0.01);
            left.push(f64::from(turn.left()) * f64::from(point));
        });
    }
    for pair in left.windows(2) {
        assert!((pair[0] - pair[1] - 0.1).abs() < 0.005, "{left:?}");
    }
}

#[test]
fn however_often_bytes_arrive_their_curve_has_as_many_steps_as_can_be_told_apart() {
    const READS: u64 = 100_000;
    let mut store = TraceStore::new();
    let task = TaskId::from_index(0);
    let name = NameId::from_index(0);
    store.push(&batch([(0, EventKind::TaskBegin { task, name })]));
    let read = |place| (1_000 * place, EventKind::BytesRead { task, bytes: 7 });
    store.push(&batch((1..=READS).map(read)));
    let world = World::of(store, Timestamp(1_000 * READS));
    world.look(|place, outline| {
        let steps = lay_out(place, outline).progress;
        let highest = steps.last().expect("bytes arrived").height();
        let most = (highest / 0.5) as usize + 2;
        assert!((10..=most).contains(&steps.len()), "{}", steps.len());
        for (before, after) in steps.iter().zip(&steps[1..]) {
            assert!(before.right() >= after.left() - 0.01, "without a hole");
            let higher = after.height() - before.height();
            assert!((0.0..=1.1).contains(&higher), "{higher}");
        }
    });
}

#[test]
fn however_often_something_connects_or_fails_its_marks_are_as_many_as_have_room() {
    const TIMES: u64 = 50_000;
    let (task, name) = (TaskId::from_index(0), NameId::from_index(0));
    let mut store = TraceStore::new();
    store.push(&batch([(0, EventKind::TaskBegin { task, name })]));
    store.push(&batch((1..=TIMES).flat_map(|time| {
        let failure = EventKind::Failure {
            task: None,
            message: name,
        };
        [
            (1_000 * time, EventKind::Connected { task }),
            (1_000 * time + 500, failure),
        ]
    })));
    // Of two threads that tell of a task the later may be heard of first.
    store.push(&Batch {
        source: Source {
            thread: ThreadId::from_index(1),
            ..batch([]).source
        },
        ..batch([(1, EventKind::Connected { task })])
    });
    let world = World::of(store, Timestamp(1_000 * TIMES));
    world.look(|place, outline| {
        let marks = lay_out(place, outline).marks;
        for shape in [Shape::Connected, Shape::Failure] {
            let some = marks.iter().filter(|mark| mark.shape == shape);
            let x: Vec<_> = some.map(|mark| mark.at.x).collect();
            assert!(x.len() > 150, "{}", x.len());
            let apart = |pair: &[f32]| (5.0..8.0).contains(&(pair[1] - pair[0]));
            assert!(x.windows(2).all(apart), "{x:?}");
        }
    });
}

#[test]
fn where_the_oldest_was_let_go_of_is_told() {
    let mut store = TraceStore::new();
    store.keep_at_most(Some(10_000));
    for turn in 0..20_000 {
        let at = turn * 1_000;
        // Of what must be seen at every scale the oldest goes as well, in pieces of another length.
        let notable = (turn % 3 == 0).then_some((at + 1, EventKind::Dropped { count: 1 }));
        let flow = FlowId::new(turn + 1).expect("they count from 1");
        let instant = (at + 2, EventKind::TimerCancelled { timer: flow });
        store.push(&batch([(at, EventKind::PollEnd { ready: 0 })]));
        store.push(&batch(notable.into_iter().chain([instant])));
        store.push(&batch([(at + 900, EventKind::PollBegin)]));
    }
    let world = World::of(store, Timestamp::MAX);
    world.look(|place, outline| {
        assert!(!lay_out(place, outline).marks.is_empty());
        let (area, gone) = forgotten::area(place).expect("it is on the screen");
        assert!(gone.events >= 50_000, "{}", gone.events);
        assert!((area.right() - place.axis.x(gone.until)).abs() < 0.01);
        assert_eq!(area.left(), place.axis.x(Timestamp::ZERO));
    });
    let late = world.at(19_000_000, 20_000_000);
    late.look(|place, _| assert!(forgotten::area(place).is_none(), "all of that is kept"));
}

#[test]
fn of_very_many_stalls_each_is_under_a_bar_and_counted_by_a_mark() {
    let mut store = TraceStore::new();
    let mut stalls = Vec::new();
    let mut at = 0;
    for number in 0_u64..5_000 {
        // Some stand alone, many stand close together, and a few are long.
        at += 1_000 + number * number % 7_919 * 3_000;
        let length = 500_000 + number % 13 * 90_000 + (number % 700 / 699) * 300 * MS;
        let (begin, end) = (at, at + length);
        let stall = EventKind::Stall {
            begin: Timestamp(begin),
            task: None,
            callback: NameId::from_index(0),
        };
        store.push(&batch([
            (begin, EventKind::PollEnd { ready: 1 }),
            (end, stall),
            (end, EventKind::PollBegin),
        ]));
        stalls.push(TimeRange::new(Timestamp(begin), Timestamp(end)));
        at = end;
    }
    let all = store.range().end.0;
    for part in [1, 7, 400, 40_000] {
        let (middle, half) = (all / 2, all / part / 2);
        let world = World::of(store.clone(), Timestamp::MAX).at(middle - half, middle + half);
        world.look(|place, outline| {
            let picture = lay_out(place, outline);
            let seen = || stalls.iter().filter(|range| place.axis.sees(**range));
            let counted: usize = picture.stall_marks.iter().map(|mark| mark.count).sum();
            assert_eq!(counted, seen().count(), "of 1/{part}");
            for x in seen().map(|range| place.axis.x(range.begin)) {
                let covers = |bar: &super::super::items::StallBar| {
                    bar.rect.left() - 0.01 <= x && x <= bar.rect.right() + 1.01
                };
                assert!(picture.stalls.iter().any(covers), "at {x} of 1/{part}");
            }
            let most = place.lanes.width() as usize / 2 + 2;
            assert!(picture.stalls.len() <= most, "{}", picture.stalls.len());
        });
    }
}

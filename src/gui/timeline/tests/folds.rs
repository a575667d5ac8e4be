//! What is too short to be told apart: ticks where there is room between them, and else as high as it was active.

use super::super::items::{Bar, Look, Of, SHARES};
use super::super::place::NARROWEST;
use super::*;
use crate::store::SpanKind;
use crate::trace::{
    Batch, Cause, Event, EventKind, FlowId, ModelId, NameId, Source, TaskId, ThreadId,
};

/// From one turn of the loop to the next.
const EVERY: u64 = MS;
/// How many turns.
const TURNS: u64 = 2_000;

/// A loop that wakes up every millisecond and then runs one callback for this long, for the task that it serves.
fn loop_of(busy: u64) -> TraceStore {
    let mut store = TraceStore::new();
    let task = TaskId::from_index(0);
    let name = NameId::from_index(0);
    let mut events = vec![
        (0, EventKind::TaskBegin { task, name }),
        (0, EventKind::PollBegin),
    ];
    for turn in 1..=TURNS {
        let at = turn * EVERY;
        let begin = EventKind::CallbackBegin {
            task: Some(task),
            name,
            cause: Cause::Readiness,
            flow: None::<FlowId>,
        };
        events.extend([
            (at, EventKind::PollEnd { ready: 1 }),
            (at, begin),
            (at + busy, EventKind::CallbackEnd { failed: false }),
            (at + busy, EventKind::PollBegin),
        ]);
    }
    let events = events.into_iter().map(|(at, kind)| Event {
        at: Timestamp(at),
        kind,
    });
    store.push(&Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: vec![(NameId::from_index(0), "data_received".to_owned())],
        events: events.collect(),
    });
    store
}

/// What of the active bars of each row is ink: the share of its height, over the time between two moments.
fn ink(busy: u64, of_task: bool, depth: usize) -> f64 {
    let world = World::of(loop_of(busy), Timestamp::MAX);
    world.look(|place, outline| {
        let picture = lay_out(place, outline);
        let (top, bottom) = match of_task {
            true => place.task_edges(task(outline, 0, 0)),
            false => place.row_edges(thread(outline, 0), depth),
        };
        let [from, to] = [200, 1_800].map(|at| place.axis.x(Timestamp(at * EVERY)));
        let is_there = |bar: &&Bar| (bar.rect.bottom() - bottom).abs() < 0.5;
        let parts = picture
            .bars
            .iter()
            .filter(is_there)
            .map(|bar| match bar.look {
                Look::Fold { share, .. } => bar.active_part(share),
                look if look.is_active() => bar.rect,
                Look::Span(_) => bar.rect.with_min_y(bottom),
            });
        let area = |rect: Rect| {
            let width = (rect.right().min(to) - rect.left().max(from)).max(0.0);
            f64::from(width * rect.height())
        };
        parts.map(area).sum::<f64>() / f64::from((to - from) * (bottom - top))
    })
}

#[test]
fn a_loop_that_is_hardly_active_is_hardly_painted() {
    for (of_task, depth) in [(true, 0), (false, 0), (false, 1)] {
        // Three percent, a half, and nearly all of the time.
        let [little, half, most] = [30_000, 500_000, 950_000].map(|busy| ink(busy, of_task, depth));
        assert!((0.03..0.15).contains(&little), "{little} of row {depth}");
        assert!((0.45..0.65).contains(&half), "{half} of row {depth}");
        assert!((0.9..1.01).contains(&most), "{most} of row {depth}");
    }
}

#[test]
fn what_stands_alone_is_a_tick_as_high_as_its_row() {
    let world = World::of(loop_of(30_000), Timestamp::MAX).at(1_000 * MS, 1_100 * MS);
    world.look(|place, outline| {
        let (top, bottom) = place.row_edges(thread(outline, 0), 1);
        let picture = lay_out(place, outline);
        let ticks = picture.bars.iter().filter(|bar| bar.rect.top() == top);
        let ticks: Vec<_> = ticks.collect();
        assert!(ticks.len() >= 100);
        for tick in ticks {
            let kind = SpanKind::Callback(Cause::Readiness);
            assert_eq!(tick.look, Look::Span(kind));
            assert_eq!(tick.rect.bottom(), bottom);
            assert!(tick.rect.width() >= NARROWEST - 0.01);
        }
    });
}

#[test]
fn what_was_active_at_all_is_seen_and_what_was_active_always_is_full() {
    let rect = Rect::from_min_size(pos2(0.0, 10.0), vec2(5.0, 15.0));
    let bar = |share| Bar {
        rect,
        look: Look::Fold {
            kind: SpanKind::Running,
            share,
        },
        of: Of::Task,
    };
    let height = |share: u8| bar(share).active_part(share).height();
    assert_eq!(height(0), 0.0);
    assert!(height(1) >= 1.0);
    assert!((1..SHARES).all(|share| height(share) <= height(share + 1)));
    assert_eq!(bar(SHARES).active_part(SHARES), rect);
}

//! What lies under the pointer.

use super::super::hit::{Target, hit};
use super::*;
use crate::store::{LaneRef, SpanKind};
use crate::trace::EventKind;

/// What lies `dx` points right of a moment, in the middle of a depth of a band.
fn point(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    band: &Band<'_>,
    depth: usize,
    at: u64,
    dx: f32,
) -> Option<Target> {
    let (top, bottom) = match band.kind {
        Kind::Task(_) => place.task_edges(band),
        _ => place.row_edges(band, depth),
    };
    let x = place.axis.x(Timestamp(at)) + dx;
    hit(place, outline, pos2(x, (top + bottom) / 2.0))
}

fn kind(world: &World, target: Option<Target>) -> Option<SpanKind> {
    match target {
        Some(Target::Span(span)) => world.store.span(span).map(|span| span.kind),
        _ => None,
    }
}

#[test]
fn a_span_thinner_than_a_point_is_hit_from_nearby() {
    let world = World::new(Sample {
        blocking: false,
        ..Sample::default()
    });
    world.look(|place, outline| {
        let band = task(outline, 1, 0);
        let read = 100 * MS + 730_000;
        for dx in [-3.0, 0.0, 3.0] {
            let found = kind(&world, point(place, outline, band, 0, read, dx));
            assert_eq!(found, Some(SpanKind::Running), "{dx}");
        }
        let found = kind(&world, point(place, outline, band, 0, read, 7.0));
        assert_eq!(found, Some(SpanKind::Waiting));
    });
}

#[test]
fn the_depth_under_the_pointer_is_hit() {
    let world = World::new(Sample::default()).at(600 * MS, 1_000 * MS);
    world.look(|place, outline| {
        let band = thread(outline, 2);
        let deep = |depth| point(place, outline, band, depth, 700 * MS, 0.0);
        assert!(
            matches!(deep(0), Some(Target::Stall(..))),
            "a stall lies over its turn"
        );
        assert!(matches!(kind(&world, deep(1)), Some(SpanKind::Callback(_))));
        assert_eq!(kind(&world, deep(2)), Some(SpanKind::Blocking));
        let below = pos2(
            place.axis.x(Timestamp(700 * MS)),
            place.top(band) + band.height - 1.0,
        );
        assert_eq!(hit(place, outline, below), None);
    });
}

#[test]
fn a_stall_too_short_for_the_screen_is_hit_from_nearby() {
    let world = World::new(Sample::default()).at(0, 1_000_000 * MS);
    world.look(|place, outline| {
        let found = point(place, outline, thread(outline, 2), 0, 700 * MS, 3.0);
        assert!(matches!(found, Some(Target::Stall(..))), "{found:?}");
    });
}

#[test]
fn what_is_red_in_the_lane_of_a_task_is_a_stall() {
    let world = World::new(Sample::default());
    world.look(|place, outline| {
        let band = task(outline, 2, 0);
        let found = point(place, outline, band, 0, 700 * MS, 0.0);
        assert!(matches!(found, Some(Target::Stall(..))), "{found:?}");
        let before = point(place, outline, band, 0, 550 * MS, 0.0);
        assert_eq!(kind(&world, before), Some(SpanKind::Waiting));
    });
}

#[test]
fn a_fold_says_how_many_and_selects_the_longest() {
    let world = World::new(Sample::default()).at(0, 400_000 * MS);
    world.look(|place, outline| {
        let found = point(place, outline, thread(outline, 2), 1, 1_000 * MS, 0.0);
        let Some(Target::Fold {
            longest,
            count,
            range,
            ..
        }) = found
        else {
            panic!("{found:?}");
        };
        assert!(count > 1);
        let span = world.store.span(longest).expect("it is there");
        assert!(range.contains(span.begin));
        assert_eq!(
            found.and_then(|fold| fold.selection()),
            Some(Selection::Span(longest))
        );
    });
}

#[test]
fn what_lasts_still_is_hit() {
    let until = Timestamp(1_550 * MS);
    let world = World::new(Sample {
        until,
        ..Sample::default()
    })
    .at(1_400 * MS, 1_600 * MS);
    world.look(|place, outline| {
        let found = point(place, outline, thread(outline, 2), 0, 1_500 * MS, 0.0);
        let Some(Target::Span(span)) = found else {
            panic!("{found:?}")
        };
        assert!(world.store.span(span).expect("it is there").is_open());
        let after = point(place, outline, thread(outline, 2), 0, 1_590 * MS, 0.0);
        assert_eq!(after, None);
    });
}

#[test]
fn moments_are_hit_where_they_are_marked() {
    let world = World::new(Sample::default());
    world.look(|place, outline| {
        let band = task(outline, 2, 0);
        let found = point(place, outline, band, 0, 200_000, 0.0);
        let Some(Target::Instant(model, thread, index)) = found else {
            panic!("{found:?}");
        };
        let thread = world
            .store
            .model(model)
            .and_then(|model| model.thread(thread));
        let event = thread
            .expect("it is there")
            .instants()
            .get(index)
            .expect("it is hit");
        assert!(matches!(event.kind, EventKind::Connected { .. }));
    });
}

#[test]
fn wherever_a_wide_bar_is_drawn_it_is_hit() {
    let sample = Sample {
        blocking: false,
        ..Sample::default()
    };
    let world = World::new(sample).at(250 * MS, 650 * MS);
    world.look(|place, outline| {
        for band in outline.bands() {
            let Kind::Task(task) = band.kind else {
                continue;
            };
            for (index, span) in task
                .lane
                .row(0)
                .expect("it did things")
                .spans()
                .iter()
                .enumerate()
            {
                let (left, right) = (place.axis.x(span.begin), place.axis.x(span.end));
                let middle = pos2((left + right) / 2.0, place.top(band) + band.height / 2.0);
                if right - left < 20.0 || !place.lanes.contains(middle) {
                    continue;
                }
                let found = hit(place, outline, middle);
                let Some(Target::Span(found)) = found else {
                    panic!("{found:?}")
                };
                assert_eq!((found.index, found.lane), (index, LaneRef::Task(task.id)));
            }
        }
    });
}

#[test]
fn there_is_nothing_beside_the_trace() {
    let world = World::new(Sample::default());
    world.look(|place, outline| {
        let band = task(outline, 1, 1);
        assert_eq!(point(place, outline, band, 0, 5_000 * MS, 0.0), None);
        assert_eq!(hit(place, outline, pos2(500.0, 1_900.0)), None);
        assert_eq!(hit(place, outline, pos2(5.0, 100.0)), None);
    });
}

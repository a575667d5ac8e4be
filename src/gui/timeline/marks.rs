//! Moments that are drawn as small shapes: connections, failures, dropped events, timers.

use egui::pos2;

use super::items::{Mark, Shape};
use super::outline::Band;
use super::place::Placement;
use crate::store::{Chunks, TaskTrack, ThreadTrack};
use crate::trace::{Event, EventKind, TimeRange, Timestamp};

/// With more moments than this on the screen, only those are drawn that must be seen at every scale.
const MOST: usize = 1_500;
/// How close two marks of the same shape may stand, in points.
const GAP: f32 = 5.0;

/// Whether a thread has too many moments in the view for all of them to be drawn.
fn is_crowded(place: &Placement<'_>, thread: &ThreadTrack) -> bool {
    thread.instants_in(place.axis.range()).iter().len() > MOST
}

/// Adds the marks of a thread.
pub(super) fn of_thread(
    place: &Placement<'_>,
    thread: &ThreadTrack,
    middle: f32,
    marks: &mut Vec<Mark>,
) {
    // Those stand on the lane of their task.
    let shape = |kind: &EventKind| Shape::of(kind).filter(|shape| *shape != Shape::Connected);
    if !is_crowded(place, thread) {
        let events = thread.instants_in(place.axis.range()).iter();
        let shapes = events.filter_map(|event| Some((event.at, shape(&event.kind)?)));
        add(place, shapes, middle, marks);
        return;
    }
    let event = |index: &usize| thread.instants().get(*index);
    for kind in thread.notable() {
        let shape_of = |index| shape(&event(index)?.kind);
        // All of them have the same.
        if let Some(shape) = kind.last().and_then(shape_of) {
            // Of a long run the first may have been let go of.
            let at = |index: &usize| event(index).map(|event| event.at);
            marks.extend(apart(place, kind, at, shape, middle));
        }
    }
}

/// Adds the connections of a task to its lane. Its failure stands at its end.
pub(super) fn of_task(
    place: &Placement<'_>,
    band: &Band<'_>,
    task: &TaskTrack,
    marks: &mut Vec<Mark>,
) {
    let (top, bottom) = place.task_edges(band);
    let middle = (top + bottom) / 2.0;
    let (connected, at) = (task.connected(), |at: &Timestamp| Some(*at));
    marks.extend(apart(place, connected, at, Shape::Connected, middle));
}

/// The marks of moments in the order of time, all of the same shape. Those too close to the one before are not even looked
/// at: there may be any number of them.
fn apart<'a, T>(
    place: &'a Placement<'_>,
    all: &'a Chunks<T>,
    at: impl Fn(&T) -> Option<Timestamp> + 'a,
    shape: Shape,
    middle: f32,
) -> impl Iterator<Item = Mark> + 'a {
    let axis = &place.axis;
    // What is not there any more came before.
    let x = move |one: &T| at(one).map_or(f32::NEG_INFINITY, |at| axis.x(at));
    let mut next = all.partition_point(|one| x(one) < axis.left() - GAP);
    std::iter::from_fn(move || {
        let its = x(all.get(next)?);
        next = all.partition_point_from(next + 1, |other| x(other) - its < GAP);
        (its <= axis.right() + GAP).then(|| Mark {
            at: pos2(its, middle),
            shape,
        })
    })
}

fn add(
    place: &Placement<'_>,
    moments: impl Iterator<Item = (Timestamp, Shape)>,
    middle: f32,
    marks: &mut Vec<Mark>,
) {
    let first = marks.len();
    for (at, shape) in moments {
        let at = pos2(place.axis.x(at), middle);
        let outside = at.x < place.axis.left() - GAP || at.x > place.axis.right() + GAP;
        let near = |mark: &Mark| mark.shape == shape && at.x - mark.at.x < GAP;
        // Marks come in the order of time: those close by are among the last.
        if outside || marks[first..].iter().rev().take(8).any(near) {
            continue;
        }
        marks.push(Mark { at, shape });
    }
}

/// The place of the moment of a thread nearest to `x` that satisfies `is_it`, at most `tolerance` points away. What must be
/// seen comes before what need not.
pub(super) fn near(
    place: &Placement<'_>,
    thread: &ThreadTrack,
    x: f32,
    tolerance: f32,
    is_it: impl Fn(&EventKind) -> bool,
) -> Option<usize> {
    let view = place.axis.range();
    let at = |x: f32| Timestamp(place.axis.nanos_at(x).max(0.0) as u64);
    let begin = at(x - tolerance).max(view.begin);
    let end = Timestamp(at(x + tolerance).0.saturating_add(1)).min(view.end);
    let around = thread.instants_in(TimeRange::new(begin, end.max(begin)));
    let is_crowded = is_crowded(place, thread);
    let rank = |event: &Event| {
        let shape = Shape::of(&event.kind).filter(|_| is_it(&event.kind))?;
        let distance = (place.axis.x(event.at) - x).abs();
        let seen = shape.is_notable() || !is_crowded;
        (seen && distance <= tolerance).then_some((!shape.is_notable(), distance))
    };
    let events = around.iter().enumerate();
    let ranked = events.filter_map(|(index, event)| Some((rank(&event)?, index)));
    let best = ranked.min_by(|((a, x), _), ((b, y), _)| a.cmp(b).then(x.total_cmp(y)));
    best.map(|(_, index)| around.first_place() + index)
}

//! Moments that are drawn as small shapes: connections, failures, dropped events, timers.

use egui::pos2;

use super::items::{Mark, Shape};
use super::outline::Band;
use super::place::Placement;
use crate::store::{TaskTrack, ThreadTrack};
use crate::trace::{EventKind, Timestamp};

/// With more moments than this on the screen, only those are drawn that must be seen at every scale.
const MOST: usize = 1_500;
/// How close two marks of the same shape may stand, in points.
const GAP: f32 = 5.0;

/// The places of the moments of a thread that get a mark at this scale, in the order of time.
pub(super) fn places<'a>(
    place: &Placement<'_>,
    thread: &'a ThreadTrack,
) -> Box<dyn Iterator<Item = usize> + 'a> {
    let view = place.axis.range();
    let instants = thread.instants();
    let from = instants.partition_point(|event| event.at < view.begin);
    let to = instants
        .partition_point(|event| event.at < view.end)
        .max(from);
    if to - from <= MOST {
        return Box::new(from..to);
    }
    Box::new(notable(place, thread))
}

/// The places of those that must be seen at every scale.
fn notable<'a>(place: &Placement<'_>, thread: &'a ThreadTrack) -> impl Iterator<Item = usize> + 'a {
    let (view, instants, notable) = (place.axis.range(), thread.instants(), thread.notable());
    // Of a long run the first may have been let go of.
    let before = |place: usize, moment| instants.get(place).is_none_or(|one| one.at < moment);
    let first = notable.partition_point(|&place| before(place, view.begin));
    let last = notable.partition_point(|&place| before(place, view.end));
    notable.range(first..last.max(first)).iter().copied()
}

/// Adds the marks of a thread.
pub(super) fn of_thread(
    place: &Placement<'_>,
    thread: &ThreadTrack,
    middle: f32,
    marks: &mut Vec<Mark>,
) {
    let events = places(place, thread).map(|place| &thread.instants()[place]);
    // Those stand on the lane of their task.
    let events = events.filter(|event| !matches!(event.kind, EventKind::Connected { .. }));
    let shapes = events.filter_map(|event| Some((event.at, Shape::of(&event.kind)?)));
    add(place, shapes, middle, marks);
}

/// Adds the connection of a task to its lane. Its failure stands at its end.
pub(super) fn of_task(
    place: &Placement<'_>,
    band: &Band<'_>,
    task: &TaskTrack,
    marks: &mut Vec<Mark>,
) {
    let (top, bottom) = place.task_edges(band);
    let shape = |at: &Timestamp| (*at, Shape::Connected);
    let connected = task.connected().iter().map(shape);
    add(place, connected, (top + bottom) / 2.0, marks);
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
    let rank = |index: usize| {
        let event = &thread.instants()[index];
        let shape = Shape::of(&event.kind).filter(|_| is_it(&event.kind))?;
        let distance = (place.axis.x(event.at) - x).abs();
        (distance <= tolerance).then_some((!shape.is_notable(), distance))
    };
    let ranked = places(place, thread).filter_map(|index| Some((rank(index)?, index)));
    let best = ranked.min_by(|((a, x), _), ((b, y), _)| a.cmp(b).then(x.total_cmp(y)));
    best.map(|(_, index)| index)
}

//! Where stalls are drawn: on the lanes that stalled, and in the header of the model, so that none is ever
//! folded away or hidden with its lanes.

use egui::{Rangef, Rect};

use super::items::{Label, On, Picture, StallBar, StallMark};
use super::outline::Band;
use super::place::{NARROWEST, Placement};
use crate::analysis::plain_duration;
use crate::gui::texts::{fill, tr};
use crate::store::{ModelTrack, SpanKind, Stall, TaskTrack, ThreadTrack};
use crate::trace::{NameId, TaskId, ThreadId, TimeRange, Timestamp};

/// How close two marks in a header may stand, in points: where each can be hit. Closer ones share a mark.
const MARK_GAP: f32 = 14.0;

/// A stall that ended or lasts still.
struct Known {
    index: Option<usize>,
    range: TimeRange,
    callback: Option<NameId>,
    task: Option<TaskId>,
}

/// What a thread is stalled in at this moment: since when it has not waited, if that is longer than the
/// threshold, and the innermost callback that it is in.
pub(super) fn growing(
    place: &Placement<'_>,
    model: &ModelTrack,
    thread: &ThreadTrack,
) -> Option<GrowingStall> {
    if model.lasting_stall(thread.id).is_some() {
        // A watchdog has told of it: it is one of the model's.
        return None;
    }
    let range = thread.open_stretch()?.range(place.scene.now);
    if range.duration() < place.scene.stall_threshold {
        return None;
    }
    let open = thread.lane.open().iter().rev();
    let callback = open
        .copied()
        .find(|span| matches!(span.kind, SpanKind::Callback(_)))?;
    Some(GrowingStall {
        range,
        callback: callback.name,
        task: callback.task,
    })
}

/// A stall that lasts still.
pub(super) struct GrowingStall {
    pub(super) range: TimeRange,
    pub(super) callback: Option<NameId>,
    pub(super) task: Option<TaskId>,
}

/// The stalls of a model that are on the screen, with their places; those that last still, to this moment.
fn visible<'a>(
    place: &'a Placement<'_>,
    model: &'a ModelTrack,
) -> impl Iterator<Item = (usize, Stall)> + 'a {
    let seen = |(_, stall): &(usize, Stall)| place.axis.sees(stall.range);
    let until_now = |stall: &Stall| Stall {
        range: stall.until(place.scene.now),
        ..*stall
    };
    model.stalls.iter().map(until_now).enumerate().filter(seen)
}

/// The same, of one thread: found by bisection.
fn visible_on<'a>(
    place: &'a Placement<'_>,
    model: &'a ModelTrack,
    thread: ThreadId,
) -> impl Iterator<Item = Stall> + 'a {
    let stalls = model.stalls_on(thread, place.axis.range());
    stalls.map(|(_, stall)| Stall {
        range: stall.until(place.scene.now),
        ..*stall
    })
}

/// The place of the stall of a thread that holds a moment, or comes as near as `margin` nanoseconds.
pub(super) fn near(
    place: &Placement<'_>,
    model: &ModelTrack,
    thread: ThreadId,
    moment: f64,
    margin: f64,
) -> Option<usize> {
    let distance = |stall: &Stall| {
        let range = stall.until(place.scene.now);
        let (begin, end) = (range.begin.0 as f64, range.end.0 as f64);
        (begin - moment).max(moment - end).max(0.0)
    };
    let at = |moment: f64| Timestamp(moment.max(0.0) as u64);
    let around = TimeRange::new(at(moment - margin), at(moment + margin + 1.0));
    let stalls = model.stalls_on(thread, around);
    stalls
        .filter(|(_, stall)| distance(stall) <= margin)
        .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))
        .map(|(place, _)| place)
}

/// The place of the longest stall that a task caused by what it did in `range`.
pub(super) fn of_task(
    place: &Placement<'_>,
    model: &ModelTrack,
    task: TaskId,
    range: TimeRange,
) -> Option<usize> {
    let until_now = |stall: &Stall| stall.until(place.scene.now);
    let stalls = model.stalls_by(task, range);
    stalls
        .filter(|(_, stall)| until_now(stall).overlaps(range))
        .max_by_key(|(_, stall)| until_now(stall).nanos())
        .map(|(place, _)| place)
}

/// Adds the stalls of a thread: over its outermost row, which is the turn or the callback that took too long.
pub(super) fn on_thread(
    place: &Placement<'_>,
    band: &Band<'_>,
    thread: &ThreadTrack,
    picture: &mut Picture,
) {
    let (top, bottom) = place.row_edges(band, 0);
    let mut covered = f32::MIN;
    for stall in visible_on(place, band.model, thread.id) {
        let rect = place.bar(stall.range, top, bottom, NARROWEST);
        // Stalls of one thread come in the order of time: what ends in the same column is there already.
        if rect.right() <= covered {
            continue;
        }
        covered = rect.right();
        let growing = stall.lasts;
        add(place, StallBar { rect, growing }, stall.range, picture);
    }
    if let Some(stall) = growing(place, band.model, thread)
        && place.axis.sees(stall.range)
    {
        let bar = StallBar {
            rect: place.bar(stall.range, top, bottom, NARROWEST),
            growing: true,
        };
        add(place, bar, stall.range, picture);
    }
}

/// Leaves a gap to whatever comes next, where there is room for one.
fn apart(mut rect: Rect) -> Rect {
    if rect.width() > 4.0 {
        rect.max.x -= 1.0;
    }
    rect
}

fn add(place: &Placement<'_>, bar: StallBar, range: TimeRange, picture: &mut Picture) {
    picture.stalls.push(StallBar {
        rect: apart(bar.rect),
        ..bar
    });
    if let Some(room) = place.room(bar.rect) {
        // The text of the span below would show through.
        picture.labels.retain(|label| {
            label.room.top() != room.top()
                || label.room.right() <= bar.rect.left()
                || label.room.left() >= bar.rect.right()
        });
        let length = plain_duration(range.duration());
        picture.labels.push(Label {
            room,
            text: fill(tr("stalled {length}"), &[("length", &length)]),
            short: Some(length),
            on: On::Stall,
        });
    }
}

/// Adds the stalls that a task's own callbacks caused: wherever it ran during one of them.
pub(super) fn on_task(
    place: &Placement<'_>,
    band: &Band<'_>,
    task: &TaskTrack,
    picture: &mut Picture,
) {
    let (top, bottom) = place.task_edges(band);
    let Some(row) = task.lane.row(0) else { return };
    let mut covered = f32::MIN;
    for (_, stall) in band.model.stalls_by(task.id, place.axis.range()) {
        let seen = stall.until(place.scene.now);
        if !place.axis.sees(seen) || place.axis.x(seen.end) <= covered {
            continue;
        }
        if stall.lasts {
            // What runs is not among the spans that are over.
            add_open(place, task, true, (top, bottom), picture);
            continue;
        }
        let first = row.first_after(stall.range.begin);
        let last = row
            .spans()
            .partition_point(|span| span.begin < stall.range.end);
        let longest = row.longest_active(first, last);
        let Some(span) = longest.and_then(|place| row.get(place)) else {
            continue;
        };
        let rect = place.bar(span.range(stall.range.end), top, bottom, NARROWEST);
        covered = rect.right();
        picture.stalls.push(StallBar {
            rect: apart(rect),
            growing: false,
        });
    }
    let stalls = band
        .model
        .threads
        .iter()
        .filter_map(|thread| growing(place, band.model, thread));
    for stall in stalls.filter(|stall| stall.task == Some(task.id)) {
        let growing = stall.range.end == place.scene.now;
        add_open(place, task, growing, (top, bottom), picture);
    }
}

/// Adds the stall in which a task runs at this moment.
fn add_open(
    place: &Placement<'_>,
    task: &TaskTrack,
    growing: bool,
    (top, bottom): (f32, f32),
    picture: &mut Picture,
) {
    let open = task.lane.open().first();
    if let Some(span) = open.filter(|span| span.kind == SpanKind::Running) {
        let rect = place.bar(span.range(place.scene.now), top, bottom, NARROWEST);
        picture.stalls.push(StallBar { rect, growing });
    }
}

/// Adds a mark for each stall of a model; those too close together share one.
pub(super) fn in_header(place: &Placement<'_>, band: &Band<'_>, marks: &mut Vec<StallMark>) {
    let model = band.model;
    let mut known: Vec<Known> = visible(place, model)
        .map(|(index, stall)| Known {
            index: Some(index),
            range: stall.range,
            callback: stall.callback,
            task: stall.task,
        })
        .collect();
    let growing = model
        .threads
        .iter()
        .filter_map(|thread| growing(place, model, thread));
    known.extend(growing.map(|stall| Known {
        index: None,
        range: stall.range,
        callback: stall.callback,
        task: stall.task,
    }));
    known.retain(|stall| place.axis.sees(stall.range));
    // Those of several threads come in no order.
    known.sort_by_key(|stall| stall.range.begin);
    let (top, bottom) = (place.top(band), place.top(band) + band.height);
    let mut rest = known.as_slice();
    while let Some(first) = rest.first() {
        let mut rect = place.bar(first.range, top, bottom, 1.0);
        let start = rect.left();
        let near = |stall: &&Known| place.axis.x(stall.range.begin) < start + MARK_GAP;
        let count = rest.iter().take_while(near).count().max(1);
        let (cluster, others) = rest.split_at(count);
        rest = others;
        let mut longest = first;
        for stall in cluster {
            rect.max.x = rect.right().max(place.axis.x(stall.range.end));
            if stall.range.nanos() > longest.range.nanos() {
                longest = stall;
            }
        }
        marks.push(StallMark {
            rect: apart(rect),
            model: model.id,
            index: longest.index,
            count,
            range: longest.range,
            name: name(place, model, longest, count),
        });
    }
}

fn name(place: &Placement<'_>, model: &ModelTrack, stall: &Known, count: usize) -> String {
    let store = place.scene.store;
    let callback = stall.callback.map_or("?", |name| store.name(name));
    let task = stall.task.and_then(|id| model.task(id)?.name);
    let of = task.map_or_else(String::new, |name| {
        fill(tr(" of {task}"), &[("task", &store.name(name))])
    });
    let length = plain_duration(stall.range.duration());
    match count {
        1 => fill(
            tr("Stall: {callback}{of}, {length}"),
            &[("callback", &callback), ("of", &of), ("length", &length)],
        ),
        _ => fill(
            tr("{count} stalls, the longest: {callback}{of}, {length}"),
            &[
                ("count", &count),
                ("callback", &callback),
                ("of", &of),
                ("length", &length),
            ],
        ),
    }
}

/// Where the ruler is marked: the stalls of all models on the screen, those that overlap as one.
pub(super) fn on_ruler(place: &Placement<'_>) -> Vec<Rangef> {
    let mut ranges: Vec<Rangef> = Vec::new();
    for model in place.scene.store.models() {
        let ended = visible(place, model).map(|(_, stall)| stall.range);
        let growing = model
            .threads
            .iter()
            .filter_map(|thread| growing(place, model, thread));
        let lasting = growing
            .map(|stall| stall.range)
            .filter(|&range| place.axis.sees(range));
        for range in ended.chain(lasting) {
            let left = place.axis.x(range.begin);
            let right = place.axis.x(range.end).max(left + NARROWEST);
            match ranges.last_mut() {
                Some(last) if last.min <= left && left <= last.max => {
                    last.max = last.max.max(right);
                }
                _ => ranges.push(Rangef::new(left, right)),
            }
        }
    }
    ranges
}

//! Where stalls are drawn: on the lanes that stalled, and in the header of the model, so that none is ever
//! folded away or hidden with its lanes.

use egui::{Rangef, Rect};

use super::items::{Label, On, Picture, StallBar, StallMark};
use super::outline::Band;
use super::place::{NARROWEST, Placement};
use super::scene::Scene;
use crate::analysis::plain_duration;
use crate::gui::texts::{fill, tr};
use crate::store::{ModelTrack, SpanKind, Stall, StallRow, TaskTrack, ThreadTrack};
use crate::trace::{ModelId, NameId, TaskId, ThreadId, TimeRange, Timestamp};

/// How close two marks in a header may stand, in points: where each can be hit. Closer ones share a mark.
const MARK_GAP: f32 = 14.0;

/// What a thread is stalled in at this moment although nobody has told of it.
pub(super) struct GrowingStall {
    pub(super) model: ModelId,
    pub(super) thread: ThreadId,
    pub(super) range: TimeRange,
    pub(super) callback: Option<NameId>,
    pub(super) task: Option<TaskId>,
}

/// What the threads of a scene are stalled in at this moment: since when each has not waited, if that is longer than the
/// threshold, and the innermost callback that it is in.
pub(super) fn growing(scene: &Scene<'_>) -> Vec<GrowingStall> {
    let threads = |model: &'_ ModelTrack| {
        let growing = |thread| growing_on(scene, model, thread);
        model.threads.iter().filter_map(growing).collect::<Vec<_>>()
    };
    scene.store.models().iter().flat_map(threads).collect()
}

fn growing_on(scene: &Scene<'_>, model: &ModelTrack, thread: &ThreadTrack) -> Option<GrowingStall> {
    let range = thread.open_stretch()?.range(scene.now);
    // Where a watchdog has told of it, it is one of the model's.
    if range.duration() < scene.stall_threshold || model.lasting_stall(thread.id).is_some() {
        return None;
    }
    let open = thread.lane.open().iter().rev();
    let callback = open
        .copied()
        .find(|span| matches!(span.kind, SpanKind::Callback(_)))?;
    Some(GrowingStall {
        model: model.id,
        thread: thread.id,
        range,
        callback: callback.name,
        task: callback.task,
    })
}

/// What is on the screen, and a point more at each side.
fn seen(place: &Placement<'_>) -> TimeRange {
    let (range, margin) = (place.axis.range(), place.axis.nanos_per_point() as u64);
    let begin = range.begin.0.saturating_sub(margin);
    TimeRange::new(
        Timestamp(begin),
        Timestamp(range.end.0.saturating_add(margin)),
    )
}

/// Those stalls of a row that have a bar of their own at this scale: of those that end where the bar of one before them
/// covers them it is one and the same.
fn told_apart<'a>(
    place: &'a Placement<'_>,
    row: StallRow<'a>,
) -> impl Iterator<Item = &'a Stall> + 'a {
    let narrowest = (f64::from(NARROWEST) * place.axis.nanos_per_point()) as u64;
    let mut next = 0;
    std::iter::from_fn(move || {
        let (_, stall) = row.get(next)?;
        let covered = stall.range.begin.0.saturating_add(narrowest);
        next = row.ends_after(next + 1, Timestamp(covered.max(stall.range.end.0)));
        Some(stall)
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
    let stalls = model.stalls_on(thread, around).iter();
    let stalls = stalls.chain(model.lasting_stall(thread));
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
    let lasting = model.lasting_stalls();
    let lasting = lasting.filter(|(_, stall)| stall.task == Some(task));
    let stalls = model.stalls_by(task, range).iter().chain(lasting);
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
    let mut add = |range, growing| {
        if place.axis.sees(range) {
            let rect = place.bar(range, top, bottom, NARROWEST);
            add(place, StallBar { rect, growing }, range, picture);
        }
    };
    let ended = band.model.stalls_on(thread.id, seen(place));
    told_apart(place, ended).for_each(|stall| add(stall.range, false));
    if let Some((_, stall)) = band.model.lasting_stall(thread.id) {
        add(stall.until(place.scene.now), true);
    }
    let is_its = |one: &&GrowingStall| one.thread == thread.id && one.model == band.model.id;
    if let Some(stall) = place.growing.iter().find(is_its) {
        add(stall.range, true);
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
    let stalls = band.model.stalls_by(task.id, seen(place));
    for stall in told_apart(place, stalls) {
        if !place.axis.sees(stall.range) {
            continue;
        }
        let first = row.first_after(stall.range.begin);
        let last = row.begins_at(first, stall.range.end);
        let longest = row.longest_active(first, last);
        let Some(span) = longest.and_then(|place| row.get(place)) else {
            continue;
        };
        let rect = place.bar(span.range(stall.range.end), top, bottom, NARROWEST);
        picture.stalls.push(StallBar {
            rect: apart(rect),
            growing: false,
        });
    }
    let now = place.scene.now;
    let lasting = band.model.lasting_stalls();
    let lasting = lasting.filter(|(_, stall)| stall.task == Some(task.id));
    for range in lasting.map(|(_, stall)| stall.until(now)) {
        if place.axis.sees(range) {
            // What runs is not among the spans that are over.
            add_open(place, task, true, (top, bottom), picture);
        }
    }
    let is_its = |one: &&GrowingStall| one.task == Some(task.id) && one.model == band.model.id;
    for stall in place.growing.iter().filter(is_its) {
        let growing = stall.range.end == now;
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

/// One stall, or several so close together that they share a mark.
struct Cluster {
    /// From the begin of the first to the end of the last.
    range: TimeRange,
    count: usize,
    /// The longest of them.
    longest: Stall,
    /// Its place among those of the model, where it has one.
    index: Option<usize>,
}

impl Cluster {
    fn of(stall: &Stall, index: Option<usize>) -> Self {
        Self {
            range: stall.range,
            count: 1,
            longest: *stall,
            index,
        }
    }

    fn add(&mut self, other: &Self) {
        self.range = self.range.union(other.range);
        self.count += other.count;
        if other.longest.range.nanos() > self.longest.range.nanos() {
            (self.longest, self.index) = (other.longest, other.index);
        }
    }
}

/// Adds a mark for each stall of a model; those too close together share one.
pub(super) fn in_header(place: &Placement<'_>, band: &Band<'_>, marks: &mut Vec<StallMark>) {
    let model = band.model;
    let rows = model.stalls_in(seen(place));
    let mut clusters: Vec<_> = rows.flat_map(|row| clusters(place, row)).collect();
    let now = place.scene.now;
    let lasting = model.lasting_stalls().map(|(index, stall)| {
        let range = stall.until(now);
        Cluster::of(&Stall { range, ..*stall }, Some(index))
    });
    let growing = place.growing.iter().filter(|one| one.model == model.id);
    let growing = growing.map(|one| {
        let stall = Stall {
            range: one.range,
            lasts: true,
            thread: one.thread,
            task: one.task,
            callback: one.callback,
        };
        Cluster::of(&stall, None)
    });
    clusters.extend(lasting.chain(growing));
    clusters.retain(|cluster| place.axis.sees(cluster.range));
    // Those of several threads come in no order.
    clusters.sort_by_key(|cluster| cluster.range.begin);
    let (top, bottom) = (place.top(band), place.top(band) + band.height);
    let mut rest = clusters.into_iter().peekable();
    while let Some(mut cluster) = rest.next() {
        let until = place.axis.x(cluster.range.begin) + MARK_GAP;
        let is_near = |one: &Cluster| place.axis.x(one.range.begin) < until;
        while let Some(near) = rest.next_if(is_near) {
            cluster.add(&near);
        }
        marks.push(StallMark {
            rect: apart(place.bar(cluster.range, top, bottom, 1.0)),
            model: model.id,
            index: cluster.index,
            count: cluster.count,
            range: cluster.longest.range,
            name: name(place, model, &cluster.longest, cluster.count),
        });
    }
}

/// The stalls of a row, those together that are too close to each other for marks of their own.
fn clusters<'a>(place: &'a Placement<'_>, row: StallRow<'a>) -> impl Iterator<Item = Cluster> + 'a {
    let mut next = 0;
    std::iter::from_fn(move || {
        let (_, first) = row.get(next)?;
        let until = place.axis.x(first.range.begin) + MARK_GAP;
        let past = row.begins_at(next + 1, Timestamp(place.axis.nanos_at(until) as u64));
        let (index, longest) = row.longest(next, past)?;
        let (_, last) = row.get(past - 1)?;
        let count = past - next;
        next = past;
        Some(Cluster {
            range: first.range.union(last.range),
            count,
            longest: *longest,
            index: Some(index),
        })
    })
}

fn name(place: &Placement<'_>, model: &ModelTrack, stall: &Stall, count: usize) -> String {
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
    let (now, seen) = (place.scene.now, seen(place));
    let mut ranges: Vec<Rangef> = Vec::new();
    let mut add = |range: TimeRange| {
        if !place.axis.sees(range) {
            return;
        }
        let left = place.axis.x(range.begin);
        let right = place.axis.x(range.end).max(left + NARROWEST);
        match ranges.last_mut() {
            Some(last) if last.min <= left && left <= last.max => {
                last.max = last.max.max(right);
            }
            _ => ranges.push(Rangef::new(left, right)),
        }
    };
    for model in place.scene.store.models() {
        for row in model.stalls_in(seen) {
            told_apart(place, row).for_each(|stall| add(stall.range));
        }
        let lasting = model.lasting_stalls();
        lasting.for_each(|(_, stall)| add(stall.until(now)));
    }
    place.growing.iter().for_each(|stall| add(stall.range));
    ranges
}

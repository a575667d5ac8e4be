//! The curves of a document as data: what there is to draw in the present view, and no more.

use std::cmp::Reverse;

use egui_plot::PlotPoint;

use super::measure::{Measure, round_up};
use crate::analysis::{Rate, loop_lag, rate};
use crate::gui::describe::coloured_models;
use crate::gui::document::Document;
use crate::gui::texts::variant;
use crate::store::{ModelTrack, TaskTrack, ThreadTrack};
use crate::trace::{TimeRange, Timestamp};

/// Of how many tasks or threads of a model there are curves: the tasks that have read most, and the threads that were
/// held for longest.
pub(super) const MOST: usize = 32;
/// How wide a column of rates is at least, in pixels.
const COLUMN: f64 = 4.0;
/// How far beside the view a curve is drawn, in pixels.
const BESIDE: f64 = 8.0;
/// How near a moment something counts as of that moment, in pixels.
const NEAR: f64 = 3.0;

/// How the points of a curve hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// From one point straight to the next.
    Line,
    /// A value holds up to the next one.
    Steps,
    /// A value is of its own moment only.
    Spikes,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    /// Whose it is, such as `asynchronous · loop`.
    pub(super) name: String,
    /// What tells the colour of its model.
    pub(super) hue: usize,
    pub(super) shape: Shape,
    /// Seconds and values; in a spike, three for each.
    pub(super) points: Vec<PlotPoint>,
    /// The highest value in view, or just beside it: a line that only passes by keeps its slope while the view moves.
    pub(super) highest: f64,
}

/// The stretch of time to draw, and how finely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    /// What of the time of the trace is on the screen.
    pub(super) view: TimeRange,
    /// Where the screen begins and ends, in nanoseconds: beside another trace that may be before the beginning of time.
    pub(super) screen: [f64; 2],
    /// Nanoseconds that a pixel shows.
    pub(super) nanos_per_pixel: f64,
    /// The end of what lasts still.
    pub(super) now: Timestamp,
}

impl Look {
    /// What is drawn, in seconds: the screen and a little beside it.
    pub(super) fn edges(&self) -> [f64; 2] {
        let beside = self.nanos_per_pixel * BESIDE;
        let [begin, end] = self.screen;
        [(begin - beside) / 1e9, (end + beside) / 1e9]
    }

    fn grain(&self) -> u64 {
        self.nanos_per_pixel.max(1.0) as u64
    }

    /// The length of a column of rates. It is round, so that columns hold still while a trace grows.
    fn column(&self) -> u64 {
        round_up((self.nanos_per_pixel * COLUMN).max(1.0)) as u64
    }
}

impl Curve {
    /// Leaves out what lies outside of these moments, and puts a point on each edge that it crosses: what draws dots and
    /// dashes would make them for all of a curve, also where that reaches millions of screens far.
    pub(super) fn clip(mut self, [from, to]: [f64; 2]) -> Self {
        let points = &self.points;
        self.highest = points.iter().map(|point| point.y).fold(0.0, f64::max);
        let first = points.partition_point(|point| point.x < from);
        let past = points.partition_point(|point| point.x <= to).max(first);
        let crossing = |next: usize, x: f64| {
            let (a, b) = (points.get(next.checked_sub(1)?)?, points.get(next)?);
            let part = (x - a.x) / (b.x - a.x);
            Some(PlotPoint::new(x, a.y + (b.y - a.y) * part))
        };
        let (enters, leaves) = (crossing(first, from), crossing(past, to));
        let inside = points[first..past].iter().copied();
        self.points = enters.into_iter().chain(inside).chain(leaves).collect();
        self
    }

    /// Its points but those that differ by less than `visible` in their value from the one before that stays.
    pub(super) fn told_apart(&self, visible: f64) -> Vec<PlotPoint> {
        let mut apart: Vec<PlotPoint> = Vec::new();
        let (mut last, mut left_out) = (f64::INFINITY, None);
        for &point in &self.points {
            if (point.y - last).abs() < visible {
                left_out = Some(point);
                continue;
            }
            // Up to there it stayed as it was.
            apart.extend(left_out.take());
            apart.push(point);
            last = point.y;
        }
        apart.extend(left_out);
        apart
    }

    /// Its value at a moment: the highest that is near it, where there are several.
    pub(super) fn at(&self, seconds: f64, seconds_per_pixel: f64) -> Option<f64> {
        let near = NEAR * seconds_per_pixel;
        let points = &self.points;
        let from = points.partition_point(|point| point.x < seconds - near);
        let past = points.partition_point(|point| point.x <= seconds + near);
        let highest = points[from..past]
            .iter()
            .map(|point| point.y)
            .reduce(f64::max);
        let next = points.partition_point(|point| point.x <= seconds);
        let before = next.checked_sub(1).map(|last| points[last]);
        let after = points.get(next);
        match (self.shape, before, after) {
            (Shape::Spikes, _, _) => highest,
            (_, Some(before), Some(after)) => {
                let here = match self.shape {
                    Shape::Line => {
                        let part = (seconds - before.x) / (after.x - before.x);
                        before.y + (after.y - before.y) * part
                    }
                    _ => return Some(before.y),
                };
                Some(highest.map_or(here, |highest| highest.max(here)))
            }
            (_, _, _) => highest,
        }
    }
}

/// All curves of a measure.
pub(super) fn curves(document: &Document, measure: Measure, look: Look) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (hue, model) in coloured_models(&document.store) {
        match measure {
            Measure::Bytes => curves.extend(bytes(document, model, hue, look)),
            _ => {
                let threads = told_of(measure, model, look.now).into_iter();
                curves.extend(
                    threads.map(|thread| of_thread(document, model, thread, hue, measure, look)),
                );
            }
        }
    }
    let edges = look.edges();
    curves.into_iter().map(|curve| curve.clip(edges)).collect()
}

/// Whether some tasks or threads of a model have no curve, because there are too many.
pub(super) fn is_crowded(measure: Measure, model: &ModelTrack) -> bool {
    let count = match measure {
        Measure::Bytes => model.tasks.len(),
        _ => threads(measure, model).count(),
    };
    count > MOST
}

/// The threads that can tell something of a measure: most are about loops. Where there is a loop nobody waits for the
/// threads beside it, such as those of its pool.
fn threads(measure: Measure, model: &ModelTrack) -> impl Iterator<Item = &ThreadTrack> {
    let is_loop = ThreadTrack::runs_loop;
    let of_all = matches!(measure, Measure::Lag | Measure::Utilization);
    let of_all = of_all && !model.threads.iter().any(is_loop);
    let tells = move |thread: &&ThreadTrack| match of_all {
        true => thread.has_spans(),
        false => is_loop(thread),
    };
    model.threads.iter().filter(tells)
}

/// Those that have a curve, in their order.
fn told_of(measure: Measure, model: &ModelTrack, now: Timestamp) -> Vec<&ThreadTrack> {
    let mut threads: Vec<_> = threads(measure, model).collect();
    if threads.len() > MOST {
        threads.sort_by_cached_key(|thread| Reverse(longest(thread, now)));
        threads.truncate(MOST);
        threads.sort_by_key(|thread| thread.id);
    }
    threads
}

/// The longest that a thread did not wait, in nanoseconds.
fn longest(thread: &ThreadTrack, now: Timestamp) -> u64 {
    let row = thread.stretches();
    let ended = row.longest_active(0, row.spans().len());
    let ended = ended.and_then(|place| row.get(place));
    let lasts = thread.open_stretch();
    let nanos = [ended, lasts].map(|span| span.map_or(0, |span| span.range(now).nanos()));
    nanos[0].max(nanos[1])
}

fn of_thread(
    document: &Document,
    model: &ModelTrack,
    thread: &ThreadTrack,
    hue: usize,
    measure: Measure,
    look: Look,
) -> Curve {
    let store = &document.store;
    let columns = |which| columns(thread, which, look);
    let (shape, points) = match measure {
        Measure::Lag => (Shape::Line, lag(thread, look)),
        Measure::QueueingDelay => (Shape::Spikes, delays(document, model, thread, look)),
        Measure::Utilization => (Shape::Steps, columns(Rate::Utilization)),
        Measure::TurnsPerSecond => (Shape::Steps, columns(Rate::TurnsPerSecond)),
        Measure::CallbacksPerTurn => (Shape::Steps, columns(Rate::CallbacksPerTurn)),
        Measure::ReadyPerPoll => (Shape::Steps, columns(Rate::ReadyPerPoll)),
        Measure::Bytes => (Shape::Steps, Vec::new()),
    };
    let thread = thread.name.map_or("?", |name| store.name(name));
    Curve {
        name: format!("{} · {thread}", variant(store.model_name(model))),
        hue,
        shape,
        points,
        highest: 0.0,
    }
}

fn lag(thread: &ThreadTrack, look: Look) -> Vec<PlotPoint> {
    let points = loop_lag(thread, look.view, look.grain(), look.now).into_iter();
    points
        .map(|point| PlotPoint::new(point.at.as_secs_f64(), point.lag.as_secs_f64()))
        .collect()
}

fn columns(thread: &ThreadTrack, which: Rate, look: Look) -> Vec<PlotPoint> {
    let columns = rate(thread, which, look.view, look.column(), look.now);
    let ends = |column: &crate::analysis::Column| {
        let ends = [column.range.begin, column.range.end];
        ends.map(|at| PlotPoint::new(at.as_secs_f64(), column.value))
    };
    columns.iter().flat_map(ends).collect()
}

fn delays(
    document: &Document,
    model: &ModelTrack,
    thread: &ThreadTrack,
    look: Look,
) -> Vec<PlotPoint> {
    let Some(waits) = document.waits.get(&model.id) else {
        return Vec::new();
    };
    let longest = waits.longest(thread.id, look.view, look.grain());
    let spike = |(at, nanos): (Timestamp, u64)| {
        [0.0, nanos as f64 / 1e9, 0.0].map(|value| PlotPoint::new(at.as_secs_f64(), value))
    };
    longest.flat_map(spike).collect()
}

/// How many bytes each task had read, where there are many only of those that have read most.
fn bytes(document: &Document, model: &ModelTrack, hue: usize, look: Look) -> Vec<Curve> {
    let store = &document.store;
    let mut tasks: Vec<_> = model.tasks.iter().filter(|task| task.bytes > 0).collect();
    tasks.sort_by_key(|task| Reverse(task.bytes));
    tasks.truncate(MOST);
    let curve = |task: &TaskTrack| Curve {
        name: format!(
            "{} · {}",
            variant(store.model_name(model)),
            task.name.map_or("?", |name| store.name(name))
        ),
        hue,
        shape: Shape::Steps,
        points: progress(task, look),
        highest: 0.0,
    };
    tasks.into_iter().map(curve).collect()
}

/// What a task had read at the end of every grain in which it read something, as a stair.
fn progress(task: &TaskTrack, look: Look) -> Vec<PlotPoint> {
    let all = task.progress();
    let grain = look.grain();
    let mut next = all.partition_point(|(at, _)| *at < look.view.begin);
    let before = next.checked_sub(1).and_then(|last| all.get(last));
    let mut had = before.map_or(0, |(_, bytes)| *bytes);
    let first = task.begin.unwrap_or_default().max(look.view.begin);
    let end = task.end.unwrap_or(look.now).min(look.view.end);
    let mut points = vec![PlotPoint::new(first.as_secs_f64(), had as f64)];
    // How many came in the last grain is likely to come in the next.
    let mut likely = 0;
    while let Some((at, _)) = all.get(next).filter(|(at, _)| *at < look.view.end) {
        let grain_end = (at.0 / grain).saturating_add(1).saturating_mul(grain);
        let past = all.partition_point_near(next + 1, likely, |(at, _)| at.0 < grain_end);
        likely = past - next - 1;
        let (last, bytes) = all[past - 1];
        let at = last.as_secs_f64();
        points.extend([had, bytes].map(|bytes| PlotPoint::new(at, bytes as f64)));
        (next, had) = (past, bytes);
    }
    if end > first {
        points.push(PlotPoint::new(end.as_secs_f64(), had as f64));
    }
    points
}

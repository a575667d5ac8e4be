//! Very many lanes of one sort as one: how many of them were there, worked, or were ready and not served.
//!
//! The work for a frame is bounded: where there is more to count in all of them, only one lane of several is counted for
//! the picture, and it says so. What the pointer is told, and stalls, are of all of them.

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;

use egui::{Rect, vec2};

use super::items::{Bar, Label, Look, Of, On, Picture, SHARES};
use super::outline::Band;
use super::place::Placement;
use super::stalls;
use crate::gui::lanes::Sort;
use crate::gui::texts::{fill, tr};
use crate::store::{Lane, LaneRef, ModelTrack, Piece, SpanKind};
use crate::trace::{TaskId, ThreadId, TimeRange, Timestamp};

/// The narrowest column, in points.
const NARROWEST: f64 = 2.0;
/// How much is counted in a frame at most, in spans.
const MOST: usize = 16_000;
/// How many spans could be counted in the time that it takes to begin with a lane, and to fold those of a column.
const COSTS: [usize; 2] = [6, 2];
/// On how many lanes it is estimated how much there is to count.
const LOOKED_AT: usize = 64;

/// How many lanes of a crowd were so in a stretch of time. One that was ready and then worked is counted as both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Begun, and not over.
    pub(super) there: usize,
    /// With data that nobody served.
    pub(super) ready: usize,
    /// At work.
    pub(super) active: usize,
}

/// Lays out a crowd that is collapsed.
pub(super) fn lay_out(
    place: &Placement<'_>,
    band: &Band<'_>,
    lanes: &[LaneRef],
    sort: Sort,
    picture: &mut Picture,
) {
    let (top, bottom) = edges(place, band, sort);
    let columns = Columns::new(place);
    let stride = columns.stride(band.model, lanes);
    let counted: Vec<LaneRef> = lanes.iter().copied().step_by(stride).collect();
    let counts = columns.count(place, band.model, &counted);
    let of = match sort {
        Sort::Tasks => Of::Task,
        Sort::Threads => Of::Thread,
    };
    // What is ready lies above what works, so that both are as high as they are many.
    for (kind, of_count) in [
        (
            SpanKind::Ready,
            (|one| one.ready + one.active) as fn(&Count) -> usize,
        ),
        (SpanKind::Running, |one| one.active),
    ] {
        for (column, count) in counts.iter().enumerate().filter(|(_, one)| one.there > 0) {
            if kind == SpanKind::Ready && count.ready == 0 {
                continue;
            }
            let height = (bottom - top) * count.there as f32 / counted.len() as f32;
            let top = bottom - height.max(1.0).round();
            let rect = place.bar(columns.range(column), top, bottom, 1.0);
            let part = of_count(count).min(count.there) as f32 / count.there as f32;
            let share = (part * f32::from(SHARES)).ceil() as u8;
            let look = Look::Fold { kind, share };
            match picture.bars.last_mut() {
                Some(last) if last.look == look && last.rect.top() == top => {
                    last.rect.max.x = rect.right();
                }
                _ => picture.bars.push(Bar { rect, look, of }),
            }
        }
    }
    if stride > 1 {
        let room = Rect::from_x_y_ranges(place.lanes.x_range(), top..=top + 14.0);
        picture.labels.push(Label {
            room: room.shrink2(vec2(6.0, 0.0)),
            text: fill(tr("1 of {stride} counted"), &[("stride", &stride)]),
            short: None,
            on: On::Bar(SpanKind::Queued),
        });
    }
    add_stalls(place, band, lanes, picture);
}

/// The part of the lane in which stalls are drawn: they are those of a few, and must not hide how all others fared.
fn strip<'a>(band: &Band<'a>) -> Band<'a> {
    Band {
        height: 16.0,
        row: 11.0,
        ..*band
    }
}

/// The upper and the lower edge of the stalls of a crowd.
pub(super) fn stall_edges(place: &Placement<'_>, band: &Band<'_>, sort: Sort) -> (f32, f32) {
    edges(place, &strip(band), sort)
}

/// No stall is hidden with its lane.
fn add_stalls(place: &Placement<'_>, band: &Band<'_>, lanes: &[LaneRef], picture: &mut Picture) {
    let model = band.model;
    if model.stalls.is_empty() && place.growing.is_empty() {
        return;
    }
    let band = &strip(band);
    let shared: HashSet<&LaneRef> = lanes.iter().collect();
    let stalled = model.stalls.iter().map(|stall| (stall.thread, stall.task));
    let growing = place.growing.iter().filter(|stall| stall.model == model.id);
    let stalled = stalled.chain(growing.map(|stall| (stall.thread, stall.task)));
    // Each once, however often it stalled.
    let threads: BTreeSet<ThreadId> = stalled.clone().map(|(thread, _)| thread).collect();
    let tasks: BTreeSet<TaskId> = stalled.filter_map(|(_, task)| task).collect();
    for id in tasks {
        let task = model.task(id);
        if let Some(task) = task.filter(|_| shared.contains(&LaneRef::Task(id))) {
            stalls::on_task(place, band, task, picture);
        }
    }
    for id in threads {
        let thread = model.thread(id);
        if let Some(thread) = thread.filter(|_| shared.contains(&LaneRef::Thread(id))) {
            stalls::on_thread(place, band, thread, picture);
        }
    }
}

/// The upper and the lower edge of what is drawn of a crowd.
pub(super) fn edges(place: &Placement<'_>, band: &Band<'_>, sort: Sort) -> (f32, f32) {
    match sort {
        Sort::Tasks => place.task_edges(band),
        Sort::Threads => place.row_edges(band, 0),
    }
}

/// How a crowd fared at the moment at `x`, as far as that can be told apart there.
pub(super) fn count_at(
    place: &Placement<'_>,
    model: &ModelTrack,
    lanes: &[LaneRef],
    x: f32,
) -> Count {
    let all = Columns::new(place);
    let column = Columns {
        first: (place.axis.nanos_at(x).max(0.0) as u64) / all.step,
        step: all.step,
        count: 1,
    };
    column.count(place, model, lanes)[0]
}

/// Columns of time. They hang on its beginning, so that they go along when the view moves.
struct Columns {
    /// How many of them before the first.
    first: u64,
    /// How long one is, in nanoseconds.
    step: u64,
    count: usize,
}

impl Columns {
    /// Those of the screen.
    fn new(place: &Placement<'_>) -> Self {
        let view = place.axis.range();
        let step = ((NARROWEST * place.axis.nanos_per_point()) as u64).max(1);
        let first = view.begin.0 / step;
        let count = (view.end.0.div_ceil(step)).saturating_sub(first) as usize;
        Self { first, step, count }
    }

    /// One of how many lanes is counted, so that all of it is not too much.
    fn stride(&self, model: &ModelTrack, lanes: &[LaneRef]) -> usize {
        let [begin, fold] = COSTS;
        let cost = |lane: &LaneRef| {
            let row = lane_of(model, *lane).and_then(|lane| lane.row(0));
            let spans = row.map_or(0, |row| {
                let from = row.first_after(Timestamp(self.first * self.step));
                let end = Timestamp((self.first + self.count as u64) * self.step);
                row.begins_at(from, end).saturating_sub(from)
            });
            begin + spans.min(fold * self.count)
        };
        let looked_at = lanes.iter().step_by(lanes.len().div_ceil(LOOKED_AT).max(1));
        let (count, sum) =
            looked_at.fold((0, 0), |(count, sum), lane| (count + 1, sum + cost(lane)));
        (sum * lanes.len()).div_ceil(count.max(1) * MOST).max(1)
    }

    fn range(&self, column: usize) -> TimeRange {
        let at = |column: usize| Timestamp((self.first + column as u64) * self.step);
        TimeRange::new(at(column), at(column + 1))
    }

    /// Those that a stretch of time touches.
    fn touched(&self, range: TimeRange) -> RangeInclusive<usize> {
        let column = |at: u64| (at / self.step).saturating_sub(self.first) as usize;
        let last = range.end.0.saturating_sub(1).max(range.begin.0);
        column(range.begin.0)..=column(last).min(self.count.saturating_sub(1))
    }

    fn count(&self, place: &Placement<'_>, model: &ModelTrack, lanes: &[LaneRef]) -> Vec<Count> {
        let mut tallies: [Tally; 3] = std::array::from_fn(|_| Tally::new(self.count));
        let end = Timestamp((self.first + self.count as u64) * self.step);
        let view = TimeRange::new(Timestamp(self.first * self.step), end);
        for &lane in lanes {
            tallies.iter_mut().for_each(|tally| tally.next = 0);
            let Some(lane) = lane_of(model, lane) else {
                continue;
            };
            let [there, ready, active] = &mut tallies;
            let mut add = |range: TimeRange, kind: SpanKind, is_active: bool| {
                if kind == SpanKind::Queued || range.end < view.begin || range.begin >= end {
                    return;
                }
                let touched = self.touched(range);
                there.add(touched.clone());
                match kind {
                    _ if is_active => active.add(touched),
                    SpanKind::Ready => ready.add(touched),
                    _ => {}
                }
            };
            if let Some(row) = lane.row(0) {
                for piece in row.pieces(view, self.step) {
                    match piece {
                        Piece::Span { index } => {
                            let Some(span) = row.get(index) else { continue };
                            let range = span.range(place.scene.now);
                            add(range, span.kind, span.kind.is_active());
                        }
                        Piece::Folded {
                            range,
                            active,
                            kind,
                            ..
                        } => add(range, kind, active > 0),
                    }
                }
            }
            if let Some(open) = lane.open().first() {
                add(
                    open.range(place.scene.now),
                    open.kind,
                    open.kind.is_active(),
                );
            }
        }
        let [there, ready, active] = tallies.map(Tally::sums);
        let counts = there.into_iter().zip(ready).zip(active);
        counts
            .map(|((there, ready), active)| Count {
                there,
                ready,
                active,
            })
            .collect()
    }
}

fn lane_of(model: &ModelTrack, lane: LaneRef) -> Option<&Lane> {
    match lane {
        LaneRef::Task(id) => model.task(id).map(|task| &task.lane),
        LaneRef::Thread(id) => model.thread(id).map(|thread| &thread.lane),
    }
}

/// Counts lanes per column, each once however often it is added to one.
struct Tally {
    /// By how much each column has more than the one before it.
    steps: Vec<i32>,
    /// The first column to which the lane that is counted was not added yet.
    next: usize,
}

impl Tally {
    fn new(columns: usize) -> Self {
        Self {
            steps: vec![0; columns + 1],
            next: 0,
        }
    }

    /// Adds a lane to these columns. They must not begin before those that it was added to last.
    fn add(&mut self, columns: RangeInclusive<usize>) {
        let (from, past) = ((*columns.start()).max(self.next), *columns.end() + 1);
        if from < past && past < self.steps.len() {
            self.steps[from] += 1;
            self.steps[past] -= 1;
            self.next = past;
        }
    }

    fn sums(self) -> Vec<usize> {
        let columns = self.steps.len() - 1;
        let sums = self.steps.into_iter().scan(0, |sum, step| {
            *sum += step;
            Some((*sum).max(0) as usize)
        });
        sums.take(columns).collect()
    }
}

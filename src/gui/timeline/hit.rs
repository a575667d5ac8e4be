//! What lies under the pointer, found by bisection in the store.

use std::cmp::Ordering;

use egui::Pos2;

use super::census::{Count, count_at};
use super::outline::{Band, Kind, MOMENTS, Outline};
use super::place::Placement;
use super::{crowd, marks, stalls};
use crate::gui::command::Selection;
use crate::gui::lanes::Sort;
use crate::store::{
    Lane, LaneRef, Piece, Span, SpanKind, SpanRef, TaskTrack, ThreadTrack, TraceStore,
};
use crate::trace::{EventKind, ModelId, ThreadId, TimeRange, Timestamp};

/// How far from a thing the pointer may be, in points.
const TOLERANCE: f32 = 4.0;

/// Something under the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A span of a thread or a state of a task.
    Span(SpanRef),
    /// Several that are too short to be told apart at this scale.
    Fold {
        /// The one with the most active time, or the first.
        longest: SpanRef,
        /// How many.
        count: usize,
        /// From the begin of the first to the end of the last.
        range: TimeRange,
        /// How much of that was active, in nanoseconds.
        active: u64,
    },
    /// A stall: its place among those of its model.
    Stall(ModelId, usize),
    /// A moment of a thread.
    Instant(ModelId, ThreadId, usize),
    /// The header of a model.
    Header(ModelId),
    /// The lane that a crowd shares.
    Crowd {
        /// Which sort of lanes.
        sort: Sort,
        /// How many they are.
        lanes: usize,
        /// How they fared at this moment.
        count: Count,
        /// Which moment.
        at: Timestamp,
    },
}

impl Target {
    /// What is selected by a click on it.
    pub(super) const fn selection(&self) -> Option<Selection> {
        match *self {
            Self::Span(span) | Self::Fold { longest: span, .. } => Some(Selection::Span(span)),
            Self::Stall(model, index) => Some(Selection::Stall(model, index)),
            Self::Instant(model, thread, index) => Some(Selection::Instant(model, thread, index)),
            Self::Header(_) | Self::Crowd { .. } => None,
        }
    }

    /// When it was, where `now` is the end of what lasts still.
    pub(super) fn range(&self, store: &TraceStore, now: Timestamp) -> Option<TimeRange> {
        match *self {
            Self::Fold { range, .. } => Some(range),
            Self::Header(model) => store.model(model).map(|model| model.range(now)),
            _ => selected_range(store, self.selection()?, now),
        }
    }
}

/// When something that is selected was, where `now` is the end of what lasts still.
pub(super) fn selected_range(
    store: &TraceStore,
    selection: Selection,
    now: Timestamp,
) -> Option<TimeRange> {
    match selection {
        Selection::Span(span) => store.span(span).map(|span| span.range(now)),
        Selection::Stall(model, index) => Some(store.model(model)?.stalls.get(index)?.until(now)),
        Selection::Instant(model, thread, index) => {
            let at = store
                .model(model)?
                .thread(thread)?
                .instants()
                .get(index)?
                .at;
            Some(TimeRange::new(at, at))
        }
    }
}

/// What lies at `pointer`, a place on the screen.
pub(super) fn hit(place: &Placement<'_>, outline: &Outline<'_>, pointer: Pos2) -> Option<Target> {
    if !place.lanes.contains(pointer) {
        return None;
    }
    let band = outline.at(pointer.y - place.lanes.top(), place.scroll)?;
    match band.kind {
        Kind::Header { .. } => Some(Target::Header(band.model.id)),
        Kind::Crowd { sort, .. } => in_crowd(place, outline, band, sort, pointer),
        Kind::Task(task) => in_task(place, band, task, pointer.x),
        Kind::Thread(thread) => {
            in_thread(place, band, thread, pointer.x, pointer.y - place.top(band))
        }
    }
}

fn in_task(place: &Placement<'_>, band: &Band<'_>, task: &TaskTrack, x: f32) -> Option<Target> {
    let model = band.model;
    let connected =
        |kind: &EventKind| matches!(kind, EventKind::Connected { task: id } if *id == task.id);
    let mark = model.threads.iter().find_map(|thread| {
        let index = marks::near(place, thread, x, TOLERANCE, connected)?;
        Some(Target::Instant(model.id, thread.id, index))
    });
    if mark.is_some() {
        return mark;
    }
    let reference = |index| SpanRef {
        model: model.id,
        lane: LaneRef::Task(task.id),
        depth: 0,
        index,
    };
    let found = in_row(place, &task.lane, 0, x, &reference)?;
    let range = found.range(place.scene.store, place.scene.now)?;
    let ran = found
        .selection()
        .is_some_and(|selection| is_running(place, selection));
    let stalled = stalls::of_task(place, model, task.id, range).filter(|_| ran);
    Some(stalled.map_or(found, |index| Target::Stall(model.id, index)))
}

/// A stall of one of a crowd, or else how the crowd fared.
fn in_crowd(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    band: &Band<'_>,
    sort: Sort,
    pointer: Pos2,
) -> Option<Target> {
    let x = pointer.x;
    let (model, lanes) = (band.model, outline.crowd(band.model.id, sort));
    let margin = f64::from(TOLERANCE) * place.axis.nanos_per_point();
    let at = place.axis.nanos_at(x);
    let stall = lanes.iter().find_map(|lane| match *lane {
        LaneRef::Thread(thread) => stalls::near(place, model, thread, at, margin),
        LaneRef::Task(_) => None,
    });
    let (top, bottom) = crowd::stall_edges(place, band, sort);
    let on_strip = (top..bottom).contains(&pointer.y);
    if let Some(index) = stall.filter(|_| on_strip) {
        return Some(Target::Stall(model.id, index));
    }
    (!lanes.is_empty()).then(|| Target::Crowd {
        sort,
        lanes: lanes.len(),
        count: count_at(place, model, lanes, x),
        at: Timestamp(at.max(0.0) as u64),
    })
}

fn is_running(place: &Placement<'_>, selection: Selection) -> bool {
    let Selection::Span(span) = selection else {
        return false;
    };
    let span = place.scene.store.span(span);
    span.is_some_and(|span| span.kind == SpanKind::Running)
}

fn in_thread(
    place: &Placement<'_>,
    band: &Band<'_>,
    thread: &ThreadTrack,
    x: f32,
    y: f32,
) -> Option<Target> {
    let model = band.model;
    if y < MOMENTS {
        let index = marks::near(place, thread, x, 1.5 * TOLERANCE, |kind| {
            !matches!(kind, EventKind::Connected { .. })
        })?;
        return Some(Target::Instant(model.id, thread.id, index));
    }
    let depth = ((y - MOMENTS) / band.row) as usize;
    if depth >= band.rows {
        return None;
    }
    let margin = f64::from(TOLERANCE) * place.axis.nanos_per_point();
    if depth == 0
        && let Some(index) = stalls::near(place, model, thread.id, place.axis.nanos_at(x), margin)
    {
        return Some(Target::Stall(model.id, index));
    }
    let reference = |index| SpanRef {
        model: model.id,
        lane: LaneRef::Thread(thread.id),
        depth,
        index,
    };
    in_row(place, &thread.lane, depth, x, &reference)
}

/// The span or the fold of a row nearest to `x`. Within the tolerance, work comes before waiting: it is drawn on
/// top, and mostly it is the thinner of the two.
fn in_row(
    place: &Placement<'_>,
    lane: &Lane,
    depth: usize,
    x: f32,
    reference: &dyn Fn(usize) -> SpanRef,
) -> Option<Target> {
    let row = lane.row(depth);
    let margin = f64::from(TOLERANCE) * place.axis.nanos_per_point();
    let at = place.axis.nanos_at(x);
    let from = Timestamp((at - margin).max(0.0) as u64);
    let to = Timestamp((at + margin).max(0.0).ceil() as u64);
    let mut best: Option<(Rank, Target)> = None;
    let mut offer = |rank: Rank, target: Target| {
        if rank.distance > margin {
            return;
        }
        if best
            .as_ref()
            .is_none_or(|(known, _)| rank.cmp(known) == Ordering::Less)
        {
            best = Some((rank, target));
        }
    };
    if let Some(row) = row {
        // From the beginning of a grain, as the whole lane does: so the folds are the same.
        let from = Timestamp(from.0 / place.grain * place.grain);
        for piece in row.pieces(TimeRange::new(from, to), place.grain) {
            match piece {
                Piece::Span { index } => {
                    let Some(span) = row.get(index) else { continue };
                    let rank = Rank::new(span.range(place.scene.now), span.kind.is_active(), at);
                    offer(rank, Target::Span(reference(index)));
                }
                Piece::Folded {
                    first,
                    count,
                    range,
                    active,
                    ..
                } => {
                    let longest = row.longest_active(first, first + count).unwrap_or(first);
                    let fold = Target::Fold {
                        longest: reference(longest),
                        count,
                        range,
                        active,
                    };
                    offer(Rank::new(range, active > 0, at), fold);
                }
            }
        }
    }
    if let Some(open) = lane.open().get(depth) {
        let index = row.map_or(0, |row| row.spans().len());
        let rank = Rank::new(open.range(place.scene.now), is_work(open), at);
        offer(rank, Target::Span(reference(index)));
    }
    best.map(|(_, target)| target)
}

fn is_work(span: &Span) -> bool {
    span.kind.is_active()
}

/// How well something answers to a pointer; less is better.
struct Rank {
    waits: bool,
    distance: f64,
}

impl Rank {
    fn new(range: TimeRange, active: bool, at: f64) -> Self {
        let (begin, end) = (range.begin.0 as f64, range.end.0 as f64);
        Self {
            waits: !active,
            distance: (begin - at).max(at - end).max(0.0),
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.waits.cmp(&other.waits);
        order.then(self.distance.total_cmp(&other.distance))
    }
}

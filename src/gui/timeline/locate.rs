//! Where something that is in the store lies on the screen.

use egui::{Pos2, Rect, pos2};

use super::crowd;
use super::hit::selected_range;
use super::outline::{Band, Kind, MOMENTS, Outline};
use super::place::{NARROWEST, Placement};
use crate::gui::command::Selection;
use crate::gui::lanes::Sort;
use crate::store::LaneRef;
use crate::trace::{EventKind, ModelId, ThreadId, Timestamp};

/// The rectangle of something that is selected; `None` where it is not on the screen or its lane is hidden.
pub(super) fn locate(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    selection: Selection,
) -> Option<Rect> {
    let scene = place.scene;
    let range = selected_range(scene.store, selection, scene.now)?;
    if !place.axis.sees(range) {
        return None;
    }
    match selection {
        Selection::Span(span) => {
            let band = lane_band(outline, span.model, span.lane)?;
            let (top, bottom) = edges(place, band, span.depth);
            Some(place.bar(range, top, bottom, NARROWEST))
        }
        Selection::Stall(model, index) => {
            let stall = scene.store.model(model)?.stalls.get(index)?;
            let Some(band) = lane_band(outline, model, LaneRef::Thread(stall.thread)) else {
                let band = header(outline, model)?;
                let top = place.top(band);
                return Some(place.bar(range, top, top + band.height, NARROWEST));
            };
            let (top, bottom) = place.row_edges(band, 0);
            Some(place.bar(range, top, bottom, NARROWEST))
        }
        Selection::Instant(model, thread, index) => {
            let events = scene.store.model(model)?.thread(thread)?.instants();
            let middle = match events.get(index)?.kind {
                EventKind::Connected { task } => {
                    let band = lane_band(outline, model, LaneRef::Task(task))?;
                    let (top, bottom) = place.task_edges(band);
                    pos2(place.axis.x(range.begin), (top + bottom) / 2.0)
                }
                _ => moment(place, outline, model, thread, range.begin)?,
            };
            Some(Rect::from_center_size(middle, egui::vec2(11.0, 11.0)))
        }
    }
}

/// Where a moment of a thread is marked.
fn moment(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    model: ModelId,
    thread: ThreadId,
    at: Timestamp,
) -> Option<Pos2> {
    let y = moments_height(place, outline, model, thread)?;
    Some(pos2(place.axis.x(at), y))
}

/// How high the moments of a thread are marked; `None` where its lane is hidden.
pub(super) fn moments_height(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    model: ModelId,
    thread: ThreadId,
) -> Option<f32> {
    let band = lane_band(outline, model, LaneRef::Thread(thread))?;
    Some(place.top(band) + MOMENTS / 2.0)
}

/// The upper and the lower edge of the bars on a lane at a depth; `None` where the lane is hidden.
pub(super) fn lane_edges(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    model: ModelId,
    lane: LaneRef,
    depth: usize,
) -> Option<(f32, f32)> {
    lane_band(outline, model, lane).map(|band| edges(place, band, depth))
}

fn edges(place: &Placement<'_>, band: &Band<'_>, depth: usize) -> (f32, f32) {
    match band.kind {
        Kind::Task(_) => place.task_edges(band),
        Kind::Crowd { sort, .. } => crowd::edges(place, band, sort),
        _ => place.row_edges(band, depth),
    }
}

fn lane_band<'a, 'b>(
    outline: &'b Outline<'a>,
    model: ModelId,
    lane: LaneRef,
) -> Option<&'b Band<'a>> {
    let crowd = Sort::of(lane);
    let in_crowd = outline.crowd(model, crowd).contains(&lane);
    outline.bands().iter().find(|band| {
        band.model.id == model
            && match (band.kind, lane) {
                (Kind::Task(task), LaneRef::Task(id)) => task.id == id,
                (Kind::Thread(thread), LaneRef::Thread(id)) => thread.id == id,
                (Kind::Crowd { sort, .. }, _) => in_crowd && sort == crowd,
                _ => false,
            }
    })
}

fn header<'a, 'b>(outline: &'b Outline<'a>, model: ModelId) -> Option<&'b Band<'a>> {
    let mut bands = outline.bands().iter();
    bands.find(|band| band.model.id == model && matches!(band.kind, Kind::Header { .. }))
}

//! Very many lanes of one sort as one: how many of them were there, worked, or were ready and not served.
//!
//! What the pointer is told, and stalls, are of all of them, also while it is still being counted what there is to see.

use std::collections::{BTreeSet, HashSet};

use egui::{Rect, vec2};

use super::census::{Count, Counted};
use super::items::{Bar, Label, Look, Of, On, Picture, SHARES};
use super::outline::Band;
use super::place::Placement;
use super::stalls;
use crate::analysis::plain_count;
use crate::gui::lanes::Sort;
use crate::gui::texts::{fill, tr};
use crate::store::{LaneRef, SpanKind};
use crate::trace::{TaskId, ThreadId};

/// Lays out a crowd that is collapsed.
pub(super) fn lay_out(
    place: &Placement<'_>,
    band: &Band<'_>,
    lanes: &[LaneRef],
    counted: &Counted,
    sort: Sort,
    picture: &mut Picture,
) {
    let (top, bottom) = edges(place, band, sort);
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
        let counts = counted.counts.iter().enumerate();
        for (column, count) in counts.filter(|(_, one)| one.there > 0) {
            if kind == SpanKind::Ready && count.ready == 0 {
                continue;
            }
            let height = (bottom - top) * count.there as f32 / counted.lanes as f32;
            let top = bottom - height.max(1.0).round();
            let rect = place.bar(counted.range(column), top, bottom, 1.0);
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
    if counted.lanes < lanes.len() {
        let room = Rect::from_x_y_ranges(place.lanes.x_range(), top..=top + 14.0);
        picture.labels.push(Label {
            room: room.shrink2(vec2(6.0, 0.0)),
            text: fill(
                tr("{counted} of {all} counted"),
                &[
                    ("counted", &plain_count(counted.lanes as u64)),
                    ("all", &plain_count(lanes.len() as u64)),
                ],
            ),
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

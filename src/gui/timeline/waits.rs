//! Lines from a stall to those who waited for it: since when, and until when.

use egui::{Painter, Pos2, Rect, Stroke, pos2};

use super::locate::{lane_edges, locate};
use super::outline::Outline;
use super::place::Placement;
use crate::analysis::Victim;
use crate::gui::command::Selection;
use crate::gui::theme::Palette;
use crate::store::LaneRef;
use crate::trace::ModelId;

/// Of a stall with very many victims only the worst have a line: more would hide the lanes.
const LINES: usize = 60;

/// One who waited, on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wait {
    /// Where the line begins: on the stall, at the moment when he was ready.
    pub(super) from: Pos2,
    /// Where he is, at that moment.
    pub(super) ready: Pos2,
    /// When he was served, or now.
    pub(super) served: Pos2,
    /// Whether he waits still.
    pub(super) lasts: bool,
}

/// Who waited for the stall that is looked at, as far as their lanes are shown; nobody where none is.
pub(super) fn waits(place: &Placement<'_>, outline: &Outline<'_>) -> Vec<Wait> {
    let Some(Selection::Stall(id, index)) = place.scene.selection else {
        return Vec::new();
    };
    let report = place.scene.report(id, index);
    let bar = locate(place, outline, Selection::Stall(id, index));
    let Some((report, bar)) = report.zip(bar) else {
        return Vec::new();
    };
    let victims = report.victims.iter().take(LINES);
    victims
        .filter_map(|victim| wait(place, outline, id, victim, bar))
        .collect()
}

fn wait(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    model: ModelId,
    victim: &Victim,
    bar: Rect,
) -> Option<Wait> {
    let of_task = victim.task.map(|task| (LaneRef::Task(task), 0));
    let of_callback = victim.served_by.map(|span| (span.lane, span.depth));
    // Along the lower edge: below what is written there.
    let (_, height) = of_task
        .and_then(|(lane, depth)| lane_edges(place, outline, model, lane, depth))
        .or_else(|| {
            let (lane, depth) = of_callback?;
            lane_edges(place, outline, model, lane, depth)
        })?;
    let begin = place.axis.x(victim.waited.begin);
    let edge = if height < bar.center().y {
        bar.top()
    } else {
        bar.bottom()
    };
    Some(Wait {
        from: pos2(begin.clamp(bar.left(), bar.right()), edge),
        ready: pos2(begin, height),
        served: pos2(place.axis.x(victim.waited.end), height),
        lasts: victim.served_by.is_none(),
    })
}

/// Paints the lines: down to the moment when somebody was ready, and along to the one when he was served.
pub(super) fn paint(painter: &Painter, palette: &Palette, waits: &[Wait]) {
    let thin = Stroke::new(1.0, palette.stalled);
    let thick = Stroke::new(2.5, palette.stalled);
    for wait in waits {
        painter.line_segment([wait.from, wait.ready], thin);
        painter.line_segment([wait.ready, wait.served], thick);
        painter.circle_filled(wait.ready, 3.5, palette.stalled);
        if !wait.lasts {
            painter.vline(
                wait.served.x,
                wait.served.y - 5.0..=wait.served.y + 5.0,
                thick,
            );
        }
    }
}

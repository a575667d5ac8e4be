//! What lies over the lanes: the present, the pointer's moment, what is selected and what caused it.

use std::collections::HashMap;

use egui::epaint::CubicBezierShape;
use egui::{Painter, Pos2, Rect, Stroke, StrokeKind, pos2, vec2};

use super::chrome::Areas;
use super::hit::Target;
use super::locate::{cause, locate};
use super::outline::Outline;
use super::paint::text;
use super::place::Placement;
use crate::gui::command::Selection;
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette};
use crate::store::LaneRef;
use crate::trace::ModelId;

/// Paints the present of a live trace.
pub(super) fn now(painter: &Painter, palette: &Palette, areas: &Areas, place: &Placement<'_>) {
    if !place.scene.live {
        return;
    }
    let x = place.axis.x(place.scene.now);
    if !areas.lanes.x_range().contains(x) {
        return;
    }
    let stroke = Stroke::new(1.5, palette.now);
    painter.vline(x, areas.lanes.y_range(), stroke);
    let head = [vec2(-5.0, -7.0), vec2(5.0, -7.0), vec2(0.0, 0.0)];
    let head = head.map(|by| pos2(x, areas.ruler.bottom()) + by).to_vec();
    painter.add(egui::Shape::convex_polygon(head, palette.now, Stroke::NONE));
}

/// Paints the line that follows the pointer.
pub(super) fn cursor(painter: &Painter, palette: &Palette, areas: &Areas, x: f32) {
    let color = palette.cursor.gamma_multiply(0.6);
    painter.vline(
        x.round() + 0.5,
        areas.lanes.y_range(),
        Stroke::new(1.0, color),
    );
}

/// The most finds that are outlined in a frame; where there are more they lie on top of each other anyway.
const MOST_HITS: usize = 600;
/// How close two outlines may begin on a lane, in points.
const HIT_GAP: f32 = 3.0;

/// Paints outlines around what was searched for and found.
pub(super) fn hits(
    painter: &Painter,
    palette: &Palette,
    place: &Placement<'_>,
    outline: &Outline<'_>,
) {
    for rect in hit_rects(place, outline) {
        let stroke = Stroke::new(2.0, palette.link);
        painter.rect_stroke(rect, 1.0, stroke, StrokeKind::Outside);
        painter.rect_filled(rect, 0.0, palette.link.gamma_multiply(0.25));
    }
}

/// Where finds lie on the screen, those that would lie on each other once.
pub(super) fn hit_rects(place: &Placement<'_>, outline: &Outline<'_>) -> Vec<Rect> {
    let range = place.axis.range();
    let hits = place.scene.hits;
    let from = hits.partition_point(|hit| hit.at < range.begin);
    let to = hits.partition_point(|hit| hit.at < range.end);
    // One that began before the screen may reach into it.
    let near = from.saturating_sub(MOST_HITS / 10);
    let mut last: HashMap<(ModelId, LaneRef, usize), f32> = HashMap::new();
    let mut rects = Vec::new();
    for hit in &hits[near..to] {
        let x = place.axis.x(hit.at);
        let row = (hit.span.model, hit.span.lane, hit.span.depth);
        if last.get(&row).is_some_and(|last| x - last < HIT_GAP) && hit.at >= range.begin {
            continue;
        }
        last.insert(row, x);
        rects.extend(locate(place, outline, Selection::Span(hit.span)));
        if rects.len() >= MOST_HITS {
            break;
        }
    }
    rects
}

/// Paints an outline around what the pointer is on.
pub(super) fn hover(
    painter: &Painter,
    palette: &Palette,
    place: &Placement<'_>,
    outline: &Outline<'_>,
    target: &Target,
) {
    let selection = match target {
        Target::Fold { .. } => None,
        _ => target.selection(),
    };
    if let Some(rect) = selection.and_then(|selection| locate(place, outline, selection)) {
        let stroke = Stroke::new(1.0, palette.selection.gamma_multiply(0.55));
        painter.rect_stroke(rect, 0.0, stroke, StrokeKind::Outside);
    }
}

/// Paints an outline around what is selected, and an arrow from what caused it.
pub(super) fn selection(
    painter: &Painter,
    palette: &Palette,
    place: &Placement<'_>,
    outline: &Outline<'_>,
) {
    let Some(selection) = place.scene.selection else {
        return;
    };
    if let Selection::Span(span) = selection
        && let LaneRef::Thread(_) = span.lane
        && let Some([from, to]) = cause(place, outline, span)
    {
        let kind = place.scene.store.cause(span).map(|(_, kind)| kind);
        let words = match kind {
            Some(crate::trace::EventKind::TimerSet { .. }) => tr("timer set"),
            Some(crate::trace::EventKind::ThreadCall { .. }) => tr("asked for by a thread"),
            _ => tr("ready"),
        };
        arrow(painter, palette, from, to, words);
    }
    if let Some(rect) = locate(place, outline, selection) {
        let halo = Stroke::new(4.0, palette.background.gamma_multiply(0.7));
        painter.rect_stroke(rect.expand(1.0), 1.0, halo, StrokeKind::Outside);
        let line = Stroke::new(2.0, palette.selection);
        painter.rect_stroke(rect.expand(1.0), 1.0, line, StrokeKind::Outside);
    }
}

/// A curve from a cause to what followed, with a word at its beginning.
fn arrow(painter: &Painter, palette: &Palette, from: Pos2, to: Pos2, words: &str) {
    let stroke = Stroke::new(1.5, palette.link);
    let reach = ((to.x - from.x) / 2.0).clamp(10.0, 80.0);
    // A cause and its consequence may lie in the same column: the arrow then swings out to the left.
    let start = if to.x - from.x < 12.0 {
        from - vec2(14.0, 0.0)
    } else {
        from
    };
    let tip = to - vec2(2.0, 0.0);
    let points = [
        start,
        start + vec2(reach.min(24.0), 0.0),
        tip - vec2(reach, 0.0),
        tip,
    ];
    let curve =
        CubicBezierShape::from_points_stroke(points, false, egui::Color32::TRANSPARENT, stroke);
    painter.add(curve);
    let head = [vec2(0.0, 0.0), vec2(-7.0, -3.5), vec2(-7.0, 3.5)];
    let head = head.map(|by| tip + by).to_vec();
    painter.add(egui::Shape::convex_polygon(
        head,
        palette.link,
        Stroke::NONE,
    ));
    painter.circle_filled(start, 2.5, palette.link);
    let galley = painter.layout_no_wrap(words.to_owned(), theme::small(), palette.link);
    let at = start - vec2(galley.size().x + 7.0, galley.size().y / 2.0);
    let plate = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 0.0));
    painter.rect_filled(plate, 2.0, palette.lane);
    text(
        painter,
        pos2(at.x, start.y),
        words,
        theme::small(),
        palette.link,
    );
}

//! What lies over the lanes: the present, the pointer's moment, what is selected.

use std::collections::HashMap;

use egui::{Painter, Rect, Stroke, StrokeKind, pos2, vec2};

use super::chrome::Areas;
use super::hit::Target;
use super::locate::locate;
use super::outline::Outline;
use super::place::Placement;
use crate::gui::command::Selection;
use crate::gui::theme::Palette;
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

/// How high the head of the playhead is, in points.
const HEAD: f32 = 13.0;

/// Where the head of the playhead lies: at the lower edge of the ruler, above its line.
pub(super) fn head(areas: &Areas, place: &Placement<'_>) -> Option<Rect> {
    let x = place.axis.exact_x(place.scene.playhead?) as f32;
    let at = pos2(x, areas.ruler.bottom() - HEAD / 2.0);
    let seen = areas.ruler.x_range().contains(x);
    seen.then(|| Rect::from_center_size(at, vec2(11.0, HEAD)))
}

/// Paints the playhead: a line through all lanes under a head that can be taken hold of.
pub(super) fn playhead(painter: &Painter, palette: &Palette, areas: &Areas, place: &Placement<'_>) {
    let Some(head) = head(areas, place) else {
        return;
    };
    let x = head.center().x;
    let ink = palette.selection;
    let halo = Stroke::new(4.0, palette.background.gamma_multiply(0.5));
    painter.vline(x, areas.lanes.y_range(), halo);
    painter.vline(x, areas.lanes.y_range(), Stroke::new(1.5, ink));
    let shoulder = head.bottom() - 5.0;
    let outline = [
        head.left_top(),
        head.right_top(),
        pos2(head.right(), shoulder),
        pos2(x, head.bottom() + 1.0),
        pos2(head.left(), shoulder),
    ];
    let edge = Stroke::new(1.0, palette.panel);
    painter.add(egui::Shape::convex_polygon(outline.to_vec(), ink, edge));
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

/// Paints an outline around what is selected.
pub(super) fn selection(
    painter: &Painter,
    palette: &Palette,
    place: &Placement<'_>,
    outline: &Outline<'_>,
) {
    let Some(selection) = place.scene.selection else {
        return;
    };
    if let Some(rect) = locate(place, outline, selection) {
        // A bar can be narrow, but never so low that its outline would hide it; above and below it there may be others, with
        // their names.
        let rect = rect.expand2(vec2(2.0, 1.0));
        let halo = Stroke::new(1.0, palette.background.gamma_multiply(0.7));
        painter.rect_stroke(rect, 1.0, halo, StrokeKind::Outside);
        let line = Stroke::new(2.0, palette.selection);
        painter.rect_stroke(rect, 1.0, line, StrokeKind::Inside);
    }
}

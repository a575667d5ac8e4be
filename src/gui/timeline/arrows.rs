//! How arrows look, and which of them the pointer is on.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::flows::{Arrow, Flows};
use super::scene::Scene;
use super::tooltip::Description;
use crate::analysis::{Happened, LinkKind, plain_count, plain_duration};
use crate::gui::describe;
use crate::gui::text::moment;
use crate::gui::texts::{fill, list, tr};
use crate::gui::theme::{self, Palette};

/// Of how many points a curve consists.
const POINTS: usize = 24;
/// How far from a curve the pointer may be, in points.
const NEAR: f32 = 3.0;
/// A cause and what followed may lie in the same column: then the arrow swings out to the left, so far.
const SWING: f32 = 14.0;

/// Whether an arrow swings out. What was sent lies on the lane itself, and needs no room.
fn swings(arrow: &Arrow) -> bool {
    arrow.to.x - arrow.from.x < SWING && arrow.link.kind != LinkKind::Sent
}

/// Where an arrow begins: beside its cause, where that lies above or below what followed.
fn start(arrow: &Arrow) -> Pos2 {
    match swings(arrow) {
        true => arrow.from - vec2(SWING, 0.0),
        false => arrow.from,
    }
}

/// The way of an arrow: level where it begins and where it ends.
fn curve(arrow: &Arrow) -> [Pos2; POINTS] {
    let (start, end) = (start(arrow), arrow.to - vec2(2.0, 0.0));
    let least = if swings(arrow) { 10.0 } else { 1.0 };
    let reach = ((end.x - start.x) / 2.0).clamp(least, 80.0);
    let out = start + vec2(reach.min(24.0), 0.0);
    let back = end - vec2(reach, 0.0);
    std::array::from_fn(|place| {
        let t = place as f32 / (POINTS - 1) as f32;
        let rest = 1.0 - t;
        let weights = [
            rest.powi(3),
            3.0 * rest * rest * t,
            3.0 * rest * t * t,
            t.powi(3),
        ];
        let points = [start, out, back, end].into_iter().zip(weights);
        let sum = points.fold(vec2(0.0, 0.0), |sum, (at, weight)| {
            sum + at.to_vec2() * weight
        });
        sum.to_pos2()
    })
}

/// The arrow that the pointer is on; where there are several, the one that was drawn last.
pub(super) fn under(flows: &Flows, pointer: Pos2) -> Option<&Arrow> {
    flows.all().rev().find(|arrow| {
        let curve = curve(arrow);
        let parts = curve.windows(2);
        parts.into_iter().any(|part| match part {
            [a, b] => distance(pointer, *a, *b) <= NEAR,
            _ => false,
        })
    })
}

/// How far a point is from the line between two others.
fn distance(point: Pos2, a: Pos2, b: Pos2) -> f32 {
    let (line, from) = (b - a, point - a);
    let length = line.length_sq();
    let along = if length > 0.0 {
        (from.dot(line) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (from - line * along).length()
}

/// The colour of a kind of arrow, and its pattern (dashes and gaps, in points): never by colour alone.
const fn look(palette: &Palette, kind: LinkKind) -> (Color32, &'static [f32]) {
    match kind {
        LinkKind::Readiness => (palette.ready, &[]),
        LinkKind::Timer => (palette.timer, &[9.0, 4.0]),
        LinkKind::ThreadCall => (palette.thread_call, &[2.0, 4.0]),
        LinkKind::Work => (palette.thread_call, &[6.0, 3.0]),
        LinkKind::Result => (palette.thread_call, &[]),
        LinkKind::Deferred => (palette.link, &[2.0, 3.0]),
        LinkKind::Sent => (palette.done, &[4.0, 2.0]),
    }
}

/// Paints all arrows; those of the selected thing stand out, and the first of them says what it means.
pub(super) fn paint(painter: &Painter, palette: &Palette, flows: &Flows) {
    for arrow in &flows.others {
        paint_one(painter, palette, arrow, 1.0);
    }
    for arrow in &flows.selected {
        let halo = Stroke::new(4.0, palette.background.gamma_multiply(0.7));
        painter.add(Shape::line(curve(arrow).into(), halo));
        paint_one(painter, palette, arrow, 1.7);
    }
    if let Some(first) = flows.selected.first() {
        word(painter, palette, first);
    }
    if flows.count > flows.others.len() {
        told(painter, palette, flows);
    }
}

fn paint_one(painter: &Painter, palette: &Palette, arrow: &Arrow, width: f32) {
    let (color, pattern) = look(palette, arrow.link.kind);
    // One that stands for many is bolder.
    let width = width + (arrow.count as f32).log10().clamp(0.0, 3.0) * 0.6;
    let stroke = Stroke::new(width, color);
    let way = curve(arrow);
    match pattern {
        [dash, gap] => painter.extend(Shape::dashed_line(&way, stroke, *dash, *gap)),
        _ => {
            painter.add(Shape::line(way.into(), stroke));
        }
    }
    let tip = arrow.to - vec2(1.0, 0.0);
    let head = [vec2(0.0, 0.0), vec2(-7.0, -3.5), vec2(-7.0, 3.5)];
    let head = head.map(|by| tip + by).to_vec();
    painter.add(Shape::convex_polygon(head, color, Stroke::NONE));
    painter.circle_filled(way[0], 1.2 + width * 0.6, color);
}

/// What an arrow means, at its beginning.
fn word(painter: &Painter, palette: &Palette, arrow: &Arrow) {
    let (color, _) = look(palette, arrow.link.kind);
    let words = tr(arrow.link.kind.word());
    let galley = painter.layout_no_wrap(words.to_owned(), theme::small(), color);
    let start = start(arrow);
    let left = painter.clip_rect().left() + 4.0;
    let mut at = start - vec2(galley.size().x + 7.0, galley.size().y / 2.0);
    if at.x < left {
        // No room beside it: above it.
        at = pos2(left, at.y - galley.size().y);
    }
    let plate = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 0.0));
    painter.rect_filled(plate, 2.0, palette.lane);
    painter.galley(at, galley, color);
}

/// Says that not every arrow is drawn.
fn told(painter: &Painter, palette: &Palette, flows: &Flows) {
    let words = fill(
        tr("{drawn} arrows for {count}: zoom in to tell them apart"),
        &[
            ("drawn", &plain_count(flows.others.len() as u64)),
            ("count", &plain_count(flows.count as u64)),
        ],
    );
    let galley = painter.layout_no_wrap(words, theme::small(), palette.text);
    let size = galley.size() + vec2(12.0, 6.0);
    let corner = painter.clip_rect().right_bottom() - vec2(12.0, 6.0);
    let plate = Rect::from_min_max(corner - size, corner);
    let line = Stroke::new(1.0, palette.border);
    painter.rect(plate, 3.0, palette.raised, line, egui::StrokeKind::Inside);
    painter.galley(plate.min + vec2(6.0, 3.0), galley, palette.text);
}

/// What is said of an arrow under the pointer.
pub(super) fn describe(scene: &Scene<'_>, arrow: &Arrow) -> Description {
    let (store, link) = (scene.store, arrow.link);
    let name = |span| {
        store
            .span(span)
            .map_or_else(String::new, |span| describe::span(store, &span))
    };
    let mut text = Description {
        title: match arrow.count {
            1 => tr(link.kind.word()).to_owned(),
            count => fill(
                tr("{count} arrows close together; one of them: {what}"),
                &[
                    ("count", &plain_count(count as u64)),
                    ("what", &tr(link.kind.word())),
                ],
            ),
        },
        ..Description::default()
    };
    let from = match link.from {
        Happened::Span(span) => name(span),
        Happened::Sent(..) => tr("the server").to_owned(),
        Happened::Instant(model, thread, index) => {
            let model = store.model(model);
            let event = model.and_then(|model| model.thread(thread)?.instants().get(index));
            let told = model.zip(event);
            told.map_or_else(String::new, |(model, event)| {
                describe::event(store, model, &event.kind)
            })
        }
    };
    text.lines
        .push((tr("from"), list(&[from, moment(link.left)])));
    text.lines.push((
        tr("to"),
        format!("{}, {}", name(link.to), moment(link.arrived)),
    ));
    let delay = plain_duration(link.arrived.since(link.left));
    text.lines.push((tr("after"), delay));
    text
}

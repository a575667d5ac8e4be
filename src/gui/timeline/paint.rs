//! Gives draw items their looks: colours, patterns, fonts. One mesh per layer; text only where it fits.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Stroke, pos2, vec2};

use super::items::{Bar, End, Label, Life, Look, Mark, Of, On, Picture, Shape, StallBar};
use super::outline::{Band, Kind};
use super::patterns::{HATCH, STALL, dots, mix, outline as edge, stripes};
use super::place::Placement;
use super::ruler::Ruler;
use crate::gui::theme::{self, Palette};
use crate::store::SpanKind;
use crate::trace::{Outcome, Timestamp};

/// How thick the edge of what is ready is, in points. What is no wider than two of them is all edge.
const EDGE: f32 = 1.5;

/// Paints the lanes behind everything, and the lines of time.
pub(super) fn background<'a>(
    painter: &Painter,
    palette: &Palette,
    place: &Placement<'_>,
    bands: impl Iterator<Item = &'a Band<'a>>,
    ruler: &Ruler,
) {
    let lanes = place.lanes;
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(lanes, palette.background);
    for band in bands {
        let color = match band.kind {
            Kind::Header { .. } => continue,
            Kind::Task(task) if task.id.index().is_multiple_of(2) => palette.lane_alt,
            Kind::Task(_) | Kind::Thread(_) | Kind::Crowd { .. } => palette.lane,
        };
        let top = place.top(band);
        let rect = Rect::from_min_max(
            pos2(lanes.left(), top),
            pos2(lanes.right(), top + band.height),
        );
        mesh.add_colored_rect(rect, color);
    }
    for tick in ruler.ticks.iter().filter(|tick| tick.label.is_some()) {
        let x = (lanes.left() + tick.x).round();
        let line = Rect::from_min_max(pos2(x, lanes.top()), pos2(x + 1.0, lanes.bottom()));
        mesh.add_colored_rect(line, palette.grid);
    }
    painter.add(mesh);
}

/// Triangles that were painted before: nobody needs them any more, but their memory. To ask the system for all of it
/// anew costs more than to fill it.
#[derive(Clone, Debug, Default)]
pub(super) struct Meshes(Vec<Arc<Mesh>>);

impl Meshes {
    /// One without triangles.
    fn empty(&mut self) -> Mesh {
        let is_free = |mesh: &Arc<Mesh>| Arc::strong_count(mesh) == 1;
        let free = self.0.iter().position(is_free);
        let free = free.and_then(|place| Arc::into_inner(self.0.swap_remove(place)));
        let mut mesh = free.unwrap_or_default();
        mesh.clear();
        mesh
    }

    fn paint(&mut self, painter: &Painter, mesh: Mesh) {
        /// A frame needs fewer.
        const MOST: usize = 16;
        let mesh = Arc::new(mesh);
        painter.add(Arc::clone(&mesh));
        self.0.push(mesh);
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }
}

/// Paints what lies in the lanes.
pub(super) fn picture(
    painter: &Painter,
    palette: &Palette,
    place: &Placement<'_>,
    picture: &Picture,
    meshes: &mut Meshes,
) {
    // Patterns hang on the beginning of time, so that they go along when the view moves.
    let anchor = place.axis.exact_x(Timestamp::ZERO);
    let (mut waiting, mut working) = (meshes.empty(), meshes.empty());
    let mut hatch = Hatch::default();
    for item in &picture.bars {
        match item.look {
            Look::Span(SpanKind::Waiting) => {
                waiting.add_colored_rect(item.rect, palette.waiting);
                hatch.go_on(&mut waiting, palette, item.rect, anchor);
            }
            // The bytes that arrived are seen behind what was active, and before all else.
            Look::Fold { kind, share } => {
                if fold_ground(&mut waiting, palette, item, kind, share) {
                    hatch.go_on(&mut waiting, palette, item.rect, anchor);
                }
                working.add_colored_rect(item.active_part(share), palette.span(kind));
            }
            look if look.is_active() => bar(&mut working, palette, item, anchor),
            Look::Span(SpanKind::Ready) => {
                // What waited before it is hatched before it is painted: it must be seen, however short it is.
                hatch.end(&mut waiting, palette, anchor);
                bar(&mut waiting, palette, item, anchor);
            }
            Look::Span(_) => bar(&mut waiting, palette, item, anchor),
        }
    }
    hatch.end(&mut waiting, palette, anchor);
    meshes.paint(painter, waiting);
    progress(painter, palette, &picture.progress, meshes);
    for item in &picture.stalls {
        stall(&mut working, palette, item, anchor);
    }
    meshes.paint(painter, working);
    for item in &picture.labels {
        label(painter, palette, item);
    }
    for item in &picture.ends {
        end(painter, palette, place.lanes, item);
    }
    for item in &picture.marks {
        mark(painter, palette, *item);
    }
}

/// The hatching of what waits: it goes on behind what is short, so that it is not cut to pieces by it.
#[derive(Default)]
struct Hatch(Option<Rect>);

impl Hatch {
    fn go_on(&mut self, mesh: &mut Mesh, palette: &Palette, rect: Rect, anchor: f64) {
        /// What is no wider is a tick that is painted over it.
        const GAP: f32 = 3.0;
        match &mut self.0 {
            Some(last) if last.top() == rect.top() && (rect.left() - last.right()).abs() < GAP => {
                last.max.x = rect.right();
            }
            _ => {
                self.end(mesh, palette, anchor);
                self.0 = Some(rect);
            }
        }
    }

    fn end(&mut self, mesh: &mut Mesh, palette: &Palette, anchor: f64) {
        if let Some(rect) = self.0.take() {
            stripes(mesh, rect, anchor, HATCH, palette.waiting_hatch);
        }
    }
}

/// Adds a bar whose pattern hangs on `anchor` to a layer.
pub(super) fn bar(mesh: &mut Mesh, palette: &Palette, bar: &Bar, anchor: f64) {
    let rect = bar.rect;
    match bar.look {
        Look::Span(SpanKind::Queued) => dots(mesh, rect, anchor, palette.queued),
        Look::Span(SpanKind::Waiting) => {
            mesh.add_colored_rect(rect, palette.waiting);
            stripes(mesh, rect, anchor, HATCH, palette.waiting_hatch);
        }
        Look::Span(SpanKind::Ready) => {
            if rect.width() > 2.0 * EDGE {
                mesh.add_colored_rect(rect, palette.waiting);
            }
            edge(mesh, rect, EDGE, palette.ready);
        }
        Look::Span(kind) => mesh.add_colored_rect(rect, palette.span(kind)),
        Look::Fold { kind, share } => {
            fold_ground(mesh, palette, bar, kind, share);
            mesh.add_colored_rect(bar.active_part(share), palette.span(kind));
        }
    }
}

/// Adds what lies behind the active part of a fold, where that is not the bare lane. Whether it is a task that waits.
fn fold_ground(mesh: &mut Mesh, palette: &Palette, bar: &Bar, kind: SpanKind, share: u8) -> bool {
    let (color, waits) = match (bar.of, kind) {
        (Of::Task, SpanKind::Queued) | (Of::Calls, _) => return false,
        (Of::Task, SpanKind::Ready) if share == 0 => {
            (mix(palette.waiting, palette.ready, 0.5), false)
        }
        (Of::Task, _) => (palette.waiting, true),
        (Of::Thread, _) => (palette.poll, false),
    };
    mesh.add_colored_rect(bar.rect, color);
    waits
}

fn progress(painter: &Painter, palette: &Palette, columns: &[Rect], meshes: &mut Meshes) {
    let mut mesh = meshes.empty();
    let (fill, line) = (
        palette.progress.gamma_multiply(0.16),
        palette.progress.gamma_multiply(0.75),
    );
    for column in columns {
        mesh.add_colored_rect(*column, fill);
        let top = Rect::from_min_max(column.min, pos2(column.right(), column.top() + 1.0));
        mesh.add_colored_rect(top, line);
    }
    meshes.paint(painter, mesh);
}

/// Adds what is stalled to a layer.
pub(super) fn stall(mesh: &mut Mesh, palette: &Palette, bar: &StallBar, anchor: f64) {
    mesh.add_colored_rect(bar.rect, palette.stalled);
    if bar.rect.width() > 4.0 {
        let inner = bar.rect.shrink(1.0);
        stripes(mesh, inner, anchor, STALL, palette.stalled_stripe);
    }
    if bar.growing {
        let front = Rect::from_min_max(pos2(bar.rect.right() - 2.0, bar.rect.top()), bar.rect.max);
        mesh.add_colored_rect(front, palette.selection);
    }
}

/// Less room than this is for no part of a name, in points.
const SHORTEST_NAME: f32 = 26.0;

fn label(painter: &Painter, palette: &Palette, label: &Label) {
    // What is patterned behind its text has a plate there, as high as the bar within its edge: what shows above and
    // below the text would look like a line through it.
    let (ink, plate) = match label.on {
        On::Stall => {
            let color = palette.stalled;
            (palette.ink_on(color), Some((color, 0.0)))
        }
        On::Bar(SpanKind::Queued) => (palette.text_weak, Some((palette.lane, 0.0))),
        // The bytes that arrived run through it.
        On::Bar(SpanKind::Ready) => (palette.text, Some((palette.waiting, EDGE))),
        On::Bar(SpanKind::Poll | SpanKind::Wait(_)) => (palette.text_weak, None),
        On::Bar(kind) => (palette.ink_on(palette.span(kind)), None),
    };
    let room = label.room.width();
    let texts = [Some(&label.text), label.short.as_ref()];
    let fitting = texts.into_iter().flatten().find_map(|text| {
        let galley = painter.layout_no_wrap(text.clone(), theme::small(), Color32::PLACEHOLDER);
        (galley.size().x <= room).then_some(galley)
    });
    // How a call's name begins tells those apart that stand in one another.
    let begins = || {
        let name = label.short.as_ref().unwrap_or(&label.text);
        let is_call = matches!(
            label.on,
            On::Bar(SpanKind::Callback(_) | SpanKind::Blocking)
        );
        (is_call && room >= SHORTEST_NAME).then(|| elided(painter, name, theme::small(), room))
    };
    let Some(galley) = fitting.or_else(begins) else {
        return;
    };
    let at = pos2(
        label.room.left(),
        (label.room.center().y - galley.size().y / 2.0).round(),
    );
    if let Some((color, edge)) = plate {
        let across = at.x - 3.0..=at.x + galley.size().x + 3.0;
        let high = label.room.y_range().shrink(edge);
        painter.rect_filled(Rect::from_x_y_ranges(across, high), 0.0, color);
    }
    painter.galley(at, galley, ink);
}

fn end(painter: &Painter, palette: &Palette, lanes: Rect, end: &End) {
    const GLYPH: f32 = 14.0;
    const SHORTEST: f32 = 60.0;
    let color = palette.outcome(end.outcome);
    let ink = match end.outcome {
        Outcome::Failed => palette.failed,
        _ => palette.text_weak,
    };
    let room = (lanes.right() - end.at.x - GLYPH - 10.0).max(0.0);
    let whole = painter.layout_no_wrap(end.text.clone(), theme::small(), Color32::PLACEHOLDER);
    // Where there is no room, a text is cut off or left to the tooltip: it must not cover what the task did.
    let text = if whole.size().x <= room {
        whole
    } else if room > SHORTEST {
        elided(painter, &end.text, theme::small(), room)
    } else {
        painter.layout_no_wrap(String::new(), theme::small(), Color32::PLACEHOLDER)
    };
    let width = GLYPH + text.size().x + 4.0;
    let left = if lanes.right() - end.at.x > GLYPH {
        end.at.x + 5.0
    } else {
        // No room after the end even for the sign: before it, on a plate, so that the pattern does not show through.
        let left = end.at.x - width - 5.0;
        let plate = Rect::from_center_size(
            pos2(left + width / 2.0 - 1.0, end.at.y),
            vec2(width + 4.0, 15.0),
        );
        painter.rect_filled(plate, 2.0, palette.lane);
        left
    };
    outcome_glyph(painter, pos2(left + 5.0, end.at.y), end.outcome, color);
    let at = pos2(left + GLYPH, (end.at.y - text.size().y / 2.0).round());
    painter.galley(at, text, ink);
}

/// A tick, a cross or a square: how something ended, told by shape.
pub(super) fn outcome_glyph(painter: &Painter, at: Pos2, outcome: Outcome, color: Color32) {
    let stroke = Stroke::new(2.0, color);
    match outcome {
        Outcome::Done => {
            let points = vec![
                at + vec2(-4.0, 0.5),
                at + vec2(-1.2, 3.5),
                at + vec2(4.5, -3.5),
            ];
            painter.line(points, stroke);
        }
        Outcome::Failed => cross(painter, at, 3.5, stroke),
        Outcome::Stopped => {
            painter.rect_filled(Rect::from_center_size(at, vec2(7.0, 7.0)), 0.0, color);
        }
    }
}

fn cross(painter: &Painter, at: Pos2, size: f32, stroke: Stroke) {
    painter.line_segment([at + vec2(-size, -size), at + vec2(size, size)], stroke);
    painter.line_segment([at + vec2(-size, size), at + vec2(size, -size)], stroke);
}

/// Paints a moment.
pub(super) fn mark(painter: &Painter, palette: &Palette, mark: Mark) {
    let at = mark.at;
    let polygon = |points: &[(f32, f32)], fill: Color32, line: Color32| {
        let points = points.iter().map(|&(x, y)| at + vec2(x, y)).collect();
        let stroke = Stroke::new(1.2, line);
        painter.add(egui::Shape::convex_polygon(points, fill, stroke));
    };
    const DOWN: [(f32, f32); 3] = [(-3.5, -3.0), (3.5, -3.0), (0.0, 3.5)];
    const UP: [(f32, f32); 3] = [(-4.5, 4.0), (0.0, -4.5), (4.5, 4.0)];
    const DIAMOND: [(f32, f32); 4] = [(0.0, -4.5), (4.5, 0.0), (0.0, 4.5), (-4.5, 0.0)];
    match mark.shape {
        Shape::Connected => polygon(&DIAMOND, palette.link, palette.lane),
        Shape::Failure => cross(painter, at, 3.5, Stroke::new(2.2, palette.failed)),
        Shape::Dropped => polygon(&UP, palette.stalled, palette.text),
        Shape::TimerSet => polygon(&DOWN, palette.lane, palette.timer),
        Shape::TimerFired => polygon(&DOWN, palette.timer, palette.timer),
        Shape::TimerCancelled => {
            polygon(&DOWN, palette.lane, palette.text_weak);
            let line = [at + vec2(-4.5, 0.0), at + vec2(4.5, 0.0)];
            painter.line_segment(line, Stroke::new(1.2, palette.text_weak));
        }
        Shape::Readiness => {
            painter.vline(
                at.x,
                at.y - 3.5..=at.y + 4.5,
                Stroke::new(1.5, palette.ready),
            );
        }
        Shape::ThreadCall => {
            painter.circle_stroke(at, 3.0, Stroke::new(1.5, palette.thread_call));
        }
    }
}

/// Paints the life of a model into its header.
pub(super) fn life(mesh: &mut Mesh, palette: &Palette, life: &Life) {
    let color = life
        .outcome
        .map_or(palette.now, |outcome| palette.outcome(outcome));
    mesh.add_colored_rect(life.rect, color);
}

/// A text that ends in `…` where it is wider than `width`.
pub(super) fn elided(painter: &Painter, text: &str, font: FontId, width: f32) -> Arc<egui::Galley> {
    let format = TextFormat::simple(font, Color32::PLACEHOLDER);
    let mut job = LayoutJob::single_section(text.to_owned(), format);
    job.wrap = TextWrapping {
        // In steps, so that a text is not laid out anew at every pixel of a zoom.
        max_width: ((width / 8.0).floor() * 8.0).max(1.0),
        max_rows: 1,
        break_anywhere: true,
        overflow_character: Some('…'),
    };
    painter.layout_job(job)
}

/// A text with its left end at `at`, centred on it vertically; returns where it ends.
pub(super) fn text(painter: &Painter, at: Pos2, text: &str, font: FontId, color: Color32) -> f32 {
    painter
        .text(at, Align2::LEFT_CENTER, text, font, color)
        .right()
}

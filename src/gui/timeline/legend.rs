//! The key to patterns and shapes, in a strip below the lanes.

use egui::{Mesh, Painter, Pos2, Rect, pos2, vec2};

use super::items::{Bar, Look, Mark, Shape, StallBar};
use super::paint::{bar, mark, outcome_glyph, stall, text};
use crate::gui::texts::{english, tr};
use crate::gui::theme::{self, Palette};
use crate::store::SpanKind;
use crate::trace::{Cause, Outcome};

/// Height of the strip, in points.
pub(super) const HEIGHT: f32 = 26.0;
/// Width of a swatch.
const SWATCH: f32 = 22.0;

/// What an entry shows.
enum Swatch {
    State(SpanKind),
    Phase(SpanKind),
    Stalled,
    Mark(Shape),
    End(Outcome),
}

/// The entries, the most important first: where there is no room, the last are left out.
const ENTRIES: [(&str, Swatch); 15] = [
    (english("queued"), Swatch::State(SpanKind::Queued)),
    (english("waiting"), Swatch::State(SpanKind::Waiting)),
    (english("ready, not served"), Swatch::State(SpanKind::Ready)),
    (english("running"), Swatch::State(SpanKind::Running)),
    (english("stalled"), Swatch::Stalled),
    (english("done"), Swatch::End(Outcome::Done)),
    (english("failed"), Swatch::End(Outcome::Failed)),
    (english("poll or wait"), Swatch::Phase(SpanKind::Poll)),
    (english("turn"), Swatch::Phase(SpanKind::Turn)),
    (
        english("call that blocks"),
        Swatch::Phase(SpanKind::Blocking),
    ),
    (
        english("callback on readiness"),
        Swatch::Phase(SpanKind::Callback(Cause::Readiness)),
    ),
    (
        english("by a timer"),
        Swatch::Phase(SpanKind::Callback(Cause::Timer)),
    ),
    (
        english("by the program"),
        Swatch::Phase(SpanKind::Callback(Cause::Program)),
    ),
    (english("connected"), Swatch::Mark(Shape::Connected)),
    (english("timer set"), Swatch::Mark(Shape::TimerSet)),
];

/// Paints the strip into `area`.
pub(super) fn paint(painter: &Painter, palette: &Palette, area: Rect) {
    painter.rect_filled(area, 0.0, palette.panel);
    let line = egui::Stroke::new(1.0, palette.border);
    painter.hline(area.x_range(), area.top() + 0.5, line);
    let mut at = pos2(area.left() + 12.0, area.center().y + 0.5);
    for (words, swatch) in &ENTRIES {
        let words = tr(words);
        let color = palette.text_weak;
        let galley = painter.layout_no_wrap(words.to_owned(), theme::small(), color);
        let width = SWATCH + 6.0 + galley.size().x;
        if at.x + width > area.right() - 8.0 {
            break;
        }
        paint_swatch(painter, palette, at, swatch);
        text(
            painter,
            at + vec2(SWATCH + 6.0, 0.0),
            words,
            theme::small(),
            color,
        );
        at.x += width + 16.0;
    }
}

fn paint_swatch(painter: &Painter, palette: &Palette, at: Pos2, swatch: &Swatch) {
    let rect = Rect::from_min_size(at - vec2(0.0, 6.0), vec2(SWATCH, 12.0));
    let anchor = f64::from(rect.left());
    let mut mesh = Mesh::default();
    match swatch {
        Swatch::State(kind) | Swatch::Phase(kind) => {
            let item = Bar {
                rect,
                look: Look::Span(*kind),
                of_task: matches!(swatch, Swatch::State(_)),
            };
            bar(&mut mesh, palette, &item, anchor);
        }
        Swatch::Stalled => {
            let growing = false;
            stall(&mut mesh, palette, &StallBar { rect, growing }, anchor);
        }
        Swatch::Mark(shape) => {
            let at = rect.center();
            mark(painter, palette, Mark { at, shape: *shape });
        }
        Swatch::End(outcome) => {
            let color = palette.outcome(*outcome);
            outcome_glyph(painter, rect.center(), *outcome, color);
        }
    }
    painter.add(mesh);
}

//! The key to patterns and shapes, in a strip below the lanes; whoever points at it is told what each of them means.

use egui::{Grid, Mesh, Painter, Pos2, Rect, RichText, Role, Sense, Ui, WidgetInfo};
use egui::{Vec2, pos2, vec2};

use super::items::{Bar, Look, Mark, Of, SHARES, Shape, StallBar};
use super::paint::{bar, mark, outcome_glyph, stall, text};
use crate::gui::texts::{english, tr};
use crate::gui::theme::{self, Palette};
use crate::store::SpanKind;
use crate::trace::{Cause, Outcome};

/// Height of one row of entries, in points.
const ROW: f32 = 19.0;
/// Room above and below the rows together.
const PADDING: f32 = 7.0;
/// Room left and right of a row.
const SIDE: f32 = 12.0;
/// Width of a swatch.
const SWATCH: f32 = 22.0;
/// From a swatch to its word.
const GAP: f32 = 6.0;
/// From one entry to the next.
const BETWEEN: f32 = 16.0;
/// For how much of the timeline's height there is one more row, in points.
const PER_ROW: f32 = 400.0;
/// How many rows it has at most.
const ROWS: usize = 3;
/// What stands at the end where entries are left out.
const MORE: &str = "…";
/// The room for it.
const FOR_MORE: f32 = 14.0;

/// What an entry shows.
enum Swatch {
    State(SpanKind),
    Phase(SpanKind),
    Fold,
    Stalled,
    Mark(Shape),
    End(Outcome),
}

/// A word, what goes by it, and what that means.
type Entry = (&'static str, Swatch, &'static str);

/// The entries, the most important first: where there is no room, the last are left to who points at the strip.
const ENTRIES: [Entry; 18] = [
    (
        english("queued"),
        Swatch::State(SpanKind::Queued),
        english("nobody works on the task yet"),
    ),
    (
        english("waiting"),
        Swatch::State(SpanKind::Waiting),
        english("the task waits for its connection, or lets some time pass"),
    ),
    (
        english("ready, not served"),
        Swatch::State(SpanKind::Ready),
        english("there is data, and nobody has come to serve it"),
    ),
    (
        english("running"),
        Swatch::State(SpanKind::Running),
        english("the task's code runs"),
    ),
    (
        english("stalled"),
        Swatch::Stalled,
        english("nothing else had its turn for longer than the threshold of a stall"),
    ),
    (
        english("poll or wait"),
        Swatch::Phase(SpanKind::Poll),
        english("the loop or thread waits for something to happen"),
    ),
    (
        english("turn"),
        Swatch::Phase(SpanKind::Turn),
        english("the loop works: it calls whoever has something to do"),
    ),
    (
        english("callback on readiness"),
        Swatch::Phase(SpanKind::Callback(Cause::Readiness)),
        english("code of the program, because there is something to read or to write"),
    ),
    (
        english("by a timer"),
        Swatch::Phase(SpanKind::Callback(Cause::Timer)),
        english("code of the program, because a timer is due"),
    ),
    (
        english("by a thread"),
        Swatch::Phase(SpanKind::Callback(Cause::ThreadCall)),
        english("code of the program, because another thread asked for it"),
    ),
    (
        english("by the program"),
        Swatch::Phase(SpanKind::Callback(Cause::Program)),
        english("code of the program, because its own code comes to it"),
    ),
    (
        english("call that blocks"),
        Swatch::Phase(SpanKind::Blocking),
        english("a call that blocks: nothing else runs on this thread"),
    ),
    (
        english("many"),
        Swatch::Fold,
        english("many, too short to be told apart: as high as their share of the time"),
    ),
    (
        english("connected"),
        Swatch::Mark(Shape::Connected),
        english("the connection of the task stands"),
    ),
    (
        english("timer set"),
        Swatch::Mark(Shape::TimerSet),
        english("something is to be called later"),
    ),
    (
        english("timer fired"),
        Swatch::Mark(Shape::TimerFired),
        english("the loop has come to a timer that was due"),
    ),
    (
        english("done"),
        Swatch::End(Outcome::Done),
        english("the task has ended well"),
    ),
    (
        english("failed"),
        Swatch::End(Outcome::Failed),
        english("the task has failed, or something in it"),
    ),
];

/// Where the entries lie in a strip.
pub(super) struct Strip {
    /// Their left ends, below and right of the left upper corner of the strip; of as many as there is room for.
    places: Vec<Vec2>,
    /// Where it says that there are more, if there are.
    more: Option<Vec2>,
    /// How high it is, in points.
    pub(super) height: f32,
}

impl Strip {
    /// Of a timeline of this size.
    pub(super) fn new(painter: &Painter, timeline: Vec2) -> Self {
        let width = |(word, ..): &Entry| {
            let word = tr(word).to_owned();
            let galley = painter.layout_no_wrap(word, theme::small(), egui::Color32::PLACEHOLDER);
            SWATCH + GAP + galley.size().x
        };
        Self::of(ENTRIES.iter().map(width), timeline)
    }

    /// Of entries that are so wide.
    fn of(widths: impl Iterator<Item = f32>, timeline: Vec2) -> Self {
        let rows = ((timeline.y / PER_ROW) as usize).clamp(1, ROWS);
        let (mut row, mut x) = (0, SIDE);
        let mut places = Vec::new();
        let mut more = None;
        let middle = |row: usize| PADDING / 2.0 + (row as f32 + 0.5) * ROW;
        for width in widths {
            let is_last = row + 1 == rows;
            let room = timeline.x - SIDE - if is_last { FOR_MORE } else { 0.0 };
            if x + width > room && x > SIDE {
                if is_last {
                    more = Some(vec2(x - BETWEEN / 2.0, middle(row)));
                    break;
                }
                (row, x) = (row + 1, SIDE);
            }
            places.push(vec2(x, middle(row)));
            x += width + BETWEEN;
        }
        let height = (row + 1) as f32 * ROW + PADDING;
        Self {
            places,
            more,
            height,
        }
    }

    /// Shows it at the lower end of `timeline`; where it `explains`, whoever points at it is told more.
    pub(super) fn show(&self, ui: &Ui, palette: &Palette, timeline: Rect, explains: bool) {
        let area = timeline.with_min_y(timeline.bottom() - self.height);
        let painter = ui.painter().with_clip_rect(area);
        painter.rect_filled(area, 0.0, palette.panel);
        let line = egui::Stroke::new(1.0, palette.border);
        painter.hline(area.x_range(), area.top() + 0.5, line);
        for (place, (word, swatch, _)) in self.places.iter().zip(&ENTRIES) {
            let at = area.min + *place;
            paint_swatch(&painter, palette, at, swatch);
            let (at, ink) = (at + vec2(SWATCH + GAP, 0.0), palette.text_weak);
            text(&painter, at, tr(word), theme::small(), ink);
        }
        if let Some(more) = self.more {
            let ink = palette.text_weak;
            text(&painter, area.min + more, MORE, theme::small(), ink);
        }
        let response = ui.interact(area, ui.scope_id().with("key"), Sense::hover());
        response.widget_info(|| {
            let words = ENTRIES.iter().map(|(word, ..)| tr(word));
            WidgetInfo::labeled(Role::Label, true, words.collect::<Vec<_>>().join("; "))
        });
        if explains {
            response.on_hover_ui(|ui| explain(ui, palette));
        }
    }
}

/// All entries, and what each of them means.
fn explain(ui: &mut Ui, palette: &Palette) {
    ui.set_max_width(460.0);
    ui.spacing_mut().interact_size.y = 0.0;
    let grid = Grid::new("key").num_columns(3).spacing([10.0, 3.0]);
    grid.show(ui, |ui| {
        for (word, swatch, meaning) in &ENTRIES {
            let (rect, _) = ui.allocate_exact_size(vec2(SWATCH, 14.0), Sense::hover());
            paint_swatch(ui.painter(), palette, rect.left_center(), swatch);
            ui.label(RichText::new(tr(word)).small());
            ui.label(RichText::new(tr(meaning)).color(palette.text_weak).small());
            ui.end_row();
        }
    });
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
                of: Of::Task,
            };
            bar(&mut mesh, palette, &item, anchor);
        }
        Swatch::Fold => {
            let parts = [2, 5, 3, SHARES, 7];
            let width = SWATCH / parts.len() as f32;
            for (place, share) in parts.into_iter().enumerate() {
                let left = rect.left() + place as f32 * width;
                let kind = SpanKind::Running;
                let item = Bar {
                    rect: Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height())),
                    look: Look::Fold { kind, share },
                    of: Of::Task,
                };
                bar(&mut mesh, palette, &item, anchor);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As many entries as there are, each 100 points wide.
    fn strip(width: f32, height: f32) -> Strip {
        let widths = ENTRIES.iter().map(|_| 100.0);
        Strip::of(widths, vec2(width, height))
    }

    #[test]
    fn entries_that_find_no_room_in_a_row_go_on_in_the_next_where_there_is_much_room() {
        let wide = strip(4_000.0, 500.0);
        assert_eq!((wide.places.len(), wide.more), (ENTRIES.len(), None));
        assert!((wide.height - ROW - PADDING).abs() < 0.01);
        let high = strip(1_200.0, 900.0);
        assert_eq!((high.places.len(), high.more), (ENTRIES.len(), None));
        assert!((high.height - 2.0 * ROW - PADDING).abs() < 0.01);
        let ends = high.places.iter().map(|place| place.x + 100.0);
        assert!(ends.max_by(f32::total_cmp).expect("there are entries") <= 1_200.0 - SIDE);
    }

    #[test]
    fn elsewhere_the_height_is_left_to_the_lanes_and_that_there_are_more_is_said() {
        for (width, height, entries) in [(820.0, 530.0, 6), (500.0, 300.0, 4), (50.0, 80.0, 1)] {
            let strip = strip(width, height);
            assert_eq!(strip.places.len(), entries);
            assert!((strip.height - ROW - PADDING).abs() < 0.01);
            let more = strip.more.expect("there are more");
            assert!(entries == 1 || more.x + FOR_MORE <= width, "{more}");
        }
    }
}

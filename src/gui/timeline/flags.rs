//! Marks as flags on the ruler: each with its note, and a button that leads to it.

use egui::{Align2, Painter, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::chrome::Areas;
use super::paint::elided;
use super::place::Placement;
use crate::gui::command::Command;
use crate::gui::marks::MarkCommand;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette};

/// Height of a flag, in points.
const HEIGHT: f32 = 13.0;
/// The widest that a flag is, in points.
const WIDEST: f32 = 120.0;
/// More than these in view are not told apart one by one.
const MOST: usize = 64;

/// Shows the flags of the marks in view.
pub(super) fn show(ui: &Ui, areas: &Areas, place: &Placement<'_>, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let seen = areas.ruler.union(areas.lanes).intersect(ui.clip_rect());
    let painter = ui.painter().with_clip_rect(seen);
    let range = place.axis.range();
    let marks = place.scene.marks;
    let from = marks.partition_point(|mark| mark.at < range.begin);
    let to = marks.partition_point(|mark| mark.at <= range.end);
    for number in (from..to).take(MOST) {
        let mark = &marks[number];
        let x = place.axis.x(mark.at).round();
        let next = marks[..to].get(number + 1);
        let room = next.map_or(WIDEST, |next| place.axis.x(next.at) - x - 12.0);
        let note = if room > HEIGHT { &mark.note } else { "" };
        let rect = flag(&painter, palette, areas, x, note, room.min(WIDEST));
        let id = ui.scope_id().with(("mark", mark.at.0));
        let button = ui.interact(rect.intersect(areas.ruler), id, Sense::click());
        let name = fill(
            tr("Mark {number}: {note}"),
            &[("number", &(number + 1)), ("note", &mark.note)],
        );
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if button.clicked() {
            commands.push(Command::Mark(MarkCommand::Go(number)));
        }
        button.on_hover_text(&name);
    }
}

/// Paints a flag, and the line of its moment. Where the flag lies.
fn flag(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    x: f32,
    note: &str,
    room: f32,
) -> Rect {
    let color = palette.now;
    let line = Stroke::new(1.0, color.gamma_multiply(0.7));
    painter.vline(x + 0.5, areas.ruler.top()..=areas.lanes.bottom(), line);
    let galley = elided(painter, note, theme::small(), room.max(0.0));
    let width = match note.is_empty() {
        true => 9.0,
        false => galley.size().x + 8.0,
    };
    let top = areas.ruler.bottom() - HEIGHT;
    let rect = Rect::from_min_size(pos2(x, top), vec2(width, HEIGHT));
    painter.rect_filled(rect, 0.0, color);
    if !note.is_empty() {
        let at = rect.left_center() + vec2(4.0, 0.0);
        let text = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        painter.galley(text.min, galley, palette.ink_on(color));
    }
    rect
}

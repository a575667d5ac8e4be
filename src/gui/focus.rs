//! Where the keyboard is: the control that has the focus is in sight, and has a ring around it.

use std::ops::Range;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Color32, Context, Id, Rect, Stroke, StrokeKind, Ui};

use super::theme::{self, Palette};

/// How far around a control its ring is, in points.
const AROUND: f32 = 2.0;
/// How thick the ring is, in points: two tones, one of which can be seen on whatever lies below it.
const THICK: f32 = 2.0;

/// Gives the focus to a field that is shown from the next frame on, with these characters of it selected: whoever types at
/// once types into it, and replaces them. Until then what he types would be keys.
pub(super) fn type_into(ctx: &Context, field: Id, selected: Range<usize>) {
    let mut state = TextEditState::load(ctx, field).unwrap_or_default();
    let range = CCursorRange::two(CCursor::new(selected.start), CCursor::new(selected.end));
    state.cursor.set_char_range(Some(range));
    state.store(ctx, field);
    ctx.memory_mut(|memory| memory.request_focus(field));
    ctx.data_mut(|data| data.insert_temp(asked(), Some(field)));
}

/// Where it is kept which field is to have the focus.
fn asked() -> Id {
    Id::unique("field to type into")
}

/// Asks once more, at the end of the first frame that shows the field: in that frame a dialog that was open until then
/// still kept the focus from all others.
pub(super) fn settle(ctx: &Context) {
    let asked: Option<Option<Id>> = ctx.data_mut(|data| data.remove_temp(asked()));
    let focused = ctx.memory(|memory| memory.focused());
    if let Some(field) = asked.flatten().filter(|field| focused != Some(*field)) {
        ctx.memory_mut(|memory| memory.request_focus(field));
        ctx.request_repaint();
    }
}

/// Draws the ring, over all that is shown. Nobody else draws one.
pub(super) fn ring(ctx: &Context) {
    let focused = ctx.memory(|memory| memory.focused());
    // What was closed in the last frame still has the focus in this one.
    let is_shown = |id: &Id| ctx.viewport(|shown| shown.this_pass.widgets.get(*id).is_some());
    let focused = focused.filter(is_shown);
    let Some(response) = focused.and_then(|id| ctx.read_response(id)) else {
        return;
    };
    // What is scrolled out of sight has none.
    let seen = response.interact_rect;
    if !seen.is_positive() {
        return;
    }
    let palette = Palette::of(&ctx.global_style().visuals);
    let rect = around(seen, ctx.content_rect());
    let painter = ctx.layer_painter(response.layer_id);
    let draw = |rect: Rect, color: Color32| {
        let stroke = Stroke::new(THICK, color);
        painter.rect_stroke(rect, theme::RADIUS, stroke, StrokeKind::Inside);
    };
    draw(rect, palette.selection);
    draw(rect.shrink(THICK), palette.background);
}

/// The ring of what covers `seen`, as far as there is a screen.
fn around(seen: Rect, screen: Rect) -> Rect {
    seen.expand(AROUND).intersect(screen)
}

/// Scrolls to the control in `ui` that the keyboard has just come to; at the end of what a scroll area holds.
pub(super) fn follow(ui: &Ui) {
    let focused = ui.memory(|memory| memory.focused());
    let Some(response) = focused.and_then(|id| ui.read_response(id)) else {
        return;
    };
    let is_here = response.layer_id == ui.layer_id()
        && ui.min_rect().contains(response.rect.center())
        // What can be seen elsewhere is not here, wherever this would reach if all of it could be seen.
        && (!response.interact_rect.is_positive()
            || ui.clip_rect().contains_rect(response.interact_rect));
    if is_here && response.gained_focus() && !ui.clip_rect().contains_rect(response.rect) {
        response.scroll_to_me(None);
    }
}

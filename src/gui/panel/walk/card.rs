//! How a walk looks: a ring around the control that it is about, and a card beside it.

use egui::{
    Align2, Area, Frame, LayerId, Order, Rect, RichText, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

use super::{Sight, Step, Walk, place};
use crate::gui::command::Command;
use crate::gui::panel::widgets;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette, STEP};

/// Width of the card's text, in points: with its edge it is no wider than the sides of the window, so that it covers
/// little of the timeline.
const WIDTH: f32 = 240.0;
/// How wide and how high it becomes at most, in points; where there is less room below a control, it stands above it, or
/// else beside.
const MOST: Vec2 = vec2(WIDTH + 8.0 * STEP, 208.0);
/// Between the control and the card.
const GAP: f32 = 3.0 * STEP;
const STEPS: [Step; 4] = [Step::Run, Step::Block, Step::See, Step::Read];

/// Shows where the walk is, over everything else.
pub fn show(ui: &Ui, walk: Walk, sight: &Sight, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let (anchor, title, text) = walk.says(sight);
    let screen = ui.content_rect();
    let target = place(ui.ctx(), anchor).filter(|rect| screen.intersects(*rect));
    if let Some(target) = target {
        let layer = LayerId::new(Order::Foreground, egui::Id::unique("walk ring"));
        let ring = target.intersect(screen).expand(STEP);
        let painter = ui.ctx().layer_painter(layer);
        let stroke = Stroke::new(2.5, palette.ready);
        painter.rect_stroke(ring, theme::RADIUS + 2, stroke, StrokeKind::Outside);
    }
    let (corner, at) = beside(target, screen);
    let frame = Frame::window(ui.style())
        .stroke(Stroke::new(1.5, palette.ready))
        .inner_margin(3.0 * STEP);
    Area::new(egui::Id::unique("walk card"))
        .order(Order::Foreground)
        .pivot(corner)
        .fixed_pos(at)
        .constrain_to(screen.shrink(STEP))
        .show(ui.ctx(), |ui| {
            frame.show(ui, |ui| {
                ui.set_width((screen.width() - 8.0 * STEP).clamp(0.0, WIDTH));
                words(ui, walk, tr(title), tr(text));
                buttons(ui, walk, commands);
            });
        });
}

fn words(ui: &mut Ui, walk: Walk, title: &str, text: &str) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).font(theme::heading()).strong());
        let place = STEPS
            .iter()
            .position(|step| *step == walk.step())
            .unwrap_or(0)
            + 1;
        let said = tr("{place} of {all}");
        widgets::note(ui, fill(said, &[("place", &place), ("all", &STEPS.len())]));
    });
    widgets::paragraph(ui, text);
    ui.add_space(STEP);
}

fn buttons(ui: &mut Ui, walk: Walk, commands: &mut Vec<Command>) {
    let (text, hint) = match walk.step() {
        Step::Read => (tr("Done"), tr("The menu Help begins the walk anew")),
        _ => (
            tr("Skip the walk"),
            tr("Put it away for good (Esc); the menu Help begins it anew"),
        ),
    };
    if ui.button(text).on_hover_text(hint).clicked() {
        commands.push(Command::EndWalk);
    }
}

/// Which corner of the card lies where: below what it points at, or else above, or else where there is room beside it.
fn beside(target: Option<Rect>, screen: Rect) -> (Align2, egui::Pos2) {
    let Some(target) = target else {
        let at = screen.center_bottom() - vec2(0.0, 8.0 * STEP);
        return (Align2::CENTER_BOTTOM, at);
    };
    let room = MOST + vec2(GAP, GAP);
    if screen.bottom() - target.bottom() >= room.y {
        return (Align2::LEFT_TOP, target.left_bottom() + vec2(0.0, GAP));
    }
    if target.top() - screen.top() >= room.y {
        return (Align2::LEFT_BOTTOM, target.left_top() - vec2(0.0, GAP));
    }
    match screen.right() - target.right() >= room.x {
        true => (Align2::LEFT_TOP, target.right_top() + vec2(GAP, 0.0)),
        false => (Align2::RIGHT_TOP, pos2(target.left() - GAP, target.top())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(1024.0, 640.0));

    fn card(target: Rect) -> Rect {
        let (corner, at) = beside(Some(target), SCREEN);
        let card = corner.anchor_size(at, MOST);
        // As it is kept on the screen.
        let left = (SCREEN.right() - card.right()).min(0.0);
        card.translate(vec2(left, 0.0))
    }

    #[test]
    fn the_card_does_not_cover_what_it_points_at() {
        for target in [
            Rect::from_min_size(pos2(100.0, 8.0), vec2(88.0, 28.0)),
            Rect::from_min_size(pos2(8.0, 260.0), vec2(220.0, 24.0)),
            Rect::from_min_size(pos2(8.0, 260.0), vec2(220.0, 220.0)),
            Rect::from_min_size(pos2(780.0, 330.0), vec2(240.0, 180.0)),
            Rect::from_min_size(pos2(780.0, 50.0), vec2(240.0, 270.0)),
            Rect::from_min_size(pos2(780.0, 50.0), vec2(240.0, 560.0)),
            Rect::from_min_size(pos2(8.0, 50.0), vec2(240.0, 560.0)),
            Rect::from_min_size(pos2(8.0, 600.0), vec2(220.0, 24.0)),
        ] {
            let card = card(target);
            assert!(!card.intersects(target), "{target:?}");
            assert!(SCREEN.contains_rect(card), "{target:?}: {card:?}");
        }
    }

    #[test]
    fn without_anything_to_point_at_it_stands_below() {
        let (corner, at) = beside(None, SCREEN);
        assert!(SCREEN.contains_rect(corner.anchor_size(at, MOST)));
    }
}

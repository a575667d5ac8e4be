//! Menus: what can be done, with its keys.

use egui::{Button, Color32, Rect, Stroke, Ui, vec2};

use super::widgets;
use crate::gui::action::{self, Action, Group, MENUS, State};
use crate::gui::command::Command;
use crate::gui::texts::tr;
use crate::gui::theme::{Palette, STEP};

/// Names stand in one column, whether there is a tick before them or not.
pub(super) const INDENT: &str = "      ";
/// How wide a menu is at least, in points.
const WIDTH: f32 = 264.0;

/// The menus of all that can be done.
pub fn bar(ui: &mut Ui, state: &State<'_>, commands: &mut Vec<Command>) {
    ui.scope(|ui| menus(ui, state, commands));
    ui.add_space(2.0 * STEP);
}

fn menus(ui: &mut Ui, state: &State<'_>, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = 0.0;
    ui.spacing_mut().button_padding.x = 2.0 * STEP;
    // A bar of menus is words; only the one that is pointed at or open looks like a button.
    let rest = &mut ui.visuals_mut().widgets.inactive;
    (rest.weak_bg_fill, rest.bg_stroke) = (Color32::TRANSPARENT, Stroke::NONE);
    for (name, groups) in MENUS {
        ui.menu_button(tr(name), |ui| {
            ui.set_min_width(WIDTH);
            let mut before: Option<&Group> = None;
            for group in groups {
                let follows = before.replace(group);
                if follows.is_some_and(|before| !before.is_folded() || !group.is_folded()) {
                    ui.separator();
                }
                if group.is_folded() {
                    let name = format!("{INDENT}{}", tr(group.word()));
                    let button = ui.menu_button(name, |ui| items(ui, *group, state, commands));
                    button.response.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::Role::MenuItem, true, tr(group.word()))
                    });
                    continue;
                }
                items(ui, *group, state, commands);
            }
        });
    }
}

/// All that can be done of one kind.
fn items(ui: &mut Ui, group: Group, state: &State<'_>, commands: &mut Vec<Command>) {
    ui.set_min_width(WIDTH);
    for action in action::all().filter(|action| action.group == group) {
        commands.extend(item(ui, action, state));
    }
}

/// A line of a menu: a tick where it is a switch that is on, its name, its key. What follows if it was pressed.
fn item(ui: &mut Ui, action: &Action, state: &State<'_>) -> Option<Command> {
    let asked = action.command(state);
    let button =
        Button::new(format!("{INDENT}{}", tr(action.name))).shortcut_text(action.shortcut());
    let response = ui.add_enabled(asked.is_ok(), button);
    if action.is_on(state) == Some(true) {
        tick(ui, response.rect);
    }
    let info = || match action.is_on(state) {
        Some(on) => egui::WidgetInfo::selected(
            egui::Role::MenuItemCheckBox,
            asked.is_ok(),
            on,
            tr(action.name),
        ),
        None => egui::WidgetInfo::labeled(egui::Role::MenuItem, asked.is_ok(), tr(action.name)),
    };
    response.widget_info(info);
    let response = response.on_hover_text(tr(action.does));
    match asked {
        Ok(command) => response.clicked().then_some(command),
        Err(why) => {
            response.on_disabled_hover_text(tr(why));
            None
        }
    }
}

/// A tick before the name on a line.
pub(super) fn tick(ui: &Ui, line: Rect) {
    let at = line.left_center() + vec2(3.0 * STEP, 0.0);
    let points = [vec2(-4.0, 0.0), vec2(-1.0, 3.0), vec2(4.0, -4.0)].map(|by| at + by);
    let ink = Stroke::new(1.5, Palette::of(ui.visuals()).text);
    ui.painter().line(points.to_vec(), ink);
}

/// The menu of the lane that is aimed at.
pub fn lane(ui: &mut Ui, state: &State<'_>, commands: &mut Vec<Command>) {
    if let (Some(lane), Some(document)) = (state.lane, state.document) {
        widgets::note(ui, lane.title(&document.store));
        items(ui, Group::Lanes, state, commands);
    }
}

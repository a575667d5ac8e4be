//! The command palette: anything that can be done, found by a few letters of its name.

use egui::{Align2, Button, Key, Modifiers, RichText, Ui, vec2};

use super::widgets;
use crate::gui::action::{self, Action, State};
use crate::gui::command::Command;
use crate::gui::fuzzy::fit;
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette, STEP};

/// How wide it is where there is room, in points.
const WIDTH: f32 = 560.0;
/// How high its list is at most, in points.
const HEIGHT: f32 = 380.0;
/// What a letter in the name is worth, against one in the sentence that explains it.
const NAME_FIRST: i32 = 1_000;

/// What was typed and which action is chosen.
#[derive(Clone, Debug, Default)]
pub struct CommandPalette {
    typed: String,
    chosen: usize,
}

/// The actions that fit what was typed, the best first.
fn found(typed: &str) -> Vec<&'static Action> {
    let mut found: Vec<(i32, &Action)> = action::all()
        .filter(|action| action.id != "palette")
        .filter_map(|action| {
            // Also by the English name: a person may have read of it.
            let name = fit(typed, tr(action.name)).or_else(|| fit(typed, action.name));
            let name = name.map(|fit| fit + NAME_FIRST);
            let told = tr(action.does).to_lowercase();
            let told = told.contains(&typed.to_lowercase());
            Some((name.or(told.then_some(0))?, action))
        })
        .collect();
    found.sort_by_key(|(fit, _)| -fit);
    found.into_iter().map(|(_, action)| action).collect()
}

impl CommandPalette {
    /// Shows it over the window.
    pub fn show(&mut self, ui: &Ui, state: &State<'_>, commands: &mut Vec<Command>) {
        let width = (ui.content_rect().width() - 16.0 * STEP).min(WIDTH);
        let id = egui::Id::unique("command palette");
        let area = egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
        let frame = egui::Frame::window(ui.style()).inner_margin(3.0 * STEP);
        let modal = egui::Modal::new(id).area(area).frame(frame);
        let response = modal.show(ui.ctx(), |ui| {
            ui.set_width(width);
            let down = pressed(ui, Key::ArrowDown);
            let up = pressed(ui, Key::ArrowUp);
            let enter = pressed(ui, Key::Enter);
            let field = egui::TextEdit::singleline(&mut self.typed)
                .desired_width(width)
                .hint_text(tr("What do you want to do?"));
            let response = ui.add(field);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::TextInput, true, tr("Command"))
            });
            response.request_focus();
            if response.changed() {
                self.chosen = 0;
            }
            let found = found(&self.typed);
            let last = found.len().saturating_sub(1);
            let moved = self.chosen as isize + isize::from(down) - isize::from(up);
            self.chosen = moved.clamp(0, last as isize) as usize;
            ui.add_space(STEP);
            let clicked = self.list(ui, state, &found, up || down);
            let asked = clicked.or_else(|| enter.then_some(self.chosen));
            asked.and_then(|place| found.get(place)?.command(state).ok())
        });
        let asked = response.inner.clone();
        if asked.is_some() || response.should_close() {
            commands.push(Command::TogglePalette);
        }
        commands.extend(asked);
    }

    /// The place of the action that was clicked, if one was.
    fn list(
        &self,
        ui: &mut Ui,
        state: &State<'_>,
        found: &[&Action],
        moved: bool,
    ) -> Option<usize> {
        if found.is_empty() {
            widgets::note(ui, tr("Nothing here is called like that"));
        }
        let mut clicked = None;
        let scroll = egui::ScrollArea::vertical().max_height(HEIGHT);
        scroll.auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (place, action) in found.iter().enumerate() {
                let chosen = place == self.chosen;
                let response = row(ui, action, state, chosen);
                if chosen && moved {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    clicked = Some(place);
                }
            }
        });
        if let Some(action) = found.get(self.chosen) {
            ui.separator();
            widgets::note(ui, tr(action.does));
        }
        clicked
    }
}

fn row(ui: &mut Ui, action: &Action, state: &State<'_>, chosen: bool) -> egui::Response {
    let palette = Palette::of(ui.visuals());
    let (possible, right) = match action.command(state) {
        Ok(_) => (true, action.shortcuts()),
        Err(why) => (false, tr(why).to_owned()),
    };
    let name = RichText::new(tr(action.name)).font(theme::body());
    let mut button = Button::new(name)
        .min_size(vec2(ui.available_width(), 24.0))
        .frame_when_inactive(chosen)
        .selected(chosen)
        // The arrows come here, while the keyboard stays in the field.
        .sense(egui::Sense::CLICK)
        .shortcut_text(RichText::new(right).font(theme::small()));
    if chosen {
        button = button.fill(palette.selection_fill);
    }
    let response = ui.add_enabled(possible, button);
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::ListItem, possible, chosen, tr(action.name))
    });
    response
}

fn pressed(ui: &Ui, key: Key) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_an_action_and_the_name_counts_first() {
        let first = |typed| found(typed).first().map(|action| action.id);
        assert_eq!(first("nxst"), Some("next-stall"));
        assert_eq!(first("export"), Some("export"));
        assert_eq!(first("stop"), Some("run"));
        assert_eq!(found("qqqq").len(), 0);
        assert_eq!(found("").len(), action::all().count() - 1);
    }
}

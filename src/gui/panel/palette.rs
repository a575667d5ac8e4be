//! The command palette: anything that can be done, found by a few letters of its name.

use egui::{Align2, Button, Key, Modifiers, RichText, Ui, vec2};

use super::menu::{self, INDENT};
use super::widgets;
use crate::gui::action::{self, Action, Asked, State};
use crate::gui::command::Command;
use crate::gui::document::Documents;
use crate::gui::fuzzy::fit;
use crate::gui::texts::{english, fill, told, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::scenario::{Builtin, builtins};

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

/// Something on the list.
#[derive(Clone, Copy, Debug)]
enum Entry<'a> {
    Action(&'static Action),
    Scenario(&'static Builtin),
    /// An open trace: its place among them, and its title.
    Trace(usize, &'a str),
}

impl Entry<'_> {
    fn name(&self) -> String {
        match self {
            Self::Action(action) => tr(action.name).to_owned(),
            Self::Scenario(builtin) => {
                let headline = builtin.headline();
                let title = told(&headline.title, &headline.chinese.title);
                fill(tr("Scenario: {title}"), &[("title", &title)])
            }
            Self::Trace(_, title) => fill(tr("Trace: {title}"), &[("title", title)]),
        }
    }

    /// Its name in English, or in files: a person may have read of it.
    fn also(&self) -> &str {
        match self {
            Self::Action(action) => action.name,
            Self::Scenario(builtin) => builtin.name,
            Self::Trace(_, title) => title,
        }
    }

    /// What it does, in one sentence.
    fn does(&self) -> &str {
        match self {
            Self::Action(action) => tr(action.does),
            Self::Scenario(builtin) => {
                let headline = builtin.headline();
                told(&headline.summary, &headline.chinese.summary)
            }
            Self::Trace(..) => tr("Show this trace"),
        }
    }

    fn keys(&self) -> String {
        match self {
            Self::Action(action) => action.shortcuts(),
            Self::Scenario(_) | Self::Trace(..) => String::new(),
        }
    }

    fn command(&self, state: &State<'_>) -> Asked {
        match self {
            Self::Action(action) => action.command(state),
            Self::Scenario(_) if state.running => Err(english("Stop the run first")),
            Self::Scenario(builtin) => Ok(Command::PickScenario(builtin.name.to_owned())),
            Self::Trace(place, _) => Ok(Command::ShowTrace(*place)),
        }
    }

    /// Where it is a switch: whether it is on.
    fn is_on(&self, state: &State<'_>) -> Option<bool> {
        match self {
            Self::Action(action) => action.is_on(state),
            Self::Scenario(_) | Self::Trace(..) => None,
        }
    }

    /// How well it fits what was typed, if it does: larger is better.
    fn fit(&self, typed: &str) -> Option<i32> {
        let name = fit(typed, &self.name()).or_else(|| fit(typed, self.also()));
        let told = self.does().to_lowercase().contains(&typed.to_lowercase());
        name.map(|fit| fit + NAME_FIRST).or(told.then_some(0))
    }
}

/// The field to type in.
pub fn field() -> egui::Id {
    egui::Id::unique("command field")
}

/// What fits what was typed, the best first.
fn found<'a>(typed: &str, documents: &'a Documents) -> Vec<Entry<'a>> {
    let actions = action::all().filter(|action| action.id != "palette");
    let scenarios = builtins().iter().map(Entry::Scenario);
    let traces = documents.all().iter().enumerate();
    let traces = traces.map(|(place, document)| Entry::Trace(place, &document.title));
    let entries = actions.map(Entry::Action).chain(scenarios).chain(traces);
    let mut found: Vec<_> = entries
        .filter_map(|entry| Some((entry.fit(typed)?, entry)))
        .collect();
    found.sort_by_key(|(fit, _)| -fit);
    found.into_iter().map(|(_, entry)| entry).collect()
}

impl CommandPalette {
    /// Shows it over the window.
    pub fn show(
        &mut self,
        ui: &Ui,
        state: &State<'_>,
        documents: &Documents,
        commands: &mut Vec<Command>,
    ) {
        let width = (ui.content_rect().width() - 16.0 * STEP).min(WIDTH);
        let id = egui::Id::unique("command palette");
        let area = egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
        let frame = egui::Frame::window(ui.style()).inner_margin(3.0 * STEP);
        let modal = egui::Modal::new(id).area(area).frame(frame);
        let response = modal.show(ui.ctx(), |ui| {
            ui.set_width(width.max(0.0));
            let down = pressed(ui, Key::ArrowDown);
            let up = pressed(ui, Key::ArrowUp);
            let enter = pressed(ui, Key::Enter);
            let field = egui::TextEdit::singleline(&mut self.typed)
                .id(field())
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
            let found = found(&self.typed, documents);
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
        found: &[Entry<'_>],
        moved: bool,
    ) -> Option<usize> {
        if found.is_empty() {
            widgets::note(ui, tr("Nothing here is called like that"));
        }
        let mut clicked = None;
        let scroll = egui::ScrollArea::vertical().max_height(HEIGHT);
        scroll.auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (place, entry) in found.iter().enumerate() {
                let chosen = place == self.chosen;
                let response = row(ui, entry, state, chosen);
                if chosen && moved {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    clicked = Some(place);
                }
            }
        });
        if let Some(entry) = found.get(self.chosen) {
            ui.separator();
            widgets::note(ui, entry.does());
        }
        clicked
    }
}

fn row(ui: &mut Ui, entry: &Entry<'_>, state: &State<'_>, chosen: bool) -> egui::Response {
    let palette = Palette::of(ui.visuals());
    let is_on = entry.is_on(state);
    let (possible, right) = match entry.command(state) {
        Ok(_) => (true, entry.keys()),
        Err(why) => (false, tr(why).to_owned()),
    };
    let name = entry.name();
    let mut button = Button::new(RichText::new(format!("{INDENT}{name}")).font(theme::body()))
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
        egui::WidgetInfo::selected(egui::Role::ListItem, possible, chosen, name.as_str())
    });
    if is_on == Some(true) {
        menu::tick(ui, response.rect);
    }
    if let Some(on) = is_on {
        let toggle = |node: &mut egui::accesskit::Node| node.set_toggled(on.into());
        ui.ctx().accesskit_node_builder(response.id, toggle);
    }
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
        let documents = Documents::default();
        let first = |typed| {
            let found = found(typed, &documents);
            found
                .first()
                .map(Entry::also)
                .unwrap_or_default()
                .to_owned()
        };
        assert_eq!(first("nxst"), "Next stall");
        assert_eq!(first("export"), "Export the trace…");
        assert_eq!(first("stop"), "Run or stop");
        assert_eq!(first("bank"), "the-bank");
        assert_eq!(first("scenario three"), "three-slow-servers");
        assert_eq!(found("qqqq", &documents).len(), 0);
        let all = action::all().count() - 1 + builtins().len();
        assert_eq!(found("", &documents).len(), all);
    }
}

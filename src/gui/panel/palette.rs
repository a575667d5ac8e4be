//! The command palette: anything that can be done, found by a few letters of its name.

use egui::{Align2, Button, Key, Modifiers, RichText, Ui, vec2};

use super::menu::{self, INDENT};
use super::widgets;
use crate::gui::action::{Offer, State, offers};
use crate::gui::command::Command;
use crate::gui::document::Documents;
use crate::gui::fuzzy::{begin, fit};
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette, STEP};

/// How wide it is where there is room, in points.
const WIDTH: f32 = 560.0;
/// How high its list is at most, in points.
const HEIGHT: f32 = 380.0;
/// What a name is worth that fits, against a sentence that explains it.
const NAME_FIRST: i32 = 1_000;
/// How much less another word for it is worth than its name.
const OTHERWISE: i32 = 400;
/// By how much better what is not possible now must fit, to stand before what is.
const IMPOSSIBLE: i32 = 600;

/// What was typed and which action is chosen.
#[derive(Clone, Debug, Default)]
pub struct CommandPalette {
    typed: String,
    chosen: usize,
}

/// How well it fits what was typed, if it does: larger is better.
fn fits(offer: &Offer<'_>, typed: &str) -> Option<i32> {
    let names = [&*offer.name, offer.also];
    let named = names.into_iter().filter_map(|name| fit(typed, name)).max();
    let named = named.max(begin(typed, &names));
    // Who reads Chinese may type the word that all the world has for it.
    let words = [names[0], names[1], offer.words, tr(offer.words)];
    let meant = begin(typed, &words).map(|fit| fit - OTHERWISE);
    let explained = offer.does.to_lowercase().contains(&typed.to_lowercase());
    let by_name = named.max(meant).map(|fit| fit + NAME_FIRST);
    let fit = by_name.or(explained.then_some(0))?;
    Some(fit - if offer.asked.is_ok() { 0 } else { IMPOSSIBLE })
}

/// The field to type in.
pub fn field() -> egui::Id {
    egui::Id::unique("command field")
}

/// What fits what was typed, the best first.
fn found<'a>(typed: &str, offers: impl Iterator<Item = Offer<'a>>) -> Vec<Offer<'a>> {
    let typed = typed.trim();
    let fitting = offers.filter_map(|offer| Some((fits(&offer, typed)?, offer)));
    let mut found: Vec<_> = fitting.collect();
    found.sort_by_key(|(fit, _)| -fit);
    found.into_iter().map(|(_, offer)| offer).collect()
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
            let found = found(&self.typed, offers(state, documents));
            let last = found.len().saturating_sub(1);
            let moved = self.chosen as isize + isize::from(down) - isize::from(up);
            self.chosen = moved.clamp(0, last as isize) as usize;
            ui.add_space(STEP);
            let clicked = self.list(ui, &found, up || down);
            let asked = clicked.or_else(|| enter.then_some(self.chosen));
            asked.and_then(|place| found.into_iter().nth(place)?.asked.ok())
        });
        let asked = response.inner.clone();
        if asked.is_some() || response.should_close() {
            commands.push(Command::TogglePalette);
        }
        commands.extend(asked);
    }

    /// The place of the action that was clicked, if one was.
    fn list(&self, ui: &mut Ui, found: &[Offer<'_>], moved: bool) -> Option<usize> {
        if found.is_empty() {
            widgets::note(ui, tr("Nothing here is called like that"));
        }
        let mut clicked = None;
        let scroll = egui::ScrollArea::vertical().max_height(HEIGHT);
        scroll.auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            // Why something is not possible is there to be read.
            ui.visuals_mut().disabled_alpha = 1.0;
            for (place, offer) in found.iter().enumerate() {
                let chosen = place == self.chosen;
                let response = row(ui, offer, chosen);
                if chosen && moved {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    clicked = Some(place);
                }
            }
        });
        if let Some(offer) = found.get(self.chosen) {
            ui.separator();
            widgets::note(ui, &*offer.does);
        }
        clicked
    }
}

fn row(ui: &mut Ui, offer: &Offer<'_>, chosen: bool) -> egui::Response {
    let palette = Palette::of(ui.visuals());
    let (possible, right) = match &offer.asked {
        Ok(_) => (true, offer.keys.as_str()),
        Err(why) => (false, tr(why)),
    };
    let name = &*offer.name;
    let mut words = RichText::new(format!("{INDENT}{name}")).font(theme::body());
    let mut right = RichText::new(right).font(theme::small());
    // On the row that is chosen nothing is weak: it would be hard to read there.
    if chosen {
        (words, right) = (words.color(palette.text), right.color(palette.text));
    } else if !possible {
        let weak = palette.text_weak;
        (words, right) = (words.color(weak), right.color(weak));
    }
    let mut button = Button::new(words)
        .min_size(vec2(ui.available_width(), 24.0))
        .frame_when_inactive(chosen)
        .selected(chosen)
        // The arrows come here, while the keyboard stays in the field.
        .sense(egui::Sense::CLICK)
        .shortcut_text(right);
    if chosen {
        button = button.fill(palette.selection_fill);
    }
    let response = ui.add_enabled(possible, button);
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::ListItem, possible, chosen, name));
    if offer.on == Some(true) {
        menu::tick(ui, response.rect);
    }
    if let Some(on) = offer.on {
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
    use crate::gui::action;
    use crate::gui::command::Command;
    use crate::gui::controls::Controls;
    use crate::gui::settings::Settings;
    use crate::gui::texts::{Language, speak};
    use crate::scenario::{BlockingKind, builtins};

    /// Calls back with what is found where there is no trace yet.
    fn names(typed: &str) -> Vec<String> {
        let settings = Settings::default();
        let controls = Controls::of(builtins()[0].scenario(), builtins()[0].name);
        let documents = Documents::default();
        let state = State::of_nothing(&controls, &settings);
        let found = found(typed, offers(&state, &documents));
        found
            .into_iter()
            .map(|offer| offer.also.to_owned())
            .collect()
    }

    #[test]
    fn a_few_letters_find_an_action_and_the_name_counts_first() {
        let first = |typed| names(typed).into_iter().next().unwrap_or_default();
        assert_eq!(first("nxst"), "Next stall");
        assert_eq!(first("export"), "Export the trace…");
        assert_eq!(first("stop"), "Run or stop");
        assert_eq!(first("bank"), "the-bank");
        assert_eq!(first("scenario three"), "three-slow-servers");
        assert_eq!(names("qqqq").len(), 0);
        let models = builtins()[0].scenario().variants.len();
        let here = models + BlockingKind::ALL.len() + builtins().len();
        let what_ifs = 3;
        let all = action::all().count() - 1 + here + what_ifs;
        assert_eq!(names("").len(), all);
    }

    #[test]
    fn what_is_possible_comes_first_unless_the_other_fits_much_better() {
        let offer = |name: &'static str, possible: bool| Offer {
            name: name.into(),
            also: "",
            words: "",
            does: "".into(),
            keys: String::new(),
            on: None,
            asked: possible.then_some(Command::Stop).ok_or("not now"),
        };
        let all = || {
            [
                offer("Export the trace", false),
                offer("Explain how it is sorted", true),
            ]
        };
        let first = |typed| found(typed, all().into_iter())[0].name.clone();
        for typed in ["", "e", "exp", "expl"] {
            assert_eq!(first(typed), "Explain how it is sorted", "{typed}");
        }
        // Its letters are in both: here as a word, there scattered.
        for typed in ["export", "trace"] {
            assert_eq!(first(typed), "Export the trace", "{typed}");
        }
    }

    #[test]
    fn what_others_call_it_finds_it_in_both_languages() {
        let expected = [
            ("chinese", "中文", Language::English),
            (
                "language",
                "Language 语言: as the system",
                Language::English,
            ),
            ("save", "Export the trace…", Language::English),
            ("save trace", "Export the trace…", Language::English),
            ("zoom out", "Zoom out", Language::English),
            ("goto", "Put the playhead here", Language::English),
            ("settings", "Scenario and controls", Language::English),
            ("dark mode", "Dark or light", Language::English),
            ("pause", "Play or pause", Language::English),
            ("filter", "Search…", Language::English),
            ("flow", "To what followed", Language::English),
            (
                "flow events",
                "Arrows of everything in view",
                Language::English,
            ),
            ("shortcuts", "Keys", Language::English),
            ("minimap", "Overview of the trace", Language::English),
            ("long task", "Next stall", Language::English),
            ("diff", "Compare with…", Language::English),
            ("bookmark", "Mark this moment", Language::English),
            ("parent", "Outwards", Language::English),
            ("unhide", "Show what is hidden", Language::English),
            ("track", "Pin or unpin", Language::English),
            ("clipboard", "Copy the statistics as CSV", Language::English),
            ("histogram", "Delays", Language::English),
            ("tutorial", "Guided walk", Language::English),
            ("暂停", "Play or pause", Language::Chinese),
            ("深色", "Dark or light", Language::Chinese),
            ("英文", "English", Language::Chinese),
            ("拉远", "Zoom out", Language::Chinese),
            ("快捷键", "Keys", Language::Chinese),
            ("设置", "Scenario and controls", Language::Chinese),
            ("剪贴板", "Copy the statistics as CSV", Language::Chinese),
            ("dark mode", "Dark or light", Language::Chinese),
            ("zoom out", "Zoom out", Language::Chinese),
        ];
        for (typed, meant, language) in expected {
            speak(language);
            let found = names(typed);
            let place = found.iter().position(|name| name == meant);
            assert!(
                place.is_some_and(|place| place < 8),
                "{typed} finds {place:?} of {found:#?}"
            );
        }
        speak(Language::English);
    }
}

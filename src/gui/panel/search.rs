//! The field to search in, above the timeline.

use egui::{Frame, Key, Margin, Modifiers, RichText, Ui};

use crate::analysis::plain_count;
use crate::gui::command::Command;
use crate::gui::search::{Search, SearchCommand};
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette};

/// Shows the field and how much was found in the document with this id.
pub fn show(ui: &mut Ui, search: &mut Search, document: u32, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let frame = Frame::new()
        .fill(palette.panel)
        .inner_margin(Margin::symmetric(12, 5));
    egui::Panel::top("search").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| bar(ui, search, document, commands));
    });
}

/// The field to type in.
pub fn field() -> egui::Id {
    egui::Id::unique("search field")
}

fn bar(ui: &mut Ui, search: &mut Search, document: u32, commands: &mut Vec<Command>) {
    let mut ask = |command| commands.push(Command::Search(command));
    let mut text = search.text().to_owned();
    let id = field();
    let focused = ui.memory(|memory| memory.has_focus(id));
    if focused {
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        // The one with Shift first: Enter is also down in it.
        if pressed(Modifiers::SHIFT, Key::Enter) {
            ask(SearchCommand::Walk(false));
        }
        if pressed(Modifiers::NONE, Key::Enter) {
            ask(SearchCommand::Walk(true));
        }
        if pressed(Modifiers::NONE, Key::Escape) {
            ask(SearchCommand::Close);
        }
    }
    let field = egui::TextEdit::singleline(&mut text)
        .id(id)
        .desired_width(260.0)
        .hint_text(tr("A callback, a task, a cause …"));
    let response = ui.add(field);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, tr("Search")));
    if response.changed() {
        ask(SearchCommand::For(text));
    }
    let words = RichText::new(count(search, document)).font(theme::number());
    ui.label(words);
    let any = !search.hits(document).is_empty();
    let mut button = |ui: &mut Ui, enabled: bool, name: &str, command: SearchCommand| {
        if ui.add_enabled(enabled, egui::Button::new(name)).clicked() {
            ask(command);
        }
    };
    button(ui, any, tr("Previous"), SearchCommand::Walk(false));
    button(ui, any, tr("Next"), SearchCommand::Walk(true));
    button(ui, true, tr("Close"), SearchCommand::Close);
}

/// How many were found, and which of them is looked at.
fn count(search: &Search, document: u32) -> String {
    let hits = search.hits(document).len();
    if search.text().trim().is_empty() {
        return String::new();
    }
    let more = if search.is_unfinished() { "+" } else { "" };
    let all = format!("{}{more}", plain_count(hits as u64));
    match search.current() {
        _ if hits == 0 && !search.is_unfinished() => tr("Nothing is called like that").to_owned(),
        Some(place) => {
            let place = plain_count(place as u64 + 1);
            fill(tr("{place} of {all}"), &[("place", &place), ("all", &all)])
        }
        None => fill(tr("{all} found"), &[("all", &all)]),
    }
}

//! The table of keys.

use egui::{Button, RichText, Role, Ui, WidgetInfo, vec2};

use super::widgets;
use crate::gui::action::{self, GESTURES, Group};
use crate::gui::command::Command;
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette, STEP};

/// How wide the table is where there is room, in points.
const WIDTH: f32 = 820.0;

/// Shows the table of keys over the window.
pub fn show(ui: &Ui, commands: &mut Vec<Command>) {
    let room = ui.content_rect().size() - vec2(8.0, 34.0) * STEP;
    egui::Window::new(tr("Keys"))
        // Its own title and way out: those of the library speak English only.
        .title_bar(false)
        .collapsible(false)
        .resizable(false)
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ui.content_rect().center())
        .default_width(WIDTH.min(room.x))
        .show(ui.ctx(), |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(tr("Keys")).font(theme::heading()).strong());
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let close = Button::new("×").frame_when_inactive(false);
                    let close = ui.add(close).on_hover_text(tr("Close"));
                    close.widget_info(|| WidgetInfo::labeled(Role::Button, true, tr("Close")));
                    if close.clicked() {
                        commands.push(Command::ToggleHelp);
                    }
                });
            });
            ui.separator();
            let scroll = egui::ScrollArea::vertical()
                .max_height(room.y)
                .min_scrolled_height(room.y);
            scroll.show(ui, |ui| {
                let (left, right) = columns();
                ui.columns_const(|[first, second]| {
                    tables(first, left);
                    tables(second, right);
                });
            });
        });
}

/// What to press or do, and what it does.
fn rows(group: Group) -> Vec<(String, &'static str)> {
    let keys = action::all().filter(|action| action.group == group);
    let keys = keys
        .filter(|action| !action.triggers.is_empty())
        .map(|action| (action.shortcuts(), action.name));
    let hands = GESTURES.iter().filter(|(of, ..)| *of == group);
    keys.chain(hands.map(|(_, how, what)| (tr(how).to_owned(), *what)))
        .collect()
}

/// The groups, divided so that both columns are about as long.
fn columns() -> (&'static [Group], &'static [Group]) {
    static ALL: [Group; Group::ALL.len()] = Group::ALL;
    let length = |groups: &[Group]| -> usize {
        // A title takes up about as much as two rows.
        groups.iter().map(|group| rows(*group).len() + 2).sum()
    };
    let half = length(&ALL) / 2;
    let places = 1..ALL.len();
    let middle = places.min_by_key(|&place| length(&ALL[..place]).abs_diff(half));
    ALL.split_at(middle.unwrap_or(0))
}

fn tables(ui: &mut Ui, groups: &[Group]) {
    let palette = Palette::of(ui.visuals());
    // Of some nothing has a key.
    for group in groups.iter().filter(|group| !rows(**group).is_empty()) {
        widgets::title(ui, tr(group.word()));
        egui::Grid::new(group.word())
            .num_columns(2)
            .min_col_width(128.0)
            .min_row_height(theme::LINE)
            .spacing(vec2(3.0 * STEP, STEP))
            .show(ui, |ui| {
                for (keys, what) in rows(*group) {
                    let text = RichText::new(format!(" {keys} ")).font(theme::number());
                    ui.label(text.background_color(palette.widget));
                    ui.add(egui::Label::new(tr(what)).wrap());
                    ui.end_row();
                }
            });
    }
}

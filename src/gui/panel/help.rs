//! The table of keys.

use egui::{RichText, Ui, vec2};

use super::widgets;
use crate::gui::command::Command;
use crate::gui::shortcut::KEYS;
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette, STEP};

/// How wide the table is where there is room, in points.
const WIDTH: f32 = 760.0;

/// Shows the table of keys over the window.
pub fn show(ui: &Ui, commands: &mut Vec<Command>) {
    let mut open = true;
    egui::Window::new(tr("Keys"))
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ui.content_rect().center())
        .default_width(WIDTH.min(ui.content_rect().width() - 8.0 * STEP))
        .show(ui.ctx(), |ui| {
            let (left, right) = KEYS.split_at(2);
            ui.columns_const(|[first, second]| {
                tables(first, left);
                tables(second, right);
            });
        });
    if !open {
        commands.push(Command::ToggleHelp);
    }
}

fn tables(ui: &mut Ui, tables: &[(&str, &[(&str, &str)])]) {
    let palette = Palette::of(ui.visuals());
    for (title, keys) in tables {
        widgets::title(ui, tr(title));
        egui::Grid::new(title)
            .num_columns(2)
            .min_col_width(96.0)
            .spacing(vec2(3.0 * STEP, STEP))
            .show(ui, |ui| {
                for (key, what) in *keys {
                    let text = RichText::new(format!(" {} ", tr(key))).font(theme::number());
                    ui.label(text.background_color(palette.widget));
                    ui.add(egui::Label::new(tr(what)).wrap());
                    ui.end_row();
                }
            });
    }
}

//! The bar that says what went wrong, or well.

use egui::{Frame, Margin, Ui};

use super::widgets;
use crate::gui::command::Command;
use crate::gui::messages::{Messages, Severity};
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette, STEP};

/// How many lines of a long message are shown before it scrolls.
const LINES: f32 = 5.0;

/// Shows the newest message, if there is one, as a bar on top of what is left of the window.
pub fn show(ui: &mut Ui, messages: &Messages, commands: &mut Vec<Command>) {
    let Some(message) = messages.newest() else {
        return;
    };
    let palette = Palette::of(ui.visuals());
    let (sign, color) = match message.severity {
        Severity::Note => ("i", palette.done),
        Severity::Warning => ("!", palette.ready),
        Severity::Error => ("×", palette.stalled),
    };
    let frame = Frame::new()
        .fill(palette.header)
        .inner_margin(Margin::symmetric(12, 6));
    egui::Panel::top("message").frame(frame).show(ui, |ui| {
        ui.take_available_width();
        ui.horizontal_top(|ui| {
            widgets::mark(ui, sign, color);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                if ui
                    .add(egui::Button::new(tr("Dismiss")).small())
                    .on_hover_text(tr("Put this message away (Esc)"))
                    .clicked()
                {
                    commands.push(Command::DismissMessage);
                }
                if messages.count() > 1 {
                    widgets::note(
                        ui,
                        fill(
                            tr("and {count} more"),
                            &[("count", &(messages.count() - 1))],
                        ),
                    );
                }
                ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                    egui::ScrollArea::vertical()
                        .id_salt("message text")
                        .max_height(LINES * (theme::BODY + STEP))
                        .show(ui, |ui| {
                            ui.add(egui::Label::new(&message.text).wrap().selectable(true));
                        });
                });
            });
        });
    });
}

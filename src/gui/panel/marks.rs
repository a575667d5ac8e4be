//! The list of marks: each leads to its moment, and has a note that can be changed.

use egui::{RichText, ScrollArea, Ui};

use super::widgets;
use crate::gui::command::Command;
use crate::gui::focus;
use crate::gui::marks::{MarkCommand, Marks};
use crate::gui::range::exact_moment;
use crate::gui::texts::{fill, tr};
use crate::gui::theme;
use crate::trace::Timestamp;

/// The field for the note of the mark at a moment.
pub fn field(at: Timestamp) -> egui::Id {
    egui::Id::unique(("note of the mark at", at))
}

/// Shows the list.
pub fn show(ui: &mut Ui, marks: &Marks, commands: &mut Vec<Command>) {
    let mut ask = |command| commands.push(Command::Mark(command));
    if marks.all().is_empty() {
        widgets::remark(
            ui,
            tr("Press M to mark the moment under the pointer, or where what is selected begins."),
        );
        return;
    }
    if marks.are_unsaved() {
        widgets::remark(
            ui,
            tr("Not in the file yet: export the trace as .loopscope."),
        );
    }
    ScrollArea::vertical()
        .id_salt("marks")
        .min_scrolled_height(0.0)
        .auto_shrink([false, false])
        .show(ui, |ui| {
            for (place, mark) in marks.all().iter().enumerate() {
                ui.push_id(mark.at.0, |ui| {
                    ui.horizontal(|ui| {
                        let moment = RichText::new(exact_moment(mark.at)).font(theme::number());
                        if ui.link(moment).on_hover_text(tr("Go to it")).clicked() {
                            ask(MarkCommand::Go(place));
                        }
                        let name = fill(tr("Delete mark {number}"), &[("number", &(place + 1))]);
                        let delete = ui.small_button("×");
                        delete.widget_info(|| {
                            egui::WidgetInfo::labeled(egui::Role::Button, true, &name)
                        });
                        if delete.on_hover_text(&name).clicked() {
                            ask(MarkCommand::Remove(place));
                        }
                    });
                    let mut note = mark.note.clone();
                    let field = egui::TextEdit::singleline(&mut note)
                        .id(field(mark.at))
                        .desired_width(ui.available_width())
                        .hint_text(tr("A note"));
                    let response = ui.add(field);
                    let name = fill(tr("Note of mark {number}"), &[("number", &(place + 1))]);
                    response.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name)
                    });
                    if response.changed() {
                        ask(MarkCommand::Note(place, note));
                    }
                });
            }
            focus::follow(ui);
        });
}

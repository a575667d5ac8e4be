//! The choice of what is told beside the timeline.

use egui::Ui;

use super::widgets::segments;
use crate::gui::command::{Command, Detail};
use crate::gui::texts::tr;
use crate::gui::theme::STEP;

/// Shows the choice.
pub fn tabs(ui: &mut Ui, chosen: Detail, commands: &mut Vec<Command>) {
    ui.add_space(STEP);
    let choices = Detail::ALL.map(|detail| (detail, tr(detail.word()), tr(detail.explained())));
    if let Some(detail) = segments(ui, chosen, choices) {
        commands.push(Command::SetDetail(detail));
    }
}

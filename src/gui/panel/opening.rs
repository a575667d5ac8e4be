//! The bar that says how much of a file was opened.

use egui::{Frame, Margin, ProgressBar, Ui};

use super::widgets;
use crate::gui::command::Command;
use crate::gui::opening::Opening;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{Palette, STEP};

/// How wide the bar is, in points.
const WIDTH: f32 = 220.0;

/// Shows what is being opened, if anything is, as a bar on top of what is left of the window.
pub fn show(ui: &mut Ui, opening: &[Opening], commands: &mut Vec<Command>) {
    if opening.is_empty() {
        return;
    }
    let palette = Palette::of(ui.visuals());
    let frame = Frame::new()
        .fill(palette.header)
        .inner_margin(Margin::symmetric(12, 4));
    egui::Panel::top("opening").frame(frame).show(ui, |ui| {
        ui.take_available_width();
        ui.horizontal(|ui| {
            let (growing, opening): (Vec<_>, Vec<_>) =
                opening.iter().partition(|one| one.is_growing());
            for one in &growing {
                let text = fill(
                    tr("{title} is still being recorded"),
                    &[("title", &one.title())],
                );
                widgets::note(ui, text);
            }
            for one in &opening {
                let percent = format!("{:.0}", one.share() * 100.0);
                let title = one.title();
                let text = fill(
                    tr("Opening {title}, {percent} %"),
                    &[("title", &title), ("percent", &percent)],
                );
                widgets::note(ui, text);
                let bar = ProgressBar::new(one.share())
                    .desired_width(WIDTH)
                    .desired_height(2.0 * STEP)
                    .fill(palette.link);
                ui.add(bar);
            }
            let (name, hint) = match opening.is_empty() {
                true => (
                    tr("Leave it"),
                    tr("Keep what is here of it, and take in no more"),
                ),
                false => (tr("Cancel"), tr("Give it up, with what is here of it")),
            };
            let cancel = ui.add(egui::Button::new(name).small());
            if cancel.on_hover_text(hint).clicked() {
                commands.push(Command::CancelOpening);
            }
        });
    });
}

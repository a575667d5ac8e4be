//! The bar that says how far something is that takes a while: a file that is opened or written, a search.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use egui::{Frame, Margin, ProgressBar, Ui};

use super::widgets;
use crate::gui::command::Command;
use crate::gui::opening::Opening;
use crate::gui::text::moment;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{Palette, STEP};
use crate::gui::traces::Exporting;
use crate::trace::Timestamp;

/// How wide the bar is, in points.
const WIDTH: f32 = 220.0;
/// How often one looks at what is written elsewhere: nothing else asks for a frame.
const LOOK: Duration = Duration::from_millis(100);

/// Shows what is being opened and what is being exported, if anything is, as a bar on top of what is left of the window; and
/// up to where the next of a kind was looked for, where that takes a while.
pub fn show(
    ui: &mut Ui,
    opening: &[Opening],
    exporting: &[Exporting],
    looked_for: Option<Timestamp>,
    commands: &mut Vec<Command>,
) {
    // What is written at once needs no bar: it would only let the window flicker.
    let begun = || exporting.iter().filter(|one| one.progress.has_begun());
    if opening.is_empty() && begun().next().is_none() && looked_for.is_none() {
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
                    &[("title", &title(&one.path))],
                );
                widgets::note(ui, text);
            }
            for one in &opening {
                let words = tr("Opening {title}, {percent} %");
                bar(ui, words, &one.path, one.share());
            }
            let (name, hint) = match opening.is_empty() {
                true => (
                    tr("Leave it"),
                    tr("Keep what is here of it, and take in no more"),
                ),
                false => (tr("Cancel"), tr("Give it up, with what is here of it")),
            };
            if !(opening.is_empty() && growing.is_empty()) && cancel(ui, name, hint) {
                commands.push(Command::CancelOpening);
            }
            for one in begun() {
                let words = tr("Exporting {title}, {percent} %");
                bar(ui, words, &one.path, one.progress.share());
            }
            if let Some(at) = looked_for {
                let words = tr("Looking for one of its kind: at {moment}");
                widgets::note(ui, fill(words, &[("moment", &moment(at))]));
                if cancel(ui, tr("Cancel"), tr("Look no further")) {
                    commands.push(Command::Dismiss);
                }
            }
            let hint = tr("Give it up; a file that was there before stays");
            if begun().next().is_some() {
                ui.ctx().request_repaint_after(LOOK);
                if cancel(ui, tr("Cancel"), hint) {
                    commands.push(Command::CancelExporting);
                }
            }
        });
    });
}

fn bar(ui: &mut Ui, words: &'static str, path: &Path, share: f32) {
    let percent = format!("{:.0}", share * 100.0);
    let text = fill(words, &[("title", &title(path)), ("percent", &percent)]);
    widgets::note(ui, text);
    let bar = ProgressBar::new(share)
        .desired_width(WIDTH)
        .desired_height(2.0 * STEP)
        .fill(Palette::of(ui.visuals()).link);
    ui.add(bar);
}

fn cancel(ui: &mut Ui, name: &'static str, hint: &'static str) -> bool {
    let button = ui.add(egui::Button::new(name).small());
    button.on_hover_text(hint).clicked()
}

fn title(path: &Path) -> Cow<'_, str> {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy()
}

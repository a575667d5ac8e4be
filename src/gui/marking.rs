//! Marks in the trace that is shown, and what the window says before they are lost.

use super::app::App;
use super::command::{Detail, Side, ViewCommand};
use super::focus;
use super::marks::MarkCommand;
use super::messages::Severity;
use super::panel;
use super::texts::{fill, tr};

impl App {
    pub(super) fn mark(&mut self, command: MarkCommand) {
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        self.warned = false;
        match command {
            MarkCommand::Go(place) => {
                if let Some(mark) = document.marks.all().get(place) {
                    let center = ViewCommand::Center(mark.at.0 as f64);
                    document.look(center);
                }
            }
            command => {
                if let MarkCommand::Add(at) = command {
                    focus::type_into(&self.ctx, panel::marks::field(at), 0..0);
                    self.settings.detail = Detail::Marks;
                    self.settings.show(Side::Details, true);
                }
                document.marks.apply(command);
            }
        }
    }

    /// Whether the window may be closed now. Where marks would be lost it is told once, and whoever asks again knows.
    pub fn may_close(&mut self) -> bool {
        let mut all = self.documents.all().iter();
        let unsaved = all.find(|document| document.marks.are_unsaved());
        let Some(unsaved) = unsaved.filter(|_| !self.warned) else {
            return true;
        };
        self.warned = true;
        let text = fill(
            tr(
                "The marks in {title} are not in a file yet: export it as .loopscope, or close again to lose them.",
            ),
            &[("title", &unsaved.title)],
        );
        self.messages.say(Severity::Warning, text);
        self.ctx.request_repaint();
        false
    }
}

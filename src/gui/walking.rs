//! What the guided walk does to the window, and what it sees of it.

use super::app::App;
use super::command::{Detail, Side};
use super::document::Document;
use super::panel::walk::{Sight, Walk};
use crate::store::ModelTrack;

impl App {
    pub(super) fn start_walk(&mut self) {
        for side in [Side::Controls, Side::Details] {
            self.settings.show(side, true);
        }
        self.settings.detail = Detail::Inspector;
        self.walk = Some(Walk::new(self.runs));
    }

    pub(super) fn end_walk(&mut self) {
        self.walk = None;
        self.settings.walked = true;
    }

    /// What the guided walk sees of the window.
    pub(super) fn sight(&self) -> Sight {
        let shown = self.documents.shown();
        Sight {
            runs: self.runs,
            running: self.is_running(),
            blocking: self.controls.blocking_on,
            too_late: shown.is_some_and(|document| self.is_too_late_in(document)),
            stalls: shown.map_or(0, |document| document.stalls.len()),
            selection: shown.and_then(|document| document.selection),
        }
    }

    /// Whether no callback of a run can block any more: who reads at leisure switches it on when the task is done.
    fn is_too_late_in(&self, document: &Document) -> bool {
        let models = document.store.models();
        let all = document.ran.as_ref().map(|ran| ran.options.models.len());
        let blocked = self.controls.blocking.task;
        let has_ended = |model: &ModelTrack| {
            let its = model.tasks.iter().find(|task| Some(task.id) == blocked);
            model.end.is_some() || its.is_some_and(|task| task.end.is_some())
        };
        // Of models that run one after another some have not begun.
        all == Some(models.len()) && models.iter().all(has_ended)
    }
}

//! What the guided walk does to the window, and what it sees of it.

use super::app::App;
use super::command::{Detail, Side};
use super::panel::walk::{Sight, Walk};

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
            stalls: shown.map_or(0, |document| document.stalls.len()),
            selection: shown.and_then(|document| document.selection),
        }
    }
}

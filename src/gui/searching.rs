//! Which lanes of a trace are seen, and what is searched for in it.

use super::app::App;
use super::command::{Command, Selection};
use super::focus;
use super::lanes::{Arrangement, LaneCommand};
use super::panel;
use super::search::{Search, SearchCommand};

impl App {
    /// How the lanes of the trace are arranged that is shown.
    pub fn lanes(&self) -> &Arrangement {
        let shown = self.documents.shown();
        shown.map_or(Arrangement::PLAIN, |one| self.lanes.of(&one.info.scenario))
    }

    pub(super) fn search(&mut self, command: SearchCommand) {
        match command {
            SearchCommand::Open => {
                self.search.open();
                let before = self.search.text().chars().count();
                focus::type_into(&self.ctx, panel::search::field(), 0..before);
            }
            SearchCommand::Close => self.search.close(),
            SearchCommand::For(text) => self.search.look_for(text),
            SearchCommand::Walk(forward) => {
                let Some(document) = self.documents.shown() else {
                    return;
                };
                let seen = (document.view.begin(), document.view.end());
                if let Some(span) = self.search.walk(forward, seen) {
                    self.apply(Command::Reveal(Selection::Span(span)));
                }
            }
        }
    }

    /// What was searched for and found.
    pub const fn searched(&self) -> &Search {
        &self.search
    }

    pub(super) fn arrange(&mut self, change: LaneCommand) {
        if let Some(document) = self.documents.shown() {
            let lanes = self.lanes.of_mut(&document.info.scenario);
            lanes.apply(change, &document.store);
        }
    }
}

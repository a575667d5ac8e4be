//! What is said where somebody asked for something of which nothing is to be seen: why it is not possible, or that it came
//! round to where it began.

use super::app::App;
use super::command::{Detail, Selection, Step};
use super::navigate;
use super::panel::hint::Hint;
use super::walk::looked_among;
use crate::analysis::plain_count;
use crate::gui::texts::{english, fill, tr};

impl App {
    /// What is said at this moment, if anything is.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_ref().map(Hint::text)
    }

    /// Says for a moment why something did not happen; `why` in English.
    pub(super) fn explain(&mut self, why: &'static str) {
        self.explain_in_words(tr(why).to_owned());
    }

    /// The same, `why` in the language of the window.
    fn explain_in_words(&mut self, why: String) {
        let time = self.ctx.input(|input| input.time);
        self.hint = Some(Hint::new(why, time));
        self.ctx.request_repaint();
    }

    /// Goes from what is looked at closely to one of its neighbours, or says that it has no such one.
    pub(super) fn walk_by(&mut self, step: Step) {
        self.settings.detail = Detail::Inspector;
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        let from = document.selection;
        match (step, from) {
            (Step::Effect, Some(Selection::Stall(model, stall))) => {
                let mut reports = document.stalls.iter();
                let report = reports.find(|one| (one.model, one.index) == (model, stall));
                let served = report.and_then(|one| one.victims.iter().find_map(|it| it.served_by));
                if let Some(served) = served {
                    document.reveal(Selection::Span(served));
                }
            }
            _ => self.walk_to(step),
        }
        let shown = self.documents.shown();
        let is_there = shown.is_some_and(|document| document.selection == from);
        if is_there && self.alike.is_none() {
            let among = shown.zip(from).filter(|_| step == Step::Effect);
            let among = among.and_then(|(document, from)| looked_among(&document.store, from));
            match among {
                Some(count) => self.explain_in_words(nothing_among(count)),
                None => self.explain(nothing_there(step, from)),
            }
        }
    }

    /// Goes to the next stall or to the previous one, and says so where that is round again.
    pub(super) fn go_to_stall(&mut self, forward: bool) {
        self.settings.detail = Detail::Inspector;
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        let view = (document.view.begin(), document.view.end());
        let from = document.selection;
        let next = navigate::next_stall(&document.stalls, from, view, forward);
        let Some((to, round)) = next else { return };
        document.reveal(to);
        if round {
            self.explain(match forward {
                _ if from == Some(to) => english("There is no other stall"),
                true => english("After the last stall comes the first again"),
                false => english("Before the first stall comes the last again"),
            });
        }
    }
}

/// That what followed was not found, and how far it was looked for.
pub(super) fn nothing_among(count: usize) -> String {
    let words = tr("Nothing more followed among the next {count} spans; it was not looked farther");
    fill(words, &[("count", &plain_count(count as u64))])
}

/// Why a step from there led nowhere.
pub(super) const fn nothing_there(step: Step, from: Option<Selection>) -> &'static str {
    match (step, from) {
        (_, None) => english("Nothing is selected"),
        (Step::Previous, Some(Selection::Stall(..))) => {
            english("This is the first stall of its model")
        }
        (Step::Next, Some(Selection::Stall(..))) => english("This is the last stall of its model"),
        (Step::Previous, _) => english("There is none of its kind before it"),
        (Step::Next, _) => english("There is none of its kind after it"),
        (Step::Out, _) => english("It lies in nothing else"),
        (Step::In, _) => english("Nothing lies in it"),
        (Step::Cause, _) => english("What led to it was not recorded"),
        (Step::Effect, Some(Selection::Stall(..))) => {
            english("Nobody is known who was served after it")
        }
        (Step::Effect, _) => english("Nothing followed from it that was recorded"),
    }
}

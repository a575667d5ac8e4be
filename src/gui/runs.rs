//! Runs: how they are started, fetched from and stopped.

use std::sync::Arc;

use super::app::App;
use super::document::Document;
use super::live::{Fetched, Live, unhurried};
use super::messages::Severity;
use super::panel;
use super::theme;
use super::what_if::{Ran, in_words};
use crate::format::TraceInfo;
use crate::gui::texts::{fill, say, tr};
use crate::scenario::Expectations;

impl App {
    /// Runs the chosen scenario.
    pub(super) fn run(&mut self) {
        if self.is_running() || self.controls.models.is_empty() {
            return;
        }
        self.start(Ran {
            scenario: Arc::new(self.controls.scenario.clone()),
            options: self.controls.options(),
            asks: None,
        });
    }

    /// Starts a run, and shows its trace.
    pub(super) fn start(&mut self, ran: Ran) {
        let (scenario, options) = (&*ran.scenario, &ran.options);
        let number = self.runs + 1;
        let change = options.treatment.as_ref().map(|it| it.change);
        let named = |title: &str| match change {
            None => title.to_owned(),
            Some(change) => {
                let what = fill(tr("what if: {change}"), &[("change", &in_words(change))]);
                format!("{title} · {what}")
            }
        };
        let title = named(&scenario.title);
        let info = TraceInfo::of_run(&scenario.name, &title, options.stall_threshold);
        let live = Live::start(
            &self.ctx,
            scenario,
            options.clone(),
            number,
            Expectations::of(scenario),
        );
        match live {
            Ok(live) => {
                self.runs = number;
                self.live = Some(live);
                let native = self.record(&info);
                let title = named(panel::scenario::title(scenario));
                let mut document = Document::of_run(number, &title, info, native);
                document.ran = Some(ran);
                document.keep_at_most(self.settings.kept.events());
                self.add(document);
            }
            Err(error) => {
                let text = fill(
                    tr("The run did not start: {error}."),
                    &[("error", &say(&error.phrase()))],
                );
                self.messages.say(Severity::Error, text);
            }
        }
    }

    /// Fetches what was recorded since the last frame.
    pub(super) fn fetch(&mut self, ctx: &egui::Context) {
        let Some(live) = &mut self.live else {
            return;
        };
        let Some(document) = self.documents.run_mut(live.number) else {
            return;
        };
        document.view.move_in_steps(theme::is_still(ctx));
        let (fetched, written) = live.fetch(document);
        if let Err(error) = written {
            let text = fill(
                tr(
                    "The run goes on, but it can no longer be recorded: {error}. It can still be exported as .json or .csv.",
                ),
                &[("error", &say(&error.phrase()))],
            );
            self.messages.say(Severity::Warning, text);
        }
        match fetched {
            Fetched::All => {
                let next = unhurried(live.next_frame(document), self.frame_cost);
                ctx.request_repaint_after(next);
            }
            Fetched::Some => ctx.request_repaint(),
            Fetched::Last => {
                document.note_recording();
                document.view.move_in_steps(false);
                document.view.advance(document.range());
                if let Some(live) = self.live.take() {
                    if let Some(trouble) = live.session().trouble() {
                        let text = fill(
                            tr("It took longer than it should: {error}."),
                            &[("error", &say(&trouble))],
                        );
                        self.messages.say(Severity::Warning, text);
                    }
                    live.join();
                }
                ctx.request_repaint();
            }
        }
    }

    /// Stops what runs and waits for it.
    pub fn shut_down(&mut self) {
        if let Some(mut live) = self.live.take() {
            live.stop();
            live.join();
        }
    }
}

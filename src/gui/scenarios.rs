//! The chosen scenario: how it is loaded, changed and saved, and what of that a running loop is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::app::App;
use super::controls::Controls;
use super::jobs::Done;
use super::live::Live;
use super::messages::Severity;
use super::panel::files::Purpose;
use crate::format;
use crate::gui::texts::{fill, say, tr};
use crate::scenario::{Edit, Effect, Owner, Scenario};
use crate::trace::Phrase;

impl App {
    pub(super) fn load_scenario(&mut self, source: String) {
        if self.is_running() {
            self.messages.say(
                Severity::Warning,
                tr("Stop the run before you choose another scenario."),
            );
            return;
        }
        match Scenario::load(&source) {
            Ok(scenario) => {
                self.remember_folder(Path::new(&source));
                self.controls = Controls::of(scenario, source);
                self.close_dialog(Purpose::LoadScenario);
            }
            Err(error) => self.fail(Purpose::LoadScenario, say(&error.phrase())),
        }
    }

    /// Changes the scenario. While a run goes on only what it can be told.
    pub(super) fn edit_scenario(&mut self, owner: Owner, edit: &Edit) {
        if self.is_running() && self.controls.effect_of(edit) == Effect::NextRun {
            let text = fill(
                tr("Stop the run before you change {key}."),
                &[("key", &edit.key())],
            );
            self.messages.say(Severity::Warning, text);
            return;
        }
        match self.controls.edit(edit) {
            Ok(()) => self.tell_owner(owner),
            Err(error) => {
                let text = fill(
                    tr("This cannot be changed so. {error}"),
                    &[("error", &say(&error.phrase()))],
                );
                self.messages.say(Severity::Warning, text);
            }
        }
    }

    pub(super) fn reset_scenario(&mut self) {
        if !self.is_running() {
            self.controls.reset();
        }
    }

    pub(super) fn tell_blocking(&mut self) {
        let Some(live) = self.live_and_chosen() else {
            return;
        };
        let blocking = self.controls.active_blocking();
        live.session().set_blocking(blocking);
        self.remember(|ran| ran.options.blocking = blocking.or(ran.options.blocking));
    }

    /// Tells a run that goes on what its servers, its service or its tasks are to do from now on.
    fn tell_owner(&mut self, owner: Owner) {
        let Some(live) = self.live_and_chosen() else {
            return;
        };
        let (session, scenario) = (live.session(), &self.controls.scenario);
        match owner {
            Owner::Server(place) => {
                if let Some(server) = scenario.servers.get(place) {
                    session.set_server_pace(place, server.chunk, server.delay);
                }
            }
            Owner::Service => {
                if let Some(service) = &scenario.service {
                    session.set_service_work(service.work);
                }
            }
            Owner::Tasks(_) => session.set_steps(&scenario.tasks),
            Owner::Pool | Owner::Variant(_) => return,
        }
        let scenario = Arc::new(self.controls.scenario.clone());
        self.remember(|ran| ran.scenario = scenario);
    }

    /// The run that goes on, if it is one of the chosen scenario.
    fn live_and_chosen(&self) -> Option<&Live> {
        let live = self.live.as_ref()?;
        let mut documents = self.documents.all().iter();
        let document = documents.find(|document| document.run == Some(live.number))?;
        let ran = document.ran.as_ref()?;
        (ran.scenario.name == self.controls.scenario.name).then_some(live)
    }

    /// Writes the scenario as it is set now, and chooses what was written.
    pub(super) fn save_scenario(&mut self, path: PathBuf) {
        let scenario = match self.controls.as_set() {
            Ok(scenario) => scenario,
            Err(error) => return self.fail(Purpose::SaveScenario, say(&error.phrase())),
        };
        self.set_busy(Purpose::SaveScenario);
        let started = self.jobs.start(move || {
            let saved = save(&scenario, &path).map(Box::new);
            Done::Saved(path, saved)
        });
        self.check_job(started);
    }

    pub(super) fn finish_save(&mut self, path: &Path, saved: Result<Box<Scenario>, Phrase>) {
        match saved {
            Ok(scenario) => {
                self.remember_folder(path);
                self.close_dialog(Purpose::SaveScenario);
                let source = path.display().to_string();
                let text = fill(tr("Saved to {source}."), &[("source", &source)]);
                self.controls = Controls::of(*scenario, source);
                self.messages.say(Severity::Note, text);
            }
            Err(error) => self.fail(Purpose::SaveScenario, say(&error)),
        }
    }
}

/// Writes a scenario to a file of its own, unless that could not be read again, and returns what is in the file.
fn save(scenario: &Scenario, path: &Path) -> Result<Scenario, Phrase> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = scenario.to_toml_in(folder);
    let saved = Scenario::parse(&text, path).map_err(|error| error.phrase())?;
    format::write_file(path, text.as_bytes()).map_err(|error| error.phrase())?;
    Ok(saved)
}

//! Where a run is recorded while it goes on, and how much of it stays in memory meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

use super::app::App;
use super::document::Native;
use super::messages::Severity;
use super::panel::files::Purpose;
use super::settings::Kept;
use crate::format::{Format, Origin, Recording, TraceInfo, WriteError};
use crate::gui::texts::{fill, say, tr};
use crate::trace::system_error;

impl App {
    /// Where the run that begins is recorded: into the folder that was chosen, or else for as long as its trace is open.
    pub(super) fn record(&mut self, info: &TraceInfo) -> Native {
        let recording = match self.settings.recordings.clone() {
            None => Recording::temporary(info),
            Some(folder) => begin_in(&folder, info).or_else(|error| {
                let text = fill(
                    tr(
                        "This run is not recorded into {folder}: {error}. Export it, or choose another folder for the next one.",
                    ),
                    &[("folder", &folder.display()), ("error", &say(&error.phrase()))],
                );
                self.messages.say(Severity::Warning, text);
                Recording::temporary(info)
            }),
        };
        match recording {
            Ok(recording) => Native::Here(Origin::Recording(recording)),
            Err(error) => {
                let text = fill(
                    tr(
                        "This run can be exported as .json and .csv only: {error}. Another folder can be named in TMPDIR.",
                    ),
                    &[("error", &say(&error.phrase()))],
                );
                self.messages.say(Severity::Warning, text);
                Native::Missing(error.phrase())
            }
        }
    }

    /// Chooses the folder that the runs from now on are recorded into, and makes it where it is not there; or none.
    pub(super) fn record_into(&mut self, folder: Option<PathBuf>) {
        if let Some(folder) = &folder {
            if let Err(error) = fs::create_dir_all(folder) {
                let text = fill(
                    tr("{path} cannot be used as a folder: {error}."),
                    &[
                        ("path", &folder.display()),
                        ("error", &say(&system_error(&error))),
                    ],
                );
                self.fail(Purpose::RecordInto, text);
                return;
            }
            let text = fill(
                tr("The next run will be recorded into {folder}, and those after it."),
                &[("folder", &folder.display())],
            );
            self.messages.say(Severity::Note, text);
            self.close_dialog(Purpose::RecordInto);
        }
        self.settings.recordings = folder;
    }

    /// Keeps so much of a long run.
    pub(super) fn keep(&mut self, kept: Kept) {
        self.settings.kept = kept;
        let live = self.live.as_ref().map(|live| live.number);
        if let Some(document) = live.and_then(|number| self.documents.run_mut(number)) {
            document.keep_at_most(kept.events());
        }
    }
}

/// Begins a file of its own in the folder: called as the scenario, with a number where that name is taken.
fn begin_in(folder: &Path, info: &TraceInfo) -> Result<Recording, WriteError> {
    let named = |number: u32| {
        let number = match number {
            1 => String::new(),
            _ => format!("-{number}"),
        };
        let ending = Format::Native.ending();
        folder.join(format!("{}{number}.{ending}", info.scenario))
    };
    let free = (1..).map(named).find(|path| !path.exists());
    Recording::beside(&free.unwrap_or_else(|| named(1)), info)
}

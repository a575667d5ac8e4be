//! Trace files: how they are opened and exported.

use std::path::{Path, PathBuf};

use super::app::App;
use super::document::{Document, Native};
use super::focus;
use super::jobs::{self, Done, Exported};
use super::messages::Severity;
use super::opening::Opening;
use super::panel::files::{self, PathDialog, Purpose};
use crate::format::{self, Format, Mark, Origin, Progress, Trace, TraceInfo};
use crate::gui::texts::{fill, say, tr};
use crate::store::TraceStore;
use crate::trace::{Phrase, Timestamp};

/// A trace that is being exported.
pub struct Exporting {
    /// Where to.
    pub path: PathBuf,
    /// The id of its document.
    pub(super) document: u32,
    /// How far that is.
    pub progress: Progress,
}

impl App {
    pub(super) fn ask_for_path(&mut self, purpose: Purpose) {
        let folder = self.settings.folder.clone().unwrap_or_default();
        let path = match (purpose, self.documents.shown()) {
            (Purpose::Export | Purpose::Compare, None) => return,
            (Purpose::Export, Some(document)) => document
                .file
                .clone()
                .unwrap_or_else(|| folder.join(suggested_name(document))),
            (Purpose::SaveScenario, _) => {
                let name = Path::new(&self.controls.source);
                folder.join(name).with_extension("toml")
            }
            (Purpose::RecordInto, _) => self.settings.recordings.clone().unwrap_or(folder),
            // Ends with a slash: the name is what remains to be typed.
            (_, _) => folder.join(""),
        };
        let mut dialog = PathDialog::new(purpose, &path);
        let shown = self.documents.shown().map(|document| document.id);
        let others = self.documents.all().iter().rev();
        let others = others.filter(|one| Some(one.id) != shown && purpose == Purpose::Compare);
        dialog.open = others.map(|one| (one.id, one.title.clone())).collect();
        let end = dialog.path.chars().count();
        focus::type_into(&self.ctx, files::field(), end..end);
        self.dialog = Some(dialog);
    }

    pub(super) fn browse(&mut self) {
        let Some(dialog) = &self.dialog else {
            return;
        };
        let ask = dialog.ask();
        let started = self.jobs.start(move || Done::Chosen(jobs::ask(&ask)));
        self.check_job(started);
    }

    pub(super) fn export(&mut self, path: PathBuf) {
        let Some(document) = self.documents.shown_mut() else {
            return;
        };
        let (id, info, now) = (document.id, document.info.clone(), document.now);
        let still_comes = |one: &Opening| one.document == Some(id) && !one.is_growing();
        if self.opening.iter().any(still_comes) {
            // Its last events, and what was marked in it, are not here yet: they would be missing in the copy.
            let text = tr("This trace is still being opened: export it when all of it is here.");
            self.fail(Purpose::Export, text.to_owned());
            return;
        }
        let store = std::sync::Arc::clone(&document.store);
        let mut native = std::mem::replace(&mut document.native, Native::Away);
        if matches!(native, Native::Away) {
            self.messages.say(
                Severity::Warning,
                tr("This trace is being exported already."),
            );
            return;
        }
        let is_native = matches!(Format::of_path(&path), Ok(Format::Native));
        let all = document.marks.all().to_vec();
        // Only from the native form are they read again.
        let marks = is_native.then(|| all.clone());
        // What was opened and not marked since is copied to the byte.
        let copied =
            matches!(native, Native::Here(Origin::File(_))) && !document.marks.are_unsaved();
        let marked = marks.clone().filter(|_| !copied);
        self.set_busy(Purpose::Export);
        let progress = Progress::default();
        self.exporting.push(Exporting {
            path: path.clone(),
            document: id,
            progress: progress.clone(),
        });
        let started = self.jobs.start(move || {
            let result = match (&mut native, marked) {
                (Native::Here(origin), Some(marks)) => origin
                    .save_with_marks_watched(&path, &marks, &progress)
                    .map_err(|error| error.phrase()),
                (native, _) => write(native, (&path, &info, &store), &all, now, &progress),
            };
            Done::Exported(Exported {
                marks,
                path,
                document: id,
                native,
                result,
            })
        });
        self.check_job(started);
    }

    /// Lets a dialog go whose file is being written: how far that is, the bar above the timeline tells.
    pub(super) fn look_at_exports(&mut self) {
        if self.exporting.iter().any(|one| one.progress.has_begun()) {
            self.close_dialog(Purpose::Export);
        }
    }

    /// Gives up what is being exported. What was at those places before is there still.
    pub(super) fn cancel_exporting(&self) {
        self.exporting.iter().for_each(|one| one.progress.give_up());
    }

    /// Shows a trace that was read from a file.
    pub fn show_trace(&mut self, path: &Path, trace: Trace) {
        if let Some(what) = &trace.truncated {
            self.messages.say(Severity::Warning, say(what));
        }
        self.remember_folder(path);
        self.add(Document::of_file(path, trace));
    }

    pub(super) fn finish_export(&mut self, exported: Exported) {
        let Exported {
            path,
            document,
            native,
            result,
            marks,
        } = exported;
        let place = self
            .exporting
            .iter()
            .position(|one| one.document == document);
        let told = place.map(|place| self.exporting.remove(place).progress);
        if let Some(document) = self.documents.by_id_mut(document) {
            document.native = native;
            if result.is_ok() {
                document.file = Some(path.clone());
                if let Some(marks) = marks {
                    document.marks.saved(marks);
                }
            }
        }
        match result {
            Ok(()) => {
                self.remember_folder(&path);
                self.close_dialog(Purpose::Export);
                let text = fill(tr("Exported to {path}."), &[("path", &path.display())]);
                self.messages.say(Severity::Note, text);
            }
            // Whoever gave it up knows.
            Err(_) if told.is_some_and(|told| told.is_given_up()) => {}
            Err(error) => self.fail(Purpose::Export, say(&error)),
        }
    }
}

/// Writes a trace in the format that the ending of the name means.
fn write(
    native: &mut Native,
    (path, info, store): (&Path, &TraceInfo, &TraceStore),
    marks: &[Mark],
    now: Timestamp,
    progress: &Progress,
) -> Result<(), Phrase> {
    let said = |error: format::WriteError| error.phrase();
    match native {
        Native::Here(origin) => origin
            .export_watched(path, info, store, marks, now, progress)
            .map_err(said),
        Native::Away => Err(Phrase::new("this trace is being exported already")),
        Native::Missing(why) => match Format::of_path(path).map_err(said)? {
            Format::Native => Err(Phrase::new(
                "This run was not recorded ({why}), so it can be exported as .json or .csv only.",
            )
            .with_words("why", why.clone())),
            Format::Chrome => {
                format::chrome::export(path, info, store, marks, now, progress).map_err(said)
            }
            Format::Csv => format::csv::export(path, store, marks, now, progress).map_err(said),
        },
    }
}

/// A name for the file of a trace that has none.
fn suggested_name(document: &Document) -> String {
    let number = document
        .run
        .map_or_else(String::new, |run| format!("-{run}"));
    format!(
        "{}{number}.{}",
        document.info.scenario,
        Format::Native.ending()
    )
}

//! Work that may take its time, done on a thread: the window never waits for a file or for a dialog.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::document::Native;
use super::texts;
use super::what_if::WorkedOut;
use crate::format::Mark;
use crate::scenario::Scenario;
use crate::trace::Phrase;

/// A dialog that closes as fast as this was never open.
const NOBODY: Duration = Duration::from_millis(400);

/// Work that is done.
pub enum Done {
    /// The system's file dialog was closed.
    Chosen(Choice),
    /// A trace was exported, or could not be.
    Exported(Exported),
    /// What would have been, had a callback been carried out otherwise.
    WorkedOut(Box<WorkedOut>),
    /// A scenario was saved, and this is what is in the file; or it could not be.
    Saved(PathBuf, Result<Box<Scenario>, Phrase>),
}

/// What came of the system's file dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This path.
    Path(PathBuf),
    /// The person closed it.
    Nothing,
    /// It closed sooner than a person can: there is none here.
    NoDialog,
}

/// An export that is over.
pub struct Exported {
    /// Where to.
    pub path: PathBuf,
    /// The id of the document.
    pub document: u32,
    /// The marks that were written, where the format has them.
    pub marks: Option<Vec<Mark>>,
    /// Its native form, which goes back to it.
    pub native: Native,
    /// Whether it was written, or why not.
    pub result: Result<(), Phrase>,
}

/// What files of one kind are called, and how their names end.
pub type FileKind = (&'static str, &'static [&'static str]);

/// What kind of path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A file that is there.
    File,
    /// A file that is to be written.
    NewFile,
    /// A folder.
    Folder,
}

/// What the system's file dialog is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What kind of path.
    pub wanted: Wanted,
    /// What the dialog says on top.
    pub title: &'static str,
    /// What the files are called, and how their names end.
    pub kinds: Vec<FileKind>,
    /// The path to begin with.
    pub path: PathBuf,
}

/// Work that is being done.
pub struct Jobs {
    ctx: egui::Context,
    sender: mpsc::Sender<Done>,
    receiver: mpsc::Receiver<Done>,
    running: usize,
}

impl Jobs {
    /// No work yet. `ctx` is asked for a repaint when some is done.
    pub fn new(ctx: &egui::Context) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            ctx: ctx.clone(),
            sender,
            receiver,
            running: 0,
        }
    }

    /// Starts some work.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(&mut self, work: impl FnOnce() -> Done + Send + 'static) -> io::Result<()> {
        let (sender, ctx) = (self.sender.clone(), self.ctx.clone());
        let language = texts::spoken();
        thread::Builder::new()
            .name("loopscope-job".to_owned())
            .spawn(move || {
                texts::speak(language);
                // Nobody wants it any more once the window is closed.
                let _ = sender.send(work());
                ctx.request_repaint();
            })?;
        self.running += 1;
        Ok(())
    }

    /// Some work that is done, if there is any.
    pub fn done(&mut self) -> Option<Done> {
        let done = self.receiver.try_recv().ok()?;
        self.running -= 1;
        Some(done)
    }

    /// Whether some work is not done yet.
    pub const fn is_busy(&self) -> bool {
        self.running > 0
    }
}

/// Asks the person through the system's file dialog; waits for the answer.
pub fn ask(ask: &Ask) -> Choice {
    let begun = Instant::now();
    match choose(ask) {
        Some(path) => Choice::Path(path),
        None if begun.elapsed() < NOBODY => Choice::NoDialog,
        None => Choice::Nothing,
    }
}

/// Nothing also where there is no such dialog: nobody tells.
fn choose(ask: &Ask) -> Option<PathBuf> {
    let mut dialog = rfd::FileDialog::new().set_title(ask.title);
    for (kind, endings) in &ask.kinds {
        dialog = dialog.add_filter(*kind, endings);
    }
    if let Some(folder) = ask.path.parent().filter(|folder| folder.is_dir()) {
        dialog = dialog.set_directory(folder);
    }
    match ask.wanted {
        Wanted::File => dialog.pick_file(),
        Wanted::NewFile => {
            let name = ask.path.file_name().unwrap_or_default();
            dialog.set_file_name(name.to_string_lossy()).save_file()
        }
        Wanted::Folder => dialog.pick_folder(),
    }
}

/// The path that a person typed: `~` stands for the home folder.
pub fn typed_path(text: &str) -> PathBuf {
    let text = text.trim();
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(text).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_comes_back_once() {
        let mut jobs = Jobs::new(&egui::Context::default());
        jobs.start(|| Done::Chosen(Choice::Nothing))
            .expect("a thread starts");
        assert!(jobs.is_busy());
        let done = loop {
            if let Some(done) = jobs.done() {
                break done;
            }
            thread::yield_now();
        };
        assert!(matches!(done, Done::Chosen(Choice::Nothing)));
        assert!(!jobs.is_busy());
    }

    #[test]
    fn the_home_folder_can_be_typed() {
        assert_eq!(typed_path(" /tmp/a b.csv "), Path::new("/tmp/a b.csv"));
        if let Some(home) = std::env::home_dir() {
            assert_eq!(typed_path("~/a.csv"), home.join("a.csv"));
        }
    }
}

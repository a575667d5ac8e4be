//! Traces as files: what Loopscope writes and reads back, and what it writes for other tools.
//!
//! - [`native`] is Loopscope's own: a stream of what was recorded. Whatever was written before a crash opens
//!   again. A [`Recording`] is such a file while its run goes on.
//! - [`chrome`] is the trace event format in JSON, for the Perfetto UI, Chrome's tracing page and others.
//! - [`csv`] is a table of spans and moments, for spreadsheets and scripts.
//!
//! A file is written whole or not at all: it grows beside its place and is renamed into it. Where a trace
//! comes from and what it means are left to `session`, `store` and `analysis`.
//!
//! ```
//! use loopscope::format::{self, Format, Origin, Recording, TraceInfo};
//! use loopscope::watch::DEFAULT_STALL_THRESHOLD;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # let path = folder.join("mine.loopscope");
//! # let info = TraceInfo::of_run("mine", "My loop", DEFAULT_STALL_THRESHOLD);
//! # Recording::beside(&path, &info)?.finish()?;
//! // What a run has recorded, as a table for a spreadsheet:
//! let trace = format::open(&path)?;
//! let now = trace.now();
//! let table = folder.join("mine.csv");
//! assert_eq!(Format::of_path(&table)?, Format::Csv);
//! Origin::File(path).export(&table, &trace.info, &trace.store, &trace.marks, now)?;
//! assert!(table.exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chrome;
pub mod csv;
mod error;
mod marks;
pub mod native;
mod order;
mod progress;
mod recording;
mod sniff;
mod whole;
mod words;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

pub use error::{ReadError, WriteError};
pub use marks::Mark;
pub use native::Reader;
pub use progress::Progress;
pub use recording::Recording;

use crate::store::TraceStore;
use crate::trace::{Phrase, Timestamp};

/// What a file tells about its trace before the first event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceInfo {
    /// The name of the scenario that ran.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// When the clock of the trace was started, in nanoseconds since the beginning of 1970 (UTC).
    pub started_unix_nanos: u64,
    /// How long a stretch without a poll had to be to count as a stall, in nanoseconds.
    pub stall_threshold_nanos: u64,
}

impl TraceInfo {
    /// Of a run of `scenario`, called `title`, that begins now.
    pub fn of_run(scenario: &str, title: &str, stall_threshold: Duration) -> Self {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let started = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            scenario: scenario.to_owned(),
            title: title.to_owned(),
            started_unix_nanos: nanos(started.unwrap_or_default()),
            stall_threshold_nanos: nanos(stall_threshold),
        }
    }
}

/// A trace from a file.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What the file tells about it.
    pub info: TraceInfo,
    /// What happened.
    pub store: TraceStore,
    /// What a person marked in it.
    pub marks: Vec<Mark>,
    /// Where the file ends early or is damaged: what is missing, as a sentence for a person. Everything before
    /// that is in the store.
    pub truncated: Option<Phrase>,
}

impl Trace {
    /// The last moment that is known of it: it stands for the end of what lasts still.
    pub fn now(&self) -> Timestamp {
        self.store.range().end
    }
}

/// A form in which a trace can be written.
///
/// ```
/// use loopscope::format::Format;
/// use std::path::Path;
///
/// assert_eq!(Format::of_path(Path::new("run.loopscope"))?, Format::Native);
/// let error = Format::of_path(Path::new("run.xlsx")).unwrap_err();
/// assert!(error.to_string().contains(".csv"), "it says what there is: {error}");
/// # Ok::<(), loopscope::format::WriteError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Loopscope's own, the only one that it reads.
    Native,
    /// The trace event format in JSON.
    Chrome,
    /// A table.
    Csv,
}

impl Format {
    /// All of them, the one to offer first first.
    pub const ALL: [Self; 3] = [Self::Native, Self::Chrome, Self::Csv];

    /// The ending of its files' names, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Native => "loopscope",
            Self::Chrome => "json",
            Self::Csv => "csv",
        }
    }

    /// What it is, for a person who has to choose.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Native => "Loopscope trace",
            Self::Chrome => "Chrome JSON for Perfetto",
            Self::Csv => "CSV table",
        }
    }

    /// The format that the ending of a file's name means, in small or capital letters.
    ///
    /// # Errors
    /// When the name has no ending or an unknown one.
    pub fn of_path(path: &Path) -> Result<Self, WriteError> {
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
        Self::ALL
            .into_iter()
            .find(|format| ending.as_deref() == Some(format.ending().as_ref()))
            .ok_or_else(|| WriteError::UnknownEnding(path.to_owned()))
    }
}

/// Opens a trace, whatever its file is called.
///
/// # Errors
/// When the file cannot be read or is something else: the error says what it looks like.
pub fn open(path: &Path) -> Result<Trace, ReadError> {
    native::read(path)
}

/// The same; `progress` tells how far it is.
///
/// # Errors
/// When the file cannot be read or is something else, or when nobody wants it any more.
pub fn open_watched(path: &Path, progress: &Progress) -> Result<Trace, ReadError> {
    native::read_watched(path, progress)
}

/// What a trace tells before its first event: cheap, however long it is.
///
/// # Errors
/// When the file cannot be read or is something else.
pub fn read_info(path: &Path) -> Result<TraceInfo, ReadError> {
    native::read_info(path)
}

/// Whether a trace could be written to `path`, as far as one can tell before it is: to be asked before a run
/// whose trace is wanted.
///
/// # Errors
/// When the ending is unknown, there is something that is not a file, or the folder is missing or takes no file.
pub fn check_target(path: &Path) -> Result<Format, WriteError> {
    let format = Format::of_path(path)?;
    whole::try_out(path)?;
    Ok(format)
}

/// Writes a file, whole or not at all: for whatever else is made of a trace, such as a picture.
///
/// # Errors
/// When the file cannot be written. One that was there before is still there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    whole::write(path, |out| out.write_all(bytes))
}

/// Where the native form of a trace is.
#[derive(Debug)]
pub enum Origin {
    /// In the file that its run is still writing, or has written.
    Recording(Recording),
    /// In a file that was opened.
    File(PathBuf),
}

impl Origin {
    /// Writes the trace to `path`, in the format that its ending means, whole or not at all. `info` and `store` are what
    /// was recorded or opened, with its `marks` (the native form is copied with those that it has), and `now` stands for
    /// the end of what lasts still: the run may go on.
    ///
    /// # Errors
    /// When the ending is unknown or the file cannot be written. A file that was there before is still there.
    pub fn export(
        &mut self,
        path: &Path,
        info: &TraceInfo,
        store: &TraceStore,
        marks: &[Mark],
        now: Timestamp,
    ) -> Result<(), WriteError> {
        self.export_watched(path, info, store, marks, now, &Progress::default())
    }

    /// The same; `progress` tells how far it is.
    ///
    /// # Errors
    /// When the ending is unknown, or the file cannot be written or was given up. A file that was there before is still
    /// there.
    pub fn export_watched(
        &mut self,
        path: &Path,
        info: &TraceInfo,
        store: &TraceStore,
        marks: &[Mark],
        now: Timestamp,
        progress: &Progress,
    ) -> Result<(), WriteError> {
        match Format::of_path(path)? {
            Format::Native => match self {
                Self::Recording(recording) => recording.save_with_marks(path, &[], progress),
                Self::File(from) if native::is_growing(from) => {
                    marks::copy(from, path, marks, progress)
                }
                Self::File(from) => whole::copy(from, path, progress),
            },
            Format::Chrome => chrome::export(path, info, store, marks, now, progress),
            Format::Csv => csv::export(path, store, marks, now, progress),
        }
    }
}

#[cfg(test)]
mod tests;

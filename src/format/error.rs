//! What can go wrong with files, told so that a person knows what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::progress::GivenUp;
use crate::trace::{Phrase, system_error};

/// Why a trace could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name does not tell in which format.
    UnknownEnding(PathBuf),
    /// There is a folder of that name.
    IsFolder(PathBuf),
    /// There is something of that name that a file must not take the place of, such as a device.
    NotAFile(PathBuf),
    /// The folder it should lie in does not exist.
    NoFolder {
        /// What should have been written.
        path: PathBuf,
        /// What is not there.
        folder: PathBuf,
    },
    /// The native form of the trace cannot be read any more.
    Source {
        /// Where it was.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody wanted it any more.
    GivenUp(PathBuf),
    /// The system refused.
    Io {
        /// What should have been written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
}

impl WriteError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.get_ref().is_some_and(|inner| inner.is::<GivenUp>()) {
            true => Self::GivenUp(path),
            false => Self::Io { path, source },
        }
    }

    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::UnknownEnding(path) => Phrase::new(
                "{path}: the ending of the name chooses the format: .loopscope (Loopscope's own, opens again), \
                 .json (Chrome JSON for Perfetto) or .csv (a table)",
            )
            .with("path", path.display()),
            Self::IsFolder(path) => Phrase::new("{path} is a folder: name a file in it, such as {file}")
                .with("path", path.display())
                .with("file", path.join("trace.loopscope").display()),
            Self::NotAFile(path) => {
                Phrase::new("{path} is there and is no ordinary file: choose another name")
                    .with("path", path.display())
            }
            Self::NoFolder { path, folder } => Phrase::new(
                "cannot write {path}: there is no folder {folder}: create it, or choose another",
            )
            .with("path", path.display())
            .with("folder", folder.display()),
            Self::Source { path, source } => Phrase::new("cannot copy the trace from {path}: {why}")
                .with("path", path.display())
                .with_words("why", system_error(source)),
            Self::GivenUp(path) => {
                Phrase::new("{path} was not written: it was given up").with("path", path.display())
            }
            Self::Io { path, source } => Phrase::new("cannot write {path}: {why}{way_out}")
                .with("path", path.display())
                .with_words("why", system_error(source))
                .with_words("way_out", way_out(source)),
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

/// Why a trace could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    Io {
        /// What should have been read.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// It is not there, and a recording of it is that was not finished, or goes on.
    Unfinished {
        /// What should have been read.
        path: PathBuf,
        /// What there is.
        part: PathBuf,
    },
    /// It is a folder.
    IsFolder(PathBuf),
    /// There is not one byte in it.
    Empty(PathBuf),
    /// It is something else.
    NotATrace {
        /// The file.
        path: PathBuf,
        /// What it seems to be, and what to do with it.
        looks_like: Phrase,
    },
    /// A newer Loopscope wrote it.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in which it is written.
        version: u16,
        /// The newest version that can be read.
        known: u16,
    },
    /// It breaks off, or is damaged, before the first event.
    Headless(PathBuf),
}

impl ReadError {
    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        let (said, path) = match self {
            Self::Io { path, source } => {
                let said = Phrase::new("cannot read {path}: {why}");
                (said.with_words("why", system_error(source)), path)
            }
            Self::Unfinished { path, part } => {
                let said = Phrase::new(
                    "{path} is not there yet: what was recorded of it so far is {part}",
                );
                (said.with("part", part.display()), path)
            }
            Self::IsFolder(path) => (
                Phrase::new("{path} is a folder: choose a trace in it"),
                path,
            ),
            Self::Empty(path) => (
                Phrase::new("{path} is empty: nothing was recorded into it"),
                path,
            ),
            Self::NotATrace { path, looks_like } => {
                let said = Phrase::new("{path} is not a Loopscope trace: {looks_like}");
                (said.with_words("looks_like", looks_like.clone()), path)
            }
            Self::Newer {
                path,
                version,
                known,
            } => {
                let said = Phrase::new(
                    "{path} was written by a newer Loopscope (version {version} of the format; this one reads up to \
                     {known}): open it with that one",
                );
                (said.with("version", version).with("known", known), path)
            }
            Self::Headless(path) => (
                Phrase::new(
                    "{path} begins like a Loopscope trace but is damaged before its first event: nothing of it can be \
                     shown",
                ),
                path,
            ),
        };
        said.with("path", path.display())
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

fn way_out(error: &io::Error) -> Phrase {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Phrase::new(": choose a folder in which you may write")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Phrase::new(": make room, or choose a folder on another disk")
        }
        _ => Phrase::default(),
    }
}

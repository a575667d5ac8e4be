//! What can go wrong with files, told so that a person knows what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why a trace could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name does not tell in which format.
    #[error(
        "{}: the ending of the name chooses the format: .loopscope (Loopscope's own, opens again), \
         .json (Chrome JSON for Perfetto) or .csv (a table)", .0.display()
    )]
    UnknownEnding(PathBuf),
    /// There is a folder of that name.
    #[error("{} is a folder: name a file in it, such as {}", .0.display(), .0.join("trace.loopscope").display())]
    IsFolder(PathBuf),
    /// There is something of that name that a file must not take the place of, such as a device.
    #[error("{} is there and is no ordinary file: choose another name", .0.display())]
    NotAFile(PathBuf),
    /// The folder it should lie in does not exist.
    #[error("cannot write {}: there is no folder {}: create it, or choose another", path.display(), folder.display())]
    NoFolder {
        /// What should have been written.
        path: PathBuf,
        /// What is not there.
        folder: PathBuf,
    },
    /// The native form of the trace cannot be read any more.
    #[error("cannot copy the trace from {}: {source}", path.display())]
    Source {
        /// Where it was.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot write {}: {source}{}", path.display(), way_out(source))]
    Io {
        /// What should have been written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
}

impl WriteError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// Why a trace could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What should have been read.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// It is a folder.
    #[error("{} is a folder: choose a trace in it", .0.display())]
    IsFolder(PathBuf),
    /// There is not one byte in it.
    #[error("{} is empty: nothing was recorded into it", .0.display())]
    Empty(PathBuf),
    /// It is something else.
    #[error("{} is not a Loopscope trace: {looks_like}", path.display())]
    NotATrace {
        /// The file.
        path: PathBuf,
        /// What it seems to be, and what to do with it.
        looks_like: &'static str,
    },
    /// A newer Loopscope wrote it.
    #[error(
        "{} was written by a newer Loopscope (version {version} of the format; this one reads up to {known}): \
         open it with that one", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version in which it is written.
        version: u16,
        /// The newest version that can be read.
        known: u16,
    },
    /// It breaks off, or is damaged, before the first event.
    #[error("{} begins like a Loopscope trace but is damaged before its first event: nothing of it can be shown", .0.display())]
    Headless(PathBuf),
}

fn way_out(error: &io::Error) -> &'static str {
    use io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            ": choose a folder in which you may write"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ": make room, or choose a folder on another disk"
        }
        _ => "",
    }
}

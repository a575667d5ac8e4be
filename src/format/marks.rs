//! Marks that a person set in a trace, and how they come into its file.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::native::{self, MarkedCopy};
use super::{Origin, Progress, WriteError, whole};
use crate::trace::{Phrase, Timestamp};

/// A moment that a person marked.
///
/// ```
/// use loopscope::format::{self, Mark, Origin, Recording, TraceInfo};
/// use loopscope::trace::Timestamp;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("mine.loopscope");
/// # Recording::beside(&path, &TraceInfo::default())?.finish()?;
/// let mark = Mark { at: Timestamp(1_500_000), note: "here it began".into() };
/// Origin::File(path.clone()).save_with_marks(&path, &[mark.clone()])?;
/// assert_eq!(format::open(&path)?.marks, [mark]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The moment.
    pub at: Timestamp,
    /// What was noted down; may be empty.
    pub note: String,
}

impl Origin {
    /// Writes the trace to `path` as a native file, whole or not at all, with these marks in the place of those that
    /// it has.
    ///
    /// # Errors
    /// When the file cannot be written. A file that was there before is still there.
    pub fn save_with_marks(&mut self, path: &Path, marks: &[Mark]) -> Result<(), WriteError> {
        self.save_with_marks_watched(path, marks, &Progress::default())
    }

    /// The same; `progress` tells how far it is.
    ///
    /// # Errors
    /// When the file cannot be written, or was given up. A file that was there before is still there.
    pub fn save_with_marks_watched(
        &mut self,
        path: &Path,
        marks: &[Mark],
        progress: &Progress,
    ) -> Result<(), WriteError> {
        match self {
            Self::Recording(recording) => recording.save_with_marks(path, marks, progress),
            Self::File(from) => copy(from, path, marks, progress),
        }
    }
}

/// Copies a native file with these marks. Of one that is still being recorded it is a whole trace of what is there so far.
pub(super) fn copy(
    from: &Path,
    path: &Path,
    marks: &[Mark],
    progress: &Progress,
) -> Result<(), WriteError> {
    let unreadable = |source| WriteError::Source {
        path: from.to_owned(),
        source,
    };
    // Without a sound beginning it would not have been opened: somebody else has changed it since.
    let changed = Phrase::new("it is not what it was when it was opened");
    let replaced = || unreadable(io::Error::other(changed.clone()));
    let file = File::open(from).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    let grows = native::is_written(&file);
    let file = BufReader::new(progress.reading(file, bytes));
    let mut copy = MarkedCopy::new(from, file, grows).map_err(|_| replaced())?;
    whole::write(path, |out| copy.write(out, marks))
}

/// Marks in the order of time.
pub(super) fn in_order(marks: &[Mark]) -> Vec<&Mark> {
    let mut marks: Vec<_> = marks.iter().collect();
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// The chunk of marks; no bytes where there are none.
pub(super) fn write(out: &mut impl Write, marks: &[Mark]) -> io::Result<()> {
    match marks {
        [] => Ok(()),
        _ => out.write_all(&native::marks_chunk(marks)?),
    }
}

//! Reads a trace by and by.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::{BATCH, Chunk, Chunks, END, MARKS, is_in_order, open, read_head};
use crate::format::{Mark, ReadError, TraceInfo};
use crate::trace::{Batch, Phrase, ThreadId, Timestamp};

/// Reads a trace batch by batch: the first of a long one can be shown before the last is read.
///
/// ```
/// use loopscope::format::native::Writer;
/// use loopscope::format::{Reader, TraceInfo};
/// use loopscope::store::TraceStore;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("mine.loopscope");
/// # let info = TraceInfo { title: "My loop".into(), ..TraceInfo::default() };
/// # Writer::new(std::fs::File::create(&path)?, &info)?.finish()?;
/// let mut reader = Reader::open(&path)?;
/// assert_eq!(reader.info().title, "My loop", "before anything else is read");
/// let mut store = TraceStore::new();
/// while let Some(batch) = reader.next()? {
///     store.push(&batch);
/// }
/// assert!(reader.missing().is_none(), "it is whole");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reader<R = BufReader<File>> {
    path: PathBuf,
    info: TraceInfo,
    chunks: Chunks<R>,
    /// The last moment of each thread.
    last: HashMap<ThreadId, Timestamp>,
    events: u64,
    is_over: bool,
    marks: Vec<Mark>,
    missing: Option<Phrase>,
}

impl Reader {
    /// Opens a trace and reads what it tells before its first event.
    ///
    /// # Errors
    /// When the file cannot be read, is something else, or is damaged before its first event.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::of(path, open(path)?)
    }
}

impl<R: Read> Reader<R> {
    pub(super) fn of(path: &Path, input: R) -> Result<Self, ReadError> {
        let (info, _, chunks) = read_head(path, input)?;
        Ok(Self {
            path: path.to_owned(),
            info,
            chunks,
            last: HashMap::new(),
            events: 0,
            is_over: false,
            marks: Vec::new(),
            missing: None,
        })
    }

    /// What the file tells about its trace.
    pub const fn info(&self) -> &TraceInfo {
        &self.info
    }

    /// How many bytes of the file were read.
    pub const fn bytes(&self) -> u64 {
        self.chunks.read
    }

    /// Once there are no more batches: what a person marked.
    pub fn take_marks(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.marks)
    }

    /// Once there are no more batches: where the file ends early or is damaged, what is missing, as a sentence for a
    /// person.
    pub const fn missing(&self) -> Option<&Phrase> {
        self.missing.as_ref()
    }

    /// The next batch, in the order in which they were recorded; `None` after the last one that is sound.
    ///
    /// # Errors
    /// When the file cannot be read.
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, and says so in its own way"
    )]
    pub fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        if self.is_over {
            return Ok(None);
        }
        let failed = |source| ReadError::Io {
            path: self.path.clone(),
            source,
        };
        let missing = loop {
            let unread = match self.chunks.next().map_err(failed)? {
                Chunk::Sound(BATCH) => match postcard::from_bytes::<Batch>(&self.chunks.payload) {
                    Ok(batch) if is_in_order(&batch, &mut self.last) => {
                        self.events += batch.events.len() as u64;
                        return Ok(Some(batch));
                    }
                    _ => self.chunks.bytes(),
                },
                Chunk::Sound(MARKS) => match postcard::from_bytes(&self.chunks.payload) {
                    Ok(read) => {
                        self.marks = read;
                        continue;
                    }
                    Err(_) => self.chunks.bytes(),
                },
                Chunk::Sound(END) => match postcard::from_bytes::<u64>(&self.chunks.payload) {
                    Ok(events) if events == self.events => {
                        self.is_over = true;
                        return Ok(None);
                    }
                    _ => break Some(0),
                },
                Chunk::Sound(_) => self.chunks.bytes(),
                Chunk::Damaged { bytes } => bytes,
                Chunk::None => break None,
            };
            break Some(unread + self.chunks.rest().map_err(failed)?);
        };
        self.is_over = true;
        self.missing = Some(self.tell(missing));
        Ok(None)
    }

    /// Says what is missing: so many bytes at the end, some events in the middle for 0, or only the mark of the end.
    fn tell(&self, missing: Option<u64>) -> Phrase {
        let last = self.last.values().max().copied().unwrap_or_default();
        let said = match missing {
            None => Phrase::new(
                "The recording was not finished: its program ended before. Everything up to {last} ({events} events) is here.",
            ),
            Some(0) => Phrase::new(
                "Some events are missing in the middle of the file. Everything up to {last} ({events} events) is here.",
            ),
            Some(_) => Phrase::new(
                "The file is cut off or damaged: its last {bytes} bytes cannot be read. Everything up to {last} ({events} events) is here.",
            ),
        };
        said.with("last", format_args!("{last:.3}"))
            .with("events", self.events)
            .with("bytes", missing.unwrap_or_default())
    }
}

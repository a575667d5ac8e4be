//! Reads a trace by and by.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
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
    /// How many bytes were read that are sound.
    sound: u64,
    is_over: bool,
    /// Whether somebody was still writing it when that was asked last.
    is_growing: bool,
    marks: Vec<Mark>,
    missing: Option<Phrase>,
}

impl Reader {
    /// Opens a trace and reads what it tells before its first event.
    ///
    /// # Errors
    /// When the file cannot be read, is something else, or is damaged before its first event.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::open_through(path, |file| file)
    }

    /// Whether a [`Recording`](crate::format::Recording) still writes this file, so that more is to come: in this process
    /// or in another one. Where the file system knows no locks, nobody is known to.
    pub const fn is_growing(&self) -> bool {
        self.is_growing
    }

    /// Once there are no more batches: goes on where the last sound one ended, if the file was growing then. Whether
    /// [`Reader::next`] may bring more; the file was not finished, or somebody finishes it, if it brings none.
    ///
    /// ```
    /// use loopscope::clock::Clock;
    /// use loopscope::format::{Reader, Recording, TraceInfo};
    /// use loopscope::record::channel;
    /// use loopscope::trace::ModelId;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("mine.loopscope");
    /// let mut file = Recording::beside(&path, &TraceInfo::default())?;
    /// let mut reader = Reader::open(file.path())?;
    /// assert!(reader.next()?.is_none(), "nothing is written yet");
    ///
    /// let (recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
    /// drop(recorders.recorder(ModelId::from_index(0), "my loop"));
    /// file.append(&receiver.try_recv()?)?;
    /// file.finish()?;
    /// assert!(reader.resume()?);
    /// assert!(reader.next()?.is_some());
    /// assert!(reader.next()?.is_none());
    /// assert!(reader.missing().is_none() && !reader.resume()?, "it is whole");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn resume(&mut self) -> Result<bool, ReadError> {
        if !self.is_over {
            return Ok(true);
        }
        if self.missing.is_none() || !self.is_growing {
            return Ok(false);
        }
        // Asked before it is read: what is written up to its end is read then.
        self.is_growing = is_written(self.chunks.input.get_ref());
        let sought = self.chunks.input.seek(SeekFrom::Start(self.sound));
        sought.map_err(|source| self.failed(source))?;
        self.chunks.read = self.sound;
        self.missing = None;
        self.is_over = false;
        Ok(true)
    }
}

/// Whether a recording writes this file: it keeps it locked for as long as it lives.
pub(in crate::format) fn is_written(file: &File) -> bool {
    let locked = file.try_lock_shared();
    if locked.is_ok() {
        // Nobody else is to be kept from it. It goes with the file, at the latest.
        let _ = file.unlock();
    }
    matches!(locked, Err(TryLockError::WouldBlock))
}

impl<R: Read> Reader<R> {
    /// Opens a trace that is read through something else.
    pub(super) fn open_through(
        path: &Path,
        through: impl FnOnce(BufReader<File>) -> R,
    ) -> Result<Self, ReadError> {
        let file = open(path)?;
        let is_growing = is_written(file.get_ref());
        let mut reader = Self::of(path, through(file))?;
        reader.is_growing = is_growing;
        Ok(reader)
    }

    pub(super) fn of(path: &Path, input: R) -> Result<Self, ReadError> {
        let (info, _, chunks) = read_head(path, input)?;
        Ok(Self {
            path: path.to_owned(),
            info,
            sound: chunks.read,
            chunks,
            last: HashMap::new(),
            events: 0,
            is_over: false,
            is_growing: false,
            marks: Vec::new(),
            missing: None,
        })
    }

    fn failed(&self, source: io::Error) -> ReadError {
        ReadError::Io {
            path: self.path.clone(),
            source,
        }
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
        let missing = loop {
            let chunk = self.chunks.next();
            let unread = match chunk.map_err(|source| self.failed(source))? {
                Chunk::Sound(BATCH) => match postcard::from_bytes::<Batch>(&self.chunks.payload) {
                    Ok(batch) if is_in_order(&batch, &mut self.last) => {
                        self.sound = self.chunks.read;
                        self.events += batch.events.len() as u64;
                        return Ok(Some(batch));
                    }
                    _ => self.chunks.bytes(),
                },
                Chunk::Sound(MARKS) => match postcard::from_bytes(&self.chunks.payload) {
                    Ok(read) => {
                        self.sound = self.chunks.read;
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
            let rest = self.chunks.rest();
            break Some(unread + rest.map_err(|source| self.failed(source))?);
        };
        self.is_over = true;
        self.missing = Some(self.tell(missing));
        Ok(None)
    }

    /// Says what is missing: so many bytes at the end, some events in the middle for 0, or only the mark of the end.
    fn tell(&self, missing: Option<u64>) -> Phrase {
        let last = self.last.values().max().copied().unwrap_or_default();
        let said = match missing {
            None | Some(1..) if self.is_growing => Phrase::new(
                "It is still being recorded. Everything up to {last} ({events} events) is here.",
            ),
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

//! Loopscope's own file: the batches as they were recorded, each with a checksum.
//!
//! ```text
//! file    = magic, version, chunk…
//! magic   = 89 'l' 'o' 'o' 'p' 's' 'c' 'o' 'p' 'e' 0D 0A 1A 0A      (as PNG's: text mode would damage it)
//! version = u16
//! chunk   = kind: u8, length: u32, crc: u32, payload: [u8; length]
//!
//! kind 'I'   payload = TraceInfo; the first chunk, exactly once
//! kind 'B'   payload = Batch
//! kind 'M'   payload = [Mark]: what a person marked; at most once, behind all batches
//! kind 'E'   payload = u64, the number of events; the last chunk: the recording was finished
//! ```
//!
//! Integers are little-endian. `crc` is the CRC-32 of kind, length and payload. Payloads are written by
//! `postcard`, which numbers the variants of an enum by their places: when the vocabulary in `trace` changes,
//! [`VERSION`] has to rise.
//!
//! A reader takes chunks for as long as they are sound. Where the file breaks off, or a chunk is damaged, it
//! keeps all before that and says what is missing: a file is a trace from its first chunk on, at every moment.

mod reader;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

pub use reader::Reader;
pub(super) use reader::is_written;
use serde::Serialize;

use super::recording::part_of;
use super::{Mark, Progress, ReadError, Trace, TraceInfo, marks, sniff};
use crate::store::TraceStore;
use crate::trace::{Batch, Phrase, ThreadId, Timestamp};

/// The newest version of the format: the one that is written.
///
/// Each version added words at the ends of the vocabulary, so that what was written in an older one means the same:
/// version 2 for connections, Deferreds and the thread pool; version 3 for a thread that sleeps, and for a
/// watchdog; version 4 for what a thread is blocked on, for what recording costs, and for marks; version 5 for
/// connections that are not over TCP; version 6 for data that the system had stamped.
pub const VERSION: u16 = 6;

const MAGIC: &[u8; 14] = b"\x89loopscope\r\n\x1a\n";
const HEAD: usize = 9;
const INFO: u8 = b'I';
const BATCH: u8 = b'B';
const MARKS: u8 = b'M';
const END: u8 = b'E';

/// Writes a trace as it is recorded.
///
/// It does not buffer beyond one chunk: wrap files in a [`std::io::BufWriter`].
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::format::TraceInfo;
/// use loopscope::format::native::Writer;
/// use loopscope::record::channel;
/// use loopscope::trace::{EventKind, ModelId};
///
/// let (recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// recorder.record(EventKind::PollBegin);
/// drop(recorder);
///
/// let mut writer = Writer::new(Vec::new(), &TraceInfo::default())?;
/// while let Ok(batch) = receiver.try_recv() {
///     writer.write(&batch)?;
/// }
/// let bytes = writer.finish()?;
/// assert!(!bytes.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    chunk: Vec<u8>,
    events: u64,
    bytes: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn new(mut out: W, info: &TraceInfo) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        let mut writer = Self {
            out,
            chunk: Vec::new(),
            events: 0,
            bytes: (MAGIC.len() + size_of_val(&VERSION)) as u64,
        };
        writer.write_chunk(INFO, info)?;
        Ok(writer)
    }

    /// Adds a batch. Batches of one thread must come in their order.
    ///
    /// # Errors
    /// When `out` refuses. What is written after that cannot be read again.
    pub fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.write_chunk(BATCH, batch)?;
        self.events += batch.events.len() as u64;
        Ok(())
    }

    /// Lets `out` hand on what it has collected.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Marks the trace as finished.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.end_mark()?)?;
        self.out.flush()?;
        Ok(self.out)
    }

    /// What has to follow on the bytes so far to make them a finished trace.
    pub(super) fn end_mark(&self) -> io::Result<Vec<u8>> {
        let mut chunk = Vec::new();
        encode(&mut chunk, END, &self.events)?;
        Ok(chunk)
    }

    /// How many bytes were written.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where it writes to.
    pub(super) const fn out_mut(&mut self) -> &mut W {
        &mut self.out
    }

    fn write_chunk(&mut self, kind: u8, payload: &impl Serialize) -> io::Result<()> {
        encode(&mut self.chunk, kind, payload)?;
        self.out.write_all(&self.chunk)?;
        self.bytes += self.chunk.len() as u64;
        Ok(())
    }
}

/// Puts a chunk into `chunk`, whose memory is used again.
fn encode(chunk: &mut Vec<u8>, kind: u8, payload: &impl Serialize) -> io::Result<()> {
    chunk.clear();
    chunk.resize(HEAD, 0);
    postcard::to_io(payload, &mut *chunk).map_err(io::Error::other)?;
    seal(chunk, kind)
}

/// Fills in the head of a chunk, for which there is room before its payload.
fn seal(chunk: &mut [u8], kind: u8) -> io::Result<()> {
    let length = u32::try_from(chunk.len() - HEAD).map_err(|_| {
        io::Error::other(Phrase::new(
            "a batch of more than 4 GiB does not fit into a chunk",
        ))
    })?;
    let crc = checksum(kind, length, &chunk[HEAD..]);
    chunk[0] = kind;
    chunk[1..5].copy_from_slice(&length.to_le_bytes());
    chunk[5..HEAD].copy_from_slice(&crc.to_le_bytes());
    Ok(())
}

/// A chunk of marks.
pub(super) fn marks_chunk(marks: &[Mark]) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::new();
    encode(&mut chunk, MARKS, &marks)?;
    Ok(chunk)
}

/// A native file that is copied with other marks than its own.
pub(super) struct MarkedCopy<R> {
    info: TraceInfo,
    version: u16,
    chunks: Chunks<R>,
    /// Whether what is there so far becomes a finished trace.
    finishes: bool,
}

impl<R: Read> MarkedCopy<R> {
    /// Of a file that somebody still writes the copy is finished if it `finishes` it.
    pub(super) fn new(path: &Path, input: R, finishes: bool) -> Result<Self, ReadError> {
        let (info, version, chunks) = read_head(path, input)?;
        Ok(Self {
            info,
            version,
            chunks,
            finishes,
        })
    }

    /// Writes all that is sound. What was finished is finished in the copy, too.
    pub(super) fn write(&mut self, out: &mut impl Write, marks: &[Mark]) -> io::Result<()> {
        out.write_all(MAGIC)?;
        // A file without marks stays legible to whoever could read it.
        let version = if marks.is_empty() {
            self.version
        } else {
            VERSION
        };
        out.write_all(&version.to_le_bytes())?;
        let mut chunk = Vec::new();
        encode(&mut chunk, INFO, &self.info)?;
        out.write_all(&chunk)?;
        let mut events = 0;
        loop {
            let kind = match self.chunks.next()? {
                Chunk::Sound(MARKS) => continue,
                Chunk::Sound(kind) if [BATCH, END].contains(&kind) => kind,
                _ => {
                    marks::write(out, marks)?;
                    chunk.clear();
                    if self.finishes {
                        encode(&mut chunk, END, &events)?;
                    }
                    return out.write_all(&chunk);
                }
            };
            if self.finishes && kind == BATCH {
                let batch = postcard::from_bytes::<Batch>(&self.chunks.payload);
                events += batch.map_err(io::Error::other)?.events.len() as u64;
            }
            if kind == END {
                marks::write(out, marks)?;
            }
            chunk.clear();
            chunk.resize(HEAD, 0);
            chunk.extend_from_slice(&self.chunks.payload);
            seal(&mut chunk, kind)?;
            out.write_all(&chunk)?;
            if kind == END {
                return Ok(());
            }
        }
    }
}

fn checksum(kind: u8, length: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&length.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// Reads a trace, as much of it as is there.
///
/// # Errors
/// When the file cannot be read, is something else, or is damaged before its first event.
pub fn read(path: &Path) -> Result<Trace, ReadError> {
    take_in(Reader::open(path)?)
}

/// The same; `progress` tells how far it is.
///
/// # Errors
/// As [`read`], and when it was given up.
pub(super) fn read_watched(path: &Path, progress: &Progress) -> Result<Trace, ReadError> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    take_in(Reader::open_through(path, |file| {
        progress.reading(file, bytes)
    })?)
}

/// Whether somebody still records into this file.
pub(super) fn is_growing(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| is_written(&file))
}

/// Reads what a trace tells before its first event.
///
/// # Errors
/// When the file cannot be read, is something else, or is damaged there.
pub fn read_info(path: &Path) -> Result<TraceInfo, ReadError> {
    read_head(path, open(path)?).map(|(info, ..)| info)
}

fn open(path: &Path) -> Result<BufReader<File>, ReadError> {
    let failed = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(|error| {
        let part = part_of(path, 1);
        match error.kind() {
            io::ErrorKind::NotFound if part.exists() => ReadError::Unfinished {
                path: path.to_owned(),
                part,
            },
            _ => failed(error),
        }
    })?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(ReadError::IsFolder(path.to_owned()));
    }
    Ok(BufReader::with_capacity(256 * 1024, file))
}

/// As [`read`], from anything; `path` is what errors call it.
#[cfg(test)]
pub(super) fn read_from(path: &Path, input: impl Read) -> Result<Trace, ReadError> {
    take_in(Reader::of(path, input)?)
}

fn take_in(mut reader: Reader<impl Read>) -> Result<Trace, ReadError> {
    let mut store = TraceStore::new();
    while let Some(batch) = reader.next()? {
        store.push(&batch);
    }
    Ok(Trace {
        info: reader.info().clone(),
        store,
        marks: reader.take_marks(),
        truncated: reader.missing().cloned(),
    })
}

fn read_head<R: Read>(path: &Path, mut input: R) -> Result<(TraceInfo, u16, Chunks<R>), ReadError> {
    let failed = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let mut start = Vec::new();
    let head = MAGIC.len() + size_of_val(&VERSION);
    let mut beginning = input.by_ref().take(head as u64);
    beginning.read_to_end(&mut start).map_err(failed)?;
    if start.is_empty() {
        return Err(ReadError::Empty(path.to_owned()));
    }
    if !start.starts_with(MAGIC) {
        if MAGIC.starts_with(&start) {
            return Err(ReadError::Headless(path.to_owned()));
        }
        input.take(4096).read_to_end(&mut start).map_err(failed)?;
        return Err(ReadError::NotATrace {
            path: path.to_owned(),
            looks_like: sniff::looks_like(&start),
        });
    }
    let Some(version) = start[MAGIC.len()..].first_chunk().copied() else {
        return Err(ReadError::Headless(path.to_owned()));
    };
    let version = u16::from_le_bytes(version);
    if version > VERSION {
        return Err(ReadError::Newer {
            path: path.to_owned(),
            version,
            known: VERSION,
        });
    }
    let mut chunks = Chunks {
        input,
        payload: Vec::new(),
        read: head as u64,
    };
    let info = match chunks.next().map_err(failed)? {
        Chunk::Sound(INFO) => postcard::from_bytes(&chunks.payload).ok(),
        _ => None,
    };
    let info = info.ok_or_else(|| ReadError::Headless(path.to_owned()))?;
    Ok((info, version, chunks))
}

/// No run lasts longer, 292 years: who reads a moment may add to it.
const LATEST: Timestamp = Timestamp(u64::MAX / 2);

/// Whether the events of a thread go on in time, as the store relies on, and no further than [`LATEST`].
fn is_in_order(batch: &Batch, last: &mut HashMap<ThreadId, Timestamp>) -> bool {
    let last = last.entry(batch.source.thread).or_default();
    batch.events.iter().all(|event| {
        let goes_on = (*last..=LATEST).contains(&event.at);
        *last = event.at;
        goes_on
    })
}

/// The chunks of a file.
struct Chunks<R> {
    input: R,
    /// Of the last sound chunk. Grows with what is in the file, never with what a length pretends.
    payload: Vec<u8>,
    /// How many bytes were read.
    read: u64,
}

enum Chunk {
    /// Of this kind; its payload can be read.
    Sound(u8),
    /// It breaks off, or its checksum does not fit; so many bytes of it were read.
    Damaged { bytes: u64 },
    /// The file ends here.
    None,
}

impl<R: Read> Chunks<R> {
    fn next(&mut self) -> io::Result<Chunk> {
        self.payload.clear();
        let mut head = self.input.by_ref().take(HEAD as u64);
        head.read_to_end(&mut self.payload)?;
        let Ok([kind, l0, l1, l2, l3, c0, c1, c2, c3]) = <[u8; HEAD]>::try_from(&*self.payload)
        else {
            return Ok(match self.payload.len() as u64 {
                0 => Chunk::None,
                bytes => Chunk::Damaged { bytes },
            });
        };
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        self.payload.clear();
        let mut payload = self.input.by_ref().take(u64::from(length));
        payload.read_to_end(&mut self.payload)?;
        self.read += self.bytes();
        let whole = self.payload.len() as u64 == u64::from(length);
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        if whole && checksum(kind, length, &self.payload) == crc {
            return Ok(Chunk::Sound(kind));
        }
        Ok(Chunk::Damaged {
            bytes: self.bytes(),
        })
    }

    /// How many bytes the last chunk has.
    const fn bytes(&self) -> u64 {
        (HEAD + self.payload.len()) as u64
    }

    /// How many bytes follow.
    fn rest(&mut self) -> io::Result<u64> {
        io::copy(&mut self.input, &mut io::sink())
    }
}

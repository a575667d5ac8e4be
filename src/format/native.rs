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
//! kind 'E'   payload = u64, the number of events; the last chunk: the recording was finished
//! ```
//!
//! Integers are little-endian. `crc` is the CRC-32 of kind, length and payload. Payloads are written by
//! `postcard`, which numbers the variants of an enum by their places: when the vocabulary in `trace` changes,
//! [`VERSION`] has to rise.
//!
//! A reader takes chunks for as long as they are sound. Where the file breaks off, or a chunk is damaged, it
//! keeps all before that and says what is missing: a file is a trace from its first chunk on, at every moment.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{ReadError, Trace, TraceInfo, sniff};
use crate::store::TraceStore;
use crate::trace::{Batch, ThreadId, Timestamp};

/// The newest version of the format: the one that is written.
///
/// Each version added words at the ends of the vocabulary, so that what was written in an older one means the same:
/// version 2 for connections, Deferreds and the thread pool; version 3 for a thread that sleeps, and for a
/// watchdog; version 4 for what a thread is blocked on, and for what recording costs.
pub const VERSION: u16 = 4;

const MAGIC: &[u8; 14] = b"\x89loopscope\r\n\x1a\n";
const HEAD: usize = 9;
const INFO: u8 = b'I';
const BATCH: u8 = b'B';
const END: u8 = b'E';

/// Writes a trace as it is recorded.
///
/// It does not buffer beyond one chunk: wrap files in a [`std::io::BufWriter`].
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
    let length = u32::try_from(chunk.len() - HEAD)
        .map_err(|_| io::Error::other("a batch of more than 4 GiB does not fit into a chunk"))?;
    let crc = checksum(kind, length, &chunk[HEAD..]);
    chunk[0] = kind;
    chunk[1..5].copy_from_slice(&length.to_le_bytes());
    chunk[5..HEAD].copy_from_slice(&crc.to_le_bytes());
    Ok(())
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
    read_from(path, open(path)?)
}

/// Reads what a trace tells before its first event.
///
/// # Errors
/// When the file cannot be read, is something else, or is damaged there.
pub fn read_info(path: &Path) -> Result<TraceInfo, ReadError> {
    read_head(path, open(path)?).map(|(info, _)| info)
}

fn open(path: &Path) -> Result<BufReader<File>, ReadError> {
    let failed = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(ReadError::IsFolder(path.to_owned()));
    }
    Ok(BufReader::with_capacity(256 * 1024, file))
}

/// As [`read`], from anything; `path` is what errors call it.
pub(super) fn read_from(path: &Path, input: impl Read) -> Result<Trace, ReadError> {
    let mut reader = Reader::of(path, input)?;
    let mut store = TraceStore::new();
    while let Some(batch) = reader.next()? {
        store.push(&batch);
    }
    Ok(Trace {
        info: reader.info,
        store,
        truncated: reader.missing,
    })
}

/// Reads a trace batch by batch: the first of a long one can be shown before the last is read.
pub struct Reader<R = BufReader<File>> {
    path: PathBuf,
    info: TraceInfo,
    chunks: Chunks<R>,
    /// The last moment of each thread.
    last: HashMap<ThreadId, Timestamp>,
    events: u64,
    is_over: bool,
    missing: Option<String>,
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
    fn of(path: &Path, input: R) -> Result<Self, ReadError> {
        let (info, chunks) = read_head(path, input)?;
        Ok(Self {
            path: path.to_owned(),
            info,
            chunks,
            last: HashMap::new(),
            events: 0,
            is_over: false,
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

    /// Once there are no more batches: where the file ends early or is damaged, what is missing, as a sentence for a
    /// person.
    pub fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
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
        let missing = match self.chunks.next().map_err(failed)? {
            Chunk::Sound(BATCH) => match postcard::from_bytes::<Batch>(&self.chunks.payload) {
                Ok(batch) if is_in_order(&batch, &mut self.last) => {
                    self.events += batch.events.len() as u64;
                    return Ok(Some(batch));
                }
                _ => Some(self.chunks.bytes() + self.chunks.rest().map_err(failed)?),
            },
            Chunk::Sound(END) => match postcard::from_bytes::<u64>(&self.chunks.payload) {
                Ok(events) if events == self.events => {
                    self.is_over = true;
                    return Ok(None);
                }
                _ => Some(0),
            },
            Chunk::Sound(_) => Some(self.chunks.bytes() + self.chunks.rest().map_err(failed)?),
            Chunk::Damaged { bytes } => Some(bytes + self.chunks.rest().map_err(failed)?),
            Chunk::None => None,
        };
        self.is_over = true;
        self.missing = Some(self.tell(missing));
        Ok(None)
    }

    /// Says what is missing: so many bytes at the end, some events in the middle for 0, or only the mark of the end.
    fn tell(&self, missing: Option<u64>) -> String {
        let last = self.last.values().max().copied().unwrap_or_default();
        let kept = format!(
            "Everything up to {last:.3} ({} events) is here.",
            self.events
        );
        match missing {
            None => format!("The recording was not finished: its program ended before. {kept}"),
            Some(0) => format!("Some events are missing in the middle of the file. {kept}"),
            Some(bytes) => format!(
                "The file is cut off or damaged: its last {bytes} bytes cannot be read. {kept}"
            ),
        }
    }
}

fn read_head<R: Read>(path: &Path, mut input: R) -> Result<(TraceInfo, Chunks<R>), ReadError> {
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
    Ok((info, chunks))
}

/// Whether the events of a thread go on in time, as the store relies on.
fn is_in_order(batch: &Batch, last: &mut HashMap<ThreadId, Timestamp>) -> bool {
    let last = last.entry(batch.source.thread).or_default();
    batch.events.iter().all(|event| {
        let goes_on = *last <= event.at;
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

//! Recording in another process: what a child records goes through a pipe to its parent, and into the same trace.
//!
//! The counter behind the clock is the machine's and not the process's, so a raw reading is the same moment in both.
//! Numbers of names and flows are a process's own: the parent gives them its own ones. Tasks are those of the
//! scenario, and need no translation. The first thread of the child is the one that its parent knows it by; any other
//! is a thread of the trace beside it.
//!
//! ```text
//! pipe    = frame…
//! frame   = length: u32, little-endian; payload: [u8; length], written by `postcard`
//! payload = Hello, once; Batch…; End, once, unless the child ended too early
//! ```
//!
//! The child keeps the promise of this room: it never waits for whoever reads the pipe. What does not fit into the
//! pipe waits in the channel, and past that in the recorder, which counts what it has to drop.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde::{Deserialize, Serialize};

use super::channel::{RawBatch, channel};
use super::times::own_cpu_time;
use super::translate::Dictionary;
use super::{Receiver, Recorder};
use crate::clock::{Clock, Ticks};
use crate::trace::{Event, EventKind, ModelId, ThreadId};

/// No frame is longer: a recorder keeps 2 MiB of events at most.
const LONGEST: usize = 16 << 20;

const LENGTH: usize = size_of::<u32>();

/// Both ends have to be of one make.
const MAKE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

#[derive(Serialize, Deserialize)]
enum Frame {
    Hello {
        make: String,
        /// The raw reading at the zero of the child's clock.
        origin: u64,
    },
    Batch(RawBatch),
    /// The child's work is over, and this is what went wrong, if something did.
    End(Option<String>),
}

/// Why nothing more is taken from a pipe.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::{Inlet, RelayError, Recorders};
/// use loopscope::trace::ModelId;
///
/// let recorders = Recorders::off(&Clock::monotonic());
/// let mut inlet = Inlet::new(recorders.recorder(ModelId::from_index(0), "child"));
/// // A child that prints into the pipe, say.
/// assert!(matches!(inlet.push(b"Hello, world!"), Err(RelayError::Foreign)));
/// ```
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// What came is no frame, or not in its place.
    #[error("it does not speak as a process of {MAKE} does: another program, or another version")]
    Foreign,
}

/// The child's end of the pipe: writes what is recorded, as it is handed over.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::{Inlet, Outlet, channel};
/// use loopscope::trace::{EventKind, ModelId};
/// use std::io::Read;
///
/// let clock = Clock::monotonic();
/// let (mut pipe, theirs) = std::io::pipe()?;
///
/// // In the child, which has one end of a pipe from its parent:
/// let (mut recorder, outlet) = Outlet::open(&clock, theirs.into())?;
/// recorder.record(EventKind::PollBegin);
/// outlet.finish(recorder, None)?;
///
/// // In the parent:
/// let (recorders, receiver) = channel(&clock, std::sync::Arc::new(|| {}));
/// let mut inlet = Inlet::new(recorders.recorder(ModelId::from_index(0), "child"));
/// let mut bytes = Vec::new();
/// pipe.read_to_end(&mut bytes)?;
/// inlet.push(&bytes)?;
/// assert_eq!(inlet.end(), Some(Ok(())), "its work went well");
/// let batch = receiver.try_recv()?;
/// assert!(batch.events.iter().any(|event| event.kind == EventKind::PollBegin));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Outlet {
    pump: Arc<OnceLock<Mutex<Pump>>>,
}

impl Outlet {
    /// Makes the recorder of the child's first thread, and what brings it to the parent. Like others that are made from it,
    /// it tells in the end how the time of its thread was spent, from the start of the process on, and what recording took
    /// of it.
    ///
    /// # Errors
    /// When `pipe` is none.
    pub fn open(clock: &Clock, pipe: OwnedFd) -> io::Result<(Recorder, Self)> {
        let flags = fcntl_getfl(&pipe)?;
        fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?;
        let pump = Arc::new(OnceLock::<Mutex<Pump>>::new());
        let in_wake = Arc::clone(&pump);
        let wake = move || {
            if let Some(pump) = in_wake.get() {
                // A parent that is gone wants nothing more.
                let _ = pump.lock().unwrap_or_else(PoisonError::into_inner).run();
            }
        };
        let (recorders, receiver) = channel(clock, Arc::new(wake));
        let hello = Frame::Hello {
            make: MAKE.to_owned(),
            origin: clock.origin().0,
        };
        let started = Pump {
            receiver,
            pipe: pipe.into(),
            pending: encode(&hello)?,
        };
        pump.get_or_init(|| Mutex::new(started));
        let recorders = recorders.with_thread_times();
        // The model is for the parent to say.
        let mut recorder = recorders.recorder(ModelId::from_index(0), "child");
        recorder.measure_whole_life();
        Ok((recorder, Self { pump }))
    }

    /// Writes what is left, and what went wrong in the child's work. Takes as long as the parent lets it.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn finish(self, recorder: Recorder, error: Option<String>) -> io::Result<()> {
        drop(recorder);
        let Some(pump) = self.pump.get() else {
            return Ok(());
        };
        let mut pump = pump.lock().unwrap_or_else(PoisonError::into_inner);
        let flags = fcntl_getfl(&pump.pipe)?;
        fcntl_setfl(&pump.pipe, flags - OFlags::NONBLOCK)?;
        pump.run()?;
        pump.pipe.write_all(&encode(&Frame::End(error))?)
    }
}

/// Brings batches into a pipe.
struct Pump {
    receiver: Receiver,
    pipe: File,
    /// What the pipe has not taken yet of the last frame.
    pending: Vec<u8>,
}

impl Pump {
    /// Writes for as long as the pipe takes it.
    fn run(&mut self) -> io::Result<()> {
        loop {
            while !self.pending.is_empty() {
                match self.pipe.write(&self.pending) {
                    Ok(written) => drop(self.pending.drain(..written)),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            let Ok(batch) = self.receiver.try_recv_raw() else {
                return Ok(());
            };
            self.pending = encode(&Frame::Batch(batch))?;
        }
    }
}

fn encode(frame: &Frame) -> io::Result<Vec<u8>> {
    let mut bytes = postcard::to_io(frame, vec![0; LENGTH]).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - LENGTH).map_err(io::Error::other)?;
    bytes[..LENGTH].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// The parent's end of the pipe: takes in what was read from it, and records it as threads of this trace. These end when
/// the inlet is dropped.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::{Inlet, channel};
/// use loopscope::trace::ModelId;
///
/// let (recorders, _receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut inlet = Inlet::new(recorders.recorder(ModelId::from_index(0), "child"));
/// inlet.push(&[])?;
/// assert_eq!(inlet.end(), None, "the child is at work still, or ended too early");
/// # Ok::<(), loopscope::record::RelayError>(())
/// ```
pub struct Inlet {
    recorder: Recorder,
    /// Those of the child's other threads, by its own numbers.
    others: HashMap<ThreadId, Recorder>,
    dictionary: Dictionary,
    /// What has come of a frame that is not whole yet.
    bytes: Vec<u8>,
    greeted: bool,
    end: Option<Result<(), String>>,
    /// CPU time that taking in has taken, in nanoseconds.
    spent: u64,
}

impl Inlet {
    /// Records with `recorder`, which must have begun before the child did, and is not to tell of this process's time: the
    /// child tells of its own.
    pub fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            others: HashMap::new(),
            dictionary: Dictionary::default(),
            bytes: Vec::new(),
            greeted: false,
            end: None,
            spent: 0,
        }
    }

    /// What it records with, for what the parent has to add.
    pub const fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// How the child's work ended, if it said so.
    pub fn end(&self) -> Option<Result<(), String>> {
        self.end.clone()
    }

    /// Takes in what was read.
    ///
    /// # Errors
    /// When it is not what an [`Outlet`] writes. What follows is not to be taken in then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), RelayError> {
        let begin = own_cpu_time();
        let taken = self.take_in(bytes);
        self.spent += own_cpu_time().saturating_sub(begin);
        taken
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), RelayError> {
        self.bytes.extend_from_slice(bytes);
        let mut taken = 0;
        while let Some((frame, length)) = next_frame(&self.bytes[taken..])? {
            taken += length;
            self.take(frame)?;
        }
        self.bytes.drain(..taken);
        self.recorder.flush();
        self.others.values_mut().for_each(Recorder::flush);
        Ok(())
    }

    fn take(&mut self, frame: Frame) -> Result<(), RelayError> {
        match frame {
            Frame::Hello { make, origin } if !self.greeted && make == MAKE => {
                self.greeted = true;
                let origin = self.recorder.clock().timestamp(Ticks(origin));
                self.dictionary = Dictionary::since(origin);
            }
            Frame::Batch(batch) if self.greeted => self.record(batch),
            Frame::End(error) if self.greeted => self.end = Some(error.map_or(Ok(()), Err)),
            _ => return Err(RelayError::Foreign),
        }
        Ok(())
    }

    fn record(&mut self, batch: RawBatch) {
        self.begin_thread(&batch);
        let thread = batch.source.thread;
        let dictionary = &mut self.dictionary;
        let recorder = self.others.get_mut(&thread).unwrap_or(&mut self.recorder);
        for (id, text) in &batch.names {
            dictionary.learn(*id, text, recorder);
        }
        for event in batch.events {
            // The first begins with its process and ends with it: the parent knows both better. The others have begun.
            if matches!(
                event.kind,
                EventKind::ThreadBegin { .. } | EventKind::ThreadEnd
            ) {
                continue;
            }
            let kind = dictionary.translate(event.kind, recorder);
            recorder.record_at(Ticks(event.at.0), kind);
        }
    }

    /// Gives the thread that `batch` is of a recorder, if this is the first that is heard of it.
    fn begin_thread(&mut self, batch: &RawBatch) {
        let thread = batch.source.thread;
        let own = self.recorder.source();
        // The child's first recorder has the first number.
        if thread == ThreadId::from_index(0) {
            self.dictionary.meet(thread, own.thread);
        } else if let Some(Event {
            at,
            kind: EventKind::ThreadBegin { name },
        }) = batch.events.first()
            && let Some((_, text)) = batch.names.iter().find(|(id, _)| id == name)
        {
            let recorders = self.recorder.recorders();
            let recorder = recorders.recorder_since(Ticks(at.0), own.model, text);
            self.dictionary.meet(thread, recorder.source().thread);
            self.others.insert(thread, recorder);
        }
    }
}

/// What it took to take all that in is a part of what recording costs.
impl Drop for Inlet {
    fn drop(&mut self) {
        let (events, spent) = (0, self.spent);
        self.recorder.record(EventKind::Recorded { events, spent });
    }
}

/// The first frame and its length, if it is whole.
fn next_frame(bytes: &[u8]) -> Result<Option<(Frame, usize)>, RelayError> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*length) as usize;
    if length > LONGEST {
        return Err(RelayError::Foreign);
    }
    let Some(payload) = rest.get(..length) else {
        return Ok(None);
    };
    let frame = postcard::from_bytes(payload).map_err(|_| RelayError::Foreign)?;
    Ok(Some((frame, LENGTH + length)))
}

#[cfg(test)]
mod tests;

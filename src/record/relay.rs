//! Recording in another process: what a child records goes through a pipe to its parent, and into the same trace.
//!
//! The counter behind the clock is the machine's and not the process's, so a raw reading is the same moment in both.
//! Numbers of names and flows are a process's own: the parent gives them its own ones. Tasks are those of the
//! scenario, and need no translation.
//!
//! ```text
//! pipe    = frame…
//! frame   = length: u32, little-endian; payload: [u8; length], written by `postcard`
//! payload = Hello, once; Batch…; End, once, unless the child ended too early
//! ```
//!
//! The child keeps the promise of this room: it never waits for whoever reads the pipe. What does not fit into the
//! pipe waits in the channel, and past that in the recorder, which counts what it has to drop.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde::{Deserialize, Serialize};

use super::channel::{RawBatch, channel};
use super::translate::Dictionary;
use super::{Receiver, Recorder};
use crate::clock::{Clock, Ticks};
use crate::trace::{EventKind, ModelId};

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
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// What came is no frame, or not in its place.
    #[error("it does not speak as a process of {MAKE} does: another program, or another version")]
    Foreign,
}

/// The child's end of the pipe: writes what is recorded, as it is handed over.
pub struct Outlet {
    pump: Arc<OnceLock<Mutex<Pump>>>,
}

impl Outlet {
    /// Makes the child's only recorder, and what brings it to the parent.
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
        // The model is for the parent to say.
        let recorder = recorders.recorder(ModelId::from_index(0), "child");
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

/// The parent's end of the pipe: takes in what was read from it, and records it as a thread of this trace. That
/// thread ends when the inlet is dropped.
pub struct Inlet {
    recorder: Recorder,
    dictionary: Dictionary,
    /// What has come of a frame that is not whole yet.
    bytes: Vec<u8>,
    greeted: bool,
    end: Option<Result<(), String>>,
}

impl Inlet {
    /// Records with `recorder`, which must have begun before the child did.
    pub fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            dictionary: Dictionary::default(),
            bytes: Vec::new(),
            greeted: false,
            end: None,
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
        self.bytes.extend_from_slice(bytes);
        let mut taken = 0;
        while let Some((frame, length)) = next_frame(&self.bytes[taken..])? {
            taken += length;
            self.take(frame)?;
        }
        self.bytes.drain(..taken);
        self.recorder.flush();
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
        let Self {
            recorder,
            dictionary,
            ..
        } = self;
        for (id, text) in &batch.names {
            dictionary.learn(*id, text, recorder);
        }
        for event in batch.events {
            // Its track begins with its process and ends with it: the parent knows both better.
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
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use rustix::pipe::pipe;

    use super::*;
    use crate::trace::{Batch, Cause, TaskId, Timestamp};

    /// What `child` records, as it comes out of the parent's channel, and how its work ended.
    fn relayed(
        child: impl FnOnce(&mut Recorder),
        cut: usize,
    ) -> (Vec<Batch>, Option<Result<(), String>>, Clock) {
        let parent = Clock::monotonic();
        let (recorders, receiver) = channel(&parent, Arc::new(|| {}));
        let recorder = recorders.recorder(ModelId::from_index(3), "process 1");
        // A clock of its own, as in another process.
        let (read, write) = pipe().expect("there is a pipe");
        let clock = Clock::monotonic();
        let (mut inside, outlet) = Outlet::open(&clock, write).expect("it is a pipe");
        child(&mut inside);
        outlet
            .finish(inside, Some("lost its way".to_owned()))
            .expect("somebody reads");
        let mut bytes = Vec::new();
        File::from(read)
            .read_to_end(&mut bytes)
            .expect("it can be read");
        let mut inlet = Inlet::new(recorder);
        for piece in bytes.chunks(cut) {
            inlet.push(piece).expect("it is sound");
        }
        let end = inlet.end();
        drop(inlet);
        let batches = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
        (batches, end, parent)
    }

    #[test]
    fn what_a_child_records_is_a_thread_of_the_trace() {
        let task = TaskId::from_index(4);
        for cut in [1, 7, usize::MAX] {
            let (batches, end, clock) = relayed(
                |recorder| {
                    let name = recorder.name("line_received");
                    let flow = Some(recorder.new_flow());
                    recorder.record(EventKind::CallbackBegin {
                        name,
                        task: Some(task),
                        cause: Cause::Program,
                        flow,
                    });
                    let begin = recorder.now();
                    recorder.flush();
                    recorder.record(EventKind::CallbackEnd { failed: false });
                    recorder.record(EventKind::Stall {
                        begin,
                        task: Some(task),
                        callback: name,
                    });
                },
                cut,
            );
            assert_eq!(end, Some(Err("lost its way".to_owned())));
            let names: std::collections::HashMap<_, _> = batches
                .iter()
                .flat_map(|batch| batch.names.iter().cloned())
                .collect();
            let events: Vec<_> = batches
                .iter()
                .flat_map(|batch| batch.events.iter().copied())
                .collect();
            assert!(
                batches
                    .iter()
                    .all(|batch| batch.source == batches[0].source)
            );
            assert_eq!(batches[0].source.model, ModelId::from_index(3));
            assert!(events.is_sorted_by_key(|event| event.at));
            assert!(events.iter().all(|event| event.at <= clock.now()));
            let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
            let [
                EventKind::ThreadBegin { name: thread },
                EventKind::CallbackBegin {
                    name,
                    flow: Some(_),
                    ..
                },
                EventKind::CallbackEnd { failed: false },
                EventKind::Stall {
                    begin, callback, ..
                },
                EventKind::ThreadEnd,
            ] = kinds[..]
            else {
                panic!("{kinds:?}");
            };
            assert_eq!(names[&thread], "process 1");
            assert_eq!(names[&name], "line_received");
            assert_eq!(callback, name);
            // It was rounded twice.
            let slack = Duration::from_micros(1);
            assert!(begin + slack >= events[1].at && begin <= events[2].at + slack);
        }
    }

    #[test]
    fn what_does_not_fit_into_the_pipe_waits_in_the_channel() {
        let clock = Clock::monotonic();
        let (read, write) = pipe().expect("there is a pipe");
        let (mut recorder, outlet) = Outlet::open(&clock, write).expect("it is a pipe");
        let events = 100_000;
        for _ in 0..events {
            recorder.record(EventKind::PollBegin);
        }
        // Nobody has read so far, and nobody has waited for it.
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            File::from(read).read_to_end(&mut bytes).map(|_| bytes)
        });
        outlet.finish(recorder, None).expect("somebody reads");
        let bytes = reader.join().expect("it reads").expect("to the end");
        let (recorders, receiver) = channel(&clock, Arc::new(|| {}));
        let mut inlet = Inlet::new(recorders.recorder(ModelId::from_index(0), "process"));
        inlet.push(&bytes).expect("it is sound");
        assert_eq!(inlet.end(), Some(Ok(())));
        let batches = std::iter::from_fn(|| receiver.try_recv().ok());
        let came = batches.flat_map(|batch| batch.events);
        let polls = came.filter(|event| event.kind == EventKind::PollBegin);
        assert_eq!(polls.count(), events);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let mut batch_first = encode(&Frame::End(None)).expect("it can be written");
        batch_first.extend(b"more");
        let other = Frame::Hello {
            make: "loopscope 0.0.0".to_owned(),
            origin: 0,
        };
        for wrong in [
            b"running 0 tests\n".to_vec(),
            b"\x02\x00\x00\x00\xff\xff".to_vec(),
            batch_first,
            encode(&other).expect("it can be written"),
        ] {
            let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
            let recorder = recorders.recorder(ModelId::from_index(0), "process");
            let mut inlet = Inlet::new(recorder);
            assert!(matches!(inlet.push(&wrong), Err(RelayError::Foreign)));
            assert_eq!(inlet.end(), None);
        }
    }

    #[test]
    fn moments_of_a_child_are_moved_by_when_its_clock_began() {
        let (clock, hand) = Clock::manual();
        let (recorders, _receiver) = channel(&clock, Arc::new(|| {}));
        let mut recorder = recorders.recorder(ModelId::from_index(0), "process");
        hand.advance(Duration::from_nanos(700));
        let mut dictionary = Dictionary::since(clock.now());
        let flow = recorder.new_flow();
        let kind = EventKind::ThreadCall {
            flow,
            queued_at: Timestamp(42),
        };
        let translated = [0, 1].map(|_| dictionary.translate(kind, &mut recorder));
        assert_eq!(translated[0], translated[1], "a flow stays what it is");
        assert!(matches!(
            translated[0],
            EventKind::ThreadCall { flow: own, queued_at } if own != flow && queued_at == Timestamp(742)
        ));
    }
}

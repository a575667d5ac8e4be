//! How far the reading or the writing of a file has come: told to whoever waits for it, and who may give it up.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::store::{Lane, ModelTrack, TraceStore};

/// How far the reading or the writing of a file has come. A copy of it tells of the same file.
///
/// ```
/// use loopscope::format::{self, Origin, Progress};
///
/// let file = std::path::PathBuf::from("tests/data/three-slow-servers.loopscope");
/// let trace = format::open(&file)?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("mine.json");
/// let progress = Progress::default();
/// let now = trace.now();
/// Origin::File(file).export_watched(&path, &trace.info, &trace.store, &[], now, &progress)?;
/// assert_eq!(progress.share(), 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// How much there is to do, and how much of it is done: bytes that are copied, or spans that are written.
    all: AtomicU64,
    done: AtomicU64,
    given_up: AtomicBool,
}

/// Nobody wants the file any more.
#[derive(Debug, thiserror::Error)]
#[error("it was given up")]
pub(super) struct GivenUp;

impl Progress {
    /// How much of it is done, from 0 to 1.
    pub fn share(&self) -> f32 {
        let [done, all] = [&self.0.done, &self.0.all].map(|count| count.load(Ordering::Relaxed));
        (done as f64 / all.max(1) as f64).min(1.0) as f32
    }

    /// Whether anything of it is done: what stands in the way of a file is known by then.
    pub fn has_begun(&self) -> bool {
        self.0.done.load(Ordering::Relaxed) > 0
    }

    /// Nobody wants it any more: writing it ends with [`WriteError::GivenUp`](super::WriteError::GivenUp), and what was
    /// there before is there still.
    pub fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has given it up.
    pub fn is_given_up(&self) -> bool {
        self.0.given_up.load(Ordering::Relaxed)
    }

    /// There is so much to do.
    pub(crate) fn expect(&self, all: u64) {
        self.0.all.store(all, Ordering::Relaxed);
    }

    /// So much more is done.
    ///
    /// # Errors
    /// When nobody wants it any more.
    pub(crate) fn go_on(&self, more: u64) -> io::Result<()> {
        if self.is_given_up() {
            return Err(io::Error::other(GivenUp));
        }
        // One thread writes a file.
        let done = self.0.done.load(Ordering::Relaxed);
        self.0.done.store(done + more, Ordering::Relaxed);
        Ok(())
    }

    /// Reads what is to be copied, `all` bytes of it.
    pub(super) fn reading<R: Read>(&self, from: R, all: u64) -> Reading<'_, R> {
        self.expect(all);
        Reading {
            from,
            progress: self,
        }
    }
}

/// How many spans and moments are written where all of a trace is: its bytes are not known before.
pub(super) fn pieces(store: &TraceStore) -> u64 {
    let spans = |lane: &Lane| {
        let rows = lane.rows().iter().map(|row| row.spans());
        let ended: usize = rows.map(|spans| spans.len() - spans.first_place()).sum();
        ended + lane.open().len()
    };
    let of_model = |model: &ModelTrack| {
        let threads = model.threads.iter().map(|thread| {
            let moments = thread.instants();
            spans(&thread.lane) + moments.len() - moments.first_place()
        });
        let tasks = model.tasks.iter().map(|task| spans(&task.lane));
        threads.sum::<usize>() + tasks.sum::<usize>()
    };
    store.models().iter().map(of_model).sum::<usize>() as u64
}

/// See [`Progress::reading`].
pub(super) struct Reading<'a, R> {
    from: R,
    progress: &'a Progress,
}

impl<R: Read> Read for Reading<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.progress.go_on(read as u64)?;
        Ok(read)
    }
}

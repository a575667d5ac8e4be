//! How much memory the process takes while a model runs.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::record::{Recorder, Recorders};
use crate::trace::{EventKind, ModelId};

/// How often somebody looks: seldom enough to keep an idle process idle, often enough for the tasks of a second.
const INTERVAL: Duration = Duration::from_millis(200);

/// Looks now and then, until it is dropped.
pub(super) struct MemoryWatch {
    /// Nothing is ever sent: dropping it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MemoryWatch {
    /// Starts to look. Where the system does not tell, or has no thread to spare, nobody does.
    pub(super) fn start(recorders: &Recorders, model: ModelId) -> Option<Self> {
        let begin = recorders.clock().ticks();
        let first = resident_bytes()?;
        let recorders = recorders.clone().without_thread_times();
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name("memory".to_owned())
            .spawn(move || {
                // Not before the model has something of its own to record: its first thread is to be the first of it.
                let mut waited = stopped.recv_timeout(INTERVAL);
                let mut recorder = recorders.recorder_since(begin, model, "memory");
                recorder.record_at(begin, EventKind::Memory { resident: first });
                while waited == Err(RecvTimeoutError::Timeout) {
                    look(&mut recorder);
                    waited = stopped.recv_timeout(INTERVAL);
                }
                look(&mut recorder);
            });
        Some(Self {
            stop: Some(stop),
            thread: Some(thread.ok()?),
        })
    }
}

impl Drop for MemoryWatch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// Records how much there is, if the system tells.
fn look(recorder: &mut Recorder) {
    if let Some(resident) = resident_bytes() {
        recorder.record(EventKind::Memory { resident });
        recorder.flush();
    }
}

/// The second number of Linux's `statm`, in pages.
fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    Some(pages.saturating_mul(page))
}

//! How much memory the process takes while a model runs.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::record::{Recorder, Recorders};
use crate::trace::{EventKind, ModelId};

/// How often somebody looks where there was a change, which is often enough for the tasks of a second; where there was
/// none, ever less often, down to so seldom that an idle process stays idle.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_millis(1600);

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
                let mut interval = SHORTEST;
                let mut waited = stopped.recv_timeout(interval);
                let mut recorder = recorders.recorder_since(begin, model, "memory");
                recorder.record_at(begin, EventKind::Memory { resident: first });
                let mut before = first;
                while waited == Err(RecvTimeoutError::Timeout) {
                    let resident = look(&mut recorder);
                    interval = next_interval(interval, before, resident);
                    before = resident.unwrap_or(before);
                    waited = stopped.recv_timeout(interval);
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

/// When to look again.
fn next_interval(interval: Duration, before: u64, resident: Option<u64>) -> Duration {
    match resident {
        Some(resident) if resident != before => SHORTEST,
        _ => (2 * interval).min(LONGEST),
    }
}

/// Records how much there is, if the system tells.
fn look(recorder: &mut Recorder) -> Option<u64> {
    let resident = resident_bytes()?;
    recorder.record(EventKind::Memory { resident });
    recorder.flush();
    Some(resident)
}

/// The second number of Linux's `statm`, in pages.
fn resident_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    Some(pages.saturating_mul(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_changes_somebody_looks_ever_less_often() {
        let mut interval = SHORTEST;
        let mut looks = 0;
        let mut waited = Duration::ZERO;
        while waited < Duration::from_secs(60) {
            waited += interval;
            looks += 1;
            interval = next_interval(interval, 7, Some(7));
        }
        assert!(looks < 60, "{looks}");
        assert_eq!(next_interval(interval, 7, Some(8)), SHORTEST);
        assert_eq!(next_interval(interval, 7, None), LONGEST);
    }
}

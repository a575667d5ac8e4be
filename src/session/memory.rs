//! How much memory the process takes while a model runs.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::record::Recorders;
use crate::trace::{EventKind, ModelId};

/// How often somebody looks where there was a change, which is often enough for the tasks of a second; where there was
/// none, ever less often, down to so seldom that an idle process stays idle.
const SHORTEST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_millis(1600);
/// Less is none: whoever looks at what is recorded takes some memory as well.
const CHANGE: u64 = 256 * 1024;

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
                recorder.flush();
                let mut before = first;
                while waited == Err(RecvTimeoutError::Timeout) {
                    let resident = resident_bytes().unwrap_or(before);
                    let changed = resident.abs_diff(before) >= CHANGE;
                    if changed {
                        before = resident;
                        recorder.record(EventKind::Memory { resident });
                        recorder.flush();
                    }
                    interval = next_interval(interval, changed);
                    waited = stopped.recv_timeout(interval);
                }
                if let Some(resident) = resident_bytes() {
                    recorder.record(EventKind::Memory { resident });
                }
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
fn next_interval(interval: Duration, changed: bool) -> Duration {
    if changed {
        SHORTEST
    } else {
        (2 * interval).min(LONGEST)
    }
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
            interval = next_interval(interval, false);
        }
        assert!(looks < 60, "{looks}");
        assert_eq!(interval, LONGEST);
        assert_eq!(next_interval(interval, true), SHORTEST);
    }
}

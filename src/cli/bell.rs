//! How the terminal's thread waits for a run: until something was recorded, and not a moment of its own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// Wakes the thread that made it, if that wants to be woken. Clones are the same bell; any thread may ring it.
#[derive(Clone)]
pub(super) struct Bell {
    thread: Thread,
    /// Whether anybody has to be woken: a recording thread that rings in vain has asked for no more than this.
    listens: Arc<AtomicBool>,
}

impl Bell {
    /// For the calling thread.
    pub(super) fn new() -> Self {
        Self {
            thread: thread::current(),
            listens: Arc::new(AtomicBool::new(false)),
        }
    }

    pub(super) fn ring(&self) {
        if self.listens.load(Ordering::SeqCst) && self.listens.swap(false, Ordering::SeqCst) {
            self.thread.unpark();
        }
    }

    /// From now on a ring counts: to be called before looking whether there is something to do.
    pub(super) fn listen(&self) {
        self.listens.store(true, Ordering::SeqCst);
    }

    /// Waits for a ring since [`Bell::listen`], on the thread that made it, and for `timeout` at most.
    pub(super) fn wait(&self, timeout: Duration) {
        thread::park_timeout(timeout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test lasts.
    const EVER: Duration = Duration::from_secs(3600);

    #[test]
    fn a_ring_is_heard_also_if_it_came_before_the_wait() {
        let bell = Bell::new();
        bell.listen();
        bell.ring();
        bell.wait(EVER);
        let other = bell.clone();
        bell.listen();
        let ringing = thread::spawn(move || other.ring());
        bell.wait(EVER);
        ringing.join().expect("it does not panic");
    }
}

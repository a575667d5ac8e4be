//! The watchdog: sees a stall while it lasts, why it does, and what comes in meanwhile.
//!
//! A [`Watchdog`] is a thread beside a loop. The loop tells it of its way by setting a few atomics: no lock, no system
//! call, no look at the clock. [`Reactor::watch`](crate::reactor::Reactor::watch) is all it takes for a reactor; a loop
//! of one's own calls what the reactor calls.
//!
//! # What it sees
//! - **That the loop is stuck** ([`StallNoticed`]), as soon as a stretch without a poll exceeds the threshold, and whose
//!   callback runs. Again when it has lasted twice as long, four times, and so on. With many stalls in a row some of these
//!   reports are held back, and counted.
//! - **Why**: what the thread is doing, every few milliseconds ([`ThreadSample`]), whether it did anything else between
//!   two looks ([`ThreadRan`]), what the descriptor is that it is busy with ([`DescriptorIs`]), and how the system accounts
//!   for its time at the first look and at the stall's end ([`ThreadTimes`]). From `/proc`; elsewhere than on Linux
//!   nothing is known.
//! - **What comes in**: when data arrives on a descriptor that the loop reads ([`DataArrived`]), from a second event
//!   provider. After the stall the loop says which readiness is of which descriptor ([`ReadinessOf`]).
//! - **What all this costs** ([`Watched`]).
//!
//! Of a stretch that does not become a stall nothing is recorded.
//!
//! [`StallNoticed`]: crate::trace::EventKind::StallNoticed
//! [`ThreadSample`]: crate::trace::EventKind::ThreadSample
//! [`ThreadRan`]: crate::trace::EventKind::ThreadRan
//! [`DescriptorIs`]: crate::trace::EventKind::DescriptorIs
//! [`ThreadTimes`]: crate::trace::EventKind::ThreadTimes
//! [`DataArrived`]: crate::trace::EventKind::DataArrived
//! [`ReadinessOf`]: crate::trace::EventKind::ReadinessOf
//! [`Watched`]: crate::trace::EventKind::Watched
//!
//! # What it costs
//! Nothing while the loop waits: then the watchdog sleeps, and the loop wakes it when it leaves its poll. While the loop
//! is busy, a look every 4 ms. The second event provider is told of every descriptor, but waited in only while a
//! stretch lasts longer than that.
//!
//! # A loop of one's own
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use loopscope::clock::Clock;
//! use loopscope::record::channel;
//! use loopscope::trace::{EventKind, ModelId};
//! use loopscope::watch::{StallThreshold, Watchdog};
//!
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
//! let threshold = StallThreshold::new(Duration::from_millis(10));
//! let mut watchdog = Watchdog::start(&recorder, threshold)?;
//! // Here the loop waits. Then it serves, and is stuck:
//! let begin = recorder.record(EventKind::PollEnd { ready: 1 });
//! watchdog.begin_stretch(begin);
//! let noticed = std::iter::repeat_with(|| receiver.try_recv())
//!     .flatten()
//!     .flat_map(|batch| batch.events)
//!     .find(|event| matches!(event.kind, EventKind::StallNoticed { .. }));
//! assert!(noticed.is_some(), "the stall lasts, and is known already");
//! let end = recorder.record(EventKind::PollBegin);
//! watchdog.end_stretch(end, true);
//! # Ok::<(), std::io::Error>(())
//! ```

mod descriptor;
mod observer;
mod pulse;
mod reports;
mod system;
mod threshold;
mod watcher;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashSet;
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::clock::Ticks;
use crate::record::Recorder;
use crate::trace::{NameId, TaskId};

pub use threshold::{DEFAULT_STALL_THRESHOLD, StallThreshold};

use observer::Observed;
use pulse::Pulse;
use system::{ThreadFiles, Times};
use watcher::Watcher;

/// Watches the loop of the thread that started it, until it is dropped.
pub struct Watchdog {
    shared: Arc<Shared>,
    observed: Observed,
    files: Arc<ThreadFiles>,
    thread: Option<JoinHandle<()>>,
    /// Where the present stretch began, or the last one.
    stretch: Ticks,
    /// The last stretch, if it was a stall that was looked at closely, and what came in during it is still to be fetched.
    stall: Option<Ticks>,
    /// On what data came in during the last stall, as far as no poll has told of it.
    arrived: HashSet<u64>,
    /// Whether the last poll told of any of it.
    is_told: bool,
}

/// What the loop and the thread that watches it have in common.
struct Shared {
    pulse: Pulse,
    threshold: Mutex<StallThreshold>,
    is_closed: AtomicBool,
    looks: AtomicU64,
    account: Mutex<Option<Account>>,
}

/// What the loop says of a stall that was looked at closely, at its end.
#[derive(Clone, Copy)]
struct Account {
    stretch: Ticks,
    at: Ticks,
    /// How the time of its thread was spent up to there.
    times: Option<Times>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn threshold(&self) -> Duration {
        lock(&self.threshold).get()
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn take_account(&self, stretch: Ticks) -> Option<Account> {
        let account = lock(&self.account).take();
        account.filter(|account| account.stretch == stretch)
    }

    fn count_look(&self) {
        self.looks.fetch_add(1, Ordering::Relaxed);
    }
}

/// What ran when a callback began, for [`Watchdog::leave`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Outer(u64);

impl Watchdog {
    /// Starts to watch the calling thread, whose loop records with `recorder`. What is seen is recorded in the same trace,
    /// for the same model, as from a thread called `watchdog`.
    ///
    /// # Errors
    /// When the system gives no thread or no file descriptor; it takes five on Linux.
    pub fn start(recorder: &Recorder, threshold: StallThreshold) -> io::Result<Self> {
        let source = recorder.source();
        // What it costs to watch the watchdog tells itself.
        let recorders = recorder.recorders().clone().without_thread_times();
        let (observed, observer) = observer::observer()?;
        let files = Arc::new(ThreadFiles::of_this_thread());
        let shared = Arc::new(Shared {
            pulse: Pulse::new(),
            threshold: Mutex::new(threshold),
            is_closed: AtomicBool::new(false),
            looks: AtomicU64::new(0),
            account: Mutex::new(None),
        });
        let (theirs, kept) = (Arc::clone(&shared), Arc::clone(&files));
        let thread = thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || {
                let recorder = recorders.recorder(source.model, "watchdog");
                Watcher::new(theirs, recorder, source.thread, kept, observer).run();
            })?;
        Ok(Self {
            shared,
            observed,
            files,
            thread: Some(thread),
            stretch: recorder.ticks(),
            stall: None,
            arrived: HashSet::new(),
            is_told: false,
        })
    }

    /// Takes the threshold of a stall from `threshold` from now on.
    pub fn share_stall_threshold(&self, threshold: StallThreshold) {
        *lock(&self.shared.threshold) = threshold;
    }

    /// The loop leaves its poll.
    #[inline]
    pub fn begin_stretch(&mut self, at: Ticks) {
        self.stretch = at;
        if self.shared.pulse.begin(at) {
            self.wake();
        }
    }

    /// The loop enters its poll; `was_stall` if the stretch exceeded the threshold.
    #[inline]
    pub fn end_stretch(&mut self, at: Ticks, was_stall: bool) {
        let is_attended = self.shared.pulse.is_attended(self.stretch);
        if is_attended && was_stall {
            self.take_account(at);
        }
        self.shared.pulse.end(self.stretch, was_stall);
        if is_attended {
            self.observed.wake();
        }
    }

    /// A callback begins. Its name must have been handed over, or what is seen of it cannot be named before its end.
    #[inline]
    pub fn enter(&self, name: NameId, task: Option<TaskId>) -> Outer {
        Outer(self.shared.pulse.enter(name, task))
    }

    /// The callback ended.
    #[inline]
    pub fn leave(&self, outer: Outer) {
        self.shared.pulse.leave(outer.0);
    }

    /// The loop reads `fd` from now on, which it knows under an `id`: not 0, and never used again.
    pub fn add_reader(&self, fd: RawFd, id: u64, task: Option<TaskId>) {
        self.observed.add(fd, id, task);
    }

    /// The loop reads it no more. To be told before it is closed.
    pub fn remove_reader(&self, fd: RawFd, id: u64) {
        self.observed.remove(fd, id);
    }

    /// The poll returned; what it tells of follows.
    #[inline]
    pub fn poll_returned(&mut self) {
        if self.stall.is_some() || !self.arrived.is_empty() {
            self.fetch_arrivals();
        }
    }

    /// The poll told that this descriptor can be read. Whether data came in on it during a stall before that poll, so
    /// that it is to be recorded which one it is.
    #[inline]
    pub fn has_arrived(&mut self, id: u64) -> bool {
        if self.arrived.is_empty() {
            return false;
        }
        let has_arrived = self.arrived.remove(&id);
        self.is_told |= has_arrived;
        has_arrived
    }

    /// How often the loop was looked at so far.
    pub fn looks(&self) -> u64 {
        self.shared.looks.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(crate) fn is_asleep(&self) -> bool {
        self.shared.pulse.is_asleep()
    }

    #[cold]
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// How the time of a stall was spent the loop finds out itself: nobody else could do it in time.
    #[cold]
    fn take_account(&mut self, at: Ticks) {
        self.stall = Some(self.stretch);
        let account = Account {
            stretch: self.stretch,
            at,
            times: self.files.own_times(),
        };
        *lock(&self.shared.account) = Some(account);
    }

    /// Of what came in during a stall one poll after another tells, as much as it can. What none tells of was read, or
    /// closed, before the loop came to its poll.
    #[cold]
    fn fetch_arrivals(&mut self) {
        if let Some(stall) = self.stall.take() {
            self.arrived = self.observed.take_arrivals(stall);
        } else if !self.is_told {
            self.arrived.clear();
        }
        self.is_told = false;
    }
}

/// Waits until the watchdog has recorded its last.
impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Release);
        self.wake();
        self.observed.wake();
        if let Some(thread) = self.thread.take() {
            // A panic was printed when it happened.
            let _ = thread.join();
        }
    }
}

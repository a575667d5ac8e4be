//! The watchdog: sees a stall while it lasts, why it does, and what comes in meanwhile.
//!
//! A [`Lookout`] is a thread beside the loops of a model, and a [`Watchdog`] what each of these has of it. A loop tells of
//! its way by setting a few atomics: no lock, no system call, no look at the clock. [`Reactor::watch`] is all it takes for
//! a reactor; a loop of one's own calls what the reactor calls, and so does a thread without a loop, for which every
//! callback is a stretch.
//!
//! [`Reactor::watch`]: crate::reactor::Reactor::watch
//!
//! # What it sees
//! - **That the loop is stuck** ([`StallNoticed`]), as soon as a stretch without a poll exceeds the threshold, and whose
//!   callback runs. Again when it has lasted twice as long, four times, and so on. With many stalls in a row some of these
//!   reports are held back, and counted.
//! - **Why**: what the thread is doing, every few milliseconds ([`ThreadSample`]), how often it ran between two looks and
//!   after the last ([`ThreadRan`]), what the descriptor is that it is busy with ([`DescriptorIs`]), and how the system accounts
//!   for its time at the first look and at the stall's end ([`ThreadTimes`]). From `/proc`; elsewhere than on Linux
//!   nothing is known.
//! - **What comes in**: when data arrives on a descriptor that the loop reads ([`DataArrived`]), from a second event
//!   provider. What was there before anybody looked, or came while the watchdog itself had no core, is told as that. After
//!   the stall the loop says which readiness is of which descriptor ([`ReadinessOf`]).
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
//! Nothing while the loops wait, however many there are: a loop that has done nothing for some looks is not looked at
//! until it leaves its poll, and asks for that then. While a loop is busy, a look every 4 ms. The second event provider is
//! told of every descriptor, but waited in only while a stretch lasts longer than that; where there are more than five
//! hundred of them, while it lasts 8 µs for each, or half the threshold. Of stretches that last, each is looked at the
//! less often, the more there are; where there is no time for all, those of which nothing is known come first, and of
//! these those that began first.
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
mod desk;
mod lookout;
mod observer;
mod pulse;
mod reports;
mod stretch;
mod subject;
mod system;
mod threshold;
mod ward;
mod watcher;

#[cfg(test)]
pub(crate) mod tests;

use std::cell::OnceCell;
use std::collections::HashSet;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Ticks;
use crate::record::{Recorder, SpentTimes};
use crate::trace::{NameId, TaskId};

pub use lookout::Lookout;
pub use threshold::{DEFAULT_STALL_THRESHOLD, StallThreshold};

use lookout::Hub;
use observer::Observed;
use subject::{Account, Subject};

/// Has the thread that started it watched, until it is dropped.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::channel;
/// use loopscope::trace::{EventKind, ModelId};
/// use loopscope::watch::{StallThreshold, Watchdog};
///
/// let (recorders, _receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// let mut watchdog = Watchdog::start(&recorder, StallThreshold::default())?;
/// for _ in 0..3 {
///     // Here the loop waits.
///     watchdog.begin_stretch(recorder.record(EventKind::PollEnd { ready: 1 }));
///     // Here it serves.
///     watchdog.end_stretch(recorder.record(EventKind::PollBegin), false);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Watchdog {
    subject: Arc<Subject>,
    hub: Arc<Hub>,
    /// Tells where data comes in, from the first descriptor on that the loop reads; empty where the system has none to
    /// spare for that.
    observed: OnceCell<Option<Observed>>,
    /// Where the present stretch began, or the last one.
    stretch: Ticks,
    /// The last stretch, if it was a stall that was looked at closely, and what came in during it is still to be fetched.
    stall: Option<Ticks>,
    /// On what data came in during the last stall, as far as no poll has told of it.
    arrived: HashSet<u64>,
    /// Whether the last poll told of any of it.
    is_told: bool,
    /// Dropped last: it may be the last that keeps the watching thread.
    _lookout: Lookout,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What ran when a callback began, for [`Watchdog::leave`].
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::channel;
/// use loopscope::trace::ModelId;
/// use loopscope::watch::{StallThreshold, Watchdog};
///
/// let (recorders, _receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// let watchdog = Watchdog::start(&recorder, StallThreshold::default())?;
/// let (on_data, parse) = (recorder.name("on_data"), recorder.name("parse"));
/// recorder.flush();
/// let outer = watchdog.enter(on_data, None);
/// let inner = watchdog.enter(parse, None);
/// // A stall is `parse`'s from here,
/// watchdog.leave(inner);
/// // and `on_data`'s from here.
/// watchdog.leave(outer);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Outer(u64);

impl Watchdog {
    /// Starts to watch the calling thread, whose loop records with `recorder`, from a thread that watches nothing else: for
    /// several there is [`Lookout`]. What is seen is recorded in the same trace, for the same model, as from a thread
    /// called `watchdog`.
    ///
    /// # Errors
    /// When the system gives no thread or no file descriptor, see [`Lookout::watch`].
    pub fn start(recorder: &Recorder, threshold: StallThreshold) -> io::Result<Self> {
        let lookout = Lookout::new(recorder.recorders(), recorder.source().model);
        lookout.watch(recorder, threshold)
    }

    fn new(subject: Subject, hub: Arc<Hub>, lookout: Lookout, now: Ticks) -> Self {
        Self {
            subject: Arc::new(subject),
            hub,
            observed: OnceCell::new(),
            stretch: now,
            stall: None,
            arrived: HashSet::new(),
            is_told: false,
            _lookout: lookout,
        }
    }

    /// Takes the threshold of a stall from `threshold` from now on.
    pub fn share_stall_threshold(&self, threshold: StallThreshold) {
        self.subject.share_threshold(threshold);
    }

    /// The loop leaves its poll.
    #[inline]
    pub fn begin_stretch(&mut self, at: Ticks) {
        self.stretch = at;
        if self.subject.pulse.begin(at) {
            self.hub.rouse(&self.subject);
        }
    }

    /// The loop enters its poll; `was_stall` if the stretch exceeded the threshold.
    #[inline]
    pub fn end_stretch(&mut self, at: Ticks, was_stall: bool) {
        let is_attended = self.looks_closely();
        if is_attended && was_stall {
            self.take_account(at);
        }
        self.subject.pulse.end(self.stretch, was_stall);
        if is_attended {
            self.hub.wake();
        }
    }

    /// A callback begins. Its name must have been handed over, or what is seen of it cannot be named before its end.
    #[inline]
    pub fn enter(&self, name: NameId, task: Option<TaskId>) -> Outer {
        Outer(self.subject.pulse.enter(name, task))
    }

    /// The callback ended.
    #[inline]
    pub fn leave(&self, outer: Outer) {
        self.subject.pulse.leave(outer.0);
    }

    /// The loop reads `fd` from now on, which it knows under an `id`: not 0, and never used again.
    pub fn add_reader(&self, fd: RawFd, id: u64, task: Option<TaskId>) {
        let observed = self.observed.get_or_init(|| {
            let (observed, observer) = observer::observer().ok()?;
            *lock(&self.subject.observer) = Some(observer);
            Some(observed)
        });
        if let Some(observed) = observed {
            observed.add(fd, id, task);
        }
    }

    /// The loop reads it no more. To be told before it is closed.
    pub fn remove_reader(&self, fd: RawFd, id: u64) {
        if let Some(observed) = self.observed() {
            observed.remove(fd, id);
        }
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

    /// Whether the present stretch has lasted so long that it is looked at closely. A callback that ends in such a one
    /// tells which descriptor it served ([`ReadinessOf`](crate::trace::EventKind::ReadinessOf)), if one that the loop
    /// reads: what came in there before is taken then, and does not wait for the next poll.
    #[inline]
    pub fn looks_closely(&self) -> bool {
        self.subject.pulse.is_attended(self.stretch)
    }

    /// How often the loop was looked at so far.
    pub fn looks(&self) -> u64 {
        self.subject.looks()
    }

    #[cfg(test)]
    pub(crate) fn is_asleep(&self) -> bool {
        self.subject.pulse.is_asleep()
    }

    fn observed(&self) -> Option<&Observed> {
        self.observed.get()?.as_ref()
    }

    /// How the time of a stall was spent the loop finds out itself: nobody else could do it in time.
    #[cold]
    fn take_account(&mut self, at: Ticks) {
        self.stall = Some(self.stretch);
        self.subject.give_account(Account {
            stretch: self.stretch,
            at,
            times: SpentTimes::now(),
        });
    }

    /// Of what came in during a stall one poll after another tells, as much as it can. What none tells of was read, or
    /// closed, before the loop came to its poll.
    #[cold]
    fn fetch_arrivals(&mut self) {
        if let Some(stall) = self.stall.take() {
            let arrived = self.observed().map(|it| it.take_arrivals(stall));
            self.arrived = arrived.unwrap_or_default();
        } else if !self.is_told {
            self.arrived.clear();
        }
        self.is_told = false;
    }
}

/// Where it is the last that keeps the watching thread, waits until that has recorded its last.
impl Drop for Watchdog {
    fn drop(&mut self) {
        let is_attended = self.looks_closely();
        self.subject.leave();
        if is_attended {
            self.hub.wake();
        }
    }
}

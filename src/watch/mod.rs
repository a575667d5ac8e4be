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
//!   for its time at the first look, with each report, and at the stall's end ([`ThreadTimes`]). From `/proc`; elsewhere
//!   than on Linux nothing is known.
//! - **What comes in**: when data arrives on a descriptor that the loop reads ([`DataArrived`]), from a second event
//!   provider. What was there before anybody looked, or came while the watchdog itself had no core, is told as that; in a
//!   TCP connection since when the system says that it was, elsewhere since the look. Of a TCP connection also what comes
//!   after the loop has read it in the same stretch. After the stall the loop says which readiness is of which descriptor
//!   ([`ReadinessOf`]), and so it does of what it serves while it is looked at.
//! - **What all this costs** ([`Watched`]).
//!
//! Of a stretch that does not become a stall the watchdog records nothing.
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
//! While descriptors are watched, one socket of the program wants the system's stamps, so that Linux stamps every packet of
//! the machine that comes in: a reading of its clock each. Sockets of the program are asked for them only in a stall.
//!
//! Nothing while the loops wait, however many there are: a loop that has done nothing for some looks is not looked at
//! until it leaves its poll, and asks for that then. While a loop is busy, a look every 4 ms. The second event provider
//! waits for data only while a stretch lasts longer than that; where there are more than 160 descriptors, longer than
//! 24 µs for each, or than half the threshold. Of stretches that last, each is looked at the less often, the more there
//! are; where there is no time for all, those of which nothing is known come first, and of these those that began first.
//!
//! # A loop of one's own
//! It tells of each turn, in this order. What it leaves out is not known, and is told as that: of a loop without
//! readinesses nobody is known to have waited.
//!
//! | when | is recorded | and told to the watchdog |
//! |---|---|---|
//! | it begins or ceases to read a descriptor | | [`add_reader`](Watchdog::add_reader), [`remove_reader`](Watchdog::remove_reader) |
//! | before the poll | [`Stretch::end`], [`PollBegin`]; then [`Recorder::flush`] | [`end_stretch`](Watchdog::end_stretch) |
//! | after it | [`PollEnd`], [`Stretch::begin`] | [`begin_stretch`](Watchdog::begin_stretch), [`poll_returned`](Watchdog::poll_returned) |
//! | then, for all that is ready | [`Readiness`], and [`ReadinessOf`] where [`has_arrived`](Watchdog::has_arrived) | |
//! | for each callback | [`Callback::run`], [`Stretch::add`] | [`enter`](Watchdog::enter), [`leave`](Watchdog::leave) |
//! | after it | [`ReadinessOf`] where [`looks_closely`](Watchdog::looks_closely) | |
//!
//! [`Stretch::end`]: crate::reactor::Stretch::end
//! [`Stretch::begin`]: crate::reactor::Stretch::begin
//! [`Stretch::add`]: crate::reactor::Stretch::add
//! [`Callback::run`]: crate::reactor::Callback::run
//! [`PollBegin`]: crate::trace::EventKind::PollBegin
//! [`PollEnd`]: crate::trace::EventKind::PollEnd
//! [`Readiness`]: crate::trace::EventKind::Readiness
//!
//! ```
//! use std::io::{Read, Write};
//! use std::os::fd::AsRawFd;
//! use std::sync::Arc;
//! use std::thread::sleep;
//! use std::time::Duration;
//!
//! use loopscope::analysis::stalls;
//! use loopscope::clock::Clock;
//! use loopscope::reactor::{Label, Stretch};
//! use loopscope::record::channel;
//! use loopscope::store::TraceStore;
//! use loopscope::trace::{Cause, EventKind, Interest, ModelId};
//! use loopscope::watch::{StallThreshold, Watchdog};
//! use mio::net::UnixStream;
//!
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
//! let threshold = StallThreshold::default();
//! let mut watchdog = Watchdog::start(&recorder, threshold.clone())?;
//!
//! let mut poll = mio::Poll::new()?;
//! let mut events = mio::Events::with_capacity(64);
//! let mut streams = Vec::new();
//! for id in 0..2 {
//!     let (mut near, mut far) = UnixStream::pair()?;
//!     poll.registry().register(&mut near, mio::Token(id), mio::Interest::READABLE)?;
//!     watchdog.add_reader(near.as_raw_fd(), id as u64 + 1, None); // An id is never 0, and never used again.
//!     far.write_all(b"hello")?;
//!     streams.push((near, far));
//! }
//!
//! let mut stretch = Stretch::begin(recorder.stamp());
//! let mut is_stuck = true;
//! for _turn in 0..2 {
//!     let end = recorder.stamp();
//!     let was_stall = stretch.end(end, &mut recorder, &threshold);
//!     watchdog.end_stretch(end, was_stall);
//!     recorder.record_at(end, EventKind::PollBegin);
//!     recorder.flush();
//!
//!     poll.poll(&mut events, Some(Duration::from_millis(1)))?;
//!
//!     let ready = events.iter().count() as u32;
//!     let mut now = recorder.record(EventKind::PollEnd { ready });
//!     stretch = Stretch::begin(now);
//!     watchdog.begin_stretch(now);
//!     watchdog.poll_returned();
//!     let mut to_serve = Vec::new();
//!     for event in &events {
//!         let (id, flow) = (event.token().0, recorder.new_flow());
//!         let interest = Interest::Readable;
//!         recorder.record_at(now, EventKind::Readiness { flow, task: None, interest });
//!         let fd = streams[id].0.as_raw_fd();
//!         if watchdog.has_arrived(id as u64 + 1) {
//!             recorder.record_at(now, EventKind::ReadinessOf { flow, fd });
//!         }
//!         to_serve.push((id, fd, flow));
//!     }
//!     for (id, fd, flow) in to_serve {
//!         let callback = Label::new("on_data", None).callback(&mut recorder, Cause::Readiness, Some(flow));
//!         if recorder.has_new_names() {
//!             recorder.flush(); // Or nobody could name the callback while it runs.
//!         }
//!         let outer = watchdog.enter(callback.name, callback.task);
//!         let (result, end) = callback.run(&mut recorder, now, |_| {
//!             if std::mem::take(&mut is_stuck) {
//!                 sleep(Duration::from_millis(60)); // What is hunted for.
//!             }
//!             Ok(streams[id].0.read(&mut [0; 64])?)
//!         });
//!         watchdog.leave(outer);
//!         if watchdog.looks_closely() {
//!             recorder.record_at(end, EventKind::ReadinessOf { flow, fd });
//!         }
//!         stretch.add(&callback, now, end);
//!         now = end;
//!         result.expect("a panic or an error of a callback comes out here");
//!     }
//! }
//! drop((watchdog, recorder));
//!
//! let mut store = TraceStore::new();
//! while let Ok(batch) = receiver.try_recv() {
//!     store.push(&batch);
//! }
//! let stall = &stalls(&store, store.range().end)[0];
//! assert_eq!((&*stall.callback, stall.victims.len()), ("on_data", 1), "the other one waited");
//! assert!(stall.cause.samples > 0, "it was looked at");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A thread without a loop
//! Each piece of its work is a stretch of its own, and between two of them it is
//! [idle](crate::trace::EventKind::IdleBegin), as in the example of [`Lookout`], which is enough for all threads. What
//! they wait for is seen as what they are blocked in: of a lock not who has it, but whoever has it is busy at that time.
//!
//! # On another runtime
//! Whatever says when it begins and ends to wait can be watched. Of a `block_on` that parks its thread the parking is the
//! poll, and to poll its future is the callback, as in a [loop of one's own](#a-loop-of-ones-own). A `current_thread`
//! runtime of tokio calls `on_thread_park` and `on_thread_unpark` before and after it waits: what the table has for before
//! and after the poll goes there, with the recorder and the watchdog in a thread-local (the callback needs both, and the
//! runtime keeps it).
//!
//! ```
//! use loopscope::reactor::Stretch;
//! use loopscope::record::Recorder;
//! use loopscope::trace::EventKind;
//! use loopscope::watch::{StallThreshold, Watchdog};
//!
//! struct Watched {
//!     recorder: Recorder,
//!     watchdog: Watchdog,
//!     stretch: Stretch,
//!     threshold: StallThreshold,
//! }
//!
//! impl Watched {
//!     fn on_thread_park(&mut self) {
//!         let end = self.recorder.stamp();
//!         let was_stall = self.stretch.end(end, &mut self.recorder, &self.threshold);
//!         self.watchdog.end_stretch(end, was_stall);
//!         self.recorder.record_at(end, EventKind::PollBegin);
//!         self.recorder.flush();
//!     }
//!
//!     fn on_thread_unpark(&mut self) {
//!         let begin = self.recorder.record(EventKind::PollEnd { ready: 0 });
//!         self.stretch = Stretch::begin(begin);
//!         self.watchdog.begin_stretch(begin);
//!     }
//! }
//! # use loopscope::{clock::Clock, record::channel, trace::ModelId};
//! # let (recorders, _receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
//! # let mut recorder = recorders.recorder(ModelId::from_index(0), "runtime");
//! # let threshold = StallThreshold::default();
//! # let watchdog = Watchdog::start(&recorder, threshold.clone())?;
//! # let stretch = Stretch::begin(recorder.stamp());
//! # let mut watched = Watched { recorder, watchdog, stretch, threshold };
//! # watched.on_thread_park();
//! # watched.on_thread_unpark();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! So much is known then: each stall, while it lasts, and what its thread did in it. Not known is which task it was, unless
//! its future is polled as a callback, nor who waited, for a runtime keeps its descriptors to itself. And one that is never
//! out of work does not park, though it looks after its descriptors in between: that is one long stretch here.

mod descriptor;
mod desk;
mod lookout;
mod observer;
mod pulse;
mod reports;
mod stamp;
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

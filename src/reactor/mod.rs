//! The instrumented reactor: one thread, one loop, everything that it does recorded.
//!
//! A [`Reactor`] waits in an event provider (epoll, or another [`ProviderKind`]) and calls what has to be called: calls
//! from other threads, due timers, descriptors that are ready. It keeps the semantics of Twisted's reactor, under
//! Twisted's names, and departs from them where better is to be had: its clock is monotonic, equal timers
//! fire in the order in which they were set, a cancelled timer causes no wake-up, a panic in a callback
//! does not take the loop down.
//!
//! # A first program
//! A program hands the reactor what is to be called, and when; then it runs it. Nothing is waited for but in the loop:
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use loopscope::clock::Clock;
//! use loopscope::reactor::{Label, Reactor};
//! use loopscope::record::channel;
//! use loopscope::trace::ModelId;
//!
//! // What is recorded comes out of `trace`, on this thread or another one.
//! let (recorders, trace) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
//! let mut reactor = Reactor::new(recorder)?;
//!
//! reactor.call_when_running(Label::new("hello", None), |reactor| {
//!     reactor.call_later(Duration::from_millis(1), Label::new("goodbye", None), |reactor| {
//!         Ok(reactor.stop()?)
//!     });
//!     Ok(())
//! });
//! reactor.run()?;
//!
//! let batch = trace.try_recv()?;
//! assert!(batch.names.iter().any(|(_, name)| name == "hello"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A turn
//! 1. The calls from threads that were waiting when the turn began, in their order.
//! 2. The timers that are due. The time is read once; a timer that is set meanwhile waits for the next turn.
//! 3. If [`Reactor::stop`] was called, and nothing before the shutdown is waited for: the end.
//! 4. The poll, up to the nearest timer.
//! 5. Each ready descriptor: reading before writing. One that an earlier callback removed is skipped.
//!
//! What was recorded is handed over before the poll, by a busy loop once a millisecond. What it then keeps back when it has
//! nothing more to do it hands over some 10 ms later, without a turn: an idle loop wakes once for that, and sleeps on.
//!
//! # Connections
//! [`Reactor::listen_tcp`] and [`Reactor::connect_tcp`] take a [`Factory`], which makes a [`Protocol`] for each
//! connection; the protocol writes through its [`Transport`]. Unix sockets and pipes carry the same protocols,
//! [`LineReceiver`] and [`PrefixedReceiver`] cut what arrives into lines and messages, and
//! [`DatagramProtocol`] is the same for UDP. A whole program, with both ends in one loop:
//!
//! ```
//! use loopscope::clock::Clock;
//! use loopscope::reactor::{Address, CallbackResult, Protocol, Reactor, Transport};
//! use loopscope::record::channel;
//! use loopscope::trace::ModelId;
//! use std::sync::Arc;
//!
//! struct Echo;
//! impl Protocol for Echo {
//!     fn data_received(&mut self, reactor: &mut Reactor, transport: &Transport, data: &[u8]) -> CallbackResult {
//!         transport.write(reactor, data);
//!         Ok(())
//!     }
//! }
//!
//! struct Hello;
//! impl Protocol for Hello {
//!     fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
//!         transport.write(reactor, b"hello");
//!         Ok(())
//!     }
//!     fn data_received(&mut self, reactor: &mut Reactor, _: &Transport, data: &[u8]) -> CallbackResult {
//!         assert_eq!(data, b"hello");
//!         Ok(reactor.stop()?)
//!     }
//! }
//!
//! let (recorders, trace) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
//! let port = reactor.listen_tcp(([127, 0, 0, 1], 0).into(), None, |_: &Address| Echo)?;
//! if let Some(address) = port.get_host().socket() {
//!     reactor.connect_tcp(address, None, |_: &Address| Hello);
//! }
//! reactor.run()?;
//! // Everything that it did is here.
//! assert!(trace.try_recv().is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # See what it did
//! With the feature `format`, what a reactor records becomes a file, which `loopscope view` opens in the window. The
//! [front page](crate#from-a-reactor-to-the-window) has a whole program that writes one.
//!
//! All that is called by the loop is called from one place, where its begin, its end and its failure are recorded. It goes
//! by the name of its [`Label`], or of its method: `data_received` is what every [`Protocol`] is called for. Who is to be
//! told apart in the record works for a [task](crate::trace::TaskId) of his own, with which a label, a port, a connection
//! or an agent is made; a part of a callback that is to be seen by itself is called through [`Reactor::call_now`].
//!
//! # What to do with it
//! | to | use |
//! |---|---|
//! | call something later | [`Reactor::call_later`], and with its [`TimerId`]: [`Reactor::cancel`], [`Reactor::reset`], [`Reactor::delay`] |
//! | call something again and again | [`LoopingCall`] |
//! | return a result that is still to come | [`Deferred`], explained in [`deferred`] |
//! | do what would block the loop | [`Reactor::call_in_thread`], [`Reactor::defer_to_thread`] |
//! | reach the loop from another thread | [`Handle::call_from_thread`] |
//! | serve what becomes ready | [`Descriptor`], [`Reactor::add_reader`] |
//! | show how the layers of a program call each other | [`Reactor::call_now`] |
//! | see stalls while they last, and why | [`Reactor::watch`] |
//! | ask an HTTP server | [`Agent`] |
//! | wait in `poll` or `select` | [`Provider`] |
//! | say how long a stretch must be to be a stall | [`Reactor::share_stall_threshold`] |
//! | test what takes time without waiting for it | [`Clock::manual`](crate::clock::Clock::manual) |
//! | begin and end in order | [`Reactor::call_when_running`], [`Reactor::add_system_event_trigger`], [`Reactor::stop`] |
//!
//! Downloads, tasks and models of execution are the runners'; this room knows a task by its id only.

mod attempt;
mod callback;
mod connect;
mod connector;
mod datagram;
pub mod deferred;
mod descriptor;
mod handle;
mod http;
mod intern;
mod listen;
mod looping;
mod pool;
mod provider;
mod receivers;
mod stall;
mod threads;
mod timers;
mod transport;
mod triggers;
mod turn;
mod watch;

#[cfg(test)]
mod tests;

use std::io;

use crossbeam_channel::Receiver;
use slotmap::SlotMap;

use crate::clock::Ticks;
use crate::record::Recorder;
use crate::watch::Watchdog;

#[doc(inline)]
pub use crate::watch::{DEFAULT_STALL_THRESHOLD, StallThreshold};
pub use attempt::ConnectError;
pub use callback::{Callback, CallbackResult, Failure, Label, Panicked};
pub use connector::{ClientFactory, Connector};
pub use datagram::{DatagramProtocol, DatagramTransport};
#[doc(inline)]
pub use deferred::{
    AlreadyFired, Cancelled, Canceller, Context, Deferred, Firing, FirstFailure, Returned, Step,
    TimedOut, gather, gather_results, set_unhandled_hook,
};
pub use descriptor::{Descriptor, DescriptorId, Next, Reason};
pub use handle::Handle;
#[cfg(feature = "cli")]
pub(crate) use http::ResponseParser;
pub use http::{Agent, BadRequest, HttpError, Malformed, Response};
pub use intern::intern;
pub use listen::Port;
pub use looping::{AlreadyLooping, LoopingCall};
pub use pool::DEFAULT_POOL_SIZE;
pub use provider::{Provider, ProviderKind};
pub use receivers::{
    LineProtocol, LineReceiver, Lines, MessageProtocol, MessageTooLong, Messages, Prefix,
    PrefixedReceiver,
};
pub use stall::Stretch;
pub use timers::TimerId;
pub use transport::{Address, AlreadyProducing, Factory, Producer, Protocol, Transport};
pub use triggers::{Phase, SystemEvent, TriggerId};

use deferred::UnhandledList;
use descriptor::{Ready, Slot};
use handle::Call;
use pool::ThreadPool;
use timers::Timers;
use triggers::{Shutdown, Triggers};
use turn::LateFlush;

/// What a reactor refuses to do.
///
/// ```
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
/// use loopscope::reactor::{Error, Reactor};
///
/// let mut reactor = Reactor::new(recorder)?;
/// assert!(matches!(reactor.stop(), Err(Error::NotRunning)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was asked to stop, but does not run.
    #[error("the reactor cannot be stopped: it does not run")]
    NotRunning,
    /// It was asked to stop twice.
    #[error("the reactor cannot be stopped again: it is stopping already")]
    AlreadyStopping,
    /// It was asked to run from one of its own callbacks.
    #[error("the reactor cannot be run from a callback: it runs already")]
    AlreadyRunning,
    /// It ran before.
    #[error("the reactor cannot be run a second time: make a new one")]
    NotRestartable,
    /// A handle outlived its reactor.
    #[error("the reactor of this handle is gone")]
    Gone,
    /// It was to work in a thread after it was stopped.
    #[error("the thread pool is closed: its reactor was stopped")]
    PoolClosed,
    /// There is work for the thread pool, which has no thread and gets none.
    #[error("no thread can be made for the thread pool: {0}; the limit is that of `ulimit -u`")]
    NoThread(#[source] io::Error),
    /// The event provider failed.
    #[error("the event provider failed: {0}")]
    Provider(#[from] io::Error),
}

/// How much one system call reads at most. The largest datagram that UDP can carry fits.
const READ_BYTES: usize = 64 * 1024;

/// Where a reactor is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It did not run yet.
    New,
    /// It did not run yet, but makes a single turn.
    Turning,
    Running,
    Stopping,
    Ended,
}

/// A boxed piece of user code that is called once.
type Code = Box<dyn FnOnce(&mut Reactor) -> CallbackResult>;

/// The reactor. One thread owns and drives it; others reach it through a [`Handle`].
///
/// ```
/// use std::time::Duration;
/// use loopscope::clock::Clock;
/// use loopscope::reactor::{Label, Reactor};
/// use loopscope::record::Recorders;
/// use loopscope::trace::ModelId;
///
/// // This one keeps no record.
/// let recorders = Recorders::off(&Clock::monotonic());
/// let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
/// reactor.call_later(Duration::from_millis(1), Label::new("stop", None), |reactor| Ok(reactor.stop()?));
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reactor {
    recorder: Recorder,
    provider: Provider,
    state: State,
    descriptors: SlotMap<DescriptorId, Slot>,
    timers: Timers,
    triggers: Triggers,
    shutdown: Shutdown,
    calls: Receiver<Call>,
    handle: Handle,
    /// What is ready for the next dispatch; before the poll, what was not drained in the turn before.
    ready: Vec<Ready>,
    /// Where the last stretch without a poll began, and whose callback was the longest in it.
    stretch: Stretch,
    stall_threshold: StallThreshold,
    /// A reading of the clock that is still good, so that the end of one callback is the begin of the next.
    /// There is none while user code runs.
    moment: Option<Ticks>,
    /// When the poll is to end so that what was recorded is handed over, although nothing is ready.
    late_flush: Option<LateFlush>,
    /// How long callbacks ran so far inside the one that runs.
    nested: u64,
    /// What connections read into, one after the other; `None` while one does.
    read_buffer: Option<Box<[u8]>>,
    /// What connections write into while their protocol's callbacks run, one after the other.
    write_memory: Vec<u8>,
    /// Failures that Deferreds were dropped with, still to be recorded.
    unhandled: UnhandledList,
    pool: ThreadPool,
    watchdog: Option<Watchdog>,
}

impl Reactor {
    /// A reactor that records with `recorder`.
    ///
    /// # Errors
    /// When the system gives no event provider, most likely because no file descriptor is left.
    pub fn new(recorder: Recorder) -> io::Result<Self> {
        Ok(Self::with_provider(recorder, Provider::new()?))
    }

    /// As [`Reactor::new`], on an event provider that was made before.
    pub fn with_provider(recorder: Recorder, provider: Provider) -> Self {
        let (sender, calls) = crossbeam_channel::unbounded();
        let handle = Handle::new(sender, provider.waker(), recorder.clock().clone());
        let stretch = Stretch::begin(recorder.ticks());
        Self {
            recorder,
            provider,
            state: State::New,
            descriptors: SlotMap::with_key(),
            timers: Timers::default(),
            triggers: Triggers::default(),
            shutdown: Shutdown::default(),
            calls,
            handle,
            ready: Vec::new(),
            stretch,
            stall_threshold: StallThreshold::default(),
            moment: None,
            late_flush: None,
            nested: 0,
            read_buffer: None,
            write_memory: Vec::new(),
            unhandled: UnhandledList::default(),
            pool: ThreadPool::default(),
            watchdog: None,
        }
    }

    #[inline]
    fn take_read_buffer(&mut self) -> Box<[u8]> {
        let made_before = self.read_buffer.take();
        made_before.unwrap_or_else(|| vec![0; READ_BYTES].into())
    }

    /// What it records with, for callbacks that have something to add.
    pub const fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// What other threads reach it through.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Takes the threshold of a stall from `threshold` from now on, also when that changes.
    pub fn share_stall_threshold(&mut self, threshold: StallThreshold) {
        if let Some(watchdog) = &self.watchdog {
            watchdog.share_stall_threshold(threshold.clone());
        }
        self.stall_threshold = threshold;
    }

    /// Runs until [`Reactor::stop`], and ends in three phases. Before the shutdown, triggers may ask the loop to go on
    /// until they are done. During it, connections that are left are lost, with [`Reason::Stopped`], and the threads of
    /// the pool do what they were given and are joined. What other threads and timers have to call after that is
    /// never called. See [`Reactor::add_system_event_trigger`].
    ///
    /// # Errors
    /// When it runs already or ran before, when the event provider fails, or when work waits for the thread pool
    /// and there is no thread to be had.
    pub fn run(&mut self) -> Result<(), Error> {
        self.enter(State::Running)?;
        self.begin_stretch();
        self.begin_system_event(SystemEvent::Startup);
        let result = self.turn_until_stopped();
        self.shut_down();
        self.record_unhandled();
        self.end_stretch();
        self.watchdog = None;
        self.state = State::Ended;
        self.recorder.flush();
        Ok(result?)
    }

    /// Goes over from [`State::New`], and lets the thread pool begin.
    fn enter(&mut self, state: State) -> Result<(), Error> {
        match self.state {
            State::New => {}
            State::Turning | State::Running | State::Stopping => return Err(Error::AlreadyRunning),
            State::Ended => return Err(Error::NotRestartable),
        }
        self.pool.start(&self.recorder, &self.handle)?;
        self.state = state;
        Ok(())
    }

    /// Makes one turn without waiting in the poll: for tests, and for a loop that is driven from outside.
    ///
    /// # Errors
    /// When it is called from a callback, after [`Reactor::run`], when the event provider fails, or when work waits for
    /// the thread pool and there is no thread to be had.
    pub fn turn(&mut self) -> Result<(), Error> {
        self.enter(State::Turning)?;
        self.begin_stretch();
        self.drain();
        let result = self.poll(false);
        self.serve();
        self.end_stretch();
        self.state = State::New;
        Ok(result?)
    }

    /// Ends the loop after the callbacks of this batch, and after the triggers that come before the shutdown.
    ///
    /// # Errors
    /// When it does not run, or is stopping already.
    pub fn stop(&mut self) -> Result<(), Error> {
        match self.state {
            State::Running => {
                self.state = State::Stopping;
                Ok(())
            }
            State::Stopping => Err(Error::AlreadyStopping),
            State::New | State::Turning | State::Ended => Err(Error::NotRunning),
        }
    }
}

impl AsMut<Recorder> for Reactor {
    fn as_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

/// Failures that nobody handled are recorded to the last: also those of Deferreds that wait in what goes with it.
impl Drop for Reactor {
    fn drop(&mut self) {
        self.timers = Timers::default();
        self.triggers = Triggers::default();
        self.pool.results.clear();
        self.descriptors.clear();
        self.record_unhandled();
    }
}

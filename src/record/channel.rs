//! The one crossing of threads: many recorders on one side, one receiver on the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crossbeam_channel::{Receiver as ChannelReceiver, Sender, TryRecvError as ChannelError};

use super::Recorder;
use super::cost::EventCost;
use crate::clock::{Clock, Ticks};
use crate::trace::{Batch, Event, FlowId, ModelId, NameId, Source, ThreadId, Timestamp};

/// Called, on the recording thread, after a batch was handed over. Must return at once: it holds up what is
/// being observed. (The window's one asks for a repaint.)
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// How many batches may wait in the channel. A window that draws 60 times a second leaves room for 4,000
/// batches a frame, which is more turns than a loop makes in that time.
const CHANNEL_BATCHES: usize = 4096;

/// A connected pair: what makes recorders, and what receives their batches on the time of `clock`.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::{TryRecvError, channel};
/// use loopscope::trace::{EventKind, ModelId};
/// use std::sync::Arc;
///
/// let wake = Arc::new(|| { /* somebody is told that there is something to fetch */ });
/// let (recorders, receiver) = channel(&Clock::monotonic(), wake);
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         let mut recorder = recorders.recorder(ModelId::from_index(0), "worker");
///         recorder.record(EventKind::PollBegin);
///         // Dropped, it hands over what is left.
///     });
/// });
/// drop(recorders);
/// let batch = receiver.try_recv()?;
/// assert!(matches!(batch.events[0].kind, EventKind::ThreadBegin { .. }));
/// receiver.recycle(batch);
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
/// # Ok::<(), TryRecvError>(())
/// ```
pub fn channel(clock: &Clock, wake: Wake) -> (Recorders, Receiver) {
    channel_with_capacity(clock, wake, CHANNEL_BATCHES)
}

/// As [`channel`], with room for `batches` batches: small ones show what happens when nobody fetches.
pub(crate) fn channel_with_capacity(
    clock: &Clock,
    wake: Wake,
    batches: usize,
) -> (Recorders, Receiver) {
    let (filled_tx, filled_rx) = crossbeam_channel::bounded(batches);
    let (last_tx, last_rx) = crossbeam_channel::unbounded();
    let (empty_tx, empty_rx) = crossbeam_channel::bounded(64);
    let recorders = Recorders {
        clock: clock.clone(),
        wake,
        filled: filled_tx,
        last: last_tx,
        empty: empty_rx,
        ids: Arc::new(Ids::default()),
        event_cost: None,
        is_off: false,
    };
    (
        recorders,
        Receiver {
            clock: clock.clone(),
            filled: filled_rx,
            last: last_rx,
            empty: empty_tx,
        },
    )
}

/// The next numbers, shared by all recorders of a trace.
#[derive(Debug, Default)]
struct Ids {
    threads: AtomicU32,
    names: AtomicU32,
    flows: AtomicU64,
}

/// A batch whose times are still raw readings of the clock.
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct RawBatch {
    pub(super) source: Source,
    pub(super) names: Vec<(NameId, String)>,
    pub(super) events: Vec<Event>,
}

/// Makes the recorders of one trace. Clones make recorders of the same trace, on any thread.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::channel;
/// use loopscope::trace::ModelId;
///
/// let (recorders, _receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let (model, other) = (ModelId::from_index(0), recorders.clone());
/// let first = recorders.recorder(model, "one thread");
/// let second = std::thread::spawn(move || other.recorder(model, "another").source());
/// assert_ne!(first.source().thread, second.join().expect("it does not panic").thread);
/// ```
#[derive(Clone)]
pub struct Recorders {
    clock: Clock,
    wake: Wake,
    filled: Sender<RawBatch>,
    /// For the last words of threads that find the other channel full: they cannot try again later.
    last: Sender<RawBatch>,
    empty: ChannelReceiver<Vec<Event>>,
    ids: Arc<Ids>,
    /// What an event costs, if a recorder is to tell how its thread's time was spent.
    event_cost: Option<EventCost>,
    is_off: bool,
}

impl Recorders {
    /// The same, whose recorders also tell, as their last word, how the time of their thread was spent
    /// ([`crate::trace::EventKind::ThreadSpent`]): three system calls for each. Then, and every second, they tell what
    /// recording has taken of it ([`crate::trace::EventKind::Recorded`]): two looks at the clock for each hand-over.
    #[must_use]
    pub fn with_thread_times(mut self) -> Self {
        self.event_cost = Some(EventCost::measure(&self.clock));
        self
    }

    /// The same, whose recorders do not: for a thread whose work is not the model's.
    #[must_use]
    pub fn without_thread_times(mut self) -> Self {
        self.event_cost = None;
        self
    }

    pub(super) const fn event_cost(&self) -> Option<EventCost> {
        self.event_cost
    }

    /// Makes recorders that keep nothing of what they are told: for a loop that nobody looks at.
    ///
    /// ```
    /// use loopscope::clock::Clock;
    /// use loopscope::reactor::Reactor;
    /// use loopscope::record::Recorders;
    /// use loopscope::trace::ModelId;
    ///
    /// let recorders = Recorders::off(&Clock::monotonic());
    /// let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn off(clock: &Clock) -> Self {
        let (recorders, _) = channel_with_capacity(clock, Arc::new(|| {}), 0);
        Self {
            is_off: true,
            ..recorders
        }
    }

    #[inline]
    pub(super) const fn is_off(&self) -> bool {
        self.is_off
    }

    /// A recorder for the calling thread, which works for `model` and is called `thread_name` in the trace.
    pub fn recorder(&self, model: ModelId, thread_name: &str) -> Recorder {
        self.recorder_since(self.clock.ticks(), model, thread_name)
    }

    /// As [`Recorders::recorder`], for what began to run at `begin`: so that nothing that it did since then is moved.
    pub fn recorder_since(&self, begin: Ticks, model: ModelId, thread_name: &str) -> Recorder {
        let thread =
            ThreadId::from_index(self.ids.threads.fetch_add(1, Ordering::Relaxed) as usize);
        Recorder::new(self.clone(), Source { model, thread }, thread_name, begin)
    }

    /// The clock on which everything is recorded.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A new tie between a cause and what follows from it. Numbers rise in the order of the calls. Where nothing is
    /// kept, nothing has to be told apart.
    #[inline]
    pub fn new_flow(&self) -> FlowId {
        flow_after(self.take_flows(1))
    }

    /// As many new ties, for less than one after the other.
    #[inline]
    pub fn new_flows(&self, count: usize) -> impl Iterator<Item = FlowId> + use<> {
        let count = count as u64;
        let before = self.take_flows(count);
        (before..before + count).map(flow_after)
    }

    /// The number before that of the first of `count` new flows.
    #[inline]
    fn take_flows(&self, count: u64) -> u64 {
        if self.is_off {
            0
        } else {
            self.ids.flows.fetch_add(count, Ordering::Relaxed)
        }
    }

    pub(super) fn new_name(&self) -> NameId {
        NameId::from_index(self.ids.names.fetch_add(1, Ordering::Relaxed) as usize)
    }

    /// An empty vector for events, one that was used before if there is one.
    pub(super) fn empty_events(&self) -> Vec<Event> {
        self.empty.try_recv().unwrap_or_default()
    }

    /// Hands a batch over, or gives it back when nobody has room for it. A batch that nobody will ever fetch
    /// is gone without a word: whoever dropped the receiver did not want it.
    pub(super) fn send(&self, batch: RawBatch) -> Result<(), RawBatch> {
        match self.filled.try_send(batch) {
            Ok(()) => {
                (self.wake)();
                Ok(())
            }
            Err(crossbeam_channel::TrySendError::Full(batch)) => Err(batch),
            Err(crossbeam_channel::TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    /// Hands over what a thread has to say before it ends, whether or not there is room.
    pub(super) fn send_last(&self, batch: RawBatch) {
        if let Err(batch) = self.send(batch) {
            // As for `send`: nobody wants it, if nobody is there.
            let _ = self.last.send(batch);
            (self.wake)();
        }
    }
}

#[inline]
fn flow_after(before: u64) -> FlowId {
    FlowId::new(before + 1).expect("a count from 1 is not zero")
}

/// Why there is no batch.
///
/// ```
/// use loopscope::record::{Receiver, TryRecvError};
///
/// /// Takes what there is. Whether there may be more, later.
/// fn fetch(receiver: &Receiver) -> bool {
///     loop {
///         match receiver.try_recv() {
///             Ok(batch) => receiver.recycle(batch),
///             Err(TryRecvError::Empty) => return true,
///             Err(TryRecvError::Disconnected) => return false,
///         }
///     }
/// }
/// # use loopscope::{clock::Clock, record::channel};
///
/// let (recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// assert!(fetch(&receiver));
/// drop(recorders);
/// assert!(!fetch(&receiver));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryRecvError {
    /// There is none at present.
    #[error("no batch is waiting")]
    Empty,
    /// There is none and there never will be: every recorder is gone.
    #[error("no recorder is left")]
    Disconnected,
}

/// The receiving end of a trace.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::{TryRecvError, channel};
///
/// let (_recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty), "it never waits");
/// ```
pub struct Receiver {
    clock: Clock,
    filled: ChannelReceiver<RawBatch>,
    last: ChannelReceiver<RawBatch>,
    empty: Sender<Vec<Event>>,
}

impl Receiver {
    /// The next batch. Never waits: a receiver parked in a blocking call would make every recorder pay for
    /// waking it.
    ///
    /// # Errors
    /// When there is no batch now, or when there will never be one again.
    pub fn try_recv(&self) -> Result<Batch, TryRecvError> {
        let RawBatch {
            source,
            names,
            mut events,
        } = self.try_recv_raw()?;
        for event in &mut events {
            event.at = self.clock.timestamp(Ticks(event.at.0));
        }
        Ok(Batch {
            source,
            names,
            events,
        })
    }

    /// The next batch as it was recorded.
    pub(super) fn try_recv_raw(&self) -> Result<RawBatch, TryRecvError> {
        // Asked first: what a thread handed over before its last words is in the other channel then, and comes first.
        let last_words = !self.last.is_empty();
        self.filled.try_recv().or_else(|error| {
            if last_words && let Ok(batch) = self.last.try_recv() {
                return Ok(batch);
            }
            Err(match error {
                ChannelError::Empty => TryRecvError::Empty,
                // Whoever was the last to go may have said something since.
                ChannelError::Disconnected => {
                    return self.last.try_recv().map_err(|_| TryRecvError::Disconnected);
                }
            })
        })
    }

    /// Gives a batch back once it was read, so that its memory is used again.
    pub fn recycle(&self, batch: Batch) {
        let mut events = batch.events;
        events.clear();
        // Where enough empty vectors wait already, this one may go.
        let _ = self.empty.try_send(events);
    }

    /// The time of the trace.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

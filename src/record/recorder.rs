//! One thread's end of the recording.

use std::collections::HashMap;
use std::time::Duration;

use super::channel::{RawBatch, Recorders};
use super::cost::{Cost, Counted};
use super::times::ThreadTimes;
use crate::clock::{Clock, Ticks};
use crate::trace::{Event, EventKind, FlowId, NameId, Source, Timestamp};

/// How soon [`Recorder::flush_if_due`] hands over again: a thousand times a second costs next to nothing.
const FLUSH_INTERVAL: Duration = Duration::from_millis(1);

/// A batch is handed over at this size even in the middle of a turn (8 KiB of events).
const BATCH_EVENTS: usize = 256;

/// How many events a recorder keeps while the channel is full, before it drops (2 MiB of events).
pub const MAX_PENDING: usize = 65_536;

/// How many events it keeps all the same then: those without which nobody knows what became of a task.
const MAX_LANDMARKS: usize = 1_024;

/// How many events a thread records when it ends.
const LAST_WORDS: usize = 3;

/// Records what happens on one thread. Owned by that thread and passed as `&mut`: no lock, no thread-local.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::channel;
/// use loopscope::trace::{EventKind, ModelId};
///
/// let (recorders, receiver) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// let mut recorder = recorders.recorder(ModelId::from_index(0), "my loop");
/// let begin = recorder.record(EventKind::PollBegin);
/// let end = recorder.record(EventKind::PollEnd { ready: 3 });
/// assert!(end >= begin);
/// recorder.flush();
/// let batch = receiver.try_recv()?;
/// assert_eq!(batch.events.last().map(|event| event.kind), Some(EventKind::PollEnd { ready: 3 }));
/// # Ok::<(), loopscope::record::TryRecvError>(())
/// ```
pub struct Recorder {
    recorders: Recorders,
    source: Source,
    /// It wants to go when it has no room left. Always the same memory, which this thread's processor has at hand: what
    /// goes is copied, all at once, into memory that was in others' hands.
    events: Vec<Event>,
    names: Vec<(NameId, String)>,
    known: HashMap<String, NameId>,
    last: Ticks,
    /// How many ticks [`FLUSH_INTERVAL`] has, and when it is over.
    flush_interval: u64,
    flush_due: Ticks,
    /// Whether the moment of the last event is also that of the end that follows it.
    is_end: bool,
    dropped: u64,
    dropped_at: Ticks,
    /// What was recorded since then, and is not dropped.
    landmarks: Vec<Event>,
    times: Option<(ThreadTimes, Cost)>,
}

impl Recorder {
    /// Begins to record, as of `begin`.
    pub(super) fn new(
        recorders: Recorders,
        source: Source,
        thread_name: &str,
        begin: Ticks,
    ) -> Self {
        let flush_interval = recorders.clock().ticks_in(FLUSH_INTERVAL);
        let mut recorder = Self {
            recorders,
            source,
            events: Vec::with_capacity(BATCH_EVENTS),
            names: Vec::new(),
            known: HashMap::new(),
            last: begin,
            flush_interval,
            flush_due: begin,
            is_end: false,
            dropped: 0,
            dropped_at: begin,
            landmarks: Vec::new(),
            times: None,
        };
        let event_cost = recorder.recorders.event_cost();
        recorder.times = event_cost.map(|cost| (ThreadTimes::begin(), Cost::begin(cost, begin)));
        let name = recorder.name(thread_name);
        recorder.record_at(begin, EventKind::ThreadBegin { name });
        recorder
    }

    /// Tells in the end how the time of the calling thread was spent from its start on, and not only from that of the
    /// recording: for a process that was started for what it records.
    #[cfg(feature = "cli")]
    pub(super) fn measure_whole_life(&mut self) {
        if let Some((times, _)) = &mut self.times {
            *times = ThreadTimes::whole_life();
        }
    }

    /// Whose events these are.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The clock on which it records.
    pub const fn clock(&self) -> &Clock {
        self.recorders.clock()
    }

    /// What makes recorders of the same trace, for threads that this one starts.
    pub const fn recorders(&self) -> &Recorders {
        &self.recorders
    }

    /// A raw reading of the time.
    #[inline]
    pub fn ticks(&self) -> Ticks {
        self.clock().ticks()
    }

    /// A moment to stamp several events with. One that is off keeps no moments, and reads no clock.
    #[inline]
    pub fn stamp(&self) -> Ticks {
        if self.recorders.is_off() {
            self.last
        } else {
            self.ticks()
        }
    }

    /// Says that the last event and the end of the callback that runs are one moment: it does nothing more.
    #[inline]
    pub(crate) const fn end_with_last(&mut self) {
        self.is_end = true;
    }

    /// The moment at which a callback ends.
    #[inline]
    pub(crate) fn end_stamp(&mut self) -> Ticks {
        if std::mem::take(&mut self.is_end) {
            self.last
        } else {
            self.stamp()
        }
    }

    /// The moment of the last event: also that of the next one, where next to nothing was done in between.
    #[inline]
    pub(crate) const fn last(&self) -> Ticks {
        self.last
    }

    /// The time of a [`Recorder::stamp`] that was just made. One that is off looks at the clock.
    #[inline]
    pub fn time_of(&self, stamp: Ticks) -> Timestamp {
        if self.recorders.is_off() {
            self.now()
        } else {
            self.clock().timestamp(stamp)
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// A new tie between a cause and what follows from it.
    #[inline]
    pub fn new_flow(&self) -> FlowId {
        self.recorders.new_flow()
    }

    /// As many new ties, for less than one after the other.
    #[inline]
    pub fn new_flows(&self, count: usize) -> impl Iterator<Item = FlowId> + use<> {
        self.recorders.new_flows(count)
    }

    /// The id of a text. The first use of a text allocates and sends it; keep the id of one that is used often.
    pub fn name(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.known.get(text) {
            return id;
        }
        let id = self.recorders.new_name();
        self.known.insert(text.to_owned(), id);
        self.send_name(id, text);
        id
    }

    /// Whether it keeps nothing of what it is told.
    #[inline]
    pub const fn is_off(&self) -> bool {
        self.recorders.is_off()
    }

    /// Whether there are texts that were not handed over yet, so that nobody can know what their ids mean.
    #[inline]
    pub const fn has_new_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// The id of a text that will hardly come again, such as an error message: sent, but not remembered.
    pub fn message(&mut self, text: &str) -> NameId {
        let id = self.recorders.new_name();
        self.send_name(id, text);
        id
    }

    fn send_name(&mut self, id: NameId, text: &str) {
        if !self.recorders.is_off() {
            self.names.push((id, text.to_owned()));
        }
    }

    /// Records `kind` as happening now, and returns the moment for the next event to share.
    #[inline]
    pub fn record(&mut self, kind: EventKind) -> Ticks {
        let stamp = self.stamp();
        self.record_at(stamp, kind);
        stamp
    }

    /// Records `kind` as having happened at `ticks`. A moment before that of the last event is moved to it:
    /// a stream never goes back in time.
    #[inline]
    pub fn record_at(&mut self, ticks: Ticks, kind: EventKind) {
        if self.recorders.is_off() {
            return;
        }
        self.last = self.last.max(ticks);
        let event = Event {
            at: Timestamp(self.last.0),
            kind,
        };
        if self.events.len() < self.events.capacity() || self.make_room() {
            self.events.push(event);
        } else {
            self.drop_event(event);
        }
    }

    /// Hands over what was recorded: before a call that may block for long, or when asked by a person who wants to see
    /// it now.
    pub fn flush(&mut self) {
        if self.has_all_flushed() {
            return;
        }
        let begin = self
            .times
            .map(|_| (self.ticks(), Counted::of(&self.events)));
        let batch = self.take_batch();
        match self.recorders.send(batch) {
            Ok(()) => {
                self.begin_batch();
                if let Some((begin, counted)) = begin {
                    self.add_cost(counted, begin);
                }
            }
            // What it takes to ask in vain is not counted: it is asked seldom.
            Err(batch) => {
                self.names = batch.names;
                if batch.events.len() <= BATCH_EVENTS {
                    self.events.extend_from_slice(&batch.events);
                } else {
                    self.events = batch.events;
                }
            }
        }
    }

    /// These events were handed over.
    fn add_cost(&mut self, counted: Counted, begin: Ticks) {
        let end = self.ticks();
        let clock = self.recorders.clock();
        if let Some((_, cost)) = &mut self.times {
            cost.add(counted);
            cost.add_handing_over(clock.nanos_between(begin, end));
            if let Some(told) = cost.tell_if_due(clock, end) {
                // Whoever is recording may have looked at the clock already.
                self.record_at(self.last, told);
            }
        }
    }

    /// The same for a loop that turns often, once a turn: hands over what was recorded up to `now`, unless that was done
    /// within the last millisecond. Whether something is left, which whoever calls this is to [`Recorder::flush`] soon:
    /// it may be the last for long.
    #[inline]
    pub fn flush_if_due(&mut self, now: Ticks) -> bool {
        if self.has_all_flushed() {
            return false;
        }
        if now < self.flush_due {
            return true;
        }
        self.flush();
        false
    }

    const fn has_all_flushed(&self) -> bool {
        self.events.is_empty() && self.names.is_empty() && self.dropped == 0
    }

    /// What is to be handed over, with the count of what had to be dropped.
    fn take_batch(&mut self) -> RawBatch {
        if self.dropped > 0 {
            let kind = EventKind::Dropped {
                count: self.dropped,
            };
            // Nothing is dropped before the batch holds `MAX_PENDING` events, and only landmarks come in after this one.
            match self.events.get_mut(MAX_PENDING) {
                Some(told_in_vain) => told_in_vain.kind = kind,
                None => {
                    self.events.reserve_exact(1);
                    self.events.push(Event {
                        at: Timestamp(self.dropped_at.0),
                        kind,
                    });
                }
            }
            // Without room for more, so that the next one is dropped as well.
            self.events.reserve_exact(self.landmarks.len());
            self.events.append(&mut self.landmarks);
        }
        RawBatch {
            source: self.source,
            names: std::mem::take(&mut self.names),
            events: self.take_events(),
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        // One that had to grow goes itself.
        if self.events.len() > BATCH_EVENTS {
            return std::mem::take(&mut self.events);
        }
        let mut events = self.recorders.empty_events();
        events.extend_from_slice(&self.events);
        self.events.clear();
        events
    }

    /// The batch before was handed over.
    fn begin_batch(&mut self) {
        // It has it already, unless it had to grow.
        self.events.shrink_to(BATCH_EVENTS);
        self.events.reserve_exact(BATCH_EVENTS);
        self.flush_due = self.last.after(self.flush_interval);
        self.dropped = 0;
    }

    /// Called when the batch has reached the size at which it wants to go. Whether there is room for one more
    /// event; if not, it was counted as dropped.
    #[cold]
    fn make_room(&mut self) -> bool {
        self.flush();
        let pending = self.events.len();
        if pending < MAX_PENDING {
            // Asks again when it has grown as much again: a full channel must not be asked at every event.
            if pending == self.events.capacity() {
                self.events
                    .reserve_exact(pending.min(MAX_PENDING - pending));
            }
            return true;
        }
        false
    }

    /// There is no room for this event.
    #[cold]
    fn drop_event(&mut self, event: Event) {
        if self.dropped == 0 {
            self.dropped_at = self.last;
        }
        let kept = self.events.len().saturating_sub(MAX_PENDING) + self.landmarks.len();
        if is_landmark(&event.kind) && self.dropped > 0 && kept <= MAX_LANDMARKS {
            self.landmarks.push(event);
        } else {
            self.dropped += 1;
        }
    }
}

/// Whether it is one of the few that tell what became of a task or a model, or that a loop was held.
const fn is_landmark(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::ModelBegin { .. }
            | EventKind::ModelEnd { .. }
            | EventKind::TaskQueued { .. }
            | EventKind::TaskBegin { .. }
            | EventKind::TaskEnd { .. }
            | EventKind::Stall { .. }
    )
}

/// For code whose context is nothing but its recorder.
impl AsMut<Self> for Recorder {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// What was recorded is handed over, with the end of the thread as its last word.
impl Drop for Recorder {
    fn drop(&mut self) {
        if self.recorders.is_off() {
            return;
        }
        // There is no later: what waited for room in vain goes now, and leaves some for the last words.
        if self.events.len() >= MAX_PENDING - LAST_WORDS {
            let batch = self.take_batch();
            self.recorders.send_last(batch);
            self.begin_batch();
        }
        if let Some((times, mut cost)) = self.times {
            let (on_cpu, waiting_for_core) = times.up_to_now();
            let now = self.record(EventKind::ThreadSpent {
                on_cpu,
                waiting_for_core,
            });
            // This one, and the end of the thread.
            cost.add(Counted::of(&self.events).and_together(2));
            self.record_at(now, cost.tell(now));
        }
        self.record(EventKind::ThreadEnd);
        let batch = self.take_batch();
        self.recorders.send_last(batch);
    }
}

#[cfg(test)]
mod tests;

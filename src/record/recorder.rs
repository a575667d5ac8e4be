//! One thread's end of the recording.

use std::collections::HashMap;

use super::channel::{RawBatch, Recorders};
use super::cost::Cost;
use super::times::ThreadTimes;
use crate::clock::{Clock, Ticks};
use crate::trace::{Event, EventKind, FlowId, NameId, Source, Timestamp};

/// A batch is handed over at this size even in the middle of a turn (8 KiB of events).
const BATCH_EVENTS: usize = 256;

/// How many events a recorder keeps while the channel is full, before it drops (2 MiB of events).
pub const MAX_PENDING: usize = 65_536;

/// How many events a thread records when it ends.
const LAST_WORDS: usize = 3;

/// Records what happens on one thread. Owned by that thread and passed as `&mut`: no lock, no thread-local.
pub struct Recorder {
    recorders: Recorders,
    source: Source,
    events: Vec<Event>,
    flush_at: usize,
    names: Vec<(NameId, String)>,
    known: HashMap<String, NameId>,
    last: Ticks,
    dropped: u64,
    dropped_at: Ticks,
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
        let mut recorder = Self {
            recorders,
            source,
            events: Vec::with_capacity(BATCH_EVENTS),
            flush_at: BATCH_EVENTS,
            names: Vec::new(),
            known: HashMap::new(),
            last: begin,
            dropped: 0,
            dropped_at: begin,
            times: None,
        };
        let event_cost = recorder.recorders.event_cost();
        recorder.times = event_cost.map(|cost| (ThreadTimes::begin(), Cost::begin(cost, begin)));
        let name = recorder.name(thread_name);
        recorder.record_at(begin, EventKind::ThreadBegin { name });
        recorder
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
        if self.events.len() >= self.flush_at && !self.make_room() {
            return;
        }
        self.events.push(Event {
            at: Timestamp(self.last.0),
            kind,
        });
    }

    /// Hands over what was recorded: at the end of a turn, before a call that may block, when asked by a
    /// person who wants to see it now.
    pub fn flush(&mut self) {
        if self.events.is_empty() && self.names.is_empty() && self.dropped == 0 {
            return;
        }
        let begin = self.times.map(|_| self.ticks());
        let recorded = self.events.len();
        let batch = self.take_batch();
        match self.recorders.send(batch) {
            Ok(()) => {
                self.begin_batch();
                if let Some(begin) = begin {
                    self.add_cost(recorded, begin);
                }
            }
            // What it takes to ask in vain is not counted: it is asked seldom.
            Err(batch) => {
                self.names = batch.names;
                self.events = batch.events;
                if self.dropped > 0 {
                    self.events.pop();
                }
                // Try again when it has grown as much again: a full channel must not be asked at every event.
                self.flush_at = (self.events.len() + BATCH_EVENTS).min(MAX_PENDING);
            }
        }
    }

    /// So many events were handed over.
    fn add_cost(&mut self, events: usize, begin: Ticks) {
        let end = self.ticks();
        let clock = self.recorders.clock();
        if let Some((_, cost)) = &mut self.times {
            cost.add(events, clock, begin, end);
            if let Some(told) = cost.tell_if_due(clock, end) {
                // Whoever is recording may have looked at the clock already.
                self.record_at(self.last, told);
            }
        }
    }

    /// What is to be handed over, with the count of what had to be dropped.
    fn take_batch(&mut self) -> RawBatch {
        if self.dropped > 0 {
            // It fits: nothing is dropped before the batch holds `MAX_PENDING` events.
            let kind = EventKind::Dropped {
                count: self.dropped,
            };
            self.events.push(Event {
                at: Timestamp(self.dropped_at.0),
                kind,
            });
        }
        RawBatch {
            source: self.source,
            names: std::mem::take(&mut self.names),
            events: std::mem::take(&mut self.events),
        }
    }

    /// The batch before was handed over.
    fn begin_batch(&mut self) {
        self.events = self.recorders.empty_events();
        self.events.reserve(BATCH_EVENTS);
        self.flush_at = BATCH_EVENTS;
        self.dropped = 0;
    }

    /// Called when the batch has reached the size at which it wants to go. Whether there is room for one more
    /// event; if not, it was counted as dropped.
    #[cold]
    fn make_room(&mut self) -> bool {
        self.flush();
        if self.events.len() < MAX_PENDING {
            return true;
        }
        if self.dropped == 0 {
            self.dropped_at = self.last;
        }
        self.dropped += 1;
        false
    }
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
            cost.add(self.events.len() + 2, self.clock(), now, now);
            self.record_at(now, cost.tell(now));
        }
        self.record(EventKind::ThreadEnd);
        let batch = self.take_batch();
        self.recorders.send_last(batch);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::super::channel::channel_with_capacity;
    use super::super::{Receiver, TryRecvError};
    use super::*;
    use crate::trace::{Batch, ModelId};

    fn model() -> ModelId {
        ModelId::from_index(0)
    }

    fn drain(receiver: &Receiver) -> Vec<Batch> {
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    #[test]
    fn events_come_out_in_order_on_the_time_of_the_clock() {
        let (clock, hand) = Clock::manual();
        let (recorders, receiver) = super::super::channel(&clock, Arc::new(|| {}));
        let mut recorder = recorders.recorder(model(), "reactor");
        hand.advance(Duration::from_micros(5));
        recorder.record(EventKind::PollBegin);
        drop(recorder);
        let batches = drain(&receiver);
        assert_eq!(batches.len(), 1);
        let (id, name) = &batches[0].names[0];
        assert_eq!(name, "reactor");
        let events: Vec<_> = batches[0]
            .events
            .iter()
            .map(|event| (event.at.as_nanos(), event.kind))
            .collect();
        assert_eq!(
            events,
            [
                (0, EventKind::ThreadBegin { name: *id }),
                (5_000, EventKind::PollBegin),
                (5_000, EventKind::ThreadEnd),
            ]
        );
    }

    #[test]
    fn where_it_is_asked_for_the_last_word_tells_how_the_threads_time_was_spent() {
        let (recorders, receiver) = super::super::channel(&Clock::monotonic(), Arc::new(|| {}));
        let recorder = recorders.with_thread_times().recorder(model(), "reactor");
        drop(recorder);
        let events = drain(&receiver).remove(0).events;
        let [.., times, cost, end] = &events[..] else {
            panic!("{events:?}");
        };
        assert!(matches!(times.kind, EventKind::ThreadSpent { .. }));
        assert!(matches!(cost.kind, EventKind::Recorded { events: 4, .. }));
        assert_eq!(end.kind, EventKind::ThreadEnd);
    }

    #[test]
    fn a_moment_in_the_past_is_moved_to_the_last_event() {
        let (clock, hand) = Clock::manual();
        let (recorders, receiver) = super::super::channel(&clock, Arc::new(|| {}));
        let mut recorder = recorders.recorder(model(), "reactor");
        let early = recorder.ticks();
        hand.advance(Duration::from_micros(5));
        recorder.record(EventKind::PollBegin);
        recorder.record_at(early, EventKind::PollEnd { ready: 0 });
        recorder.flush();
        let events = drain(&receiver).remove(0).events;
        assert_eq!(events[2].at, events[1].at);
    }

    #[test]
    fn each_handing_over_wakes_once() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&wakes);
        let wake: super::super::Wake = Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let (recorders, _receiver) = super::super::channel(&Clock::monotonic(), wake);
        let mut recorder = recorders.recorder(model(), "reactor");
        recorder.flush();
        recorder.flush();
        assert_eq!(
            wakes.load(Ordering::Relaxed),
            1,
            "an empty batch is not handed over"
        );
    }

    #[test]
    fn a_full_channel_costs_nothing_until_the_cap_and_then_the_dropped_are_counted() {
        let clock = Clock::monotonic();
        let (recorders, receiver) = channel_with_capacity(&clock, Arc::new(|| {}), 1);
        let mut recorder = recorders.recorder(model(), "reactor");
        recorder.flush();
        let lost = 1000;
        for _ in 0..MAX_PENDING + lost {
            recorder.record(EventKind::PollBegin);
        }
        let first = receiver.try_recv().expect("the one batch that fitted");
        assert_eq!(first.events.len(), 1);
        recorder.flush();
        let second = receiver.try_recv().expect("what had to wait");
        assert_eq!(second.events.len(), MAX_PENDING + 1);
        assert_eq!(
            second.events[MAX_PENDING].kind,
            EventKind::Dropped { count: lost as u64 }
        );
        drop(recorder);
        drop(recorders);
        let last = receiver.try_recv().expect("the end of the thread");
        assert_eq!(last.events.len(), 1, "nothing is counted twice");
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }

    #[test]
    fn the_last_words_of_a_thread_are_never_lost_and_come_last() {
        let (recorders, receiver) = channel_with_capacity(&Clock::monotonic(), Arc::new(|| {}), 1);
        let mut recorder = recorders.recorder(model(), "reactor");
        recorder.flush();
        recorder.record(EventKind::PollBegin);
        drop(recorder);
        drop(recorders);
        let events: Vec<_> = drain(&receiver)
            .into_iter()
            .flat_map(|batch| batch.events)
            .map(|event| event.kind)
            .collect();
        assert!(
            matches!(events[0], EventKind::ThreadBegin { .. }),
            "{events:?}"
        );
        assert_eq!(events[1..], [EventKind::PollBegin, EventKind::ThreadEnd]);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }

    #[test]
    fn names_survive_a_full_channel() {
        let (recorders, receiver) = channel_with_capacity(&Clock::monotonic(), Arc::new(|| {}), 1);
        let mut recorder = recorders.recorder(model(), "reactor");
        recorder.flush();
        let name = recorder.name("late");
        recorder.flush();
        assert_eq!(recorder.name("late"), name, "a text keeps its id");
        drain(&receiver);
        recorder.flush();
        assert_eq!(drain(&receiver)[0].names, [(name, "late".to_owned())]);
    }

    #[test]
    fn one_that_is_off_keeps_nothing() {
        let mut recorder = Recorders::off(&Clock::monotonic()).recorder(model(), "reactor");
        for _ in 0..10_000 {
            recorder.record(EventKind::PollBegin);
            recorder.message("bad luck");
        }
        let name = recorder.name("callback");
        assert_eq!(recorder.name("callback"), name);
        assert!(recorder.events.is_empty() && recorder.names.is_empty());
    }

    #[test]
    fn a_recorder_without_a_receiver_does_not_care() {
        let (recorders, receiver) = channel_with_capacity(&Clock::monotonic(), Arc::new(|| {}), 1);
        drop(receiver);
        let mut recorder = recorders.recorder(model(), "reactor");
        for _ in 0..10_000 {
            recorder.record(EventKind::PollBegin);
        }
    }
}

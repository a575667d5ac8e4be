//! What one thread did.

use std::collections::BTreeMap;

use super::{Lane, Row, Series, Span, SpanKind, Watch};
use crate::trace::{Event, EventKind, FlowId, NameId, ThreadId, TimeRange, Timestamp, WaitCall};

/// What one thread did: its phases and callbacks as spans, everything else as moments.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadTrack {
    /// Which.
    pub id: ThreadId,
    /// What it is called.
    pub name: Option<NameId>,
    /// Polls and turns, or waits, and the callbacks in them.
    pub lane: Lane,
    /// When it began to record.
    pub begin: Timestamp,
    /// When it ended, if it did.
    pub end: Option<Timestamp>,
    /// How many polls it has entered; 0 for a thread that has no loop.
    pub polls: usize,
    /// How many descriptors its polls have brought, all together.
    pub ready: u64,
    /// How many callbacks it has run that lie in no other.
    pub callbacks: usize,
    /// What a watchdog saw of it.
    pub watch: Watch,
    /// By how many nanoseconds each timer was late that fired on this thread, at the moment when it did.
    pub lateness: Series,
    /// Its turns, in the order of time.
    turns: Vec<TurnMark>,
    /// Of a thread without a loop, the stretches between two waits.
    stretches: Row,
    /// How long it waited, in polls or in system calls, in nanoseconds, what lasts still not included.
    waited: u64,
    last_wait_end: Option<Timestamp>,
    instants: Vec<Event>,
    notable: Vec<usize>,
    /// Where flows begin, in the order of their numbers, which is nearly that of time.
    origins: Vec<(FlowId, usize)>,
    /// Which descriptors its readinesses are of, where that was told, in the order of their flows.
    descriptors: Vec<(FlowId, i32)>,
    timers: BTreeMap<FlowId, PendingTimer>,
}

/// Where a turn begins, at its poll, and what the thread had done until then: the difference of two says what was done in
/// between, without a look at what lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnMark {
    /// When its poll begins.
    pub at: Timestamp,
    /// How many callbacks that lie in no other had begun before.
    pub callbacks: u64,
    /// How many descriptors the polls before had brought.
    pub ready: u64,
}

/// A timer that was set, and has neither fired nor been cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingTimer {
    /// When it is due.
    pub deadline: Timestamp,
    /// The name of its callback.
    pub name: NameId,
}

impl ThreadTrack {
    pub(super) fn new(id: ThreadId, begin: Timestamp) -> Self {
        Self {
            id,
            name: None,
            lane: Lane::default(),
            begin,
            end: None,
            polls: 0,
            ready: 0,
            callbacks: 0,
            watch: Watch::default(),
            lateness: Series::default(),
            turns: Vec::new(),
            stretches: Row::default(),
            waited: 0,
            last_wait_end: None,
            instants: Vec::new(),
            notable: Vec::new(),
            origins: Vec::new(),
            descriptors: Vec::new(),
            timers: BTreeMap::new(),
        }
    }

    /// Everything that is a moment and not a span, in the order of time.
    pub fn instants(&self) -> &[Event] {
        &self.instants
    }

    /// Those moments that lie in `view`.
    pub fn instants_in(&self, view: TimeRange) -> &[Event] {
        let from = self.instants.partition_point(|event| event.at < view.begin);
        let to = self.instants.partition_point(|event| event.at < view.end);
        &self.instants[from..to.max(from)]
    }

    /// The places, among [`Self::instants`], of the few that must be seen at every scale: connections that
    /// stand, failures and dropped events.
    pub fn notable(&self) -> &[usize] {
        &self.notable
    }

    /// Where a flow begins on this thread: a readiness, the setting of a timer, a call from a thread, the making
    /// of a Deferred, work for the thread pool.
    pub fn origin(&self, flow: FlowId) -> Option<Event> {
        let place = self
            .origins
            .binary_search_by_key(&flow, |(flow, _)| *flow)
            .ok()?;
        self.instants.get(self.origins[place].1).copied()
    }

    /// The number of the descriptor that a readiness is of, where that was told.
    pub fn descriptor_of(&self, readiness: FlowId) -> Option<i32> {
        let known = |(flow, _): &(FlowId, i32)| *flow;
        let place = self.descriptors.binary_search_by_key(&readiness, known);
        place.ok().map(|place| self.descriptors[place].1)
    }

    /// The last readiness that is known to be of this descriptor.
    pub fn readiness_of(&self, fd: i32) -> Option<FlowId> {
        let last = self
            .descriptors
            .iter()
            .rev()
            .find(|(_, known)| *known == fd);
        last.map(|(flow, _)| *flow)
    }

    /// The timers that are still to come, in the order in which they were set first.
    pub fn pending_timers(&self) -> impl Iterator<Item = (FlowId, PendingTimer)> + '_ {
        self.timers.iter().map(|(flow, timer)| (*flow, *timer))
    }

    /// Its turns, each from its poll to that of the next one, in the order of time.
    pub fn turns(&self) -> &[TurnMark] {
        &self.turns
    }

    /// The polls that begin at `moment` or later.
    pub fn polls_from(&self, moment: Timestamp) -> impl Iterator<Item = Span> + '_ {
        let row = self.lane.row(0).map_or(&[][..], Row::spans);
        let from = row.partition_point(|span| span.begin < moment);
        let open = self.lane.open().first();
        row[from..]
            .iter()
            .chain(open.filter(move |span| span.begin >= moment))
            .filter(|span| span.kind == SpanKind::Poll)
            .copied()
    }

    /// Whether it did anything that has a length. The main thread of the threaded model, which only waits for
    /// the others, did not.
    pub fn has_spans(&self) -> bool {
        self.lane.depths() > 0
    }

    /// The stretches in which it did not wait, as spans of the kind [`SpanKind::Turn`]: the turns of a loop
    /// (with its polls between them), or what a blocking thread did from one wait to the next. Finished ones.
    pub fn stretches(&self) -> &Row {
        match self.lane.row(0) {
            Some(row) if self.polls > 0 => row,
            _ => &self.stretches,
        }
    }

    /// The stretch without a wait that lasts still.
    pub fn open_stretch(&self) -> Option<Span> {
        if self.end.is_some() || !self.has_spans() {
            return None;
        }
        if self.polls > 0 {
            let open = self.lane.open().first().copied();
            return open.filter(|span| span.kind == SpanKind::Turn);
        }
        let waits = self.lane.open().iter().any(|span| is_wait(span.kind));
        (!waits).then(|| Span::open(self.awake_since(), SpanKind::Turn))
    }

    /// When it last came back from a wait.
    fn awake_since(&self) -> Timestamp {
        self.last_wait_end.unwrap_or(self.begin)
    }

    /// From its begin to its end, or to `now` while it lives.
    pub fn range(&self, now: Timestamp) -> TimeRange {
        TimeRange::new(self.begin, self.end.unwrap_or(now))
    }

    /// How many nanoseconds it waited up to `now`, in polls or in blocking system calls.
    pub fn waited_nanos(&self, now: Timestamp) -> u64 {
        let open = self.lane.open().iter().find(|span| is_wait(span.kind));
        self.waited
            .saturating_add(open.map_or(0, |span| span.range(now).nanos()))
    }

    pub(super) fn push(&mut self, event: &Event) {
        let at = event.at;
        match event.kind {
            EventKind::ThreadBegin { name } => {
                self.name = Some(name);
                self.begin = at;
            }
            EventKind::ThreadEnd => {
                self.end_stretch(at);
                self.lane.end_all(at);
                self.end = Some(at);
            }
            EventKind::PollBegin => {
                // The first turn begins with the loop, before anything is known of it.
                self.end_span(at, |span| span.kind == SpanKind::Turn);
                self.lane.begin(Span::open(at, SpanKind::Poll));
                self.polls += 1;
                self.turns.push(TurnMark {
                    at,
                    callbacks: self.callbacks as u64,
                    ready: self.ready,
                });
            }
            EventKind::PollEnd { ready } => {
                self.ready = self.ready.saturating_add(u64::from(ready));
                self.end_span(at, |span| span.kind == SpanKind::Poll);
                self.lane.begin(Span::open(at, SpanKind::Turn));
            }
            EventKind::WaitBegin { task, call } => {
                self.end_stretch(at);
                self.lane
                    .begin(Span::open(at, SpanKind::Wait(call)).of_task(Some(task)));
            }
            EventKind::IdleBegin => {
                self.end_stretch(at);
                self.lane
                    .begin(Span::open(at, SpanKind::Wait(WaitCall::Work)));
            }
            EventKind::WaitEnd { .. } | EventKind::IdleEnd => {
                self.end_span(at, |span| matches!(span.kind, SpanKind::Wait(_)))
            }
            EventKind::CallbackBegin {
                name,
                task,
                cause,
                flow,
            } => {
                if !self.lane.open().iter().any(|span| is_callback(span.kind)) {
                    self.callbacks += 1;
                }
                let span = Span::open(at, SpanKind::Callback(cause))
                    .named(name)
                    .of_task(task)
                    .caused_by(flow);
                self.lane.begin(span);
            }
            EventKind::CallbackEnd { failed } => {
                self.end_callback(at, failed);
            }
            EventKind::BlockingBegin { name, task } => {
                self.lane
                    .begin(Span::open(at, SpanKind::Blocking).named(name).of_task(task));
            }
            EventKind::BlockingEnd => self.end_span(at, |span| span.kind == SpanKind::Blocking),
            _ => self.instant(event),
        }
    }

    /// A thread without a loop is about to wait, or ends.
    fn end_stretch(&mut self, at: Timestamp) {
        if self.polls == 0
            && let Some(mut span) = self.open_stretch()
        {
            span.end = at.max(span.begin);
            self.stretches.push(span);
        }
    }

    fn instant(&mut self, event: &Event) {
        match event.kind {
            EventKind::TimerSet {
                timer,
                deadline,
                name,
            } => {
                self.timers.insert(timer, PendingTimer { deadline, name });
            }
            EventKind::TimerFired { timer, late } => {
                self.timers.remove(&timer);
                self.lateness.push(event.at, late);
            }
            EventKind::TimerCancelled { timer } => {
                self.timers.remove(&timer);
            }
            EventKind::ReadinessOf { flow, fd } => {
                let past = |(known, _): &(FlowId, i32)| *known <= flow;
                let place = self.descriptors.partition_point(past);
                self.descriptors.insert(place, (flow, fd));
            }
            _ => {}
        }
        let flow = match event.kind {
            EventKind::Readiness { flow, .. } | EventKind::ThreadCall { flow, .. } => Some(flow),
            EventKind::TimerSet { timer, .. } => Some(timer),
            EventKind::DeferredMade { deferred, .. } => Some(deferred),
            EventKind::WorkQueued { work, .. } => Some(work),
            _ => None,
        };
        if let Some(flow) = flow {
            self.add_origin(flow);
        }
        if let EventKind::Connected { .. } | EventKind::Failure { .. } | EventKind::Dropped { .. } =
            event.kind
        {
            self.notable.push(self.instants.len());
        }
        self.instants.push(*event);
    }

    /// The next moment is where a flow begins. The first moment of a flow counts.
    fn add_origin(&mut self, flow: FlowId) {
        // Nearly always the last place. But another thread may have asked for its number long ago.
        let place = match self.origins.last() {
            Some((last, _)) if flow <= *last => {
                match self.origins.binary_search_by_key(&flow, |(flow, _)| *flow) {
                    Ok(_) => return,
                    Err(place) => place,
                }
            }
            _ => self.origins.len(),
        };
        self.origins.insert(place, (flow, self.instants.len()));
    }

    fn end_span(&mut self, at: Timestamp, is_it: impl FnOnce(&Span) -> bool) {
        if let Some(span) = self.lane.end(at, is_it)
            && is_wait(span.kind)
        {
            self.waited = self.waited.saturating_add(span.end.0 - span.begin.0);
            self.last_wait_end = Some(span.end);
        }
    }

    fn end_callback(&mut self, at: Timestamp, failed: bool) {
        // A callback that panicked inside a blocking call never told that the call ended.
        self.end_span(at, |span| span.kind == SpanKind::Blocking);
        self.lane.end_with(
            at,
            |span| is_callback(span.kind),
            |span| span.failed = failed,
        );
    }
}

const fn is_callback(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Callback(_))
}

const fn is_wait(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Poll | SpanKind::Wait(_))
}

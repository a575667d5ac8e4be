//! What one thread did.

use std::collections::BTreeMap;

use super::chunks::Chunks;
use super::lost::Gaps;
use super::shelf::Shelf;
use super::turn::TurnMark;
use super::{Lane, Moments, Row, Series, Shelved, Span, SpanKind, Watch};
use crate::trace::{
    Cause, Event, EventKind, FlowId, NameId, ThreadId, TimeRange, Timestamp, WaitCall,
};

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
    /// How many polls it has entered; 0 for a thread that has no loop, or whose loop has not come to a poll.
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
    turns: Shelf<TurnMark>,
    /// Of a thread without a loop, the stretches between two waits.
    stretches: Row,
    /// How long it waited, in polls or in system calls, in nanoseconds, what lasts still not included.
    waited: u64,
    last_wait_end: Option<Timestamp>,
    instants: Shelf<Event>,
    notable: [Chunks<usize>; 3],
    /// The places of the moments where flows begin, in the order of their numbers, which is nearly that of time.
    origins: Chunks<usize>,
    /// Which descriptors its readinesses are of, where that was told, in the order of their flows.
    descriptors: Chunks<(FlowId, i32)>,
    timers: BTreeMap<FlowId, PendingTimer>,
    /// Where its events were dropped.
    pub(super) gaps: Gaps,
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
            turns: Shelf::default(),
            stretches: Row::default(),
            waited: 0,
            last_wait_end: None,
            instants: Shelf::default(),
            notable: Default::default(),
            origins: Chunks::default(),
            descriptors: Chunks::default(),
            timers: BTreeMap::new(),
            gaps: Gaps::default(),
        }
    }

    /// Everything that is a moment and not a span, in the order of time.
    pub const fn instants(&self) -> Moments<'_> {
        Moments::all(&self.instants)
    }

    /// Those moments that lie in `view`.
    pub fn instants_in(&self, view: TimeRange) -> Moments<'_> {
        let all = self.instants();
        let from = all.partition_point(|event| event.at < view.begin);
        let to = all.partition_point(|event| event.at < view.end);
        all.range(from..to.max(from))
    }

    /// The places, among [`Self::instants`], of the few that must be seen at every scale: connections that
    /// stand, failures and dropped events, each kind by itself.
    pub const fn notable(&self) -> &[Chunks<usize>; 3] {
        &self.notable
    }

    /// Whether it has ever told what it waits for: a descriptor, a timer, a call from another thread.
    pub fn tells_who_waits(&self) -> bool {
        !self.origins.is_empty()
    }

    /// The place, among [`Self::instants`], of the moment where a flow begins on this thread: a readiness, the setting of
    /// a timer, a call from a thread, the making of a Deferred, work for the thread pool.
    pub fn origin_place(&self, flow: FlowId) -> Option<usize> {
        let place = *self.origins.get(self.origin_from(flow))?;
        (self.flow_at(place) == Some(flow)).then_some(place)
    }

    /// Where a flow begins on this thread.
    pub fn origin(&self, flow: FlowId) -> Option<Event> {
        self.instants.get(self.origin_place(flow)?)
    }

    /// The number of the descriptor that a readiness is of, where that was told.
    pub fn descriptor_of(&self, readiness: FlowId) -> Option<i32> {
        let place = self
            .descriptors
            .partition_point(|(known, _)| *known < readiness);
        let known = self.descriptors.get(place);
        known
            .filter(|(known, _)| *known == readiness)
            .map(|(_, fd)| *fd)
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
    pub const fn turns(&self) -> Shelved<'_, TurnMark> {
        Shelved::all(&self.turns)
    }

    /// The polls that begin at `moment` or later.
    pub fn polls_from(&self, moment: Timestamp) -> impl Iterator<Item = Span> + '_ {
        let row = self.lane.row(0).into_iter();
        let ended = row.flat_map(move |row| row.spans_from(moment));
        let open = self.lane.open().first().copied();
        ended
            .chain(open.filter(move |span| span.begin >= moment))
            .filter(|span| span.kind == SpanKind::Poll)
    }

    /// Whether it runs a loop: it polls, or it has begun with what is called before the first poll.
    pub fn runs_loop(&self) -> bool {
        let first = self.lane.row(0).and_then(|row| row.spans().first());
        let first = first.or_else(|| self.lane.open().first().copied());
        let starts = SpanKind::Callback(Cause::WhenRunning);
        self.polls > 0 || first.is_some_and(|first| first.kind == starts)
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

    /// Takes in an event. Gives back the stretch without a wait that ends with it.
    pub(super) fn push(&mut self, event: &Event) -> Option<TimeRange> {
        let at = event.at;
        let was_lost = self.gaps.is_open();
        let hidden = self.gaps.hide(self.polls > 0, at, &event.kind);
        if was_lost && !hidden {
            self.last_wait_end = Some(at);
        }
        let ended = self.ends_stretch(&event.kind).then(|| self.end_stretch(at));
        match event.kind {
            EventKind::CallbackBegin { .. }
            | EventKind::CallbackEnd { .. }
            | EventKind::BlockingBegin { .. }
            | EventKind::BlockingEnd
                if hidden => {}
            _ => self.take(event),
        }
        ended.flatten()
    }

    fn take(&mut self, event: &Event) {
        let at = event.at;
        match event.kind {
            EventKind::Dropped { .. } => {
                self.lane.end_all(at);
                self.gaps.begin(at);
                self.instant(event);
            }
            EventKind::ThreadBegin { name } => {
                self.name = Some(name);
                self.begin = at;
            }
            EventKind::ThreadEnd => {
                self.lane.end_all(at);
                self.end = Some(at);
            }
            EventKind::PollBegin => self.begin_poll(at),
            EventKind::PollEnd { ready } => {
                self.ready = self.ready.saturating_add(u64::from(ready));
                self.end_span(at, |span| span.kind == SpanKind::Poll);
                self.lane.begin(Span::open(at, SpanKind::Turn));
            }
            EventKind::WaitBegin { task, call } => {
                let span = Span::open(at, SpanKind::Wait(call));
                self.lane.begin(span.of_task(Some(task)));
            }
            EventKind::IdleBegin => {
                let span = Span::open(at, SpanKind::Wait(WaitCall::Work));
                self.lane.begin(span);
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
                let span = Span::open(at, SpanKind::Callback(cause)).named(name);
                self.begin_callback(span.of_task(task).caused_by(flow));
            }
            EventKind::CallbackEnd { failed } => self.end_callback(at, failed),
            EventKind::BlockingBegin { name, task } => {
                let span = Span::open(at, SpanKind::Blocking).named(name);
                self.lane.begin(span.of_task(task));
            }
            EventKind::BlockingEnd => self.end_span(at, |span| span.kind == SpanKind::Blocking),
            _ => self.instant(event),
        }
    }

    fn begin_poll(&mut self, at: Timestamp) {
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

    fn begin_callback(&mut self, span: Span) {
        if !self.lane.open().iter().any(|span| is_callback(span.kind)) {
            self.callbacks += 1;
        }
        self.lane.begin(span);
    }

    /// Whether the thread is about to wait with such an event, or ends, or is lost sight of.
    const fn ends_stretch(&self, kind: &EventKind) -> bool {
        match kind {
            // What a thread does before its first poll is no turn of its loop.
            EventKind::PollBegin => self.polls > 0,
            EventKind::ThreadEnd
            | EventKind::WaitBegin { .. }
            | EventKind::IdleBegin
            | EventKind::Dropped { .. } => true,
            _ => false,
        }
    }

    /// The thread is about to wait, or ends.
    fn end_stretch(&mut self, at: Timestamp) -> Option<TimeRange> {
        let mut span = self.open_stretch()?;
        span.end = at.max(span.begin);
        if self.polls == 0 {
            self.stretches.push(span);
        }
        Some(TimeRange::new(span.begin, span.end))
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
                self.descriptors.insert_by((flow, fd), |(flow, _)| *flow);
            }
            _ => {}
        }
        if let Some(flow) = event.kind.begun_flow() {
            self.add_origin(flow);
        }
        if let Some(notable) = notable(&event.kind) {
            self.notable[notable].push(self.instants.len());
        }
        self.instants.push(*event);
    }

    /// The next moment is where a flow begins. The first moment of a flow counts.
    fn add_origin(&mut self, flow: FlowId) {
        // Nearly always the last place. But another thread may have asked for its number long ago.
        let last = self.origins.last().and_then(|last| self.flow_at(*last));
        let place = match last {
            Some(last) if flow <= last => {
                let place = self.origin_from(flow);
                let known = self
                    .origins
                    .get(place)
                    .and_then(|known| self.flow_at(*known));
                if known == Some(flow) {
                    return;
                }
                place
            }
            _ => self.origins.len(),
        };
        self.origins.insert(place, self.instants.len());
    }

    /// The first of the origins whose flow is this or comes after it.
    fn origin_from(&self, flow: FlowId) -> usize {
        // What was let go of came before what is kept.
        let before = |place: &usize| self.flow_at(*place).is_none_or(|known| known < flow);
        self.origins.partition_point(before)
    }

    /// The flow that begins with the moment at a place.
    fn flow_at(&self, place: usize) -> Option<FlowId> {
        self.instants.get(place)?.kind.begun_flow()
    }

    /// Whether an event would move the state of a task, and is work that a thread of the pool does for it. The task waits
    /// for that in its loop, whose own events may arrive before these or after them.
    pub(super) fn works_off_loop(&self, event: &Event) -> bool {
        let of_pool = SpanKind::Callback(Cause::ThreadPool);
        let works = || self.lane.open().iter().any(|span| span.kind == of_pool);
        match event.kind {
            EventKind::CallbackBegin { cause, .. } => {
                // Of a turn of which events were dropped nobody knows when its callbacks end.
                let is_lost = self.polls > 0 && self.gaps.is_open();
                cause == Cause::ThreadPool || is_lost || works()
            }
            EventKind::WaitBegin { .. } | EventKind::WaitEnd { .. } => works(),
            _ => false,
        }
    }

    /// Lets go of what ended before `moment`, in whole pieces. What is counted stays counted.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.lane.forget_before(moment);
        self.stretches.forget_before(moment);
        self.lateness.forget_before(moment);
        let begun = self.turns().partition_point(|turn| turn.at <= moment);
        // The turn of that moment stays.
        self.turns.forget_before(begun.saturating_sub(1));
        self.watch.forget_before(moment);
        let place = self.instants().partition_point(|event| event.at < moment);
        self.instants.forget_before(place);
        let first = self.instants.first();
        for places in &mut self.notable {
            places.forget_while(|place| *place < first);
        }
        // Their order is nearly that of time. One that is out of it keeps those after it.
        let gone = self.origins.iter().take_while(|place| **place < first);
        let gone = self.origins.first_place() + gone.count();
        self.origins.forget_before(gone);
        if let Some(oldest) = self
            .origins
            .get(gone)
            .and_then(|place| self.flow_at(*place))
        {
            self.descriptors.forget_while(|(flow, _)| *flow < oldest);
        }
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.lane.bytes()
            + self.stretches.bytes()
            + self.lateness.bytes()
            + self.turns.bytes()
            + self.watch.bytes()
            + self.instants.bytes()
            + self.notable.iter().map(Chunks::bytes).sum::<usize>()
            + self.origins.bytes()
            + self.descriptors.bytes()
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

/// Which of the kinds it is that must be seen at every scale, if it is one.
const fn notable(kind: &EventKind) -> Option<usize> {
    match kind {
        EventKind::Connected { .. } => Some(0),
        EventKind::Failure { .. } => Some(1),
        EventKind::Dropped { .. } => Some(2),
        _ => None,
    }
}

const fn is_callback(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Callback(_))
}

const fn is_wait(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Poll | SpanKind::Wait(_))
}

//! What one thread did.

use super::{Lane, Span, SpanKind};
use crate::trace::{Event, EventKind, FlowId, NameId, ThreadId, TimeRange, Timestamp};

/// What one thread did: its phases and callbacks as spans, everything else as moments.
#[derive(Clone, Debug)]
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
    /// How long it waited, in polls or in system calls, in nanoseconds, what lasts still not included.
    waited: u64,
    instants: Vec<Event>,
    /// Where flows begin: rising, because numbers are given out in the order of time.
    origins: Vec<(FlowId, usize)>,
}

impl ThreadTrack {
    pub(super) fn new(id: ThreadId, begin: Timestamp) -> Self {
        Self {
            id,
            name: None,
            lane: Lane::default(),
            begin,
            end: None,
            waited: 0,
            instants: Vec::new(),
            origins: Vec::new(),
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

    /// Where a flow begins on this thread: a readiness, the setting of a timer, a call from a thread.
    pub fn origin(&self, flow: FlowId) -> Option<Event> {
        let place = self
            .origins
            .binary_search_by_key(&flow, |(flow, _)| *flow)
            .ok()?;
        self.instants.get(self.origins[place].1).copied()
    }

    /// From its begin to its end, or to `now` while it lives.
    pub fn range(&self, now: Timestamp) -> TimeRange {
        TimeRange::new(self.begin, self.end.unwrap_or(now))
    }

    /// How many nanoseconds it waited up to `now`, in polls or in blocking system calls.
    pub fn waited_nanos(&self, now: Timestamp) -> u64 {
        let open = self.lane.open().iter().find(|span| is_wait(span.kind));
        self.waited + open.map_or(0, |span| span.range(now).nanos())
    }

    pub(super) fn push(&mut self, event: &Event) {
        let at = event.at;
        match event.kind {
            EventKind::ThreadBegin { name } => {
                self.name = Some(name);
                self.begin = at;
            }
            EventKind::ThreadEnd => {
                self.lane.end_all(at);
                self.end = Some(at);
            }
            EventKind::PollBegin => {
                // The first turn begins with the loop, before anything is known of it.
                self.end_span(at, |span| span.kind == SpanKind::Turn);
                self.lane.begin(Span::open(at, SpanKind::Poll));
            }
            EventKind::PollEnd { .. } => {
                self.end_span(at, |span| span.kind == SpanKind::Poll);
                self.lane.begin(Span::open(at, SpanKind::Turn));
            }
            EventKind::WaitBegin { task, call } => {
                self.lane
                    .begin(Span::open(at, SpanKind::Wait(call)).of_task(Some(task)));
            }
            EventKind::WaitEnd { .. } => {
                self.end_span(at, |span| matches!(span.kind, SpanKind::Wait(_)))
            }
            EventKind::CallbackBegin {
                name,
                task,
                cause,
                flow,
            } => {
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

    fn instant(&mut self, event: &Event) {
        let flow = match event.kind {
            EventKind::Readiness { flow, .. } | EventKind::ThreadCall { flow, .. } => Some(flow),
            EventKind::TimerSet { timer, .. } => Some(timer),
            _ => None,
        };
        if let Some(flow) = flow
            && self.origins.last().is_none_or(|(last, _)| *last < flow)
        {
            self.origins.push((flow, self.instants.len()));
        }
        self.instants.push(*event);
    }

    fn end_span(&mut self, at: Timestamp, is_it: impl FnOnce(&Span) -> bool) {
        if let Some(span) = self.lane.end(at, is_it)
            && is_wait(span.kind)
        {
            self.waited += span.end.0 - span.begin.0;
        }
    }

    fn end_callback(&mut self, at: Timestamp, failed: bool) {
        // A callback that panicked inside a blocking call never told that the call ended.
        self.end_span(at, |span| span.kind == SpanKind::Blocking);
        self.lane.end_with(
            at,
            |span| matches!(span.kind, SpanKind::Callback(_)),
            |span| span.failed = failed,
        );
    }
}

const fn is_wait(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Poll | SpanKind::Wait(_))
}

//! What led to what: from a readiness to the callback that serves it, from the setting of a timer to its firing, from
//! a thread's work to the call that takes its result.
//!
//! A cause is found by bisection. What followed is looked for forwards in time, from where it can be at the earliest; how
//! far, is bounded, and told: a timer that never fires costs no look at the whole trace.

use crate::store::{LaneRef, ModelTrack, Row, Span, SpanKind, SpanRef, ThreadTrack, TraceStore};
use crate::trace::{
    Cause, Event, EventKind, FlowId, ModelId, TaskId, ThreadId, TimeRange, Timestamp,
};

/// How many spans are looked at in search of what followed.
const FAR: usize = 200_000;
/// A thread of the pool tells of its result right before it asks the loop to take it: among so many moments.
const NEAR: usize = 8;

/// What ties a cause to what followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// A descriptor was ready; a callback serves it.
    Readiness,
    /// A timer was set; its callback runs.
    Timer,
    /// Another thread asked; the loop does it.
    ThreadCall,
    /// The loop handed work to its thread pool; a thread does it.
    Work,
    /// A thread of the pool has done its work; the loop takes the result.
    Result,
    /// A result was promised; a callback gets it.
    Deferred,
    /// A server sent something; the task reads it.
    Sent,
}

impl LinkKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Readiness,
        Self::Timer,
        Self::ThreadCall,
        Self::Work,
        Self::Result,
        Self::Deferred,
        Self::Sent,
    ];

    /// What the cause is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Readiness => "ready",
            Self::Timer => "timer set",
            Self::ThreadCall => "asked for by a thread",
            Self::Work => "handed to a thread",
            Self::Result => "done by a thread",
            Self::Deferred => "promised",
            Self::Sent => "sent by the server",
        }
    }
}

/// A thing that happened on a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Happened {
    /// A span; at its begin where it followed, and at its end where it is a cause.
    Span(SpanRef),
    /// A moment of a thread: its place among [`ThreadTrack::instants`].
    Instant(ModelId, ThreadId, usize),
    /// A server sent something to a task.
    Sent(ModelId, TaskId),
}

/// A cause, and what followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// What ties them.
    pub kind: LinkKind,
    /// The cause.
    pub from: Happened,
    /// When it happened. A thread that asks does so before the loop hears of it.
    pub left: Timestamp,
    /// What followed.
    pub to: SpanRef,
    /// When that began.
    pub arrived: Timestamp,
}

/// What followed from something.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// In the order of their causes.
    pub links: Vec<Link>,
    /// How many spans and moments were looked at.
    pub looked_at: usize,
    /// Whether that was all among which there may be more; else what lies farther on was not looked at.
    pub is_whole: bool,
}

/// What led to a span, if its flow leads back to something.
pub fn cause(store: &TraceStore, to: SpanRef) -> Option<Link> {
    let span = store.span(to)?;
    let model = store.model(to.model)?;
    let flow = span.flow?;
    let (thread, index, event) = origin(model, to.lane, flow)?;
    let instant = Happened::Instant(model.id, thread.id, index);
    let link = |kind, from, left| Link {
        kind,
        from,
        left,
        to,
        arrived: span.begin,
    };
    Some(match event.kind {
        EventKind::Readiness { .. } => link(LinkKind::Readiness, instant, event.at),
        EventKind::TimerSet { .. } => link(LinkKind::Timer, instant, event.at),
        EventKind::WorkQueued { .. } => link(LinkKind::Work, instant, event.at),
        EventKind::DeferredMade { .. } => match result_around(store, model, to) {
            Some((work, at)) => link(LinkKind::Result, Happened::Span(work), at),
            None => link(LinkKind::Deferred, instant, event.at),
        },
        EventKind::ThreadCall { queued_at, .. } => match work_of(model, thread.id, flow, queued_at)
        {
            Some((work, at)) => link(LinkKind::Result, Happened::Span(work), at),
            None => link(LinkKind::ThreadCall, instant, queued_at),
        },
        _ => return None,
    })
}

/// What followed from something, at most `most` links, in the order of their causes: of a span, all that was begun in
/// it and led to something else; of a moment, what it led to.
pub fn effects(store: &TraceStore, from: Happened, most: usize) -> Effects {
    let mut search = Search { left: FAR };
    let mut links: Vec<Link> = match from {
        Happened::Instant(id, thread, index) => {
            let followed = store.model(id).and_then(|model| {
                let track = model.thread(thread)?;
                search.of_instant(model, track, index)
            });
            followed.into_iter().collect()
        }
        Happened::Span(at) => search.of_span(store, at, most),
        Happened::Sent(..) => Vec::new(),
    };
    links.truncate(most);
    Effects {
        links,
        looked_at: FAR - search.left,
        is_whole: search.left > 0,
    }
}

/// Where a flow begins: on this lane mostly, or on another thread.
fn origin(model: &ModelTrack, lane: LaneRef, flow: FlowId) -> Option<(&ThreadTrack, usize, Event)> {
    let found = |thread: &'_ ThreadTrack| {
        let place = thread.origin_place(flow)?;
        Some((place, thread.instants().get(place)?))
    };
    let own = match lane {
        LaneRef::Thread(id) => model.thread(id),
        LaneRef::Task(_) => None,
    };
    let mut threads = own.into_iter().chain(&model.threads);
    threads.find_map(|thread| found(thread).map(|(place, event)| (thread, place, event)))
}

/// The work whose result a call brings that was asked for at `queued_at`, with the moment when it was done.
fn work_of(
    model: &ModelTrack,
    of_loop: ThreadId,
    call: FlowId,
    queued_at: Timestamp,
) -> Option<(SpanRef, Timestamp)> {
    let others = model.threads.iter().filter(|one| one.id != of_loop);
    others.into_iter().find_map(|thread| {
        let instants = thread.instants();
        let past = instants.partition_point(|event| event.at <= queued_at);
        let told = instants.range(..past).iter().rev().take(NEAR);
        let mut done = told.filter_map(|event| match event.kind {
            EventKind::WorkDone { work, call: known } if known == Some(call) => {
                Some((work, event.at))
            }
            _ => None,
        });
        let (work, at) = done.next()?;
        Some((last_with(model, thread, work, at)?, at))
    })
}

/// The last finished span of a flow on a thread, of those near a moment.
fn last_with(
    model: &ModelTrack,
    thread: &ThreadTrack,
    flow: FlowId,
    until: Timestamp,
) -> Option<SpanRef> {
    thread
        .lane
        .rows()
        .iter()
        .enumerate()
        .find_map(|(depth, row)| {
            let spans = row.spans();
            let past = spans.partition_point(|span| span.end <= until);
            let mut near = (spans.first_place()..past).rev().take(NEAR);
            let of_flow =
                |index: &usize| spans.get(*index).is_some_and(|one| one.flow == Some(flow));
            near.find(of_flow).map(|index| SpanRef {
                model: model.id,
                lane: LaneRef::Thread(thread.id),
                depth,
                index,
            })
        })
}

/// The work whose result the loop takes in a callback around `span`.
fn result_around(
    store: &TraceStore,
    model: &ModelTrack,
    span: SpanRef,
) -> Option<(SpanRef, Timestamp)> {
    let LaneRef::Thread(thread) = span.lane else {
        return None;
    };
    let parents = std::iter::successors(store.parent(span), |one| store.parent(*one));
    parents.into_iter().find_map(|parent| {
        let around = store.span(parent)?;
        let call = around
            .flow
            .filter(|_| around.kind == SpanKind::Callback(Cause::ThreadCall))?;
        let event = model.thread(thread)?.origin(call)?;
        match event.kind {
            EventKind::ThreadCall { queued_at, .. } => work_of(model, thread, call, queued_at),
            _ => None,
        }
    })
}

/// A look for what followed.
struct Search {
    /// How many more spans it may look at.
    left: usize,
}

impl Search {
    fn of_span(&mut self, store: &TraceStore, at: SpanRef, most: usize) -> Vec<Link> {
        let (Some(span), Some(model)) = (store.span(at), store.model(at.model)) else {
            return Vec::new();
        };
        let LaneRef::Thread(id) = at.lane else {
            return self.of_task(model, at, &span).into_iter().collect();
        };
        let Some(thread) = model.thread(id) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let instants = thread.instants();
        let first = instants.partition_point(|event| event.at < span.begin);
        let inside = instants
            .range(first..)
            .iter()
            .take_while(|event| event.at <= span.end);
        for (place, _) in inside.enumerate() {
            if found.len() >= most || self.left == 0 {
                break;
            }
            self.left -= 1;
            let link = self.of_instant(model, thread, first + place);
            // At its first and last moment there may be what belongs to a neighbour; and what lies in it is no
            // consequence.
            let other = |link: &Link| {
                link.to != at && (link.arrived >= span.end || link.to.lane != at.lane)
            };
            found.extend(link.filter(other));
        }
        if span.kind == SpanKind::Callback(Cause::ThreadPool) {
            found.extend(self.result(model, thread, at, &span));
        }
        found
    }

    /// From the state of a task to the callback that ended it.
    fn of_task(&mut self, model: &ModelTrack, at: SpanRef, state: &Span) -> Option<Link> {
        let flow = state.flow?;
        let (thread, _, event) = origin(model, at.lane, flow)?;
        let to = self.forwards(model, thread, flow, event.at)?;
        Some(Link {
            kind: LinkKind::Readiness,
            from: Happened::Span(at),
            left: state.begin,
            to: to.0,
            arrived: to.1,
        })
    }

    fn of_instant(
        &mut self,
        model: &ModelTrack,
        thread: &ThreadTrack,
        index: usize,
    ) -> Option<Link> {
        let event = thread.instants().get(index)?;
        let (kind, flow, earliest) = match event.kind {
            EventKind::Readiness { flow, .. } => (LinkKind::Readiness, flow, event.at),
            EventKind::TimerSet {
                timer, deadline, ..
            } => (LinkKind::Timer, timer, deadline),
            EventKind::ThreadCall { flow, .. } => (LinkKind::ThreadCall, flow, event.at),
            EventKind::WorkQueued { work, .. } => (LinkKind::Work, work, event.at),
            EventKind::DeferredMade { deferred, .. } => (LinkKind::Deferred, deferred, event.at),
            _ => return None,
        };
        let (to, arrived) = match kind {
            LinkKind::Work => self.on_others(model, thread, flow, event.at)?,
            LinkKind::Timer => self.fired(model, thread, flow, (event.at, earliest))?,
            _ => self.forwards(model, thread, flow, earliest)?,
        };
        let left = match event.kind {
            EventKind::ThreadCall { queued_at, .. } => queued_at,
            _ => event.at,
        };
        Some(Link {
            kind,
            from: Happened::Instant(model.id, thread.id, index),
            left,
            to,
            arrived,
        })
    }

    /// A timer fires at its deadline or later, unless it was moved to an earlier one.
    fn fired(
        &mut self,
        model: &ModelTrack,
        thread: &ThreadTrack,
        timer: FlowId,
        (set, deadline): (Timestamp, Timestamp),
    ) -> Option<(SpanRef, Timestamp)> {
        let due = self.forwards(model, thread, timer, deadline.max(set));
        due.or_else(|| self.forwards(model, thread, timer, set))
    }

    /// From work that is done to the call that takes its result.
    fn result(
        &mut self,
        model: &ModelTrack,
        thread: &ThreadTrack,
        at: SpanRef,
        work: &Span,
    ) -> Option<Link> {
        let after = TimeRange::new(work.end, Timestamp::MAX);
        let told = thread.instants_in(after).iter().take(NEAR);
        let mut calls = told.filter_map(|event| match event.kind {
            EventKind::WorkDone { work: known, call } if Some(known) == work.flow => call,
            _ => None,
        });
        let call = calls.next()?;
        let (of_loop, _, event) = origin(model, LaneRef::Thread(thread.id), call)?;
        let (to, arrived) = self.forwards(model, of_loop, call, event.at)?;
        Some(Link {
            kind: LinkKind::Result,
            from: Happened::Span(at),
            left: work.end,
            to,
            arrived,
        })
    }

    fn on_others(
        &mut self,
        model: &ModelTrack,
        thread: &ThreadTrack,
        flow: FlowId,
        from: Timestamp,
    ) -> Option<(SpanRef, Timestamp)> {
        let others = model.threads.iter().filter(|one| one.id != thread.id);
        let mut found = others.filter_map(|other| self.forwards(model, other, flow, from));
        found.next()
    }

    /// The first callback of a flow that begins on a thread at a moment or later.
    fn forwards(
        &mut self,
        model: &ModelTrack,
        thread: &ThreadTrack,
        flow: FlowId,
        from: Timestamp,
    ) -> Option<(SpanRef, Timestamp)> {
        let lane = &thread.lane;
        let mut best: Option<(SpanRef, Timestamp)> = None;
        for depth in 0..lane.depths() {
            let finished = lane.row(depth).map(Row::spans);
            let first = finished.map_or(0, |all| all.partition_point(|span| span.begin < from));
            for index in first.. {
                let Some(span) = lane.span(depth, index).filter(|_| self.left > 0) else {
                    break;
                };
                if best.is_some_and(|(_, begin)| begin <= span.begin) {
                    break;
                }
                self.left -= 1;
                if span.flow == Some(flow)
                    && matches!(span.kind, SpanKind::Callback(_))
                    && span.begin >= from
                {
                    let at = SpanRef {
                        model: model.id,
                        lane: LaneRef::Thread(thread.id),
                        depth,
                        index,
                    };
                    best = Some((at, span.begin));
                    break;
                }
            }
        }
        best
    }
}

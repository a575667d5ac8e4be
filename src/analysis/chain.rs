//! The way of a result through the chain of a Deferred.

use crate::store::{LaneRef, ModelTrack, SpanKind, SpanRef, ThreadTrack};
use crate::trace::{
    Cause, DeferredStep, EventKind, FlowId, NameId, ThreadId, TimeRange, Timestamp,
};

/// What became of a Deferred, in the order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// What it is called.
    pub name: NameId,
    /// On which thread it lives.
    pub thread: ThreadId,
    /// What happened; the first is that it was made.
    pub steps: Vec<ChainStep>,
}

/// One thing that happened to a Deferred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainStep {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: ChainEvent,
}

/// What may happen to a Deferred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChainEvent {
    /// Somebody promised a result.
    Made,
    /// Its chain came a step further.
    Step(DeferredStep),
    /// Its chain waits for another Deferred, if that is recorded.
    Paused(Option<FlowId>),
    /// One of its callbacks, or errbacks, ran.
    Called {
        /// Its span.
        span: SpanRef,
        /// What it is called.
        name: Option<NameId>,
        /// Whether it failed.
        failed: bool,
    },
}

/// The way of the Deferred with this flow, if there is one in `model`.
pub fn chain(model: &ModelTrack, flow: FlowId) -> Option<Chain> {
    model.threads.iter().find_map(|thread| {
        let made = thread.origin(flow)?;
        let EventKind::DeferredMade { name, .. } = made.kind else {
            return None;
        };
        let after = TimeRange::new(made.at, Timestamp::MAX);
        let told = thread.instants_in(after).iter().filter_map(|event| {
            let what = match event.kind {
                EventKind::DeferredMade { deferred, .. } if deferred == flow => ChainEvent::Made,
                EventKind::DeferredStep { deferred, step } if deferred == flow => {
                    ChainEvent::Step(step)
                }
                EventKind::DeferredPaused {
                    deferred,
                    waits_for,
                } if deferred == flow => ChainEvent::Paused(waits_for),
                _ => return None,
            };
            Some(ChainStep { at: event.at, what })
        });
        let mut steps: Vec<_> = told.map(|step| (step.at, step)).collect();
        steps.extend(called(model, thread, flow, made.at));
        // What a callback led to is told at the moment of its end, and comes after it.
        steps.sort_by_key(|(until, step)| (*until, rank(step.what)));
        Some(Chain {
            name,
            thread: thread.id,
            steps: steps.into_iter().map(|(_, step)| step).collect(),
        })
    })
}

/// Its callbacks on a thread, from a moment on, each with its end. One that has not returned yet is not among them.
fn called(
    model: &ModelTrack,
    thread: &ThreadTrack,
    flow: FlowId,
    from: Timestamp,
) -> impl Iterator<Item = (Timestamp, ChainStep)> {
    let (model, id) = (model.id, thread.id);
    let rows = thread.lane.rows().iter().enumerate();
    rows.flat_map(move |(depth, row)| {
        let first = row.first_after(from);
        let spans = row.spans().range(first..).iter().enumerate();
        let its = spans.filter(move |(_, span)| {
            span.flow == Some(flow) && span.kind == SpanKind::Callback(Cause::Deferred)
        });
        its.map(move |(place, span)| {
            let what = ChainEvent::Called {
                span: SpanRef {
                    model,
                    lane: LaneRef::Thread(id),
                    depth,
                    index: first + place,
                },
                name: span.name,
                failed: span.failed,
            };
            let at = span.begin;
            (span.end, ChainStep { at, what })
        })
    })
}

/// The order of what happened at the same moment.
const fn rank(what: ChainEvent) -> u8 {
    match what {
        ChainEvent::Made => 0,
        ChainEvent::Step(
            DeferredStep::Fired | DeferredStep::FiredWithFailure | DeferredStep::Resumed,
        ) => 1,
        ChainEvent::Called { .. } => 2,
        ChainEvent::Step(_) | ChainEvent::Paused(_) => 3,
    }
}

//! Which arrows can be drawn.

use crate::store::{ModelTrack, Span, SpanKind};
use crate::trace::{Event, EventKind, FlowId};

/// The arrows of a model that have both ends, each of them inside a slice.
#[derive(Debug)]
pub(super) struct Arrows {
    flows: Vec<FlowId>,
    /// Whether the end was drawn: several callbacks may share a cause, and the first has the arrow.
    ended: Vec<bool>,
}

impl Arrows {
    pub(super) fn of(model: &ModelTrack) -> Self {
        let callbacks = model.threads.iter().flat_map(|thread| {
            let finished = thread.lane.rows().iter().flat_map(|row| row.spans());
            finished.chain(thread.lane.open())
        });
        let mut flows: Vec<_> = callbacks
            .filter(|span| matches!(span.kind, SpanKind::Callback(_)))
            .filter_map(|span| span.flow.filter(|&flow| begins_in_slice(model, span, flow)))
            .collect();
        flows.sort_unstable();
        flows.dedup();
        let ended = vec![false; flows.len()];
        Self { flows, ended }
    }

    /// The arrow that begins at a moment.
    pub(super) fn begun_by(&self, event: &Event) -> Option<FlowId> {
        let flow = match event.kind {
            EventKind::Readiness { flow, .. } | EventKind::ThreadCall { flow, .. } => flow,
            EventKind::TimerSet { timer, .. } => timer,
            _ => return None,
        };
        self.flows.binary_search(&flow).ok().map(|_| flow)
    }

    /// Whether an arrow ends at the callback that is written now.
    pub(super) fn ends(&mut self, flow: FlowId) -> bool {
        match self.flows.binary_search(&flow) {
            Ok(place) => !std::mem::replace(&mut self.ended[place], true),
            Err(_) => false,
        }
    }
}

fn begins_in_slice(model: &ModelTrack, callback: &Span, flow: FlowId) -> bool {
    model
        .threads
        .iter()
        .find_map(|thread| thread.origin(flow).map(|event| (thread, event)))
        .is_some_and(|(thread, event)| {
            event.at <= callback.begin && thread.lane.at(0, event.at).is_some()
        })
}

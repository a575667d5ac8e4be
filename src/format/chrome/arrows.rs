//! Which arrows can be drawn.

use std::time::Duration;

use crate::store::{ModelTrack, Span, SpanKind, ThreadTrack};
use crate::trace::{Event, EventKind, FlowId, Timestamp};

/// The arrows of a model that have both ends, each of them inside a slice, and the end after the begin.
#[derive(Debug)]
pub(super) struct Arrows {
    /// In the order of the numbers, with the moments at which they begin.
    arrows: Vec<(FlowId, Timestamp)>,
    /// Whether the end was drawn: several callbacks may share a cause, and the first has the arrow.
    ended: Vec<bool>,
}

impl Arrows {
    pub(super) fn of(model: &ModelTrack) -> Self {
        let callbacks = model.threads.iter().flat_map(|thread| {
            let finished = thread.lane.rows().iter().flat_map(|row| row.spans());
            finished.chain(thread.lane.open().iter().copied())
        });
        let mut arrows: Vec<_> = callbacks
            .filter(|span| matches!(span.kind, SpanKind::Callback(_)))
            .filter_map(|span| {
                let flow = span.flow?;
                let begin = begin_in_slice(model, flow)?;
                (begin < span.begin).then_some((flow, begin))
            })
            .collect();
        arrows.sort_unstable();
        arrows.dedup();
        let ended = vec![false; arrows.len()];
        Self { arrows, ended }
    }

    /// The arrow that is due to a moment, and when it begins.
    pub(super) fn begun_by(&self, event: &Event) -> Option<(FlowId, Timestamp)> {
        let place = self.place(event.kind.begun_flow()?)?;
        Some(self.arrows[place])
    }

    /// The arrow that ends at `callback`, which is written now.
    pub(super) fn ended_by(&mut self, callback: &Span) -> Option<FlowId> {
        let flow = callback.flow?;
        let place = self.place(flow)?;
        let is_first = self.arrows[place].1 < callback.begin && !self.ended[place];
        self.ended[place] |= is_first;
        is_first.then_some(flow)
    }

    fn place(&self, flow: FlowId) -> Option<usize> {
        self.arrows
            .binary_search_by_key(&flow, |(flow, _)| *flow)
            .ok()
    }
}

/// When the arrow of a flow begins, if a slice is there.
///
/// A callback may begin at the very moment at which the loop learns of its cause: the poll's return stamps
/// both. Readers would then begin the arrow in the callback itself. So it begins in the last nanosecond of what
/// brought the cause: the poll, or the callback after which a descriptor was still ready. A call from a thread
/// has its arrow from the moment at which the other thread asked.
fn begin_in_slice(model: &ModelTrack, flow: FlowId) -> Option<Timestamp> {
    let begins = |thread: &'_ ThreadTrack| {
        let event = thread.origin(flow)?;
        let just_before = event.at - Duration::from_nanos(1);
        let begin = match event.kind {
            EventKind::Readiness { .. } => just_before,
            EventKind::ThreadCall { queued_at, .. } => queued_at.min(just_before),
            _ => event.at,
        };
        Some((begin, thread.lane.at(0, begin).is_some()))
    };
    let (begin, in_slice) = model.threads.iter().find_map(begins)?;
    in_slice.then_some(begin)
}

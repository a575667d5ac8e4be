//! What ran on a lane during a stretch of time.

use crate::store::{Lane, Span, SpanKind, ThreadTrack};
use crate::trace::{NameId, TaskId, TimeRange, Timestamp};

/// A callback that lies in no other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Called {
    pub(super) span: Span,
    /// When it ran; to `now` where it lasts still.
    pub(super) range: TimeRange,
    /// How deep its span lies.
    pub(super) depth: usize,
}

impl Called {
    pub(super) const fn key(&self) -> (Option<NameId>, Option<TaskId>) {
        (self.span.name, self.span.task)
    }
}

/// The callbacks that lie in no other and have a moment in common with `range`, in the order of time. They do not
/// overlap.
pub(super) fn called_in(lane: &Lane, range: TimeRange, now: Timestamp) -> Vec<Called> {
    let mut called: Vec<_> = (0..lane.depths())
        .flat_map(|depth| spans_in(lane, depth, range).map(move |span| (depth, span)))
        .filter(|(depth, span)| {
            matches!(span.kind, SpanKind::Callback(_))
                && callback_around(lane, *depth, span).is_none()
        })
        .map(|(depth, span)| Called {
            span,
            range: span.range(now),
            depth,
        })
        .collect();
    called.sort_by_key(|called| called.range.begin);
    called
}

/// The callback that lies in no other and runs at `moment`.
pub(super) fn called_at(lane: &Lane, moment: Timestamp) -> Option<Called> {
    let around = (0..lane.depths()).filter_map(|depth| Some((depth, lane.at(depth, moment)?)));
    let mut spans = around.filter_map(|(depth, index)| Some((depth, lane.span(depth, index)?)));
    let (depth, span) = spans.find(|(_, span)| matches!(span.kind, SpanKind::Callback(_)))?;
    Some(Called {
        span,
        range: span.range(moment),
        depth,
    })
}

/// The spans of a depth that have a moment in common with `range`, what lasts still included.
pub(super) fn spans_in(
    lane: &Lane,
    depth: usize,
    range: TimeRange,
) -> impl Iterator<Item = Span> + '_ {
    let finished = lane.row(depth).into_iter().flat_map(move |row| {
        let from = row.first_after(range.begin);
        row.spans()
            .range(from..)
            .iter()
            .take_while(move |span| span.begin < range.end)
    });
    let open = lane
        .open()
        .get(depth)
        .filter(move |span| span.begin < range.end);
    finished.chain(open.copied())
}

/// The callback in which a span of a depth lies.
pub(super) fn callback_around(lane: &Lane, depth: usize, span: &Span) -> Option<Span> {
    (0..depth).rev().find_map(|outer| {
        let index = lane.at(outer, span.begin)?;
        let around = lane.span(outer, index)?;
        matches!(around.kind, SpanKind::Callback(_)).then_some(around)
    })
}

/// When the poll before the one that returned at `learned` had returned.
pub(super) fn last_look(thread: &ThreadTrack, learned: Timestamp) -> Timestamp {
    let Some(row) = thread.lane.row(0) else {
        return Timestamp::ZERO;
    };
    let before = row.spans().partition_point(|span| span.end <= learned);
    let polls = row.spans().range(..before).iter().rev();
    let mut polls = polls.filter(|span| span.kind == SpanKind::Poll);
    polls.nth(1).map_or(Timestamp::ZERO, |poll| poll.end)
}

/// What two stretches have in common; empty where that is nothing.
pub(super) fn common(a: TimeRange, b: TimeRange) -> TimeRange {
    TimeRange::new(a.begin.max(b.begin), a.end.min(b.end))
}

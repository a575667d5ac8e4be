//! From one thing to the next: where something is in time, and which stall comes after this one.

use std::time::Duration;

use super::command::Selection;
use super::time_view::TimeView;
use crate::analysis::StallReport;
use crate::store::{SpanRef, TraceStore};
use crate::trace::{EventKind, FlowId, ModelId, TimeRange, Timestamp};

/// What a moment is shown with on either side.
const AROUND_MOMENT: Duration = Duration::from_millis(2);
/// A thing that takes up a smaller part of the screen is not seen well.
const SMALL: f64 = 0.08;

/// When something was; `None` where the trace does not have it.
pub(super) fn range_of(
    store: &TraceStore,
    selection: Selection,
    now: Timestamp,
) -> Option<TimeRange> {
    match selection {
        Selection::Span(span) => Some(store.span(span)?.range(now)),
        Selection::Stall(model, index) => Some(store.model(model)?.stalls.get(index)?.until(now)),
        Selection::Instant(model, thread, index) => {
            let event = store.model(model)?.thread(thread)?.instants().get(index)?;
            Some(TimeRange::new(event.at, event.at))
        }
    }
}

/// The flow of what is looked at closely, with its model: what a callback follows from, or the Deferred that a moment tells
/// of.
pub(super) fn flow_of(store: &TraceStore, selection: Selection) -> Option<(ModelId, FlowId)> {
    match selection {
        Selection::Span(at) => Some((at.model, store.span(at)?.flow?)),
        Selection::Instant(model, thread, index) => {
            let thread = store.model(model)?.thread(thread)?;
            match thread.instants().get(index)?.kind {
                EventKind::DeferredMade { deferred, .. }
                | EventKind::DeferredStep { deferred, .. }
                | EventKind::DeferredPaused { deferred, .. } => Some((model, deferred)),
                _ => None,
            }
        }
        Selection::Stall(..) => None,
    }
}

/// What to show so that something is seen among its neighbours: it takes up a third.
pub(super) fn with_surroundings(range: TimeRange) -> TimeRange {
    let around = range.duration().max(AROUND_MOMENT);
    TimeRange::new(range.begin - around, range.end + around)
}

/// Whether something is on the screen, whole, and not too small.
pub(super) fn is_seen_well(view: &TimeView, range: TimeRange) -> bool {
    let inside = view.begin() <= range.begin.0 as f64 && range.end.0 as f64 <= view.end();
    inside && range.nanos() as f64 >= view.length() * SMALL
}

/// The next stall after what is selected, or the previous one before it; where nothing is, the first that begins on the
/// screen, or the last. At the end it begins again from the other end: whether it did so comes second.
pub(super) fn next_stall(
    stalls: &[StallReport],
    selection: Option<Selection>,
    view: (f64, f64),
    forward: bool,
) -> Option<(Selection, bool)> {
    let key = |stall: &StallReport| (stall.range.begin, stall.model, stall.index);
    let mut order: Vec<&StallReport> = stalls.iter().collect();
    order.sort_by_key(|stall| key(stall));
    let selected = order
        .iter()
        .position(|stall| Some(Selection::Stall(stall.model, stall.index)) == selection);
    let count = order.len();
    let begins_before = |at: f64| order.partition_point(|stall| (stall.range.begin.0 as f64) < at);
    // Counted as if the last stood before the first.
    let place = match (selected, forward) {
        (_, _) if count == 0 => return None,
        (Some(place), true) => place + 1 + count,
        (Some(place), false) => place + count - 1,
        (None, true) => begins_before(view.0) + count,
        (None, false) => begins_before(view.1) + count - 1,
    };
    let stall = order[place % count];
    let is_round = !(count..2 * count).contains(&place);
    Some((Selection::Stall(stall.model, stall.index), is_round))
}

/// The span on the same lane that encloses another, and so on outwards.
pub(super) fn parents(store: &TraceStore, span: SpanRef) -> impl Iterator<Item = SpanRef> {
    std::iter::successors(store.parent(span), |parent| store.parent(*parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Cause;
    use crate::trace::{ModelId, ThreadId};

    fn stall(model: usize, index: usize, begin: u64, end: u64) -> StallReport {
        StallReport {
            model: ModelId::from_index(model),
            index,
            thread: ThreadId::from_index(0),
            range: TimeRange::new(Timestamp(begin), Timestamp(end)),
            task: None,
            task_name: None,
            callback: "data_received".to_owned(),
            of_loop: true,
            lasts: false,
            cause: Cause::default(),
            victims: Vec::new(),
            waiters: Vec::new(),
            harm: Duration::ZERO,
            watched: true,
            settled: true,
        }
    }

    fn selected(model: usize, index: usize) -> Option<Selection> {
        Some(Selection::Stall(ModelId::from_index(model), index))
    }

    #[test]
    fn stalls_follow_each_other_in_time_across_the_models() {
        // The longest first, as the list has them.
        let stalls = [
            stall(1, 0, 50, 99),
            stall(0, 0, 10, 30),
            stall(0, 1, 60, 70),
        ];
        let next = |from, forward| next_stall(&stalls, from, (0.0, 99.0), forward);
        let on = |to: Option<Selection>| to.map(|to| (to, false));
        let round = |to: Option<Selection>| to.map(|to| (to, true));
        assert_eq!(next(selected(0, 0), true), on(selected(1, 0)));
        assert_eq!(next(selected(1, 0), true), on(selected(0, 1)));
        assert_eq!(next(selected(0, 1), true), round(selected(0, 0)));
        assert_eq!(next(selected(0, 1), false), on(selected(1, 0)));
        assert_eq!(next(selected(0, 0), false), round(selected(0, 1)));
    }

    #[test]
    fn without_a_selection_the_edges_of_the_screen_count() {
        let stalls = [stall(0, 0, 10, 30), stall(0, 1, 60, 70)];
        let next = |view, forward| next_stall(&stalls, None, view, forward);
        let to = |model, index, round| selected(model, index).map(|to| (to, round));
        assert_eq!(next((0.0, 90.0), true), to(0, 0, false));
        assert_eq!(next((0.0, 90.0), false), to(0, 1, false));
        assert_eq!(next((20.0, 50.0), true), to(0, 1, false));
        assert_eq!(next((20.0, 50.0), false), to(0, 0, false));
        assert_eq!(next((80.0, 90.0), true), to(0, 0, true));
        assert_eq!(next((0.0, 5.0), false), to(0, 1, true));
        assert_eq!(next_stall(&[], None, (0.0, 90.0), true), None);
    }

    #[test]
    fn what_is_shown_takes_up_a_third() {
        let shown = with_surroundings(TimeRange::new(
            Timestamp(1_000_000_000),
            Timestamp(1_300_000_000),
        ));
        assert_eq!(shown.nanos(), 900_000_000);
        let moment = with_surroundings(TimeRange::new(Timestamp(0), Timestamp(0)));
        assert_eq!(moment.begin, Timestamp::ZERO);
        assert_eq!(moment.duration(), AROUND_MOMENT);
    }
}

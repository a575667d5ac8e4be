//! From a thing in the trace to its neighbours: what it lies in, what led to it, what followed. The next of its kind may be
//! far away, and is looked for by [`super::alike`].

use super::command::{Selection, Step};
use crate::analysis::{self, Happened};
use crate::store::{Lane, LaneRef, ModelTrack, Row, Span, SpanKind, SpanRef, TraceStore};
use crate::trace::{EventKind, FlowId, ThreadId, Timestamp};

/// How many spans of a stall are looked at: a few milliseconds.
const FAR: usize = 1_000_000;

/// Where a step leads from `from`; `None` where there is nothing.
pub(super) fn walk(store: &TraceStore, from: Selection, step: Step) -> Option<Selection> {
    match (from, step) {
        (Selection::Span(at), Step::Out) => store.parent(at).map(Selection::Span),
        (Selection::Span(at), Step::In) => first_inside(store, at).map(Selection::Span),
        (Selection::Span(at), Step::Cause) => {
            analysis::cause_of(store, at).and_then(|link| selection(link.from))
        }
        (Selection::Instant(model, thread, index), step) => {
            let track = store.model(model)?.thread(thread)?;
            let kind = track.instants().get(index)?.kind;
            match step {
                Step::Out => {
                    innermost(&track.lane, track.instants().get(index)?.at).map(|(depth, index)| {
                        Selection::Span(SpanRef {
                            model,
                            lane: LaneRef::Thread(thread),
                            depth,
                            index,
                        })
                    })
                }
                Step::In | Step::Previous | Step::Next => None,
                Step::Cause => {
                    set_before(&kind).and_then(|timer| moment_of(store.model(model)?, timer))
                }
                Step::Effect => effect(store, Happened::Instant(model, thread, index)),
            }
        }
        (Selection::Span(at), Step::Effect) => effect(store, Happened::Span(at)),
        (Selection::Span(_), Step::Previous | Step::Next) => None,
        (Selection::Stall(model, index), step) => {
            let track = store.model(model)?;
            let next = match step {
                Step::Previous => index.checked_sub(1)?,
                Step::Next => index + 1,
                Step::In | Step::Cause => return held_by(track, index).map(Selection::Span),
                // Who waited for it is told by its report.
                Step::Out | Step::Effect => return None,
            };
            track
                .stalls
                .get(next)
                .map(|_| Selection::Stall(model, next))
        }
    }
}

/// What is selected to look at something closely.
pub(super) const fn selection(what: Happened) -> Option<Selection> {
    match what {
        Happened::Span(span) => Some(Selection::Span(span)),
        Happened::Instant(model, thread, index) => Some(Selection::Instant(model, thread, index)),
        // Servers have no lane.
        Happened::Sent(..) => None,
    }
}

fn effect(store: &TraceStore, from: Happened) -> Option<Selection> {
    let effects = analysis::effects(store, from, 1);
    effects.links.first().map(|link| Selection::Span(link.to))
}

/// Among how many spans after something it was looked for what followed, where that was not all there are.
pub(super) fn looked_among(store: &TraceStore, from: Selection) -> Option<usize> {
    let from = match from {
        Selection::Span(span) => Happened::Span(span),
        Selection::Instant(model, thread, index) => Happened::Instant(model, thread, index),
        Selection::Stall(..) => return None,
    };
    let effects = analysis::effects(store, from, 1);
    (!effects.is_whole).then_some(effects.looked_at)
}

/// What held the thread in a stall: of what it ran for itself, that which took most of it.
fn held_by(model: &ModelTrack, stall: usize) -> Option<SpanRef> {
    let stall = model.stalls.get(stall)?;
    let lane = &model.thread(stall.thread)?.lane;
    let is_own = |kind| matches!(kind, SpanKind::Callback(_) | SpanKind::Blocking);
    (0..lane.depths()).find_map(|depth| {
        let ended = lane.row(depth).map_or(0, |row| row.spans().len());
        let from = lane
            .row(depth)
            .map_or(0, |row| row.first_after(stall.range.begin));
        // The last one may still go on.
        let inside = (from..=ended).map_while(|index| {
            let span = lane.span(depth, index)?;
            (span.begin < stall.range.end).then_some((span, index))
        });
        let own = inside.take(FAR).filter(|(span, _)| is_own(span.kind));
        let during = |span: &Span| {
            let end = span.end.min(stall.range.end);
            end.since(span.begin.max(stall.range.begin))
        };
        let (_, index) = own.max_by_key(|(span, _)| during(span))?;
        Some(SpanRef {
            model: model.id,
            lane: LaneRef::Thread(stall.thread),
            depth,
            index,
        })
    })
}

/// The first span that begins in another.
fn first_inside(store: &TraceStore, at: SpanRef) -> Option<SpanRef> {
    let lane = store.lane(at.model, at.lane)?;
    let span = store.span(at)?;
    let depth = at.depth + 1;
    let row = lane.row(depth).map(Row::spans);
    let index = row.map_or(0, |all| all.partition_point(|one| one.begin < span.begin));
    let inside = lane.span(depth, index).filter(|one| one.begin < span.end);
    inside.map(|_| SpanRef { depth, index, ..at })
}

/// The innermost span of a lane that holds a moment: its depth and its place.
fn innermost(lane: &Lane, at: Timestamp) -> Option<(usize, usize)> {
    let depths = (0..lane.depths()).rev();
    depths
        .into_iter()
        .find_map(|depth| Some((depth, lane.at(depth, at)?)))
}

/// The flow that began before a moment that ends it.
const fn set_before(kind: &EventKind) -> Option<FlowId> {
    match kind {
        EventKind::TimerFired { timer, .. } | EventKind::TimerCancelled { timer } => Some(*timer),
        EventKind::DeferredStep { deferred, .. } | EventKind::DeferredPaused { deferred, .. } => {
            Some(*deferred)
        }
        EventKind::WorkDone { work, .. } => Some(*work),
        _ => None,
    }
}

/// Where a flow begins.
fn moment_of(model: &ModelTrack, flow: FlowId) -> Option<Selection> {
    let found = |id: ThreadId| {
        let place = model.thread(id)?.origin_place(flow)?;
        Some(Selection::Instant(model.id, id, place))
    };
    model.threads.iter().find_map(|thread| found(thread.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::alike::{Looked, Search};
    use crate::store::{Span, SpanKind, sample};
    use crate::trace::ModelId;

    /// Whichever step it is.
    fn walk(store: &TraceStore, from: Selection, step: Step) -> Option<Selection> {
        let Some(mut search) = Search::begin(store, from, step) else {
            return super::walk(store, from, step);
        };
        match search.look(store, usize::MAX) {
            Looked::Found(found) => Some(found),
            Looked::Nothing | Looked::NotYet => None,
        }
    }

    const LOOP: LaneRef = LaneRef::Thread(match ThreadId::new(1) {
        Some(id) => id,
        None => panic!("one is not zero"),
    });

    fn at(lane: LaneRef, depth: usize, index: usize) -> Selection {
        Selection::Span(SpanRef {
            model: ModelId::from_index(0),
            lane,
            depth,
            index,
        })
    }

    fn begin(store: &TraceStore, found: Option<Selection>) -> Option<u64> {
        match found? {
            Selection::Span(span) => Some(store.span(span)?.begin.0 / 1_000_000),
            Selection::Instant(model, thread, index) => {
                let instants = store.model(model)?.thread(thread)?.instants();
                Some(instants.get(index)?.at.0 / 1_000_000)
            }
            Selection::Stall(..) => None,
        }
    }

    /// The callback that begins at a moment, in milliseconds.
    fn callback(store: &TraceStore, millis: u64) -> Selection {
        let lane = store
            .lane(ModelId::from_index(0), LOOP)
            .expect("it is there");
        let depths = (0..lane.depths()).rev();
        let mut found = depths.filter_map(|depth| {
            let row = lane.row(depth)?.spans();
            let is_it = |span: Span| {
                span.begin.0 == millis * 1_000_000 && matches!(span.kind, SpanKind::Callback(_))
            };
            Some(at(LOOP, depth, row.iter().position(is_it)?))
        });
        found.next().expect("one begins then")
    }

    #[test]
    fn the_next_of_its_kind_has_the_same_name() {
        let store = sample::store();
        let step = |from, step| begin(&store, walk(&store, callback(&store, from), step));
        assert_eq!(step(10, Step::Next), Some(73), "not the timer's");
        assert_eq!(step(73, Step::Previous), Some(10));
        assert_eq!(
            step(73, Step::Next),
            None,
            "no more on the loop, nor elsewhere"
        );
        assert_eq!(step(1, Step::Next), Some(91), "it lies at another depth");
        assert_eq!(step(91, Step::Previous), Some(1));
        let poll = walk(&store, at(LOOP, 0, 1), Step::Next);
        assert_eq!(
            begin(&store, poll),
            Some(78),
            "what has no name: what it is"
        );
    }

    #[test]
    fn where_a_lane_has_no_more_the_others_follow() {
        let store = sample::store();
        let model = &store.models()[0];
        let [first, second] = [0, 1].map(|place| LaneRef::Task(model.tasks[place].id));
        let last = |lane, kind| {
            let row = store.lane(model.id, lane).and_then(|lane| lane.row(0));
            let spans = row.expect("it had states").spans();
            let index = spans.iter().rposition(|span| span.kind == kind);
            at(lane, 0, index.expect("it was in that state"))
        };
        let found = walk(&store, last(first, SpanKind::Running), Step::Next);
        assert_eq!(begin(&store, found), Some(73));
        assert!(matches!(found, Some(Selection::Span(span)) if span.lane == second));
        let ready = walk(&store, last(second, SpanKind::Ready), Step::Next);
        assert_eq!(ready, None);
    }

    #[test]
    fn out_and_in_lead_through_what_is_nested() {
        let store = sample::store();
        let served = callback(&store, 10);
        let sleep = walk(&store, served, Step::In).expect("it sleeps");
        assert_eq!(begin(&store, Some(sleep)), Some(12));
        assert_eq!(walk(&store, sleep, Step::Out), Some(served));
        assert_eq!(walk(&store, sleep, Step::In), None);
        let turn = walk(&store, served, Step::Out).expect("it lies in a turn");
        assert_eq!(walk(&store, turn, Step::In), Some(served));
        assert_eq!(walk(&store, turn, Step::Out), None);
    }

    #[test]
    fn a_cause_leads_to_what_followed_and_back() {
        let store = sample::store();
        let start = callback(&store, 1);
        let fired = walk(&store, start, Step::Effect).expect("its timer fired");
        assert_eq!(fired, callback(&store, 76));
        let set = walk(&store, fired, Step::Cause).expect("it was set");
        assert_eq!(begin(&store, Some(set)), Some(1));
        assert_eq!(walk(&store, set, Step::Effect), Some(fired));
        assert_eq!(walk(&store, set, Step::Out), Some(start), "it lies in it");
        assert_eq!(walk(&store, start, Step::Cause), None);
    }

    #[test]
    fn the_firing_of_a_timer_leads_to_its_setting() {
        let store = sample::store();
        let thread = &store.models()[0].threads[0];
        let mut instants = thread.instants().iter();
        let index = instants.position(|one| matches!(one.kind, EventKind::TimerFired { .. }));
        let fired = Selection::Instant(ModelId::from_index(0), thread.id, index.expect("it did"));
        let set = walk(&store, fired, Step::Cause);
        assert_eq!(begin(&store, set), Some(1));
        assert_eq!(walk(&store, fired, Step::Next), None, "it was the only one");
    }

    #[test]
    fn who_stands_nowhere_goes_nowhere() {
        let store = sample::store();
        for step in Step::ALL {
            assert_eq!(walk(&store, at(LOOP, 9, 9), step), None);
        }
    }

    #[test]
    fn a_stall_leads_to_what_held_the_thread() {
        let store = sample::store();
        let stall = Selection::Stall(ModelId::from_index(0), 0);
        for step in Step::ALL {
            let to = walk(&store, stall, step);
            let leads_in = matches!(step, Step::In | Step::Cause);
            assert_eq!(to.is_some(), leads_in, "{step:?}: there is one stall only");
        }
        let kind = |what: Option<Selection>| match what {
            Some(Selection::Span(span)) => store.span(span).map(|span| span.kind),
            _ => None,
        };
        let held = walk(&store, stall, Step::In);
        assert!(matches!(kind(held), Some(SpanKind::Callback(_))));
        let call = held.and_then(|held| walk(&store, held, Step::In));
        assert_eq!(kind(call), Some(SpanKind::Blocking));
    }
}

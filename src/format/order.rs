//! The spans of a lane in the order in which readers of other formats want them.

use crate::store::{Lane, Span};

/// The spans of a lane with their depths: in the order of time, and each before those that it encloses, also
/// where they begin at the same moment. What lasts still is included.
pub(super) fn outermost_first(lane: &Lane) -> OutermostFirst<'_> {
    OutermostFirst {
        lane,
        next: vec![0; lane.depths()],
        around: Vec::new(),
    }
}

/// See [`outermost_first`].
pub(super) struct OutermostFirst<'a> {
    lane: &'a Lane,
    /// The place of the next span of each depth.
    next: Vec<usize>,
    /// The spans around the next one.
    around: Vec<Span>,
}

impl Iterator for OutermostFirst<'_> {
    type Item = (usize, Span);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let depth = self.around.len();
            if let Some(span) = self.peek(depth)
                && self
                    .around
                    .last()
                    .is_none_or(|outer| begins_in(&span, outer))
            {
                self.next[depth] += 1;
                self.around.push(span);
                return Some((depth, span));
            }
            if self.around.pop().is_none() {
                break;
            }
        }
        // One without length at the very end of what encloses it.
        let depth = (0..self.next.len()).find(|&depth| self.peek(depth).is_some())?;
        let span = self.peek(depth)?;
        self.next[depth] += 1;
        Some((depth, span))
    }
}

impl OutermostFirst<'_> {
    fn peek(&self, depth: usize) -> Option<Span> {
        self.lane.span(depth, *self.next.get(depth)?)
    }
}

/// Whether `span`, one depth further in, belongs to `outer` and not to what follows on it.
fn begins_in(span: &Span, outer: &Span) -> bool {
    span.begin < outer.end || (span.begin, span.end) == (outer.begin, outer.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Span, TraceStore};
    use crate::trace::{
        Batch, Cause, Event, EventKind, ModelId, NameId, Source, ThreadId, Timestamp,
    };

    /// The depths and the begins of callbacks, where `events` tell when they begin and end.
    fn order(events: &[(u64, bool)]) -> Vec<(usize, u64)> {
        let begins = EventKind::CallbackBegin {
            name: NameId::from_index(0),
            task: None,
            cause: Cause::Program,
            flow: None,
        };
        let events = events.iter().map(|&(at, is_begin)| Event {
            at: Timestamp(at),
            kind: match is_begin {
                true => begins,
                false => EventKind::CallbackEnd { failed: false },
            },
        });
        let mut store = TraceStore::new();
        store.push(&Batch {
            source: Source {
                model: ModelId::from_index(0),
                thread: ThreadId::from_index(0),
            },
            names: Vec::new(),
            events: events.collect(),
        });
        let lane = &store.models()[0].threads[0].lane;
        let begin = |(depth, span): (usize, Span)| (depth, span.begin.0);
        outermost_first(lane).map(begin).collect()
    }

    #[test]
    fn each_comes_before_those_in_it_also_where_none_has_a_length() {
        let (begin, end) = (true, false);
        let long = order(&[
            (1, begin),
            (1, begin),
            (3, end),
            (4, end),
            (4, begin),
            (5, end),
        ]);
        assert_eq!(long, [(0, 1), (1, 1), (0, 4)]);
        let short = order(&[
            (5, begin),
            (5, begin),
            (5, end),
            (5, end),
            (6, begin),
            (7, end),
        ]);
        assert_eq!(short, [(0, 5), (1, 5), (0, 6)]);
    }
}

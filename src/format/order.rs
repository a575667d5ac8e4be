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

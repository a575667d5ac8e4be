//! Nested spans of one thread or one task.

use super::{Row, Span};
use crate::trace::{FlowId, Timestamp};

/// Nested spans: a row per depth, and those that last still.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::store::SpanKind;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let task = &trace.store.models()[0].tasks[1];
/// let states = task.lane.row(0).expect("it did something").spans();
/// assert_eq!(states.first().map(|span| span.kind), Some(SpanKind::Queued), "the first one's turn");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    rows: Vec<Row>,
    open: Vec<Span>,
}

impl Lane {
    /// How many depths there are, those of spans that last still included.
    pub fn depths(&self) -> usize {
        self.rows.len().max(self.open.len())
    }

    /// The finished spans of a depth.
    pub fn row(&self, depth: usize) -> Option<&Row> {
        self.rows.get(depth)
    }

    /// All rows of finished spans, the outermost first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The spans that last still, the outermost first: the one at place `d` has depth `d`.
    pub fn open(&self) -> &[Span] {
        &self.open
    }

    /// The span at a place of a depth. One that lasts still has the place that it keeps when it ends.
    pub fn span(&self, depth: usize, index: usize) -> Option<Span> {
        let row = self.rows.get(depth);
        match row.and_then(|row| row.get(index)) {
            Some(span) => Some(span),
            None if index == row.map_or(0, |row| row.spans().len()) => {
                self.open.get(depth).copied()
            }
            None => None,
        }
    }

    /// The place, at a depth, of the span that holds `moment`.
    pub fn at(&self, depth: usize, moment: Timestamp) -> Option<usize> {
        let finished = self.rows.get(depth).and_then(|row| row.at(moment));
        finished.or_else(|| {
            let open = self.open.get(depth).filter(|span| span.begin <= moment)?;
            debug_assert!(open.is_open());
            Some(self.rows.get(depth).map_or(0, |row| row.spans().len()))
        })
    }

    /// A span begins, inside those that last still.
    pub(super) fn begin(&mut self, span: Span) {
        self.open.push(span);
    }

    /// The innermost span ends, if it satisfies `is_it`: an end without its begin is left out.
    pub(super) fn end(&mut self, at: Timestamp, is_it: impl FnOnce(&Span) -> bool) -> Option<Span> {
        self.end_with(at, is_it, |_| ())
    }

    /// As [`Self::end`], and `finish` tells what is known only at the end.
    pub(super) fn end_with(
        &mut self,
        at: Timestamp,
        is_it: impl FnOnce(&Span) -> bool,
        finish: impl FnOnce(&mut Span),
    ) -> Option<Span> {
        let mut span = self.open.pop_if(|span| is_it(span))?;
        let depth = self.open.len();
        if self.rows.len() <= depth {
            self.rows.resize_with(depth + 1, Row::default);
        }
        span.end = at.max(span.begin);
        finish(&mut span);
        self.rows[depth].push(span);
        Some(span)
    }

    /// What lasts still on the outermost depth has begun at an earlier moment, and what came before it ended there.
    /// Neither may be active time.
    pub(super) fn begin_earlier(&mut self, at: Timestamp) {
        if let Some(row) = self.rows.first_mut()
            && let Some(last) = row.spans().len().checked_sub(1)
        {
            row.end_earlier(last, at);
        }
        if let Some(open) = self.open.first_mut() {
            open.begin = at;
        }
    }

    /// The innermost span lasts still, caused by this.
    pub(super) fn set_cause(&mut self, flow: FlowId) {
        if let Some(open) = self.open.last_mut() {
            open.flow = Some(flow);
        }
    }

    /// What lasts still on the outermost depth never was: what came before it lasts still, and is given back with
    /// the end that it had. Only what is no active time comes back.
    pub(super) fn undo(&mut self) -> Option<Span> {
        let last = self.rows.first()?.spans().last()?;
        let before = self.rows.first_mut()?.reopen_last()?;
        self.open.clear();
        self.open.push(before);
        Some(last)
    }

    /// Moves the border between two finished spans of the outermost depth, as [`Row::move_border`].
    pub(super) fn move_border(&mut self, place: usize, to: Timestamp) {
        if let Some(row) = self.rows.first_mut() {
            row.move_border(place, to);
        }
    }

    /// Lets go of the finished spans that end before `moment`, in whole pieces.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        for row in &mut self.rows {
            row.forget_before(moment);
        }
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.iter().map(Row::bytes).sum()
    }

    /// Everything that lasts still ends.
    pub(super) fn end_all(&mut self, at: Timestamp) {
        while self.end(at, |_| true).is_some() {}
    }
}

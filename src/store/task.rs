//! How one task fared.

use super::{Lane, Span, SpanKind};
use crate::trace::{Event, EventKind, FlowId, NameId, Outcome, TaskId, TimeRange, Timestamp};

/// The states of a task.
const STATES: [SpanKind; 4] = [
    SpanKind::Queued,
    SpanKind::Waiting,
    SpanKind::Ready,
    SpanKind::Running,
];

/// How one task fared in one model: a row of states, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskTrack {
    /// Which.
    pub id: TaskId,
    /// What it is called.
    pub name: Option<NameId>,
    /// Queued, waiting, ready or running; one depth.
    pub lane: Lane,
    /// When somebody began to work on it, if anybody did.
    pub begin: Option<Timestamp>,
    /// When it ended, if it did.
    pub end: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// What went wrong, if something did that nobody handled; the first of it.
    pub failure: Option<NameId>,
    /// How many bytes it has read.
    pub bytes: u64,
    /// Bytes read so far, after each read: for drawing progress over time.
    progress: Vec<(Timestamp, u64)>,
    /// Nanoseconds in each of [`STATES`], what lasts still not included.
    spent: [u64; STATES.len()],
}

impl TaskTrack {
    pub(super) fn new(id: TaskId) -> Self {
        Self {
            id,
            name: None,
            lane: Lane::default(),
            begin: None,
            end: None,
            outcome: None,
            failure: None,
            bytes: 0,
            progress: Vec::new(),
            spent: [0; STATES.len()],
        }
    }

    /// The moments at which bytes were read, each with all bytes read so far.
    pub fn progress(&self) -> &[(Timestamp, u64)] {
        &self.progress
    }

    /// From its begin to its end, or to `now` while it lasts.
    pub fn range(&self, now: Timestamp) -> Option<TimeRange> {
        self.begin
            .map(|begin| TimeRange::new(begin, self.end.unwrap_or(now)))
    }

    /// Takes in an event of this task.
    pub(super) fn push(&mut self, event: &Event) {
        let at = event.at;
        match event.kind {
            EventKind::TaskQueued { name, .. } => {
                self.name = Some(name);
                // The thread that works on it may have been heard of before the one that queued it. A client that
                // comes again is queued again.
                if self.begin.is_none_or(|begin| begin < at) {
                    self.enter(at, SpanKind::Queued, None);
                }
            }
            EventKind::TaskBegin { name, .. } => {
                self.name = Some(name);
                self.begin = Some(at);
                self.enter(at, SpanKind::Waiting, None);
            }
            EventKind::TaskEnd { outcome, .. } => {
                self.leave(at);
                self.end = Some(at);
                self.outcome = Some(outcome);
                // Somebody handled it: an errback, say.
                if outcome == Outcome::Done {
                    self.failure = None;
                }
            }
            EventKind::BytesRead { bytes, .. } => {
                self.bytes += u64::from(bytes);
                self.progress.push((at, self.bytes));
            }
            EventKind::WaitBegin { .. } => self.enter(at, SpanKind::Waiting, None),
            EventKind::WaitEnd { .. } => self.enter(at, SpanKind::Running, None),
            EventKind::Readiness { flow, .. } if self.state() == Some(SpanKind::Waiting) => {
                self.enter(at, SpanKind::Ready, Some(flow));
            }
            EventKind::CallbackBegin { flow, .. } => self.enter(at, SpanKind::Running, flow),
            EventKind::Failure { message, .. } => {
                self.failure.get_or_insert(message);
            }
            _ => {}
        }
    }

    /// A callback of this task returned. If it was called by the loop, the task waits again; in a blocking model it
    /// runs on until its next wait.
    pub(super) fn callback_ended(&mut self, at: Timestamp, by_loop: bool) {
        if by_loop {
            self.enter(at, SpanKind::Waiting, None);
        }
    }

    /// The state it is in.
    pub fn state(&self) -> Option<SpanKind> {
        self.lane.open().first().map(|span| span.kind)
    }

    /// How many nanoseconds it has spent in a state up to `now`.
    pub fn spent_nanos(&self, state: SpanKind, now: Timestamp) -> u64 {
        let ended = STATES
            .iter()
            .position(|&known| known == state)
            .map_or(0, |place| self.spent[place]);
        let open = self.lane.open().first().filter(|span| span.kind == state);
        ended.saturating_add(open.map_or(0, |span| span.range(now).nanos()))
    }

    /// The state it is in ends.
    fn leave(&mut self, at: Timestamp) {
        if let Some(span) = self.lane.end(at, |_| true)
            && let Some(place) = STATES.iter().position(|&state| state == span.kind)
        {
            let spent = &mut self.spent[place];
            *spent = spent.saturating_add(span.end.0 - span.begin.0);
        }
    }

    fn enter(&mut self, at: Timestamp, state: SpanKind, flow: Option<FlowId>) {
        // A callback may follow the end of its task: to lose the connection, say.
        if self.end.is_some() || self.state() == Some(state) {
            return;
        }
        self.leave(at);
        self.lane
            .begin(Span::open(at, state).of_task(Some(self.id)).caused_by(flow));
    }
}

//! How one task fared.

use std::time::Duration;

use super::chunks::Chunks;
use super::{Lane, Span, SpanKind};
use crate::trace::{
    Event, EventKind, FlowId, NameId, Outcome, SoFar, TaskId, TimeRange, Timestamp, Wire,
};

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
    progress: Chunks<(Timestamp, u64)>,
    /// Its connections whose other ends can be told, in the order in which they were made.
    connections: Vec<Connection>,
    /// When a connection of it was found to stand, in the order of time.
    connected: Chunks<Timestamp>,
    /// Nanoseconds in each of [`STATES`], what lasts still not included.
    spent: [u64; STATES.len()],
    /// When data came in that its loop has not told of yet, as a watchdog saw it. Not earlier than what was last
    /// heard of the task itself.
    arrivals: Vec<Timestamp>,
    /// Whether it is ready only because of the first of them.
    assumed: bool,
    /// The last moment that is known of it.
    heard: Timestamp,
}

/// A connection of a task whose other end can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// When the task knew that it stands.
    pub at: Timestamp,
    /// Which.
    pub wire: Wire,
    /// How many bytes the task had read before.
    pub read_before: u64,
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
            progress: Chunks::default(),
            connections: Vec::new(),
            connected: Chunks::default(),
            spent: [0; STATES.len()],
            arrivals: Vec::new(),
            assumed: false,
            heard: Timestamp::ZERO,
        }
    }

    /// The moments at which bytes were read, each with all bytes read so far.
    pub const fn progress(&self) -> &Chunks<(Timestamp, u64)> {
        &self.progress
    }

    /// Lets go of what ended before `moment`, in whole pieces. What is counted stays counted.
    pub(super) fn forget_before(&mut self, moment: Timestamp) {
        self.lane.forget_before(moment);
        self.progress.forget_while(|(at, _)| *at < moment);
        self.connected.forget_while(|at| *at < moment);
    }

    /// How many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.lane.bytes() + self.progress.bytes() + self.connected.bytes()
    }

    /// Its connections whose other ends can be told, in the order in which they were made.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// The moments at which a connection of it stood, in the order of time.
    pub const fn connected(&self) -> &Chunks<Timestamp> {
        &self.connected
    }

    /// From its begin to its end, or to `now` while it lasts.
    pub fn range(&self, now: Timestamp) -> Option<TimeRange> {
        self.begin
            .map(|begin| TimeRange::new(begin, self.end.unwrap_or(now)))
    }

    /// How far it was at `now`, at the end of what was recorded.
    pub fn so_far(&self, now: Timestamp) -> SoFar {
        let range = self.range(now);
        SoFar {
            bytes: self.bytes,
            lasted: range.map_or(Duration::ZERO, |range| Duration::from_nanos(range.nanos())),
            ended: self.outcome.is_some(),
        }
    }

    /// Takes in an event of this task.
    pub(super) fn push(&mut self, event: &Event) {
        self.hear(event.at, |task| task.take(event));
    }

    fn take(&mut self, event: &Event) {
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
            // Two threads may tell of the same task.
            EventKind::Connected { .. } => self.connected.insert_by(at, |one| *one),
            EventKind::ConnectedBy { wire, .. } => self.connections.push(Connection {
                at,
                wire,
                read_before: self.bytes,
            }),
            EventKind::BytesRead { bytes, .. } => {
                self.bytes += u64::from(bytes);
                self.progress.push((at, self.bytes));
            }
            EventKind::WaitBegin { .. } => self.enter(at, SpanKind::Waiting, None),
            EventKind::WaitEnd { .. } => self.enter(at, SpanKind::Running, None),
            EventKind::Readiness { flow, .. } if self.state() == Some(SpanKind::Waiting) => {
                self.enter(at, SpanKind::Ready, Some(flow));
            }
            EventKind::Readiness { flow, .. } if self.assumed => {
                self.lane.set_cause(flow);
                self.assumed = false;
            }
            EventKind::CallbackBegin { flow, .. } => self.enter(at, SpanKind::Running, flow),
            EventKind::Failure { message, .. } => {
                self.failure.get_or_insert(message);
            }
            _ => {}
        }
    }

    /// Events were dropped from here on: what became of it is not known until something is told of it.
    pub(super) fn lose(&mut self, at: Timestamp) {
        self.hear(at, |task| task.leave(at));
    }

    /// A callback of this task returned. If it was called by the loop, the task waits again; in a blocking model it
    /// runs on until its next wait.
    pub(super) fn callback_ended(&mut self, at: Timestamp, by_loop: bool) {
        if by_loop {
            self.hear(at, |task| task.enter(at, SpanKind::Waiting, None));
        }
    }

    /// Something is told of the task. Data that came in before it lies in the past: what it meant is known now.
    fn hear(&mut self, at: Timestamp, tell: impl FnOnce(&mut Self)) {
        if self.assumed && at < self.state_since() {
            self.withdraw();
        }
        tell(self);
        self.heard = self.heard.max(at);
        if self.has_untold_data() {
            let heard = self.heard;
            self.arrivals.retain(|arrival| *arrival >= heard);
            self.assume();
        }
    }

    /// Data came in at `at`, as a watchdog saw it. A loop that polls afterwards tells of it at `told` at the latest:
    /// [`Timestamp::MAX`] where it has not done so yet. The task is ready from that moment on, and not only
    /// since its loop knows. The loop may be heard of before the watchdog or after it; the lane is the same.
    pub(super) fn arrived(&mut self, at: Timestamp, told: Timestamp) {
        if self.end.is_some_and(|end| end <= at) {
            return;
        }
        if at >= self.heard && told == Timestamp::MAX {
            if self.assumed && at < self.state_since() {
                self.withdraw();
            }
            let place = self.arrivals.partition_point(|arrival| *arrival <= at);
            self.arrivals.insert(place, at);
            self.assume();
        } else {
            self.was_ready_since(at, told);
        }
    }

    /// What a watchdog saw at a moment before `before` was nothing for this task: its loop has polled since then, and
    /// told nothing of it.
    pub(super) fn was_not_ready(&mut self, before: Timestamp) {
        if self.assumed && self.state_since() < before {
            self.withdraw();
        }
        self.arrivals.retain(|arrival| *arrival >= before);
        self.assume();
    }

    /// Whether a watchdog saw data come in for it that its loop has not told of.
    pub(super) const fn has_untold_data(&self) -> bool {
        !self.arrivals.is_empty()
    }

    fn assume(&mut self) {
        if let Some(&at) = self.arrivals.first()
            && self.state() == Some(SpanKind::Waiting)
        {
            self.enter(at.max(self.state_since()), SpanKind::Ready, None);
            self.assumed = true;
        }
    }

    fn withdraw(&mut self) {
        if let Some(before) = self.lane.undo() {
            self.add_spent(before.kind, before.range(before.end).nanos(), false);
        }
        self.assumed = false;
    }

    /// The loop was heard of first: where the task became ready then, it was so since `at`.
    fn was_ready_since(&mut self, at: Timestamp, told: Timestamp) {
        let Some(row) = self.lane.row(0) else { return };
        let Some(place) = row.at(at) else { return };
        let Some(waited) = row.get(place) else { return };
        let next = row.get(place + 1);
        let Some(ready) = next.or(self.lane.open().first().copied()) else {
            return;
        };
        let kinds = (waited.kind, ready.kind);
        if kinds != (SpanKind::Waiting, SpanKind::Ready) || ready.begin > told {
            return;
        }
        let earlier = ready.begin.since(at).as_nanos() as u64;
        self.add_spent(SpanKind::Waiting, earlier, false);
        if next.is_some() {
            self.lane.move_border(place, at);
            self.add_spent(SpanKind::Ready, earlier, true);
        } else {
            self.lane.begin_earlier(at);
        }
    }

    /// Since when it is in its state.
    fn state_since(&self) -> Timestamp {
        self.lane
            .open()
            .first()
            .map_or(self.heard, |span| span.begin)
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
        self.assumed = false;
        if let Some(span) = self.lane.end(at, |_| true) {
            self.add_spent(span.kind, span.end.0 - span.begin.0, true);
        }
    }

    /// It was in a state for so many nanoseconds, or was not after all.
    fn add_spent(&mut self, state: SpanKind, nanos: u64, was: bool) {
        if let Some(place) = STATES.iter().position(|&known| known == state) {
            let spent = &mut self.spent[place];
            *spent = match was {
                true => spent.saturating_add(nanos),
                false => spent.saturating_sub(nanos),
            };
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

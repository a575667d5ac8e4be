//! A loop at one moment: where in its turn it was, what it ran, and what waited for it.
//!
//! Everything is found by bisection and by a look at the turn of that moment and the one after it. What may have come long
//! before, timers and connections, [`LoopHistories`] knows.

use std::time::Duration;

use super::history::LoopHistories;
use super::ready::unserved;
use super::spans::{Called, called_in};
use super::{Known, VictimKind};
use crate::store::{LaneRef, ModelTrack, Span, SpanKind, SpanRef, ThreadTrack};
use crate::trace::{
    Cause, EventKind, FlowId, ModelId, NameId, Side, TaskId, ThreadId, TimeRange, Timestamp,
};

/// The stations of a loop, in the order in which a turn comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It has not polled yet.
    Starting,
    /// It waits in the event provider.
    Poll,
    /// It serves what the poll brought.
    Dispatch,
    /// It runs what other threads asked for.
    ThreadCalls,
    /// It runs the timers that are due.
    Timers,
    /// It is over.
    Ended,
}

impl Phase {
    /// The stations of the circle, in order.
    pub const CIRCLE: [Self; 4] = [Self::Poll, Self::Dispatch, Self::ThreadCalls, Self::Timers];

    /// What it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Poll => "poll",
            Self::Dispatch => "dispatch",
            Self::ThreadCalls => "thread calls",
            Self::Timers => "timers",
            Self::Ended => "ended",
        }
    }
}

/// A loop at one moment.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::{LoopHistories, Phase, loop_state, stalls};
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let stalls = stalls(&trace.store, trace.now());
/// let worst = stalls.iter().max_by_key(|stall| stall.harm).expect("it was blocked");
/// let model = trace.store.model(worst.model).expect("its own");
/// let thread = model.thread(worst.thread).expect("its own");
/// let mut histories = LoopHistories::default();
/// histories.look(model, usize::MAX);
/// let middle = worst.range.begin + worst.range.duration() / 2;
/// let state = loop_state(model, thread, &histories, middle, trace.now()).expect("it is a loop");
/// assert_eq!(state.phase, Phase::Dispatch);
/// assert!(!state.ready.is_empty(), "somebody waits");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LoopState {
    /// Of which model.
    pub model: ModelId,
    /// On which thread.
    pub thread: ThreadId,
    /// When.
    pub at: Timestamp,
    /// Where in its turn it was.
    pub phase: Phase,
    /// From when to when it was there, where `now` stands for the end of what lasts still.
    pub range: TimeRange,
    /// Whether it is there still, as far as is known.
    pub lasts: bool,
    /// The number of the turn, from 1; 0 before the first poll. A turn begins with its poll.
    pub turn: usize,
    /// How long it had not polled.
    pub without_poll: Duration,
    /// The callbacks and calls that block which ran, the outermost first.
    pub stack: Vec<Frame>,
    /// What was ready and not served: the one that had waited longest comes first.
    pub ready: Vec<ReadyThing>,
    /// The calls that other threads had asked for, and that had not begun.
    pub calls: Vec<QueuedCall>,
    /// Its thread pool.
    pub pool: PoolState,
    /// The timers that were set, the one that is due first comes first.
    pub timers: Vec<PlannedTimer>,
    /// The connections that stood, the oldest first.
    pub registered: Vec<Registered>,
}

/// A callback or a call that blocks, and where it is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Where.
    pub place: SpanRef,
    /// What.
    pub span: Span,
}

/// Something that was ready and not served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadyThing {
    /// Since when.
    pub since: Timestamp,
    /// How that is known.
    pub known: Known,
    /// What it was.
    pub kind: VictimKind,
    /// Whose.
    pub task: Option<TaskId>,
    /// The number of its descriptor.
    pub fd: Option<i32>,
}

/// A call that another thread had asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedCall {
    /// When it did.
    pub since: Timestamp,
    /// Its name, if it ran soon after.
    pub name: Option<NameId>,
}

/// The thread pool of a loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolState {
    /// What its threads worked at, and since when.
    pub at_work: Vec<(Timestamp, Option<NameId>)>,
    /// What waited for one of them, and since when.
    pub queued: Vec<(Timestamp, NameId)>,
}

/// A timer that was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedTimer {
    /// Which.
    pub timer: FlowId,
    /// When it is due.
    pub deadline: Timestamp,
    /// The name of its callback.
    pub name: NameId,
}

/// A connection that stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Since when.
    pub since: Timestamp,
    /// Whose.
    pub task: Option<TaskId>,
    /// Who asked for it.
    pub side: Option<Side>,
    /// The number of its descriptor.
    pub fd: Option<i32>,
}

impl LoopState {
    /// How far round its circle it was, 0 to 1 from the begin of its poll; each station takes a quarter. What lasts still
    /// is taken to be halfway through.
    pub fn share(&self) -> f64 {
        let station = Phase::CIRCLE.iter().position(|one| *one == self.phase);
        let gone = self.at.since(self.range.begin).as_secs_f64();
        let all = self.range.duration().as_secs_f64();
        let part = match self.lasts {
            true => 0.5,
            false if all > 0.0 => (gone / all).min(1.0),
            false => 0.0,
        };
        station.map_or(0.0, |station| (station as f64 + part) / 4.0)
    }

    /// How many of its timers were late.
    pub fn late_timers(&self) -> usize {
        self.timers
            .partition_point(|timer| timer.deadline < self.at)
    }
}

/// The loop of a thread at the moment `at`, as far as `histories` has looked. `now` stands for the end of what lasts still.
/// `None` for a thread that has no loop.
pub fn loop_state(
    model: &ModelTrack,
    thread: &ThreadTrack,
    histories: &LoopHistories,
    at: Timestamp,
    now: Timestamp,
) -> Option<LoopState> {
    if !thread.runs_loop() {
        return None;
    }
    let history = histories.of(thread.id)?;
    let turn = thread.turns().partition_point(|turn| turn.at <= at);
    let there = there(thread, turn, at, now);
    let mut state = LoopState {
        model: model.id,
        thread: thread.id,
        at,
        phase: there.phase,
        range: there.range,
        lasts: there.lasts,
        turn,
        without_poll: Duration::ZERO,
        stack: Vec::new(),
        ready: Vec::new(),
        calls: Vec::new(),
        pool: PoolState::default(),
        timers: Vec::new(),
        registered: Vec::new(),
    };
    if let Phase::Ended = state.phase {
        return Some(state);
    }
    state.stack = stack(model, thread, at);
    let timers = history.timers(at).into_iter();
    state.timers = timers
        .map(|(timer, pending)| PlannedTimer {
            timer,
            deadline: pending.deadline,
            name: pending.name,
        })
        .collect();
    let connections = history.connections(at).into_iter();
    state.registered = connections
        .map(|standing| Registered {
            since: standing.since,
            task: standing.task,
            side: standing.side,
            fd: standing.task.and_then(|task| history.descriptor(task, at)),
        })
        .collect();
    state.pool = pool(model, histories, history.work(at), at);
    let working = there.working.unwrap_or(TimeRange::new(at, at));
    state.without_poll = at.since(working.begin);
    // What happened at this very moment has happened.
    let until_now = TimeRange::new(working.begin, Timestamp(at.0.saturating_add(1)));
    if there.working.is_some() {
        state.ready = ready(model, thread, until_now);
    }
    state.calls = calls(thread, turn, until_now);
    Some(state)
}

/// Where in its turn a loop was.
struct There {
    phase: Phase,
    range: TimeRange,
    lasts: bool,
    /// The stretch without a poll, where it did not poll.
    working: Option<TimeRange>,
}

fn there(thread: &ThreadTrack, turn: usize, at: Timestamp, now: Timestamp) -> There {
    let life = thread.range(now);
    let outside = |phase, range| There {
        phase,
        range,
        lasts: false,
        working: None,
    };
    if thread.end.is_some_and(|end| end <= at) {
        return outside(Phase::Ended, TimeRange::new(life.end, at));
    }
    let Some(first) = thread.turns().first().filter(|_| turn > 0) else {
        let first = thread.turns().first().map_or(life.end, |turn| turn.at);
        return outside(Phase::Starting, TimeRange::new(life.begin, first));
    };
    let span = thread
        .lane
        .at(0, at)
        .and_then(|place| thread.lane.span(0, place));
    match span {
        Some(span) if span.kind == SpanKind::Poll => There {
            phase: Phase::Poll,
            range: span.range(now),
            lasts: span.is_open(),
            working: None,
        },
        Some(span) => working(thread, &span, at, now),
        // A gap in a damaged trace.
        None => outside(Phase::Dispatch, TimeRange::new(first.at.max(at), at)),
    }
}

/// Between two polls: which station it was at is told by what it ran there.
fn working(thread: &ThreadTrack, span: &Span, at: Timestamp, now: Timestamp) -> There {
    let all = span.range(now);
    let called = called_in(&thread.lane, all, now);
    let first = |wanted| {
        let mut begins = called
            .iter()
            .filter(|one| one.span.kind == SpanKind::Callback(wanted));
        begins.next().map(|one| one.range.begin)
    };
    let timers = first(Cause::Timer).unwrap_or(all.end);
    let calls = first(Cause::ThreadCall).unwrap_or(timers).min(timers);
    let (phase, range) = if at < calls {
        (Phase::Dispatch, TimeRange::new(all.begin, calls))
    } else if at < timers {
        (Phase::ThreadCalls, TimeRange::new(calls, timers))
    } else {
        (Phase::Timers, TimeRange::new(timers, all.end))
    };
    There {
        phase,
        range,
        lasts: span.is_open() && range.end == all.end,
        working: Some(all),
    }
}

fn stack(model: &ModelTrack, thread: &ThreadTrack, at: Timestamp) -> Vec<Frame> {
    let lane = &thread.lane;
    let frames = (0..lane.depths()).filter_map(|depth| {
        let index = lane.at(depth, at)?;
        let span = lane.span(depth, index)?;
        let place = SpanRef {
            model: model.id,
            lane: LaneRef::Thread(thread.id),
            depth,
            index,
        };
        let runs = matches!(span.kind, SpanKind::Callback(_) | SpanKind::Blocking);
        runs.then_some(Frame { place, span })
    });
    frames.collect()
}

fn ready(model: &ModelTrack, thread: &ThreadTrack, stretch: TimeRange) -> Vec<ReadyThing> {
    let waiting = unserved(model, thread, stretch).into_iter();
    let mut ready: Vec<_> = waiting
        .map(|waiting| ReadyThing {
            since: waiting.ready.at,
            known: waiting.ready.known,
            kind: waiting.ready.kind,
            task: waiting.task,
            fd: waiting.ready.fd,
        })
        .collect();
    ready.sort_by_key(|one| one.since);
    ready
}

/// The calls that were asked for and had not begun at the end of `until_now`. A loop takes such a call over before the end
/// of the turn that follows at the latest, and tells of it only then.
fn calls(thread: &ThreadTrack, turn: usize, until_now: TimeRange) -> Vec<QueuedCall> {
    let end = thread.turns().get(turn + 1);
    let end = end.map_or(Timestamp::MAX, |turn| turn.at);
    let window = TimeRange::new(until_now.begin, end);
    let told: Vec<_> = thread
        .instants_in(window)
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::ThreadCall { flow, queued_at } => Some((flow, queued_at)),
            _ => None,
        })
        .filter(|(_, queued_at)| *queued_at < until_now.end)
        .collect();
    if told.is_empty() {
        return Vec::new();
    }
    let called = called_in(&thread.lane, window, end);
    let run = |flow: FlowId| called.iter().find(|one| one.span.flow == Some(flow));
    let waits = |one: Option<&Called>| one.is_none_or(|one| one.range.begin >= until_now.end);
    let queued = told.into_iter().filter_map(|(flow, since)| {
        let run = run(flow);
        waits(run).then(|| QueuedCall {
            since,
            name: run.and_then(|run| run.span.name),
        })
    });
    queued.collect()
}

/// What the threads of the pool did. It begins work in the order in which it was given.
fn pool(
    model: &ModelTrack,
    histories: &LoopHistories,
    (gone, given): (usize, &[(Timestamp, NameId)]),
    at: Timestamp,
) -> PoolState {
    if gone == 0 && given.is_empty() {
        return PoolState::default();
    }
    let work = |thread: &ThreadTrack| {
        let span = thread.lane.span(0, thread.lane.at(0, at)?)?;
        let works = span.kind == SpanKind::Callback(Cause::ThreadPool);
        works.then_some((span.begin, span.name))
    };
    let begun = histories.begun(model, at).saturating_sub(gone);
    let begun = begun.min(given.len());
    PoolState {
        at_work: model.threads.iter().filter_map(work).collect(),
        queued: given[begun..].to_vec(),
    }
}

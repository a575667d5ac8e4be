//! When something that the loop served had become ready.

use std::collections::{HashMap, HashSet};

use super::spans::{called_in, last_look};
use super::taken::{Taken, busy_with};
use crate::store::{Arrival, ModelTrack, Span, SpanKind, ThreadTrack};
use crate::trace::{Cause, EventKind, FlowId, NameId, Sighting, TaskId, TimeRange, Timestamp};

/// What somebody waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VictimKind {
    /// A descriptor was ready: a connection, mostly.
    Descriptor,
    /// A timer was due.
    Timer,
    /// Another thread had asked for a call.
    ThreadCall,
    /// The thread pool had the result of a Deferred.
    Deferred,
    /// The loop had started to run, and this was to be called then.
    Startup,
}

impl VictimKind {
    /// The word for it in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Descriptor => "fd",
            Self::Timer => "timer",
            Self::ThreadCall => "thread_call",
            Self::Deferred => "deferred",
            Self::Startup => "startup",
        }
    }

    /// What a newcomer calls it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Descriptor => "connection",
            Self::Timer => "timer",
            Self::ThreadCall => "call from a thread",
            Self::Deferred => "result of the thread pool",
            Self::Startup => "startup callback",
        }
    }
}

/// How it is known since when somebody was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Exactly: the deadline of a timer, the moment when a thread asked.
    Exactly,
    /// A watchdog saw it happen.
    Observed,
    /// It was there when a watchdog looked first, or looked late: it happened at this moment or before.
    AtFirstLook,
    /// It was there then, and the system had stamped it when it came in.
    Stamped,
    /// Only when the loop learned of it: it may have happened long before, while the loop did not look.
    AsLearned,
}

impl Known {
    /// The word for it in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exactly => "exact",
            Self::Observed => "observed",
            Self::AtFirstLook => "at_first_look",
            Self::Stamped => "stamped",
            Self::AsLearned => "as_learned",
        }
    }

    /// The same for a person.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Exactly => "known exactly",
            Self::Observed => "seen as it came in",
            Self::AtFirstLook => "at this moment or before: it was there at the first look",
            Self::Stamped => "as the system stamped it when it came in",
            Self::AsLearned => "when the loop learned of it; nobody looked before",
        }
    }

    /// As far as somebody saw it.
    const fn seen(sighting: Sighting) -> Self {
        match sighting {
            Sighting::AsItCame => Self::Observed,
            Sighting::AtFirstLook => Self::AtFirstLook,
            Sighting::Stamped => Self::Stamped,
        }
    }
}

/// Since when something was ready.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ready {
    pub(super) at: Timestamp,
    pub(super) known: Known,
    pub(super) kind: VictimKind,
    pub(super) fd: Option<i32>,
}

/// Since when one thing after another was ready that a thread served. What was found out for one is kept for the next.
#[derive(Debug)]
pub(super) struct ReadyTimes<'a> {
    model: &'a ModelTrack,
    thread: &'a ThreadTrack,
    taken: Taken<'a>,
    /// Asked for where something was called when the loop started.
    start: Option<Start>,
    /// When the loop learned of something last, and when it had looked before.
    looked: Option<(Timestamp, Timestamp)>,
}

impl<'a> ReadyTimes<'a> {
    pub(super) fn new(model: &'a ModelTrack, thread: &'a ThreadTrack) -> Self {
        Self {
            model,
            thread,
            taken: Taken::new(thread),
            start: None,
            looked: None,
        }
    }

    /// Since when what a callback serves was ready; `None` for one that nothing waited for.
    pub(super) fn of(&mut self, callback: &Span) -> Option<Ready> {
        let SpanKind::Callback(cause) = callback.kind else {
            return None;
        };
        let exactly = |at, kind| Ready {
            at,
            known: Known::Exactly,
            kind,
            fd: None,
        };
        let (model, thread) = (self.model, self.thread);
        if cause == Cause::WhenRunning {
            return Some(exactly(self.started(callback)?, VictimKind::Startup));
        }
        let flow = callback.flow?;
        let origin = || thread.origin(flow);
        match cause {
            Cause::Readiness => Some(self.descriptor(flow, origin()?.at)),
            Cause::Timer => Some(exactly(
                deadline(thread, flow, callback)?,
                VictimKind::Timer,
            )),
            Cause::ThreadCall => {
                let EventKind::ThreadCall { queued_at, .. } = origin()?.kind else {
                    return None;
                };
                Some(exactly(queued_at, asked_by(model, thread, flow, queued_at)))
            }
            _ => None,
        }
    }

    /// When the loop had started to run before it came to one of the callbacks that are called then: the first of them had
    /// not to wait.
    fn started(&mut self, callback: &Span) -> Option<Timestamp> {
        let thread = self.thread;
        // Thousands may be called before the first poll: it is looked for once.
        let start = *self.start.get_or_insert_with(|| Start::of(thread));
        let is_later = start.polled.is_some_and(|polled| polled < callback.begin);
        start.called.filter(|_| !is_later)
    }

    /// As [`last_look`]: of thousands of descriptors the loop learns at once.
    fn last_look(&mut self, learned: Timestamp) -> Timestamp {
        let known = self.looked.filter(|(of, _)| *of == learned);
        let looked = known.unwrap_or_else(|| (learned, last_look(self.thread, learned)));
        self.looked.insert(looked).1
    }

    /// Since when a descriptor was ready that the loop learned of at `learned`.
    fn descriptor(&mut self, flow: FlowId, learned: Timestamp) -> Ready {
        let fd = self.thread.descriptor_of(flow);
        // What had come in before the loop polled last, it would have told of then.
        let unseen = TimeRange::new(self.last_look(learned), learned);
        let arrivals = &self.model.arrivals;
        let mut arrivals = fd.into_iter().flat_map(|fd| arrivals.on(fd, unseen));
        let taken = &mut self.taken;
        let arrival = arrivals
            .find(|arrival| !taken.is_taken(arrival, learned) && !taken.is_read_there(arrival));
        Ready {
            at: arrival.map_or(learned, |arrival| arrival.at),
            known: arrival.map_or(Known::AsLearned, |arrival| Known::seen(arrival.sighting)),
            kind: VictimKind::Descriptor,
            fd,
        }
    }
}

/// How a loop started.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// When the first of the callbacks began that are called then, one after another.
    called: Option<Timestamp>,
    /// When it polled first.
    polled: Option<Timestamp>,
}

impl Start {
    fn of(thread: &ThreadTrack) -> Self {
        let row = thread.lane.row(0).into_iter();
        let mut spans = row.flat_map(|row| row.spans().iter());
        let called = spans.find(|span| span.kind == SpanKind::Callback(Cause::WhenRunning));
        let polled = thread.polls_from(Timestamp::ZERO).next();
        Self {
            called: called.map(|span| span.begin),
            polled: polled.map(|poll| poll.begin),
        }
    }
}

/// The deadline that a timer had when it fired: it may have been moved since it was set.
fn deadline(thread: &ThreadTrack, timer: FlowId, callback: &Span) -> Option<Timestamp> {
    let instants = thread.instants();
    let past = instants.partition_point(|event| event.at <= callback.begin);
    // The firing comes right before the callback; without it the setting is all there is.
    for event in instants.range(..past).iter().rev() {
        match event.kind {
            EventKind::TimerFired { timer: known, late } if known == timer => {
                return Some(Timestamp(event.at.0.saturating_sub(late)));
            }
            EventKind::TimerSet {
                timer: known,
                deadline,
                ..
            } if known == timer => return Some(deadline),
            _ => {}
        }
    }
    None
}

/// Whether a call from a thread brings the result of work for the thread pool.
fn asked_by(
    model: &ModelTrack,
    thread: &ThreadTrack,
    flow: FlowId,
    queued_at: Timestamp,
) -> VictimKind {
    // A thread of the pool tells of its result right before it asks.
    const NEAR: usize = 8;
    let others = model.threads.iter().filter(|one| one.id != thread.id);
    let mut told = others.flat_map(|thread| {
        let instants = thread.instants();
        let past = instants.partition_point(|event| event.at <= queued_at);
        instants.range(..past).iter().rev().take(NEAR)
    });
    let brings = |kind| matches!(kind, EventKind::WorkDone { call, .. } if call == Some(flow));
    match told.any(|event| brings(event.kind)) {
        true => VictimKind::Deferred,
        false => VictimKind::ThreadCall,
    }
}

/// Something that is ready, and that the loop has not served yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Waiting {
    pub(super) ready: Ready,
    pub(super) task: Option<TaskId>,
    /// The name of the callback of a timer, where it is one.
    pub(super) timer: Option<NameId>,
}

/// What waits still, because the loop has not polled since `since`: data that a watchdog saw, timers that are due,
/// and what the loop knows of and has not come to.
pub(super) fn still_waiting(
    model: &ModelTrack,
    thread: &ThreadTrack,
    since: Timestamp,
    now: Timestamp,
) -> Vec<Waiting> {
    let mut waiting = unserved(model, thread, TimeRange::new(since, now));
    let due = thread.pending_timers();
    waiting.extend(
        due.filter(|(_, timer)| timer.deadline < now)
            .map(|(_, timer)| Waiting {
                ready: Ready {
                    at: timer.deadline,
                    known: Known::Exactly,
                    kind: VictimKind::Timer,
                    fd: None,
                },
                task: None,
                timer: Some(timer.name),
            }),
    );
    waiting
}

/// The descriptors that became ready during a stretch without a poll and were not served in it: what the loop knows of
/// and had not come to, and data that a watchdog saw. What comes in where the thread itself was seen busy, it reads there:
/// that nobody waits for.
pub(super) fn unserved(
    model: &ModelTrack,
    thread: &ThreadTrack,
    stretch: TimeRange,
) -> Vec<Waiting> {
    let called = called_in(&thread.lane, stretch, stretch.end);
    let served: HashSet<_> = called
        .iter()
        .filter_map(|called| called.span.flow)
        .collect();
    // A callback reads what came in before it began; where the loop is being stopped, nobody reads any more.
    let shuts_down = SpanKind::Callback(Cause::Shutdown);
    let reads = called.iter().filter(|one| one.span.kind != shuts_down);
    // In the order of time: the last one of each task counts.
    let last: HashMap<TaskId, Timestamp> = reads
        .filter_map(|called| Some((called.span.task?, called.range.begin)))
        .collect();
    let mut times = ReadyTimes::new(model, thread);
    let mut waiting: Vec<Waiting> = Vec::new();
    for event in thread.instants_in(stretch) {
        if let EventKind::Readiness { flow, task, .. } = event.kind
            && !served.contains(&flow)
        {
            let ready = times.descriptor(flow, event.at);
            let timer = None;
            waiting.push(Waiting { ready, task, timer });
        }
    }
    let mut is_read = |arrival: &Arrival| {
        let last = arrival.task.and_then(|task| last.get(&task));
        last.is_some_and(|last| *last >= arrival.at) || times.taken.is_taken(arrival, stretch.end)
    };
    let busy_with: HashSet<i32> = busy_with(thread, stretch).collect();
    let mut fds: HashSet<i32> = waiting.iter().filter_map(|one| one.ready.fd).collect();
    // Of one that the loop knows of the number may be unknown.
    let unknown = waiting.iter().filter(|one| one.ready.fd.is_none());
    let tasks: HashSet<TaskId> = unknown.filter_map(|one| one.task).collect();
    let arrivals = model.arrivals.within(stretch).iter();
    for arrival in arrivals.filter(|it| !busy_with.contains(&it.fd) && !is_read(it)) {
        let is_known = arrival.task.is_some_and(|task| tasks.contains(&task));
        if is_known || !fds.insert(arrival.fd) {
            continue;
        }
        waiting.push(Waiting {
            ready: Ready {
                at: arrival.at,
                known: Known::seen(arrival.sighting),
                kind: VictimKind::Descriptor,
                fd: Some(arrival.fd),
            },
            task: arrival.task,
            timer: None,
        });
    }
    waiting
}

//! A stretch of time in which one thing went on.

use super::shelf::{Kept, Shelf};
use crate::trace::{
    Cause, FlowId, ModelId, NameId, TaskId, ThreadId, TimeRange, Timestamp, WaitCall,
};

/// A stretch of time in which one thing went on. 40 bytes.
///
/// ```
/// use loopscope::store::{Span, SpanKind};
/// use loopscope::trace::Timestamp;
///
/// let poll = Span::open(Timestamp(1_000), SpanKind::Poll);
/// assert!(poll.is_open());
/// assert_eq!(poll.range(Timestamp(1_500)).nanos(), 500, "up to now, while it lasts");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Its first moment.
    pub begin: Timestamp,
    /// The first moment after it; [`Timestamp::MAX`] while it lasts.
    pub end: Timestamp,
    /// Leads back to what caused it.
    pub flow: Option<FlowId>,
    /// What it is called, where it has a name of its own.
    pub name: Option<NameId>,
    /// For which task.
    pub task: Option<TaskId>,
    /// What went on.
    pub kind: SpanKind,
    /// Whether it ended in a failure.
    pub failed: bool,
}

const _: () = assert!(size_of::<Span>() <= 40, "memory is stated per span");

impl Span {
    /// One that has just begun.
    pub const fn open(begin: Timestamp, kind: SpanKind) -> Self {
        Self {
            begin,
            end: Timestamp::MAX,
            flow: None,
            name: None,
            task: None,
            kind,
            failed: false,
        }
    }

    /// The same, for a task.
    pub const fn of_task(mut self, task: Option<TaskId>) -> Self {
        self.task = task;
        self
    }

    /// The same, with a name.
    pub const fn named(mut self, name: NameId) -> Self {
        self.name = Some(name);
        self
    }

    /// The same, caused by what `flow` leads back to.
    pub const fn caused_by(mut self, flow: Option<FlowId>) -> Self {
        self.flow = flow;
        self
    }

    /// Whether it lasts still.
    pub fn is_open(&self) -> bool {
        self.end == Timestamp::MAX
    }

    /// When it was, where `now` stands for the end of one that lasts still.
    pub fn range(&self, now: Timestamp) -> TimeRange {
        TimeRange::new(self.begin, if self.is_open() { now } else { self.end })
    }
}

/// What spans have in common: all but their times and their flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct What {
    /// The numbers of its name, above, and of its task: compared and hashed in one step, as that is done with every span.
    /// They are counted from 1.
    name_and_task: u64,
    kind: SpanKind,
    failed: bool,
}

impl What {
    fn new(name: Option<NameId>, task: Option<TaskId>, kind: SpanKind, failed: bool) -> Self {
        let name = name.map_or(0, NameId::number);
        let task = task.map_or(0, TaskId::number);
        Self {
            name_and_task: u64::from(name) << u32::BITS | u64::from(task),
            kind,
            failed,
        }
    }

    const fn name(self) -> Option<NameId> {
        NameId::new((self.name_and_task >> u32::BITS) as u32)
    }

    const fn task(self) -> Option<TaskId> {
        TaskId::new(self.name_and_task as u32)
    }
}

impl Kept for Span {
    type What = What;

    fn at(&self) -> Timestamp {
        self.begin
    }

    /// The numbers are its length in nanoseconds and its flow.
    fn parts(&self) -> Option<(What, [u64; 2])> {
        let what = What::new(self.name, self.task, self.kind, self.failed);
        let length = self.end.0.saturating_sub(self.begin.0);
        Some((what, [length, self.flow.map_or(0, FlowId::number)]))
    }

    fn of_parts(begin: Timestamp, what: What, [length, flow]: [u32; 2]) -> Option<Self> {
        Some(Self {
            begin,
            end: Timestamp(begin.0 + u64::from(length)),
            flow: FlowId::new(u64::from(flow)),
            name: what.name(),
            task: what.task(),
            kind: what.kind,
            failed: what.failed,
        })
    }
}

impl Shelf<Span> {
    /// When a span begins and ends: cheaper than all of it.
    pub(super) fn times(&self, place: usize) -> Option<(Timestamp, Timestamp)> {
        let small = self.small(place)?;
        if small.is_elsewhere() {
            return self.large(place).map(|span| (span.begin, span.end));
        }
        let begin = small.at(self.origin());
        Some((begin, Timestamp(begin.0 + small.first_number())))
    }

    /// The active time of a span, in nanoseconds.
    pub(super) fn active_nanos(&self, place: usize) -> u64 {
        let Some(small) = self.small(place) else {
            return 0;
        };
        let (kind, nanos) = match small.is_elsewhere() {
            true => match self.large(place) {
                Some(span) => (span.kind, span.end.0 - span.begin.0),
                None => return 0,
            },
            false => (self.what(small).kind, small.first_number()),
        };
        if kind.is_active() { nanos } else { 0 }
    }

    /// Gives a span that is there other times, of which the first comes first.
    pub(super) fn set_times(&mut self, place: usize, begin: Timestamp, end: Timestamp) {
        if let Some(span) = self.get(place) {
            self.set(place, &Span { begin, end, ..span });
        }
    }
}

/// What went on in a span.
///
/// ```
/// use loopscope::store::SpanKind;
///
/// assert_eq!(SpanKind::Ready.word(), "ready, not served");
/// assert!(SpanKind::Turn.is_active() && !SpanKind::Poll.is_active());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// The loop waited in the event provider.
    Poll,
    /// The loop worked: the stretch between two polls.
    Turn,
    /// A thread of a blocking model waited in a system call.
    Wait(WaitCall),
    /// User code ran.
    Callback(Cause),
    /// User code was inside a call that blocks.
    Blocking,
    /// A task was known and nobody worked on it yet.
    Queued,
    /// A task waited for its connection.
    Waiting,
    /// A task was ready, and the loop had not come to it yet.
    Ready,
    /// A task's code ran.
    Running,
}

impl SpanKind {
    /// Whether the thread worked (or was held up) rather than waited for something to happen. This is what
    /// counts as time outside the poll.
    pub const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Turn | Self::Callback(_) | Self::Blocking | Self::Running
        )
    }

    /// The plain word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Turn => "turn",
            Self::Wait(WaitCall::Connect) => "wait in connect",
            Self::Wait(WaitCall::Read) => "wait in read",
            Self::Wait(WaitCall::Work) => "wait for work",
            Self::Wait(WaitCall::Sleep) => "wait in sleep",
            Self::Callback(_) => "callback",
            Self::Blocking => "blocking call",
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Ready => "ready, not served",
            Self::Running => "running",
        }
    }
}

/// A lane of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneRef {
    /// What a thread did.
    Thread(ThreadId),
    /// How a task fared.
    Task(TaskId),
}

/// A span in the store. Stays good while the trace grows, also when the span ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanRef {
    /// In which model.
    pub model: ModelId,
    /// On which lane.
    pub lane: LaneRef,
    /// How deep it is nested; 0 is the outermost.
    pub depth: usize,
    /// Its place among the spans of that depth.
    pub index: usize,
}

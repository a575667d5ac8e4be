//! One thing that happened.

use super::{Cause, DeferredStep, Doing, Half, Interest, Loss, Outcome, Side, Sighting, WaitCall};
use super::{FlowId, NameId, TaskId, ThreadId, Timestamp, Wire};

/// One thing that happened at one moment on one thread. At most 32 bytes, so that recording one is a store.
///
/// ```
/// use loopscope::trace::{Event, EventKind, Timestamp};
///
/// let event = Event { at: Timestamp::from_nanos(7), kind: EventKind::PollEnd { ready: 2 } };
/// assert!(matches!(event.kind, EventKind::PollEnd { ready } if ready > 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// When. Within a thread events never go back in time.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

const _: () = assert!(size_of::<Event>() <= 32, "an event must stay small");

/// What happened. Every model of execution speaks these words, whatever it is built from.
///
/// Spans (poll, wait, callback, blocking call) are a begin and an end on one thread and nest strictly.
///
/// ```
/// use loopscope::trace::{Event, EventKind, Timestamp};
/// use std::time::Duration;
///
/// /// How long a loop waited for something to do.
/// fn idle(events: &[Event]) -> Duration {
///     let mut since = None;
///     let mut idle = Duration::ZERO;
///     for event in events {
///         match event.kind {
///             EventKind::PollBegin => since = Some(event.at),
///             EventKind::PollEnd { .. } => idle += since.take().map_or(Duration::ZERO, |begin| event.at.since(begin)),
///             _ => {}
///         }
///     }
///     idle
/// }
///
/// let at = |micros| Timestamp::ZERO + Duration::from_micros(micros);
/// let events = [
///     Event { at: at(10), kind: EventKind::PollBegin },
///     Event { at: at(90), kind: EventKind::PollEnd { ready: 1 } },
/// ];
/// assert_eq!(idle(&events), Duration::from_micros(80));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum EventKind {
    /// A model of execution starts: what its first thread records first, after its own begin.
    ModelBegin {
        /// Its name, such as `asynchronous`.
        name: NameId,
    },
    /// The model is done: all its tasks ended, or it was stopped.
    ModelEnd {
        /// `Failed` if one of its tasks failed.
        outcome: Outcome,
    },
    /// A thread starts to record.
    ThreadBegin {
        /// Its name, such as `reactor`.
        name: NameId,
    },
    /// The thread records no more.
    ThreadEnd,

    /// A task is known, and nobody works on it yet. Recorded for every task when its model begins.
    TaskQueued {
        /// Which.
        task: TaskId,
        /// Its name in the scenario.
        name: NameId,
    },
    /// A task starts to be worked on.
    TaskBegin {
        /// Which.
        task: TaskId,
        /// Its name in the scenario.
        name: NameId,
    },
    /// The task is over.
    TaskEnd {
        /// Which.
        task: TaskId,
        /// How it went.
        outcome: Outcome,
    },
    /// The connection of a task stands.
    Connected {
        /// Which.
        task: TaskId,
    },
    /// Bytes of a task's connection were read.
    BytesRead {
        /// Which.
        task: TaskId,
        /// How many; 0 is the end of the data.
        bytes: u32,
    },

    /// A thread of a blocking model waits in a system call for its task. The task is *waiting* until
    /// [`EventKind::WaitEnd`] and *running* after it. (In the reactor a task waits whenever none of its callbacks runs.)
    WaitBegin {
        /// For which.
        task: TaskId,
        /// In which call.
        call: WaitCall,
    },
    /// The system call returned.
    WaitEnd {
        /// For which.
        task: TaskId,
    },

    /// The loop enters the event provider.
    PollBegin,
    /// The event provider returned; the turn that handles what it brought begins.
    PollEnd {
        /// How many descriptors are ready; 0 after a time-out.
        ready: u32,
    },
    /// The loop learned that a descriptor is ready. It is *ready but not served* until the callback with this flow.
    Readiness {
        /// Ties it to the callback that serves it.
        flow: FlowId,
        /// Whose descriptor.
        task: Option<TaskId>,
        /// For what.
        interest: Interest,
    },

    /// User code is entered.
    CallbackBegin {
        /// Its name, such as `data_received`.
        name: NameId,
        /// For which task.
        task: Option<TaskId>,
        /// What made the loop call it.
        cause: Cause,
        /// Ties it to that cause.
        flow: Option<FlowId>,
    },
    /// User code returned.
    CallbackEnd {
        /// Whether it failed or panicked; the [`EventKind::Failure`] before it says why.
        failed: bool,
    },
    /// User code enters a call that blocks, inside a callback.
    BlockingBegin {
        /// What it does, such as `sleep 200ms`.
        name: NameId,
        /// For which task.
        task: Option<TaskId>,
    },
    /// The call that blocked returned.
    BlockingEnd,

    /// A timer was set, or moved: of several with the same flow the last one counts.
    TimerSet {
        /// Ties it to its firing or its cancellation.
        timer: FlowId,
        /// When it is due.
        deadline: Timestamp,
        /// The name of its callback.
        name: NameId,
    },
    /// A timer fired; its callback follows.
    TimerFired {
        /// Which.
        timer: FlowId,
        /// Nanoseconds after its deadline.
        late: u64,
    },
    /// A timer was cancelled.
    TimerCancelled {
        /// Which.
        timer: FlowId,
    },
    /// Another thread asked for a call in the loop; recorded where the loop took it over.
    ThreadCall {
        /// Ties it to its run.
        flow: FlowId,
        /// When the other thread asked.
        queued_at: Timestamp,
    },

    /// A stretch without a poll (or, in a blocking model, one callback) took longer than the threshold. Recorded at its end.
    Stall {
        /// When it began.
        begin: Timestamp,
        /// Whose callback took the largest part of it.
        task: Option<TaskId>,
        /// The name of that callback.
        callback: NameId,
    },
    /// Something went wrong, in a callback or in a task.
    Failure {
        /// Whose.
        task: Option<TaskId>,
        /// What a person reads.
        message: NameId,
    },
    /// The recorder had to drop events, because nobody fetched them: from here to the next event of the thread.
    Dropped {
        /// How many.
        count: u64,
    },

    /// A connection of the reactor stands, or its UDP socket is open.
    ConnectionMade {
        /// Ties it to the rest of its life.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
        /// Who asked for it.
        side: Side,
    },
    /// One direction of a connection is over.
    ConnectionHalfClosed {
        /// Which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
        /// Which direction.
        half: Half,
    },
    /// A connection is over. Whatever was begun on it (back-pressure, a pause) is over as well.
    ConnectionLost {
        /// Which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
        /// How it ended.
        loss: Loss,
        /// Why, for a person, if it did not end in order.
        message: Option<NameId>,
    },
    /// Bytes were handed to the system, to be sent on a connection.
    BytesWritten {
        /// On which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
        /// How many.
        bytes: u32,
    },
    /// The other side reads too slowly: more than the high-water mark waits to be written. Whoever produces it
    /// is to pause.
    BackPressureBegin {
        /// On which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
        /// How many bytes wait.
        buffered: u32,
    },
    /// Enough of what waited was written: below the low-water mark.
    BackPressureEnd {
        /// On which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
        /// How many bytes still wait.
        buffered: u32,
    },
    /// The program takes no more from a connection for now; the other side will feel it.
    ReadingPaused {
        /// Which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
    },
    /// The program takes from the connection again.
    ReadingResumed {
        /// Which connection.
        connection: FlowId,
        /// For which task.
        task: Option<TaskId>,
    },
    /// Somebody promised a result that is still to come.
    DeferredMade {
        /// Ties it to everything that becomes of it, and to the callbacks of its chain.
        deferred: FlowId,
        /// Its name, such as `get_poem`.
        name: NameId,
    },
    /// The chain of a Deferred came a step further.
    DeferredStep {
        /// Which.
        deferred: FlowId,
        /// What happened.
        step: DeferredStep,
    },
    /// The chain of a Deferred waits: its callback returned another Deferred, which has no result yet.
    DeferredPaused {
        /// Which.
        deferred: FlowId,
        /// The one that it waits for, if that is recorded.
        waits_for: Option<FlowId>,
    },

    /// The loop handed a piece of work to its thread pool. The callback with this flow, on a thread of the pool, does it.
    WorkQueued {
        /// Ties it to that callback.
        work: FlowId,
        /// What it is called.
        name: NameId,
    },
    /// A thread of the pool has done a piece of work, and asks the loop to take the result if somebody waits for it.
    WorkDone {
        /// Which.
        work: FlowId,
        /// The flow of the [`EventKind::ThreadCall`] that takes the result over.
        call: Option<FlowId>,
    },
    /// A thread has nothing to do until [`EventKind::IdleEnd`]: one of the pool waits for work; one of a task, for
    /// another task to end before.
    IdleBegin,
    /// There is something to do, or there will be nothing any more.
    IdleEnd,

    /// A watchdog saw that a thread exceeds the threshold of a stall, and does so still. Recorded on the watchdog's own
    /// thread, like everything below.
    StallNoticed {
        /// Which thread.
        thread: ThreadId,
        /// Whose callback runs.
        task: Option<TaskId>,
        /// The name of that callback.
        callback: Option<NameId>,
        /// When the stretch without a poll began.
        begin: Timestamp,
    },
    /// A watchdog held so many reports of stalls back, because they came too often.
    ReportsHeldBack {
        /// How many.
        count: u32,
    },
    /// What a watched thread was doing when a watchdog looked.
    ThreadSample {
        /// Which thread.
        thread: ThreadId,
        /// What it was doing.
        doing: Doing,
    },
    /// How the time of a thread was spent so far, by the system's own account.
    ThreadTimes {
        /// Which thread.
        thread: ThreadId,
        /// Nanoseconds on a core.
        on_cpu: u64,
        /// Nanoseconds in which it could have run and had to wait for a core.
        waiting_for_core: u64,
    },
    /// Data came in on a descriptor while its loop did not look.
    DataArrived {
        /// The number of the descriptor.
        fd: i32,
        /// Whose it is.
        task: Option<TaskId>,
        /// How the moment is known.
        sighting: Sighting,
    },
    /// Which descriptor a readiness is of. Recorded by the loop itself, after it was watched.
    ReadinessOf {
        /// That of the [`EventKind::Readiness`].
        flow: FlowId,
        /// The number of the descriptor.
        fd: i32,
    },
    /// How much memory the whole process has at this moment.
    Memory {
        /// Bytes that are resident.
        resident: u64,
    },
    /// What watching has cost since the watchdog said so last.
    Watched {
        /// How often it asked the system something.
        reads: u32,
        /// How long its thread ran, in nanoseconds of CPU time.
        spent: u64,
    },
    /// How the time of this thread was spent, by the system's own account: its last word before its end.
    ThreadSpent {
        /// Nanoseconds on a core.
        on_cpu: u64,
        /// Nanoseconds in which it could have run and had to wait for a core.
        waiting_for_core: u64,
    },
    /// A watched thread was given a core since a watchdog looked before, up to another look or to the end of a stall: what
    /// it waited for then is over.
    ThreadRan {
        /// Which thread.
        thread: ThreadId,
        /// How often.
        times: u32,
    },
    /// What a descriptor is that a watched thread was seen to be busy with.
    DescriptorIs {
        /// Which thread.
        thread: ThreadId,
        /// The number of the descriptor.
        fd: i32,
        /// Whose it is, as far as the loop has told.
        task: Option<TaskId>,
        /// The path of a file, or what else it is.
        what: NameId,
    },
    /// What recording has cost this thread since it said so last.
    Recorded {
        /// How many events were recorded; 0 where those of another process were taken in.
        events: u32,
        /// Nanoseconds: handing over is measured; the rest is estimated, by what an event costs on this machine.
        spent: u64,
    },
    /// Which connection a task has just made, if its other end can be told; comes with its [`EventKind::Connected`].
    ConnectedBy {
        /// Which task.
        task: TaskId,
        /// Named as the server names it.
        wire: Wire,
    },
    /// A server of the scenario sent something. Recorded by the servers' own thread, for [`ModelId::SERVERS`](super::ModelId::SERVERS).
    Sent {
        /// On which connection.
        wire: Wire,
        /// How many bytes; 0 when it took the client in, which over UDP it does not.
        bytes: u32,
    },
}

impl EventKind {
    /// The flow that begins with it: what follows from it leads back to here.
    pub(crate) const fn begun_flow(&self) -> Option<FlowId> {
        match *self {
            Self::Readiness { flow, .. } | Self::ThreadCall { flow, .. } => Some(flow),
            Self::TimerSet { timer, .. } => Some(timer),
            Self::DeferredMade { deferred, .. } => Some(deferred),
            Self::WorkQueued { work, .. } => Some(work),
            _ => None,
        }
    }
}

//! The words of an event's particulars: each a choice between a few.

use std::fmt;
use std::time::Duration;

use super::NameId;

/// How far a task is.
///
/// ```
/// use loopscope::trace::SoFar;
/// use std::time::Duration;
///
/// let download = SoFar { bytes: 3_000, lasted: Duration::from_secs(2), ended: true };
/// let per_second = download.bytes as f64 / download.lasted.as_secs_f64();
/// assert_eq!(per_second, 1_500.0);
/// assert_eq!(SoFar::default().bytes, 0, "nobody has worked on it");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// How many bytes it has read.
    pub bytes: u64,
    /// For how long it has been worked on; zero before that.
    pub lasted: Duration,
    /// Whether it ended, however.
    pub ended: bool,
}

/// What could be done about a callback that holds the loop.
///
/// ```
/// use loopscope::trace::Change;
/// use std::time::Duration;
///
/// let slices = Change::Slices(Duration::from_millis(5));
/// assert_eq!(slices.to_string(), "in slices of 5ms");
/// assert_eq!(Change::InThread.to_string(), "in a thread");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A thread of the pool does what takes time, and the loop goes on.
    InThread,
    /// It does its work in pieces of this length, and lets the loop look in between.
    Slices(Duration),
    /// It waits in the loop instead of in calls that block; what it computes, it computes all the same.
    Asynchronous,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InThread => f.write_str("in a thread"),
            Self::Slices(length) => write!(f, "in slices of {length:?}"),
            Self::Asynchronous => f.write_str("asynchronously"),
        }
    }
}

/// What a stall is named after that lies between callbacks.
pub const LOOP_ITSELF: &str = "the loop itself";

/// What a thread was doing when somebody looked.
///
/// ```
/// use loopscope::trace::{Doing, EventKind};
///
/// /// Whether a look of the watchdog found the thread in a call that blocks, and on which descriptor.
/// fn waits_on(kind: EventKind) -> Option<i32> {
///     match kind {
///         EventKind::ThreadSample { doing: Doing::SystemCall { fd, .. }, .. } => fd,
///         _ => None,
///     }
/// }
/// # use loopscope::trace::{NameId, ThreadId};
///
/// let recvfrom = Doing::SystemCall { name: NameId::from_index(0), fd: Some(4) };
/// let sample = |doing| EventKind::ThreadSample { thread: ThreadId::from_index(0), doing };
/// assert_eq!(waits_on(sample(recvfrom)), Some(4));
/// assert_eq!(waits_on(sample(Doing::Running)), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Doing {
    /// It ran, or would have if it had had a core.
    Running,
    /// It was inside a system call.
    SystemCall {
        /// Its name, such as `recvfrom`.
        name: NameId,
        /// The descriptor it is about, where it is about one.
        fd: Option<i32>,
    },
    /// The system does not say: it is another one, or it is not allowed.
    Unknown,
}

/// How it is known when data came in.
///
/// ```
/// use loopscope::trace::{EventKind, Sighting};
///
/// let came = |sighting| EventKind::DataArrived { fd: 7, task: None, sighting };
/// // Two that are told of the same moment: one was seen to come, the other may have come long before.
/// assert_ne!(came(Sighting::AsItCame), came(Sighting::AtFirstLook));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Sighting {
    /// The watchdog saw it come.
    AsItCame,
    /// It was there already when the watchdog began to look, or looked late because it had no core itself: it came at this
    /// moment or before.
    AtFirstLook,
    /// The same, and the system had stamped it when it came in. Where more came right after, the system may have joined the
    /// two: then it is the moment of the later one.
    Stamped,
}

/// A step in the chain of a Deferred.
///
/// ```
/// use loopscope::trace::{DeferredStep, EventKind};
///
/// /// Whether somebody forgot an errback.
/// fn is_forgotten(kind: &EventKind) -> bool {
///     matches!(kind, EventKind::DeferredStep { step: DeferredStep::Unhandled, .. })
/// }
/// # use loopscope::trace::FlowId;
///
/// let deferred = FlowId::from_index(0);
/// assert!(is_forgotten(&EventKind::DeferredStep { deferred, step: DeferredStep::Unhandled }));
/// assert_eq!(DeferredStep::Recovered.to_string(), "recovered");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum DeferredStep {
    /// It got its value: the callbacks follow.
    Fired,
    /// It got a failure instead of its value: the errbacks follow.
    FiredWithFailure,
    /// Its callback failed; the [`EventKind::Failure`](super::EventKind::Failure) before it says why.
    Failed,
    /// Its errback returned a value: the callbacks follow again.
    Recovered,
    /// The Deferred that it waited for passed its result on.
    Resumed,
    /// Somebody cancelled it.
    Cancelled,
    /// It was dropped with a failure that nobody handled; the [`EventKind::Failure`](super::EventKind::Failure) before it says which.
    Unhandled,
}

impl fmt::Display for DeferredStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fired => "fired",
            Self::FiredWithFailure => "fired with a failure",
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Resumed => "resumed",
            Self::Cancelled => "cancelled",
            Self::Unhandled => "unhandled",
        })
    }
}

/// What made the loop call user code.
///
/// ```
/// use loopscope::trace::{Cause, EventKind};
///
/// /// Whether somebody waited in a queue before this callback began.
/// fn was_queued(kind: &EventKind) -> bool {
///     matches!(kind, EventKind::CallbackBegin { cause: Cause::ThreadCall | Cause::ThreadPool, .. })
/// }
///
/// assert!(!was_queued(&EventKind::PollBegin));
/// assert_eq!(Cause::Timer.to_string(), "timer");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Cause {
    /// A descriptor was ready. The flow is that of the [`EventKind::Readiness`](super::EventKind::Readiness).
    Readiness,
    /// A timer was due. The flow is that of the [`EventKind::TimerSet`](super::EventKind::TimerSet).
    Timer,
    /// Another thread asked for it. The flow is that of the [`EventKind::ThreadCall`](super::EventKind::ThreadCall).
    ThreadCall,
    /// The reactor started, or was asked for it before it ran.
    WhenRunning,
    /// The program's own order of statements: how blocking models get from one step to the next.
    Program,
    /// The loop is being stopped.
    Shutdown,
    /// A Deferred has its result. The flow is that of the [`EventKind::DeferredMade`](super::EventKind::DeferredMade), if it is recorded.
    Deferred,
    /// The loop handed it to its thread pool. The flow is that of the [`EventKind::WorkQueued`](super::EventKind::WorkQueued).
    ThreadPool,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Readiness,
        Self::Timer,
        Self::ThreadCall,
        Self::WhenRunning,
        Self::Program,
        Self::Shutdown,
        Self::Deferred,
        Self::ThreadPool,
    ];
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Readiness => "readiness",
            Self::Timer => "timer",
            Self::ThreadCall => "call from a thread",
            Self::WhenRunning => "start of the reactor",
            Self::Program => "the program's next statement",
            Self::Shutdown => "shutdown",
            Self::Deferred => "result of a Deferred",
            Self::ThreadPool => "work for the thread pool",
        })
    }
}

/// What a descriptor became ready for.
///
/// ```
/// use loopscope::trace::{EventKind, FlowId, Interest};
///
/// let told = EventKind::Readiness { flow: FlowId::from_index(0), task: None, interest: Interest::Writable };
/// assert!(matches!(told, EventKind::Readiness { interest: Interest::Writable, .. }), "it can be written");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Interest {
    /// It can be read, or its other side closed it.
    Readable,
    /// It can be written, or a connection attempt ended.
    Writable,
}

/// Who asked for a connection.
///
/// ```
/// use loopscope::trace::{EventKind, Side};
///
/// /// Whether somebody came to a port of this program.
/// fn is_visitor(kind: &EventKind) -> bool {
///     matches!(kind, EventKind::ConnectionMade { side: Side::Server, .. })
/// }
/// # assert!(!is_visitor(&EventKind::PollBegin));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Side {
    /// This program did.
    Client,
    /// The other side did, and a port of this program took it in.
    Server,
}

/// One direction of a connection.
///
/// ```
/// use loopscope::trace::{EventKind, FlowId, Half};
///
/// let connection = FlowId::from_index(0);
/// let heard_all = EventKind::ConnectionHalfClosed { connection, task: None, half: Half::Reading };
/// let said_all = EventKind::ConnectionHalfClosed { connection, task: None, half: Half::Writing };
/// assert_ne!(heard_all, said_all);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Half {
    /// What comes in: the other side sends no more.
    Reading,
    /// What goes out: this side sends no more.
    Writing,
}

/// How a connection ended.
///
/// ```
/// use loopscope::trace::{EventKind, Loss};
///
/// /// Whether a connection did not end as it should.
/// fn is_trouble(kind: &EventKind) -> bool {
///     matches!(kind, EventKind::ConnectionLost { loss: Loss::Broken | Loss::Failed, .. })
/// }
/// # assert!(!is_trouble(&EventKind::PollBegin));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Loss {
    /// In order.
    Closed,
    /// The reactor was stopped.
    Stopped,
    /// It broke, or was aborted.
    Broken,
    /// The user code that served it failed.
    Failed,
}

/// The system call in which a blocking model waits.
///
/// ```
/// use loopscope::trace::{EventKind, TaskId, WaitCall};
///
/// // A thread that blocks tells before it does, so that its task is seen to wait.
/// let task = TaskId::from_index(0);
/// let waits = [EventKind::WaitBegin { task, call: WaitCall::Read }, EventKind::WaitEnd { task }];
/// # assert_eq!(waits.len(), 2);
/// assert_eq!(WaitCall::Read.to_string(), "read");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum WaitCall {
    /// For a connection to stand.
    Connect,
    /// For data.
    Read,
    /// A thread of a pool, for work.
    Work,
    /// Until some time has passed.
    Sleep,
}

impl fmt::Display for WaitCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Work => "work",
            Self::Sleep => "sleep",
        })
    }
}

/// How a task or a model ended.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::Recorders;
/// use loopscope::trace::{EventKind, ModelId, Outcome, TaskId};
///
/// let mut recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "my loop");
/// let task = TaskId::from_index(0);
/// let name = recorder.name("upload");
/// recorder.record(EventKind::TaskBegin { task, name });
/// let worked = std::fs::read("/no/such/file");
/// let outcome = if worked.is_ok() { Outcome::Done } else { Outcome::Failed };
/// recorder.record(EventKind::TaskEnd { task, outcome });
/// assert_eq!(outcome, Outcome::Failed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "format", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// It did what it was for.
    Done,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

/// What the one thread of a process of its own is called, which has this number with the system.
#[cfg(any(test, feature = "cli"))]
pub(crate) fn process_name(pid: u32) -> String {
    format!("{PROCESS}{pid}")
}

/// The number of the process whose one thread is called so; `None` where it is a thread of this process.
#[cfg(any(test, feature = "gui"))]
pub(crate) fn process_of(thread: &str) -> Option<u32> {
    thread.strip_prefix(PROCESS)?.parse().ok()
}

#[cfg(any(test, feature = "cli"))]
const PROCESS: &str = "process ";

#[cfg(test)]
mod process_tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_name() {
        assert_eq!(process_of(&process_name(17)), Some(17));
        assert_eq!(process_of("reactor"), None);
        assert_eq!(process_of("process of elimination"), None);
    }
}

//! A scenario that was checked: everything in it can be run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trace::TaskId;

/// Slow servers, the tasks that download from them, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The name by which it is loaded: the file's name without `.toml`.
    pub name: String,
    /// One line.
    pub title: String,
    /// What happens, in a few sentences.
    pub summary: String,
    /// What to look for, a sentence or two each.
    pub look_for: Vec<String>,
    /// At least one.
    pub servers: Vec<Server>,
    /// At least one. Task 1 is the first.
    pub tasks: Vec<Task>,
    /// The models that run unless the user chooses others; at least one, none twice.
    pub models: Vec<Model>,
    /// Whether the models start together, or one after another.
    pub together: bool,
    /// What the blocking switch is set to at first.
    pub blocking: Blocking,
    /// Whether the blocking switch is on from the start.
    pub blocking_on: bool,
    /// How long a stretch without a poll must be to count as a stall.
    pub stall_threshold: Duration,
}

impl Scenario {
    /// The task with this id, if there is one.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(id.index())
    }

    /// How long one download from `server` takes in theory: ⌈bytes/chunk⌉ · delay. A server that closes early does
    /// not wait after its last piece, and one that is dead takes no time.
    pub fn theory(server: &Server) -> Duration {
        let pieces = match server.fault {
            None => server.text.len().div_ceil(server.chunk),
            Some(Fault::Dead) => 0,
            Some(Fault::ClosesAfter(bytes)) if bytes < server.text.len() => {
                bytes.div_ceil(server.chunk).saturating_sub(1)
            }
            Some(Fault::ClosesAfter(_)) => server.text.len().div_ceil(server.chunk),
        };
        server
            .delay
            .saturating_mul(u32::try_from(pieces).unwrap_or(u32::MAX))
    }
}

/// A server on the loopback interface that drips its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// What it is called.
    pub name: String,
    /// What it sends.
    pub text: Arc<[u8]>,
    /// How many bytes at once; at least 1.
    pub chunk: usize,
    /// How long it waits after each piece, the last one included.
    pub delay: Duration,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// What may be wrong with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens on its port.
    Dead,
    /// It closes the connection after so many bytes.
    ClosesAfter(usize),
}

/// One download.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its place in the scenario.
    pub id: TaskId,
    /// What it is called; unique.
    pub name: String,
    /// From which server: its place in [`Scenario::servers`].
    pub server: usize,
}

/// A model of execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// One task after another, on blocking sockets.
    Synchronous,
    /// A thread per task, on blocking sockets.
    Threaded,
    /// One thread, the reactor, on non-blocking sockets.
    Asynchronous,
}

impl Model {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Synchronous, Self::Threaded, Self::Asynchronous];

    /// Its name in files, on the command line and in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::Threaded => "threaded",
            Self::Asynchronous => "asynchronous",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A callback that blocks, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocking {
    /// How.
    pub kind: BlockingKind,
    /// For how long. [`BlockingKind::Read`] takes as long as the server does, and ignores it.
    pub duration: Duration,
    /// In the callbacks of which task; `None` is all of them.
    pub task: Option<TaskId>,
}

/// How a callback blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockingKind {
    /// It sleeps in a system call.
    Sleep,
    /// It computes.
    Cpu,
    /// It reads its socket to the end, blocking, as the tutorial's broken client does.
    Read,
}

impl BlockingKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Sleep, Self::Cpu, Self::Read];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Cpu => "cpu",
            Self::Read => "read",
        }
    }
}

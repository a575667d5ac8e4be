//! How a scenario is run: models of execution, and variants of them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::program::Requests;

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
    /// A server that serves one client after another.
    Sequential,
    /// A server that starts a process for each client.
    Processes,
    /// A server that starts a thread for each client.
    Threads,
    /// A server whose clients wait for one of a few threads.
    Pool,
    /// A server on one thread, the reactor.
    Reactor,
}

impl Model {
    /// The models of a program that does its own tasks, in the order in which they are shown.
    pub const OF_TASKS: [Self; 3] = [Self::Synchronous, Self::Threaded, Self::Asynchronous];

    /// The models of a server whose clients are the tasks, in the order in which they are shown.
    pub const OF_A_SERVICE: [Self; 5] = [
        Self::Sequential,
        Self::Processes,
        Self::Threads,
        Self::Pool,
        Self::Reactor,
    ];

    /// Its name in files, on the command line and in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synchronous => "synchronous",
            Self::Threaded => "threaded",
            Self::Asynchronous => "asynchronous",
            Self::Sequential => "sequential",
            Self::Processes => "processes",
            Self::Threads => "threads",
            Self::Pool => "pool",
            Self::Reactor => "reactor",
        }
    }

    /// What it is, in one sentence.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Synchronous => {
                "One task after another, on blocking sockets: waits for one at a time"
            }
            Self::Threaded => "A thread per task, on blocking sockets: all wait at once",
            Self::Asynchronous => {
                "One thread with an event loop, on non-blocking sockets: waits for all at once"
            }
            Self::Sequential => "One client after another: who comes later waits in the queue",
            Self::Processes => "A process for each client, which has it for itself",
            Self::Threads => "A thread for each client, which has it for itself",
            Self::Pool => "A few threads: who comes when all are taken waits in the queue",
            Self::Reactor => "One thread with an event loop, which serves whoever says something",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the loop waits in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EventProvider {
    /// The system keeps the list of what is watched.
    #[default]
    Epoll,
    /// The program hands the list over, every time.
    Poll,
    /// The program hands a set of bits over, every time.
    Select,
}

impl EventProvider {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Epoll, Self::Poll, Self::Select];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::Poll => "poll",
            Self::Select => "select",
        }
    }

    /// What it is, in one sentence.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Epoll => "It waits in epoll: the system keeps the list of what is watched.",
            Self::Poll => "It waits in poll: the program hands the whole list over, every time.",
            Self::Select => "It waits in select: the program hands a set of bits over, every time.",
        }
    }
}

/// One way to run a scenario: a model of execution, and how it goes about things. Each has a group of its own in
/// the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// What it is called: the model's name unless the scenario gives another one.
    pub name: String,
    /// Which model.
    pub model: Model,
    /// How requests are made, in the asynchronous model.
    pub requests: Requests,
    /// What the loop waits in, in the asynchronous model.
    pub provider: EventProvider,
    /// Whoever computes lets others have their turn after so long, in the asynchronous model; `None` computes to the end.
    pub slices: Option<Duration>,
}

impl From<Model> for Variant {
    fn from(model: Model) -> Self {
        Self {
            name: model.name().to_owned(),
            model,
            requests: Requests::default(),
            provider: EventProvider::default(),
            slices: None,
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

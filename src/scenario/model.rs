//! A scenario that was checked: everything in it can be run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ValueError;
use super::program::{Step, Work};
use super::story::Story;
use super::variant::Variant;
use crate::trace::TaskId;

/// Servers, the tasks that use them, and how they are run.
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
    /// The same in Chinese, as far as somebody has translated it.
    pub chinese: Story,
    /// Those that the tasks use.
    pub servers: Vec<Server>,
    /// The server that is itself what is compared; the tasks are its clients then.
    pub service: Option<Service>,
    /// At least one. Task 1 is the first.
    pub tasks: Vec<Task>,
    /// What can be run; at least one, no name twice.
    pub variants: Vec<Variant>,
    /// Which of them run unless the user chooses others, by their places; at least one, none twice.
    pub models: Vec<usize>,
    /// Whether the models start together, or one after another.
    pub together: bool,
    /// What the blocking switch is set to at first.
    pub blocking: Blocking,
    /// Whether the blocking switch is on from the start.
    pub blocking_on: bool,
    /// How long a stretch without a poll must be to count as a stall.
    pub stall_threshold: Duration,
    /// The text that says all this.
    pub(super) text: Arc<str>,
    /// The file of the text, as it was named.
    pub(super) origin: PathBuf,
}

impl Scenario {
    /// The task with this id, if there is one.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(id.index())
    }

    /// The variants that run unless the user chooses others.
    pub fn chosen(&self) -> impl Iterator<Item = &Variant> {
        self.models.iter().map(|&place| &self.variants[place])
    }

    /// The variant of this name.
    ///
    /// # Errors
    /// Lists the names, and guesses which one was meant.
    pub fn variant(&self, name: &str) -> Result<&Variant, ValueError> {
        let names = || self.variants.iter().map(|variant| variant.name.as_str());
        self.variants
            .iter()
            .find(|variant| variant.name == name)
            .ok_or_else(|| ValueError::unknown(name, names()))
    }

    /// How long a task takes in theory, if it has not to wait for others, and nothing blocks.
    pub fn theory(&self, task: &Task) -> Duration {
        let steps = task.steps.iter().map(|step| {
            step.theory(|server| {
                match server {
                    Some(server) => self.servers.get(server).map(Server::theory),
                    None => self.service.as_ref().map(|service| service.work.theory()),
                }
                .unwrap_or_default()
            })
        });
        steps.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// How many bytes a task is going to read, if nothing goes wrong.
    pub fn expected_bytes(&self, task: &Task) -> usize {
        let steps = task.steps.iter().map(|step| match step {
            Step::Download { server, .. } | Step::Request { server, .. } => self
                .servers
                .get(*server)
                .map_or(0, |server| server.text.len()),
            Step::Say { texts, times, .. } => {
                let once: usize = texts.iter().map(|text| text.len() + 1).sum();
                once.saturating_mul(*times)
            }
            _ => 0,
        });
        steps.fold(0, usize::saturating_add)
    }
}

/// A server on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// What it is called.
    pub name: String,
    /// What it says, and when.
    pub speaks: Speaks,
    /// How its clients reach it.
    pub over: Over,
    /// What it sends; nothing for one that echoes.
    pub text: Arc<[u8]>,
    /// How many bytes at once; at least 1.
    pub chunk: usize,
    /// How long it waits after each piece, the last one included. One that speaks HTTP waits before each piece instead,
    /// and one that echoes before each answer.
    pub delay: Duration,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

impl Server {
    /// How long one download takes in theory: ⌈bytes/chunk⌉ · delay. A server that closes early sends fewer bytes and,
    /// unless it speaks HTTP, does not wait after its last piece; one that is dead takes no time. Of a server that
    /// echoes: how long it takes to answer.
    pub fn theory(&self) -> Duration {
        let pieces = match (self.speaks, self.fault) {
            (_, Some(Fault::Dead)) => 0,
            (Speaks::Echo, _) => 1,
            (Speaks::Http, Some(Fault::ClosesAfter(bytes))) => {
                bytes.min(self.text.len()).div_ceil(self.chunk)
            }
            (Speaks::Drip, Some(Fault::ClosesAfter(bytes))) if bytes < self.text.len() => {
                bytes.div_ceil(self.chunk).saturating_sub(1)
            }
            _ => self.text.len().div_ceil(self.chunk),
        };
        self.delay
            .saturating_mul(u32::try_from(pieces).unwrap_or(u32::MAX))
    }
}

/// What a server says, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Speaks {
    /// Its text, a piece at a time, to whoever connects; then it closes.
    #[default]
    Drip,
    /// The same as the body of an HTTP response, once the request came.
    Http,
    /// Whatever it hears, back again.
    Echo,
}

impl Speaks {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Drip, Self::Http, Self::Echo];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drip => "drip",
            Self::Http => "http",
            Self::Echo => "echo",
        }
    }
}

/// How clients reach a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Over {
    /// A port of the loopback interface.
    #[default]
    Tcp,
    /// Datagrams, through a port of the loopback interface.
    Udp,
    /// A Unix socket.
    Unix,
    /// Two pipes, one for each direction.
    Pipe,
}

impl Over {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tcp, Self::Udp, Self::Unix, Self::Pipe];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Unix => "unix",
            Self::Pipe => "pipe",
        }
    }
}

/// The server that is itself what is compared: it answers each line with the same line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// What it is called.
    pub name: String,
    /// What it does before each answer.
    pub work: Work,
    /// How many threads its pool has.
    pub threads: usize,
}

/// What may be wrong with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens on its port.
    Dead,
    /// It closes the connection after so many bytes.
    ClosesAfter(usize),
}

/// One task: steps, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its place in the scenario.
    pub id: TaskId,
    /// What it is called; unique.
    pub name: String,
    /// From which section of the file it comes, counted from 0: several tasks may come from one.
    pub section: usize,
    /// What it does; at least one step.
    pub steps: Vec<Step>,
    /// Which task has to end before it begins; one before it.
    pub after: Option<TaskId>,
}

impl Task {
    /// The server that it downloads from, if that is all it does.
    pub fn download(&self) -> Option<usize> {
        match self.steps[..] {
            [Step::Download { server, .. }] => Some(server),
            _ => None,
        }
    }
}

/// A callback that blocks, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// It waits for a lock that another thread holds.
    Lock,
    /// It writes to a temporary file, and waits each time until that is on the disk.
    Fsync,
    /// It leaves work for a hundred callbacks, which compute for a hundredth each, in the same turn of the loop. Where
    /// no loop has turns it computes itself.
    Many,
}

impl BlockingKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Sleep,
        Self::Cpu,
        Self::Read,
        Self::Lock,
        Self::Fsync,
        Self::Many,
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Cpu => "cpu",
            Self::Read => "read",
            Self::Lock => "lock",
            Self::Fsync => "fsync",
            Self::Many => "many",
        }
    }

    /// What it does, in one sentence without its end.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Sleep => "The callback sleeps in a system call, as one does that asks a database",
            Self::Cpu => "The callback computes, as one does that compresses or parses",
            Self::Read => {
                "The callback reads its socket to the end, waiting for each piece: it makes the loop a queue"
            }
            Self::Lock => "The callback waits for a lock that another thread holds meanwhile",
            Self::Fsync => {
                "The callback writes to a file and waits until that is on the disk, as one does that keeps a log"
            }
            Self::Many => {
                "No callback takes long, but a hundred of them come in one turn, before the loop looks again"
            }
        }
    }
}

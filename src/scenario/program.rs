//! What a task does: steps, one after the other. Every model of execution runs the same steps; what differs is who
//! waits while a step takes its time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One step of a task. It begins when the one before it is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A callback of the program's own.
    Call(Call),
    /// Nothing for a while: a timer in the loop, a sleep elsewhere.
    Wait(Duration),
    /// A callback again and again: a looping call in the loop, sleeps elsewhere.
    Every {
        /// From one call to the next; zero is once in each turn.
        interval: Duration,
        /// How many calls there are, the first one at once; those that were missed are counted too.
        times: usize,
        /// What is called.
        call: Call,
    },
    /// Everything that a server sends, until it closes.
    Download {
        /// Which: its place in [`super::Scenario::servers`].
        server: usize,
        /// Whether a receiver cuts what comes into lines, and calls the program for each.
        by_lines: bool,
        /// The callback fails once more than so many bytes came.
        fails_after: Option<usize>,
    },
    /// An HTTP request, and the whole response.
    Request {
        /// Which server: its place in [`super::Scenario::servers`].
        server: usize,
        /// How it is made; `None` is as the variant says.
        by: Option<Requests>,
    },
    /// A conversation over one connection: each text is sent as a line, and its answer awaited.
    Say {
        /// With which server: its place in [`super::Scenario::servers`]; `None` is the service.
        to: Option<usize>,
        /// What is said; at least one line, none with a line break.
        texts: Vec<String>,
        /// How often all of it is said; at least once.
        times: usize,
        /// How long nothing is said after each answer but the last.
        pause: Duration,
    },
    /// Connections on which nothing ever happens. They are watched until the model ends.
    Hold {
        /// To which server: its place in [`super::Scenario::servers`].
        server: usize,
        /// How many; at least one.
        count: usize,
    },
    /// A result that comes later, and the chain of callbacks that it goes through. In the loop only.
    Deferred(Promise),
    /// The whole program ends.
    Stop,
}

/// A callback of the program's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What it is called.
    pub name: String,
    /// What it does.
    pub work: Work,
    /// What it fails with, if it does.
    pub fails: Option<String>,
}

/// What a callback does before it returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Nothing that takes time.
    #[default]
    Nothing,
    /// It sleeps in a system call, for so long.
    Block(Duration),
    /// It computes, until its thread has used so much CPU time.
    Compute(Duration),
}

/// A result that comes later.
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// What it is called.
    pub name: String,
    /// How long it takes to come; zero is at once.
    pub wait: Duration,
    /// What comes instead of a result, if it fails.
    pub fails: Option<String>,
    /// Through what the result goes, in order.
    pub chain: Vec<Link>,
}

/// One link of a chain: what is called with a result, and what is called with a failure; at least one of the two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// Called with a result.
    pub callback: Option<Call>,
    /// Called with a failure. Returns a result, and so recovers, unless it fails itself.
    pub errback: Option<Call>,
    /// What is called returns a result that takes so long to come: the chain pauses; zero is at once.
    pub wait: Duration,
}

/// How a program makes its requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Requests {
    /// In the callback, which returns when the response is there.
    Blocking,
    /// In a thread of the loop's pool; the loop goes on, and takes the response over.
    Thread,
    /// By the loop itself, which calls back when the response is there.
    #[default]
    Asynchronous,
}

impl Requests {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::Thread, Self::Asynchronous];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Thread => "thread",
            Self::Asynchronous => "asynchronous",
        }
    }

    /// What it is, in one sentence.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Blocking => "A request is made in the callback, which waits for the response.",
            Self::Thread => "A request is made in a thread of the pool; the loop goes on.",
            Self::Asynchronous => {
                "A request is made by the loop, which calls back with the response."
            }
        }
    }
}

impl Step {
    /// A plain download from the server at this place of [`super::Scenario::servers`].
    pub const fn download(server: usize) -> Self {
        Self::Download {
            server,
            by_lines: false,
            fails_after: None,
        }
    }

    /// How long it takes at least, if `answer` says how long a server takes for its part; `None` is the service.
    pub(super) fn theory(&self, answer: impl Fn(Option<usize>) -> Duration) -> Duration {
        let times = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        match self {
            Self::Call(call) => call.work.theory(),
            Self::Wait(duration) => *duration,
            Self::Every {
                interval,
                times: count,
                ..
            } => interval.saturating_mul(times(count.saturating_sub(1))),
            Self::Download { server, .. } | Self::Request { server, .. } => answer(Some(*server)),
            Self::Say {
                to,
                texts,
                times: count,
                pause,
            } => {
                let said = times(texts.len().saturating_mul(*count));
                pause
                    .saturating_mul(said.saturating_sub(1))
                    .saturating_add(answer(*to).saturating_mul(said))
            }
            Self::Deferred(promise) => promise
                .chain
                .iter()
                .fold(promise.wait, |sum, link| sum.saturating_add(link.wait)),
            Self::Hold { .. } | Self::Stop => Duration::ZERO,
        }
    }
}

impl Work {
    /// How long it takes at least.
    pub const fn theory(self) -> Duration {
        match self {
            Self::Nothing => Duration::ZERO,
            Self::Block(duration) | Self::Compute(duration) => duration,
        }
    }
}

//! What the loop waits in: one of the system's event providers, with what wakes it from other threads and in time.
//!
//! The reactor knows only [`Provider`], and whichever [`ProviderKind`] it is, it keeps one contract:
//! - What becomes ready is reported, and so is what is ready when it is watched, or watched anew.
//! - Whether something is reported again that was not taken is open: epoll tells of edges, `poll` and `select` of
//!   levels. So whoever is called takes all there is, asks to be called again, or wants to know no more.
//! - One that waits for nothing uses no CPU, a deadline is not rounded up, and any thread can wake it.

mod epoll;
mod poll;
mod raw;
mod select;
mod waker;

use std::fmt;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use mio::{Interest, Token};

use crate::alarm::Alarm;
use crate::trace::Timestamp;
use epoll::Epoll;
use poll::Poll;
use select::Select;

pub(super) use waker::Waker;

// Descriptors' tokens hold a version that is never zero, so these two are free.
const WAKER: Token = Token(0);
const ALARM: Token = Token(1);

/// The event providers that there are.
///
/// ```
/// use loopscope::reactor::{Provider, ProviderKind};
///
/// assert_eq!(ProviderKind::default(), ProviderKind::Epoll);
/// for kind in ProviderKind::ALL {
///     println!("{kind}: {}", if Provider::of(kind).is_ok() { "is here" } else { "no descriptor is left" });
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// The system's best, through mio: epoll, or kqueue where that is at home. A wait costs what is ready,
    /// however many are watched.
    #[default]
    Epoll,
    /// `poll`, which is handed all that it watches each time.
    Poll,
    /// `select`, which is handed a bit for every descriptor up to the highest each time. As Linux has it, without the
    /// limit of 1024.
    Select,
}

impl ProviderKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Epoll, Self::Poll, Self::Select];

    /// Its name, such as `epoll`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoll => "epoll",
            Self::Poll => "poll",
            Self::Select => "select",
        }
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a descriptor is ready for. An error is found out by reading and by writing, so it is ready for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Readiness {
    pub(super) token: Token,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// Its other side sends no more, as far as this provider can tell.
    pub(super) hung_up: bool,
}

/// How one kind of event provider watches and waits.
trait Selector {
    /// Reports `fd` under `token` when it becomes ready for `interest`, from `before` on, `None` being not at
    /// all. What it is ready for already is reported again.
    ///
    /// # Errors
    /// When `fd` is watched under another token already, or it cannot be watched.
    fn watch(
        &mut self,
        fd: RawFd,
        token: Token,
        before: Option<Interest>,
        interest: Option<Interest>,
    ) -> io::Result<()>;

    /// Waits until something is ready, for `timeout` at most, and adds it to `ready`.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Readiness>) -> io::Result<()>;

    /// What makes it report `token` from any thread.
    fn waker(&mut self, token: Token) -> io::Result<Waker> {
        let waker = Waker::pair()?;
        if let Some(fd) = waker.fd() {
            self.watch(fd, token, None, Some(Interest::READABLE))?;
        }
        Ok(waker)
    }
}

/// An event provider: what a reactor waits in.
///
/// ```
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
/// use loopscope::reactor::{Label, Provider, ProviderKind, Reactor};
///
/// let provider = Provider::of(ProviderKind::Poll)?;
/// assert_eq!(provider.kind().name(), "poll");
/// let mut reactor = Reactor::with_provider(recorder, provider);
/// reactor.call_when_running(Label::new("stop", None), |reactor| Ok(reactor.stop()?));
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Provider {
    kind: ProviderKind,
    selector: Box<dyn Selector>,
    ready: Vec<Readiness>,
    waker: Arc<Waker>,
    alarm: Alarm<Timestamp>,
}

impl Provider {
    /// One of the best kind. It takes three file descriptors on Linux.
    ///
    /// # Errors
    /// When the system gives none, most likely because no file descriptor is left.
    pub fn new() -> io::Result<Self> {
        Self::of(ProviderKind::default())
    }

    /// One of the given kind. Each takes three file descriptors on Linux.
    ///
    /// # Errors
    /// As for [`Provider::new`].
    pub fn of(kind: ProviderKind) -> io::Result<Self> {
        let mut selector: Box<dyn Selector> = match kind {
            ProviderKind::Epoll => Box::new(Epoll::new()?),
            ProviderKind::Poll => Box::new(Poll::default()),
            ProviderKind::Select => Box::new(Select::default()),
        };
        let waker = Arc::new(selector.waker(WAKER)?);
        let alarm = Alarm::new()?;
        if let Some(fd) = alarm.fd() {
            selector.watch(fd, ALARM, None, Some(Interest::READABLE))?;
        }
        Ok(Self {
            kind,
            selector,
            ready: Vec::new(),
            waker,
            alarm,
        })
    }

    /// Of which kind it is.
    pub const fn kind(&self) -> ProviderKind {
        self.kind
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Waits until a descriptor is ready, a thread wakes it or `deadline` is past. Asks for the time only if that
    /// matters.
    #[inline]
    pub(super) fn poll_until(
        &mut self,
        deadline: Option<Timestamp>,
        now: impl FnOnce() -> Timestamp,
    ) -> io::Result<()> {
        let timeout = self.alarm.set(deadline, |deadline| deadline.since(now()))?;
        self.poll_for(timeout)
    }

    /// Fetches what is ready without waiting.
    pub(super) fn poll_now(&mut self) -> io::Result<()> {
        self.poll_for(Some(Duration::ZERO))
    }

    #[inline]
    fn poll_for(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.ready.clear();
        match self.selector.wait(timeout, &mut self.ready) {
            Ok(()) => {}
            // A signal was handled: a turn with nothing ready.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        let is_own = |ready: &Readiness| matches!(ready.token, WAKER | ALARM);
        if self.ready.iter().any(is_own) {
            self.hear();
        }
        Ok(())
    }

    /// Takes out what is for the provider itself.
    #[cold]
    fn hear(&mut self) {
        self.ready.retain(|ready| match ready.token {
            WAKER => {
                self.waker.heard();
                false
            }
            ALARM => {
                self.alarm.rang();
                false
            }
            _ => true,
        });
    }

    /// What the last poll brought: the tokens of descriptors with what they are ready for.
    pub(super) fn ready(&self) -> &[Readiness] {
        &self.ready
    }

    /// Reports `fd` under `token` when it becomes ready for `interest`, from `before` on, `None` being not at
    /// all. What it is ready for already is reported again.
    ///
    /// # Errors
    /// When `fd` is watched under another token already, or it cannot be watched.
    pub(super) fn watch(
        &mut self,
        fd: RawFd,
        token: Token,
        before: Option<Interest>,
        interest: Option<Interest>,
    ) -> io::Result<()> {
        self.selector.watch(fd, token, before, interest)
    }
}

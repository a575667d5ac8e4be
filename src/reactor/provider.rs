//! What the loop waits in: epoll or its kin, through mio, with what wakes it from other threads and in time.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use super::alarm::Alarm;
use crate::trace::Timestamp;

// Descriptors' tokens hold a version that is never zero, so these two are free.
const WAKER: Token = Token(0);
const ALARM: Token = Token(1);

/// How many descriptors one poll reports at most; the others come with the next one.
const EVENTS: usize = 1024;

/// An event provider.
pub struct Provider {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    alarm: Alarm,
}

impl Provider {
    /// A new one. It takes three file descriptors on Linux.
    ///
    /// # Errors
    /// When the system gives none, most likely because no file descriptor is left.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let alarm = Alarm::new(poll.registry(), ALARM)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(EVENTS),
            waker,
            alarm,
        })
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Waits until a descriptor is ready, a thread wakes it or `deadline` is past.
    pub(super) fn poll_until(
        &mut self,
        deadline: Option<Timestamp>,
        now: Timestamp,
    ) -> io::Result<()> {
        let timeout = self.alarm.set(deadline, now)?;
        self.poll_for(timeout)
    }

    /// Fetches what is ready without waiting.
    pub(super) fn poll_now(&mut self) -> io::Result<()> {
        self.poll_for(Some(Duration::ZERO))
    }

    fn poll_for(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {
                if self.events.iter().any(|event| event.token() == ALARM) {
                    self.alarm.rang();
                }
                Ok(())
            }
            // A signal was handled: a turn with nothing ready.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// What the last poll brought: the tokens of descriptors with what they are ready for.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Event> {
        self.events
            .iter()
            .filter(|event| event.token() != WAKER && event.token() != ALARM)
    }

    /// Reports `fd` under `token` when it becomes ready for `interest`, from `before` on, `None` being not at
    /// all. What it is ready for already is reported again.
    pub(super) fn watch(
        &self,
        fd: RawFd,
        token: Token,
        before: Option<Interest>,
        interest: Option<Interest>,
    ) -> io::Result<()> {
        let registry = self.poll.registry();
        match (before, interest) {
            (None, None) => Ok(()),
            (None, Some(interest)) => registry.register(&mut SourceFd(&fd), token, interest),
            (Some(_), Some(interest)) => registry.reregister(&mut SourceFd(&fd), token, interest),
            (Some(_), None) => registry.deregister(&mut SourceFd(&fd)),
        }
    }
}

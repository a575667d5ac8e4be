//! epoll and its kin, through mio. Edge-triggered.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::{Readiness, Selector, Waker};

/// How many descriptors one poll reports at most; the others come with the next one.
const EVENTS: usize = 1024;

pub(super) struct Epoll {
    poll: Poll,
    events: Events,
}

impl Epoll {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
        })
    }
}

impl Selector for Epoll {
    fn watch(
        &mut self,
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

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Readiness>) -> io::Result<()> {
        self.poll.poll(&mut self.events, timeout)?;
        ready.extend(self.events.iter().map(|event| {
            let hung_up = event.is_read_closed() || event.is_error();
            Readiness {
                token: event.token(),
                readable: event.is_readable() || hung_up,
                writable: event.is_writable() || event.is_write_closed() || event.is_error(),
                hung_up,
            }
        }));
        Ok(())
    }

    fn waker(&mut self, token: Token) -> io::Result<Waker> {
        Waker::of(self.poll.registry(), token)
    }
}

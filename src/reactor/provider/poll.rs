//! `poll`. Level-triggered: what was not taken is reported each time.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use mio::{Interest, Token};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use super::{Readiness, Selector, raw};

/// What tells that the other side sends no more, where the system has it. Elsewhere it is read.
#[cfg(target_os = "linux")]
const HANG_UP: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const HANG_UP: PollFlags = PollFlags::empty();

/// All that is watched, as the system wants to have it, and beside it the tokens.
#[derive(Default)]
pub(super) struct Poll {
    fds: Vec<PollFd<'static>>,
    tokens: Vec<Token>,
    places: HashMap<RawFd, usize>,
}

impl Selector for Poll {
    fn watch(
        &mut self,
        fd: RawFd,
        token: Token,
        before: Option<Interest>,
        interest: Option<Interest>,
    ) -> io::Result<()> {
        let Some(interest) = interest else {
            if before.is_some() {
                self.forget(fd);
            }
            return Ok(());
        };
        let watched = PollFd::from_borrowed_fd(raw::borrow(fd)?, flags(interest));
        match (self.places.entry(fd), before) {
            (Entry::Vacant(place), _) => {
                place.insert(self.fds.len());
                self.fds.push(watched);
                self.tokens.push(token);
            }
            (Entry::Occupied(_), None) => return Err(Errno::EXIST.into()),
            (Entry::Occupied(place), Some(_)) => self.fds[*place.get()] = watched,
        }
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Readiness>) -> io::Result<()> {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let count = rustix::event::poll(&mut self.fds, timeout.as_ref())?;
        let reported = self.fds.iter().zip(&self.tokens);
        let reported = reported.filter(|(fd, _)| !fd.revents().is_empty());
        ready.extend(
            reported
                .take(count)
                .map(|(fd, &token)| readiness(token, fd.revents())),
        );
        Ok(())
    }
}

impl Poll {
    /// The last one takes its place.
    fn forget(&mut self, fd: RawFd) {
        let Some(place) = self.places.remove(&fd) else {
            return;
        };
        self.fds.swap_remove(place);
        self.tokens.swap_remove(place);
        if let Some(moved) = self.fds.get(place) {
            self.places.insert(moved.as_fd().as_raw_fd(), place);
        }
    }
}

fn flags(interest: Interest) -> PollFlags {
    let mut flags = PollFlags::empty();
    if interest.is_readable() {
        flags |= PollFlags::IN | HANG_UP;
    }
    if interest.is_writable() {
        flags |= PollFlags::OUT;
    }
    flags
}

fn readiness(token: Token, flags: PollFlags) -> Readiness {
    // One that is closed (`NVAL`) is an error like others: its callback finds out.
    let failed = flags.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
    let hung_up = failed || flags.intersects(HANG_UP);
    Readiness {
        token,
        readable: hung_up || flags.contains(PollFlags::IN),
        writable: failed || flags.contains(PollFlags::OUT),
        hung_up,
    }
}

//! `select`. Level-triggered: what was not taken is reported each time.
//!
//! It does not tell a hang-up from data. Nothing depends on that: the end of the data is reported until it is read.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use mio::{Interest, Token};
use rustix::event::{
    FdSetElement, FdSetIter, Timespec, fd_set_insert, fd_set_num_elements, fd_set_remove,
};
use rustix::io::Errno;

use super::{Readiness, Selector, raw};

/// What is watched, by descriptor, and the same as the sets that the system wants to have.
#[derive(Default)]
pub(super) struct Select {
    tokens: Vec<Option<Token>>,
    readers: Vec<FdSetElement>,
    writers: Vec<FdSetElement>,
    /// What the system makes of them.
    readable: Vec<FdSetElement>,
    writable: Vec<FdSetElement>,
}

impl Selector for Select {
    fn watch(
        &mut self,
        fd: RawFd,
        token: Token,
        before: Option<Interest>,
        interest: Option<Interest>,
    ) -> io::Result<()> {
        if before.is_none() && interest.is_none() {
            return Ok(());
        }
        let place = usize::try_from(fd).map_err(|_| Errno::BADF)?;
        self.make_room(fd, place);
        if before.is_none() && self.tokens[place].is_some() {
            return Err(Errno::EXIST.into());
        }
        self.tokens[place] = interest.map(|_| token);
        let wants = |test: fn(Interest) -> bool| interest.is_some_and(test);
        set(&mut self.readers, fd, wants(Interest::is_readable));
        set(&mut self.writers, fd, wants(Interest::is_writable));
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Readiness>) -> io::Result<()> {
        self.readable.clone_from(&self.readers);
        self.writable.clone_from(&self.writers);
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match raw::select(&mut self.readable, &mut self.writable, timeout.as_ref()) {
            Ok(0) => {}
            Ok(_) => self.list(ready),
            Err(Errno::BADF) => self.list_closed(ready),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Select {
    /// There is no limit but that of open files: the sets grow with the highest descriptor.
    fn make_room(&mut self, fd: RawFd, place: usize) {
        if place < self.tokens.len() {
            return;
        }
        self.tokens.resize(place + 1, None);
        let elements = fd_set_num_elements(place + 1, fd.saturating_add(1));
        self.readers.resize(elements, FdSetElement::default());
        self.writers.resize(elements, FdSetElement::default());
    }

    /// What the system left in the two sets, lowest descriptor first.
    fn list(&self, ready: &mut Vec<Readiness>) {
        let mut readable = FdSetIter::new(&self.readable).peekable();
        let mut writable = FdSetIter::new(&self.writable).peekable();
        loop {
            let fd = match (readable.peek(), writable.peek()) {
                (Some(&reader), Some(&writer)) => reader.min(writer),
                (Some(&fd), None) | (None, Some(&fd)) => fd,
                (None, None) => return,
            };
            let readable = readable.next_if_eq(&fd).is_some();
            let writable = writable.next_if_eq(&fd).is_some();
            ready.extend(self.token(fd).map(|token| Readiness {
                token,
                readable,
                writable,
                hung_up: false,
            }));
        }
    }

    /// One that is watched was closed, for which the system refuses all of them. Its own callback is to find out,
    /// and the others are to go on.
    fn list_closed(&self, ready: &mut Vec<Readiness>) {
        let watched = (0..).zip(&self.tokens);
        let watched = watched.filter_map(|(fd, token)| Some((fd, (*token)?)));
        ready.extend(
            watched
                .filter(|(fd, _)| !raw::is_open(*fd))
                .map(|(_, token)| Readiness {
                    token,
                    readable: true,
                    writable: true,
                    hung_up: true,
                }),
        );
    }

    fn token(&self, fd: RawFd) -> Option<Token> {
        *self.tokens.get(usize::try_from(fd).ok()?)?
    }
}

fn set(fds: &mut [FdSetElement], fd: RawFd, is_in: bool) {
    if is_in {
        fd_set_insert(fds, fd);
    } else {
        fd_set_remove(fds, fd);
    }
}

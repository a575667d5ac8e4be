//! The second look at a loop's descriptors: an event provider beside the loop's own, which tells when data came in while
//! the loop did not look.
//!
//! It is told of every descriptor that the loop reads, but nobody waits in it unless a stretch lasts long: waiting in
//! two at once would make each of the loop's own waits dearer.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};

use super::lock;
use super::stamp::Stamps;
use crate::clock::Ticks;
use crate::trace::TaskId;

/// How many descriptors one wait brings, at most.
const EVENTS: usize = 1024;

/// To begin to wait for data takes the system half a microsecond or so for each descriptor, as it goes through all of
/// them. That is to be a twentieth of the stretch for which it is done, at most.
const WORTH_IT: Duration = Duration::from_micros(8);

/// Which descriptor: its number, and whose it is.
pub(super) type Whose = (RawFd, Option<TaskId>);

/// The loop's side: says what is to be observed, and learns what came in.
pub(super) struct Observed {
    registry: Registry,
    desk: Arc<Desk>,
}

/// The watchdog's side.
pub(super) struct Observer {
    poll: Poll,
    events: Events,
    desk: Arc<Desk>,
    stamps: Option<Arc<Stamps>>,
}

/// What both sides know. The watchdog takes the locks only while the loop is stuck, for a few look-ups; the loop does
/// when it begins or ends to read a descriptor, and after a stall.
#[derive(Default)]
struct Desk {
    /// By their ids, which are never used again, as the numbers of descriptors are.
    descriptors: Mutex<HashMap<u64, Whose>>,
    arrivals: Mutex<Arrivals>,
}

/// On which descriptors data came in during a stretch.
#[derive(Default)]
struct Arrivals {
    stretch: Option<Ticks>,
    /// By their ids, with when that was told last.
    told: HashMap<u64, Ticks>,
}

/// What of that which came in is news.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// On these it came in for the first time in a stretch; by their ids.
    pub(super) first: Vec<(u64, Whose)>,
    /// Of these it is known that it did, and that it comes again. They may have been read in between.
    pub(super) again: Vec<u64>,
}

pub(super) fn observer() -> io::Result<(Observed, Observer)> {
    let poll = Poll::new()?;
    let desk = Arc::new(Desk::default());
    let observed = Observed {
        registry: poll.registry().try_clone()?,
        desk: Arc::clone(&desk),
    };
    let observer = Observer {
        poll,
        events: Events::with_capacity(EVENTS),
        desk,
        stamps: Stamps::shared(),
    };
    Ok((observed, observer))
}

impl Observed {
    /// The loop reads `fd` from now on, under an id of its own that is not 0.
    pub(super) fn add(&self, fd: RawFd, id: u64, task: Option<TaskId>) {
        let token = Token(id as usize);
        let source = &mut SourceFd(&fd);
        // Edges, and only of what comes in, its end included. The loop's own provider took it as well; should this one
        // have no room for it, nothing is told of the descriptor.
        if self
            .registry
            .register(source, token, Interest::READABLE)
            .is_ok()
        {
            lock(&self.desk.descriptors).insert(id, (fd, task));
        }
    }

    /// The loop reads it no more.
    pub(super) fn remove(&self, fd: RawFd, id: u64) {
        if lock(&self.desk.descriptors).remove(&id).is_some() {
            // It was registered, and one that was closed meanwhile is gone.
            let _ = self.registry.deregister(&mut SourceFd(&fd));
        }
    }

    /// The ids of those on which data came in during the stretch that began there.
    pub(super) fn take_arrivals(&self, stretch: Ticks) -> HashSet<u64> {
        let arrivals = std::mem::take(&mut *lock(&self.desk.arrivals));
        // What is late is of another stretch.
        if arrivals.stretch == Some(stretch) {
            arrivals.told.into_keys().collect()
        } else {
            HashSet::new()
        }
    }
}

impl Observer {
    /// What is ready to be read when data has come in.
    pub(super) fn fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    /// How long a stretch has to last before it is worth while to wait for what comes in.
    pub(super) fn patience(&self) -> Duration {
        let descriptors = lock(&self.desk.descriptors).len();
        WORTH_IT.saturating_mul(u32::try_from(descriptors).unwrap_or(u32::MAX))
    }

    /// Waits until data comes in, for `timeout` at most. Returns on which descriptors it did, by their ids.
    pub(super) fn wait(&mut self, timeout: Duration) -> Vec<u64> {
        if self.poll.poll(&mut self.events, Some(timeout)).is_err() {
            // A signal was handled. Nothing else can be wrong with it.
            self.events.clear();
        }
        let tokens = self.events.iter().map(|event| event.token());
        tokens.map(|token| token.0 as u64).collect()
    }

    /// Has the next wait bring those of these, by their ids, that the loop still reads and on which there is data to be
    /// read: it was told of already, and may have been read since.
    pub(super) fn ask_again(&self, ids: &[u64]) {
        // While they are locked, none of them is closed and its number used again.
        let descriptors = lock(&self.desk.descriptors);
        for (id, (fd, _)) in ids.iter().filter_map(|id| Some((id, descriptors.get(id)?))) {
            let source = &mut SourceFd(fd);
            // It is registered. Should the system fail all the same, nothing is told of it.
            let registry = self.poll.registry();
            let _ = registry.reregister(source, Token(*id as usize), Interest::READABLE);
        }
    }

    /// Data came in on these, during the stretch that began there, as was seen at a moment. Of those of them that the loop
    /// still reads, tells what is news.
    pub(super) fn note(&self, stretch: Ticks, ids: &[u64], at: Ticks) -> News {
        let mut arrivals = lock(&self.desk.arrivals);
        if arrivals.stretch != Some(stretch) {
            arrivals.stretch = Some(stretch);
            arrivals.told.clear();
        }
        let descriptors = lock(&self.desk.descriptors);
        let mut news = News::default();
        for (&id, &whose) in ids.iter().filter_map(|id| Some((id, descriptors.get(id)?))) {
            match arrivals.told.entry(id) {
                Entry::Occupied(_) => news.again.push(id),
                Entry::Vacant(free) => {
                    free.insert(at);
                    news.first.push((id, whose));
                }
            }
        }
        news
    }

    /// Since when there is data to be read on one of these that came after that which was told, as far as the system says:
    /// what was told has been read. `since` turns how long it has been there into the moment.
    pub(super) fn note_again(
        &self,
        stretch: Ticks,
        id: u64,
        since: impl FnOnce(Duration) -> Ticks,
    ) -> Option<(Ticks, Whose)> {
        let since = since(self.age(id)?);
        let mut arrivals = lock(&self.desk.arrivals);
        if arrivals.stretch != Some(stretch) {
            return None;
        }
        let told = arrivals.told.get_mut(&id).filter(|told| **told < since)?;
        *told = since;
        let whose = *lock(&self.desk.descriptors).get(&id)?;
        Some((since, whose))
    }

    /// How long what is there to be read has been there, at least, as far as the system says.
    pub(super) fn age(&self, id: u64) -> Option<Duration> {
        // While they are locked, it is not closed and its number used again.
        let descriptors = lock(&self.desk.descriptors);
        let (fd, _) = descriptors.get(&id)?;
        self.stamps.as_ref()?.age(*fd)
    }

    /// For whom the loop reads a descriptor, as far as it does.
    pub(super) fn task_of(&self, fd: RawFd) -> Option<TaskId> {
        let descriptors = lock(&self.desk.descriptors);
        let mut known = descriptors.values().filter(|(known, _)| *known == fd);
        known.find_map(|(_, task)| *task)
    }

    /// Whether the last wait brought as much as it can, so that there may be more.
    pub(super) fn is_full(&self) -> bool {
        self.events.iter().count() == EVENTS
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    const EVER: Duration = Duration::from_secs(3600);
    const STRETCH: Ticks = Ticks(5);
    const NOW: Ticks = Ticks(9);

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    #[test]
    fn data_is_told_of_once_in_a_stretch() {
        let (observed, mut observer) = observer().unwrap();
        let (mut near, mut far) = pair();
        let fd = near.as_raw_fd();
        let task = Some(TaskId::from_index(0));
        observed.add(fd, 7, task);
        far.write_all(b"x").unwrap();
        assert_eq!(observer.wait(EVER), [7]);
        assert_eq!(observer.note(STRETCH, &[7], NOW).first, [(7, (fd, task))]);
        far.write_all(b"x").unwrap();
        assert_eq!(observer.wait(EVER), [7]);
        let known = News {
            again: vec![7],
            ..News::default()
        };
        assert_eq!(observer.note(STRETCH, &[7], NOW), known);
        near.read_exact(&mut [0; 2]).unwrap();
        far.write_all(b"x").unwrap();
        observer.wait(EVER);
        assert_eq!(observer.note(Ticks(6), &[7], NOW).first, [(7, (fd, task))]);
    }

    #[test]
    fn what_is_asked_for_again_is_told_if_it_is_there_still() {
        let (observed, mut observer) = observer().unwrap();
        let (mut near, mut far) = pair();
        observed.add(near.as_raw_fd(), 7, None);
        far.write_all(b"x").unwrap();
        assert_eq!(observer.wait(EVER), [7]);
        assert!(observer.wait(Duration::ZERO).is_empty(), "once");
        observer.ask_again(&[7, 8]);
        assert_eq!(observer.wait(Duration::ZERO), [7]);
        near.read_exact(&mut [0]).unwrap();
        observer.ask_again(&[7]);
        assert!(observer.wait(Duration::ZERO).is_empty(), "it was read");
    }

    #[test]
    fn what_was_read_before_the_first_look_is_not_told_of() {
        let (observed, mut observer) = observer().unwrap();
        let (mut near, mut far) = pair();
        observed.add(near.as_raw_fd(), 7, None);
        far.write_all(b"x").unwrap();
        near.read_exact(&mut [0]).unwrap();
        assert!(observer.wait(Duration::ZERO).is_empty());
    }

    #[test]
    fn one_that_took_the_number_of_another_is_not_taken_for_it() {
        let (observed, mut observer) = observer().unwrap();
        let (near, mut far) = pair();
        let fd = near.as_raw_fd();
        observed.add(fd, 7, None);
        far.write_all(b"x").unwrap();
        let came = observer.wait(EVER);
        observer.note(STRETCH, &came, NOW);
        observed.remove(fd, 7);
        observed.add(fd, 8, None);
        assert!(!observed.take_arrivals(STRETCH).contains(&8));
    }

    #[test]
    fn arrivals_of_another_stretch_are_not_those_of_this_one() {
        let (observed, mut observer) = observer().unwrap();
        let (near, mut far) = pair();
        observed.add(near.as_raw_fd(), 7, None);
        far.write_all(b"x").unwrap();
        let came = observer.wait(EVER);
        observer.note(STRETCH, &came, NOW);
        assert!(observed.take_arrivals(Ticks(6)).is_empty());
        assert!(observed.take_arrivals(STRETCH).is_empty(), "they are gone");
        far.write_all(b"x").unwrap();
        let came = observer.wait(EVER);
        observer.note(STRETCH, &came, NOW);
        assert!(observed.take_arrivals(STRETCH).contains(&7));
    }

    #[test]
    fn a_stretch_has_to_last_the_longer_the_more_there_is_to_look_through() {
        let (observed, observer) = observer().unwrap();
        assert_eq!(observer.patience(), Duration::ZERO);
        let pairs = [pair(), pair()];
        for (id, (near, _)) in (1..).zip(&pairs) {
            observed.add(near.as_raw_fd(), id, None);
        }
        assert_eq!(observer.patience(), 2 * WORTH_IT);
    }

    #[test]
    fn one_that_is_removed_is_told_of_no_more() {
        let (observed, mut observer) = observer().unwrap();
        let (near, mut far) = pair();
        observed.add(near.as_raw_fd(), 7, None);
        observed.remove(near.as_raw_fd(), 7);
        far.write_all(b"x").unwrap();
        assert!(observer.wait(Duration::ZERO).is_empty());
        assert_eq!(
            observer.note(STRETCH, &[7], NOW),
            News::default(),
            "it is known no more"
        );
        assert!(!observer.is_full());
    }
}

//! The second look at a loop's descriptors: an event provider beside the loop's own, which tells when data came in while
//! the loop did not look.
//!
//! It knows of every descriptor that the loop reads, but asks the system only while a stretch lasts long: each
//! descriptor that is waited for in two places makes each packet dearer that comes in there, whoever waits.

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

/// To begin and to end to wait for data takes the system a microsecond and a half or less for each descriptor. That is to
/// be a sixteenth of the stretch for which it is done, at most.
const WORTH_IT: Duration = Duration::from_micros(24);

/// How many descriptors the system is asked about one after another before the loop may change which they are: it waits no
/// longer than some ten microseconds for that.
const AT_ONCE: usize = 16;

/// Which descriptor: its number, and whose it is.
pub(super) type Whose = (RawFd, Option<TaskId>);

/// The loop's side: says what is to be observed, and learns what came in.
pub(super) struct Observed {
    desk: Arc<Desk>,
}

/// The watchdog's side.
pub(super) struct Observer {
    /// What the next stretch is observed with: kept, or else a program that has used up its descriptors would not be
    /// observed.
    spare: Option<(Poll, Registry)>,
    /// What the present one is observed with.
    poll: Option<Poll>,
    events: Events,
    desk: Arc<Desk>,
    stamps: Option<Arc<Stamps>>,
}

/// What both sides know. The watchdog takes the locks only while the loop is stuck, for a few look-ups; the loop does
/// when it begins or ends to read a descriptor, and after a stall.
#[derive(Default)]
struct Desk {
    descriptors: Mutex<Descriptors>,
    arrivals: Mutex<Arrivals>,
}

#[derive(Default)]
struct Descriptors {
    /// By their ids, which are never used again, as the numbers of descriptors are.
    read: HashMap<u64, Whose>,
    /// Where they are registered, while a stretch is observed.
    registry: Option<Registry>,
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
    let desk = Arc::new(Desk::default());
    let observed = Observed {
        desk: Arc::clone(&desk),
    };
    let observer = Observer {
        spare: Some(provider()?),
        poll: None,
        events: Events::with_capacity(EVENTS),
        desk,
        stamps: Stamps::shared(),
    };
    Ok((observed, observer))
}

fn provider() -> io::Result<(Poll, Registry)> {
    let poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    Ok((poll, registry))
}

/// Edges, and only of what comes in, its end included. Should the system refuse it, nothing is told of the descriptor.
fn register(registry: &Registry, id: u64, fd: RawFd) {
    let source = &mut SourceFd(&fd);
    let _ = registry.register(source, Token(id as usize), Interest::READABLE);
}

impl Observed {
    /// The loop reads `fd` from now on, under an id of its own that is not 0.
    pub(super) fn add(&self, fd: RawFd, id: u64, task: Option<TaskId>) {
        let mut descriptors = lock(&self.desk.descriptors);
        descriptors.read.insert(id, (fd, task));
        if let Some(registry) = &descriptors.registry {
            register(registry, id, fd);
        }
    }

    /// The loop reads it no more.
    pub(super) fn remove(&self, fd: RawFd, id: u64) {
        let mut descriptors = lock(&self.desk.descriptors);
        if descriptors.read.remove(&id).is_some()
            && let Some(registry) = &descriptors.registry
        {
            // One that was closed meanwhile is gone, and one that was not registered yet will not be.
            let _ = registry.deregister(&mut SourceFd(&fd));
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
    /// How long a stretch has to last before it is worth while to wait for what comes in.
    pub(super) fn patience(&self) -> Duration {
        let descriptors = lock(&self.desk.descriptors).read.len();
        WORTH_IT.saturating_mul(u32::try_from(descriptors).unwrap_or(u32::MAX))
    }

    /// Begins to wait for data on all that the loop reads: what lies there already comes with the next wait. Returns what
    /// is ready to be read when any is there; `None` where the system has no descriptor to spare for that.
    pub(super) fn begin(&mut self) -> Option<RawFd> {
        let (poll, registry) = self.spare.take().or_else(|| provider().ok())?;
        let mut descriptors = lock(&self.desk.descriptors);
        descriptors.registry = Some(registry);
        let ids: Vec<u64> = descriptors.read.keys().copied().collect();
        drop(descriptors);
        for some in ids.chunks(AT_ONCE) {
            // While they are locked, none of them is closed and its number used again.
            let descriptors = lock(&self.desk.descriptors);
            for (id, (fd, _)) in some
                .iter()
                .filter_map(|id| descriptors.read.get_key_value(id))
            {
                register(poll.registry(), *id, *fd);
            }
        }
        let fd = poll.as_raw_fd();
        self.poll = Some(poll);
        Some(fd)
    }

    /// Ends that.
    pub(super) fn end(&mut self) {
        // With its provider a descriptor's place in it is gone, which takes the system half as long as one after another.
        lock(&self.desk.descriptors).registry = None;
        self.poll = None;
        self.spare = provider().ok();
    }

    /// Waits until data comes in, for `timeout` at most. Returns on which descriptors it did, by their ids.
    pub(super) fn wait(&mut self, timeout: Duration) -> Vec<u64> {
        let Some(poll) = &mut self.poll else {
            return Vec::new();
        };
        if poll.poll(&mut self.events, Some(timeout)).is_err() {
            // A signal was handled. Nothing else can be wrong with it.
            self.events.clear();
        }
        let tokens = self.events.iter().map(|event| event.token());
        tokens.map(|token| token.0 as u64).collect()
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
        for (&id, &whose) in ids
            .iter()
            .filter_map(|id| Some((id, descriptors.read.get(id)?)))
        {
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
        let whose = *lock(&self.desk.descriptors).read.get(&id)?;
        Some((since, whose))
    }

    /// How long what is there to be read has been there, at least, as far as the system says.
    pub(super) fn age(&self, id: u64) -> Option<Duration> {
        // While they are locked, it is not closed and its number used again.
        let descriptors = lock(&self.desk.descriptors);
        let (fd, _) = descriptors.read.get(&id)?;
        self.stamps.as_ref()?.age(*fd)
    }

    /// For whom the loop reads a descriptor, as far as it does.
    pub(super) fn task_of(&self, fd: RawFd) -> Option<TaskId> {
        let descriptors = lock(&self.desk.descriptors);
        let mut known = descriptors.read.values().filter(|(known, _)| *known == fd);
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

    /// Of a loop that reads one descriptor under the id 7, and is stuck.
    fn observing(near: &UnixStream) -> (Observed, Observer) {
        let (observed, mut observer) = observer().unwrap();
        observed.add(near.as_raw_fd(), 7, None);
        observer.begin().unwrap();
        (observed, observer)
    }

    #[test]
    fn data_is_told_of_once_in_a_stretch() {
        let (mut near, mut far) = pair();
        let (_observed, mut observer) = observing(&near);
        let whose = (near.as_raw_fd(), None);
        far.write_all(b"x").unwrap();
        assert_eq!(observer.wait(EVER), [7]);
        assert_eq!(observer.note(STRETCH, &[7], NOW).first, [(7, whose)]);
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
        assert_eq!(observer.note(Ticks(6), &[7], NOW).first, [(7, whose)]);
    }

    #[test]
    fn what_lies_there_comes_whenever_a_stretch_begins_to_be_observed() {
        let (mut near, mut far) = pair();
        far.write_all(b"x").unwrap();
        let (_observed, mut observer) = observing(&near);
        assert_eq!(observer.wait(Duration::ZERO), [7]);
        assert!(observer.wait(Duration::ZERO).is_empty(), "once");
        observer.end();
        assert!(observer.wait(Duration::ZERO).is_empty(), "nobody waits");
        observer.begin().unwrap();
        assert_eq!(observer.wait(Duration::ZERO), [7]);
        observer.end();
        near.read_exact(&mut [0]).unwrap();
        observer.begin().unwrap();
        assert!(observer.wait(Duration::ZERO).is_empty(), "it was read");
    }

    #[test]
    fn what_the_loop_reads_only_since_it_is_observed_is_observed_as_well() {
        let (near, _far) = pair();
        let (observed, mut observer) = observing(&near);
        let (later, mut far) = pair();
        observed.add(later.as_raw_fd(), 8, None);
        far.write_all(b"x").unwrap();
        assert_eq!(observer.wait(EVER), [8]);
    }

    #[test]
    fn one_that_took_the_number_of_another_is_not_taken_for_it() {
        let (near, mut far) = pair();
        let (observed, mut observer) = observing(&near);
        let fd = near.as_raw_fd();
        far.write_all(b"x").unwrap();
        let came = observer.wait(EVER);
        observer.note(STRETCH, &came, NOW);
        observed.remove(fd, 7);
        observed.add(fd, 8, None);
        assert!(!observed.take_arrivals(STRETCH).contains(&8));
    }

    #[test]
    fn arrivals_of_another_stretch_are_not_those_of_this_one() {
        let (near, mut far) = pair();
        let (observed, mut observer) = observing(&near);
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
        let (near, mut far) = pair();
        let (observed, mut observer) = observing(&near);
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

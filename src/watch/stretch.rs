//! A stretch that is looked at closely: what is seen of it, and what is told.

use std::collections::BTreeSet;
use std::os::fd::RawFd;
use std::sync::Mutex;
use std::time::Duration;

use super::descriptor::what_is;
use super::desk::Desk;
use super::lock;
use super::observer::{Observer, Whose};
use super::reports::Schedule;
use super::subject::{Account, Subject};
use super::system::{Activity, ThreadFiles, Times};
use super::ward::LOOK;
use crate::clock::{Clock, Ticks};
use crate::record::Recorder;
use crate::trace::{Doing, EventKind, Sighting, ThreadId};

/// A thread is asked what it does as often as it is looked at, but less often when it has been stuck for long: whenever
/// that time has grown by a sixteenth, and at least as often as this, unless there are too many to look at.
const SAMPLE_PART: u32 = 16;
const SAMPLE_AT_LEAST: Duration = Duration::from_millis(250);

/// Of how many connections the system is asked at a look whether data came after what was told: that takes a few
/// microseconds each.
const AGAIN: usize = 64;

/// What was seen of a stretch when it was looked at first.
#[derive(Clone, Copy)]
pub(super) struct FirstLook {
    pub(super) begin: Ticks,
    pub(super) at: Ticks,
    pub(super) times: Option<Times>,
}

/// Data that was there already when somebody looked.
#[derive(Clone, Copy)]
struct Found {
    at: Ticks,
    id: u64,
    whose: Whose,
}

pub(super) struct Stretch {
    pub(super) begin: Ticks,
    /// Whether the wait ends when data comes in for its loop.
    pub(super) observed: bool,
    thread: ThreadId,
    recorder: Recorder,
    /// What was seen, while nobody knows yet whether it becomes a stall.
    evidence: Vec<(Ticks, EventKind)>,
    /// What had come in before somebody looked: since when, the system is asked only if it becomes a stall.
    found: Vec<Found>,
    /// By their ids, on which data came in again after it was told that it did.
    again: BTreeSet<u64>,
    /// The system's last account of how the thread spent its time, which was not told of yet.
    account: Option<(Ticks, EventKind)>,
    /// When to look next at what the thread does, from the beginning on.
    sample_at: Duration,
    /// How often the thread had been given a core when it was looked at last.
    turns: Option<u64>,
    /// The descriptors of which it is told already what they are.
    descriptors: Vec<RawFd>,
    schedule: Schedule,
    noticed: bool,
}

impl Stretch {
    pub(super) fn new(look: FirstLook, thread: ThreadId, recorder: Recorder) -> Self {
        let times = look
            .times
            .map(|times| account_of(thread, times.on_cpu, times.waiting_for_core));
        Self {
            begin: look.begin,
            observed: false,
            thread,
            recorder,
            evidence: times.map(|times| (look.at, times)).into_iter().collect(),
            sample_at: Duration::ZERO,
            found: Vec::new(),
            again: BTreeSet::new(),
            account: None,
            turns: look.times.map(|times| times.turns),
            descriptors: Vec::new(),
            schedule: Schedule::default(),
            noticed: false,
        }
    }

    /// Whether it is time to ask what the thread does.
    pub(super) fn is_sample_due(&self, elapsed: Duration) -> bool {
        elapsed >= self.sample_at
    }

    /// Looks at what the thread does. `times` is what it was given so far.
    pub(super) fn sample(
        &mut self,
        subject: &Subject,
        files: &ThreadFiles,
        (now, elapsed): (Ticks, Duration),
        desk: &mut Desk,
    ) {
        desk.count_read();
        let times = files.times();
        desk.count_read();
        let activity = files.activity();
        // What is seen later is no look at that moment, and may be of another stretch.
        if subject.is_over(self.begin) || !desk.is_still(now) {
            return;
        }
        let interval = LOOK.max(elapsed / SAMPLE_PART).min(SAMPLE_AT_LEAST);
        self.sample_at = elapsed + interval.max(desk.least_interval());
        self.account = times
            .map(|times| account_of(self.thread, times.on_cpu, times.waiting_for_core))
            .map(|account| (now, account));
        let ran = times.and_then(|Times { turns, .. }| self.ran_until(turns));
        if let Some(ran) = ran {
            self.tell(now, ran);
        }
        let doing = match activity {
            Some(Activity::Running) => Doing::Running,
            Some(Activity::SystemCall { name, fd }) => {
                if let Some(fd) = fd {
                    self.tell_descriptor(subject, now, fd, desk);
                }
                let name = self.recorder.name(&name);
                Doing::SystemCall { name, fd }
            }
            Some(Activity::Elsewhere) => Doing::Unknown,
            None => {
                // Told once.
                self.sample_at = Duration::MAX;
                Doing::Unknown
            }
        };
        let thread = self.thread;
        self.tell(now, EventKind::ThreadSample { thread, doing });
    }

    /// How often the thread has been given a core since it was looked at last, if it was: else it waits for the same as
    /// then.
    fn ran_until(&mut self, turns: u64) -> Option<EventKind> {
        let before = self.turns.replace(turns)?;
        let times = u32::try_from(turns.saturating_sub(before)).unwrap_or(u32::MAX);
        let thread = self.thread;
        (times > 0).then_some(EventKind::ThreadRan { thread, times })
    }

    /// Tells once in a stretch what a descriptor is.
    fn tell_descriptor(&mut self, subject: &Subject, now: Ticks, fd: RawFd, desk: &mut Desk) {
        if self.descriptors.contains(&fd) {
            return;
        }
        self.descriptors.push(fd);
        desk.count_read();
        let Some(what) = what_is(fd).filter(|_| !subject.is_over(self.begin)) else {
            return;
        };
        let observer = lock(&subject.observer);
        let is = EventKind::DescriptorIs {
            thread: self.thread,
            fd,
            task: observer.as_ref().and_then(|observer| observer.task_of(fd)),
            what: self.recorder.message(&what),
        };
        drop(observer);
        self.tell(now, is);
    }

    /// Tells of data that came in. Whether that is any news.
    pub(super) fn tell_arrivals(
        &mut self,
        observer: &Observer,
        at: Ticks,
        came: &[u64],
        at_first_look: bool,
        clock: &Clock,
    ) -> bool {
        let news = observer.note(self.begin, came, at);
        self.again.extend(news.again);
        for &(id, whose) in &news.first {
            match at_first_look {
                true => self.found.push(Found { at, id, whose }),
                false => self.tell(at, arrived(whose, Sighting::AsItCame)),
            }
        }
        if self.noticed {
            self.tell_found(Some(observer), clock);
            self.tell_again(observer, clock);
            self.recorder.flush();
        }
        !news.first.is_empty()
    }

    /// Tells of what had come in before somebody looked, and since when it is there: in this stretch, and no later than
    /// when it was found.
    fn tell_found(&mut self, observer: Option<&Observer>, clock: &Clock) {
        for Found { at, id, whose } in std::mem::take(&mut self.found) {
            let age = observer.and_then(|observer| observer.age(id));
            let since = age.map(|age| ago(clock, age));
            // What is younger came after that, and what was found has been read.
            match since.filter(|since| *since <= at) {
                Some(since) => self.tell(since.max(self.begin), arrived(whose, Sighting::Stamped)),
                None => self.tell(at, arrived(whose, Sighting::AtFirstLook)),
            }
        }
    }

    /// Tells of data that came in after what was told had been read, in the same stretch: of some of those on which anything
    /// did, once somebody knows of the stall. To be told before what is seen now, as a recorder moves what comes out of
    /// order.
    pub(super) fn look_again(&mut self, subject: &Subject, clock: &Clock) {
        if self.noticed
            && let Some(observer) = &*lock(&subject.observer)
        {
            self.tell_again(observer, clock);
        }
    }

    fn tell_again(&mut self, observer: &Observer, clock: &Clock) {
        for _ in 0..AGAIN {
            let Some(id) = self.again.pop_first() else {
                break;
            };
            let noted = observer.note_again(self.begin, id, |age| ago(clock, age));
            if let Some((since, whose)) = noted {
                self.tell(since, arrived(whose, Sighting::Stamped));
            }
        }
    }

    /// Says that a stall lasts, if it does and if it is time to. What was seen goes with it.
    pub(super) fn report(
        &mut self,
        subject: &Subject,
        (now, elapsed): (Ticks, Duration),
        desk: &mut Desk,
    ) {
        let threshold = subject.threshold();
        let mut limit = lock(&subject.limit);
        if self.schedule.is_due(elapsed, threshold) && limit.allows(desk.time_of(now), self.noticed)
        {
            self.hand_over(&subject.observer, desk.clock());
            self.noticed = true;
            if let Some(count) = limit.take_held_back() {
                self.recorder.record(EventKind::ReportsHeldBack { count });
            }
            let running = subject.pulse.running();
            self.recorder.record_at(
                now,
                EventKind::StallNoticed {
                    thread: self.thread,
                    task: running.and_then(|(_, task)| task),
                    callback: running.map(|(name, _)| name),
                    begin: desk.time_of(self.begin),
                },
            );
            // How its time was spent, and what it costs to look, is worth knowing while it lasts as well.
            if let Some((at, account)) = self.account.take() {
                self.recorder.record_at(at, account);
            }
            self.recorder.record(desk.cost());
        }
        if self.noticed {
            self.recorder.flush();
        }
    }

    /// When to look again, from its beginning on.
    pub(super) fn next_look(&self, threshold: Duration) -> Duration {
        self.sample_at.min(self.schedule.next(threshold))
    }

    /// Records what was seen at once if somebody knows of the stall already.
    fn tell(&mut self, at: Ticks, kind: EventKind) {
        if self.noticed {
            self.recorder.record_at(at, kind);
        } else {
            self.evidence.push((at, kind));
        }
    }

    /// It is over. What was seen of one that was no stall is forgotten. Gives back what it was told with.
    pub(super) fn conclude(
        mut self,
        subject: &Subject,
        account: Option<Account>,
        was_stall: bool,
        desk: &mut Desk,
    ) -> Recorder {
        if self.noticed || was_stall {
            if let Some(Account { at, times, .. }) = account
                && let (Some(waiting_for_core), Some(turns)) = (times.waiting_for_core, times.turns)
            {
                let times = account_of(self.thread, times.on_cpu, waiting_for_core);
                self.evidence.push((at, times));
                let ran = self.ran_until(turns);
                self.evidence.extend(ran.map(|ran| (at, ran)));
            }
            self.hand_over(&subject.observer, desk.clock());
            let cost = desk.cost();
            self.recorder.record(cost);
        }
        self.recorder
    }

    fn hand_over(&mut self, observer: &Mutex<Option<Observer>>, clock: &Clock) {
        let observer = lock(observer);
        self.tell_found(observer.as_ref(), clock);
        if let Some(observer) = &*observer {
            self.tell_again(observer, clock);
        }
        drop(observer);
        // A recorder moves what comes out of order.
        self.evidence.sort_by_key(|(at, _)| *at);
        for (at, kind) in self.evidence.drain(..) {
            self.recorder.record_at(at, kind);
        }
    }
}

/// The moment that is so long ago.
fn ago(clock: &Clock, age: Duration) -> Ticks {
    clock.ticks().before(clock.ticks_in(age))
}

const fn arrived((fd, task): Whose, sighting: Sighting) -> EventKind {
    EventKind::DataArrived { fd, task, sighting }
}

const fn account_of(thread: ThreadId, on_cpu: u64, waiting_for_core: u64) -> EventKind {
    EventKind::ThreadTimes {
        thread,
        on_cpu,
        waiting_for_core,
    }
}

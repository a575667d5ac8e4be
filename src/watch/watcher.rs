//! The watchdog's own thread.

use std::os::fd::RawFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::Shared;
use super::descriptor::what_is;
use super::observer::Observer;
use super::pulse::Beat;
use super::reports::{Limit, Schedule};
use super::system::{Activity, ThreadFiles, Times, own_cpu_time};
use crate::clock::Ticks;
use crate::record::Recorder;
use crate::trace::{Doing, EventKind, ThreadId, Timestamp};

/// How often a busy loop is looked at; also, from how long on a stretch is looked at closely, unless the threshold is
/// shorter still.
const LOOK: Duration = Duration::from_millis(4);
/// After so many looks at a loop that does nothing the watchdog sleeps.
const CALM_LOOKS: u32 = 5;
/// A thread is asked what it does as often as it is looked at, but less often when it has been stuck for long: whenever
/// that time has grown by a sixteenth, and at least as often as this.
const SAMPLE_PART: u32 = 16;
const SAMPLE_AT_LEAST: Duration = Duration::from_millis(250);
/// How long not to wait for data where there is some of which everything is told already.
const BREATH: Duration = Duration::from_millis(1);

pub(super) struct Watcher {
    pub(super) shared: Arc<Shared>,
    pub(super) recorder: Recorder,
    /// Of the loop.
    pub(super) thread: ThreadId,
    pub(super) files: Arc<ThreadFiles>,
    pub(super) observer: Observer,
    limit: Limit,
    /// Questions to the system that were not told of yet.
    reads: u32,
    /// CPU time of this thread that was told of.
    told: u64,
    /// Data that came in after the stretch that was looked at: when, and by the ids of the descriptors.
    strays: Vec<(Ticks, Vec<u64>)>,
}

/// What was seen of a stretch when it was looked at first.
#[derive(Clone, Copy)]
struct FirstLook {
    begin: Ticks,
    at: Ticks,
    times: Option<Times>,
}

/// A stretch that is looked at closely.
struct Stretch {
    begin: Ticks,
    /// What was seen, while nobody knows yet whether it becomes a stall.
    evidence: Vec<(Ticks, EventKind)>,
    /// When to look next at what the thread does, from the beginning on.
    sample_at: Duration,
    /// How often the thread had been given a core when it was looked at last.
    turns: Option<u64>,
    /// The descriptors of which it is told already what they are.
    descriptors: Vec<RawFd>,
    schedule: Schedule,
    noticed: bool,
}

impl Watcher {
    pub(super) fn new(
        shared: Arc<Shared>,
        recorder: Recorder,
        thread: ThreadId,
        files: Arc<ThreadFiles>,
        observer: Observer,
    ) -> Self {
        Self {
            shared,
            recorder,
            thread,
            files,
            observer,
            limit: Limit::default(),
            reads: 0,
            told: 0,
            strays: Vec::new(),
        }
    }

    /// Watches until the loop wants to be watched no more.
    pub(super) fn run(mut self) {
        let mut last = None;
        let mut calm = 0;
        let mut first = None;
        while !self.shared.is_closed() {
            self.shared.count_look();
            let beat = self.shared.pulse.beat();
            let wait = if !beat.is_over {
                calm = 0;
                self.look(beat, &mut first)
            } else if last != Some(beat) {
                calm = 0;
                LOOK
            } else if calm < CALM_LOOKS {
                calm += 1;
                LOOK
            } else {
                self.sleep(beat);
                calm = 0;
                LOOK
            };
            last = Some(beat);
            thread::park_timeout(wait);
        }
        self.record_held_back();
        self.record_cost();
    }

    /// Until the loop leaves its poll.
    fn sleep(&self, beat: Beat) {
        self.shared.pulse.set_asleep(true);
        if self.shared.pulse.beat() == beat && !self.shared.is_closed() {
            thread::park();
        }
        self.shared.pulse.set_asleep(false);
    }

    /// Looks at a loop outside its poll. When to look again.
    fn look(&mut self, beat: Beat, first: &mut Option<FirstLook>) -> Duration {
        let now = self.recorder.ticks();
        let known = first.filter(|first| first.begin == beat.begin);
        let look = known.unwrap_or_else(|| FirstLook {
            begin: beat.begin,
            at: now,
            times: self.times(),
        });
        *first = Some(look);
        let close = LOOK.min(self.shared.threshold());
        let left = close.saturating_sub(self.time_between(beat.begin, now));
        if !left.is_zero() {
            return left;
        }
        self.attend(look);
        // What came after it may last as well.
        Duration::ZERO
    }

    /// Looks closely at a stretch until it is over.
    fn attend(&mut self, look: FirstLook) {
        let mut stretch = Stretch::new(look, self.thread);
        self.shared.pulse.attend(Some(look.begin));
        for (at, came) in std::mem::take(&mut self.strays) {
            // What came before, the poll at its begin has told the loop of.
            if at >= stretch.begin {
                self.tell_arrivals(&mut stretch, at, &came, false);
            }
        }
        self.observe(&mut stretch, Duration::ZERO, true);
        loop {
            if self.is_over(&stretch) {
                return self.conclude(stretch);
            }
            self.shared.count_look();
            let now = self.recorder.ticks();
            let elapsed = self.time_between(stretch.begin, now);
            self.sample(&mut stretch, now, elapsed);
            self.report(&mut stretch, now, elapsed);
            let report_at = stretch.schedule.next(self.shared.threshold());
            let next = stretch.sample_at.min(report_at);
            let wait = next.saturating_sub(elapsed);
            let wait = wait.clamp(BREATH, SAMPLE_AT_LEAST);
            self.observe(&mut stretch, wait, false);
        }
    }

    /// Waits for data, and tells of what came in.
    fn observe(&mut self, stretch: &mut Stretch, timeout: Duration, at_first_look: bool) {
        loop {
            self.reads += 1;
            let (came, woken) = self.observer.wait(timeout);
            let now = self.recorder.ticks();
            if !came.is_empty() && self.is_over(stretch) {
                // It is told only once, and the loop may be stuck again.
                self.strays.push((now, came));
                return;
            }
            let nothing_new = !self.tell_arrivals(stretch, now, &came, at_first_look);
            if stretch.noticed {
                self.recorder.flush();
            }
            if at_first_look && self.observer.is_full() {
                continue;
            }
            if nothing_new && woken && !at_first_look && !self.is_over(stretch) {
                thread::park_timeout(BREATH);
            }
            return;
        }
    }

    /// Tells of data that came in. Whether that is any news.
    fn tell_arrivals(
        &mut self,
        stretch: &mut Stretch,
        at: Ticks,
        came: &[u64],
        at_first_look: bool,
    ) -> bool {
        let new = self.observer.note(stretch.begin, came);
        for &(fd, task) in &new {
            let arrived = EventKind::DataArrived {
                fd,
                task,
                at_first_look,
            };
            self.tell(stretch, at, arrived);
        }
        !new.is_empty()
    }

    fn is_over(&self, stretch: &Stretch) -> bool {
        let beat = self.shared.pulse.beat();
        beat.is_over || beat.begin != stretch.begin || self.shared.is_closed()
    }

    /// Looks at what the thread does, if it is time to.
    fn sample(&mut self, stretch: &mut Stretch, now: Ticks, elapsed: Duration) {
        if elapsed < stretch.sample_at {
            return;
        }
        stretch.sample_at = elapsed + LOOK.max(elapsed / SAMPLE_PART).min(SAMPLE_AT_LEAST);
        self.tell_turns(stretch, now);
        self.reads += 1;
        let doing = match self.files.activity() {
            Some(Activity::Running) => Doing::Running,
            Some(Activity::SystemCall { name, fd }) => {
                if let Some(fd) = fd {
                    self.tell_descriptor(stretch, now, fd);
                }
                let name = self.recorder.name(&name);
                Doing::SystemCall { name, fd }
            }
            Some(Activity::Elsewhere) => Doing::Unknown,
            None => {
                // Told once.
                stretch.sample_at = Duration::MAX;
                Doing::Unknown
            }
        };
        let thread = self.thread;
        self.tell(stretch, now, EventKind::ThreadSample { thread, doing });
    }

    /// Tells whether the thread did anything since it was looked at last: if not, it waits for the same as then.
    fn tell_turns(&mut self, stretch: &mut Stretch, now: Ticks) {
        let Some(Times { turns, .. }) = self.times() else {
            return;
        };
        let before = stretch.turns.replace(turns).unwrap_or(turns);
        let times = u32::try_from(turns.saturating_sub(before)).unwrap_or(u32::MAX);
        if times > 0 {
            let thread = self.thread;
            self.tell(stretch, now, EventKind::ThreadRan { thread, times });
        }
    }

    /// Tells once in a stretch what a descriptor is.
    fn tell_descriptor(&mut self, stretch: &mut Stretch, now: Ticks, fd: RawFd) {
        if stretch.descriptors.contains(&fd) {
            return;
        }
        stretch.descriptors.push(fd);
        self.reads += 1;
        let Some(what) = what_is(fd) else { return };
        let is = EventKind::DescriptorIs {
            thread: self.thread,
            fd,
            task: self.observer.task_of(fd),
            what: self.recorder.message(&what),
        };
        self.tell(stretch, now, is);
    }

    /// Says that a stall lasts, if it does and if it is time to. What was seen goes with it.
    fn report(&mut self, stretch: &mut Stretch, now: Ticks, elapsed: Duration) {
        let threshold = self.shared.threshold();
        if stretch.schedule.is_due(elapsed, threshold)
            && self.limit.allows(self.time_of(now), stretch.noticed)
        {
            stretch.hand_over(&mut self.recorder);
            stretch.noticed = true;
            self.record_held_back();
            let running = self.shared.pulse.running();
            let begin = self.time_of(stretch.begin);
            self.recorder.record_at(
                now,
                EventKind::StallNoticed {
                    thread: self.thread,
                    task: running.and_then(|(_, task)| task),
                    callback: running.map(|(name, _)| name),
                    begin,
                },
            );
        }
        if stretch.noticed {
            self.recorder.flush();
        }
    }

    /// Records what was seen at once if somebody knows of the stall already.
    fn tell(&mut self, stretch: &mut Stretch, at: Ticks, kind: EventKind) {
        if stretch.noticed {
            self.recorder.record_at(at, kind);
        } else {
            stretch.evidence.push((at, kind));
        }
    }

    /// The stretch is over. What was seen of one that was no stall is forgotten.
    fn conclude(&mut self, mut stretch: Stretch) {
        self.shared.pulse.attend(None);
        let account = self.shared.take_account(stretch.begin);
        // The loop may be far ahead: then there is only its account to go by.
        let beat = self.shared.pulse.beat();
        let was_stall = account.is_some() || (beat.begin == stretch.begin && beat.was_stall);
        if stretch.noticed || was_stall {
            if let Some(account) = account
                && let Some(times) = account.times
            {
                let times = account_of(self.thread, times);
                stretch.evidence.push((account.at, times));
            }
            stretch.hand_over(&mut self.recorder);
            self.record_cost();
            self.recorder.flush();
        }
    }

    fn record_held_back(&mut self) {
        if let Some(count) = self.limit.take_held_back() {
            self.recorder.record(EventKind::ReportsHeldBack { count });
        }
    }

    fn record_cost(&mut self) {
        let cpu = own_cpu_time();
        let reads = std::mem::take(&mut self.reads);
        let spent = cpu.saturating_sub(std::mem::replace(&mut self.told, cpu));
        self.recorder.record(EventKind::Watched { reads, spent });
    }

    fn times(&mut self) -> Option<Times> {
        self.reads += 1;
        self.files.times()
    }

    fn time_of(&self, ticks: Ticks) -> Timestamp {
        self.recorder.clock().timestamp(ticks)
    }

    fn time_between(&self, begin: Ticks, end: Ticks) -> Duration {
        self.time_of(end).since(self.time_of(begin))
    }
}

const fn account_of(thread: ThreadId, times: Times) -> EventKind {
    EventKind::ThreadTimes {
        thread,
        on_cpu: times.on_cpu,
        waiting_for_core: times.waiting_for_core,
    }
}

impl Stretch {
    fn new(look: FirstLook, thread: ThreadId) -> Self {
        let times = look.times.map(|times| account_of(thread, times));
        Self {
            begin: look.begin,
            evidence: times.map(|times| (look.at, times)).into_iter().collect(),
            sample_at: Duration::ZERO,
            turns: look.times.map(|times| times.turns),
            descriptors: Vec::new(),
            schedule: Schedule::default(),
            noticed: false,
        }
    }

    fn hand_over(&mut self, recorder: &mut Recorder) {
        for (at, kind) in self.evidence.drain(..) {
            recorder.record_at(at, kind);
        }
    }
}

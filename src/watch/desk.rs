//! What the watching thread tells with, and what watching has cost.

use std::collections::VecDeque;
use std::time::Duration;

use super::subject::Subject;
use super::system::ThreadFiles;
use crate::clock::{Clock, Ticks};
use crate::record::{Recorder, Recorders, own_cpu_time};
use crate::trace::{EventKind, ModelId, Timestamp};

/// Of how many threads the system's files are kept at a time: two descriptors each, and the model needs some as well. Of
/// what is stuck beside them is told that it is, and not why.
const MOST_FILES: usize = 256;

/// A look takes some microseconds: where many are stuck at once, each is looked at the less often, so that all looks
/// together take a fiftieth of a core or so.
const LOOK_SHARE: Duration = Duration::from_micros(250);

pub(super) struct Desk {
    recorders: Recorders,
    model: ModelId,
    /// A recorder for each stretch that is looked at closely at a time, as each tells in the order of time: what was seen
    /// of a stretch is told when it turns out to be a stall, and not before. Here are those that are free, the one that
    /// was used longest ago first.
    free: VecDeque<Recorder>,
    /// How many are lent.
    lent: u32,
    /// Of how many threads files are kept.
    files: usize,
    /// Questions to the system that were not told of yet.
    reads: u32,
    /// CPU time of this thread that was told of.
    told: u64,
}

impl Desk {
    pub(super) fn new(recorders: Recorders, model: ModelId) -> Self {
        let first = recorders.recorder(model, "watchdog");
        Self {
            recorders,
            model,
            free: [first].into(),
            lent: 0,
            files: 0,
            reads: 0,
            told: 0,
        }
    }

    pub(super) const fn clock(&self) -> &Clock {
        self.recorders.clock()
    }

    pub(super) fn ticks(&self) -> Ticks {
        self.clock().ticks()
    }

    pub(super) fn time_of(&self, ticks: Ticks) -> Timestamp {
        self.clock().timestamp(ticks)
    }

    pub(super) fn time_between(&self, begin: Ticks, end: Ticks) -> Duration {
        Duration::from_nanos(self.clock().nanos_between(begin, end))
    }

    /// The system is asked something.
    pub(super) const fn count_read(&mut self) {
        self.reads = self.reads.saturating_add(1);
    }

    /// How long to wait between two looks at one of those that are looked at closely, at least.
    pub(super) const fn least_interval(&self) -> Duration {
        LOOK_SHARE.saturating_mul(self.lent)
    }

    /// A recorder that has told of nothing after `moment`.
    pub(super) fn lend(&mut self, moment: Ticks) -> Recorder {
        self.lent += 1;
        let longest = self.free.front();
        let fits = longest.is_some_and(|recorder| recorder.last() <= moment);
        let free = if fits { self.free.pop_front() } else { None };
        free.unwrap_or_else(|| {
            self.recorders
                .recorder_since(moment, self.model, "watchdog")
        })
    }

    pub(super) fn take_back(&mut self, mut recorder: Recorder) {
        recorder.flush();
        self.lent -= 1;
        self.free.push_back(recorder);
    }

    /// Opens the files of a thread, unless there are too many already.
    pub(super) fn open(&mut self, subject: &Subject) -> Option<ThreadFiles> {
        (self.files < MOST_FILES).then(|| {
            self.files += 1;
            ThreadFiles::of(&subject.system)
        })
    }

    pub(super) fn shut(&mut self, files: ThreadFiles) {
        self.files -= 1;
        drop(files);
    }

    /// What watching has cost since that was told last.
    pub(super) fn cost(&mut self) -> EventKind {
        let cpu = own_cpu_time();
        EventKind::Watched {
            reads: std::mem::take(&mut self.reads),
            spent: cpu.saturating_sub(std::mem::replace(&mut self.told, cpu)),
        }
    }

    /// Tells of something that is of no stretch.
    pub(super) fn tell(&mut self, kind: EventKind) {
        let mut recorder = self.lend(self.ticks());
        recorder.record(kind);
        self.take_back(recorder);
    }

    /// The last words.
    pub(super) fn close(mut self) {
        let cost = self.cost();
        self.tell(cost);
    }
}

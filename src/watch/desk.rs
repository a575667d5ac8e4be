//! What the watching thread tells with, and what watching has cost.

use std::collections::VecDeque;
use std::time::Duration;

use super::subject::Subject;
use super::system::{SystemThread, ThreadFiles};
use crate::clock::{Clock, Ticks};
use crate::record::{Recorder, Recorders, own_cpu_time};
use crate::trace::{EventKind, ModelId, Timestamp};

/// Of how many threads the system's files are kept open at a time: two descriptors each, of which the program that is
/// watched may have a thousand in all. Of more threads they are opened for each look.
const MOST_KEPT: usize = 32;

/// A look takes some microseconds: where many are stuck at once, each is looked at the less often, so that all looks
/// together take a fiftieth of a core or so.
const LOOK_SHARE: Duration = Duration::from_micros(250);

/// Whoever had no core for longer than this cannot say when something happened meanwhile.
const PROMPT: Duration = Duration::from_micros(500);

pub(super) struct Desk {
    recorders: Recorders,
    model: ModelId,
    /// A recorder for each stretch that is looked at closely at a time, as each tells in the order of time: what was seen
    /// of a stretch is told when it turns out to be a stall, and not before. Here are those that are free, the one that
    /// was used longest ago first.
    free: VecDeque<Recorder>,
    /// How many are lent.
    lent: u32,
    /// Of how many threads files are kept open.
    kept: usize,
    /// Questions to the system that were not told of yet.
    reads: u32,
    /// CPU time of this thread that was told of.
    told: u64,
    /// What the system tells of this thread, once that is asked for.
    own: Option<ThreadFiles>,
    /// For how long this thread had waited for a core when it began to wait for data, in nanoseconds.
    waited: Option<u64>,
}

impl Desk {
    pub(super) fn new(recorders: Recorders, model: ModelId) -> Self {
        let first = recorders.recorder(model, "watchdog");
        Self {
            recorders,
            model,
            free: [first].into(),
            lent: 0,
            kept: 0,
            reads: 0,
            told: 0,
            own: None,
            waited: None,
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

    /// Whether what was seen since a moment may be told as of that moment: this thread did not lose its core meanwhile.
    pub(super) fn is_still(&self, moment: Ticks) -> bool {
        self.time_between(moment, self.ticks()) <= PROMPT
    }

    /// From now on this thread waits for data.
    pub(super) fn begin_to_wait(&mut self) {
        self.waited = self.waited_for_core();
    }

    /// Whether this thread, since it began to wait for data, had no core for so long that what it finds may have come in
    /// well before. Where the system does not say, it had one.
    pub(super) fn had_no_core(&mut self) -> bool {
        let waited = self.waited_for_core().zip(self.waited);
        waited.is_some_and(|(now, before)| u128::from(now - before) > PROMPT.as_nanos())
    }

    fn waited_for_core(&mut self) -> Option<u64> {
        self.count_read();
        let this = || ThreadFiles::of(&SystemThread::this(), true);
        let times = self.own.get_or_insert_with(this).times()?;
        Some(times.waiting_for_core)
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

    /// The files of a thread, which are kept open if there are not too many already.
    pub(super) fn open(&mut self, subject: &Subject) -> ThreadFiles {
        let are_kept = self.kept < MOST_KEPT;
        self.kept += usize::from(are_kept);
        ThreadFiles::of(&subject.system, are_kept)
    }

    pub(super) fn shut(&mut self, files: ThreadFiles) {
        self.kept -= usize::from(files.are_kept());
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::record::channel;
    use crate::trace::ThreadId;
    use crate::watch::StallThreshold;

    #[test]
    fn the_program_that_is_watched_keeps_most_of_its_descriptors() {
        let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let mut desk = Desk::new(recorders, ModelId::from_index(0));
        let subject = Subject::new(ThreadId::from_index(0), StallThreshold::default());
        let mut kept: Vec<_> = (0..MOST_KEPT).map(|_| desk.open(&subject)).collect();
        assert!(kept.iter().all(ThreadFiles::are_kept));
        let passing = desk.open(&subject);
        assert!(!passing.are_kept());
        desk.shut(passing);
        kept.drain(..1).for_each(|files| desk.shut(files));
        assert!(desk.open(&subject).are_kept());
    }
}

//! What a watchdog saw of a thread during a stall, and what kind of thing that speaks for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CauseKind, TimeSplit};
use crate::store::Watch;
use crate::trace::{Doing, NameId, TimeRange};

/// What a watchdog saw in a stretch. A look stands for the time up to the next one: of long stalls they become rarer.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// How often it looked.
    pub(super) count: usize,
    pub(super) running: Seen,
    /// How often the thread was given a core from the first look on.
    pub(super) ran: usize,
    calls: BTreeMap<(NameId, Option<i32>), Seen>,
    /// The longest wait of which it is not known that it was several, in nanoseconds.
    longest: u64,
}

/// For how long something was seen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) nanos: u64,
    pub(super) count: usize,
}

impl Seen {
    const fn add(&mut self, other: Self) {
        self.nanos = self.nanos.saturating_add(other.nanos);
        self.count += other.count;
    }
}

/// A system call in which a thread was blocked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) name: NameId,
    /// The descriptor, if it was nearly always the same.
    pub(super) fd: Option<i32>,
    /// How often it was seen there.
    pub(super) count: usize,
}

impl Looks {
    pub(super) fn of(watch: &Watch, range: TimeRange) -> Self {
        let samples = watch.samples_in(range);
        let Some(first) = samples.first() else {
            return Self::default();
        };
        // What it did before the first look says nothing of what was seen; what it did after the last one is told at the end.
        let until = range.end + Duration::from_nanos(1);
        let runs = watch.runs_in(TimeRange::new(first.at, until)).iter();
        let runs: BTreeMap<_, _> = runs
            .filter(|ran| ran.at > first.at)
            .map(|ran| (ran.at, ran.times as usize))
            .collect();
        let mut looks = Self {
            count: samples.len(),
            ran: runs.values().sum(),
            ..Self::default()
        };
        let mut wait = 0;
        let mut before = None;
        for (place, sample) in samples.iter().enumerate() {
            let next = samples.get(place + 1).map_or(range.end, |next| next.at);
            let nanos = TimeRange::new(sample.at, next).nanos().max(1);
            let ran = runs.get(&next).copied().unwrap_or_default();
            let seen = match sample.doing {
                Doing::Running => &mut looks.running,
                Doing::SystemCall { name, fd } => looks.calls.entry((name, fd)).or_default(),
                Doing::Unknown => &mut Seen::default(),
            };
            seen.add(Seen { nanos, count: 1 });
            if before.replace(sample.doing) != Some(sample.doing) || runs.contains_key(&sample.at) {
                wait = 0;
            }
            if let Doing::SystemCall { .. } = sample.doing {
                // As often as it ran on until the next look, one wait after another was over: nobody saw how long each was.
                wait += nanos / ran.max(1) as u64;
            }
            looks.longest = looks.longest.max(wait);
        }
        looks
    }

    /// For how long it was in system calls, in nanoseconds.
    fn in_calls(&self) -> u64 {
        let nanos = self.calls.values().map(|seen| seen.nanos);
        nanos.fold(0, u64::saturating_add)
    }

    /// The system call in which the thread was for longest, if that is a fifth at least of the time for which it was
    /// blocked by the system's account: what was seen by chance says nothing of all the others.
    pub(super) fn most(&self, split: Option<TimeSplit>) -> Option<Call> {
        let mut names: BTreeMap<NameId, Seen> = BTreeMap::new();
        for ((name, _), seen) in &self.calls {
            names.entry(*name).or_default().add(*seen);
        }
        let blocked = split.unwrap_or_default().blocked;
        let (name, all) = names
            .into_iter()
            .max_by_key(|(_, seen)| seen.nanos)
            .filter(|(_, seen)| Duration::from_nanos(seen.nanos) * 5 >= blocked)?;
        let same = self.calls.iter().filter(|((known, _), _)| *known == name);
        let ((_, fd), most) = same.max_by_key(|(_, seen)| seen.nanos)?;
        let is_clear = most.nanos >= all.nanos / 2;
        Some(Call {
            name,
            fd: fd.filter(|_| is_clear),
            count: if is_clear { most.count } else { all.count },
        })
    }

    /// Of a stretch that lasted so long. The account of the system decides by the largest part, then the looks, then what
    /// the program says of itself: that calls took most of the time, and whether those were a row.
    pub(super) fn kind(
        &self,
        lasted: Duration,
        split: Option<TimeSplit>,
        announced: Option<bool>,
    ) -> CauseKind {
        let in_calls = self.in_calls();
        let blocked = match announced {
            // What the program calls one thing may well be a row of system calls.
            Some(false) => CauseKind::Blocked,
            Some(true) => CauseKind::ManyCalls,
            None if self.longest < in_calls / 2 => CauseKind::ManyCalls,
            None => CauseKind::Blocked,
        };
        if let Some(split) = split {
            return match () {
                () if !is_clear(lasted, split) => announced.map_or(CauseKind::Unknown, |_| blocked),
                () if split.blocked > split.on_cpu.max(split.waiting_for_core) => blocked,
                () if split.waiting_for_core > split.on_cpu => CauseKind::WaitingForCore,
                () => CauseKind::OnCpu,
            };
        }
        match () {
            () if in_calls > self.running.nanos => blocked,
            () if self.running.nanos > 0 => CauseKind::OnCpu,
            () if announced.is_some() => blocked,
            () => CauseKind::Unknown,
        }
    }
}

/// So much of its beginning nobody looks at as a rule.
const UNSEEN: Duration = Duration::from_millis(5);

/// Whether the largest part is by far the largest, or nearly so: two thirds of what any other may have been, had it been
/// all of the time for which nobody accounts, because whoever looks came late.
fn is_clear(lasted: Duration, split: TimeSplit) -> bool {
    let mut parts = [split.on_cpu, split.waiting_for_core, split.blocked];
    parts.sort_unstable();
    let [_, second, most] = parts;
    let untold = lasted.saturating_sub(split.measured + UNSEEN);
    most * 3 >= (second + untold) * 2
}

//! How the time of a thread was spent, as the system counts it.

use std::fs;
use std::thread::{self, ThreadId};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the calling thread since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpentTimes {
    pub(crate) on_cpu: u64,
    /// `None` where the system does not tell.
    pub(crate) waiting_for_core: Option<u64>,
    /// How often it was given a core. `None` where the system does not tell.
    pub(crate) turns: Option<u64>,
}

impl SpentTimes {
    pub(crate) fn now() -> Self {
        let (waiting_for_core, turns) = waiting_for_core().unzip();
        Self {
            on_cpu: own_cpu_time(),
            waiting_for_core,
            turns,
        }
    }
}

/// The CPU time of the calling thread, in nanoseconds.
pub(crate) fn own_cpu_time() -> u64 {
    let on_cpu = clock_gettime(ClockId::ThreadCPUTime);
    let nanos = on_cpu.tv_sec.saturating_mul(1_000_000_000) + on_cpu.tv_nsec;
    u64::try_from(nanos).unwrap_or_default()
}

/// For how long the calling thread waited for a core, and how often it was given one: the second number of Linux's
/// `schedstat` and the third; other systems do not tell.
fn waiting_for_core() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let mut numbers = text.split_whitespace().skip(1);
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

/// Measures a thread from the moment at which somebody began to record on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadTimes {
    begun_on: ThreadId,
    begin: SpentTimes,
}

impl ThreadTimes {
    pub(super) fn begin() -> Self {
        Self {
            begun_on: thread::current().id(),
            begin: SpentTimes::now(),
        }
    }

    /// Measures the calling thread from its start on.
    #[cfg(feature = "cli")]
    pub(super) fn whole_life() -> Self {
        Self {
            begun_on: thread::current().id(),
            begin: SpentTimes::default(),
        }
    }

    /// Nanoseconds on a core, and of waiting for one, up to now. Where it was begun on another thread, this one was
    /// started for what is measured: all of its life counts.
    pub(super) fn up_to_now(self) -> (u64, u64) {
        let now = SpentTimes::now();
        let waited = |times: SpentTimes| times.waiting_for_core.unwrap_or_default();
        let begin = if self.begun_on == thread::current().id() {
            self.begin
        } else {
            SpentTimes::default()
        };
        (
            now.on_cpu.saturating_sub(begin.on_cpu),
            waited(now).saturating_sub(waited(begin)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Until this thread has used some CPU time.
    fn compute() {
        let begin = own_cpu_time();
        while own_cpu_time() < begin + 2_000_000 {}
    }

    #[test]
    fn what_is_asked_goes_on_between_two_ticks() {
        let before = SpentTimes::now();
        compute();
        let after = SpentTimes::now();
        assert!(after.on_cpu > before.on_cpu);
        assert!(after.waiting_for_core >= before.waiting_for_core);
    }

    #[test]
    fn a_thread_that_lived_before_is_measured_from_the_begin_and_a_new_one_from_its_own() {
        compute();
        let before = own_cpu_time();
        let times = ThreadTimes::begin();
        compute();
        let (here, _) = times.up_to_now();
        assert!(here >= 2_000_000);
        assert!(here <= own_cpu_time() - before);
        let (there, _) = thread::spawn(move || {
            compute();
            times.up_to_now()
        })
        .join()
        .expect("it does not panic");
        assert!(there >= 2_000_000);
    }
}

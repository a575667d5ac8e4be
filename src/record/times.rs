//! How the time of a thread was spent, as the system counts it.

use std::fs;
use std::thread::{self, ThreadId};

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of the calling thread since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Times {
    on_cpu: u64,
    waiting_for_core: u64,
}

impl Times {
    fn now() -> Self {
        let on_cpu = clock_gettime(ClockId::ThreadCPUTime);
        let nanos = on_cpu.tv_sec.saturating_mul(1_000_000_000) + on_cpu.tv_nsec;
        Self {
            on_cpu: u64::try_from(nanos).unwrap_or_default(),
            waiting_for_core: waiting_for_core().unwrap_or_default(),
        }
    }
}

/// The second number of Linux's `schedstat`; other systems do not tell.
fn waiting_for_core() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

/// Measures a thread from the moment at which somebody began to record on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadTimes {
    begun_on: ThreadId,
    begin: Times,
}

impl ThreadTimes {
    pub(super) fn begin() -> Self {
        Self {
            begun_on: thread::current().id(),
            begin: Times::now(),
        }
    }

    /// Nanoseconds on a core, and of waiting for one, up to now. Where it was begun on another thread, this one was
    /// started for what is measured: all of its life counts.
    pub(super) fn up_to_now(self) -> (u64, u64) {
        let now = Times::now();
        let begin = if self.begun_on == thread::current().id() {
            self.begin
        } else {
            Times::default()
        };
        (
            now.on_cpu.saturating_sub(begin.on_cpu),
            now.waiting_for_core.saturating_sub(begin.waiting_for_core),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Until this thread has used some CPU time.
    fn compute() {
        let begin = Times::now();
        while Times::now().on_cpu < begin.on_cpu + 2_000_000 {}
    }

    #[test]
    fn a_thread_that_lived_before_is_measured_from_the_begin_and_a_new_one_from_its_own() {
        compute();
        let before = Times::now().on_cpu;
        let times = ThreadTimes::begin();
        compute();
        let (here, _) = times.up_to_now();
        assert!(here >= 2_000_000);
        assert!(here <= Times::now().on_cpu - before);
        let (there, _) = thread::spawn(move || {
            compute();
            times.up_to_now()
        })
        .join()
        .expect("it does not panic");
        assert!(there >= 2_000_000);
    }
}

//! What a program does between its conversations: callbacks of its own, once or again and again.

use std::time::Duration;

use super::Client;
use crate::reactor::CallbackResult;
use crate::runner::blocking::perform;
use crate::runner::running::{StepError, StepResult};
use crate::scenario::{Call, Task};
use crate::trace::TaskId;

impl Client<'_> {
    /// Runs a callback of the program's own.
    pub(super) fn call_program(&mut self, call: &Call, task: TaskId) -> StepResult {
        let now = self.recorder.ticks();
        let (result, _) = self.call(&call.name, task, now, |client| client.do_call(call, task));
        result.map_err(StepError::Crashed)
    }

    fn do_call(&mut self, call: &Call, task: TaskId) -> CallbackResult {
        let stop = self.shared.stop();
        perform(call.work, task, &mut self.recorder, stop);
        self.block_if_switched(task);
        match &call.fails {
            // One that was stopped at its work never comes to that.
            Some(text) if !stop.is_stopped() => Err(text.clone().into()),
            _ => Ok(()),
        }
    }

    /// Runs a callback at every moment of a grid, the first of which is now, as the step at this place says. Moments that
    /// pass during a call are missed, and count. Where the step says otherwise in between, a grid of its own begins there.
    pub(super) fn every(&mut self, task: &Task, place: usize) -> StepResult {
        let shared = self.shared;
        let rhythm = || shared.controls.steps.rhythm(task, place);
        let (mut start, mut interval) = (self.recorder.now(), None);
        let (mut before, mut counted) = (0, 0);
        while !shared.stop().is_stopped()
            && let Some(now) = rhythm().filter(|now| counted < u128::from(now.times))
        {
            if *interval.get_or_insert(now.interval) != now.interval {
                (start, interval) = (self.recorder.now(), Some(now.interval));
                before = counted;
            }
            // A thread that was not woken in time has missed moments as well.
            let passed = before + moments(now.interval, self.recorder.now().since(start));
            counted = (counted + 1).max(passed);
            self.call_program(&now.call, task.id)?;
            let elapsed = self.recorder.now().since(start);
            let next = moments(now.interval, elapsed).saturating_mul(now.interval.as_nanos());
            let left = u64::try_from(next.saturating_sub(elapsed.as_nanos())).unwrap_or(u64::MAX);
            if left > 0 && counted < u128::from(now.times) {
                self.sleep(Duration::from_nanos(left), task.id);
            }
        }
        Ok(())
    }
}

/// How many moments of a grid there are from its start, which is one, up to `elapsed`.
const fn moments(interval: Duration, elapsed: Duration) -> u128 {
    match interval.as_nanos() {
        // Each call is a moment of its own.
        0 => 0,
        nanos => elapsed.as_nanos() / nanos + 1,
    }
}

//! What a program does between its conversations: callbacks of its own, once or again and again.

use std::time::Duration;

use super::Client;
use crate::reactor::CallbackResult;
use crate::runner::blocking::perform;
use crate::runner::running::{StepError, StepResult};
use crate::scenario::Call;
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

    /// Runs a callback at every moment of a grid, the first of which is now. Moments that pass during a call are
    /// missed, and count.
    pub(super) fn every(
        &mut self,
        interval: Duration,
        times: usize,
        call: &Call,
        task: TaskId,
    ) -> StepResult {
        let start = self.recorder.now();
        let times = times as u128;
        let mut counted = 0;
        while counted < times && !self.shared.stop().is_stopped() {
            // A thread that was not woken in time has missed moments as well.
            let passed = moments(interval, self.recorder.now().since(start));
            counted = (counted + 1).max(passed);
            self.call_program(call, task)?;
            let elapsed = self.recorder.now().since(start);
            let next = moments(interval, elapsed).saturating_mul(interval.as_nanos());
            let left = u64::try_from(next.saturating_sub(elapsed.as_nanos())).unwrap_or(u64::MAX);
            if left > 0 && counted < times {
                self.sleep(Duration::from_nanos(left), task);
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

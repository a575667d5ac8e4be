//! Callbacks of the program's own: what they do, once or again and again.

use std::time::Duration;

use super::errand::Errand;
use crate::reactor::{
    Deferred, Failure, Firing, LoopingCall, Reactor, Returned, Step as Came, intern,
};
use crate::runner::Controls;
use crate::runner::blocking::perform;
use crate::runner::running::StepError;
use crate::scenario::{BlockingKind, Call, Work};

/// Many callbacks.
const MANY: u32 = 100;

/// What a callback of the program's returns: a failure, or that it is done, now or later.
pub(super) struct Returns(pub(super) Result<Came<(), Reactor>, Failure>);

impl Returned<Reactor> for Returns {
    type Value = ();

    fn into_step(self) -> Result<Came<(), Reactor>, Failure> {
        self.0
    }
}

impl Errand {
    /// Calls the program once.
    pub(super) fn call(self, call: &Call, reactor: &mut Reactor) {
        let label = self.label(intern(&call.name));
        match reactor.call_now(label, |reactor| self.work(call, reactor)) {
            Ok(Came::Value(())) => self.step_over(Ok(()), reactor),
            Ok(Came::Wait(done)) => self.over_with(done, reactor),
            Err(failure) => self.step_over(Err(StepError::Crashed(failure)), reactor),
        }
    }

    /// Calls the program until the calls and those that were missed are so many.
    pub(super) fn every(
        self,
        interval: Duration,
        times: usize,
        call: &Call,
        reactor: &mut Reactor,
    ) {
        let label = self.label(intern(&call.name));
        let (errand, call) = (self.clone(), call.clone());
        let mut left = u64::try_from(times).unwrap_or(u64::MAX);
        let looping = LoopingCall::with_count(label, move |reactor, looping, count| {
            left = left.saturating_sub(count);
            if left == 0 {
                looping.stop(reactor);
            }
            Returns(errand.work(&call, reactor))
        });
        let over = looping.start(reactor, interval, true);
        // A callback, because nobody else's is running when the last call is over.
        over.unwrap_or_else(Deferred::failed)
            .named("looping_over")
            .both(reactor, move |reactor, result| {
                self.step_over(result.map_err(StepError::Crashed), reactor);
                Ok(())
            });
    }

    /// The step is over when this is done.
    fn over_with(self, done: Deferred<()>, reactor: &mut Reactor) {
        done.when_done(reactor, move |reactor, result| {
            self.step_over(result.map_err(StepError::Crashed), reactor);
        });
    }

    /// What a callback does, from inside it.
    ///
    /// # Errors
    /// When it is to fail.
    pub(super) fn work(
        &self,
        call: &Call,
        reactor: &mut Reactor,
    ) -> Result<Came<(), Reactor>, Failure> {
        let step = match (call.work, self.run.variant.slices) {
            (Work::Compute(whole), Some(slice)) if whole > slice => {
                self.perform(Work::Compute(slice), reactor);
                let (done, sliced) = reactor.deferred(self.label(intern(&call.name)));
                let rest = Rest {
                    errand: self.clone(),
                    call: call.clone(),
                    left: whole - slice,
                    slice,
                    done,
                };
                rest.compute_later(reactor);
                Came::Wait(sliced)
            }
            (work, _) => {
                self.perform(work, reactor);
                Came::Value(())
            }
        };
        self.be_blocked(reactor);
        match step {
            Came::Value(()) => self.returned(call).map(Came::Value),
            wait @ Came::Wait(_) => Ok(wait),
        }
    }

    /// What a callback returns when it has done its work. One that was stopped at it never comes to fail.
    fn returned(&self, call: &Call) -> Result<(), Failure> {
        match &call.fails {
            Some(text) if !self.run.is_over() => Err(text.as_str().into()),
            _ => Ok(()),
        }
    }

    fn perform(&self, work: Work, reactor: &mut Reactor) {
        let stop = &self.run.controls.stop;
        perform(work, self.task(), reactor.recorder(), stop);
    }

    /// Blocks in a callback without a socket, if the user wants this task to.
    pub(super) fn be_blocked(&self, reactor: &mut Reactor) {
        let Controls { blocking, stop, .. } = &self.run.controls;
        match blocking.for_task(self.task()) {
            Some(blocking) if blocking.kind == BlockingKind::Many => {
                self.leave_to_many(blocking.duration, reactor);
            }
            _ => blocking.block_callback(self.task(), reactor.recorder(), stop),
        }
    }

    /// Leaves work of this length to many callbacks that are due at once: the loop has them all in one turn, before it
    /// polls again.
    pub(super) fn leave_to_many(&self, duration: Duration, reactor: &mut Reactor) {
        let part = duration / MANY;
        for _ in 0..MANY {
            let errand = self.clone();
            let label = self.label("one_of_many");
            reactor.call_later(Duration::ZERO, label, move |reactor| {
                errand.perform(Work::Compute(part), reactor);
                Ok(())
            });
        }
    }
}

/// What is left of a computation that lets others have their turn in between.
struct Rest {
    errand: Errand,
    call: Call,
    left: Duration,
    slice: Duration,
    done: Firing<()>,
}

impl Rest {
    /// Computes the next slice in a turn of its own.
    fn compute_later(self, reactor: &mut Reactor) {
        let label = self.errand.label("next_slice");
        reactor.call_later(Duration::ZERO, label, |reactor| {
            self.compute(reactor);
            Ok(())
        });
    }

    fn compute(mut self, reactor: &mut Reactor) {
        let slice = self.slice.min(self.left);
        self.left -= slice;
        let label = self.errand.label(intern(&self.call.name));
        let computed = reactor.call_now(label, |reactor| {
            self.errand.perform(Work::Compute(slice), reactor);
            if self.left.is_zero() {
                self.errand.returned(&self.call)
            } else {
                Ok(())
            }
        });
        if computed.is_ok() && !self.left.is_zero() {
            return self.compute_later(reactor);
        }
        // Nobody else fires it, and nobody cancels it.
        let _ = self.done.finish(reactor, computed);
    }
}

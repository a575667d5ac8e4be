//! Callbacks of the program's own: what they do, once or again and again.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::Run;
use super::errand::Errand;
use crate::reactor::{
    Deferred, Failure, Label, LoopingCall, Reactor, Returned, Step as Came, intern,
};
use crate::runner::chore::{Chore, both, carry_out, carry_out_so};
use crate::runner::live::Rhythm;
use crate::runner::running::StepError;
use crate::scenario::{BlockingKind, Call, Work};
use crate::trace::Change;

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

    /// Calls the program until the calls and those that were missed are as many as they are to be, `counted` of which
    /// there were before: then the first one is an interval away.
    pub(super) fn every(self, counted: u64, reactor: &mut Reactor) {
        let Some(Rhythm { interval, call, .. }) = self.rhythm() else {
            return self.step_over(Ok(()), reactor);
        };
        let counted = Rc::new(Cell::new(counted));
        let at_once = counted.get() == 0;
        let (errand, so_far) = (self.clone(), Rc::clone(&counted));
        let label = self.label(intern(&call.name));
        let looping = LoopingCall::with_count(label, move |reactor, looping, count| {
            so_far.set(so_far.get().saturating_add(count));
            let now = errand.rhythm().unwrap_or(Rhythm {
                interval,
                times: 0,
                call: call.clone(),
            });
            // Where the interval is another one, it goes on as another looping call.
            if so_far.get() >= now.times || now.interval != interval {
                looping.stop(reactor);
            }
            Returns(errand.work(&now.call, reactor))
        });
        let over = looping.start(reactor, interval, at_once);
        // A callback, because nobody else's is running when the last call is over.
        over.unwrap_or_else(Deferred::failed)
            .named("looping_over")
            .both(reactor, move |reactor, result| {
                let left = self.rhythm().filter(|now| counted.get() < now.times);
                match (result, left) {
                    (Ok(()), Some(_)) => self.every(counted.get(), reactor),
                    (result, _) => self.step_over(result.map_err(StepError::Crashed), reactor),
                }
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
        let label = self.label(intern(&call.name));
        let worked = self.do_work(call.work, label, reactor);
        let blocked = self.be_blocked(label.name, reactor);
        let Some(done) = both(worked, blocked, label, reactor) else {
            return self.returned(call).map(Came::Value);
        };
        if call.fails.is_none() {
            return Ok(Came::Wait(done));
        }
        let (errand, call) = (self.clone(), call.clone());
        let named = done.named(label.name);
        let failed = named.then(reactor, move |_, ()| errand.returned(&call));
        Ok(Came::Wait(failed))
    }

    /// Does what a callback is to do, in slices if it computes and the variant has them.
    fn do_work(&self, work: Work, label: Label, reactor: &mut Reactor) -> Option<Deferred<()>> {
        let Run {
            controls, variant, ..
        } = &*self.run;
        let (chore, treatment) = (Chore::Work(work), &controls.treatment);
        let treated = treatment.as_ref().and_then(|it| it.of_callback(label.name));
        let change = match (work, treated) {
            // Asked for otherwise, it computes as it would have.
            (Work::Compute(_), None | Some(Change::Asynchronous)) => {
                variant.slices.map(Change::Slices)
            }
            _ => treated,
        };
        carry_out_so(chore, change, label, controls, reactor)
    }

    /// What a callback returns when it has done its work. One that was stopped at it never comes to fail.
    fn returned(&self, call: &Call) -> Result<(), Failure> {
        match &call.fails {
            Some(text) if !self.run.is_over() => Err(text.as_str().into()),
            _ => Ok(()),
        }
    }

    /// Blocks in the callback `name`, without a socket, if the user wants this task to. What is returned comes when it is
    /// over, where it goes on.
    pub(super) fn be_blocked(
        &self,
        name: &'static str,
        reactor: &mut Reactor,
    ) -> Option<Deferred<()>> {
        let controls = &self.run.controls;
        let blocking = controls.blocking.for_task(self.task())?;
        match blocking.kind {
            BlockingKind::Read => None,
            BlockingKind::Many => {
                self.leave_to_many(blocking.duration, reactor);
                None
            }
            _ => {
                let label = self.label(name);
                carry_out(Chore::Blocking(blocking), label, controls, reactor)
            }
        }
    }

    /// Leaves work of this length to many callbacks that are due at once: the loop has them all in one turn, before it
    /// polls again.
    fn leave_to_many(&self, duration: Duration, reactor: &mut Reactor) {
        let part = Chore::Work(Work::Compute(duration / MANY));
        for _ in 0..MANY {
            let errand = self.clone();
            let label = self.label("one_of_many");
            reactor.call_later(Duration::ZERO, label, move |reactor| {
                // Nobody waits for it.
                let _ = carry_out(part, label, &errand.run.controls, reactor);
                Ok(())
            });
        }
    }
}

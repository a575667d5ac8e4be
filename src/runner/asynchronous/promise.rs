//! Deferreds: a result that comes later, and the chain that it goes through.

use std::time::Duration;

use super::errand::Errand;
use super::work::Returns;
use crate::reactor::{CallbackResult, Deferred, Failure, Firing, Reactor, Step as Came, intern};
use crate::runner::running::StepError;
use crate::scenario::{Call, Link, Promise};

impl Errand {
    /// Makes a Deferred, hangs its chain on it, and fires it when it is time. The step is over when the chain is.
    pub(super) fn promise(self, promise: &Promise, reactor: &mut Reactor) {
        let label = self.label(intern(&promise.name));
        let (firing, deferred) = reactor.deferred::<()>(label);
        let end = promise.chain.iter().fold(deferred, |chain, link| {
            self.clone().link(chain, link, reactor)
        });
        let errand = self.clone();
        let end = end.watch(reactor, move |reactor, result| {
            let failed = |failure: &Failure| StepError::Crashed(failure.to_string().into());
            errand.step_over(result.as_ref().map(|_| ()).map_err(failed), reactor);
        });
        // A failure that is left there is nobody's: the reactor says so.
        drop(end);
        let result = promise.fails.clone().map_or(Ok(()), Err);
        self.fire_in(promise.wait, firing, result, reactor);
    }

    fn link(self, chain: Deferred<()>, link: &Link, reactor: &mut Reactor) -> Deferred<()> {
        let name = |call: &Call| intern(&call.name);
        let wait = link.wait;
        match (link.callback.clone(), link.errback.clone()) {
            (Some(callback), None) => chain
                .named(name(&callback))
                .then(reactor, move |reactor, ()| {
                    self.linked(&callback, wait, reactor)
                }),
            (None, Some(errback)) => chain
                .named(name(&errback))
                .catch(reactor, move |reactor, _| {
                    self.linked(&errback, wait, reactor)
                }),
            (Some(callback), Some(errback)) => {
                let errand = self.clone();
                chain.named_both(name(&callback), name(&errback)).then_or(
                    reactor,
                    move |reactor, ()| errand.linked(&callback, wait, reactor),
                    move |reactor, _| self.linked(&errback, wait, reactor),
                )
            }
            // Nothing is called: the result goes on.
            (None, None) => chain,
        }
    }

    /// What a link of a chain does, and returns: another Deferred if its result takes its time.
    fn linked(&self, call: &Call, wait: Duration, reactor: &mut Reactor) -> Returns {
        let step = match self.work(call, reactor) {
            Ok(step) if !wait.is_zero() => step,
            returned => return Returns(returned),
        };
        let (firing, later) = reactor.deferred(self.label(intern(&call.name)));
        match step {
            Came::Value(()) => self.fire_in(wait, firing, Ok(()), reactor),
            Came::Wait(sliced) => {
                let errand = self.clone();
                sliced.when_done(reactor, move |reactor, result| match result {
                    Ok(()) => errand.fire_in(wait, firing, Ok(()), reactor),
                    Err(failure) => {
                        // Nobody else fires it.
                        let _ = firing.fail(reactor, failure);
                    }
                });
            }
        }
        Returns(Ok(Came::Wait(later)))
    }

    /// Fires in `wait`; at once if that is nothing.
    fn fire_in(
        &self,
        wait: Duration,
        firing: Firing<()>,
        result: Result<(), String>,
        reactor: &mut Reactor,
    ) {
        let name = if result.is_ok() { "fire" } else { "fail" };
        let fire = move |reactor: &mut Reactor| -> CallbackResult {
            Ok(firing.finish(reactor, result.map_err(Failure::from))?)
        };
        if wait.is_zero() {
            // It fires for the first time.
            let _ = fire(reactor);
        } else {
            reactor.call_later(wait, self.label(name), fire);
        }
    }
}

//! What callbacks are hung on.

use std::rc::{Rc, Weak};

use super::link::{Link, Shared, drive};
use super::unhandled::Origin;
use super::{Context, Firing, Returned, Step};
use crate::reactor::{Failure, Label, Reactor};
use crate::trace::{DeferredStep, EventKind, FlowId, TaskId};

/// A result that is still to come: a value of type `T`, or a failure. See [the module](crate::reactor::deferred).
///
/// Its callbacks are given the context `C`. Unless [`Deferred::named`] says otherwise, a callback is called after the
/// function that it is, or in which it is written. Dropping it drops nothing of the chain: its callbacks still run.
///
/// ```
/// use loopscope::reactor::{Label, Reactor};
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
///
/// let mut reactor = Reactor::new(recorder)?;
/// let (firing, price) = reactor.deferred(Label::new("ask_price", None));
/// let offer = price
///     .then(&mut reactor, |_, price: u32| Ok(price / 2))
///     .catch(&mut reactor, |_, _no_answer| Ok(0));
/// firing.fire(&mut reactor, 10)?;
/// assert_eq!(offer.result().expect("it has fired")?, 5);
/// # Ok::<(), loopscope::reactor::Failure>(())
/// ```
pub struct Deferred<T: 'static, C: Context = Reactor> {
    pub(super) shared: Rc<Shared<T, C>>,
    name: Option<&'static str>,
    errback_name: Option<&'static str>,
}

impl<T: 'static, C: Context> Deferred<T, C> {
    /// A Deferred with the end that fires it.
    pub fn pair() -> (Firing<T, C>, Self) {
        Self::pair_of(None)
    }

    fn pair_of(origin: Option<Rc<Origin>>) -> (Firing<T, C>, Self) {
        let shared = Shared::new(origin);
        (Firing(Rc::clone(&shared)), Self::of(shared))
    }

    const fn of(shared: Rc<Shared<T, C>>) -> Self {
        Self {
            shared,
            name: None,
            errback_name: None,
        }
    }

    /// One that has fired already, with this value.
    pub fn ready(value: T) -> Self {
        Self::finished(Ok(value))
    }

    /// One that has fired already, with this failure.
    pub fn failed(failure: impl Into<Failure>) -> Self {
        Self::finished(Err(failure.into()))
    }

    fn finished(result: Result<T, Failure>) -> Self {
        Self::of(Shared::finished(result))
    }

    /// Calls the next callback `name` in the trace.
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// As [`Deferred::named`], where the next link has two: the callback and the errback of [`Deferred::then_or`].
    pub const fn named_both(mut self, callback: &'static str, errback: &'static str) -> Self {
        self.name = Some(callback);
        self.errback_name = Some(errback);
        self
    }

    /// Calls `callback` with the value. A failure passes it by.
    ///
    /// What the callback returns is the result of the Deferred that this returns; if that is itself a Deferred,
    /// its result is.
    pub fn then<R, F>(self, context: &mut C, callback: F) -> Deferred<R::Value, C>
    where
        R: Returned<C>,
        F: FnOnce(&mut C, T) -> R + 'static,
    {
        let call = self.call::<F>();
        self.link(context, move |context, result| match result {
            Ok(value) => call.run(context, |context| callback(context, value).into_step()),
            Err(failure) => Err(failure),
        })
    }

    /// Calls `errback` with the failure. A value passes it by. If it returns a value, the chain has recovered.
    pub fn catch<R, F>(self, context: &mut C, errback: F) -> Self
    where
        R: Returned<C, Value = T>,
        F: FnOnce(&mut C, Failure) -> R + 'static,
    {
        let call = self.call::<F>();
        self.link(context, move |context, result| match result {
            Ok(value) => Ok(Step::Value(value)),
            Err(failure) => call.recover(context, |context| errback(context, failure).into_step()),
        })
    }

    /// Calls `callback` with the value, or `errback` with the failure: one of the two. What the callback fails with
    /// does not go to this errback but to the next one.
    pub fn then_or<R, S, F, E>(
        self,
        context: &mut C,
        callback: F,
        errback: E,
    ) -> Deferred<R::Value, C>
    where
        R: Returned<C>,
        S: Returned<C, Value = R::Value>,
        F: FnOnce(&mut C, T) -> R + 'static,
        E: FnOnce(&mut C, Failure) -> S + 'static,
    {
        let call = self.call::<F>();
        let other = self.call_named::<E>(self.errback_name.or(self.name));
        self.link(context, move |context, result| match result {
            Ok(value) => call.run(context, |context| callback(context, value).into_step()),
            Err(failure) => other.recover(context, |context| errback(context, failure).into_step()),
        })
    }

    /// Calls `callback` in either case: to clean up, say.
    pub fn both<R, F>(self, context: &mut C, callback: F) -> Deferred<R::Value, C>
    where
        R: Returned<C>,
        F: FnOnce(&mut C, Result<T, Failure>) -> R + 'static,
    {
        let call = self.call::<F>();
        self.link(context, move |context, result| {
            let recovers = result.is_err();
            let code = |context: &mut C| callback(context, result).into_step();
            if recovers {
                call.recover(context, code)
            } else {
                call.run(context, code)
            }
        })
    }

    /// Gives up the result. What it waits for is cancelled: the Deferred that a callback of its chain returned, if the
    /// chain is paused, else the first one. That one fails with [`Cancelled`](super::Cancelled) unless its canceller has something better.
    /// Nothing happens if the result is there.
    pub fn cancel(&self, context: &mut C) {
        let link: Rc<dyn Link<C>> = Rc::clone(&self.shared) as _;
        link.cancel(context);
    }

    /// What cancels this one when it is in other hands.
    pub fn canceller(&self) -> Canceller<C> {
        let link: Rc<dyn Link<C>> = Rc::clone(&self.shared) as _;
        Canceller(Rc::downgrade(&link))
    }

    /// Whether the result is there.
    pub fn has_result(&self) -> bool {
        self.shared.has_fired()
    }

    /// The result, if it is there: for tests, and for who looks after a while. A failure counts as handled.
    pub fn result(self) -> Option<Result<T, Failure>> {
        self.shared.take_result()
    }

    /// Hands the result to `then`, which is no callback: it is not recorded, and a failure counts as handled. For what
    /// connects the parts of a program; what the program does belongs into callbacks.
    pub fn when_done(
        self,
        context: &mut C,
        then: impl FnOnce(&mut C, Result<T, Failure>) + 'static,
    ) {
        self.shared.continue_with(Box::new(move |context, result| {
            then(context, result);
            None
        }));
        drive(self.shared.clone(), context);
    }

    /// Lets `watcher` see the result on its way. As with [`Deferred::when_done`] it is no callback, but the result goes
    /// on as it is: a failure is still to be handled.
    pub fn watch(
        self,
        context: &mut C,
        watcher: impl FnOnce(&mut C, &Result<T, Failure>) + 'static,
    ) -> Self {
        self.link(context, move |context, result| {
            watcher(context, &result);
            result.map(Step::Value)
        })
    }

    /// The next place of the chain, to which `code` leads from the result of this one.
    pub(super) fn link<U: 'static>(
        self,
        context: &mut C,
        code: impl FnOnce(&mut C, Result<T, Failure>) -> Result<Step<U, C>, Failure> + 'static,
    ) -> Deferred<U, C> {
        let next = Shared::new(self.shared.origin.clone());
        let here: Rc<dyn Link<C>> = self.shared.clone();
        next.set_source(&here);
        let target = Rc::clone(&next);
        self.shared.continue_with(Box::new(move |context, result| {
            let step = code(context, result);
            target.take_step(context, step)
        }));
        drive(here, context);
        Deferred::of(next)
    }

    /// For which task it is, if that is recorded.
    pub(super) fn task(&self) -> Option<TaskId> {
        let origin = self.shared.origin.as_ref()?;
        origin.label.task
    }

    fn call<F>(&self) -> Call {
        self.call_named::<F>(self.name)
    }

    fn call_named<F>(&self, name: Option<&'static str>) -> Call {
        Call {
            label: Label::new(name.unwrap_or_else(function_name::<F>), self.task()),
            flow: self.shared.flow(),
        }
    }
}

/// A failure that nobody handled is reported, even if the end that fires lives on.
impl<T: 'static, C: Context> Drop for Deferred<T, C> {
    fn drop(&mut self) {
        self.shared.abandon();
    }
}

impl Reactor {
    /// A Deferred that records its chain as `label`, with the end that fires it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use loopscope::clock::Clock;
    /// # use loopscope::record::channel;
    /// # use loopscope::trace::ModelId;
    /// use loopscope::reactor::{Label, Reactor};
    ///
    /// # let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// # let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    /// let mut reactor = Reactor::new(recorder)?;
    /// let (firing, poem) = reactor.deferred::<&str>(Label::new("get_poem", None));
    /// let printed = poem.then(&mut reactor, |_, poem| Ok(format!("{poem}!")));
    /// firing.fire(&mut reactor, "by and by")?;
    /// assert_eq!(printed.result().expect("it has fired")?, "by and by!");
    /// # Ok::<(), loopscope::reactor::Failure>(())
    /// ```
    pub fn deferred<T: 'static>(&mut self, label: Label) -> (Firing<T>, Deferred<T>) {
        let flow = self.recorder.new_flow();
        let name = self.recorder.name(label.name);
        self.recorder.record(EventKind::DeferredMade {
            deferred: flow,
            name,
        });
        let unhandled = Rc::downgrade(&self.unhandled);
        Deferred::pair_of(Some(Rc::new(Origin {
            label,
            flow,
            unhandled,
        })))
    }
}

/// Cancels a Deferred that is in other hands. Made by [`Deferred::canceller`].
///
/// ```
/// use loopscope::reactor::{Cancelled, Deferred};
///
/// let (_firing, poem) = Deferred::<&str, ()>::pair();
/// let canceller = poem.canceller();
/// let reader = poem.then(&mut (), |_, poem| Ok(poem.len()));
/// canceller.cancel(&mut ());
/// assert!(reader.result().expect("it was cancelled").is_err_and(|failure| failure.is::<Cancelled>()));
/// ```
pub struct Canceller<C: Context = Reactor>(Weak<dyn Link<C>>);

impl<C: Context> Clone for Canceller<C> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<C: Context> Canceller<C> {
    /// As [`Deferred::cancel`], at the place of the chain at which this was made. Nothing happens if its result is there.
    pub fn cancel(&self, context: &mut C) {
        if let Some(link) = self.0.upgrade() {
            link.cancel(context);
        }
    }
}

/// How a callback of a chain is called.
#[derive(Clone, Copy)]
struct Call {
    label: Label,
    flow: Option<FlowId>,
}

impl Call {
    fn run<U, C: Context>(
        self,
        context: &mut C,
        code: impl FnOnce(&mut C) -> Result<Step<U, C>, Failure>,
    ) -> Result<Step<U, C>, Failure> {
        let step = context.call(self.label, self.flow, code);
        if step.is_err() {
            self.record(context, DeferredStep::Failed);
        }
        step
    }

    /// Runs an errback.
    fn recover<U, C: Context>(
        self,
        context: &mut C,
        code: impl FnOnce(&mut C) -> Result<Step<U, C>, Failure>,
    ) -> Result<Step<U, C>, Failure> {
        let step = self.run(context, code);
        if let Ok(Step::Value(_)) = step {
            self.record(context, DeferredStep::Recovered);
        }
        step
    }

    fn record<C: Context>(self, context: &mut C, step: DeferredStep) {
        if let Some(deferred) = self.flow {
            context.record(EventKind::DeferredStep { deferred, step });
        }
    }
}

/// The name of a function, or of the one in which a closure is written, without its path.
fn function_name<F>() -> &'static str {
    let name = std::any::type_name::<F>();
    // The arguments of a generic function may be paths themselves.
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::")
        .find(|part| !part.is_empty() && *part != "{{closure}}")
        .unwrap_or("callback")
}

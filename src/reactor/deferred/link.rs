//! The places of a chain, and how results get from one to the next.

use std::any::Any;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

use super::unhandled::{Origin, report};
use super::{AlreadyFired, Cancelled, Context, Deferred, Firing, Step};
use crate::reactor::Failure;
use crate::trace::{DeferredStep, EventKind, FlowId};

/// Takes the result of a link, and says which link has a result next.
pub(super) type Continuation<T, C> =
    Box<dyn FnOnce(&mut C, Result<T, Failure>) -> Option<Rc<dyn Link<C>>>>;

type CancelCode<T, C> = Box<dyn FnOnce(&mut C, &Firing<T, C>)>;

/// A place in a chain, whatever the type of its result.
pub(super) trait Link<C> {
    /// Hands the result, if there is one, to whoever waits for it, if anybody does. Returns who has one now.
    fn advance(&self, context: &mut C) -> Option<Rc<dyn Link<C>>>;

    /// Cancels what this place waits for.
    fn cancel(self: Rc<Self>, context: &mut C);
}

/// Passes results on along a chain. A loop and not a recursion: a chain may be long.
pub(super) fn drive<C>(first: Rc<dyn Link<C>>, context: &mut C) {
    let mut next = Some(first);
    while let Some(link) = next {
        next = link.advance(context);
    }
}

/// A place in a chain: where one result arrives, and is fetched once. Owned by whoever brings the result, be it a
/// [`Firing`] or the place before; knows that one only weakly.
pub(super) struct Shared<T: 'static, C: Context> {
    pub(super) origin: Option<Rc<Origin>>,
    state: RefCell<State<T, C>>,
}

struct State<T: 'static, C: Context> {
    fired: bool,
    result: Option<Result<T, Failure>>,
    continuation: Option<Continuation<T, C>>,
    /// Where the result comes from; nowhere for the first place, which is fired.
    source: Option<Weak<dyn Link<C>>>,
    canceller: Option<CancelCode<T, C>>,
    /// Nobody will hang a callback here any more.
    abandoned: bool,
    /// It was cancelled, and who fires does not know: a single firing is let pass.
    swallows_one: bool,
}

impl<T: 'static, C: Context> Shared<T, C> {
    pub(super) fn new(origin: Option<Rc<Origin>>) -> Rc<Self> {
        Rc::new(Self {
            origin,
            state: RefCell::new(State {
                fired: false,
                result: None,
                continuation: None,
                source: None,
                canceller: None,
                abandoned: false,
                swallows_one: false,
            }),
        })
    }

    /// Whether it is to be fired now; a firing after it was cancelled is let pass once.
    pub(super) fn may_fire(&self) -> Result<bool, AlreadyFired> {
        let mut state = self.state.borrow_mut();
        if !state.fired {
            return Ok(true);
        }
        if std::mem::take(&mut state.swallows_one) {
            return Ok(false);
        }
        Err(AlreadyFired)
    }

    /// A place that has its result already.
    pub(super) fn finished(result: Result<T, Failure>) -> Rc<Self> {
        let shared = Self::new(None);
        shared.deliver(result);
        shared
    }

    /// The result, if it is there and nobody fetched it.
    pub(super) fn take_result(&self) -> Option<Result<T, Failure>> {
        self.state.borrow_mut().result.take()
    }

    pub(super) fn has_fired(&self) -> bool {
        self.state.borrow().fired
    }

    /// The result goes to `continuation` as soon as somebody drives the chain. Whoever calls this has taken the
    /// Deferred away, so that nobody else does.
    pub(super) fn continue_with(&self, continuation: Continuation<T, C>) {
        self.state.borrow_mut().continuation = Some(continuation);
    }

    /// The result comes from `source`.
    pub(super) fn set_source(&self, source: &Rc<dyn Link<C>>) {
        self.state.borrow_mut().source = Some(Rc::downgrade(source));
    }

    pub(super) fn set_canceller(&self, canceller: CancelCode<T, C>) {
        let old = self.state.borrow_mut().canceller.replace(canceller);
        // Not before the state is free: dropping it may run code of its owner.
        drop(old);
    }

    /// The result arrives. Nobody is called yet.
    pub(super) fn deliver(&self, result: Result<T, Failure>) {
        let mut state = self.state.borrow_mut();
        state.fired = true;
        state.result = Some(result);
        state.source = None;
        // Dropping it may run code of its owner.
        let canceller = state.canceller.take();
        drop(state);
        drop(canceller);
    }

    pub(super) fn flow(&self) -> Option<FlowId> {
        self.origin.as_ref().map(|origin| origin.flow)
    }

    pub(super) fn record(&self, context: &mut C, step: DeferredStep) {
        if let Some(deferred) = self.flow() {
            context.record(EventKind::DeferredStep { deferred, step });
        }
    }

    /// Goes on as a callback wants, and says which place has a result now.
    pub(super) fn take_step(
        self: Rc<Self>,
        context: &mut C,
        step: Result<Step<T, C>, Failure>,
    ) -> Option<Rc<dyn Link<C>>> {
        match step {
            Ok(Step::Value(value)) => self.deliver(Ok(value)),
            Err(failure) => self.deliver(Err(failure)),
            Ok(Step::Wait(inner)) => {
                let Some(result) = inner.shared.take_result() else {
                    self.wait_for(context, &inner);
                    return None;
                };
                self.deliver(result);
            }
        }
        Some(self)
    }

    /// Pauses until `inner` has a result.
    fn wait_for(self: Rc<Self>, context: &mut C, inner: &Deferred<T, C>) {
        if let Some(deferred) = self.flow() {
            context.record(EventKind::DeferredPaused {
                deferred,
                waits_for: inner.shared.flow(),
            });
        }
        let source: Rc<dyn Link<C>> = inner.shared.clone();
        self.set_source(&source);
        inner.shared.continue_with(Box::new(move |context, result| {
            self.record(context, DeferredStep::Resumed);
            self.deliver(result);
            Some(self)
        }));
    }
}

impl<T: 'static, C: Context> Shared<T, C> {
    /// Nobody will hang a callback here any more: a failure that is here, or that comes, is nobody's.
    pub(super) fn abandon(&self) {
        self.state.borrow_mut().abandoned = true;
        self.report_abandoned();
    }

    fn report_abandoned(&self) {
        let mut state = self.state.borrow_mut();
        if !state.abandoned || state.continuation.is_some() {
            return;
        }
        let result = state.result.take();
        drop(state);
        if let Some(Err(failure)) = result {
            report(self.origin.as_deref(), failure);
        }
    }
}

impl<T: 'static, C: Context> Link<C> for Shared<T, C> {
    fn advance(&self, context: &mut C) -> Option<Rc<dyn Link<C>>> {
        let mut state = self.state.borrow_mut();
        state.result.as_ref()?;
        let Some(continuation) = state.continuation.take() else {
            drop(state);
            self.report_abandoned();
            return None;
        };
        let result = state.result.take()?;
        drop(state);
        continuation(context, result)
    }

    fn cancel(self: Rc<Self>, context: &mut C) {
        let mut state = self.state.borrow_mut();
        if state.fired {
            return;
        }
        let source = state.source.as_ref().map(Weak::upgrade);
        let canceller = state.canceller.take();
        match (source, canceller) {
            (Some(Some(source)), _) => {
                drop(state);
                return source.cancel(context);
            }
            // Whoever was to bring the result is gone.
            (Some(None), _) => drop(state),
            (None, Some(canceller)) => {
                drop(state);
                self.record(context, DeferredStep::Cancelled);
                canceller(context, &Firing(Rc::clone(&self)));
            }
            (None, None) => {
                state.swallows_one = true;
                drop(state);
                self.record(context, DeferredStep::Cancelled);
            }
        }
        if !self.has_fired() {
            self.deliver(Err(Cancelled.into()));
            drive(self, context);
        }
    }
}

/// A chain that never fires is dropped from its first place on, each of which owns the next one: one after the other,
/// since a recursion would use up the stack.
impl<T: 'static, C: Context> Drop for Shared<T, C> {
    fn drop(&mut self) {
        if let Some(continuation) = self.state.get_mut().continuation.take() {
            drop_in_turn(Box::new(continuation));
        }
    }
}

thread_local! {
    /// What is to be dropped after what is being dropped; `None` if nothing is.
    static DOOMED: RefCell<Option<Vec<Box<dyn Any>>>> = const { RefCell::new(None) };
}

/// Drops `doomed` now, or after what is being dropped on this thread already.
fn drop_in_turn(doomed: Box<dyn Any>) {
    let mut doomed = Some(doomed);
    let queued = DOOMED.try_with(|queue| match &mut *queue.borrow_mut() {
        Some(queue) => {
            queue.extend(doomed.take());
            true
        }
        none => {
            *none = Some(Vec::new());
            false
        }
    });
    // At the end of the thread there is no queue any more: what is left then is dropped as it comes.
    if queued != Ok(false) {
        return;
    }
    while let Some(next) = doomed {
        drop(next);
        doomed = DOOMED.with_borrow_mut(|queue| queue.as_mut().and_then(Vec::pop));
    }
    DOOMED.set(None);
}

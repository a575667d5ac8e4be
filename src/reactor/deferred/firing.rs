//! The end that has the result.

use std::rc::Rc;

use super::Context;
use super::link::{Link, Shared, drive};
use crate::reactor::{Failure, Reactor};
use crate::trace::DeferredStep;

/// A Deferred was fired a second time.
///
/// ```
/// use loopscope::reactor::{AlreadyFired, Deferred};
///
/// let (answer, _asked) = Deferred::<&str, ()>::pair();
/// let other_server = answer.clone();
/// assert_eq!(answer.fire(&mut (), "yes"), Ok(()));
/// // Of two that answer, the second one hears that it was too late.
/// assert_eq!(other_server.fire(&mut (), "no"), Err(AlreadyFired));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deferred has fired already")]
pub struct AlreadyFired;

/// The failure of a Deferred that somebody cancelled.
///
/// ```
/// use loopscope::reactor::{Cancelled, Deferred};
///
/// let (_firing, poem) = Deferred::<String, ()>::pair();
/// poem.cancel(&mut ());
/// let shown = poem.catch(&mut (), |_, failure| match failure.is::<Cancelled>() {
///     true => Ok("nobody wants it any more".to_owned()),
///     false => Err(failure),
/// });
/// assert!(shown.result().is_some_and(|text| text.is_ok()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// The end of a [`Deferred`](super::Deferred) that fires it. Clones fire the same one; when the last of them is
/// dropped before it fired, it never has a result.
///
/// ```
/// use loopscope::reactor::{AlreadyFired, Deferred};
///
/// let (firing, deferred) = Deferred::<u32, ()>::pair();
/// assert_eq!(firing.fire(&mut (), 1), Ok(()));
/// assert_eq!(firing.fire(&mut (), 2), Err(AlreadyFired));
/// assert_eq!(deferred.result().expect("it has fired").expect("a value"), 1);
/// ```
pub struct Firing<T: 'static, C: Context = Reactor>(pub(super) Rc<Shared<T, C>>);

impl<T: 'static, C: Context> Clone for Firing<T, C> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: 'static, C: Context> Firing<T, C> {
    /// The result is there: its callbacks run.
    ///
    /// # Errors
    /// When it fired before. A single firing after it was cancelled is no error, and does nothing: whoever fires
    /// need not know that nobody wants the result any more.
    pub fn fire(&self, context: &mut C, value: T) -> Result<(), AlreadyFired> {
        self.finish(context, Ok(value))
    }

    /// There is a failure instead of the result: its errbacks run.
    ///
    /// # Errors
    /// As for [`Firing::fire`].
    pub fn fail(&self, context: &mut C, failure: impl Into<Failure>) -> Result<(), AlreadyFired> {
        self.finish(context, Err(failure.into()))
    }

    /// The result is there, or a failure instead of it.
    ///
    /// # Errors
    /// As for [`Firing::fire`].
    pub fn finish(&self, context: &mut C, result: Result<T, Failure>) -> Result<(), AlreadyFired> {
        if !self.0.may_fire()? {
            return Ok(());
        }
        self.0.record(
            context,
            if result.is_ok() {
                DeferredStep::Fired
            } else {
                DeferredStep::FiredWithFailure
            },
        );
        self.0.deliver(result);
        let first: Rc<dyn Link<C>> = Rc::clone(&self.0) as _;
        drive(first, context);
        Ok(())
    }

    /// Whether it has fired, or was cancelled.
    pub fn has_fired(&self) -> bool {
        self.0.has_fired()
    }

    /// Calls `canceller` if the Deferred is cancelled: to end the work that nobody wants any more, and to fire with
    /// something if there is something. If it does not fire, the Deferred fails with [`Cancelled`]. Either way a later
    /// firing is an error: whoever can be told of the end is not excused from knowing it.
    pub fn on_cancel(&self, canceller: impl FnOnce(&mut C, &Self) + 'static) {
        self.0.set_canceller(Box::new(canceller));
    }
}

//! What a callback may return.

use super::{Context, Deferred};
use crate::reactor::Failure;

/// What a callback of a chain returns: a `Result`, or a [`Deferred`], for which the chain then waits.
///
/// One that may fail before it has a Deferred to return says so with [`Deferred::failed`]; one that has sometimes
/// a value and sometimes a Deferred returns a [`Step`].
///
/// ```
/// use loopscope::reactor::{Context, Deferred, Returned};
///
/// /// Runs whatever kind of callback it is given, when the question was answered.
/// fn ask<R: Returned<()>>(callback: impl FnOnce(u32) -> R + 'static) -> Deferred<R::Value, ()> {
///     Deferred::ready(42).then(&mut (), |_, answer| callback(answer))
/// }
///
/// let (_late, later) = Deferred::<(), ()>::pair();
/// assert!(ask(|answer| Ok(answer + 1)).has_result());
/// assert!(!ask(|_| later).has_result(), "the chain waits for it");
/// ```
#[diagnostic::on_unimplemented(
    message = "a callback does not return `{Self}`",
    note = "it returns a `Result` with a `Failure`, as `Ok(value)` is, a `Deferred`, or a `Step`"
)]
pub trait Returned<C: Context> {
    /// What the next callback gets.
    type Value: 'static;

    /// The value, or the Deferred to wait for.
    ///
    /// # Errors
    /// When the callback failed.
    fn into_step(self) -> Result<Step<Self::Value, C>, Failure>;
}

/// How a chain goes on after a callback that has sometimes a value and sometimes a Deferred.
///
/// ```
/// use loopscope::reactor::{Deferred, Step};
///
/// let (download, downloaded) = Deferred::<&str, ()>::pair();
/// let cache = Some("the poem of yesterday");
/// let poem = Deferred::ready(()).then(&mut (), move |_, ()| match cache {
///     Some(poem) => Step::Value(poem),
///     None => Step::Wait(downloaded),
/// });
/// assert_eq!(poem.result().expect("no download")?, "the poem of yesterday");
/// # drop(download);
/// # Ok::<(), loopscope::reactor::Failure>(())
/// ```
pub enum Step<T: 'static, C: Context> {
    /// With this value, at once.
    Value(T),
    /// With the result of this one, when it has one.
    Wait(Deferred<T, C>),
}

impl<T: 'static, C: Context> Returned<C> for Result<T, Failure> {
    type Value = T;

    fn into_step(self) -> Result<Step<T, C>, Failure> {
        self.map(Step::Value)
    }
}

impl<T: 'static, C: Context> Returned<C> for Deferred<T, C> {
    type Value = T;

    fn into_step(self) -> Result<Step<T, C>, Failure> {
        Ok(Step::Wait(self))
    }
}

impl<T: 'static, C: Context> Returned<C> for Step<T, C> {
    type Value = T;

    fn into_step(self) -> Result<Self, Failure> {
        Ok(self)
    }
}

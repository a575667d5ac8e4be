//! Deferreds: results that are still to come, and what is to be done with them.
//!
//! A function that cannot have its result yet returns a [`Deferred`] at once and keeps the [`Firing`], its other
//! end. Whoever called it hangs callbacks on the Deferred. When the result is there, the firing end fires, and
//! the callbacks run, one after the other, each with what the one before it returned:
//!
//! ```
//! use loopscope::reactor::Deferred;
//!
//! let (firing, poem) = Deferred::<&str, ()>::pair();
//! let (shown, screen) = std::sync::mpsc::channel();
//! poem.then(&mut (), |_, poem| Ok(poem.to_uppercase()))
//!     .then(&mut (), move |_, poem| Ok(shown.send(poem)?));
//! assert!(screen.try_recv().is_err(), "there is no poem yet");
//!
//! firing.fire(&mut (), "by and by").expect("it did not fire before");
//! assert_eq!(screen.recv(), Ok("BY AND BY".to_owned()));
//! ```
//!
//! # Failures
//! There are two rows of callbacks: one for values, one for failures. A callback that fails switches to the row
//! of failures, an errback that returns a value switches back. So a failure skips callbacks up to the next
//! errback, as an error skips statements up to the handler that encloses them:
//!
//! ```
//! use loopscope::reactor::Deferred;
//!
//! let text = Deferred::<&str, ()>::ready("12 apples");
//! let number = text
//!     .then(&mut (), |_, text| Ok(text.parse::<u32>()?))
//!     .then(&mut (), |_, _| -> Result<u32, _> { unreachable!("there is no number") })
//!     .catch(&mut (), |_, failure| {
//!         assert_eq!(failure.to_string(), "invalid digit found in string");
//!         Ok(0)
//!     });
//! assert_eq!(number.result().expect("it has fired").expect("it has recovered"), 0);
//! ```
//!
//! A failure that still has no errback when its Deferred is dropped is reported: see [`set_unhandled_hook`].
//!
//! # Waiting for another
//! A callback may return a Deferred of its own. Then the outer one pauses, and goes on with the result of the
//! inner one. That is how a callback asks somebody else without blocking:
//!
//! ```
//! use loopscope::reactor::Deferred;
//!
//! let (dictionary, word) = Deferred::<&str, ()>::pair();
//! let translated = Deferred::<&str, ()>::ready("Baum").then(&mut (), |_, _| word);
//! assert!(!translated.has_result(), "it waits for the dictionary");
//! dictionary.fire(&mut (), "tree").expect("it did not fire before");
//! assert_eq!(translated.result().expect("it has fired").expect("a word"), "tree");
//! ```
//!
//! # The names, and what Twisted calls them
//! | here | Twisted |
//! |---|---|
//! | [`Deferred::then`] | `addCallback` |
//! | [`Deferred::catch`] | `addErrback` |
//! | [`Deferred::then_or`] | `addCallbacks` |
//! | [`Deferred::both`] | `addBoth` |
//! | [`Firing::fire`], [`Firing::fail`] | `callback`, `errback` |
//! | [`Deferred::ready`], [`Deferred::failed`] | `succeed`, `fail` |
//! | [`Deferred::cancel`], [`Firing::on_cancel`] | `cancel`, the argument `canceller` |
//! | [`Deferred::timeout`] | `addTimeout` |
//! | [`gather`], [`gather_results`] | `DeferredList`, `gatherResults` |
//!
//! Types tell what Twisted leaves to the run: a callback takes what the one before it returns, so each of the
//! methods above takes the Deferred and gives back the one for the next link of the chain.
//!
//! # The context
//! All of this is synchronous and needs no reactor. What callbacks are given first is the [`Context`] of the
//! chain: `()` where there is none, as above, or the [`Reactor`](super::Reactor), which calls each of them as it
//! calls all user code: recorded, and with panics caught as failures. The context is passed in wherever
//! callbacks may run: on firing, on cancelling, and on adding, since what is added after the firing runs at once.
//!
//! A Deferred from [`Reactor::deferred`](super::Reactor::deferred) also records the way through its chain: fired,
//! paused, failed, recovered. One from [`Deferred::pair`] costs nothing beyond its memory.

mod chain;
mod context;
mod firing;
mod link;
mod list;
mod returned;
mod timeout;
mod unhandled;

pub use chain::{Canceller, Deferred};
pub use context::Context;
pub use firing::{AlreadyFired, Cancelled, Firing};
pub use list::{FirstFailure, gather, gather_results};
pub use returned::{Returned, Step};
pub use timeout::TimedOut;
pub use unhandled::set_unhandled_hook;

pub(super) use unhandled::UnhandledList;

//! The reactor as other threads see it.

use std::sync::Arc;

use crossbeam_channel::Sender;
use mio::Waker;

use super::{CallbackResult, Error, Label, Reactor};
use crate::clock::Clock;
use crate::trace::Timestamp;

/// A call that waits for the loop.
pub(super) struct Call {
    pub(super) label: Label,
    pub(super) queued_at: Timestamp,
    pub(super) code: Box<dyn FnOnce(&mut Reactor) -> CallbackResult + Send>,
}

/// Reaches a reactor from any thread.
#[derive(Clone)]
pub struct Handle {
    calls: Sender<Call>,
    waker: Arc<Waker>,
    clock: Clock,
}

impl Handle {
    pub(super) const fn new(calls: Sender<Call>, waker: Arc<Waker>, clock: Clock) -> Self {
        Self {
            calls,
            waker,
            clock,
        }
    }

    /// Calls `code` in the loop, in its next turn, and wakes it for that. Calls are made in the order in
    /// which they were asked for. Before [`Reactor::run`] they wait for it; after it they are never made.
    ///
    /// # Errors
    /// When the reactor is gone, or cannot be woken.
    pub fn call_from_thread(
        &self,
        label: Label,
        code: impl FnOnce(&mut Reactor) -> CallbackResult + Send + 'static,
    ) -> Result<(), Error> {
        let call = Call {
            label,
            queued_at: self.clock.now(),
            code: Box::new(code),
        };
        self.calls.send(call).map_err(|_| Error::Gone)?;
        Ok(self.waker.wake()?)
    }

    /// Stops the reactor. One that does not run yet stops as soon as it does; one that is stopping already
    /// does no more.
    ///
    /// # Errors
    /// When the reactor is gone, or cannot be woken.
    pub fn stop(&self) -> Result<(), Error> {
        self.call_from_thread(Label::new("stop", None), |reactor| match reactor.stop() {
            Err(Error::AlreadyStopping) => Ok(()),
            result => Ok(result?),
        })
    }
}

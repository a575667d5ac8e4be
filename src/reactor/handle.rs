//! The reactor as other threads see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Sender;

use super::pool::Delivery;
use super::provider::Waker;
use super::{CallbackResult, Error, Label, Reactor};
use crate::clock::Clock;
use crate::trace::{FlowId, Timestamp};

/// A call that waits for the loop.
pub(super) struct Call {
    pub(super) label: Label,
    /// What ties it to its cause, if somebody has told already.
    pub(super) flow: Option<FlowId>,
    pub(super) queued_at: Timestamp,
    pub(super) code: Delivery,
}

/// Reaches a reactor from any thread.
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
/// let handle = reactor.handle();
/// let other = std::thread::spawn(move || {
///     handle.call_from_thread(Label::new("stop", None), |reactor| Ok(reactor.stop()?))
/// });
/// reactor.run()?;
/// other.join().expect("it does not panic")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    calls: Sender<Call>,
    /// Somebody called since the loop looked last: cheaper to look at than the channel.
    called: Arc<AtomicBool>,
    waker: Arc<Waker>,
    clock: Clock,
}

impl Handle {
    pub(super) fn new(calls: Sender<Call>, waker: Arc<Waker>, clock: Clock) -> Self {
        Self {
            calls,
            called: Arc::default(),
            waker,
            clock,
        }
    }

    /// Whether calls wait that the loop has not looked at.
    #[inline]
    pub(super) fn has_called(&self) -> bool {
        self.called.load(Ordering::Acquire)
    }

    /// The same, and the loop looks at them now.
    #[inline]
    pub(super) fn take_called(&self) -> bool {
        self.has_called() && self.called.swap(false, Ordering::AcqRel)
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
        self.call(label, None, Box::new(code))
    }

    /// The same for the result of a thread of the pool, which has told of the call as `flow`.
    pub(super) fn deliver(
        &self,
        flow: FlowId,
        label: Label,
        delivery: Delivery,
    ) -> Result<(), Error> {
        self.call(label, Some(flow), delivery)
    }

    fn call(&self, label: Label, flow: Option<FlowId>, code: Delivery) -> Result<(), Error> {
        let call = Call {
            label,
            flow,
            queued_at: self.clock.now(),
            code,
        };
        self.calls.send(call).map_err(|_| Error::Gone)?;
        self.called.store(true, Ordering::Release);
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

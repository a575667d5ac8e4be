//! Not waiting for ever.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::{Cancelled, Deferred, Step};
use crate::reactor::{Label, Reactor};

/// The failure of a Deferred that took too long.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::reactor::{Label, Reactor, TimedOut};
/// use loopscope::record::Recorders;
/// use loopscope::trace::ModelId;
/// use std::time::Duration;
///
/// let (clock, hand) = Clock::manual();
/// let mut reactor = Reactor::new(Recorders::off(&clock).recorder(ModelId::from_index(0), "reactor"))?;
/// let minute = Duration::from_secs(60);
/// let (_firing, poem) = reactor.deferred::<()>(Label::new("get_poem", None));
/// let poem = poem.timeout(&mut reactor, minute);
/// hand.advance(minute);
/// reactor.turn()?;
/// let failure = poem.result().expect("it has failed").expect_err("nobody fired it");
/// assert_eq!(failure.downcast_ref(), Some(&TimedOut(minute)));
/// # Ok::<(), loopscope::reactor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no result within {0:?}")]
pub struct TimedOut(pub Duration);

impl<T: 'static> Deferred<T> {
    /// Cancels it unless its result is there within `limit`. The failure is then [`TimedOut`]; a canceller that fires
    /// with something else has its way.
    ///
    /// Only what is on the chain up to here has to be in time, not what is added afterwards.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use loopscope::clock::Clock;
    /// # use loopscope::record::channel;
    /// # use loopscope::trace::ModelId;
    /// use std::time::Duration;
    /// use loopscope::reactor::{Label, Reactor, TimedOut};
    ///
    /// # let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// # let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    /// let mut reactor = Reactor::new(recorder)?;
    /// let (_never_fires, poem) = reactor.deferred::<String>(Label::new("get_poem", None));
    /// poem.timeout(&mut reactor, Duration::from_millis(1))
    ///     .catch(&mut reactor, |_, failure| {
    ///         assert!(failure.is::<TimedOut>());
    ///         Ok("no poem today".to_owned())
    ///     })
    ///     .then(&mut reactor, |reactor, _| Ok(reactor.stop()?));
    /// reactor.run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn timeout(self, reactor: &mut Reactor, limit: Duration) -> Self {
        if self.has_result() {
            return self;
        }
        let timed_out = Rc::new(Cell::new(false));
        let canceller = self.canceller();
        let label = Label::new("timed_out", self.task());
        let rang = Rc::clone(&timed_out);
        let timer = reactor.call_later(limit, label, move |reactor| {
            rang.set(true);
            canceller.cancel(reactor);
            Ok(())
        });
        self.link(reactor, move |reactor, result| {
            if !timed_out.get() {
                reactor.cancel(timer);
            }
            match result {
                Err(failure) if timed_out.get() && failure.is::<Cancelled>() => {
                    Err(TimedOut(limit).into())
                }
                result => result.map(Step::Value),
            }
        })
    }
}

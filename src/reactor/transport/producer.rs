//! Producers: who is told to pause when the other side reads too slowly.

use super::Transport;
use crate::reactor::{CallbackResult, Reactor};

/// Somebody who writes to a transport on its own account, and can pause.
///
/// A transport is one as well, for what it reads: with `b.register_producer(reactor, a.clone())` a proxy reads
/// from `a` no faster than `b` takes it.
///
/// ```
/// use loopscope::reactor::{CallbackResult, Producer, Reactor, Transport};
///
/// /// Counts for as long as somebody listens.
/// struct Counter {
///     transport: Transport,
///     next: u64,
/// }
///
/// impl Producer for Counter {
///     fn pause_producing(&mut self, _: &mut Reactor) -> CallbackResult {
///         Ok(())
///     }
///
///     fn resume_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
///         while !self.transport.is_under_pressure() {
///             self.transport.write(reactor, format!("{}\n", self.next).as_bytes());
///             self.next += 1;
///         }
///         Ok(())
///     }
///
///     fn stop_producing(&mut self, _: &mut Reactor) -> CallbackResult {
///         Ok(())
///     }
/// }
/// ```
pub trait Producer {
    /// More than the high-water mark waits to be written: it is to write no more for now.
    ///
    /// # Errors
    /// After one the connection is lost, with that reason.
    fn pause_producing(&mut self, reactor: &mut Reactor) -> CallbackResult;

    /// What waits has fallen to the low-water mark: it may write again.
    ///
    /// # Errors
    /// As for [`Producer::pause_producing`].
    fn resume_producing(&mut self, reactor: &mut Reactor) -> CallbackResult;

    /// The connection is over: nobody takes anything any more.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn stop_producing(&mut self, reactor: &mut Reactor) -> CallbackResult;
}

impl Producer for Transport {
    fn pause_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        Self::pause_producing(self, reactor);
        Ok(())
    }

    fn resume_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        Self::resume_producing(self, reactor);
        Ok(())
    }

    fn stop_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        self.lose_connection(reactor);
        Ok(())
    }
}

/// A transport has a producer already.
///
/// ```
/// use loopscope::reactor::{AlreadyProducing, Producer, Reactor, Transport};
///
/// /// Sends what `source` has, instead of what was being sent.
/// fn send(reactor: &mut Reactor, transport: &Transport, source: impl Producer + 'static) -> Result<(), AlreadyProducing> {
///     transport.unregister_producer(reactor);
///     transport.register_producer(reactor, source)
/// }
/// # assert!(AlreadyProducing.to_string().ends_with("unregister it first"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another producer is registered with this transport; unregister it first")]
pub struct AlreadyProducing;

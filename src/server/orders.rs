//! How other threads reach the servers' thread.

use std::io;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use mio::Waker;
use rustix::io::Errno;

use super::pace::Pace;
use super::stream::Stream;

/// What the servers' thread is to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Serve this client.
    Client { server: usize, stream: Stream },
    /// Go at this pace from now on.
    Pace { server: usize, pace: Pace },
    /// Close everything.
    Stop,
}

/// The end of a channel that wakes the other one.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    sender: Sender<Order>,
    waker: Arc<Waker>,
}

/// A channel whose receiver is told by `waker` that there is something in it.
pub(super) fn orders(waker: Waker) -> (Orders, Receiver<Order>) {
    let (sender, receiver) = unbounded();
    let waker = Arc::new(waker);
    (Orders { sender, waker }, receiver)
}

impl Orders {
    /// Gives an order. It never waits.
    ///
    /// # Errors
    /// The thread has ended: whoever wants something of it is refused.
    pub(super) fn give(&self, order: Order) -> io::Result<()> {
        self.sender.send(order).map_err(|_| Errno::CONNREFUSED)?;
        // An eventfd refuses a wake-up only when 2⁶⁴ of them are pending; then the thread wakes anyway.
        let _ = self.waker.wake();
        Ok(())
    }
}

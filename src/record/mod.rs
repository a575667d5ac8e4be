//! Recording: from a thread that must not be held up to whoever wants to see.
//!
//! Every recorded thread owns a [`Recorder`]. It collects events in a batch of its own and hands the batch
//! over, through a bounded channel, when it is full or at a natural boundary: before a blocking call, or at the end of
//! a turn. A loop whose turns are shorter than a millisecond does so once in that time, and some milliseconds after its
//! last turn: each handing over costs as much as many events. The [`Receiver`] drains the channel when it likes and gives the emptied vectors
//! back, so that a steady run allocates nothing.
//!
//! Two promises:
//! - The recorder **never waits**. When the channel is full, the batch grows up to [`MAX_PENDING`] events.
//! - Nothing is lost **in silence**. Past that cap events are dropped and counted, and the count becomes an
//!   event of its own ([`crate::trace::EventKind::Dropped`]) at the moment of the first one. Names are never dropped, and
//!   of the events not those that tell what became of a task.
//!
//! With the feature `cli`, another process records for the same trace, through a pipe: it has an `Outlet`, and this
//! one an `Inlet`.
//!
//! This room knows no window: it calls a plain [`Wake`] when there is something to fetch.

mod channel;
mod cost;
mod recorder;
#[cfg(feature = "cli")]
mod relay;
mod times;
#[cfg(feature = "cli")]
mod translate;
mod unix_peer;
mod wire;

pub use channel::{Receiver, Recorders, TryRecvError, Wake, channel};
pub use recorder::{MAX_PENDING, Recorder};
#[cfg(feature = "cli")]
pub use relay::{Inlet, Outlet, RelayError};
pub(crate) use times::{SpentTimes, own_cpu_time};
pub use wire::wire;

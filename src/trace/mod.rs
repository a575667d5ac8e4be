//! The words everyone shares: what happened, when, on which thread, for which task.
//!
//! A trace is a set of streams, one per recorded thread. Each stream is a row of [`Batch`]es of fixed-size
//! [`Event`]s in the order in which they happened; between threads only the clock orders them. Texts are
//! sent once and then named by a [`NameId`].
//!
//! This room knows no clock, no channel and no file: it is what those have in common.

mod batch;
pub(crate) mod descriptor;
mod event;
mod ids;
mod phrase;
mod time;
mod timed_call;
mod words;

pub use batch::{Batch, Source};
pub use event::{Event, EventKind};
pub use ids::{FlowId, ModelId, NameId, TaskId, ThreadId, Wire};
pub use phrase::Phrase;
pub(crate) use phrase::fill;
#[cfg(feature = "format")]
pub(crate) use phrase::system_error;
#[cfg(feature = "gui")]
pub(crate) use phrase::{of_the_system, values_in};
pub use time::{TimeRange, Timestamp};
pub(crate) use timed_call::TimedCall;
#[cfg(feature = "cli")]
pub(crate) use words::process_name;
#[cfg(feature = "gui")]
pub(crate) use words::process_of;
pub use words::{
    Cause, Change, DeferredStep, Doing, Half, Interest, LOOP_ITSELF, Loss, Outcome, Side, Sighting,
    SoFar, WaitCall,
};

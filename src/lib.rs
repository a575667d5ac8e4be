//! Loopscope shows an event loop at work. As a library it is two things: an instrumented [`reactor`] with
//! Twisted's semantics, whose every turn is recorded, and all that it takes to make sense of such a record.
//!
//! # The floor plan
//! One room per line below, ground floor first. A room uses only rooms below it; `tests/layers.rs` is the wall.
//!
//! # The way of one event
//! 1. [`reactor`] has one place that calls user code, and records its begin and its end there.
//! 2. [`record`] puts a fixed-size event into a batch that the thread owns, and hands the batch over through a
//!    bounded channel, once a turn. It never waits, and loses nothing in silence.
//! 3. [`store`] pairs begins and ends, once, and finds spans by time.
//! 4. Whoever looks asks the store for what can be told apart: `gui` draws it, [`analysis`] weighs it,
//!    [`format`](mod@format) writes it for other tools.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use loopscope::clock::Clock;
//! use loopscope::reactor::{Label, Reactor};
//! use loopscope::record::channel;
//! use loopscope::store::TraceStore;
//! use loopscope::trace::ModelId;
//!
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "my loop"))?;
//! reactor.call_later(Duration::from_millis(1), Label::new("tick", None), |reactor| Ok(reactor.stop()?));
//! reactor.run()?;
//! drop(reactor);
//!
//! let mut store = TraceStore::new();
//! while let Ok(batch) = receiver.try_recv() {
//!     store.push(&batch);
//! }
//! let my_loop = &store.models()[0].threads[0];
//! let spans = |depth| my_loop.lane.row(depth).map_or(0, |row| row.spans().len());
//! assert_eq!(spans(0), 2, "a poll, and the turn after it");
//! assert_eq!(spans(1), 1, "one callback");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod clock;
pub mod trace;

pub mod record;
#[cfg(feature = "cli")]
pub mod scenario;

pub mod reactor;
#[cfg(feature = "cli")]
pub mod server;

#[cfg(feature = "cli")]
pub mod runner;
pub mod store;

pub mod analysis;
#[cfg(feature = "format")]
pub mod format;

#[cfg(feature = "cli")]
pub mod session;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "gui")]
pub mod gui;

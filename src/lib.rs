//! Loopscope shows an event loop at work. As a library it is two things: an instrumented [`reactor`] with
//! Twisted's semantics, whose every turn is recorded, and all that it takes to make sense of such a record.
//!
//! # The floor plan
//! One room per line below, ground floor first. A room uses only rooms below it; `tests/layers.rs` is the wall.
//!
//! # The features
//! A feature is named after the highest room that it opens, and opens those below it.
//!
//! | feature | opens | for |
//! |---|---|---|
//! | none | `trace`, `clock`, `record`, `watch`, `reactor`, `store`, `analysis` | a program that watches its loop |
//! | `format` | `format` | one that keeps what it saw in a file |
//! | `cli` | `scenario`, `server`, `runner`, `session`, `cli` | the program in a terminal |
//! | `gui`, the default | `gui` | the program with its window |
//!
//! # The way of one event
//! 1. [`reactor`] has one place that calls user code, and records its begin and its end there.
//! 2. [`record`] puts a fixed-size event into a batch that the thread owns, and hands the batch over through a
//!    bounded channel, when it is full or a millisecond old. It never waits, and loses nothing in silence.
//! 3. [`store`] pairs begins and ends, once, and finds spans by time.
//! 4. Whoever looks asks the store for what can be told apart: `gui` draws it, [`analysis`] weighs it,
//!    `format` writes it for other tools.
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
//!
//! # From a reactor to the window
//! With the feature `format`, what a reactor records becomes a file, and `loopscope view mine.loopscope` opens it in the
//! window; it can also be dropped there. Another thread writes it while the loop runs. A record begins with the name of
//! what runs, and of the tasks, if there are any: each has a lane of its own.
//!
//! ```
//! # #[cfg(not(feature = "format"))]
//! # fn main() {}
//! # #[cfg(feature = "format")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use std::thread;
//! use std::time::Duration;
//!
//! use loopscope::clock::Clock;
//! use loopscope::format::{self, Recording, TraceInfo};
//! use loopscope::reactor::{DEFAULT_STALL_THRESHOLD, Label, LoopingCall, Reactor};
//! use loopscope::record::{TryRecvError, channel};
//! use loopscope::trace::{EventKind, ModelId, Outcome, TaskId};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let path = folder.join("mine.loopscope");
//! let info = TraceInfo::of_run("mine", "My program", DEFAULT_STALL_THRESHOLD);
//! let mut file = Recording::beside(&path, &info)?;
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut recorder = recorders.recorder(ModelId::from_index(0), "reactor");
//! drop(recorders);
//! let writer = thread::spawn(move || {
//!     loop {
//!         match receiver.try_recv() {
//!             Ok(batch) => {
//!                 file.append(&batch)?;
//!                 receiver.recycle(batch);
//!             }
//!             Err(TryRecvError::Empty) => thread::sleep(Duration::from_millis(10)),
//!             // The reactor is gone, and so is its recorder.
//!             Err(TryRecvError::Disconnected) => return file.finish(),
//!         }
//!     }
//! });
//!
//! let name = recorder.name("my program");
//! recorder.record(EventKind::ModelBegin { name });
//! let clock = TaskId::from_index(0);
//! let name = recorder.name("clock");
//! recorder.record(EventKind::TaskBegin { task: clock, name });
//!
//! let mut reactor = Reactor::new(recorder)?;
//! reactor.watch()?; // A stall is seen while it lasts, with its cause.
//! let mut left = 3;
//! let ticking = LoopingCall::new(Label::new("tick", Some(clock)), move |reactor, _| {
//!     left -= 1;
//!     if left == 0 {
//!         thread::sleep(Duration::from_millis(60)); // Which no callback should.
//!         reactor.stop()?;
//!     }
//!     Ok(())
//! });
//! // Nobody waits for its end.
//! drop(ticking.start(&mut reactor, Duration::from_millis(10), true)?);
//! reactor.run()?;
//!
//! let outcome = Outcome::Done;
//! reactor.recorder().record(EventKind::TaskEnd { task: clock, outcome });
//! reactor.recorder().record(EventKind::ModelEnd { outcome });
//! drop(reactor);
//! writer.join().expect("it does not panic")?;
//!
//! let trace = format::open(&path)?;
//! let stall = &loopscope::analysis::stalls(&trace.store, trace.now())[0];
//! assert_eq!((&*stall.callback, stall.task_name.as_deref()), ("tick", Some("clock")));
//! # Ok(())
//! # }
//! ```
//!
//! # A loop of your own
//! A loop that exists already needs no reactor, only a [`record::Recorder`] that is told of every turn.
//!
//! ```
//! # #[cfg(not(feature = "format"))]
//! # fn main() {}
//! # #[cfg(feature = "format")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use std::thread::sleep;
//! use std::time::Duration;
//!
//! use loopscope::analysis::stalls;
//! use loopscope::clock::Clock;
//! use loopscope::format::{self, Recording, TraceInfo};
//! use loopscope::reactor::{Callback, DEFAULT_STALL_THRESHOLD, StallThreshold, Stretch};
//! use loopscope::record::channel;
//! use loopscope::trace::{Cause, EventKind, ModelId, Outcome};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let path = folder.join("mine.loopscope");
//! let info = TraceInfo::of_run("mine", "My loop", DEFAULT_STALL_THRESHOLD);
//! let mut file = Recording::beside(&path, &info)?;
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut recorder = recorders.recorder(ModelId::from_index(0), "main thread");
//! let name = recorder.name("my loop");
//! recorder.record(EventKind::ModelBegin { name });
//!
//! let threshold = StallThreshold::default();
//! let name = recorder.name("on_data");
//! let on_data = Callback { name, task: None, cause: Cause::Readiness, flow: None };
//! for millis in [1, 60, 1] {
//!     recorder.record(EventKind::PollBegin);
//!     recorder.flush();
//!     sleep(Duration::from_millis(2)); // Here your loop waits.
//!     let begin = recorder.record(EventKind::PollEnd { ready: 1 });
//!     let mut turn = Stretch::begin(begin);
//!     let (_, end) = on_data.run(&mut recorder, begin, |_| {
//!         sleep(Duration::from_millis(millis)); // Here it serves.
//!         Ok(())
//!     });
//!     turn.add(&on_data, begin, end);
//!     turn.end(end, &mut recorder, &threshold);
//! }
//! recorder.record(EventKind::ModelEnd { outcome: Outcome::Done });
//! drop(recorder);
//!
//! // A loop that goes on leaves this to another thread: what nobody fetches is dropped in the end.
//! while let Ok(batch) = receiver.try_recv() {
//!     file.append(&batch)?;
//!     receiver.recycle(batch);
//! }
//! file.finish()?;
//!
//! let trace = format::open(&path)?;
//! assert!(stalls(&trace.store, trace.now()).iter().any(|stall| stall.callback == "on_data"));
//! # Ok(())
//! # }
//! ```

mod alarm;
pub mod clock;
pub mod trace;

pub mod record;
#[cfg(feature = "cli")]
pub mod scenario;
pub mod watch;

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

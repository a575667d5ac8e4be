//! Loopscope shows an event loop at work. As a library it is two things: an instrumented [`reactor`] with
//! Twisted's semantics, whose every turn is recorded, and all that it takes to make sense of such a record.
//!
//! Here a callback sleeps, which none should. The record says which one it was, and for how long nobody else was served:
//!
//! ```
//! use std::sync::Arc;
//! use std::thread::sleep;
//! use std::time::Duration;
//!
//! use loopscope::analysis::stalls;
//! use loopscope::clock::Clock;
//! use loopscope::reactor::{Label, Reactor};
//! use loopscope::record::channel;
//! use loopscope::store::TraceStore;
//! use loopscope::trace::ModelId;
//!
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "my loop"))?;
//! reactor.call_later(Duration::from_millis(1), Label::new("tick", None), |reactor| {
//!     sleep(Duration::from_millis(60));
//!     Ok(reactor.stop()?)
//! });
//! reactor.run()?;
//! drop(reactor);
//!
//! let mut store = TraceStore::new();
//! while let Ok(batch) = receiver.try_recv() {
//!     store.push(&batch);
//! }
//! let stall = &stalls(&store, store.range().end)[0];
//! assert_eq!(stall.callback, "tick");
//! assert!(stall.range.duration() >= Duration::from_millis(60));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The chapters
//! Each module is a room of the house, and uses only those above it in this table; `cli` also opens the window. A feature
//! is named after the last room that it opens, and opens those before it; without any, the library needs little more than
//! mio and crossbeam-channel.
//!
//! | room | what it is for | feature |
//! |---|---|---|
//! | [`trace`] | the words everyone shares: what happened, when, on which thread, for which task | |
//! | [`clock`] | the time, and one for tests that moves by hand | |
//! | [`record`] | from a thread that must not be held up to whoever wants to see | |
//! | [`watch`] | a stall is seen while it lasts, with its cause | |
//! | [`reactor`] | the loop: timers, threads, connections, Deferreds | |
//! | [`store`] | what happened so far, found by time | |
//! | [`analysis`] | what follows from it: stalls, who waited, how late the loop was | |
//! | `format` | traces in files, for the window and for other tools | `format` |
//! | `scenario`, `server`, `runner`, `session` | scenarios, and what runs them under several models of execution | `cli` |
//! | `cli` | the program in a terminal | `cli` |
//! | `gui` | the program with its window | `gui`, the default |
//!
//! # The way of one event
//! 1. [`reactor`] has one place that calls user code, and records its begin and its end there.
//! 2. [`record`] puts a fixed-size event into a batch that the thread owns, and hands the batch over through a
//!    bounded channel, when it is full or a millisecond old. It never waits, and loses nothing in silence.
//! 3. [`store`] pairs begins and ends, once, and finds spans by time.
//! 4. Whoever looks asks the store for what can be told apart: `gui` draws it, [`analysis`] weighs it,
//!    `format` writes it for other tools.
//!
//! # From a reactor to the window
//! With the feature `format`, what a reactor records becomes a file: `loopscope view mine.loopscope` opens it in the
//! window, where it can also be dropped, and `loopscope report mine.loopscope` prints what it says. Another thread writes
//! it while the loop runs. A record begins with the name of what runs, and of the tasks, if there are any: each has a lane
//! of its own.
//!
//! Until it is whole the file is called `mine.loopscope.part`. It can be opened under that name while the program runs, and
//! the window takes in what comes; so the stall is there to be seen while it lasts.
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
//! use loopscope::record::channel;
//! use loopscope::trace::{EventKind, ModelId, Outcome, TaskId};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let path = folder.join("mine.loopscope");
//! let info = TraceInfo::of_run("mine", "My program", DEFAULT_STALL_THRESHOLD);
//! let file = Recording::beside(&path, &info)?;
//! let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
//! let mut recorder = recorders.recorder(ModelId::from_index(0), "reactor");
//! drop(recorders); // The writer ends when nobody is left who may record.
//! let writer = thread::spawn(|| file.follow(receiver));
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
//!         thread::sleep(Duration::from_millis(60));
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
//! What to expect of the file:
//!
//! | when | then |
//! |---|---|
//! | the program ends without a word, or is killed | it keeps the name `.part`, and opens up to what was written: all but the last 20 ms or so, and the turn in which it was killed |
//! | somebody still has a recorder, `recorders`, or a [`watch::Lookout`] | the writer goes on, and to join it waits for ever |
//! | a callback panics | that is a failure in the record, and the loop goes on, unless the program is built with `panic = "abort"` |
//! | the disk is full | the writer ends with an error, and the loop goes on without a record |
//! | it runs for days | the file grows by some ten bytes for each event, and nothing in it is thrown away: to record only while something is hunted for, make the reactor with [`record::Recorders::off`] otherwise |
//! | [`Recorders::with_thread_times`](record::Recorders::with_thread_times) was asked for | a report also has the CPU time of the threads, and what recording took of it |
//!
//! # A loop of your own
//! A loop that exists already needs no reactor, only a [`record::Recorder`] that is told of every turn. This one is seen to
//! be stuck, and whose callback it was; what that did meanwhile and who waited is known of a loop that has a
//! [`watch::Watchdog`] as well. [`watch`] has a whole one, and says what can be seen of threads without a loop, and of
//! another runtime.
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
//! let file = Recording::beside(&path, &info)?;
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
//! // A loop that goes on leaves this to another thread, as above: what nobody fetches is dropped in the end.
//! drop(recorders);
//! file.follow(receiver)?;
//!
//! let trace = format::open(&path)?;
//! assert!(stalls(&trace.store, trace.now()).iter().any(|stall| stall.callback == "on_data"));
//! # Ok(())
//! # }
//! ```

// The floor plan, ground floor first: a room uses only rooms below it, that is above it here. `tests/layers.rs` is the wall.
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

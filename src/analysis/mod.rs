//! What follows from what happened: who was fast, what held the loop, how late it was.
//!
//! The store keeps what it was told; here it is weighed. Everything is a plain value computed from a
//! [`crate::store::TraceStore`] and a moment `now`, which stands for the end of what lasts still: the time of
//! the trace while it is live, the last moment that is known of a trace from a file.
//!
//! Drawing and printing are left to `gui`, `cli` and `format`.
//!
//! ```
//! use loopscope::analysis::{callbacks, compare, stalls};
//! use loopscope::clock::Clock;
//! use loopscope::reactor::{Label, Reactor};
//! use loopscope::record::channel;
//! use loopscope::store::TraceStore;
//! use loopscope::trace::ModelId;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! // On a clock that moves by hand: the callback that takes 80 ms takes none.
//! let (clock, hand) = Clock::manual();
//! let (recorders, receiver) = channel(&clock, Arc::new(|| {}));
//! let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "my loop"))?;
//! reactor.call_later(Duration::ZERO, Label::new("resize", None), move |_| {
//!     Ok(hand.advance(Duration::from_millis(80)))
//! });
//! reactor.turn()?;
//! drop(reactor);
//!
//! let mut store = TraceStore::new();
//! while let Ok(batch) = receiver.try_recv() {
//!     store.push(&batch);
//! }
//! let now = store.range().end;
//! let summary = &compare(&store, now)[0];
//! assert_eq!((&*summary.name, summary.stalls), ("my loop", 1));
//! assert_eq!(callbacks(&store, &store.models()[0], now)[0].name, "resize");
//! let said = stalls(&store, now)[0].sentence().to_string();
//! assert!(said.starts_with("resize held the loop for 80 ms"), "{said}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod blame;
mod callbacks;
mod calls;
mod cause;
mod chain;
mod compare;
mod difference;
mod entries;
mod findings;
mod health;
mod histogram;
mod history;
mod lag;
mod links;
mod looks;
mod loop_state;
mod observed;
mod part;
mod rates;
mod ready;
mod report;
mod sends;
mod sentence;
mod spans;
mod spent;
mod stalls;
mod statistics;
mod taken;
mod victims;
mod waits;
mod what_if;
mod words;

pub use blame::{Blame, Holder};
pub use callbacks::{CallbackSummary, callbacks};
pub use cause::{Cause, CauseKind, TimeSplit};
pub use chain::{Chain, ChainEvent, ChainStep, chain};
pub use compare::{ModelSummary, TaskSummary, compare};
pub use difference::{
    CallbackDifference, CallbackDifferenceEntry, Figure, FigureEntry, FoundIn, Judgement,
    ModelDifference, ModelDifferenceEntry, ModelFigures, MoreIs, Unit, What, difference,
    most_telling, plain_ratio,
};
pub use entries::{
    BlameEntry, CauseEntry, HealthEntry, ObserverEntry, QuantilesEntry, StallEntry, VictimEntry,
};
pub use findings::{Finding, findings};
pub use health::{Health, Meter, health_in};
pub use histogram::{Histogram, Quantiles};
pub use history::LoopHistories;
pub use lag::{LagPoint, loop_lag};
pub use links::{Effects, Happened, Link, LinkKind, cause as cause_of, effects};
pub use loop_state::{
    Frame, LoopState, Phase, PlannedTimer, PoolState, QueuedCall, ReadyThing, Registered,
    loop_state,
};
pub use observed::cost_of_seeing;
pub use part::{CallPart, ModelPart, PartReport, TaskPart, ThreadPart, stalls_in};
pub use rates::{Column, Rate, rate};
pub use ready::{Known, VictimKind};
pub use report::{CallbackEntry, ModelReport, Report, TaskEntry};
pub use sends::{links as sends_at, reads_between, sends_to};
pub use stalls::{StallReport, stall, stalls};
pub use statistics::{
    CallStatistics, Statistics, Tally, TaskStatistics, ThreadStatistics, statistics,
};
pub use victims::{SHORTEST_WAIT, Victim};
pub use waits::Waits;
pub use what_if::{
    BY_CHANCE, Compared, Comparison, Foresight, HOLDS, Measured, Prediction, Verdict, WhatIfEntry,
    WhatIfVictimEntry, compare_with, is_announced, is_by_chance, what_if,
};
pub use words::{outcome_word, plain_count, plain_duration, plain_size};

#[cfg(test)]
mod tests;

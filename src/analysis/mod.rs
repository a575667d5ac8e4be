//! What follows from what happened: who was fast, what held the loop, how late it was.
//!
//! The store keeps what it was told; here it is weighed. Everything is a plain value computed from a
//! [`crate::store::TraceStore`] and a moment `now`, which stands for the end of what lasts still: the time of
//! the trace while it is live, the last moment that is known of a trace from a file.
//!
//! Drawing and printing are left to `gui`, `cli` and `format`.

mod callbacks;
mod chain;
mod compare;
mod lag;
mod report;
mod stalls;
mod words;

pub use callbacks::{CallbackSummary, callbacks};
pub use chain::{Chain, ChainEvent, ChainStep, chain};
pub use compare::{ModelSummary, TaskSummary, compare};
pub use lag::{LagPoint, loop_lag, timer_lateness};
pub use report::{CallbackEntry, ModelReport, Report, StallEntry, TaskEntry};
pub use stalls::{StallReport, stall, stalls};
pub use words::{outcome_word, plain_count, plain_duration};

#[cfg(test)]
mod tests;

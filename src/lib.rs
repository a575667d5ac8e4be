//! Loopscope shows an event loop at work.
//!
//! # The floor plan
//! One room per line, ground floor first. A room uses only rooms below it; `tests/layers.rs` is the wall.

pub mod clock;
pub mod trace;

pub mod record;
pub mod scenario;

pub mod reactor;
pub mod server;

pub mod runner;
pub mod store;

pub mod analysis;
pub mod format;

pub mod session;

pub mod cli;
#[cfg(feature = "gui")]
pub mod gui;

//! The contract that all event providers keep. It is compiled once for each, which is then the `Bench` of these tests.

mod connections;
mod descriptors;
mod flushing;
mod life;
mod looping;
mod providers;
mod threads;
mod timers;
mod transport;
mod triggers;
mod turns;

use super::*;

//! The sides of the window. Each is a function that looks and pushes commands; none changes the world.

pub mod blocking;
mod chain;
pub mod comparison;
pub mod details;
pub mod files;
pub mod help;
pub mod inspector;
pub mod menu;
pub mod message;
pub mod palette;
pub mod parameters;
pub mod scenario;
pub mod search;
mod stalled;
pub mod stalls;
pub mod statistics;
pub mod top_bar;
pub mod welcome;
mod widgets;

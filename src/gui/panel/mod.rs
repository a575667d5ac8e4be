//! The sides of the window. Each is a function that looks and pushes commands; none changes the world.

pub mod beside;
pub mod blocking;
mod chain;
mod circle;
pub mod comparison;
pub mod details;
pub mod files;
pub mod help;
pub mod inspector;
mod links;
pub mod loop_state;
pub mod marks;
pub mod menu;
pub mod message;
pub mod opening;
pub mod palette;
pub mod parameters;
pub mod scenario;
pub mod search;
mod stalled;
pub mod stalls;
pub mod statistics;
pub mod top_bar;
pub mod walk;
pub mod welcome;
pub mod what_if;
mod widgets;

//! The window.
//!
//! Panels and the timeline look at the world and emit [`command::Command`]s; [`app`] alone applies them. Nothing
//! in here touches a socket or a thread of a model: that is `session`.
//!
//! [`app::App`] is what there is to know, `screen` says what is where, `window` is the native window around
//! it. A run that goes on is [`live`], a trace that is looked at is a [`document`], and what takes its time is
//! done by [`jobs`].

pub mod action;
mod alike;
#[cfg(test)]
mod anything;
pub mod app;
pub mod beside;
pub mod command;
pub mod controls;
pub mod counting;
mod describe;
mod desktop;
pub mod document;
mod finding;
mod focus;
mod fuzzy;
mod hinting;
pub mod jobs;
pub mod lanes;
pub mod live;
#[cfg(test)]
mod long;
mod marking;
pub mod marks;
pub mod memory;
pub mod messages;
mod middle;
mod navigate;
mod opening;
pub mod panel;
pub mod playback;
pub mod plot;
mod range;
pub mod raster;
mod recording;
mod reports;
mod runs;
pub mod scale;
mod scenarios;
mod screen;
pub mod screenshot;
pub mod search;
pub mod settings;
pub mod sheet;
mod shortcut;
pub mod statistics;
mod text;
pub mod texts;
pub mod theme;
pub mod time_view;
pub mod timeline;
mod traces;
mod walk;
mod walking;
pub mod what_if;
mod window;

pub use app::App;
pub use desktop::Desktop;
pub use window::{GuiError, Launch, run};

//! The window.
//!
//! Panels and the timeline look at the world and emit [`command::Command`]s; [`app`] alone applies them. Nothing
//! in here touches a socket or a thread of a model: that is `session`.
//!
//! Where to find what:
//!
//! | what | where |
//! |---|---|
//! | what there is to know, and what a command does to it | [`app`]; a part of it each have `scenarios`, `runs`, `traces` (files), `recording`, `navigate`, `searching`, `marking`, `counting` (statistics), [`what_if`], [`beside`] (two traces), `hinting` (what cannot be done, and why), `walking` (the guided walk) |
//! | what a person can ask for | [`command`]; [`action`] gives it names and keys, `shortcut` hears them |
//! | a run that goes on; a trace that is looked at; one that is being opened | [`live`]; [`document`], with its [`time_view`], [`playback`], [`marks`], `range` and `reports`; `opening` |
//! | what is found in a trace | [`search`] by name, `neighbours` and `alike` from one thing to the next, `sheet` as a table |
//! | what is where on the screen | `screen`: the sides are [`panel`], and the `middle` is [`timeline`], arranged as [`lanes`] says, with a [`plot`] or more below it |
//! | how it looks and what it says | [`theme`], [`scale`], `focus`; [`texts`], `text`, `describe`, [`messages`] |
//! | what it remembers | [`settings`] to the next start, [`memory`] to the next frame |
//! | what is around it | `window`, the native one; [`screenshot`], which needs none, and paints with [`raster`]; `desktop`; [`jobs`] for what takes its time |

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
mod neighbours;
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
mod searching;
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
mod walking;
pub mod what_if;
mod window;

pub use app::App;
pub use desktop::Desktop;
pub use window::{GuiError, Launch, run};

//! The window.
//!
//! Panels and the timeline look at the world and emit [`command::Command`]s; `app` alone applies them. Nothing
//! in here touches a socket or a thread of a model: that is `session`.

pub mod command;
pub mod raster;
pub mod screenshot;
pub mod theme;
pub mod time_view;
pub mod timeline;

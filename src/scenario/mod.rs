//! What is to be run: a TOML file becomes a checked [`Scenario`], or an error that points at the line.

mod model;

pub use model::{Blocking, BlockingKind, Fault, Model, Scenario, Server, Task};

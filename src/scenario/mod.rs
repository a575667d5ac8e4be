//! What is to be run: a TOML file becomes a checked [`Scenario`], or an error that points at the line.
//!
//! The way of a file: `file` is the grammar (serde), `shape` says where a text departs from it (`syntax`, where it is not
//! even TOML), `check` turns what has the right shape into a [`Scenario`] or finds what is wrong with its values, and
//! `load` is the door to all of this. The shipped scenarios and poems are in the binary: [`builtins`].
//!
//! The text stays with the scenario and is the truth about it: `edit` changes the text, and what comes of that goes
//! the same way. `parameter` says what of it is worth changing.
//!
//! Nothing here opens a socket; who runs a scenario may trust everything in it.

mod blocking;
mod builtin;
mod check;
mod edit;
mod error;
mod expectation;
mod explain;
mod file;
pub mod limits;
mod load;
mod model;
mod names;
mod parameter;
mod program;
mod shape;
mod source;
mod story;
mod syntax;
#[cfg(test)]
mod tests;
mod treatment;
mod variant;
mod words;

pub use builtin::{Builtin, Headline, POEMS, builtins};
pub use edit::{Edit, EditError};
pub use error::{Mistake, ScenarioError, ValueError};
pub use expectation::Expectations;
pub use limits::parse_duration;
pub use model::{Blocking, BlockingKind, Fault, Over, Scenario, Server, Service, Speaks, Task};
pub use parameter::{Effect, Owner, Parameter, Setting};
pub use program::{Call, Link, Promise, Requests, Step, Work};
pub use story::Story;
pub use treatment::{DEFAULT_SLICE, OBJECTIONS, Treatment, parse_change};
pub use variant::{EventProvider, Model, Variant};
pub(crate) use words::guess;

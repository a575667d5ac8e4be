//! A connection that is being made: what it is made of. How it is made is [`super::connect`]'s.

use std::io;

use super::transport::Stream;
use super::{CallbackResult, Reactor};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The attempt failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The program gave the attempt up.
    #[error("the attempt was given up")]
    GivenUp,
    /// The reactor was stopped before it came to an end.
    #[error("the reactor was stopped")]
    Stopped,
}

/// What is called, once, with what came of it.
pub(super) type Connected =
    Box<dyn FnOnce(&mut Reactor, Result<Stream, ConnectError>) -> CallbackResult>;

/// A connection that is being made.
pub(super) struct Connecting {
    /// What will be connected.
    pub(super) stream: Stream,
    /// Who wants to know.
    pub(super) connected: Connected,
}

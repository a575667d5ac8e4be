//! A connection that is being made: what it is made of. How it is made is [`super::connect`]'s.

use std::io;

use super::transport::Stream;
use super::{CallbackResult, Reactor};

/// Why there is no connection.
///
/// ```
/// use loopscope::reactor::ConnectError;
///
/// let error = ConnectError::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
/// assert_eq!(error.to_string(), "connection refused");
/// assert_eq!(ConnectError::GivenUp.to_string(), "the attempt was given up");
/// ```
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

/// The same once more, for somebody else who has to know.
impl Clone for ConnectError {
    fn clone(&self) -> Self {
        match self {
            Self::Io(error) => Self::Io(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            }),
            Self::GivenUp => Self::GivenUp,
            Self::Stopped => Self::Stopped,
        }
    }
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

//! A connection that is being made: what it is made of. How it is made is [`super::connect`]'s.

use std::io;

use super::transport::Stream;
use super::{CallbackResult, Reactor};

/// Why there is no connection.
///
/// ```
/// use loopscope::reactor::ConnectError;
///
/// /// Whether it is worth another try, when the server may be up by then.
/// fn may_pass(error: &ConnectError) -> bool {
///     match error {
///         ConnectError::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
///         ConnectError::GivenUp | ConnectError::Stopped => false,
///     }
/// }
///
/// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
/// assert!(may_pass(&refused.into()));
/// assert!(!may_pass(&ConnectError::GivenUp));
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

//! Why a task fails, in words that say what to do about it.

use std::io;
use std::time::Duration;

use rustix::io::Errno;

use super::endpoint::Place;
use crate::reactor::HttpError;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Nobody listens at the server's address.
    #[error("cannot connect to {0}: nobody listens there (connection refused)")]
    Refused(Place),
    /// There is no connection for another reason.
    #[error("cannot connect to {0}: {1}")]
    Connect(Place, io::Error),
    /// The process has as many descriptors as it may.
    #[error("no file descriptor left: raise the limit with `ulimit -n`")]
    NoDescriptor,
    /// The connection broke.
    #[error("the connection to {0} broke: {1}")]
    Broken(Place, io::Error),
    /// What came of a request is not a whole response.
    #[error("the request to {0} failed: {1}")]
    Request(Place, HttpError),
    /// The data ended before all of it was there.
    #[error("the server closed after {received} of {expected} bytes")]
    ClosedEarly {
        /// How many bytes came.
        received: usize,
        /// How many were to come.
        expected: usize,
    },
    /// Datagrams may get lost, and nobody says so.
    #[error("{0} did not answer within {1:?}: the datagram or its answer was lost")]
    NoAnswer(Place, Duration),
    /// A server that echoes did not.
    #[error("{0} did not send back what was said")]
    OtherAnswer(Place),
    /// The program was written to fail in the middle of its data.
    #[error("failed after {0} bytes, as the scenario says")]
    FailsAfter(usize),
    /// There is no event loop, and something needs one.
    #[error("a Deferred fires in an event loop, and this model has none")]
    NoLoop,
    /// There is no service, and something is to be said to it.
    #[error("there is no service to talk to: say to which server")]
    NoService,
    /// The system refuses another thread.
    #[error("cannot start a thread: {0}; run fewer tasks, or raise the limit with `ulimit -u`")]
    Thread(io::Error),
    /// The system refuses another process.
    #[error(
        "cannot start {0} to serve a client: {1}; run fewer tasks, or raise the limit with `ulimit -u`"
    )]
    Process(String, io::Error),
    /// The program that is to serve clients is one of those itself, and does not know it.
    #[error(
        "{0} was started to serve a client, and runs a scenario instead: it has to call `session::serve_client`"
    )]
    NotAServant(String),
    /// There is no port for the service.
    #[error("cannot listen on the loopback interface: {0}")]
    Listen(io::Error),
    /// The system gives no event provider, or refuses to watch a connection.
    #[error("the event provider refuses: {0}")]
    Provider(io::Error),
    /// The loop ended under the task, though nobody had stopped it.
    #[error("the event loop broke off")]
    LoopEnded,
}

impl TaskError {
    /// What went wrong while connecting to `place`.
    pub(super) fn connecting(place: &Place, error: io::Error) -> Self {
        if no_descriptor(&error) {
            Self::NoDescriptor
        } else if error.kind() == io::ErrorKind::ConnectionRefused {
            Self::Refused(place.clone())
        } else {
            Self::Connect(place.clone(), error)
        }
    }

    /// What went wrong while a port was opened.
    pub(super) fn listening(error: io::Error) -> Self {
        if no_descriptor(&error) {
            Self::NoDescriptor
        } else {
            Self::Listen(error)
        }
    }

    /// What went wrong while `program` was started.
    pub(super) fn starting(program: String, error: io::Error) -> Self {
        if no_descriptor(&error) {
            Self::NoDescriptor
        } else {
            Self::Process(program, error)
        }
    }

    /// What went wrong with the event provider.
    pub(super) fn provider(error: io::Error) -> Self {
        if no_descriptor(&error) {
            Self::NoDescriptor
        } else {
            Self::Provider(error)
        }
    }
}

/// Whether the process or the whole system has run out of descriptors.
fn no_descriptor(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE]
        .map(Errno::raw_os_error)
        .iter()
        .any(|code| error.raw_os_error() == Some(*code))
}

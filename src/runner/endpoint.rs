//! Where a runner finds what it talks to.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fd::OwnedFd;

/// One server, as its clients see it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// How many bytes there are to be had, if that is known: fewer are a failure.
    pub expected: Option<usize>,
}

/// Where a server is.
#[derive(Clone)]
pub enum Place {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A UDP port.
    Udp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
    /// A pair of pipes, made anew for each client.
    Pipe(Arc<OpenPipes>),
}

/// Makes the pipes of a client: the end that it reads, and the end that it writes. Both block.
///
/// # Errors
/// The system grants no pipe.
pub type OpenPipes = dyn Fn() -> io::Result<(OwnedFd, OwnedFd)> + Send + Sync;

/// Reads like `127.0.0.1:8080`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) | Self::Udp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
            Self::Pipe(_) => f.write_str("its pipes"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

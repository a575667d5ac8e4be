//! Where one end of a connection is.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// One end of a connection.
///
/// ```
/// use loopscope::reactor::Address;
///
/// let address = Address::Tcp(([127, 0, 0, 1], 8080).into());
/// assert_eq!(address.to_string(), "127.0.0.1:8080");
/// assert_eq!(address.socket().map(|socket| socket.port()), Some(8080));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// An IP address and a TCP port.
    Tcp(SocketAddr),
    /// A Unix socket, by its path; a client's has none.
    Unix(Option<PathBuf>),
    /// A pair of pipes, which has no address.
    Pipes,
}

impl Address {
    pub(in crate::reactor) fn unix(address: &std::os::unix::net::SocketAddr) -> Self {
        Self::Unix(address.as_pathname().map(Path::to_owned))
    }

    /// The IP address and the port, if it has them.
    pub const fn socket(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) | Self::Pipes => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(Some(path)) => path.display().fmt(f),
            Self::Unix(None) => f.write_str("an unnamed Unix socket"),
            Self::Pipes => f.write_str("pipes"),
        }
    }
}

//! Where clients find a server.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fd::OwnedFd;

/// Loopback, on a port that the system chooses.
pub(super) const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Where a server is.
///
/// ```
/// use loopscope::server::Address;
///
/// /// Where a server is, for a person.
/// fn place(address: &Address) -> String {
///     match address {
///         Address::Tcp(address) | Address::Udp(address) => address.to_string(),
///         Address::Unix(path) => path.display().to_string(),
///         Address::Pipe(_) => "a pipe".to_owned(),
///     }
/// }
///
/// assert_eq!(place(&Address::Tcp(([127, 0, 0, 1], 80).into())), "127.0.0.1:80");
/// ```
#[derive(Clone)]
pub enum Address {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A UDP port.
    Udp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
    /// A pair of pipes, made anew for each client.
    Pipe(Arc<OpenPipes>),
}

/// Makes the pipes of a client: the end that it reads, and the end that it writes. Both block. They outlive the
/// servers: then one has come to its end, and the other is broken.
///
/// # Errors
/// The system grants no pipe, or the servers are stopped or the server is dead, which refuse the connection.
pub type OpenPipes = dyn Fn() -> io::Result<(OwnedFd, OwnedFd)> + Send + Sync;

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.debug_tuple("Tcp").field(address).finish(),
            Self::Udp(address) => f.debug_tuple("Udp").field(address).finish(),
            Self::Unix(path) => f.debug_tuple("Unix").field(path).finish(),
            Self::Pipe(_) => f.write_str("Pipe"),
        }
    }
}

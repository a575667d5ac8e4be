//! Where a runner finds what it talks to.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::fd::OwnedFd;

use crate::trace::TaskId;

/// The network of the loopback interface in which the tasks have addresses: 127.1.0.0/16. It has room for more than a
/// scenario may have.
const CLIENTS: u32 = 0x7f01_0000;

/// How long an answer over UDP may take. What is lost on its way does not come back by itself, and nobody tells.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// One server, as its clients see it.
#[derive(Clone, Debug)]
pub struct Endpoint {
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

/// The address from which `task` talks to the service, so that the service knows whose connection it is: 127.1.0.0, and
/// the task's number added.
pub(super) fn client_address(task: TaskId) -> Ipv4Addr {
    Ipv4Addr::from(CLIENTS.saturating_add(task.number()))
}

/// Whose client comes from `address`; `None` for anybody else.
pub(super) fn client_task(address: IpAddr) -> Option<TaskId> {
    let IpAddr::V4(address) = address else {
        return None;
    };
    TaskId::new(u32::from(address).checked_sub(CLIENTS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_has_an_address_of_its_own_on_the_loopback_interface() {
        let address = |number| client_address(TaskId::from_index(number - 1));
        assert_eq!(address(1), Ipv4Addr::new(127, 1, 0, 1));
        assert_eq!(address(258), Ipv4Addr::new(127, 1, 1, 2));
        let last = crate::scenario::limits::MAX_TASKS;
        assert!(address(last).is_loopback());
        for number in [1, 258, last] {
            let task = TaskId::from_index(number - 1);
            assert_eq!(client_task(address(number).into()), Some(task));
        }
    }

    #[test]
    fn a_stranger_is_nobodys_client() {
        for stranger in ["127.1.0.0", "127.0.0.1", "::1", "10.0.0.1"] {
            let address = stranger.parse().expect("it is an address");
            assert_eq!(client_task(address), None, "{stranger}");
        }
    }
}

//! What a descriptor of this process is, in a few words: what a thread is blocked on.

use std::os::fd::RawFd;

/// The path of a file, or `a pipe`, `TCP to 127.0.0.1:5432` and their kin. `None` where the system does not say.
#[cfg(not(target_os = "linux"))]
pub(super) const fn what_is(_: RawFd) -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
pub(super) use linux::{duplicate, what_is};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::net::TcpStream;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use rustix::net::SocketType;
    use rustix::net::sockopt::socket_type;
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    use super::RawFd;
    use crate::trace::descriptor::{self, kept};

    /// The path of a file, or `a pipe`, `TCP to 127.0.0.1:5432` and their kin. `None` where the system does not say.
    pub(in super::super) fn what_is(fd: RawFd) -> Option<String> {
        let link = fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
        let link = link.to_string_lossy();
        Some(match link.split_once(':') {
            Some(("socket", _)) => socket(fd).unwrap_or_else(|| descriptor::SOCKET.to_owned()),
            Some(("pipe", _)) => descriptor::PIPE.to_owned(),
            Some(("anon_inode", kind)) => match kind {
                "[eventpoll]" => descriptor::EVENT_PROVIDER.to_owned(),
                "[eventfd]" => descriptor::EVENT_COUNTER.to_owned(),
                "[timerfd]" => descriptor::TIMER.to_owned(),
                other => other.to_owned(),
            },
            _ => link.into_owned(),
        })
    }

    fn socket(fd: RawFd) -> Option<String> {
        let socket = duplicate(fd)?;
        let (to, on) = match socket_type(&socket).ok()? {
            SocketType::DGRAM => (descriptor::UDP_TO, descriptor::UDP_ON),
            _ => (descriptor::TCP_TO, descriptor::TCP_ON),
        };
        let socket = TcpStream::from(socket);
        if let Ok(peer) = socket.peer_addr() {
            return Some(kept(to, peer));
        }
        if let Ok(own) = socket.local_addr() {
            return Some(kept(on, own));
        }
        let socket = UnixStream::from(OwnedFd::from(socket));
        let addresses = [socket.peer_addr(), socket.local_addr()];
        let mut paths = addresses
            .iter()
            .flatten()
            .filter_map(|address| address.as_pathname());
        Some(match paths.next() {
            Some(path) => kept(descriptor::UNIX_AT, path.display()),
            None => descriptor::UNIX.to_owned(),
        })
    }

    /// A second number for the same socket, for a moment: whoever has the first one may close it at any time. Never for a
    /// file, whose locks would be gone with any of its numbers.
    pub(in super::super) fn duplicate(fd: RawFd) -> Option<OwnedFd> {
        let this_process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
        pidfd_getfd(this_process, fd, PidfdGetfdFlags::empty()).ok()
    }

    #[cfg(test)]
    mod tests {
        #![allow(clippy::unwrap_used, reason = "a test may panic")]

        use std::fs::File;
        use std::io::pipe;
        use std::net::{Ipv4Addr, TcpListener, UdpSocket};
        use std::os::fd::AsRawFd;
        use std::os::unix::net::UnixListener;

        use super::*;

        fn told(of: &impl AsRawFd) -> String {
            what_is(of.as_raw_fd()).unwrap()
        }

        #[test]
        fn a_file_has_its_path_and_a_pipe_is_one() {
            assert_eq!(told(&File::open("/dev/null").unwrap()), "/dev/null");
            assert_eq!(told(&pipe().unwrap().0), "a pipe");
            assert_eq!(told(&mio::Poll::new().unwrap()), "an event provider");
        }

        #[test]
        fn a_socket_is_told_by_where_it_leads() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            assert_eq!(told(&listener), format!("TCP on {address}"));
            let stream = TcpStream::connect(address).unwrap();
            assert_eq!(told(&stream), format!("TCP to {address}"));
            let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            datagrams.connect(address).unwrap();
            assert_eq!(told(&datagrams), format!("UDP to {address}"));
        }

        #[test]
        fn a_unix_socket_is_told_by_its_path_if_it_has_one() {
            let (near, _far) = UnixStream::pair().unwrap();
            assert_eq!(told(&near), "a Unix socket");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("door");
            let _listener = UnixListener::bind(&path).unwrap();
            let stream = UnixStream::connect(&path).unwrap();
            let expected = format!("a Unix socket at {}", path.display());
            assert_eq!(told(&stream), expected);
        }

        #[test]
        fn what_is_none_is_not_told() {
            assert_eq!(what_is(-1), None);
            assert_eq!(what_is(RawFd::MAX), None);
        }
    }
}

//! Connecting on a blocking socket, in a way that can be stopped.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{SocketAddrAny, SocketAddrUnix, SocketType};

use super::{Place, StopToken};

/// Nothing but a signal wakes a thread from connecting: it looks up this often whether it is to stop.
const CONNECT_SLICE: Duration = Duration::from_millis(100);

/// Connects to a TCP server, blocking. An error after a stop means nothing.
///
/// # Errors
/// When there is no socket, or no connection, or `place` is none of a TCP server.
pub(super) fn connect_tcp(place: &Place, stop: &StopToken) -> io::Result<TcpStream> {
    match place {
        Place::Tcp(_) => connect(place, stop).map(TcpStream::from),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Connects a socket to `place`, blocking. An error after a stop means nothing.
///
/// # Errors
/// When there is no socket, or no connection. Pipes are none to be connected.
pub(super) fn connect(place: &Place, stop: &StopToken) -> io::Result<OwnedFd> {
    let (address, kind) = match place {
        Place::Tcp(address) => (SocketAddrAny::from(*address), SocketType::STREAM),
        Place::Udp(address) => (SocketAddrAny::from(*address), SocketType::DGRAM),
        Place::Unix(path) => (SocketAddrUnix::new(path)?.into(), SocketType::STREAM),
        Place::Pipe(_) => return Err(io::ErrorKind::Unsupported.into()),
    };
    let socket = rustix::net::socket(address.address_family(), kind, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    set_socket_timeout(&socket, Timeout::Send, Some(CONNECT_SLICE))?;
    loop {
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::ISCONN) => break,
            // The attempt goes on, and so does the next call.
            Err(Errno::INPROGRESS | Errno::ALREADY | Errno::AGAIN | Errno::INTR)
                if !stop.is_stopped() => {}
            Err(error) => return Err(error.into()),
        }
    }
    set_socket_timeout(&socket, Timeout::Send, None)?;
    Ok(socket)
}

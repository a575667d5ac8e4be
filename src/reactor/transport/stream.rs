//! The sockets that carry a stream of bytes, whatever their family.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};

use mio::net::{TcpStream, UnixStream};
use rustix::net::sockopt::{set_socket_linger, set_tcp_nodelay};

use super::Address;

/// A non-blocking socket that carries a stream of bytes.
pub(in crate::reactor) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub(in crate::reactor) fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }

    pub(in crate::reactor) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        retry(|| match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            Self::Unix(stream) => (&*stream).read(buffer),
        })
    }

    pub(in crate::reactor) fn write(&self, data: &[u8]) -> io::Result<usize> {
        retry(|| match self {
            Self::Tcp(stream) => (&*stream).write(data),
            Self::Unix(stream) => (&*stream).write(data),
        })
    }

    /// Sends several pieces with one system call.
    pub(in crate::reactor) fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        retry(|| match self {
            Self::Tcp(stream) => (&*stream).write_vectored(pieces),
            Self::Unix(stream) => (&*stream).write_vectored(pieces),
        })
    }

    /// Sends no more.
    pub(in crate::reactor) fn shut_down_writing(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Lets closing it throw away what was not sent, and tell the other side so.
    pub(in crate::reactor) fn close_hard(&self) {
        if let Self::Tcp(stream) = self {
            // One that is not connected any more has nothing to throw away.
            let _ = set_socket_linger(stream, Some(std::time::Duration::ZERO));
        }
    }

    /// Whether small pieces are sent at once (TCP only).
    pub(in crate::reactor) fn set_no_delay(&self, no_delay: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => Ok(set_tcp_nodelay(stream, no_delay)?),
            Self::Unix(_) => Ok(()),
        }
    }

    pub(in crate::reactor) fn host(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(stream) => stream.local_addr().map(Address::Tcp),
            Self::Unix(stream) => stream.local_addr().map(|address| Address::unix(&address)),
        }
    }

    pub(in crate::reactor) fn peer(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().map(Address::Tcp),
            Self::Unix(stream) => stream.peer_addr().map(|address| Address::unix(&address)),
        }
    }

    /// What came of connecting it; `None` if that is not decided.
    pub(in crate::reactor) fn connected(&self) -> Option<io::Result<()>> {
        let error = match self {
            Self::Tcp(stream) => stream.take_error(),
            Self::Unix(stream) => stream.take_error(),
        };
        match error {
            Ok(Some(error)) | Err(error) => return Some(Err(error)),
            Ok(None) => {}
        }
        match self.peer() {
            Ok(_) => Some(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Calls again what a signal interrupted.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

//! What carries a stream of bytes: sockets, whatever their family, and pipes.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use mio::net::{TcpStream, UnixStream};
use rustix::net::sockopt::{set_socket_linger, set_tcp_nodelay};

use super::Address;

/// Something non-blocking that carries a stream of bytes.
pub(in crate::reactor) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// What comes in, and what goes out unless that is over.
    Pipes(OwnedFd, Option<Rc<OwnedFd>>),
}

impl Stream {
    pub(in crate::reactor) fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
            Self::Pipes(reader, _) => reader.as_fd(),
        }
    }

    /// Whether a read that brings less than was asked for has brought all. A terminal gives a line at a time.
    pub(in crate::reactor) const fn is_socket(&self) -> bool {
        matches!(self, Self::Tcp(_) | Self::Unix(_))
    }

    #[inline]
    pub(in crate::reactor) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        retry(|| match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            Self::Unix(stream) => (&*stream).read(buffer),
            Self::Pipes(reader, _) => Ok(rustix::io::read(reader, &mut *buffer)?),
        })
    }

    #[inline]
    pub(in crate::reactor) fn write(&self, data: &[u8]) -> io::Result<usize> {
        retry(|| match self {
            Self::Tcp(stream) => (&*stream).write(data),
            Self::Unix(stream) => (&*stream).write(data),
            Self::Pipes(_, writer) => Ok(rustix::io::write(open(writer)?, data)?),
        })
    }

    /// Sends several pieces with one system call.
    pub(in crate::reactor) fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        retry(|| match self {
            Self::Tcp(stream) => (&*stream).write_vectored(pieces),
            Self::Unix(stream) => (&*stream).write_vectored(pieces),
            Self::Pipes(_, writer) => Ok(rustix::io::writev(open(writer)?, pieces)?),
        })
    }

    /// Sends no more.
    pub(in crate::reactor) fn shut_down_writing(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Pipes(_, writer) => {
                *writer = None;
                Ok(())
            }
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
            Self::Unix(_) | Self::Pipes(..) => Ok(()),
        }
    }

    pub(in crate::reactor) fn host(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(stream) => stream.local_addr().map(Address::Tcp),
            Self::Unix(stream) => stream.local_addr().map(|address| Address::unix(&address)),
            Self::Pipes(..) => Ok(Address::Pipes),
        }
    }

    pub(in crate::reactor) fn peer(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().map(Address::Tcp),
            Self::Unix(stream) => stream.peer_addr().map(|address| Address::unix(&address)),
            Self::Pipes(..) => Ok(Address::Pipes),
        }
    }

    /// What came of connecting it; `None` if that is not decided.
    pub(in crate::reactor) fn connected(&self) -> Option<io::Result<()>> {
        let error = match self {
            Self::Tcp(stream) => stream.take_error(),
            Self::Unix(stream) => stream.take_error(),
            Self::Pipes(..) => Ok(None),
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

/// The pipe that goes out, unless that is over.
fn open(writer: &Option<Rc<OwnedFd>>) -> io::Result<&OwnedFd> {
    writer
        .as_deref()
        .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
}

/// Calls again what a signal interrupted. Always in its place: the loop alone is less than a call of it.
#[inline(always)]
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

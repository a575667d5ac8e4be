//! What bytes come and go through, whatever it is made of.

use std::io::{self, Read, Write};

use mio::event::Event;
use mio::net::{TcpStream, UnixStream};
use mio::unix::pipe;
use mio::{Interest, Registry, Token};

use crate::record::wire;
use crate::trace::{Side, Wire};

/// The server's end of a connection. Nothing of it blocks.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// One for each direction.
    Pipes(pipe::Receiver, pipe::Sender),
}

impl Stream {
    /// Lets `registry` report both directions under one token.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Tcp(stream) => {
                // A piece must not wait for the acknowledgement of the one before it.
                stream.set_nodelay(true)?;
                registry.register(stream, token, both)
            }
            Self::Unix(stream) => registry.register(stream, token, both),
            Self::Pipes(receiver, sender) => {
                registry.register(receiver, token, Interest::READABLE)?;
                registry.register(sender, token, Interest::WRITABLE)
            }
        }
    }

    /// What both ends name it by.
    pub(super) fn wire(&self) -> Option<Wire> {
        match self {
            Self::Tcp(stream) => wire(stream, Side::Server),
            Self::Unix(stream) => wire(stream, Side::Server),
            Self::Pipes(_, sender) => wire(sender, Side::Server),
        }
    }

    /// Whether `event` says that there is nobody left to send anything to. Of a pipe the end of what it brings
    /// looks like that too, and it says nothing of the other one.
    pub(super) fn is_gone(&self, event: &Event) -> bool {
        match self {
            Self::Tcp(_) | Self::Unix(_) => event.is_write_closed(),
            Self::Pipes(..) => event.is_error(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
            Self::Pipes(receiver, _) => receiver.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(data),
            Self::Unix(stream) => stream.write(data),
            Self::Pipes(_, sender) => sender.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

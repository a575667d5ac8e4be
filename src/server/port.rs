//! The place where clients reach one server.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mio::unix::pipe;
use mio::{Registry, Token};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, getsockname, socket_with,
};
use rustix::pipe::{PipeFlags, pipe_with};

use super::acceptor::Acceptor;
use super::address::{ANY, Address, OpenPipes};
use super::datagrams::Datagrams;
use super::orders::{Order, Orders};
use super::stream::Stream;
use crate::scenario::Over;

/// What the servers' thread has of it.
#[derive(Debug)]
pub(super) enum Port {
    /// Clients connect to it.
    Streams(Acceptor),
    /// Clients send it datagrams.
    Datagrams(Datagrams),
    /// Nothing: clients are handed over.
    Pipes,
    /// Nobody is there. A socket that is not listened on keeps others from listening there instead.
    Dead { _socket: Option<OwnedFd> },
}

impl Port {
    /// Opens the port of the `place`-th server. A Unix socket comes to be in `folder`.
    pub(super) fn open(
        over: Over,
        place: usize,
        folder: Option<&Path>,
        orders: &Orders,
    ) -> io::Result<(Self, Address)> {
        match over {
            Over::Tcp => Acceptor::tcp().map(|(port, address)| (Self::Streams(port), address)),
            Over::Unix => Acceptor::unix(&socket_path(folder, place)?)
                .map(|(port, address)| (Self::Streams(port), address)),
            Over::Udp => {
                let port = Datagrams::bind()?;
                let address = Address::Udp(port.address()?);
                Ok((Self::Datagrams(port), address))
            }
            Over::Pipe => Ok((Self::Pipes, Address::Pipe(pipes_to(place, orders.clone())))),
        }
    }

    /// The port of the `place`-th server, which refuses everybody.
    pub(super) fn dead(
        over: Over,
        place: usize,
        folder: Option<&Path>,
    ) -> io::Result<(Self, Address)> {
        let (socket, address) = match over {
            Over::Tcp => {
                let (socket, address) = bound(SocketType::STREAM)?;
                (Some(socket), Address::Tcp(address))
            }
            Over::Udp => {
                let (socket, address) = bound(SocketType::DGRAM)?;
                // It hears nobody but itself; the system refuses the datagrams of others.
                connect(&socket, &address)?;
                (Some(socket), Address::Udp(address))
            }
            Over::Unix => {
                let path = socket_path(folder, place)?;
                let socket = socket(AddressFamily::UNIX, SocketType::STREAM)?;
                bind(&socket, &SocketAddrUnix::new(&path)?)?;
                (Some(socket), Address::Unix(path))
            }
            Over::Pipe => {
                let refuse: Arc<OpenPipes> = Arc::new(|| Err(Errno::CONNREFUSED.into()));
                (None, Address::Pipe(refuse))
            }
        };
        Ok((Self::Dead { _socket: socket }, address))
    }

    /// Lets `registry` report who comes.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Streams(acceptor) => acceptor.register(registry, token),
            Self::Datagrams(datagrams) => datagrams.register(registry, token),
            Self::Pipes | Self::Dead { .. } => Ok(()),
        }
    }
}

/// As short as can be: a path to a socket has at most 107 bytes.
fn socket_path(folder: Option<&Path>, place: usize) -> io::Result<PathBuf> {
    let folder = folder.ok_or(io::ErrorKind::NotFound)?;
    Ok(folder.join(place.to_string()))
}

fn socket(family: AddressFamily, kind: SocketType) -> io::Result<OwnedFd> {
    Ok(socket_with(family, kind, SocketFlags::CLOEXEC, None)?)
}

/// A socket that has a port, and does nothing with it.
fn bound(kind: SocketType) -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = socket(AddressFamily::INET, kind)?;
    bind(&socket, &ANY)?;
    let address = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok((socket, address))
}

/// Makes the pipes of a client, and hands the server's ends over to the servers' thread.
fn pipes_to(server: usize, orders: Orders) -> Arc<OpenPipes> {
    Arc::new(move || {
        let (reads, to_client) = pipe_with(PipeFlags::CLOEXEC)?;
        let (from_client, writes) = pipe_with(PipeFlags::CLOEXEC)?;
        let receiver = pipe::Receiver::from(from_client);
        let sender = pipe::Sender::from(to_client);
        // Whether an end blocks is its own affair: those of the client go on to block.
        receiver.set_nonblocking(true)?;
        sender.set_nonblocking(true)?;
        let stream = Stream::Pipes(receiver, sender);
        orders.give(Order::Client { server, stream })?;
        Ok((reads, writes))
    })
}

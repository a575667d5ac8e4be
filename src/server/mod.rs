//! The slow servers of a scenario: real listeners on the loopback interface, each dripping its text to any number
//! of clients at once.
//!
//! All of them are served by one background thread with a poll loop of its own. It is deliberately not our
//! reactor: what is observed must not be what it is observed against. [`Servers`] starts and stops the thread,
//! `drip` knows what is to be sent when, `connection` sends it, `acceptor` takes new clients in, and `serve` is
//! the loop.

mod acceptor;
mod connection;
mod drip;
mod error;
mod serve;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};

use mio::{Poll, Waker};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};

pub use error::ServerError;

use crate::scenario::{Fault, Server};
use acceptor::Acceptor;
use serve::{Serving, WAKE};

/// Loopback, on a port that the system chooses.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Servers that run until they are stopped or dropped.
#[derive(Debug)]
pub struct Servers {
    addresses: Vec<SocketAddr>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
    /// The ports of dead servers: taken, so that nobody else can listen there, but not listened on.
    _dead: Vec<OwnedFd>,
}

impl Servers {
    /// Opens the ports of all `servers` and serves them from a thread of its own. When it returns, clients can
    /// connect.
    ///
    /// # Errors
    /// The system grants no socket, port or thread; the error says which server wanted it, and a way out.
    pub fn start(servers: &[Server]) -> Result<Self, ServerError> {
        let failed = |what| move |reason| ServerError::new(what, reason);
        let poll = Poll::new().map_err(failed("cannot make a poll"))?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(failed("cannot make a waker"))?;
        let mut addresses = Vec::with_capacity(servers.len());
        let mut acceptors = Vec::new();
        let mut dead = Vec::new();
        for server in servers {
            let failed = |reason| {
                let what = format!("server `{}` gets no port on 127.0.0.1", server.name);
                ServerError::new(what, reason)
            };
            if server.fault == Some(Fault::Dead) {
                let (socket, address) = dead_port().map_err(failed)?;
                addresses.push(address);
                dead.push(socket);
            } else {
                let acceptor = Acceptor::listen(server.clone()).map_err(failed)?;
                addresses.push(acceptor.address().map_err(failed)?);
                acceptors.push(acceptor);
            }
        }
        let serving = Serving::new(poll, acceptors).map_err(failed("cannot watch the ports"))?;
        let thread = thread::Builder::new()
            .name("slow servers".to_owned())
            .spawn(move || serving.run())
            .map_err(failed("cannot start the thread of the servers"))?;
        Ok(Self {
            addresses,
            waker,
            thread: Some(thread),
            _dead: dead,
        })
    }

    /// Where each server listens (or, if dead, does not), in the order in which they were given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Closes every port and every connection, wherever it stands, and waits until that is done. Dropping does
    /// the same.
    pub fn stop(self) {}
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // An eventfd refuses a wake-up only when 2⁶⁴ of them are pending; then the thread wakes anyway.
            let _ = self.waker.wake();
            // A panic of the thread was printed when it happened, and its sockets are closed by it too.
            let _ = thread.join();
        }
    }
}

/// A port that refuses connections, for as long as the socket is kept: bound, never listened on.
fn dead_port() -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    bind(&socket, &ANY_PORT)?;
    let address = SocketAddr::try_from(getsockname(&socket)?)?;
    Ok((socket, address))
}

//! The servers of a scenario, on this machine: each says its text slowly to any number of clients at once, or gives
//! back what it hears.
//!
//! All of them are served by one background thread with a poll loop of its own. It is deliberately not our
//! reactor: what is observed must not be what it is observed against.
//!
//! - [`Servers`] starts and stops the thread, and gives it `orders`.
//! - `talk` is what is said on a connection, and when, without a socket: `drip` a text, `http` a text as a response,
//!   `echo` what was heard. `host` is what the connections of a server have in common, `pace` how fast it goes.
//! - `port` is where clients come in: through an `acceptor`, as `datagrams`, or as pipes. A `connection` carries
//!   what is said through a `stream`.
//! - `serve` is the loop; its `agenda` is who is to be served when.

mod acceptor;
mod address;
mod agenda;
mod connection;
mod datagrams;
mod drip;
mod echo;
mod error;
mod host;
mod http;
mod orders;
mod pace;
mod port;
mod serve;
mod stream;
mod talk;
#[cfg(test)]
mod tests;
mod text;

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::{Poll, Waker};
use tempfile::TempDir;

pub use address::{Address, OpenPipes};
pub use error::ServerError;

use crate::record::Recorders;
use crate::scenario::{Fault, Over, Server};
use crate::trace::{ModelId, Phrase};
use host::Host;
use orders::{Order, Orders, orders};
use pace::Pace;
use port::Port;
use serve::{Serving, WAKE};

/// How many bytes the path of the system's folder for temporary files may have, so that ours finds room behind it:
/// the whole path to a socket has at most 107.
const LONGEST_PATH: usize = 80;

/// Servers that run until they are stopped or dropped.
///
/// ```
/// use loopscope::clock::Clock;
/// use loopscope::record::Recorders;
/// use loopscope::scenario::Scenario;
/// use loopscope::server::{Address, Servers};
/// use std::net::TcpStream;
///
/// let scenario = Scenario::load("three-slow-servers")?;
/// let servers = Servers::start(&scenario.servers, &Recorders::off(&Clock::monotonic()))?;
/// for address in servers.addresses() {
///     if let Address::Tcp(address) = address {
///         TcpStream::connect(address)?; // Here the text comes, slowly.
///     }
/// }
/// servers.stop();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Servers {
    addresses: Vec<Address>,
    orders: Orders,
    thread: Option<JoinHandle<()>>,
    trouble: Arc<OnceLock<ServerError>>,
    /// Where the Unix sockets are; it is removed with all that is in it.
    _folder: Option<TempDir>,
}

impl Servers {
    /// Opens the ports of all `servers` and serves them from a thread of its own, which records for
    /// [`ModelId::SERVERS`] what it sends. When it returns, clients can connect.
    ///
    /// # Errors
    /// The system grants no socket, port or thread; the error says which server wanted it, and a way out.
    pub fn start(servers: &[Server], recorders: &Recorders) -> Result<Self, ServerError> {
        let failed = |what| move |reason| ServerError::new(what, reason);
        let poll = Poll::new().map_err(failed(Phrase::new("cannot make a poll")))?;
        let waker = Waker::new(poll.registry(), WAKE)
            .map_err(failed(Phrase::new("cannot make a waker")))?;
        let (orders, given) = orders(waker);
        let folder = servers
            .iter()
            .any(|server| server.over == Over::Unix)
            .then(socket_folder)
            .transpose()
            .map_err(failed(Phrase::new(
                "cannot make a folder for the Unix sockets",
            )))?;
        let mut addresses = Vec::with_capacity(servers.len());
        let mut open = Vec::with_capacity(servers.len());
        for (place, server) in servers.iter().enumerate() {
            let folder = folder.as_ref().map(TempDir::path);
            let port = match server.fault {
                Some(Fault::Dead) => Port::dead(server.over, place, folder),
                _ => Port::open(server.over, place, folder, &orders),
            };
            let (port, address) = port.map_err(|reason| refused(server, reason))?;
            addresses.push(address);
            open.push((Host::new(server), port));
        }
        // What they do is no model's work: nobody asks for its CPU time.
        let recorders = recorders.clone().without_thread_times();
        let recorder = recorders.recorder(ModelId::SERVERS, "servers");
        let trouble = Arc::default();
        let serving = Serving::new(poll, given, open, Arc::clone(&trouble), recorder)
            .map_err(failed(Phrase::new("cannot watch the ports")))?;
        let thread = thread::Builder::new()
            .name("slow servers".to_owned())
            .spawn(move || serving.run())
            .map_err(failed(Phrase::new(
                "cannot start the thread of the servers",
            )))?;
        Ok(Self {
            addresses,
            orders,
            thread: Some(thread),
            trouble,
            _folder: folder,
        })
    }

    /// Where each server is (or, if dead, is not), in the order in which they were given.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Why clients had to wait until a server could take them in, from when the first one has to. It outlives the servers.
    pub fn trouble(&self) -> Arc<OnceLock<ServerError>> {
        Arc::clone(&self.trouble)
    }

    /// Lets the server at this place say `chunk` bytes (at least 1) every `delay` (at most a day) from the next
    /// piece of each connection on, and a server that echoes answer after `delay`. The delays that have begun
    /// become the new one; what is over of it already is not made up for. It returns at once; a place where no
    /// server is means nothing.
    pub fn set_pace(&self, server: usize, chunk: usize, delay: Duration) {
        let pace = Pace::new(chunk, delay);
        // A thread that broke off serves nobody at any pace.
        let _ = self.orders.give(Order::Pace { server, pace });
    }

    /// Closes every port and every connection, wherever it stands, and waits until that is done. Dropping does
    /// the same.
    pub fn stop(self) {}
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A thread that broke off has stopped.
            let _ = self.orders.give(Order::Stop);
            // A panic of the thread was printed when it happened, and its sockets are closed by it too.
            let _ = thread.join();
        }
    }
}

/// A folder that only we may enter, with a path that is short enough.
fn socket_folder() -> io::Result<TempDir> {
    let folder = Some(env::temp_dir())
        .filter(|folder| folder.as_os_str().len() <= LONGEST_PATH)
        .unwrap_or_else(|| PathBuf::from("/tmp"));
    tempfile::Builder::new()
        .prefix("loopscope-")
        .tempdir_in(folder)
}

/// What a server wanted that the system did not grant.
fn refused(server: &Server, reason: io::Error) -> ServerError {
    let wanted = match server.over {
        Over::Tcp | Over::Udp => Phrase::new("server `{name}` gets no port on 127.0.0.1"),
        Over::Unix => Phrase::new("server `{name}` gets no Unix socket"),
        Over::Pipe => Phrase::new("server `{name}` gets no pipes"),
    };
    ServerError::new(wanted.with("name", &server.name), reason)
}

//! One server's socket for new clients: takes clients in, and bears it when the system has no descriptor for the next one.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use rustix::fd::AsFd;

use super::address::ANY;
use super::address::Address;
use super::stream::Stream;

/// How many clients may wait to be taken in; the system lowers it to its own limit (4096, as a rule). mio's 128
/// overflow when hundreds of clients come at once, and each that finds the queue full tries again only after 1 s.
const QUEUE: i32 = 65_535;

/// How long a port rests after it could not take a client in.
const REST: Duration = Duration::from_millis(100);

/// How long clients are kept waiting while no connection is open whose end could make room for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// The socket of a server.
#[derive(Debug)]
pub(super) struct Acceptor {
    listener: Listener,
    /// Since when it could take nobody in.
    stuck_since: Option<Instant>,
    /// When it tries again.
    resting_until: Option<Instant>,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().map(|(stream, _)| Stream::Tcp(stream)),
            Self::Unix(listener) => listener.accept().map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

impl Acceptor {
    /// Listens on a port that the system chooses.
    pub(super) fn tcp() -> io::Result<(Self, Address)> {
        let listener = TcpListener::bind(ANY)?;
        lengthen_queue(&listener)?;
        let address = Address::Tcp(listener.local_addr()?);
        Ok((Self::of(Listener::Tcp(listener)), address))
    }

    /// Listens at a path where nothing is yet.
    pub(super) fn unix(path: &Path) -> io::Result<(Self, Address)> {
        let listener = UnixListener::bind(path)?;
        lengthen_queue(&listener)?;
        let address = Address::Unix(path.to_owned());
        Ok((Self::of(Listener::Unix(listener)), address))
    }

    const fn of(listener: Listener) -> Self {
        Self {
            listener,
            stuck_since: None,
            resting_until: None,
        }
    }

    /// Descriptors became free: if it rests, it is to try again at once.
    pub(super) fn rouse(&mut self, now: Instant) {
        if self.resting_until.is_some() {
            self.resting_until = Some(now);
        }
    }

    /// When to try again, if it rests.
    pub(super) const fn resting_until(&self) -> Option<Instant> {
        self.resting_until
    }

    /// Lets `registry` report new clients.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.listener {
            Listener::Tcp(listener) => registry.register(listener, token, Interest::READABLE),
            Listener::Unix(listener) => registry.register(listener, token, Interest::READABLE),
        }
    }

    /// The next client; `None` if there is none for now. Readiness is reported once only, so it is to be called until
    /// there is none.
    ///
    /// # Errors
    /// It cannot take the next client in, and must rest.
    pub(super) fn accept(
        &mut self,
        now: Instant,
        nobody_is_served: bool,
        spare: &mut Spare,
    ) -> io::Result<Option<Stream>> {
        loop {
            match self.listener.accept() {
                Ok(stream) => {
                    self.recovered();
                    return Ok(Some(stream));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.recovered();
                    return Ok(None);
                }
                // The client went away before its turn.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted
                    ) => {}
                // No descriptor or no memory is left. The client stays in the system's queue, and the port rests:
                // asking again at once would spin.
                Err(error) => {
                    let since = *self.stuck_since.get_or_insert(now);
                    if nobody_is_served && now.duration_since(since) >= PATIENCE {
                        self.turn_one_away(spare);
                    }
                    self.resting_until = Some(now + REST);
                    return Err(error);
                }
            }
        }
    }

    fn recovered(&mut self) {
        self.stuck_since = None;
        self.resting_until = None;
    }

    /// Closes the connection of one client. When all descriptors are held by clients that wait to be taken in,
    /// this is the only way on: it sees its data end, and the others get its descriptor.
    fn turn_one_away(&self, spare: &mut Spare) {
        spare.0 = None;
        drop(self.listener.accept());
        *spare = Spare::take().unwrap_or(Spare(None));
    }
}

/// Listening again only changes the length of the queue.
fn lengthen_queue(listener: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::listen(listener, QUEUE)?)
}

/// A descriptor that is kept for turning a client away when there is no other.
#[derive(Debug)]
pub(super) struct Spare(Option<File>);

impl Spare {
    /// Any descriptor will do.
    pub(super) fn take() -> io::Result<Self> {
        File::open("/dev/null").map(|file| Self(Some(file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundreds_of_clients_at_once_find_room_in_the_queue() {
        let (_acceptor, address) = Acceptor::tcp().expect("the loopback interface gives a port");
        let Address::Tcp(address) = address else {
            panic!("{address:?}")
        };
        let longest: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn")
            .ok()
            .and_then(|limit| limit.trim().parse().ok())
            .unwrap_or(128);
        // Nobody is taken in, so all of them stay in the queue.
        let _clients: Vec<_> = (0..longest.min(200))
            .map(|number| {
                std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5))
                    .unwrap_or_else(|error| panic!("client {number}: {error}"))
            })
            .collect();
    }
}

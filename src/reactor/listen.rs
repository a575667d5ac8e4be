//! Ports: where a server takes connections in.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use mio::net::{TcpListener, UnixListener};
use rustix::io::Errno;

use super::transport::{Address, Connection, Factory, Stream};
use super::{
    CallbackResult, Descriptor, DescriptorId, Failure, Label, Next, Reactor, Reason, TimerId,
};
use crate::trace::{Cause, EventKind, Phrase, Side, TaskId};

/// How many connections may wait to be taken in; the system lowers it to its own limit (4096, as a rule). mio's 128
/// overflow when hundreds of clients come at once, and each that finds the queue full tries again only after 1 s.
const BACKLOG: i32 = 65_535;

/// How many connections one callback takes in at most, so that a crowd does not starve those that are in.
const ACCEPTS: usize = 64;

/// How long a port rests when the system has no descriptor or no memory for the next connection.
const REST: Duration = Duration::from_millis(100);

/// A port that listens, as the program holds it. Clones are the same port; dropping one does not close it.
///
/// ```
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # use loopscope::reactor::{Address, CallbackResult, Protocol, Reactor, Transport};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
/// struct Echo;
/// impl Protocol for Echo {
///     fn data_received(&mut self, reactor: &mut Reactor, transport: &Transport, data: &[u8]) -> CallbackResult {
///         transport.write(reactor, data);
///         Ok(())
///     }
/// }
///
/// // Port 0: the system chooses.
/// let port = reactor.listen_tcp(([127, 0, 0, 1], 0).into(), None, |_: &Address| Echo)?;
/// println!("listening at {}", port.get_host());
/// port.stop_listening(&mut reactor);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Port {
    inner: Rc<Inner>,
}

struct Inner {
    id: Cell<DescriptorId>,
    host: Address,
    task: Option<TaskId>,
    is_listening: Cell<bool>,
    /// When it tries again, if it rests.
    rest: Cell<Option<TimerId>>,
}

impl Port {
    /// Where it listens.
    pub fn get_host(&self) -> &Address {
        &self.inner.host
    }

    /// Whether it takes connections in.
    pub fn is_listening(&self) -> bool {
        self.inner.is_listening.get()
    }

    /// Takes no more connections in, and closes the port in the next turn. Those that were taken in stay.
    pub fn stop_listening(&self, reactor: &mut Reactor) {
        if !self.inner.is_listening.replace(false) {
            return;
        }
        let id = self.inner.id.get();
        // It fails only with the event provider itself, which the next poll tells.
        let _ = reactor.remove_reader(id);
        let label = Label::new("stop_listening", self.inner.task);
        reactor.close_soon(id, label);
    }

    /// The system has no descriptor or no memory for the next connection: it stays in the queue, and the port
    /// rests. Asking again at once would spin.
    fn rest(&self, reactor: &mut Reactor, error: &io::Error) {
        let task = self.inner.task;
        let host = &self.inner.host;
        let message = Phrase::new(
            "{host} takes no connection in for now: {error} (where it is the limit of open files, \
             `ulimit -n` raises it)",
        )
        .with("host", host)
        .with("error", error);
        let message = reactor.recorder.message(&message.to_string());
        reactor
            .recorder
            .record(EventKind::Failure { task, message });
        let id = self.inner.id.get();
        // As in `stop_listening`.
        let _ = reactor.remove_reader(id);
        let port = self.clone();
        let label = Label::new("resume_accepting", task);
        let timer = reactor.call_later(REST, label, move |reactor| {
            port.inner.rest.set(None);
            if port.is_listening() {
                reactor.add_reader(id, "do_accept")?;
            }
            Ok(())
        });
        self.inner.rest.set(Some(timer));
    }
}

/// Where nobody may listen is told with the reason: the system does not say it. What has nothing to do with the place
/// stays as it is.
pub(super) fn refused(place: impl Display, error: io::Error) -> io::Error {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, NotFound, PermissionDenied};
    match error.kind() {
        kind @ (AddrInUse | AddrNotAvailable | NotFound | PermissionDenied) => {
            io::Error::new(kind, format!("cannot listen on {place}: {error}"))
        }
        _ => error,
    }
}

impl Reactor {
    /// Listens at `address`, and takes in whoever connects, with a protocol of `factory` for each. `task` is
    /// for whom all of that happens. Port 0 lets the system choose; [`Port::get_host`] tells.
    ///
    /// # Errors
    /// When the address is taken, may not be used, or no file descriptor is left.
    pub fn listen_tcp(
        &mut self,
        address: SocketAddr,
        task: Option<TaskId>,
        factory: impl Factory + 'static,
    ) -> io::Result<Port> {
        let listener = TcpListener::bind(address).map_err(|error| refused(address, error))?;
        self.listen(Listener::Tcp(listener), task, Box::new(factory))
    }

    /// As [`Reactor::listen_tcp`], at a Unix socket. Its file is removed when the port is closed.
    ///
    /// # Errors
    /// When the file is there already or cannot be made, or no file descriptor is left.
    pub fn listen_unix(
        &mut self,
        path: &Path,
        task: Option<TaskId>,
        factory: impl Factory + 'static,
    ) -> io::Result<Port> {
        let listener = UnixListener::bind(path).map_err(|error| refused(path.display(), error))?;
        let listener = Listener::Unix(listener, path.to_owned());
        self.listen(listener, task, Box::new(factory))
    }

    fn listen(
        &mut self,
        listener: Listener,
        task: Option<TaskId>,
        factory: Box<dyn Factory>,
    ) -> io::Result<Port> {
        // Listening again only changes the length of the queue.
        rustix::net::listen(listener.fd(), BACKLOG)?;
        let spare = match factory.turns_away() {
            true => Some(spare()?),
            false => None,
        };
        let port = Port {
            inner: Rc::new(Inner {
                id: Cell::default(),
                host: listener.host()?,
                task,
                is_listening: Cell::new(true),
                rest: Cell::default(),
            }),
        };
        let factory = Rc::new(RefCell::new(factory));
        let acceptor = Acceptor {
            listener,
            spare,
            port: port.clone(),
            factory: Rc::clone(&factory),
        };
        let id = self.add_descriptor(Box::new(acceptor), task);
        port.inner.id.set(id);
        if let Err(error) = self.add_reader(id, "do_accept") {
            self.remove_descriptor(id);
            return Err(error);
        }
        let label = Label::new("start_factory", task);
        let callback = label.callback(&mut self.recorder, Cause::Program, None);
        // Its failure is recorded, and the port listens all the same.
        let _ = self.dispatch(callback, |reactor| {
            factory.borrow_mut().start_factory(reactor)
        });
        Ok(port)
    }
}

/// Any descriptor will do.
fn spare() -> io::Result<File> {
    File::open("/dev/null")
}

/// A listening socket.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
        }
    }

    fn host(&self) -> io::Result<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Address::Tcp),
            Self::Unix(_, path) => Ok(Address::Unix(Some(path.clone()))),
        }
    }

    fn accept(&self) -> io::Result<(Stream, Address)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                Ok((Stream::Tcp(stream), Address::Tcp(peer)))
            }
            Self::Unix(listener, _) => {
                let (stream, peer) = listener.accept()?;
                Ok((Stream::Unix(stream), Address::unix(&peer)))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Where somebody else removed it, it is gone as well.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A port as the loop sees it.
struct Acceptor {
    listener: Listener,
    /// A descriptor that is kept for turning a client away when there is no other.
    spare: Option<File>,
    port: Port,
    factory: Rc<RefCell<Box<dyn Factory>>>,
}

impl Acceptor {
    /// The next client could not be taken in, because of `error`. Turns him away, if the factory wants that. The system
    /// says so before it looks whether there is a client at all, and then the error is that there is none.
    fn turn_one_away(&mut self, reactor: &mut Reactor, error: io::Error) -> io::Result<()> {
        if !self.factory.borrow().turns_away() {
            return Err(error);
        }
        self.spare = None;
        let accepted = self.listener.accept();
        if let Ok((_, peer)) = &accepted {
            let label = Label::new("turned_away", self.port.inner.task);
            let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
            // Its failure is recorded, and the client is gone all the same.
            let _ = reactor.dispatch(callback, |reactor| {
                self.factory.borrow_mut().turned_away(reactor, peer)
            });
        }
        // His connection is closed with this.
        let is_done = accepted.map(drop);
        // Where another thread was faster, there may be one when the port has rested.
        self.spare = spare().ok();
        is_done
    }

    fn take_in(&self, reactor: &mut Reactor, stream: Stream, peer: Address) {
        let task = self.port.inner.task;
        let label = Label::new("build_protocol", task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        let built = reactor.dispatch(callback, |reactor| {
            let mut factory = self.factory.borrow_mut();
            let protocol = factory.build_protocol(reactor, &peer);
            Ok(protocol.map(|protocol| (protocol, factory.task_of(&peer).or(task))))
        });
        // Without a protocol, dropping the stream closes it.
        if let Ok(Some((protocol, task))) = built {
            Connection::new(reactor, stream, peer, task, protocol, None)
                .begin(reactor, Side::Server);
        }
    }
}

impl Descriptor for Acceptor {
    fn fd(&self) -> BorrowedFd<'_> {
        self.listener.fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        for _ in 0..ACCEPTS {
            if !self.port.is_listening() {
                return Ok(Next::Wait);
            }
            match self.listener.accept() {
                Ok((stream, peer)) => self.take_in(reactor, stream, peer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Next::Wait),
                // The client went away before its turn, or may not come in.
                Err(error)
                    if matches!(
                        Errno::from_io_error(&error),
                        Some(Errno::INTR | Errno::CONNABORTED | Errno::PERM)
                    ) => {}
                Err(error) => match self.turn_one_away(reactor, error) {
                    Ok(()) => {}
                    Err(error) => {
                        if error.kind() != io::ErrorKind::WouldBlock {
                            self.port.rest(reactor, &error);
                        }
                        return Ok(Next::Wait);
                    }
                },
            }
        }
        Ok(Next::Again)
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        // It never asks to write.
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, reactor: &mut Reactor, _: Reason) -> CallbackResult {
        let Self {
            listener,
            spare: _,
            port,
            factory,
        } = *self;
        drop(listener);
        port.inner.is_listening.set(false);
        if let Some(timer) = port.inner.rest.take() {
            reactor.cancel(timer);
        }
        factory.borrow_mut().stop_factory(reactor)
    }
}

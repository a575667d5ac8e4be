//! Connectors: how a client connects, gives up, and connects again.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use mio::net::{TcpStream, UnixStream};
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::{SocketAddrAny, SocketType};

use super::transport::{Address, Connection, Factory, OnLost, Protocol, Stream, Transport};
use super::{CallbackResult, ConnectError, DescriptorId, Label, Reactor, Reason};
use crate::trace::{Cause, Side, TaskId};

/// A client's factory: also told how connecting goes.
///
/// All of its methods may use the `connector`: `connector.connect(reactor)` in one of the last two tries again.
///
/// ```
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # use loopscope::reactor::{Address, CallbackResult, ClientFactory, ConnectError, Connector, Factory, Protocol, Reactor, Transport};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
/// # let unused = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
/// struct Silent;
/// impl Protocol for Silent {
///     fn data_received(&mut self, _: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult {
///         Ok(())
///     }
/// }
///
/// /// Tries three times.
/// struct Patient {
///     attempts: u32,
/// }
///
/// impl Factory for Patient {
///     fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
///         Some(Box::new(Silent))
///     }
/// }
///
/// impl ClientFactory for Patient {
///     fn client_connection_failed(
///         &mut self,
///         reactor: &mut Reactor,
///         connector: &Connector,
///         _: &ConnectError,
///     ) -> CallbackResult {
///         self.attempts += 1;
///         if self.attempts < 3 {
///             connector.connect(reactor);
///         } else {
///             reactor.stop()?;
///         }
///         Ok(())
///     }
/// }
///
/// // Nobody listens there.
/// reactor.connect_tcp(unused, None, Patient { attempts: 0 });
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` makes no protocols for a client",
    note = "a client's factory is a function such as `|_: &Address| Echo`, or something of which `Factory` and \
            `ClientFactory` are implemented"
)]
pub trait ClientFactory: Factory {
    /// An attempt begins.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn started_connecting(&mut self, _: &mut Reactor, _: &Connector) -> CallbackResult {
        Ok(())
    }

    /// The attempt failed; no protocol was made for it.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn client_connection_failed(
        &mut self,
        _reactor: &mut Reactor,
        _connector: &Connector,
        _error: &ConnectError,
    ) -> CallbackResult {
        Ok(())
    }

    /// The connection that was made is over, and its protocol was told.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn client_connection_lost(
        &mut self,
        _reactor: &mut Reactor,
        _connector: &Connector,
        _reason: &Reason,
    ) -> CallbackResult {
        Ok(())
    }
}

impl<F, P> ClientFactory for F
where
    F: FnMut(&Address) -> P,
    P: Protocol + 'static,
{
}

/// A client's way to one address: it connects, and may connect again. Clones are the same connector.
///
/// ```
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
/// use loopscope::reactor::{Address, CallbackResult, Protocol, Reactor, Reason, Transport};
///
/// struct Quiet;
/// impl Protocol for Quiet {
///     fn data_received(&mut self, _: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult {
///         Ok(())
///     }
///     fn connection_lost(&mut self, reactor: &mut Reactor, _: &Reason) -> CallbackResult {
///         Ok(reactor.stop()?)
///     }
/// }
///
/// let mut reactor = Reactor::new(recorder)?;
/// let server = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let connector = reactor.connect_tcp(server.local_addr()?, None, |_: &Address| Quiet);
/// while connector.transport().is_none() {
///     reactor.turn()?;
/// }
/// // It stands; and may be ended, or an attempt given up, by whoever has the connector.
/// connector.disconnect(&mut reactor);
/// assert!(!connector.connect(&mut reactor), "not before its factory was told");
/// # reactor.turn()?;
/// # assert!(connector.transport().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Connector {
    inner: Rc<Inner>,
}

struct Inner {
    destination: Address,
    /// Where this end is to be; `None` lets the system choose.
    from: Option<SocketAddr>,
    task: Option<TaskId>,
    factory: RefCell<Box<dyn ClientFactory>>,
    is_factory_started: Cell<bool>,
    state: RefCell<State>,
}

enum State {
    Disconnected,
    /// The attempt begins as soon as the factory can be told of it.
    Beginning,
    Connecting(DescriptorId),
    /// The factory is to be told that there will be no connection.
    Failing,
    Connected(Transport),
}

impl Connector {
    /// Where it connects to.
    pub fn get_destination(&self) -> &Address {
        &self.inner.destination
    }

    /// Its connection, if that stands.
    pub fn transport(&self) -> Option<Transport> {
        match &*self.inner.state.borrow() {
            State::Connected(transport) => Some(transport.clone()),
            _ => None,
        }
    }

    /// Connects, unless it is connecting or connected. Whether it does.
    pub fn connect(&self, reactor: &mut Reactor) -> bool {
        if !self.enter(State::Beginning, |state| {
            matches!(state, State::Disconnected)
        }) {
            return false;
        }
        if self.inner.factory.try_borrow_mut().is_ok() {
            self.begin(reactor);
        } else {
            // The factory calls this, and is told of the attempt when it has returned.
            self.call_soon(reactor, "connect", Self::begin);
        }
        true
    }

    /// Gives the attempt up; the factory is told in the next turn, with [`ConnectError::GivenUp`]. Does nothing
    /// unless it is connecting.
    pub fn stop_connecting(&self, reactor: &mut Reactor) {
        let id = match *self.inner.state.borrow() {
            State::Connecting(id) => Some(id),
            State::Beginning => None,
            _ => return,
        };
        if let Some(id) = id {
            reactor.remove_descriptor(id);
        }
        self.fail_soon(reactor, ConnectError::GivenUp);
    }

    /// Closes the connection as [`Transport::lose_connection`] does, or gives the attempt up.
    pub fn disconnect(&self, reactor: &mut Reactor) {
        match self.transport() {
            Some(transport) => transport.lose_connection(reactor),
            None => self.stop_connecting(reactor),
        }
    }

    /// Enters `state` if the present one allows it.
    fn enter(&self, state: State, is_allowed: impl FnOnce(&State) -> bool) -> bool {
        let mut present = self.inner.state.borrow_mut();
        let is_allowed = is_allowed(&present);
        if is_allowed {
            *present = state;
        }
        is_allowed
    }

    fn begin(&self, reactor: &mut Reactor) {
        let is_beginning = || matches!(*self.inner.state.borrow(), State::Beginning);
        if !is_beginning() {
            return;
        }
        if !self.inner.is_factory_started.replace(true) {
            self.tell(reactor, "start_factory", |factory, reactor| {
                factory.start_factory(reactor)
            });
        }
        self.tell(reactor, "started_connecting", |factory, reactor| {
            factory.started_connecting(reactor, self)
        });
        if !is_beginning() {
            return;
        }
        let connector = self.clone();
        let connecting =
            Stream::connect(&self.inner.destination, self.inner.from).and_then(|stream| {
                reactor.connect(stream, self.inner.task, move |reactor, result| {
                    match result {
                        Ok(stream) => connector.connected(reactor, stream),
                        Err(error) => connector.fail(reactor, &error),
                    }
                    Ok(())
                })
            });
        match connecting {
            Ok(id) => *self.inner.state.borrow_mut() = State::Connecting(id),
            Err(error) => self.fail_soon(reactor, error.into()),
        }
    }

    fn connected(&self, reactor: &mut Reactor, stream: Stream) {
        let Inner {
            destination, task, ..
        } = &*self.inner;
        let mut built = None;
        self.tell(reactor, "build_protocol", |factory, reactor| {
            built = factory.build_protocol(reactor, destination);
            Ok(())
        });
        let is_given_up = !matches!(*self.inner.state.borrow(), State::Connecting(_));
        let protocol = match built {
            // The factory did so itself, and is told of it later.
            _ if is_given_up => return,
            Some(protocol) => protocol,
            None => {
                drop(stream);
                return self.fail(reactor, &ConnectError::GivenUp);
            }
        };
        let connector = self.clone();
        let on_lost: OnLost = Box::new(move |reactor, reason| connector.lost(reactor, reason));
        let peer = destination.clone();
        let connection = Connection::new(reactor, stream, peer, *task, protocol, Some(on_lost));
        *self.inner.state.borrow_mut() = State::Connected(connection.transport().clone());
        connection.begin(reactor, Side::Client);
    }

    fn lost(&self, reactor: &mut Reactor, reason: &Reason) {
        *self.inner.state.borrow_mut() = State::Disconnected;
        self.tell(reactor, "client_connection_lost", |factory, reactor| {
            factory.client_connection_lost(reactor, self, reason)
        });
        self.stop_factory(reactor);
    }

    fn fail(&self, reactor: &mut Reactor, error: &ConnectError) {
        *self.inner.state.borrow_mut() = State::Disconnected;
        self.tell(reactor, "client_connection_failed", |factory, reactor| {
            factory.client_connection_failed(reactor, self, error)
        });
        self.stop_factory(reactor);
    }

    /// As [`Connector::fail`], when nobody is in the middle of calling this.
    fn fail_soon(&self, reactor: &mut Reactor, error: ConnectError) {
        *self.inner.state.borrow_mut() = State::Failing;
        self.call_soon(reactor, "connection_failed", move |connector, reactor| {
            connector.fail(reactor, &error);
        });
    }

    fn call_soon(
        &self,
        reactor: &mut Reactor,
        name: &'static str,
        code: impl FnOnce(&Self, &mut Reactor) + 'static,
    ) {
        let connector = self.clone();
        let label = Label::new(name, self.inner.task);
        reactor.call_later(Duration::ZERO, label, move |reactor| {
            code(&connector, reactor);
            Ok(())
        });
    }

    /// Unless the factory tries again.
    fn stop_factory(&self, reactor: &mut Reactor) {
        if matches!(*self.inner.state.borrow(), State::Disconnected)
            && self.inner.is_factory_started.replace(false)
        {
            self.tell(reactor, "stop_factory", |factory, reactor| {
                factory.stop_factory(reactor)
            });
        }
    }

    /// Calls the factory. Its failure is recorded, and changes nothing more.
    fn tell(
        &self,
        reactor: &mut Reactor,
        name: &'static str,
        code: impl FnOnce(&mut dyn ClientFactory, &mut Reactor) -> CallbackResult,
    ) {
        let label = Label::new(name, self.inner.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        let _ = reactor.dispatch(callback, |reactor| {
            code(self.inner.factory.borrow_mut().as_mut(), reactor)
        });
    }
}

impl Reactor {
    /// Connects to `address`, for `task`, with a protocol of `factory`. It never fails itself: whatever goes
    /// wrong, the factory is told.
    pub fn connect_tcp(
        &mut self,
        address: SocketAddr,
        task: Option<TaskId>,
        factory: impl ClientFactory + 'static,
    ) -> Connector {
        self.connect_tcp_from(address, None, task, factory)
    }

    /// As [`Reactor::connect_tcp`], with this end at `from`, whose port may be 0: the system chooses one then. For
    /// machines with several addresses, and for servers that know their clients by them.
    pub fn connect_tcp_from(
        &mut self,
        address: SocketAddr,
        from: Option<SocketAddr>,
        task: Option<TaskId>,
        factory: impl ClientFactory + 'static,
    ) -> Connector {
        self.connect_to(Address::Tcp(address), from, task, Box::new(factory))
    }

    /// As [`Reactor::connect_tcp`], to the Unix socket at `path`.
    pub fn connect_unix(
        &mut self,
        path: &Path,
        task: Option<TaskId>,
        factory: impl ClientFactory + 'static,
    ) -> Connector {
        self.connect_to(
            Address::Unix(Some(path.to_owned())),
            None,
            task,
            Box::new(factory),
        )
    }

    fn connect_to(
        &mut self,
        destination: Address,
        from: Option<SocketAddr>,
        task: Option<TaskId>,
        factory: Box<dyn ClientFactory>,
    ) -> Connector {
        let connector = Connector {
            inner: Rc::new(Inner {
                destination,
                from,
                task,
                factory: RefCell::new(factory),
                is_factory_started: Cell::new(false),
                state: RefCell::new(State::Disconnected),
            }),
        };
        connector.connect(self);
        connector
    }
}

impl Stream {
    /// Begins to connect.
    fn connect(address: &Address, from: Option<SocketAddr>) -> io::Result<Self> {
        match (address, from) {
            (Address::Tcp(address), None) => TcpStream::connect(*address).map(Self::Tcp),
            (Address::Tcp(address), Some(from)) => connect_from(*address, from).map(Self::Tcp),
            (Address::Unix(Some(path)), _) => UnixStream::connect(path).map(Self::Unix),
            (Address::Unix(None) | Address::Pipes, _) => {
                Err(io::ErrorKind::AddrNotAvailable.into())
            }
        }
    }
}

/// As [`TcpStream::connect`], which leaves it to the system where this end is.
fn connect_from(address: SocketAddr, from: SocketAddr) -> io::Result<TcpStream> {
    let family = SocketAddrAny::from(address).address_family();
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    rustix::net::bind(&socket, &from)?;
    match rustix::net::connect(&socket, &address) {
        // What comes of it is told by its readiness.
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(TcpStream::from_std(socket.into()))
}

//! Datagrams: UDP, where there are no connections, and each message arrives whole or not at all.

use std::cell::Cell;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::rc::{Rc, Weak};

use mio::net::UdpSocket;

use super::descriptor::{Handler, Served};
use super::listen::refused;
use super::{CallbackResult, Descriptor, DescriptorId, Failure, Label, Next, Reactor, Reason};
use crate::trace::{Cause, EventKind, FlowId, Loss, Side, TaskId};

/// How many datagrams one callback takes at most, so that a flood does not starve the others.
const DATAGRAMS: usize = 64;

/// What is said through one UDP socket.
///
/// Each method is a callback of its own in the trace. One that fails or panics is recorded; the socket stays, as
/// the next datagram may be from somebody else.
///
/// ```
/// use loopscope::reactor::{CallbackResult, DatagramProtocol, DatagramTransport, Reactor};
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
/// use std::net::SocketAddr;
///
/// /// Sends each datagram back.
/// struct Echo;
///
/// impl DatagramProtocol for Echo {
///     fn datagram_received(
///         &mut self,
///         reactor: &mut Reactor,
///         transport: &DatagramTransport,
///         data: &[u8],
///         from: SocketAddr,
///     ) -> CallbackResult {
///         Ok(transport.write_to(reactor, data, from)?)
///     }
/// }
///
/// let socket = reactor.listen_udp(([127, 0, 0, 1], 0).into(), None, Echo)?;
/// println!("listening at {}", socket.get_host()?);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DatagramProtocol {
    /// The socket is there. Keep a clone of `transport` to send from elsewhere.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn start_protocol(
        &mut self,
        _reactor: &mut Reactor,
        _transport: &DatagramTransport,
    ) -> CallbackResult {
        Ok(())
    }

    /// A datagram arrived, whole.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn datagram_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &DatagramTransport,
        data: &[u8],
        from: SocketAddr,
    ) -> CallbackResult;

    /// Nobody listens where the datagrams of [`Reactor::connect_udp`] go.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn connection_refused(
        &mut self,
        _reactor: &mut Reactor,
        _transport: &DatagramTransport,
    ) -> CallbackResult {
        Ok(())
    }

    /// The socket is closed. Nothing more is called.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn stop_protocol(&mut self, _reactor: &mut Reactor, _reason: &Reason) -> CallbackResult {
        Ok(())
    }
}

/// The program's hand on one UDP socket. Clones are hands on the same one.
///
/// ```
/// use loopscope::reactor::{CallbackResult, DatagramProtocol, DatagramTransport, Reactor};
/// # use std::net::SocketAddr;
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
///
/// /// Hears one datagram, and that is all.
/// struct Once;
///
/// impl DatagramProtocol for Once {
///     fn datagram_received(
///         &mut self,
///         reactor: &mut Reactor,
///         _: &DatagramTransport,
///         data: &[u8],
///         _: SocketAddr,
///     ) -> CallbackResult {
///         assert_eq!(data, b"hello");
///         Ok(reactor.stop()?)
///     }
/// }
///
/// let ear = reactor.listen_udp(([127, 0, 0, 1], 0).into(), None, Once)?;
/// let mouth = reactor.listen_udp(([127, 0, 0, 1], 0).into(), None, Once)?;
/// mouth.write_to(&mut reactor, b"hello", ear.get_host()?)?;
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DatagramTransport {
    /// The loop owns it, so that it is closed when that forgets it, whoever has a transport still.
    socket: Weak<UdpSocket>,
    id: DescriptorId,
    connection: FlowId,
    task: Option<TaskId>,
    peer: Option<SocketAddr>,
    is_open: Rc<Cell<bool>>,
}

impl DatagramTransport {
    /// Sends a datagram to where the socket is connected. It is sent at once or not at all.
    ///
    /// # Errors
    /// When it is too long, when the system has no room for it ([`io::ErrorKind::WouldBlock`]), when an earlier
    /// one was refused, when the socket is closed or not connected. The datagram is gone then.
    pub fn write(&self, reactor: &mut Reactor, data: &[u8]) -> io::Result<()> {
        self.send(reactor, |socket| socket.send(data))
    }

    /// Sends a datagram to `address`, from a socket that is not connected.
    ///
    /// # Errors
    /// As for [`DatagramTransport::write`].
    pub fn write_to(
        &self,
        reactor: &mut Reactor,
        data: &[u8],
        address: SocketAddr,
    ) -> io::Result<()> {
        self.send(reactor, |socket| socket.send_to(data, address))
    }

    fn send(
        &self,
        reactor: &mut Reactor,
        send: impl FnOnce(&UdpSocket) -> io::Result<usize>,
    ) -> io::Result<()> {
        let socket = self.socket.upgrade().ok_or(io::ErrorKind::NotConnected)?;
        let sent = send(&socket)?;
        reactor.recorder.record(EventKind::BytesWritten {
            connection: self.connection,
            task: self.task,
            bytes: u32::try_from(sent).unwrap_or(u32::MAX),
        });
        Ok(())
    }

    /// Where it receives.
    ///
    /// # Errors
    /// When the socket is closed.
    pub fn get_host(&self) -> io::Result<SocketAddr> {
        let socket = self.socket.upgrade().ok_or(io::ErrorKind::NotConnected)?;
        socket.local_addr()
    }

    /// Where it sends to, and from where alone it receives, if it is connected.
    pub const fn get_peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Closes the socket, in the next turn.
    pub fn stop_listening(&self, reactor: &mut Reactor) {
        if !self.is_open.replace(false) {
            return;
        }
        let id = self.id;
        // It fails only with the event provider itself, which the next poll tells.
        let _ = reactor.remove_reader(id);
        let label = Label::new("stop_listening", self.task);
        reactor.close_soon(id, label);
    }
}

impl Reactor {
    /// Receives datagrams at `address`, for `protocol`. Port 0 lets the system choose.
    ///
    /// # Errors
    /// When the address is taken, may not be used, or no file descriptor is left.
    pub fn listen_udp(
        &mut self,
        address: SocketAddr,
        task: Option<TaskId>,
        protocol: impl DatagramProtocol + 'static,
    ) -> io::Result<DatagramTransport> {
        let socket = UdpSocket::bind(address).map_err(|error| refused(address, error))?;
        self.open_datagrams(socket, None, task, Box::new(protocol))
    }

    /// Exchanges datagrams with `peer` alone, from a port that the system chooses. Nothing is sent for that.
    ///
    /// # Errors
    /// When there is no way to `peer`, or no file descriptor is left.
    pub fn connect_udp(
        &mut self,
        peer: SocketAddr,
        task: Option<TaskId>,
        protocol: impl DatagramProtocol + 'static,
    ) -> io::Result<DatagramTransport> {
        let any = match peer {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(peer)?;
        self.open_datagrams(socket, Some(peer), task, Box::new(protocol))
    }

    fn open_datagrams(
        &mut self,
        socket: UdpSocket,
        peer: Option<SocketAddr>,
        task: Option<TaskId>,
        protocol: Box<dyn DatagramProtocol>,
    ) -> io::Result<DatagramTransport> {
        let id = self.insert(socket.as_raw_fd(), task, None);
        if let Err(error) = self.add_reader(id, "do_read") {
            self.remove_descriptor(id);
            return Err(error);
        }
        let socket = Rc::new(socket);
        let connection = self.recorder.new_flow();
        let transport = DatagramTransport {
            socket: Rc::downgrade(&socket),
            id,
            connection,
            task,
            peer,
            is_open: Rc::new(Cell::new(true)),
        };
        self.recorder.record(EventKind::ConnectionMade {
            connection,
            task,
            side: peer.map_or(Side::Server, |_| Side::Client),
        });
        let mut datagrams = Datagrams {
            socket,
            transport: transport.clone(),
            protocol,
        };
        datagrams.call(self, "start_protocol", |protocol, reactor, transport| {
            protocol.start_protocol(reactor, transport)
        });
        self.put_back(id, Handler::Served(Served::Descriptor(Box::new(datagrams))));
        Ok(transport)
    }
}

/// A UDP socket as the loop sees it.
struct Datagrams {
    socket: Rc<UdpSocket>,
    transport: DatagramTransport,
    protocol: Box<dyn DatagramProtocol>,
}

impl Datagrams {
    /// Calls the protocol. Its failure is recorded, and changes nothing more.
    fn call(
        &mut self,
        reactor: &mut Reactor,
        name: &'static str,
        code: impl FnOnce(&mut dyn DatagramProtocol, &mut Reactor, &DatagramTransport) -> CallbackResult,
    ) {
        let label = Label::new(name, self.transport.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        let (protocol, transport) = (self.protocol.as_mut(), &self.transport);
        let _ = reactor.dispatch(callback, |reactor| code(protocol, reactor, transport));
    }

    fn receive(&mut self, reactor: &mut Reactor, buffer: &mut [u8]) -> Next {
        for _ in 0..DATAGRAMS {
            if !self.transport.is_open.get() {
                return Next::Wait;
            }
            match self.socket.recv_from(buffer) {
                Ok((bytes, from)) => self.received(reactor, &buffer[..bytes], from),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Next::Wait,
                    io::ErrorKind::ConnectionRefused => {
                        self.call(
                            reactor,
                            "connection_refused",
                            |protocol, reactor, transport| {
                                protocol.connection_refused(reactor, transport)
                            },
                        );
                    }
                    // It concerns one datagram: the socket itself cannot break.
                    _ => {}
                },
            }
        }
        Next::Again
    }

    fn received(&mut self, reactor: &mut Reactor, data: &[u8], from: SocketAddr) {
        // Reading nothing is the end of the data, and an empty datagram is not.
        if let (Some(task), 1..) = (self.transport.task, data.len()) {
            let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
            reactor
                .recorder
                .record(EventKind::BytesRead { task, bytes });
        }
        self.call(
            reactor,
            "datagram_received",
            |protocol, reactor, transport| {
                protocol.datagram_received(reactor, transport, data, from)
            },
        );
    }
}

impl Descriptor for Datagrams {
    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        let mut buffer = reactor.take_read_buffer();
        let next = self.receive(reactor, &mut buffer);
        reactor.read_buffer = Some(buffer);
        Ok(next)
    }

    fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        // It never asks to write.
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, reactor: &mut Reactor, reason: Reason) -> CallbackResult {
        let Self {
            socket,
            transport,
            mut protocol,
        } = *self;
        drop(socket);
        transport.is_open.set(false);
        reactor.recorder.record(EventKind::ConnectionLost {
            connection: transport.connection,
            task: transport.task,
            loss: match reason {
                Reason::Stopped => Loss::Stopped,
                _ => Loss::Closed,
            },
            message: None,
        });
        let label = Label::new("stop_protocol", transport.task);
        let callback = label.callback(&mut reactor.recorder, Cause::Program, None);
        // Its failure is recorded, and there is nothing left to lose.
        let _ = reactor.dispatch(callback, |reactor| protocol.stop_protocol(reactor, &reason));
        Ok(())
    }
}

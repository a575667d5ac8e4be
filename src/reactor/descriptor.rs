//! Descriptors: what can become ready, and who serves it.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

use mio::{Interest as MioInterest, Token};
use slotmap::{Key, KeyData, new_key_type};

use super::attempt::Connecting;
use super::transport::Connection;
use super::{Failure, Label, Reactor};
use crate::trace::{Cause, FlowId, Interest, NameId, Phrase, TaskId};
use crate::watch::Watchdog;

new_key_type! {
    /// Names one descriptor of one reactor. It is never used again: one that was removed stays unknown.
    ///
    /// ```
    /// use loopscope::reactor::{DescriptorId, Reactor};
    /// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
    /// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
    ///
    /// let mut reactor = Reactor::new(recorder)?;
    /// let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// let attempt: DescriptorId = reactor.connect_stream(server.local_addr()?, None, |_, _| Ok(()))?;
    /// assert!(reactor.remove_descriptor(attempt), "the attempt is given up");
    /// assert!(!reactor.remove_descriptor(attempt), "the name is nobody's any more");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub struct DescriptorId;
}

// Slot and version: what lets the loop refuse a token that is out of date.
const _: () = assert!(usize::BITS >= 64, "a token holds a whole DescriptorId");

impl DescriptorId {
    pub(super) fn token(self) -> Token {
        Token(self.number() as usize)
    }

    /// Not 0, since versions begin at 1.
    pub(super) fn number(self) -> u64 {
        self.data().as_ffi()
    }

    pub(super) fn from_token(token: Token) -> Self {
        KeyData::from_ffi(token.0 as u64).into()
    }
}

/// Something that can become ready, such as a connection.
///
/// **Take everything.** epoll tells of a descriptor when it *becomes* ready, and then not again before everything
/// was taken; `poll` and `select` tell of it in each turn for as long as it *is* ready. So, for all of them,
/// `do_read` reads (and `do_write` writes) until `WouldBlock` and returns [`Next::Wait`]. One that stops earlier, so
/// that a flood does not starve the others, returns [`Next::Again`] and is called again in the next turn. One that
/// has nothing to write, or wants to read no more, is removed as a writer or a reader until it does.
///
/// ```
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
/// use std::io::{ErrorKind, Read, Write};
/// use std::os::fd::{AsFd, BorrowedFd};
/// use std::os::unix::net::UnixStream;
///
/// use loopscope::reactor::{CallbackResult, Descriptor, Failure, Next, Reactor, Reason};
///
/// /// Counts what arrives, up to its end.
/// struct Counter(UnixStream, usize);
///
/// impl Descriptor for Counter {
///     fn fd(&self) -> BorrowedFd<'_> {
///         self.0.as_fd()
///     }
///     fn do_read(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
///         loop {
///             match self.0.read(&mut [0; 512]) {
///                 Ok(0) => return Ok(Next::Close),
///                 Ok(bytes) => self.1 += bytes,
///                 Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::Wait),
///                 Err(error) => return Err(error.into()),
///             }
///         }
///     }
///     fn do_write(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
///         Ok(Next::Wait)
///     }
///     fn connection_lost(self: Box<Self>, reactor: &mut Reactor, reason: Reason) -> CallbackResult {
///         assert!(matches!(reason, Reason::Closed));
///         assert_eq!(self.1, 5);
///         Ok(reactor.stop()?)
///     }
/// }
///
/// let mut reactor = Reactor::new(recorder)?;
/// let (mut far, near) = UnixStream::pair()?;
/// near.set_nonblocking(true)?;
/// let counter = reactor.add_descriptor(Box::new(Counter(near, 0)), None);
/// reactor.add_reader(counter, "count")?;
/// far.write_all(b"hello")?;
/// drop(far);
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Descriptor {
    /// What the event provider watches: the same, open and non-blocking, for as long as the reactor has it.
    fn fd(&self) -> BorrowedFd<'_>;

    /// It can be read, or its other side closed it.
    ///
    /// # Errors
    /// After one it is lost, with that reason; it is recorded as a failure of this callback.
    fn do_read(&mut self, reactor: &mut Reactor) -> Result<Next, Failure>;

    /// It can be written.
    ///
    /// # Errors
    /// As for [`Descriptor::do_read`].
    fn do_write(&mut self, reactor: &mut Reactor) -> Result<Next, Failure>;

    /// The reactor has forgotten it, for `reason`. Dropping it closes it.
    ///
    /// # Errors
    /// They are recorded, and change nothing more.
    fn connection_lost(
        self: Box<Self>,
        reactor: &mut Reactor,
        reason: Reason,
    ) -> Result<(), Failure>;
}

/// What a descriptor wants after it was served.
///
/// ```
/// use loopscope::reactor::{Failure, Next};
/// use std::io::{ErrorKind, Read};
///
/// /// Reads a little at a time, as a `do_read` does that leaves the others their part of the turn.
/// fn read_some(mut from: impl Read) -> Result<Next, Failure> {
///     match from.read(&mut [0; 512]) {
///         Ok(0) => Ok(Next::Close),
///         Ok(_) => Ok(Next::Again),
///         Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Next::Wait),
///         Err(error) => Err(error.into()),
///     }
/// }
///
/// assert_eq!(read_some(&b"poem"[..])?, Next::Again);
/// assert_eq!(read_some(&b""[..])?, Next::Close);
/// # Ok::<(), Failure>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To be told of new readiness: everything was taken, up to `WouldBlock`.
    Wait,
    /// To be called again in the next turn: there may be more to take.
    Again,
    /// To be lost, with [`Reason::Closed`].
    Close,
}

/// Why a connection was lost.
///
/// ```
/// use loopscope::reactor::Reason;
///
/// /// What there is to tell a person when a connection is lost.
/// fn complaint(reason: &Reason) -> Option<String> {
///     match reason {
///         Reason::Closed | Reason::Stopped => None,
///         Reason::Broken(error) => Some(format!("the network failed: {error}")),
///         Reason::Failed(failure) => Some(format!("we failed: {failure}")),
///     }
/// }
///
/// let broken = Reason::Broken(std::io::ErrorKind::ConnectionReset.into());
/// assert_eq!(complaint(&broken).as_deref(), Some("the network failed: connection reset"));
/// assert_eq!(complaint(&Reason::Closed), None);
/// ```
#[derive(Debug)]
pub enum Reason {
    /// It is over, in order.
    Closed,
    /// The reactor was stopped.
    Stopped,
    /// The connection broke: the system reported an error on it, or this program aborted it.
    Broken(io::Error),
    /// Its callback failed or panicked.
    Failed(Failure),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("it was closed"),
            Self::Stopped => f.write_str("the reactor was stopped"),
            Self::Broken(error) => error.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// A descriptor's place in the reactor.
pub(super) struct Slot {
    pub(super) fd: RawFd,
    pub(super) task: Option<TaskId>,
    reader: Option<Watch>,
    writer: Option<Watch>,
    /// The event provider has said that its other side sends no more.
    pub(super) hung_up: bool,
    /// Taken out while it is called, so that it can be given the whole reactor.
    pub(super) handler: Option<Handler>,
}

/// Who serves a descriptor.
pub(super) enum Handler {
    Served(Served),
    Connecting(Box<Connecting>),
}

/// Who is called when it is ready.
pub(super) enum Served {
    Descriptor(Box<dyn Descriptor>),
    /// What there is most of is in its place: one jump less to memory that no cache may have.
    Connection(Connection),
}

impl Served {
    /// Whether all user code that it calls is guarded there: its own does not panic.
    pub(super) const fn is_guarded(&self) -> bool {
        matches!(self, Self::Connection(_))
    }

    #[inline]
    pub(super) fn serve(
        &mut self,
        reactor: &mut Reactor,
        interest: Interest,
        hung_up: bool,
    ) -> Result<Next, Failure> {
        match (self, interest) {
            (Self::Connection(connection), Interest::Readable) => {
                Ok(connection.do_read(reactor, hung_up))
            }
            (Self::Connection(connection), Interest::Writable) => Ok(connection.do_write(reactor)),
            (Self::Descriptor(descriptor), Interest::Readable) => descriptor.do_read(reactor),
            (Self::Descriptor(descriptor), Interest::Writable) => descriptor.do_write(reactor),
        }
    }
}

/// Somebody wants to know of one kind of readiness.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    /// The callback's name.
    pub(super) name: NameId,
    /// Whether it is on the list for the next dispatch already.
    pub(super) listed: bool,
}

/// A readiness that is still to be served.
#[derive(Clone, Copy)]
pub(super) struct Ready {
    pub(super) id: DescriptorId,
    /// For which task it is.
    pub(super) task: Option<TaskId>,
    pub(super) interest: Interest,
    pub(super) flow: FlowId,
}

impl Slot {
    fn interest(&self) -> Option<MioInterest> {
        match (self.reader, self.writer) {
            (None, None) => None,
            (Some(_), None) => Some(MioInterest::READABLE),
            (None, Some(_)) => Some(MioInterest::WRITABLE),
            (Some(_), Some(_)) => Some(MioInterest::READABLE | MioInterest::WRITABLE),
        }
    }

    /// Whether somebody wants to know when it can be read.
    const fn is_read(&self) -> bool {
        self.reader.is_some()
    }

    /// Tells a watchdog whether it is read.
    pub(super) fn tell(&self, watchdog: &Watchdog, id: DescriptorId) {
        if self.is_read() {
            watchdog.add_reader(self.fd, id.number(), self.task);
        } else {
            watchdog.remove_reader(self.fd, id.number());
        }
    }

    pub(super) const fn watch(&mut self, interest: Interest) -> &mut Option<Watch> {
        match interest {
            Interest::Readable => &mut self.reader,
            Interest::Writable => &mut self.writer,
        }
    }
}

impl Reactor {
    /// Takes a descriptor in, to work for `task`. Nothing is asked of it before it is made a reader or a writer.
    pub fn add_descriptor(
        &mut self,
        descriptor: Box<dyn Descriptor>,
        task: Option<TaskId>,
    ) -> DescriptorId {
        let fd = descriptor.fd().as_raw_fd();
        let handler = Handler::Served(Served::Descriptor(descriptor));
        self.insert(fd, task, Some(handler))
    }

    /// Takes a descriptor in; without a handler, it is one that is being called at this moment.
    pub(super) fn insert(
        &mut self,
        fd: RawFd,
        task: Option<TaskId>,
        handler: Option<Handler>,
    ) -> DescriptorId {
        self.descriptors.insert(Slot {
            fd,
            task,
            reader: None,
            writer: None,
            hung_up: false,
            handler,
        })
    }

    /// Calls the descriptor's `do_read` whenever it can be read, as the callback `name`. It is also called
    /// if it can be read already.
    ///
    /// # Errors
    /// When there is no such descriptor, or the event provider refuses it.
    pub fn add_reader(&mut self, id: DescriptorId, name: &'static str) -> io::Result<()> {
        self.add_watch(id, Interest::Readable, name)
    }

    /// Calls the descriptor's `do_write` whenever it can be written, as the callback `name`. It is also
    /// called if it can be written already.
    ///
    /// # Errors
    /// When there is no such descriptor, or the event provider refuses it.
    pub fn add_writer(&mut self, id: DescriptorId, name: &'static str) -> io::Result<()> {
        self.add_watch(id, Interest::Writable, name)
    }

    /// Calls the descriptor's `do_read` no more. The connection stays, and so does what it received.
    ///
    /// # Errors
    /// When the event provider fails.
    pub fn remove_reader(&mut self, id: DescriptorId) -> io::Result<()> {
        self.change_watch(id, Interest::Readable, None).map(drop)
    }

    /// Calls the descriptor's `do_write` no more.
    ///
    /// # Errors
    /// When the event provider fails.
    pub fn remove_writer(&mut self, id: DescriptorId) -> io::Result<()> {
        self.change_watch(id, Interest::Writable, None).map(drop)
    }

    /// Forgets a descriptor without a callback; a connection that is being made is given up. It is dropped,
    /// and thereby closed: at once, or after the callback of its that calls this. Whether it was known.
    pub fn remove_descriptor(&mut self, id: DescriptorId) -> bool {
        self.take(id).is_some()
    }

    /// Who serves a descriptor is called no more, and serves it again. Whether the descriptor is still known.
    pub(super) fn put_back(&mut self, id: DescriptorId, handler: Handler) -> bool {
        let slot = self.descriptors.get_mut(id);
        slot.map(|slot| slot.handler = Some(handler)).is_some()
    }

    pub(super) fn add_watch(
        &mut self,
        id: DescriptorId,
        interest: Interest,
        name: &'static str,
    ) -> io::Result<()> {
        let watch = Watch {
            name: self.recorder.name(name),
            listed: false,
        };
        if self.change_watch(id, interest, Some(watch))? {
            Ok(())
        } else {
            Err(io::Error::new(
                io::ErrorKind::NotFound,
                Phrase::new("the reactor does not have this descriptor"),
            ))
        }
    }

    /// Whether the descriptor is known.
    fn change_watch(
        &mut self,
        id: DescriptorId,
        interest: Interest,
        watch: Option<Watch>,
    ) -> io::Result<bool> {
        let Some(slot) = self.descriptors.get_mut(id) else {
            return Ok(false);
        };
        let before = slot.interest();
        let was_read = slot.is_read();
        let old = std::mem::replace(slot.watch(interest), watch);
        let after = slot.interest();
        let changed = self.provider.watch(slot.fd, id.token(), before, after);
        match &self.watchdog {
            _ if changed.is_err() => *slot.watch(interest) = old,
            Some(watchdog) if slot.is_read() != was_read => slot.tell(watchdog, id),
            _ => {}
        }
        changed.map(|()| true)
    }

    /// Forgets a descriptor and tells it `reason`. One that is being called at this moment is told nothing: it
    /// returns [`Next::Close`] instead.
    pub fn lose_connection(&mut self, id: DescriptorId, reason: Reason) {
        self.lose(id, reason, Cause::Program, None);
    }

    /// The same in the next turn, as closed, under the name of `label`: for whoever may be called by the descriptor itself.
    pub(super) fn close_soon(&mut self, id: DescriptorId, label: Label) {
        self.call_later(Duration::ZERO, label, move |reactor| {
            reactor.lose_connection(id, Reason::Closed);
            Ok(())
        });
    }

    /// Takes the descriptor out for good.
    pub(super) fn take(&mut self, id: DescriptorId) -> Option<Slot> {
        let slot = self.descriptors.remove(id)?;
        if let Some(watchdog) = &self.watchdog
            && slot.is_read()
        {
            watchdog.remove_reader(slot.fd, id.number());
        }
        // It is about to be closed, by which the event provider forgets it as well.
        let _ = self
            .provider
            .watch(slot.fd, id.token(), slot.interest(), None);
        Some(slot)
    }

    /// Forgets a descriptor and tells it why.
    pub(super) fn lose(
        &mut self,
        id: DescriptorId,
        reason: Reason,
        cause: Cause,
        flow: Option<FlowId>,
    ) {
        let Some(slot) = self.take(id) else { return };
        match slot.handler {
            Some(Handler::Served(served)) => {
                let label = Label::new("connection_lost", slot.task);
                let callback = label.callback(&mut self.recorder, cause, flow);
                // Its failure is recorded, and there is nothing left to lose.
                let _ = self.dispatch(callback, |reactor| match served {
                    Served::Descriptor(descriptor) => descriptor.connection_lost(reactor, reason),
                    Served::Connection(connection) => {
                        connection.connection_lost(reactor, reason);
                        Ok(())
                    }
                });
            }
            Some(Handler::Connecting(connecting)) => {
                self.give_up(connecting.connected, slot.task, cause, flow);
            }
            // It is being called at this moment, and is dropped when it returns.
            None => {}
        }
    }

    /// The end of the loop.
    pub(super) fn lose_all(&mut self) {
        let ids: Vec<_> = self.descriptors.keys().collect();
        for id in ids {
            self.lose(id, Reason::Stopped, Cause::Shutdown, None);
        }
        // What a callback opened in its last moment.
        self.descriptors.clear();
    }
}

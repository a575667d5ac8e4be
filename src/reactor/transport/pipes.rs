//! Pipes, as a process has them for its standard input and output: one that comes in, one that goes out.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::io::ioctl_fionbio;

use super::{Address, Connection, Protocol, Stream, Transport, Writing};
use crate::reactor::descriptor::{Handler, Served};
use crate::reactor::{CallbackResult, Descriptor, Failure, Next, Reactor, Reason};
use crate::trace::{Side, TaskId};

impl Reactor {
    /// Lets `protocol` talk through two pipes, or the like: it gets what comes out of `reader`, and what it
    /// writes goes into `writer`, if there is one. They are made non-blocking, for everybody who shares them,
    /// and are closed when the connection is lost.
    ///
    /// # Errors
    /// When the event provider cannot watch them, as is the case with files on a disk and epoll; nothing is called then.
    ///
    /// ```
    /// use loopscope::reactor::{CallbackResult, Protocol, Reactor, Reason, Transport};
    /// use std::process::{Command, Stdio};
    /// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
    /// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
    /// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
    ///
    /// /// Says something, and waits for the echo.
    /// struct Talk;
    ///
    /// impl Protocol for Talk {
    ///     fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
    ///         transport.write(reactor, b"hello");
    ///         transport.lose_write_connection(reactor);
    ///         Ok(())
    ///     }
    ///
    ///     fn data_received(&mut self, _: &mut Reactor, _: &Transport, data: &[u8]) -> CallbackResult {
    ///         assert_eq!(data, b"hello");
    ///         Ok(())
    ///     }
    ///
    ///     fn connection_lost(&mut self, reactor: &mut Reactor, _: &Reason) -> CallbackResult {
    ///         Ok(reactor.stop()?)
    ///     }
    /// }
    ///
    /// let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let (stdin, stdout) = (cat.stdin.take(), cat.stdout.take());
    /// if let (Some(stdin), Some(stdout)) = (stdin, stdout) {
    ///     reactor.attach_pipes(stdout.into(), Some(stdin.into()), None, Talk)?;
    /// }
    /// reactor.run()?;
    /// cat.wait()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn attach_pipes(
        &mut self,
        reader: OwnedFd,
        writer: Option<OwnedFd>,
        task: Option<TaskId>,
        protocol: impl Protocol + 'static,
    ) -> io::Result<()> {
        for fd in std::iter::once(&reader).chain(&writer) {
            ioctl_fionbio(fd, true)?;
            self.can_watch(fd)?;
        }
        let writer = writer.map(Rc::new);
        let stream = Stream::Pipes(reader, writer.clone());
        let protocol = Box::new(protocol);
        let connection = Connection::new(self, stream, Address::Pipes, task, protocol, None);
        connection.transport().attach_writer(self, writer);
        connection.begin(self, Side::Client);
        Ok(())
    }

    /// Whether the event provider takes it.
    fn can_watch(&mut self, fd: &OwnedFd) -> io::Result<()> {
        let id = self.insert(fd.as_raw_fd(), None, None);
        let watched = self.add_reader(id, "do_read");
        self.remove_descriptor(id);
        watched
    }
}

impl Transport {
    fn attach_writer(&self, reactor: &mut Reactor, writer: Option<Rc<OwnedFd>>) {
        let Some(writer) = writer else {
            self.shared.state.borrow_mut().writing = Writing::Shut;
            return;
        };
        let fd = writer.as_raw_fd();
        let half = WriteHalf {
            writer,
            transport: self.clone(),
        };
        let handler = Handler::Served(Served::Descriptor(Box::new(half)));
        let id = reactor.insert(fd, self.shared.task, Some(handler));
        self.shared.write_id.set(id);
    }

    /// Nothing goes out any more. (A socket has no half of its own for that.)
    pub(super) fn remove_write_half(&self, reactor: &mut Reactor) {
        let id = self.shared.write_id.replace(self.shared.id);
        if id != self.shared.id {
            reactor.remove_descriptor(id);
        }
    }
}

/// The pipe that goes out, as the loop sees it. The one that comes in is the [`Connection`].
struct WriteHalf {
    writer: Rc<OwnedFd>,
    transport: Transport,
}

impl Descriptor for WriteHalf {
    fn fd(&self) -> BorrowedFd<'_> {
        self.writer.as_fd()
    }

    fn do_read(&mut self, _: &mut Reactor) -> Result<Next, Failure> {
        // It never asks to read.
        Ok(Next::Wait)
    }

    fn do_write(&mut self, reactor: &mut Reactor) -> Result<Next, Failure> {
        let next = self.transport.serve_write(reactor);
        if next != Next::Close {
            return Ok(next);
        }
        // The connection is lost as a whole.
        self.transport.close_if_due(reactor);
        Ok(Next::Wait)
    }

    fn connection_lost(self: Box<Self>, _: &mut Reactor, _: Reason) -> CallbackResult {
        // The connection tells.
        Ok(())
    }
}

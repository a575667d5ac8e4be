//! Making a connection without waiting for it.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use mio::net::TcpStream;

use super::attempt::{ConnectError, Connected, Connecting};
use super::descriptor::{Handler, Ready};
use super::transport::Stream;
use super::{CallbackResult, DescriptorId, Label, Reactor};
use crate::trace::{Cause, FlowId, Interest, TaskId};

impl Reactor {
    /// Connects to `address`, for `task`, and calls `connected` once with what came of it: as the callback
    /// `connection_made` with a stream that the reactor does not watch yet, or as `connection_failed`.
    /// [`Reactor::remove_descriptor`] gives the attempt up, without a call.
    ///
    /// For programs that read the stream themselves. [`Reactor::connect_tcp`] makes connections that a
    /// [`Protocol`](super::Protocol) serves.
    ///
    /// # Errors
    /// When there is no socket, most likely because no file descriptor is left; nothing is called then.
    pub fn connect_stream(
        &mut self,
        address: SocketAddr,
        task: Option<TaskId>,
        connected: impl FnOnce(&mut Self, Result<TcpStream, ConnectError>) -> CallbackResult + 'static,
    ) -> io::Result<DescriptorId> {
        let stream = Stream::Tcp(TcpStream::connect(address)?);
        self.connect(stream, task, move |reactor, result| {
            let result = result.map(|stream| match stream {
                Stream::Tcp(stream) => stream,
                _ => unreachable!("a TCP stream was made above"),
            });
            connected(reactor, result)
        })
    }

    /// As [`Reactor::connect_stream`], for a stream that has begun to connect.
    pub(super) fn connect(
        &mut self,
        stream: Stream,
        task: Option<TaskId>,
        connected: impl FnOnce(&mut Self, Result<Stream, ConnectError>) -> CallbackResult + 'static,
    ) -> io::Result<DescriptorId> {
        let fd = stream.fd().as_raw_fd();
        let connecting = Connecting {
            stream,
            connected: Box::new(connected),
        };
        let handler = Handler::Connecting(Box::new(connecting));
        let id = self.insert(fd, task, Some(handler));
        if let Err(error) = self.add_watch(id, Interest::Writable, "connection_made") {
            self.take(id);
            return Err(error);
        }
        Ok(id)
    }

    /// The socket of a connection that is being made is ready.
    pub(super) fn serve_connecting(
        &mut self,
        ready: Ready,
        task: Option<TaskId>,
        connecting: Box<Connecting>,
    ) {
        let Some(outcome) = connecting.stream.connected() else {
            self.put_back(ready.id, Handler::Connecting(connecting));
            return;
        };
        // From here on it is the callback's: it may register the stream anew.
        self.take(ready.id);
        let Connecting { stream, connected } = *connecting;
        let (name, result) = match outcome {
            Ok(()) => ("connection_made", Ok(stream)),
            Err(error) => ("connection_failed", Err(error.into())),
        };
        self.call_connected(
            Label::new(name, task),
            Cause::Readiness,
            Some(ready.flow),
            |reactor| connected(reactor, result),
        );
    }

    /// The loop ends before the connection stands.
    pub(super) fn give_up(
        &mut self,
        connected: Connected,
        task: Option<TaskId>,
        cause: Cause,
        flow: Option<FlowId>,
    ) {
        self.call_connected(
            Label::new("connection_failed", task),
            cause,
            flow,
            |reactor| connected(reactor, Err(ConnectError::Stopped)),
        );
    }

    fn call_connected(
        &mut self,
        label: Label,
        cause: Cause,
        flow: Option<FlowId>,
        connected: impl FnOnce(&mut Self) -> CallbackResult,
    ) {
        let callback = label.callback(&mut self.recorder, cause, flow);
        // Its failure is recorded, and the stream went with it.
        let _ = self.dispatch(callback, connected);
    }
}

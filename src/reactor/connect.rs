//! Making a connection without waiting for it.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

use mio::net::TcpStream;

use super::descriptor::{Handler, Ready};
use super::{CallbackResult, DescriptorId, Label, Reactor};
use crate::trace::{Cause, FlowId, Interest, TaskId};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The attempt failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The reactor was stopped before it came to an end.
    #[error("the reactor was stopped")]
    Stopped,
}

type Connected = Box<dyn FnOnce(&mut Reactor, Result<TcpStream, ConnectError>) -> CallbackResult>;

/// A connection that is being made.
pub(super) struct Connecting {
    stream: TcpStream,
    connected: Connected,
}

impl Connecting {
    /// What came of it; `None` if it is not decided.
    fn outcome(&self) -> Option<io::Result<()>> {
        match self.stream.take_error() {
            Ok(Some(error)) | Err(error) => return Some(Err(error)),
            Ok(None) => {}
        }
        match self.stream.peer_addr() {
            Ok(_) => Some(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Reactor {
    /// Connects to `address`, for `task`, and calls `connected` once with what came of it: as the callback
    /// `connection_made` with a stream that the reactor does not watch yet, or as `connection_failed`.
    /// [`Reactor::remove_descriptor`] gives the attempt up, without a call.
    ///
    /// # Errors
    /// When there is no socket, most likely because no file descriptor is left; nothing is called then.
    pub fn connect_tcp(
        &mut self,
        address: SocketAddr,
        task: Option<TaskId>,
        connected: impl FnOnce(&mut Self, Result<TcpStream, ConnectError>) -> CallbackResult + 'static,
    ) -> io::Result<DescriptorId> {
        let stream = TcpStream::connect(address)?;
        let fd = stream.as_raw_fd();
        let connecting = Connecting {
            stream,
            connected: Box::new(connected),
        };
        let id = self.insert(fd, task, Handler::Connecting(connecting));
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
        connecting: Connecting,
    ) {
        let Some(outcome) = connecting.outcome() else {
            if let Some(slot) = self.descriptors.get_mut(ready.id) {
                slot.handler = Some(Handler::Connecting(connecting));
            }
            return;
        };
        // From here on it is the callback's: it may register the stream anew.
        self.take(ready.id);
        let Connecting { stream, connected } = connecting;
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
        connecting: Connecting,
        task: Option<TaskId>,
        cause: Cause,
        flow: Option<FlowId>,
    ) {
        let connected = connecting.connected;
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

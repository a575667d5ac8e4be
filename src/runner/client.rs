//! The client of the blocking models: one task at a time, on a blocking socket.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketType};

use super::blocking::block;
use super::download::{Download, End};
use super::error::TaskError;
use super::{BUFFER_BYTES, Controls, StopToken, Task, TaskRun};
use crate::clock::Ticks;
use crate::reactor::{Failure, Label, Stretch};
use crate::record::Recorder;
use crate::trace::{Cause, EventKind, TaskId, WaitCall};

/// Nothing but a signal wakes a thread from connecting: it looks up this often whether it is to stop.
const CONNECT_SLICE: Duration = Duration::from_millis(100);

/// A thread's client.
pub(super) struct Client {
    recorder: Recorder,
    controls: Controls,
    buffer: Vec<u8>,
}

impl AsMut<Recorder> for Client {
    fn as_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

impl Client {
    pub(super) fn new(recorder: Recorder, controls: Controls) -> Self {
        Self {
            recorder,
            controls,
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    pub(super) const fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Downloads `task`, from its beginning to its end.
    pub(super) fn download(&mut self, task: Task) -> TaskRun {
        if self.controls.stop.is_stopped() {
            return TaskRun::never_begun(task.id, &mut self.recorder);
        }
        let (id, address) = (task.id, task.address);
        let mut download = Download::begin(task, &mut self.recorder);
        let stop = self.controls.stop.clone();
        let (connected, at) = self.wait(id, WaitCall::Connect, |_| connect(address, &stop));
        let (name, end, at) = match connected {
            Ok(stream) => {
                let (end, at) = self.serve(&Arc::new(stream), &mut download, at);
                ("connection_lost", end, at)
            }
            Err(error) => (
                "connection_failed",
                End::Failed(TaskError::connecting(address, error)),
                at,
            ),
        };
        let mut run = None;
        // Ending a task calls nothing that fails.
        let _ = self.call(name, id, at, |client| {
            run = Some(download.end(end, &stop, &mut client.recorder));
            Ok(())
        });
        run.expect("the callback has run, and ends the task")
    }

    /// Reads from a connection until it is over.
    fn serve(
        &mut self,
        stream: &Arc<TcpStream>,
        download: &mut Download,
        at: Ticks,
    ) -> (End, Ticks) {
        let task = download.task();
        let _wake = self.controls.stop.shut_down(stream);
        let (_, mut at) = self.call("connection_made", task, at, |client| {
            download.connection_made(&mut client.recorder);
            Ok(())
        });
        loop {
            let (read, returned) = self.wait_at(at, task, WaitCall::Read, |client| {
                (&**stream).read(&mut client.buffer)
            });
            at = returned;
            let bytes = match read {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return (broken(download, error), at),
            };
            download.record_read(bytes, at, &mut self.recorder);
            if bytes == 0 {
                return (End::Closed, at);
            }
            let (received, returned) = self.call("data_received", task, at, |client| {
                client.data_received(bytes, stream, download)
            });
            at = returned;
            match received {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => return (End::Closed, at),
                Ok(Err(error)) => return (broken(download, error), at),
                Err(failure) => return (End::Crashed(failure), at),
            }
        }
    }

    /// What the program does with the bytes in the buffer. Whether the data came to its end meanwhile.
    fn data_received(
        &mut self,
        bytes: usize,
        stream: &Arc<TcpStream>,
        download: &mut Download,
    ) -> Result<io::Result<bool>, Failure> {
        download.keep(&self.buffer[..bytes]);
        let Some(blocking) = self.controls.blocking.for_task(download.task()) else {
            return Ok(Ok(false));
        };
        Ok(block(
            &blocking,
            stream,
            download,
            &mut self.buffer,
            &mut self.recorder,
            &self.controls.stop,
        ))
    }

    /// Makes a system call that may block, and returns what it returned, and when.
    fn wait<T>(
        &mut self,
        task: TaskId,
        call: WaitCall,
        code: impl FnOnce(&mut Self) -> T,
    ) -> (T, Ticks) {
        let now = self.recorder.ticks();
        self.wait_at(now, task, call, code)
    }

    fn wait_at<T>(
        &mut self,
        begin: Ticks,
        task: TaskId,
        call: WaitCall,
        code: impl FnOnce(&mut Self) -> T,
    ) -> (T, Ticks) {
        self.recorder
            .record_at(begin, EventKind::WaitBegin { task, call });
        self.recorder.flush();
        let result = code(self);
        let end = self.recorder.record(EventKind::WaitEnd { task });
        (result, end)
    }

    /// Runs user code, and returns what it returned, and when. In this model nobody but the task itself is
    /// held up by it, so that one long callback is a stall.
    fn call<T>(
        &mut self,
        name: &'static str,
        task: TaskId,
        begin: Ticks,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, Ticks) {
        let callback =
            Label::new(name, Some(task)).callback(&mut self.recorder, Cause::Program, None);
        let (result, end) = callback.run(self, begin, code);
        let mut stretch = Stretch::begin(begin);
        stretch.add(&callback, begin, end);
        stretch.end(end, &mut self.recorder, &self.controls.stall_threshold);
        (result, end)
    }
}

fn broken(download: &Download, error: io::Error) -> End {
    End::Failed(TaskError::Broken(download.order().address, error))
}

/// Connects to `address`, blocking. An error after a stop means nothing.
fn connect(address: SocketAddr, stop: &StopToken) -> io::Result<TcpStream> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket: OwnedFd = rustix::net::socket(family, SocketType::STREAM, None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    set_socket_timeout(&socket, Timeout::Send, Some(CONNECT_SLICE))?;
    loop {
        match rustix::net::connect(&socket, &address) {
            Ok(()) | Err(Errno::ISCONN) => break,
            // The attempt goes on, and so does the next call.
            Err(Errno::INPROGRESS | Errno::ALREADY | Errno::AGAIN | Errno::INTR)
                if !stop.is_stopped() => {}
            Err(error) => return Err(error.into()),
        }
    }
    set_socket_timeout(&socket, Timeout::Send, None)?;
    Ok(socket.into())
}

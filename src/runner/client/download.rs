//! A download: everything that a server sends, until it closes.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;

use super::Client;
use crate::clock::Ticks;
use crate::reactor::Failure;
use crate::record::wire;
use crate::runner::blocking::block;
use crate::runner::connect::connect_tcp;
use crate::runner::error::TaskError;
use crate::runner::running::{Running, StepError, StepResult, whole};
use crate::runner::thread::callback;
use crate::runner::{Endpoint, StopToken};
use crate::scenario::BlockingKind;
use crate::trace::{Side, WaitCall};

/// A download that was begun.
struct Download<'a> {
    endpoint: &'a Endpoint,
    stop: &'a StopToken,
    stream: Arc<TcpStream>,
    /// How many bytes the task had before.
    before: usize,
    /// Up to here the content was cut into lines; `None` if it is not to be cut.
    lines: Option<usize>,
    /// The callback fails once more bytes came.
    fails_after: Option<usize>,
}

impl Download<'_> {
    fn broken(&self, error: io::Error) -> StepResult {
        Err(TaskError::Broken(self.endpoint.place.clone(), error).into())
    }
}

impl Client<'_> {
    /// Takes everything that a server sends.
    pub(super) fn download(
        &mut self,
        server: usize,
        by_lines: bool,
        fails_after: Option<usize>,
        running: &mut Running,
    ) -> StepResult {
        let shared = self.shared;
        let endpoint = &shared.endpoints[server];
        running.expect(endpoint.expected.unwrap_or_default());
        let task = running.task();
        let before = running.received();
        let (connected, at) = self.wait(task, WaitCall::Connect, |_| {
            connect_tcp(&endpoint.place, shared.stop())
        });
        let stream = match connected {
            Ok(stream) => Arc::new(stream),
            Err(error) => return Err(self.connection_failed(&endpoint.place, error, task, at)),
        };
        let mut download = Download {
            endpoint,
            stop: shared.stop(),
            stream,
            before,
            lines: by_lines.then_some(before),
            fails_after,
        };
        let (result, at) = self.serve(&mut download, running, at);
        let result = result.and_then(|()| whole(running.received() - before, endpoint.expected));
        let is_finished = by_lines && result.is_ok() && !shared.stop().is_stopped();
        // It only hands on that the data came to its end.
        let _ = self.call("connection_lost", task, at, |client| {
            if is_finished {
                let now = client.recorder.ticks();
                client.tell("poem_finished", task, now);
            }
            Ok(())
        });
        result
    }

    /// Reads from a connection until it is over.
    fn serve(
        &mut self,
        download: &mut Download<'_>,
        running: &mut Running,
        at: Ticks,
    ) -> (StepResult, Ticks) {
        let task = running.task();
        let _wake = download.stop.shut_down(&download.stream);
        let mut at = self.connection_made(wire(&download.stream, Side::Client), running, at);
        loop {
            let (read, returned) = self.wait_at(at, task, WaitCall::Read, |client| {
                (&*download.stream).read(&mut client.buffer)
            });
            at = returned;
            let bytes = match read {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return (download.broken(error), at),
            };
            running.record_read(bytes, at, &mut self.recorder);
            if bytes == 0 {
                return (Ok(()), at);
            }
            let (received, returned) = self.call("data_received", task, at, |client| {
                client.data_received(bytes, download, running)
            });
            at = returned;
            match received {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => return (Ok(()), at),
                Ok(Err(error)) => return (download.broken(error), at),
                Err(failure) => return (Err(StepError::Crashed(failure)), at),
            }
        }
    }

    /// What the program does with the bytes in the buffer. Whether the data came to its end meanwhile.
    fn data_received(
        &mut self,
        bytes: usize,
        download: &mut Download<'_>,
        running: &mut Running,
    ) -> Result<io::Result<bool>, Failure> {
        running.keep(&self.buffer[..bytes]);
        if let Some(most) = download.fails_after
            && running.received() - download.before > most
        {
            return Err(TaskError::FailsAfter(most).into());
        }
        let blocking = self.shared.controls.blocking.for_task(running.task());
        // It is the innermost callback that blocks; but a socket is read to its end where it is read.
        let by_lines = download.lines.is_some();
        let is_over = match blocking.filter(|one| !by_lines || one.kind == BlockingKind::Read) {
            Some(blocking) => block(
                &blocking,
                &download.stream,
                running,
                &mut self.buffer,
                &mut self.recorder,
                download.stop,
            ),
            None => Ok(false),
        };
        if let Some(begin) = &mut download.lines {
            *begin = self.cut_lines(*begin, running);
        }
        Ok(is_over)
    }

    /// Hands on each line that is whole. Where the next one begins.
    fn cut_lines(&mut self, mut begin: usize, running: &Running) -> usize {
        while let Some(length) = running.content()[begin..]
            .iter()
            .position(|&byte| byte == b'\n')
        {
            begin += length + 1;
            let (task, now) = (running.task(), self.recorder.ticks());
            let callback = callback("line_received", task, &mut self.recorder);
            // What only takes its time does not fail.
            let _ = callback.run(self, now, |client| {
                client.block_if_switched(task);
                Ok(())
            });
        }
        begin
    }
}

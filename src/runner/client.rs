//! The client of the blocking models: one task at a time, on a blocking socket.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;

use super::blocking::block;
use super::connect::connect;
use super::error::TaskError;
use super::request::request_blocking;
use super::running::{Running, StepError, StepResult, whole};
use super::{BUFFER_BYTES, Controls, Endpoint, Job, TaskRun};
use crate::clock::Ticks;
use crate::reactor::{Failure, Label, Stretch};
use crate::record::Recorder;
use crate::scenario::{Step, Task};
use crate::trace::{Cause, EventKind, TaskId, WaitCall};

/// A thread's client.
pub(super) struct Client {
    recorder: Recorder,
    controls: Controls,
    endpoints: Arc<[Endpoint]>,
    buffer: Vec<u8>,
}

impl AsMut<Recorder> for Client {
    fn as_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

impl Client {
    pub(super) fn new(recorder: Recorder, job: &Job) -> Self {
        Self {
            recorder,
            controls: job.controls.clone(),
            endpoints: Arc::clone(&job.endpoints),
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    pub(super) const fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Does `task`, from its first step to its last.
    pub(super) fn run(&mut self, task: &Task) -> TaskRun {
        if self.controls.stop.is_stopped() {
            return TaskRun::never_begun(task.id, &mut self.recorder);
        }
        let mut running = Running::begin(task, &mut self.recorder);
        let result = task
            .steps
            .iter()
            .try_for_each(|step| self.step(step, &mut running));
        running.end(result, &self.controls.stop, &mut self.recorder)
    }

    fn step(&mut self, step: &Step, running: &mut Running) -> StepResult {
        match step {
            Step::Download { server, .. } => self.download(*server, running),
            Step::Request { server, .. } => self.request(*server, running),
            _ => Ok(()),
        }
    }

    /// Asks a server for its one resource.
    fn request(&mut self, server: usize, running: &mut Running) -> StepResult {
        let endpoints = Arc::clone(&self.endpoints);
        let stop = self.controls.stop.clone();
        let (response, at) = self.wait(running.task(), WaitCall::Read, |_| {
            request_blocking(&endpoints[server], &stop)
        });
        let body = response?;
        running.record_read(body.len(), at, &mut self.recorder);
        running.keep(&body);
        Ok(())
    }

    /// Takes everything that a server sends.
    fn download(&mut self, server: usize, running: &mut Running) -> StepResult {
        let endpoints = Arc::clone(&self.endpoints);
        let endpoint = &endpoints[server];
        running.expect(endpoint.expected.unwrap_or_default());
        let task = running.task();
        let before = running.received();
        let stop = self.controls.stop.clone();
        let (connected, at) =
            self.wait(task, WaitCall::Connect, |_| connect(&endpoint.place, &stop));
        let (name, result, at) = match connected {
            Ok(socket) => {
                let stream = Arc::new(TcpStream::from(socket));
                let (result, at) = self.serve(&stream, endpoint, running, at);
                let whole = || whole(running.received() - before, endpoint.expected);
                ("connection_lost", result.and_then(|()| whole()), at)
            }
            Err(error) => (
                "connection_failed",
                Err(TaskError::connecting(&endpoint.place, error).into()),
                at,
            ),
        };
        // The program has nothing more to do here, so nothing fails.
        let _ = self.call(name, task, at, |_| Ok(()));
        result
    }

    /// Reads from a connection until it is over.
    fn serve(
        &mut self,
        stream: &Arc<TcpStream>,
        endpoint: &Endpoint,
        running: &mut Running,
        at: Ticks,
    ) -> (StepResult, Ticks) {
        let task = running.task();
        let broken = |error| Err(TaskError::Broken(endpoint.place.clone(), error).into());
        let _wake = self.controls.stop.shut_down(stream);
        let (_, mut at) = self.call("connection_made", task, at, |client| {
            running.connection_made(&mut client.recorder);
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
                Err(error) => return (broken(error), at),
            };
            running.record_read(bytes, at, &mut self.recorder);
            if bytes == 0 {
                return (Ok(()), at);
            }
            let (received, returned) = self.call("data_received", task, at, |client| {
                client.data_received(bytes, stream, running)
            });
            at = returned;
            match received {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => return (Ok(()), at),
                Ok(Err(error)) => return (broken(error), at),
                Err(failure) => return (Err(StepError::Crashed(failure)), at),
            }
        }
    }

    /// What the program does with the bytes in the buffer. Whether the data came to its end meanwhile.
    fn data_received(
        &mut self,
        bytes: usize,
        stream: &Arc<TcpStream>,
        running: &mut Running,
    ) -> Result<io::Result<bool>, Failure> {
        running.keep(&self.buffer[..bytes]);
        let Some(blocking) = self.controls.blocking.for_task(running.task()) else {
            return Ok(Ok(false));
        };
        Ok(block(
            &blocking,
            stream,
            running,
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

//! The client of the blocking models: one task at a time, a step after the other, and the thread waits for each.
//!
//! Here is how a task goes through its steps, and in which words that is recorded: a system call that may block is
//! a wait, and what the program does is a callback. The steps themselves stand beside this file.

mod channel;
mod download;
mod hold;
mod program;
mod request;
mod talk;

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam_channel::Receiver;

use super::blocking::sleep;
use super::error::TaskError;
use super::running::{Running, StepError, StepResult};
use super::stop::{StopHook, StopToken};
use super::thread::{Thread, Watched, call, callback, wait_at};
use super::{BUFFER_BYTES, Controls, Endpoint, Job, Place, TaskRun};
use crate::clock::Ticks;
use crate::reactor::Failure;
use crate::record::Recorder;
use crate::scenario::{Step, Task};
use crate::trace::{EventKind, Outcome, TaskId, WaitCall, Wire};
use crate::watch::Lookout;

/// What the clients of one model share.
pub(super) struct Shared {
    /// Its token is the model's own: a task may stop the model it is in, and no other.
    controls: Controls,
    endpoints: Arc<[Endpoint]>,
    /// Connections that are kept until the model ends.
    held: Mutex<Vec<TcpStream>>,
    lookout: Option<Lookout>,
    _stopped_with_the_run: StopHook,
}

impl Shared {
    pub(super) fn new(job: &Job) -> Self {
        let stop = StopToken::default();
        let own = stop.clone();
        Self {
            _stopped_with_the_run: job.controls.stop.on_stop(move || own.stop()),
            controls: Controls {
                stop,
                ..job.controls.clone()
            },
            endpoints: Arc::clone(&job.endpoints),
            held: Mutex::default(),
            lookout: job.lookout(),
        }
    }

    /// Says whether the model is to stop.
    pub(super) const fn stop(&self) -> &StopToken {
        &self.controls.stop
    }
}

/// Nothing is ever sent: a task has ended when whoever does it has dropped the other end.
pub(super) enum Never {}

/// A thread's client.
pub(super) struct Client<'a> {
    watched: Option<Watched>,
    recorder: Recorder,
    shared: &'a Shared,
    buffer: Vec<u8>,
}

impl AsMut<Recorder> for Client<'_> {
    fn as_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

impl Thread for Client<'_> {
    fn watched(&mut self) -> Option<&mut Watched> {
        self.watched.as_mut()
    }
}

impl<'a> Client<'a> {
    pub(super) fn new(recorder: Recorder, shared: &'a Shared) -> Self {
        Self {
            watched: None,
            recorder,
            shared,
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    /// Has its callbacks watched from now on, if those of this run are. To be called on its thread.
    pub(super) fn watch(&mut self) {
        let Shared {
            controls, lookout, ..
        } = self.shared;
        self.watched = Watched::start(&self.recorder, controls, lookout.as_ref());
    }

    pub(super) const fn recorder(&mut self) -> &mut Recorder {
        &mut self.recorder
    }

    /// Waits until another task has ended. A stop ends that one, too.
    pub(super) fn wait_for(&mut self, other: &Receiver<Never>) {
        self.recorder.record(EventKind::IdleBegin);
        self.recorder.flush();
        // Fails when the other end is dropped, and only then.
        let _ = other.recv();
        self.recorder.record(EventKind::IdleEnd);
    }

    /// Does `task`, from its first step to its last.
    pub(super) fn run(&mut self, task: &Task) -> TaskRun {
        let stop = self.shared.stop();
        if stop.is_stopped() {
            return TaskRun::never_begun(task.id, &mut self.recorder);
        }
        let mut running = Running::begin(task, &mut self.recorder);
        // A task that stops the model with its last step is done before that.
        let (steps, stops) = match &*task.steps {
            [steps @ .., Step::Stop] => (steps.len(), true),
            steps => (steps.len(), false),
        };
        let result = self.steps(task, steps, &mut running);
        let run = running.end(result, stop, &mut self.recorder);
        if stops && run.outcome == Outcome::Done {
            stop.stop();
        }
        run
    }

    /// Does the first `steps` of a task until one fails, or somebody stops the model.
    fn steps(&mut self, task: &Task, steps: usize, running: &mut Running) -> StepResult {
        for place in 0..steps {
            if self.shared.stop().is_stopped() {
                break;
            }
            self.step(task, place, running)?;
        }
        Ok(())
    }

    fn step(&mut self, task: &Task, place: usize, running: &mut Running) -> StepResult {
        let steps = &self.shared.controls.steps;
        let Some(step) = steps.read(task, place, Step::clone) else {
            return Ok(());
        };
        match &step {
            Step::Call(call) => self.call_program(call, running.task()),
            Step::Wait(duration) => {
                self.sleep(*duration, running.task());
                Ok(())
            }
            Step::Every { .. } => self.every(task, place),
            Step::Download {
                server,
                by_lines,
                fails_after,
            } => self.download(*server, *by_lines, *fails_after, running),
            Step::Request { server, .. } => self.request(*server, running),
            Step::Say {
                to: Some(server),
                texts,
                times,
                ..
            } => {
                let pause = || steps.pause(task, place);
                self.say(*server, texts, *times, pause, running)
            }
            Step::Say { to: None, .. } => Err(TaskError::NoService.into()),
            Step::Hold { server, count } => self.hold(*server, *count, running),
            Step::Deferred(_) => Err(TaskError::NoLoop.into()),
            Step::Stop => {
                self.shared.stop().stop();
                Ok(())
            }
        }
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
        wait_at(self, begin, task, call, code)
    }

    /// Lets so much time pass.
    fn sleep(&mut self, duration: Duration, task: TaskId) {
        let stop = self.shared.stop();
        self.wait(task, WaitCall::Sleep, |_| sleep(duration, stop));
    }

    /// Runs user code, and returns what it returned, and when.
    fn call<T>(
        &mut self,
        name: &str,
        task: TaskId,
        begin: Ticks,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, Ticks) {
        let callback = callback(name, task, &mut self.recorder);
        let threshold = &self.shared.controls.stall_threshold;
        call(self, callback, threshold, begin, code)
    }

    /// Tells the program of something that it has nothing to do about, inside a callback or outside.
    fn tell(&mut self, name: &str, task: TaskId, begin: Ticks) {
        let callback = callback(name, task, &mut self.recorder);
        // What does nothing does not fail.
        let _ = callback.run(self, begin, |_| Ok(()));
    }

    /// Blocks, in a callback of `task`, if the switch says so.
    fn block_if_switched(&mut self, task: TaskId) {
        let controls = &self.shared.controls;
        let recorder = &mut self.recorder;
        controls
            .blocking
            .block_callback(task, recorder, &controls.stop);
    }

    /// Tells that a connection stands, and returns when that was done.
    fn connection_made(&mut self, wire: Option<Wire>, running: &Running, at: Ticks) -> Ticks {
        let (_, at) = self.call("connection_made", running.task(), at, |client| {
            running.connection_made(wire, &mut client.recorder);
            Ok(())
        });
        at
    }

    /// Tells that there is no connection to `place`, and returns why the step failed.
    fn connection_failed(
        &mut self,
        place: &Place,
        error: io::Error,
        task: TaskId,
        at: Ticks,
    ) -> StepError {
        self.tell("connection_failed", task, at);
        TaskError::connecting(place, error).into()
    }
}

//! One task in the making, whatever the model: what came so far, and how it ends.

use super::TaskRun;
use super::error::TaskError;
use super::stop::StopToken;
use crate::clock::Ticks;
use crate::reactor::Failure;
use crate::record::Recorder;
use crate::scenario::Task;
use crate::trace::{EventKind, Outcome, TaskId, Wire};

/// A task that was begun.
pub(super) struct Running {
    task: TaskId,
    content: Vec<u8>,
}

/// Why a step did not do what it was for: the task is over with it.
pub(super) enum StepError {
    /// Something went wrong that nobody has recorded yet.
    Failed(TaskError),
    /// A callback failed, which is recorded.
    Crashed(Failure),
}

impl From<TaskError> for StepError {
    fn from(error: TaskError) -> Self {
        Self::Failed(error)
    }
}

/// How a step, or a whole task, went.
pub(super) type StepResult = Result<(), StepError>;

impl Running {
    /// Begins it.
    pub(super) fn begin(task: &Task, recorder: &mut Recorder) -> Self {
        let name = recorder.name(&task.name);
        recorder.record(EventKind::TaskBegin {
            task: task.id,
            name,
        });
        Self {
            task: task.id,
            content: Vec::new(),
        }
    }

    pub(super) const fn task(&self) -> TaskId {
        self.task
    }

    /// How many bytes came so far.
    pub(super) const fn received(&self) -> usize {
        self.content.len()
    }

    /// What came so far.
    pub(super) fn content(&self) -> &[u8] {
        &self.content
    }

    /// So many bytes more are expected.
    pub(super) fn expect(&mut self, bytes: usize) {
        self.content.reserve(bytes);
    }

    /// A connection of its stands.
    pub(super) fn connection_made(&self, wire: Option<Wire>, recorder: &mut Recorder) {
        let task = self.task;
        let at = recorder.record(EventKind::Connected { task });
        if let Some(wire) = wire {
            recorder.record_at(at, EventKind::ConnectedBy { task, wire });
        }
    }

    /// Data was read; none is its end.
    pub(super) fn data_received(&mut self, data: &[u8], recorder: &mut Recorder) {
        let now = recorder.ticks();
        self.record_read(data.len(), now, recorder);
        self.keep(data);
    }

    /// So many bytes were read at `at`.
    pub(super) fn record_read(&self, bytes: usize, at: Ticks, recorder: &mut Recorder) {
        record_read(self.task, bytes, at, recorder);
    }

    /// What a call that blocked has read, if it has read anything: not that it was the end.
    pub(super) fn record_arrived(&self, bytes: usize, at: Ticks, recorder: &mut Recorder) {
        if bytes > 0 {
            self.record_read(bytes, at, recorder);
        }
    }

    /// What the program does with data.
    pub(super) fn keep(&mut self, data: &[u8]) {
        self.content.extend_from_slice(data);
    }

    /// Ends it. After a stop everything that is not finished was stopped, whatever the sockets say: it is the
    /// stop that shut them down.
    pub(super) fn end(
        self,
        result: StepResult,
        stop: &StopToken,
        recorder: &mut Recorder,
    ) -> TaskRun {
        let error = match result {
            Err(StepError::Crashed(failure)) => {
                return self.close(Outcome::Failed, Some(failure.to_string()), recorder);
            }
            _ if stop.is_stopped() => return self.close(Outcome::Stopped, None, recorder),
            Ok(()) => return self.close(Outcome::Done, None, recorder),
            Err(StepError::Failed(error)) => error,
        };
        let error = error.to_string();
        let task = Some(self.task);
        let message = recorder.message(&error);
        recorder.record(EventKind::Failure { task, message });
        self.close(Outcome::Failed, Some(error), recorder)
    }

    /// Ends it where it is: the program that it is a part of was stopped.
    pub(super) fn stop(self, recorder: &mut Recorder) -> TaskRun {
        self.close(Outcome::Stopped, None, recorder)
    }

    fn close(self, outcome: Outcome, error: Option<String>, recorder: &mut Recorder) -> TaskRun {
        let task = self.task;
        recorder.record(EventKind::TaskEnd { task, outcome });
        TaskRun {
            task,
            content: self.content,
            outcome,
            error,
        }
    }
}

/// So many bytes were read for `task` at `at`.
pub(super) fn record_read(task: TaskId, bytes: usize, at: Ticks, recorder: &mut Recorder) {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    recorder.record_at(at, EventKind::BytesRead { task, bytes });
}

/// How a download ended whose data did.
pub(super) fn whole(received: usize, expected: Option<usize>) -> StepResult {
    Ok(all_there(received, expected)?)
}

/// Whether no byte is missing, as far as it is known how many there are.
pub(super) fn all_there(received: usize, expected: Option<usize>) -> Result<(), TaskError> {
    match expected {
        Some(expected) if received < expected => Err(TaskError::ClosedEarly { received, expected }),
        _ => Ok(()),
    }
}

//! One task in the making, whatever the model: what came so far, and how it ends.

use super::error::TaskError;
use super::stop::StopToken;
use super::{Task, TaskRun};
use crate::clock::Ticks;
use crate::reactor::Failure;
use crate::record::Recorder;
use crate::trace::{EventKind, Outcome, TaskId};

/// A task that was begun.
pub(super) struct Download {
    task: Task,
    content: Vec<u8>,
}

/// Why a connection is over.
pub(super) enum End {
    /// The data ended.
    Closed,
    /// Something went wrong that nobody has recorded yet.
    Failed(TaskError),
    /// A callback failed, which is recorded.
    Crashed(Failure),
}

impl Download {
    /// Begins it.
    pub(super) fn begin(task: Task, recorder: &mut Recorder) -> Self {
        let name = recorder.name(&task.name);
        recorder.record(EventKind::TaskBegin {
            task: task.id,
            name,
        });
        Self {
            content: Vec::with_capacity(task.expected.unwrap_or_default()),
            task,
        }
    }

    pub(super) const fn task(&self) -> TaskId {
        self.task.id
    }

    /// What is to be done, as it was begun.
    pub(super) const fn order(&self) -> &Task {
        &self.task
    }

    /// How many bytes came so far.
    pub(super) const fn received(&self) -> usize {
        self.content.len()
    }

    /// The connection stands.
    pub(super) fn connection_made(&self, recorder: &mut Recorder) {
        recorder.record(EventKind::Connected { task: self.task.id });
    }

    /// Data was read; none is its end.
    pub(super) fn data_received(&mut self, data: &[u8], recorder: &mut Recorder) {
        let now = recorder.ticks();
        self.record_read(data.len(), now, recorder);
        self.keep(data);
    }

    /// So many bytes were read at `at`.
    pub(super) fn record_read(&self, bytes: usize, at: Ticks, recorder: &mut Recorder) {
        recorder.record_at(
            at,
            EventKind::BytesRead {
                task: self.task.id,
                bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            },
        );
    }

    /// What the program does with data.
    pub(super) fn keep(&mut self, data: &[u8]) {
        self.content.extend_from_slice(data);
    }

    /// Ends it. After a stop everything that is not finished was stopped, whatever the sockets say: it is the
    /// stop that shut them down.
    pub(super) fn end(self, end: End, stop: &StopToken, recorder: &mut Recorder) -> TaskRun {
        let received = self.received();
        let error = match (end, self.task.expected) {
            (End::Crashed(failure), _) => {
                return self.close(Outcome::Failed, Some(failure.to_string()), recorder);
            }
            _ if stop.is_stopped() => return self.close(Outcome::Stopped, None, recorder),
            (End::Closed, Some(expected)) if received < expected => {
                TaskError::ClosedEarly { received, expected }
            }
            (End::Closed, _) => return self.close(Outcome::Done, None, recorder),
            (End::Failed(error), _) => error,
        };
        let error = error.to_string();
        let task = Some(self.task.id);
        let message = recorder.message(&error);
        recorder.record(EventKind::Failure { task, message });
        self.close(Outcome::Failed, Some(error), recorder)
    }

    fn close(self, outcome: Outcome, error: Option<String>, recorder: &mut Recorder) -> TaskRun {
        let task = self.task.id;
        recorder.record(EventKind::TaskEnd { task, outcome });
        TaskRun {
            task,
            content: self.content,
            outcome,
            error,
        }
    }
}

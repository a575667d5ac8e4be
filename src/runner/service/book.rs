//! The book of a server's clients: who is still to come, who is being served, who has gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::error::TaskError;
use super::super::{Job, StopToken, TaskRun};
use crate::record::Recorder;
use crate::scenario::{Step, Task};
use crate::trace::{EventKind, Outcome, TaskId};

/// What became of each client. It records the lanes of the tasks, so that each begins once and ends once, whichever
/// thread has served it.
pub(super) struct Book {
    tasks: Arc<[Task]>,
    stop: StopToken,
    entries: Mutex<Vec<Entry>>,
}

struct Entry {
    /// How many conversations it has not begun yet.
    to_come: usize,
    /// How many of its connections the server has: more than one when it hangs up and calls again, and the server has
    /// not noticed yet.
    open: usize,
    begun: bool,
    ended: bool,
    /// Why the server failed it.
    failure: Option<String>,
}

impl Book {
    pub(super) fn new(job: &Job) -> Self {
        let says = |task: &Task| {
            let steps = task.steps.iter();
            steps
                .filter(|step| matches!(step, Step::Say { .. }))
                .count()
        };
        let entries = job.tasks.iter().map(|task| Entry {
            to_come: says(task),
            open: 0,
            begun: false,
            ended: false,
            failure: None,
        });
        Self {
            entries: Mutex::new(entries.collect()),
            tasks: Arc::clone(&job.tasks),
            stop: job.controls.stop.clone(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Nothing in here panics half way.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection of the client is taken on.
    pub(super) fn begin(&self, task: TaskId, recorder: &mut Recorder) {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(task.index()) else {
            return;
        };
        entry.to_come = entry.to_come.saturating_sub(1);
        entry.open += 1;
        if !entry.begun {
            entry.begun = true;
            let name = recorder.name(&self.tasks[task.index()].name);
            recorder.record(EventKind::TaskBegin { task, name });
        }
        recorder.record(EventKind::Connected { task });
    }

    /// A connection of the client is over; `result` says why if it broke. The client is gone with its last one.
    pub(super) fn end(&self, task: TaskId, result: Result<(), String>, recorder: &mut Recorder) {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(task.index()) else {
            return;
        };
        entry.open = entry.open.saturating_sub(1);
        match result {
            // It is the stop that broke it.
            _ if self.stop.is_stopped() => entry.end(task, Outcome::Stopped, recorder),
            Err(error) => entry.fail(task, error, recorder),
            Ok(()) if entry.open > 0 => {}
            Ok(()) if entry.to_come == 0 => entry.end(task, Outcome::Done, recorder),
            Ok(()) => {
                let name = recorder.name(&self.tasks[task.index()].name);
                recorder.record(EventKind::TaskQueued { task, name });
                // Before another thread can have taken its next connection on.
                recorder.flush();
            }
        }
    }

    /// The client was turned away.
    pub(super) fn turn_away(&self, task: TaskId, error: &TaskError, recorder: &mut Recorder) {
        if let Some(entry) = self.entries().get_mut(task.index()) {
            entry.fail(task, error.to_string(), recorder);
        }
    }

    /// Nobody is served any more. Ends the lanes of those who never got in, and says how each task went: as its
    /// client has it, unless the server failed it. `runs` is why there was no server at all, if there was none.
    pub(super) fn close(
        &self,
        runs: Result<Vec<TaskRun>, TaskError>,
        recorder: &mut Recorder,
    ) -> Vec<TaskRun> {
        let mut runs = runs.unwrap_or_else(|error| self.nobody_was_served(&error));
        for (entry, run) in self.entries().iter_mut().zip(&mut runs) {
            if let Some(failure) = entry.failure.take() {
                run.outcome = Outcome::Failed;
                run.error = Some(failure);
            } else if let Some(error) = &run.error
                && !entry.ended
            {
                entry.fail(run.task, error.clone(), recorder);
            } else {
                entry.end(run.task, run.outcome, recorder);
            }
        }
        runs
    }

    fn nobody_was_served(&self, error: &TaskError) -> Vec<TaskRun> {
        let outcome = if self.stop.is_stopped() {
            Outcome::Stopped
        } else {
            Outcome::Failed
        };
        let tasks = self.tasks.iter();
        tasks
            .map(|task| TaskRun {
                task: task.id,
                content: Vec::new(),
                outcome,
                error: (outcome == Outcome::Failed).then(|| error.to_string()),
            })
            .collect()
    }
}

impl Entry {
    fn fail(&mut self, task: TaskId, error: String, recorder: &mut Recorder) {
        if self.ended {
            return;
        }
        let message = recorder.message(&error);
        let task_of_failure = Some(task);
        recorder.record(EventKind::Failure {
            task: task_of_failure,
            message,
        });
        self.failure = Some(error);
        self.end(task, Outcome::Failed, recorder);
    }

    fn end(&mut self, task: TaskId, outcome: Outcome, recorder: &mut Recorder) {
        if !std::mem::replace(&mut self.ended, true) {
            recorder.record(EventKind::TaskEnd { task, outcome });
        }
    }
}

//! The models of execution: each does every task of a scenario, a step after the other.
//!
//! The same three callbacks serve a connection in every model: `connection_made`, `data_received` and
//! `connection_lost` (or `connection_failed`, where none came to stand). What differs is who calls them, and
//! what the thread does in between. All of it is recorded in the same words, so that models can be compared.
//!
//! A runner knows addresses, never a server.

mod asynchronous;
mod blocking;
mod chore;
mod client;
mod connect;
mod endpoint;
mod error;
mod live;
mod request;
mod running;
mod service;
mod stop;
mod synchronous;
mod thread;
mod threaded;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use asynchronous::Asynchronous;
pub use blocking::BlockingSwitch;
pub use endpoint::{Endpoint, OpenPipes, Place};
pub use error::TaskError;
pub use live::LiveSteps;
pub use service::{
    ChildError, ChildProgram, PoolServer, ProcessServer, ReactorServer, SequentialServer,
    ServiceWork, ThreadServer, serve_client,
};
pub use stop::{StopHook, StopToken};
pub use synchronous::Synchronous;
pub use threaded::Threaded;

use crate::reactor::{Reactor, StallThreshold};
use crate::record::{Recorder, Recorders};
use crate::scenario::{Model, Service, Task, Treatment, Variant};
use crate::trace::{EventKind, ModelId, Outcome, TaskId};
use crate::watch::Lookout;

/// How many bytes are read at once, at most.
const BUFFER_BYTES: usize = 64 * 1024;

/// A model of execution.
pub trait Runner: Sync {
    /// Does every task and returns how each went, in their order. What happens to one task does not
    /// touch the others. When it returns, its threads have ended and its sockets are closed.
    fn run(&self, job: Job) -> Vec<TaskRun>;
}

/// What runs `model`.
pub fn of(model: Model) -> &'static dyn Runner {
    match model {
        Model::Synchronous => &Synchronous,
        Model::Threaded => &Threaded,
        Model::Asynchronous => &Asynchronous,
        Model::Sequential => &SequentialServer,
        Model::Processes => &ProcessServer,
        Model::Threads => &ThreadServer,
        Model::Pool => &PoolServer,
        Model::Reactor => &ReactorServer,
    }
}

/// What a runner is to do.
#[derive(Clone)]
pub struct Job {
    /// What the model is called in the trace.
    pub model: ModelId,
    /// Which model, and how it goes about things.
    pub variant: Variant,
    /// What is to be done.
    pub tasks: Arc<[Task]>,
    /// Where the servers are, by their places in the scenario.
    pub endpoints: Arc<[Endpoint]>,
    /// The server that is itself what is compared, if there is one: the tasks are its clients then.
    pub service: Option<Service>,
    /// What it records with.
    pub recorders: Recorders,
    /// How it is steered while it runs.
    pub controls: Controls,
}

impl Job {
    /// What watches the threads of the model that have no loop, if they are to be watched.
    fn lookout(&self) -> Option<Lookout> {
        let is_watched = self.controls.watch;
        is_watched.then(|| Lookout::new(&self.recorders, self.model))
    }
}

/// How a run is steered from outside. Clones steer the same run.
#[derive(Clone, Default)]
pub struct Controls {
    /// Ends it.
    pub stop: StopToken,
    /// Makes its callbacks block.
    pub blocking: BlockingSwitch,
    /// What its tasks do.
    pub steps: LiveSteps,
    /// What its service does before each answer.
    pub work: ServiceWork,
    /// What its loops carry out otherwise than the scenario says.
    pub treatment: Option<Treatment>,
    /// What serves a client in a process of its own.
    pub child: ChildProgram,
    /// How long a stretch without a poll, or one callback of a blocking model, must be to count as a stall.
    pub stall_threshold: StallThreshold,
    /// Whether its loops and threads are watched.
    pub watch: bool,
}

impl Controls {
    /// Takes the steering of a loop.
    fn steer(&self, reactor: &mut Reactor) {
        reactor.share_stall_threshold(self.stall_threshold.clone());
        if self.watch {
            // Where the system has nothing left for a watchdog, stalls are recorded all the same, only without causes.
            let _ = reactor.watch();
        }
    }
}

/// How one task went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRun {
    /// Which.
    pub task: TaskId,
    /// What was received, in order; as far as it came where the task failed or was stopped.
    pub content: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, for people; `None` unless `outcome` is [`Outcome::Failed`].
    pub error: Option<String>,
}

impl TaskRun {
    /// A task that nobody began before everything was stopped: it is queued no longer.
    fn never_begun(task: TaskId, recorder: &mut Recorder) -> Self {
        let outcome = Outcome::Stopped;
        recorder.record(EventKind::TaskEnd { task, outcome });
        Self {
            task,
            content: Vec::new(),
            outcome,
            error: None,
        }
    }
}

/// A model begins, and with it everything that it will have to do.
fn begin_model(recorder: &mut Recorder, variant: &Variant, tasks: &[Task]) {
    let name = recorder.name(&variant.name);
    let begin = recorder.record(EventKind::ModelBegin { name });
    for task in tasks {
        let name = recorder.name(&task.name);
        recorder.record_at(
            begin,
            EventKind::TaskQueued {
                task: task.id,
                name,
            },
        );
    }
    // Before a thread is started that has more to say of them, and so that all their lanes are there at once.
    recorder.flush();
}

/// A model ends. `stop` is that of the run: tasks that the model has stopped itself do not count.
fn end_model(recorder: &mut Recorder, runs: &[TaskRun], stop: &StopToken) {
    let any = |outcome| runs.iter().any(|run| run.outcome == outcome);
    let outcome = if any(Outcome::Failed) {
        Outcome::Failed
    } else if any(Outcome::Stopped) && stop.is_stopped() {
        Outcome::Stopped
    } else {
        Outcome::Done
    };
    recorder.record(EventKind::ModelEnd { outcome });
}

//! Every task on one thread, which the reactor runs.
//!
//! An [`Errand`] leads a task from step to step; each kind of step has a file of its own here. A step begins in the
//! callback in which the one before it ended.

mod client;
mod download;
mod errand;
mod hold;
mod lines;
mod promise;
mod request;
mod talk;
mod work;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::error::TaskError;
use super::running::{Running, StepResult};
use super::{
    BUFFER_BYTES, Controls, Endpoint, Job, Runner, StopToken, TaskRun, begin_model, end_model,
};
use crate::reactor::{ConnectError, Label, Provider, ProviderKind, Reactor};
use crate::record::Recorder;
use crate::scenario::{EventProvider, Step, Task, Variant};
use crate::trace::TaskId;

use errand::Errand;

/// The asynchronous model.
#[derive(Clone, Copy, Debug)]
pub struct Asynchronous;

impl Runner for Asynchronous {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        let mut recorder = job.recorders.recorder(job.model, "reactor");
        begin_model(&mut recorder, &job.variant, &job.tasks);
        let mut runs = match Provider::of(kind(job.variant.provider)) {
            Ok(provider) => {
                let mut reactor = Reactor::with_provider(recorder, provider);
                let runs = run_in(&mut reactor, &job);
                end_model(reactor.recorder(), &runs, &job.controls.stop);
                runs
            }
            Err(error) => {
                let runs = fail(&mut recorder, &job, error);
                end_model(&mut recorder, &runs, &job.controls.stop);
                runs
            }
        };
        runs.sort_by_key(|run| run.task);
        runs
    }
}

const fn kind(provider: EventProvider) -> ProviderKind {
    match provider {
        EventProvider::Epoll => ProviderKind::Epoll,
        EventProvider::Poll => ProviderKind::Poll,
        EventProvider::Select => ProviderKind::Select,
    }
}

/// There is no reactor.
fn fail(recorder: &mut Recorder, job: &Job, error: io::Error) -> Vec<TaskRun> {
    let error = ConnectError::from(error);
    let again = || match error.clone() {
        ConnectError::Io(error) => TaskError::provider(error),
        ConnectError::GivenUp | ConnectError::Stopped => TaskError::LoopEnded,
    };
    let tasks = job.tasks.iter();
    tasks
        .map(|task| {
            let result = Err(again().into());
            Running::begin(task, recorder).end(result, &job.controls.stop, recorder)
        })
        .collect()
}

fn run_in(reactor: &mut Reactor, job: &Job) -> Vec<TaskRun> {
    let controls = &job.controls;
    // Without a task nobody would ever stop the loop.
    if job.tasks.is_empty() || controls.stop.is_stopped() {
        let ids = job.tasks.iter().map(|task| task.id);
        return ids
            .map(|id| TaskRun::never_begun(id, reactor.recorder()))
            .collect();
    }
    controls.steer(reactor);
    let run = Rc::new(Run::new(job));
    let (handle, end) = (reactor.handle(), run.end.clone());
    let _stop = controls.stop.on_stop(move || {
        end.stop();
        // One that is gone has nothing left to stop.
        let _ = handle.stop();
    });
    for (place, task) in job.tasks.iter().enumerate() {
        if run.waits(task) {
            continue;
        }
        let run = Rc::clone(&run);
        reactor.call_when_running(first_callback(task), move |reactor| {
            Errand::begin(run, place, reactor);
            Ok(())
        });
    }
    // A loop that broke off left its tasks where they were.
    let _ = reactor.run();
    run.end_what_is_left(reactor.recorder());
    run.ended.take()
}

/// The callback in which a task begins.
fn first_callback(task: &Task) -> Label {
    let name = match task.steps.first() {
        Some(Step::Download { .. }) => "connect",
        _ => "start",
    };
    Label::new(name, Some(task.id))
}

/// What the tasks of one reactor share.
struct Run {
    controls: Controls,
    variant: Variant,
    tasks: Arc<[Task]>,
    endpoints: Arc<[Endpoint]>,
    has_service: bool,
    /// How far each task is, by its place.
    progress: Box<[Progress]>,
    ended: RefCell<Vec<TaskRun>>,
    /// Stopped when nothing is to begin any more: by the user, or by a task.
    end: StopToken,
    buffer: RefCell<Vec<u8>>,
}

/// How far a task is.
#[derive(Default)]
struct Progress {
    /// Set from its begin to its end.
    running: RefCell<Option<Running>>,
    /// How many steps are over.
    steps: Cell<usize>,
    /// A step is being begun: if it is over before that returns, the next one is begun there.
    is_beginning: Cell<bool>,
    /// How the step went that was over as soon as it began.
    over: Cell<Option<StepResult>>,
    /// The places of the tasks that begin when this one has ended.
    followers: Vec<usize>,
}

impl Run {
    fn new(job: &Job) -> Self {
        let ids = job.tasks.iter().map(|task| task.id);
        let places: HashMap<TaskId, usize> = ids.zip(0..).collect();
        let mut progress: Box<[Progress]> = job.tasks.iter().map(|_| Progress::default()).collect();
        for (follower, task) in job.tasks.iter().enumerate() {
            if let Some(place) = task.after.and_then(|id| places.get(&id)) {
                progress[*place].followers.push(follower);
            }
        }
        Self {
            controls: job.controls.clone(),
            variant: job.variant.clone(),
            tasks: Arc::clone(&job.tasks),
            endpoints: Arc::clone(&job.endpoints),
            has_service: job.service.is_some(),
            progress,
            ended: RefCell::default(),
            end: StopToken::default(),
            buffer: RefCell::new(vec![0; BUFFER_BYTES]),
        }
    }

    /// Whether `task` begins only when another one has ended.
    fn waits(&self, task: &Task) -> bool {
        task.after
            .is_some_and(|id| self.tasks.iter().any(|other| other.id == id))
    }

    /// Whether nothing begins any more.
    fn is_over(&self) -> bool {
        self.end.is_stopped() || self.controls.stop.is_stopped()
    }

    /// A task is over. Those that waited for it begin, each in a callback of its own; the last one ends the loop.
    fn ended(self: &Rc<Self>, place: usize, task: TaskRun, reactor: &mut Reactor) {
        let mut ended = self.ended.borrow_mut();
        ended.push(task);
        if ended.len() == self.tasks.len() {
            // Unless somebody has stopped it already.
            let _ = reactor.stop();
        }
        if self.is_over() {
            return;
        }
        for &follower in &self.progress[place].followers {
            let run = Rc::clone(self);
            let label = first_callback(&self.tasks[follower]);
            reactor.call_later(Duration::ZERO, label, move |reactor| {
                Errand::begin(run, follower, reactor);
                Ok(())
            });
        }
    }

    /// Ends the tasks that the loop has left behind: it was stopped, or it broke off.
    fn end_what_is_left(&self, recorder: &mut Recorder) {
        let mut ended = self.ended.borrow_mut();
        let done: Vec<TaskId> = {
            let mut done: Vec<_> = ended.iter().map(|run| run.task).collect();
            done.sort_unstable();
            done
        };
        for (task, progress) in self.tasks.iter().zip(&self.progress) {
            if done.binary_search(&task.id).is_ok() {
                continue;
            }
            let running = progress.running.take();
            ended.push(match running {
                None if self.is_over() => TaskRun::never_begun(task.id, recorder),
                Some(running) if self.is_over() => running.stop(recorder),
                running => {
                    let running = running.unwrap_or_else(|| Running::begin(task, recorder));
                    let result = Err(TaskError::LoopEnded.into());
                    running.end(result, &self.controls.stop, recorder)
                }
            });
        }
    }
}

//! A thread per task.

use std::io;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use super::client::Client;
use super::error::TaskError;
use super::running::Running;
use super::{Job, Runner, TaskRun, begin_model, end_model};
use crate::scenario::Task;

/// The threaded model.
#[derive(Clone, Copy, Debug)]
pub struct Threaded;

impl Runner for Threaded {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        let mut recorder = job.recorders.recorder(job.model, "main");
        begin_model(&mut recorder, &job.variant, &job.tasks);
        let runs = thread::scope(|scope| {
            let threads: Vec<_> = job
                .tasks
                .iter()
                .map(|task| {
                    start(scope, &job, task).map_err(|error| {
                        let running = Running::begin(task, &mut recorder);
                        let result = Err(TaskError::Thread(error).into());
                        running.end(result, &job.controls.stop, &mut recorder)
                    })
                })
                .collect();
            recorder.flush();
            threads.into_iter().map(finish).collect::<Vec<_>>()
        });
        end_model(&mut recorder, &runs, &job.controls.stop);
        runs
    }
}

/// Starts the thread of `task`.
fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    job: &'scope Job,
    task: &'scope Task,
) -> io::Result<ScopedJoinHandle<'scope, TaskRun>> {
    // The system takes no NUL.
    let builder = thread::Builder::new().name(task.name.replace('\0', ""));
    // Made here, so that the threads have the order of their tasks, whichever begins first.
    let recorder = job.recorders.recorder(job.model, &task.name);
    builder.spawn_scoped(scope, move || Client::new(recorder, job).run(task))
}

fn finish(thread: Result<ScopedJoinHandle<'_, TaskRun>, TaskRun>) -> TaskRun {
    match thread {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(run) => run,
    }
}

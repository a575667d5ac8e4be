//! A thread per task.

use std::io;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use super::client::Client;
use super::download::{Download, End};
use super::error::TaskError;
use super::{Job, Runner, Task, TaskRun, begin_model, end_model};
use crate::scenario::Model;

/// The threaded model.
#[derive(Clone, Copy, Debug)]
pub struct Threaded;

impl Runner for Threaded {
    fn model(&self) -> Model {
        Model::Threaded
    }

    fn run(&self, mut job: Job) -> Vec<TaskRun> {
        let mut recorder = job.recorders.recorder(job.model, "main");
        begin_model(&mut recorder, self.model(), &job.tasks);
        let tasks = std::mem::take(&mut job.tasks);
        let runs = thread::scope(|scope| {
            let threads: Vec<_> = tasks
                .into_iter()
                .map(|task| {
                    start(scope, &job, task.clone()).map_err(|error| {
                        let download = Download::begin(task, &mut recorder);
                        let end = End::Failed(TaskError::Thread(error));
                        download.end(end, &job.controls.stop, &mut recorder)
                    })
                })
                .collect();
            recorder.flush();
            threads.into_iter().map(finish).collect::<Vec<_>>()
        });
        end_model(&mut recorder, &runs);
        runs
    }
}

/// Starts the thread of `task`.
fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    job: &'scope Job,
    task: Task,
) -> io::Result<ScopedJoinHandle<'scope, TaskRun>> {
    // The system takes no NUL.
    let builder = thread::Builder::new().name(task.name.replace('\0', ""));
    // Made here, so that the threads have the order of their tasks, whichever begins first.
    let recorder = job.recorders.recorder(job.model, &task.name);
    builder.spawn_scoped(scope, move || {
        Client::new(recorder, job.controls.clone()).download(task)
    })
}

fn finish(thread: Result<ScopedJoinHandle<'_, TaskRun>, TaskRun>) -> TaskRun {
    match thread {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(run) => run,
    }
}

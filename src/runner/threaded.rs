//! A thread per task.

use std::io;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::client::{Client, Never, Shared};
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
        let shared = Shared::new(&job);
        // By the places of the tasks: where others hear that one has ended.
        let mut ends: Vec<Receiver<Never>> = Vec::with_capacity(job.tasks.len());
        let runs = thread::scope(|scope| {
            let threads: Vec<_> = job
                .tasks
                .iter()
                .map(|task| {
                    let (ended, end) = bounded(0);
                    let after = task.after.and_then(|task| ends.get(task.index()).cloned());
                    ends.push(end);
                    start(scope, &job, &shared, task, after, ended).map_err(|error| {
                        let running = Running::begin(task, &mut recorder);
                        let result = Err(TaskError::Thread(error).into());
                        running.end(result, shared.stop(), &mut recorder)
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

/// Starts the thread of `task`, which waits until the one `after` which it comes has ended. It drops `ended` when it
/// ends itself, in whatever manner.
fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    job: &'scope Job,
    shared: &'scope Shared,
    task: &'scope Task,
    after: Option<Receiver<Never>>,
    ended: Sender<Never>,
) -> io::Result<ScopedJoinHandle<'scope, TaskRun>> {
    // The system takes no NUL.
    let builder = thread::Builder::new().name(task.name.replace('\0', ""));
    // Made here, so that the threads have the order of their tasks, whichever begins first.
    let recorder = job.recorders.recorder(job.model, &task.name);
    builder.spawn_scoped(scope, move || {
        let mut client = Client::new(recorder, shared);
        client.watch();
        if let Some(other) = after {
            client.wait_for(&other);
        }
        let run = client.run(task);
        drop(ended);
        run
    })
}

fn finish(thread: Result<ScopedJoinHandle<'_, TaskRun>, TaskRun>) -> TaskRun {
    match thread {
        Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
        Err(run) => run,
    }
}

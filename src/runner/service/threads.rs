//! A thread for each client.

use std::io;
use std::net::TcpStream;
use std::thread;

use super::super::error::TaskError;
use super::super::{Job, Runner, TaskRun};
use super::{Serving, run_blocking};
use crate::scenario::Task;

/// The server that starts a thread for each client.
#[derive(Clone, Copy, Debug)]
pub struct ThreadServer;

impl Runner for ThreadServer {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        run_blocking(job, |serving, door, recorder| {
            thread::scope(|scope| {
                while let Some((stream, task)) = door.next(serving, recorder) {
                    if let Err(error) = start(scope, serving, stream, task) {
                        let error = TaskError::Thread(error);
                        serving.book.turn_away(task.id, &error, recorder);
                    }
                }
            });
            Ok(())
        })
    }
}

/// Starts the thread that serves the client of `task`.
fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    serving: &'scope Serving,
    stream: TcpStream,
    task: &'scope Task,
) -> io::Result<()> {
    // The system takes no NUL.
    let builder = thread::Builder::new().name(task.name.replace('\0', ""));
    builder.spawn_scoped(scope, move || {
        let job = &serving.job;
        let mut recorder = job.recorders.recorder(job.model, &task.name);
        let mut attendant = serving.attendant(&mut recorder);
        serving.attend(&mut attendant, stream, task.id);
    })?;
    Ok(())
}

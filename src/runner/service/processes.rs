//! A process for each client.

use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::thread;

use super::super::error::TaskError;
use super::super::thread::{Thread, Watched, call, callback};
use super::super::{Job, Runner, TaskRun};
use super::child::Order;
use super::children::{Children, Started};
use super::program::Command;
use super::{Serving, run_blocking};
use crate::record::Recorder;
use crate::trace::{TaskId, process_name};

/// The server that starts a process for each client.
///
/// A process is told what it is to do when it is started, and hears of nothing after that. A fork that goes
/// on in the middle of the program is not to be had from safe code: a process is a program that starts, and is handed
/// the client's connection.
#[derive(Clone, Copy, Debug)]
pub struct ProcessServer;

impl Runner for ProcessServer {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        run_blocking(job, |serving, door, recorder| {
            let command = serving.job.controls.child.command()?;
            thread::scope(|scope| {
                let children = Children::start(scope, serving)?;
                let lookout = serving.lookout.as_ref();
                let mut starter = Starter {
                    watched: Watched::start(recorder, &serving.job.controls, lookout),
                    recorder,
                };
                while let Some((stream, task)) = door.next(serving, starter.recorder) {
                    let task = task.id;
                    serving.book.begin(task, starter.recorder);
                    match start_process(&command, serving, stream, task, &mut starter) {
                        Ok(child) => children.adopt(child),
                        Err(error) => {
                            let result = Err(error.to_string());
                            serving.book.end(task, result, starter.recorder);
                        }
                    }
                }
                Ok(())
            })
        })
    }
}

/// The thread that starts the processes.
struct Starter<'a> {
    recorder: &'a mut Recorder,
    watched: Option<Watched>,
}

impl AsMut<Recorder> for Starter<'_> {
    fn as_mut(&mut self) -> &mut Recorder {
        self.recorder
    }
}

impl Thread for Starter<'_> {
    fn watched(&mut self) -> Option<&mut Watched> {
        self.watched.as_mut()
    }
}

/// Starts a process for the client of `task`, in a callback.
fn start_process(
    command: &Command,
    serving: &Serving,
    stream: TcpStream,
    task: TaskId,
    starter: &mut Starter<'_>,
) -> Result<Started, TaskError> {
    let callback = callback("start_process", task, starter.recorder);
    let threshold = &serving.job.controls.stall_threshold;
    let begin = starter.recorder.ticks();
    let (started, _) = call(starter, callback, threshold, begin, |starter| {
        // What the process does comes after this, also for whoever reads it.
        starter.recorder.flush();
        // Whoever asked for it records why there is none.
        Ok(start(command, serving, stream, task, starter.recorder))
    });
    started.unwrap_or_else(|panic| Err(command.refused(std::io::Error::other(panic))))
}

fn start(
    command: &Command,
    serving: &Serving,
    stream: TcpStream,
    task: TaskId,
    recorder: &Recorder,
) -> Result<Started, TaskError> {
    let order = Order::new(serving, task)
        .to_argument()
        .map_err(|error| command.refused(error))?;
    let begin = recorder.ticks();
    let process = command
        .with(order)
        .stdin(Stdio::from(OwnedFd::from(stream)))
        .stdout(Stdio::piped())
        // The user's interrupt is for this program, which then stops the others.
        .process_group(0)
        .spawn()
        .map_err(|error| command.refused(error))?;
    let name = process_name(process.id());
    // How its time is spent it tells itself.
    let recorders = recorder.recorders().clone().without_thread_times();
    let recorder = recorders.recorder_since(begin, serving.job.model, &name);
    Ok(Started::new(process, task, recorder))
}

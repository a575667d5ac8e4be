//! A few threads that take the clients out of one queue.

use std::io;
use std::net::TcpStream;
use std::thread;

use crossbeam_channel::Receiver;

use super::super::error::TaskError;
use super::super::{Job, Runner, TaskRun};
use super::{Serving, run_blocking};
use crate::record::Recorder;
use crate::trace::{EventKind, TaskId};

/// The server with a pool of threads.
#[derive(Clone, Copy, Debug)]
pub struct PoolServer;

impl Runner for PoolServer {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        run_blocking(job, |serving, door, recorder| {
            thread::scope(|scope| {
                let (queue, clients) = crossbeam_channel::unbounded();
                let threads = serving.job.service.as_ref().map_or(1, |it| it.threads);
                for number in 1..=threads {
                    let started = start(scope, serving, number, clients.clone());
                    match started {
                        Ok(()) => {}
                        Err(error) if number == 1 => return Err(TaskError::Thread(error)),
                        // Those that there are do with one less.
                        Err(_) => break,
                    }
                }
                while let Some((stream, task)) = door.next(serving, recorder) {
                    // Somebody is at the other end until this one is dropped.
                    let _ = queue.send((stream, task.id));
                }
                Ok(())
            })
        })
    }
}

/// Starts a thread of the pool.
fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    serving: &'scope Serving,
    number: usize,
    clients: Receiver<(TcpStream, TaskId)>,
) -> io::Result<()> {
    let job = &serving.job;
    let name = format!("pool thread {number}");
    // Made here, so that they have the order of their numbers.
    let recorder = job.recorders.recorder(job.model, &name);
    let builder = thread::Builder::new().name(name);
    builder.spawn_scoped(scope, move || serve_from(&clients, serving, recorder))?;
    Ok(())
}

/// What a thread of the pool does: one client after another, until there are none and will be none.
fn serve_from(clients: &Receiver<(TcpStream, TaskId)>, serving: &Serving, mut recorder: Recorder) {
    let controls = &serving.job.controls;
    let mut attendant = serving.attendant(&mut recorder);
    loop {
        attendant.recorder().record(EventKind::IdleBegin);
        attendant.recorder().flush();
        let client = clients.recv();
        attendant.recorder().record(EventKind::IdleEnd);
        let Ok((stream, task)) = client else { return };
        // After a stop nobody is taken on who waited in the queue.
        if !controls.stop.is_stopped() {
            serving.attend(&mut attendant, stream, task);
        }
    }
}

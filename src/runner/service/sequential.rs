//! One client after another, on one thread.

use super::super::{Job, Runner, TaskRun};
use super::run_blocking;

/// The sequential server.
#[derive(Clone, Copy, Debug)]
pub struct SequentialServer;

impl Runner for SequentialServer {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        run_blocking(job, |serving, door, recorder| {
            let mut attendant = serving.attendant(recorder);
            while let Some((stream, task)) = door.next(serving, attendant.recorder()) {
                serving.attend(&mut attendant, stream, task.id);
            }
            Ok(())
        })
    }
}

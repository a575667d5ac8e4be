//! One task after another, on one thread.

use super::client::{Client, Shared};
use super::{Job, Runner, TaskRun, begin_model, end_model};

/// The synchronous model.
#[derive(Clone, Copy, Debug)]
pub struct Synchronous;

impl Runner for Synchronous {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        let recorder = job.recorders.recorder(job.model, "main");
        let shared = Shared::new(&job);
        let mut client = Client::new(recorder, &shared);
        begin_model(client.recorder(), &job.variant, &job.tasks);
        client.watch();
        // A task that comes after another one stands behind it.
        let runs: Vec<_> = job.tasks.iter().map(|task| client.run(task)).collect();
        end_model(client.recorder(), &runs, &job.controls.stop);
        runs
    }
}

//! One task after another, on one thread.

use super::client::Client;
use super::{Job, Runner, TaskRun, begin_model, end_model};

/// The synchronous model.
#[derive(Clone, Copy, Debug)]
pub struct Synchronous;

impl Runner for Synchronous {
    fn run(&self, job: Job) -> Vec<TaskRun> {
        let recorder = job.recorders.recorder(job.model, "main");
        let mut client = Client::new(recorder, &job);
        begin_model(client.recorder(), &job.variant, &job.tasks);
        let runs: Vec<_> = job.tasks.iter().map(|task| client.run(task)).collect();
        end_model(client.recorder(), &runs, &job.controls.stop);
        runs
    }
}

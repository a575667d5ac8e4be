//! One task after another, on one thread.

use super::client::Client;
use super::{Job, Runner, TaskRun, begin_model, end_model};
use crate::scenario::Model;

/// The synchronous model.
#[derive(Clone, Copy, Debug)]
pub struct Synchronous;

impl Runner for Synchronous {
    fn model(&self) -> Model {
        Model::Synchronous
    }

    fn run(&self, job: Job) -> Vec<TaskRun> {
        let mut client = Client::new(job.recorders.recorder(job.model, "main"), job.controls);
        begin_model(client.recorder(), self.model(), &job.tasks);
        let runs: Vec<_> = job
            .tasks
            .into_iter()
            .map(|task| client.download(task))
            .collect();
        end_model(client.recorder(), &runs);
        runs
    }
}

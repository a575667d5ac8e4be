//! The clients of a server: the tasks, done by the asynchronous engine on a thread of its own, unrecorded.

use std::io;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use super::super::error::TaskError;
use super::super::{Asynchronous, Controls, Endpoint, Job, Place, Runner, TaskRun};
use crate::record::channel;
use crate::scenario::Model;

/// Those that were started.
pub(super) struct Clients<'scope>(ScopedJoinHandle<'scope, Vec<TaskRun>>);

impl Clients<'_> {
    /// Waits for their end, and says how they fared.
    pub(super) fn join(self) -> Vec<TaskRun> {
        self.0.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// Starts the clients of the server at `address`. `all_gone` is called when none of them is left.
pub(super) fn start<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    job: &Job,
    address: SocketAddr,
    all_gone: impl FnOnce() + Send + 'scope,
) -> Result<Clients<'scope>, TaskError> {
    let job = job_of_clients(job, address);
    let builder = thread::Builder::new().name("clients".to_owned());
    let started: io::Result<_> = builder.spawn_scoped(scope, move || {
        // Also when it panics: the server would wait for ever.
        let _all_gone = OnDrop(Some(all_gone));
        Asynchronous.run(job)
    });
    started.map(Clients).map_err(TaskError::Thread)
}

/// What the clients are to do: what the tasks are, with the service as the only server there is.
fn job_of_clients(job: &Job, address: SocketAddr) -> Job {
    let endpoint = Endpoint {
        place: Place::Tcp(address),
        expected: None,
    };
    // Nobody receives what they record.
    let (recorders, _) = channel(job.recorders.clock(), Arc::new(|| {}));
    Job {
        model: job.model,
        variant: Model::Asynchronous.into(),
        tasks: Arc::clone(&job.tasks),
        endpoints: Arc::new([endpoint]),
        service: job.service.clone(),
        recorders,
        // The switch is for the server's callbacks.
        controls: Controls {
            stop: job.controls.stop.clone(),
            steps: job.controls.steps.clone(),
            ..Controls::default()
        },
    }
}

struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(code) = self.0.take() {
            code();
        }
    }
}

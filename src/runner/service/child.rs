//! A process that serves one client: what its parent tells it, and what it does.

use std::io;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::{BlockingSwitch, Controls};
use super::Serving;
use super::conversation::Attendant;
use crate::clock::Clock;
use crate::reactor::StallThreshold;
use crate::record::Outlet;
use crate::scenario::{Blocking, Work};
use crate::trace::TaskId;
use crate::watch::Lookout;

/// What a process is told when it is started. Whatever the user changes later does not reach it: the blocking
/// switch, the work of the service and the threshold of a stall are for the clients that come after.
#[derive(Serialize, Deserialize)]
pub(super) struct Order {
    task: TaskId,
    work: Work,
    blocking: Option<Blocking>,
    stall_threshold: Duration,
    watch: bool,
}

impl Order {
    /// To serve the client of `task`.
    pub(super) fn new(serving: &Serving, task: TaskId) -> Self {
        let controls = &serving.job.controls;
        Self {
            task,
            work: controls.work.or(serving.work),
            blocking: controls.blocking.for_task(task),
            stall_threshold: controls.stall_threshold.get(),
            watch: controls.watch,
        }
    }

    /// As an argument of the program.
    pub(super) fn to_argument(&self) -> io::Result<String> {
        serde_json::to_string(self).map_err(io::Error::other)
    }
}

/// Why a process did not serve its client.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The argument was not written by the parent.
    #[error("this is what a server calls for each of its clients: it is of no use by hand")]
    Order(#[source] serde_json::Error),
    /// It has no connection, or no way to say what it does.
    #[error("cannot serve a client: {0}")]
    Io(#[from] io::Error),
}

/// Serves the client whose connection is the standard input, as the parent has written into `order`, and writes what
/// happens to the standard output. It returns when the client has hung up.
///
/// # Errors
/// When it was not started by a [`ProcessServer`](super::ProcessServer), or that is gone.
pub fn serve_client(order: &str) -> Result<(), ChildError> {
    let order: Order = serde_json::from_str(order).map_err(ChildError::Order)?;
    let stream = TcpStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let pipe = io::stdout().as_fd().try_clone_to_owned()?;
    let (mut recorder, outlet) = Outlet::open(&Clock::monotonic(), pipe)?;
    let controls = Controls {
        blocking: BlockingSwitch::new(order.blocking),
        stall_threshold: StallThreshold::new(order.stall_threshold),
        ..Controls::default()
    };
    let lookout = order
        .watch
        .then(|| Lookout::new(recorder.recorders(), recorder.source().model));
    let mut attendant = Attendant::new(&mut recorder, &controls, order.work, lookout.as_ref());
    let result = attendant.serve(stream, order.task);
    // What they have to say at last comes before the end.
    drop((attendant, lookout));
    outlet.finish(recorder, result.err())?;
    Ok(())
}

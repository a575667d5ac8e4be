//! One run of a scenario: starts its servers and its runners, hands back what they record and a handle.

use std::time::Duration;

use crate::record::{Receiver, Wake};
use crate::runner::TaskRun;
use crate::scenario::{Blocking, Model, Scenario};

/// What may differ from run to run of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which models run; at least one. Model 1 of the trace is the first.
    pub models: Vec<Model>,
    /// Whether they start together, or one after another.
    pub together: bool,
    /// What the blocking switch is set to at first; `None` is off.
    pub blocking: Option<Blocking>,
    /// How long a stretch without a poll must be to count as a stall.
    pub stall_threshold: Duration,
}

impl Options {
    /// As the scenario has them.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            models: scenario.models.clone(),
            together: scenario.together,
            blocking: scenario.blocking_on.then_some(scenario.blocking),
            stall_threshold: scenario.stall_threshold,
        }
    }
}

/// What one model brought home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRun {
    /// Which.
    pub model: Model,
    /// Its tasks, in the order of the scenario.
    pub tasks: Vec<TaskRun>,
}

/// Why a session did not start.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is nothing to run.
    #[error("no model of execution was chosen: choose at least one")]
    NoModel,
    /// The system refuses a thread.
    #[error("cannot start a thread for the session")]
    Thread(#[source] std::io::Error),
}

/// A run that goes on. Dropping it stops it and waits for its threads.
pub struct Session {}

impl Session {
    /// Starts the servers and the models. `wake` is called, on the recording threads, when there is
    /// something to fetch, and once more when [`Session::is_finished`] has become true.
    ///
    /// # Errors
    /// When there is nothing to run, or a server or a thread cannot be started.
    pub fn start(
        _scenario: &Scenario,
        _options: Options,
        _wake: Wake,
    ) -> Result<(Self, Receiver), SessionError> {
        todo!()
    }

    /// Sets the blocking switch, effective from the next callback on; `None` is off.
    pub fn set_blocking(&self, _blocking: Option<Blocking>) {
        todo!()
    }

    /// Sets how long a stretch without a poll must be to count as a stall, from the next one on.
    pub fn set_stall_threshold(&self, _threshold: Duration) {
        todo!()
    }

    /// Asks every model to stop. Returns at once; more than one call does no more.
    pub fn stop(&self) {
        todo!()
    }

    /// Whether every model ended and handed over its last events.
    pub fn is_finished(&self) -> bool {
        todo!()
    }

    /// Waits for the end. The models in the order in which they were chosen.
    pub fn join(self) -> Vec<ModelRun> {
        todo!()
    }
}

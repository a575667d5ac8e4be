//! What a service does before each answer, which may be changed while it serves.

use std::sync::{Arc, Mutex, PoisonError};

use crate::scenario::Work;

/// The work of a service, once it is another than the scenario says. Clones are the same; any thread may set it at any
/// time, and it is effective from the next answer on. A process that serves a client keeps to what it was told at first.
#[derive(Clone, Debug, Default)]
pub struct ServiceWork(Arc<Mutex<Option<Work>>>);

impl ServiceWork {
    /// Sets it.
    pub fn set(&self, work: Work) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    }

    /// What it is set to, or what the scenario says.
    pub(super) fn or(&self, scenario: Work) -> Work {
        let set = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.unwrap_or(scenario)
    }
}

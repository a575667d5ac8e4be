//! What the tasks do, which may be changed while they do it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::scenario::{Call, Step, Task};

/// The steps of the tasks, once they are others than the scenario says. Clones are the same; any thread may set them at
/// any time. A step that has begun keeps to what it was told, but for what it does again and again: that is read anew each
/// time.
#[derive(Clone, Debug, Default)]
pub struct LiveSteps(Arc<Mutex<Option<Arc<[Task]>>>>);

/// What is called again and again, how often, and from one call to the next.
pub(super) struct Rhythm {
    pub(super) interval: Duration,
    pub(super) times: u64,
    pub(super) call: Call,
}

impl LiveSteps {
    /// Sets them: for all the tasks, in their order, as many steps as they have.
    pub fn set(&self, tasks: Arc<[Task]>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tasks);
    }

    /// What `look` finds in a step of `task`, by its place; nothing behind the last one.
    pub(super) fn read<T>(
        &self,
        task: &Task,
        place: usize,
        look: impl FnOnce(&Step) -> T,
    ) -> Option<T> {
        let set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tasks = set.clone();
        drop(set);
        let set = tasks
            .as_deref()
            .and_then(|tasks| tasks.get(task.id.index()));
        set.unwrap_or(task).steps.get(place).map(look)
    }

    /// The rhythm of a looping call, which is the step at this place.
    pub(super) fn rhythm(&self, task: &Task, place: usize) -> Option<Rhythm> {
        let look = |step: &Step| match step {
            Step::Every {
                interval,
                times,
                call,
            } => Some(Rhythm {
                interval: *interval,
                times: u64::try_from(*times).unwrap_or(u64::MAX),
                call: call.clone(),
            }),
            _ => None,
        };
        self.read(task, place, look).flatten()
    }

    /// How long nothing is said after an answer in the conversation that is the step at this place.
    pub(super) fn pause(&self, task: &Task, place: usize) -> Duration {
        let look = |step: &Step| match step {
            Step::Say { pause, .. } => *pause,
            _ => Duration::ZERO,
        };
        self.read(task, place, look).unwrap_or_default()
    }
}

//! The models of execution: each a real client that downloads every task from its server.

use crate::trace::{Outcome, TaskId};

/// How one task went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRun {
    /// Which.
    pub task: TaskId,
    /// What was received, in order; as far as it came where the task failed or was stopped.
    pub content: Vec<u8>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it failed, for people; `None` unless `outcome` is [`Outcome::Failed`].
    pub error: Option<String>,
}

//! What holds the loop, carried out otherwise: not a part of a scenario, but a question about it.

use std::sync::Arc;
use std::time::Duration;

use super::error::ValueError;
use super::limits;
use super::model::{Blocking, BlockingKind, Scenario};
use super::program::{Requests, Step};
use super::words;
use crate::trace::{Change, TaskId};

/// Why something cannot be carried out so: all that [`Treatment::objection`] may say.
pub const OBJECTIONS: [&str; 2] = [
    "A read that waits for its data cannot be cut in slices.",
    "A request is one call, which cannot be cut in slices.",
];

/// Which callback is to be carried out otherwise, and how. It concerns the models that run a loop; in the others nobody
/// but the task itself waits for a callback.
///
/// A callback is a piece of the program, so that it is changed for every task that runs it. A request has no callback of
/// its own: it is made in the one in which the step before it ended, and is changed for one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// The name of the callback.
    pub callback: Arc<str>,
    /// Whose requests are made otherwise, too.
    pub task: Option<TaskId>,
    /// How what takes its time is carried out.
    pub change: Change,
}

impl Treatment {
    /// How callbacks of this name carry out what takes time, if otherwise than they would.
    pub fn of_callback(&self, name: &str) -> Option<Change> {
        (*self.callback == *name).then_some(self.change)
    }

    /// How `task` makes a request that it would make `by` this.
    pub fn of_request(&self, task: TaskId, by: Requests) -> Requests {
        match self.change {
            _ if by != Requests::Blocking || self.task != Some(task) => by,
            Change::InThread => Requests::Thread,
            Change::Asynchronous => Requests::Asynchronous,
            Change::Slices(_) => by,
        }
    }

    /// Why a scenario whose callbacks block so cannot be run with this; `None` if it can.
    pub fn objection(
        &self,
        scenario: &Scenario,
        blocking: Option<Blocking>,
    ) -> Option<&'static str> {
        if !matches!(self.change, Change::Slices(_)) {
            return None;
        }
        let reads = blocking.is_some_and(|blocking| blocking.kind == BlockingKind::Read);
        if reads && *self.callback == *"data_received" {
            return Some(OBJECTIONS[0]);
        }
        let task = self.task.and_then(|id| scenario.task(id))?;
        let asks = |step: &Step| matches!(step, Step::Request { .. });
        let calls = |step: &Step| match step {
            Step::Call(call) | Step::Every { call, .. } => *call.name == *self.callback,
            _ => false,
        };
        (task.steps.iter().any(asks) && !task.steps.iter().any(calls)).then_some(OBJECTIONS[1])
    }
}

/// How long a slice is unless somebody says otherwise.
pub const DEFAULT_SLICE: Duration = Duration::from_millis(5);

/// Reads `thread`, `slices[:DURATION]` or `asynchronous`.
///
/// # Errors
/// Says what is allowed, and guesses what was meant.
pub fn parse_change(text: &str) -> Result<Change, ValueError> {
    let words = ["thread", "slices", "asynchronous"];
    match text.split_once(':') {
        None if text == "thread" => Ok(Change::InThread),
        None if text == "asynchronous" => Ok(Change::Asynchronous),
        None if text == "slices" => Ok(Change::Slices(DEFAULT_SLICE)),
        Some(("slices", length)) => Ok(Change::Slices(limits::parse_duration(
            length,
            &limits::SLICE,
        )?)),
        _ => {
            let allowed = words::one_of(["thread", "slices:DURATION", "asynchronous"]);
            Err(ValueError::new(text, allowed).with_guess(words::guess(text, words)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn treatment(callback: &str, task: u32, change: Change) -> Treatment {
        Treatment {
            callback: callback.into(),
            task: TaskId::new(task),
            change,
        }
    }

    #[test]
    fn a_change_is_one_word_and_a_slice_has_a_length() {
        let slices = |millis| Ok(Change::Slices(Duration::from_millis(millis)));
        let parse = |text| parse_change(text).map_err(|error| error.to_string());
        assert_eq!(parse("thread"), Ok(Change::InThread));
        assert_eq!(parse("asynchronous"), Ok(Change::Asynchronous));
        assert_eq!(parse("slices"), slices(5));
        assert_eq!(parse("slices:20ms"), slices(20));
        let wrong = parse("threat").expect_err("there is none");
        assert!(wrong.contains("did you mean `thread`?"), "{wrong}");
        let wrong = parse("slices:0ms").expect_err("it would never end");
        assert!(wrong.contains("a duration from 1ms"), "{wrong}");
        assert!(parse("thread:5ms").is_err());
    }

    #[test]
    fn only_requests_that_block_are_made_otherwise_and_those_of_one_task() {
        let task = TaskId::from_index;
        let treatment = treatment("wait_over", 2, Change::InThread);
        let by = |index, by| treatment.of_request(task(index), by);
        assert_eq!(by(1, Requests::Blocking), Requests::Thread);
        assert_eq!(by(0, Requests::Blocking), Requests::Blocking);
        let asynchronous = Requests::Asynchronous;
        assert_eq!(by(1, asynchronous), asynchronous, "nobody waits for it");
    }

    #[test]
    fn what_is_one_call_cannot_be_cut() {
        let slices = Change::Slices(DEFAULT_SLICE);
        let circle = Scenario::load("the-circle").expect("it is built in");
        let objection = |treatment: Treatment| treatment.objection(&circle, None);
        assert!(objection(treatment("wait_over", 2, slices)).is_some());
        assert!(objection(treatment("wait_over", 2, Change::InThread)).is_none());
        assert!(objection(treatment("tick", 1, slices)).is_none());
        let broken = Scenario::load("broken-client").expect("it is built in");
        let reads = treatment("data_received", 1, slices);
        assert!(reads.objection(&broken, Some(broken.blocking)).is_some());
        assert!(reads.objection(&broken, None).is_none());
    }
}

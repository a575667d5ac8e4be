//! The blocking callback as one word on the command line: `sleep:200ms:1`.

use super::error::ValueError;
use super::limits;
use super::model::{Blocking, BlockingKind, Scenario, Task};
use super::words;
use crate::trace::{Phrase, TaskId};

/// Stands for every task where one is chosen.
pub(super) const ALL_TASKS: &str = "all";

impl Blocking {
    /// Reads `KIND[:DURATION][:TASK]`, such as `sleep:200ms:1`, `cpu:1s` or `read:all`. The task is its number,
    /// its name or `all`; what is left out, also by an empty part, is as in the scenario.
    ///
    /// # Errors
    /// Names the part that is not allowed, says what is, and guesses what was meant.
    pub fn parse(text: &str, scenario: &Scenario) -> Result<Self, ValueError> {
        // A task's name may have colons in it, so the third part is all the rest.
        let mut parts = text.splitn(3, ':');
        let kind: BlockingKind = parts.next().unwrap_or_default().parse()?;
        let mut blocking = Self {
            kind,
            ..scenario.blocking
        };
        let second = parts.next().unwrap_or_default();
        let third = parts.next();
        if third.is_none() && !second.is_empty() {
            // `read:2` leaves out the duration.
            if let Ok(task) = find_task(second, &scenario.tasks) {
                blocking.task = task;
                return Ok(blocking);
            }
        }
        if !second.is_empty() {
            blocking.duration = limits::parse_duration(second, &limits::BLOCKING)?;
        }
        if let Some(word) = third.filter(|word| !word.is_empty()) {
            blocking.task = find_task(word, &scenario.tasks)?;
        }
        Ok(blocking)
    }
}

/// The task that is meant by its number, its name, or `all`: `None` is all of them.
pub(super) fn find_task(word: &str, tasks: &[Task]) -> Result<Option<TaskId>, ValueError> {
    if word == ALL_TASKS {
        return Ok(None);
    }
    let number = word.parse::<u32>().ok().and_then(TaskId::new);
    tasks
        .iter()
        .find(|task| Some(task.id) == number || task.name == word)
        .map(|task| Some(task.id))
        .ok_or_else(|| {
            let names = || tasks.iter().map(|task| task.name.as_str());
            let allowed = Phrase::new("the number of a task (1 to {count}), `{all}`, or {names}")
                .with("count", tasks.len())
                .with("all", ALL_TASKS)
                .with_words("names", words::one_of(names()));
            ValueError::new(word, allowed).with_guess(words::guess(word, names()))
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(text: &str) -> Result<Blocking, String> {
        let scenario = Scenario::load("three-slow-servers").expect("it is built in");
        Blocking::parse(text, &scenario).map_err(|error| error.to_string())
    }

    fn blocking(kind: BlockingKind, millis: u64, task: u32) -> Result<Blocking, String> {
        Ok(Blocking {
            kind,
            duration: Duration::from_millis(millis),
            task: TaskId::new(task),
        })
    }

    #[test]
    fn what_is_left_out_is_as_in_the_scenario() {
        use BlockingKind::{Cpu, Read, Sleep};
        assert_eq!(parse("sleep:300ms:2"), blocking(Sleep, 300, 2));
        assert_eq!(parse("sleep:300ms:science"), blocking(Sleep, 300, 3));
        assert_eq!(parse("sleep:300ms:all"), blocking(Sleep, 300, 0));
        assert_eq!(parse("cpu:1s"), blocking(Cpu, 1000, 1));
        assert_eq!(parse("read"), blocking(Read, 200, 1));
        assert_eq!(parse("read:2"), blocking(Read, 200, 2));
        assert_eq!(parse("read:all"), blocking(Read, 200, 0));
        assert_eq!(parse("sleep::science"), blocking(Sleep, 200, 3));
        assert_eq!(parse("sleep::"), blocking(Sleep, 200, 1));
    }

    #[test]
    fn what_is_not_allowed_is_named() {
        let error = |text| parse(text).expect_err(text);
        assert!(
            error("").starts_with(
                "`` is not allowed: `sleep`, `cpu`, `read`, `lock`, `fsync` or `many`"
            )
        );
        assert!(error("sleeep:1s").contains("did you mean `sleep`?"));
        assert!(error("sleep:0s").contains("a duration from 1ms to 1m"));
        assert!(error("sleep:soon").starts_with("`soon` is not allowed: a duration"));
        assert!(error("sleep:1h:1").contains("a duration from 1ms to 1m"));
        assert_eq!(
            error("sleep:1s:sience"),
            "`sience` is not allowed: the number of a task (1 to 3), `all`, or `ecstasy`, `fascination` or `science` \
             (did you mean `science`?)"
        );
        for wrong in ["sleep:1s:0", "sleep:1s:4", "sleep:1s:-1"] {
            assert!(error(wrong).contains("1 to 3"), "{wrong}");
        }
    }
}

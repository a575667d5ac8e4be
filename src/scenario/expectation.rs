//! What the tasks are expected to do: how far a run is, and which of them are to fail.

use std::time::Duration;

use super::model::{Scenario, Task};
use super::program::{Call, Step};
use crate::trace::{SoFar, TaskId};

/// What takes no time in theory still counts for something.
const LEAST_WEIGHT: Duration = Duration::from_millis(1);
/// No task is said to be over before it is.
const NEARLY: f64 = 0.99;

/// What the tasks of a scenario are expected to do under one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectations {
    tasks: Vec<Expectation>,
    weights: f64,
}

/// What one task is expected to do if nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Expectation {
    bytes: u64,
    theory: Duration,
    weight: f64,
}

impl Expectations {
    /// What is expected of the tasks of `scenario`.
    pub fn of(scenario: &Scenario) -> Self {
        let expectation = |task| {
            let theory = scenario.theory(task);
            Expectation {
                bytes: scenario.expected_bytes(task) as u64,
                theory,
                weight: theory.max(LEAST_WEIGHT).as_secs_f64(),
            }
        };
        let tasks: Vec<_> = scenario.tasks.iter().map(expectation).collect();
        Self {
            weights: tasks.iter().map(|task| task.weight).sum(),
            tasks,
        }
    }

    /// How many tasks there are.
    pub const fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// How much of a task is done, from 0 to 1: by the bytes that it read, or by the clock where it is to read none.
    pub fn share(&self, task: TaskId, so_far: SoFar) -> f64 {
        if so_far.ended {
            return 1.0;
        }
        let Some(expected) = self.tasks.get(task.index()) else {
            return 0.0;
        };
        let share = if expected.bytes > 0 {
            so_far.bytes as f64 / expected.bytes as f64
        } else if expected.theory > Duration::ZERO {
            so_far.lasted.div_duration_f64(expected.theory)
        } else {
            0.0
        };
        share.min(NEARLY)
    }

    /// How much of all that a model has to do is done, from 0 to 1. What takes longer in theory is more of it.
    pub fn share_of_all(&self, tasks: impl IntoIterator<Item = (TaskId, SoFar)>) -> f64 {
        if self.tasks.is_empty() {
            return 0.0;
        }
        let weight = |task: TaskId| self.tasks.get(task.index()).map_or(0.0, |one| one.weight);
        let done = tasks
            .into_iter()
            .map(|(task, so_far)| weight(task) * self.share(task, so_far));
        (done.sum::<f64>() / self.weights).min(1.0)
    }
}

impl Scenario {
    /// Whether the scenario itself lets a task fail: by what is wrong with a server, or by a callback that fails.
    pub fn lets_fail(&self, task: &Task) -> bool {
        let is_faulty = |server: usize| {
            let server = self.servers.get(server);
            server.is_some_and(|server| server.fault.is_some())
        };
        let fails = |call: &Call| call.fails.is_some();
        task.steps.iter().any(|step| match step {
            Step::Call(call) | Step::Every { call, .. } => fails(call),
            Step::Download {
                server,
                fails_after,
                ..
            } => fails_after.is_some() || is_faulty(*server),
            Step::Request { server, .. } | Step::Hold { server, .. } => is_faulty(*server),
            Step::Say { to, .. } => to.is_some_and(is_faulty),
            Step::Deferred(promise) => {
                let links = promise.chain.iter();
                let mut calls = links.flat_map(|link| [&link.callback, &link.errback]);
                promise.fails.is_some() || calls.any(|call| call.as_ref().is_some_and(fails))
            }
            Step::Wait(_) | Step::Stop => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn expectations(tasks: &str) -> Expectations {
        let text = format!(
            "title = 'x'\n[[servers]]\nname = 's'\ntext = '0123456789'\nchunk = 1\ndelay = '100ms'\n{tasks}"
        );
        let scenario = Scenario::parse(&text, Path::new("x.toml")).expect("it is right");
        Expectations::of(&scenario)
    }

    fn id(number: u32) -> TaskId {
        TaskId::new(number).expect("it counts from 1")
    }

    #[test]
    fn what_is_read_counts_by_its_bytes_and_what_waits_by_the_clock() {
        let expected = expectations(
            "[[tasks]]\nserver = 's'\n[[tasks]]\nsteps = [{ wait = '3s' }]\n[[tasks]]\nsteps = [{ call = 'c' }]\n",
        );
        let so_far = SoFar {
            bytes: 5,
            lasted: Duration::from_millis(600),
            ended: false,
        };
        assert_eq!(expected.share(id(1), so_far), 0.5);
        assert_eq!(expected.share(id(2), so_far), 0.2);
        assert_eq!(expected.share(id(3), so_far), 0.0);
        assert_eq!(expected.share(id(4), so_far), 0.0, "there is none");
        let late = SoFar {
            bytes: 100,
            lasted: Duration::from_secs(60),
            ended: false,
        };
        for task in [1, 2] {
            assert_eq!(expected.share(id(task), late), NEARLY);
        }
        let all = expected.share_of_all([(id(1), so_far), (id(2), so_far)]);
        assert!((all - (0.5 + 0.6) / 4.001).abs() < 1e-9, "{all}");
    }

    #[test]
    fn who_is_to_fail_is_known_from_the_file() {
        let lets_fail = |name: &str| -> Vec<bool> {
            let scenario = Scenario::load(name).expect("it is built in");
            let tasks = scenario.tasks.iter();
            tasks.map(|task| scenario.lets_fail(task)).collect()
        };
        assert_eq!(lets_fail("dead-port"), [false, true, true]);
        assert_eq!(lets_fail("exception"), [false, true, false, false, true]);
        assert_eq!(lets_fail("deferred-chain"), [true, false, true, true]);
        assert!(!lets_fail("many-tasks").contains(&true));
    }

    #[test]
    fn a_run_that_reads_nothing_is_over_when_its_tasks_are() {
        let expected = expectations("[[tasks]]\nsteps = [{ call = 'c' }]\n");
        assert_eq!(expected.share_of_all([]), 0.0);
        let over = SoFar {
            ended: true,
            ..SoFar::default()
        };
        assert_eq!(expected.share_of_all([(id(1), over)]), 1.0);
        assert_eq!(Expectations::default().share_of_all([(id(1), over)]), 0.0);
    }
}

//! What is to be run, and how: what the left side of the window shows and changes.

use std::time::Duration;

use crate::scenario::{Blocking, Scenario, Variant};
use crate::session::Options;

/// A scenario with the settings that a person may change from run to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    /// The chosen scenario.
    pub scenario: Scenario,
    /// By which it was loaded: its name, or the path of its file.
    pub source: String,
    /// Which of the scenario's variants run, by their places, in their order.
    pub models: Vec<usize>,
    /// Whether they start together, or one after another.
    pub together: bool,
    /// Whether the blocking switch is on.
    pub blocking_on: bool,
    /// What the blocking switch is set to.
    pub blocking: Blocking,
    /// How long a stretch without a poll must be to count as a stall.
    pub stall_threshold: Duration,
}

impl Controls {
    /// As the scenario has them.
    pub fn of(scenario: Scenario, source: impl Into<String>) -> Self {
        let mut models = scenario.models.clone();
        models.sort_unstable();
        Self {
            source: source.into(),
            models,
            together: scenario.together,
            blocking_on: scenario.blocking_on,
            blocking: scenario.blocking,
            stall_threshold: scenario.stall_threshold,
            scenario,
        }
    }

    /// How a session is to be started.
    pub fn options(&self) -> Options {
        Options {
            models: self.chosen().cloned().collect(),
            together: self.together,
            blocking: self.active_blocking(),
            stall_threshold: self.stall_threshold,
        }
    }

    /// What the callbacks are to do: nothing unless the switch is on.
    pub fn active_blocking(&self) -> Option<Blocking> {
        self.blocking_on.then_some(self.blocking)
    }

    /// The variants that run.
    pub fn chosen(&self) -> impl Iterator<Item = &Variant> {
        let variants = &self.scenario.variants;
        self.models.iter().filter_map(|&place| variants.get(place))
    }

    /// Whether a variant is to run, by its place.
    pub fn runs(&self, model: usize) -> bool {
        self.models.contains(&model)
    }

    /// Lets a variant run, or not.
    pub fn set_model(&mut self, model: usize, on: bool) {
        self.models.retain(|one| *one != model);
        if on {
            self.models.push(model);
            self.models.sort_unstable();
        }
    }

    /// How many bytes all tasks of all chosen models are going to read, if nothing goes wrong.
    pub fn expected_bytes(&self) -> u64 {
        let texts = self.scenario.tasks.iter();
        let once: usize = texts.map(|task| self.scenario.expected_bytes(task)).sum();
        once as u64 * self.models.len() as u64
    }

    /// Whose callbacks block: the name of a task, or `every task`.
    pub fn blocked_task(&self) -> &str {
        match self.blocking.task {
            Some(id) => self.scenario.task(id).map_or("?", |task| &task.name),
            None => "every task",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::builtins;

    fn controls() -> Controls {
        Controls::of(builtins()[0].scenario(), builtins()[0].name)
    }

    #[test]
    fn models_keep_their_order_however_they_are_switched() {
        let mut controls = controls();
        controls.set_model(0, false);
        assert!(!controls.runs(0));
        controls.set_model(0, true);
        controls.set_model(0, true);
        assert_eq!(controls.options().models, controls.scenario.variants);
    }

    #[test]
    fn the_blocking_switch_decides_whether_anything_blocks() {
        let mut controls = controls();
        assert_eq!(controls.options().blocking, None);
        controls.blocking_on = true;
        assert_eq!(controls.options().blocking, Some(controls.blocking));
        assert_eq!(controls.blocked_task(), "ecstasy");
        controls.blocking.task = None;
        assert_eq!(controls.blocked_task(), "every task");
    }

    #[test]
    fn every_model_reads_every_text() {
        let mut controls = controls();
        let three = controls.expected_bytes();
        controls.set_model(1, false);
        assert_eq!(controls.expected_bytes() * 3, three * 2);
    }
}

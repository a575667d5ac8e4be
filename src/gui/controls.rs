//! What is to be run, and how: what the left side of the window shows and changes.

use std::sync::Arc;
use std::time::Duration;

use crate::gui::texts::tr;
use crate::scenario::{Blocking, Edit, EditError, Effect, Parameter, Scenario, Variant};
use crate::session::Options;
use crate::trace::TaskId;

/// A scenario with the settings that a person may change from run to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Controls {
    /// The chosen scenario, as it was changed.
    pub scenario: Scenario,
    /// What of it is worth changing.
    pub parameters: Vec<Parameter>,
    /// As it was loaded.
    original: Arc<Scenario>,
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
        Self::of_changed(scenario.clone(), Arc::new(scenario), source.into())
    }

    fn of_changed(scenario: Scenario, original: Arc<Scenario>, source: String) -> Self {
        Self {
            source,
            original,
            parameters: scenario.parameters(),
            models: in_order(&scenario),
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
            treatment: None,
            stall_threshold: self.stall_threshold,
            watch: true,
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

    /// Changes a value of the scenario. What the switches are set to stays.
    ///
    /// # Errors
    /// When what comes of it could not be run; then nothing has changed.
    pub fn edit(&mut self, edit: &Edit) -> Result<(), EditError> {
        let scenario = self.scenario.edited(std::slice::from_ref(edit))?;
        // With more tasks or fewer the same task has another number.
        if let Some(id) = self.blocking.task {
            let name = self.scenario.task(id).map(|task| &task.name);
            let same = scenario.tasks.iter().find(|task| Some(&task.name) == name);
            self.blocking.task = same.map_or(scenario.blocking.task, |task| Some(task.id));
        }
        self.parameters = scenario.parameters();
        self.scenario = scenario;
        Ok(())
    }

    /// When a change to one of the parameters takes effect.
    pub fn effect_of(&self, edit: &Edit) -> Effect {
        let mut parameters = self.parameters.iter();
        let changed = parameters.find(|parameter| parameter.key() == edit.key());
        changed.map_or(Effect::NextRun, |parameter| parameter.effect)
    }

    /// Everything as it was loaded.
    pub fn reset(&mut self) {
        let original = Arc::clone(&self.original);
        let source = std::mem::take(&mut self.source);
        *self = Self::of_changed(Scenario::clone(&original), original, source);
    }

    /// Whether anything is not as it was loaded.
    pub fn is_changed(&self) -> bool {
        self.scenario.to_toml() != self.original.to_toml() || !self.switched().is_empty()
    }

    /// The scenario with what the switches are set to.
    ///
    /// # Errors
    /// When that could not be run: with no model, say.
    pub fn as_set(&self) -> Result<Scenario, EditError> {
        self.scenario.edited(&self.switched())
    }

    /// What the switches say otherwise than the scenario.
    fn switched(&self) -> Vec<Edit> {
        let Self {
            scenario, blocking, ..
        } = self;
        let task = |id: Option<TaskId>| id.and_then(|id| Some(scenario.task(id)?.name.as_str()));
        let changes = [
            (self.models != in_order(scenario)).then(|| {
                let names = self.chosen().map(|variant| variant.name.as_str());
                Edit::words("models", names)
            }),
            (self.together != scenario.together).then(|| Edit::truth("together", self.together)),
            (self.stall_threshold != scenario.stall_threshold)
                .then(|| Edit::duration("stall_threshold", self.stall_threshold)),
            (self.blocking_on != scenario.blocking_on)
                .then(|| Edit::truth("blocking.on", self.blocking_on)),
            (blocking.kind != scenario.blocking.kind)
                .then(|| Edit::word("blocking.kind", blocking.kind.name())),
            (blocking.duration != scenario.blocking.duration)
                .then(|| Edit::duration("blocking.duration", blocking.duration)),
            (blocking.task != scenario.blocking.task)
                .then(|| Edit::word("blocking.task", task(blocking.task).unwrap_or("all"))),
        ];
        changes.into_iter().flatten().collect()
    }

    /// Whose callbacks block: the name of a task, or `every task`.
    pub fn blocked_task(&self) -> &str {
        match self.blocking.task {
            Some(id) => self.scenario.task(id).map_or("?", |task| &task.name),
            None => tr("every task"),
        }
    }
}

/// The places of the variants that run unless the user chooses others.
fn in_order(scenario: &Scenario) -> Vec<usize> {
    let mut models = scenario.models.clone();
    models.sort_unstable();
    models
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{BlockingKind, builtins};

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
    fn what_was_changed_is_told_and_can_be_taken_back() {
        let mut controls = controls();
        let as_loaded = controls.clone();
        assert!(!controls.is_changed());
        controls.set_model(1, false);
        assert!(controls.is_changed(), "a switch");
        controls.set_model(1, true);
        assert!(!controls.is_changed());
        let delay = Edit::duration(controls.parameters[0].key(), Duration::from_millis(7));
        assert_eq!(controls.edit(&delay), Ok(()));
        assert_eq!(controls.scenario.servers[0].delay, Duration::from_millis(7));
        assert!(controls.is_changed(), "a value");
        let wrong = Edit::duration("servers[1].delay", Duration::ZERO);
        assert!(controls.edit(&wrong).is_err());
        assert_eq!(controls.scenario.servers[0].delay, Duration::from_millis(7));
        controls.reset();
        assert_eq!(controls, as_loaded);
    }

    #[test]
    fn what_the_switches_say_is_saved_with_the_rest() {
        let mut controls = controls();
        controls.set_model(0, false);
        controls.together = !controls.together;
        controls.stall_threshold = Duration::from_millis(70);
        controls.blocking_on = !controls.blocking_on;
        controls.blocking = Blocking {
            kind: BlockingKind::Cpu,
            duration: Duration::from_millis(30),
            task: TaskId::new(3),
        };
        let saved = controls.as_set().expect("it can be run");
        let mut again = Controls::of(saved, controls.source.clone());
        assert!(!again.is_changed());
        assert_eq!(again.options(), controls.options());
        assert_eq!(again.blocking, controls.blocking);
        again.blocking.task = None;
        let saved = again.as_set().expect("it can be run");
        assert_eq!(saved.blocking.task, None);
        again.models.clear();
        assert!(again.as_set().is_err(), "something has to run");
    }

    #[test]
    fn the_blocked_task_stays_the_same_when_the_tasks_before_it_become_fewer() {
        let text = "title = 'x'\n[[tasks]]\nname = 'many'\ncount = 9\nsteps = [{ wait = '1s' }]\n\
                    [[tasks]]\nname = 'last'\nsteps = [{ wait = '1s' }]\n";
        let scenario = Scenario::parse(text, std::path::Path::new("x.toml"));
        let mut controls = Controls::of(scenario.expect("it is right"), "x.toml");
        controls.blocking.task = TaskId::new(10);
        let edit = Edit::number("tasks[1].count", 2);
        assert_eq!(controls.edit(&edit), Ok(()));
        assert_eq!(controls.blocked_task(), "last");
        controls.blocking.task = TaskId::new(2);
        let edit = Edit::number("tasks[1].count", 1);
        assert_eq!(controls.edit(&edit), Ok(()));
        assert_eq!(controls.blocked_task(), "many 1", "the scenario's own");
    }
}

//! Progress bars on standard error while a scenario runs. Where that is no terminal they are not drawn.

use std::collections::HashMap;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::scenario::Scenario;
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{ModelId, Outcome, TaskId};

/// With more tasks than this a model gets one bar for all of them: more do not fit on a screen.
const MOST_BARS: usize = 8;

/// One bar per task of each model, or one per model where there are many tasks.
pub(super) struct Progress {
    bars: MultiProgress,
    by_task: HashMap<(ModelId, Option<TaskId>), ProgressBar>,
    expected: Vec<u64>,
}

impl Progress {
    /// Bars for the tasks of `scenario`; drawn only if `visible` and standard error is a terminal.
    pub(super) fn new(scenario: &Scenario, visible: bool) -> Self {
        let bars = MultiProgress::new();
        if !visible {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let expected = scenario
            .tasks
            .iter()
            .map(|task| scenario.expected_bytes(task) as u64)
            .collect();
        Self {
            bars,
            by_task: HashMap::new(),
            expected,
        }
    }

    /// Shows how far the models have come.
    pub(super) fn update(&mut self, store: &TraceStore) {
        for model in store.models() {
            if self.expected.len() > MOST_BARS {
                self.update_model(store, model);
            } else {
                self.update_tasks(store, model);
            }
        }
    }

    /// Takes the bars away.
    pub(super) fn clear(&self) {
        // A bar that is dropped before its end would draw all of them once more.
        for bar in self.by_task.values() {
            bar.finish_and_clear();
        }
        // A terminal that went away has nothing to be cleared.
        let _ = self.bars.clear();
    }

    fn update_tasks(&mut self, store: &TraceStore, model: &ModelTrack) {
        for task in &model.tasks {
            let length = self.expected.get(task.id.index()).copied().unwrap_or(0);
            let label = format!(
                "{} {}",
                store.model_name(model),
                task.name.map_or("?", |name| store.name(name))
            );
            let bar = self.bar((model.id, Some(task.id)), length, label);
            bar.set_position(task.bytes);
            if let Some(outcome) = task.outcome
                && !bar.is_finished()
            {
                bar.abandon_with_message(word(outcome));
            }
        }
    }

    fn update_model(&mut self, store: &TraceStore, model: &ModelTrack) {
        let length = self.expected.iter().sum();
        let bytes = model.tasks.iter().map(|task| task.bytes).sum();
        let bar = self.bar((model.id, None), length, store.model_name(model).to_owned());
        bar.set_position(bytes);
        let done = model
            .tasks
            .iter()
            .filter(|task| task.outcome.is_some())
            .count();
        bar.set_message(format!("{done} of {} tasks", self.expected.len()));
    }

    fn bar(&mut self, key: (ModelId, Option<TaskId>), length: u64, label: String) -> ProgressBar {
        let bars = &self.bars;
        let bar = self.by_task.entry(key).or_insert_with(|| {
            let style = ProgressStyle::with_template("{prefix:>26} {bar:30} {bytes:>9} {msg}")
                .expect("the template is a constant that was tried")
                .progress_chars("━╸─");
            bars.add(
                ProgressBar::new(length)
                    .with_style(style)
                    .with_prefix(label),
            )
        });
        bar.clone()
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Stopped => "stopped",
    }
}

//! Progress bars on standard error while a scenario runs, and while a long trace is read or written. Where that is no
//! terminal they are not drawn.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};

use crate::format::{self, ReadError, Trace};
use crate::scenario::{Expectations, Scenario};
use crate::store::{ModelTrack, TraceStore};
use crate::trace::{ModelId, Outcome, TaskId, Timestamp};

/// With more tasks than this a model gets one bar for all of them: more do not fit on a screen.
const MOST_BARS: usize = 8;
/// How long a bar is: finer than it can be drawn.
const STEPS: u64 = 1_000;

/// What takes no longer than this needs no bar, and how often one is drawn.
const LOOK: Duration = Duration::from_millis(200);

/// Does something with a file that takes a while where the trace is long; `what` says what.
pub(super) fn watched<T>(what: &str, work: impl FnOnce(&format::Progress) -> T) -> T {
    let progress = format::Progress::default();
    if !io::stderr().is_terminal() {
        return work(&progress);
    }
    let (working, done) = channel::<()>();
    let seen = progress.clone();
    thread::scope(|scope| {
        let draw = move || {
            // It is hidden until it is drawn for the first time.
            let bar = bar_of(what);
            while let Err(RecvTimeoutError::Timeout) = done.recv_timeout(LOOK) {
                bar.set_position(steps(f64::from(seen.share())));
            }
            bar.finish_and_clear();
        };
        // Without a thread it is done without a bar.
        let _ = thread::Builder::new().spawn_scoped(scope, draw);
        let result = work(&progress);
        drop(working);
        result
    })
}

/// Reads a trace.
///
/// # Errors
/// As [`format::open`].
pub(super) fn read(file: &Path) -> Result<Trace, ReadError> {
    watched("reading", |progress| format::open_watched(file, progress))
}

fn bar_of(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>26} {bar:30} {percent} %")
        .expect("the template is a constant that was tried")
        .progress_chars("━╸─");
    let bar = ProgressBar::new(STEPS).with_style(style);
    bar.with_prefix(what.to_owned())
}

/// One bar per task of each model, or one per model where there are many tasks.
pub(super) struct Progress {
    bars: MultiProgress,
    by_task: HashMap<(ModelId, Option<TaskId>), ProgressBar>,
    expected: Expectations,
}

impl Progress {
    /// Bars for the tasks of `scenario`; drawn only if `visible` and standard error is a terminal.
    pub(super) fn new(scenario: &Scenario, visible: bool) -> Self {
        let bars = MultiProgress::new();
        if !visible {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        Self {
            bars,
            by_task: HashMap::new(),
            expected: Expectations::of(scenario),
        }
    }

    /// Shows how far the models have come until `now`.
    pub(super) fn update(&mut self, store: &TraceStore, now: Timestamp) {
        for model in store.models() {
            if self.expected.tasks() > MOST_BARS {
                self.update_model(store, model, now);
            } else {
                self.update_tasks(store, model, now);
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

    fn update_tasks(&mut self, store: &TraceStore, model: &ModelTrack, now: Timestamp) {
        for task in &model.tasks {
            let share = self.expected.share(task.id, task.so_far(now));
            let label = format!(
                "{} {}",
                store.model_name(model),
                task.name.map_or("?", |name| store.name(name))
            );
            let bar = self.bar((model.id, Some(task.id)), label);
            bar.set_position(steps(share));
            match task.outcome {
                None => bar.set_message(bytes(task.bytes)),
                Some(outcome) if !bar.is_finished() => {
                    bar.abandon_with_message(format!("{}{}", bytes(task.bytes), word(outcome)));
                }
                Some(_) => {}
            }
        }
    }

    fn update_model(&mut self, store: &TraceStore, model: &ModelTrack, now: Timestamp) {
        let tasks = || model.tasks.iter();
        let so_far = tasks().map(|task| (task.id, task.so_far(now)));
        let share = self.expected.share_of_all(so_far);
        let bar = self.bar((model.id, None), store.model_name(model).to_owned());
        bar.set_position(steps(share));
        let done = tasks().filter(|task| task.outcome.is_some()).count();
        let read = bytes(tasks().map(|task| task.bytes).sum());
        bar.set_message(format!("{read}{done} of {} tasks", self.expected.tasks()));
    }

    fn bar(&mut self, key: (ModelId, Option<TaskId>), label: String) -> ProgressBar {
        let bars = &self.bars;
        let bar = self.by_task.entry(key).or_insert_with(|| {
            let style = ProgressStyle::with_template("{prefix:>26} {bar:30} {msg}")
                .expect("the template is a constant that was tried")
                .progress_chars("━╸─");
            bars.add(ProgressBar::new(STEPS).with_style(style).with_prefix(label))
        });
        bar.clone()
    }
}

fn steps(share: f64) -> u64 {
    (share * STEPS as f64).round() as u64
}

/// What was read, in a column of its own; nothing where nothing is read.
fn bytes(bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        _ => format!("{:<11} ", HumanBytes(bytes).to_string()),
    }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
        Outcome::Stopped => "stopped",
    }
}

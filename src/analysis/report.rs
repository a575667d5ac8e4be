//! A trace as numbers: what `report` and `run --json` print.

use super::entries::seconds;
use super::{
    CallbackSummary, HealthEntry, Meter, ModelSummary, ObserverEntry, StallEntry, TaskSummary,
    WhatIfEntry, callbacks, compare, outcome_word, stalls,
};
use crate::store::TraceStore;
use crate::trace::Timestamp;

/// A trace as numbers. Durations are seconds. Moments are seconds too, since the begin of their model, so that
/// models that ran one after another compare as well as those that ran together; `null` for what never happened.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::Report;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let report = Report::new(&trace.store, &trace.info.scenario, trace.now());
/// let elapsed = |place: usize| report.models[place].elapsed_s;
/// assert!(elapsed(0) > 2.0 * elapsed(2), "the sum against the maximum");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct Report {
    /// The name of the scenario.
    pub scenario: String,
    /// How each model fared, in the order in which they are shown.
    pub models: Vec<ModelReport>,
    /// How the victims of stalls fared in another run, in which a callback was carried out otherwise; where there is one.
    #[cfg_attr(feature = "format", serde(skip_serializing_if = "Vec::is_empty"))]
    pub what_if: Vec<WhatIfEntry>,
}

/// How one model fared.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct ModelReport {
    /// Its name, such as `asynchronous`.
    pub model: String,
    /// `done`, `failed`, `stopped`, or `running` where the trace has no end of it.
    pub outcome: &'static str,
    /// From its begin to its end.
    pub elapsed_s: f64,
    /// How long its threads waited; of several the sum.
    pub waiting_s: f64,
    /// How long its threads did anything else; of several the sum.
    pub running_s: f64,
    /// How much CPU time its threads used; of several the sum.
    pub cpu_s: Option<f64>,
    /// How long its threads could have run and had to wait for a core; of several the sum.
    pub waiting_for_core_s: Option<f64>,
    /// By how many bytes the memory of the process grew while it ran, if no other model ran beside it.
    pub memory_bytes: Option<u64>,
    /// Its longest stall.
    pub longest_stall_s: Option<f64>,
    /// How often it entered the event provider.
    pub polls: usize,
    /// Its tasks, in the order of the scenario.
    pub tasks: Vec<TaskEntry>,
    /// What was called, in the order of the first calls.
    pub callbacks: Vec<CallbackEntry>,
    /// Its stalls, in the order in which they began.
    pub stalls: Vec<StallEntry>,
    /// How well its loop did; `null` where it has none.
    pub health: Option<HealthEntry>,
    /// What it has cost to see all this.
    pub observer: Option<ObserverEntry>,
    /// How many events it recorded.
    pub events: u64,
    /// How many events were dropped because nobody fetched them.
    pub dropped: u64,
}

/// How one task fared.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct TaskEntry {
    /// Its place in the scenario, from 1.
    pub number: u32,
    /// What it is called.
    pub name: String,
    /// How many bytes it has read.
    pub bytes: u64,
    /// When somebody began to work on it.
    pub started_s: Option<f64>,
    /// When it ended.
    pub finished_s: Option<f64>,
    /// `done`, `failed`, `stopped`, or `running` where the trace has no end of it.
    pub outcome: &'static str,
    /// What went wrong.
    pub error: Option<String>,
    /// How long nobody worked on it.
    pub queued_s: f64,
    /// How long it waited for its connection.
    pub waiting_s: f64,
    /// How long it was ready and not served.
    pub ready_s: f64,
    /// How long its code ran.
    pub running_s: f64,
}

/// All calls of one callback of one task.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "format", derive(serde::Serialize))]
pub struct CallbackEntry {
    /// What it is called.
    pub name: String,
    /// The name of the task that it worked for.
    pub task: Option<String>,
    /// How often it was called.
    pub count: usize,
    /// How often it failed.
    pub failed: usize,
    /// How long it ran in all, what it called included.
    pub total_s: f64,
    /// How long it ran at most.
    pub longest_s: f64,
    /// When it was called, the first hundred times.
    pub starts_s: Vec<f64>,
}

impl Report {
    /// What `store` tells of a run of `scenario` up to `now`.
    pub fn new(store: &TraceStore, scenario: &str, now: Timestamp) -> Self {
        let stalls = stalls(store, now);
        let models = compare(store, now).into_iter().map(|summary| {
            let mut report = model_report(&summary);
            let Some(model) = store.model(summary.id) else {
                return report;
            };
            let begin = model.range(now).begin;
            report.tasks = summary
                .tasks
                .iter()
                .map(|task| task_entry(task, begin))
                .collect();
            let called = callbacks(store, model, now).into_iter();
            report.callbacks = called
                .map(|callback| callback_entry(callback, &summary, begin))
                .collect();
            let of_model = stalls.iter().filter(|stall| stall.model == summary.id);
            report.stalls = of_model
                .map(|stall| StallEntry::new(stall, begin))
                .collect();
            let mut meter = Meter::default();
            meter.look(model);
            let health = meter.health(model, now);
            report.health = health.map(|health| HealthEntry::new(&health));
            report.observer = Some(ObserverEntry::new(model));
            report
        });
        Self {
            scenario: scenario.to_owned(),
            models: models.collect(),
            what_if: Vec::new(),
        }
    }
}

/// What a summary tells; the rest is still to be filled in.
fn model_report(summary: &ModelSummary) -> ModelReport {
    ModelReport {
        model: summary.name.clone(),
        outcome: outcome_word(summary.outcome),
        elapsed_s: seconds(summary.elapsed),
        waiting_s: seconds(summary.waiting),
        running_s: seconds(summary.running),
        cpu_s: summary.cpu.map(seconds),
        waiting_for_core_s: summary.waiting_for_core.map(seconds),
        memory_bytes: summary.memory,
        longest_stall_s: summary.longest_stall.map(seconds),
        polls: summary.polls,
        tasks: Vec::new(),
        callbacks: Vec::new(),
        stalls: Vec::new(),
        health: None,
        observer: None,
        events: summary.events,
        dropped: summary.dropped,
    }
}

fn task_entry(task: &TaskSummary, begin: Timestamp) -> TaskEntry {
    TaskEntry {
        number: task.id.number(),
        name: task.name.clone(),
        bytes: task.bytes,
        started_s: task.begin.map(|at| seconds(at.since(begin))),
        finished_s: task.end.map(|at| seconds(at.since(begin))),
        outcome: outcome_word(task.outcome),
        error: task.error.clone(),
        queued_s: seconds(task.queued),
        waiting_s: seconds(task.waiting),
        ready_s: seconds(task.ready),
        running_s: seconds(task.running),
    }
}

fn callback_entry(
    callback: CallbackSummary,
    model: &ModelSummary,
    begin: Timestamp,
) -> CallbackEntry {
    let place = callback
        .task
        .and_then(|id| model.tasks.binary_search_by_key(&id, |task| task.id).ok());
    CallbackEntry {
        name: callback.name,
        task: place.map(|place| model.tasks[place].name.clone()),
        count: callback.count,
        failed: callback.failed,
        total_s: seconds(callback.total),
        longest_s: seconds(callback.longest),
        starts_s: callback
            .begins
            .iter()
            .map(|at| seconds(at.since(begin)))
            .collect(),
    }
}

//! Every shipped scenario runs, and shows what its story says.

#![cfg(feature = "cli")]

mod downloads;
mod programs;
mod services;
mod what_if;

use std::sync::Arc;
use std::time::Duration;

use loopscope::analysis::{ModelReport, Report};
use loopscope::record::TryRecvError;
use loopscope::scenario::{Scenario, Variant, builtins};
use loopscope::session::{ChildProgram, ModelRun, Options, Session};
use loopscope::store::TraceStore;
use loopscope::trace::Batch;

/// What a run brought.
struct Ran {
    scenario: Scenario,
    runs: Vec<ModelRun>,
    store: TraceStore,
    report: Report,
}

/// A scenario as shipped.
fn run(name: &str) -> Ran {
    let scenario = load(name);
    let options = Options::of(&scenario);
    run_with(scenario, options)
}

/// One variant of a scenario.
fn run_only(name: &str, variant: impl Into<Variant>) -> Ran {
    let scenario = load(name);
    let options = Options {
        models: vec![variant.into()],
        ..Options::of(&scenario)
    };
    run_with(scenario, options)
}

fn load(name: &str) -> Scenario {
    Scenario::load(name).expect("it is built in")
}

fn run_with(scenario: Scenario, options: Options) -> Ran {
    run_told(scenario, options, |_| {})
}

/// Runs a scenario, and tells of each batch that it records.
fn run_told(scenario: Scenario, options: Options, mut told: impl FnMut(&Batch)) -> Ran {
    // This program is none that could serve a client.
    ChildProgram::set_default(env!("CARGO_BIN_EXE_loopscope"));
    let (session, receiver) =
        Session::start(&scenario, options, Arc::new(|| {})).expect("it starts");
    let mut store = TraceStore::new();
    loop {
        match receiver.try_recv() {
            Ok(batch) => {
                told(&batch);
                store.push(&batch);
            }
            // Not to wait for something, but to leave the loop its core.
            Err(TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(5)),
            Err(TryRecvError::Disconnected) => break,
        }
    }
    let runs = session.join();
    let report = Report::new(&store, &scenario.name, store.range().end);
    Ran {
        scenario,
        runs,
        store,
        report,
    }
}

impl Ran {
    fn model(&self, name: &str) -> &ModelReport {
        let found = self.report.models.iter().find(|model| model.model == name);
        found.unwrap_or_else(|| panic!("there is no model `{name}`"))
    }

    /// Every task of every model was done, and dropped nothing.
    fn assert_done(&self) {
        for model in &self.report.models {
            assert_eq!(
                (model.outcome, model.dropped),
                ("done", 0),
                "{}",
                model.model
            );
            for task in &model.tasks {
                let what = format!("{}, {}: {:?}", model.model, task.name, task.error);
                assert_eq!(task.outcome, "done", "{what}");
            }
        }
    }
}

/// When a callback was called, in seconds since the begin of its model.
fn starts<'a>(model: &'a ModelReport, callback: &str) -> &'a [f64] {
    let found = model.callbacks.iter().find(|one| one.name == callback);
    let found = found.unwrap_or_else(|| panic!("{}: no `{callback}` was called", model.model));
    &found.starts_s
}

#[test]
fn each_tells_its_story_and_takes_ten_seconds_at_most() {
    for builtin in builtins() {
        let scenario = builtin.scenario();
        let name = builtin.name;
        assert!(!scenario.summary.is_empty(), "{name}");
        assert!(
            scenario.look_for.len() >= 3,
            "{name}: what to look for, what to try"
        );
        let of_one: Vec<Duration> = scenario
            .tasks
            .iter()
            .map(|task| scenario.theory(task))
            .collect();
        let longest = of_one.iter().max().expect("a task");
        assert!(*longest < Duration::from_secs(8), "{name}: {longest:?}");
    }
}

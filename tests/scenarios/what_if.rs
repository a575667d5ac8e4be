//! What is predicted of the victims of a stall, against a run in which what held the loop was carried out otherwise.

#![allow(clippy::print_stdout, reason = "a table for who asks for it")]

use std::path::Path;
use std::time::Duration;

use loopscope::analysis::{
    CauseKind, Compared, StallReport, Verdict, compare_with, findings, is_announced, stalls,
    what_if,
};
use loopscope::scenario::{Blocking, DEFAULT_SLICE, Model, Scenario, Treatment, Variant, builtins};
use loopscope::session::Options;
use loopscope::store::TraceStore;
use loopscope::trace::Change;

use super::{Ran, run_with};

const CHANGES: [Change; 3] = [
    Change::InThread,
    Change::Slices(DEFAULT_SLICE),
    Change::Asynchronous,
];

/// Two downloads at the same pace, one of which sleeps in its callbacks, and a clock.
const SLEEPS: &str = r#"
title = "Sleeps"
models = ["asynchronous"]
[[servers]]
name = "one"
text = "0123456789"
chunk = 1
delay = "40ms"
[[servers]]
name = "other"
text = "01234567890123456789"
chunk = 1
delay = "40ms"
[[tasks]]
name = "one"
server = "one"
[[tasks]]
name = "other"
server = "other"
[[tasks]]
name = "clock"
steps = [{ every = "60ms", call = "tick", times = 14 }]
[blocking]
kind = "sleep"
duration = "100ms"
task = "one"
on = true
"#;

/// The stalls of a run that can be run otherwise, of the callback whose stalls did most harm in a model.
struct Question {
    variant: Variant,
    model: usize,
    stalls: Vec<StallReport>,
    treatment: Treatment,
}

/// A question for each loop of a run that was held up.
fn questions(ran: &Ran, options: &Options, change: Change) -> Vec<Question> {
    let store = &ran.store;
    let all = stalls(store, store.range().end);
    let models = store.models().iter().zip(&options.models).enumerate();
    models
        .filter_map(|(place, (model, variant))| {
            let mut known = all.clone();
            // Whom other programs keep from a core, no change of this one helps.
            known.retain(|stall| {
                let known = is_announced(store, model, stall);
                let busy = stall.cause.kind == CauseKind::WaitingForCore;
                stall.model == model.id && stall.of_loop && known && !busy
            });
            let worst = known
                .get(*findings(&known).first()?.stalls.first()?)?
                .clone();
            known.retain(|stall| stall.callback == worst.callback);
            let treatment = Treatment {
                callback: worst.callback.as_str().into(),
                task: worst.task,
                change,
            };
            let objection = treatment.objection(&ran.scenario, options.blocking);
            objection.is_none().then(|| Question {
                variant: variant.clone(),
                model: place,
                stalls: known,
                treatment,
            })
        })
        .collect()
}

/// Runs it so, and puts the waits side by side, stall by stall.
fn answer(ran: &Ran, options: &Options, question: &Question) -> Vec<Vec<Compared>> {
    let so = Options {
        models: vec![question.variant.clone()],
        treatment: Some(question.treatment.clone()),
        ..options.clone()
    };
    let other = run_with(ran.scenario.clone(), so);
    let change = question.treatment.change;
    let stalls = question.stalls.iter();
    stalls
        .map(|stall| compare(&ran.store, question.model, stall, change, &other.store))
        .collect()
}

fn compare(
    store: &TraceStore,
    model: usize,
    stall: &StallReport,
    change: Change,
    other: &TraceStore,
) -> Vec<Compared> {
    let model = &store.models()[model];
    let predicted = what_if(store, model, stall, change, store.range().end);
    let there = (other, &other.models()[0]);
    compare_with(stall, &predicted, (store, model), there, other.range().end)
}

#[test]
fn every_victim_is_found_again_and_waits_no_longer_where_the_loop_is_not_held() {
    let scenario = Scenario::parse(SLEEPS, Path::new("sleeps.toml")).expect("it is right");
    let options = Options::of(&scenario);
    let ran = run_with(scenario, options.clone());
    for change in CHANGES {
        let questions = questions(&ran, &options, change);
        let [question] = &questions[..] else {
            panic!("one loop was held up: {}", questions.len());
        };
        assert_eq!(&*question.treatment.callback, "data_received");
        let answers = answer(&ran, &options, question);
        assert_eq!(answers.len(), question.stalls.len());
        assert!(answers.len() >= 3, "{} stalls", answers.len());
        for (stall, compared) in question.stalls.iter().zip(&answers) {
            let places: Vec<_> = compared.iter().map(|one| one.prediction.victim).collect();
            let all: Vec<_> = (0..stall.victims.len()).collect();
            assert_eq!(places, all, "in the order of the report");
        }
        let all: Vec<Compared> = answers.into_iter().flatten().collect();
        let verdict = Verdict::of(&all);
        assert_eq!(verdict.lost, 0, "{change}");
        // Those who wait for the loop no longer; the machine may have been busy now and then.
        let mut waits: Vec<_> = all
            .iter()
            .filter_map(|one| Some(one.measured?.waited.duration()))
            .collect();
        waits.sort_unstable();
        let median = waits[waits.len() / 2];
        assert!(median < Duration::from_millis(50), "{change}: {waits:?}");
        assert!(verdict.recorded >= Duration::from_millis(50), "{change}");
        assert!(verdict.holding * 2 >= verdict.found, "{change}: {verdict}");
    }
}

/// The scenarios with a loop, as shipped and with what they block with switched on.
fn cases() -> Vec<(Scenario, Options)> {
    let mut cases = Vec::new();
    for builtin in builtins() {
        let scenario = builtin.scenario();
        let shipped = Options::of(&scenario);
        let loops =
            |variant: &&Variant| matches!(variant.model, Model::Asynchronous | Model::Reactor);
        let models: Vec<_> = scenario.chosen().filter(loops).cloned().collect();
        if models.is_empty() {
            continue;
        }
        let with = |blocking: Option<Blocking>| Options {
            models: models.clone(),
            blocking,
            ..shipped.clone()
        };
        cases.push((scenario.clone(), with(shipped.blocking)));
        if shipped.blocking.is_none() {
            cases.push((scenario.clone(), with(Some(scenario.blocking))));
        }
    }
    cases
}

/// Takes minutes, and wants the machine for itself: `cargo test --release --test scenarios -- --ignored --nocapture figures`.
#[test]
#[ignore = "prints figures of this machine"]
fn figures_of_the_predictions_over_the_shipped_scenarios() {
    let mut all: Vec<Compared> = Vec::new();
    let mut count = 0;
    for (scenario, options) in cases() {
        let name = scenario.name.clone();
        let ran = run_with(scenario, options.clone());
        let switched = options.blocking.map_or("as shipped", |_| "blocking");
        for question in CHANGES
            .map(|change| questions(&ran, &options, change))
            .iter()
            .flatten()
        {
            let compared: Vec<_> = answer(&ran, &options, question).concat();
            let worst = compared.iter().filter_map(Compared::off).max();
            count += question.stalls.len();
            println!(
                "{name} ({switched}), {}: {} {}: {} stalls, {} waits; {} off by at most {worst:?}",
                question.variant,
                question.treatment.callback,
                question.treatment.change,
                question.stalls.len(),
                compared.len(),
                Verdict::of(&compared),
            );
            all.extend(compared);
        }
    }
    println!("{count} stalls, {} waits: {}", all.len(), Verdict::of(&all));
}

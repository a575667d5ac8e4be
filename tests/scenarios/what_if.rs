//! What is predicted of the victims of a stall, against a run in which what held the loop was carried out otherwise.

#![allow(clippy::print_stdout, reason = "a table for who asks for it")]

use std::collections::HashMap;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loopscope::analysis::{
    CauseKind, Compared, Comparison, Foresight, Prediction, StallReport, Verdict, Victim, findings,
    is_by_chance, objection, plain_duration, stalls,
};
use loopscope::format::{self, Recording, TraceInfo};
use loopscope::scenario::{Blocking, DEFAULT_SLICE, Model, Scenario, Treatment, Variant, builtins};
use loopscope::session::Options;
use loopscope::store::{SpanRef, TraceStore};
use loopscope::trace::Change;

use super::{run_told, run_with};

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

/// A run, as far as a question is about it.
struct Traced {
    scenario: Scenario,
    store: TraceStore,
}

/// Runs it. With `LOOPSCOPE_PAIRS`, a folder, its trace is kept there under `name`, and read the next time instead of
/// running it again: what is predicted can then be compared before and after a change of the prediction.
fn traced(scenario: &Scenario, options: &Options, name: &str) -> Traced {
    let folder = std::env::var_os("LOOPSCOPE_PAIRS").map(PathBuf::from);
    let kept = folder.map(|folder| folder.join(format!("{name}.loopscope")));
    let store = match &kept {
        Some(kept) if kept.exists() => format::open(kept).expect("it was kept").store,
        Some(kept) => {
            let info = TraceInfo::of_run(&scenario.name, &scenario.title, options.stall_threshold);
            let mut recording = Recording::beside(kept, &info).expect("there is such a folder");
            let ran = run_told(scenario.clone(), options.clone(), |batch| {
                recording.append(batch).expect("the disk has room");
            });
            recording.finish().expect("the disk has room");
            ran.store
        }
        None => run_with(scenario.clone(), options.clone()).store,
    };
    Traced {
        scenario: scenario.clone(),
        store,
    }
}

/// The stalls of a run that can be run otherwise, of the callback whose stalls did most harm in a model.
struct Question {
    variant: Variant,
    model: usize,
    stalls: Vec<StallReport>,
    treatment: Treatment,
}

/// A question for each loop of a run that was held up.
fn questions(ran: &Traced, options: &Options, change: Change) -> Vec<Question> {
    let store = &ran.store;
    let all = stalls(store, store.range().end);
    let models = store.models().iter().zip(&options.models).enumerate();
    models
        .filter_map(|(place, (model, variant))| {
            let mut known = all.clone();
            // Whom other programs keep from a core, no change of this one helps.
            known.retain(|stall| {
                let known = objection(store, model, stall, change).is_none();
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

impl Question {
    /// With what a scenario is run so.
    fn options(&self, options: &Options) -> Options {
        Options {
            models: vec![self.variant.clone()],
            treatment: Some(self.treatment.clone()),
            ..options.clone()
        }
    }

    /// The name of that run, from the one of what was run.
    fn name(&self, name: &str) -> String {
        let Treatment {
            callback, change, ..
        } = &self.treatment;
        format!("{name} {} {callback} {change}", self.variant)
    }
}

/// Runs it so, and puts the waits side by side, stall by stall.
fn answer(ran: &Traced, options: &Options, question: &Question, name: &str) -> Vec<Vec<Compared>> {
    let so = question.options(options);
    let other = traced(&ran.scenario, &so, &question.name(name)).store;
    let (store, change) = (&ran.store, question.treatment.change);
    let model = &store.models()[question.model];
    let now = store.range().end;
    let worst = question.stalls.iter().max_by_key(|stall| stall.harm);
    let worst = worst.expect("a question is about stalls");
    let foresight = Foresight::new(store, model, worst, change, now);
    let there = (&other, &other.models()[0]);
    let mut comparison = Comparison::new((store, model), there, other.range().end);
    let stalls = question.stalls.iter();
    stalls
        .map(|stall| comparison.of(stall, &foresight.of(stall)))
        .collect()
}

#[test]
fn every_victim_is_found_again_and_waits_no_longer_where_the_loop_is_not_held() {
    let scenario = Scenario::parse(SLEEPS, Path::new("sleeps.toml")).expect("it is right");
    let options = Options::of(&scenario);
    let ran = traced(&scenario, &options, "sleeps");
    assert_nothing_changes_by_itself(&ran);
    for change in CHANGES {
        let questions = questions(&ran, &options, change);
        let [question] = &questions[..] else {
            panic!("one loop was held up: {}", questions.len());
        };
        assert_eq!(&*question.treatment.callback, "data_received");
        let answers = answer(&ran, &options, question, "sleeps");
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

/// A change that changes nothing, because nothing takes as long as one slice: what was recorded comes to pass again.
fn assert_nothing_changes_by_itself(ran: &Traced) {
    let (store, now) = (&ran.store, ran.store.range().end);
    let nothing = Change::Slices(Duration::from_secs(3600));
    for stall in stalls(store, now) {
        let model = store.model(stall.model).expect("it stalled");
        for foreseen in Foresight::new(store, model, &stall, nothing, now).of(&stall) {
            let off = foreseen.predicted.abs_diff(foreseen.recorded);
            let bound = Duration::from_millis(10).max(foreseen.recorded / 5);
            assert!(off <= bound, "{foreseen:?} of {}", stall.callback);
        }
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

/// How many of the worst are told.
const WORST: usize = 3;

/// Takes minutes, and wants the machine for itself: `cargo test --release --test scenarios -- --ignored --nocapture figures`.
/// With `LOOPSCOPE_SCENARIO` only those whose names contain it.
#[test]
#[ignore = "prints figures of this machine"]
fn figures_of_the_predictions_over_the_shipped_scenarios() {
    let only = std::env::var("LOOPSCOPE_SCENARIO").unwrap_or_default();
    let (mut all, mut stalls): (Vec<Compared>, usize) = (Vec::new(), 0);
    let mut misses = Misses::default();
    for (scenario, options) in cases() {
        let name = scenario.name.clone();
        if !name.contains(&only) {
            continue;
        }
        let switched = options.blocking.map_or("as shipped", |_| "blocking");
        let kept = format!("{name} {switched}");
        let ran = traced(&scenario, &options, &kept);
        for question in CHANGES
            .map(|change| questions(&ran, &options, change))
            .iter()
            .flatten()
        {
            let compared = answer(&ran, &options, question, &kept);
            stalls += question.stalls.len();
            let verdict = Verdict::of(compared.iter().flatten());
            println!(
                "{name:20} {switched:10} {:12} {:16} {:16} {:3} stalls {:5} of {:5} hold, {:3} not found",
                question.variant.to_string(),
                &*question.treatment.callback,
                question.treatment.change.to_string(),
                question.stalls.len(),
                verdict.holding,
                verdict.found,
                verdict.lost,
            );
            print_worst(question, &compared);
            misses += tell_misses(&ran, &options, question, &compared, &kept);
            all.extend(compared.into_iter().flatten());
        }
    }
    println!(
        "{stalls} stalls, {} waits: {}",
        all.len(),
        Verdict::of(&all)
    );
    println!("{}", misses.told());
}

/// The predictions that do not hold, and of whom.
fn wrong<'a>(
    question: &'a Question,
    compared: &'a [Vec<Compared>],
) -> impl Iterator<Item = (&'a StallReport, &'a Victim, &'a Compared)> {
    let stalls = question.stalls.iter().zip(compared);
    let all = stalls.flat_map(|(stall, all)| all.iter().map(move |one| (stall, one)));
    all.filter(|(_, one)| one.holds() == Some(false))
        .map(|(stall, one)| (stall, &stall.victims[one.prediction.victim], one))
}

/// Those that are off most.
fn print_worst(question: &Question, compared: &[Vec<Compared>]) {
    let mut wrong: Vec<_> = wrong(question, compared).collect();
    wrong.sort_by_key(|(.., one)| std::cmp::Reverse(one.off()));
    for (_, victim, one) in wrong.iter().take(WORST) {
        let measured = one
            .measured
            .map_or(Duration::ZERO, |it| it.waited.duration());
        println!(
            "    {}: waited {}, predicted {}, measured {}",
            victim.name(),
            plain_duration(one.prediction.recorded),
            plain_duration(one.prediction.predicted),
            plain_duration(measured),
        );
    }
}

/// How many predictions do not hold.
#[derive(Clone, Copy, Default)]
struct Misses {
    all: usize,
    /// Those of them about stalls of which the product says that the machine was too busy for a prediction.
    told: usize,
    /// Those of the rest about waits of which two runs of the very same thing differ by as much.
    unlike: usize,
}

impl Misses {
    fn told(&self) -> String {
        let Self { all, told, unlike } = self;
        let rest = all - told - unlike;
        format!(
            "{all} do not hold: {told} where the window says that the loop waited for a core, {unlike} that are not alike in two runs of the same, {rest} others"
        )
    }
}

impl AddAssign for Misses {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.told += other.told;
        self.unlike += other.unlike;
    }
}

/// Runs both again where predictions do not hold, and counts those about waits that are not alike in two runs of the very
/// same thing either, with the change or without it, or of which the other run predicts something else: chance decides
/// there, and no prediction holds for all runs.
fn tell_misses(
    ran: &Traced,
    options: &Options,
    question: &Question,
    compared: &[Vec<Compared>],
    name: &str,
) -> Misses {
    let wrong: Vec<_> = wrong(question, compared).collect();
    let mut misses = Misses::default();
    if wrong.is_empty() {
        return misses;
    }
    let again = |options: &Options, name: &str| {
        let name = format!("{name} again");
        traced(&ran.scenario, options, &name)
    };
    let before_run = again(options, name);
    let after_run = again(&question.options(options), &question.name(name));
    let here = (&ran.store, &ran.store.models()[question.model]);
    let comparison = |run, model: usize| {
        let run: &Traced = run;
        let there = &run.store;
        Comparison::new(here, (there, &there.models()[model]), there.range().end)
    };
    let (mut before, mut after) = (
        comparison(&before_run, question.model),
        comparison(&after_run, 0),
    );
    let foreseen = foreseen(&before_run, options, question);
    let mut is_alike = |victim: &Victim, one: &Compared| {
        let waited = |predicted, measured| Compared {
            prediction: Prediction {
                predicted,
                ..one.prediction
            },
            measured,
        };
        let measured = one.measured?.waited.duration();
        let other = before.measure(victim)?;
        let before = waited(one.prediction.recorded, Some(other));
        let after = waited(measured, after.measure(victim));
        let off = foreseen
            .get(&other.served_by)?
            .abs_diff(one.prediction.predicted);
        let near = Duration::from_millis(10).max(measured / 5);
        Some(before.holds()? && after.holds()? && off <= near)
    };
    for (stall, victim, one) in wrong {
        misses.all += 1;
        if is_by_chance(stall) {
            misses.told += 1;
        } else if is_alike(victim, one) != Some(true) {
            misses.unlike += 1;
        }
    }
    println!("    {}", misses.told());
    misses
}

/// What is predicted of each victim of the same callback's stalls in another run of the same, by what served it.
fn foreseen(ran: &Traced, options: &Options, question: &Question) -> HashMap<SpanRef, Duration> {
    let (store, now) = (&ran.store, ran.store.range().end);
    let change = question.treatment.change;
    let all = questions(ran, options, change);
    let same = all.iter().find(|other| {
        (other.model, &other.treatment.callback) == (question.model, &question.treatment.callback)
    });
    let stalls = same.map_or(&[][..], |same| &same.stalls);
    let Some(worst) = stalls.iter().max_by_key(|stall| stall.harm) else {
        return HashMap::new();
    };
    let model = &store.models()[question.model];
    let foresight = Foresight::new(store, model, worst, change, now);
    let of = |stall: &StallReport| {
        let predictions = foresight.of(stall).into_iter();
        let served = predictions.map(|one| {
            let victim = &stall.victims[one.victim];
            Some((victim.served_by?, one.predicted))
        });
        served.flatten().collect::<Vec<_>>()
    };
    stalls.iter().flat_map(of).collect()
}

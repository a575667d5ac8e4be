//! The ground truth: a loop that is held in every way there is, while others are made ready at known moments; then all
//! that is told of it is compared with what was done.
//!
//! On a machine with other things to do every moment may be late, also those of the test: so each play is judged by the
//! moments that there really were, and what is compared with the clock is the median of several. How exact it is, is
//! printed by `cargo test --test truth -- --nocapture`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

mod hold;
mod stage;
mod verdict;

use std::collections::BTreeMap;
use std::time::Duration;

use loopscope::analysis::{CauseKind, Known, StallReport, stalls};
use loopscope::store::TraceStore;

use hold::Kind;
use stage::{Stage, Truth};
use verdict::{Errors, judge};

const RUNS: usize = 10;

/// By how much the times of victims were wrong, by how the loop was held, who waited, and how it was known since when.
type Table = BTreeMap<(&'static str, &'static str, &'static str), Vec<Errors>>;

/// Plays everything once.
fn play() -> (Vec<Truth>, TraceStore) {
    let mut stage = Stage::set().unwrap();
    let mut truths = Vec::new();
    for kind in Kind::ALL {
        match stage.play(kind).unwrap() {
            Some(truth) => truths.push(truth),
            None => println!(
                "{}: not on this machine, which keeps a thread from choosing its core",
                kind.name()
            ),
        }
    }
    (truths, stage.close())
}

/// Compares what is told with what was done, and panics where all but the times differs.
fn check(truths: &[Truth], store: &TraceStore) -> Vec<(Kind, Errors)> {
    let mut all = Vec::new();
    let mut reports = stalls(store, store.range().end);
    for truth in truths {
        let ended = truth.spent.at;
        let is_of =
            |report: &mut StallReport| report.range.begin < ended && ended <= report.range.end;
        let found: Vec<_> = reports.extract_if(.., is_of).collect();
        let [report] = &found[..] else {
            panic!("{:?}: one stall, not {found:#?}", truth.kind);
        };
        // Who lost its core for longer right before, in the same turn, took the larger part.
        let around = report.range.duration().saturating_sub(truth.spent.wall);
        assert!(
            report.callback == truth.kind.name() || around >= truth.spent.wall,
            "{:?}: {report:#?}",
            truth.kind
        );
        let model = store.model(report.model).unwrap();
        let watch = &model.thread(report.thread).unwrap().watch;
        let errors = judge(truth, report, watch).into_iter();
        all.extend(errors.map(|errors| (truth.kind, errors)));
    }
    // Whatever else took long did so because others had the cores; who looked may have had none either.
    let mut others = reports.iter();
    let other = others.find(|report| {
        !matches!(
            report.cause.kind,
            CauseKind::WaitingForCore | CauseKind::Unknown
        )
    });
    assert!(other.is_none(), "no stall: {other:#?}");
    all
}

/// Plays everything several times.
fn play_all() -> Table {
    let mut table = Table::new();
    for _ in 0..RUNS {
        let (truths, store) = play();
        for (kind, errors) in check(&truths, &store) {
            let key = (kind.name(), errors.name, errors.known.word());
            table.entry(key).or_default().push(errors);
        }
    }
    table
}

fn median(errors: &[Errors], of: impl Fn(&Errors) -> Duration) -> Duration {
    let mut all: Vec<_> = errors.iter().map(of).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

/// The worst median: of the delays, and of the moments of readiness that somebody saw.
fn worst(table: &Table) -> (Duration, Duration) {
    let mut worst = (Duration::ZERO, Duration::ZERO);
    for ((_, _, known), errors) in table {
        // What was there at the first look, unstamped, came then or before: that much is said, and no more. What happened
        // now and then has no median.
        if *known == Known::AtFirstLook.word() || errors.len() < RUNS / 2 {
            continue;
        }
        worst.0 = worst.0.max(median(errors, |errors| errors.delay));
        worst.1 = worst.1.max(median(errors, |errors| errors.ready));
    }
    worst
}

/// How often data that came before anybody looked was known by its stamp, of how many times.
fn stamped(table: &Table) -> (usize, usize) {
    let early = |(_, who, _): &&(&str, &str, &str)| *who == "early";
    let all = table.keys().filter(early);
    let count = |known: Option<Known>| {
        let of = all
            .clone()
            .filter(|key| known.is_none_or(|known| key.2 == known.word()));
        of.map(|key| table[key].len()).sum()
    };
    (count(Some(Known::Stamped)), count(None))
}

fn print(table: &Table) {
    println!(
        "{:14} {:6} {:14} {:>3}  {:>10} {:>10}  {:>10} {:>10}",
        "held by", "waits", "known", "n", "delay: p50", "worst", "ready: p50", "worst"
    );
    for ((held, who, known), errors) in table {
        let most = |of: fn(&Errors) -> Duration| errors.iter().map(of).max().unwrap_or_default();
        println!(
            "{held:14} {who:6} {known:14} {:3}  {:>10.1?} {:>10.1?}  {:>10.1?} {:>10.1?}",
            errors.len(),
            median(errors, |errors| errors.delay),
            most(|errors| errors.delay),
            median(errors, |errors| errors.ready),
            most(|errors| errors.ready),
        );
    }
}

#[test]
fn every_stall_is_found_with_its_cause_and_its_victims_and_nobody_else() {
    let table = play_all();
    print(&table);
    let (delay, ready) = worst(&table);
    println!("the worst median: delay {delay:.1?}, readiness {ready:.1?}");
    // The system stamps from a moment after it was asked to, and what was read before it is asked for has none.
    let (stamped, early) = stamped(&table);
    assert!(stamped > early / 2, "stamped: {stamped} of {early}");
    assert!(delay < Duration::from_millis(2), "delays: {delay:?}");
    assert!(ready < Duration::from_millis(1), "readiness: {ready:?}");
}

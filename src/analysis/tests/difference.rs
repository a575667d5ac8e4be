//! Two traces compared: a loop that was held, beside one that was not.

use super::made::{Made, name, task};
use super::*;
use crate::trace::{Cause, Phrase};

/// A loop that serves two tasks after a poll that returns at 100; serving the first takes so long, and whoever it is that
/// takes longer than 50 ms is reported as a stall.
fn served_in(millis: u64) -> TraceStore {
    let mut made = Made::new();
    let first = made.ready(100, 1, None);
    let second = made.ready(100, 2, None);
    let until = 101 + millis;
    made.serve((101, until), 1, first);
    made.serve((until, until + 2), 2, second);
    if millis >= 50 {
        made.stall(100, until + 2, 1);
    }
    made.poll(until + 2, until + 30);
    made.tell(until + 31, EventKind::ThreadEnd);
    for number in [1, 2] {
        let (task, outcome) = (task(number), Outcome::Done);
        made.tell(until + 31, EventKind::TaskEnd { task, outcome });
    }
    let outcome = Outcome::Done;
    made.tell(until + 31, EventKind::ModelEnd { outcome });
    made.store()
}

fn figures(store: &TraceStore) -> Vec<ModelFigures> {
    ModelFigures::all(store, store.range().end)
}

/// The same under another name.
fn named(figures: &ModelFigures, name: &str) -> ModelFigures {
    let mut figures = figures.clone();
    figures.name = name.to_owned();
    figures
}

/// The only model of two traces.
fn compared(a: &TraceStore, b: &TraceStore) -> ModelDifference {
    let mut models = difference(&figures(a), &figures(b));
    assert_eq!(models.len(), 1);
    models.remove(0)
}

fn figure(model: &ModelDifference, what: What) -> Figure {
    *model.figure(what).expect("it has it")
}

fn of(what: What, a: f64, b: f64) -> Figure {
    let (a, b) = (Some(a), Some(b));
    Figure { what, a, b }
}

#[test]
fn a_loop_that_is_held_is_told_from_one_that_is_not() {
    let model = compared(&served_in(5), &served_in(205));
    assert_eq!(model.found_in, FoundIn::Both);
    let values = |what| {
        let figure = figure(&model, what);
        (figure.a, figure.b)
    };
    assert_eq!(values(What::Elapsed), (Some(0.137), Some(0.337)));
    assert_eq!(values(What::Done), (Some(2.0), Some(2.0)));
    assert_eq!(values(What::Stalls), (Some(0.0), Some(1.0)));
    assert_eq!(values(What::LongestStall), (Some(0.0), Some(0.208)));
    assert_eq!(values(What::Stalled), (Some(0.0), Some(0.208)));
    assert_eq!(values(What::WorstDelay), (Some(0.006), Some(0.206)));
    assert_eq!(values(What::Callbacks), (Some(2.0), Some(2.0)));
    let delay = figure(&model, What::WorstDelay);
    assert_eq!(delay.judgement(), Judgement::Worse);
    assert_eq!(delay.told().to_string(), "worse: 34 times as long in B");
    let sentence = model.sentence(&Phrase::new("B (blocking on)")).to_string();
    assert_eq!(
        sentence,
        "B (blocking on) took 200 ms longer; it stalled once (A: never); the worst delay was 206 ms instead of 6 ms."
    );
}

#[test]
fn the_other_way_round_it_is_better() {
    let model = compared(&served_in(205), &served_in(5));
    let better = model
        .figures
        .iter()
        .filter(|it| it.judgement() == Judgement::Better);
    let better: Vec<_> = better.map(|figure| figure.what).collect();
    for what in [What::Elapsed, What::Stalls, What::WorstDelay] {
        assert!(better.contains(&what), "{what:?}");
    }
    let sentence = model.sentence(&Phrase::new("B")).to_string();
    assert!(
        sentence.starts_with("B was done 200 ms sooner; it never stalled (A: once)"),
        "{sentence}"
    );
    assert_eq!(
        figure(&model, What::Stalls).in_words().to_string(),
        "none in B"
    );
}

#[test]
fn the_same_run_is_about_the_same() {
    let model = compared(&served_in(5), &served_in(5));
    assert!(
        model
            .figures
            .iter()
            .all(|it| it.judgement() == Judgement::Same),
        "{model:?}"
    );
    assert_eq!(
        model.sentence(&Phrase::new("B")).to_string(),
        "B took as long as A."
    );
}

#[test]
fn callbacks_are_matched_by_name_and_the_greatest_difference_comes_first() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((101, 301), 1, flow);
    let tick = made.new_flow();
    made.call((301, 302), "tick", None, (Cause::Timer, tick));
    made.poll(303, 310);
    let model = compared(&served_in(5), &made.store());
    let names: Vec<_> = model
        .callbacks
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["data_received", "tick"]);
    let [count, total, most] = model.callbacks[0].figures[..] else {
        panic!("{:?}", model.callbacks[0]);
    };
    assert_eq!((count.a, count.b), (Some(2.0), Some(1.0)));
    assert_eq!(total.difference(), Some(0.2 - 0.007));
    assert_eq!((most.a, most.b), (Some(0.005), Some(0.2)));
    let [count, total, most] = model.callbacks[1].figures[..] else {
        panic!("{:?}", model.callbacks[1]);
    };
    assert_eq!((count.a, count.b), (Some(0.0), Some(1.0)));
    assert_eq!((total.a, total.ratio()), (Some(0.0), None));
    assert_eq!((most.a, most.judgement()), (None, Judgement::Unknown));
}

#[test]
fn models_that_only_one_trace_has_are_told_as_such() {
    let one = figures(&served_in(5));
    let named = |name| named(&one[0], name);
    let a = [named("synchronous"), named("poll"), named("poll")];
    let b = [named("poll"), named("threaded")];
    let models = difference(&a, &b);
    let told: Vec<_> = models
        .iter()
        .map(|it| (it.name.as_str(), it.found_in))
        .collect();
    let expected = [
        ("synchronous", FoundIn::OnlyA),
        ("poll", FoundIn::Both),
        ("poll", FoundIn::OnlyA),
        ("threaded", FoundIn::OnlyB),
    ];
    assert_eq!(told, expected);
    let said = |place: usize| models[place].sentence(&Phrase::new("B")).to_string();
    assert_eq!(said(0), "only A has run it.");
    assert_eq!(said(3), "only B has run it.");
    assert_eq!(
        most_telling(&models),
        Some(1),
        "of the others there is nothing to compare"
    );
    assert_eq!(most_telling(&difference(&a[..1], &[])), Some(0));
    assert_eq!(most_telling(&[]), None);
    let entry = ModelDifferenceEntry::from(&models[3]);
    assert_eq!(entry.only_in, Some("b"));
    assert_eq!(entry.figures[0].a, None);
}

#[test]
fn the_model_that_differs_most_is_told_first() {
    let (calm, held) = (figures(&served_in(5)), figures(&served_in(205)));
    let a = [
        named(&calm[0], "one"),
        named(&calm[0], "two"),
        named(&calm[0], "three"),
    ];
    let b = [
        named(&calm[0], "one"),
        named(&held[0], "two"),
        named(&calm[0], "three"),
    ];
    assert_eq!(most_telling(&difference(&a, &b)), Some(1));
    assert_eq!(most_telling(&difference(&a, &a)), Some(0), "else the first");
}

#[test]
fn no_figure_is_divided_by_nothing() {
    let none = of(What::Stalls, 0.0, 16.0);
    assert_eq!((none.ratio(), none.difference()), (None, Some(16.0)));
    assert_eq!(none.in_words().to_string(), "none in A");
    assert_eq!(of(What::Stalls, 0.0, 0.0).ratio(), None);
    assert_eq!(of(What::Stalls, 0.0, 0.0).judgement(), Judgement::Same);
    let unknown = Figure {
        what: What::WorstDelay,
        a: None,
        b: Some(1.0),
    };
    assert_eq!((unknown.ratio(), unknown.difference()), (None, None));
    assert_eq!(unknown.in_words().to_string(), "only B has it");
    assert_eq!(unknown.judgement(), Judgement::Unknown);
}

#[test]
fn what_is_better_depends_on_the_figure() {
    assert_eq!(of(What::Done, 3.0, 2.0).judgement(), Judgement::Worse);
    assert_eq!(of(What::Failed, 0.0, 1.0).judgement(), Judgement::Worse);
    assert_eq!(
        of(What::Bytes, 10.0, 20.0).judgement(),
        Judgement::Different
    );
    assert_eq!(
        of(What::Elapsed, 1.0, 1.04).judgement(),
        Judgement::Same,
        "no two runs take equally long"
    );
    assert_eq!(
        of(What::HalfOfDelays, 1e-5, 9e-4).judgement(),
        Judgement::Same,
        "a loop that is well takes so long"
    );
    assert_eq!(
        of(What::MostDelays, 0.010, 0.005).judgement(),
        Judgement::Better
    );
    assert_eq!(
        of(What::Elapsed, 3.0, 2.0).in_words().to_string(),
        "1 s shorter in B"
    );
    assert_eq!(
        of(What::Utilization, 0.4, 0.1).in_words().to_string(),
        "4 times as much in A"
    );
}

#[test]
fn numbers_are_written_with_their_units_and_signs() {
    assert_eq!(Unit::Time.plain(0.187), "187 ms");
    assert_eq!(Unit::Time.plain(0.0), "0");
    assert_eq!(Unit::Time.plain(f64::INFINITY), "–");
    assert_eq!(Unit::Time.signed(-0.0021), "−2.1 ms");
    assert_eq!(Unit::Count.signed(1_200.0), "+1,200");
    assert_eq!(Unit::Count.signed(0.0), "0");
    assert_eq!(Unit::Share.signed(0.1234), "+12.3 %");
    assert_eq!(Unit::Rate.signed(0.001), "0", "not +0.0");
    let ratios = [0.561, 9.99, 10.4, 6158.73].map(plain_ratio);
    assert_eq!(ratios, ["0.56", "9.99", "10", "6,159"]);
}

#[test]
fn a_run_that_goes_on_is_not_said_to_have_taken_long() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((101, 301), 1, flow);
    let so_far = made.store();
    let over = served_in(5);
    let sentence = |a, b| compared(a, b).sentence(&Phrase::new("B")).to_string();
    let told = sentence(&over, &so_far);
    assert!(told.starts_with("B has not ended yet"), "{told}");
    let told = sentence(&so_far, &over);
    assert!(told.starts_with("A has not ended yet"), "{told}");
    assert!(
        figures(&so_far)[0]
            .calls
            .iter()
            .all(|call| name(&call.name) == name("data_received"))
    );
}

//! A loop that turns as fast as it can, and a window that looks on.

use std::sync::Arc;

use loopscope::format;
use loopscope::gui::command::Command;
use loopscope::store::{Lane, Row, TraceStore};

use crate::desk::Desk;

const TURNS: usize = 30_000;

/// Each turn is six events: what is recorded in a second is more than a hundred thousand of them.
fn scenario() -> String {
    format!(
        r#"
title = "Flood"
models = ["asynchronous"]
[[tasks]]
name = "turns"
steps = [{{ every = "0ms", call = "turn", times = {TURNS} }}]
"#
    )
}

/// All rows of spans.
fn rows(store: &TraceStore) -> impl Iterator<Item = &Row> {
    let lanes = store.models().iter().flat_map(|model| {
        let threads = model.threads.iter().map(|thread| &thread.lane);
        threads.chain(model.tasks.iter().map(|task| &task.lane))
    });
    lanes.flat_map(Lane::rows)
}

#[test]
fn of_a_fast_run_nothing_is_lost() {
    let mut desk = Desk::with_scenario("flood.toml", &scenario());
    let folder = desk.path("recordings");
    desk.apply(Command::RecordInto(Some(folder.clone())));
    desk.run_to_the_end();
    let store = &desk.shown().store;
    let [model] = store.models() else {
        panic!("it is one model");
    };
    assert_eq!(model.dropped, 0);
    let is_turn =
        |span: &loopscope::store::Span| span.name.is_some_and(|id| store.name(id) == "turn");
    let turns = rows(store).flat_map(|row| row.spans().iter());
    assert_eq!(turns.filter(is_turn).count(), TURNS);
    let polls: usize = model.threads.iter().map(|thread| thread.polls).sum();
    assert!(polls.abs_diff(TURNS) <= 2, "{polls}: each turn polls");
    let recorded = format::open(&folder.join("flood.loopscope")).expect("it is whole");
    assert_eq!(recorded.store.events(), store.events());

    let spans: usize = rows(store).map(|row| row.spans().len()).sum();
    let threads = model.threads.iter();
    let moments: usize = threads.map(|thread| thread.instants().len()).sum();
    let bytes = store.bytes() / (spans + moments);
    assert!(
        bytes <= 40,
        "{bytes} bytes for each of {spans} spans and {moments} moments"
    );
}

#[test]
fn while_somebody_reads_the_trace_what_is_recorded_waits_and_nothing_is_lost() {
    let mut desk = Desk::with_scenario("flood.toml", &scenario());
    desk.click("▶ Run");
    desk.until("it turns", |desk| desk.shown().store.events() > 1_000);
    // As an export does.
    let read = Arc::clone(&desk.shown().store);
    let before = read.events();
    // More than a recorder keeps for nobody, were it left there.
    desk.frames(60);
    assert!(Arc::ptr_eq(&read, &desk.shown().store), "it was not copied");
    assert_eq!(desk.shown().store.events(), before);
    drop(read);
    desk.until("the run ends", |desk| !desk.app().is_running());
    let [model] = desk.shown().store.models() else {
        panic!("it is one model");
    };
    assert_eq!(model.dropped, 0);
    let polls: usize = model.threads.iter().map(|thread| thread.polls).sum();
    assert!(polls.abs_diff(TURNS) <= 2, "{polls}: each turn polls");
}

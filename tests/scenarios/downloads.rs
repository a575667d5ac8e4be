//! Slow servers, and what may be wrong with them and with their clients.

use std::time::Duration;

use loopscope::analysis::{ModelSummary, compare};
use loopscope::scenario::{Model, Scenario, Server};
use loopscope::session::ModelRun;
use loopscope::store::{SpanKind, TraceStore};

/// The asynchronous model of a scenario, as shipped.
fn run(name: &str) -> (Scenario, ModelRun, TraceStore) {
    let mut ran = super::run_only(name, Model::Asynchronous);
    (ran.scenario, ran.runs.remove(0), ran.store)
}

fn summary(store: &TraceStore) -> ModelSummary {
    compare(store, store.range().end).remove(0)
}

fn slowest(scenario: &Scenario) -> Duration {
    scenario
        .servers
        .iter()
        .map(Server::theory)
        .max()
        .expect("there are servers")
}

fn assert_whole(scenario: &Scenario, run: &ModelRun) {
    for (task, done) in scenario.tasks.iter().zip(&run.tasks) {
        assert_eq!(done.error, None, "{}", task.name);
        assert!(
            done.content == *scenario.servers[task.download().expect("a download")].text,
            "{}: other bytes than were sent",
            task.name
        );
    }
}

#[test]
fn three_slow_servers_take_as_long_as_the_slowest() {
    let (scenario, run, store) = run("three-slow-servers");
    assert_whole(&scenario, &run);
    let summary = summary(&store);
    assert!(summary.elapsed >= slowest(&scenario));
    assert!(
        summary.elapsed < slowest(&scenario) * 2,
        "{:?}",
        summary.elapsed
    );
    assert!(summary.polls > 20, "{}", summary.polls);
    // A read for each piece, unless the loop was late, and one for the end.
    let servers = scenario.servers.iter();
    let most: usize = servers.map(|it| it.text.len().div_ceil(it.chunk) + 1).sum();
    let tasks = store.models()[0].tasks.iter();
    let reads: usize = tasks.map(|task| task.progress().len()).sum();
    assert!(reads > 20 && reads <= most, "{reads} of {most}");
    // Who has less to wait for is done first: 2.0, 2.1 and 3.1 s.
    let mut tasks: Vec<_> = store.models()[0].tasks.iter().collect();
    tasks.sort_by_key(|task| task.progress().last().expect("it was read").0);
    let order: Vec<_> = tasks.iter().map(|task| task.id.index() + 1).collect();
    assert_eq!(order, [3, 2, 1]);
}

/// One after another, and each in a thread of its own.
#[test]
fn three_slow_servers_take_the_sum_if_they_are_waited_for_in_turn() {
    let ran = super::run_only("three-slow-servers", Model::Synchronous);
    assert_whole(&ran.scenario, &ran.runs[0]);
    let sum: Duration = ran.scenario.servers.iter().map(Server::theory).sum();
    let elapsed = summary(&ran.store).elapsed;
    assert!(elapsed >= sum && elapsed < sum.mul_f64(1.5), "{elapsed:?}");
    let tasks = &ran.store.models()[0].tasks;
    for pair in tasks.windows(2) {
        let last = pair[0].progress().last().expect("it was read").0;
        assert!(pair[1].progress().first().expect("it was read").0 >= last);
    }
    let ran = super::run_only("three-slow-servers", Model::Threaded);
    assert_whole(&ran.scenario, &ran.runs[0]);
    assert!(summary(&ran.store).elapsed < sum, "side by side");
}

#[test]
fn the_broken_client_serves_nobody_else_and_loses_no_time() {
    let (scenario, run, store) = run("broken-client");
    assert_whole(&scenario, &run);
    let summary = summary(&store);
    assert!(summary.polls <= 6, "a handful of polls: {}", summary.polls);
    let longest = summary.longest_stall.expect("a stall");
    assert!(longest >= slowest(&scenario).mul_f64(0.95), "{longest:?}");
    assert!(
        summary.elapsed < slowest(&scenario) * 2,
        "{:?}",
        summary.elapsed
    );
    let tasks = &store.models()[0].tasks;
    // One after the other in the order of the program, whoever's server is done first.
    for pair in tasks.windows(2) {
        let last = pair[0].progress().last().expect("it was read").0;
        assert!(pair[1].progress().first().expect("it was read").0 >= last);
    }
}

#[test]
fn with_poems_larger_than_the_buffers_the_broken_client_loses_its_head_start() {
    let (scenario, run, store) = run("big-poems");
    assert_whole(&scenario, &run);
    let elapsed = summary(&store).elapsed;
    assert!(elapsed > slowest(&scenario).mul_f64(1.25), "{elapsed:?}");
}

#[test]
fn a_dead_port_fails_its_task_at_once_and_a_server_that_closes_early_its_own() {
    let (scenario, run, store) = run("dead-port");
    assert!(run.tasks[0].content == *scenario.servers[0].text);
    assert_eq!(run.tasks[0].error, None);
    let refused = run.tasks[1].error.as_deref().expect("it failed");
    assert!(refused.contains("connection refused"), "{refused}");
    let early = run.tasks[2].error.as_deref().expect("it failed");
    assert!(early.contains("330 of 653 bytes"), "{early}");
    assert_eq!(run.tasks[2].content, scenario.servers[2].text[..330]);
    let dead = &store.models()[0].tasks[1];
    assert!(dead.spent_nanos(SpanKind::Waiting, store.range().end) < 1_000_000_000);
}

#[test]
fn many_tasks_are_served_by_one_loop_in_the_time_of_one() {
    let (scenario, run, store) = run("many-tasks");
    assert_eq!(run.tasks.len(), 1_000);
    assert_whole(&scenario, &run);
    let threads = store.models()[0].threads.iter();
    assert_eq!(threads.filter(|thread| thread.has_spans()).count(), 1);
    let elapsed = summary(&store).elapsed;
    assert!(
        elapsed < slowest(&scenario) * 5,
        "side by side, not one after another: {elapsed:?}"
    );
}

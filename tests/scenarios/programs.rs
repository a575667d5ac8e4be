//! Timers, looping calls, requests, chains and conversations.

use std::time::Duration;

use loopscope::scenario::Model;
use loopscope::trace::Outcome;

use loopscope::analysis::{reads_between, sends_at};
use loopscope::store::TaskTrack;

use super::{Ran, run, run_only, starts};

/// How many sends of a server are tied to what a task read, in all.
fn sends_of(ran: &Ran, task: &TaskTrack) -> usize {
    let range = task.range(ran.store.range().end).expect("it began");
    let reads = reads_between(task, range.begin, range.end);
    sends_at(&ran.store, &ran.store.models()[0], task, reads, usize::MAX).len()
}

#[test]
fn the_countdown_is_asleep_between_its_timers() {
    let ran = run("hello-reactor");
    ran.assert_done();
    let model = ran.model("asynchronous");
    let numbers = ["five", "four", "three", "two", "one", "zero"];
    for (place, number) in numbers.iter().enumerate() {
        let due = 0.5 * (place + 1) as f64;
        assert!(starts(model, number)[0] >= due, "{number}");
    }
    assert!(starts(model, "hello")[0] < starts(model, "five")[0]);
    assert!(model.polls < 20, "{} polls", model.polls);
    assert!(model.running_s < model.elapsed_s / 10.0);
}

#[test]
fn nothing_is_one_long_poll() {
    let ran = run("doing-nothing");
    ran.assert_done();
    let model = ran.model("asynchronous");
    assert!(model.elapsed_s >= 3.0);
    assert!(model.polls <= 4, "{} polls", model.polls);
    assert!(model.waiting_s > 0.9 * model.elapsed_s);
}

/// The row of the table of ticks, at half its scale. A tick is never early; how late it is, is the machine's.
fn assert_ticks(ran: &Ran, model: &str, due: &[f64]) {
    let ticks = starts(ran.model(model), "tick");
    assert_eq!(ticks.len(), due.len(), "{model}: {ticks:?}");
    let first = ticks[0];
    for (tick, due) in ticks.iter().zip(due) {
        // The others of this test's process may have the core for a while, but never for half an interval.
        let late = tick - first - due;
        assert!((-0.001..0.24).contains(&late), "{model}: {ticks:?}");
    }
}

#[test]
fn the_circle_misses_ticks_only_where_a_request_blocks_it() {
    let ran = run("the-circle");
    ran.assert_done();
    let all = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
    assert_ticks(&ran, "blocking", &[0.0, 0.5, 1.75, 2.0, 2.5, 3.0, 3.5]);
    assert_ticks(&ran, "in a thread", &all);
    assert_ticks(&ran, "asynchronous", &all);
    let longest = |name| ran.model(name).longest_stall_s.unwrap_or(0.0);
    assert!(longest("blocking") >= 1.2, "{}", longest("blocking"));
    assert!(longest("in a thread") < 1.2 && longest("asynchronous") < 1.2);
    for run in &ran.runs {
        assert_eq!(run.tasks[1].content, *ran.scenario.servers[0].text);
    }
}

#[test]
fn a_failure_takes_one_connection_and_nobody_else() {
    let ran = run("exception");
    let model = ran.model("asynchronous");
    let outcomes: Vec<_> = model.tasks.iter().map(|task| task.outcome).collect();
    assert_eq!(outcomes, ["done", "failed", "done", "done", "failed"]);
    assert_eq!(model.tasks[4].error.as_deref(), Some("I fall down"));
    assert!(model.tasks[1].bytes < 612);
    assert_eq!(starts(model, "tick").len(), 9);
    let [run] = &ran.runs[..] else {
        panic!("one model");
    };
    assert_eq!(run.tasks[0].content, *ran.scenario.servers[0].text);
    assert_eq!(run.tasks[2].content, *ran.scenario.servers[2].text);
}

#[test]
fn the_callback_stack_is_nested() {
    let ran = run("callback-stack");
    ran.assert_done();
    let model = ran.model("asynchronous");
    let lines = String::from_utf8_lossy(&ran.scenario.servers[0].text)
        .lines()
        .count();
    assert_eq!(starts(model, "line_received").len(), lines);
    starts(model, "poem_finished");
    let mut threads = ran.store.models()[0].threads.iter();
    let loop_thread = threads.find(|thread| thread.polls > 0).expect("the loop");
    let depth_of = |name: &str| {
        let rows = loop_thread.lane.rows();
        let is_it =
            |span: &loopscope::store::Span| span.name.is_some_and(|id| ran.store.name(id) == name);
        rows.iter()
            .position(|row| row.spans().iter().any(|span| is_it(&span)))
    };
    let depths = ["do_read", "data_received", "line_received"].map(depth_of);
    assert!(
        depths[0].is_some() && depths.is_sorted_by(|a, b| a < b),
        "{depths:?}"
    );
}

#[test]
fn a_chain_fails_recovers_pauses_and_goes_on() {
    let ran = run("deferred-chain");
    let model = ran.model("asynchronous");
    let outcomes: Vec<_> = model.tasks.iter().map(|task| task.outcome).collect();
    assert_eq!(outcomes, ["done", "done", "done", "failed"]);
    let of = |task: &str| -> Vec<&str> {
        let its = model
            .callbacks
            .iter()
            .filter(|one| one.task.as_deref() == Some(task));
        its.map(|one| one.name.as_str()).collect()
    };
    let has = |task: &str, names: &[&str]| {
        let called = of(task);
        for name in names {
            assert!(called.contains(name), "{task}: {called:?}");
        }
    };
    let has_not = |task: &str, names: &[&str]| {
        let called = of(task);
        for name in names {
            assert!(!called.contains(name), "{task}: {called:?}");
        }
    };
    has(
        "poem",
        &[
            "cummingsify",
            "keep_the_original",
            "look_up_the_author",
            "poem_done",
        ],
    );
    has_not("poem", &["got_poem", "poem_failed"]);
    has("fine", &["cummingsify", "poem_done"]);
    has_not("fine", &["keep_the_original", "poem_failed"]);
    has("lost", &["take_another_poem", "poem_done"]);
    has_not("lost", &["cummingsify", "got_poem", "poem_failed"]);
    has_not("forgotten", &["cummingsify", "poem_done"]);
    let error = model.tasks[3].error.as_deref().unwrap_or_default();
    assert!(error.contains("the connection was lost"), "{error}");
    let paused = model.tasks[0].finished_s.expect("it ended");
    assert!(
        paused >= 1.0,
        "0.45 s until it fired, 0.6 s of pause: {paused}"
    );
}

#[test]
fn to_ask_another_server_in_a_callback_holds_everybody_up() {
    let ran = run("ask-another-server");
    ran.assert_done();
    let longest = |name| ran.model(name).longest_stall_s.unwrap_or(0.0);
    assert!(longest("blocking") >= 1.1, "{}", longest("blocking"));
    assert!(longest("in a thread") < 1.1 && longest("asynchronous") < 1.1);
    // Nothing was read for the others all that time, though their servers went on talking.
    for task in &ran.store.models()[0].tasks[1..] {
        let reads = task.progress().iter().map(|(at, _)| *at);
        let gaps = reads.clone().zip(reads.skip(1));
        let gaps = gaps.map(|(one, next)| next.since(one));
        let longest = gaps.max().expect("many reads");
        assert!(longest >= Duration::from_millis(1100), "{longest:?}");
    }
    for run in &ran.runs {
        let dictionary = ran.scenario.servers.last().expect("it is the last one");
        assert!(run.tasks[0].content.ends_with(&dictionary.text));
    }
}

#[test]
fn slices_keep_a_loop_polite_and_make_nothing_faster() {
    let ran = run("cpu-wait");
    ran.assert_done();
    // How often the clock ticked between the first computation and the last one, or the last slice of it.
    let ticks = |name| {
        let model = ran.model(name);
        let computed = starts(model, "compute");
        let [first, last] = [computed[0], computed[computed.len() - 1]];
        let ticks = starts(model, "tick").iter();
        ticks.filter(|tick| (first..last).contains(*tick)).count()
    };
    let longest = |name| ran.model(name).longest_stall_s.unwrap_or(0.0);
    assert!(
        longest("asynchronous") >= 0.7,
        "{}",
        longest("asynchronous")
    );
    assert!(longest("in slices") < longest("asynchronous"));
    assert_eq!(ticks("asynchronous"), 0);
    assert!(ticks("in slices") > 0);
    // An amount of CPU time is what it is, whoever spends it.
    for name in ["synchronous", "asynchronous", "in slices"] {
        assert!(ran.model(name).elapsed_s >= 0.8, "{name}");
    }
}

#[test]
fn epoll_does_not_care_about_silent_connections() {
    let ran = run("which-poll");
    ran.assert_done();
    let took = |name: &str| -> Vec<f64> {
        let tasks = ran.model(name).tasks.iter();
        tasks
            .map(|task| task.finished_s.unwrap_or(0.0) - task.started_s.unwrap_or(0.0))
            .collect()
    };
    for name in ["select", "poll"] {
        let times = took(name);
        assert!(times[4] > 2.0 * times[0], "{name}: {times:?}");
    }
    for model in &ran.report.models {
        assert!(
            model.polls >= 9_000,
            "{}: {} polls",
            model.model,
            model.polls
        );
    }
    assert!(took("epoll")[4] < took("select")[4]);
    assert!(took("epoll")[4] < took("poll")[4]);
}

#[test]
fn the_same_protocol_runs_over_every_transport_in_every_model() {
    for model in Model::OF_TASKS {
        let ran = run_only("transports", model);
        ran.assert_done();
        for task in &ran.runs[0].tasks {
            assert_eq!(task.outcome, Outcome::Done);
            assert_eq!(task.content, b"Thou\ncanst\nnot\nfind\nme\n", "{model}");
        }
        for task in &ran.store.models()[0].tasks {
            let sent = sends_of(&ran, task);
            assert_eq!(sent, 5, "{model}, {}: an arrow to each echo", task.id);
        }
    }
}

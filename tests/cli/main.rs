//! The program as a person meets it: arguments in, text, files and exit codes out.
#![cfg(feature = "cli")]

mod part;
mod wrong;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Small enough to be over soon: 4 pieces and 2 pieces, 20 ms each.
const SCENARIO: &str = r#"
title = "Two quick servers"
summary = "For the tests."
look_for = ["Nothing."]

[[servers]]
name = "long"
text = "0123456789012345678901234567890123456789"
chunk = 10
delay = "20ms"

[[servers]]
name = "short"
text = "01234567890123456789"
chunk = 10
delay = "20ms"

[[tasks]]
server = "long"
name = "first"

[[tasks]]
server = "short"
name = "second"
"#;

fn loopscope(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loopscope"))
        .args(arguments)
        .current_dir(folder)
        // The window must not open on a machine that has a display.
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("quick.toml"), SCENARIO).expect("room for a file");
    folder
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object and nothing else")
}

#[test]
fn run_prints_one_json_object_with_every_byte_of_every_task() {
    let folder = folder();
    let report = json(&loopscope(folder.path(), &["run", "quick.toml", "--json"]));
    assert_eq!(report["scenario"], "quick");
    let models = report["models"].as_array().expect("a list");
    let names: Vec<_> = models
        .iter()
        .map(|model| model["model"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["synchronous", "threaded", "asynchronous"]);
    for model in models {
        let bytes: Vec<_> = model["tasks"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|task| &task["bytes"])
            .collect();
        assert_eq!(bytes, [40, 20], "{model}");
        assert_eq!(model["tasks"][0]["error"], Value::Null);
        assert_eq!(model["dropped"], 0);
        assert!(model["elapsed_s"].as_f64().expect("a number") >= 0.08);
        assert!(model["events"].as_u64().expect("a number") > 10);
    }
}

#[test]
fn values_of_a_scenario_can_be_set() {
    let folder = folder();
    let arguments = [
        "run",
        "quick.toml",
        "--set",
        "servers.long.text='12345'",
        "--set",
        "servers.long.delay=300ms",
        "--set",
        "tasks.2.count=3",
        "--models",
        "asynchronous",
        "--json",
    ];
    let report = json(&loopscope(folder.path(), &arguments));
    let model = &report["models"][0];
    let tasks = model["tasks"].as_array().expect("a list");
    let bytes: Vec<_> = tasks.iter().map(|task| &task["bytes"]).collect();
    assert_eq!(bytes, [5, 20, 20, 20]);
    assert!(model["elapsed_s"].as_f64().expect("a number") >= 0.3);
    let wrong = ["run", "quick.toml", "--set", "servers.long.delay=0s"];
    assert_eq!(
        text(&loopscope(folder.path(), &wrong).stderr).trim(),
        "loopscope: --set: servers[1].delay: `0s` is not allowed: a duration from 1ms to 1m with its unit, \
         such as `100ms`"
    );
}

#[test]
fn a_blocking_callback_shows_as_stalls_of_its_task() {
    let folder = folder();
    let arguments = [
        "run",
        "quick.toml",
        "--models",
        "asynchronous",
        "--block",
        "sleep:60ms:2",
        "--json",
    ];
    let report = json(&loopscope(folder.path(), &arguments));
    assert_eq!(report["models"].as_array().map(Vec::len), Some(1));
    let stalls = report["models"][0]["stalls"].as_array().expect("a list");
    assert!(!stalls.is_empty());
    for stall in stalls {
        assert_eq!(stall["task"], "second");
        assert!(stall["duration_s"].as_f64().expect("a number") >= 0.06);
        assert!(
            stall["cause"]["call"]
                .as_str()
                .expect("announced")
                .contains("sleep"),
            "{stall}"
        );
    }
}

#[test]
fn what_if_is_run_and_printed_beside_the_prediction() {
    let folder = folder();
    let arguments = ["run", "quick.toml", "--models", "asynchronous"];
    let blocked = ["--block", "sleep:60ms:1", "--what-if", "thread"];
    let arguments = [&arguments[..], &blocked[..]].concat();
    let report = json(&loopscope(
        folder.path(),
        &[&arguments[..], &["--json"]].concat(),
    ));
    let stalls = report["what_if"].as_array().expect("it was asked for");
    assert!(!stalls.is_empty());
    for stall in stalls {
        assert_eq!(stall["callback"], "data_received");
        assert_eq!(stall["change"], "in a thread");
        for victim in stall["victims"].as_array().expect("a list") {
            assert!(victim["predicted_s"].as_f64() <= victim["delay_s"].as_f64());
            assert!(victim["measured_s"].is_number(), "{victim}");
        }
    }
    let printed = text(&loopscope(folder.path(), &arguments).stdout);
    let question = "asynchronous: what if data_received were carried out in a thread?";
    assert!(printed.contains(question), "{printed}");
    assert!(printed.contains(" at worst, measured "), "{printed}");
    assert!(printed.contains("A prediction holds if it is off by 10 ms"));
    let without = json(&loopscope(folder.path(), &["run", "quick.toml", "--json"]));
    assert!(without.get("what_if").is_none(), "nobody asked");
    let wrong = loopscope(folder.path(), &["run", "quick.toml", "--what-if", "threat"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean `thread`?"));
}

#[test]
fn two_traces_are_compared_figure_by_figure() {
    let folder = folder();
    let runs: [(&str, &[&str]); 2] = [
        ("off.loopscope", &["--models", "asynchronous,threaded"]),
        (
            "on.loopscope",
            &["--models", "asynchronous", "--block", "sleep:120ms:1"],
        ),
    ];
    for (file, options) in runs {
        let arguments = [&["run", "quick.toml", "--trace", file], options].concat();
        assert!(loopscope(folder.path(), &arguments).status.success());
    }
    let compare = ["compare", "off.loopscope", "on.loopscope"];
    let arguments = [&compare[..], &["--json"]].concat();
    let compared = json(&loopscope(folder.path(), &arguments));
    assert_eq!(compared["a"]["file"], "off.loopscope");
    assert_eq!(compared["b"]["title"], "Two quick servers");
    let models = compared["models"].as_array().expect("a list");
    let only: Vec<_> = models
        .iter()
        .map(|one| (one["model"].as_str(), one["only_in"].as_str()))
        .collect();
    let expected = [(Some("asynchronous"), None), (Some("threaded"), Some("a"))];
    assert_eq!(only, expected);
    let figures = models[0]["figures"].as_array().expect("a list");
    let figure = |name: &str| {
        let found = figures.iter().find(|figure| figure["figure"] == name);
        found.unwrap_or_else(|| panic!("{name}"))
    };
    assert!(figure("stalls")["b"].as_f64() >= Some(1.0));
    assert_eq!(figure("tasks_done")["difference"], 0.0);
    assert!(figure("longest_stall_s")["b"].as_f64() >= Some(0.12));
    assert_eq!(figure("stalls")["more_is"], "worse");
    let callbacks = models[0]["callbacks"].as_array().expect("a list");
    assert!(callbacks.iter().any(|one| one["name"] == "data_received"));

    let printed = text(&loopscope(folder.path(), &compare).stdout);
    for part in [
        "A: off.loopscope · Two quick servers",
        "threaded: only A has run it.",
        "it stalled ",
        "Worst delay",
        "worse",
        "data_received: count",
    ] {
        assert!(printed.contains(part), "{part} is missing in\n{printed}");
    }
    let nowhere = loopscope(
        folder.path(),
        &["compare", "off.loopscope", "nowhere.loopscope"],
    );
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere.stderr).contains("nowhere.loopscope"));
}

#[test]
fn run_draws_the_models_and_compares_them() {
    let folder = folder();
    let output = loopscope(folder.path(), &["run", "quick.toml"]);
    let drawn = text(&output.stdout);
    assert!(output.status.success());
    for part in [
        "Two quick servers",
        "1 first",
        "2 second",
        "✔",
        "longest stall",
        "asynchronous",
    ] {
        assert!(drawn.contains(part), "{part} is missing in\n{drawn}");
    }
}

#[test]
fn a_trace_says_the_same_as_the_run_that_wrote_it() {
    let folder = folder();
    let run = json(&loopscope(
        folder.path(),
        &[
            "run",
            "quick.toml",
            "--json",
            "--trace",
            "t.loopscope",
            "--trace",
            "t.json",
            "--trace",
            "t.csv",
        ],
    ));
    let report = json(&loopscope(
        folder.path(),
        &["report", "t.loopscope", "--json"],
    ));
    assert_eq!(run, report);
    let chrome = std::fs::read(folder.path().join("t.json")).expect("it was written");
    let chrome: Value = serde_json::from_slice(&chrome).expect("it is JSON");
    assert!(!chrome["traceEvents"].as_array().expect("a list").is_empty());
    assert!(
        std::fs::read_to_string(folder.path().join("t.csv"))
            .expect("it was written")
            .contains("data_received")
    );
    let parts = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(parts, 4, "nothing else is left behind");

    let converted = loopscope(folder.path(), &["convert", "t.loopscope", "again.json"]);
    assert!(converted.status.success(), "{}", text(&converted.stderr));
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect("it was written");
    assert_eq!(read("again.json"), read("t.json"));
}

#[test]
fn scenarios_lists_what_is_built_in() {
    let folder = folder();
    let listed = text(&loopscope(folder.path(), &["scenarios"]).stdout);
    assert!(listed.contains("three-slow-servers"), "{listed}");
    let listed = json(&loopscope(folder.path(), &["scenarios", "--json"]));
    assert_eq!(listed[0]["name"], "three-slow-servers");
    assert_eq!(listed[0]["models"][0], "synchronous");
}

#[test]
fn the_file_of_a_scenario_is_printed_to_begin_one_of_ones_own_with() {
    let folder = folder();
    let printed = loopscope(folder.path(), &["scenarios", "three-slow-servers"]);
    let shipped = include_str!("../../scenarios/three-slow-servers.toml");
    assert_eq!(text(&printed.stdout), shipped);
    let refused = loopscope(folder.path(), &["scenarios", "three-slow"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(said.contains("`loopscope scenarios` lists those"), "{said}");
}

#[test]
fn help_is_worth_reading() {
    let folder = folder();
    let help = text(&loopscope(folder.path(), &["-h"]).stdout);
    for part in ["run", "scenarios", "view", "report", "--block", "Examples"] {
        assert!(help.contains(part), "{part} is missing in\n{help}");
    }
}

#[test]
fn a_dead_server_fails_its_task_and_no_other() {
    let folder = folder();
    let dead = SCENARIO.replacen(
        "text = \"0123456789012345678901234567890123456789\"\nchunk = 10\ndelay = \"20ms\"",
        "dead = true",
        1,
    );
    std::fs::write(folder.path().join("dead.toml"), dead).expect("room");
    let report = json(&loopscope(folder.path(), &["run", "dead.toml", "--json"]));
    for model in report["models"].as_array().expect("a list") {
        let error = model["tasks"][0]["error"].as_str().expect("an error");
        assert!(error.contains("refused"), "{error}");
        assert_eq!(model["tasks"][1]["bytes"], 20);
        assert_eq!(model["tasks"][1]["error"], Value::Null);
    }
}

#[test]
fn an_interrupt_keeps_what_there_is_and_does_not_count_as_success() {
    use std::io::Read;
    use std::process::Stdio;

    let folder = folder();
    let endless = SCENARIO.replace("delay = \"20ms\"", "delay = \"10s\"");
    std::fs::write(folder.path().join("endless.toml"), endless).expect("room for a file");
    let mut running = Command::new(env!("CARGO_BIN_EXE_loopscope"))
        .args(["run", "endless.toml", "--trace", "t.loopscope"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    // The first bytes in the file: it runs, and so it listens for the interrupt.
    let part = folder.path().join("t.loopscope.part");
    while !std::fs::metadata(&part).is_ok_and(|file| file.len() > 200) {
        assert_eq!(
            running.try_wait().expect("it is ours"),
            None,
            "it ended early"
        );
        std::thread::yield_now();
    }
    let id = i32::try_from(running.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(id.expect("a process"), rustix::process::Signal::INT)
        .expect("it runs");
    let mut drawn = String::new();
    let mut output = running.stdout.take().expect("it is piped");
    output
        .read_to_string(&mut drawn)
        .expect("the program writes UTF-8");
    assert_eq!(running.wait().expect("it ends").code(), Some(130));
    assert!(drawn.contains('■'), "{drawn}");
    let report = json(&loopscope(
        folder.path(),
        &["report", "t.loopscope", "--json"],
    ));
    assert_eq!(report["models"][0]["tasks"][0]["outcome"], "stopped");
}

/// How often the threads of a process went to sleep so far, to be woken again.
#[cfg(target_os = "linux")]
fn sleeps(process: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let of_thread = |task: std::io::Result<std::fs::DirEntry>| {
        let status = std::fs::read_to_string(task.ok()?.path().join("status")).ok()?;
        let mut lines = status.lines();
        let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        count.trim().parse::<u64>().ok()
    };
    tasks.filter_map(of_thread).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_loop_leaves_an_idle_process() {
    use std::process::Stdio;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);
    let folder = folder();
    let idle = "title = \"Idle\"\nsummary = \"s\"\nlook_for = [\"l\"]\nmodels = [\"asynchronous\"]\n\
        [[tasks]]\nname = \"nothing\"\nsteps = [{ wait = \"1m\" }]\n";
    std::fs::write(folder.path().join("idle.toml"), idle).expect("room for a file");
    let mut running = Command::new(env!("CARGO_BIN_EXE_loopscope"))
        .args(["run", "idle.toml", "--trace", "t.loopscope"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    let part = folder.path().join("t.loopscope.part");
    while !std::fs::metadata(&part).is_ok_and(|file| file.len() > 200) {
        assert_eq!(running.try_wait().expect("it is ours"), None);
        std::thread::yield_now();
    }
    // The first of these seconds may still hear of the start.
    let calmest = (0..3).map(|_| {
        let before = sleeps(running.id());
        std::thread::sleep(SECOND);
        sleeps(running.id()) - before
    });
    let calmest = calmest.min();
    running.kill().expect("it is ours");
    running.wait().expect("it was killed");
    assert!(calmest.is_some_and(|wakes| wakes <= 5), "{calmest:?}");
}

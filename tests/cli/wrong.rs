//! What is asked for and cannot be done: it ends with a message that says what can.

use std::process::Command;

use crate::{SCENARIO, folder, loopscope, text};

#[test]
fn errors_exit_with_1_and_say_what_to_do() {
    let folder = folder();
    std::fs::write(
        folder.path().join("wrong.toml"),
        SCENARIO.replace("chunk = 10", "chnk = 10"),
    )
    .expect("room");
    std::fs::write(folder.path().join("no.loopscope"), "something else").expect("room");
    let cases: [(&[&str], &[&str]); 5] = [
        (&["run", "three-slow-server"], &["three-slow-servers"]),
        (&["run", "wrong.toml"], &["wrong.toml:9", "chnk", "chunk"]),
        (
            &["run", "quick.toml", "--trace", "missing/t.json"],
            &["missing"],
        ),
        (&["report", "nowhere.loopscope"], &["nowhere.loopscope"]),
        (&["report", "no.loopscope"], &["no.loopscope"]),
    ];
    for (arguments, parts) in cases {
        let output = loopscope(folder.path(), arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(
            output.stdout.is_empty(),
            "{arguments:?} wrote to standard output"
        );
        for part in parts {
            assert!(
                error.contains(part),
                "{arguments:?}: {part} is missing in {error}"
            );
        }
        assert!(!error.contains("panicked"), "{error}");
        assert_eq!(
            error.matches("os error").count().max(1),
            1,
            "told twice: {error}"
        );
    }
}

#[test]
fn misuse_exits_with_2() {
    let folder = folder();
    let cases: [&[&str]; 11] = [
        &["report", "t.loopscope", "--range", "2s..1s"],
        &["run", "quick.toml", "--set", "servers.long.delay"],
        &["run", "quick.toml", "--set", "servers.lon.delay=1s"],
        &["run", "quick.toml", "--set", "servers.long.chunk=0"],
        &["frobnicate"],
        &["run", "t.loopscope"],
        &["run"],
        &["run", "quick.toml", "--models", "asynchronus"],
        &["run", "quick.toml", "--block", "nap:1s"],
        &["run", "quick.toml", "--block", "sleep:1s:9"],
        &["run", "quick.toml", "--trace", "t.pdf"],
    ];
    for arguments in cases {
        let output = loopscope(folder.path(), arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_word_that_is_no_command_may_be_a_scenario_or_a_file_and_else_is_guessed() {
    let folder = folder();
    for (word, meant) in [("three-slow-server", "three-slow-servers"), ("rn", "run")] {
        let output = loopscope(folder.path(), &[word]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        let parts = ["neither a command", "nor a scenario", "nor a file"];
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(
            error.contains(&format!("did you mean `{meant}`?")),
            "{error}"
        );
    }
    // Where there is no display, what would have been opened is told of or run.
    let trace = [
        "run",
        "quick.toml",
        "--trace",
        "t.loopscope",
        "--models",
        "threaded",
    ];
    assert!(loopscope(folder.path(), &trace).status.success());
    let output = loopscope(folder.path(), &["t.loopscope"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("`loopscope report t.loopscope`"));
    let output = loopscope(folder.path(), &["quick.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("asynchronous"));
    for (name, part) in [
        ("wrong.toml", "wrong.toml:1:1"),
        ("notes.txt", "not a Loopscope trace"),
    ] {
        std::fs::write(folder.path().join(name), "= nothing").expect("room");
        let output = loopscope(folder.path(), &[name]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(part),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn tasks_that_fail_though_no_scenario_lets_them_are_no_success() {
    let folder = folder();
    let many = SCENARIO.replacen("name = \"first\"", "name = \"first\"\ncount = 100", 1);
    std::fs::write(folder.path().join("many.toml"), many).expect("room");
    let run = format!(
        "ulimit -n 64 && exec '{}' run many.toml --json",
        env!("CARGO_BIN_EXE_loopscope")
    );
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &run]).current_dir(folder.path()).output();
    let output = output.expect("there is a shell");
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("tasks failed for no reason in the scenario"),
        "{error}"
    );
    // Whoever finds none left, client or server, what came of each task is told.
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("what there is, is told");
    assert_eq!(report["models"].as_array().map(Vec::len), Some(3));
    assert!(text(&output.stdout).contains("ulimit -n"));
}

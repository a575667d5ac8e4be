//! What is asked for and cannot be done: it ends with a message that says what can.

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
    let cases: [&[&str]; 10] = [
        &["report", "t.loopscope", "--range", "2s..1s"],
        &["run", "quick.toml", "--set", "servers.long.delay"],
        &["run", "quick.toml", "--set", "servers.lon.delay=1s"],
        &["run", "quick.toml", "--set", "servers.long.chunk=0"],
        &["frobnicate"],
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

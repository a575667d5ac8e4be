//! Scenarios that lie in files, and those that are built in.

use std::fs;
use std::time::Duration;

use super::{SMALLEST, mistakes, parse};
use crate::scenario::{POEMS, Scenario, builtins, limits};

#[test]
fn a_text_file_lies_relative_to_the_scenario() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("mine.toml");
    fs::write(
        &path,
        SMALLEST.replace("text = 'Hello'", "file = 'mine.txt'"),
    )
    .expect("written");
    let name = path.to_str().expect("UTF-8");

    let error = Scenario::load(name).expect_err("no such file").to_string();
    assert!(
        error.contains("mine.toml:5:8: servers[1].file: cannot read "),
        "{error}"
    );
    assert!(error.contains("mine.txt: No such file"), "{error}");

    fs::write(folder.path().join("mine.txt"), "Salve\r\n").expect("written");
    let scenario = Scenario::load(name).expect("it is right");
    assert_eq!(&*scenario.servers[0].text, b"Salve\r\n");
    assert_eq!(scenario.name, "mine");

    fs::write(
        folder.path().join("mine.txt"),
        vec![0; limits::MAX_TEXT + 1],
    )
    .expect("written");
    let error = Scenario::load(name).expect_err("too long").to_string();
    assert!(error.contains("it has more than 67108864 bytes"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("none.toml");
    let error = Scenario::load(path.to_str().expect("UTF-8")).expect_err("no such file");
    assert!(
        error.to_string().starts_with(&format!(
            "cannot read the scenario {}: No such file",
            path.display()
        )),
        "{error}"
    );

    #[cfg(unix)]
    {
        let error = Scenario::load("/dev/zero").expect_err("it never ends");
        assert!(error.to_string().contains("/dev/zero: it has more than"));
    }

    fs::write(&path, b"title = 'x'\nsummary = '\xff'").expect("written");
    let error = Scenario::load(path.to_str().expect("UTF-8")).expect_err("not UTF-8");
    assert!(
        error
            .to_string()
            .ends_with("none.toml:2:12: not UTF-8 from here on: save the file as UTF-8"),
        "{error}"
    );
}

#[test]
fn a_name_that_is_nothing_is_guessed() {
    let error = Scenario::load("tree-slow-servers").expect_err("no such scenario");
    assert_eq!(
        error.to_string(),
        "no scenario `tree-slow-servers`: neither a file nor built in; `loopscope scenarios` lists those \
         (did you mean `three-slow-servers`?)"
    );
}

#[test]
fn every_built_in_scenario_is_right_and_tells_its_story() {
    for builtin in builtins() {
        let scenario = builtin.scenario();
        assert_eq!(scenario.name, builtin.name);
        let headline = builtin.headline();
        assert_eq!(scenario.title, headline.title);
        assert!(scenario.summary.starts_with(&headline.summary));
        assert!(headline.summary.ends_with('.'), "{}", headline.summary);
        assert!(!headline.summary.contains('\n'));
        assert!(!scenario.summary.is_empty() && !scenario.look_for.is_empty());
        let chinese = &scenario.chinese;
        assert!(!chinese.title.is_empty() && !chinese.summary.is_empty());
        assert_eq!(
            chinese.look_for.len(),
            scenario.look_for.len(),
            "{}",
            builtin.name
        );
        assert_eq!(headline.chinese.title, chinese.title);
        assert!(chinese.summary.starts_with(&headline.chinese.summary));
        assert_eq!(Scenario::load(builtin.name).ok(), Some(scenario));
    }
}

#[test]
fn three_slow_servers_take_as_long_as_their_story_says() {
    let scenario = Scenario::load("three-slow-servers").expect("it is built in");
    let names: Vec<&str> = scenario
        .tasks
        .iter()
        .map(|task| task.name.as_str())
        .collect();
    assert_eq!(names, ["ecstasy", "fascination", "science"]);
    let times: Vec<Duration> = scenario.servers.iter().map(super::Server::theory).collect();
    assert_eq!(times.iter().max(), Some(&Duration::from_millis(3100)));
    assert_eq!(times.iter().sum::<Duration>(), Duration::from_millis(7200));
    for ((name, poem), server) in POEMS.iter().zip(&scenario.servers) {
        assert_eq!(*name, server.name);
        assert_eq!(poem.as_bytes(), &*server.text);
        let size = format!("({} bytes)", poem.len());
        let short = format!("({})", poem.len());
        let source = builtins()[0].source;
        assert!(
            source.contains(&size) || source.contains(&short),
            "{name}: {size}"
        );
    }
}

#[test]
fn in_theory_a_dead_server_takes_no_time_and_one_that_closes_early_less() {
    let scenario = Scenario::load("dead-port").expect("it is built in");
    let theory: Vec<_> = scenario
        .servers
        .iter()
        .map(|server| server.theory().as_millis())
        .collect();
    assert_eq!(theory, [3_100, 0, 900]);
}

#[test]
fn in_theory_a_response_that_breaks_off_has_waited_for_its_last_piece() {
    let scenario = Scenario::load("dead-port").expect("it is built in");
    let broken = &scenario.servers[2];
    let response = super::Server {
        speaks: super::Speaks::Http,
        ..broken.clone()
    };
    assert_eq!(response.theory(), broken.theory() + broken.delay);
}

#[test]
fn the_scenario_in_the_readme_is_right_and_its_table_is_whole() {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme.split_once("```toml\n").expect("there is one");
    let (text, _) = rest.split_once("```").expect("it ends");
    let scenario = super::parse(text).expect("it is right");
    assert_eq!(scenario.tasks.len(), 2);
    for builtin in builtins() {
        assert!(
            readme.contains(&format!("| `{}` |", builtin.name)),
            "{}",
            builtin.name
        );
    }
}

#[test]
fn a_text_is_repeated_as_often_as_is_asked_for_and_within_bounds() {
    let text = SMALLEST.replace("chunk = 2", "repeat = 3\nchunk = 2");
    let scenario = parse(&text).expect("it is allowed");
    assert_eq!(&*scenario.servers[0].text, b"HelloHelloHello");
    let most = "repeat = 1000001\nchunk = 2";
    assert!(
        mistakes("chunk = 2", most)
            .contains("repeat: `1000001` is not allowed: a whole number from 1")
    );
    let long = format!("text = '{}'\nrepeat = 1000000", "x".repeat(100));
    let message = mistakes("text = 'Hello'", &long);
    assert!(
        message.contains("my.toml:6:10: servers[1].repeat: 1000000 times 100 bytes are too many"),
        "{message}"
    );
}

//! Changes to a scenario: what they keep, and what they refuse.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::super::*;
use super::{SMALLEST, parse};

/// With comments in every place that a hand could put one.
const COMMENTED: &str = "\
# On top.
title = 'Commented'   # a title
look_for = [
  'this', # and why
]
[[servers]]
# Before the delay.
delay  =  '10ms'   # after it
name = 'a.b'
file = 'poem.txt'
chunk = 1_0

[[servers]]
name = 'dead'
dead = true

[[tasks]]
name = 'client'
count = 3 # of them
steps = [
  { wait = '1s' }, # first
  { call = 'x', block = '2ms' }, # then
]
# The end.
";

/// The commented scenario, from a folder that has its file.
fn commented() -> (tempfile::TempDir, Scenario) {
    let folder = tempfile::tempdir().expect("there is room for a test");
    fs::write(folder.path().join("poem.txt"), "a poem").expect("the folder is ours");
    let scenario = Scenario::parse(COMMENTED, &folder.path().join("commented.toml"));
    (folder, scenario.expect("it is right"))
}

fn edit(text: &str) -> Edit {
    Edit::parse(text).expect(text)
}

fn refused(scenario: &Scenario, text: &str) -> String {
    let error = scenario.edited(&[edit(text)]).expect_err(text);
    error.to_string()
}

#[test]
fn a_change_keeps_everything_else_to_the_letter() {
    let (_folder, scenario) = commented();
    for (change, from, to) in [
        ("servers.a.b.delay=1s 500ms", "'10ms'", "\"1s 500ms\""),
        ("servers[1].chunk=20", "1_0", "20"),
        ("tasks.client.count=4", "count = 3 #", "count = 4 #"),
        ("tasks.1.steps.1.wait=2s", "'1s'", "\"2s\""),
        ("tasks.client.steps[2].block='3ms'", "'2ms'", "'3ms'"),
        ("title=\"New\"", "'Commented'", "\"New\""),
        (
            "together=false",
            "]\n[[servers]]",
            "]\ntogether = false\n[[servers]]",
        ),
        ("servers.dead.dead=true", "", ""),
        (
            "blocking.kind=cpu",
            "# The end.\n",
            "\n[blocking]\nkind = \"cpu\"\n# The end.\n",
        ),
    ] {
        let edited = scenario.edited(&[edit(change)]).expect(change);
        assert_eq!(
            edited.to_toml(),
            COMMENTED.replacen(from, to, 1),
            "{change}"
        );
        let again = Scenario::parse(edited.to_toml(), &edited.origin);
        assert_eq!(again.expect(change), edited);
    }
}

#[test]
fn several_changes_are_made_together() {
    let scenario = parse(SMALLEST).expect("it is right");
    let edits = [
        edit("servers.slow.delay=2s"),
        Edit::words("models", ["threaded"]),
        Edit::truth("blocking.on", true),
        Edit::number("servers[1].chunk", 5),
        Edit::duration("stall_threshold", Duration::from_millis(1500)),
    ];
    let edited = scenario.edited(&edits).expect("all are right");
    assert_eq!(edited.servers[0].delay, Duration::from_secs(2));
    assert_eq!(edited.servers[0].chunk, 5);
    assert_eq!(edited.models, [1]);
    assert!(edited.blocking_on);
    assert_eq!(edited.stall_threshold, Duration::from_millis(1500));
    assert_eq!(edited.name, scenario.name);
    assert_eq!(edited.tasks, scenario.tasks);
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let (_folder, scenario) = commented();
    for (change, said) in [
        (
            "servers.a.b.delay=2h",
            "servers[1].delay: `2h` is not allowed: a duration from 1ms to 1m",
        ),
        (
            "tasks.client.count=many",
            "tasks[1].count: `\"many\"` is not allowed: a whole number from 1 to 10000",
        ),
        (
            "tasks.clint.count=1",
            "tasks.clint.count: `clint` is not allowed: `client`, or a number from 1 to 1 (did you mean `client`?)",
        ),
        (
            "servers.3.delay=1s",
            "`3` is not allowed: `a.b` or `dead`, or a number from 1 to 2",
        ),
        ("servers[0].delay=1s", "`0` is not allowed"),
        (
            "tasks.1.steps.3.wait=1s",
            "`3` is not allowed: a number from 1 to 2",
        ),
        ("servers.dead=1", "one of its keys, after a dot"),
        ("title.x=1", "`x` is not allowed: a value stands there"),
        (
            "servers.dead.dealy=1s",
            "servers[2].dealy: the key `dealy` is not allowed",
        ),
        ("server.dead.delay=1s", "(did you mean `servers`?)"),
        ("tasks.1.steps.1.a.b=1", "steps[1].a: the key `a` is"),
        ("variants.x.slices=1ms", "1 to 20 sections that begin with"),
        ("tasks.client.count=", "tasks[1].count: `\"\"` is not"),
        ("a b=1", "the key `a b` is not allowed"),
    ] {
        let error = refused(&scenario, change);
        assert!(error.contains(said), "{error}\n{said}");
    }
    for wrong in ["", "delay", "=5"] {
        let error = Edit::parse(wrong).expect_err(wrong).to_string();
        assert!(error.contains("KEY=VALUE"), "{error}");
    }
}

#[test]
fn a_text_that_moves_to_another_folder_still_finds_its_files() {
    let (folder, scenario) = commented();
    assert_eq!(scenario.to_toml_in(folder.path()), COMMENTED);
    let other = tempfile::tempdir().expect("there is room for a test");
    let moved = scenario.to_toml_in(other.path());
    let file = folder.path().join("poem.txt");
    let expected = COMMENTED.replacen("'poem.txt'", &format!("\"{}\"", file.display()), 1);
    assert_eq!(moved, expected);
    let there = Scenario::parse(&moved, &other.path().join("moved.toml"));
    let there = there.expect("its file is still found");
    assert_eq!(there.servers, scenario.servers);
    assert_eq!(there.name, "moved");
}

#[test]
fn every_parameter_of_every_shipped_scenario_can_be_set_to_its_limits_and_nothing_else_changes() {
    for builtin in builtins() {
        let scenario = builtin.scenario();
        let parameters = scenario.parameters();
        assert!(!parameters.is_empty() || scenario.name == "hello-reactor");
        let titles: HashSet<_> = parameters.iter().map(Parameter::title).collect();
        assert_eq!(titles.len(), parameters.len(), "{}", builtin.name);
        assert!(parameters.iter().filter(|one| one.important).count() <= 12);
        for (place, parameter) in parameters.iter().enumerate() {
            let same = scenario.edited(&[parameter.set(&parameter.setting)]);
            let mut same = same.unwrap_or_else(|error| panic!("{}: {error}", builtin.name));
            same.text = scenario.text.clone();
            assert_eq!(same, scenario, "{}: {}", builtin.name, parameter.key());
            for limit in limits_of(&parameter.setting) {
                let edited = scenario.edited(&[parameter.set(&limit)]);
                // Fewer tasks may leave another one without the task that it names.
                let Ok(edited) = edited else {
                    assert!(
                        parameter.name.to_string() == "count",
                        "{}",
                        parameter.title()
                    );
                    continue;
                };
                let now = edited.parameters();
                // A chunk may be as long as it is.
                let is_set = |one: &Parameter| value(&one.setting) == value(&limit);
                assert!(
                    is_set(&now[place]),
                    "{}: {}",
                    builtin.name,
                    parameter.title()
                );
            }
        }
    }
}

/// The least and the most that is allowed; of counts no more than a test can afford.
fn limits_of(setting: &Setting) -> [Setting; 2] {
    match setting {
        Setting::Duration(_, allowed) => [*allowed.start(), *allowed.end()]
            .map(|limit| Setting::Duration(limit, allowed.clone())),
        Setting::Number(_, allowed) => [*allowed.start(), *allowed.end().min(&1_000)]
            .map(|limit| Setting::Number(limit, allowed.clone())),
    }
}

fn value(setting: &Setting) -> (Option<Duration>, Option<usize>) {
    match setting {
        Setting::Duration(duration, _) => (Some(*duration), None),
        Setting::Number(number, _) => (None, Some(*number)),
    }
}

#[test]
fn what_matters_is_found_in_any_scenario() {
    let (_folder, scenario) = commented();
    let titles = |scenario: &Scenario| -> Vec<String> {
        scenario.parameters().iter().map(Parameter::title).collect()
    };
    let expected = [
        "a.b: delay",
        "a.b: chunk",
        "client: count",
        "client: wait",
        "client: x blocks",
    ];
    assert_eq!(titles(&scenario), expected);
    let parameters = scenario.parameters();
    let Setting::Number(3, room) = &parameters[2].setting else {
        panic!("there are three of them");
    };
    assert_eq!(*room, 1..=limits::MAX_TASKS);
    assert_eq!(parameters[0].owner, Owner::Server(0));
    assert_eq!(parameters[2].owner, Owner::Tasks(0));
    let effects: Vec<_> = parameters.iter().map(|one| one.effect).collect();
    let expected = [
        Effect::AtOnce,
        Effect::AtOnce,
        Effect::NextRun,
        Effect::NextTime,
        Effect::NextTime,
    ];
    assert_eq!(effects, expected);

    let text = "title = 'x'\n[[tasks]]\nname = 'x'\nsteps = [{ wait = '1s' }, { wait = '2s' }]\n";
    let scenario = Scenario::parse(text, Path::new("x.toml")).expect("it is right");
    assert_eq!(titles(&scenario), ["x: wait", "x: wait 2"]);
}

#[test]
fn of_many_parameters_the_first_to_be_seen_are_those_that_matter() {
    let mut text = "title = 'x'\n[[tasks]]\nname = 'x'\nsteps = [\n".to_owned();
    for _ in 0..20 {
        text.push_str("{ wait = '1s' },\n");
    }
    text.push_str("{ call = 'c', compute = '1ms' },\n]\n");
    let scenario = Scenario::parse(&text, Path::new("x.toml")).expect("it is right");
    let parameters = scenario.parameters();
    assert_eq!(parameters.len(), 21);
    let important: Vec<_> = parameters.iter().filter(|one| one.important).collect();
    assert_eq!(important.len(), 12);
    assert_eq!(important[11].title(), "x: c computes");
}

#[test]
fn variants_are_chosen_by_their_names() {
    let text = format!("{SMALLEST}[[variants]]\nname = 'a'\n[[variants]]\nname = 'b'\n");
    let scenario = parse(&text).expect("it is right");
    assert_eq!(scenario.models, [0, 1]);
    let chosen = scenario.edited(&[Edit::words("models", ["b"])]);
    assert_eq!(chosen.expect("there is one").models, [1]);
    let error = refused(&scenario, "models=[\"c\"]");
    assert_eq!(error, "models[1]: `c` is not allowed: `a` or `b`");
}

//! What a person sees who writes a scenario, and gets it wrong.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::trace::TaskId;

mod edit;
mod load;
mod odd;
mod steps;

/// A scenario with nothing but what is required. The lines are counted in the tests below.
const SMALLEST: &str = "\
title = 'Smallest'

[[servers]]
name = 'slow'
text = 'Hello'
chunk = 2
delay = '10ms'

[[tasks]]
server = 'slow'
";

fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(text, Path::new("folder/my.toml"))
}

/// The messages for `SMALLEST` where `from` is replaced by `to`.
fn mistakes(from: &str, to: &str) -> String {
    assert!(SMALLEST.contains(from), "{from:?} is not in the scenario");
    let text = SMALLEST.replacen(from, to, 1);
    parse(&text).expect_err(to).to_string()
}

#[test]
fn what_is_left_out_has_its_default() {
    let scenario = parse(SMALLEST).expect("it is complete");
    assert_eq!(
        scenario,
        Scenario {
            name: "my".to_owned(),
            title: "Smallest".to_owned(),
            summary: String::new(),
            look_for: Vec::new(),
            chinese: Story::default(),
            servers: vec![Server {
                name: "slow".to_owned(),
                speaks: Speaks::Drip,
                over: Over::Tcp,
                text: Arc::from(&b"Hello"[..]),
                chunk: 2,
                delay: Duration::from_millis(10),
                fault: None,
            }],
            tasks: vec![Task {
                id: TaskId::from_index(0),
                name: "task 1".to_owned(),
                section: 0,
                steps: vec![Step::download(0)],
                after: None,
            }],
            service: None,
            variants: Model::OF_TASKS.map(Variant::from).to_vec(),
            models: vec![0, 1, 2],
            together: true,
            blocking: Blocking {
                kind: BlockingKind::Sleep,
                duration: Duration::from_millis(200),
                task: TaskId::new(1),
            },
            blocking_on: false,
            stall_threshold: Duration::from_millis(50),
            text: SMALLEST.into(),
            origin: "folder/my.toml".into(),
        }
    );
}

#[test]
fn everything_that_is_said_is_kept() {
    let text = SMALLEST.replace(
        "\n[[servers]]",
        "\
summary = ' What happens. '
look_for = ['this', 'that']
models = ['threaded', 'asynchronous']
together = false
stall_threshold = '20ms'
[blocking]
kind = 'cpu'
duration = '1.5s'
task = 2
on = true
[[servers]]
name = 'gone'
dead = true
[[servers]]
name = 'broken'
poem = 'science'
chunk = 1
delay = '1m'
closes_after = 3
[[tasks]]
name = 'first'
server = 'broken'
[[servers]]",
    );
    let scenario = parse(&text).expect("it is right");
    assert_eq!(scenario.summary, "What happens.");
    assert_eq!(scenario.look_for, ["this", "that"]);
    let models: Vec<_> = scenario.chosen().map(|variant| variant.model).collect();
    assert_eq!(models, [Model::Threaded, Model::Asynchronous]);
    assert!(!scenario.together);
    assert_eq!(scenario.stall_threshold, Duration::from_millis(20));
    assert_eq!(
        scenario.blocking,
        Blocking {
            kind: BlockingKind::Cpu,
            duration: Duration::from_millis(1500),
            task: TaskId::new(2)
        }
    );
    assert!(scenario.blocking_on);
    assert_eq!(scenario.servers[0].fault, Some(Fault::Dead));
    assert_eq!(scenario.servers[1].fault, Some(Fault::ClosesAfter(3)));
    assert_eq!(scenario.servers[1].text.len(), 653);
    assert_eq!(scenario.tasks[0].name, "first");
    assert_eq!(scenario.tasks[0].download(), Some(1));
    assert_eq!(scenario.tasks[1].name, "task 2");
    assert_eq!(scenario.tasks[1].download(), Some(2));
}

#[test]
fn a_mistake_names_its_file_line_column_and_key() {
    let error = parse(&SMALLEST.replace("chunk = 2", "chunk = 0")).expect_err("0 is no chunk");
    let [mistake] = error.mistakes() else {
        panic!("{error}")
    };
    assert_eq!((mistake.line, mistake.column), (6, 9));
    assert_eq!(mistake.key, "servers[1].chunk");
    assert_eq!(
        error.to_string(),
        "folder/my.toml:6:9: servers[1].chunk: `0` is not allowed: a whole number from 1 to 67108864"
    );
}

#[test]
fn a_misspelt_key_is_guessed() {
    assert_eq!(
        mistakes("chunk", "chnk"),
        "folder/my.toml:6:1: servers[1].chnk: the key `chnk` is not allowed: `name`, `speaks`, `over`, \
         `poem`, `file`, `text`, `repeat`, `chunk`, `delay`, `dead` or `closes_after` (did you mean `chunk`?)"
    );
    assert!(mistakes("title", "titel").contains("my.toml:1:1: titel: "));
    assert!(mistakes("[[tasks]]", "[[task]]").contains("(did you mean `tasks`?)"));
    assert!(mistakes("[[tasks]]", "[blocking]\nkinds = 'cpu'\n[[tasks]]").contains(
        "my.toml:10:1: blocking.kinds: the key `kinds` is not allowed: `kind`, `duration`, `task` or `on` \
         (did you mean `kind`?)"
    ));
}

#[test]
fn what_is_missing_is_named_at_its_section() {
    for (from, expected) in [
        (
            "title = 'Smallest'",
            "1:1: title: missing: a text in quotes",
        ),
        (
            "name = 'slow'",
            "3:1: servers[1].name: missing: a text in quotes",
        ),
        (
            "text = 'Hello'",
            "3:1: servers[1].poem: missing: what it sends, one of `poem`, `file` and `text`",
        ),
        (
            "chunk = 2",
            "3:1: servers[1].chunk: missing: a whole number from 1 to 67108864",
        ),
        (
            "delay = '10ms'",
            "3:1: servers[1].delay: missing: a duration from 1ms to 1m",
        ),
        (
            "server = 'slow'",
            "9:1: tasks[1].server: missing: the name of a server",
        ),
        (
            "[[tasks]]\nserver = 'slow'",
            "1:1: tasks: missing: 1 to 10000 sections that begin with `[[tasks]]`",
        ),
    ] {
        let message = mistakes(from, "");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_value_of_the_wrong_type_is_shown_with_what_is_allowed() {
    for (from, to, expected) in [
        (
            "'Smallest'",
            "3",
            "1:9: title: `3` is not allowed: a text in quotes",
        ),
        (
            "2",
            "'two'",
            "6:9: servers[1].chunk: `'two'` is not allowed: a whole number",
        ),
        (
            "2",
            "2.5",
            "6:9: servers[1].chunk: `2.5` is not allowed: a whole number",
        ),
        (
            "2",
            "99999999999999999999",
            "servers[1].chunk: `99999999999999999999` is not allowed",
        ),
        (
            "'10ms'",
            "10",
            "7:9: servers[1].delay: `10` is not allowed: a duration from 1ms to 1m with its unit, such as `100ms`",
        ),
        (
            "[[servers]]",
            "[servers]",
            "3:1: servers: `[servers]` is not allowed: 1 to 1000 sections that begin with `[[servers]]`",
        ),
        (
            "\n[[servers]]",
            "look_for = ['a', 1]\n[[servers]]",
            "2:18: look_for[2]: `1` is not allowed: a text in quotes",
        ),
        (
            "\n[[servers]]",
            "models = [1]\n[[servers]]",
            "2:11: models[1]: `1` is not allowed: `synchronous`",
        ),
        (
            "\n[[servers]]",
            "together = 'yes'\n[[servers]]",
            "2:12: together: `'yes'` is not allowed: `true` or `false`",
        ),
        (
            "\n[[servers]]",
            "blocking = true\n[[servers]]",
            "2:12: blocking: `true` is not allowed: one section",
        ),
        (
            "[[tasks]]",
            "[blocking]\ntask = [1]\n[[tasks]]",
            "10:8: blocking.task: `[1]` is not allowed: the number or the name of a task, or \"all\"",
        ),
    ] {
        let message = mistakes(from, to);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_value_that_cannot_be_run_is_shown_with_what_is_allowed() {
    for (from, to, expected) in [
        (
            "'Smallest'",
            "' '",
            "1:9: title: not allowed like this: one line",
        ),
        (
            "'Smallest'",
            "'''a\nb'''",
            "1:9: title: not allowed like this: one line",
        ),
        (
            "2",
            "-1",
            "6:9: servers[1].chunk: `-1` is not allowed: a whole number from 1",
        ),
        (
            "'10ms'",
            "'0s'",
            "7:9: servers[1].delay: `0s` is not allowed: a duration from 1ms to 1m",
        ),
        ("'10ms'", "'2h'", "servers[1].delay: `2h` is not allowed"),
        (
            "'10ms'",
            "'10'",
            "servers[1].delay: `10` is not allowed: a duration from 1ms to 1m with its unit",
        ),
        ("name = 'slow'", "name = ''", "4:8: servers[1].name: empty"),
        (
            "text = 'Hello'",
            "poem = 'extasy'",
            "5:8: servers[1].poem: `extasy` is not allowed: `ecstasy`, `fascination` or `science` (did you mean `ecstasy`?)",
        ),
        (
            "text = 'Hello'",
            "text = 'Hello'\npoem = 'ecstasy'",
            "5:8: servers[1].text: it has a `poem` already: one of",
        ),
        (
            "server = 'slow'",
            "server = 'slwo'",
            "10:10: tasks[1].server: `slwo` is not allowed: `slow` (did you mean `slow`?)",
        ),
        (
            "server = 'slow'",
            "server = 'slow'\nname = 'all'",
            "11:8: tasks[1].name: `all` is not allowed",
        ),
        (
            "server = 'slow'",
            "server = 'slow'\nname = '7'",
            "tasks[1].name: `7` is not allowed",
        ),
        (
            "server = 'slow'",
            "server = 'slow'\n[[tasks]]\nserver = 'slow'\nname = 'task 1'",
            "13:8: tasks[2].name: `task 1` is the name of tasks[1] already",
        ),
        (
            "[[tasks]]",
            "[[servers]]\nname = 'slow'\ndead = true\n[[tasks]]",
            "10:8: servers[2].name: `slow` is the name of servers[1] already",
        ),
        (
            "chunk = 2",
            "chunk = 2\ndead = true\ncloses_after = 2",
            "8:16: servers[1].closes_after: a server that is `dead` sends nothing",
        ),
        (
            "chunk = 2",
            "chunk = 2\ncloses_after = -1",
            "servers[1].closes_after: `-1` is not allowed: a whole number from 0",
        ),
        (
            "\n[[servers]]",
            "models = []\n[[servers]]",
            "2:10: models: empty: a list of models",
        ),
        (
            "\n[[servers]]",
            "models = ['async']\n[[servers]]",
            "2:11: models[1]: `async` is not allowed: `synchronous`, `threaded` or `asynchronous` (did you mean `asynchronous`?)",
        ),
        (
            "\n[[servers]]",
            "models = ['threaded', 'threaded']\n[[servers]]",
            "2:23: models[2]: `threaded` is there twice",
        ),
        (
            "\n[[servers]]",
            "stall_threshold = '0ms'\n[[servers]]",
            "2:19: stall_threshold: `0ms` is not allowed",
        ),
        (
            "[[tasks]]",
            "[blocking]\ntask = 2\n[[tasks]]",
            "10:8: blocking.task: `2` is not allowed: the number of a task (1 to 1), `all`, or `task 1`",
        ),
        (
            "[[tasks]]",
            "[blocking]\ntask = 'tsk 1'\n[[tasks]]",
            "blocking.task: `tsk 1` is not allowed: the number of a task (1 to 1), `all`, or `task 1` (did you mean `task 1`?)",
        ),
        (
            "[[tasks]]",
            "[blocking]\nkind = 'slep'\n[[tasks]]",
            "blocking.kind: `slep` is not allowed: `sleep`, `cpu`, `read`, `lock`, `fsync` or `many` (did you mean `sleep`?)",
        ),
        (
            "[[tasks]]",
            "[blocking]\nduration = '0s'\n[[tasks]]",
            "blocking.duration: `0s` is not allowed",
        ),
    ] {
        let message = mistakes(from, to);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn lists_have_a_first_item_and_not_too_many() {
    let none = parse("title = 'x'\nservers = []\ntasks = []").expect_err("they are empty");
    assert_eq!(
        none.to_string(),
        "folder/my.toml:2:11: servers: 0 of them are not allowed: 1 to 1000 sections that begin with `[[servers]]`\n\
         folder/my.toml:3:9: tasks: 0 of them are not allowed: 1 to 10000 sections that begin with `[[tasks]]`"
    );
    let tasks = |count: usize| format!("{SMALLEST}{}", "[[tasks]]\nserver='slow'\n".repeat(count));
    assert_eq!(
        parse(&tasks(limits::MAX_TASKS - 1))
            .map(|scenario| scenario.tasks.len())
            .ok(),
        Some(limits::MAX_TASKS)
    );
    let many = parse(&tasks(limits::MAX_TASKS)).expect_err("one too many");
    assert!(
        many.to_string()
            .contains("tasks: 10001 of them are not allowed"),
        "{many}"
    );
}

#[test]
fn mistakes_in_values_are_told_all_at_once_in_the_order_of_the_file() {
    let text = SMALLEST
        .replace("server = 'slow'", "server = 'fast'")
        .replace("chunk = 2", "chunk = 0")
        .replace("'10ms'", "'10'");
    let error = parse(&text).expect_err("three of them");
    let lines: Vec<usize> = error
        .mistakes()
        .iter()
        .map(|mistake| mistake.line)
        .collect();
    assert_eq!(lines, [6, 7, 10]);
    assert_eq!(error.to_string().lines().count(), 3);
}

#[test]
fn of_very_many_mistakes_the_first_are_shown() {
    let text = format!("{SMALLEST}{}", "[[tasks]]\nserver='fast'\n".repeat(25));
    let message = parse(&text).expect_err("25 of them").to_string();
    assert_eq!(message.lines().count(), 11, "{message}");
    assert!(message.ends_with("… and 15 more"), "{message}");
}

#[test]
fn text_that_is_not_toml_is_told_by_its_place() {
    for (from, to, expected) in [
        (
            "'Smallest'",
            "\"Smallest",
            "folder/my.toml:1:18: this text does not end, or",
        ),
        (
            "chunk = 2",
            "chunk 2",
            "folder/my.toml:6:7: a value is missing: a line reads like `chunk = 2`",
        ),
        (
            "chunk = 2",
            "chunk = 2\nchunk = 3",
            "folder/my.toml:7:1: this key is there already",
        ),
        ("'Hello'", "Hello", "folder/my.toml:5:8: "),
    ] {
        let message = mistakes(from, to);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_section_may_stand_for_many_tasks_and_for_no_more_than_are_allowed() {
    let many = SMALLEST.replace(
        "server = 'slow'\n",
        "server = 'slow'\nname = 'c'\ncount = 3\n",
    );
    let scenario = parse(&many).expect("it is allowed");
    let names: Vec<_> = scenario
        .tasks
        .iter()
        .map(|task| (task.id.number(), task.name.as_str()))
        .collect();
    assert_eq!(names, [(1, "c 1"), (2, "c 2"), (3, "c 3")]);
    let two = many.replace(
        "count = 3",
        "count = 10000\n[[tasks]]\nserver = 'slow'\nname = 'd'\ncount = 1",
    );
    let message = parse(&two).expect_err("too many").to_string();
    assert!(
        message.contains("tasks[2].count: 1 more tasks are too many: at most 10000 in all"),
        "{message}"
    );
    assert!(
        mistakes("server = 'slow'", "server = 'slow'\ncount = 0")
            .contains("tasks[1].count: `0` is not allowed")
    );
}

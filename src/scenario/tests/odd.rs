//! Scenarios as nobody writes them: whatever stands in a file, it is either right or reported with its place.

use std::collections::HashSet;

use super::*;

/// What may stand where something else is meant.
const VALUES: [&str; 22] = [
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "1e400",
    "-0.0",
    "nan",
    "-inf",
    "true",
    "''",
    "'a'",
    "'0s'",
    "'1ns'",
    "'99999999999999999999s'",
    "'all'",
    "'\u{1F600}é'",
    "[]",
    "[[]]",
    "[1, 'a']",
    "{}",
    "{ a = 1 }",
    "1979-05-27T07:32:00Z",
];

/// Reads a text, and what a window asks of a scenario right away. What is wrong has its place.
fn read(text: &str) {
    match parse(text) {
        Ok(scenario) => {
            let parameters = scenario.parameters();
            let same = parameters.iter().map(|one| one.set(&one.setting));
            let _ = scenario.edited(&same.collect::<Vec<_>>());
        }
        Err(ScenarioError::Mistakes(mistakes)) => {
            assert!(!mistakes.is_empty(), "{text}");
            for mistake in mistakes {
                let lines = text.split('\n').count().max(1);
                assert!((1..=lines).contains(&mistake.line), "{mistake}: {text}");
            }
        }
        Err(error) => panic!("{error}: {text}"),
    }
}

#[test]
fn a_file_that_breaks_off_anywhere_is_right_or_reported() {
    for builtin in builtins() {
        let text = builtin.source;
        let ends = text.char_indices().map(|(end, _)| end);
        ends.step_by(23).for_each(|end| read(&text[..end]));
    }
}

/// The shipped scenarios by their lines, and the places of those that are like none before them, by what `part` says.
fn places(part: impl Fn(&'static str) -> Option<&'static str>) -> Vec<(Vec<&'static str>, usize)> {
    let mut known = HashSet::new();
    let mut places = Vec::new();
    for builtin in builtins() {
        let lines: Vec<_> = builtin.source.lines().collect();
        for place in 0..lines.len() {
            if part(lines[place]).is_some_and(|part| known.insert(part)) {
                places.push((lines.clone(), place));
            }
        }
    }
    places
}

/// What is set in a line.
fn key(line: &'static str) -> Option<&'static str> {
    let (key, _) = line.split_once(" = ")?;
    (!key.starts_with('#')).then_some(key)
}

#[test]
fn a_line_that_is_missing_or_there_twice_is_right_or_reported() {
    for (mut lines, place) in places(|line| key(line).or(line.starts_with('[').then_some(line))) {
        let line = lines.remove(place);
        read(&lines.join("\n"));
        lines.splice(place..place, [line, line]);
        read(&lines.join("\n"));
    }
}

#[test]
fn any_value_anywhere_is_right_or_reported() {
    for (lines, place) in places(key) {
        let key = lines[place].split(" = ").next().unwrap_or_default();
        for value in VALUES {
            let line = format!("{key} = {value}");
            let mut changed = lines.clone();
            changed[place] = &line;
            read(&changed.join("\n"));
        }
    }
}

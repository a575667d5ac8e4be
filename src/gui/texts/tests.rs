mod said;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::analysis::{
    BY_CHANCE, HOLDS, Known, LinkKind, NO_CHANGES, Phase, VictimKind, outcome_word,
};
use crate::format::Format;
use crate::gui::action::{self, GESTURES, Group, MENUS, Trigger};
use crate::scenario::{BlockingKind, EventProvider, Model, OBJECTIONS, Requests, builtins};
use crate::store::SpanKind;
use crate::trace::{Cause, DeferredStep, LOOP_ITSELF, Outcome, WaitCall, descriptor};

/// What stands before a text that is translated.
const MARKS: [&str; 3] = ["tr(", "english(", "Phrase::new("];
/// What stands before a sentence of an error.
const ERROR: &str = "#[error(";
/// The rooms whose sources have such texts.
const ROOMS: [&str; 7] = [
    "src/analysis",
    "src/format",
    "src/gui",
    "src/scenario",
    "src/server",
    "src/session",
    "src/trace",
];

/// The rooms whose sentences of errors end up in a trace.
const OF_RUNS: [&str; 2] = ["src/reactor", "src/runner"];

/// All files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("it can be read").path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// The text of the string literal that `source` begins with, if it begins with one.
fn literal(source: &str) -> Option<String> {
    let mut chars = source.trim_start().strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                'n' => text.push('\n'),
                // A line that goes on: the blanks at the beginning of the next one are not part of it.
                '\n' => chars = chars.as_str().trim_start().chars(),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

/// The texts that `marks` mark in a source.
fn marked<'a>(source: &'a str, marks: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    let of_mark = move |mark: &'a str| {
        source.match_indices(mark).filter_map(move |(at, _)| {
            let before = source[..at].chars().next_back();
            let is_word = before.is_some_and(|one| one.is_alphanumeric() || one == '_');
            literal(&source[at + mark.len()..]).filter(|_| !is_word)
        })
    };
    marks.iter().copied().flat_map(of_mark)
}

/// A source without the examples in its documentation, which nobody is shown in the window.
fn without_docs(source: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    source
        .lines()
        .filter(is_code)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// All texts that the sources of some rooms mark.
fn of_rooms(rooms: &[&str], marks: &[&str]) -> BTreeSet<String> {
    let mut paths = Vec::new();
    for room in rooms {
        files(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(room),
            &mut paths,
        );
    }
    let mut texts = BTreeSet::new();
    for path in paths {
        let source = fs::read_to_string(&path).expect("it is text");
        // Tests say things that nobody is shown.
        let source = source.split("#[cfg(test)]\nmod tests {").next();
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        if !is_test && !path.ends_with("tests.rs") {
            texts.extend(marked(&without_docs(source.unwrap_or_default()), marks));
        }
    }
    texts
}

/// What the rooms below say in words of their own, as far as it is a list.
fn from_below() -> BTreeSet<String> {
    let mut words: BTreeSet<String> = BTreeSet::new();
    let outcomes = [Outcome::Done, Outcome::Failed, Outcome::Stopped].map(Some);
    let outcomes = outcomes.into_iter().chain([None]);
    words.extend(outcomes.map(|one| outcome_word(one).to_owned()));
    words.extend(Format::ALL.map(|one| one.title().to_owned()));
    words.extend(BlockingKind::ALL.map(|one| one.name().to_owned()));
    words.extend(BlockingKind::ALL.map(|one| one.explained().to_owned()));
    words.extend(LinkKind::ALL.map(|one| one.word().to_owned()));
    words.extend(Requests::ALL.map(|one| one.explained().to_owned()));
    words.extend(EventProvider::ALL.map(|one| one.explained().to_owned()));
    for model in Model::OF_TASKS.into_iter().chain(Model::OF_A_SERVICE) {
        words.insert(format!("variant: {}", model.name()));
        words.insert(model.explained().to_owned());
    }
    words.extend(OBJECTIONS.map(str::to_owned));
    words.extend(NO_CHANGES.map(str::to_owned));
    words.extend([HOLDS, BY_CHANCE].map(str::to_owned));
    let phases = Phase::CIRCLE
        .into_iter()
        .chain([Phase::Starting, Phase::Ended]);
    words.extend(phases.map(|one| format!("station: {}", one.word())));
    for builtin in builtins() {
        let variants = builtin.scenario().variants;
        words.extend(variants.iter().map(|one| format!("variant: {}", one.name)));
    }
    words.extend(SPANS.map(|one| one.word().to_owned()));
    words.extend(Cause::ALL.map(|one| one.to_string()));
    words.extend(STEPS.map(|one| one.to_string()));
    words.extend(VICTIMS.map(|one| one.noun().to_owned()));
    words.extend(KNOWN.map(|one| one.explained().to_owned()));
    words.extend(descriptor::WORDS.map(str::to_owned));
    words.insert(LOOP_ITSELF.to_owned());
    words
}

/// What the actions are called and do, and how they are asked for.
fn of_actions() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for action in action::all() {
        words.extend([action.name, action.does]);
        for trigger in action.triggers {
            if let Trigger::Hand(how) = trigger {
                words.insert(how);
            }
        }
    }
    words.extend(GESTURES.iter().flat_map(|(_, how, what)| [*how, *what]));
    words.extend(action::WORDS.iter().map(|(_, other)| *other));
    words.extend(Group::ALL.map(Group::word));
    words.extend(MENUS.map(|(name, _)| name));
    // Each language is called by itself.
    let own = |word: &&str| !["English", "中文", "Language 语言"].contains(word);
    words.into_iter().filter(own).map(str::to_owned).collect()
}

const SPANS: [SpanKind; 12] = [
    SpanKind::Poll,
    SpanKind::Turn,
    SpanKind::Wait(WaitCall::Connect),
    SpanKind::Wait(WaitCall::Read),
    SpanKind::Wait(WaitCall::Work),
    SpanKind::Wait(WaitCall::Sleep),
    SpanKind::Callback(Cause::Timer),
    SpanKind::Blocking,
    SpanKind::Queued,
    SpanKind::Waiting,
    SpanKind::Ready,
    SpanKind::Running,
];
const STEPS: [DeferredStep; 7] = [
    DeferredStep::Fired,
    DeferredStep::FiredWithFailure,
    DeferredStep::Failed,
    DeferredStep::Recovered,
    DeferredStep::Resumed,
    DeferredStep::Cancelled,
    DeferredStep::Unhandled,
];
const VICTIMS: [VictimKind; 5] = [
    VictimKind::Descriptor,
    VictimKind::Timer,
    VictimKind::ThreadCall,
    VictimKind::Deferred,
    VictimKind::Startup,
];
const KNOWN: [Known; 5] = [
    Known::Exactly,
    Known::Observed,
    Known::AtFirstLook,
    Known::Stamped,
    Known::AsLearned,
];

/// All texts that anybody is shown.
fn all() -> BTreeSet<String> {
    let mut texts = of_rooms(&ROOMS, &MARKS);
    let of_runs = of_rooms(&OF_RUNS, &[ERROR, "Phrase::new("]);
    texts.extend(of_runs.iter().map(|text| format!("{FAILURE}{text}")));
    texts.append(&mut from_below());
    texts.append(&mut of_actions());
    texts
}

/// The places in a text that are to be filled.
fn places(text: &str) -> BTreeSet<&str> {
    let places = text.split('{').skip(1);
    places
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .collect()
}

#[test]
fn literals_are_found_as_rust_writes_them() {
    let source = "tr(\n  \"a \\\"b\\\" \\\n   c\") english(\"d\") str(\"no\") tr(name)";
    let found: Vec<_> = marked(source, &MARKS).collect();
    assert_eq!(found, ["a \"b\" c", "d"]);
}

#[test]
fn every_text_of_the_window_has_its_chinese() {
    let missing: Vec<_> = all()
        .iter()
        .filter(|text| !CHINESE.contains_key(*text))
        .cloned()
        .collect();
    assert!(
        missing.is_empty(),
        "not in assets/texts/zh.toml: {missing:#?}"
    );
}

#[test]
fn no_chinese_is_left_of_a_text_that_nobody_shows() {
    let all = all();
    let left: Vec<_> = CHINESE.keys().filter(|text| !all.contains(*text)).collect();
    assert!(left.is_empty(), "only in assets/texts/zh.toml: {left:#?}");
}

#[test]
fn a_translation_has_the_values_of_its_text() {
    for (english, chinese) in CHINESE.iter() {
        assert_eq!(places(english), places(chinese), "{english}");
        assert!(!chinese.is_empty(), "{english}");
    }
}

#[test]
fn values_go_where_their_names_stand() {
    let text = fill("{b} of {a}, {b}", &[("a", &1), ("b", &"x")]);
    assert_eq!(text, "x of 1, x");
    assert_eq!(fill("100 %", &[]), "100 %");
}

#[test]
fn one_is_one_and_everything_else_is_many() {
    let stalls = |count| counted(count, "{count} stall", "{count} stalls");
    assert_eq!(stalls(1), "1 stall");
    assert_eq!(stalls(0), "0 stalls");
    assert_eq!(stalls(1_200), "1,200 stalls");
}

#[test]
fn each_thread_speaks_its_own_language() {
    speak(Language::Chinese);
    assert_eq!(tr("Run"), "运行");
    assert_eq!(
        tr("nobody has translated this"),
        "nobody has translated this"
    );
    assert_eq!(variant("poll"), "poll", "the name of a system call");
    let other = std::thread::spawn(|| tr("Run").to_owned());
    assert_eq!(other.join().expect("it does not panic"), "Run");
    speak(Language::English);
    assert_eq!(tr("Run"), "Run");
}

#[test]
fn the_system_is_asked_as_posix_says() {
    let asked = |set: &[(&str, &str)]| {
        Language::of_environment(|name| {
            let mut set = set.iter();
            set.find(|(one, _)| *one == name)
                .map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(asked(&[]), Language::English);
    assert_eq!(asked(&[("LANG", "zh_CN.UTF-8")]), Language::Chinese);
    assert_eq!(
        asked(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]),
        Language::English
    );
    assert_eq!(
        asked(&[("LANG", "zh_TW"), ("LC_ALL", "")]),
        Language::Chinese
    );
}

#[test]
fn the_fonts_have_every_character_of_the_texts() {
    let ctx = egui::Context::default();
    crate::gui::theme::install(&ctx);
    let mut all: BTreeSet<char> = "中文语言".chars().collect();
    all.extend(
        CHINESE
            .iter()
            .flat_map(|(english, chinese)| english.chars().chain(chinese.chars())),
    );
    all.extend(builtins().iter().flat_map(|one| one.source.chars()));
    all.remove(&'\n');
    let output = ctx.run_ui(egui::RawInput::default(), |ui| {
        for font in [crate::gui::theme::body(), egui::FontId::monospace(12.0)] {
            let lacks = |one: &&char| !ui.fonts_mut(|fonts| fonts.has_glyph(&font, **one));
            let missing: String = all.iter().filter(lacks).collect();
            assert!(
                missing.is_empty(),
                "see assets/fonts/README.md: the fonts lack {missing}"
            );
        }
    });
    output.drop_without_applying_deltas();
}

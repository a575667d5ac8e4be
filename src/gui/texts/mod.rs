//! The texts of the window in the languages it speaks.
//!
//! The English text is the key, as with gettext: code reads as what it shows, and a text that nobody has translated
//! is shown in English. The table of the others is `assets/texts/zh.toml`; the tests of this module hold it to what the
//! code shows. A text that stands in a constant is marked there with [`english`], and translated where it is shown.
//!
//! Each thread has its own language: the app sets it at the beginning of every frame, and tests that run beside each
//! other do not disturb each other.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::analysis::plain_count;
use crate::trace::{self, Phrase, process_of};

/// A language that the window speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, in which all texts are written.
    #[default]
    English,
    /// Chinese, in simplified characters.
    Chinese,
}

impl Language {
    /// What the environment asks for: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set, as POSIX has it.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|value| !value.is_empty());
        match said {
            Some(locale) if locale.starts_with("zh") => Self::Chinese,
            _ => Self::English,
        }
    }
}

/// Which language a person wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LanguageChoice {
    /// The one of the system.
    #[default]
    System,
    /// English.
    English,
    /// Chinese.
    Chinese,
}

impl LanguageChoice {
    /// The language that is meant, where that of the system is `system`.
    pub const fn resolve(self, system: Language) -> Language {
        match self {
            Self::System => system,
            Self::English => Language::English,
            Self::Chinese => Language::Chinese,
        }
    }
}

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

/// The Chinese by the English.
static CHINESE: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../assets/texts/zh.toml")).expect("a test reads the table")
});

/// What stands before a sentence that a run records of a failure, in the table.
const FAILURE: &str = "failure: ";

/// The sentences that a run records of a failure, in English and in Chinese. The one with most words of its own is first,
/// and so the one that fits best.
static FAILURES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let of_failures = CHINESE
        .iter()
        .filter_map(|(english, chinese)| Some((english.strip_prefix(FAILURE)?, chinese.as_str())));
    let mut failures: Vec<_> = of_failures.collect();
    let own = |english: &str| trace::fill(english, |_| None).len();
    failures.sort_by_key(|&(english, _)| (Reverse(own(english)), english));
    failures
});

/// From now on this thread speaks this language.
pub fn speak(language: Language) {
    SPOKEN.set(language);
}

/// The language of this thread.
pub fn spoken() -> Language {
    SPOKEN.get()
}

/// An English text in the language of this thread; as it is where there is no other.
pub fn tr(english: &str) -> &str {
    match spoken() {
        Language::English => english,
        Language::Chinese => CHINESE.get(english).map_or(english, String::as_str),
    }
}

/// As [`tr`], for a word that means something else elsewhere: the table has it as `context: word`.
pub fn tr_in<'a>(context: &str, english: &'a str) -> &'a str {
    match spoken() {
        Language::English => english,
        Language::Chinese => {
            let key = format!("{context}: {english}");
            CHINESE.get(&key).map_or(english, String::as_str)
        }
    }
}

/// The name of a variant, and so of a model in a trace: those of the models of execution, and of built-in scenarios.
pub fn variant(name: &str) -> &str {
    tr_in("variant", name)
}

/// The name of a thread; that of a process of its own is made of words.
pub fn thread(name: &str) -> Cow<'_, str> {
    match process_of(name) {
        Some(id) => fill(tr("process {id}"), &[("id", &id)]).into(),
        None => name.into(),
    }
}

/// What a trace has of a failure. It was recorded in English: where it is a sentence of our own, it is found in the table
/// and said in the language of this thread; what others wrote stays as it is.
pub fn failure(recorded: &str) -> Cow<'_, str> {
    match spoken() {
        Language::English => recorded.into(),
        Language::Chinese => failure_in_chinese(recorded).map_or(recorded.into(), Into::into),
    }
}

fn failure_in_chinese(recorded: &str) -> Option<String> {
    if let Some(phrase) = trace::of_the_system(recorded) {
        return Some(say(&phrase));
    }
    FAILURES.iter().find_map(|(english, chinese)| {
        let values = trace::values_in(english, recorded)?;
        let value = |name: &str| {
            let (_, value) = values.iter().find(|(one, _)| *one == name)?;
            Some(failure(value).into_owned())
        };
        Some(trace::fill(chinese, value))
    })
}

/// What a scenario says in English and, if anybody has translated it, in Chinese.
pub fn told<'a>(english: &'a str, chinese: &'a str) -> &'a str {
    match spoken() {
        Language::Chinese if !chinese.is_empty() => chinese,
        _ => english,
    }
}

/// Marks a text that is translated where it is shown.
pub const fn english(text: &'static str) -> &'static str {
    text
}

/// A text with values in the places that are named in it: `{name}`.
pub fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    let value = |name: &str| {
        let (_, value) = values.iter().find(|(one, _)| *one == name)?;
        Some(value.to_string())
    };
    trace::fill(template, value)
}

/// What a room below says, in the language of this thread.
pub fn say(phrase: &Phrase) -> String {
    phrase.say(&|english| tr(english))
}

/// Several sentences, one after the other.
pub fn say_all(sentences: &[Phrase]) -> String {
    let between = match spoken() {
        Language::English => " ",
        Language::Chinese => "",
    };
    let sentences: Vec<_> = sentences.iter().map(say).collect();
    sentences.join(between)
}

/// Something, and what belongs to it: `Next stall (])`.
pub fn with_aside(text: &str, aside: &str) -> String {
    fill(
        tr("{text} ({aside})"),
        &[("text", &text), ("aside", &aside)],
    )
}

/// Several things, one after the other.
pub fn list(things: &[String]) -> String {
    things.join(match spoken() {
        Language::English => ", ",
        Language::Chinese => "、",
    })
}

/// So many of something: `one` of it (`1 stall`), or `{count}` of it (`{count} stalls`).
pub fn counted(count: u64, one: &str, many: &str) -> String {
    let template = if count == 1 { one } else { many };
    fill(tr(template), &[("count", &plain_count(count))])
}

#[cfg(test)]
mod tests;

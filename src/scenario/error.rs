//! What can be wrong with a scenario, said so that a person can put it right.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::words;
use crate::trace::{Phrase, system_error};

/// Who made so many mistakes starts with these.
const SHOWN: usize = 10;

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Neither a built-in scenario nor a file is called so.
    Unknown {
        /// What was asked for.
        name: String,
        /// Which of them may have been meant.
        guess: Option<&'static str>,
    },
    /// Its file cannot be read.
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// What it says cannot be run. In the order of the file, at least one.
    Mistakes(Vec<Mistake>),
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

impl ScenarioError {
    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        match self {
            Self::Unknown { name, guess } => Phrase::new(
                "no scenario `{name}`: neither a file nor built in; `loopscope scenarios` lists those{guess}",
            )
            .with("name", name)
            .with_words("guess", did_you_mean(*guess)),
            Self::Unreadable { path, reason } => {
                Phrase::new("cannot read the scenario {path}: {why}")
                    .with("path", path.display())
                    .with_words("why", system_error(reason))
            }
            Self::Mistakes(mistakes) => lines(mistakes),
        }
    }

    /// The mistakes in the file, in its order; none if it did not come to reading one.
    pub fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Mistakes(mistakes) => mistakes,
            Self::Unknown { .. } | Self::Unreadable { .. } => &[],
        }
    }
}

fn lines(mistakes: &[Mistake]) -> Phrase {
    let more = mistakes.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| Phrase::new("… and {more} more").with("more", more));
    let shown = mistakes.iter().take(SHOWN).map(Mistake::phrase);
    Phrase::lines(shown.chain(more))
}

fn did_you_mean(guess: Option<&str>) -> Phrase {
    guess.map_or_else(Phrase::default, |guess| {
        Phrase::new(" (did you mean `{guess}`?)").with("guess", guess)
    })
}

/// One thing that is wrong in a file, and where. Reads like `my.toml:12:9: servers[2].chunk: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which file, as it was named.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// The key, such as `servers[2].chunk`, counted from 1 as tasks are; empty where the text is not TOML.
    pub key: String,
    /// What is wrong, what is allowed, and what may have been meant.
    pub message: Phrase,
}

impl Mistake {
    /// What is said of it, with its place.
    pub fn phrase(&self) -> Phrase {
        let place = format!("{}:{}:{}", self.file, self.line, self.column);
        at(&place, at(&self.key, self.message.clone()))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

/// What is said of something, after its name; alone where that is empty.
pub(super) fn at(name: &str, message: Phrase) -> Phrase {
    if name.is_empty() {
        return message;
    }
    Phrase::new("{name}: {message}")
        .with("name", name)
        .with_words("message", message)
}

/// A value that is not allowed where it stands: says which, what is allowed, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ValueError {
    given: String,
    allowed: Phrase,
    guess: Option<String>,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

impl ValueError {
    pub(super) fn new(given: impl fmt::Display, allowed: Phrase) -> Self {
        Self {
            given: given.to_string(),
            allowed,
            guess: None,
        }
    }

    /// The word is not one of those that are allowed.
    pub(super) fn unknown<'a>(
        word: &str,
        allowed: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        Self {
            guess: words::guess(word, allowed.clone()).map(str::to_owned),
            ..Self::new(word, words::one_of(allowed))
        }
    }

    pub(super) fn with_guess(mut self, guess: Option<&str>) -> Self {
        self.guess = guess.map(str::to_owned);
        self
    }

    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        Phrase::new("`{given}` is not allowed: {allowed}{guess}")
            .with("given", &self.given)
            .with_words("allowed", self.allowed.clone())
            .with_words("guess", did_you_mean(self.guess.as_deref()))
    }
}

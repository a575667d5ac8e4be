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
            Self::Mistakes(mistakes) => Phrase::same(lines(mistakes)),
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

fn lines(mistakes: &[Mistake]) -> String {
    let mut lines: Vec<String> = mistakes
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if mistakes.len() > SHOWN {
        lines.push(format!("… and {} more", mistakes.len() - SHOWN));
    }
    lines.join("\n")
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
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// A value that is not allowed where it stands: says which, what is allowed, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not allowed: {allowed}{}", did_you_mean(.guess.as_deref()))]
pub struct ValueError {
    given: String,
    allowed: String,
    guess: Option<String>,
}

impl ValueError {
    pub(super) fn new(given: impl fmt::Display, allowed: impl fmt::Display) -> Self {
        Self {
            given: given.to_string(),
            allowed: allowed.to_string(),
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
}

//! From a name, a path or a text to a checked [`Scenario`].

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::builtin::{Builtin, Headline, builtins};
use super::error::ScenarioError;
use super::model::Scenario;
use super::source::{Source, read_file};
use super::story::{Story, first_sentence};
use super::{check, shape, words};
use crate::trace::Phrase;

impl Scenario {
    /// The built-in scenario of this name, or else the one in the file at this path.
    ///
    /// # Errors
    /// There is neither, the file cannot be read, or it has mistakes.
    pub fn load(name_or_path: &str) -> Result<Self, ScenarioError> {
        if let Some(builtin) = builtins().iter().find(|one| one.name == name_or_path) {
            return Self::parse(builtin.source, &builtin.origin());
        }
        let path = Path::new(name_or_path);
        let bytes = read_file(path).map_err(|reason| unreadable(name_or_path, reason))?;
        match str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text, path),
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let origin = path.display().to_string();
                let source = Source {
                    name: &origin,
                    text: &good,
                };
                let end = good.len()..good.len();
                let message = Phrase::new("not UTF-8 from here on: save the file as UTF-8");
                Err(ScenarioError::Mistakes(vec![
                    source.mistake(&end, "", message),
                ]))
            }
        }
    }

    /// Reads a scenario from the text of a file. `origin` is what the file is called in messages; its stem names
    /// the scenario, and the files that the scenario names are relative to its folder.
    ///
    /// # Errors
    /// All the mistakes in it; of those that make it unreadable only the first.
    pub fn parse(text: &str, origin: &Path) -> Result<Self, ScenarioError> {
        let file_name = origin.display().to_string();
        let source = Source {
            name: &file_name,
            text,
        };
        let file = shape::read(&source).map_err(|first| ScenarioError::Mistakes(vec![first]))?;
        check::check(file, &source, origin).map_err(ScenarioError::Mistakes)
    }
}

impl Builtin {
    /// What it is about, cheap enough for a list that is shown in every frame.
    pub fn headline(&self) -> &'static Headline {
        static ALL: LazyLock<HashMap<&str, Headline>> = LazyLock::new(|| {
            let read = |one: &Builtin| (one.name, one.read_headline());
            builtins().iter().map(read).collect()
        });
        &ALL[self.name]
    }

    fn read_headline(&self) -> Headline {
        #[derive(serde::Deserialize)]
        struct Head {
            title: String,
            summary: String,
            #[serde(default)]
            zh: Story,
        }
        let head: Head = toml::from_str(self.source).expect("tests read what is built in");
        Headline {
            title: head.title,
            summary: first_sentence(&head.summary).to_owned(),
            chinese: Story {
                summary: first_sentence(&head.zh.summary).to_owned(),
                title: head.zh.title,
                ..Story::default()
            },
        }
    }

    /// The scenario itself.
    pub fn scenario(&self) -> Scenario {
        Scenario::parse(self.source, &self.origin()).expect("a test parses every built-in scenario")
    }

    fn origin(&self) -> PathBuf {
        PathBuf::from(self.name).with_extension("toml")
    }
}

/// Who typed a plain word meant a built-in scenario; who typed a path wants to know what is wrong with it.
fn unreadable(name: &str, reason: io::Error) -> ScenarioError {
    let is_word = Path::new(name).extension().is_none() && !name.contains(std::path::is_separator);
    if is_word && reason.kind() == io::ErrorKind::NotFound {
        let names = || builtins().iter().map(|builtin| builtin.name);
        return ScenarioError::Unknown {
            name: name.to_owned(),
            guess: words::guess(name, names()),
        };
    }
    ScenarioError::Unreadable {
        path: name.into(),
        reason,
    }
}

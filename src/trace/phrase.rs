//! Sentences that can be said in another language: a text with names in braces, and what they stand for.

use std::fmt;
use std::io;

/// A sentence or a part of one. The English text is also the key to its translations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    template: &'static str,
    values: Vec<(&'static str, Value)>,
}

/// What stands for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// The same in every language: a name, a number with its unit.
    Same(String),
    /// Words.
    Words(Phrase),
}

impl Phrase {
    /// A text, in which `{name}` stands for a value.
    pub const fn new(template: &'static str) -> Self {
        let values = Vec::new();
        Self { template, values }
    }

    /// A text that is the same in every language, such as a name.
    pub fn same(text: impl fmt::Display) -> Self {
        Self::new("{same}").with("same", text)
    }

    /// With a value that is the same in every language.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.values.push((name, Value::Same(value.to_string())));
        self
    }

    /// With a value that is itself to be translated.
    #[must_use]
    pub fn with_words(mut self, name: &'static str, words: Self) -> Self {
        self.values.push((name, Value::Words(words)));
        self
    }

    /// The whole of it, in the language into which `translate` turns the texts.
    pub fn say(&self, translate: &dyn Fn(&'static str) -> &'static str) -> String {
        let value = |name: &str| {
            let (_, value) = self.values.iter().find(|(one, _)| *one == name)?;
            Some(match value {
                Value::Same(text) => text.clone(),
                Value::Words(phrase) => phrase.say(translate),
            })
        };
        fill(translate(self.template), value)
    }
}

impl fmt::Display for Phrase {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(&|english| english))
    }
}

/// What the system says of an error: those that people meet are words, and all others as the system has them.
pub fn system_error(error: &io::Error) -> Phrase {
    use io::ErrorKind;
    let said = match error.kind() {
        ErrorKind::NotFound => Phrase::new("No such file or directory"),
        ErrorKind::PermissionDenied => Phrase::new("Permission denied"),
        ErrorKind::AlreadyExists => Phrase::new("File exists"),
        ErrorKind::NotADirectory => Phrase::new("Not a directory"),
        ErrorKind::IsADirectory => Phrase::new("Is a directory"),
        ErrorKind::StorageFull => Phrase::new("No space left on device"),
        ErrorKind::ReadOnlyFilesystem => Phrase::new("Read-only file system"),
        _ => return Phrase::same(error),
    };
    match error.raw_os_error() {
        Some(code) => Phrase::new("{said} (os error {code})")
            .with_words("said", said)
            .with("code", code),
        None => Phrase::same(error),
    }
}

/// A text with values in the places that are named in it. What has no value is left out.
pub fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        text.push_str(before);
        text.push_str(&value(name).unwrap_or_default());
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_words_are_translated_and_names_are_not() {
        let phrase = Phrase::new("{who} held {what} for {time}")
            .with("who", "the loop")
            .with_words("what", Phrase::new("the loop"))
            .with("time", 3);
        assert_eq!(phrase.to_string(), "the loop held the loop for 3");
        let said = phrase.say(&|english| match english {
            "the loop" => "循环",
            _ => "{who}占住{what} {time}",
        });
        assert_eq!(said, "the loop占住循环 3");
    }

    #[test]
    fn a_name_is_no_text_to_translate() {
        let said = Phrase::same("poll {x}").say(&|key| match key {
            "poll {x}" => "轮询",
            other => other,
        });
        assert_eq!(said, "poll {x}");
    }

    #[test]
    fn an_error_of_the_system_reads_as_the_system_has_it() {
        let missing = io::Error::from_raw_os_error(2);
        assert_eq!(system_error(&missing).to_string(), missing.to_string());
        let other = io::Error::other("not this one");
        assert_eq!(system_error(&other).to_string(), "not this one");
    }

    #[test]
    fn values_are_not_filled_again() {
        let phrase = Phrase::new("{a} {b} {").with("a", "{b}").with("b", 2);
        assert_eq!(phrase.to_string(), "{b} 2 {");
    }
}

//! Sentences that can be said in another language: a text with names in braces, and what they stand for.

#[cfg(any(test, feature = "format"))]
mod system;

use std::fmt;

#[cfg(feature = "gui")]
pub(crate) use system::of_the_system;
#[cfg(feature = "format")]
pub(crate) use system::system_error;

/// A sentence or a part of one. The English text is also the key to its translations.
///
/// ```
/// use loopscope::trace::Phrase;
///
/// let dropped = Phrase::new("{count} events were dropped.").with("count", 3);
/// assert_eq!(dropped.to_string(), "3 events were dropped.");
/// let chinese = dropped.say(&|english| match english {
///     "{count} events were dropped." => "丢弃了 {count} 个事件。",
///     unknown => unknown,
/// });
/// assert_eq!(chinese, "丢弃了 3 个事件。");
/// ```
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

    /// Several of them, each in a line of its own.
    pub fn lines(phrases: impl IntoIterator<Item = Self>) -> Self {
        let below = |before, next| {
            Self::new("{before}\n{next}")
                .with_words("before", before)
                .with_words("next", next)
        };
        phrases.into_iter().reduce(below).unwrap_or_default()
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

/// An error of ours among those of the system is said as any other sentence.
impl std::error::Error for Phrase {}

/// A text with values in the places that are named in it. What has no value is left out.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        push(&mut text, before);
        push(&mut text, &value(name).unwrap_or_default());
        rest = behind;
    }
    push(&mut text, rest);
    text
}

/// Adds a piece of a text. Chinese stands apart from Latin letters by a blank, but not from more Chinese: whether there
/// has to be one is known only when the value is.
fn push(text: &mut String, piece: &str) {
    let is_chinese = |one: char| ('\u{4e00}'..='\u{9fff}').contains(&one);
    let meet =
        |before: &str, after: &str| before.ends_with(is_chinese) && after.starts_with(is_chinese);
    if text.strip_suffix(' ').is_some_and(|text| meet(text, piece)) {
        text.pop();
    }
    let joined = piece.strip_prefix(' ').filter(|piece| meet(text, piece));
    text.push_str(joined.unwrap_or(piece));
}

/// The values with which `template` was filled so that `text` came of it, by the names of their places; `None` where
/// the text is none of its. The way back of [`fill`], as far as there is one: a value ends where what follows it in the
/// template first stands.
#[cfg(any(test, feature = "gui"))]
pub(crate) fn values_in<'a>(template: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut pieces = template.split('{');
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut values = Vec::new();
    for piece in pieces {
        let (name, behind) = piece.split_once('}')?;
        let end = match behind {
            "" => rest.len(),
            _ => rest.find(behind)?,
        };
        values.push((name, &rest[..end]));
        rest = &rest[end + behind.len()..];
    }
    rest.is_empty().then_some(values)
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
    fn chinese_stands_apart_from_latin_letters_only() {
        let said = |callback: &str| fill("每次 {callback} 都会", |_| Some(callback.to_owned()));
        assert_eq!(said("回调"), "每次回调都会");
        assert_eq!(said("tick"), "每次 tick 都会");
        assert_eq!(said("回 调"), "每次回 调都会", "a name stays what it is");
        assert_eq!(
            fill("{a} and {b}", |_| Some(" 回".to_owned())),
            " 回 and  回"
        );
    }

    #[test]
    fn what_was_filled_in_is_found_again() {
        let found = |text| values_in("cannot connect to {0}: {1}", text);
        assert_eq!(
            found("cannot connect to 127.0.0.1:80: refused: now"),
            Some(vec![("0", "127.0.0.1:80"), ("1", "refused: now")])
        );
        assert_eq!(found("cannot connect to 127.0.0.1:80"), None);
        assert_eq!(values_in("cancelled", "cancelled"), Some(vec![]));
        assert_eq!(values_in("cancelled", "cancelled again"), None);
        assert_eq!(
            values_in("{time} late", "3 ms late"),
            Some(vec![("time", "3 ms")])
        );
    }

    #[test]
    fn values_are_not_filled_again() {
        let phrase = Phrase::new("{a} {b} {").with("a", "{b}").with("b", 2);
        assert_eq!(phrase.to_string(), "{b} 2 {");
    }
}

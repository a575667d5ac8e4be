//! Changes to a scenario. A change is made in the text, which keeps its comments and its order; what comes of it is
//! read and checked as any other text is, so that nothing can be set that a file could not say.

use std::fmt;
use std::path::{self, Path};
use std::time::Duration;

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::error::{ScenarioError, ValueError, at};
use super::model::Scenario;
use super::words::{guess, one_of};
use crate::trace::Phrase;

/// One value of a scenario's text, and what it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where: as in messages (`servers[2].chunk`), or with names instead of places (`servers.ecstasy.chunk`).
    key: String,
    /// What, in TOML.
    value: String,
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct EditError {
    key: String,
    message: Phrase,
}

impl EditError {
    /// What is said of it.
    pub fn phrase(&self) -> Phrase {
        at(&self.key, self.message.clone())
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)
    }
}

impl Edit {
    fn new(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            key: key.into(),
            value: value.into().to_string(),
        }
    }

    /// Sets a duration.
    pub fn duration(key: impl Into<String>, duration: Duration) -> Self {
        Self::new(key, humantime::format_duration(duration).to_string())
    }

    /// Sets a number.
    pub fn number(key: impl Into<String>, number: usize) -> Self {
        // No limit is anywhere near what does not fit.
        Self::new(key, i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Sets a word, such as the name of a kind.
    pub fn word(key: impl Into<String>, word: &str) -> Self {
        Self::new(key, word)
    }

    /// Sets a list of words.
    pub fn words<'a>(key: impl Into<String>, words: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(key, words.into_iter().collect::<Value>())
    }

    /// Sets something that is so or not.
    pub fn truth(key: impl Into<String>, truth: bool) -> Self {
        Self::new(key, truth)
    }

    /// Reads `KEY=VALUE`, such as `servers.ecstasy.delay=50ms` or `tasks.client.count=100`. A value that is not TOML
    /// is a word, so that nobody has to quote a duration.
    ///
    /// # Errors
    /// When there is no key or no value.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let pair = text.split_once('=');
        let Some((key, value)) = pair.filter(|(key, _)| !key.trim().is_empty()) else {
            let allowed = Phrase::new("KEY=VALUE, such as `servers.ecstasy.delay=50ms`");
            return Err(ValueError::new(text, allowed));
        };
        let value = value.trim();
        Ok(match value.parse::<Value>() {
            Ok(value) => Self::new(key.trim(), value),
            Err(_) => Self::word(key.trim(), value),
        })
    }

    /// Where it is made.
    pub fn key(&self) -> &str {
        &self.key
    }

    fn apply(&self, document: &mut DocumentMut) -> Result<(), EditError> {
        let value = self.value.parse().expect("it was written as TOML");
        set(document.as_item_mut(), &self.key, value).map_err(|error| EditError {
            key: self.key.clone(),
            message: error.phrase(),
        })
    }
}

impl Scenario {
    /// The text that says everything in it, as a file of its own would.
    pub fn to_toml(&self) -> &str {
        &self.text
    }

    /// The scenario with these changes, all of them or none.
    ///
    /// # Errors
    /// When a key leads nowhere, or what comes of it cannot be run: says why, of several reasons the first.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, EditError> {
        let mut document = self.document();
        for edit in edits {
            edit.apply(&mut document)?;
        }
        Self::parse(&document.to_string(), &self.origin).map_err(|error| first_mistake(&error))
    }

    /// Its text for a file in another folder: the files that it names are still found.
    pub fn to_toml_in(&self, folder: &Path) -> String {
        let own = path::absolute(self.origin.parent().unwrap_or(Path::new("")));
        let Ok(own) = own.or_else(|_| path::absolute(".")) else {
            return self.text.to_string();
        };
        if path::absolute(folder).is_ok_and(|folder| folder == own) {
            return self.text.to_string();
        }
        let mut document = self.document();
        for place in 0..self.servers.len() {
            let server = document
                .get_mut("servers")
                .and_then(|list| list.get_mut(place));
            let Some(server) = server.and_then(Item::as_table_like_mut) else {
                continue;
            };
            let file = server.get("file").and_then(Item::as_str);
            // A path that is no text cannot be told in TOML, and stays what it is.
            let file = file.and_then(|file| own.join(file).to_str().map(str::to_owned));
            if let Some(file) = file {
                put(server, "file", file.into());
            }
        }
        document.to_string()
    }

    /// Its text, to be looked at and changed.
    pub(super) fn document(&self) -> DocumentMut {
        self.text.parse().expect("it was read before")
    }
}

/// Of many mistakes that a change makes the first is enough. Its line is that of a text that nobody has seen.
fn first_mistake(error: &ScenarioError) -> EditError {
    match error.mistakes() {
        [first, ..] => EditError {
            key: first.key.clone(),
            message: first.message.clone(),
        },
        [] => EditError {
            key: String::new(),
            message: error.phrase(),
        },
    }
}

/// Sets the value at a key below `item`. A key that is not there yet is added: whether it may be is checked later.
fn set(item: &mut Item, key: &str, value: Value) -> Result<(), ValueError> {
    let key = key.strip_prefix('.').unwrap_or(key);
    if is_list(item) {
        let (place, rest) = choose(item, key)?;
        return match item.get_mut(place) {
            Some(item) if !rest.is_empty() => set(item, rest, value),
            _ => Err(ValueError::new(
                key,
                Phrase::new("one of its keys, after a dot"),
            )),
        };
    }
    let at_root = item
        .as_table()
        .is_some_and(|table| table.position().is_none());
    let Some(table) = item.as_table_like_mut() else {
        return Err(ValueError::new(
            key,
            Phrase::new("a value stands there, which has no keys"),
        ));
    };
    let end = key.find(['.', '[']).unwrap_or(key.len());
    let (word, rest) = key.split_at(end);
    if rest.is_empty() {
        put(table, word, value);
        return Ok(());
    }
    if !table.contains_key(word) {
        let section = match at_root {
            true => Item::Table(Table::new()),
            false => Item::Value(InlineTable::new().into()),
        };
        table.insert(word, section);
    }
    let inner = table.get_mut(word).expect("it is there now");
    set(inner, rest, value)
}

/// Puts a value where another one was, with the comments around it.
fn put(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

fn is_list(item: &Item) -> bool {
    item.is_array_of_tables() || item.is_array()
}

/// The place in a list that the key begins with, by its number or by the name of what stands there, and the rest of
/// the key. A name may have dots in it: the longest one that fits is meant.
fn choose<'a>(list: &Item, key: &'a str) -> Result<(usize, &'a str), ValueError> {
    let places = || (0..).map_while(|place| list.get(place));
    let name = |item: &Item| Some(item.get("name")?.as_str()?.to_owned());
    let names: Vec<_> = places().map(name).collect();
    let known = || names.iter().flatten().map(String::as_str);
    let fits = |name: &&str| {
        let rest = key.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let longest = known().filter(fits).max_by_key(|name| name.len());
    if let Some(longest) = longest {
        let place = names
            .iter()
            .position(|name| name.as_deref() == Some(longest));
        return Ok((place.unwrap_or(0), &key[longest.len()..]));
    }
    let (word, rest) = match key.strip_prefix('[').and_then(|key| key.split_once(']')) {
        Some(number) => number,
        None => key.split_at(key.find('.').unwrap_or(key.len())),
    };
    let number = word.parse::<usize>().ok();
    let place = number.and_then(|number| number.checked_sub(1));
    match place.filter(|&place| place < names.len()) {
        Some(place) => Ok((place, rest)),
        None => {
            let number = Phrase::new("a number from 1 to {count}").with("count", names.len());
            let allowed = match known().next() {
                Some(_) => Phrase::new("{names}, or {number}")
                    .with_words("names", one_of(known()))
                    .with_words("number", number),
                None => number,
            };
            Err(ValueError::new(word, allowed).with_guess(guess(word, known())))
        }
    }
}

//! Reads a text into the grammar of [`super::file`]. Where it does not fit, serde's words for it become ours:
//! the key, what stands there, what is allowed.

use std::fmt::Write as _;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Mistake, ValueError};
use super::file::{File, allowed, missing};
use super::source::Source;
use super::syntax;
use crate::trace::Phrase;

/// A longer value is not repeated in a message.
const QUOTED: usize = 40;

/// The file that the text describes, or the first mistake in its shape.
pub(super) fn read(source: &Source<'_>) -> Result<File, Mistake> {
    let (document, errors) = DeTable::parse_recoverable(source.text);
    let place = |error: &toml::de::Error| error.span().unwrap_or_default();
    // The parser goes on after a mistake, but what it says then may only follow from the first.
    if let Some(first) = errors.iter().min_by_key(|error| place(error).start) {
        return Err(source.mistake(&place(first), "", syntax::explain(first.message())));
    }
    File::deserialize(toml::de::Deserializer::from(document.clone())).map_err(|error| {
        let span = place(&error);
        let path = path_to(document.get_ref(), &span);
        say(source, &span, &path, error.message())
    })
}

/// What serde found, in our words. It gives the place of a key that it does not know, and of a value that it
/// cannot take; what is missing it misses at the head of the section.
fn say(source: &Source<'_>, span: &Range<usize>, path: &[Step<'_>], message: &str) -> Mistake {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if let (true, Some(key)) = (message.starts_with("missing field"), quoted.next()) {
        let mut path = path.to_vec();
        path.push(Step::Key(key));
        return source.mistake(span, display(&path), missing(&without_places(&path)));
    }
    if message.starts_with("unknown field") {
        let known: Vec<&str> = quoted.collect();
        let key = match path.last() {
            Some(Step::Key(key)) => *key,
            _ => "",
        };
        let error = ValueError::unknown(key, known.iter().copied());
        let message = Phrase::new("the key {error}").with_words("error", error.phrase());
        return source.mistake(span, display(path), message);
    }
    let allowed = allowed(&without_places(path));
    let message = match source.text.get(span.clone()) {
        Some(given) if given.len() <= QUOTED && !given.contains('\n') => {
            ValueError::new(given, allowed).phrase()
        }
        _ => {
            Phrase::new("what stands here is not allowed: {allowed}").with_words("allowed", allowed)
        }
    };
    source.mistake(span, display(path), message)
}

/// One step on the way from the root of a document to a value.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    /// Counted from 0.
    Place(usize),
}

/// The way to the key or value that stands exactly at `span`; empty for the root. (The head of a section stands
/// for the section: `[[servers]]` is both the list and its first item, and the item is meant.)
fn path_to<'a>(table: &'a DeTable<'_>, span: &Range<usize>) -> Vec<Step<'a>> {
    let mut path = Vec::new();
    find_in_table(table, span, &mut path);
    path
}

fn find_in_table<'a>(
    table: &'a DeTable<'_>,
    span: &Range<usize>,
    path: &mut Vec<Step<'a>>,
) -> bool {
    table.iter().any(|(key, value)| {
        path.push(Step::Key(key.get_ref()));
        let found = find_in_value(value, span, path) || key.span() == *span;
        if !found {
            path.pop();
        }
        found
    })
}

fn find_in_value<'a>(
    value: &'a Spanned<DeValue<'_>>,
    span: &Range<usize>,
    path: &mut Vec<Step<'a>>,
) -> bool {
    let inside = match value.get_ref() {
        DeValue::Table(table) => find_in_table(table, span, path),
        DeValue::Array(items) => items.iter().enumerate().any(|(place, item)| {
            path.push(Step::Place(place));
            let found = find_in_value(item, span, path);
            if !found {
                path.pop();
            }
            found
        }),
        _ => false,
    };
    inside || value.span() == *span
}

/// As in messages: `servers[2].chunk`, places counted from 1.
fn display(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Place(place) => {
                write!(text, "[{}]", place + 1).expect("a String takes everything");
            }
        }
    }
    text
}

/// As in [`allowed`]: `servers.chunk`, and `servers[]` for an item itself.
fn without_places(path: &[Step<'_>]) -> String {
    let keys: Vec<&str> = path
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(*key),
            Step::Place(_) => None,
        })
        .collect();
    let item = if matches!(path.last(), Some(Step::Place(_))) {
        "[]"
    } else {
        ""
    };
    keys.join(".") + item
}

//! What the reader of TOML says of a text that is none, in our words: they say the way out, and can be translated.

use crate::trace::Phrase;

/// What is wrong, by what the reader says of it. It has about fifty sentences; what helps comes down to a few.
pub(super) fn explain(said: &str) -> Phrase {
    // What it expects instead comes behind.
    let (said, _) = said.split_once(", expected").unwrap_or((said, ""));
    let tells = |(words, _, _): &&Row| words.iter().any(|word| said.contains(word));
    match ROWS.iter().find(tells) {
        Some((_, phrase, example)) => phrase.clone().with("example", example),
        None => Phrase::new("this is not TOML: {said}").with("said", said),
    }
}

/// Words of the reader, of which one is enough; ours; and an example for them.
type Row = (&'static [&'static str], Phrase, &'static str);

/// In an order in which the first that fits is right.
static ROWS: [Row; 17] = [
    (
        &["duplicate key"],
        Phrase::new("this key is there already: each stands only once in its section"),
        "",
    ),
    (
        &["with a dotted key"],
        Phrase::new("this key has a value already, so that it cannot have keys of its own"),
        "",
    ),
    (
        &["no value", "missing value", "missing assignment"],
        Phrase::new("a value is missing: a line reads like `{example}`"),
        "chunk = 2",
    ),
    (
        &["`=`", "extra assignment"],
        Phrase::new("one `=` too many: a line reads like `{example}`"),
        "chunk = 2",
    ),
    (
        &["comma"],
        Phrase::new("a comma is missing, or one too many: one stands between two items"),
        "",
    ),
    (
        &["must be quoted", "opening quote"],
        Phrase::new("a text stands in quotes, such as {example}"),
        "\"Hello\"",
    ),
    (
        &["escaped value", "unicode value digits", "invalid value"],
        Phrase::new(
            "what follows this backslash means nothing: a backslash itself is written twice",
        ),
        "",
    ),
    (
        &[
            "keys",
            "unquoted key",
            "missing key",
            "key-value pair",
            "table element",
        ],
        Phrase::new(
            "this is no key: a key is made of letters, digits, `_` and `-`, or stands in quotes",
        ),
        "",
    ),
    (
        &["string"],
        Phrase::new(
            "this text does not end, or has a character that may not be in it: it ends with the quotes that it begins \
             with, on the same line unless those are three",
        ),
        "",
    ),
    (
        &["unclosed inline table", "inline table opening"],
        Phrase::new("a table is not closed: it reads like `{example}`"),
        "{ wait = \"1s\" }",
    ),
    (
        &["array table", "unclosed table", "table open"],
        Phrase::new("the head of a section is not closed: it reads like `{example}`"),
        "[[tasks]]",
    ),
    (
        &["array"],
        Phrase::new("a list is not closed: it begins with `[` and ends with `]`"),
        "",
    ),
    (
        &["unexpected key", "unexpected content"],
        Phrase::new("the line is complete before this: what follows belongs on a line of its own"),
        "",
    ),
    (
        &["carriage return", "comment character"],
        Phrase::new("an invisible character may not stand here: delete it"),
        "",
    ),
    (
        &["recurs"],
        Phrase::new("lists and tables are nested too deeply"),
        "",
    ),
    (
        &["boolean"],
        Phrase::new("this is neither `true` nor `false`, which are written in small letters"),
        "",
    ),
    (
        &[
            "number",
            "float",
            "sign",
            "radix",
            "zero",
            "digits",
            "date-time",
        ],
        Phrase::new("this is not how a number is written: 42 and 1.5 are numbers"),
        "",
    ),
];

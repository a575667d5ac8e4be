//! What the reader of TOML says of a text that is none, in our words: they say the way out, and can be translated.

use crate::trace::Phrase;

/// What is wrong, by what the reader says of it. It has about fifty sentences; what they advise comes down to these.
pub(super) fn explain(said: &str) -> Phrase {
    // What it expects instead comes behind.
    let (said, _) = said.split_once(", expected").unwrap_or((said, ""));
    let has = |word: &str| said.contains(word);
    if said == "duplicate key" {
        Phrase::new("this key is there already: each stands only once in its section")
    } else if has("with a dotted key") {
        Phrase::new("this key has a value already, so that it cannot have keys of its own")
    } else if has("no value") || has("missing value") || has("missing assignment") {
        Phrase::new("a value is missing: a line reads like {example}")
            .with("example", "`chunk = 2`")
    } else if has("`=`") || has("extra assignment") {
        Phrase::new("one `=` too many: a line reads like {example}").with("example", "`chunk = 2`")
    } else if has("must be quoted") || has("opening quote") {
        Phrase::new("a text stands in quotes, such as {example}").with("example", "\"Hello\"")
    } else if has("escaped value") || has("unicode value digits") || said == "invalid value" {
        Phrase::new(
            "a backslash is followed by something that it cannot stand before: a backslash itself is written twice",
        )
    } else if has("string") {
        Phrase::new(
            "this text does not end as it began, or has something in it that may not be there: it ends with the \
             quotes it begins with, in the same line unless those are three",
        )
    } else if has("comma") {
        Phrase::new("a comma stands between two items, and nowhere else")
    } else if has("array table") || said == "unclosed table" || has("table open") && !has("inline")
    {
        Phrase::new("the head of a section is not closed: it reads like {example}")
            .with("example", "`[[tasks]]`")
    } else if has("array") {
        Phrase::new("a list is not closed: it begins with `[` and ends with `]`")
    } else if said == "unclosed inline table" || said == "missing inline table opening" {
        Phrase::new("a table is not closed: it reads like {example}")
            .with("example", "`{ wait = \"1s\" }`")
    } else if has("unexpected key") || has("unexpected content") {
        Phrase::new(
            "this line is complete before this place: what follows begins on a line of its own",
        )
    } else if has("key") || has("inline table element") {
        Phrase::new(
            "this is no key: a key is made of letters, digits, `_` and `-`, or stands in quotes",
        )
    } else if has("carriage return") || has("comment character") {
        Phrase::new("a character that cannot be seen may not stand here: delete it")
    } else if has("recurs") {
        Phrase::new("lists and tables lie too deep in each other")
    } else if has("number")
        || has("float")
        || has("sign")
        || has("radix")
        || has("zero")
        || has("digits")
    {
        Phrase::new("a number is written otherwise: such as 42 or 1.5")
    } else if has("boolean") {
        Phrase::new("this is neither `true` nor `false`, which are written in small letters")
    } else if has("date-time") {
        Phrase::new("this is not a date as TOML has it: a text stands in quotes")
    } else {
        Phrase::new("this is not TOML: {said}").with("said", said)
    }
}

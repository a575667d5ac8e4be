//! The words of a message: what is allowed, as a list, and a guess at what was meant.

use crate::trace::Phrase;

/// More than so many allowed words help nobody.
const LISTED: usize = 12;

/// The shortest beginning of a word that is taken for the word.
const SHORTEST_PREFIX: usize = 3;

/// The candidate that somebody who typed `word` most likely meant, if one is close enough: one third of its
/// letters may be wrong, as in Cargo's guesses, or it may be the beginning of exactly one.
pub(crate) fn guess<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    // At least one letter has to be right.
    let allowed = (letters.max(3) / 3).min(letters.saturating_sub(1));
    let mut closest: Option<(usize, &str)> = None;
    let mut begun = Vec::new();
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&word, &lower);
        if distance <= allowed && closest.is_none_or(|(best, _)| distance < best) {
            closest = Some((distance, candidate));
        }
        if word.len() >= SHORTEST_PREFIX && lower.starts_with(&word) {
            begun.push(candidate);
        }
    }
    match (closest, begun.as_slice()) {
        (Some((_, candidate)), _) => Some(candidate),
        (None, [candidate]) => Some(candidate),
        (None, _) => None,
    }
}

/// A list as a person reads it: `a`, `b` or `c`.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Phrase {
    let quoted = |word| Phrase::same(format_args!("`{word}`"));
    let mut listed: Vec<Phrase> = words.into_iter().map(quoted).collect();
    let more = listed.len().saturating_sub(LISTED);
    listed.truncate(LISTED);
    let last = match more {
        0 => listed.pop(),
        _ => Some(Phrase::new("one of {more} more").with("more", more)),
    };
    let comma = |before, next| {
        Phrase::new("{before}, {next}")
            .with_words("before", before)
            .with_words("next", next)
    };
    match (listed.into_iter().reduce(comma), last) {
        (Some(before), Some(last)) => Phrase::new("{before} or {last}")
            .with_words("before", before)
            .with_words("last", last),
        (only, None) | (None, only) => {
            only.unwrap_or(Phrase::new("there is nothing to choose from"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_and_a_beginning_are_guessed() {
        let keys = ["chunk", "delay", "closes_after"];
        assert_eq!(guess("chnk", keys), Some("chunk"));
        assert_eq!(guess("dealy", keys), Some("delay"));
        assert_eq!(guess("Chunk", keys), Some("chunk"));
        assert_eq!(guess("closes", keys), Some("closes_after"));
        assert_eq!(guess("colour", keys), None);
        assert_eq!(guess("", keys), None);
        assert_eq!(guess("c", ["a", "b"]), None);
    }

    #[test]
    fn a_long_list_is_cut() {
        let words: Vec<String> = (1..=14).map(|number| format!("t{number}")).collect();
        let list = one_of(words.iter().map(String::as_str)).to_string();
        assert!(list.ends_with("`t12` or one of 2 more"), "{list}");
        assert_eq!(one_of(["a"]).to_string(), "`a`");
        assert_eq!(one_of(["a", "b", "c"]).to_string(), "`a`, `b` or `c`");
    }
}

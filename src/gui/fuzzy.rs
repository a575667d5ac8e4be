//! How well what was typed fits a name, when people type only some of its letters.

/// A letter that begins a word.
const AT_WORD: i32 = 8;
/// A letter right after the one before it.
const IN_A_ROW: i32 = 5;
/// How far what is left out counts at most.
const MOST_GAP: usize = 3;

/// How well `typed` fits `name`: larger is better, `None` not at all. Its letters must all be in the name, in
/// their order; those that begin words or stand together count more. Blanks and capitals count for nothing.
pub(super) fn fit(typed: &str, name: &str) -> Option<i32> {
    let wanted: Vec<char> = letters(typed).filter(|one| !one.is_whitespace()).collect();
    let name: Vec<char> = letters(name).collect();
    // The best way to have matched the letters so far, by where the last of them is.
    let mut best: Vec<Option<i32>> = vec![None; name.len()];
    for (place, &letter) in wanted.iter().enumerate() {
        let before = best.clone();
        for (at, &one) in name.iter().enumerate() {
            best[at] = (one == letter)
                .then(|| arrive(&before, &name, at, place == 0))
                .flatten();
        }
    }
    if wanted.is_empty() {
        return Some(0);
    }
    // Of two that fit alike the shorter one was meant.
    let length = i32::try_from(name.len()).unwrap_or(i32::MAX / 2);
    let best = best.into_iter().flatten().max()?;
    Some(best * 100 - length)
}

/// How well the words of `typed` fit, in whatever order: `None` where one of them begins no word of `texts`. In a script
/// that parts no words by blanks it may stand anywhere. It is comparable with what [`fit`] says of whole words.
pub(super) fn begin(typed: &str, texts: &[&str]) -> Option<i32> {
    let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    let is_there = |wanted: &str| {
        let mut words = texts
            .iter()
            .flat_map(|text| text.split(|one: char| !one.is_alphanumeric()));
        match wanted.is_ascii() {
            true => words.any(|word| word.starts_with(wanted)),
            false => words.any(|word| word.contains(wanted)),
        }
    };
    let mut all = 0;
    for wanted in typed.to_lowercase().split_whitespace() {
        if !is_there(wanted) {
            return None;
        }
        let letters = i32::try_from(wanted.chars().count()).ok()?.min(1_000);
        all += AT_WORD + letters + IN_A_ROW * (letters - 1);
    }
    let length = texts.first().map_or(0, |text| text.chars().count());
    Some(all * 100 - i32::try_from(length).unwrap_or(i32::MAX / 2))
}

/// The best score with the next letter at `at`.
fn arrive(before: &[Option<i32>], name: &[char], at: usize, first: bool) -> Option<i32> {
    let begins = at == 0 || !name[at - 1].is_alphanumeric();
    let own = 1 + if begins { AT_WORD } else { 0 };
    if first {
        return Some(own - gap(at));
    }
    let earlier = before[..at].iter().enumerate();
    let reached = earlier.filter_map(|(last, score)| {
        let skipped = at - last - 1;
        let row = if skipped == 0 {
            IN_A_ROW
        } else {
            -gap(skipped)
        };
        score.map(|score| score + row)
    });
    Some(reached.max()? + own)
}

fn gap(skipped: usize) -> i32 {
    i32::try_from(skipped.min(MOST_GAP)).unwrap_or(0)
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_must_be_there_in_their_order() {
        assert!(fit("nxst", "Next stall").is_some());
        assert!(fit("tsn", "Next stall").is_none());
        assert_eq!(fit("", "Next stall"), Some(0));
        assert!(fit("Ne ST", "next stall").is_some());
    }

    #[test]
    fn beginnings_of_words_count_more_than_letters_within() {
        let best = |typed: &str, names: &[&'static str]| {
            let fits = names
                .iter()
                .filter_map(|name| Some((fit(typed, name)?, *name)));
            fits.max().map(|(_, name)| name)
        };
        let names = ["Previous stall", "Next stall", "Fit the selection"];
        assert_eq!(best("ns", &names), Some("Next stall"));
        assert_eq!(best("fits", &names), Some("Fit the selection"));
        assert_eq!(best("zoom", &["Zoom in", "Zoom out"]), Some("Zoom in"));
    }

    #[test]
    fn words_are_found_in_any_order_by_their_beginnings() {
        let texts = ["Export the trace…", "save, chrome"];
        for typed in ["save", "sav trace", "trace exp", "Chrome"] {
            assert!(begin(typed, &texts).is_some(), "{typed}");
        }
        for typed in ["ave", "save all", "port"] {
            assert_eq!(begin(typed, &texts), None, "{typed}");
        }
        assert!(begin("缩小", &["看更多、缩小一些"]).is_some());
        assert_eq!(begin("缩放", &["看更多、缩小一些"]), None);
        let [short, long] = ["Loop", "Loop lag"].map(|name| begin("loop", &[name]));
        assert!(short > long, "the shorter one was meant");
    }
}

//! What a scenario says of itself to people.

use serde::Deserialize;

/// A scenario's words in one language. What is empty is not said in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Story {
    /// One line.
    pub title: String,
    /// What happens, in a few sentences.
    pub summary: String,
    /// What to look for, a sentence or two each.
    pub look_for: Vec<String>,
}

/// The first sentence of a summary, without the blanks around it.
pub(super) fn first_sentence(summary: &str) -> &str {
    let summary = summary.trim();
    let end = summary.find(". ").map(|at| at + 1);
    // A Chinese sentence ends without a blank.
    let end = end.or_else(|| summary.find('。').map(|at| at + '。'.len_utf8()));
    end.map_or(summary, |end| &summary[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_at_its_full_stop() {
        assert_eq!(
            first_sentence(" It takes 1.2 s. Then it ends.\n"),
            "It takes 1.2 s."
        );
        assert_eq!(first_sentence("要 1.2 秒。然后结束。"), "要 1.2 秒。");
        assert_eq!(first_sentence("No end"), "No end");
    }
}

//! The prose of scenarios: text in which `*this*` is emphasised and `` `this` `` is code.

use egui::text::LayoutJob;
use egui::{FontId, TextFormat, Ui};

use crate::gui::theme;

/// How a piece of prose is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Plain,
    Emphasis,
    Code,
}

/// A text as it is to be shown, in lines as wide as there is room.
pub(super) fn job(ui: &Ui, text: &str) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let color = ui.visuals().text_color();
    for (set, piece) in pieces(text.trim()) {
        let font = match set {
            Set::Code => FontId::monospace(theme::BODY - 1.0),
            Set::Plain | Set::Emphasis => theme::body(),
        };
        // What is written in squares does not slant: it is told apart by its colour.
        let is_square = piece.chars().any(|letter| letter >= '\u{2e80}');
        let color = match set {
            Set::Emphasis if is_square => ui.visuals().strong_text_color(),
            _ => color,
        };
        let format = TextFormat {
            italics: set == Set::Emphasis && !is_square,
            line_height: Some(theme::LINE),
            ..TextFormat::simple(font, color)
        };
        job.append(piece, 0.0, format);
    }
    job
}

/// The pieces of a text, without what marks them. A mark without its other half is what it is, and so is one that has a
/// blank where its text should begin.
fn pieces(text: &str) -> Vec<(Set, &str)> {
    let mut pieces = Vec::new();
    let (mut rest, mut plain) = (text, 0);
    while let Some(at) = rest[plain..].find(['*', '`']).map(|at| plain + at) {
        let set = match rest.as_bytes()[at] {
            b'*' => Set::Emphasis,
            _ => Set::Code,
        };
        let inner = &rest[at + 1..];
        let end = inner.find(&rest[at..=at]).unwrap_or(0);
        if end == 0 || inner.starts_with(' ') {
            plain = at + 1;
            continue;
        }
        pieces.push((Set::Plain, &rest[..at]));
        pieces.push((set, &inner[..end]));
        (rest, plain) = (&inner[end + 1..], 0);
    }
    pieces.push((Set::Plain, rest));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_set_otherwise_and_the_marks_are_gone() {
        let found = pieces("Follow *poem*: `get_poem` 先 *in slices*");
        let expected = [
            (Set::Plain, "Follow "),
            (Set::Emphasis, "poem"),
            (Set::Plain, ": "),
            (Set::Code, "get_poem"),
            (Set::Plain, " 先 "),
            (Set::Emphasis, "in slices"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_mark_alone_is_what_it_is() {
        assert_eq!(pieces("2 * 3"), [(Set::Plain, "2 * 3")]);
        assert_eq!(pieces("2 * 3 * 4"), [(Set::Plain, "2 * 3 * 4")]);
        assert_eq!(pieces("**"), [(Set::Plain, "**")]);
        assert_eq!(pieces(""), []);
    }
}

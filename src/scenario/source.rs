//! The text of a scenario file, and where in it something stands.

use std::fs;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::Path;

use super::error::Mistake;
use super::limits;
use crate::trace::Phrase;

/// A whole file of at most [`limits::MAX_TEXT`] bytes; a device that never ends is not read to the end.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = limits::MAX_TEXT as u64;
    fs::File::open(path)?
        .take(most + 1)
        .read_to_end(&mut text)?;
    if text.len() > limits::MAX_TEXT {
        let message = Phrase::new("it has more than {most} bytes").with("most", most);
        return Err(io::Error::other(message));
    }
    Ok(text)
}

/// A text and what it is called in messages.
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A mistake at the first byte of `span`.
    pub(super) fn mistake(
        &self,
        span: &Range<usize>,
        key: impl Into<String>,
        message: Phrase,
    ) -> Mistake {
        let (line, column) = self.position(span.start);
        Mistake {
            file: self.name.to_owned(),
            line,
            column,
            key: key.into(),
            message,
        }
    }

    /// Line and column (in characters) of a byte, both counted from 1.
    fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let source = Source {
            name: "t",
            text: "a\nβγ=1\n",
        };
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(2), (2, 1));
        assert_eq!(source.position(6), (2, 3));
        assert_eq!(source.position(9), (3, 1));
        assert_eq!(source.position(99), (3, 1));
    }
}

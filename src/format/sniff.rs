//! What a file that is no trace seems to be.

use crate::trace::Phrase;

/// Guesses from the first bytes of a file, and says what to do with it.
pub(super) fn looks_like(start: &[u8]) -> Phrase {
    const KNOWN: [(&[u8], Phrase); 5] = [
        (b"\x89PNG\r\n\x1a\n", Phrase::new("it is a PNG picture")),
        (
            b"\x1f\x8b",
            Phrase::new(
                "it is compressed with gzip: unpack it first, and see whether a trace is in it",
            ),
        ),
        (
            b"PK\x03\x04",
            Phrase::new("it is a zip archive: unpack it first, and see whether a trace is in it"),
        ),
        (b"\x7fELF", Phrase::new("it is a program")),
        (
            super::csv::HEADER_START.as_bytes(),
            Phrase::new(
                "it is a table of a trace: Loopscope writes .csv but reads only .loopscope",
            ),
        ),
    ];
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| start.starts_with(magic)) {
        return what.clone();
    }
    // A character may be cut in two where the first bytes end.
    let valid = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return Phrase::new("it holds binary data of another kind"),
    };
    if valid.contains('\0') {
        return Phrase::new("it holds binary data of another kind");
    }
    let text = valid.trim_start();
    let json = text.starts_with('{') || text.starts_with('[');
    if json && (text.contains("\"traceEvents\"") || text.contains("\"ph\"")) {
        return Phrase::new(
            "it is Chrome JSON, which Loopscope writes but does not read: open the .loopscope file, or look \
                at this one in ui.perfetto.dev",
        );
    }
    if json {
        return Phrase::new("it is JSON of another kind");
    }
    if text.contains("[[server") || text.contains("[[task") {
        return Phrase::new("it seems to be a scenario: run it with `loopscope run`");
    }
    Phrase::new("it is a text file")
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn what_people_are_likely_to_try_is_recognized() {
        let cases: [(&[u8], &str); 10] = [
            (b"\x89PNG\r\n\x1a\n....", "PNG"),
            (b"{\"traceEvents\":[]}", "does not read"),
            (b"[\n{\"name\":\"x\",\"ph\":\"B\"", "does not read"),
            (b"{\"a\":1}", "JSON of another kind"),
            (b"model,lane,lane_name,depth", "table"),
            (b"title = 1\n[[servers]]", "loopscope run"),
            (b"hello", "text"),
            (&"ö".as_bytes()[..1], "text"),
            (b"a\0b", "binary"),
            (b"\xff\xfe\xfd", "binary"),
        ];
        for (bytes, said) in cases {
            let told = looks_like(bytes).to_string();
            assert!(told.contains(said), "{told}");
        }
    }
}

//! What a file that is no trace seems to be.

/// Guesses from the first bytes of a file, and says what to do with it.
pub(super) fn looks_like(start: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n", "it is a PNG picture"),
        (
            b"\x1f\x8b",
            "it is compressed with gzip: unpack it first, and see whether a trace is in it",
        ),
        (
            b"PK\x03\x04",
            "it is a zip archive: unpack it first, and see whether a trace is in it",
        ),
        (b"\x7fELF", "it is a program"),
        (
            super::csv::HEADER_START.as_bytes(),
            "it is a table of a trace: Loopscope writes .csv but reads only .loopscope",
        ),
    ];
    if let Some((_, what)) = KNOWN.iter().find(|(magic, _)| start.starts_with(magic)) {
        return what;
    }
    // A character may be cut in two where the first bytes end.
    let valid = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return "it holds binary data of another kind",
    };
    if valid.contains('\0') {
        return "it holds binary data of another kind";
    }
    let text = valid.trim_start();
    let json = text.starts_with('{') || text.starts_with('[');
    if json && (text.contains("\"traceEvents\"") || text.contains("\"ph\"")) {
        return "it is Chrome JSON, which Loopscope writes but does not read: open the .loopscope file, or look \
                at this one in ui.perfetto.dev";
    }
    if json {
        return "it is JSON of another kind";
    }
    if text.contains("[[server") || text.contains("[[task") {
        return "it seems to be a scenario: run it with `loopscope run`";
    }
    "it is text"
}

#[cfg(test)]
mod tests {
    use super::looks_like;

    #[test]
    fn what_people_are_likely_to_try_is_recognized() {
        assert!(looks_like(b"\x89PNG\r\n\x1a\n....").contains("PNG"));
        assert!(looks_like(b"{\"traceEvents\":[]}").contains("does not read"));
        assert!(looks_like(b"[\n{\"name\":\"x\",\"ph\":\"B\"").contains("does not read"));
        assert!(looks_like(b"{\"a\":1}").contains("JSON of another kind"));
        assert!(looks_like("model,lane,lane_name,depth".as_bytes()).contains("table"));
        assert!(looks_like(b"title = 1\n[[servers]]").contains("loopscope run"));
        assert!(looks_like(b"hello").contains("text"));
        assert!(looks_like(&"ö".as_bytes()[..1]).contains("text"));
        assert!(looks_like(b"a\0b").contains("binary"));
        assert!(looks_like(b"\xff\xfe\xfd").contains("binary"));
    }
}

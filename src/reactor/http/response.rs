//! What a server answers, as it arrives.

use httparse::{EMPTY_HEADER, Status};

/// How many headers a response may have.
const MAX_HEADERS: usize = 128;

/// What a server answered.
///
/// ```
/// use loopscope::reactor::Response;
///
/// let response = Response {
///     status: 200,
///     reason: "OK".to_owned(),
///     headers: vec![("Content-Type".to_owned(), b"text/plain".to_vec())],
///     body: b"poem".to_vec(),
/// };
/// assert_eq!(response.header("content-type"), Some(&b"text/plain"[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// What the server calls that status, which may be nothing.
    pub reason: String,
    /// The headers, in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, without what it was wrapped in on its way.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the first header with this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = move |(other, _): &&(String, Vec<u8>)| other.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| &**value)
    }
}

/// What a server sent is not a response.
///
/// ```
/// use loopscope::reactor::{HttpError, Malformed};
///
/// /// How much more the agent should allow the next time, if that is what was wrong.
/// fn larger(error: &HttpError) -> Option<usize> {
///     match error {
///         HttpError::Malformed(Malformed::TooLong(bytes)) => Some(2 * bytes),
///         _ => None,
///     }
/// }
///
/// assert_eq!(larger(&Malformed::TooLong(1024).into()), Some(2048));
/// assert_eq!(larger(&Malformed::Length.into()), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Its head cannot be read.
    #[error("the head of the response cannot be read: {0}")]
    Head(httparse::Error),
    /// Its length cannot be read, or is given twice.
    #[error("the length of the response's body cannot be read")]
    Length,
    /// A piece of its body does not begin or end as one.
    #[error("a chunk of the response's body is not framed as one")]
    Chunk,
    /// It is longer than the agent allows.
    #[error("the response is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads a response as its bytes arrive, cut anywhere, whoever reads them.
pub(crate) struct ResponseParser {
    max_bytes: usize,
    /// How many bytes arrived so far.
    arrived: usize,
    /// What was not understood yet.
    rest: Vec<u8>,
    response: Option<Response>,
    body: Body,
}

/// How the body ends.
#[derive(Clone, Copy)]
enum Body {
    /// After so many further bytes.
    Length(usize),
    /// With a chunk of no bytes, after which lines may follow.
    Chunks,
    Trailers,
    /// With the connection.
    UntilClose,
}

impl ResponseParser {
    /// For a response of at most `max_bytes`, with its head.
    pub(crate) const fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            arrived: 0,
            rest: Vec::new(),
            response: None,
            body: Body::UntilClose,
        }
    }

    /// Bytes arrived. The response, once it is whole.
    pub(crate) fn push(&mut self, data: &[u8]) -> Result<Option<Response>, Malformed> {
        self.arrived = self.arrived.saturating_add(data.len());
        if self.arrived > self.max_bytes {
            return Err(Malformed::TooLong(self.max_bytes));
        }
        self.rest.extend_from_slice(data);
        while self.response.is_none() {
            if !self.read_head()? {
                return Ok(None);
            }
        }
        let is_whole = self.read_body()?;
        Ok(if is_whole { self.response.take() } else { None })
    }

    /// The server sends no more. The response, if that makes it whole.
    pub(crate) fn end(&mut self) -> Option<Response> {
        match self.body {
            Body::UntilClose => self.response.take(),
            _ => None,
        }
    }

    /// Whether the head was there, and is understood.
    fn read_head(&mut self) -> Result<bool, Malformed> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let Status::Complete(length) = head.parse(&self.rest).map_err(Malformed::Head)? else {
            return Ok(false);
        };
        let named = |header: &httparse::Header<'_>| (header.name.to_owned(), header.value.to_vec());
        let response = Response {
            status: head.code.unwrap_or_default(),
            reason: head.reason.unwrap_or_default().to_owned(),
            headers: head.headers.iter().map(named).collect(),
            body: Vec::new(),
        };
        self.rest.drain(..length);
        // Another head follows on one that only informs.
        if !(100..200).contains(&response.status) {
            self.body = Body::of(&response)?;
            self.response = Some(response);
        }
        Ok(true)
    }

    /// Whether the body is whole.
    fn read_body(&mut self) -> Result<bool, Malformed> {
        let Some(response) = &mut self.response else {
            return Ok(false);
        };
        let mut rest = &*self.rest;
        let is_whole = self.body.read(&mut rest, &mut response.body)?;
        // Once for all that was understood: a body may come in many small chunks.
        let used = self.rest.len() - rest.len();
        self.rest.drain(..used);
        Ok(is_whole)
    }
}

impl Body {
    /// Takes from `rest` what is understood of it, and adds what is of the body to `body`. Whether that is whole.
    fn read(&mut self, rest: &mut &[u8], body: &mut Vec<u8>) -> Result<bool, Malformed> {
        loop {
            match *self {
                Self::UntilClose => {
                    body.extend_from_slice(rest);
                    *rest = &[];
                    return Ok(false);
                }
                Self::Length(left) => {
                    let (taken, behind) = rest.split_at(left.min(rest.len()));
                    body.extend_from_slice(taken);
                    *rest = behind;
                    *self = Self::Length(left - taken.len());
                    return Ok(left == taken.len());
                }
                Self::Chunks => {
                    let size = httparse::parse_chunk_size(rest).map_err(|_| Malformed::Chunk)?;
                    let Status::Complete((begin, size)) = size else {
                        return Ok(false);
                    };
                    if size == 0 {
                        *rest = &rest[begin..];
                        *self = Self::Trailers;
                        continue;
                    }
                    let end = usize::try_from(size)
                        .ok()
                        .and_then(|size| begin.checked_add(size)?.checked_add(2));
                    let Some((chunk, behind)) = end.and_then(|end| rest.split_at_checked(end))
                    else {
                        return Ok(false);
                    };
                    let chunk = chunk[begin..].strip_suffix(b"\r\n");
                    body.extend_from_slice(chunk.ok_or(Malformed::Chunk)?);
                    *rest = behind;
                }
                Self::Trailers => {
                    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
                    let trailers = httparse::parse_headers(rest, &mut headers);
                    return Ok(trailers.map_err(Malformed::Head)?.is_complete());
                }
            }
        }
    }

    /// How the body of a response to a GET ends (RFC 9112, section 6.3).
    fn of(head: &Response) -> Result<Self, Malformed> {
        if matches!(head.status, 204 | 304) {
            return Ok(Self::Length(0));
        }
        if let Some(coding) = head.values("Transfer-Encoding").last() {
            let last = coding
                .rsplit(|&byte| byte == b',')
                .next()
                .unwrap_or_default();
            let is_chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
            return Ok(if is_chunked {
                Self::Chunks
            } else {
                Self::UntilClose
            });
        }
        let mut lengths = head.values("Content-Length").map(|value| {
            let digits = std::str::from_utf8(value.trim_ascii()).ok();
            digits
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|digits| digits.parse::<usize>().ok())
                .ok_or(Malformed::Length)
        });
        let Some(length) = lengths.next().transpose()? else {
            return Ok(Self::UntilClose);
        };
        if lengths.all(|other| other == Ok(length)) {
            Ok(Self::Length(length))
        } else {
            Err(Malformed::Length)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What comes of `text`, cut into pieces of `size` bytes, and of the end after it.
    fn parse(text: &str, size: usize) -> Result<Option<Response>, Malformed> {
        let mut parser = ResponseParser::new(1_000);
        for piece in text.as_bytes().chunks(size) {
            if let Some(response) = parser.push(piece)? {
                return Ok(Some(response));
            }
        }
        Ok(parser.end())
    }

    fn body(text: &str) -> Option<String> {
        let response = parse(text, 3).expect("it is well-formed")?;
        Some(String::from_utf8(response.body).expect("a text"))
    }

    #[test]
    fn a_body_ends_as_its_head_says() {
        let head = "HTTP/1.1 200 OK\r\n";
        for (text, expected) in [
            ("Content-Length: 4\r\n\r\npoem and more", Some("poem")),
            ("Content-Length: 4\r\n\r\npoe", None),
            ("Content-Length: 0\r\n\r\n", Some("")),
            (
                "Content-Length: 4\r\nContent-Length: 4\r\n\r\npoem",
                Some("poem"),
            ),
            ("\r\npoem", Some("poem")),
            (
                "Transfer-Encoding: chunked\r\n\r\n3\r\npoe\r\n1;x=y\r\nm\r\n0\r\n\r\n",
                Some("poem"),
            ),
            (
                "Transfer-Encoding: gzip, Chunked\r\n\r\n0\r\nAfter: all\r\n\r\n",
                Some(""),
            ),
            ("Transfer-Encoding: chunked\r\n\r\n4\r\npoem\r\n", None),
            ("Transfer-Encoding: gzip\r\n\r\npoem", Some("poem")),
        ] {
            assert_eq!(
                body(&format!("{head}{text}")).as_deref(),
                expected,
                "{text}"
            );
        }
        assert_eq!(
            body("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").as_deref(),
            Some("")
        );
        assert_eq!(
            body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
                .as_deref(),
            Some("x")
        );
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent"), None);
    }

    #[test]
    fn the_head_is_there_in_whatever_case() {
        let text =
            "HTTP/1.1 404 Not Found\r\nX-Poet: Donne\r\nx-poet: Yeats\r\nContent-Length: 0\r\n\r\n";
        let response = parse(text, 5).expect("well-formed").expect("whole");
        assert_eq!((response.status, &*response.reason), (404, "Not Found"));
        assert_eq!(response.header("X-POET"), Some(&b"Donne"[..]));
        assert_eq!(response.header("X-Painter"), None);
        assert_eq!(response.headers.len(), 3);
    }

    #[test]
    fn what_is_no_response_is_told() {
        let malformed = |text: &str| parse(text, 7).expect_err(text);
        assert!(matches!(
            malformed("SSH-2.0-OpenSSH\r\n"),
            Malformed::Head(_)
        ));
        for length in ["-1", "+4", "x", "", "4\r\nContent-Length: 5"] {
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\npoem");
            assert_eq!(malformed(&text), Malformed::Length, "{length}");
        }
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for chunk in ["x\r\n", "3\r\npoem\r\n", "fffffffffffffffff\r\n"] {
            assert_eq!(
                malformed(&format!("{chunked}{chunk}")),
                Malformed::Chunk,
                "{chunk}"
            );
        }
        let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_000));
        assert_eq!(malformed(&long), Malformed::TooLong(1_000));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_cutting_gives_the_same_response(
            chunks in prop::collection::vec("[a-z\r\n]{1,20}", 0..10),
            size in 1_usize..100,
        ) {
            let mut text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
            for chunk in &chunks {
                text += &format!("{:x}\r\n{chunk}\r\n", chunk.len());
            }
            text += "0\r\n\r\n";
            let response = parse(&text, size).expect("well-formed").expect("whole");
            prop_assert_eq!(response.body, chunks.concat().into_bytes());
        }

        #[test]
        fn nothing_that_arrives_does_harm(data in prop::collection::vec(any::<u8>(), 0..200), size in 1_usize..50) {
            let text = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &*data].concat();
            for bytes in [&data, &text] {
                let mut parser = ResponseParser::new(1_000);
                for piece in bytes.chunks(size) {
                    if !matches!(parser.push(piece), Ok(None)) {
                        break;
                    }
                }
            }
        }
    }
}

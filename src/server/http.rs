//! A text as the body of an HTTP response: one request per connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::drip::Drip;
use super::pace::Pace;
use super::talk::{Next, Talk};
use super::text::Text;

/// How many bytes the head of a request may have.
const LONGEST_HEAD: usize = 8 * 1024;

/// How many headers it may have.
const MOST_HEADERS: usize = 64;

/// The answer to what is no request.
const REFUSAL: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The head of the response with a body of so many bytes.
pub(super) fn head(length: usize) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    )
}

/// One request and its response. Whatever is asked for, the answer is the server's text.
#[derive(Debug)]
pub(super) struct Http {
    text: Text,
    pace: Pace,
    state: State,
}

#[derive(Debug)]
enum State {
    /// This came of the head of the request.
    Request(Vec<u8>),
    /// The response is on its way.
    Response(Drip),
    /// There was no request.
    Over,
}

/// What the first bytes of a request are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Whole,
    Partial,
    Bad,
}

impl Http {
    /// Waits for a request.
    pub(super) const fn new(text: Text, pace: Pace) -> Self {
        Self {
            text,
            pace,
            state: State::Request(Vec::new()),
        }
    }
}

impl Talk for Http {
    /// What comes after the head is read as well, and forgotten: a connection that is closed with something
    /// unread is reset, and its client might lose the response.
    fn listens(&self) -> bool {
        true
    }

    fn hear(&mut self, data: &[u8], now: Instant) {
        let State::Request(heard) = &mut self.state else {
            return;
        };
        heard.extend_from_slice(data);
        self.state = match judge(heard) {
            Head::Partial => return,
            Head::Whole => State::Response(Drip::response(self.text.clone(), self.pace, now)),
            Head::Bad => State::Response(refusal(now)),
        };
    }

    fn heard_all(&mut self) {
        if matches!(self.state, State::Request(_)) {
            self.state = State::Over;
        }
    }

    fn next(&mut self, now: Instant) -> Next<'_> {
        match &mut self.state {
            State::Request(_) => Next::Wait(None),
            State::Response(drip) => drip.next(now),
            State::Over => Next::Close,
        }
    }

    fn took(&mut self, bytes: usize) {
        if let State::Response(drip) = &mut self.state {
            drip.took(bytes);
        }
    }

    fn caught_up(&mut self, now: Instant) {
        if let State::Response(drip) = &mut self.state {
            drip.caught_up(now);
        }
    }

    fn set_pace(&mut self, pace: Pace, now: Instant) {
        self.pace = pace;
        if let State::Response(drip) = &mut self.state {
            drip.set_pace(pace, now);
        }
    }
}

fn judge(heard: &[u8]) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    match httparse::Request::new(&mut headers).parse(heard) {
        Ok(httparse::Status::Complete(length)) if length <= LONGEST_HEAD => Head::Whole,
        Ok(httparse::Status::Partial) if heard.len() < LONGEST_HEAD => Head::Partial,
        _ => Head::Bad,
    }
}

/// All of it at once.
fn refusal(now: Instant) -> Drip {
    let text = Text {
        bytes: Arc::from(REFUSAL),
        head: REFUSAL.len(),
        end: REFUSAL.len(),
    };
    Drip::response(text, Pace::new(1, Duration::ZERO), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const DELAY: Duration = Duration::from_millis(10);

    fn http(body: &str, chunk: usize) -> Http {
        let head = head(body.len());
        let bytes: Arc<[u8]> = Arc::from([head.as_bytes(), body.as_bytes()].concat());
        let end = bytes.len();
        let text = Text {
            bytes,
            head: head.len(),
            end,
        };
        Http::new(text, Pace::new(chunk, DELAY))
    }

    /// All that is sent with the time at which it is, and when it closes, in milliseconds.
    fn run(http: &mut Http, start: Instant) -> (Vec<(u128, String)>, u128) {
        let mut now = start;
        let mut pieces = Vec::new();
        loop {
            let since = (now - start).as_millis();
            match http.next(now) {
                Next::Send(piece) => {
                    let bytes = piece.len();
                    pieces.push((since, String::from_utf8_lossy(piece).into_owned()));
                    http.took(bytes);
                }
                Next::Wait(due) => now = due.expect("it has heard enough"),
                Next::Close => return (pieces, since),
            }
        }
    }

    #[test]
    fn each_piece_takes_a_delay_and_the_head_goes_with_the_first() {
        let start = Instant::now();
        let mut http = http("Hello", 2);
        http.hear(REQUEST, start);
        let first = format!("{}He", head(5));
        let (pieces, closed) = run(&mut http, start);
        assert_eq!(
            pieces,
            [(10, first), (20, "ll".to_owned()), (30, "o".to_owned())]
        );
        assert_eq!(closed, 30);
    }

    #[test]
    fn an_empty_text_is_a_head_at_once() {
        let start = Instant::now();
        let mut http = http("", 2);
        http.hear(REQUEST, start);
        assert_eq!(run(&mut http, start), (vec![(0, head(0))], 0));
    }

    #[test]
    fn it_waits_until_the_head_is_whole() {
        let start = Instant::now();
        let mut http = http("Hello", 5);
        for byte in &REQUEST[..REQUEST.len() - 1] {
            http.hear(&[*byte], start);
            assert_eq!(http.next(start), Next::Wait(None));
        }
        http.hear(b"\nand a body", start);
        assert_eq!(http.next(start), Next::Wait(Some(start + DELAY)));
    }

    #[test]
    fn what_is_no_request_or_too_long_is_refused_at_once() {
        let start = Instant::now();
        let long = [b"GET /", vec![b'x'; LONGEST_HEAD].as_slice()].concat();
        let whole = [&long[..], b" HTTP/1.1\r\n\r\n"].concat();
        let crowded = "GET / HTTP/1.1\r\n".to_owned() + &"a: b\r\n".repeat(MOST_HEADERS + 1);
        for bad in [
            b"\x16\x03\x01".as_slice(),
            &long,
            &whole,
            crowded.as_bytes(),
        ] {
            let mut http = http("Hello", 2);
            http.hear(bad, start);
            let refusal = String::from_utf8_lossy(REFUSAL).into_owned();
            assert_eq!(run(&mut http, start), (vec![(0, refusal)], 0));
        }
    }

    #[test]
    fn a_client_that_ends_without_a_request_gets_nothing() {
        let start = Instant::now();
        let mut http = http("Hello", 2);
        http.hear(b"GET / HT", start);
        http.heard_all();
        assert_eq!(run(&mut http, start), (vec![], 0));
    }

    #[test]
    fn a_client_that_says_no_more_gets_its_response_all_the_same() {
        let start = Instant::now();
        let mut http = http("Hello", 5);
        http.hear(REQUEST, start);
        http.heard_all();
        assert_eq!(run(&mut http, start).1, 10);
    }

    #[test]
    fn a_new_pace_counts_before_the_request_and_during_the_response() {
        let start = Instant::now();
        let mut http = http("Hello", 1);
        http.set_pace(Pace::new(3, 2 * DELAY), start);
        http.hear(REQUEST, start);
        http.set_pace(Pace::new(4, DELAY / 2), start);
        let (pieces, closed) = run(&mut http, start);
        assert_eq!(pieces[0], (5, format!("{}Hell", head(5))));
        assert_eq!(closed, 10);
    }
}

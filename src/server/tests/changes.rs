//! Another pace while they run.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use super::{Client, FOR_EVER, MILLISECOND, connect, echo, http, server, start, tcp};
use crate::scenario::Over;

#[test]
fn a_shorter_delay_ends_the_one_that_has_begun() {
    let servers = start(&[server("Hello", 2, FOR_EVER), server("other", 2, FOR_EVER)]);
    let [mut stream, mut other] = [0, 1].map(|place| connect(tcp(&servers, place)));
    let mut first = [0; 2];
    for stream in [&mut stream, &mut other] {
        stream.read_exact(&mut first).expect("the first piece");
    }
    let begin = Instant::now();
    servers.set_pace(0, 1, MILLISECOND);
    let mut rest = String::new();
    stream
        .read_to_string(&mut rest)
        .expect("the server closes in order");
    assert_eq!(rest, "llo");
    assert!(begin.elapsed() < FOR_EVER / 2, "{:?}", begin.elapsed());
    other.set_nonblocking(true).expect("it may not block");
    assert!(
        other.read(&mut first).is_err(),
        "the other server goes on as before"
    );
}

#[test]
fn a_longer_delay_and_a_smaller_piece_count_for_those_that_come_too() {
    let delay = Duration::from_millis(20);
    let servers = start(&[server("Hello", 5, MILLISECOND)]);
    servers.set_pace(0, 3, delay);
    // The system reports in the order in which things happen: the order was there before the client.
    let begin = Instant::now();
    let mut heard = String::new();
    let mut late = connect(tcp(&servers, 0));
    late.read_to_string(&mut heard).expect("it closes in order");
    assert_eq!(heard, "Hello");
    assert!(begin.elapsed() >= 2 * delay, "{:?}", begin.elapsed());
}

#[test]
fn a_response_and_an_answer_that_wait_come_at_once() {
    let mut servers = vec![http("Hello", 5, FOR_EVER)];
    servers.extend(Over::ALL.map(|over| echo(over, FOR_EVER)));
    let servers = start(&servers);
    let mut asks = connect(tcp(&servers, 0));
    asks.write_all(b"GET / HTTP/1.0\r\n\r\n")
        .expect("it listens");
    let mut clients: Vec<_> = (1..=Over::ALL.len())
        .map(|place| Client::to(&servers, place))
        .collect();
    for client in &mut clients {
        client.say("me\n").expect("it listens");
    }
    for place in 0..=Over::ALL.len() {
        servers.set_pace(place, 5, Duration::ZERO);
    }
    let mut response = String::new();
    asks.read_to_string(&mut response)
        .expect("it closes in order");
    assert!(response.ends_with("\r\n\r\nHello"), "{response}");
    for client in &mut clients {
        assert_eq!(client.hear(3), "me\n");
    }
}

#[test]
fn nonsense_does_no_harm() {
    let servers = start(&[server("Hello", 2, FOR_EVER)]);
    let mut stream = connect(tcp(&servers, 0));
    servers.set_pace(1, 1, MILLISECOND);
    servers.set_pace(usize::MAX, 1, MILLISECOND);
    servers.set_pace(0, usize::MAX, Duration::MAX);
    servers.set_pace(0, 0, Duration::ZERO);
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .expect("the server closes in order");
    assert_eq!(text, "Hello");
}

//! A text as the body of a response.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use super::{FOR_EVER, MILLISECOND, connect, dead, http, start, tcp};
use crate::scenario::{Fault, Server};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What a server answers until it closes.
fn ask(servers: &super::Servers, request: &[u8]) -> String {
    let mut stream = connect(tcp(servers, 0));
    stream.write_all(request).expect("it listens");
    let mut response = String::new();
    stream
        .read_to_string(&mut response)
        .expect("the server closes in order");
    response
}

fn body(response: &str) -> Option<&str> {
    let (head, body) = response.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 OK\r\n").then_some(body)
}

#[test]
fn a_request_gets_the_text_as_it_is() {
    let text = "Hello ".repeat(1000);
    let servers = start(&[http(&text, 500, MILLISECOND)]);
    for _ in 0..3 {
        let response = ask(&servers, REQUEST);
        assert_eq!(body(&response), Some(text.as_str()));
        assert!(
            response.contains("\r\nContent-Length: 6000\r\n"),
            "{response}"
        );
        assert!(response.contains("\r\nConnection: close\r\n"), "{response}");
    }
}

#[test]
fn a_client_that_goes_by_the_length_has_waited_a_delay_for_each_piece() {
    let delay = Duration::from_millis(20);
    let servers = start(&[http("Hello", 2, delay)]);
    let mut stream = connect(tcp(&servers, 0));
    let begin = Instant::now();
    stream.write_all(REQUEST).expect("it listens");
    let mut response = Vec::new();
    while !response.ends_with(b"Hello") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the text is not over");
        response.push(byte[0]);
    }
    assert!(begin.elapsed() >= 3 * delay, "{:?}", begin.elapsed());
}

#[test]
fn a_request_may_come_in_parts_and_nothing_is_said_before_it_is_whole() {
    let servers = start(&[http("Hello", 5, MILLISECOND)]);
    let mut slow = connect(tcp(&servers, 0));
    let (most, last) = REQUEST.split_at(REQUEST.len() - 1);
    slow.write_all(most).expect("it listens");
    // Another one is served meanwhile, so the server has read the first part.
    assert_eq!(body(&ask(&servers, REQUEST)), Some("Hello"));
    slow.set_nonblocking(true).expect("it may not block");
    assert!(slow.read(&mut [0]).is_err(), "it says something already");
    slow.set_nonblocking(false).expect("it may block");
    slow.write_all(last).expect("it listens");
    let mut response = String::new();
    slow.read_to_string(&mut response)
        .expect("the server closes in order");
    assert_eq!(body(&response), Some("Hello"));
}

#[test]
fn what_is_no_request_is_refused() {
    let servers = start(&[http("Hello", 5, FOR_EVER)]);
    let long = [
        b"GET /",
        vec![b'x'; 100_000].as_slice(),
        b" HTTP/1.1\r\n\r\n",
    ]
    .concat();
    for bad in [&b"what?\r\n\r\n"[..], &long] {
        let mut stream = connect(tcp(&servers, 0));
        // It may close before it has read all of it.
        let _ = stream.write_all(bad);
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        let response = String::from_utf8_lossy(&response);
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    }
}

#[test]
fn a_broken_server_closes_after_so_many_bytes_of_the_text() {
    let broken = Server {
        fault: Some(Fault::ClosesAfter(3)),
        ..http("Hello", 2, MILLISECOND)
    };
    let response = ask(&start(&[broken]), REQUEST);
    assert_eq!(body(&response), Some("Hel"));
    assert!(response.contains("Content-Length: 5"), "{response}");
}

#[test]
fn a_dead_one_refuses() {
    let servers = start(&[dead(http("Hello", 5, FOR_EVER))]);
    assert!(std::net::TcpStream::connect(tcp(&servers, 0)).is_err());
}

#[test]
fn stopping_closes_those_that_wait_for_a_request_and_those_that_wait_for_a_response() {
    let servers = start(&[http("Hello", 5, FOR_EVER)]);
    let mut clients = [connect(tcp(&servers, 0)), connect(tcp(&servers, 0))];
    clients[1].write_all(REQUEST).expect("it listens");
    servers.stop();
    for client in &mut clients {
        let mut rest = Vec::new();
        // A request that was never read makes it a reset.
        let _ = client.read_to_end(&mut rest);
        assert_eq!(rest, b"");
    }
}

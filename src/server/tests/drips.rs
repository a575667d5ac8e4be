//! A text, piece by piece.

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::{FOR_EVER, connect, download, server, start, tcp};
use crate::scenario::{Fault, POEMS, Server};

#[test]
fn every_client_gets_the_whole_text_of_its_server() {
    let delay = Duration::from_millis(1);
    let servers = start(&POEMS.map(|(_, poem)| server(poem, 100, delay)));
    let clients: Vec<_> = (0..30)
        .map(|number| {
            let place = number % POEMS.len();
            let address = tcp(&servers, place);
            (place, thread::spawn(move || download(address)))
        })
        .collect();
    for (place, client) in clients {
        assert_eq!(client.join().expect("it downloads"), POEMS[place].1);
    }
}

#[test]
fn a_download_takes_a_delay_per_piece_the_last_one_included() {
    let delay = Duration::from_millis(20);
    let servers = start(&[server("Hello", 2, delay)]);
    let begin = Instant::now();
    let mut stream = connect(tcp(&servers, 0));
    let mut pieces = Vec::new();
    let mut piece = [0; 16];
    loop {
        let bytes = stream.read(&mut piece).expect("the server closes in order");
        if bytes == 0 {
            break;
        }
        pieces.push(String::from_utf8_lossy(&piece[..bytes]).into_owned());
    }
    // A test that is not scheduled for a while may find two pieces as one; it never finds them too early.
    assert_eq!(pieces.concat(), "Hello");
    assert!(
        pieces[0].starts_with("He") && pieces.len() <= 3,
        "{pieces:?}"
    );
    assert!(begin.elapsed() >= 3 * delay, "{:?}", begin.elapsed());
}

#[test]
fn a_chunk_larger_than_the_text_and_an_empty_text_are_served() {
    let delay = Duration::from_millis(1);
    let servers = start(&[server("Hello", 1 << 20, delay), server("", 1, FOR_EVER)]);
    assert_eq!(download(tcp(&servers, 0)), "Hello");
    assert_eq!(download(tcp(&servers, 1)), "");
}

#[test]
fn a_broken_server_closes_after_so_many_bytes() {
    let broken = |bytes| Server {
        fault: Some(Fault::ClosesAfter(bytes)),
        ..server("Hello", 2, Duration::from_millis(1))
    };
    let servers = start(&[broken(3), broken(0)]);
    assert_eq!(download(tcp(&servers, 0)), "Hel");
    assert_eq!(download(tcp(&servers, 1)), "");
}

#[test]
fn a_client_that_reads_nothing_and_one_that_leaves_hold_nobody_up() {
    let large = "x".repeat(32 << 20);
    let servers = start(&[
        server(&large, large.len(), Duration::from_millis(1)),
        server("Hello", 2, Duration::from_millis(1)),
    ]);
    let mut lazy = connect(tcp(&servers, 0));
    drop(connect(tcp(&servers, 0)));
    drop(connect(tcp(&servers, 1)));
    assert_eq!(download(tcp(&servers, 1)), "Hello");
    // What the lazy one left in the buffers makes room for the rest, all of it.
    let mut rest = Vec::new();
    lazy.read_to_end(&mut rest)
        .expect("the server closes in order");
    assert_eq!(rest.len(), large.len());
}

#[test]
fn stopping_in_the_middle_closes_connections() {
    let servers = start(&[server("Hello", 2, FOR_EVER)]);
    let address = tcp(&servers, 0);
    let mut stream = connect(address);
    let mut first = [0; 2];
    stream
        .read_exact(&mut first)
        .expect("the first piece comes at once");
    assert_eq!(&first, b"He");

    let begin = Instant::now();
    servers.stop();
    assert!(begin.elapsed() < FOR_EVER / 2, "it waited for a piece");
    assert_eq!(
        stream.read(&mut first).ok(),
        Some(0),
        "the connection is closed"
    );
}

#[test]
fn stopping_closes_the_ports() {
    // The system may give a port that is free to another test at once: hardly so three times in a row.
    let refused = (0..3).any(|_| {
        let servers = start(&[server("Hello", 2, FOR_EVER)]);
        let address = tcp(&servers, 0);
        drop(connect(address));
        servers.stop();
        let after = TcpStream::connect(address).map_err(|error| error.kind());
        after.err() == Some(ErrorKind::ConnectionRefused)
    });
    assert!(refused);
}

#[test]
fn no_servers_and_many_starts_are_fine() {
    assert!(start(&[]).addresses().is_empty());
    for _ in 0..50 {
        let servers = start(&[server("Hello", 2, FOR_EVER)]);
        let _client = connect(tcp(&servers, 0));
    }
}

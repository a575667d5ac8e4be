//! Connecting.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::*;

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Connects, logs what came of it, and stops.
fn connect(bench: &mut Bench, address: SocketAddr) {
    let log = bench.log.clone();
    bench
        .reactor
        .connect_stream(address, task(1), move |reactor, result| {
            log.add(match result {
                Ok(stream) => format!("connected to {}", stream.peer_addr()?),
                Err(ConnectError::Io(error)) => format!("{:?}", error.kind()),
                Err(ConnectError::GivenUp) => unreachable!("it is told to nobody"),
                Err(ConnectError::Stopped) => {
                    log.add("stopped");
                    return Ok(());
                }
            });
            Ok(reactor.stop()?)
        })
        .unwrap();
}

#[test]
fn a_connection_is_made() {
    let mut bench = Bench::real();
    let (_listener, address) = listener();
    connect(&mut bench, address);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), [format!("connected to {address}")]);
    let trace = bench.trace();
    assert!(
        trace.contains(&"connection_made (readiness)".to_owned()),
        "{trace:?}"
    );
    assert!(bench.reactor.descriptors.is_empty());
}

#[test]
fn a_refused_connection_is_told() {
    let mut bench = Bench::real();
    let (_port, address) = refusing();
    connect(&mut bench, address);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["ConnectionRefused"]);
    let trace = bench.trace();
    assert!(
        trace.contains(&"connection_failed (readiness)".to_owned()),
        "{trace:?}"
    );
}

#[test]
fn a_connection_that_is_still_being_made_at_the_end_is_given_up() {
    let mut bench = Bench::real();
    let (_listener, address) = listener();
    connect(&mut bench, address);
    bench.reactor.handle().stop().unwrap();
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["stopped"]);
}

#[test]
fn an_attempt_that_was_given_up_calls_nobody() {
    let mut bench = Bench::real();
    let (_listener, address) = listener();
    let id = bench
        .reactor
        .connect_stream(address, None, |_, _| panic!("it was given up"))
        .unwrap();
    assert!(bench.reactor.remove_descriptor(id));
    bench.turn();
    let trace = bench.trace();
    assert!(!trace.iter().any(|word| word.contains("connection")));
}

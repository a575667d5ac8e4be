//! The life of a connection: made, talked on, half-closed, lost.

use super::*;

#[test]
fn a_client_and_a_server_talk_until_the_client_leaves() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let (_, address) = bench.listen(move || {
        Scripted::new("server", &log).on_data(|reactor, transport, data| {
            transport.write(reactor, data);
            Ok(())
        })
    });
    let log = bench.log.clone();
    bench.connect(address, move || {
        Scripted::new("client", &log)
            .on_made(|reactor, transport| {
                transport.write(reactor, b"hello");
                Ok(())
            })
            .on_data(|reactor, transport, _| {
                transport.lose_connection(reactor);
                Ok(())
            })
    });
    let log = bench.until_logged("server closed");
    let of = |name: &str| -> Vec<_> {
        let mine = log.iter().filter(|line| line.starts_with(name));
        mine.map(|line| line[name.len() + 1..].to_owned()).collect()
    };
    assert_eq!(of("server"), ["made", "got hello", "at the end", "closed"]);
    assert_eq!(of("client"), ["made", "got hello", "closed"]);
}

/// The stack of the tutorials: reactor, transport, protocol, one inside the other.
#[test]
fn the_callbacks_nest_as_the_layers_do() {
    let mut bench = Bench::manual();
    let (server, client) = bench.pair();
    bench.events();
    client.write(&mut bench.reactor, b"x");
    bench.until_logged("server got x");
    let trace = bench.trace();
    let begin = trace
        .iter()
        .position(|word| word == "do_read (readiness)")
        .unwrap();
    assert_eq!(
        trace[begin + 1..begin + 4],
        ["data_received (the program's next statement)", "end", "end"]
    );
    server.lose_connection(&mut bench.reactor);
    bench.until_logged("client closed");
    let trace = bench.trace();
    let nested = |outer: &str, inner: &str| {
        let begins = trace.iter().position(|word| word.starts_with(outer));
        let begin = begins.unwrap_or_else(|| panic!("{outer}: {trace:?}"));
        let after = &trace[begin + 1..];
        let end = after.iter().position(|word| word == "end").unwrap();
        after[..end].iter().any(|word| word.starts_with(inner))
    };
    assert!(nested("do_read", "read_connection_lost"), "{trace:?}");
    assert!(nested("connection_lost", "connection_lost"), "{trace:?}");
}

#[test]
fn the_life_of_a_connection_is_recorded() {
    let mut bench = Bench::manual();
    let (server, _client) = bench.pair();
    server.write(&mut bench.reactor, b"four");
    server.lose_connection(&mut bench.reactor);
    bench.until_logged("client closed");
    let (mut of_server, mut of_client, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (_, kind) in bench.events() {
        let (connection, task, word) = match kind {
            EventKind::ConnectionMade {
                connection,
                task,
                side,
            } => {
                ids.push((side, connection));
                (connection, task, "made".to_owned())
            }
            EventKind::ConnectionHalfClosed {
                connection,
                task,
                half,
            } => (connection, task, format!("{half:?} ends")),
            EventKind::ConnectionLost {
                connection,
                task,
                loss,
                message,
            } => (connection, task, format!("{loss:?} {message:?}")),
            EventKind::BytesWritten {
                connection,
                task,
                bytes,
            } => (connection, task, format!("{bytes} written")),
            EventKind::BytesRead { task, bytes } => {
                assert_eq!(Some(task), super::task(1));
                of_client.push(format!("{bytes} read"));
                continue;
            }
            _ => continue,
        };
        let of_task = if task.is_some() {
            &mut of_client
        } else {
            &mut of_server
        };
        assert_eq!(
            task.is_some(),
            ids.iter()
                .any(|&(side, id)| id == connection && side == Side::Client)
        );
        of_task.push(word);
    }
    assert_eq!(of_server, ["made", "4 written", "Closed None"]);
    assert_eq!(
        of_client,
        ["made", "4 read", "0 read", "Reading ends", "Closed None"]
    );
}

#[test]
fn a_failure_or_a_panic_in_data_received_loses_that_connection_alone_with_it_as_the_reason() {
    let mut bench = Bench::real();
    let mut number = 0;
    let log = bench.log.clone();
    let servers = Transports::default();
    let kept = servers.clone();
    let (_, address) = bench.listen(move || {
        number += 1;
        let protocol = Scripted::new(format!("server {number}"), &log).kept_in(&kept);
        protocol.on_data(|_, _, data| match data {
            b"fail" => Err("bad data".into()),
            b"panic" => panic!("on purpose"),
            _ => Ok(()),
        })
    });
    let clients: Vec<_> = (0..3)
        .map(|_| std::net::TcpStream::connect(address).unwrap())
        .collect();
    bench.until(|_| servers.len() == 3);
    for (mut client, data) in clients.iter().zip(["fail", "panic", "good"]) {
        client.write_all(data.as_bytes()).unwrap();
    }
    let mut log = Vec::new();
    bench.until(|bench| {
        log.extend(bench.log.take());
        log.len() == 3 + 3 + 2
    });
    log.sort();
    assert_eq!(
        log,
        [
            "server 1 failed: bad data",
            "server 1 got fail",
            "server 1 made",
            "server 2 failed: panicked: on purpose",
            "server 2 got panic",
            "server 2 made",
            "server 3 got good",
            "server 3 made",
        ]
    );
    for mut client in &clients[..2] {
        assert_eq!(
            client.read(&mut [0; 8]).unwrap(),
            0,
            "the socket was closed"
        );
    }
    assert!(!servers.get(2).is_lost());
    let trace = bench.trace();
    let failures = trace.iter().filter(|word| word.starts_with("failure"));
    assert_eq!(failures.count(), 2, "each once: {trace:?}");
}

#[test]
fn a_protocol_that_fails_as_it_is_made_is_lost_at_once() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let (_, address) =
        bench.listen(move || Scripted::new("server", &log).on_made(|_, _| Err("no".into())));
    let mut client = std::net::TcpStream::connect(address).unwrap();
    let log = bench.until_logged("server failed: no");
    assert_eq!(log, ["server made", "server failed: no"]);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_panic_in_connection_lost_harms_nobody() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let (_, address) =
        bench.listen(move || Scripted::new("server", &log).on_lost(|_| panic!("on purpose")));
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || {
        Scripted::new("client", &log)
            .on_made(|reactor, transport| {
                transport.lose_connection(reactor);
                Ok(())
            })
            .on_lost(|_| panic!("on purpose"))
    });
    bench.reactor.connect_tcp(address, None, factory);
    let log = bench.until_logged("factory stops");
    assert!(log.contains(&"lost: closed".to_owned()), "{log:?}");
    assert!(log.contains(&"client closed".to_owned()), "{log:?}");
}

#[test]
fn both_ends_know_both_addresses() {
    let mut bench = Bench::real();
    let (server, client) = bench.pair();
    assert_eq!(&server.get_host().unwrap(), client.get_peer());
    assert_eq!(&client.get_host().unwrap(), server.get_peer());
    assert_eq!(client.task(), task(1));
    client.set_tcp_no_delay(true).unwrap();
    client.lose_connection(&mut bench.reactor);
    bench.until_logged("client closed");
    assert!(client.get_host().is_err() && client.set_tcp_no_delay(true).is_err());
}

#[test]
fn one_that_sends_no_more_still_gets_the_answer() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let (_, address) = bench.listen(move || {
        Scripted::new("server", &log).on_end(|reactor, transport| {
            transport.write(reactor, b"answer");
            transport.lose_write_connection(reactor);
            Ok(())
        })
    });
    let log = bench.log.clone();
    bench.connect(address, move || {
        Scripted::new("client", &log)
            .on_made(|reactor, transport| {
                transport.write(reactor, b"question");
                transport.lose_write_connection(reactor);
                transport.write(reactor, b"too late");
                Ok(())
            })
            .on_end(|_, _| Ok(()))
    });
    let log = bench.until_logged("client closed");
    let place = |line: &str| log.iter().position(|logged| logged == line);
    assert!(place("server got question") < place("server at the end"));
    assert!(place("server at the end") < place("client got answer"));
    assert!(
        place("client got answer") < place("client at the end"),
        "{log:?}"
    );
    assert!(log.contains(&"server closed".to_owned()), "{log:?}");
}

#[test]
fn a_connection_that_the_other_side_resets_is_broken() {
    let mut bench = Bench::real();
    let (server, _client) = bench.pair();
    server.abort_connection(&mut bench.reactor);
    assert!(bench.log.take().is_empty(), "it is told later");
    let mut log = bench.until_logged("client broken: ConnectionReset");
    log.retain(|line| line.starts_with("server"));
    assert_eq!(log, ["server broken: ConnectionAborted"]);
    // Nothing that is asked of it any more has an effect.
    server.write(&mut bench.reactor, b"x");
    server.lose_connection(&mut bench.reactor);
    server.abort_connection(&mut bench.reactor);
    server.pause_producing(&mut bench.reactor);
    assert!(server.is_lost() && server.buffered() == 0 && !server.is_paused());
    assert!(bench.turn().is_empty());
}

#[test]
fn the_end_of_the_loop_loses_connections_and_ports_and_attempts() {
    let mut bench = Bench::real();
    let (server, _client) = bench.pair();
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || Scripted::new("new", &log));
    let address = server.get_host().unwrap().socket().unwrap();
    bench.reactor.connect_tcp(address, None, factory);
    bench.reactor.handle().stop().unwrap();
    bench.reactor.run().unwrap();
    let mut log = bench.log.take();
    log.sort();
    assert_eq!(
        log,
        [
            "client stopped",
            "connecting",
            "factory starts",
            "factory stops",
            "failed: the reactor was stopped",
            "server stopped",
        ]
    );
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "the port is closed"
    );
    assert!(bench.reactor.descriptors.is_empty());
}

/// A protocol may be in the middle of something that closes another connection.
#[test]
fn nobody_is_called_inside_a_call_on_a_transport() {
    let mut bench = Bench::manual();
    let (server, client) = bench.pair();
    client.lose_connection(&mut bench.reactor);
    server.abort_connection(&mut bench.reactor);
    assert!(bench.log.take().is_empty());
    let mut log = bench.turn();
    log.sort();
    assert_eq!(log, ["client closed", "server broken: ConnectionAborted"]);
}

#[test]
fn a_slow_callback_and_not_the_transport_around_it_is_what_a_stall_is_named_after() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    let log = bench.log.clone();
    let (_, address) = bench.listen(move || {
        let hand = hand.clone();
        Scripted::new("server", &log).on_data(move |_, _, _| {
            hand.advance(100 * MS);
            Ok(())
        })
    });
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"x").unwrap();
    bench.until_logged("server got x");
    let trace = bench.trace();
    let stall = trace.iter().find(|word| word.starts_with("stall"));
    assert_eq!(stall.unwrap(), "stall from 0 ms: data_received of None");
}

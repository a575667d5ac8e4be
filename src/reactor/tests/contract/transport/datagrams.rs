//! UDP: datagrams arrive whole, and a failure concerns one of them.

use super::*;
use crate::trace::Loss;

/// Logs what it is told, and sends back what asks for it.
struct Post {
    name: &'static str,
    log: Log,
}

impl DatagramProtocol for Post {
    fn start_protocol(
        &mut self,
        reactor: &mut Reactor,
        socket: &DatagramTransport,
    ) -> CallbackResult {
        self.log.add(format!("{} starts", self.name));
        if socket.get_peer().is_some() {
            socket.write(reactor, b"hello")?;
        }
        Ok(())
    }

    fn datagram_received(
        &mut self,
        reactor: &mut Reactor,
        socket: &DatagramTransport,
        data: &[u8],
        from: SocketAddr,
    ) -> CallbackResult {
        let text = data.escape_ascii();
        self.log.add(format!("{} got {text}", self.name));
        match data {
            b"hello" => Ok(socket.write_to(reactor, b"hello yourself", from)?),
            b"panic" => panic!("on purpose"),
            b"stop" => {
                socket.stop_listening(reactor);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn connection_refused(&mut self, _: &mut Reactor, _: &DatagramTransport) -> CallbackResult {
        self.log.add(format!("{} refused", self.name));
        Ok(())
    }

    fn stop_protocol(&mut self, _: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.log.add(format!("{} {}", self.name, word(reason)));
        Ok(())
    }
}

fn post(bench: &Bench, name: &'static str) -> Post {
    let log = bench.log.clone();
    Post { name, log }
}

#[test]
fn a_question_is_answered() {
    let mut bench = Bench::manual();
    let server = post(&bench, "server");
    let server = bench.reactor.listen_udp(LOOPBACK, None, server).unwrap();
    let client = post(&bench, "client");
    let address = server.get_host().unwrap();
    let client = bench.reactor.connect_udp(address, task(1), client).unwrap();
    assert_eq!(client.get_peer(), Some(address));
    let log = bench.until_logged("client got hello yourself");
    assert_eq!(
        log,
        [
            "server starts",
            "client starts",
            "server got hello",
            "client got hello yourself"
        ]
    );
    let trace = bench.events();
    let read = trace
        .iter()
        .filter(|(_, kind)| matches!(kind, EventKind::BytesRead { bytes: 14, .. }));
    assert_eq!(read.count(), 1);
    let sent = trace
        .iter()
        .filter(|(_, kind)| matches!(kind, EventKind::BytesWritten { .. }));
    assert_eq!(sent.count(), 2);
}

#[test]
fn datagrams_keep_their_boundaries_and_a_panic_concerns_one_of_them() {
    let mut bench = Bench::manual();
    let server = post(&bench, "server");
    let server = bench.reactor.listen_udp(LOOPBACK, None, server).unwrap();
    let client = std::net::UdpSocket::bind(LOOPBACK).unwrap();
    for data in [&b"one"[..], b"", b"panic", b"two"] {
        client.send_to(data, server.get_host().unwrap()).unwrap();
    }
    let log = bench.until_logged("server got two");
    assert_eq!(
        log[1..],
        [
            "server got one",
            "server got ",
            "server got panic",
            "server got two"
        ]
    );
    let trace = bench.trace();
    assert!(
        trace.contains(&"failure: panicked: on purpose".to_owned()),
        "{trace:?}"
    );
}

/// Nothing that was read is how a stream tells its end.
#[test]
fn an_empty_datagram_is_not_recorded_as_the_end_of_the_data() {
    let mut bench = Bench::manual();
    let server = post(&bench, "server");
    let server = bench.reactor.listen_udp(LOOPBACK, task(1), server).unwrap();
    let client = std::net::UdpSocket::bind(LOOPBACK).unwrap();
    for data in [&b"one"[..], b"", b"two"] {
        client.send_to(data, server.get_host().unwrap()).unwrap();
    }
    bench.until_logged("server got two");
    let read = bench
        .events()
        .into_iter()
        .filter_map(|(_, kind)| match kind {
            EventKind::BytesRead { bytes, .. } => Some(bytes),
            _ => None,
        });
    assert!(read.eq([3, 3]));
}

#[test]
fn a_socket_that_is_stopped_gets_nothing_more_and_says_so() {
    let mut bench = Bench::manual();
    let server = post(&bench, "server");
    let server = bench.reactor.listen_udp(LOOPBACK, None, server).unwrap();
    let client = std::net::UdpSocket::bind(LOOPBACK).unwrap();
    for data in [&b"stop"[..], b"never"] {
        client.send_to(data, server.get_host().unwrap()).unwrap();
    }
    let log = bench.until_logged("server closed");
    assert_eq!(log, ["server starts", "server got stop", "server closed"]);
    server.stop_listening(&mut bench.reactor);
    assert!(server.get_host().is_err());
    let refused = server.write_to(&mut bench.reactor, b"x", client.local_addr().unwrap());
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::NotConnected);
    assert!(bench.turn().is_empty() && bench.reactor.descriptors.is_empty());
}

#[test]
fn nobody_there_is_told() {
    let mut bench = Bench::manual();
    let gone = std::net::UdpSocket::bind(LOOPBACK).unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let client = post(&bench, "client");
    bench.reactor.connect_udp(address, None, client).unwrap();
    bench.until_logged("client refused");
}

#[test]
fn the_end_of_the_loop_closes_it() {
    let mut bench = Bench::real();
    let server = post(&bench, "server");
    bench.reactor.listen_udp(LOOPBACK, None, server).unwrap();
    bench.reactor.handle().stop().unwrap();
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["server starts", "server stopped"]);
    let losses = bench
        .events()
        .into_iter()
        .filter_map(|(_, kind)| match kind {
            EventKind::ConnectionLost { loss, .. } => Some(loss),
            _ => None,
        });
    assert!(losses.eq([Loss::Stopped]));
}

#[test]
fn what_is_too_long_is_refused() {
    let mut bench = Bench::manual();
    let server = post(&bench, "server");
    let server = bench.reactor.listen_udp(LOOPBACK, None, server).unwrap();
    let address = server.get_host().unwrap();
    let long = vec![0; 100_000];
    assert!(server.write_to(&mut bench.reactor, &long, address).is_err());
}

//! Connecting, failing, giving up, and connecting again.

use super::*;

#[test]
fn a_connection_that_fails_is_told_to_the_factory_and_no_protocol_is_made_for_it() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || Scripted::new("client", &log));
    let (_port, address) = refusing();
    let connector = bench.reactor.connect_tcp(address, None, factory);
    let log = bench.until_logged("factory stops");
    assert_eq!(
        log,
        [
            "factory starts",
            "connecting",
            "failed: ConnectionRefused",
            "factory stops"
        ]
    );
    assert!(connector.transport().is_none());
}

#[test]
fn a_factory_may_connect_again_when_it_is_told_of_a_failure() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let mut factory = logged(&bench.log, move || Scripted::new("client", &log));
    let mut attempts = 0;
    factory.on_end = Box::new(move |reactor, connector| {
        attempts += 1;
        if attempts < 3 {
            assert!(connector.connect(reactor));
            assert!(!connector.connect(reactor), "it is connecting already");
        }
        Ok(())
    });
    let (_port, address) = refusing();
    bench.reactor.connect_tcp(address, None, factory);
    let log = bench.until_logged("factory stops");
    let count = |line: &str| log.iter().filter(|logged| *logged == line).count();
    assert_eq!(count("factory starts"), 1);
    assert_eq!(count("connecting"), 3);
    assert_eq!(count("failed: ConnectionRefused"), 3);
}

#[test]
fn a_factory_is_told_of_a_lost_connection_after_its_protocol_and_may_connect_again() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let (_, address) = bench.listen(move || {
        Scripted::new("server", &log).on_made(|reactor, transport| {
            transport.lose_connection(reactor);
            Ok(())
        })
    });
    let log = bench.log.clone();
    let mut factory = logged(&bench.log, move || Scripted::new("client", &log));
    let mut losses = 0;
    factory.on_end = Box::new(move |reactor, connector| {
        assert!(connector.transport().is_none());
        losses += 1;
        if losses < 2 {
            connector.connect(reactor);
        }
        Ok(())
    });
    bench.reactor.connect_tcp(address, None, factory);
    let mut log = bench.until_logged("factory stops");
    log.retain(|line| !line.starts_with("server"));
    let once = [
        "connecting",
        "builds",
        "client made",
        "client at the end",
        "client closed",
        "lost: closed",
    ];
    let expected = [&["factory starts"][..], &once, &once, &["factory stops"]].concat();
    assert_eq!(log, expected);
}

#[test]
fn an_attempt_that_is_given_up_is_told_later() {
    let mut bench = Bench::manual();
    let listener = std::net::TcpListener::bind(LOOPBACK).unwrap();
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || Scripted::new("client", &log));
    let address = listener.local_addr().unwrap();
    let connector = bench.reactor.connect_tcp(address, None, factory);
    connector.disconnect(&mut bench.reactor);
    assert_eq!(bench.log.take(), ["factory starts", "connecting"]);
    assert!(
        !connector.connect(&mut bench.reactor),
        "the factory is still to be told"
    );
    assert_eq!(
        bench.turn(),
        ["failed: the attempt was given up", "factory stops"]
    );
    assert!(connector.connect(&mut bench.reactor));
    bench.until_logged("client made");
    assert!(!connector.connect(&mut bench.reactor), "it is connected");
    connector.stop_connecting(&mut bench.reactor);
    assert!(
        connector.transport().is_some(),
        "there is nothing to give up"
    );
    connector.disconnect(&mut bench.reactor);
    assert_eq!(
        bench.turn(),
        ["client closed", "lost: closed", "factory stops"]
    );
}

#[test]
fn an_attempt_that_is_given_up_while_its_protocol_is_made_has_no_connection_and_is_told_once() {
    struct Hesitant {
        log: Log,
        makes_one: bool,
        connector: Option<Connector>,
    }
    impl Factory for Hesitant {
        fn build_protocol(
            &mut self,
            reactor: &mut Reactor,
            _: &Address,
        ) -> Option<Box<dyn Protocol>> {
            self.connector.take().unwrap().stop_connecting(reactor);
            let client = Scripted::new("client", &self.log);
            self.makes_one.then(|| Box::new(client) as _)
        }
        fn stop_factory(&mut self, _: &mut Reactor) -> CallbackResult {
            self.log.add("factory stops");
            Ok(())
        }
    }
    impl ClientFactory for Hesitant {
        fn started_connecting(&mut self, _: &mut Reactor, own: &Connector) -> CallbackResult {
            self.connector = Some(own.clone());
            Ok(())
        }
        fn client_connection_failed(
            &mut self,
            _: &mut Reactor,
            _: &Connector,
            error: &ConnectError,
        ) -> CallbackResult {
            self.log.add(format!("failed: {error}"));
            Ok(())
        }
    }
    for makes_one in [true, false] {
        let mut bench = Bench::real();
        let listener = std::net::TcpListener::bind(LOOPBACK).unwrap();
        let factory = Hesitant {
            log: bench.log.clone(),
            makes_one,
            connector: None,
        };
        let address = listener.local_addr().unwrap();
        let connector = bench.reactor.connect_tcp(address, None, factory);
        assert_eq!(
            bench.until_logged("factory stops"),
            ["failed: the attempt was given up", "factory stops"]
        );
        assert_eq!(bench.turn(), [""; 0]);
        assert!(connector.transport().is_none());
        let (mut refused, _) = listener.accept().unwrap();
        assert_eq!(refused.read(&mut [0]).unwrap(), 0, "it was closed");
    }
}

#[test]
fn a_factory_that_makes_no_protocol_has_no_connection() {
    struct Unwilling(Log);
    impl Factory for Unwilling {
        fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
            None
        }
    }
    impl ClientFactory for Unwilling {
        fn client_connection_failed(
            &mut self,
            _: &mut Reactor,
            _: &Connector,
            error: &ConnectError,
        ) -> CallbackResult {
            self.0.add(error.to_string());
            Ok(())
        }
    }
    let mut bench = Bench::real();
    let port = bench
        .reactor
        .listen_tcp(LOOPBACK, None, Unwilling(bench.log.clone()))
        .unwrap();
    let address = port.get_host().socket().unwrap();
    let mut refused = std::net::TcpStream::connect(address).unwrap();
    let factory = Unwilling(bench.log.clone());
    let connector = bench.reactor.connect_tcp(address, None, factory);
    assert_eq!(connector.get_destination(), port.get_host());
    bench.until_logged("the attempt was given up");
    assert_eq!(refused.read(&mut [0]).unwrap(), 0, "it was closed");
}

#[test]
fn a_factory_that_panics_harms_nobody() {
    struct Panics;
    impl Factory for Panics {
        fn start_factory(&mut self, _: &mut Reactor) -> CallbackResult {
            panic!("start")
        }
        fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
            panic!("build")
        }
    }
    let mut bench = Bench::real();
    let port = bench.reactor.listen_tcp(LOOPBACK, None, Panics).unwrap();
    let address = port.get_host().socket().unwrap();
    for _ in 0..2 {
        let mut client = std::net::TcpStream::connect(address).unwrap();
        let before = bench.reactor.descriptors.len();
        bench.until(|bench| {
            bench
                .trace()
                .iter()
                .any(|word| word == "failure: panicked: build")
        });
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
        assert_eq!(bench.reactor.descriptors.len(), before);
    }
    assert!(port.is_listening());
}

#[test]
fn a_client_is_where_it_was_told_to_be() {
    let mut bench = Bench::real();
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    let (_, address) = bench.listen(move || Scripted::new("server", &log).kept_in(&kept));
    let log = bench.log.clone();
    let from = SocketAddr::from(([127, 1, 2, 3], 0));
    let factory = move |_: &Address| Scripted::new("client", &log);
    bench
        .reactor
        .connect_tcp_from(address, Some(from), None, factory);
    bench.until(|_| servers.len() == 1);
    let seen = servers.get(0).get_peer().socket().unwrap();
    assert_eq!(seen.ip(), from.ip());
    assert_ne!(seen.port(), 0);
}

#[test]
fn a_client_that_cannot_be_where_it_was_told_to_be_fails() {
    let mut bench = Bench::real();
    let (_, address) = bench.listen({
        let log = bench.log.clone();
        move || Scripted::new("server", &log)
    });
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || Scripted::new("client", &log));
    // Set aside for documentation (RFC 5737): it is nobody's address.
    let from = SocketAddr::from(([192, 0, 2, 1], 0));
    bench
        .reactor
        .connect_tcp_from(address, Some(from), None, factory);
    let lines = bench.until_logged("factory stops");
    assert!(
        lines.contains(&"failed: AddrNotAvailable".to_owned()),
        "{lines:?}"
    );
}

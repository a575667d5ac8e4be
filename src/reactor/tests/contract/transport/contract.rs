//! What every carrier of streams keeps: the same protocols talk over TCP, over Unix sockets and through pipes.

use std::io::Seek;
use std::path::PathBuf;

use super::*;

/// Connects two protocols in one reactor.
type Join = fn(&mut Bench, Scripted, Scripted);

/// A factory for the only connection that there will be.
fn once(protocol: Scripted) -> impl FnMut() -> Scripted {
    let mut protocol = Some(protocol);
    move || protocol.take().expect("one connection")
}

fn over_tcp(bench: &mut Bench, server: Scripted, client: Scripted) {
    let (_, address) = bench.listen(once(server));
    bench.connect(address, once(client));
}

fn over_unix(bench: &mut Bench, server: Scripted, client: Scripted) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let (mut server, mut client) = (once(server), once(client));
    let reactor = &mut bench.reactor;
    let port = reactor.listen_unix(&path, None, move |_: &Address| server());
    let connector = reactor.connect_unix(&path, task(1), move |_: &Address| client());
    assert_eq!(connector.get_destination(), port.unwrap().get_host());
    // The folder may go once they know each other.
    bench.until(|_| connector.transport().is_some());
}

fn over_pipes(bench: &mut Bench, server: Scripted, client: Scripted) {
    let (question_out, question_in) = std::io::pipe().unwrap();
    let (answer_out, answer_in) = std::io::pipe().unwrap();
    let reactor = &mut bench.reactor;
    reactor
        .attach_pipes(question_out.into(), Some(answer_in.into()), None, server)
        .unwrap();
    reactor
        .attach_pipes(answer_out.into(), Some(question_in.into()), task(1), client)
        .unwrap();
}

const ALL: [(&str, Join); 3] = [
    ("TCP", over_tcp),
    ("Unix", over_unix),
    ("pipes", over_pipes),
];

fn echo(log: &Log) -> Scripted {
    Scripted::new("echo", log).on_data(|reactor, transport, data| {
        transport.write(reactor, data);
        Ok(())
    })
}

#[test]
fn what_is_said_comes_back_whole_and_both_ends_close_in_order() {
    for (name, join) in ALL {
        let mut bench = Bench::real();
        let sent: Vec<u8> = (0..1_000_000_usize)
            .map(|place| (place % 251) as u8)
            .collect();
        let got: Rc<RefCell<Vec<u8>>> = Rc::default();
        let (data, into) = (sent.clone(), Rc::clone(&got));
        let client = Scripted::new("client", &bench.log)
            .on_made(move |reactor, transport| {
                transport.write(reactor, &data);
                transport.lose_write_connection(reactor);
                Ok(())
            })
            .on_data(move |_, _, data| {
                into.borrow_mut().extend_from_slice(data);
                Ok(())
            });
        let server = echo(&bench.log);
        join(&mut bench, server, client);
        let log = bench.until_logged("client closed");
        assert!(log.contains(&"echo closed".to_owned()), "{name}: {log:?}");
        assert!(*got.borrow() == sent, "{name}");
        assert!(
            bench.reactor.descriptors.len() <= 1,
            "{name}: the port alone is left"
        );
    }
}

#[test]
fn a_failure_loses_the_connection_and_the_other_side_sees_its_end() {
    for (name, join) in ALL {
        let mut bench = Bench::real();
        let server = Scripted::new("server", &bench.log).on_data(|_, _, _| Err("bad data".into()));
        let client = Scripted::new("client", &bench.log).on_made(|reactor, transport| {
            transport.write(reactor, b"x");
            Ok(())
        });
        join(&mut bench, server, client);
        let log = bench.until_logged("client closed");
        assert!(
            log.contains(&"server failed: bad data".to_owned()),
            "{name}: {log:?}"
        );
    }
}

#[test]
fn a_transport_feels_and_exerts_back_pressure() {
    for (name, join) in ALL {
        let mut bench = Bench::real();
        let ends = Transports::default();
        let server =
            Scripted::new("server", &bench.log)
                .kept_in(&ends)
                .on_made(|reactor, transport| {
                    transport.pause_producing(reactor);
                    Ok(())
                });
        let client =
            Scripted::new("client", &bench.log)
                .kept_in(&ends)
                .on_made(|reactor, transport| {
                    transport.write(reactor, &vec![7; 16 * 1024 * 1024]);
                    transport.lose_connection(reactor);
                    Ok(())
                });
        join(&mut bench, server, client);
        bench.until(|_| ends.len() == 2);
        for _ in 0..20 {
            bench.turn();
        }
        let ends = [ends.get(0), ends.get(1)];
        let [server, client] = if ends[0].is_paused() {
            ends
        } else {
            [ends[1].clone(), ends[0].clone()]
        };
        assert!(client.is_under_pressure(), "{name}");
        server.resume_producing(&mut bench.reactor);
        bench.until_logged("server closed");
        assert!(client.is_lost() && !client.is_under_pressure(), "{name}");
    }
}

#[test]
fn the_end_of_the_loop_loses_both_ends() {
    for (name, join) in ALL {
        let mut bench = Bench::real();
        let ends = Transports::default();
        let server = echo(&bench.log).kept_in(&ends);
        let client = Scripted::new("client", &bench.log).kept_in(&ends);
        join(&mut bench, server, client);
        bench.until(|_| ends.len() == 2);
        bench.log.take();
        bench.reactor.handle().stop().unwrap();
        bench.reactor.run().unwrap();
        let mut log = bench.log.take();
        log.sort();
        assert_eq!(log, ["client stopped", "echo stopped"], "{name}");
    }
}

#[test]
fn the_file_of_a_unix_socket_goes_with_its_port_and_a_missing_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("socket");
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || echo(&log));
    let port = bench.reactor.listen_unix(&path, None, factory).unwrap();
    assert!(path.exists());
    let again = bench
        .reactor
        .listen_unix(&path, None, |_: &Address| echo(&Log::default()));
    let again = again.err().unwrap();
    assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
    assert!(again.to_string().contains(path.to_str().unwrap()));
    assert!(path.exists(), "it belongs to the other port");
    port.stop_listening(&mut bench.reactor);
    bench.until_logged("factory stops");
    assert!(!path.exists());
    let log = bench.log.clone();
    let factory = logged(&bench.log, move || echo(&log));
    bench.reactor.connect_unix(&path, None, factory);
    bench.until_logged("failed: NotFound");
}

#[test]
fn a_file_on_a_disk_is_refused_by_epoll_before_anybody_is_called_and_read_by_the_others() {
    let mut bench = Bench::real();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"hello").unwrap();
    file.rewind().unwrap();
    let protocol = echo(&bench.log);
    let attached = bench
        .reactor
        .attach_pipes(file.into(), None, None, protocol);
    if Bench::KIND == ProviderKind::Epoll {
        let error = attached.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(bench.log.take().is_empty() && bench.reactor.descriptors.is_empty());
    } else {
        attached.unwrap();
        let lines = bench.until_logged("echo closed");
        assert!(lines.contains(&"echo got hello".to_owned()), "{lines:?}");
    }
}

#[test]
fn a_pipe_that_only_comes_in_takes_no_writes() {
    let mut bench = Bench::manual();
    let (out, mut into) = std::io::pipe().unwrap();
    let ends = Transports::default();
    let protocol = echo(&bench.log).kept_in(&ends);
    bench
        .reactor
        .attach_pipes(out.into(), None, None, protocol)
        .unwrap();
    into.write_all(b"hello").unwrap();
    bench.until_logged("echo got hello");
    assert_eq!(ends.get(0).get_peer(), &Address::Pipes);
    assert_eq!(ends.get(0).buffered(), 0);
    drop(into);
    bench.until_logged("echo closed");
}

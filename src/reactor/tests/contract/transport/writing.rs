//! What is written arrives: whole, in order, once, whoever writes it and however little the system takes.

use proptest::prelude::*;

use super::*;

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|place| (place % 251) as u8).collect()
}

/// Collects what the other side gets.
fn reader(log: &Log, got: &Rc<RefCell<Vec<u8>>>) -> Scripted {
    let got = Rc::clone(got);
    Scripted::new("reader", log).on_data(move |_, _, data| {
        got.borrow_mut().extend_from_slice(data);
        Ok(())
    })
}

#[test]
fn lose_connection_writes_out_what_is_pending_first() {
    let mut bench = Bench::real();
    let data = pattern(8 * 1024 * 1024);
    let sent = data.clone();
    let log = bench.log.clone();
    let (_, address) = bench.listen(move || {
        let sent = sent.clone();
        Scripted::new("writer", &log).on_made(move |reactor, transport| {
            transport.write(reactor, &sent);
            transport.lose_connection(reactor);
            Ok(())
        })
    });
    let got = Rc::default();
    let (log, into) = (bench.log.clone(), Rc::clone(&got));
    bench.connect(address, move || reader(&log, &into));
    let log = bench.until_logged("reader closed");
    assert!(log.contains(&"writer closed".to_owned()), "{log:?}");
    assert!(*got.borrow() == data);
}

#[test]
fn what_a_callback_wrote_goes_out_as_a_part_of_it() {
    let mut bench = Bench::real();
    let (_, client) = bench.echo();
    client.write(&mut bench.reactor, b"x");
    bench.events();
    bench.until_logged("client got x");
    let events = bench.events();
    let written =
        |(_, kind): &(Timestamp, EventKind)| matches!(kind, EventKind::BytesWritten { .. });
    let written = events.iter().position(written).unwrap();
    let around = &events[written - 2..=written + 2];
    let words: Vec<_> = around.iter().map(|(_, kind)| bench.word(kind)).collect();
    assert!(words[0].starts_with("do_read"), "{words:?}");
    assert!(words[1].starts_with("data_received"), "{words:?}");
    assert_eq!(words[3..], ["end", "end"]);
    // Little was read: the clock was looked at before that, and after the sending.
    assert_eq!(around[0].0, around[1].0);
    assert_eq!([around[3].0, around[4].0], [around[2].0; 2]);
}

#[test]
fn what_is_written_from_elsewhere_goes_out_at_once() {
    let mut bench = Bench::manual();
    let (_, address) = {
        let log = bench.log.clone();
        bench.listen(move || Scripted::new("server", &log))
    };
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    bench.connect(address, move || {
        Scripted::new("client", &log).kept_in(&kept)
    });
    bench.until(|_| servers.len() == 1);
    let transport = servers.get(0);
    bench
        .reactor
        .call_later(Duration::ZERO, label("tick"), move |reactor| {
            transport.write(reactor, b"tick");
            assert_eq!(transport.buffered(), 0);
            Ok(())
        });
    bench.until_logged("server got tick");
}

#[test]
fn what_one_callback_writes_goes_out_with_one_system_call() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    let (_, address) = bench.listen(move || {
        Scripted::new("server", &log).on_data(|reactor, transport, _| {
            for piece in [&b"one "[..], b"two "] {
                transport.write(reactor, piece);
            }
            transport.write_sequence(reactor, &[b"", b"three ", b"four"]);
            Ok(())
        })
    });
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"x").unwrap();
    bench.until_logged("server got x");
    let mut got = [0; 32];
    let bytes = client.read(&mut got).unwrap();
    assert_eq!(&got[..bytes], b"one two three four");
    let writes = bench.events();
    let writes = writes
        .iter()
        .filter(|(_, kind)| matches!(kind, EventKind::BytesWritten { .. }));
    assert_eq!(writes.count(), 1);
}

#[test]
fn a_transport_that_somebody_kept_does_not_keep_the_connection_open() {
    let mut bench = Bench::real();
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    let (_, address) = bench.listen(move || Scripted::new("server", &log).kept_in(&kept));
    let mut client = std::net::TcpStream::connect(address).unwrap();
    bench.until(|_| servers.len() == 1);
    servers.get(0).lose_connection(&mut bench.reactor);
    bench.until_logged("server closed");
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_fast_sender_does_not_starve_the_others() {
    let mut bench = Bench::real();
    let got = Rc::default();
    let (log, into) = (bench.log.clone(), Rc::clone(&got));
    let (_, address) = bench.listen(move || reader(&log, &into));
    let fast = std::net::TcpStream::connect(address).unwrap();
    let mut slow = std::net::TcpStream::connect(address).unwrap();
    let writer = std::thread::spawn(move || (&fast).write_all(&pattern(32 * 1024 * 1024)));
    slow.write_all(b"slow").unwrap();
    let log = bench.until_logged("reader got slow");
    assert!(!log.contains(&"reader closed".to_owned()));
    bench.until_logged("reader closed");
    writer.join().unwrap().unwrap();
    assert_eq!(got.borrow().len(), 32 * 1024 * 1024 + 4);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    /// From a callback of its own, from a timer, in pieces: one row of bytes.
    #[test]
    fn bytes_arrive_in_the_order_in_which_they_were_written(
        sizes in prop::collection::vec((0_usize..200_000, any::<bool>()), 1..8),
    ) {
        let mut bench = Bench::manual();
        let got = Rc::default();
        let (log, into) = (bench.log.clone(), Rc::clone(&got));
        let (_, address) = bench.listen(move || reader(&log, &into));
        let mut pieces = Vec::new();
        let mut next = 0;
        for &(size, sequence) in &sizes {
            let piece: Vec<u8> = (next..next + size).map(|place| (place % 251) as u8).collect();
            next += size;
            pieces.push((piece, sequence));
        }
        let all = pattern(next);
        let log = bench.log.clone();
        bench.connect(address, move || {
            let pieces = pieces.clone();
            Scripted::new("writer", &log).on_made(move |reactor, transport| {
                for (piece, sequence) in &pieces {
                    if *sequence {
                        let parts: Vec<&[u8]> = piece.chunks(7_000).collect();
                        transport.write_sequence(reactor, &parts);
                    } else {
                        transport.write(reactor, piece);
                    }
                }
                let (pieces, later) = (pieces.clone(), transport.clone());
                reactor.call_later(Duration::ZERO, label("more"), move |reactor| {
                    for (piece, _) in &pieces {
                        later.write_sequence(reactor, &piece.chunks(9_000).collect::<Vec<_>>());
                    }
                    later.lose_connection(reactor);
                    Ok(())
                });
                Ok(())
            })
        });
        bench.until_logged("reader closed");
        let got = got.borrow();
        prop_assert!(got[..next] == all && got[next..] == all);
    }
}

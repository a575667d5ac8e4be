//! Back-pressure: who produces is told when the other side reads too slowly, and who reads can say so.

use super::*;

/// Logs what it is told, and does what a test wants when it may go on.
struct Tap {
    log: Log,
    on_resume: Box<dyn FnMut(&mut Reactor) -> CallbackResult>,
}

impl Tap {
    fn new(log: &Log) -> Self {
        Self {
            log: log.clone(),
            on_resume: Box::new(|_| Ok(())),
        }
    }
}

impl Producer for Tap {
    fn pause_producing(&mut self, _: &mut Reactor) -> CallbackResult {
        self.log.add("pause");
        Ok(())
    }

    fn resume_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        self.log.add("resume");
        (self.on_resume)(reactor)
    }

    fn stop_producing(&mut self, _: &mut Reactor) -> CallbackResult {
        self.log.add("stop");
        Ok(())
    }
}

/// Fills the buffers of the system, and then the transport's, up to its high-water mark.
fn fill(bench: &mut Bench, transport: &Transport) -> usize {
    let piece = [7; 16 * 1024];
    let mut bytes = 0;
    while !transport.is_under_pressure() {
        transport.write(&mut bench.reactor, &piece);
        bytes += piece.len();
    }
    bytes
}

/// A connection whose other side is a plain socket that reads nothing by itself.
fn unread(bench: &mut Bench) -> (Transport, std::net::TcpStream) {
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    let (_, address) = bench.listen(move || Scripted::new("server", &log).kept_in(&kept));
    let client = std::net::TcpStream::connect(address).unwrap();
    bench.until(|_| servers.len() == 1);
    bench.log.take();
    (servers.get(0), client)
}

#[test]
fn a_producer_is_paused_while_too_much_waits_and_resumed_when_little_does() {
    let mut bench = Bench::manual();
    let (transport, client) = unread(&mut bench);
    let tap = Tap::new(&bench.log);
    transport
        .register_producer(&mut bench.reactor, tap)
        .unwrap();
    let again = transport.register_producer(&mut bench.reactor, Tap::new(&bench.log));
    assert_eq!(again, Err(AlreadyProducing));
    let bytes = fill(&mut bench, &transport);
    assert_eq!(bench.log.take(), ["pause"], "told once, and at once");
    assert!(transport.buffered() > 64 * 1024);
    let reading = std::thread::spawn(move || {
        (&client).read_exact(&mut vec![0; bytes]).unwrap();
        client
    });
    bench.until_logged("resume");
    assert!(transport.buffered() <= 16 * 1024);
    bench.until(|_| transport.buffered() == 0);
    reading.join().unwrap();
    let mut pressure = Vec::new();
    for (_, kind) in bench.events() {
        match kind {
            EventKind::BackPressureBegin { buffered, .. } => pressure.push(buffered > 64 * 1024),
            EventKind::BackPressureEnd { buffered, .. } => pressure.push(buffered > 16 * 1024),
            _ => {}
        }
    }
    assert_eq!(pressure, [true, false]);
}

#[test]
fn a_producer_that_writes_as_soon_as_it_may_never_has_much_waiting() {
    let mut bench = Bench::real();
    let (transport, client) = unread(&mut bench);
    // How much the system's buffers take is its own affair: more of it after a machine was busy.
    let mut left = 1024 * 1024;
    let bytes = fill(&mut bench, &transport) + left;
    let own = transport.clone();
    let mut tap = Tap::new(&bench.log);
    tap.on_resume = Box::new(move |reactor| {
        while left > 0 && !own.is_under_pressure() {
            let piece = left.min(10_000);
            own.write(reactor, &vec![7; piece]);
            left -= piece;
        }
        if left == 0 {
            own.unregister_producer(reactor);
        }
        Ok(())
    });
    transport
        .register_producer(&mut bench.reactor, tap)
        .unwrap();
    assert_eq!(bench.log.take(), ["pause"], "it comes too late to write");
    // Waits for the producer, which is not done yet.
    transport.lose_connection(&mut bench.reactor);
    let reading = std::thread::spawn(move || {
        let mut got = Vec::new();
        (&client).read_to_end(&mut got).unwrap();
        got.len()
    });
    let mut most = 0;
    bench.until(|bench| {
        most = most.max(transport.buffered());
        bench.log.take().contains(&"server closed".to_owned())
    });
    assert_eq!(reading.join().unwrap(), bytes);
    assert!(most <= 64 * 1024 + 16 * 1024, "{most}");
}

#[test]
fn a_producer_is_stopped_when_its_connection_is_lost_and_at_once_if_that_is_over() {
    let mut bench = Bench::manual();
    let (transport, _client) = unread(&mut bench);
    transport
        .register_producer(&mut bench.reactor, Tap::new(&bench.log))
        .unwrap();
    transport.abort_connection(&mut bench.reactor);
    assert_eq!(bench.turn(), ["stop", "server broken: ConnectionAborted"]);
    transport
        .register_producer(&mut bench.reactor, Tap::new(&bench.log))
        .unwrap();
    assert_eq!(bench.log.take(), ["stop"]);
}

#[test]
fn a_producer_that_fails_loses_its_connection() {
    let mut bench = Bench::manual();
    let (transport, _client) = unread(&mut bench);
    let mut tap = Tap::new(&bench.log);
    tap.on_resume = Box::new(|_| Err("no more".into()));
    transport
        .register_producer(&mut bench.reactor, tap)
        .unwrap();
    fill(&mut bench, &transport);
    transport.set_high_water(&mut bench.reactor, usize::MAX);
    assert_eq!(bench.log.take(), ["pause", "resume"]);
    assert_eq!(bench.turn(), ["server failed: no more"]);
}

#[test]
fn a_paused_transport_reads_nothing_and_then_everything() {
    let mut bench = Bench::manual();
    let (transport, mut client) = unread(&mut bench);
    transport.pause_producing(&mut bench.reactor);
    transport.pause_producing(&mut bench.reactor);
    client.write_all(b"held").unwrap();
    for _ in 0..20 {
        assert!(bench.turn().is_empty());
    }
    assert!(transport.is_paused());
    transport.resume_producing(&mut bench.reactor);
    transport.resume_producing(&mut bench.reactor);
    bench.until_logged("server got held");
    let mut trace = bench.trace();
    trace.retain(|word| word.starts_with("Reading"));
    assert_eq!(trace.len(), 2, "{trace:?}");
    assert!(trace[0].starts_with("ReadingPaused") && trace[1].starts_with("ReadingResumed"));
}

#[test]
fn a_protocol_that_pauses_in_data_received_gets_nothing_more_in_that_turn() {
    let mut bench = Bench::manual();
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    let reads = Rc::new(RefCell::new(0));
    let counter = Rc::clone(&reads);
    let (_, address) = bench.listen(move || {
        let counter = Rc::clone(&counter);
        Scripted::new("server", &log)
            .kept_in(&kept)
            .on_data(move |reactor, transport, _| {
                *counter.borrow_mut() += 1;
                transport.pause_producing(reactor);
                Ok(())
            })
    });
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(&[7; 300_000]).unwrap();
    bench.until(|_| *reads.borrow() == 1);
    for _ in 0..20 {
        bench.turn();
    }
    assert_eq!(*reads.borrow(), 1);
    servers.get(0).resume_producing(&mut bench.reactor);
    bench.until(|_| *reads.borrow() == 2);
}

/// Reads from one connection no faster than the other one takes it.
#[test]
fn a_proxy_passes_on_the_pressure() {
    let mut bench = Bench::manual();
    let (out, client) = unread(&mut bench);
    let transports = Transports::default();
    let (log, kept, into) = (bench.log.clone(), transports.clone(), out.clone());
    let (_, address) = bench.listen(move || {
        let into = into.clone();
        Scripted::new("proxy", &log)
            .kept_in(&kept)
            .on_data(move |reactor, _, data| {
                into.write(reactor, data);
                Ok(())
            })
    });
    let source = std::net::TcpStream::connect(address).unwrap();
    bench.until(|_| transports.len() == 1);
    let inlet = transports.get(0);
    out.register_producer(&mut bench.reactor, inlet.clone())
        .unwrap();
    let bytes = 32 * 1024 * 1024;
    let writing = std::thread::spawn(move || (&source).write_all(&vec![7; bytes]).unwrap());
    bench.until(|_| inlet.is_paused());
    let reading = std::thread::spawn(move || {
        (&client).read_exact(&mut vec![0; bytes]).unwrap();
        client
    });
    bench.until(|_| reading.is_finished());
    writing.join().unwrap();
    assert!(!inlet.is_paused());
}

#[test]
fn a_producer_that_holds_its_transport_goes_with_a_reactor_that_never_ran() {
    struct Holds {
        _transport: Transport,
        _alive: Rc<()>,
    }
    impl Producer for Holds {
        fn pause_producing(&mut self, _: &mut Reactor) -> CallbackResult {
            Ok(())
        }
        fn resume_producing(&mut self, _: &mut Reactor) -> CallbackResult {
            Ok(())
        }
        fn stop_producing(&mut self, _: &mut Reactor) -> CallbackResult {
            Ok(())
        }
    }
    let mut bench = Bench::manual();
    let (transport, _client) = unread(&mut bench);
    let alive = Rc::new(());
    let producer = Holds {
        _transport: transport.clone(),
        _alive: Rc::clone(&alive),
    };
    transport
        .register_producer(&mut bench.reactor, producer)
        .unwrap();
    drop((bench, transport));
    assert_eq!(Rc::strong_count(&alive), 1);
}

#[test]
fn a_connection_that_is_to_be_lost_waits_for_its_producer_to_be_done() {
    let mut bench = Bench::manual();
    let (transport, mut client) = unread(&mut bench);
    let tap = Tap::new(&bench.log);
    transport
        .register_producer(&mut bench.reactor, tap)
        .unwrap();
    transport.lose_connection(&mut bench.reactor);
    bench.turn();
    bench.turn();
    assert!(!transport.is_lost());
    transport.write(&mut bench.reactor, b"the rest");
    transport.unregister_producer(&mut bench.reactor);
    bench.until(|_| transport.is_lost());
    let mut read = String::new();
    client.read_to_string(&mut read).unwrap();
    assert_eq!(read, "the rest");
}

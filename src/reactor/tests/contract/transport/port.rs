//! Ports: who is taken in, and until when. (What a port does without descriptors: `tests/descriptors.rs`.)

use super::*;

#[test]
fn a_port_that_stops_keeps_its_connections_and_takes_in_no_more() {
    let mut bench = Bench::manual();
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    let factory = logged(&bench.log, move || {
        Scripted::new("server", &log).kept_in(&kept)
    });
    let port = bench.reactor.listen_tcp(LOOPBACK, None, factory).unwrap();
    let address = port.get_host().socket().unwrap();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    bench.until(|_| servers.len() == 1);
    assert!(port.is_listening());
    port.stop_listening(&mut bench.reactor);
    port.stop_listening(&mut bench.reactor);
    assert!(!port.is_listening());
    assert_eq!(
        bench.log.take(),
        ["factory starts", "builds", "server made"]
    );
    assert_eq!(bench.turn(), ["factory stops"]);
    assert!(std::net::TcpStream::connect(address).is_err());
    client.write_all(b"still here").unwrap();
    bench.until_logged("server got still here");
}

#[test]
fn a_protocol_may_close_the_port_that_took_it_in() {
    let mut bench = Bench::manual();
    let port: Rc<RefCell<Option<Port>>> = Rc::default();
    let (log, own) = (bench.log.clone(), Rc::clone(&port));
    let factory = logged(&bench.log, move || {
        let own = Rc::clone(&own);
        Scripted::new("server", &log).on_made(move |reactor, _| {
            own.borrow().as_ref().unwrap().stop_listening(reactor);
            Ok(())
        })
    });
    *port.borrow_mut() = Some(bench.reactor.listen_tcp(LOOPBACK, None, factory).unwrap());
    let address = port.borrow().as_ref().unwrap().get_host().socket().unwrap();
    let _clients: Vec<_> = (0..2)
        .map(|_| std::net::TcpStream::connect(address).unwrap())
        .collect();
    let log = bench.until_logged("factory stops");
    assert_eq!(
        log,
        ["factory starts", "builds", "server made", "factory stops"]
    );
}

#[test]
fn hundreds_of_clients_find_room_at_once_and_are_taken_in_a_part_per_turn() {
    let mut bench = Bench::manual();
    let servers = Transports::default();
    let (log, kept) = (bench.log.clone(), servers.clone());
    let (_, address) = bench.listen(move || Scripted::new("server", &log).kept_in(&kept));
    let longest: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn")
        .ok()
        .and_then(|limit| limit.trim().parse().ok())
        .unwrap_or(128);
    let crowd = longest.min(200);
    // Nobody is taken in meanwhile, so all of them stay in the queue.
    let _clients: Vec<_> = (0..crowd)
        .map(|_| std::net::TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap())
        .collect();
    let mut most = 0;
    let mut before = 0;
    bench.until(|_| {
        let now = servers.len();
        most = most.max(now - before);
        before = now;
        now == crowd
    });
    assert!(most <= 64, "{most} in one turn");
}

#[test]
fn a_taken_address_is_refused() {
    let mut bench = Bench::real();
    let log = bench.log.clone();
    let (port, address) = bench.listen(move || Scripted::new("server", &log));
    let again = bench.reactor.listen_tcp(address, None, |_: &Address| {
        Scripted::new("", &Log::default())
    });
    let again = again.err().unwrap();
    assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
    let place = format!("cannot listen on {address}: ");
    assert!(again.to_string().starts_with(&place), "{again}");
    assert!(port.is_listening());
}

/// Takes everybody for this task.
struct For(TaskId, Log);

impl Factory for For {
    fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
        Some(Box::new(Scripted::new("server", &self.1)))
    }

    fn task_of(&self, address: &Address) -> Option<TaskId> {
        assert!(address.socket().is_some());
        Some(self.0)
    }
}

#[test]
fn a_factory_may_know_for_which_task_a_connection_is() {
    let mut bench = Bench::manual();
    let task = TaskId::from_index(6);
    let factory = For(task, bench.log.clone());
    let port = bench.reactor.listen_tcp(LOOPBACK, None, factory).unwrap();
    let address = port.get_host().socket().unwrap();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"hello").unwrap();
    bench.until_logged("server got hello");
    let kinds: Vec<_> = bench.events().into_iter().map(|(_, kind)| kind).collect();
    assert!(kinds.iter().any(|kind| {
        matches!(kind, EventKind::ConnectionMade { task: Some(of), .. } if *of == task)
    }));
    assert!(kinds.contains(&EventKind::BytesRead { task, bytes: 5 }));
}

//! Connections over loopback: what protocols, factories, ports and connectors are told, and when.
//!
//! Every test drives both ends in one reactor, on real sockets, until something has come about.

mod any_order;
mod connector;
mod contract;
mod datagrams;
mod http;
mod life;
mod port;
mod pressure;
mod receivers;
mod writing;

use super::*;
use crate::reactor::Transport;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What a scripted protocol does when it is called.
type OnMade = Box<dyn FnMut(&mut Reactor, &Transport) -> CallbackResult>;
type OnData = Box<dyn FnMut(&mut Reactor, &Transport, &[u8]) -> CallbackResult>;

type OnEnd = Box<dyn FnMut(&mut Reactor, &Connector) -> CallbackResult>;

/// A protocol that logs what it is told, and does what a test wants.
struct Scripted {
    name: String,
    log: Log,
    transports: Transports,
    on_made: OnMade,
    on_data: OnData,
    on_end: OnMade,
    on_lost: Box<dyn FnMut(&mut Reactor) -> CallbackResult>,
}

/// The transports that scripted protocols were given, in their order.
#[derive(Clone, Default)]
struct Transports(Rc<RefCell<Vec<Transport>>>);

impl Transports {
    fn get(&self, index: usize) -> Transport {
        self.0.borrow()[index].clone()
    }

    fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Scripted {
    fn new(name: impl Into<String>, log: &Log) -> Self {
        Self {
            name: name.into(),
            log: log.clone(),
            transports: Transports::default(),
            on_made: Box::new(|_, _| Ok(())),
            on_data: Box::new(|_, _, _| Ok(())),
            on_end: Box::new(|reactor, transport| {
                transport.lose_connection(reactor);
                Ok(())
            }),
            on_lost: Box::new(|_| Ok(())),
        }
    }

    fn kept_in(mut self, transports: &Transports) -> Self {
        self.transports = transports.clone();
        self
    }

    fn on_made(
        mut self,
        code: impl FnMut(&mut Reactor, &Transport) -> CallbackResult + 'static,
    ) -> Self {
        self.on_made = Box::new(code);
        self
    }

    fn on_data(
        mut self,
        code: impl FnMut(&mut Reactor, &Transport, &[u8]) -> CallbackResult + 'static,
    ) -> Self {
        self.on_data = Box::new(code);
        self
    }

    fn on_end(
        mut self,
        code: impl FnMut(&mut Reactor, &Transport) -> CallbackResult + 'static,
    ) -> Self {
        self.on_end = Box::new(code);
        self
    }

    fn on_lost(mut self, code: impl FnMut(&mut Reactor) -> CallbackResult + 'static) -> Self {
        self.on_lost = Box::new(code);
        self
    }
}

impl Protocol for Scripted {
    fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        self.log.add(format!("{} made", self.name));
        self.transports.0.borrow_mut().push(transport.clone());
        (self.on_made)(reactor, transport)
    }

    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult {
        if data.len() < 100 {
            let text = String::from_utf8_lossy(data);
            self.log.add(format!("{} got {text}", self.name));
        }
        (self.on_data)(reactor, transport, data)
    }

    fn read_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
    ) -> CallbackResult {
        self.log.add(format!("{} at the end", self.name));
        (self.on_end)(reactor, transport)
    }

    fn connection_lost(&mut self, reactor: &mut Reactor, reason: &Reason) -> CallbackResult {
        self.log.add(format!("{} {}", self.name, word(reason)));
        (self.on_lost)(reactor)
    }
}

fn word(reason: &Reason) -> String {
    match reason {
        Reason::Closed => "closed".to_owned(),
        Reason::Stopped => "stopped".to_owned(),
        Reason::Broken(error) => format!("broken: {:?}", error.kind()),
        Reason::Failed(failure) => format!("failed: {failure}"),
    }
}

/// A factory that makes each protocol with a function, and logs what it is told.
struct Logged<F> {
    log: Log,
    build: F,
    /// Called when an attempt failed or a connection was lost.
    on_end: OnEnd,
}

fn logged<F: FnMut() -> Scripted>(log: &Log, build: F) -> Logged<F> {
    Logged {
        log: log.clone(),
        build,
        on_end: Box::new(|_, _| Ok(())),
    }
}

impl<F: FnMut() -> Scripted> Factory for Logged<F> {
    fn start_factory(&mut self, _: &mut Reactor) -> CallbackResult {
        self.log.add("factory starts");
        Ok(())
    }

    fn build_protocol(&mut self, _: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
        self.log.add("builds");
        Some(Box::new((self.build)()))
    }

    fn stop_factory(&mut self, _: &mut Reactor) -> CallbackResult {
        self.log.add("factory stops");
        Ok(())
    }
}

impl<F: FnMut() -> Scripted> ClientFactory for Logged<F> {
    fn started_connecting(&mut self, _: &mut Reactor, _: &Connector) -> CallbackResult {
        self.log.add("connecting");
        Ok(())
    }

    fn client_connection_failed(
        &mut self,
        reactor: &mut Reactor,
        connector: &Connector,
        error: &ConnectError,
    ) -> CallbackResult {
        self.log.add(match error {
            ConnectError::Io(error) => format!("failed: {:?}", error.kind()),
            error => format!("failed: {error}"),
        });
        (self.on_end)(reactor, connector)
    }

    fn client_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        connector: &Connector,
        reason: &Reason,
    ) -> CallbackResult {
        self.log.add(format!("lost: {}", word(reason)));
        (self.on_end)(reactor, connector)
    }
}

impl Bench {
    /// Makes turns until `condition` holds.
    fn until(&mut self, mut condition: impl FnMut(&mut Self) -> bool) {
        let begin = Instant::now();
        while !condition(self) {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "it never comes about; the log: {:?}",
                self.log.take()
            );
            self.reactor.turn().unwrap();
        }
    }

    /// Makes turns until the log holds `line`, and returns all of it.
    fn until_logged(&mut self, line: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        self.until(|bench| {
            lines.extend(bench.log.take());
            lines.iter().any(|logged| logged == line)
        });
        lines
    }

    /// Listens, with a protocol of `build` for each connection.
    fn listen(&mut self, mut build: impl FnMut() -> Scripted + 'static) -> (Port, SocketAddr) {
        let factory = move |_: &Address| build();
        let port = self.reactor.listen_tcp(LOOPBACK, None, factory).unwrap();
        let address = port.get_host().socket().unwrap();
        (port, address)
    }

    fn connect(
        &mut self,
        address: SocketAddr,
        mut build: impl FnMut() -> Scripted + 'static,
    ) -> Connector {
        let factory = move |_: &Address| build();
        self.reactor.connect_tcp(address, task(1), factory)
    }

    /// A server that does nothing, and a client of it, which is connected.
    fn pair(&mut self) -> (Transport, Transport) {
        self.pair_with(|_, _, _| Ok(()))
    }

    /// A server that sends back what it gets, and a client of it, which is connected.
    fn echo(&mut self) -> (Transport, Transport) {
        self.pair_with(|reactor, transport, data| {
            transport.write(reactor, data);
            Ok(())
        })
    }

    fn pair_with(
        &mut self,
        on_data: impl FnMut(&mut Reactor, &Transport, &[u8]) -> CallbackResult + Clone + 'static,
    ) -> (Transport, Transport) {
        let servers = Transports::default();
        let clients = Transports::default();
        let (log, kept) = (self.log.clone(), servers.clone());
        let (_, address) = self.listen(move || {
            Scripted::new("server", &log)
                .kept_in(&kept)
                .on_data(on_data.clone())
        });
        let (log, kept) = (self.log.clone(), clients.clone());
        self.connect(address, move || {
            Scripted::new("client", &log).kept_in(&kept)
        });
        self.until(|_| servers.len() + clients.len() == 2);
        self.log.take();
        (servers.get(0), clients.get(0))
    }
}

//! Whatever callbacks do to connections, in whatever order, and from inside whichever other callback: each connection is
//! made once and lost once, nobody is called in the middle of something else, and nothing is left.

use std::cell::Cell;
use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// What is done, to which of those that there are, and how much.
type Deed = (u8, usize, usize);

#[derive(Default)]
struct Stage {
    deeds: RefCell<VecDeque<Deed>>,
    ports: RefCell<Vec<Port>>,
    connectors: RefCell<Vec<Connector>>,
    transports: RefCell<Vec<Transport>>,
    timers: RefCell<Vec<TimerId>>,
    made: Cell<usize>,
    lost: Cell<usize>,
}

fn pick<T: Clone>(from: &RefCell<Vec<T>>, place: usize) -> Option<T> {
    let from = from.borrow();
    (!from.is_empty()).then(|| from[place % from.len()].clone())
}

impl Stage {
    /// Does the next deed. Whether there was one.
    fn act(self: &Rc<Self>, reactor: &mut Reactor) -> bool {
        let deed = self.deeds.borrow_mut().pop_front();
        let Some((deed, place, bytes)) = deed else {
            return false;
        };
        let transport = pick(&self.transports, place);
        match (deed, transport) {
            (0, _) => {
                let player = Player(Rc::clone(self));
                if let Some(address) = pick(&self.ports, place).map(|port| port.get_host().socket())
                {
                    let connector = reactor.connect_tcp(address.unwrap(), None, player);
                    self.connectors.borrow_mut().push(connector);
                }
            }
            (1, _) => {
                let player = Player(Rc::clone(self));
                let port = reactor.listen_tcp(LOOPBACK, None, player).unwrap();
                self.ports.borrow_mut().push(port);
            }
            (2, _) if place % 4 == 0 => {
                if let Some(port) = pick(&self.ports, bytes) {
                    port.stop_listening(reactor);
                }
            }
            (3, _) => {
                if let Some(connector) = pick(&self.connectors, place) {
                    connector.disconnect(reactor);
                }
            }
            (4, _) => {
                if let Some(connector) = pick(&self.connectors, place) {
                    connector.connect(reactor);
                }
            }
            (5, _) => {
                let stage = Rc::clone(self);
                let timer = reactor.call_later(Duration::ZERO, label("timer"), move |reactor| {
                    stage.act(reactor);
                    Ok(())
                });
                self.timers.borrow_mut().push(timer);
            }
            (6, _) => {
                if let Some(timer) = pick(&self.timers, place) {
                    reactor.cancel(timer);
                }
            }
            (7, Some(transport)) => transport.lose_connection(reactor),
            (8, Some(transport)) => transport.abort_connection(reactor),
            (9, Some(transport)) => transport.lose_write_connection(reactor),
            (10, Some(transport)) => transport.pause_producing(reactor),
            (11, Some(transport)) => transport.resume_producing(reactor),
            (12, Some(transport)) => {
                let source = pick(&self.transports, bytes).unwrap();
                let _ = transport.register_producer(reactor, source);
            }
            (13, Some(transport)) => {
                let source = Source(Rc::clone(self), transport.clone());
                let _ = transport.register_producer(reactor, source);
            }
            (14, Some(transport)) => transport.unregister_producer(reactor),
            (15, Some(transport)) => transport.set_high_water(reactor, bytes),
            (_, Some(transport)) => transport.write(reactor, &vec![7; bytes]),
            (_, None) => {}
        }
        true
    }

    fn act_in(self: &Rc<Self>, reactor: &mut Reactor) -> CallbackResult {
        self.act(reactor);
        Ok(())
    }
}

/// Writes, and does a deed, whenever it may go on.
struct Source(Rc<Stage>, Transport);

impl Producer for Source {
    fn pause_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        self.0.act_in(reactor)
    }
    fn resume_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        self.1.write(reactor, &[7; 10_000]);
        self.0.act_in(reactor)
    }
    fn stop_producing(&mut self, reactor: &mut Reactor) -> CallbackResult {
        self.0.act_in(reactor)
    }
}

/// Does a deed whenever it is called, as a factory and as a protocol.
struct Player(Rc<Stage>);

impl Factory for Player {
    fn build_protocol(&mut self, reactor: &mut Reactor, _: &Address) -> Option<Box<dyn Protocol>> {
        self.0.act(reactor);
        Some(Box::new(Self(Rc::clone(&self.0))))
    }
    fn stop_factory(&mut self, reactor: &mut Reactor) -> CallbackResult {
        self.0.act_in(reactor)
    }
}

impl ClientFactory for Player {
    fn started_connecting(&mut self, reactor: &mut Reactor, _: &Connector) -> CallbackResult {
        self.0.act_in(reactor)
    }
    fn client_connection_failed(
        &mut self,
        reactor: &mut Reactor,
        _: &Connector,
        _: &ConnectError,
    ) -> CallbackResult {
        self.0.act_in(reactor)
    }
    fn client_connection_lost(
        &mut self,
        reactor: &mut Reactor,
        _: &Connector,
        _: &Reason,
    ) -> CallbackResult {
        self.0.act_in(reactor)
    }
}

impl Protocol for Player {
    fn connection_made(&mut self, reactor: &mut Reactor, transport: &Transport) -> CallbackResult {
        self.0.made.set(self.0.made.get() + 1);
        self.0.transports.borrow_mut().push(transport.clone());
        self.0.act_in(reactor)
    }
    fn data_received(&mut self, reactor: &mut Reactor, _: &Transport, _: &[u8]) -> CallbackResult {
        self.0.act_in(reactor)
    }
    fn reading_resumed(&mut self, reactor: &mut Reactor, _: &Transport) -> CallbackResult {
        self.0.act_in(reactor)
    }
    fn read_connection_lost(&mut self, reactor: &mut Reactor, _: &Transport) -> CallbackResult {
        self.0.act_in(reactor)
    }
    fn connection_lost(&mut self, reactor: &mut Reactor, _: &Reason) -> CallbackResult {
        self.0.lost.set(self.0.lost.get() + 1);
        self.0.act_in(reactor)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_connection_is_made_once_and_lost_once_whatever_is_done(
        deeds in prop::collection::vec((0_u8..18, 0_usize..100, 0_usize..200_000), 0..120),
    ) {
        let mut bench = Bench::real();
        let stage = Rc::new(Stage::default());
        stage.deeds.borrow_mut().extend([(1, 0, 0), (0, 0, 0), (0, 0, 0)]);
        stage.deeds.borrow_mut().extend(deeds);
        let doing = Rc::clone(&stage);
        // Something is done in each turn, whatever comes in.
        let looping = LoopingCall::new(label("act"), move |reactor, looping| {
            if !doing.act(reactor) {
                looping.stop(reactor);
                reactor.stop()?;
            }
            Ok(())
        });
        drop(looping.start(&mut bench.reactor, Duration::ZERO, true));
        bench.reactor.run().unwrap();
        prop_assert_eq!(stage.made.get(), stage.lost.get());
        prop_assert!(bench.reactor.descriptors.is_empty());
        prop_assert!(stage.transports.borrow().iter().all(Transport::is_lost));
        let failures: Vec<_> = bench.trace().into_iter().filter(|word| word.starts_with("failure")).collect();
        prop_assert_eq!(failures, [""; 0]);
        // A timer may hold the stage, and the stage the reactor's transports.
        stage.transports.take();
        stage.connectors.take();
    }
}

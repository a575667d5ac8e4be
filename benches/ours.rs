//! Our echo server: recorded or not, and watched while it is asked to be. It serves until it is asked to quit, and sends
//! nothing late (`TCP_NODELAY`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loopscope::clock::Clock;
use loopscope::reactor::{
    Address, CallbackResult, Protocol, Provider, ProviderKind, Reactor, Transport,
};
use loopscope::record::{Recorder, Recorders, channel};
use loopscope::trace::ModelId;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::load::{ANY_PORT, Desk, UNWATCH, WATCH};

/// Ours, and nobody looks.
pub fn unrecorded(kind: ProviderKind) -> impl FnOnce(Desk) + Send {
    move |desk| {
        let recorders = Recorders::off(&Clock::monotonic());
        let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
        serve(kind, recorder, desk);
    }
}

/// Ours, recorded, and somebody fetches the events as the window does, only more often, on one of the processors of
/// `anywhere`.
pub fn recorded(anywhere: CpuSet) -> impl FnOnce(Desk) + Send {
    move |desk| {
        let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                sched_setaffinity(None, &anywhere).expect("it could run there before");
                while !is_over.load(Ordering::Relaxed) {
                    while let Ok(batch) = receiver.try_recv() {
                        receiver.recycle(batch);
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
            serve(ProviderKind::Epoll, recorder, desk);
            is_over.store(true, Ordering::Relaxed);
        });
    }
}

fn serve(kind: ProviderKind, recorder: Recorder, desk: Desk) {
    let provider = Provider::of(kind).expect("there are descriptors");
    let mut reactor = Reactor::with_provider(recorder, provider);
    let theirs = desk.clone();
    let factory = move |_: &Address| Echo(theirs.clone());
    let port = reactor
        .listen_tcp(ANY_PORT, None, factory)
        .expect("loopback has ports");
    desk.open_at(port.get_host().socket().expect("it listens over TCP"));
    reactor.run().expect("epoll works");
}

struct Echo(Desk);

impl Protocol for Echo {
    fn connection_made(&mut self, _: &mut Reactor, transport: &Transport) -> CallbackResult {
        Ok(transport.set_tcp_no_delay(true)?)
    }

    fn data_received(
        &mut self,
        reactor: &mut Reactor,
        transport: &Transport,
        data: &[u8],
    ) -> CallbackResult {
        let is_over = self.0.look(data);
        match data.first() {
            Some(&WATCH) => reactor.watch()?,
            Some(&UNWATCH) => reactor.unwatch(),
            _ => {}
        }
        transport.write(reactor, data);
        if is_over {
            reactor.stop()?;
        }
        Ok(())
    }
}

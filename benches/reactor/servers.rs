//! Echo servers: ours, and those that it is measured beside. Each serves until it is asked to quit, sends nothing
//! late (`TCP_NODELAY`), and takes what comes with one read where one is enough.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loopscope::clock::Clock;
use loopscope::reactor::{
    Address, CallbackResult, Protocol, Provider, ProviderKind, Reactor, Transport,
};
use loopscope::record::{Recorder, Recorders, channel};
use loopscope::trace::ModelId;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::load::Desk;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How much a read takes at most.
const READ_BYTES: usize = 64 * 1024;

/// mio, with no more around it than an echo server needs.
pub fn raw_mio(desk: Desk) {
    const LISTENER: Token = Token(usize::MAX);
    let mut listener = TcpListener::bind(ANY_PORT).expect("loopback has ports");
    desk.open_at(listener.local_addr().expect("it is bound"));
    let mut poll = Poll::new().expect("there are descriptors");
    let registry = poll.registry().try_clone().expect("there are descriptors");
    registry
        .register(&mut listener, LISTENER, Interest::READABLE)
        .expect("it is a socket");
    let mut events = Events::with_capacity(1024);
    let mut connections = HashMap::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut is_over = false;
    while !is_over {
        poll.poll(&mut events, None).expect("epoll works");
        for event in &events {
            if event.token() != LISTENER {
                let Some(connection) = connections.get_mut(&event.token()) else {
                    continue;
                };
                match echo(connection, &mut buffer, &desk, event.is_read_closed()) {
                    After::Goes => {}
                    After::Ends => drop(connections.remove(&event.token())),
                    After::Quits => is_over = true,
                }
                continue;
            }
            while let Ok((mut connection, _)) = listener.accept() {
                connection.set_nodelay(true).expect("it is TCP");
                let token = Token(connections.len());
                registry
                    .register(&mut connection, token, Interest::READABLE)
                    .expect("it is a socket");
                connections.insert(token, connection);
            }
        }
    }
}

enum After {
    Goes,
    Ends,
    Quits,
}

fn echo(connection: &mut TcpStream, buffer: &mut [u8], desk: &Desk, hung_up: bool) -> After {
    loop {
        match connection.read(buffer) {
            Ok(0) => return After::Ends,
            Ok(bytes) => {
                let is_over = desk.look(&buffer[..bytes]);
                // Answers are short: there is always room for one.
                if connection.write_all(&buffer[..bytes]).is_err() {
                    return After::Ends;
                }
                if is_over {
                    return After::Quits;
                }
                if bytes < buffer.len() && !hung_up {
                    return After::Goes;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return After::Goes,
            Err(_) => return After::Ends,
        }
    }
}

/// tokio, on one thread.
pub fn tokio(desk: Desk) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("there are descriptors");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(ANY_PORT)
            .await
            .expect("loopback has ports");
        desk.open_at(listener.local_addr().expect("it is bound"));
        let quit = Arc::new(tokio::sync::Notify::new());
        let quits = Arc::clone(&quit);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                connection.set_nodelay(true).expect("it is TCP");
                let (desk, quit) = (desk.clone(), Arc::clone(&quit));
                tokio::spawn(async move {
                    let mut buffer = vec![0; 4096];
                    while let Ok(bytes @ 1..) = connection.read(&mut buffer).await {
                        let is_over = desk.look(&buffer[..bytes]);
                        if connection.write_all(&buffer[..bytes]).await.is_err() {
                            return;
                        }
                        if is_over {
                            quit.notify_one();
                        }
                    }
                });
            }
        });
        quits.notified().await;
    });
}

/// Ours, and nobody looks.
pub fn unrecorded(kind: ProviderKind) -> impl FnOnce(Desk) + Send {
    move |desk| {
        let recorders = Recorders::off(&Clock::monotonic());
        ours(
            kind,
            recorders.recorder(ModelId::from_index(0), "reactor"),
            desk,
        );
    }
}

/// Ours, recorded, and somebody fetches the events as the window does, only more often, on one of the processors of
/// `anywhere`.
pub fn recorded(anywhere: CpuSet) -> impl FnOnce(Desk) + Send {
    move |desk| fetched(desk, anywhere)
}

fn fetched(desk: Desk, anywhere: CpuSet) {
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
        ours(ProviderKind::Epoll, recorder, desk);
        is_over.store(true, Ordering::Relaxed);
    });
}

fn ours(kind: ProviderKind, recorder: Recorder, desk: Desk) {
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
        transport.write(reactor, data);
        if is_over {
            reactor.stop()?;
        }
        Ok(())
    }
}

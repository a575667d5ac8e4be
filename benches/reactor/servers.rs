//! Echo servers, those that ours is measured beside. Each serves until it is asked to quit, sends nothing late
//! (`TCP_NODELAY`), and takes what comes with one read where one is enough.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use loopscope_benches::load::{ANY_PORT, Desk};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

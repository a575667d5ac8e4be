//! The loop of the servers' thread: waits for clients, for what they say, for the next piece to be due, for orders.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crossbeam_channel::Receiver;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::acceptor::{Acceptor, Spare};
use super::agenda::Agenda;
use super::connection::{Connection, Then};
use super::error::ServerError;
use super::host::Host;
use super::orders::Order;
use super::pace::Pace;
use super::port::Port;
use super::stream::Stream;
use crate::alarm::Alarm;
use crate::record::Recorder;
use crate::trace::Phrase;

/// There are orders.
pub(super) const WAKE: Token = Token(usize::MAX);

/// Something is due.
const ALARM: Token = Token(usize::MAX - 1);

/// How many events one poll may bring.
const EVENTS: usize = 1024;

/// How many bytes are read at once, at most; no datagram is longer.
const BUFFER_BYTES: usize = 64 * 1024;

/// Everything that the thread owns. Dropping it closes every socket.
pub(super) struct Serving {
    poll: Poll,
    orders: Receiver<Order>,
    /// Their places are their tokens.
    servers: Vec<(Host, Port)>,
    spare: Spare,
    /// Why clients had to wait, if any had to.
    trouble: Arc<OnceLock<ServerError>>,
    /// By token. No token is used twice, so an event for a connection that is gone finds nothing.
    connections: HashMap<usize, Connection>,
    next_token: usize,
    agenda: Agenda,
    alarm: Alarm<Instant>,
    buffer: Vec<u8>,
    recorder: Recorder,
}

impl Serving {
    /// Watches the ports.
    pub(super) fn new(
        poll: Poll,
        orders: Receiver<Order>,
        mut servers: Vec<(Host, Port)>,
        trouble: Arc<OnceLock<ServerError>>,
        recorder: Recorder,
    ) -> io::Result<Self> {
        for (place, (_, port)) in servers.iter_mut().enumerate() {
            port.register(poll.registry(), Token(place))?;
        }
        let alarm = Alarm::new()?;
        if let Some(fd) = alarm.fd() {
            let registry = poll.registry();
            registry.register(&mut SourceFd(&fd), ALARM, Interest::READABLE)?;
        }
        Ok(Self {
            poll,
            orders,
            next_token: servers.len(),
            servers,
            spare: Spare::take()?,
            trouble,
            connections: HashMap::new(),
            agenda: Agenda::default(),
            alarm,
            buffer: vec![0; BUFFER_BYTES],
            recorder,
        })
    }

    /// Serves until it is ordered to stop.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let deadline = self.next_deadline();
            let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
            let timeout = self.alarm.set(deadline, left);
            match timeout.and_then(|timeout| self.poll.poll(&mut events, timeout)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The poll's own descriptor is gone. Nothing can be served; the clients see their connections end.
                Err(_) => return,
            }
            for event in &events {
                match event.token() {
                    WAKE if self.obey() => return,
                    WAKE => {}
                    ALARM => self.alarm.rang(),
                    Token(token) => self.notice(token, event),
                }
            }
            let now = Instant::now();
            while let Some(token) = self.agenda.pop_due(now) {
                self.serve(token, now);
            }
            self.retry_resting(now);
            self.recorder.flush();
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let resting = self.servers.iter().filter_map(|(_, port)| match port {
            Port::Streams(acceptor) => acceptor.resting_until(),
            _ => None,
        });
        self.agenda.first().into_iter().chain(resting).min()
    }

    /// Does what it was ordered to; whether that is to stop.
    fn obey(&mut self) -> bool {
        while let Ok(order) = self.orders.try_recv() {
            let now = Instant::now();
            match order {
                Order::Client { server, stream } => self.welcome(server, stream, now),
                Order::Pace { server, pace } => self.set_pace(server, pace, now),
                Order::Stop => return true,
            }
        }
        false
    }

    fn set_pace(&mut self, server: usize, pace: Pace, now: Instant) {
        let Some((host, _)) = self.servers.get_mut(server) else {
            return;
        };
        host.set_pace(pace);
        let mut concerned = vec![server];
        for (token, connection) in &mut self.connections {
            if connection.server() == server {
                connection.set_pace(pace, now);
                concerned.push(*token);
            }
        }
        for token in concerned {
            self.serve(token, now);
        }
    }

    /// The system reports something of a port or a connection.
    fn notice(&mut self, token: usize, event: &Event) {
        let now = Instant::now();
        match self.servers.get(token) {
            Some((_, Port::Streams(_))) => return self.accept(token),
            Some(_) => {}
            None => {
                if let Some(connection) = self.connections.get_mut(&token)
                    && !connection.notice(event)
                {
                    return self.close(token, now);
                }
            }
        }
        self.serve(token, now);
    }

    /// Takes in all clients of a server that are there.
    fn accept(&mut self, place: usize) {
        loop {
            let now = Instant::now();
            let nobody_is_served = self.connections.is_empty();
            let Some((_, Port::Streams(acceptor))) = self.servers.get_mut(place) else {
                return;
            };
            match acceptor.accept(now, nobody_is_served, &mut self.spare) {
                Ok(Some(stream)) => self.welcome(place, stream, now),
                Ok(None) => return,
                Err(reason) => {
                    let what = Phrase::new("the servers let clients wait");
                    // The first reason will do.
                    let _ = self.trouble.set(ServerError::new(what, reason));
                    return;
                }
            }
        }
    }

    /// Begins to serve a client.
    fn welcome(&mut self, server: usize, mut stream: Stream, now: Instant) {
        let Some((host, _)) = self.servers.get(server) else {
            return;
        };
        let token = self.next_token;
        // It fails if the client is gone already, or if the system watches no more sockets: then the client sees
        // its connection end.
        if stream.register(self.poll.registry(), Token(token)).is_ok() {
            self.next_token += 1;
            let connection = Connection::new(stream, server, host.talk(now), &mut self.recorder);
            self.connections.insert(token, connection);
            self.agenda.set(token, Some(now));
        }
    }

    /// Serves a client, or all of a port that takes datagrams.
    fn serve(&mut self, token: usize, now: Instant) {
        let then = match self.servers.get_mut(token) {
            Some((host, Port::Datagrams(datagrams))) => {
                datagrams.serve(host.delay(), &mut self.buffer, &mut self.recorder)
            }
            Some(_) => return,
            None => match self.connections.get_mut(&token) {
                Some(connection) => connection.serve(now, &mut self.buffer, &mut self.recorder),
                None => return,
            },
        };
        match then {
            Then::At(due) => self.agenda.set(token, Some(due)),
            Then::Event => self.agenda.set(token, None),
            Then::Close => self.close(token, now),
        }
    }

    fn close(&mut self, token: usize, now: Instant) {
        self.connections.remove(&token);
        self.agenda.set(token, None);
        for acceptor in self.acceptors() {
            acceptor.rouse(now);
        }
    }

    fn acceptors(&mut self) -> impl Iterator<Item = &mut Acceptor> {
        self.servers.iter_mut().filter_map(|(_, port)| match port {
            Port::Streams(acceptor) => Some(acceptor),
            _ => None,
        })
    }

    /// Lets the ports that had to rest try again.
    fn retry_resting(&mut self, now: Instant) {
        for place in 0..self.servers.len() {
            let rested = match &self.servers[place].1 {
                Port::Streams(acceptor) => {
                    acceptor.resting_until().is_some_and(|until| until <= now)
                }
                _ => false,
            };
            if rested {
                self.accept(place);
            }
        }
    }
}

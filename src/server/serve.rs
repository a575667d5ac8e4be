//! The loop of the servers' thread: waits for clients, for the next piece to be due, and for the end.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::time::Instant;

use mio::{Events, Poll, Token};

use super::acceptor::{Acceptor, Spare};
use super::connection::{Connection, Then};

/// The servers are to be stopped.
pub(super) const WAKE: Token = Token(usize::MAX);

/// How many events one poll may bring.
const EVENTS: usize = 1024;

/// Everything that the thread owns. Dropping it closes every socket.
#[derive(Debug)]
pub(super) struct Serving {
    poll: Poll,
    /// Their tokens are their places.
    acceptors: Vec<Acceptor>,
    spare: Spare,
    /// By token. No token is used twice, so an event or a due time for a connection that is gone finds nothing.
    connections: HashMap<usize, Connection>,
    next_token: usize,
    /// When which connection is to be served. Each is in here once, unless its client has to take more first.
    due: BinaryHeap<Reverse<(Instant, usize)>>,
}

impl Serving {
    /// Watches the ports.
    pub(super) fn new(poll: Poll, mut acceptors: Vec<Acceptor>) -> io::Result<Self> {
        for (place, acceptor) in acceptors.iter_mut().enumerate() {
            acceptor.register(poll.registry(), Token(place))?;
        }
        Ok(Self {
            poll,
            next_token: acceptors.len(),
            acceptors,
            spare: Spare::take()?,
            connections: HashMap::new(),
            due: BinaryHeap::new(),
        })
    }

    /// Serves until the waker is woken.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            // mio rounds this up to whole milliseconds. That makes a piece late, but not the next one: see `Drip`.
            let timeout = self
                .next_deadline()
                .map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // The poll's own descriptor is gone. Nothing can be served; the clients see their connections end.
                Err(_) => return,
            }
            for event in &events {
                match event.token() {
                    WAKE => return,
                    Token(token) if token < self.acceptors.len() => self.accept(token),
                    Token(token) if event.is_write_closed() => self.close(token, Instant::now()),
                    Token(token) => self.writable(token),
                }
            }
            let now = Instant::now();
            self.serve_due(now);
            self.retry_resting(now);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let due = self.due.peek().map(|Reverse((due, _))| *due);
        let resting = self.acceptors.iter().filter_map(Acceptor::resting_until);
        due.into_iter().chain(resting).min()
    }

    /// Takes in all clients of a server that are there.
    fn accept(&mut self, place: usize) {
        let acceptor = &mut self.acceptors[place];
        loop {
            let now = Instant::now();
            let nobody_is_served = self.connections.is_empty();
            let Some(stream) = acceptor.accept(now, nobody_is_served, &mut self.spare) else {
                return;
            };
            let token = self.next_token;
            let registry = self.poll.registry();
            let connection =
                Connection::new(stream, acceptor.server(), registry, Token(token), now);
            // It fails if the client is gone already, or if the system watches no more sockets: then the client
            // sees its connection end.
            if let Ok(connection) = connection {
                self.next_token += 1;
                self.connections.insert(token, connection);
                self.due.push(Reverse((now, token)));
            }
        }
    }

    fn writable(&mut self, token: usize) {
        // A new connection is writable too, but it has its place among those that are due.
        if self
            .connections
            .get(&token)
            .is_some_and(Connection::is_full)
        {
            self.serve(token, Instant::now());
        }
    }

    fn serve_due(&mut self, now: Instant) {
        while let Some(&Reverse((due, token))) = self.due.peek() {
            if due > now {
                return;
            }
            self.due.pop();
            self.serve(token, now);
        }
    }

    fn serve(&mut self, token: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(&token) else {
            return;
        };
        match connection.serve(now) {
            Then::At(due) => self.due.push(Reverse((due, token))),
            Then::Writable => {}
            Then::Close => self.close(token, now),
        }
    }

    fn close(&mut self, token: usize, now: Instant) {
        self.connections.remove(&token);
        for acceptor in &mut self.acceptors {
            acceptor.rouse(now);
        }
    }

    /// Lets the ports that had to rest try again.
    fn retry_resting(&mut self, now: Instant) {
        for place in 0..self.acceptors.len() {
            let rested = self.acceptors[place]
                .resting_until()
                .is_some_and(|until| until <= now);
            if rested {
                self.accept(place);
            }
        }
    }
}

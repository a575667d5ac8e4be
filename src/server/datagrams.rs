//! One server's UDP port: sends each datagram back to where it came from, after a while.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};

use super::address::ANY;
use super::connection::{ROUNDS, Then};
use crate::record::Recorder;
use crate::trace::{EventKind, Wire};

/// How much may wait to be sent back. While it is more, datagrams stay with the system, which loses those that
/// it has no room for.
const ENOUGH: usize = 16 << 20;

/// The port of a server.
#[derive(Debug)]
pub(super) struct Datagrams {
    socket: UdpSocket,
    /// The number of its port.
    port: u16,
    waiting: Waiting,
}

impl Datagrams {
    /// Listens on a port that the system chooses.
    pub(super) fn bind() -> io::Result<Self> {
        let socket = UdpSocket::bind(ANY)?;
        Ok(Self {
            port: socket.local_addr()?.port(),
            socket,
            waiting: Waiting::default(),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Lets `registry` report datagrams.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut self.socket, token, both)
    }

    /// Takes in what came, and sends back what came `delay` ago.
    pub(super) fn serve(
        &mut self,
        delay: Duration,
        buffer: &mut [u8],
        recorder: &mut Recorder,
    ) -> Then {
        for _ in 0..ROUNDS {
            let is_all = self.hear(buffer);
            let now = Instant::now();
            while let Some((to, datagram)) = self.waiting.due(now, delay) {
                // Before it can have come in: whoever reads one knows that all that was sent before was sent.
                let at = recorder.stamp();
                match self.socket.send_to(datagram, to) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Then::Event,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    // Sent, or lost, as datagrams may be.
                    sent => {
                        let wire = Wire::Udp {
                            client: to.port(),
                            server: self.port,
                        };
                        let bytes = u32::try_from(sent.unwrap_or(0)).unwrap_or(u32::MAX);
                        if bytes > 0 {
                            recorder.record_at(at, EventKind::Sent { wire, bytes });
                        }
                        self.waiting.pop();
                    }
                }
            }
            if is_all || self.waiting.is_enough() {
                return self.waiting.next(delay).map_or(Then::Event, Then::At);
            }
        }
        Then::At(Instant::now())
    }

    /// Takes in some of what came, as far as there is room; whether that was all for now.
    fn hear(&mut self, buffer: &mut [u8]) -> bool {
        for _ in 0..ROUNDS {
            if self.waiting.is_enough() {
                return false;
            }
            match self.socket.recv_from(buffer) {
                Ok((bytes, from)) => self.waiting.push(Instant::now(), from, &buffer[..bytes]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                // An error of a datagram before this one.
                Err(_) => {}
            }
        }
        false
    }
}

/// What came from whom and when, in order.
#[derive(Debug, Default)]
struct Waiting {
    datagrams: VecDeque<(Instant, SocketAddr, Box<[u8]>)>,
    bytes: usize,
}

impl Waiting {
    /// What a datagram takes besides its bytes, about.
    const EACH: usize = 100;

    fn push(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.bytes += datagram.len() + Self::EACH;
        self.datagrams.push_back((now, from, datagram.into()));
    }

    fn is_enough(&self) -> bool {
        self.bytes >= ENOUGH
    }

    /// When the first one goes back.
    fn next(&self, delay: Duration) -> Option<Instant> {
        self.datagrams.front().map(|(came, ..)| *came + delay)
    }

    /// The first one, if it goes back by now.
    fn due(&self, now: Instant, delay: Duration) -> Option<(SocketAddr, &[u8])> {
        let (came, from, datagram) = self.datagrams.front()?;
        (*came + delay <= now).then_some((*from, datagram))
    }

    /// The first one is gone.
    fn pop(&mut self) {
        if let Some((_, _, datagram)) = self.datagrams.pop_front() {
            self.bytes -= datagram.len() + Self::EACH;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goes_back_to_its_sender_a_delay_after_it_came() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let delay = Duration::from_millis(10);
        let [one, other] = [1, 2].map(|port| SocketAddr::new(ANY.ip(), port));
        let mut waiting = Waiting::default();
        waiting.push(start, one, b"Thou");
        waiting.push(after(3), other, b"");
        assert_eq!(waiting.next(delay), Some(after(10)));
        assert_eq!(waiting.due(after(9), delay), None);
        assert_eq!(waiting.due(after(10), delay), Some((one, &b"Thou"[..])));
        waiting.pop();
        assert_eq!(waiting.next(delay), Some(after(13)));
        assert_eq!(waiting.due(after(13), Duration::from_millis(11)), None);
        assert_eq!(waiting.due(after(13), delay), Some((other, &b""[..])));
        waiting.pop();
        assert_eq!(waiting.next(delay), None);
        assert_eq!(waiting.bytes, 0);
    }

    #[test]
    fn not_more_than_enough_is_held() {
        let mut waiting = Waiting::default();
        let large = vec![0; 60_000];
        while !waiting.is_enough() {
            waiting.push(Instant::now(), ANY, &large);
        }
        assert!(waiting.bytes < ENOUGH + large.len() + Waiting::EACH);
        waiting.pop();
        assert!(!waiting.is_enough());
    }
}

//! The clients of an echo server, on a thread of their own, and the processor time of the server's thread.
//!
//! A request's first byte says what it is. One asks the server to tell how long its thread was on a processor so
//! far: each peer answers it in the same way, so that what lies between two of them is its work and nothing else.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Where servers listen.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Requests in a unit of work, at least.
const REQUESTS: usize = 256;

/// How long a request is, in bytes, and its answer.
pub const BYTES: usize = 64;

const ECHO: u8 = b'.';
const HOLD: u8 = b'h';
const CLOCK: u8 = b'c';
const QUIT: u8 = b'q';
/// A server that can be watched is to be from now on, or no more.
pub const WATCH: u8 = b'w';
pub const UNWATCH: u8 = b'u';

/// Where a server says at which address it is, and shows each request before it answers.
#[derive(Clone)]
pub struct Desk {
    cpu: Arc<AtomicU64>,
    address: Arc<OnceLock<SocketAddr>>,
    /// Where the server and its clients wait for each other.
    gate: Arc<Barrier>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            cpu: Arc::default(),
            address: Arc::default(),
            gate: Arc::new(Barrier::new(2)),
        }
    }
}

impl Desk {
    /// The server listens.
    pub fn open_at(&self, address: SocketAddr) {
        self.address.set(address).expect("a server opens once");
    }

    /// Looks at a request, on the server's thread. Whether it is the last one.
    #[inline]
    pub fn look(&self, request: &[u8]) -> bool {
        match request.first() {
            Some(&CLOCK) => {
                let now = clock_gettime(ClockId::ThreadCPUTime);
                let nanos = now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64;
                self.cpu.store(nanos, Ordering::Release);
                false
            }
            Some(&HOLD) => {
                self.gate.wait();
                // Meanwhile the other clients ask.
                self.gate.wait();
                false
            }
            Some(&QUIT) => true,
            _ => false,
        }
    }
}

/// Lets the calling thread, and those that it starts, run on one processor: or else a request costs three times as
/// much whenever the system moves one of the two threads elsewhere. Returns where they could run before.
pub fn stay_here() -> CpuSet {
    let before = sched_getaffinity(None).expect("Linux tells");
    let mut here = CpuSet::new();
    here.set(sched_getcpu());
    sched_setaffinity(None, &here).expect("it runs here already");
    before
}

/// A thousand connections to each of several servers, and both ends are here.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("up to its maximum anybody may raise it");
}

/// How many requests so many clients make in a unit of work.
pub fn requests(clients: usize) -> u64 {
    (waves(clients) * clients) as u64
}

fn waves(clients: usize) -> usize {
    REQUESTS.div_ceil(clients)
}

/// How a server finds the requests of a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// All at once: it is held in the first request until the others are there. Or else the scheduler decides how many
    /// turns a wave takes and how often the clients' thread comes between, and one server has twice as many as another,
    /// which has little to do with what it does.
    Held,
    /// As they come in: whoever is held is what a watchdog looks at, and that is not what an echo costs.
    Free,
}

/// A server with its clients.
pub struct Load {
    wave: Wave,
    busy: Vec<TcpStream>,
    /// They stay connected, and say nothing.
    _idle: Vec<TcpStream>,
    desk: Desk,
    server: Option<JoinHandle<()>>,
}

impl Load {
    /// Starts `serve` on a thread, and connects so many clients that ask and so many that do not.
    pub fn new(
        serve: impl FnOnce(Desk) + Send + 'static,
        busy: usize,
        idle: usize,
        wave: Wave,
    ) -> Self {
        let desk = Desk::default();
        let theirs = desk.clone();
        let server = std::thread::spawn(move || serve(theirs));
        let address = *desk.address.wait();
        let connect = |count| (0..count).map(|_| client(address)).collect();
        let load = Self {
            wave,
            _idle: connect(idle),
            busy: connect(busy),
            desk,
            server: Some(server),
        };
        load.wave();
        load
    }

    /// A unit of work: every client asks, and once more if that makes few requests.
    pub fn work(&self) {
        for _ in 0..waves(self.busy.len()) {
            self.wave();
        }
    }

    /// Every client asks, and then every client waits for its answer, the last first: when it has that, the others have
    /// theirs.
    fn wave(&self) {
        let Some((first, others)) = self.busy.split_first() else {
            return;
        };
        if others.is_empty() || self.wave == Wave::Free {
            self.busy.iter().for_each(|client| send(client, ECHO));
        } else {
            send(first, HOLD);
            self.desk.gate.wait();
            for client in others {
                send(client, ECHO);
            }
            self.desk.gate.wait();
        }
        for client in self.busy.iter().rev() {
            receive(client);
        }
    }

    /// The server is to be watched from now on, or no more.
    pub fn watch(&self, is_watched: bool) {
        self.ask(if is_watched { WATCH } else { UNWATCH });
    }

    /// How long the server's thread was on a processor so far.
    pub fn cpu(&self) -> Duration {
        self.ask(CLOCK);
        Duration::from_nanos(self.desk.cpu.load(Ordering::Acquire))
    }

    /// One question, and its answer.
    fn ask(&self, what: u8) {
        send(&self.busy[0], what);
        receive(&self.busy[0]);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        send(&self.busy[0], QUIT);
        if let Some(server) = self.server.take() {
            // One that panicked has said so.
            let _ = server.join();
        }
    }
}

/// Connected, and known to the server: more of them at once would overflow a listener's queue.
fn client(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).expect("the server listens");
    client.set_nodelay(true).expect("it is TCP");
    send(&client, ECHO);
    receive(&client);
    client
}

fn send(mut client: &TcpStream, what: u8) {
    client
        .write_all(&[what; BYTES])
        .expect("the server keeps its connections");
}

fn receive(mut client: &TcpStream) {
    client
        .read_exact(&mut [0; BYTES])
        .expect("the server answers");
}

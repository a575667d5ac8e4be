//! The servers as their clients see them.

mod changes;
mod descriptors;
mod drips;
mod echoes;
mod faults;
mod responses;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Address, Servers};
use crate::clock::Clock;
use crate::record::Recorders;
use crate::scenario::{Fault, Over, Server, Speaks};

/// Longer than any test waits when all is well.
const FOR_EVER: Duration = Duration::from_secs(60);

const MILLISECOND: Duration = Duration::from_millis(1);

fn server(text: &str, chunk: usize, delay: Duration) -> Server {
    Server {
        name: "slow".to_owned(),
        speaks: Speaks::Drip,
        over: Over::Tcp,
        text: Arc::from(text.as_bytes()),
        chunk,
        delay,
        fault: None,
    }
}

fn http(text: &str, chunk: usize, delay: Duration) -> Server {
    Server {
        speaks: Speaks::Http,
        ..server(text, chunk, delay)
    }
}

fn echo(over: Over, delay: Duration) -> Server {
    Server {
        speaks: Speaks::Echo,
        over,
        ..server("", 1, delay)
    }
}

fn dead(server: Server) -> Server {
    Server {
        fault: Some(Fault::Dead),
        ..server
    }
}

/// Nothing is recorded.
fn nobody() -> Recorders {
    Recorders::off(&Clock::monotonic())
}

fn start(servers: &[Server]) -> Servers {
    Servers::start(servers, &nobody()).expect("the system gives what it takes")
}

fn tcp(servers: &Servers, place: usize) -> SocketAddr {
    match &servers.addresses()[place] {
        Address::Tcp(address) => *address,
        other => panic!("{other:?}"),
    }
}

fn unix(servers: &Servers, place: usize) -> PathBuf {
    match &servers.addresses()[place] {
        Address::Unix(path) => path.clone(),
        other => panic!("{other:?}"),
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(FOR_EVER))
        .expect("a time-out may be set");
    stream
}

/// Everything that a server sends until it closes.
fn download(address: SocketAddr) -> String {
    let mut text = String::new();
    connect(address)
        .read_to_string(&mut text)
        .expect("the server closes in order");
    text
}

/// A client that does not mind what carries its bytes.
enum Client {
    Tcp(TcpStream),
    Unix(UnixStream),
    Udp(UdpSocket),
    Pipes(io::PipeReader, io::PipeWriter),
}

impl Client {
    fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_read_timeout(Some(FOR_EVER))?;
                Ok(Self::Tcp(stream))
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(FOR_EVER))?;
                Ok(Self::Unix(stream))
            }
            Address::Udp(address) => {
                let socket = UdpSocket::bind(super::address::ANY)?;
                socket.connect(address)?;
                socket.set_read_timeout(Some(FOR_EVER))?;
                Ok(Self::Udp(socket))
            }
            Address::Pipe(open) => {
                let (reads, writes): (OwnedFd, OwnedFd) = open()?;
                Ok(Self::Pipes(reads.into(), writes.into()))
            }
        }
    }

    fn to(servers: &Servers, place: usize) -> Self {
        Self::connect(&servers.addresses()[place]).expect("the server is there")
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let text = text.as_bytes();
        match self {
            Self::Tcp(stream) => stream.write_all(text),
            Self::Unix(stream) => stream.write_all(text),
            Self::Udp(socket) => socket.send(text).map(drop),
            Self::Pipes(_, writes) => writes.write_all(text),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
            Self::Udp(socket) => socket.recv(buffer),
            Self::Pipes(reads, _) => reads.read(buffer),
        }
    }

    /// So much of what it is told, or less if that ends before.
    fn hear(&mut self, bytes: usize) -> String {
        let mut heard = vec![0; bytes];
        let mut filled = 0;
        while filled < bytes {
            match self.read(&mut heard[filled..]).expect("the server answers") {
                0 => break,
                more => filled += more,
            }
        }
        String::from_utf8_lossy(&heard[..filled]).into_owned()
    }
}

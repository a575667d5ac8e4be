//! How both ends of a connection name it.

use std::net::SocketAddr;

use rustix::fd::AsFd;
use rustix::net::{SocketAddrAny, getpeername, getsockname};

use crate::trace::{Side, Wire};

/// The ports of a connection over TCP, as this side of it sees them; `None` for whatever has none.
pub fn wire(socket: impl AsFd, side: Side) -> Option<Wire> {
    let port = |address: SocketAddrAny| SocketAddr::try_from(address).ok().map(|one| one.port());
    let own = port(getsockname(&socket).ok()?)?;
    let other = port(getpeername(&socket).ok()??)?;
    let (client, server) = match side {
        Side::Client => (own, other),
        Side::Server => (other, own),
    };
    Some(Wire { client, server })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn both_ends_name_a_connection_alike() {
        let listener =
            TcpListener::bind("127.0.0.1:0").expect("the loopback interface gives a port");
        let address = listener.local_addr().expect("it listens");
        let client = TcpStream::connect(address).expect("somebody listens");
        let (server, _) = listener.accept().expect("somebody came");
        let named = wire(&client, Side::Client);
        assert_eq!(named.map(|wire| wire.server), Some(address.port()));
        assert_eq!(named, wire(&server, Side::Server));
        assert_eq!(wire(&listener, Side::Server), None, "it is no connection");
    }
}

//! How both ends of a connection name it.

use std::net::SocketAddr;

use rustix::fd::AsFd;
use rustix::fs::{FileType, fstat};
use rustix::net::sockopt::socket_type;
use rustix::net::{AddressFamily, SocketAddrAny, SocketType, getpeername, getsockname};

use super::unix_peer::unix_peer;
use crate::trace::{Side, Wire};

/// What names the connection of which this is one side's end; of pipes, the one that goes from the server to the
/// client. `None` for what is no connection, and where the system does not tell.
///
/// ```
/// use loopscope::record::wire;
/// use loopscope::trace::Side;
/// use std::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;
/// let (server, _) = listener.accept()?;
/// assert_eq!(wire(&client, Side::Client), wire(&server, Side::Server));
/// assert_eq!(wire(&listener, Side::Server), None);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn wire(end: impl AsFd, side: Side) -> Option<Wire> {
    let Ok(own) = getsockname(&end) else {
        let (kind, inode) = inode(&end)?;
        return (kind == FileType::Fifo).then_some(Wire::Pipe(inode));
    };
    if own.address_family() == AddressFamily::UNIX {
        let (_, inode) = inode(&end)?;
        // The server's name is the same for all of its clients, and they have none.
        return Some(Wire::Unix(match side {
            Side::Client => inode,
            Side::Server => unix_peer(inode)?,
        }));
    }
    let (own, other) = (port(own)?, port(getpeername(&end).ok()??)?);
    let (client, server) = match side {
        Side::Client => (own, other),
        Side::Server => (other, own),
    };
    match socket_type(&end).ok()? {
        SocketType::STREAM => Some(Wire::Tcp { client, server }),
        SocketType::DGRAM => Some(Wire::Udp { client, server }),
        _ => None,
    }
}

fn port(address: SocketAddrAny) -> Option<u16> {
    SocketAddr::try_from(address).ok().map(|one| one.port())
}

/// What it is, and its number. That of a socket or a pipe is a number of 32 bits on Linux.
fn inode(end: impl AsFd) -> Option<(FileType, u32)> {
    let status = fstat(end).ok()?;
    let kind = FileType::from_raw_mode(status.st_mode);
    Some((kind, u32::try_from(status.st_ino).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    #[test]
    fn both_ends_name_a_connection_alike() {
        let listener =
            TcpListener::bind("127.0.0.1:0").expect("the loopback interface gives a port");
        let address = listener.local_addr().expect("it listens");
        let client = TcpStream::connect(address).expect("somebody listens");
        let (server, _) = listener.accept().expect("somebody came");
        let named = wire(&client, Side::Client);
        let port = |address: std::io::Result<SocketAddr>| address.map_or(0, |one| one.port());
        let expected = Wire::Tcp {
            client: port(client.local_addr()),
            server: address.port(),
        };
        assert_eq!(named, Some(expected));
        assert_eq!(named, wire(&server, Side::Server));
        assert_eq!(wire(&listener, Side::Server), None, "it is no connection");
    }

    #[test]
    fn both_ends_name_a_pair_of_udp_sockets_alike_and_not_as_tcp() {
        let bound = || UdpSocket::bind("127.0.0.1:0").expect("the loopback interface gives a port");
        let (client, server) = (bound(), bound());
        assert_eq!(wire(&client, Side::Client), None, "it talks to anybody");
        for (one, other) in [(&client, &server), (&server, &client)] {
            let address = other.local_addr().expect("it has one");
            one.connect(address).expect("it is there");
        }
        let named = wire(&client, Side::Client);
        assert!(matches!(named, Some(Wire::Udp { .. })), "{named:?}");
        assert_eq!(named, wire(&server, Side::Server));
    }

    #[test]
    fn both_ends_of_a_pipe_name_it_alike() {
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        let named = wire(&reader, Side::Client);
        assert!(matches!(named, Some(Wire::Pipe(_))), "{named:?}");
        assert_eq!(named, wire(&writer, Side::Server));
        let (other, _writer) = std::io::pipe().expect("there are more");
        assert_ne!(named, wire(&other, Side::Client));
        let file = std::fs::File::open("/dev/null").expect("it is there");
        assert_eq!(wire(&file, Side::Client), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn both_ends_name_a_unix_socket_alike_though_only_one_has_a_name() {
        use std::os::unix::net::{UnixListener, UnixStream};

        let folder = std::env::temp_dir().join(format!("loopscope-wire-{}", std::process::id()));
        let listener = UnixListener::bind(&folder).expect("nobody else has this number");
        let clients = [0, 1].map(|_| UnixStream::connect(&folder).expect("somebody listens"));
        let _ = std::fs::remove_file(&folder);
        let named = clients.each_ref().map(|one| wire(one, Side::Client));
        assert!(matches!(named[0], Some(Wire::Unix(_))), "{named:?}");
        assert_ne!(named[0], named[1]);
        for client in named {
            let (server, _) = listener.accept().expect("they came in this order");
            assert_eq!(wire(&server, Side::Server), client);
        }
    }
}

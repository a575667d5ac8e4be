//! Servers that are dead, whatever leads to them.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixListener;

use super::{Address, Client, MILLISECOND, dead, download, echo, server, start, tcp, unix};
use crate::scenario::Over;

#[test]
fn a_dead_port_refuses_and_is_kept() {
    let alive = server("alive", 2, MILLISECOND);
    let servers = start(&[dead(alive.clone()), alive]);
    let address = tcp(&servers, 0);
    let refused = TcpStream::connect(address).map_err(|error| error.kind());
    assert_eq!(refused.err(), Some(ErrorKind::ConnectionRefused));
    let taken = TcpListener::bind(address).map_err(|error| error.kind());
    assert_eq!(taken.err(), Some(ErrorKind::AddrInUse));
    assert_eq!(download(tcp(&servers, 1)), "alive");
}

#[test]
fn a_dead_udp_port_refuses_datagrams_and_is_kept() {
    let servers = start(&[dead(echo(Over::Udp, MILLISECOND))]);
    let mut client = Client::to(&servers, 0);
    client.say("hello\n").expect("the first one leaves");
    let refused = client.read(&mut [0; 16]).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::ConnectionRefused));
    let Address::Udp(address) = servers.addresses()[0] else {
        panic!("it is reached over UDP");
    };
    let taken = UdpSocket::bind(address).map_err(|error| error.kind());
    assert_eq!(taken.err(), Some(ErrorKind::AddrInUse));
}

#[test]
fn a_dead_unix_socket_and_dead_pipes_refuse() {
    let servers = start(&[Over::Unix, Over::Pipe].map(|over| dead(echo(over, MILLISECOND))));
    for address in servers.addresses() {
        let refused = Client::connect(address).map_err(|error| error.kind());
        assert_eq!(
            refused.err(),
            Some(ErrorKind::ConnectionRefused),
            "{address:?}"
        );
    }
    let taken = UnixListener::bind(unix(&servers, 0)).map_err(|error| error.kind());
    assert_eq!(taken.err(), Some(ErrorKind::AddrInUse));
}

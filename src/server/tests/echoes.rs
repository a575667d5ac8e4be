//! What is heard, back again, over everything.

use std::io::{self, Write as _};
use std::net::{Shutdown, UdpSocket};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::{Address, Client, FOR_EVER, MILLISECOND, echo, start, unix};
use crate::scenario::Over;

const STREAMS: [Over; 3] = [Over::Tcp, Over::Unix, Over::Pipe];

#[test]
fn each_line_comes_back_in_order_and_not_before_its_delay() {
    let delay = Duration::from_millis(20);
    let servers = start(&Over::ALL.map(|over| echo(over, delay)));
    for place in 0..Over::ALL.len() {
        let mut client = Client::to(&servers, place);
        for line in ["Thou\n", "canst\n", "\n", "not\n"] {
            let begin = Instant::now();
            client.say(line).expect("it listens");
            assert_eq!(client.hear(line.len()), line);
            assert!(begin.elapsed() >= delay, "{:?}", begin.elapsed());
        }
    }
}

#[test]
fn without_a_delay_it_answers_at_once() {
    let servers = start(&Over::ALL.map(|over| echo(over, Duration::ZERO)));
    for place in 0..Over::ALL.len() {
        let mut client = Client::to(&servers, place);
        let begin = Instant::now();
        for number in 0..300 {
            let line = format!("{number}\n");
            client.say(&line).expect("it listens");
            assert_eq!(client.hear(line.len()), line);
        }
        assert!(begin.elapsed() < FOR_EVER / 10, "{:?}", begin.elapsed());
    }
}

#[test]
fn many_clients_each_get_their_own() {
    let servers = Arc::new(start(&Over::ALL.map(|over| echo(over, MILLISECOND))));
    let clients: Vec<_> = (0..40)
        .map(|number| {
            let servers = Arc::clone(&servers);
            thread::spawn(move || {
                let mut client = Client::to(&servers, number % Over::ALL.len());
                for turn in 0..5 {
                    let line = format!("{number}: {turn}\n");
                    client.say(&line).expect("it listens");
                    assert_eq!(client.hear(line.len()), line);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("it hears what it said");
    }
}

#[test]
fn a_client_that_reads_nothing_is_not_read_either_and_holds_nobody_up() {
    let servers = start(&STREAMS.map(|over| echo(over, Duration::ZERO)));
    let line = "x".repeat(999) + "\n";
    let text = line.repeat(200);
    for place in 0..STREAMS.len() {
        let [mut lazy, mut other] = [0, 1].map(|_| Client::to(&servers, place));
        let mut said = 0;
        let mut in_vain = 0;
        while in_vain < 20 {
            let more = say_some(&lazy, &text[said % line.len()..]);
            said += more;
            in_vain = if more == 0 { in_vain + 1 } else { 0 };
            assert!(said < 100_000_000, "it is hoarded");
            other.say("me\n").expect("it listens");
            assert_eq!(other.hear(3), "me\n");
        }
        let lines = said / line.len();
        assert!(lazy.hear(lines * line.len()) == line.repeat(lines));
    }
}

/// Says as much as can be said without waiting.
fn say_some(client: &Client, text: &str) -> usize {
    let fd = match client {
        Client::Tcp(stream) => stream.as_fd(),
        Client::Unix(stream) => stream.as_fd(),
        Client::Pipes(_, writes) => writes.as_fd(),
        Client::Udp(_) => panic!("datagrams are lost instead"),
    };
    let before = fcntl_getfl(fd).expect("it has flags");
    fcntl_setfl(fd, before | OFlags::NONBLOCK).expect("it need not block");
    let said = rustix::io::write(fd, text.as_bytes());
    fcntl_setfl(fd, before).expect("it can block again");
    match said {
        Err(Errno::AGAIN) => 0,
        said => said.expect("it listens"),
    }
}

#[test]
fn a_client_that_says_no_more_gets_the_rest_and_the_end() {
    let servers = start(&STREAMS.map(|over| echo(over, Duration::from_millis(20))));
    for place in 0..STREAMS.len() {
        let mut client = Client::to(&servers, place);
        client.say("find\nme\nunfinished").expect("it listens");
        match &mut client {
            Client::Tcp(stream) => stream.shutdown(Shutdown::Write).expect("it is connected"),
            Client::Unix(stream) => stream.shutdown(Shutdown::Write).expect("it is connected"),
            Client::Pipes(_, writes) => *writes = io::pipe().expect("a pipe is left").1,
            Client::Udp(_) => panic!("it has no end"),
        }
        assert_eq!(client.hear(100), "find\nme\n");
    }
}

#[test]
fn the_ends_of_a_pipe_block_and_can_be_made_from_any_thread() {
    let servers = start(&[echo(Over::Pipe, Duration::from_millis(20))]);
    let Address::Pipe(open) = servers.addresses()[0].clone() else {
        panic!("it is reached over pipes");
    };
    let made = thread::spawn(move || open());
    let (reads, writes) = made.join().expect("it does not panic").expect("a pipe");
    for end in [&reads, &writes] {
        let flags = fcntl_getfl(end).expect("it has flags");
        assert!(!flags.contains(OFlags::NONBLOCK));
    }
    let mut client = Client::Pipes(reads.into(), writes.into());
    client.say("hello\n").expect("it listens");
    assert_eq!(client.hear(6), "hello\n");
}

#[test]
fn a_datagram_goes_back_to_its_own_sender_as_it_is() {
    let servers = start(&[echo(Over::Udp, Duration::from_millis(5))]);
    let Address::Udp(address) = servers.addresses()[0] else {
        panic!("it is reached over UDP");
    };
    let sockets: [UdpSocket; 2] = std::array::from_fn(|_| {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        let timeout = Some(FOR_EVER);
        socket.set_read_timeout(timeout).expect("it may be set");
        socket
    });
    // No line: a datagram is whole, and it may be as long as they get.
    let texts = [vec![b'a'; 65_507], b"two\nlines".to_vec()];
    for (socket, text) in sockets.iter().zip(&texts) {
        socket.send_to(text, address).expect("it leaves");
    }
    for (socket, text) in sockets.iter().zip(&texts) {
        let mut buffer = vec![0; 70_000];
        let (bytes, from) = socket.recv_from(&mut buffer).expect("it comes back");
        assert_eq!(from, address);
        assert!(buffer[..bytes] == text[..]);
    }
}

/// The folder of the only Unix socket, while there is one.
fn folder(path: &Path) -> &Path {
    path.parent().expect("it is in a folder")
}

#[test]
fn stopping_closes_every_connection_and_removes_the_sockets() {
    let servers = start(&STREAMS.map(|over| echo(over, FOR_EVER)));
    let addresses = servers.addresses().to_vec();
    let path = unix(&servers, 1);
    assert!(path.as_os_str().len() < 108 && folder(&path).is_dir());
    let mut clients: Vec<_> = (0..STREAMS.len())
        .map(|place| Client::to(&servers, place))
        .collect();
    // One more, whose server may not even know it yet.
    clients.push(Client::to(&servers, 2));
    servers.stop();
    for client in &mut clients {
        assert_eq!(client.hear(1), "");
    }
    if let Client::Pipes(_, writes) = &mut clients[2] {
        let broken = writes.write_all(b"x").map_err(|error| error.kind());
        assert_eq!(broken, Err(io::ErrorKind::BrokenPipe));
    }
    assert!(!folder(&path).exists());
    let pipes = Client::connect(&addresses[2]).map_err(|error| error.kind());
    assert_eq!(pipes.err(), Some(io::ErrorKind::ConnectionRefused));
}

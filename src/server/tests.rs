//! The servers as their clients see them.

use std::env;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::Servers;
use crate::scenario::{Fault, Over, POEMS, Server, Speaks};

/// Longer than any test waits when all is well.
const FOR_EVER: Duration = Duration::from_secs(60);

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

fn start(servers: &[Server]) -> Servers {
    Servers::start(servers).expect("the loopback interface gives ports")
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

#[test]
fn every_client_gets_the_whole_text_of_its_server() {
    let delay = Duration::from_millis(1);
    let servers = start(&POEMS.map(|(_, poem)| server(poem, 100, delay)));
    let clients: Vec<_> = (0..30)
        .map(|number| {
            let place = number % POEMS.len();
            let address = servers.addresses()[place];
            (place, thread::spawn(move || download(address)))
        })
        .collect();
    for (place, client) in clients {
        assert_eq!(client.join().expect("it downloads"), POEMS[place].1);
    }
}

#[test]
fn a_download_takes_a_delay_per_piece_the_last_one_included() {
    let delay = Duration::from_millis(20);
    let servers = start(&[server("Hello", 2, delay)]);
    let begin = Instant::now();
    let mut stream = connect(servers.addresses()[0]);
    let mut pieces = Vec::new();
    let mut piece = [0; 16];
    loop {
        let bytes = stream.read(&mut piece).expect("the server closes in order");
        if bytes == 0 {
            break;
        }
        pieces.push(String::from_utf8_lossy(&piece[..bytes]).into_owned());
    }
    // A test that is not scheduled for a while may find two pieces as one; it never finds them too early.
    assert_eq!(pieces.concat(), "Hello");
    assert!(
        pieces[0].starts_with("He") && pieces.len() <= 3,
        "{pieces:?}"
    );
    assert!(begin.elapsed() >= 3 * delay, "{:?}", begin.elapsed());
}

#[test]
fn a_chunk_larger_than_the_text_and_an_empty_text_are_served() {
    let delay = Duration::from_millis(1);
    let servers = start(&[server("Hello", 1 << 20, delay), server("", 1, FOR_EVER)]);
    assert_eq!(download(servers.addresses()[0]), "Hello");
    assert_eq!(download(servers.addresses()[1]), "");
}

#[test]
fn a_broken_server_closes_after_so_many_bytes() {
    let broken = |bytes| Server {
        fault: Some(Fault::ClosesAfter(bytes)),
        ..server("Hello", 2, Duration::from_millis(1))
    };
    let servers = start(&[broken(3), broken(0)]);
    assert_eq!(download(servers.addresses()[0]), "Hel");
    assert_eq!(download(servers.addresses()[1]), "");
}

#[test]
fn a_dead_server_refuses_and_keeps_its_port() {
    let dead = Server {
        fault: Some(Fault::Dead),
        ..server("Hello", 2, Duration::from_millis(1))
    };
    let servers = start(&[dead, server("alive", 2, Duration::from_millis(1))]);
    let address = servers.addresses()[0];
    assert_eq!(
        TcpStream::connect(address)
            .map_err(|error| error.kind())
            .err(),
        Some(ErrorKind::ConnectionRefused)
    );
    assert_eq!(
        TcpListener::bind(address)
            .map_err(|error| error.kind())
            .err(),
        Some(ErrorKind::AddrInUse)
    );
    assert_eq!(download(servers.addresses()[1]), "alive");
}

#[test]
fn a_client_that_reads_nothing_and_one_that_leaves_hold_nobody_up() {
    let large = "x".repeat(32 << 20);
    let servers = start(&[
        server(&large, large.len(), Duration::from_millis(1)),
        server("Hello", 2, Duration::from_millis(1)),
    ]);
    let mut lazy = connect(servers.addresses()[0]);
    drop(connect(servers.addresses()[0]));
    drop(connect(servers.addresses()[1]));
    assert_eq!(download(servers.addresses()[1]), "Hello");
    // What the lazy one left in the buffers makes room for the rest, all of it.
    let mut rest = Vec::new();
    lazy.read_to_end(&mut rest)
        .expect("the server closes in order");
    assert_eq!(rest.len(), large.len());
}

#[test]
fn stopping_in_the_middle_closes_connections() {
    let servers = start(&[server("Hello", 2, FOR_EVER)]);
    let address = servers.addresses()[0];
    let mut stream = connect(address);
    let mut first = [0; 2];
    stream
        .read_exact(&mut first)
        .expect("the first piece comes at once");
    assert_eq!(&first, b"He");

    let begin = Instant::now();
    servers.stop();
    assert!(begin.elapsed() < FOR_EVER / 2, "it waited for a piece");
    assert_eq!(
        stream.read(&mut first).ok(),
        Some(0),
        "the connection is closed"
    );
}

#[test]
fn stopping_closes_the_ports() {
    // The system may give a port that is free to another test at once: hardly so three times in a row.
    let refused = (0..3).any(|_| {
        let servers = start(&[server("Hello", 2, FOR_EVER)]);
        let address = servers.addresses()[0];
        drop(connect(address));
        servers.stop();
        let after = TcpStream::connect(address).map_err(|error| error.kind());
        after.err() == Some(ErrorKind::ConnectionRefused)
    });
    assert!(refused);
}

#[test]
fn no_servers_and_many_starts_are_fine() {
    assert!(start(&[]).addresses().is_empty());
    for _ in 0..50 {
        let servers = start(&[server("Hello", 2, FOR_EVER)]);
        let _client = connect(servers.addresses()[0]);
    }
}

/// How many descriptors the processes of the tests below may have.
const FEW_DESCRIPTORS: u64 = 40;

/// Set in a process that has few descriptors.
const CHILD: &str = "LOOPSCOPE_TEST_FEW_DESCRIPTORS";

/// Runs one test of this file again in a process of its own; a limit on descriptors would fail the other tests.
fn in_a_process_with_few_descriptors(test: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        let limit = Rlimit {
            current: Some(FEW_DESCRIPTORS),
            maximum: Some(FEW_DESCRIPTORS),
        };
        setrlimit(Resource::Nofile, limit).expect("a limit may be lowered");
        return body();
    }
    let output = Command::new(env::current_exe().expect("a test has a binary"))
        .args(["--exact", &format!("server::tests::{test}"), "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("the test binary starts");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Connects until no descriptor is left.
fn connect_until_it_fails(address: SocketAddr) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    loop {
        match TcpStream::connect(address) {
            Ok(client) => clients.push(client),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(24), "EMFILE");
                return clients;
            }
        }
    }
}

#[test]
fn without_descriptors_clients_wait_and_are_served_when_some_are_free_again() {
    in_a_process_with_few_descriptors(
        "without_descriptors_clients_wait_and_are_served_when_some_are_free_again",
        || {
            let servers = start(&[server("Hello", 2, Duration::from_millis(1))]);
            let mut clients = connect_until_it_fails(servers.addresses()[0]);
            assert!(clients.len() >= 10, "{}", clients.len());
            // Room for the server to take in all those that stay.
            clients.truncate(8);
            for mut client in clients {
                let mut text = String::new();
                client.read_to_string(&mut text).expect("it is served");
                assert_eq!(text, "Hello");
            }
        },
    );
}

#[test]
fn when_waiting_clients_hold_every_descriptor_they_are_turned_away_one_by_one() {
    in_a_process_with_few_descriptors(
        "when_waiting_clients_hold_every_descriptor_they_are_turned_away_one_by_one",
        || {
            let servers = start(&[server("Hello", 5, Duration::from_millis(1))]);
            let mut fillers = vec![File::open("/dev/null").expect("it exists")];
            while let Ok(filler) = fillers[0].try_clone() {
                fillers.push(filler);
            }
            // Room for the client's end of the connection, but not for the server's.
            fillers.pop();
            let cpu = || clock_gettime(ClockId::ProcessCPUTime);
            let before = cpu();
            assert_eq!(download(servers.addresses()[0]), "", "it is turned away");
            let used = Duration::try_from(cpu() - before).expect("time goes on");
            assert!(used < Duration::from_millis(500), "it spins: {used:?}");

            drop(fillers);
            assert_eq!(download(servers.addresses()[0]), "Hello");
        },
    );
}

#[test]
fn servers_that_get_no_descriptor_say_what_to_do() {
    in_a_process_with_few_descriptors("servers_that_get_no_descriptor_say_what_to_do", || {
        let many = vec![server("Hello", 2, Duration::from_millis(1)); 100];
        let error = Servers::start(&many).expect_err("too many").to_string();
        assert!(
            error.contains("server `slow` gets no port on 127.0.0.1"),
            "{error}"
        );
        assert!(
            error.ends_with("raise the limit with `ulimit -n`"),
            "{error}"
        );
    });
}

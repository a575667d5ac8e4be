//! Many clients, and file descriptors that run out.

use std::env;
use std::fs::File;
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::{Client, Servers, download, echo, nobody, server, start, tcp};
use crate::scenario::Over;

/// How many descriptors the processes of most of these tests may have.
const FEW: u64 = 48;

/// As many as a step of a scenario may hold.
const MANY: u64 = 10_000;

/// Set in a process that has a limit of its own.
const CHILD: &str = "LOOPSCOPE_TEST_DESCRIPTORS";

/// Runs one test of this file again in a process that may have so many descriptors, or as many as the system allows;
/// a limit like this would fail the other tests.
fn in_a_process_with_descriptors(most: u64, test: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        let hard = getrlimit(Resource::Nofile).maximum;
        let most = Some(hard.map_or(most, |hard| hard.min(most)));
        let limit = Rlimit {
            current: most,
            maximum: most,
        };
        setrlimit(Resource::Nofile, limit).expect("a limit may be lowered");
        return body();
    }
    let name = format!("server::tests::descriptors::{test}");
    let output = Command::new(env::current_exe().expect("a test has a binary"))
        .args(["--exact", &name, "--nocapture"])
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
    in_a_process_with_descriptors(
        FEW,
        "without_descriptors_clients_wait_and_are_served_when_some_are_free_again",
        || {
            let servers = start(&[server("Hello", 2, Duration::from_millis(1))]);
            let mut clients = connect_until_it_fails(tcp(&servers, 0));
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
    in_a_process_with_descriptors(
        FEW,
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
            assert_eq!(download(tcp(&servers, 0)), "", "it is turned away");
            let used = Duration::try_from(cpu() - before).expect("time goes on");
            assert!(used < Duration::from_millis(500), "it spins: {used:?}");

            drop(fillers);
            assert_eq!(download(tcp(&servers, 0)), "Hello");
        },
    );
}

#[test]
fn servers_that_get_no_descriptor_say_what_to_do() {
    in_a_process_with_descriptors(FEW, "servers_that_get_no_descriptor_say_what_to_do", || {
        let many = vec![server("Hello", 2, Duration::from_millis(1)); 100];
        let error = Servers::start(&many, &nobody())
            .expect_err("too many")
            .to_string();
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

#[test]
fn thousands_of_idle_clients_are_held_and_let_go() {
    in_a_process_with_descriptors(
        2 * MANY + 200,
        "thousands_of_idle_clients_are_held_and_let_go",
        || {
            let servers = start(&[echo(Over::Tcp, Duration::ZERO)]);
            let allowed = getrlimit(Resource::Nofile).current.expect("it was set");
            let count = MANY.min((allowed - 100) / 2);
            let mut clients: Vec<_> = (0..count).map(|_| Client::to(&servers, 0)).collect();
            for client in clients.iter_mut().step_by(97) {
                client.say("still there\n").expect("it listens");
                assert_eq!(client.hear(12), "still there\n");
            }
            servers.stop();
            for client in &mut clients {
                assert_eq!(client.hear(1), "", "it is closed");
            }
        },
    );
}

#[test]
fn clients_that_are_gone_are_forgotten() {
    in_a_process_with_descriptors(FEW, "clients_that_are_gone_are_forgotten", || {
        let servers = start(&Over::ALL.map(|over| echo(over, Duration::ZERO)));
        for place in 0..Over::ALL.len() {
            for _ in 0..2 * FEW {
                let mut client = Client::to(&servers, place);
                client.say("hello\n").expect("it listens");
                assert_eq!(client.hear(6), "hello\n");
                client.say("unfinished").expect("it listens");
            }
        }
    });
}

//! Conversations over everything that carries them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, UdpSocket};
use std::os::unix::net::UnixListener;

use super::*;
use crate::scenario::{Blocking, BlockingKind};

/// Answers each line with what `answer` makes of it.
fn echo(from: impl Read, mut to: impl Write, answer: fn(&str) -> String) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        if to.write_all(answer(&line).as_bytes()).is_err() {
            return;
        }
    }
}

fn same(line: &str) -> String {
    format!("{line}\n")
}

fn tcp_echo(answer: fn(&str) -> String) -> Place {
    Place::Tcp(serve(move |client| {
        echo(&client, &client, answer);
    }))
}

fn udp_echo(answer: fn(&str) -> String) -> Place {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 100];
        while let Ok((bytes, from)) = socket.recv_from(&mut buffer) {
            let said = String::from_utf8_lossy(&buffer[..bytes]).into_owned();
            socket
                .send_to(answer(said.trim_end()).as_bytes(), from)
                .unwrap();
        }
    });
    Place::Udp(address)
}

fn unix_echo(folder: &tempfile::TempDir, answer: fn(&str) -> String) -> Place {
    let path = folder.path().join("echo");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        echo(&client, &client, answer);
    });
    Place::Unix(path)
}

fn pipe_echo(answer: fn(&str) -> String) -> Place {
    Place::Pipe(Arc::new(move || {
        let (from_client, to_server) = rustix::pipe::pipe()?;
        let (from_server, to_client) = rustix::pipe::pipe()?;
        thread::spawn(move || echo(File::from(from_client), File::from(to_client), answer));
        Ok((from_server, to_server))
    }))
}

fn places(folder: &tempfile::TempDir, answer: fn(&str) -> String) -> [Place; 4] {
    [
        tcp_echo(answer),
        udp_echo(answer),
        unix_echo(folder, answer),
        pipe_echo(answer),
    ]
}

fn say(texts: &[&str], times: usize, pause: Duration) -> Step {
    Step::Say {
        to: Some(0),
        texts: texts.iter().map(|&text| text.to_owned()).collect(),
        times,
        pause,
    }
}

fn talks(place: Place, step: Step) -> Program {
    let mut program = Program::new([vec![step, call("after")]]);
    program.endpoints.push(Endpoint {
        place,
        expected: None,
    });
    program
}

#[test]
fn every_text_comes_back_over_whatever_carries_it() {
    for pause in [Duration::ZERO, MS] {
        let folder = tempfile::tempdir().unwrap();
        for place in places(&folder, same) {
            let program = talks(place.clone(), say(&["one", "", "two"], 2, pause));
            let (runs, run) = program.run();
            assert_eq!(outcomes(&runs), [Outcome::Done], "{place}: {runs:?}");
            assert_eq!(runs[0].content, b"one\n\ntwo\none\n\ntwo\n", "{place}");
            let callbacks = run.callbacks(id(1));
            assert!(callbacks.contains(&"after"), "{place}: {callbacks:?}");
            let pauses = callbacks.iter().filter(|name| **name == "say").count();
            assert_eq!(
                pauses,
                if pause.is_zero() { 0 } else { 5 },
                "not after the last one"
            );
            let written = run.count(|kind| matches!(kind, EventKind::BytesWritten { .. }));
            assert_eq!(written, 6, "{place}: each waits for the answer before");
            let made = run.count(|kind| matches!(kind, EventKind::ConnectionMade { .. }));
            assert_eq!(made, 1, "{place}");
        }
    }
}

#[test]
fn an_answer_that_is_another_fails_the_task() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(&folder, |_| "else\n".to_owned()) {
        let (said, run) = talks(place.clone(), say(&["one"], 2, MS)).failure();
        assert_eq!(said, format!("{place} did not send back what was said"));
        assert!(!run.callbacks(id(1)).contains(&"after"));
    }
}

#[test]
fn a_server_that_leaves_fails_the_task() {
    fn leave(_: &str) -> String {
        panic!("the server leaves in the middle");
    }
    let folder = tempfile::tempdir().unwrap();
    for place in [tcp_echo(leave), unix_echo(&folder, leave), pipe_echo(leave)] {
        let (said, _) = talks(place.clone(), say(&["one"], 2, MS)).failure();
        assert_eq!(said, "the server closed after 0 of 8 bytes", "{place}");
    }
}

#[test]
fn nobody_there_fails_the_task() {
    let folder = tempfile::tempdir().unwrap();
    // Its port is taken, and it hears nobody but itself.
    let deaf = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = deaf.local_addr().unwrap();
    deaf.connect(address).unwrap();
    for place in [
        Place::Tcp(dead()),
        Place::Udp(address),
        Place::Unix(folder.path().join("nobody")),
        Place::Pipe(Arc::new(|| Err(std::io::ErrorKind::OutOfMemory.into()))),
    ] {
        let (said, _) = talks(place.clone(), say(&["one"], 1, MS)).failure();
        assert!(
            said.starts_with(&format!("cannot connect to {place}: ")),
            "{said}"
        );
    }
}

#[test]
fn what_is_too_long_for_a_datagram_fails_the_task() {
    let long = "x".repeat(100_000);
    let (said, _) = talks(udp_echo(same), say(&[&long], 1, MS)).failure();
    assert!(said.contains("broke"), "{said}");
}

#[test]
fn the_users_switch_blocks_answers() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(&folder, same) {
        let mut program = talks(place, say(&["one"], 3, Duration::ZERO));
        program.tasks[0].steps.truncate(1);
        program.controls.blocking.set(Some(Blocking {
            kind: BlockingKind::Sleep,
            duration: MS,
            task: Some(id(1)),
        }));
        let (_, run) = program.run();
        assert_eq!(
            run.count(|kind| matches!(kind, EventKind::BlockingBegin { .. })),
            3
        );
    }
}

#[test]
fn the_service_knows_its_clients_by_their_addresses() {
    let (listener, address) = listener();
    let server = thread::spawn(move || {
        let clients = (0..2).map(|_| {
            let (client, from) = listener.accept().unwrap();
            echo(&client, &client, same);
            from.ip()
        });
        let mut clients: Vec<_> = clients.collect();
        clients.sort_unstable();
        clients
    });
    let to_service = Step::Say {
        to: None,
        texts: vec!["hello".to_owned()],
        times: 1,
        pause: MS,
    };
    let mut program = talks(Place::Tcp(address), to_service.clone());
    program
        .tasks
        .push(Program::new([vec![], vec![to_service]]).tasks.remove(1));
    program.service = Some(Service {
        name: "echo".to_owned(),
        work: Work::Nothing,
        threads: 1,
    });
    let (runs, _) = program.run();
    assert!(runs.iter().all(|run| run.content == b"hello\n"), "{runs:?}");
    let expected: [IpAddr; 2] = [[127, 1, 0, 1].into(), [127, 1, 0, 2].into()];
    assert_eq!(server.join().unwrap(), expected);
}

#[test]
fn without_a_service_there_is_nobody_to_talk_to() {
    let to_service = Step::Say {
        to: None,
        texts: vec!["hello".to_owned()],
        times: 1,
        pause: MS,
    };
    let mut none_at_all = Program::new([vec![to_service]]);
    let mut none_of_them = none_at_all.clone();
    none_of_them.endpoints.push(tcp(dead(), None));
    none_at_all.service = Some(Service {
        name: "echo".to_owned(),
        work: Work::Nothing,
        threads: 1,
    });
    for program in [none_of_them, none_at_all] {
        let (said, _) = program.failure();
        assert!(said.starts_with("there is no service"), "{said}");
    }
}

#[test]
fn each_conversation_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    for place in places(&folder, |_| String::new()) {
        // Over UDP an empty datagram is an answer, and another one.
        if matches!(place, Place::Udp(_)) {
            continue;
        }
        talks(place, say(&["one"], 2, MS))
            .stop_at(|_, kind| matches!(kind, EventKind::BytesWritten { .. }));
    }
    for place in places(&tempfile::tempdir().unwrap(), same) {
        talks(place, say(&["one"], 2, EVER)).stop_at(|run, kind| match kind {
            EventKind::TimerSet { name, .. } => run.names[name] == "say",
            _ => false,
        });
    }
}

#[test]
fn an_answer_that_is_lost_fails_the_task_and_does_not_keep_it_forever() {
    // It takes what is said, and says nothing.
    let mute = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let place = Place::Udp(mute.local_addr().unwrap());
    let (said, _) = talks(place.clone(), say(&["hello"], 1, MS)).failure();
    assert_eq!(
        said,
        format!("{place} did not answer within 5s: the datagram or its answer was lost")
    );
}

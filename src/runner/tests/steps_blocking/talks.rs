//! Conversations, over whatever carries lines.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::net::UdpSocket;
use std::os::unix::net::UnixListener;

use rustix::fd::OwnedFd;

use super::*;
use crate::trace::WaitCall;

fn say(texts: &[&str], times: usize, pause: Duration) -> Step {
    Step::Say {
        to: Some(0),
        texts: texts.iter().map(|&text| text.to_owned()).collect(),
        times,
        pause,
    }
}

/// Says back the first `lines` lines, each once it is whole, and then hears whatever comes until the end.
fn echo(from: impl Read, mut to: impl Write, lines: usize) {
    let mut from = BufReader::new(from);
    for _ in 0..lines {
        let mut line = Vec::new();
        if from.read_until(b'\n', &mut line).unwrap() == 0 {
            return;
        }
        to.write_all(&line).unwrap();
    }
    // Ends with the client, in whatever manner.
    let _ = std::io::copy(&mut from, &mut std::io::sink());
}

type Pipes = (PipeReader, PipeWriter);

/// Pipes to whoever serves them.
fn pipes(serve: impl Fn(Pipes) + Send + Sync + 'static) -> Place {
    let serve = Arc::new(serve);
    Place::Pipe(Arc::new(move || {
        let (answers, says) = std::io::pipe()?;
        let (hears, asks) = std::io::pipe()?;
        let serve = Arc::clone(&serve);
        thread::spawn(move || serve((hears, says)));
        Ok((OwnedFd::from(answers), OwnedFd::from(asks)))
    }))
}

/// A server over each carrier that answers so many lines to one client. The folder is where a socket is.
fn everywhere(lines: usize) -> (Vec<Place>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("echo");
    let unix = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        let (client, _) = unix.accept().unwrap();
        echo(&client, &client, lines);
    });
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = udp.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 100];
        for _ in 0..lines {
            let (bytes, client) = udp.recv_from(&mut buffer).unwrap();
            udp.send_to(&buffer[..bytes], client).unwrap();
        }
        // The port stays open, and nobody answers.
        std::mem::forget(udp);
    });
    let tcp = serve(move |client| echo(&client, &client, lines));
    let places = vec![
        Place::Tcp(tcp),
        Place::Unix(path),
        Place::Udp(port),
        pipes(move |(hears, says)| echo(hears, says, lines)),
    ];
    (places, folder)
}

const OPENING: [&str; 3] = ["wait in connect", "connection_made", "  connected"];

#[test]
fn each_line_is_said_once_the_one_before_was_answered() {
    for model in MODELS {
        let (places, _folder) = everywhere(4);
        for place in places {
            let what = vec![say(&["hello", "you"], 2, Duration::ZERO)];
            let (content, told) = done(model, what, vec![at(place.clone(), None)]);
            assert_eq!(content, b"hello\nyou\nhello\nyou\n", "{place:?}");
            let (hello, you) = (
                ["wait in read", "read 6", "line_received"],
                ["wait in read", "read 4", "line_received"],
            );
            let end = ["connection_lost", "end done"];
            let expected = [&OPENING[..], &hello, &you, &hello, &you, &end].concat();
            assert_eq!(told, expected, "{model}: {place:?}");
        }
    }
}

#[test]
fn there_is_a_pause_after_each_answer_but_the_last() {
    for model in MODELS {
        let (places, _folder) = everywhere(2);
        let what = vec![say(&["hello"], 2, Duration::from_millis(1))];
        let (_, told) = done(model, what, vec![at(places[0].clone(), None)]);
        let expected = [
            "wait in read",
            "read 6",
            "line_received",
            "wait in sleep",
            "wait in read",
            "read 6",
            "line_received",
            "connection_lost",
            "end done",
        ];
        assert_eq!(told[3..], expected, "{model}");
    }
}

#[test]
fn an_answer_may_come_in_pieces() {
    for model in MODELS {
        let (read, is_read) = mpsc::channel();
        let address = serve(move |mut client| {
            client.write_all(b"hel").unwrap();
            is_read.recv().unwrap();
            client.write_all(b"lo\n").unwrap();
            wait_for_end(&mut client);
        });
        let tasks = vec![steps(1, vec![say(&["hello"], 1, Duration::ZERO)])];
        let endpoints = vec![at(Place::Tcp(address), None)];
        let mut running = start(model, tasks, endpoints, &Controls::default());
        running.until(|kind| matches!(kind, EventKind::BytesRead { .. }));
        read.send(()).unwrap();
        let (runs, run) = running.finish();
        assert_eq!(runs[0].content, b"hello\n");
        let expected = [
            "wait in read",
            "read 3",
            "wait in read",
            "read 3",
            "line_received",
        ];
        assert_eq!(story(&run, 1)[3..8], expected, "{model}");
    }
}

/// More than a pipe or a socket takes at once.
#[test]
fn a_long_line_arrives_whole() {
    let text = "long ".repeat(100_000);
    for model in MODELS {
        let (places, _folder) = everywhere(1);
        for place in [&places[0], &places[1], &places[3]] {
            let what = vec![say(&[&text], 1, Duration::ZERO)];
            let (content, _) = done(model, what, vec![at(place.clone(), None)]);
            assert!(content == format!("{text}\n").as_bytes(), "{place:?}");
        }
    }
}

#[test]
fn the_switch_is_for_the_answers_too() {
    for model in MODELS {
        for (kind, inside) in [
            (BlockingKind::Sleep, "  sleep 1ms"),
            // To read to the end would be to wait for ever: the other side is not going to close first.
            (BlockingKind::Read, "connection_lost"),
        ] {
            let (places, _folder) = everywhere(1);
            let tasks = vec![steps(1, vec![say(&["hello"], 1, Duration::ZERO)])];
            let endpoints = vec![at(places[0].clone(), None)];
            let (_, run) = start(model, tasks, endpoints, &switched(kind)).finish();
            assert_eq!(story(&run, 1)[5..7], ["line_received", inside], "{model}");
        }
    }
}

#[test]
fn another_answer_fails_the_callback_that_takes_it() {
    for model in MODELS {
        let address = serve(|mut client| {
            client.write_all(b"goodbye\n").unwrap();
            wait_for_end(&mut client);
        });
        let place = Place::Tcp(address);
        let what = vec![say(&["hello"], 2, Duration::ZERO)];
        let (error, told) = failed(model, what, vec![at(place, None)]);
        assert_eq!(error, format!("{address} did not send back what was said"));
        let end = ["connection_lost", "end failed"];
        assert_eq!(told[5], "line_received");
        assert_eq!(told[told.len() - 2..], end, "{model}: {told:?}");
    }
}

#[test]
fn a_server_that_goes_away_is_told() {
    for model in MODELS {
        let address = serve(move |client| {
            let mut lines = BufReader::new(&client).lines();
            lines.next();
            (&client).write_all(b"hello\n").unwrap();
            // Everything that was said is heard, so that the end comes in order.
            lines.next();
            (&client).write_all(b"hel").unwrap();
        });
        let pipe = pipes(|(hears, mut says)| {
            let mut lines = BufReader::new(hears).lines();
            lines.next();
            says.write_all(b"hello\n").unwrap();
            lines.next();
            says.write_all(b"hel").unwrap();
        });
        for place in [Place::Tcp(address), pipe] {
            let what = vec![say(&["hello"], 3, Duration::ZERO)];
            let (error, told) = failed(model, what, vec![at(place, None)]);
            assert_eq!(error, "the server closed after 9 of 18 bytes");
            assert_eq!(told[told.len() - 3], "connection_lost", "{model}: {told:?}");
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    for model in MODELS {
        let fails = |place: Place| {
            let what = vec![say(&["hello"], 1, Duration::ZERO)];
            failed(model, what, vec![at(place, None)])
        };
        let address = dead();
        let refused = |address| {
            format!("cannot connect to {address}: nobody listens there (connection refused)")
        };
        let (error, told) = fails(Place::Tcp(address));
        assert_eq!(error, refused(address));
        assert_eq!(told[..2], ["wait in connect", "connection_failed"]);
        // One that hears nobody but itself.
        let deaf = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = deaf.local_addr().unwrap();
        deaf.connect(address).unwrap();
        let (error, told) = fails(Place::Udp(address));
        assert_eq!(error, refused(address));
        assert_eq!(told[3..5], ["wait in read", "connection_lost"]);
        let (error, _) = fails(Place::Unix("/nowhere/at all".into()));
        assert!(
            error.starts_with("cannot connect to /nowhere/at all: "),
            "{error}"
        );
        let full = || std::io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
        let (error, _) = fails(Place::Pipe(Arc::new(move || Err(full()))));
        assert!(error.starts_with("no file descriptor left"), "{error}");
        let (error, _) = fails(pipes(drop));
        // It may be there still when the line is said, and gone when the answer is due.
        assert!(
            error.starts_with("the connection to its pipes broke: ")
                || error == "the server closed after 0 of 6 bytes",
            "{error}"
        );
    }
}

fn is_answered(kind: &EventKind) -> bool {
    matches!(kind, EventKind::BytesRead { .. })
}

fn is_reading(kind: &EventKind) -> bool {
    let call = WaitCall::Read;
    matches!(kind, EventKind::WaitBegin { call: other, .. } if *other == call)
}

#[test]
fn silence_can_be_stopped() {
    for model in MODELS {
        let (places, _folder) = everywhere(1);
        for place in places {
            let what = vec![say(&["hello", "again"], 1, Duration::ZERO)];
            let silent = at(place.clone(), None);
            let (content, told) = stopped(model, what, vec![silent], is_answered);
            assert_eq!(content, b"hello\n", "{place:?}");
            assert_eq!(told[6], "wait in read", "{model}: {place:?}");
            let end = ["connection_lost", "end stopped"];
            assert_eq!(told[told.len() - 2..], end, "{model}: {place:?}");
        }
    }
}

#[test]
fn a_pause_can_be_stopped() {
    for model in MODELS {
        let (places, _folder) = everywhere(2);
        let what = vec![say(&["hello"], 2, EVER)];
        let endpoints = vec![at(places[0].clone(), None)];
        let (content, told) = stopped(model, what, endpoints, is_answered);
        assert_eq!(content, b"hello\n");
        let expected = ["wait in sleep", "connection_lost", "end stopped"];
        assert_eq!(told[6..], expected, "{model}");
    }
}

/// The other side takes nothing in, until its connection is lost: then it comes to its end.
#[test]
fn a_line_that_nobody_takes_can_be_stopped() {
    let text = "x".repeat(32 << 20);
    for model in MODELS {
        let (gone, is_gone) = mpsc::channel::<()>();
        let (ending, ended) = mpsc::channel::<()>();
        let ended = Arc::new(std::sync::Mutex::new(ended));
        let deaf = move |mut hears: Box<dyn Read>| {
            // Fails when the test says that the client is gone.
            let _ = ended.lock().unwrap().recv();
            let _ = std::io::copy(&mut hears, &mut std::io::sink());
            gone.send(()).unwrap();
        };
        let (first, second) = (deaf.clone(), deaf);
        let tcp = Place::Tcp(serve(move |client| first(Box::new(client))));
        let pipe = pipes(move |(hears, _says)| second(Box::new(hears)));
        for place in [tcp, pipe] {
            let what = vec![say(&[&text], 1, Duration::ZERO)];
            let (content, told) = stopped(model, what, vec![at(place, None)], is_reading);
            assert_eq!(content, b"", "{model}");
            assert_eq!(told.last().unwrap(), "end stopped");
        }
        drop(ending);
        is_gone.recv().unwrap();
        is_gone.recv().unwrap();
    }
}

#[test]
fn an_answer_that_is_lost_fails_the_task_and_does_not_keep_it_forever() {
    // It takes what is said, and says nothing.
    let mute = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let place = Place::Udp(mute.local_addr().unwrap());
    let what = vec![say(&["hello"], 1, Duration::ZERO)];
    let (error, _) = failed(Model::Synchronous, what, vec![at(place.clone(), None)]);
    assert_eq!(
        error,
        format!("{place} did not answer within 5s: the datagram or its answer was lost")
    );
}

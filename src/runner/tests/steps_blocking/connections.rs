//! Downloads, requests, and connections that are held.

use super::super::requests::answer;
use super::*;

fn download(by_lines: bool, fails_after: Option<usize>) -> Step {
    Step::Download {
        server: 0,
        by_lines,
        fails_after,
    }
}

const REQUEST: Step = Step::Request {
    server: 0,
    by: None,
};

fn is_read(kind: &EventKind) -> bool {
    matches!(kind, EventKind::BytesRead { .. })
}

/// Sends each piece once the one before was read, which `read` tells.
fn serve_pieces(pieces: [&'static [u8]; 2]) -> (SocketAddr, mpsc::Sender<()>) {
    let (read, is_read) = mpsc::channel();
    let address = serve(move |mut client| {
        client.write_all(pieces[0]).unwrap();
        is_read.recv().unwrap();
        client.write_all(pieces[1]).unwrap();
    });
    (address, read)
}

#[test]
fn lines_are_callbacks_inside_callbacks() {
    for model in MODELS {
        let (address, read) = serve_pieces([b"one\ntw", b"o\n\nthree"]);
        let endpoints = vec![tcp(address, 14)];
        let tasks = vec![steps(1, vec![download(true, None)])];
        let mut running = start(model, tasks, endpoints, &Controls::default());
        running.until(is_read);
        read.send(()).unwrap();
        let (runs, run) = running.finish();
        run.check_nesting();
        assert_eq!(runs[0].content, b"one\ntwo\n\nthree");
        let expected = [
            "wait in connect",
            "connection_made",
            "  connected",
            "wait in read",
            "read 6",
            "data_received",
            "  line_received",
            "wait in read",
            "read 8",
            "data_received",
            "  line_received",
            "  line_received",
            "wait in read",
            "read 0",
            "connection_lost",
            "  poem_finished",
            "end done",
        ];
        assert_eq!(story(&run, 1), expected, "{model}");
    }
}

#[test]
fn a_poem_that_is_cut_off_is_not_finished() {
    for model in MODELS {
        let endpoints = vec![tcp(serve_text(b"one\ntwo"), 9)];
        let (error, told) = failed(model, vec![download(true, None)], endpoints);
        assert_eq!(error, "the server closed after 7 of 9 bytes");
        assert!(told.contains(&"  line_received".to_owned()), "{told:?}");
        assert!(!told.contains(&"  poem_finished".to_owned()), "{told:?}");
    }
}

#[test]
fn what_a_callback_reads_on_its_own_is_cut_into_lines_too() {
    for model in MODELS {
        let (address, read) = serve_pieces([b"one\n", b"two\nthree\n"]);
        let tasks = vec![steps(1, vec![download(true, None)])];
        let controls = switched(BlockingKind::Read);
        let mut running = start(model, tasks, vec![tcp(address, 14)], &controls);
        running.until(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        read.send(()).unwrap();
        let (runs, run) = running.finish();
        assert_eq!(runs[0].content, b"one\ntwo\nthree\n");
        let callbacks = run.callbacks(id(1));
        let lines = callbacks.iter().filter(|name| **name == "line_received");
        assert_eq!(lines.count(), 3, "{model}: {callbacks:?}");
    }
}

#[test]
fn a_callback_fails_once_it_has_more_than_it_takes() {
    for model in MODELS {
        let (gone, is_gone) = mpsc::channel();
        let address = serve(move |mut client| {
            client.write_all(b"text").unwrap();
            wait_for_end(&mut client);
            gone.send(()).unwrap();
        });
        let (error, told) = failed(model, vec![download(false, Some(3))], vec![tcp(address, 9)]);
        assert_eq!(error, "failed after 3 bytes, as the scenario says");
        let expected = [
            "data_received",
            "  failure: failed after 3 bytes, as the scenario says",
            "connection_lost",
            "end failed",
        ];
        assert_eq!(told[told.len() - 4..], expected, "{model}");
        is_gone.recv().unwrap();
    }
}

/// Each step begins to count anew.
#[test]
fn as_many_bytes_as_it_takes_are_no_failure() {
    for model in MODELS {
        let mut other = download(false, Some(4));
        if let Step::Download { server, .. } = &mut other {
            *server = 1;
        }
        let endpoints = vec![tcp(serve_text(b"text"), 4), tcp(serve_text(b"more"), 4)];
        let what = vec![download(false, Some(4)), other];
        let (content, _) = done(model, what, endpoints);
        assert_eq!(content, b"textmore");
    }
}

#[test]
fn a_request_is_one_wait_for_the_whole_response() {
    for model in MODELS {
        let (address, _) = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoem");
        let (content, told) = done(model, vec![REQUEST], vec![tcp(address, 4)]);
        assert_eq!(content, b"poem");
        let expected = ["wait in read", "read 42", "response_received", "end done"];
        assert_eq!(told, expected, "{model}");
    }
}

#[test]
fn the_switch_is_for_the_response_too() {
    for model in MODELS {
        let (address, _) = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoem");
        let tasks = vec![steps(1, vec![REQUEST])];
        let controls = switched(BlockingKind::Sleep);
        let (_, run) = start(model, tasks, vec![tcp(address, 4)], &controls).finish();
        let told = story(&run, 1);
        assert_eq!(told[2..4], ["response_received", "  sleep 1ms"], "{model}");
    }
}

#[test]
fn requests_fail_and_can_be_stopped() {
    for model in MODELS {
        let (error, told) = failed(model, vec![REQUEST], vec![tcp(dead(), 4)]);
        assert!(error.ends_with("(connection refused)"), "{error}");
        assert_eq!(told[0], "wait in read");
        let hangs = serve_and_hang(b"HTTP/1.1 200 OK\r\n");
        let (_, mut told) = stopped(model, vec![REQUEST], vec![tcp(hangs, 4)], |kind| {
            matches!(kind, EventKind::WaitBegin { .. })
        });
        // What was there before the stop was read, if anything was.
        told.retain(|line| line != "read 17");
        assert_eq!(told, ["wait in read", "end stopped"], "{model}");
    }
}

/// Takes `count` connections in, says to the next client whether they are all open, and then waits until they are
/// closed, which the thread's end tells.
fn keeper(count: usize) -> (SocketAddr, JoinHandle<()>) {
    let (listener, address) = listener();
    let thread = thread::spawn(move || {
        let mut held: Vec<_> = (0..count).map(|_| listener.accept().unwrap().0).collect();
        let (mut asks, _) = listener.accept().unwrap();
        let is_open = |client: &TcpStream| {
            client.set_nonblocking(true).unwrap();
            let open = matches!(client.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock);
            client.set_nonblocking(false).unwrap();
            open
        };
        let open = held.iter().filter(|client| is_open(client)).count();
        write!(asks, "{open} are open").unwrap();
        drop(asks);
        held.iter_mut().for_each(wait_for_end);
    });
    (address, thread)
}

#[test]
fn connections_are_held_until_the_model_ends() {
    for model in MODELS {
        let (address, keeper) = keeper(3);
        let hold = Step::Hold {
            server: 0,
            count: 3,
        };
        let tasks = vec![
            steps(1, vec![hold]),
            after(1, steps(2, vec![download(false, None)])),
        ];
        let (runs, run) = finish(model, tasks, vec![tcp(address, 10)]);
        assert_eq!(runs[0].outcome, Outcome::Done);
        assert_eq!(
            runs[1].content, b"3 are open",
            "{model}: though its task is done"
        );
        let mut expected = ["wait in connect", "connection_made", "  connected"].repeat(3);
        expected.push("end done");
        assert_eq!(story(&run, 1), expected);
        keeper.join().unwrap();
    }
}

#[test]
fn connections_that_are_held_fail_and_can_be_stopped() {
    for model in MODELS {
        let hold = |count| Step::Hold { server: 0, count };
        let (error, told) = failed(model, vec![hold(2)], vec![tcp(dead(), 0)]);
        assert!(error.ends_with("(connection refused)"), "{error}");
        assert_eq!(told[..2], ["wait in connect", "connection_failed"]);
        let (gone, is_gone) = mpsc::channel();
        let address = serve(move |mut client| {
            wait_for_end(&mut client);
            gone.send(()).unwrap();
        });
        let what = vec![hold(1), Step::Wait(EVER)];
        stopped(model, what, vec![tcp(address, 0)], |kind| {
            matches!(kind, EventKind::Connected { .. })
        });
        is_gone.recv().unwrap();
    }
}

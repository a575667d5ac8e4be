//! Requests: who waits for the response, and who does not.

use super::super::requests::answer;
use super::*;
use crate::scenario::Requests;

fn request(server: usize) -> Step {
    Step::Request { server, by: None }
}

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoem";

/// A program that makes one request, and then calls `after`.
fn asks(address: SocketAddr, by: Requests) -> Program {
    let mut program = Program::new([vec![request(0), call("after")]]);
    program.endpoints.push(tcp(address, Some(4)));
    program.variant.requests = by;
    program
}

#[test]
fn the_body_of_the_response_is_what_came() {
    for by in Requests::ALL {
        let (address, _) = answer(RESPONSE);
        let (runs, run) = asks(address, by).run();
        assert_eq!(outcomes(&runs), [Outcome::Done], "{by:?}");
        assert_eq!(runs[0].content, b"poem", "{by:?}");
        assert!(run.callbacks(id(1)).contains(&"after"));
        assert!(run.count(|kind| matches!(kind, EventKind::BytesRead { .. })) > 0);
        // Whoever waits in a system call, there is a span that says so.
        let blocks = run.count(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        let waits = run.count(|kind| matches!(kind, EventKind::WaitBegin { .. }));
        let expected = match by {
            Requests::Blocking => (1, 0, 1),
            Requests::Thread => (0, 1, 2),
            Requests::Asynchronous => (0, 0, 1),
        };
        assert_eq!((blocks, waits, run.threads.len()), expected, "{by:?}");
    }
}

/// It counted the body alone where somebody waited for the response, and what came of half a response not at all.
#[test]
fn whoever_waits_for_the_response_all_that_came_in_was_received() {
    const HALF: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npoem";
    for response in [RESPONSE, HALF] {
        for by in Requests::ALL {
            let (address, _) = answer(response);
            let (_, run) = asks(address, by).run();
            assert_eq!(run.received(id(1)), response.len(), "{by:?}");
        }
    }
}

#[test]
fn a_step_may_have_its_own_way() {
    let (address, _) = answer(RESPONSE);
    let mut program = asks(address, Requests::Asynchronous);
    program.tasks[0].steps[0] = Step::Request {
        server: 0,
        by: Some(Requests::Thread),
    };
    let (_, run) = program.run();
    assert!(run.callbacks(id(1)).contains(&"thread_result"));
}

/// A blocking request after a download is made in the download's last callback, and holds it up.
#[test]
fn a_request_is_made_in_the_callback_that_ended_the_step_before() {
    let (address, _) = answer(RESPONSE);
    let mut program = Program::new([vec![Step::download(0), request(1)]]);
    program.endpoints = vec![tcp(serve_text(b"the "), Some(4)), tcp(address, Some(4))];
    program.variant.requests = Requests::Blocking;
    let (runs, run) = program.run();
    assert_eq!(runs[0].content, b"the poem");
    let mut inside = Vec::new();
    let mut callbacks: Vec<&str> = Vec::new();
    for event in &run.threads[0].1 {
        match event.kind {
            EventKind::CallbackBegin { name, .. } => callbacks.push(&run.names[&name]),
            EventKind::CallbackEnd { .. } => drop(callbacks.pop()),
            EventKind::BlockingBegin { .. } => inside.clone_from(&callbacks),
            _ => {}
        }
    }
    assert_eq!(inside, ["connection_lost"]);
    assert_eq!(run.callbacks(id(1))[0], "connect");
}

#[test]
fn the_loop_goes_on_unless_the_request_blocks() {
    for by in Requests::ALL {
        let (respond, may_respond) = mpsc::channel::<()>();
        let address = serve(move |mut client| {
            // Says so when the client is to have what it asked for.
            let _ = may_respond.recv();
            client.write_all(RESPONSE).unwrap();
            let _ = client.shutdown(std::net::Shutdown::Write);
            wait_for_end(&mut client);
        });
        let mut program = asks(address, by);
        let ticks = Step::Every {
            interval: MS,
            times: 3,
            call: doing("tick", Work::Nothing),
        };
        program
            .tasks
            .push(Program::new([vec![], vec![ticks]]).tasks.remove(1));
        let mut running = program.start();
        if by == Requests::Blocking {
            running.until(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        } else {
            running.until(|kind| matches!(kind, EventKind::TaskEnd { task, .. } if *task == id(2)));
        }
        respond.send(()).unwrap();
        let (runs, run) = running.finish();
        assert_eq!(outcomes(&runs), [Outcome::Done; 2]);
        let ends: Vec<_> = run
            .kinds()
            .filter_map(|kind| match kind {
                EventKind::TaskEnd { task, .. } => Some(task.number()),
                _ => None,
            })
            .collect();
        let expected = if by == Requests::Blocking {
            [1, 2]
        } else {
            [2, 1]
        };
        assert_eq!(ends, expected, "{by:?}");
    }
}

#[test]
fn what_goes_wrong_is_told_once() {
    for by in Requests::ALL {
        let address = dead();
        let (said, run) = asks(address, by).failure();
        assert_eq!(
            said,
            format!("cannot connect to {address}: nobody listens there (connection refused)")
        );
        assert!(!run.callbacks(id(1)).contains(&"after"));
        let (address, _) = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npoem");
        let (said, _) = asks(address, by).failure();
        assert!(said.starts_with(&format!("the request to {address} failed: ")));
        let (address, _) = answer(b"HTTP/1.0 200 OK\r\n\r\nodd");
        let (said, _) = asks(address, by).failure();
        assert_eq!(said, "the server closed after 3 of 4 bytes");
    }
}

#[test]
fn each_way_can_be_stopped() {
    for by in Requests::ALL {
        let (gone, is_gone) = mpsc::channel();
        let address = serve(move |mut client| {
            wait_for_end(&mut client);
            gone.send(()).unwrap();
        });
        asks(address, by).stop_at(|_, kind| match by {
            Requests::Blocking => matches!(kind, EventKind::BlockingBegin { .. }),
            Requests::Thread => matches!(kind, EventKind::WaitBegin { .. }),
            Requests::Asynchronous => matches!(kind, EventKind::BytesWritten { .. }),
        });
        is_gone.recv().unwrap();
    }
}

#[test]
fn the_end_of_the_program_waits_for_no_response() {
    for by in [Requests::Thread, Requests::Asynchronous] {
        let (ask, asked) = mpsc::channel();
        let address = serve(move |mut client| {
            client.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
            ask.send(()).unwrap();
            wait_for_end(&mut client);
        });
        let mut program = asks(address, by);
        let stopper = vec![request(1), Step::Stop];
        let mut stopper = Program::new([vec![], stopper]).tasks.remove(1);
        stopper.steps[0] = Step::Request {
            server: 1,
            by: Some(Requests::Thread),
        };
        program.tasks.push(stopper);
        // Answers when the other request is on its way.
        let second = serve(move |mut client| {
            asked.recv().unwrap();
            client.write_all(RESPONSE).unwrap();
            wait_for_end(&mut client);
        });
        program.endpoints.push(tcp(second, Some(4)));
        let (runs, run) = program.run();
        assert_eq!(outcomes(&runs), [Outcome::Stopped, Outcome::Done]);
        assert_eq!(failures(&run), [""; 0]);
        assert_eq!(run.outcome(), Outcome::Done);
    }
}

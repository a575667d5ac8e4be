//! Downloads by lines, downloads that the program fails in, and connections that are held.

use super::*;
use crate::scenario::{Blocking, BlockingKind};
use crate::trace::Loss;

fn download(by_lines: bool, fails_after: Option<usize>) -> Step {
    Step::Download {
        server: 0,
        by_lines,
        fails_after,
    }
}

fn downloads(text: &[u8], step: Step) -> Program {
    let mut program = Program::new([vec![step, call("after")]]);
    program
        .endpoints
        .push(tcp(serve_text(text), Some(text.len())));
    program
}

#[test]
fn lines_show_every_layer_inside_the_one_that_calls_it() {
    let text = b"one\ntwo\nno line";
    let (runs, run) = downloads(text, download(true, None)).run();
    assert_eq!(outcomes(&runs), [Outcome::Done]);
    assert_eq!(runs[0].content, text, "also what has no line break");
    let story = run.story();
    let from = |line: &str| story.iter().position(|other| other == line).unwrap();
    assert_eq!(
        story[from("do_read")..][..4],
        [
            "do_read",
            "  data_received",
            "    line_received",
            "    line_received"
        ]
    );
    let lines = story.iter().filter(|line| line.trim() == "line_received");
    assert_eq!(lines.count(), 2);
    assert_eq!(
        story[from("connection_lost")..][..5],
        [
            "connection_lost",
            "  connection_lost",
            "    poem_finished",
            "      after",
            "      task 1 Done",
        ]
    );
    let connected = EventKind::Connected { task: id(1) };
    assert_eq!(run.count(|kind| *kind == connected), 1);
}

#[test]
fn a_program_that_fails_in_its_data_loses_that_connection_alone() {
    for by_lines in [false, true] {
        let (gone, is_gone) = mpsc::channel();
        let slow = serve(move |mut client| {
            client.write_all(b"12345").unwrap();
            wait_for_end(&mut client);
            gone.send(()).unwrap();
        });
        let fine = Step::Download {
            server: 1,
            by_lines,
            fails_after: Some(4),
        };
        let mut program = Program::new([vec![download(by_lines, Some(4))], vec![fine]]);
        program.endpoints = vec![tcp(slow, Some(9)), tcp(serve_text(b"1234"), Some(4))];
        let (runs, run) = program.run();
        assert_eq!(outcomes(&runs), [Outcome::Failed, Outcome::Done]);
        assert_eq!(runs[0].content, b"12345");
        let said = "failed after 4 bytes, as the scenario says";
        assert_eq!(runs[0].error.as_deref(), Some(said));
        assert_eq!(failures(&run), [said]);
        is_gone.recv().unwrap();
    }
}

#[test]
fn what_goes_wrong_with_lines_is_told() {
    let address = dead();
    let mut program = downloads(b"", download(true, None));
    program.endpoints[0] = tcp(address, None);
    assert_eq!(
        program.failure().0,
        format!("cannot connect to {address}: nobody listens there (connection refused)")
    );
    program.endpoints[0] = tcp(serve_text(b"one\n"), Some(8));
    assert_eq!(program.failure().0, "the server closed after 4 of 8 bytes");
}

#[test]
fn the_users_switch_blocks_lines_too_but_there_is_no_socket_to_read() {
    for (kind, calls) in [
        (BlockingKind::Sleep, 1),
        (BlockingKind::Cpu, 1),
        (BlockingKind::Read, 0),
    ] {
        let program = downloads(b"one\n", download(true, None));
        program.controls.blocking.set(Some(Blocking {
            kind,
            duration: MS,
            task: None,
        }));
        let (runs, run) = program.run();
        assert_eq!(runs[0].content, b"one\n");
        let blocking = run.count(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        // Once for the data, and once for the call after it.
        assert_eq!(blocking, 2 * calls, "{kind:?}");
    }
}

#[test]
fn lines_can_be_stopped() {
    let mut program = downloads(b"", download(true, None));
    program.endpoints[0] = tcp(serve_and_hang(b"one\n"), Some(8));
    program.stop_at(|run, kind| match kind {
        EventKind::CallbackBegin { name, .. } => run.names[name] == "line_received",
        _ => false,
    });
}

/// Takes in connections until as many as `wanted` stand, and keeps them until the client is gone.
fn takes_in(wanted: usize) -> (SocketAddr, mpsc::Receiver<usize>) {
    let (listener, address) = listener();
    let (gone, are_gone) = mpsc::channel();
    thread::spawn(move || {
        let held: Vec<_> = (0..wanted).map(|_| listener.accept().unwrap().0).collect();
        for mut client in held {
            wait_for_end(&mut client);
        }
        gone.send(wanted).unwrap();
    });
    (address, are_gone)
}

fn holds(address: SocketAddr, count: usize) -> Program {
    let mut program = Program::new([vec![Step::Hold { server: 0, count }, call("after")]]);
    program.endpoints.push(tcp(address, None));
    program
}

#[test]
fn held_connections_stand_until_the_loop_ends() {
    let (address, are_gone) = takes_in(20);
    let mut program = holds(address, 20);
    program.tasks[0].steps.push(Step::Wait(MS));
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done]);
    let story = run.story();
    let place = |line: &str| story.iter().position(|other| other.trim() == line).unwrap();
    assert!(place("after") < place("wait_over"));
    assert!(place("wait_over") < place("connection_lost"));
    let stopped = |kind: &EventKind| {
        matches!(
            kind,
            EventKind::ConnectionLost {
                loss: Loss::Stopped,
                ..
            }
        )
    };
    assert_eq!(run.count(stopped), 20);
    assert_eq!(are_gone.recv(), Ok(20));
}

#[test]
fn a_connection_that_cannot_be_held_fails_the_task() {
    let address = dead();
    let (said, _) = holds(address, 3).failure();
    assert!(
        said.starts_with(&format!("cannot connect to {address}")),
        "{said}"
    );
}

#[test]
fn holding_can_be_stopped() {
    let (address, are_gone) = takes_in(2);
    let mut program = holds(address, 2);
    program.tasks[0].steps.push(Step::Wait(EVER));
    program.stop_at(|run, kind| match kind {
        EventKind::TimerSet { name, .. } => run.names[name] == "wait_over",
        _ => false,
    });
    assert_eq!(are_gone.recv(), Ok(2));
}

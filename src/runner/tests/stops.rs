//! Stopping, whatever the threads are doing.

use rustix::net::{AddressFamily, SocketType};

use super::*;
use crate::scenario::{Blocking, BlockingKind};
use crate::trace::WaitCall;

/// Stops `running` and says how its tasks ended.
fn stop(model: Model, running: Run) -> (Vec<TaskRun>, Run) {
    running.controls.stop.stop();
    let (runs, run) = running.finish();
    run.check_nesting();
    for done in &runs {
        assert_eq!(done.outcome, Outcome::Stopped, "{model}: {done:?}");
        assert_eq!(done.error, None, "{model}");
    }
    assert_eq!(
        run.count(|kind| matches!(kind, EventKind::Failure { .. })),
        0,
        "{model}: a stop is no failure"
    );
    assert_eq!(
        run.count(|kind| *kind
            == EventKind::ModelEnd {
                outcome: Outcome::Stopped
            }),
        1
    );
    let queued = run.count(|kind| matches!(kind, EventKind::TaskQueued { .. }));
    let ended = run.count(|kind| matches!(kind, EventKind::TaskEnd { .. }));
    assert_eq!(
        queued, ended,
        "{model}: a task that was never begun ends too"
    );
    (runs, run)
}

#[test]
fn while_waiting_for_data() {
    for model in Model::OF_TASKS {
        let tasks = (1..=2)
            .map(|number| task(number, serve_and_hang(b"text"), 9))
            .collect();
        let mut running = Run::start(model, tasks, &Controls::default());
        running.until(|kind| matches!(kind, EventKind::BytesRead { task, .. } if *task == id(1)));
        let (runs, _) = stop(model, running);
        assert_eq!(runs[0].content, b"text", "what came is kept");
    }
}

#[test]
fn while_connecting() {
    for model in Model::OF_TASKS {
        // Nobody takes connections in, and there is room for one in the queue.
        let full = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&full, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        rustix::net::listen(&full, 0).unwrap();
        let full = TcpListener::from(full);
        let address = full.local_addr().unwrap();
        let _queued = TcpStream::connect(address).unwrap();
        let mut running = Run::start(model, vec![task(1, address, 9)], &Controls::default());
        running.until(|kind| {
            matches!(
                kind,
                EventKind::PollBegin
                    | EventKind::WaitBegin {
                        call: WaitCall::Connect,
                        ..
                    }
            )
        });
        let (_, run) = stop(model, running);
        assert_eq!(
            run.count(|kind| matches!(kind, EventKind::Connected { .. })),
            0
        );
    }
}

#[test]
fn while_a_callback_blocks() {
    for kind in BlockingKind::ALL {
        for model in Model::OF_TASKS {
            let controls = Controls::default();
            controls.blocking.set(Some(Blocking {
                kind,
                duration: EVER,
                task: None,
            }));
            let tasks = (1..=2)
                .map(|number| task(number, serve_and_hang(b"text"), 9))
                .collect();
            let mut running = Run::start(model, tasks, &controls);
            running.until(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
            stop(model, running);
        }
    }
}

#[test]
fn before_it_began() {
    for model in Model::OF_TASKS {
        let controls = Controls::default();
        controls.stop.stop();
        let (listener, address) = listener();
        let running = Run::start(model, vec![task(1, address, 9)], &controls);
        let (runs, _) = stop(model, running);
        assert_eq!(runs[0].content, b"");
        drop(listener);
    }
}

#[test]
fn after_it_ended() {
    for model in Model::OF_TASKS {
        let controls = Controls::default();
        let (runs, _) = run(model, vec![task(1, serve_text(b"text"), 4)], &controls);
        controls.stop.stop();
        assert_eq!(runs[0].outcome, Outcome::Done);
    }
}

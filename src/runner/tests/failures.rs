//! What goes wrong is told in plain words, and touches nobody else.

use rustix::net::sockopt::set_socket_linger;

use super::*;

/// Runs a task that fails beside one that does not, and returns what is said of it.
fn failure(model: Model, failing: Order) -> String {
    let tasks = vec![failing, task(2, serve_text(b"fine"), 4)];
    let (runs, run) = run(model, tasks, &Controls::default());
    assert_eq!(runs[0].outcome, Outcome::Failed, "{model}");
    assert_eq!(runs[1].outcome, Outcome::Done, "{model}");
    assert_eq!(runs[1].content, b"fine", "{model}");
    let said: Vec<_> = run
        .kinds()
        .filter_map(|kind| match kind {
            EventKind::Failure { task, message } => {
                assert_eq!(task, Some(id(1)));
                Some(run.names[&message].clone())
            }
            _ => None,
        })
        .collect();
    assert_eq!(said, [runs[0].error.clone().unwrap()], "{model}: once");
    let order: Vec<_> = run
        .kinds()
        .filter(|kind| {
            matches!(kind, EventKind::Failure { .. })
                || matches!(kind, EventKind::TaskEnd { task, .. } if *task == id(1))
        })
        .collect();
    assert!(
        matches!(order[0], EventKind::Failure { .. }),
        "first why, then that"
    );
    assert_eq!(
        run.count(|kind| *kind
            == EventKind::ModelEnd {
                outcome: Outcome::Failed
            }),
        1
    );
    said.into_iter().next().unwrap()
}

#[test]
fn a_dead_port() {
    for model in Model::OF_TASKS {
        let address = dead();
        assert_eq!(
            failure(model, task(1, address, 4)),
            format!("cannot connect to {address}: nobody listens there (connection refused)")
        );
    }
}

#[test]
fn a_server_that_closes_early() {
    for model in Model::OF_TASKS {
        let address = serve_text(&[b'x'; 500]);
        assert_eq!(
            failure(model, task(1, address, 3003)),
            "the server closed after 500 of 3003 bytes"
        );
    }
}

#[test]
fn a_connection_that_is_reset() {
    for model in Model::OF_TASKS {
        let (go, may_go) = mpsc::channel::<()>();
        let address = serve(move |client| {
            set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
            may_go.recv().unwrap();
        });
        let mut running = Run::start(model, vec![task(1, address, 4)], &Controls::default());
        running.until(|kind| matches!(kind, EventKind::Connected { .. }));
        go.send(()).unwrap();
        let (runs, _) = running.finish();
        let said = runs[0].error.clone().unwrap();
        let expected = format!("the connection to {address} broke: ");
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn an_end_of_unknown_place_is_no_failure() {
    for model in Model::OF_TASKS {
        let mut any = task(1, serve_text(b"some"), 0);
        any.expected = None;
        let (runs, _) = run(model, vec![any], &Controls::default());
        assert_eq!(runs[0].outcome, Outcome::Done);
        assert_eq!(runs[0].content, b"some");
    }
}

#[test]
fn no_descriptor_is_told_with_the_way_out() {
    let full = || std::io::Error::from_raw_os_error(rustix::io::Errno::MFILE.raw_os_error());
    let text = "no file descriptor left: raise the limit with `ulimit -n`";
    assert_eq!(
        TaskError::connecting(&Place::Tcp(dead()), full()).to_string(),
        text
    );
    assert_eq!(TaskError::provider(full()).to_string(), text);
}

//! Servers under several models.

use super::{Ran, run};

fn said(ran: &Ran) -> Vec<Vec<u8>> {
    ran.runs
        .iter()
        .flat_map(|run| run.tasks.iter().map(|task| task.content.clone()))
        .collect()
}

#[test]
fn the_echo_server_serves_one_after_another_or_all_at_once() {
    let ran = run("echo-server");
    ran.assert_done();
    for heard in said(&ran) {
        assert_eq!(heard, b"Hello\nIs anybody there?\nGoodbye\n");
    }
    let sequential = ran.model("sequential");
    assert!(
        sequential.elapsed_s >= 3.0 * 0.8,
        "{}",
        sequential.elapsed_s
    );
    assert!(sequential.elapsed_s > ran.model("reactor").elapsed_s);
    let queued: Vec<f64> = sequential.tasks.iter().map(|task| task.queued_s).collect();
    assert_eq!(
        queued.iter().filter(|queued| **queued > 0.7).count(),
        2,
        "{queued:?}"
    );
    assert!(
        ran.model("reactor")
            .tasks
            .iter()
            .all(|task| task.queued_s < 0.7)
    );
}

#[test]
fn in_the_bank_the_queue_is_the_slowest() {
    let ran = run("the-bank");
    ran.assert_done();
    for heard in said(&ran) {
        assert_eq!(
            heard,
            b"Good morning\nTen coins, please\nThank you, good day\n"
        );
    }
    let names: Vec<_> = ran
        .report
        .models
        .iter()
        .map(|model| model.model.as_str())
        .collect();
    assert_eq!(names, ["sequential", "processes", "threads", "reactor"]);
    let elapsed = |name| ran.model(name).elapsed_s;
    for other in ["processes", "threads", "reactor"] {
        assert!(
            elapsed("sequential") > elapsed(other),
            "{other}: {}",
            elapsed(other)
        );
    }
    let processes = &ran.store.models()[1];
    assert!(
        processes.threads.len() >= 5,
        "one for each customer, and the door"
    );
}

//! What is called when a loop has started to run waits for what is called before it.

use super::made::{Made, task};
use super::watched::report;
use super::*;
use crate::trace::Change;

/// The loop runs from 10 on, and three tasks begin then: the first computes to 210, the second to 290.
fn computing() -> Made {
    let mut made = Made::starting();
    made.start((10, 210), 1);
    made.start((210, 290), 2);
    made.start((290, 291), 3);
    made.stall(10, 300, 1);
    made.poll(300, 310);
    made
}

#[test]
fn what_is_called_at_the_start_has_waited_since_the_loop_runs() {
    let report = report(&computing());
    let waits: Vec<_> = report
        .victims
        .iter()
        .map(|one| (one.kind, one.task, one.waited, one.known))
        .collect();
    let wait = |number, end| {
        let waited = TimeRange::new(at(10), at(end));
        (
            VictimKind::Startup,
            Some(task(number)),
            waited,
            Known::Exactly,
        )
    };
    assert_eq!(waits, [wait(3, 290), wait(2, 210)]);
    let blame = &report.victims[0].blame;
    let parts: Vec<_> = blame.iter().map(|part| part.duration).collect();
    assert_eq!(parts, [millis(200), millis(80)]);
    let said = report.sentence().to_string();
    assert!(
        said.starts_with("data_received of ecstasy and 1 other callback held the loop for 290 ms")
    );
    assert!(said.ends_with("; 2 startup callbacks waited, the worst 280 ms"));
}

/// It has told of what was over, and of the one that computes.
#[test]
fn a_loop_is_one_before_it_has_polled() {
    let mut made = computing();
    made.events.truncate(made.events.len() - 6);
    made.notices(150, 10);
    let store = made.store();
    let report = stalls(&store, at(250)).remove(0);
    assert!(report.of_loop && report.lasts);
    let waits: Vec<_> = report
        .victims
        .iter()
        .map(|one| (one.task, one.waited))
        .collect();
    assert_eq!(waits, [(Some(task(2)), TimeRange::new(at(10), at(210)))]);
}

#[test]
fn the_start_of_a_loop_is_one_stretch_without_a_poll() {
    let store = computing().store();
    let begin = TimeRange::new(at(0), at(305));
    let lag = loop_lag(&store.models()[0].threads[0], begin, 1, at(1000));
    let tooth = [
        (at(10), Duration::ZERO),
        (at(10), millis(290)),
        (at(300), Duration::ZERO),
    ];
    assert!(
        lag.iter().map(|point| (point.at, point.lag)).eq(tooth),
        "{lag:?}"
    );
    let later = TimeRange::new(at(400), at(1000));
    let lag = loop_lag(&store.models()[0].threads[0], later, 1, at(1000));
    assert!(lag.iter().all(|point| point.at > at(300)), "{lag:?}");
}

/// It was stopped by what was called at its start.
#[test]
fn a_loop_that_ends_without_a_poll_has_a_health_as_far_as_it_can_be_told() {
    let mut made = computing();
    made.events.truncate(made.events.len() - 3);
    made.tell(300, EventKind::ThreadEnd);
    let store = made.store();
    let model = &store.models()[0];
    let mut meter = Meter::default();
    meter.look(model);
    let health = meter.health(model, at(1000)).expect("it has a loop");
    assert_eq!((health.utilization, health.turns), (1.0, 0));
    assert_eq!(
        (health.callbacks_per_turn, health.ready_per_poll),
        (None, None)
    );
    assert_eq!(
        (health.queueing.count, health.queueing.max),
        (3, millis(280))
    );
    assert_eq!(health.lag.count, 0, "no timer fired");
    assert_eq!(health_in(model, WHOLE, at(1000)), Some(health));
    let mut histories = LoopHistories::default();
    assert!(histories.look(model, usize::MAX));
    let state = loop_state(model, &model.threads[0], &histories, at(250), at(1000));
    let state = state.expect("it has a loop");
    assert_eq!((state.phase, state.stack.len()), (Phase::Starting, 1));
}

#[test]
fn what_is_called_at_once_because_the_loop_runs_has_not_waited() {
    let mut made = computing();
    made.start((310, 320), 2);
    made.poll(330, 340);
    let store = made.store();
    let mut meter = Meter::default();
    meter.look(&store.models()[0]);
    assert_eq!(meter.queueing().count(), 3, "only those of the start");
}

#[test]
fn in_a_thread_what_is_called_at_the_start_would_not_have_waited() {
    let store = computing().store();
    let mut report = stalls(&store, at(1000)).remove(0);
    report.callback = "call".to_owned();
    let model = &store.models()[0];
    let foreseen = what_if(&store, model, &report, Change::InThread, at(1000));
    let waits: Vec<_> = foreseen
        .iter()
        .map(|one| (one.recorded, one.predicted))
        .collect();
    let none = Duration::ZERO;
    assert_eq!(waits, [(millis(280), none), (millis(200), none)]);
}

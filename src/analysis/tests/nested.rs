//! A callback that calls another one.

use super::made::{Made, name, task};
use super::watched::report;
use super::*;
use crate::analysis::NO_CHANGES;
use crate::trace::Change;

/// What is called inside a callback is to blame for its own time, and what calls it for the rest.
#[test]
fn the_one_that_took_the_time_is_to_blame_and_not_the_one_that_called_it() {
    let mut made = Made::new();
    let first = made.ready(100, 1, None);
    let second = made.ready(100, 2, None);
    let begins = EventKind::CallbackBegin {
        name: name("data_received"),
        task: Some(task(1)),
        cause: Cause::Readiness,
        flow: Some(first),
    };
    made.tell(100, begins);
    made.call((110, 250), "call", Some(1), (Cause::Deferred, first));
    made.tell(260, EventKind::CallbackEnd { failed: false });
    made.serve((260, 261), 2, second);
    made.stall(100, 262, 1);
    made.poll(262, 300);

    let report = report(&made);
    let [victim] = &report.victims[..] else {
        panic!("{:?}", report.victims);
    };
    let parts = victim.blame.iter();
    let parts: Vec<_> = parts
        .map(|part| (part.holder.said().to_string(), part.duration))
        .collect();
    let expected = [("call of ecstasy", 140), ("data_received of ecstasy", 20)];
    assert_eq!(
        parts,
        expected.map(|(said, nanos)| (said.to_owned(), millis(nanos)))
    );
}

/// As a file may tell of them.
#[test]
fn callbacks_may_lie_in_each_other_as_deep_as_one_likes() {
    const DEPTH: u64 = 20_000;
    let mut made = Made::new();
    let first = made.ready(100, 1, None);
    let second = made.ready(100, 2, None);
    for _ in 0..DEPTH {
        made.tell(
            100,
            EventKind::CallbackBegin {
                name: name("call"),
                task: Some(task(1)),
                cause: Cause::Readiness,
                flow: Some(first),
            },
        );
    }
    for _ in 0..DEPTH {
        made.tell(250, EventKind::CallbackEnd { failed: false });
    }
    made.serve((250, 251), 2, second);
    made.stall(100, 252, 1);
    made.poll(252, 300);
    let report = report(&made);
    let parts = &report.victims[0].blame;
    assert_eq!(
        parts.iter().map(|part| part.duration).sum::<Duration>(),
        millis(150)
    );
}

/// Such as the loss of a connection after its last data.
#[test]
fn what_follows_from_a_readiness_that_was_served_has_waited_for_nothing() {
    let mut made = Made::new();
    let first = made.ready(100, 1, None);
    let second = made.ready(100, 2, None);
    made.serve((100, 250), 1, first);
    made.serve((250, 251), 2, second);
    made.call((251, 252), "call", Some(2), (Cause::Readiness, second));
    made.stall(100, 252, 1);
    made.poll(252, 300);
    let victims = report(&made).victims;
    assert_eq!(victims.len(), 1, "{victims:?}");
    assert_eq!(victims[0].delay(), millis(150));
    let store = made.store();
    let mut waits = Waits::default();
    waits.look(&store.models()[0], usize::MAX);
    assert_eq!(waits.count(), 2);
}

/// A callback takes 150 and then 200 in blocking calls of these names, and goes on for 30: it slept throughout, and a
/// timer waits that was due 210 after its begin.
fn two_calls(calls: [&str; 2]) -> Made {
    let mut made = Made::new();
    let timer = made.new_flow();
    let set = EventKind::TimerSet {
        timer,
        deadline: at(310),
        name: name("tick"),
    };
    made.events.insert(Made::BEFORE, (1, set));
    let flow = made.ready(100, 1, None);
    let begins = EventKind::CallbackBegin {
        name: name("data_received"),
        task: Some(task(1)),
        cause: Cause::Readiness,
        flow: Some(flow),
    };
    made.tell(100, begins);
    for (call, (begin, end)) in calls.into_iter().zip([(100, 250), (250, 450)]) {
        let (name, task) = (name(call), Some(task(1)));
        made.tell(begin, EventKind::BlockingBegin { name, task });
        made.tell(end, EventKind::BlockingEnd);
    }
    made.tell(480, EventKind::CallbackEnd { failed: false });
    let late = millis(170).as_nanos() as u64;
    made.tell(480, EventKind::TimerFired { timer, late });
    made.call((480, 481), "tick", None, (Cause::Timer, timer));
    made.stall(100, 481, 1);
    made.poll(481, 490);
    made.accounts(100, 0, 0);
    made.accounts(481, 1, 0);
    made
}

/// How long that timer would have waited in a thread and asynchronously.
fn waits_of_a_timer(calls: [&str; 2]) -> [Duration; 2] {
    let made = two_calls(calls);
    let (store, report) = (made.store(), report(&made));
    [Change::InThread, Change::Asynchronous].map(|change| {
        let foreseen = what_if(&store, &store.models()[0], &report, change, at(1000));
        let [one] = &foreseen[..] else {
            panic!("{foreseen:?}");
        };
        assert_eq!(one.recorded, millis(170));
        one.predicted
    })
}

/// As a scenario does it: it begins with both, and goes on when both are done.
#[test]
fn a_callback_goes_on_at_the_latest_of_two_calls_that_can_be_carried_out_at_once() {
    // From 300 to 330 the callback goes on.
    let together = waits_of_a_timer(["sleep 150ms", "compute 200ms"]);
    assert_eq!(together, [millis(20); 2]);
    // What reads needs what was read before: it goes on at 450, when the timer is long served.
    for calls in [["recvfrom", "compute 200ms"], ["recvfrom", "recvfrom"]] {
        assert_eq!(waits_of_a_timer(calls), [millis(0); 2], "{calls:?}");
    }
}

#[test]
fn slices_no_shorter_than_what_takes_longest_are_no_change() {
    let made = two_calls(["sleep 150ms", "compute 200ms"]);
    let (store, stall) = (made.store(), report(&made));
    let objection = |change| objection(&store, &store.models()[0], &stall, change);
    assert_eq!(objection(Change::Slices(millis(200))), Some(NO_CHANGES[1]));
    assert_eq!(objection(Change::Slices(millis(199))), None);
    assert_eq!(objection(Change::InThread), None);
}

#[test]
fn where_nothing_said_that_it_takes_time_nothing_can_be_changed() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 200), 1, flow);
    made.stall(100, 200, 1);
    made.poll(200, 201);
    let (store, stall) = (made.store(), report(&made));
    let objection = objection(&store, &store.models()[0], &stall, Change::InThread);
    assert_eq!(objection, Some(NO_CHANGES[0]));
}

/// The second sleeps longer than it was told to, by chance: in another run it will not.
#[test]
fn a_call_that_the_machine_let_wait_takes_as_long_as_others_of_its_name() {
    let mut made = Made::new();
    let flows = [1, 2, 3].map(|number| made.ready(100, number, None));
    let calls = [("data_received", 100, 250), ("call", 250, 450)];
    for ((number, flow), (callback, begin, end)) in (1..).zip(flows).zip(calls) {
        let (task, sleeps) = (Some(task(number)), name("sleep 150ms"));
        let begins = EventKind::CallbackBegin {
            name: name(callback),
            task,
            cause: Cause::Readiness,
            flow: Some(flow),
        };
        made.tell(begin, begins);
        made.tell(begin, EventKind::BlockingBegin { name: sleeps, task });
        made.tell(end, EventKind::BlockingEnd);
        made.tell(end, EventKind::CallbackEnd { failed: false });
    }
    made.call((450, 451), "call", Some(3), (Cause::Readiness, flows[2]));
    made.stall(100, 451, 1);
    made.poll(451, 460);
    let (store, stall) = (made.store(), report(&made));
    let foreseen = what_if(
        &store,
        &store.models()[0],
        &stall,
        Change::InThread,
        at(1000),
    );
    let waits: Vec<_> = foreseen
        .iter()
        .map(|one| (one.recorded, one.predicted))
        .collect();
    assert_eq!(
        waits,
        [(millis(350), millis(150)), (millis(150), millis(0))]
    );
}

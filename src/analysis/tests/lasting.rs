//! Who waits while a stall lasts, and who still does when its loop has ended.

use super::made::{Made, name, task};
use super::watched::{asleep, in_call, report};
use super::*;
use crate::trace::{Interest, Sighting};

/// It is stopped during a stall.
#[test]
fn whoever_a_loop_has_left_alone_has_waited_to_its_end() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.tell(302, EventKind::ThreadEnd);
    made.arrives(150, 2, 7, Sighting::AsItCame);
    let report = report(&made);
    let [victim] = &report.victims[..] else {
        panic!("one connection waited: {report:#?}");
    };
    assert_eq!(victim.waited, TimeRange::new(at(150), at(302)));
    assert_eq!((victim.fd, victim.served_by), (Some(7), None));
    assert!(report.settled);
}

/// To be told that its connection is lost is not to be served.
#[test]
fn whoever_is_told_that_the_loop_stops_has_waited_all_the_same() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    let lost = EventKind::CallbackBegin {
        name: name("call"),
        task: Some(task(2)),
        cause: Cause::Shutdown,
        flow: None,
    };
    made.tell(301, lost);
    made.tell(302, EventKind::CallbackEnd { failed: false });
    made.stall(100, 302, 1);
    made.tell(303, EventKind::ThreadEnd);
    made.arrives(150, 2, 7, Sighting::AsItCame);
    let report = report(&made);
    let waits = report.victims.iter().map(|one| (one.fd, one.waited));
    assert!(waits.eq([(Some(7), TimeRange::new(at(150), at(303)))]));
}

/// The connection that the callback reads to the end, for one.
#[test]
fn what_the_thread_reads_itself_while_a_stall_lasts_waits_for_nobody() {
    let mut whole = asleep();
    whole.events.truncate(Made::BEFORE + 2);
    whole.watched.retain(|(at, _)| *at <= 200);
    whole.sees(210, in_call("recvfrom", Some(8)));
    let lasting = stalls(&whole.store(), at(230)).remove(0);
    let waits = lasting.victims.iter().map(|victim| victim.fd);
    assert!(waits.eq([None, Some(7)]), "{lasting:#?}");
}

/// In a program without tasks there are only the numbers of the descriptors to go by.
#[test]
fn who_was_served_in_the_turn_in_which_its_loop_ends_has_waited_no_longer() {
    let mut made = Made::new();
    let flows = [7, 8].map(|fd| (fd, made.new_flow()));
    for (fd, flow) in flows {
        let (task, interest) = (None, Interest::Readable);
        let ready = EventKind::Readiness {
            flow,
            task,
            interest,
        };
        made.tell(100, ready);
        made.tell(100, EventKind::ReadinessOf { flow, fd });
        let sighting = Sighting::AtFirstLook;
        let arrived = EventKind::DataArrived { fd, task, sighting };
        made.watch(104, arrived);
    }
    let [(_, guilty), (_, other)] = flows;
    made.call(
        (100, 300),
        "data_received",
        None,
        (Cause::Readiness, guilty),
    );
    made.call((300, 301), "data_received", None, (Cause::Readiness, other));
    made.stall(100, 301, 1);
    made.tell(302, EventKind::ThreadEnd);
    let victims = report(&made).victims;
    let [victim] = &victims[..] else {
        panic!("one waited: {victims:#?}");
    };
    assert_eq!(victim.fd, Some(8));
    assert_eq!(victim.waited, TimeRange::new(at(100), at(300)));
}

/// Nobody may ever tell of its end: its thread is stuck still when the model is given up, say.
#[test]
fn a_stall_lasts_no_longer_than_its_model() {
    let mut made = Made::new();
    made.notices(200, 100);
    let outcome = Outcome::Stopped;
    made.tell(250, EventKind::ModelEnd { outcome });
    let [stall] = &stalls(&made.store(), at(1000))[..] else {
        panic!("one was noticed");
    };
    assert!(stall.lasts);
    assert_eq!(stall.range, TimeRange::new(at(100), at(250)));
}

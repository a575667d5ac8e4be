//! Who waits while a stall lasts, and who still does when its loop has ended.

use super::made::Made;
use super::watched::{asleep, in_call, report};
use super::*;

/// It is stopped during a stall.
#[test]
fn whoever_a_loop_has_left_alone_has_waited_to_its_end() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.tell(302, EventKind::ThreadEnd);
    made.arrives(150, 2, 7, false);
    let report = report(&made);
    let [victim] = &report.victims[..] else {
        panic!("one connection waited: {report:#?}");
    };
    assert_eq!(victim.waited, TimeRange::new(at(150), at(302)));
    assert_eq!((victim.fd, victim.served_by), (Some(7), None));
    assert!(report.settled);
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

//! Why a stall took so long.

use super::made::Made;
use super::watched::{SLEEPS, in_call, report};
use super::*;
use crate::trace::{Change, Doing, Sighting};

/// A stall from 100 to 300 of which the system accounts so many milliseconds, and in which this was seen.
fn held(on_cpu: u64, waiting: u64, seen: &[Doing]) -> StallReport {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.poll(300, 310);
    made.accounts(100, 0, 0);
    for (place, doing) in seen.iter().enumerate() {
        made.sees(110 + 10 * place as u64, *doing);
    }
    made.arrives(115, 3, 9, Sighting::AsItCame);
    made.accounts(300, on_cpu, waiting);
    report(&made)
}

#[test]
fn the_account_of_the_system_tells_computing_from_blocking_and_from_having_no_core() {
    let computes = held(180, 20, &[Doing::Running]);
    assert_eq!(computes.cause.kind, CauseKind::OnCpu);
    assert_eq!(
        computes.sentence().to_string(),
        "data_received of ecstasy held the loop for 200 ms, computing; nobody waited"
    );
    let has_no_core = held(40, 150, &[Doing::Running]);
    assert_eq!(has_no_core.cause.kind, CauseKind::WaitingForCore);
    assert_eq!(
        has_no_core.what().to_string(),
        "runnable, without a core in data_received"
    );
    let writes = held(30, 75, &[in_call("fsync", Some(9))]);
    assert_eq!(writes.cause.kind, CauseKind::Blocked, "the largest part");
    let told = writes.sentence().to_string();
    let expected = "data_received of ecstasy waited 200 ms for the disk, in fsync on descriptor 9 (truth), \
                    and had no core for 75 ms of that;";
    assert!(told.starts_with(expected), "{told}");
    let reads = held(1, 1, &[in_call("recvfrom", Some(9))]);
    assert_eq!(reads.cause.kind, CauseKind::Blocked);
    assert_eq!(
        (reads.cause.fd, reads.cause.fd_of.as_deref()),
        (Some(9), Some("truth"))
    );
    assert!(
        reads.sentence().to_string().starts_with(
            "data_received of ecstasy was blocked for 200 ms in recvfrom on descriptor 9 (truth);"
        ),
        "{}",
        reads.sentence().to_string()
    );
    let row = [7, 8, 9, 10, 11].map(|fd| in_call("recvfrom", Some(fd)));
    let row: Vec<_> = row.into_iter().cycle().take(20).collect();
    assert_eq!(held(1, 1, &row).cause.kind, CauseKind::ManyCalls);
}

/// Two things to mend are not told as one.
#[test]
fn stalls_of_one_callback_that_were_blocked_in_different_calls_are_different_findings() {
    let one = held(1, 1, &[in_call("fsync", Some(9))]);
    let other = held(1, 1, &[in_call("recvfrom", Some(9))]);
    let found = findings(&[one.clone(), other, one]);
    let places: Vec<_> = found.iter().map(|finding| finding.stalls.clone()).collect();
    assert_eq!(places, [vec![0, 2], vec![1]]);
}

/// The longest of them is not the one to blame, and is another in each turn.
#[test]
fn turns_of_many_callbacks_are_one_finding_that_is_nobodys() {
    let mut one = held(1, 1, &[Doing::Running]);
    one.cause.kind = CauseKind::ManyCallbacks;
    let mut other = one.clone();
    (other.callback, other.task) = ("tick".into(), None);
    let found = findings(&[one, other]);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].stalls.len(), found[0].task, &found[0].task_name),
        (2, None, &None)
    );
}

/// Such as another runtime, of which nothing is told but when it waits.
#[test]
fn of_a_loop_that_does_not_say_what_it_waits_for_nobody_is_known_to_have_waited() {
    let mut made = Made::new();
    made.stall(100, 300, 1);
    made.poll(300, 310);
    made.accounts(100, 0, 0);
    made.sees(110, in_call(SLEEPS, None));
    made.accounts(300, 1, 1);
    let said = report(&made).sentence().to_string();
    assert!(said.ends_with("; nobody is known to have waited"), "{said}");
}

#[test]
fn what_others_on_the_machine_had_too_large_a_part_in_is_chance() {
    let is_by_chance = |waiting| is_by_chance(&held(40, waiting, &[Doing::Running]));
    assert!(
        is_by_chance(41),
        "a fifth, and a prediction may be off by so much"
    );
    assert!(!is_by_chance(40));
}

#[test]
fn that_another_callback_slept_makes_no_wait_of_a_computation() {
    let mut made = Made::new();
    let flows = [1, 2, 3].map(|number| made.ready(100, number, None));
    made.serve((100, 200), 1, flows[0]);
    made.call((200, 300), "tick", Some(2), (Cause::Readiness, flows[1]));
    made.serve((300, 301), 3, flows[2]);
    made.stall(100, 301, 1);
    made.poll(301, 310);
    made.accounts(100, 0, 0);
    for at in [110, 150, 190] {
        made.sees(at, Doing::Running);
        made.sees(at + 100, in_call(SLEEPS, None));
    }
    made.accounts(301, 101, 0);
    let (store, report) = (made.store(), report(&made));
    let foreseen = what_if(
        &store,
        &store.models()[0],
        &report,
        Change::Asynchronous,
        at(1000),
    );
    let predicted: Vec<_> = foreseen.iter().map(|one| one.predicted).collect();
    assert_eq!(predicted, [millis(200), millis(100)]);
}

/// A stall from 100 to 300 in which the thread is seen to read from descriptor 9 every ten milliseconds.
fn reads() -> Made {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.poll(300, 310);
    made.accounts(100, 0, 0);
    made.finds(110, 9, None, "a pipe");
    for look in 11..30 {
        made.sees(10 * look, in_call("recvfrom", Some(9)));
    }
    made
}

#[test]
fn a_row_of_calls_on_one_descriptor_is_told_from_a_single_long_one() {
    let mut made = reads();
    made.accounts(300, 1, 1);
    let one = report(&made);
    assert_eq!((one.cause.kind, one.cause.ran), (CauseKind::Blocked, 0));
    let mut made = reads();
    // What it did before the first look is none of it.
    made.runs(110, 5);
    for look in 12..30 {
        made.runs(10 * look, 2);
    }
    made.accounts(300, 1, 1);
    let row = report(&made);
    assert_eq!((row.cause.kind, row.cause.ran), (CauseKind::ManyCalls, 36));
    assert_eq!(
        row.sentence().to_string(),
        "data_received of ecstasy held the loop for 200 ms: one recvfrom on descriptor 9 (a pipe) after another; nobody \
         waited"
    );
}

/// Nobody looks for long, but at the end the system says how often it ran.
#[test]
fn a_row_of_calls_is_known_from_what_the_thread_did_when_nobody_looked() {
    let told = |ran| {
        let mut made = Made::new();
        let flow = made.ready(100, 1, None);
        made.serve((100, 300), 1, flow);
        made.stall(100, 300, 1);
        made.poll(300, 310);
        made.accounts(100, 0, 0);
        for look in [110, 190] {
            made.sees(look, in_call("recvfrom", Some(9)));
            made.runs(look, ran);
        }
        made.accounts(300, 1, 1);
        made.runs(300, ran);
        report(&made).cause
    };
    let (row, one) = (told(40), told(1));
    assert_eq!((row.kind, row.ran), (CauseKind::ManyCalls, 80));
    assert_eq!((one.kind, one.ran), (CauseKind::Blocked, 2));
}

#[test]
fn a_call_that_was_seen_by_chance_is_not_told_to_be_the_cause() {
    let mut seen = [Doing::Running; 19];
    let told = |seen: &[Doing]| held(20, 30, seen).cause;
    // Blocked for three quarters of the time, and at the last look in something else.
    seen[18] = in_call("recvfrom", Some(9));
    let by_chance = told(&seen);
    assert_eq!(by_chance.kind, CauseKind::Blocked);
    assert_eq!((by_chance.syscall, by_chance.fd), (None, None));
    seen[10..].fill(in_call("fsync", Some(9)));
    assert_eq!(told(&seen).syscall.as_deref(), Some("fsync"));
}

#[test]
fn a_cause_for_which_too_little_is_accounted_is_not_known() {
    let told = |from, on_cpu, waiting| {
        let mut made = Made::new();
        let flow = made.ready(100, 1, None);
        made.serve((100, 300), 1, flow);
        made.stall(100, 300, 1);
        made.poll(300, 310);
        made.accounts(from, 0, 0);
        made.sees(from.max(101), Doing::Running);
        made.accounts(300, on_cpu, waiting);
        report(&made).cause
    };
    // For four milliseconds of two hundred it is known to have had no core.
    let late = told(296, 0, 4);
    assert_eq!(late.kind, CauseKind::Unknown);
    assert_eq!(late.split.map(|split| split.measured), Some(millis(4)));
    assert_eq!(told(200, 90, 10).kind, CauseKind::OnCpu, "most of the half");
    assert_eq!(told(200, 60, 40).kind, CauseKind::Unknown);
    // That of the stall before is the nearest.
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.poll(300, 310);
    made.accounts(99, 0, 0);
    made.accounts(296, 10, 0);
    made.accounts(300, 10, 4);
    let split = report(&made).cause.split;
    assert_eq!(split.map(|split| split.measured), Some(millis(200)));
}

#[test]
fn an_account_of_long_before_or_after_says_nothing_of_a_stall() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.poll(300, 400);
    made.accounts(50, 0, 0);
    made.accounts(299, 150, 0);
    assert_eq!(report(&made).cause.split, None);
    made.watched.clear();
    made.accounts(101, 0, 0);
    made.accounts(350, 150, 0);
    assert_eq!(report(&made).cause.split, None);
}

#[test]
fn whose_descriptor_it_is_and_what_the_watchdog_knows() {
    let mut made = reads();
    made.finds(120, 9, Some(3), "a pipe");
    made.accounts(300, 1, 1);
    let cause = report(&made).cause;
    assert_eq!(cause.fd_of.as_deref(), Some("truth"));
    assert_eq!(
        cause.to_string(),
        "recvfrom on descriptor 9 (truth, a pipe)"
    );
}

#[test]
fn without_an_account_the_looks_decide_and_without_a_look_nobody_knows() {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.poll(300, 310);
    assert_eq!(report(&made).cause.kind, CauseKind::Unknown);
    made.sees(110, Doing::Unknown);
    assert_eq!(report(&made).cause.kind, CauseKind::Unknown);
    made.sees(120, Doing::Running);
    assert_eq!(report(&made).cause.kind, CauseKind::OnCpu);
    // A look stands for the time up to the next one.
    made.sees(130, in_call(SLEEPS, None));
    let asleep = report(&made);
    assert_eq!(asleep.cause.kind, CauseKind::Blocked);
    assert_eq!((asleep.cause.samples, asleep.cause.split), (3, None));
}

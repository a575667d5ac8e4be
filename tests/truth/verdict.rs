//! What was found out, beside the truth.

use std::cmp::Reverse;
use std::time::Duration;

use loopscope::analysis::{CauseKind, Known, SHORTEST_WAIT, StallReport, Victim, VictimKind};
use loopscope::store::Watch;
use loopscope::trace::{TimeRange, Timestamp};

use crate::hold::{Kind, Spent};
use crate::stage::{Truth, Wait};

/// By how much what is told of one victim is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errors {
    pub(crate) name: &'static str,
    pub(crate) known: Known,
    pub(crate) delay: Duration,
    pub(crate) ready: Duration,
}

/// How late whoever has no core tells of a moment.
const LATE: Duration = Duration::from_millis(10);
/// How often a watchdog looks at a stall of this length at least, if it has a core.
const OFTEN: usize = 8;
/// What lies between a moment that the loop records and the moment at which the callback tells of it.
const APART: Duration = Duration::from_micros(300);

/// Compares all that is said of a stall; by how much the times are wrong is left to the caller. Where the watchdog itself
/// had no core, as its own looks tell, it may miss who came then, and not know why: that is right as long as it says so.
pub(crate) fn judge(truth: &Truth, report: &StallReport, watch: &Watch) -> Vec<Errors> {
    check_cause(truth, report);
    // Of several with one name, such as timers, the last to be served waited longest, and the first may be no victim.
    let mut left: Vec<&Victim> = report.victims.iter().collect();
    left.sort_by_key(|victim| Reverse(victim.waited.end));
    let mut waits = truth.waits.clone();
    waits.sort_by_key(|wait| Reverse(wait.served.latest));
    let mut errors = Vec::new();
    for wait in &waits {
        let place = left.iter().position(|victim| is_of(victim, wait));
        let (least, most) = in_stall(wait, report);
        match place {
            Some(place) => {
                let victim = left.remove(place);
                // Who has no core is late to tell as well.
                let apart = if truth.kind == Kind::NoCore {
                    LATE
                } else {
                    APART
                };
                let fits = most + apart >= SHORTEST_WAIT;
                assert!(fits, "{:?}: no victim: {wait:?}", truth.kind);
                errors.push(compare(wait, victim));
            }
            None => assert!(
                least < SHORTEST_WAIT + APART || !was_looked_for(wait, report, watch),
                "{:?}: not found: {wait:?} among {:#?}",
                truth.kind,
                report.victims
            ),
        }
    }
    assert!(left.is_empty(), "{:?}: no victims: {left:#?}", truth.kind);
    errors
}

/// Whether somebody looked while it waited for the loop. Of timers and calls the loop itself knows.
fn was_looked_for(wait: &Wait, report: &StallReport, watch: &Watch) -> bool {
    let shortest = SHORTEST_WAIT + APART;
    let waited = TimeRange::new(wait.ready.latest, report.range.end - shortest);
    wait.kind != VictimKind::Descriptor || !watch.samples_in(waited).is_empty()
}

fn is_of(victim: &Victim, wait: &Wait) -> bool {
    let name = match victim.kind {
        VictimKind::Descriptor => victim.task_name.as_deref(),
        _ => victim.callback.as_deref(),
    };
    victim.kind == wait.kind && name == Some(wait.name)
}

/// For how long somebody waited during the stall, at least and at most.
fn in_stall(wait: &Wait, report: &StallReport) -> (Duration, Duration) {
    let between = |ready: Timestamp, served: Timestamp| {
        let waited = served.min(report.range.end);
        waited.since(report.range.begin.max(ready))
    };
    let Wait { ready, served, .. } = wait;
    (
        between(ready.latest, served.earliest),
        between(ready.earliest, served.latest),
    )
}

fn compare(wait: &Wait, victim: &Victim) -> Errors {
    let ready = victim.waited.begin;
    let is_late = ready.since(wait.ready.latest);
    let is_early = wait.ready.earliest.since(ready);
    match victim.known {
        Known::AtFirstLook => assert!(is_early.is_zero(), "it was there: {wait:?} {victim:?}"),
        Known::AsLearned => panic!("somebody looked: {wait:?} {victim:?}"),
        Known::Exactly | Known::Observed | Known::Stamped => {}
    }
    let delay = victim.delay();
    let least = wait.served.earliest.since(wait.ready.latest);
    let most = wait.served.latest.since(wait.ready.earliest);
    Errors {
        name: wait.name,
        known: victim.known,
        delay: least.saturating_sub(delay).max(delay.saturating_sub(most)),
        ready: is_late.max(is_early),
    }
}

fn check_cause(truth: &Truth, report: &StallReport) {
    let cause = &report.cause;
    let accounted = cause.split.map_or(Duration::ZERO, |split| split.measured);
    if cause.kind == CauseKind::Unknown {
        let untold = report.range.duration() - accounted;
        assert!(
            untold > LATE,
            "{:?}: somebody looked: {cause:#?}",
            truth.kind
        );
        return;
    }
    let allowed = allowed(truth, report);
    assert!(
        allowed.contains(&cause.kind),
        "{:?} is one of {allowed:?}: {:?} {cause:#?}",
        truth.kind,
        truth.spent
    );
    // A call that is short is left before anybody looks, and who has no core looks seldom: then it is right not to know
    // the call.
    let short = matches!(
        truth.kind,
        Kind::Fsync | Kind::RowOfSleeps | Kind::RowOfReads
    );
    let unseen = (short || cause.samples < OFTEN) && cause.samples_in_call == 0;
    if unseen {
        assert_eq!(cause.syscall, None, "{cause:#?}");
    } else if let [CauseKind::Blocked | CauseKind::ManyCalls, ..] = allowed[..] {
        let calls: &[&str] = match truth.kind {
            Kind::Sleep | Kind::RowOfSleeps => &["clock_nanosleep", "nanosleep"],
            Kind::Read | Kind::RowOfReads => &["recvfrom", "read"],
            Kind::Lock => &["futex"],
            Kind::Fsync => &["fsync"],
            Kind::Compute | Kind::Many | Kind::NoCore => &[],
        };
        let syscall = cause.syscall.as_deref();
        assert!(
            syscall.is_some_and(|call| calls.contains(&call)),
            "{cause:#?}"
        );
        let told = cause.fd.zip(cause.fd_what.clone());
        assert_eq!(told, truth.fd, "{:?}: {cause:#?}", truth.kind);
        let of = (truth.kind == Kind::Read).then_some("database");
        assert_eq!(cause.fd_of.as_deref(), of, "{cause:#?}");
    }
}

/// What it may be called. Where others have the cores, what was to block or to compute may have waited for one for most
/// of the time; where a disk is fast, or none, writing to it is no waiting.
fn allowed(truth: &Truth, report: &StallReport) -> Vec<CauseKind> {
    use CauseKind::{Blocked, ManyCallbacks, ManyCalls, OnCpu, WaitingForCore};
    let blocked = truth.spent.blocked();
    let Spent {
        on_cpu,
        waiting_for_core,
        ..
    } = truth.spent;
    // What is nearly even may be taken for either: nobody looks at the first milliseconds, and who runs is accounted for
    // at the next tick of its core. How the loop itself spent the moments before and after nobody has measured.
    let around = report.range.duration().saturating_sub(truth.spent.wall);
    let most = blocked.max(on_cpu).max(waiting_for_core);
    let may_be = |part: Duration| (part + around) * 3 >= most * 2;
    let mut allowed = Vec::new();
    allowed.extend(may_be(waiting_for_core).then_some(WaitingForCore));
    if truth.kind == Kind::Many {
        // One of them may have lost its core for longer than all others took.
        allowed.push(ManyCallbacks);
        return allowed;
    }
    allowed.extend(may_be(on_cpu).then_some(OnCpu));
    match truth.kind {
        _ if !may_be(blocked) => {}
        _ if !allowed.is_empty() => allowed.extend([Blocked, ManyCalls]),
        // Where one of them took that long, or nobody knows how long each did, it may well be called a single one.
        Kind::RowOfSleeps | Kind::RowOfReads | Kind::Fsync => {
            let is_row = |longest: Duration| longest * 3 < blocked;
            let is_row = truth.spent.longest.is_some_and(is_row);
            allowed.push(ManyCalls);
            allowed.extend((!is_row).then_some(Blocked));
        }
        _ => allowed.push(Blocked),
    }
    allowed
}

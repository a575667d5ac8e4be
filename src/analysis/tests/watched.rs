//! Stalls that a watchdog saw: causes, victims, blame, and what would have helped.

use super::made::{LOOP, Made, name, task};
use super::*;
use crate::trace::{Change, Doing, Sighting};

pub(super) const SLEEPS: &str = "clock_nanosleep";

pub(super) fn in_call(text: &str, fd: Option<i32>) -> Doing {
    Doing::SystemCall {
        name: name(text),
        fd,
    }
}

/// The first task sleeps from 100 to 300. Data comes for the second at 150, is there for the third at the first look,
/// a timer is due at 120, another thread asks at 130, and the pool has a result at 140. Data that comes in after the stall
/// has no part in it, and neither has a timer that is late for another reason.
pub(super) fn asleep() -> Made {
    let mut made = Made::new();
    let timer = made.new_flow();
    let set = EventKind::TimerSet {
        timer,
        deadline: at(120),
        name: name("tick"),
    };
    made.events.insert(Made::BEFORE, (1, set));
    let first = made.ready(100, 1, None);
    made.serve((100, 300), 1, first);
    let late = at(300).since(at(120)).as_nanos() as u64;
    let asked: Vec<_> = [130, 140].map(|queued| (made.new_flow(), queued)).into();
    for (place, (flow, queued)) in asked.iter().copied().enumerate() {
        let queued_at = at(queued);
        let begin = 300 + place as u64;
        made.tell(begin, EventKind::ThreadCall { flow, queued_at });
        made.call((begin, begin + 1), "call", None, (Cause::ThreadCall, flow));
    }
    made.pool = vec![(
        140,
        EventKind::WorkDone {
            work: timer,
            call: Some(asked[1].0),
        },
    )];
    let late = late + 2_000_000;
    made.tell(302, EventKind::TimerFired { timer, late });
    made.call((302, 304), "tick", None, (Cause::Timer, timer));
    made.stall(100, 305, 1);
    made.poll(305, 306);
    let second = made.ready(306, 2, Some(7));
    let third = made.ready(306, 3, Some(8));
    let fresh = made.ready(306, 1, None);
    made.serve((306, 310), 2, second);
    made.serve((310, 312), 3, third);
    made.serve((312, 313), 1, fresh);
    // The connection is lost right after: that has waited for nothing.
    let because = (Cause::Readiness, fresh);
    made.call((313, 314), "data_received", Some(1), because);
    made.poll(314, 400);
    made.tell(401, EventKind::PollBegin);
    made.accounts(105, 10, 5);
    made.arrives(105, 3, 8, Sighting::AtFirstLook);
    made.sees(105, in_call(SLEEPS, None));
    made.arrives(150, 2, 7, Sighting::AsItCame);
    made.notices(155, 100);
    made.sees(200, in_call(SLEEPS, None));
    made.arrives(260, 2, 7, Sighting::AsItCame);
    made.accounts(305, 13, 6);
    made
}

pub(super) fn report(made: &Made) -> StallReport {
    let mut reports = stalls(&made.store(), at(1000));
    assert_eq!(reports.len(), 1);
    reports.remove(0)
}

#[test]
fn every_victim_is_listed_with_its_moments_and_no_other() {
    let report = report(&asleep());
    let listed: Vec<_> = report
        .victims
        .iter()
        .map(|victim| {
            let waited = victim.waited;
            (victim.kind, victim.name().to_string(), waited, victim.known)
        })
        .collect();
    let range = |begin, end| TimeRange::new(at(begin), at(end));
    let of = |name: &str| format!("data_received of {name}");
    use {Known::*, VictimKind::*};
    assert_eq!(
        listed,
        [
            (Descriptor, of("truth"), range(105, 310), AtFirstLook),
            (Timer, "tick".to_owned(), range(120, 302), Exactly),
            (ThreadCall, "call".to_owned(), range(130, 300), Exactly),
            (Deferred, "call".to_owned(), range(140, 301), Exactly),
            (Descriptor, of("science"), range(150, 306), Observed),
        ]
    );
    assert!(report.settled);
    assert_eq!(report.victims[0].fd, Some(8));
    assert!(
        report
            .victims
            .iter()
            .all(|victim| victim.served_by.is_some())
    );
}

/// What was ready when the turn began is served late in it, and there is more for it before the turn is over.
#[test]
fn one_that_waited_twice_in_a_stall_is_told_as_one() {
    let again = |tasks: &[u32]| {
        let mut made = Made::new();
        let first = made.ready(100, 1, Some(6));
        let waiting: Vec<_> = tasks
            .iter()
            .map(|task| (*task, made.ready(100, *task, Some(6 + *task as i32))))
            .collect();
        made.serve((100, 300), 1, first);
        for (begin, &(task, flow)) in (300..).zip(&waiting) {
            made.serve((begin, begin + 1), task, flow);
            made.arrives(302, task, 6 + task as i32, Sighting::AsItCame);
        }
        made.sees(150, in_call(SLEEPS, None));
        made.call((302, 310), "tick", None, (Cause::Timer, first));
        made.stall(100, 310, 1);
        made.poll(310, 311);
        for (begin, (task, _)) in (311..).zip(waiting) {
            let more = made.ready(311, task, Some(6 + task as i32));
            made.serve((begin, begin + 1), task, more);
        }
        made.poll(313, 400);
        let report = report(&made);
        (report.victims.len(), report.sentence().to_string())
    };
    let (waits, said) = again(&[2]);
    assert_eq!(waits, 2);
    assert!(
        said.ends_with("; 1 connection waited 2 times, the longest 200 ms"),
        "{said}"
    );
    let (waits, said) = again(&[2, 3]);
    assert_eq!(waits, 4);
    assert!(
        said.ends_with("; 2 connections waited, the worst 201 ms"),
        "{said}"
    );
}

#[test]
fn a_delay_is_split_among_those_who_held_the_loop_meanwhile() {
    let report = report(&asleep());
    let truth = &report.victims[0];
    let parts: Vec<_> = truth
        .blame
        .iter()
        .map(|part| (part.holder.said().to_string(), part.duration))
        .collect();
    assert_eq!(
        parts,
        [
            ("data_received of ecstasy".to_owned(), millis(195)),
            ("data_received of science".to_owned(), millis(4)),
            ("call".to_owned(), millis(2)),
            ("tick".to_owned(), millis(2)),
            ("the loop itself".to_owned(), millis(2)),
        ]
    );
    let during: Vec<_> = report.victims.iter().map(|victim| victim.during).collect();
    assert_eq!(during, [200, 182, 170, 161, 155].map(millis));
    assert_eq!(report.harm, millis(200 + 182 + 170 + 161 + 155));
}

#[test]
fn a_sleep_is_told_in_one_sentence_with_its_evidence() {
    let report = report(&asleep());
    let cause = &report.cause;
    assert_eq!(cause.kind, CauseKind::Blocked);
    assert_eq!((cause.syscall.as_deref(), cause.fd), (Some(SLEEPS), None));
    assert_eq!((cause.samples, cause.samples_in_call), (2, 2));
    let split = cause.split.expect("the system accounts");
    assert_eq!(split.measured, millis(200), "from the first account on");
    assert_eq!(split.on_cpu, millis(3));
    assert_eq!(split.waiting_for_core, millis(1));
    assert_eq!(split.blocked, millis(196));
    assert_eq!(
        report.sentence().to_string(),
        "data_received of ecstasy slept 205 ms in clock_nanosleep; 2 connections, 1 timer, \
         1 call from a thread and 1 result of the thread pool waited, the worst 205 ms"
    );
}

#[test]
fn a_stall_that_lasts_grows_and_so_do_its_victims() {
    let mut whole = asleep();
    // The loop hands over what it has to tell when it polls: of the turn itself nothing is known.
    whole.events.truncate(Made::BEFORE + 2);
    assert_eq!(whole.events.last(), Some(&(1, EventKind::PollBegin)));
    whole.watched.retain(|(at, _)| *at <= 200);
    let store = whole.store();
    let seen = |now| stalls(&store, at(now)).remove(0);
    let early = seen(130);
    assert!(early.lasts && !early.settled);
    let later = seen(230);
    assert_eq!(later.range, TimeRange::new(at(100), at(230)));
    let listed: Vec<_> = later
        .victims
        .iter()
        .map(|victim| (victim.name().to_string(), victim.delay()))
        .collect();
    assert_eq!(
        listed,
        [
            ("truth".to_owned(), millis(125)),
            ("tick".to_owned(), millis(110)),
            ("science".to_owned(), millis(80)),
        ]
    );
    let blame = &later.victims[2].blame;
    assert_eq!(
        blame[0].holder.said().to_string(),
        "data_received of ecstasy"
    );
    assert_eq!((blame.len(), blame[0].duration), (1, millis(80)));
    assert_eq!(
        later.sentence().to_string(),
        "data_received of ecstasy slept 130 ms so far in clock_nanosleep; \
         2 connections and 1 timer have waited, the worst for 125 ms"
    );
}

#[test]
fn stalls_of_one_callback_are_one_finding_and_the_most_harmful_comes_first() {
    let mut made = Made::new();
    let mut begin = 100;
    for number in [1, 2, 1] {
        let guilty = made.ready(begin, number, None);
        let waits = made.ready(begin, 3, None);
        made.serve((begin, begin + 100), number, guilty);
        made.serve((begin + 100, begin + 101), 3, waits);
        made.stall(begin, begin + 102, number);
        made.poll(begin + 102, begin + 110);
        begin += 110;
    }
    let reports = stalls(&made.store(), at(1000));
    let findings = findings(&reports);
    let told: Vec<_> = findings
        .iter()
        .map(|one| (one.task, one.stalls.clone(), one.harm, one.victims))
        .collect();
    assert_eq!(
        told,
        [
            (Some(task(1)), vec![0, 2], millis(200), 2),
            (Some(task(2)), vec![1], millis(100), 1),
        ]
    );
    assert!(
        findings[0]
            .sentence(&reports)
            .to_string()
            .starts_with("2 stalls, 204 ms in all, such as: data_received")
    );
}

#[test]
fn in_a_thread_or_in_slices_the_victims_would_have_waited_less() {
    let made = asleep();
    let store = made.store();
    let model = &store.models()[0];
    let report = report(&made);
    let predicted = |change| {
        let all = what_if(&store, model, &report, change, at(1000));
        let mut places = all.iter().map(|one| one.victim);
        assert!(places.all(|place| all[place].victim == place));
        all.iter().map(|one| one.predicted).collect::<Vec<_>>()
    };
    let recorded = what_if(&store, model, &report, Change::InThread, at(1000));
    assert!(
        recorded
            .iter()
            .zip(&report.victims)
            .all(|(one, victim)| one.recorded == victim.delay())
    );
    let in_thread = predicted(Change::InThread);
    assert!(
        in_thread.iter().all(|delay| *delay <= millis(2)),
        "{in_thread:?}"
    );
    let sliced = predicted(Change::Slices(millis(20)));
    assert!(
        sliced.iter().all(|delay| *delay <= millis(42)),
        "{sliced:?}"
    );
    let asynchronous = predicted(Change::Asynchronous);
    assert!(
        asynchronous.iter().all(|delay| *delay <= millis(10)),
        "{asynchronous:?}"
    );
}

#[test]
fn what_computes_holds_the_loop_also_when_it_is_asynchronous() {
    let mut made = Made::new();
    let guilty = made.ready(100, 1, None);
    let waits = made.ready(100, 3, None);
    made.serve((100, 300), 1, guilty);
    made.serve((300, 301), 3, waits);
    made.stall(100, 301, 1);
    made.poll(301, 310);
    made.accounts(100, 0, 0);
    made.accounts(301, 201, 0);
    let store = made.store();
    let report = report(&made);
    let predict = |change| what_if(&store, &store.models()[0], &report, change, at(400));
    assert_eq!(predict(Change::Asynchronous)[0].predicted, millis(200));
    assert_eq!(predict(Change::InThread)[0].predicted, millis(0));
    assert_eq!(predict(Change::Slices(millis(50)))[0].predicted, millis(50));
}

#[test]
fn a_meter_that_looks_in_between_counts_what_one_that_looks_at_the_end_does() {
    let made = asleep();
    let store = made.store();
    let model = &store.models()[0];
    let mut at_end = Meter::default();
    at_end.look(model);
    let health = at_end.health(model, at(401)).expect("it has a loop");
    assert_eq!(health.queueing.count, 7, "each was served once");
    assert_eq!(health.queueing.max, millis(205), "true readiness counts");
    assert_eq!(health.lag.max, millis(182));
    assert_eq!((health.turns, health.callbacks_per_turn), (4, Some(2.0)));
    let busy = millis(401 - 99 - 1 - 86).as_secs_f64() / millis(401).as_secs_f64();
    assert!((health.utilization - busy).abs() < 1e-9, "{health:?}");

    let mut in_between = Meter::default();
    for end in 0..=made.events.len() {
        let mut part = asleep();
        part.events.truncate(end);
        if let Some(model) = part.store().models().first() {
            in_between.look(model);
        }
    }
    assert_eq!(in_between.queueing(), at_end.queueing());
    assert_eq!(in_between.health(model, at(401)), Some(health));
}

#[test]
fn what_the_loop_polled_past_makes_nobody_wait() {
    // Data came in, was taken by the callback itself, and comes anew long after.
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 300), 1, flow);
    made.stall(100, 300, 1);
    made.arrives(150, 2, 7, Sighting::AsItCame);
    made.poll(300, 500);
    made.poll(501, 600);
    let later = made.ready(600, 2, Some(7));
    made.serve((600, 601), 2, later);
    made.poll(602, 700);
    let report = report(&made);
    assert_eq!(report.victims, []);
    assert!(made.store().models()[0].thread(LOOP).is_some());
}

#[test]
fn what_the_same_turn_served_is_not_taken_for_what_came_later() {
    // The loop knew of the data when it was seen, and served it after the stall; more came when it polled again.
    let mut made = Made::new();
    let guilty = made.ready(100, 1, None);
    let known = made.ready(100, 2, None);
    made.serve((100, 300), 1, guilty);
    made.arrives(105, 2, 7, Sighting::AtFirstLook);
    made.serve((300, 301), 2, known);
    made.stall(100, 301, 1);
    made.poll(301, 400);
    let later = made.ready(400, 2, Some(7));
    made.serve((400, 401), 2, later);
    made.poll(402, 500);
    let report = report(&made);
    let waits: Vec<_> = report.victims.iter().map(|victim| victim.waited).collect();
    assert_eq!(waits, [TimeRange::new(at(100), at(300))]);
}

#[test]
fn what_was_there_at_the_first_look_was_taken_by_the_callback_that_had_begun() {
    // It had begun when somebody looked at last, or was over just before that was told, and took the data then; more came
    // after the stall that followed.
    for seen in [102, 103] {
        let mut made = Made::new();
        let own = made.ready(100, 2, Some(7));
        let guilty = made.ready(100, 1, None);
        made.serve((100, 103), 2, own);
        made.arrives(seen, 2, 7, Sighting::AtFirstLook);
        made.serve((103, 300), 1, guilty);
        made.stall(100, 300, 1);
        made.poll(300, 301);
        let later = made.ready(301, 2, Some(7));
        made.serve((301, 302), 2, later);
        made.poll(303, 400);
        let victims = report(&made).victims;
        let own_data = |one: &&Victim| one.fd == Some(7);
        assert_eq!(victims.iter().find(own_data), None, "{victims:?}");
    }
}

#[test]
fn what_came_while_its_own_callback_ran_waits_if_it_was_there_still_later() {
    // It answered, and the next request came at once: the system says when, and that nobody had read it.
    let mut made = Made::new();
    let own = made.ready(100, 2, Some(7));
    let guilty = made.ready(100, 1, None);
    made.serve((100, 103), 2, own);
    made.arrives(102, 2, 7, Sighting::Stamped);
    made.serve((103, 300), 1, guilty);
    made.stall(100, 300, 1);
    made.poll(300, 301);
    let later = made.ready(301, 2, Some(7));
    made.serve((301, 302), 2, later);
    made.poll(303, 400);
    let victims = report(&made).victims;
    let next = victims.iter().find(|victim| victim.known == Known::Stamped);
    let waited = next.map(|victim| victim.waited);
    assert_eq!(
        waited,
        Some(TimeRange::new(at(102), at(301))),
        "{victims:?}"
    );
}

#[test]
fn what_a_callback_waits_for_itself_waits_for_nobody() {
    // It reads from its connection until the answer has come; more comes right after.
    for is_seen in [true, false] {
        let mut made = Made::new();
        let own = made.ready(100, 2, Some(7));
        made.serve((100, 300), 2, own);
        if is_seen {
            made.sees(150, in_call("recvfrom", Some(7)));
        }
        made.arrives(280, 2, 7, Sighting::AsItCame);
        made.stall(100, 300, 2);
        made.poll(300, 301);
        let later = made.ready(301, 2, Some(7));
        made.serve((301, 302), 2, later);
        made.poll(303, 400);
        let victims = report(&made).victims;
        assert_eq!(victims.len(), usize::from(!is_seen), "{victims:?}");
    }
}

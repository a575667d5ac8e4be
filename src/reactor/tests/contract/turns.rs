//! The order of things within a turn.

use super::*;

fn thread_call(bench: &Bench, name: &'static str) {
    let handle = bench.reactor.handle();
    handle.call_from_thread(label(name), |_| Ok(())).unwrap();
}

/// The names of the callbacks that ran, and the polls between them.
fn order(bench: &mut Bench) -> Vec<String> {
    bench
        .trace()
        .into_iter()
        .filter(|word| word == "poll" || word.contains('('))
        .collect()
}

#[test]
fn calls_from_threads_come_first_in_their_order_then_due_timers_then_the_poll() {
    let mut bench = Bench::manual();
    bench.timer(Duration::ZERO, "timer");
    thread_call(&bench, "first");
    thread_call(&bench, "second");
    bench.turn();
    assert_eq!(
        order(&mut bench),
        [
            "first (call from a thread)",
            "second (call from a thread)",
            "timer (timer)",
            "poll"
        ]
    );
}

#[test]
fn a_call_from_a_thread_that_is_asked_for_meanwhile_waits_a_turn() {
    let mut bench = Bench::manual();
    let handle = bench.reactor.handle();
    let again = handle.clone();
    handle
        .call_from_thread(label("first"), move |_| {
            again.call_from_thread(label("second"), |_| Ok(()))?;
            Ok(())
        })
        .unwrap();
    bench.turn();
    bench.turn();
    assert_eq!(
        order(&mut bench),
        [
            "first (call from a thread)",
            "poll",
            "second (call from a thread)",
            "poll"
        ]
    );
}

#[test]
fn a_timer_that_is_set_by_a_due_timer_waits_for_a_poll_even_without_delay() {
    let mut bench = Bench::manual();
    bench
        .reactor
        .call_later(Duration::ZERO, label("first"), |reactor| {
            reactor.call_later(Duration::ZERO, label("second"), |_| Ok(()));
            Ok(())
        });
    bench.turn();
    bench.turn();
    assert_eq!(
        order(&mut bench),
        ["first (timer)", "poll", "second (timer)", "poll"]
    );
}

#[test]
fn a_timer_that_is_set_by_a_call_from_a_thread_may_fire_in_the_same_turn() {
    let mut bench = Bench::manual();
    let handle = bench.reactor.handle();
    handle
        .call_from_thread(label("call"), |reactor| {
            reactor.call_later(Duration::ZERO, label("timer"), |_| Ok(()));
            Ok(())
        })
        .unwrap();
    bench.turn();
    assert_eq!(
        order(&mut bench),
        ["call (call from a thread)", "timer (timer)", "poll"]
    );
}

#[test]
fn the_time_is_read_once_for_all_timers_of_a_turn() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    bench
        .reactor
        .call_later(Duration::ZERO, label("stalls"), move |_| {
            hand.advance(10 * MS);
            Ok(())
        });
    bench.timer(5 * MS, "late");
    assert!(
        bench.turn().is_empty(),
        "it was not due when the turn began"
    );
    assert_eq!(bench.turn(), ["late"]);
    assert!(
        bench.trace().contains(&"fired 5000000 late".to_owned()),
        "lateness is counted up to the moment of firing"
    );
}

#[test]
fn after_a_stall_in_a_timer_ready_descriptors_come_before_late_timers() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    let (_, other) = bench.pipe("a", wait);
    bench
        .reactor
        .call_later(Duration::ZERO, label("stalls"), move |_| {
            hand.advance(10 * MS);
            Ok(())
        });
    bench.timer(5 * MS, "late");
    send(&other);
    let mut done = bench.turn();
    done.extend(bench.turn());
    assert_eq!(done, ["a reads", "late"]);
}

#[test]
fn after_a_stall_in_a_descriptor_late_timers_come_before_the_next_descriptors() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    let (_, other) = bench.pipe("b", wait);
    let (_, first) = bench.pipe("a", move |_| {
        hand.advance(10 * MS);
        send(&other);
        Ok(Next::Wait)
    });
    bench.timer(5 * MS, "late");
    send(&first);
    let mut done = bench.turn();
    done.extend(bench.turn());
    assert_eq!(done, ["a reads", "late", "b reads"]);
}

#[test]
fn neighbours_share_their_moments() {
    let mut bench = Bench::real();
    let (_, a) = bench.pipe("a", wait);
    let (_, b) = bench.pipe("b", wait);
    send(&a);
    send(&b);
    bench.turn();
    let events = bench.events();
    let at = |wanted: fn(&EventKind) -> bool| -> Vec<Timestamp> {
        events
            .iter()
            .filter(|(_, kind)| wanted(kind))
            .map(|(at, _)| *at)
            .collect()
    };
    let begins = at(|kind| matches!(kind, EventKind::CallbackBegin { .. }));
    let ends = at(|kind| matches!(kind, EventKind::CallbackEnd { .. }));
    let polled = at(|kind| matches!(kind, EventKind::PollEnd { .. }))[0];
    let readiness = at(|kind| matches!(kind, EventKind::Readiness { .. }));
    assert_eq!(begins.len(), 2);
    assert_eq!(begins[1], ends[0]);
    assert_eq!(readiness, [polled, polled]);
    assert_eq!(begins[0], polled);
}

#[test]
fn the_poll_begins_where_the_last_callback_ended() {
    let mut bench = Bench::real();
    bench.timer(Duration::ZERO, "timer");
    bench.turn();
    let events = bench.events();
    let poll = events
        .iter()
        .position(|(_, kind)| *kind == EventKind::PollBegin)
        .unwrap();
    let (at, last) = events[poll - 1];
    assert_eq!(last, EventKind::CallbackEnd { failed: false });
    assert_eq!(events[poll].0, at);
}

#[test]
fn a_failure_in_a_call_is_recorded_and_the_loop_goes_on() {
    let mut bench = Bench::manual();
    bench
        .reactor
        .call_later(Duration::ZERO, label("fails"), |_| Err("no luck".into()));
    bench
        .reactor
        .call_later(Duration::ZERO, label("panics"), |_| panic!("on purpose"));
    let handle = bench.reactor.handle();
    handle
        .call_from_thread(label("call"), |_| panic!("on {}", "purpose"))
        .unwrap();
    bench.timer(Duration::ZERO, "fine");
    assert_eq!(bench.turn(), ["fine"]);
    let trace = bench.trace();
    for expected in [
        ["fails (timer)", "failure: no luck", "failed end"],
        [
            "panics (timer)",
            "failure: panicked: on purpose",
            "failed end",
        ],
        [
            "call (call from a thread)",
            "failure: panicked: on purpose",
            "failed end",
        ],
    ] {
        assert!(
            trace.windows(3).any(|words| words == expected),
            "{expected:?} in {trace:?}"
        );
    }
}

#[test]
fn a_callback_inside_a_callback_is_one_of_its_own() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    let log = bench.log.clone();
    bench
        .reactor
        .call_later(Duration::ZERO, label("outer"), move |reactor| {
            let length = reactor.call_now(Label::new("inner", task(1)), |_| {
                hand.advance(60 * MS);
                Ok("a line".len())
            })?;
            let failed = reactor.call_now(label("broken"), |_| Err::<(), _>("no luck".into()));
            log.add(format!("{length} {}", failed.unwrap_err()));
            Ok(())
        });
    assert_eq!(bench.turn(), ["6 no luck"]);
    let trace = bench.trace();
    let begin = trace
        .iter()
        .position(|word| word.starts_with("outer"))
        .unwrap();
    let nested = [
        "outer (timer)",
        "inner (the program's next statement)",
        "end",
        "broken (the program's next statement)",
        "failure: no luck",
        "failed end",
        "end",
    ];
    assert_eq!(trace[begin..][..nested.len()], nested);
    let stall = trace.iter().find(|word| word.starts_with("stall")).unwrap();
    assert!(
        stall.contains("inner"),
        "{stall}: named after the one that took the time"
    );
}

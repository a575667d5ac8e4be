//! Looping calls: every row of the table, on the exact moments.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const STALL: Duration = Duration::from_millis(2500);

/// A looping call that logs the moments, in seconds, at which it is called.
fn ticking<R: Returned<Reactor, Value = ()>>(
    bench: &Bench,
    mut then: impl FnMut(&mut Reactor, &LoopingCall) -> R + 'static,
) -> LoopingCall {
    let log = bench.log.clone();
    LoopingCall::new(label("tick"), move |reactor, looping| {
        log.add(seconds(reactor));
        then(reactor, looping)
    })
}

fn seconds(reactor: &mut Reactor) -> String {
    reactor.recorder().now().as_secs_f64().to_string()
}

fn done(_: &mut Reactor, _: &LoopingCall) -> CallbackResult {
    Ok(())
}

/// Turns, with the clock moved from timer to timer, up to `end`.
fn run_until(bench: &mut Bench, end: Duration) -> Vec<String> {
    let end = Timestamp::ZERO + end;
    bench.reactor.turn().unwrap();
    while let Some(next) = bench.reactor.timers.nearest()
        && next <= end
    {
        let now = bench.reactor.recorder().now();
        bench.hand().advance(next.since(now));
        bench.reactor.turn().unwrap();
    }
    bench.log.take()
}

fn stall_at(bench: &mut Bench, at: Duration) {
    let hand = bench.hand();
    bench.reactor.call_later(at, label("stalls"), move |_| {
        hand.advance(STALL);
        Ok(())
    });
}

/// Starts it for good.
fn start(bench: &mut Bench, looping: &LoopingCall, interval: Duration, now: bool) {
    let over = looping.start(&mut bench.reactor, interval, now).unwrap();
    let log = bench.log.clone();
    drop(over.both(&mut bench.reactor, move |_, result| {
        log.add(match result {
            Ok(()) => "over".to_owned(),
            Err(failure) => format!("over: {failure}"),
        });
        Ok(())
    }));
}

#[test]
fn without_a_stall_it_ticks_on_the_grid_from_the_start_on() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    start(&mut bench, &looping, SECOND, true);
    assert_eq!(bench.log.take(), ["0"], "at once, before the reactor runs");
    assert_eq!(run_until(&mut bench, 5 * SECOND), ["1", "2", "3", "4", "5"]);
}

#[test]
fn without_now_the_first_call_is_an_interval_after_the_start() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    bench.hand().advance(SECOND / 2);
    start(&mut bench, &looping, SECOND, false);
    assert_eq!(run_until(&mut bench, 3 * SECOND), ["1.5", "2.5"]);
}

#[test]
fn after_a_stall_in_another_callback_there_is_one_late_call_and_then_the_grid_again() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    start(&mut bench, &looping, SECOND, true);
    // Set after the tick at 1, so that it stalls behind it.
    bench
        .reactor
        .call_later(SECOND / 2, label("sets"), move |_| Ok(()));
    let mut ticks = run_until(&mut bench, SECOND / 2);
    stall_at(&mut bench, SECOND / 2);
    ticks.extend(run_until(&mut bench, 5 * SECOND));
    assert_eq!(ticks, ["0", "1", "3.5", "4", "5"]);
}

#[test]
fn after_a_stall_in_the_function_there_is_no_late_call() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    let looping = ticking(&bench, move |reactor: &mut Reactor, _: &LoopingCall| {
        if seconds(reactor) == "1" {
            hand.advance(STALL);
        }
        Ok(())
    });
    start(&mut bench, &looping, SECOND, true);
    assert_eq!(run_until(&mut bench, 5 * SECOND), ["0", "1", "4", "5"]);
}

#[test]
fn a_deferred_that_the_function_returns_is_waited_for_and_other_timers_are_on_time() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, move |reactor: &mut Reactor, _: &LoopingCall| {
        if seconds(reactor) != "1" {
            return Deferred::ready(());
        }
        let (firing, deferred) = Deferred::pair();
        reactor.call_later(STALL, label("fires"), move |reactor| {
            Ok(firing.fire(reactor, ())?)
        });
        deferred
    });
    start(&mut bench, &looping, SECOND, true);
    let log = bench.log.clone();
    bench
        .reactor
        .call_later(2 * SECOND, label("other"), move |reactor| {
            log.add(format!("other {}", seconds(reactor)));
            Ok(())
        });
    assert_eq!(
        run_until(&mut bench, 5 * SECOND),
        ["0", "1", "other 2", "4", "5"]
    );
}

#[test]
fn with_count_tells_how_many_calls_a_late_one_stands_for() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    let looping = LoopingCall::with_count(label("tick"), move |reactor, _, count| {
        log.add(format!("{}({count})", seconds(reactor)));
        Ok(())
    });
    start(&mut bench, &looping, SECOND, true);
    let mut ticks = run_until(&mut bench, SECOND);
    stall_at(&mut bench, Duration::ZERO);
    ticks.extend(run_until(&mut bench, 5 * SECOND));
    assert_eq!(ticks, ["0(1)", "1(1)", "3.5(2)", "4(1)", "5(1)"]);
}

#[test]
fn with_count_a_function_that_stalls_is_told_of_the_calls_that_it_missed() {
    let mut bench = Bench::manual();
    let (hand, log) = (bench.hand(), bench.log.clone());
    let looping = LoopingCall::with_count(label("tick"), move |reactor, _, count| {
        log.add(format!("{}({count})", seconds(reactor)));
        if seconds(reactor) == "1" {
            hand.advance(STALL);
        }
        Ok(())
    });
    start(&mut bench, &looping, SECOND, true);
    let ticks = run_until(&mut bench, 5 * SECOND);
    assert_eq!(ticks, ["0(1)", "1(1)", "4(3)", "5(1)"]);
}

#[test]
fn with_count_and_without_now_the_start_is_not_counted() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    let looping = LoopingCall::with_count(label("tick"), move |reactor, _, count| {
        log.add(format!("{}({count})", seconds(reactor)));
        Ok(())
    });
    start(&mut bench, &looping, SECOND, false);
    stall_at(&mut bench, Duration::ZERO);
    assert_eq!(run_until(&mut bench, 3 * SECOND), ["2.5(2)", "3(1)"]);
}

#[test]
fn with_an_interval_of_zero_it_is_called_once_per_turn_and_starves_nobody() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    let (_, other) = bench.pipe("pipe", wait);
    start(&mut bench, &looping, Duration::ZERO, true);
    assert_eq!(bench.log.take(), ["0"]);
    send(&other);
    bench.timer(Duration::ZERO, "timer");
    assert_eq!(bench.turn(), ["0", "timer", "pipe reads"]);
    assert_eq!(bench.turn(), ["0"]);
    looping.stop(&mut bench.reactor);
    assert_eq!(bench.turn(), ["over"]);
    let log = bench.log.clone();
    let counting = LoopingCall::with_count(label("count"), move |_, _, count| {
        log.add(count.to_string());
        Ok(())
    });
    start(&mut bench, &counting, Duration::ZERO, true);
    assert_eq!(bench.turn(), ["1", "1"]);
}

#[test]
fn a_failure_stops_it_for_good_and_fails_what_start_returned() {
    for (panics, now) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut bench = Bench::manual();
        let looping = ticking(&bench, move |_: &mut Reactor, _: &LoopingCall| {
            assert!(!panics, "on purpose");
            Err::<(), _>("no luck".into())
        });
        start(&mut bench, &looping, SECOND, now);
        let reason = ["no luck", "panicked: on purpose"][usize::from(panics)];
        let at = ["1", "0"][usize::from(now)];
        assert_eq!(
            run_until(&mut bench, 5 * SECOND),
            [at.to_owned(), format!("over: {reason}")]
        );
        assert!(!looping.is_running());
        assert!(bench.trace().contains(&format!("failure: {reason}")));
    }
}

#[test]
fn a_failure_of_its_deferred_stops_it_too() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, |_: &mut Reactor, _: &LoopingCall| {
        Deferred::failed("no luck")
    });
    start(&mut bench, &looping, SECOND, true);
    assert_eq!(run_until(&mut bench, 5 * SECOND), ["0", "over: no luck"]);
}

#[test]
fn a_stopped_one_calls_no_more_fires_its_deferred_and_can_be_started_again() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    start(&mut bench, &looping, SECOND, true);
    assert!(looping.start(&mut bench.reactor, SECOND, true).is_err());
    run_until(&mut bench, SECOND);
    assert!(looping.stop(&mut bench.reactor));
    assert!(!looping.stop(&mut bench.reactor));
    assert_eq!(run_until(&mut bench, 5 * SECOND), ["over"]);
    bench.hand().advance(SECOND / 4);
    start(&mut bench, &looping, SECOND, true);
    assert_eq!(run_until(&mut bench, 3 * SECOND), ["1.25", "2.25"]);
}

#[test]
fn one_that_stops_itself_is_over_after_that_call() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    let looping = ticking(
        &bench,
        move |reactor: &mut Reactor, looping: &LoopingCall| {
            assert!(looping.stop(reactor));
            assert!(looping.start(reactor, SECOND, true).is_err(), "not over");
            log.add("stopped");
            Ok(())
        },
    );
    start(&mut bench, &looping, SECOND, true);
    assert_eq!(bench.log.take(), ["0", "stopped", "over"]);
}

#[test]
fn one_that_is_stopped_while_its_deferred_is_waited_for_is_over_when_that_fires() {
    let mut bench = Bench::manual();
    let (firing, deferred) = Deferred::pair();
    let mut deferred = Some(deferred);
    let looping = ticking(&bench, move |_: &mut Reactor, _: &LoopingCall| {
        deferred.take().unwrap()
    });
    start(&mut bench, &looping, SECOND, true);
    assert!(looping.stop(&mut bench.reactor));
    assert_eq!(bench.log.take(), ["0"]);
    firing.fire(&mut bench.reactor, ()).unwrap();
    assert_eq!(bench.log.take(), ["over"]);
    assert!(bench.reactor.timers.nearest().is_none());
}

#[test]
fn a_reset_starts_the_grid_anew() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    start(&mut bench, &looping, SECOND, true);
    run_until(&mut bench, SECOND);
    bench.hand().advance(SECOND / 2);
    assert!(looping.reset(&mut bench.reactor));
    assert_eq!(run_until(&mut bench, 4 * SECOND), ["2.5", "3.5"]);
    looping.stop(&mut bench.reactor);
    assert!(!looping.reset(&mut bench.reactor));
}

#[test]
fn a_reset_during_a_call_changes_nothing() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, |reactor: &mut Reactor, looping: &LoopingCall| {
        assert!(looping.reset(reactor));
        Ok(())
    });
    start(&mut bench, &looping, SECOND, true);
    assert_eq!(run_until(&mut bench, 2 * SECOND), ["0", "1", "2"]);
}

#[test]
fn a_call_has_one_span_whose_cause_is_its_timer() {
    let mut bench = Bench::manual();
    let looping = ticking(&bench, done);
    start(&mut bench, &looping, SECOND, true);
    run_until(&mut bench, SECOND);
    let calls: Vec<_> = bench
        .trace()
        .into_iter()
        .filter(|word| word.contains('('))
        .collect();
    assert_eq!(
        calls,
        ["tick (the program's next statement)", "tick (timer)"]
    );
}

#[test]
fn a_looping_call_leaves_nothing_behind() {
    let mut bench = Bench::manual();
    let held = Rc::new(());
    let inside = Rc::clone(&held);
    let looping = LoopingCall::new(label("tick"), move |reactor, looping| {
        let _ = &inside;
        looping.stop(reactor);
        Ok(())
    });
    start(&mut bench, &looping, SECOND, false);
    run_until(&mut bench, SECOND);
    drop(looping);
    assert_eq!(Rc::strong_count(&held), 1);
}

#[test]
fn work_that_goes_to_a_thread_makes_it_miss_nothing() {
    let mut bench = Bench::manual();
    let (open, gate) = crossbeam_channel::unbounded::<()>();
    let looping = ticking(&bench, move |reactor: &mut Reactor, _: &LoopingCall| {
        let gate = gate.clone();
        reactor.call_in_thread(label("slow"), move |_| Ok(gate.recv()?));
        Ok(())
    });
    start(&mut bench, &looping, SECOND, true);
    let ticks = run_until(&mut bench, 5 * SECOND);
    assert_eq!(ticks, ["0", "1", "2", "3", "4", "5"]);
    drop(open);
}

#[test]
fn who_fires_after_a_tick_is_as_late_as_is_said() {
    // What a tick does after its callback takes time, too: it plans the next one.
    let us = Duration::from_micros(1);
    let mut bench = Bench::on(&Clock::moved_by_looks(us), None);
    let looping = ticking(&bench, done);
    start(&mut bench, &looping, us, false);
    bench.timer(us, "after it");
    assert_eq!(bench.turn().last().map(String::as_str), Some("after it"));
    let mut due = HashMap::new();
    let mut fired = 0;
    for (at, kind) in bench.events() {
        match kind {
            EventKind::TimerSet {
                timer, deadline, ..
            } => _ = due.insert(timer, deadline),
            EventKind::TimerFired { timer, late } => {
                assert_eq!(at.since(due[&timer]), Duration::from_nanos(late));
                fired += 1;
            }
            _ => {}
        }
    }
    assert_eq!(fired, 2);
}

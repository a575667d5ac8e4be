//! When timers fire, and when they do not.

use super::*;

#[test]
fn timers_fire_by_deadline_and_equal_ones_in_the_order_in_which_they_were_set() {
    let mut bench = Bench::manual();
    bench.timer(2 * MS, "late");
    bench.timer(MS, "first");
    bench.timer(MS, "second");
    bench.timer(MS, "third");
    assert!(bench.turn().is_empty());
    bench.hand().advance(MS);
    assert_eq!(bench.turn(), ["first", "second", "third"]);
    bench.hand().advance(MS);
    assert_eq!(bench.turn(), ["late"]);
}

#[test]
fn a_timer_never_fires_before_its_deadline() {
    let mut bench = Bench::manual();
    bench.timer(MS, "timer");
    bench.hand().advance(MS - Duration::from_nanos(1));
    assert!(bench.turn().is_empty());
    bench.hand().advance(Duration::from_nanos(1));
    assert_eq!(bench.turn(), ["timer"]);
    assert!(bench.trace().contains(&"fired 0 late".to_owned()));
}

#[test]
fn a_cancelled_timer_does_not_fire_and_cancels_once() {
    let mut bench = Bench::manual();
    let timer = bench.timer(MS, "cancelled");
    let fired = bench.timer(MS, "fired");
    assert!(bench.reactor.cancel(timer));
    assert!(!bench.reactor.cancel(timer));
    bench.hand().advance(MS);
    assert_eq!(bench.turn(), ["fired"]);
    assert!(!bench.reactor.cancel(fired));
    let trace = bench.trace();
    assert_eq!(trace.iter().filter(|word| *word == "cancelled").count(), 1);
}

#[test]
fn a_due_timer_can_be_cancelled_by_one_before_it() {
    let mut bench = Bench::manual();
    let cell = Rc::new(RefCell::new(None));
    let other = Rc::clone(&cell);
    bench
        .reactor
        .call_later(MS, label("first"), move |reactor| {
            let timer = other.borrow_mut().take().unwrap();
            assert!(reactor.cancel(timer));
            Ok(())
        });
    *cell.borrow_mut() = Some(bench.timer(MS, "second"));
    bench.hand().advance(MS);
    assert!(bench.turn().is_empty());
    let trace = bench.trace();
    assert!(!trace.iter().any(|word| word.starts_with("failure")));
}

#[test]
fn a_reset_timer_fires_in_its_new_delay_counted_from_the_reset() {
    let mut bench = Bench::manual();
    let timer = bench.timer(3 * MS, "timer");
    bench.hand().advance(2 * MS);
    assert!(bench.reactor.reset(timer, 2 * MS));
    assert_eq!(bench.reactor.due(timer), Some(Timestamp::ZERO + 4 * MS));
    bench.hand().advance(MS);
    assert!(bench.turn().is_empty());
    bench.hand().advance(MS);
    assert_eq!(bench.turn(), ["timer"]);
    assert!(!bench.reactor.reset(timer, MS), "it has fired");
}

#[test]
fn a_timer_can_be_reset_to_an_earlier_time_and_again() {
    let mut bench = Bench::manual();
    let timer = bench.timer(9 * MS, "timer");
    assert!(bench.reactor.reset(timer, 5 * MS));
    assert!(bench.reactor.reset(timer, MS));
    bench.hand().advance(MS);
    assert_eq!(bench.turn(), ["timer"]);
    bench.hand().advance(10 * MS);
    assert!(bench.turn().is_empty());
}

#[test]
fn a_delayed_timer_fires_so_much_after_it_was_due() {
    let mut bench = Bench::manual();
    let timer = bench.timer(3 * MS, "timer");
    bench.hand().advance(2 * MS);
    assert!(bench.reactor.delay(timer, MS));
    assert!(bench.reactor.delay(timer, 2 * MS));
    assert_eq!(bench.reactor.due(timer), Some(Timestamp::ZERO + 6 * MS));
    bench.hand().advance(4 * MS - Duration::from_nanos(1));
    assert!(bench.turn().is_empty());
    bench.hand().advance(Duration::from_nanos(1));
    assert_eq!(bench.turn(), ["timer"]);
    assert!(!bench.reactor.delay(timer, MS), "it has fired");
}

#[test]
fn a_timer_is_active_until_it_fires_or_is_cancelled() {
    let mut bench = Bench::manual();
    let fires = bench.timer(MS, "fires");
    let cancelled = bench.timer(MS, "cancelled");
    let moved = bench.timer(MS, "moved");
    bench.reactor.reset(moved, 2 * MS);
    assert!(bench.reactor.is_active(fires) && bench.reactor.is_active(cancelled));
    bench.reactor.cancel(cancelled);
    assert!(!bench.reactor.is_active(cancelled));
    bench.hand().advance(MS);
    bench.turn();
    assert!(!bench.reactor.is_active(fires));
    assert!(bench.reactor.is_active(moved));
    assert!(bench.reactor.cancel(moved));
    assert!(!bench.reactor.is_active(moved) && !bench.reactor.cancel(moved));
    for timer in [fires, cancelled, moved] {
        assert_eq!(bench.reactor.due(timer), None);
    }
}

#[test]
fn a_moved_timer_comes_after_those_that_were_set_for_the_same_time_before() {
    let mut bench = Bench::manual();
    let moved = bench.timer(MS, "moved");
    bench.timer(MS, "first");
    bench.reactor.reset(moved, MS);
    bench.timer(MS, "last");
    bench.hand().advance(MS);
    assert_eq!(bench.turn(), ["first", "moved", "last"]);
}

#[test]
fn a_due_timer_that_one_before_it_resets_waits_for_the_next_turn_even_without_delay() {
    let mut bench = Bench::manual();
    let cell = Rc::new(RefCell::new(None));
    let other = Rc::clone(&cell);
    bench
        .reactor
        .call_later(MS, label("first"), move |reactor| {
            assert!(reactor.reset(other.borrow_mut().take().unwrap(), Duration::ZERO));
            Ok(())
        });
    *cell.borrow_mut() = Some(bench.timer(MS, "second"));
    bench.hand().advance(MS);
    assert!(bench.turn().is_empty());
    assert_eq!(bench.turn(), ["second"]);
}

#[test]
fn a_moved_timer_is_recorded_with_its_new_deadline_under_the_same_flow() {
    let mut bench = Bench::manual();
    let timer = bench.timer(3 * MS, "timer");
    bench.reactor.delay(timer, 2 * MS);
    bench.hand().advance(5 * MS);
    bench.turn();
    let events = bench.events();
    let set: Vec<_> = events
        .iter()
        .filter_map(|(_, kind)| match kind {
            EventKind::TimerSet {
                timer, deadline, ..
            } => Some((*timer, deadline.as_nanos() / 1_000_000)),
            _ => None,
        })
        .collect();
    assert_eq!(set, [(set[0].0, 3), (set[0].0, 5)]);
    let fired = EventKind::TimerFired {
        timer: set[0].0,
        late: 0,
    };
    assert!(events.iter().any(|(_, kind)| *kind == fired));
}

#[test]
fn the_setting_the_firing_and_the_callback_of_a_timer_are_tied() {
    let mut bench = Bench::manual();
    bench.hand().advance(2 * MS);
    bench.timer(3 * MS, "timer");
    bench.hand().advance(4 * MS);
    bench.turn();
    let mut flows = Vec::new();
    for (at, kind) in bench.events() {
        match kind {
            EventKind::TimerSet {
                timer, deadline, ..
            } => {
                assert_eq!(at.as_nanos(), 2_000_000);
                assert_eq!(deadline.as_nanos(), 5_000_000);
                flows.push(timer);
            }
            EventKind::TimerFired { timer, late } => {
                assert_eq!(late, 1_000_000);
                flows.push(timer);
            }
            EventKind::CallbackBegin { flow, .. } => flows.extend(flow),
            _ => {}
        }
    }
    assert_eq!(flows.len(), 3);
    assert!(flows.iter().all(|flow| *flow == flows[0]));
}

#[test]
fn a_run_on_a_manual_clock_does_not_wait_for_timers() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    bench.timer(3_600_000 * MS, "in an hour");
    bench.stop_after(3_600_000 * MS);
    // Somebody else moves the clock while the loop runs.
    let mover = std::thread::spawn(move || hand.advance(3_600_000 * MS));
    bench.reactor.run().unwrap();
    mover.join().unwrap();
    assert_eq!(bench.log.take(), ["in an hour"]);
}

#[test]
fn a_cancelled_head_causes_no_wake_up() {
    let mut bench = Bench::real();
    let head = bench.timer(5 * MS, "head");
    bench
        .reactor
        .call_later(MS, label("cancels"), move |reactor| {
            assert!(reactor.cancel(head));
            Ok(())
        });
    bench.stop_after(40 * MS);
    bench.reactor.run().unwrap();
    let polls = bench.polls();
    // One per timer that fired; the clock of the trace may make one of them come a little early.
    assert!((2..=4).contains(&polls), "{polls} polls");
    assert!(bench.log.take().is_empty());
}

/// A poll's own timeout would make each of them at least 0.9 ms late.
#[test]
#[cfg(target_os = "linux")]
fn timers_are_not_rounded_up_to_whole_milliseconds() {
    fn next(reactor: &mut Reactor, left: usize) {
        reactor.call_later(Duration::from_micros(100), label("tick"), move |reactor| {
            if left == 0 {
                reactor.stop()?;
            } else {
                next(reactor, left - 1);
            }
            Ok(())
        });
    }
    let mut bench = Bench::real();
    next(&mut bench.reactor, 50);
    bench.reactor.run().unwrap();
    let least = bench
        .events()
        .into_iter()
        .filter_map(|(_, kind)| match kind {
            EventKind::TimerFired { late, .. } => Some(late),
            _ => None,
        })
        .min()
        .unwrap();
    assert!(least < 700_000, "the most punctual was {least} ns late");
}

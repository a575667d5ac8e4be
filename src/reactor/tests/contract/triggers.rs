//! The three phases of start and end.

use super::*;

/// Adds a trigger that logs its name.
fn trigger(bench: &mut Bench, phase: Phase, event: SystemEvent, name: &'static str) -> TriggerId {
    let log = bench.log.clone();
    bench
        .reactor
        .add_system_event_trigger(phase, event, label(name), move |_| {
            log.add(name);
            Ok(())
        })
}

/// Adds a trigger before the shutdown that returns what the other end fires.
fn waiting_trigger(bench: &mut Bench, name: &'static str) -> Firing<()> {
    let (firing, deferred) = Deferred::pair();
    let log = bench.log.clone();
    bench.reactor.add_system_event_trigger(
        Phase::Before,
        SystemEvent::Shutdown,
        label(name),
        move |_| {
            log.add(name);
            deferred
        },
    );
    firing
}

/// Stops at the start.
fn stop(bench: &mut Bench) {
    bench
        .reactor
        .call_when_running(label("stop"), |reactor| Ok(reactor.stop()?));
}

/// A timer that fires with a value.
fn fire_after(bench: &mut Bench, delay: Duration, firing: Firing<()>) {
    let log = bench.log.clone();
    bench
        .reactor
        .call_later(delay, label("fires"), move |reactor| {
            log.add("fires");
            Ok(firing.fire(reactor, ())?)
        });
}

#[test]
fn the_phases_come_in_their_order_and_triggers_in_that_in_which_they_were_added() {
    let mut bench = Bench::manual();
    for event in [SystemEvent::Shutdown, SystemEvent::Startup] {
        let names = match event {
            SystemEvent::Startup => ["after startup", "during startup", "before startup", "more"],
            SystemEvent::Shutdown => ["after the end", "during the end", "before the end", "more"],
        };
        trigger(&mut bench, Phase::After, event, names[0]);
        trigger(&mut bench, Phase::During, event, names[1]);
        trigger(&mut bench, Phase::Before, event, names[2]);
        trigger(&mut bench, Phase::Before, event, names[3]);
    }
    let (_, _other) = bench.pipe("pipe", wait);
    bench.timer(Duration::ZERO, "timer");
    stop(&mut bench);
    bench.reactor.run().unwrap();
    assert_eq!(
        bench.log.take(),
        [
            "before startup",
            "more",
            "during startup",
            "after startup",
            "timer",
            "before the end",
            "more",
            "pipe stopped",
            "during the end",
            "after the end"
        ]
    );
    let trace = bench.trace();
    for call in [
        "before startup (start of the reactor)",
        "after the end (shutdown)",
    ] {
        assert!(trace.contains(&call.to_owned()), "{trace:?}");
    }
}

#[test]
fn call_when_running_is_a_trigger_after_the_startup() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    trigger(&mut bench, Phase::After, SystemEvent::Startup, "first");
    bench
        .reactor
        .call_when_running(label("second"), move |reactor| {
            log.add("second");
            Ok(reactor.stop()?)
        });
    trigger(&mut bench, Phase::After, SystemEvent::Startup, "third");
    trigger(&mut bench, Phase::During, SystemEvent::Startup, "during");
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["during", "first", "second", "third"]);
}

#[test]
fn the_loop_goes_on_until_all_are_done_that_come_before_the_shutdown() {
    let mut bench = Bench::manual();
    let (first, second) = (
        waiting_trigger(&mut bench, "first"),
        waiting_trigger(&mut bench, "second"),
    );
    trigger(&mut bench, Phase::During, SystemEvent::Shutdown, "during");
    let (_, other) = bench.pipe("pipe", wait);
    let sender = other.try_clone().unwrap();
    fire_after(&mut bench, 2 * MS, second);
    fire_after(&mut bench, MS, first);
    bench.timer(3 * MS, "too late");
    let hand = bench.hand();
    bench
        .reactor
        .call_later(Duration::ZERO, label("stop"), move |reactor| {
            hand.advance(MS);
            send(&sender);
            Ok(reactor.stop()?)
        });
    let (hand, log) = (bench.hand(), bench.log.clone());
    bench
        .reactor
        .call_later(MS, label("between"), move |reactor| {
            assert!(matches!(reactor.stop(), Err(Error::AlreadyStopping)));
            log.add("goes on");
            hand.advance(MS);
            Ok(())
        });
    bench.reactor.run().unwrap();
    assert_eq!(
        bench.log.take(),
        [
            "first",
            "second",
            "pipe reads",
            "fires",
            "goes on",
            "fires",
            "pipe stopped",
            "during"
        ]
    );
}

#[test]
fn a_descriptor_may_end_the_wait_though_nothing_would_end_another_poll() {
    let mut bench = Bench::real();
    let firing = waiting_trigger(&mut bench, "waits");
    let (_, other) = bench.pipe("pipe", move |reactor| {
        firing.fire(reactor, ())?;
        Ok(Next::Wait)
    });
    send(&other);
    stop(&mut bench);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["waits", "pipe reads", "pipe stopped"]);
}

#[test]
fn the_rest_of_the_startup_waits_for_what_comes_before_it() {
    let mut bench = Bench::manual();
    let (firing, deferred) = Deferred::pair();
    bench.reactor.add_system_event_trigger(
        Phase::Before,
        SystemEvent::Startup,
        label("prepares"),
        move |_| deferred,
    );
    stop(&mut bench);
    trigger(&mut bench, Phase::During, SystemEvent::Startup, "during");
    bench.timer(Duration::ZERO, "timer");
    fire_after(&mut bench, Duration::ZERO, firing);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["timer", "fires", "during"]);
}

#[test]
fn a_trigger_that_fails_holds_up_nobody() {
    let mut bench = Bench::manual();
    for phase in [Phase::Before, Phase::During, Phase::After] {
        let add = |bench: &mut Bench, code: fn(&mut Reactor) -> CallbackResult| {
            let event = SystemEvent::Shutdown;
            let label = label("fails");
            bench
                .reactor
                .add_system_event_trigger(phase, event, label, code);
        };
        add(&mut bench, |_| panic!("on purpose"));
        bench.reactor.add_system_event_trigger(
            phase,
            SystemEvent::Shutdown,
            label("fails later"),
            |_| Deferred::failed("no luck"),
        );
        trigger(&mut bench, phase, SystemEvent::Shutdown, "fine");
    }
    stop(&mut bench);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["fine", "fine", "fine"]);
    let trace = bench.trace();
    for failure in ["failure: panicked: on purpose", "failure: no luck"] {
        let times = trace.iter().filter(|word| *word == failure).count();
        assert_eq!(times, 3, "{failure} in {trace:?}");
    }
}

/// Of the start it is the loop that might be held up.
#[test]
fn a_trigger_of_the_start_that_fails_is_recorded_and_the_loop_starts_all_the_same() {
    let mut bench = Bench::manual();
    for phase in [Phase::Before, Phase::During, Phase::After] {
        let (event, fails) = (SystemEvent::Startup, label("fails"));
        let reactor = &mut bench.reactor;
        reactor.add_system_event_trigger(phase, event, fails, |_| -> CallbackResult {
            panic!("on purpose")
        });
        reactor.add_system_event_trigger(phase, event, fails, |_| Deferred::failed("no luck"));
    }
    bench
        .reactor
        .call_when_running(label("fails"), |_| Err("neither".into()));
    bench.reactor.call_when_running(label("next"), |_| Ok(()));
    bench.timer(Duration::ZERO, "timer");
    bench.stop_after(Duration::ZERO);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["timer"]);
    let trace = bench.trace();
    for (failure, expected) in [
        ("failure: panicked: on purpose", 3),
        ("failure: no luck", 3),
        ("failure: neither", 1),
        ("next (start of the reactor)", 1),
    ] {
        let times = trace.iter().filter(|word| *word == failure).count();
        assert_eq!(times, expected, "{failure} in {trace:?}");
    }
}

#[test]
fn a_removed_trigger_is_not_called() {
    let mut bench = Bench::manual();
    let removed = trigger(&mut bench, Phase::After, SystemEvent::Shutdown, "removed");
    let called = trigger(&mut bench, Phase::After, SystemEvent::Shutdown, "called");
    assert!(bench.reactor.remove_system_event_trigger(removed));
    assert!(!bench.reactor.remove_system_event_trigger(removed));
    stop(&mut bench);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["called"]);
    assert!(!bench.reactor.remove_system_event_trigger(called));
}

#[test]
fn a_trigger_may_add_another_one_to_its_phase() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    bench.reactor.add_system_event_trigger(
        Phase::During,
        SystemEvent::Shutdown,
        label("first"),
        move |reactor| {
            log.add("first");
            reactor.add_system_event_trigger(
                Phase::During,
                SystemEvent::Shutdown,
                label("second"),
                move |_| {
                    log.add("second");
                    Ok(())
                },
            );
            Ok(())
        },
    );
    stop(&mut bench);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["first", "second"]);
}

#[test]
fn threads_are_joined_before_what_is_called_during_the_shutdown() {
    let mut bench = Bench::real();
    bench.reactor.call_in_thread(label("work"), |_| Ok(()));
    let log = bench.log.clone();
    bench.reactor.add_system_event_trigger(
        Phase::During,
        SystemEvent::Shutdown,
        label("looks"),
        move |reactor| {
            log.add(format!("{} threads", reactor.pool.alive()));
            Ok(())
        },
    );
    stop(&mut bench);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["0 threads"]);
}

#[test]
fn what_falls_due_with_the_end_of_the_waiting_is_not_called_any_more() {
    let mut bench = Bench::manual();
    let mut firing = Some(waiting_trigger(&mut bench, "before"));
    let log = bench.log.clone();
    let (_, other) = bench.pipe("a", move |reactor| {
        let log = log.clone();
        reactor.call_later(Duration::ZERO, label("late"), move |_| {
            log.add("late");
            Ok(())
        });
        if let Some(firing) = firing.take() {
            firing.fire(reactor, ())?;
        }
        Ok(Next::Wait)
    });
    stop(&mut bench);
    send(&other);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["before", "a reads", "a stopped"]);
}

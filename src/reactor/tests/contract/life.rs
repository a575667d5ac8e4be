//! Start, stop, and what other threads may ask for in between.

use super::*;

#[test]
fn what_waits_for_the_start_runs_before_everything_else_and_later_ones_at_once() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    bench.timer(Duration::ZERO, "timer");
    bench
        .reactor
        .call_when_running(label("start"), move |reactor| {
            log.add("start");
            let inner = log.clone();
            reactor.call_when_running(label("at once"), move |_| {
                inner.add("at once");
                Ok(())
            });
            log.add("goes on");
            Ok(())
        });
    bench.stop_after(Duration::ZERO);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["start", "at once", "goes on", "timer"]);
}

#[test]
fn after_stop_the_others_of_the_same_poll_are_served_and_due_timers_run_but_no_later_ones() {
    let mut bench = Bench::manual();
    let mut others = Vec::new();
    let stopped = Rc::new(RefCell::new(false));
    for name in ["a", "b"] {
        let stopped = Rc::clone(&stopped);
        let hand = bench.hand();
        let (_, other) = bench.pipe(name, move |reactor| {
            if !stopped.replace(true) {
                hand.advance(MS);
                reactor.stop()?;
            }
            Ok(Next::Wait)
        });
        send(&other);
        others.push(other);
    }
    bench.timer(MS, "due");
    bench.timer(2 * MS, "later");
    bench.reactor.run().unwrap();
    let mut log = bench.log.take();
    log[..2].sort();
    log[3..].sort();
    assert_eq!(log, ["a reads", "b reads", "due", "a stopped", "b stopped"]);
    assert_eq!(bench.polls(), 1);
    for other in &others {
        assert_eq!((&mut &*other).read(&mut [0]).unwrap(), 0);
    }
}

#[test]
fn after_stop_in_a_timer_the_other_due_timers_run_and_nothing_is_polled() {
    let mut bench = Bench::manual();
    bench.stop_after(Duration::ZERO);
    bench.timer(Duration::ZERO, "due");
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["due"]);
    assert_eq!(bench.polls(), 0);
}

#[test]
fn after_stop_in_a_call_from_a_thread_the_others_and_the_due_timers_run_and_nothing_is_polled() {
    let mut bench = Bench::manual();
    let handle = bench.reactor.handle();
    let later = handle.clone();
    // Asked for before the loop runs, so that all of it waits when the first turn begins.
    handle
        .call_from_thread(label("stop"), move |reactor| {
            reactor.stop()?;
            // This one waits for a turn that never comes.
            Ok(later.call_from_thread(label("later"), |_| panic!("the loop has ended"))?)
        })
        .unwrap();
    handle.call_from_thread(label("other"), |_| Ok(())).unwrap();
    bench.timer(Duration::ZERO, "due");
    bench.timer(MS, "later");
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["due"]);
    let trace = bench.trace();
    let calls = trace
        .iter()
        .filter(|word| word.ends_with("(call from a thread)"));
    assert_eq!(calls.count(), 2, "{trace:?}");
    assert!(!trace.contains(&"poll".to_owned()), "{trace:?}");
}

#[test]
fn connections_that_are_left_are_lost_at_the_end() {
    let mut bench = Bench::manual();
    let (_, _other) = bench.pipe("a", wait);
    bench.stop_after(Duration::ZERO);
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["a stopped"]);
    let trace = bench.trace();
    assert!(
        trace.contains(&"connection_lost (shutdown)".to_owned()),
        "{trace:?}"
    );
}

#[test]
fn each_misuse_of_stop_and_run_is_its_own_error() {
    let mut bench = Bench::manual();
    assert!(matches!(bench.reactor.stop(), Err(Error::NotRunning)));
    let log = bench.log.clone();
    bench
        .reactor
        .call_when_running(label("start"), move |reactor| {
            assert!(matches!(reactor.run(), Err(Error::AlreadyRunning)));
            assert!(matches!(reactor.turn(), Err(Error::AlreadyRunning)));
            reactor.stop()?;
            assert!(matches!(reactor.stop(), Err(Error::AlreadyStopping)));
            log.add("all refused");
            Ok(())
        });
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["all refused"]);
    assert!(matches!(bench.reactor.stop(), Err(Error::NotRunning)));
    assert!(matches!(bench.reactor.run(), Err(Error::NotRestartable)));
    assert!(matches!(bench.reactor.turn(), Err(Error::NotRestartable)));
}

#[test]
fn a_call_from_a_thread_wakes_the_poll() {
    let mut bench = Bench::real();
    let handle = bench.reactor.handle();
    let clock = bench.reactor.recorder().clock().clone();
    let (started, has_started) = std::sync::mpsc::channel();
    bench.reactor.call_when_running(label("start"), move |_| {
        started.send(())?;
        Ok(())
    });
    let caller = std::thread::spawn(move || {
        has_started.recv().unwrap();
        let before = clock.now();
        handle
            .call_from_thread(label("call"), |reactor| Ok(reactor.stop()?))
            .unwrap();
        (before, clock.now())
    });
    bench.reactor.run().unwrap();
    let (before, after) = caller.join().unwrap();
    let mut flows = Vec::new();
    for (at, kind) in bench.events() {
        match kind {
            EventKind::ThreadCall { flow, queued_at } => {
                assert!((before..=after).contains(&queued_at));
                assert!(at >= queued_at);
                flows.push(flow);
            }
            EventKind::CallbackBegin {
                cause: Cause::ThreadCall,
                flow,
                ..
            } => flows.extend(flow),
            _ => {}
        }
    }
    assert!(flows.len() == 2 && flows[0] == flows[1], "{flows:?}");
}

#[test]
fn an_idle_loop_makes_no_turns() {
    let mut bench = Bench::real();
    let (_, _quiet) = bench.pipe("quiet", wait);
    let handle = bench.reactor.handle();
    let caller = std::thread::spawn(move || {
        std::thread::sleep(50 * MS);
        handle.stop().unwrap();
    });
    bench.reactor.run().unwrap();
    caller.join().unwrap();
    assert!(bench.polls() <= 1);
}

#[test]
fn a_stop_before_the_run_ends_it_as_soon_as_it_begins() {
    let mut bench = Bench::real();
    let handle = bench.reactor.handle();
    handle.stop().unwrap();
    handle.stop().unwrap();
    bench.reactor.run().unwrap();
    assert_eq!(bench.polls(), 0);
    let trace = bench.trace();
    assert!(!trace.iter().any(|word| word.starts_with("failure")));
}

#[test]
fn a_handle_notices_that_its_reactor_is_gone() {
    let bench = Bench::real();
    let handle = bench.reactor.handle();
    drop(bench);
    assert!(matches!(handle.stop(), Err(Error::Gone)));
}

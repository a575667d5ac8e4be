//! Deferreds of a reactor: what is recorded of them, panics, time-outs.

use super::*;
use crate::trace::DeferredStep;

fn double(_: &mut Reactor, number: u32) -> Result<u32, Failure> {
    Ok(2 * number)
}

#[test]
fn a_chain_records_the_way_of_its_result() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    let (firing, deferred) = reactor.deferred::<u32>(Label::new("get_number", task(1)));
    let (inner, waited_for) = reactor.deferred::<u32>(label("ask"));
    let last = deferred
        .then(reactor, double)
        .named("asks")
        .then(reactor, |_, _| waited_for)
        .named("checks")
        .then(reactor, |_, _| Err::<u32, _>("too small".into()))
        .then(reactor, double)
        .named("replaces")
        .catch(reactor, |_, _| Ok(10));
    firing.fire(reactor, 1).unwrap();
    inner.fire(reactor, 3).unwrap();
    assert_eq!(last.result().unwrap().unwrap(), 10);
    assert_eq!(
        bench.trace()[1..],
        [
            "made get_number",
            "made ask",
            "fired",
            "double (result of a Deferred)",
            "end",
            "asks (result of a Deferred)",
            "end",
            "paused",
            "fired",
            "resumed",
            "checks (result of a Deferred)",
            "failure: too small",
            "failed end",
            "failed",
            "replaces (result of a Deferred)",
            "end",
            "recovered",
        ]
    );
}

#[test]
fn the_two_of_a_link_have_names_of_their_own() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    for result in [Ok(1), Err("no number".into())] {
        let (firing, deferred) = reactor.deferred::<u32>(label("get_number"));
        let last = deferred.named_both("print", "apologize").then_or(
            reactor,
            |_, _| Ok(()),
            |_, _| Ok(()),
        );
        firing.finish(reactor, result).unwrap();
        assert!(last.result().unwrap().is_ok());
    }
    let trace = bench.trace();
    assert!(trace.contains(&"print (result of a Deferred)".to_owned()));
    assert!(trace.contains(&"apologize (result of a Deferred)".to_owned()));
}

#[test]
fn who_watches_is_no_callback_and_leaves_a_failure_unhandled() {
    let mut bench = Bench::manual();
    let (firing, deferred) = bench.reactor.deferred::<u32>(label("get_number"));
    let log = bench.log.clone();
    let watched = deferred.watch(&mut bench.reactor, move |_, result| {
        log.add(format!("saw {}", result.as_ref().unwrap_err()));
    });
    drop(watched);
    firing.fail(&mut bench.reactor, "no number").unwrap();
    assert_eq!(bench.turn(), ["saw no number"]);
    let trace = bench.trace();
    assert_eq!(
        trace[1..5],
        [
            "made get_number",
            "fired with a failure",
            "failure: unhandled in the deferred `get_number`: no number",
            "unhandled",
        ]
    );
}

#[test]
fn all_that_is_recorded_of_a_chain_is_tied() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    let (firing, deferred) = reactor.deferred::<u32>(Label::new("outer", task(1)));
    let (inner, waited_for) = reactor.deferred::<u32>(Label::new("inner", task(2)));
    let last = deferred.then(reactor, |_, _| waited_for);
    firing.fire(reactor, 1).unwrap();
    drop((last, inner));
    let events = bench.events();
    let made: Vec<_> = events
        .iter()
        .filter_map(|(_, kind)| match kind {
            EventKind::DeferredMade { deferred, .. } => Some(*deferred),
            _ => None,
        })
        .collect();
    for (_, kind) in events {
        match kind {
            EventKind::DeferredStep { deferred, .. } => assert_eq!(deferred, made[0]),
            EventKind::DeferredPaused {
                deferred,
                waits_for,
            } => {
                assert_eq!((deferred, waits_for), (made[0], Some(made[1])));
            }
            EventKind::CallbackBegin {
                flow, task: whose, ..
            } => assert_eq!((flow, whose), (Some(made[0]), task(1))),
            _ => {}
        }
    }
}

#[test]
fn a_closure_is_called_after_the_function_in_which_it_is_written() {
    let mut bench = Bench::manual();
    drop(Deferred::ready(1).then(&mut bench.reactor, |_, _| Ok(())));
    let name = "a_closure_is_called_after_the_function_in_which_it_is_written";
    let trace = bench.trace();
    assert!(
        trace.contains(&format!("{name} (result of a Deferred)")),
        "{trace:?}"
    );
}

#[test]
fn a_panic_in_a_callback_goes_to_the_next_errback() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    let log = bench.log.clone();
    drop(
        Deferred::ready(1)
            .then_or(
                reactor,
                |_, _| -> CallbackResult { panic!("on purpose") },
                |_, _| -> CallbackResult { panic!("it is paired with this one") },
            )
            .catch(reactor, move |_, failure| {
                assert!(failure.is::<Panicked>());
                log.add(failure.to_string());
                Ok(())
            }),
    );
    assert_eq!(bench.log.take(), ["panicked: on purpose"]);
}

#[test]
fn an_unhandled_failure_is_recorded_in_the_turn_in_which_it_was_dropped() {
    let mut bench = Bench::manual();
    bench
        .reactor
        .call_later(Duration::ZERO, label("drops"), |reactor| {
            let (firing, deferred) = reactor.deferred::<u32>(Label::new("get_number", task(1)));
            firing.fail(reactor, "no luck")?;
            drop(deferred);
            Ok(())
        });
    bench.turn();
    let events = bench.events();
    let place = events
        .iter()
        .position(|(_, kind)| matches!(kind, EventKind::Failure { .. }))
        .unwrap();
    let EventKind::Failure {
        task: whose,
        message,
    } = events[place].1
    else {
        unreachable!()
    };
    assert_eq!(whose, task(1));
    assert_eq!(
        bench.names[&message],
        "unhandled in the deferred `get_number`: no luck"
    );
    assert!(matches!(
        events[place + 1].1,
        EventKind::DeferredStep {
            step: DeferredStep::Unhandled,
            ..
        }
    ));
    assert_eq!(events[place + 2].1, EventKind::PollBegin);
}

#[test]
fn an_unhandled_failure_that_goes_with_its_reactor_is_recorded() {
    let mut bench = Bench::manual();
    let (firing, deferred) = bench.reactor.deferred::<u32>(label("get_number"));
    firing.fail(&mut bench.reactor, "no luck").unwrap();
    bench
        .reactor
        .call_later(MS, label("never"), move |_| drop_it(deferred));
    let Bench {
        reactor, receiver, ..
    } = bench;
    drop(reactor);
    let mut kinds = Vec::new();
    while let Ok(batch) = receiver.try_recv() {
        kinds.extend(batch.events.iter().map(|event| event.kind));
    }
    assert!(matches!(
        kinds[kinds.len() - 3..],
        [
            EventKind::Failure { .. },
            EventKind::DeferredStep {
                step: DeferredStep::Unhandled,
                ..
            },
            EventKind::ThreadEnd
        ]
    ));
}

fn drop_it(_: Deferred<u32>) -> CallbackResult {
    Ok(())
}

#[test]
fn a_failure_that_outlives_its_reactor_goes_to_the_hook() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    set_unhandled_hook(move |failure| log.add(failure.to_string()));
    let (firing, deferred) = bench.reactor.deferred::<u32>(label("get_number"));
    firing.fail(&mut bench.reactor, "no luck").unwrap();
    let Bench { reactor, log, .. } = bench;
    drop(reactor);
    drop(deferred);
    assert_eq!(log.take(), ["no luck"]);
}

#[test]
fn one_that_does_not_belong_to_a_reactor_records_no_steps_there() {
    let mut bench = Bench::manual();
    let (firing, deferred) = Deferred::pair();
    firing.fire(&mut bench.reactor, 1).unwrap();
    drop(deferred.then(&mut bench.reactor, double));
    let trace = bench.trace();
    assert_eq!(trace[1..], ["double (result of a Deferred)", "end"]);
}

#[test]
fn what_takes_too_long_fails_with_a_time_out_and_is_cancelled() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    let (firing, deferred) = reactor.deferred::<u32>(label("slow"));
    let log = bench.log.clone();
    firing.on_cancel(move |_, _| log.add("cancelled"));
    let last = deferred.timeout(reactor, 3 * MS);
    bench.hand().advance(3 * MS - Duration::from_nanos(1));
    assert!(bench.turn().is_empty());
    bench.hand().advance(Duration::from_nanos(1));
    assert_eq!(bench.turn(), ["cancelled"]);
    let failure = last.result().unwrap().unwrap_err();
    assert_eq!(*failure.downcast::<TimedOut>().unwrap(), TimedOut(3 * MS));
    let trace = bench.trace();
    assert!(trace.contains(&"cancelled".to_owned()), "{trace:?}");
}

#[test]
fn what_is_in_time_takes_the_timer_of_its_time_out_back() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    let (firing, deferred) = reactor.deferred::<u32>(label("quick"));
    let last = deferred.timeout(reactor, 3 * MS);
    firing.fire(reactor, 1).unwrap();
    assert_eq!(last.result().unwrap().unwrap(), 1);
    assert!(reactor.timers.nearest().is_none());
}

#[test]
fn a_time_out_lets_other_failures_and_the_value_of_a_canceller_be() {
    let mut bench = Bench::manual();
    let reactor = &mut bench.reactor;
    let (firing, deferred) = reactor.deferred::<u32>(label("fails"));
    let fails = deferred.timeout(reactor, MS);
    firing.fail(reactor, "no luck").unwrap();
    let (firing, deferred) = reactor.deferred::<u32>(label("slow"));
    firing.on_cancel(|reactor, firing| firing.fire(reactor, 5).unwrap());
    let slow = deferred.timeout(reactor, MS);
    let (_never, deferred) = reactor.deferred::<u32>(label("cancelled"));
    let cancelled = deferred.timeout(reactor, MS);
    cancelled.cancel(reactor);
    bench.hand().advance(MS);
    bench.turn();
    assert_eq!(fails.result().unwrap().unwrap_err().to_string(), "no luck");
    assert_eq!(slow.result().unwrap().unwrap(), 5);
    assert!(cancelled.result().unwrap().unwrap_err().is::<Cancelled>());
}

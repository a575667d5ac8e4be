//! Deferreds without a reactor: the order of callbacks, failures, pauses, cancelling.

use super::*;

type Plain<T> = Deferred<T, ()>;

fn pair<T: 'static>() -> (Firing<T, ()>, Plain<T>) {
    Deferred::pair()
}

/// What a result says, a failure included.
fn said<T: ToString + 'static>(deferred: Plain<T>) -> String {
    match deferred.result() {
        None => "nothing yet".to_owned(),
        Some(Ok(value)) => value.to_string(),
        Some(Err(failure)) => format!("failure: {failure}"),
    }
}

/// Reports of this thread, which runs one test.
fn reports() -> Log {
    let log = Log::default();
    let reported = log.clone();
    set_unhandled_hook(move |failure| reported.add(failure.to_string()));
    log
}

#[test]
fn callbacks_run_in_their_order_when_it_fires_each_with_what_the_one_before_returned() {
    let log = Log::default();
    let (firing, deferred) = pair::<u32>();
    let (first, second) = (log.clone(), log.clone());
    let last = deferred
        .then(&mut (), move |_, number| {
            first.add(format!("first {number}"));
            Ok(number + 1)
        })
        .then(&mut (), move |_, number| {
            second.add(format!("second {number}"));
            Ok(format!("{number}!"))
        });
    assert!(log.take().is_empty());
    assert!(!last.has_result());
    firing.fire(&mut (), 1).unwrap();
    assert_eq!(log.take(), ["first 1", "second 2"]);
    assert_eq!(said(last), "2!");
}

#[test]
fn a_callback_that_is_added_after_the_firing_runs_at_once() {
    let log = Log::default();
    let (firing, deferred) = pair::<u32>();
    firing.fire(&mut (), 1).unwrap();
    let late = log.clone();
    let last = deferred.then(&mut (), move |_, number| {
        late.add("ran");
        Ok(number)
    });
    assert_eq!(log.take(), ["ran"]);
    assert_eq!(said(last), "1");
}

#[test]
fn a_failure_goes_to_the_next_errback_past_the_callbacks() {
    let (firing, deferred) = pair::<u32>();
    let last = deferred
        .then(&mut (), |_, _| Err::<u32, _>("no luck".into()))
        .then(&mut (), |_, _| -> Result<u32, _> { panic!("skipped") })
        .catch(&mut (), |_, failure| {
            assert_eq!(failure.to_string(), "no luck");
            Ok(7)
        })
        .catch(&mut (), |_, _| -> Result<u32, _> {
            panic!("it has recovered")
        })
        .then(&mut (), |_, number| Ok(number + 1));
    firing.fire(&mut (), 1).unwrap();
    assert_eq!(said(last), "8");
}

#[test]
fn a_failure_never_goes_to_the_errback_that_is_paired_with_the_callback() {
    let log = Log::default();
    let next = log.clone();
    let last = Plain::ready(1)
        .then_or(
            &mut (),
            |_, _| Err::<u32, _>("from the callback".into()),
            |_, _| -> Result<u32, _> { panic!("it is paired with the callback that failed") },
        )
        .catch(&mut (), move |_, failure| {
            next.add(failure.to_string());
            Ok(2)
        });
    assert_eq!(log.take(), ["from the callback"]);
    assert_eq!(said(last), "2");
}

#[test]
fn of_a_pair_one_is_called() {
    let choose = |deferred: Plain<u32>| {
        said(deferred.then_or(
            &mut (),
            |_, number| Ok(format!("value {number}")),
            |_, failure| Ok(format!("caught {failure}")),
        ))
    };
    assert_eq!(choose(Deferred::ready(1)), "value 1");
    assert_eq!(choose(Deferred::failed("no luck")), "caught no luck");
}

#[test]
fn an_errback_that_fails_hands_the_new_failure_to_the_next_one() {
    let last = Plain::<u32>::failed("first")
        .catch(&mut (), |_, failure| Err(format!("after {failure}").into()))
        .then(&mut (), |_, _| -> Result<u32, _> { panic!("skipped") });
    assert_eq!(said(last), "failure: after first");
}

#[test]
fn what_is_called_in_both_cases_gets_the_whole_result() {
    let both = |deferred: Plain<u32>| {
        said(deferred.both(&mut (), |_, result| Ok(result.map_or(0, |number| number))))
    };
    assert_eq!(both(Deferred::ready(3)), "3");
    assert_eq!(both(Deferred::failed("no luck")), "0");
}

#[test]
fn a_returned_deferred_pauses_the_outer_one_and_passes_its_result_on() {
    let log = Log::default();
    let (outer, deferred) = pair::<u32>();
    let (inner, waited_for) = pair::<String>();
    let (before, after) = (log.clone(), log.clone());
    let last = deferred
        .then(&mut (), move |_, number| {
            before.add(format!("asks with {number}"));
            waited_for
        })
        .then(&mut (), move |_, text| {
            after.add(format!("goes on with {text}"));
            Ok(text)
        });
    outer.fire(&mut (), 1).unwrap();
    assert_eq!(log.take(), ["asks with 1"]);
    let last = last.then(&mut (), |_, text| Ok(text + ", added while it waits"));
    assert!(!last.has_result());
    inner.fire(&mut (), "the answer".to_owned()).unwrap();
    assert_eq!(log.take(), ["goes on with the answer"]);
    assert_eq!(said(last), "the answer, added while it waits");
}

#[test]
fn a_returned_deferred_that_has_fired_does_not_pause() {
    let last = Plain::ready(1).then(&mut (), |_, number| Deferred::ready(number + 1));
    assert_eq!(said(last), "2");
}

#[test]
fn the_failure_of_a_returned_deferred_goes_to_the_errback_of_the_outer_one() {
    let (inner, waited_for) = pair::<u32>();
    let last = Plain::ready(1)
        .then(&mut (), |_, _| waited_for)
        .catch(&mut (), |_, failure| Ok(failure.to_string().len() as u32));
    inner.fail(&mut (), "four").unwrap();
    assert_eq!(said(last), "4");
}

#[test]
fn an_errback_may_wait_for_another_try() {
    let (second, another) = pair::<u32>();
    let last = Plain::failed("first try").catch(&mut (), |_, _| another);
    assert!(!last.has_result());
    second.fire(&mut (), 2).unwrap();
    assert_eq!(said(last), "2");
}

#[test]
fn a_callback_chooses_whether_it_waits() {
    let (_never, waited_for) = pair::<u32>();
    let mut waits = [Step::Value(1), Step::Wait(waited_for)].into_iter();
    let mut next = move || {
        let step = waits.next().unwrap();
        said(Plain::ready(()).then(&mut (), |_, ()| step))
    };
    assert_eq!(next(), "1");
    assert_eq!(next(), "nothing yet");
}

#[test]
fn firing_twice_is_an_error() {
    let (firing, deferred) = pair::<u32>();
    assert!(!firing.has_fired());
    firing.fire(&mut (), 1).unwrap();
    assert_eq!(firing.fire(&mut (), 2), Err(AlreadyFired));
    assert_eq!(firing.clone().fail(&mut (), "no luck"), Err(AlreadyFired));
    assert_eq!(said(deferred), "1");
}

#[test]
fn an_unhandled_failure_is_reported_once_when_the_deferred_is_dropped() {
    let reports = reports();
    let (firing, deferred) = pair::<u32>();
    let last = deferred.then(&mut (), |_, number| Ok(number));
    firing.fail(&mut (), "no luck").unwrap();
    assert!(reports.take().is_empty(), "somebody may still handle it");
    drop(last);
    assert_eq!(reports.take(), ["no luck"]);
    drop(firing);
    assert!(reports.take().is_empty());
}

#[test]
fn a_failure_is_reported_though_the_end_that_fires_lives_on() {
    let reports = reports();
    let (early, dropped_after) = pair::<u32>();
    early.fail(&mut (), "early").unwrap();
    drop(dropped_after);
    assert_eq!(reports.take(), ["early"]);
    let (late, dropped_before) = pair::<u32>();
    drop(dropped_before);
    late.fail(&mut (), "late").unwrap();
    assert_eq!(reports.take(), ["late"]);
    drop((early, late));
    assert!(reports.take().is_empty());
}

#[test]
fn a_failure_in_a_chain_that_nobody_holds_is_reported_as_it_comes() {
    let reports = reports();
    let (firing, deferred) = pair::<u32>();
    drop(deferred.then(&mut (), |_, _| Err::<(), _>("no luck".into())));
    firing.fire(&mut (), 1).unwrap();
    assert_eq!(reports.take(), ["no luck"]);
}

#[test]
fn a_handled_failure_is_not_reported() {
    let reports = reports();
    drop(Plain::<u32>::failed("handled").catch(&mut (), |_, _| Ok(1)));
    drop(Plain::<u32>::failed("looked at").result());
    assert!(reports.take().is_empty());
}

#[test]
fn a_deferred_that_never_fires_is_not_reported() {
    let reports = reports();
    let (firing, deferred) = pair::<u32>();
    let last = deferred.then(&mut (), |_, number| Ok(number));
    drop(firing);
    assert!(!last.has_result());
    drop(last);
    assert!(reports.take().is_empty());
}

#[test]
fn cancelling_without_a_canceller_fails_it_and_swallows_exactly_one_late_firing() {
    for late_failure in [false, true] {
        let (firing, deferred) = pair::<u32>();
        deferred.cancel(&mut ());
        let late = if late_failure {
            firing.fail(&mut (), "too late")
        } else {
            firing.fire(&mut (), 1)
        };
        assert_eq!(late, Ok(()));
        assert_eq!(firing.fire(&mut (), 2), Err(AlreadyFired));
        let failure = deferred.result().unwrap().unwrap_err();
        assert!(failure.is::<Cancelled>());
    }
}

#[test]
fn cancelling_with_a_canceller_that_does_not_fire_fails_it_and_swallows_nothing() {
    let log = Log::default();
    let (firing, deferred) = pair::<u32>();
    let cancelled = log.clone();
    firing.on_cancel(move |_, _| cancelled.add("cancelled"));
    deferred.cancel(&mut ());
    deferred.cancel(&mut ());
    assert_eq!(log.take(), ["cancelled"]);
    assert_eq!(firing.fire(&mut (), 1), Err(AlreadyFired));
    assert_eq!(said(deferred), "failure: cancelled");
}

#[test]
fn a_canceller_may_fire_with_something_else() {
    let (firing, deferred) = pair::<u32>();
    firing.on_cancel(|context, firing| firing.fire(context, 5).unwrap());
    deferred.cancel(&mut ());
    assert_eq!(said(deferred), "5");
}

#[test]
fn cancelling_the_end_of_a_chain_cancels_its_first_one() {
    let (firing, deferred) = pair::<u32>();
    let log = Log::default();
    let seen = log.clone();
    let last = deferred
        .catch(&mut (), move |_, failure| {
            seen.add(failure.to_string());
            Ok(3)
        })
        .then(&mut (), |_, number| Ok(number + 1));
    last.cancel(&mut ());
    assert_eq!(log.take(), ["cancelled"]);
    assert_eq!(said(last), "4");
    assert_eq!(firing.fire(&mut (), 1), Ok(()));
}

#[test]
fn cancelling_an_outer_one_that_waits_cancels_the_inner_one() {
    let log = Log::default();
    let (inner, waited_for) = pair::<u32>();
    let cancelled = log.clone();
    inner.on_cancel(move |_, _| cancelled.add("inner cancelled"));
    let (outer, deferred) = pair::<u32>();
    outer.on_cancel(|_, _| panic!("it has fired"));
    let last = deferred.then(&mut (), |_, _| waited_for);
    outer.fire(&mut (), 1).unwrap();
    last.cancel(&mut ());
    assert_eq!(log.take(), ["inner cancelled"]);
    assert_eq!(said(last), "failure: cancelled");
}

#[test]
fn cancelling_one_that_has_its_result_does_nothing() {
    let (firing, deferred) = pair::<u32>();
    firing.on_cancel(|_, _| panic!("it has fired"));
    firing.fire(&mut (), 1).unwrap();
    deferred.cancel(&mut ());
    assert_eq!(said(deferred), "1");
    assert_eq!(firing.fire(&mut (), 1), Err(AlreadyFired));
}

#[test]
fn one_whose_firing_end_is_gone_can_be_cancelled() {
    let (firing, deferred) = pair::<u32>();
    let last = deferred.then(&mut (), |_, number| Ok(number));
    drop(firing);
    last.cancel(&mut ());
    assert_eq!(said(last), "failure: cancelled");
}

#[test]
fn a_canceller_reaches_a_deferred_in_other_hands() {
    let (_firing, deferred) = pair::<u32>();
    let canceller = deferred.canceller();
    let last = deferred.then(&mut (), |_, number| Ok(number));
    canceller.clone().cancel(&mut ());
    assert_eq!(said(last), "failure: cancelled");
    canceller.cancel(&mut ());
}

#[test]
fn callbacks_may_fire_others_and_hang_up_more() {
    let log = Log::default();
    let (first, a) = pair::<u32>();
    let (second, b) = pair::<u32>();
    let logged = log.clone();
    drop(b.then(&mut (), move |_, number| {
        logged.add(format!("second {number}"));
        Ok(())
    }));
    let logged = log.clone();
    drop(a.then(&mut (), move |context, number| {
        second.fire(context, number + 1)?;
        logged.add(format!("first {number}"));
        Ok(())
    }));
    first.fire(&mut (), 1).unwrap();
    assert_eq!(log.take(), ["second 2", "first 1"]);
}

#[test]
fn a_chain_of_any_length_does_not_use_up_the_stack() {
    let (firing, deferred) = pair::<u64>();
    let mut last = deferred;
    for _ in 0..100_000 {
        last = last.then(&mut (), |_, number| Ok(number + 1));
    }
    firing.fire(&mut (), 0).unwrap();
    assert_eq!(said(last), "100000");
}

#[test]
fn a_row_of_deferreds_that_wait_for_each_other_does_not_use_up_the_stack() {
    let (firing, mut last) = pair::<u64>();
    for _ in 0..100_000 {
        last = Plain::ready(()).then(&mut (), |_, ()| last);
    }
    firing.fire(&mut (), 9).unwrap();
    assert_eq!(said(last), "9");
}

#[test]
fn a_long_chain_that_never_fires_does_not_use_up_the_stack() {
    let held = Rc::new(());
    let (firing, deferred) = pair::<u64>();
    let mut last = deferred;
    for _ in 0..100_000 {
        last = last.then(&mut (), |_, number| Ok(number + 1));
    }
    let inside = Rc::clone(&held);
    last = last.then(&mut (), move |_, number| {
        drop(inside);
        Ok(number)
    });
    drop(firing);
    assert_eq!(Rc::strong_count(&held), 1);
    drop(last);
}

#[test]
fn nothing_leaks_whether_it_fires_or_not() {
    for fires in [false, true] {
        let held = Rc::new(());
        let (firing, deferred) = pair::<u32>();
        let (inner, waited_for) = pair::<u32>();
        let (a, b) = (Rc::clone(&held), Rc::clone(&held));
        firing.on_cancel(move |_, _| drop(a));
        let last = deferred
            .then(&mut (), |_, _| waited_for)
            .then(&mut (), move |_, _| {
                drop(b);
                Ok(())
            });
        if fires {
            firing.fire(&mut (), 1).unwrap();
        }
        drop((firing, inner, last));
        assert_eq!(Rc::strong_count(&held), 1, "fires: {fires}");
    }
}

#[test]
fn gathering_waits_for_all_and_keeps_their_order() {
    let (first, a) = pair::<u32>();
    let (second, b) = pair::<u32>();
    let all = gather(&mut (), [a, b, Deferred::failed("no luck")]);
    second.fire(&mut (), 2).unwrap();
    assert!(!all.has_result());
    first.fire(&mut (), 1).unwrap();
    let results: Vec<_> = all
        .result()
        .unwrap()
        .unwrap()
        .into_iter()
        .map(|result| result.map_err(|failure| failure.to_string()))
        .collect();
    assert_eq!(results, [Ok(1), Ok(2), Err("no luck".to_owned())]);
    assert!(gather::<u32, ()>(&mut (), []).has_result());
}

#[test]
fn gathering_results_fails_with_the_first_failure_and_reports_the_others() {
    let reports = reports();
    let (first, a) = pair::<u32>();
    let (second, b) = pair::<u32>();
    let all = gather_results(&mut (), [a, b]);
    second.fail(&mut (), "no luck").unwrap();
    assert_eq!(
        said(all.then(&mut (), |_, _| Ok(0))),
        "failure: the deferred at place 1 failed: no luck"
    );
    assert!(reports.take().is_empty());
    first.fail(&mut (), "neither").unwrap();
    assert_eq!(reports.take(), ["neither"]);
}

#[test]
fn cancelling_what_was_gathered_cancels_each() {
    let reports = reports();
    let (first, a) = pair::<u32>();
    let (second, b) = pair::<u32>();
    let all = gather_results(&mut (), [a, b]);
    all.cancel(&mut ());
    assert!(first.has_fired() && second.has_fired());
    let failure = all.result().unwrap().unwrap_err();
    assert!(
        failure
            .downcast::<FirstFailure>()
            .unwrap()
            .failure
            .is::<Cancelled>()
    );
    assert!(reports.take().is_empty());
}

#[test]
#[should_panic(expected = "on purpose")]
fn without_a_reactor_a_panic_is_a_panic() {
    drop(Plain::ready(1).then(&mut (), |_, _| -> Result<(), _> { panic!("on purpose") }));
}

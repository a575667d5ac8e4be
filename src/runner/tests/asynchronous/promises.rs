//! Deferreds and their chains.

use super::*;
use crate::scenario::{Link, Promise};
use crate::trace::DeferredStep;

fn promise(wait: Duration, chain: impl Into<Vec<Link>>) -> Promise {
    Promise {
        name: "get_poem".to_owned(),
        wait,
        fails: None,
        chain: chain.into(),
    }
}

fn then(call: Call) -> Link {
    Link {
        callback: Some(call),
        ..Link::default()
    }
}

fn catch(call: Call) -> Link {
    Link {
        errback: Some(call),
        ..Link::default()
    }
}

fn plain(name: &str) -> Call {
    doing(name, Work::Nothing)
}

fn steps_of(run: &Run) -> Vec<String> {
    run.kinds()
        .filter_map(|kind| match kind {
            EventKind::DeferredStep { step, .. } => Some(step.to_string()),
            EventKind::DeferredPaused { .. } => Some("paused".to_owned()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_chain_switches_between_callbacks_and_errbacks() {
    let both = Link {
        callback: Some(plain("passed_by")),
        errback: Some(plain("cure")),
        wait: Duration::ZERO,
    };
    let chain = [
        then(plain("parse")),
        then(failing("translate")),
        then(plain("passed_by")),
        both,
        catch(plain("passed_by")),
        then(plain("print")),
    ];
    let program = Program::new([vec![Step::Deferred(promise(MS, chain)), call("after")]]);
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done]);
    assert_eq!(
        run.story(),
        [
            "start",
            "  task 1 begins",
            "fire",
            "  parse",
            "  translate",
            "  cure",
            "  print",
            "  after",
            "  task 1 Done",
        ]
    );
    assert_eq!(steps_of(&run), ["fired", "failed", "recovered"]);
    assert_eq!(failures(&run), ["no luck"]);
}

#[test]
fn one_without_a_delay_fires_when_its_chain_stands() {
    let chain = [then(plain("print"))];
    let program = Program::new([vec![
        Step::Deferred(promise(Duration::ZERO, chain)),
        call("after"),
    ]]);
    let (_, run) = program.run();
    assert_eq!(
        run.story(),
        [
            "start",
            "  task 1 begins",
            "  print",
            "  after",
            "  task 1 Done"
        ]
    );
}

#[test]
fn a_link_that_waits_pauses_the_chain() {
    let slow = Link {
        wait: MS,
        ..then(plain("ask"))
    };
    let chain = [slow, then(plain("print"))];
    let (_, run) = Program::new([vec![Step::Deferred(promise(MS, chain))]]).run();
    assert_eq!(
        run.callbacks(id(1)),
        ["start", "fire", "ask", "fire", "print"]
    );
    assert_eq!(steps_of(&run), ["fired", "paused", "fired", "resumed"]);
}

#[test]
fn a_link_that_computes_in_slices_pauses_the_chain_as_well() {
    for (wait, fails) in [(Duration::ZERO, false), (MS, false), (MS, true)] {
        let link = Link {
            wait,
            ..then(Call {
                name: "compute".to_owned(),
                work: Work::Compute(2 * MS),
                fails: fails.then(|| "no luck".to_owned()),
            })
        };
        let chain = [link, then(plain("print")), catch(plain("cure"))];
        let mut program = Program::new([vec![Step::Deferred(promise(Duration::ZERO, chain))]]);
        program.variant.slices = Some(MS);
        let (runs, run) = program.run();
        assert_eq!(outcomes(&runs), [Outcome::Done]);
        let mut expected = vec!["start", "compute", "next_slice", "compute"];
        expected.extend((!wait.is_zero() && !fails).then_some("fire"));
        // It fails when it has computed everything, in a callback of its own.
        expected.extend(fails.then_some("compute"));
        expected.push(if fails { "cure" } else { "print" });
        assert_eq!(run.callbacks(id(1)), expected);
    }
}

#[test]
fn a_failure_that_is_left_fails_the_task_and_is_said_to_be_unhandled() {
    let failed = Promise {
        fails: Some("no poem".to_owned()),
        ..promise(MS, [then(plain("print"))])
    };
    let (runs, run) = Program::new([vec![Step::Deferred(failed), call("never")]]).run();
    assert_eq!(runs[0].error.as_deref(), Some("no poem"));
    assert_eq!(run.outcome(), Outcome::Failed);
    assert_eq!(run.callbacks(id(1)), ["start", "fail"]);
    let unhandled = "unhandled in the deferred `get_poem`: no poem";
    assert_eq!(failures(&run), [unhandled]);

    let chain = [catch(plain("passed_by")), then(failing("print"))];
    let (runs, run) = Program::new([vec![Step::Deferred(promise(MS, chain))]]).run();
    assert_eq!(runs[0].error.as_deref(), Some("no luck"));
    assert_eq!(
        failures(&run),
        ["no luck", "unhandled in the deferred `get_poem`: no luck"]
    );
    assert_eq!(steps_of(&run), ["fired", "failed", "unhandled"]);
}

#[test]
fn it_can_be_stopped_before_it_fires_and_while_it_is_paused() {
    let never = Program::new([vec![Step::Deferred(promise(EVER, []))]]);
    never.stop_at(|_, kind| matches!(kind, EventKind::TimerSet { .. }));
    let slow = Link {
        wait: EVER,
        ..then(plain("ask"))
    };
    let paused = Program::new([vec![Step::Deferred(promise(MS, [slow]))]]);
    let run = paused.stop_at(|_, kind| matches!(kind, EventKind::DeferredPaused { .. }));
    let unhandled = EventKind::DeferredStep {
        deferred: FlowId::from_index(0),
        step: DeferredStep::Unhandled,
    };
    assert_eq!(run.count(|kind| *kind == unhandled), 0);
}

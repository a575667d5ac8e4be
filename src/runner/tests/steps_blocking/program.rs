//! What a program does without talking to anybody.

use super::*;
use crate::scenario::Promise;
use crate::trace::{Timestamp, WaitCall};

const MILLISECOND: Duration = Duration::from_millis(1);

fn every(interval: Duration, times: usize, call: Call) -> Step {
    Step::Every {
        interval,
        times,
        call,
    }
}

fn working(name: &str, work: Work) -> Call {
    Call { work, ..call(name) }
}

/// When the callbacks with this name began.
fn begins(run: &Run, wanted: &str) -> Vec<Timestamp> {
    let events = run.threads.iter().flat_map(|(_, events)| events);
    events
        .filter(|event| {
            matches!(event.kind, EventKind::CallbackBegin { name, .. } if run.names[&name] == wanted)
        })
        .map(|event| event.at)
        .collect()
}

#[test]
fn callbacks_do_their_work_and_a_wait_is_a_sleep() {
    for model in MODELS {
        let what = vec![
            note("hello"),
            Step::Call(working("sleepy", Work::Block(MILLISECOND))),
            Step::Wait(MILLISECOND),
            Step::Call(working("busy", Work::Compute(MILLISECOND))),
        ];
        let (content, told) = done(model, what, Vec::new());
        assert_eq!(content, b"");
        let expected = [
            "hello",
            "sleepy",
            "  sleep 1ms",
            "wait in sleep",
            "busy",
            "  compute 1ms",
            "end done",
        ];
        assert_eq!(told, expected, "{model}");
    }
}

#[test]
fn a_wait_lasts() {
    let tasks = vec![steps(
        1,
        vec![note("before"), Step::Wait(30 * MILLISECOND), note("after")],
    )];
    let (_, run) = finish(Model::Synchronous, tasks, Vec::new());
    let (before, after) = (begins(&run, "before")[0], begins(&run, "after")[0]);
    assert!(after.since(before) >= 30 * MILLISECOND);
}

#[test]
fn a_callback_that_fails_ends_its_task_alone() {
    for model in MODELS {
        let fails = Call {
            fails: Some("no more hellos".to_owned()),
            ..call("hello")
        };
        for step in [
            Step::Call(fails.clone()),
            every(MILLISECOND, 9, fails.clone()),
        ] {
            let (error, told) = failed(model, vec![step], Vec::new());
            assert_eq!(error, "no more hellos");
            let expected = ["hello", "  failure: no more hellos", "end failed"];
            assert_eq!(told, expected, "{model}");
        }
    }
}

#[test]
fn sleeps_and_work_can_be_stopped() {
    for model in MODELS {
        let sleeps = |kind: &EventKind| {
            matches!(
                kind,
                EventKind::WaitBegin {
                    call: WaitCall::Sleep,
                    ..
                }
            )
        };
        let blocks = |kind: &EventKind| matches!(kind, EventKind::BlockingBegin { .. });
        let (_, told) = stopped(model, vec![Step::Wait(EVER)], Vec::new(), sleeps);
        assert_eq!(told, ["wait in sleep", "end stopped"], "{model}");
        let tick = every(EVER, 9, call("tick"));
        let (_, told) = stopped(model, vec![tick], Vec::new(), sleeps);
        assert_eq!(told, ["tick", "wait in sleep", "end stopped"], "{model}");
        for work in [Work::Block(EVER), Work::Compute(EVER)] {
            let fails = Call {
                fails: Some("never comes to that".to_owned()),
                ..working("work", work)
            };
            let (_, told) = stopped(model, vec![Step::Call(fails)], Vec::new(), blocks);
            assert_eq!(told.len(), 3, "{model}: {told:?}");
        }
    }
}

#[test]
fn without_an_interval_one_call_follows_the_other() {
    for model in MODELS {
        let (_, told) = done(
            model,
            vec![every(Duration::ZERO, 3, call("tick"))],
            Vec::new(),
        );
        assert_eq!(told, ["tick", "tick", "tick", "end done"], "{model}");
    }
}

/// Where the machine is slow some are missed, and never is one early.
#[test]
fn calls_keep_to_their_grid() {
    for model in MODELS {
        let tasks = vec![steps(1, vec![every(20 * MILLISECOND, 3, call("tick"))])];
        let (_, run) = finish(model, tasks, Vec::new());
        let ticks = begins(&run, "tick");
        assert!((2..=3).contains(&ticks.len()), "{ticks:?}");
        // The grid begins a little before the first call.
        let last = ticks.last().unwrap().since(ticks[0]);
        assert!(last >= 39 * MILLISECOND, "{last:?}");
    }
}

#[test]
fn calls_that_were_missed_are_counted() {
    for model in MODELS {
        let slow = working("tick", Work::Block(35 * MILLISECOND));
        let (_, told) = done(model, vec![every(10 * MILLISECOND, 5, slow)], Vec::new());
        let expected = [
            "tick",
            "  sleep 35ms",
            "wait in sleep",
            "tick",
            "  sleep 35ms",
            "end done",
        ];
        assert_eq!(told, expected, "{model}: the second stands for three more");
    }
}

#[test]
fn the_switch_is_for_these_callbacks_too() {
    for model in MODELS {
        let what = || vec![note("hello"), every(Duration::ZERO, 2, call("tick"))];
        for (kind, inside) in [
            (BlockingKind::Sleep, Some("  sleep 1ms")),
            (BlockingKind::Cpu, Some("  compute 1ms")),
            (BlockingKind::Read, None),
        ] {
            let tasks = vec![steps(1, what())];
            let (_, run) = start(model, tasks, Vec::new(), &switched(kind)).finish();
            let expected: Vec<_> = ["hello", "tick", "tick"]
                .into_iter()
                .flat_map(|name| [Some(name), inside])
                .flatten()
                .chain(["end done"])
                .collect();
            assert_eq!(story(&run, 1), expected, "{model}");
        }
    }
}

#[test]
fn what_a_model_cannot_do_is_told() {
    for model in MODELS {
        let promise = Promise {
            name: "poem".to_owned(),
            wait: Duration::ZERO,
            fails: None,
            chain: Vec::new(),
        };
        let (error, _) = failed(model, vec![Step::Deferred(promise)], Vec::new());
        assert_eq!(
            error,
            "a Deferred fires in an event loop, and this model has none"
        );
        let say = Step::Say {
            to: None,
            texts: vec!["hello".to_owned()],
            times: 1,
            pause: Duration::ZERO,
        };
        let (error, _) = failed(model, vec![say], Vec::new());
        assert!(error.starts_with("there is no service"), "{error}");
    }
}

//! Calls, waits, looping calls, the end of the program, and tasks after others.

use super::*;
use crate::scenario::{Blocking, BlockingKind, Treatment};
use crate::trace::Change;

fn every(interval: Duration, times: usize, call: Call) -> Step {
    Step::Every {
        interval,
        times,
        call,
    }
}

#[test]
fn steps_are_done_one_after_the_other_in_the_callback_that_ended_the_one_before() {
    let program = Program::new([vec![
        call("hello"),
        call("again"),
        Step::Wait(MS),
        call("goodbye"),
    ]]);
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done]);
    assert_eq!(run.outcome(), Outcome::Done);
    assert_eq!(
        run.story(),
        [
            "start",
            "  task 1 begins",
            "  hello",
            "  again",
            "wait_over",
            "  goodbye",
            "  task 1 Done",
        ]
    );
}

#[test]
fn a_thousand_steps_nest_no_deeper_than_one() {
    let steps = |_| vec![call("step"), every(MS, 1, doing("tick", Work::Nothing))];
    let program = Program::new([(0..500).flat_map(steps).collect()]);
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done]);
    assert_eq!(run.callbacks(id(1)).len(), 1501);
    let depth = run
        .story()
        .iter()
        .map(|line| line.len() - line.trim_start().len())
        .max();
    assert_eq!(depth, Some(2));
}

#[test]
fn a_callback_that_fails_ends_its_task_and_nobody_elses() {
    let program = Program::new([
        vec![call("fine"), Step::Call(failing("break")), call("never")],
        vec![Step::Wait(MS), call("later")],
    ]);
    let (said, run) = program.failure();
    assert_eq!(said, "no luck");
    assert_eq!(run.callbacks(id(1)), ["start", "fine", "break"]);
    assert_eq!(run.callbacks(id(2)), ["start", "wait_over", "later"]);
    assert_eq!(
        run.count(|kind| matches!(kind, EventKind::CallbackEnd { failed: true })),
        1
    );
}

#[test]
fn a_callback_does_its_work() {
    for (work, text) in [
        (Work::Block(2 * MS), "sleep 2ms"),
        (Work::Compute(2 * MS), "compute 2ms"),
    ] {
        let (_, run) = Program::new([vec![Step::Call(doing("work", work))]]).run();
        assert_eq!(blocking_calls(&run), [text]);
    }
}

fn blocking_calls(run: &Run) -> Vec<&str> {
    run.kinds()
        .filter_map(|kind| match kind {
            EventKind::BlockingBegin { name, .. } => Some(run.names[&name].as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_users_switch_blocks_calls_and_ticks() {
    for (kind, text) in [
        (BlockingKind::Sleep, "sleep 1ms"),
        (BlockingKind::Cpu, "compute 1ms"),
    ] {
        let steps = vec![call("hello"), every(MS, 2, doing("tick", Work::Nothing))];
        let program = Program::new([steps.clone(), steps]);
        program.controls.blocking.set(Some(Blocking {
            kind,
            duration: MS,
            task: Some(id(1)),
        }));
        let (_, run) = program.run();
        assert_eq!(blocking_calls(&run), [text; 3]);
    }
}

#[test]
fn many_callbacks_are_a_stall_of_one_turn_although_none_takes_long() {
    let program = Program::new([vec![call("hello"), Step::Wait(MS)]]);
    program.controls.blocking.set(Some(Blocking {
        kind: BlockingKind::Many,
        duration: 150 * MS,
        task: None,
    }));
    let (_, run) = program.run();
    let kinds: Vec<_> = run.kinds().collect();
    let begins = |kind: &EventKind| matches!(kind, EventKind::CallbackBegin { name, .. } if run.names[name] == "one_of_many");
    let first = kinds.iter().position(begins).unwrap();
    let turn: Vec<_> = kinds[first..]
        .iter()
        .take_while(|kind| !matches!(kind, EventKind::PollBegin))
        .collect();
    assert_eq!(turn.iter().filter(|kind| begins(kind)).count(), 100);
    assert!(
        turn.iter()
            .any(|kind| matches!(kind, EventKind::Stall { .. }))
    );
}

#[test]
fn a_looping_call_ends_after_as_many_calls_as_there_were_to_be() {
    let program = Program::new([vec![
        every(Duration::ZERO, 3, doing("tick", Work::Nothing)),
        call("over"),
    ]]);
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done]);
    assert_eq!(
        run.story(),
        [
            "start",
            "  task 1 begins",
            "  tick",
            "tick",
            "tick",
            "looping_over",
            "  over",
            "  task 1 Done",
        ]
    );
}

/// The second call is at its moment at the earliest 40 ms after the first one: thirty-nine are missed.
#[test]
fn calls_that_were_missed_count_as_well() {
    let program = Program::new([vec![every(MS, 30, doing("tick", Work::Block(40 * MS)))]]);
    let (_, run) = program.run();
    assert_eq!(
        run.callbacks(id(1)),
        ["start", "tick", "tick", "looping_over"]
    );
}

#[test]
fn a_tick_that_fails_ends_its_looping_call_and_its_task() {
    let program = Program::new([
        vec![every(MS, 1000, failing("tick"))],
        vec![every(MS, 2, doing("tock", Work::Nothing))],
    ]);
    let (said, run) = program.failure();
    assert_eq!(said, "no luck");
    assert_eq!(run.callbacks(id(1)), ["start", "tick", "looping_over"]);
}

#[test]
fn a_computation_in_slices_lets_others_have_their_turns() {
    let work = Work::Compute(5 * MS);
    let mut program = Program::new([
        vec![Step::Call(doing("compute", work)), call("done")],
        vec![every(Duration::ZERO, 4, doing("tick", Work::Nothing))],
    ]);
    program.variant.slices = Some(2 * MS);
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done; 2]);
    assert_eq!(
        blocking_calls(&run),
        ["compute 2ms", "compute 2ms", "compute 1ms"]
    );
    let story = run.story();
    let of = |word: &str| {
        let places = story.iter().enumerate();
        let places = places.filter(|(_, line)| line.trim() == word);
        places.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let (computes, ticks) = (of("compute"), of("tick"));
    for pair in computes.windows(2) {
        assert!(ticks.iter().any(|tick| (pair[0]..pair[1]).contains(tick)));
    }
    assert_eq!(story[computes[2] - 1], "next_slice");
    assert_eq!(story[computes[2] + 1], "  done");
}

#[test]
fn asked_for_asynchronously_a_computation_keeps_its_slices() {
    let work = Work::Compute(5 * MS);
    let mut program = Program::new([vec![Step::Call(doing("compute", work))]]);
    program.variant.slices = Some(2 * MS);
    program.controls.treatment = Some(Treatment {
        callback: "compute".into(),
        task: Some(id(1)),
        change: Change::Asynchronous,
    });
    let (_, run) = program.run();
    assert_eq!(
        blocking_calls(&run),
        ["compute 2ms", "compute 2ms", "compute 1ms"]
    );
}

#[test]
fn a_computation_in_slices_fails_at_its_end_and_its_tick_is_over_then() {
    let mut slow = failing("compute");
    slow.work = Work::Compute(3 * MS);
    for step in [Step::Call(slow.clone()), every(MS, 9, slow)] {
        let mut program = Program::new([vec![step]]);
        program.variant.slices = Some(2 * MS);
        let (said, run) = program.failure();
        assert_eq!(said, "no luck");
        assert_eq!(blocking_calls(&run), ["compute 2ms", "compute 1ms"]);
    }
}

#[test]
fn the_program_may_end_itself() {
    let program = Program::new([
        vec![Step::Wait(EVER)],
        vec![call("last"), Step::Stop],
        vec![Step::Stop, call("never")],
    ]);
    let (runs, run) = program.run();
    use Outcome::{Done, Stopped};
    assert_eq!(outcomes(&runs), [Stopped, Done, Stopped]);
    assert_eq!(run.outcome(), Done, "it ended as it was to end");
    assert!(!run.callbacks(id(3)).contains(&"never"));
    assert_eq!(failures(&run), [""; 0]);
}

#[test]
fn a_task_after_another_is_queued_until_that_has_ended() {
    let mut program = Program::new([
        vec![Step::Wait(MS), Step::Call(failing("first"))],
        vec![call("second")],
        vec![call("third")],
    ]);
    program.tasks[1].after = Some(id(1));
    program.tasks[2].after = Some(id(2));
    let (said, run) = program.failure();
    assert_eq!(said, "no luck");
    assert_eq!(
        run.story(),
        [
            "start",
            "  task 1 begins",
            "wait_over",
            "  first",
            "  task 1 Failed",
            "start",
            "  task 2 begins",
            "  second",
            "  task 2 Done",
            "start",
            "  task 3 begins",
            "  third",
            "  task 3 Done",
        ]
    );
}

#[test]
fn a_task_that_waits_for_another_never_begins_after_a_stop() {
    let mut program = Program::new([vec![call("first"), Step::Stop], vec![call("second")]]);
    program.tasks[1].after = Some(id(1));
    let (runs, run) = program.run();
    assert_eq!(outcomes(&runs), [Outcome::Done, Outcome::Stopped]);
    assert_eq!(run.outcome(), Outcome::Done);
    assert_eq!(run.callbacks(id(2)), [""; 0]);
}

#[test]
fn each_of_them_can_be_stopped() {
    let named = |wanted: &'static str| {
        move |run: &Run, kind: &EventKind| match kind {
            EventKind::TimerSet { name, .. } => run.names[name] == wanted,
            _ => false,
        }
    };
    Program::new([vec![Step::Wait(EVER)], vec![Step::Wait(EVER)]]).stop_at(named("wait_over"));
    let tick = doing("tick", Work::Nothing);
    Program::new([vec![every(EVER, 2, tick)]]).stop_at(named("tick"));
    let mut sliced = Program::new([vec![Step::Call(doing("compute", Work::Compute(EVER)))]]);
    let is_blocking = |_: &Run, kind: &EventKind| matches!(kind, EventKind::BlockingBegin { .. });
    sliced.stop_at(is_blocking);
    sliced = Program::new(sliced.tasks.into_iter().map(|task| task.steps));
    sliced.variant.slices = Some(MS);
    sliced.stop_at(named("next_slice"));
    let mut sleeps = failing("sleep");
    sleeps.work = Work::Block(EVER);
    Program::new([vec![Step::Call(sleeps)]]).stop_at(is_blocking);
}

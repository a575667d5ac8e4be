//! Which task comes after which, and what ends them all.

use super::*;

/// Begins and ends of tasks, by their time.
fn order(run: &Run) -> Vec<String> {
    let events = run.threads.iter().flat_map(|(_, events)| events);
    let mut events: Vec<_> = events
        .filter_map(|event| match event.kind {
            EventKind::TaskBegin { task, .. } => Some((event.at, format!("begin {task}"))),
            EventKind::TaskEnd { task, .. } => Some((event.at, format!("end {task}"))),
            _ => None,
        })
        .collect();
    events.sort();
    events.into_iter().map(|(_, line)| line).collect()
}

fn idles(run: &Run) -> usize {
    run.count(|kind| *kind == EventKind::IdleBegin)
}

#[test]
fn a_task_comes_after_another_one() {
    let wait = Step::Wait(Duration::from_millis(5));
    for model in MODELS {
        let tasks = vec![
            steps(1, vec![wait.clone()]),
            after(1, steps(2, vec![wait.clone()])),
            after(2, steps(3, vec![note("last")])),
        ];
        let (runs, run) = finish(model, tasks, Vec::new());
        assert!(runs.iter().all(|run| run.outcome == Outcome::Done));
        let expected = ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"];
        assert_eq!(order(&run), expected, "{model}");
        // Its thread is there from the start, and has nothing to do.
        let idle = if model == Model::Threaded { 2 } else { 0 };
        assert_eq!(idles(&run), idle, "{model}");
        assert_eq!(run.count(|kind| *kind == EventKind::IdleEnd), idle);
    }
}

#[test]
fn a_task_that_failed_has_ended_too() {
    for model in MODELS {
        let fails = Call {
            fails: Some("no".to_owned()),
            ..call("hello")
        };
        let tasks = vec![
            steps(1, vec![Step::Call(fails)]),
            after(1, steps(2, vec![note("after all")])),
        ];
        let (runs, run) = finish(model, tasks, Vec::new());
        assert_eq!(runs[0].outcome, Outcome::Failed);
        assert_eq!(runs[1].outcome, Outcome::Done);
        assert_eq!(order(&run), ["begin 1", "end 1", "begin 2", "end 2"]);
    }
}

/// Nothing checks what a program gives to a runner: nobody waits for himself, or for somebody behind him.
#[test]
fn nobody_waits_for_one_that_stands_behind() {
    for model in MODELS {
        let tasks = vec![
            after(2, steps(1, vec![note("hello")])),
            after(2, steps(2, vec![note("hello")])),
            after(9, steps(3, vec![note("hello")])),
        ];
        let (runs, _) = finish(model, tasks, Vec::new());
        assert!(runs.iter().all(|run| run.outcome == Outcome::Done));
    }
}

#[test]
fn a_program_ends_itself() {
    for model in MODELS {
        let controls = Controls::default();
        let tasks = vec![
            steps(1, vec![note("first"), Step::Stop]),
            steps(2, vec![Step::Wait(EVER), note("too far")]),
            after(2, steps(3, vec![note("too late")])),
        ];
        let (runs, run) = start(model, tasks, Vec::new(), &controls).finish();
        run.check_nesting();
        let outcomes: Vec<_> = runs.iter().map(|run| run.outcome).collect();
        let expected = [Outcome::Done, Outcome::Stopped, Outcome::Stopped];
        assert_eq!(outcomes, expected, "{model}");
        assert_eq!(outcome(&run), Outcome::Done, "{model}: as it was to");
        assert_eq!(story(&run, 1), ["first", "end done"]);
        assert_eq!(story(&run, 3), Vec::<String>::new());
        assert!(!controls.stop.is_stopped(), "other models go on");
    }
}

#[test]
fn a_task_with_steps_behind_the_end_is_not_done() {
    for model in MODELS {
        let tasks = vec![steps(1, vec![Step::Stop, note("too far")])];
        let (runs, run) = finish(model, tasks, Vec::new());
        assert_eq!(runs[0].outcome, Outcome::Stopped);
        assert_eq!(story(&run, 1), ["end stopped"]);
        assert_eq!(outcome(&run), Outcome::Done);
    }
}

#[test]
fn a_program_that_ended_itself_has_still_failed() {
    for model in MODELS {
        let fails = Call {
            fails: Some("no".to_owned()),
            ..call("hello")
        };
        let tasks = vec![
            steps(1, vec![Step::Call(fails), Step::Stop]),
            after(1, steps(2, vec![Step::Stop])),
            after(2, steps(3, vec![note("too late")])),
        ];
        let (runs, run) = finish(model, tasks, Vec::new());
        let outcomes: Vec<_> = runs.iter().map(|run| run.outcome).collect();
        let expected = [Outcome::Failed, Outcome::Done, Outcome::Stopped];
        assert_eq!(outcomes, expected, "a task that failed stops nobody");
        assert_eq!(outcome(&run), Outcome::Failed);
    }
}

#[test]
fn a_stop_of_the_run_is_one_of_the_model() {
    for model in MODELS {
        let (_, told) = stopped(
            model,
            vec![Step::Wait(EVER), Step::Stop],
            Vec::new(),
            |kind| matches!(kind, EventKind::WaitBegin { .. }),
        );
        assert_eq!(told, ["wait in sleep", "end stopped"]);
    }
}

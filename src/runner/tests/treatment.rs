//! What blocks, carried out otherwise: the loop goes on, and the task has all its data in the end.

use super::*;
use crate::scenario::{Blocking, BlockingKind, Treatment};
use crate::trace::Change;

const LENGTH: Duration = Duration::from_millis(120);

fn treated(kind: BlockingKind, change: Change) -> Controls {
    let controls = Controls {
        treatment: Some(Treatment {
            callback: "data_received".into(),
            task: Some(id(1)),
            change,
        }),
        ..Controls::default()
    };
    controls.blocking.set(Some(Blocking {
        kind,
        duration: LENGTH,
        task: Some(id(1)),
    }));
    controls
}

/// What the loop was blocked in, with how long each took.
fn blocked(run: &Run) -> Vec<(String, Duration)> {
    let mut blocked = Vec::new();
    let mut begun = None;
    for event in &run.threads[0].1 {
        match event.kind {
            EventKind::BlockingBegin { name, .. } => begun = Some((name, event.at)),
            EventKind::BlockingEnd => {
                let (name, at) = begun.take().unwrap();
                blocked.push((run.names[&name].clone(), event.at.since(at)));
            }
            _ => {}
        }
    }
    blocked
}

fn run_treated(kind: BlockingKind, change: Change) -> Run {
    let controls = treated(kind, change);
    let tasks = (1..=2)
        .map(|number| task(number, serve_text(b"text"), 4))
        .collect();
    let (runs, run) = run(Model::Asynchronous, tasks, &controls);
    for one in runs {
        assert_eq!(one.content, b"text", "{kind:?} {change}");
        assert_eq!(one.outcome, Outcome::Done, "{:?}", one.error);
    }
    run
}

#[test]
fn in_a_thread_nothing_blocks_the_loop_and_the_task_waits_for_it() {
    use BlockingKind::{Cpu, Fsync, Lock, Sleep};
    for kind in [Sleep, Cpu, Lock, Fsync] {
        let run = run_treated(kind, Change::InThread);
        assert_eq!(blocked(&run), [], "{kind:?}");
        let done = run.count(|kind| matches!(kind, EventKind::WorkDone { .. }));
        assert_eq!(done, 1, "{kind:?}");
        let elsewhere = run.threads[1..].iter().flat_map(|(_, events)| events);
        let begun = elsewhere.filter(|event| matches!(event.kind, EventKind::BlockingBegin { .. }));
        assert_eq!(begun.count(), 1, "{kind:?}: it is done all the same");
    }
}

#[test]
fn what_reads_to_the_end_in_a_thread_brings_everything() {
    let run = run_treated(BlockingKind::Read, Change::InThread);
    assert_eq!(blocked(&run), []);
    let (go, may_go) = mpsc::channel::<()>();
    let slow = serve(move |mut client| {
        client.write_all(b"once ").unwrap();
        may_go.recv().unwrap();
        client.write_all(b"upon a time").unwrap();
    });
    let tasks = vec![task(1, slow, 16), task(2, serve_text(b"text"), 4)];
    let controls = treated(BlockingKind::Read, Change::InThread);
    let mut running = Run::start(Model::Asynchronous, tasks, &controls);
    // The other one is not held up.
    running.until(|kind| matches!(kind, EventKind::TaskEnd { task, .. } if *task == id(2)));
    go.send(()).unwrap();
    let (runs, _) = running.finish();
    assert_eq!(runs[0].content, b"once upon a time");
}

#[test]
fn in_slices_the_loop_looks_in_between() {
    let slice = Duration::from_millis(30);
    for kind in [BlockingKind::Sleep, BlockingKind::Cpu] {
        let run = run_treated(kind, Change::Slices(slice));
        let blocked = blocked(&run);
        assert_eq!(blocked.len(), 4, "{blocked:?}");
        let callbacks = run.callbacks(id(1));
        let slices = callbacks.iter().filter(|name| **name == "next_slice");
        assert_eq!(slices.count(), 3, "each of the others in a turn of its own");
    }
}

#[test]
fn what_only_waits_can_be_waited_for_by_the_loop_and_what_computes_cannot() {
    for (kind, left) in [
        (BlockingKind::Sleep, 0),
        (BlockingKind::Lock, 0),
        (BlockingKind::Read, 0),
        (BlockingKind::Cpu, 1),
        (BlockingKind::Fsync, 1),
    ] {
        let run = run_treated(kind, Change::Asynchronous);
        assert_eq!(blocked(&run).len(), left, "{kind:?}");
    }
}

#[test]
fn other_callbacks_and_other_models_are_as_they_were() {
    let mut controls = treated(BlockingKind::Sleep, Change::InThread);
    let tasks = || vec![task(1, serve_text(b"text"), 4)];
    let (_, threaded) = run(Model::Synchronous, tasks(), &controls);
    assert_eq!(blocked(&threaded).len(), 1);
    controls.treatment = controls.treatment.map(|treatment| Treatment {
        callback: "tick".into(),
        ..treatment
    });
    let (_, other) = run(Model::Asynchronous, tasks(), &controls);
    assert_eq!(blocked(&other).len(), 1);
}

#[test]
fn what_is_carried_out_in_a_thread_can_be_stopped() {
    for change in [Change::InThread, Change::Asynchronous] {
        let controls = treated(BlockingKind::Sleep, change);
        controls.blocking.set(Some(Blocking {
            kind: BlockingKind::Sleep,
            duration: EVER,
            task: None,
        }));
        let tasks = vec![task(1, serve_and_hang(b"text"), 8)];
        let mut running = Run::start(Model::Asynchronous, tasks, &controls);
        running.until(|kind| matches!(kind, EventKind::BytesRead { .. }));
        controls.stop.stop();
        let (runs, _) = running.finish();
        assert_eq!(runs[0].outcome, Outcome::Stopped, "{change}");
    }
}

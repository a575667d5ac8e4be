//! What every model brings home, and the words in which it records that.

use super::*;
use crate::trace::{Cause, WaitCall};

#[test]
fn every_byte_of_every_task_arrives_in_each_model() {
    let texts: [&[u8]; 3] = [b"first", b"the second", b"and the third"];
    for model in Model::OF_TASKS {
        let tasks = texts
            .iter()
            .zip(1..)
            .map(|(text, number)| task(number, serve_text(text), text.len()))
            .collect();
        let (runs, run) = run(model, tasks, &Controls::default());
        for ((text, done), number) in texts.iter().zip(&runs).zip(1..) {
            assert_eq!(done.task, id(number), "{model}");
            assert_eq!(done.content, *text, "{model}");
            assert_eq!(done.outcome, Outcome::Done, "{model}");
            assert_eq!(done.error, None, "{model}");
            let callbacks = run.callbacks(id(number));
            assert!(callbacks.contains(&"connection_made"), "{callbacks:?}");
            assert!(callbacks.contains(&"data_received"), "{callbacks:?}");
            assert_eq!(callbacks.last(), Some(&"connection_lost"));
            let read: usize = run
                .kinds()
                .filter_map(|kind| match kind {
                    EventKind::BytesRead { task, bytes } if task == id(number) => {
                        Some(bytes as usize)
                    }
                    _ => None,
                })
                .sum();
            assert_eq!(read, text.len(), "{model}");
            for event in [
                EventKind::Connected { task: id(number) },
                EventKind::BytesRead {
                    task: id(number),
                    bytes: 0,
                },
                EventKind::TaskEnd {
                    task: id(number),
                    outcome: Outcome::Done,
                },
            ] {
                assert_eq!(run.count(|kind| *kind == event), 1, "{model} {event:?}");
            }
        }
    }
}

#[test]
fn each_model_has_its_threads_and_its_frame() {
    for (model, threads) in [
        (Model::Synchronous, vec!["main"]),
        (Model::Threaded, vec!["main", "task 1", "task 2"]),
        (Model::Asynchronous, vec!["reactor"]),
    ] {
        let tasks = (1..=2)
            .map(|number| task(number, serve_text(b"text"), 4))
            .collect();
        let (_, mut run) = run(model, tasks, &Controls::default());
        run.threads.sort_by_key(|(id, _)| *id);
        let mut names: Vec<_> = run
            .threads
            .iter()
            .map(|(_, events)| match events[0].kind {
                EventKind::ThreadBegin { name } => run.names[&name].as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        names.sort_unstable();
        assert_eq!(names, threads, "{model}");
        let first = &run.threads[0].1;
        let EventKind::ModelBegin { name } = first[1].kind else {
            panic!("{:?}", first[1]);
        };
        assert_eq!(run.names[&name], model.name());
        let last = &first[first.len() - 2];
        assert_eq!(
            last.kind,
            EventKind::ModelEnd {
                outcome: Outcome::Done
            }
        );
        let ends = run.threads.iter().flat_map(|(_, events)| events);
        assert!(
            ends.filter(|event| matches!(event.kind, EventKind::TaskEnd { .. }))
                .all(|event| event.at <= last.at),
            "the model ends after its tasks"
        );
        assert_eq!(
            run.count(|kind| matches!(kind, EventKind::ModelEnd { .. })),
            1
        );
    }
}

#[test]
fn blocking_models_record_that_they_wait_and_the_reactor_that_it_polls() {
    for model in Model::OF_TASKS {
        let address = serve_text(b"text");
        let (_, run) = run(model, vec![task(1, address, 4)], &Controls::default());
        let waits = |wanted| {
            run.count(|kind| matches!(kind, EventKind::WaitBegin { call, .. } if *call == wanted))
        };
        let polls = run.count(|kind| matches!(kind, EventKind::PollBegin));
        let readiness = run.count(|kind| matches!(kind, EventKind::Readiness { .. }));
        let callbacks: Vec<_> = run
            .kinds()
            .filter_map(|kind| match kind {
                EventKind::CallbackBegin { cause, .. } => Some(cause),
                _ => None,
            })
            .collect();
        if model == Model::Asynchronous {
            assert_eq!(waits(WaitCall::Connect) + waits(WaitCall::Read), 0);
            assert!(polls > 0 && readiness > 1);
            assert_eq!(callbacks[0], Cause::WhenRunning);
            assert!(callbacks[1..].iter().all(|c| *c == Cause::Readiness));
        } else {
            assert_eq!(waits(WaitCall::Connect), 1);
            assert!(waits(WaitCall::Read) >= 2, "data, and its end");
            assert_eq!(polls + readiness, 0);
            assert!(callbacks.iter().all(|cause| *cause == Cause::Program));
        }
    }
}

#[test]
fn the_synchronous_model_takes_one_task_after_another() {
    let tasks = (1..=2)
        .map(|number| task(number, serve_text(b"text"), 4))
        .collect();
    let (_, run) = run(Model::Synchronous, tasks, &Controls::default());
    let order: Vec<_> = run
        .kinds()
        .filter_map(|kind| match kind {
            EventKind::TaskQueued { task, .. } => Some(format!("queue {task}")),
            EventKind::TaskBegin { task, .. } => Some(format!("begin {task}")),
            EventKind::TaskEnd { task, .. } => Some(format!("end {task}")),
            _ => None,
        })
        .collect();
    let expected = ["queue 1", "queue 2", "begin 1", "end 1", "begin 2", "end 2"];
    assert_eq!(order, expected);
}

/// More than one callback of the reactor takes.
#[test]
fn a_flood_arrives_whole() {
    let text: Vec<u8> = (0..5_000_000_u32).map(|index| index as u8).collect();
    for model in Model::OF_TASKS {
        let tasks = vec![task(1, serve_text(&text), text.len())];
        let (runs, _) = run(model, tasks, &Controls::default());
        assert!(runs[0].content == text, "{model}");
    }
}

#[test]
fn nothing_to_do_is_done_at_once() {
    for model in Model::OF_TASKS {
        let (runs, run) = run(model, Vec::new(), &Controls::default());
        assert!(runs.is_empty());
        assert_eq!(
            run.count(|kind| matches!(kind, EventKind::ModelEnd { .. })),
            1
        );
    }
}

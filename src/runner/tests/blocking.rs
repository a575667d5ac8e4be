//! Callbacks that block, and whom that hurts.

use super::*;
use crate::scenario::{Blocking, BlockingKind};

fn switched(kind: BlockingKind, duration: Duration, task: Option<usize>) -> Controls {
    let controls = Controls::default();
    controls.blocking.set(Some(Blocking {
        kind,
        duration,
        task: task.map(id),
    }));
    controls
}

fn stalls(run: &Run) -> Vec<(Option<TaskId>, &str, Duration)> {
    let events = run.threads.iter().flat_map(|(_, events)| events);
    events
        .filter_map(|event| match event.kind {
            EventKind::Stall {
                begin,
                task,
                callback,
            } => Some((task, run.names[&callback].as_str(), event.at.since(begin))),
            _ => None,
        })
        .collect()
}

#[test]
fn what_blocks_stalls_the_chosen_task_in_each_model() {
    let duration = Duration::from_millis(120);
    for (kind, text) in [
        (BlockingKind::Sleep, "sleep 120ms"),
        (BlockingKind::Cpu, "compute 120ms"),
        (BlockingKind::Lock, "wait 120ms for a lock"),
        (BlockingKind::Fsync, "fsync for 120ms"),
    ] {
        for model in Model::OF_TASKS {
            let controls = switched(kind, duration, Some(1));
            let tasks = (1..=2)
                .map(|number| task(number, serve_text(b"text"), 4))
                .collect();
            let (runs, run) = run(model, tasks, &controls);
            assert!(runs.iter().all(|run| run.content == b"text"));
            let names: Vec<_> = run
                .kinds()
                .filter_map(|kind| match kind {
                    EventKind::BlockingBegin { name, task } => {
                        assert_eq!(task, Some(id(1)));
                        Some(run.names[&name].as_str())
                    }
                    _ => None,
                })
                .collect();
            assert_eq!(names, [text], "{model}: in its one callback with data");
            let stalls = stalls(&run);
            // On a busy machine there may be others, of callbacks that had to wait for a core.
            let (_, _, length) = stalls
                .iter()
                .find(|stall| (stall.0, stall.1) == (Some(id(1)), "data_received"))
                .unwrap_or_else(|| panic!("{model}: {stalls:?}"));
            assert!(*length >= duration, "{length:?}");
        }
    }
}

#[test]
fn all_tasks_may_be_chosen() {
    let controls = switched(BlockingKind::Sleep, Duration::from_millis(1), None);
    let tasks = (1..=2)
        .map(|number| task(number, serve_text(b"text"), 4))
        .collect();
    let (_, run) = run(Model::Threaded, tasks, &controls);
    assert_eq!(
        run.count(|kind| matches!(kind, EventKind::BlockingBegin { .. })),
        2
    );
}

/// It takes both servers' next pieces to go on, and the second task has its piece before the first is done.
#[test]
fn reading_to_the_end_holds_up_everybody_in_the_reactor_and_nobody_elsewhere() {
    for model in [Model::Threaded, Model::Asynchronous] {
        let (first_read, is_read) = mpsc::channel::<()>();
        let slow = serve(move |mut client| {
            client.write_all(b"once ").unwrap();
            is_read.recv().unwrap();
            client.write_all(b"upon a time").unwrap();
        });
        let tasks = vec![task(1, slow, 16), task(2, serve_text(b"text"), 4)];
        let controls = switched(BlockingKind::Read, EVER, Some(1));
        let mut running = Run::start(model, tasks, &controls);
        running.until(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        if model == Model::Threaded {
            running.until(|kind| matches!(kind, EventKind::TaskEnd { task, .. } if *task == id(2)));
        }
        first_read.send(()).unwrap();
        let (runs, run) = running.finish();
        run.check_nesting();
        assert_eq!(runs[0].content, b"once upon a time");
        assert_eq!(runs[1].content, b"text");
        let callbacks = run.callbacks(id(1));
        let received = callbacks.iter().filter(|name| **name == "data_received");
        assert_eq!(received.count(), 1, "{model}: {callbacks:?}");
        if model == Model::Asynchronous {
            let events = &run.threads[0].1;
            let place = |wanted: fn(&EventKind) -> bool| {
                events.iter().position(|event| wanted(&event.kind)).unwrap()
            };
            let begin = place(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
            let end = place(|kind| matches!(kind, EventKind::BlockingEnd));
            let others = events[begin..end].iter().filter(
                |event| !matches!(event.kind, EventKind::BytesRead { task, .. } if task == id(1)),
            );
            assert_eq!(others.count(), 1, "the begin alone");
        }
    }
}

#[test]
fn the_switch_is_effective_from_the_next_callback_on() {
    for model in Model::OF_TASKS {
        let (go, may_go) = mpsc::channel::<()>();
        let address = serve(move |mut client| {
            for text in [b"one", b"two"] {
                client.write_all(text).unwrap();
                may_go.recv().unwrap();
            }
        });
        let controls = Controls::default();
        let mut running = Run::start(model, vec![task(1, address, 6)], &controls);
        let read = EventKind::BytesRead {
            task: id(1),
            bytes: 3,
        };
        // The event is handed over before the next wait: the callback is over then.
        running.until(|kind| *kind == read);
        controls.blocking.set(Some(Blocking {
            kind: BlockingKind::Sleep,
            duration: Duration::from_millis(1),
            task: None,
        }));
        go.send(()).unwrap();
        running.until(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        controls.blocking.set(None);
        go.send(()).unwrap();
        let (runs, run) = running.finish();
        assert_eq!(runs[0].content, b"onetwo");
        assert_eq!(
            run.count(|kind| matches!(kind, EventKind::BlockingBegin { .. })),
            1,
            "{model}"
        );
    }
}

/// As many as there are, each is seen.
#[test]
fn stalls_of_many_threads_are_seen_while_they_last() {
    const THREADS: usize = 24;
    let mut controls = switched(BlockingKind::Sleep, EVER, None);
    controls.watch = true;
    controls.stall_threshold.set(Duration::from_millis(5));
    let tasks = (1..=THREADS).map(|number| task(number, serve_text(b"text"), 4));
    let mut running = Run::start(Model::Threaded, tasks.collect(), &controls);
    let mut stuck = std::collections::HashSet::new();
    while stuck.len() < THREADS {
        running.wakes.recv().unwrap();
        running.drain();
        stuck.extend(running.kinds().filter_map(|kind| match kind {
            EventKind::StallNoticed { thread, .. } => Some(thread),
            _ => None,
        }));
    }
    controls.stop.stop();
    running.finish().1.check_nesting();
}

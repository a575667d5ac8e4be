//! The models of a server. That a process serves is tested from outside: it takes the program.

use super::*;
use crate::scenario::{Blocking, BlockingKind, Work};

/// Those that do not leave this process.
const MODELS: [Model; 4] = [
    Model::Sequential,
    Model::Threads,
    Model::Pool,
    Model::Reactor,
];

/// Clients of a server.
#[derive(Clone)]
struct Town {
    clients: Vec<Vec<Step>>,
    work: Work,
    threads: usize,
    controls: Controls,
}

impl Town {
    fn new(clients: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self {
            clients: clients.into_iter().collect(),
            work: Work::Nothing,
            threads: 2,
            controls: Controls::default(),
        }
    }

    fn start(&self, model: Model) -> Run {
        let town = self.clone();
        Run::start_job(&self.controls, |recorders| town.job(model, recorders))
    }

    fn job(self, model: Model, recorders: Recorders) -> Job {
        let clients = self.clients.into_iter().zip(1..);
        let tasks = clients.map(|(steps, number)| Task {
            id: id(number),
            name: format!("client {number}"),
            section: 0,
            steps,
            after: None,
        });
        Job {
            model: ModelId::from_index(0),
            variant: model.into(),
            tasks: tasks.collect(),
            endpoints: Arc::new([]),
            service: Some(Service {
                name: "echo".to_owned(),
                work: self.work,
                threads: self.threads,
            }),
            recorders,
            controls: self.controls,
        }
    }

    fn run(&self, model: Model) -> (Vec<TaskRun>, Run) {
        let (runs, run) = self.start(model).finish();
        run.check_nesting();
        (runs, run)
    }

    /// Stops it, and checks that everything ended with that.
    fn stop(&self, model: Model, running: Run) -> (Vec<TaskRun>, Run) {
        self.controls.stop.stop();
        let (runs, run) = running.finish();
        run.check_nesting();
        for done in &runs {
            assert_eq!(done.outcome, Outcome::Stopped, "{model}: {done:?}");
            assert_eq!(done.error, None, "{model}");
        }
        assert_eq!(run.messages(), [""; 0], "{model}: a stop is no failure");
        let ended = run.count(|kind| matches!(kind, EventKind::TaskEnd { .. }));
        assert_eq!(ended, self.clients.len(), "{model}");
        (runs, run)
    }
}

impl Run {
    fn messages(&self) -> Vec<&str> {
        let messages = self.kinds().filter_map(|kind| match kind {
            EventKind::Failure { message, .. } => Some(self.names[&message].as_str()),
            _ => None,
        });
        messages.collect()
    }

    fn thread_names(&self) -> Vec<&str> {
        let names = self.kinds().filter_map(|kind| match kind {
            EventKind::ThreadBegin { name } => Some(self.names[&name].as_str()),
            _ => None,
        });
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    /// What happened to the lane of a task: once each, unless it comes again.
    fn lane(&self, of: TaskId) -> Vec<EventKind> {
        let threads = self.threads.iter();
        let mut events: Vec<_> = threads
            .flat_map(|(_, events)| events)
            .filter(|event| match event.kind {
                EventKind::TaskQueued { task, .. }
                | EventKind::TaskBegin { task, .. }
                | EventKind::Connected { task }
                | EventKind::TaskEnd { task, .. } => task == of,
                _ => false,
            })
            .collect();
        events.sort_by_key(|event| event.at);
        events.into_iter().map(|event| event.kind).collect()
    }
}

fn say(texts: &[&str], times: usize, pause: Duration) -> Step {
    Step::Say {
        to: None,
        texts: texts.iter().map(|&text| text.to_owned()).collect(),
        times,
        pause,
    }
}

fn talk() -> Vec<Step> {
    vec![say(&["hello", "goodbye"], 2, Duration::ZERO)]
}

/// Says something, and then nothing for ever.
fn linger() -> Vec<Step> {
    vec![say(&["hello"], 2, EVER)]
}

#[test]
fn every_client_hears_what_it_has_said() {
    for model in MODELS {
        let (runs, run) = Town::new([talk(), talk(), talk()]).run(model);
        for (done, number) in runs.iter().zip(1..) {
            assert_eq!(done.task, id(number));
            assert_eq!(done.outcome, Outcome::Done, "{model}: {done:?}");
            assert_eq!(done.error, None);
            assert_eq!(done.content, b"hello\ngoodbye\nhello\ngoodbye\n", "{model}");
            let lane = run.lane(id(number));
            assert!(
                matches!(
                    lane[..],
                    [
                        EventKind::TaskQueued { .. },
                        EventKind::TaskBegin { .. },
                        EventKind::Connected { .. },
                        EventKind::TaskEnd {
                            outcome: Outcome::Done,
                            ..
                        }
                    ]
                ),
                "{model}: {lane:?}"
            );
            let callbacks = run.callbacks(id(number));
            let called = |name| callbacks.iter().filter(|&&called| called == name).count();
            assert_eq!(called("connection_made"), 1, "{model}");
            assert_eq!(called("line_received"), 4, "{model}");
            assert!(called("connection_lost") > 0, "{model}");
            let read = |kind| match kind {
                EventKind::BytesRead { task, bytes } if task == id(number) => bytes,
                _ => 0,
            };
            assert_eq!(run.kinds().map(read).sum::<u32>(), 28, "{model}");
        }
        assert_eq!(run.messages(), [""; 0], "{model}");
        let done = |kind: &EventKind| {
            matches!(
                kind,
                EventKind::ModelEnd {
                    outcome: Outcome::Done
                }
            )
        };
        assert_eq!(run.count(done), 1, "{model}");
    }
}

#[test]
fn each_model_has_the_threads_that_it_is_named_after() {
    let town = Town::new([talk(), talk(), talk()]);
    let threads = |model| {
        let (_, run) = town.run(model);
        run.thread_names().join(", ")
    };
    assert_eq!(threads(Model::Sequential), "main");
    assert_eq!(
        threads(Model::Threads),
        "client 1, client 2, client 3, main"
    );
    assert_eq!(threads(Model::Pool), "main, pool thread 1, pool thread 2");
    assert_eq!(threads(Model::Reactor), "reactor");
}

#[test]
fn who_comes_when_all_are_taken_waits_in_the_queue() {
    for (model, at_once) in [
        (Model::Sequential, 1),
        (Model::Threads, 3),
        (Model::Pool, 2),
        (Model::Reactor, 3),
    ] {
        let town = Town::new([linger(), linger(), linger()]);
        let mut running = town.start(model);
        let mut answered = 0;
        while answered < at_once {
            running.wakes.recv().expect("it goes on");
            running.drain();
            answered = (1..=3)
                .filter(|&number| running.callbacks(id(number)).contains(&"line_received"))
                .count();
        }
        let (runs, run) = town.stop(model, running);
        let begun = |kind: &EventKind| matches!(kind, EventKind::TaskBegin { .. });
        assert_eq!(run.count(begun), at_once, "{model}");
        let heard = runs.iter().filter(|run| !run.content.is_empty()).count();
        assert!(heard <= at_once, "{model}");
    }
}

#[test]
fn one_after_another_is_one_after_another() {
    for model in [Model::Sequential, Model::Pool] {
        let mut town = Town::new([talk(), talk(), talk()]);
        town.threads = 1;
        let (_, run) = town.run(model);
        let served = run.threads.iter().flat_map(|(_, events)| events);
        let served: Vec<_> = served
            .filter_map(|event| match event.kind {
                EventKind::TaskBegin { task, .. } => Some((task, "begin")),
                EventKind::TaskEnd { task, .. } => Some((task, "end")),
                _ => None,
            })
            .collect();
        assert_eq!(served.len(), 6);
        for visit in served.chunks(2) {
            assert_eq!((visit[0].1, visit[1].1), ("begin", "end"), "{model}");
            assert_eq!(visit[0].0, visit[1].0, "{model}");
        }
    }
}

#[test]
fn a_stop_ends_it_in_the_middle_of_its_work() {
    for model in MODELS {
        let mut town = Town::new([talk(), talk(), talk()]);
        town.work = Work::Block(EVER);
        let mut running = town.start(model);
        running.until(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
        town.stop(model, running);
    }
}

#[test]
fn a_stop_before_it_began_leaves_nothing_to_do() {
    for model in MODELS {
        let town = Town::new([talk(), talk()]);
        town.controls.stop.stop();
        let running = town.start(model);
        let (_, run) = town.stop(model, running);
        let begun = |kind: &EventKind| matches!(kind, EventKind::TaskBegin { .. });
        assert_eq!(run.count(begun), 0, "{model}");
    }
}

#[test]
fn without_clients_it_ends() {
    for model in MODELS {
        let (runs, _) = Town::new([]).run(model);
        assert_eq!(runs, []);
    }
}

#[test]
fn a_client_that_comes_again_is_queued_again_and_ends_once() {
    for model in MODELS {
        let twice = [talk(), vec![Step::Wait(Duration::from_millis(5))], talk()].concat();
        let (runs, run) = Town::new([twice]).run(model);
        assert_eq!(runs[0].content.len(), 56, "{model}");
        let lane = run.lane(id(1));
        let count =
            |wanted: fn(&EventKind) -> bool| lane.iter().filter(|kind| wanted(kind)).count();
        assert_eq!(
            count(|kind| matches!(kind, EventKind::Connected { .. })),
            2,
            "{model}: {lane:?}"
        );
        assert_eq!(
            count(|kind| matches!(kind, EventKind::TaskBegin { .. })),
            1,
            "{model}: {lane:?}"
        );
        assert!(
            matches!(lane.last(), Some(EventKind::TaskEnd { .. })),
            "{model}: {lane:?}"
        );
        assert_eq!(
            count(|kind| matches!(kind, EventKind::TaskEnd { .. })),
            1,
            "{model}: {lane:?}"
        );
    }
}

#[test]
fn a_client_that_never_comes_ends_all_the_same() {
    for model in MODELS {
        let silent = vec![Step::Wait(Duration::from_millis(1))];
        let (runs, run) = Town::new([silent, talk()]).run(model);
        assert!(runs.iter().all(|run| run.outcome == Outcome::Done));
        let lane = run.lane(id(1));
        assert!(
            matches!(
                lane[..],
                [
                    EventKind::TaskQueued { .. },
                    EventKind::TaskEnd {
                        outcome: Outcome::Done,
                        ..
                    }
                ]
            ),
            "{model}: {lane:?}"
        );
    }
}

#[test]
fn the_switch_blocks_the_answers_to_the_client_that_it_is_set_to() {
    let duration = Duration::from_millis(60);
    for model in MODELS {
        for kind in BlockingKind::ALL {
            let town = Town::new([talk(), talk()]);
            town.controls.blocking.set(Some(Blocking {
                kind,
                duration,
                task: Some(id(2)),
            }));
            let (runs, run) = town.run(model);
            assert!(runs.iter().all(|run| run.outcome == Outcome::Done));
            let blocked = |number| {
                run.count(|kind| {
                    matches!(kind, EventKind::BlockingBegin { task, .. } if *task == Some(id(number)))
                })
            };
            // There is nothing to be read to its end.
            let times = if kind == BlockingKind::Read { 0 } else { 4 };
            assert_eq!((blocked(1), blocked(2)), (0, times), "{model}, {kind:?}");
            let stalls = run.kinds().filter(|kind| {
                matches!(kind, EventKind::Stall { task, callback, .. }
                    if *task == Some(id(2)) && run.names[callback] == "line_received")
            });
            assert!(stalls.count() >= times, "{model}, {kind:?}");
        }
    }
}

#[test]
fn work_is_done_before_each_answer() {
    for model in MODELS {
        let mut town = Town::new([talk()]);
        town.work = Work::Block(Duration::from_millis(1));
        let (_, run) = town.run(model);
        let blocked = |kind: &EventKind| matches!(kind, EventKind::BlockingBegin { .. });
        assert_eq!(run.count(blocked), 4, "{model}");
    }
}

#[test]
fn a_process_that_does_not_serve_fails_its_client() {
    for (program, says) in [
        (
            "/nowhere/to/be/found",
            "cannot start /nowhere/to/be/found to serve a client: ",
        ),
        ("/bin/true", "its process ended too early: exit status: 0"),
        ("/bin/echo", "it does not speak as a process of loopscope "),
    ] {
        let mut town = Town::new([talk(), talk()]);
        town.controls.child = ChildProgram::at(program);
        let (runs, run) = town.run(Model::Processes);
        for done in &runs {
            assert_eq!(done.outcome, Outcome::Failed, "{program}");
            let error = done.error.as_deref().unwrap_or_default();
            assert!(error.starts_with(says), "{program}: {error}");
            let lane = run.lane(done.task);
            assert!(
                matches!(
                    lane.last(),
                    Some(EventKind::TaskEnd {
                        outcome: Outcome::Failed,
                        ..
                    })
                ),
                "{lane:?}"
            );
        }
        let said = run.messages();
        assert_eq!(said.len(), 2, "once each: {said:?}");
    }
}

#[test]
fn a_stall_is_seen_while_it_lasts_whoever_serves() {
    for model in MODELS {
        let mut town = Town::new(vec![vec![say(&["Hello"], 1, Duration::ZERO)]; 2]);
        town.controls.watch = true;
        town.controls.stall_threshold.set(Duration::from_millis(5));
        town.controls.blocking.set(Some(Blocking {
            kind: BlockingKind::Sleep,
            duration: EVER,
            task: Some(id(2)),
        }));
        let mut running = town.start(model);
        running.until(
            |kind| matches!(kind, EventKind::StallNoticed { task, .. } if *task == Some(id(2))),
        );
        town.controls.stop.stop();
        let (_, run) = running.finish();
        run.check_nesting();
    }
}

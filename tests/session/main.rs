//! A whole run, from the file of the scenario to the events that come out: with real servers, real threads and
//! real clocks, on a copy of the scenario that is ten times as fast.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod changed;
mod servers;

use std::collections::HashMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use loopscope::record::{Receiver, Wake};
use loopscope::scenario::{Blocking, BlockingKind, Fault, Model, Scenario, Server, Variant};
use loopscope::session::{ModelRun, Options, Session, SessionError};
use loopscope::trace::{Event, EventKind, ModelId, NameId, Outcome, TaskId, ThreadId, Timestamp};

/// The shipped scenario, ten times as fast.
fn fast() -> Scenario {
    let mut scenario = Scenario::load("three-slow-servers").unwrap();
    for server in &mut scenario.servers {
        server.delay /= 10;
    }
    scenario.blocking_on = false;
    scenario
}

/// What came out of a session.
#[derive(Default)]
struct Recorded {
    runs: Vec<ModelRun>,
    threads: HashMap<ThreadId, (ModelId, Vec<Event>)>,
    names: HashMap<NameId, String>,
}

impl Recorded {
    fn fetch(&mut self, receiver: &Receiver) {
        while let Ok(batch) = receiver.try_recv() {
            self.names.extend(batch.names);
            let (_, events) = self
                .threads
                .entry(batch.source.thread)
                .or_insert_with(|| (batch.source.model, Vec::new()));
            events.extend(batch.events);
        }
    }

    /// Waits for the end.
    fn finish(mut self, session: Session, receiver: &Receiver) -> Self {
        self.runs = session.join();
        self.fetch(receiver);
        self
    }

    fn has(&self, wanted: impl Fn(&EventKind) -> bool) -> bool {
        let mut events = self.threads.values().flat_map(|(_, events)| events);
        events.any(|event| wanted(&event.kind))
    }

    /// What was recorded for the model that was chosen as the `place`-th.
    fn events(&self, place: usize) -> impl Iterator<Item = &Event> {
        let wanted = ModelId::from_index(place);
        self.threads
            .values()
            .filter(move |(model, _)| *model == wanted)
            .flat_map(|(_, events)| events)
    }

    fn at(&self, place: usize, wanted: impl Fn(&EventKind) -> bool) -> Timestamp {
        let mut found = self.events(place).filter(|event| wanted(&event.kind));
        let at = found.next().expect("it was recorded").at;
        assert!(found.next().is_none(), "once");
        at
    }

    fn begin(&self, place: usize) -> Timestamp {
        self.at(place, |kind| matches!(kind, EventKind::ModelBegin { .. }))
    }

    fn end(&self, place: usize) -> Timestamp {
        self.at(place, |kind| matches!(kind, EventKind::ModelEnd { .. }))
    }

    fn elapsed(&self, place: usize) -> Duration {
        self.end(place).since(self.begin(place))
    }

    fn stalls(&self, place: usize) -> Vec<(Option<TaskId>, &str, Duration)> {
        self.events(place)
            .filter_map(|event| match event.kind {
                EventKind::Stall {
                    begin,
                    task,
                    callback,
                } => Some((task, self.names[&callback].as_str(), event.at.since(begin))),
                _ => None,
            })
            .collect()
    }
}

fn nobody() -> Wake {
    Arc::new(|| {})
}

fn run(scenario: &Scenario, options: Options) -> Recorded {
    let (session, receiver) = Session::start(scenario, options, nobody()).unwrap();
    Recorded::default().finish(session, &receiver)
}

fn only(scenario: &Scenario, model: Model) -> Options {
    Options {
        models: vec![model.into()],
        ..Options::of(scenario)
    }
}

/// Starts a session, and waits until an event like this was handed over.
fn start_until(
    scenario: &Scenario,
    options: Options,
    wanted: impl Fn(&EventKind) -> bool,
) -> (Session, Receiver, Recorded) {
    let (wake, wakes) = mpsc::channel();
    let wake: Wake = Arc::new(move || {
        // Nobody may listen any more.
        let _ = wake.send(());
    });
    let (session, receiver) = Session::start(scenario, options, wake).unwrap();
    let mut recorded = Recorded::default();
    while !recorded.has(&wanted) {
        wakes.recv().expect("the session goes on");
        recorded.fetch(&receiver);
    }
    (session, receiver, recorded)
}

fn first() -> TaskId {
    TaskId::from_index(0)
}

fn check_content(scenario: &Scenario, runs: &[ModelRun]) {
    for run in runs {
        assert_eq!(run.tasks.len(), scenario.tasks.len());
        for (task, done) in scenario.tasks.iter().zip(&run.tasks) {
            assert_eq!(done.task, task.id);
            assert_eq!(done.outcome, Outcome::Done, "{}", run.variant);
            assert!(
                done.content[..] == scenario.servers[task.download().unwrap()].text[..],
                "{}: {} is not whole",
                run.variant,
                task.name
            );
        }
    }
}

/// Machines are noisy: 5 % of the theory, and a quarter of a second for what has nothing to do with it.
fn check_elapsed(elapsed: Duration, theory: Duration, what: &str) {
    let most = theory.mul_f64(1.05) + Duration::from_millis(250);
    assert!(
        (theory..most).contains(&elapsed),
        "{what}: {elapsed:?}, in theory {theory:?}"
    );
}

#[test]
fn together_every_byte_arrives_in_every_model_in_the_time_that_theory_says() {
    let scenario = fast();
    let recorded = run(&scenario, Options::of(&scenario));
    let models: Vec<_> = recorded.runs.iter().map(|run| &run.variant).collect();
    assert!(models.into_iter().eq(&scenario.variants));
    check_content(&scenario, &recorded.runs);
    let times: Vec<_> = scenario.servers.iter().map(Server::theory).collect();
    let sum = times.iter().sum();
    let max = *times.iter().max().unwrap();
    check_elapsed(recorded.elapsed(0), sum, "synchronous");
    check_elapsed(recorded.elapsed(1), max, "threaded");
    check_elapsed(recorded.elapsed(2), max, "asynchronous");
    let begins = [0, 1, 2].map(|place| recorded.begin(place));
    let spread = begins
        .iter()
        .max()
        .unwrap()
        .since(begins[0].min(begins[1]).min(begins[2]));
    assert!(spread < Duration::from_millis(100), "{spread:?}");
}

#[test]
fn one_after_another_each_begins_when_the_one_before_it_has_ended() {
    let mut scenario = fast();
    scenario.servers.truncate(1);
    scenario.tasks.truncate(1);
    let mut options = Options::of(&scenario);
    options.together = false;
    options.models = [Model::Asynchronous, Model::Synchronous, Model::Threaded]
        .map(Variant::from)
        .to_vec();
    let recorded = run(&scenario, options.clone());
    check_content(&scenario, &recorded.runs);
    let models: Vec<_> = recorded.runs.iter().map(|run| &run.variant).collect();
    assert!(models.into_iter().eq(&options.models));
    for place in 1..3 {
        assert!(recorded.begin(place) >= recorded.end(place - 1));
    }
}

#[test]
fn each_model_runs_alone() {
    let scenario = fast();
    for model in Model::OF_TASKS {
        let recorded = run(&scenario, only(&scenario, model));
        assert_eq!(recorded.runs.len(), 1);
        assert_eq!(recorded.runs[0].variant.model, model);
        check_content(&scenario, &recorded.runs);
    }
}

#[test]
fn no_model_is_an_error() {
    let scenario = fast();
    let mut options = Options::of(&scenario);
    options.models.clear();
    let result = Session::start(&scenario, options, nobody());
    assert!(matches!(result, Err(SessionError::NoModel)));
}

#[test]
fn sleeping_in_the_callbacks_of_one_task_hurts_all_in_the_reactor_and_itself_alone_among_threads() {
    let scenario = fast();
    let mut options = Options::of(&scenario);
    options.models = [Model::Threaded, Model::Asynchronous]
        .map(Variant::from)
        .to_vec();
    options.blocking = Some(Blocking {
        kind: BlockingKind::Sleep,
        duration: Duration::from_millis(80),
        task: Some(first()),
    });
    let recorded = run(&scenario, options);
    check_content(&scenario, &recorded.runs);
    for place in [0, 1] {
        let stalls = recorded.stalls(place);
        let named = stalls
            .iter()
            .filter(|(task, callback, _)| *task == Some(first()) && *callback == "data_received");
        assert!(named.clone().count() > 1, "{stalls:?}");
        assert!(
            named
                .clone()
                .all(|(.., length)| *length >= Duration::from_millis(80)),
            "{stalls:?}"
        );
    }
    let threaded = recorded.stalls(0);
    assert!(
        threaded.iter().all(|(task, ..)| *task == Some(first())),
        "{threaded:?}"
    );
    for task in &scenario.tasks[1..] {
        let end = recorded.at(
            0,
            |kind| matches!(kind, EventKind::TaskEnd { task: id, .. } if *id == task.id),
        );
        check_elapsed(
            end.since(recorded.begin(0)),
            scenario.theory(task),
            &task.name,
        );
    }
}

#[test]
fn reading_to_the_end_in_a_callback_leaves_a_handful_of_polls_and_one_long_stall() {
    let scenario = fast();
    let mut options = only(&scenario, Model::Asynchronous);
    options.blocking = Some(Blocking {
        kind: BlockingKind::Read,
        duration: Duration::ZERO,
        task: Some(first()),
    });
    let recorded = run(&scenario, options);
    check_content(&scenario, &recorded.runs);
    let events: Vec<_> = recorded.events(0).collect();
    let polls = events
        .iter()
        .filter(|event| event.kind == EventKind::PollBegin);
    let polls = polls.count();
    assert!(polls <= 10, "{polls} polls");
    let theory = scenario.servers[0].theory();
    let stalls = recorded.stalls(0);
    let long = stalls
        .iter()
        .filter(|(task, _, length)| *task == Some(first()) && *length > theory / 2);
    assert_eq!(long.count(), 1, "{stalls:?}");
    let place = |wanted: fn(&EventKind) -> bool| {
        events.iter().position(|event| wanted(&event.kind)).unwrap()
    };
    let begin = place(|kind| matches!(kind, EventKind::BlockingBegin { .. }));
    let end = place(|kind| matches!(kind, EventKind::BlockingEnd));
    assert!(
        events[begin + 1..end].iter().all(
            |event| matches!(event.kind, EventKind::BytesRead { task, .. } if task == first())
        ),
        "nobody else gets anything meanwhile"
    );
}

#[test]
fn a_dead_port_and_an_early_end_are_told_and_the_others_go_on() {
    let mut scenario = fast();
    scenario.servers[0].fault = Some(Fault::Dead);
    scenario.servers[1].fault = Some(Fault::ClosesAfter(100));
    let recorded = run(&scenario, Options::of(&scenario));
    for done in &recorded.runs {
        let errors: Vec<_> = done.tasks.iter().map(|task| task.error.clone()).collect();
        let dead = errors[0].as_ref().unwrap();
        assert!(dead.contains("nobody listens there"), "{dead}");
        let expected = scenario.servers[1].text.len();
        assert_eq!(
            errors[1],
            Some(format!("the server closed after 100 of {expected} bytes"))
        );
        assert_eq!(done.tasks[1].content, scenario.servers[1].text[..100]);
        assert_eq!(errors[2], None);
        assert!(done.tasks[2].content[..] == scenario.servers[2].text[..]);
    }
}

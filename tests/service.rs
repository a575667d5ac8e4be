//! Servers under every model, from the scenario's text to what comes out: also in processes, which are the program
//! itself. Processes and descriptors belong to the whole process, so these tests take turns.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use loopscope::record::Receiver;
use loopscope::scenario::{Blocking, BlockingKind, Model, Scenario};
use loopscope::session::{ChildProgram, ModelRun, Options, Session};
use loopscope::store::{ModelTrack, SpanKind, TraceStore};
use loopscope::trace::{EventKind, Outcome, TaskId};
use rustix::io::Errno;
use rustix::process::{WaitOptions, wait};

static TURN: Mutex<()> = Mutex::new(());

/// The only one that runs something.
fn turn() -> MutexGuard<'static, ()> {
    ChildProgram::set_default(env!("CARGO_BIN_EXE_loopscope"));
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

const SAID: &[u8] = b"Hello\nGoodbye\nHello\nGoodbye\n";

/// Three clients that say something twice, of a server that does `work`.
fn scenario(work: &str, pause: &str) -> Scenario {
    let text = format!(
        r#"
        title = "A service"
        models = ["sequential", "processes", "threads", "pool", "reactor"]

        [service]
        name = "echo"
        threads = 2
        {work}

        [[tasks]]
        name = "client"
        count = 3
        steps = [{{ say = ["Hello", "Goodbye"], times = 2 {pause} }}]
        "#
    );
    Scenario::parse(&text, Path::new("service.toml")).unwrap()
}

fn only(scenario: &Scenario, model: Model) -> Options {
    Options {
        models: vec![model.into()],
        ..Options::of(scenario)
    }
}

/// A session, and what came out of it so far.
struct Ran {
    session: Option<Session>,
    receiver: Receiver,
    wakes: mpsc::Receiver<()>,
    store: TraceStore,
}

impl Ran {
    fn start(scenario: &Scenario, options: Options) -> Self {
        let (wake, wakes) = mpsc::channel();
        let wake = Arc::new(move || {
            // Nobody may listen any more.
            let _ = wake.send(());
        });
        let (session, receiver) = Session::start(scenario, options, wake).unwrap();
        Self {
            session: Some(session),
            receiver,
            wakes,
            store: TraceStore::new(),
        }
    }

    fn fetch(&mut self) {
        while let Ok(batch) = self.receiver.try_recv() {
            self.store.push(&batch);
        }
    }

    /// Waits until this is true of what came out.
    fn until(&mut self, wanted: impl Fn(&ModelTrack) -> bool) {
        while !self.store.models().iter().any(&wanted) {
            self.wakes.recv().expect("the session goes on");
            self.fetch();
        }
    }

    fn stop(&self) {
        self.session.as_ref().expect("it runs").stop();
    }

    fn finish(mut self) -> (Vec<ModelRun>, TraceStore) {
        let runs = self.session.take().expect("it runs").join();
        self.fetch();
        (runs, self.store)
    }
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Whether this process has no child, be it alive or not buried.
fn has_no_child() -> bool {
    matches!(wait(WaitOptions::NOHANG), Err(Errno::CHILD))
}

fn check_done(runs: &[ModelRun]) {
    for run in runs {
        assert_eq!(run.tasks.len(), 3);
        for task in &run.tasks {
            assert_eq!(task.outcome, Outcome::Done, "{}: {task:?}", run.variant);
            assert_eq!(task.content, SAID, "{}", run.variant);
        }
    }
}

#[test]
fn in_every_model_each_client_hears_what_it_has_said() {
    let _turn = turn();
    let before = descriptors();
    let scenario = scenario("", "");
    let (runs, store) = Ran::start(&scenario, Options::of(&scenario)).finish();
    let models: Vec<_> = runs.iter().map(|run| run.variant.model).collect();
    assert_eq!(models, Model::OF_A_SERVICE);
    check_done(&runs);
    for model in store.models() {
        let name = store.model_name(model);
        assert_eq!(model.outcome, Some(Outcome::Done), "{name}");
        assert_eq!(model.tasks.len(), 3, "{name}");
        let range = model.range(store.range().end);
        for task in &model.tasks {
            let begin = task.begin.expect("it was served");
            let end = task.end.expect("it ended");
            assert!(
                range.begin <= begin && begin < end && end <= range.end,
                "{name}"
            );
            assert_eq!(task.outcome, Some(Outcome::Done), "{name}");
            assert_eq!(task.bytes, 28, "{name}");
            // In the reactor it waits again after each callback, elsewhere in a system call.
            let waited = task.spent_nanos(SpanKind::Waiting, end);
            let ran = task.spent_nanos(SpanKind::Running, end);
            assert!(waited > 0 && ran > 0, "{name}: {waited} {ran}");
        }
        assert!(model.threads.iter().all(|thread| thread.end.is_some()));
    }
    assert!(has_no_child());
    assert_eq!(descriptors(), before);
}

#[test]
fn each_process_is_a_track_of_its_own_in_the_time_of_the_others() {
    let _turn = turn();
    let scenario = scenario("block = \"1ms\"", "");
    let (runs, store) = Ran::start(&scenario, only(&scenario, Model::Processes)).finish();
    check_done(&runs);
    let model = &store.models()[0];
    let range = model.range(store.range().end);
    let name = |thread: &loopscope::store::ThreadTrack| {
        store.name(thread.name.expect("it has one")).to_owned()
    };
    let threads: Vec<_> = model.threads.iter().filter(|one| one.has_spans()).collect();
    let (main, processes) = threads.split_first().unwrap();
    assert_eq!(name(main), "main");
    let mut names: Vec<_> = processes.iter().map(|process| name(process)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
    let mut served: HashMap<TaskId, usize> = HashMap::new();
    for process in processes {
        let number = name(process)
            .strip_prefix("process ")
            .map(str::parse::<u32>);
        assert!(matches!(number, Some(Ok(_))), "{}", name(process));
        let spans: Vec<_> = (0..process.lane.depths())
            .filter_map(|depth| process.lane.row(depth))
            .flat_map(|row| row.spans())
            .collect();
        let named = |wanted: &str| {
            let is_it = |span: &&loopscope::store::Span| {
                span.name.is_some_and(|name| store.name(name) == wanted)
            };
            spans.iter().filter(is_it).count()
        };
        assert_eq!(named("connection_made"), 1);
        assert_eq!(named("line_received"), 4);
        assert_eq!(named("sleep 1ms"), 4);
        assert_eq!(named("connection_lost"), 1);
        assert!(process.lane.open().is_empty());
        for span in &spans {
            // Its own moments lie between its start and its end, as its parent saw them.
            assert!(process.begin <= span.begin && span.end <= process.end.unwrap());
            assert!(range.begin <= span.begin && span.end <= range.end);
        }
        *served.entry(spans[0].task.unwrap()).or_default() += 1;
    }
    assert_eq!(served.len(), 3, "each client has a process");
}

#[test]
fn the_switch_reaches_a_process_when_it_is_started() {
    let _turn = turn();
    let scenario = scenario("", "");
    let options = Options {
        blocking: Some(Blocking {
            kind: BlockingKind::Sleep,
            duration: Duration::from_millis(20),
            task: Some(TaskId::from_index(1)),
        }),
        stall_threshold: Duration::from_millis(5),
        ..only(&scenario, Model::Processes)
    };
    let (runs, store) = Ran::start(&scenario, options).finish();
    check_done(&runs);
    let stalls = store.models()[0].stalls.iter();
    let stalls: Vec<_> = stalls
        .filter(|stall| stall.callback.map(|name| store.name(name)) == Some("line_received"))
        .collect();
    let of_second = stalls
        .iter()
        .filter(|stall| stall.task == Some(TaskId::from_index(1)));
    let lengths: Vec<_> = of_second.map(|stall| stall.range.duration()).collect();
    assert_eq!(lengths.len(), 4);
    let least = Duration::from_millis(20);
    assert!(lengths.iter().all(|length| *length >= least), "{lengths:?}");
}

/// A process is watched as a thread is, and what that costs it tells its parent.
#[test]
fn a_stall_of_a_process_is_seen_while_it_lasts_and_it_tells_what_that_costs() {
    let _turn = turn();
    let scenario = scenario("block = \"200ms\"", "");
    let mut ran = Ran::start(&scenario, only(&scenario, Model::Processes));
    ran.until(|model| model.stalls.iter().any(|stall| stall.lasts));
    let (runs, store) = ran.finish();
    check_done(&runs);
    let model = &store.models()[0];
    let tells = |thread: &&loopscope::store::ThreadTrack| {
        let name = thread.name.map_or("", |name| store.name(name));
        let mut told = thread.instants().iter().map(|event| event.kind);
        name.starts_with("process ")
            && told.any(|kind| matches!(kind, EventKind::Recorded { events: 1.., .. }))
    };
    assert_eq!(model.threads.iter().filter(tells).count(), 3);
    assert!(model.observer.recording.is_some_and(|spent| spent > 0));
    assert!(model.observer.reads > 0 && model.observer.spent > 0);
}

#[test]
fn a_stop_leaves_no_process_and_no_descriptor_behind() {
    let _turn = turn();
    let before = descriptors();
    // Those that wait for their clients see them hang up; those that work hear of nothing, and are killed.
    for (work, pause) in [("", ", pause = \"60s\""), ("block = \"60s\"", "")] {
        let scenario = scenario(work, pause);
        for model in Model::OF_A_SERVICE {
            let mut ran = Ran::start(&scenario, only(&scenario, model));
            ran.until(|model| {
                let mut spans = model.threads.iter().flat_map(|thread| {
                    let lane = &thread.lane;
                    let ended = lane.row(0).into_iter().flat_map(|row| row.spans());
                    ended.chain(lane.open().iter().copied()).collect::<Vec<_>>()
                });
                let mut inner = model.threads.iter().flat_map(|thread| thread.lane.open());
                if work.is_empty() {
                    spans.any(|span| matches!(span.kind, SpanKind::Callback(_)))
                } else {
                    inner.any(|span| span.kind == SpanKind::Blocking)
                }
            });
            ran.stop();
            let (runs, store) = ran.finish();
            for task in &runs[0].tasks {
                assert_eq!(task.outcome, Outcome::Stopped, "{model}: {task:?}");
            }
            for task in &store.models()[0].tasks {
                assert_eq!(task.outcome, Some(Outcome::Stopped), "{model}");
            }
            assert!(has_no_child(), "{model}");
            assert_eq!(descriptors(), before, "{model}");
        }
    }
}

#[test]
fn a_process_that_dies_fails_its_client_alone() {
    let _turn = turn();
    let scenario = scenario("block = \"1s\"", "");
    let mut ran = Ran::start(&scenario, only(&scenario, Model::Processes));
    let is_blocked = |thread: &loopscope::store::ThreadTrack| {
        let mut open = thread.lane.open().iter();
        open.any(|span| span.kind == SpanKind::Blocking)
    };
    ran.until(|model| model.threads.iter().any(is_blocked));
    let model = &ran.store.models()[0];
    let victim = model
        .threads
        .iter()
        .find(|thread| is_blocked(thread))
        .unwrap();
    let name = ran.store.name(victim.name.unwrap());
    let id = name.strip_prefix("process ").unwrap().parse().unwrap();
    let task = victim.lane.open()[0].task.unwrap();
    let id = rustix::process::Pid::from_raw(id).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    let (runs, store) = ran.finish();
    for run in &runs[0].tasks {
        if run.task == task {
            assert_eq!(run.outcome, Outcome::Failed);
            let error = run.error.as_deref().unwrap();
            assert!(
                error.starts_with("its process ended too early: signal: 9"),
                "{error}"
            );
        } else {
            assert_eq!(run.outcome, Outcome::Done);
        }
    }
    let recorded = store.models()[0].task(task).unwrap();
    assert_eq!(recorded.outcome, Some(Outcome::Failed));
    let said: usize = store.models()[0]
        .threads
        .iter()
        .flat_map(|thread| thread.instants())
        .filter(|event| matches!(event.kind, EventKind::Failure { .. }))
        .count();
    assert_eq!(said, 1);
    assert!(has_no_child());
}

#[test]
fn a_program_that_does_not_know_how_to_serve_does_not_start_itself_for_ever() {
    let _turn = turn();
    // As if it had been started to serve a client, and ran the scenario all the same.
    let output = Command::new(env!("CARGO_BIN_EXE_loopscope"))
        .args(["run", "the-bank", "--models", "processes"])
        .env("LOOPSCOPE_SERVES_A_CLIENT", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("session::serve_client"), "{said}");
}

#[test]
fn by_hand_it_serves_nobody() {
    let _turn = turn();
    let output = Command::new(env!("CARGO_BIN_EXE_loopscope"))
        .args(["serve-client", "me"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("of no use by hand"), "{said}");
}

//! Each step in the models that block: what is recorded of it, how it fails, how it is stopped.

mod connections;
mod order;
mod program;
mod talks;

use super::*;
use crate::scenario::{Blocking, BlockingKind, Call, Work};

const MODELS: [Model; 2] = [Model::Synchronous, Model::Threaded];

/// A task of these steps.
fn steps(number: usize, steps: Vec<Step>) -> Task {
    Task {
        id: id(number),
        name: format!("task {number}"),
        section: number - 1,
        steps,
        after: None,
    }
}

fn after(other: usize, task: Task) -> Task {
    Task {
        after: Some(id(other)),
        ..task
    }
}

/// A callback with this name.
fn call(name: &str) -> Call {
    Call {
        name: name.to_owned(),
        work: Work::Nothing,
        fails: None,
    }
}

/// A step that is a callback with this name, for which the next steps are looked at.
fn note(name: &str) -> Step {
    Step::Call(call(name))
}

fn at(place: Place, expected: Option<usize>) -> Endpoint {
    Endpoint { place, expected }
}

fn tcp(address: SocketAddr, expected: usize) -> Endpoint {
    at(Place::Tcp(address), Some(expected))
}

fn start(model: Model, tasks: Vec<Task>, endpoints: Vec<Endpoint>, controls: &Controls) -> Run {
    Run::start_job(controls, |recorders| Job {
        model: ModelId::from_index(0),
        variant: model.into(),
        tasks: tasks.into(),
        endpoints: endpoints.into(),
        service: None,
        recorders,
        controls: controls.clone(),
    })
}

/// Runs `tasks` to their end.
fn finish(model: Model, tasks: Vec<Task>, endpoints: Vec<Endpoint>) -> (Vec<TaskRun>, Run) {
    let (runs, run) = start(model, tasks, endpoints, &Controls::default()).finish();
    run.check_nesting();
    (runs, run)
}

/// Runs one task, which has to succeed, and returns what it brought home and its story.
fn done(model: Model, what: Vec<Step>, endpoints: Vec<Endpoint>) -> (Vec<u8>, Vec<String>) {
    let (mut runs, run) = finish(model, vec![steps(1, what)], endpoints);
    assert_eq!(runs[0].outcome, Outcome::Done, "{model}: {runs:?}");
    (runs.remove(0).content, story(&run, 1))
}

/// Runs one task that fails in `what`, beside one that does not, and returns why and its story.
fn failed(model: Model, mut what: Vec<Step>, endpoints: Vec<Endpoint>) -> (String, Vec<String>) {
    what.push(note("too far"));
    let other = steps(2, vec![note("fine")]);
    let (mut runs, run) = finish(model, vec![steps(1, what), other], endpoints);
    assert_eq!(runs[0].outcome, Outcome::Failed, "{model}");
    assert_eq!(runs[1].outcome, Outcome::Done, "{model}");
    let error = runs[0].error.take().unwrap();
    assert_eq!(
        run.count(|kind| matches!(kind, EventKind::Failure { .. })),
        1
    );
    let story = story(&run, 1);
    let said = format!("failure: {error}");
    assert!(
        story.iter().any(|line| line.trim_start() == said),
        "{model}: {story:?}"
    );
    assert_eq!(story.last().unwrap(), "end failed");
    assert!(!story.contains(&"too far".to_owned()), "{model}: {story:?}");
    assert_eq!(outcome(&run), Outcome::Failed);
    (error, story)
}

/// Starts a task, stops it once something like `moment` was handed over, and returns what it brought home and its story.
fn stopped(
    model: Model,
    mut what: Vec<Step>,
    endpoints: Vec<Endpoint>,
    moment: impl Fn(&EventKind) -> bool,
) -> (Vec<u8>, Vec<String>) {
    what.push(note("too far"));
    let controls = Controls::default();
    let tasks = vec![steps(1, what), after(1, steps(2, vec![note("too late")]))];
    let mut running = start(model, tasks, endpoints, &controls);
    running.until(moment);
    controls.stop.stop();
    let (mut runs, run) = running.finish();
    run.check_nesting();
    for run in &runs {
        assert_eq!(run.outcome, Outcome::Stopped, "{model}: {run:?}");
    }
    assert_eq!(
        run.count(|kind| matches!(kind, EventKind::Failure { .. })),
        0
    );
    assert_eq!(outcome(&run), Outcome::Stopped);
    let told = story(&run, 1);
    assert!(!told.contains(&"too far".to_owned()), "{model}: {told:?}");
    assert_eq!(story(&run, 2), Vec::<String>::new());
    (runs.remove(0).content, told)
}

/// How the model ended.
fn outcome(run: &Run) -> Outcome {
    run.kinds()
        .find_map(|kind| match kind {
            EventKind::ModelEnd { outcome } => Some(outcome),
            _ => None,
        })
        .unwrap()
}

/// What a task did on its thread, from its begin to its end. What happens in a callback is indented.
fn story(run: &Run, number: usize) -> Vec<String> {
    let begins = |event: &Event| matches!(event.kind, EventKind::TaskBegin { task, .. } if task == id(number));
    let mut lines = Vec::new();
    let Some((_, events)) = run
        .threads
        .iter()
        .find(|(_, events)| events.iter().any(begins))
    else {
        return lines;
    };
    let mut depth = 0;
    for event in events.iter().skip_while(|event| !begins(event)) {
        let line = match event.kind {
            EventKind::TaskEnd { outcome, .. } => {
                lines.push(format!("end {outcome:?}").to_lowercase());
                break;
            }
            EventKind::WaitBegin { call, .. } => format!("wait in {call}"),
            EventKind::CallbackBegin { name, .. } | EventKind::BlockingBegin { name, .. } => {
                run.names[&name].clone()
            }
            EventKind::Connected { .. } => "connected".to_owned(),
            EventKind::BytesRead { bytes, .. } => format!("read {bytes}"),
            EventKind::Failure { message, .. } => format!("failure: {}", run.names[&message]),
            EventKind::CallbackEnd { .. } | EventKind::BlockingEnd => {
                depth -= 1;
                continue;
            }
            _ => continue,
        };
        lines.push(format!("{:1$}{line}", "", 2 * depth));
        if let EventKind::CallbackBegin { .. } | EventKind::BlockingBegin { .. } = event.kind {
            depth += 1;
        }
    }
    lines
}

/// Callbacks block for a moment, whosever they are.
fn switched(kind: BlockingKind) -> Controls {
    let controls = Controls::default();
    controls.blocking.set(Some(Blocking {
        kind,
        duration: Duration::from_millis(1),
        task: None,
    }));
    controls
}

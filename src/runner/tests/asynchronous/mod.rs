//! The steps of tasks in the reactor, one kind after the other.

mod calls;
mod promises;
mod requests;
mod streams;
mod talks;

use super::*;
use crate::scenario::{Call, Work};
use crate::trace::FlowId;

const MS: Duration = Duration::from_millis(1);

/// What the reactor is to do.
#[derive(Clone)]
struct Program {
    variant: Variant,
    tasks: Vec<Task>,
    endpoints: Vec<Endpoint>,
    service: Option<Service>,
    controls: Controls,
}

impl Program {
    /// Tasks with these steps, none of which talks to anybody.
    fn new(tasks: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let tasks = tasks.into_iter().zip(1..).map(|(steps, number)| Task {
            id: id(number),
            name: format!("task {number}"),
            section: number - 1,
            steps,
            after: None,
        });
        Self {
            variant: Model::Asynchronous.into(),
            tasks: tasks.collect(),
            endpoints: Vec::new(),
            service: None,
            controls: Controls::default(),
        }
    }

    fn start(&self) -> Run {
        let program = self.clone();
        Run::start_job(&self.controls, |recorders| Job {
            model: ModelId::from_index(0),
            variant: program.variant,
            tasks: program.tasks.into(),
            endpoints: program.endpoints.into(),
            service: program.service,
            recorders,
            controls: program.controls,
        })
    }

    /// Runs it to its end.
    fn run(&self) -> (Vec<TaskRun>, Run) {
        let (runs, run) = self.start().finish();
        run.check_nesting();
        (runs, run)
    }

    /// Stops it as soon as an event like this was handed over: everything ends then.
    fn stop_at(&self, wanted: impl Fn(&Run, &EventKind) -> bool) -> Run {
        let mut running = self.start();
        while !running.kinds().any(|kind| wanted(&running, &kind)) {
            running.wakes.recv().expect("the run ended before");
            running.drain();
        }
        self.controls.stop.stop();
        let (runs, run) = running.finish();
        run.check_nesting();
        for run in &runs {
            assert_eq!((run.outcome, &run.error), (Outcome::Stopped, &None));
        }
        assert_eq!(failures(&run), [""; 0], "a stop is no failure");
        assert_eq!(run.outcome(), Outcome::Stopped);
        run
    }

    /// Runs it, and returns what is said of its first task, which fails, once.
    fn failure(&self) -> (String, Run) {
        let (runs, run) = self.run();
        assert_eq!(runs[0].outcome, Outcome::Failed);
        let said = runs[0].error.clone().unwrap();
        assert_eq!(failures(&run), [&*said]);
        assert_eq!(run.outcome(), Outcome::Failed);
        (said, run)
    }
}

impl Run {
    /// How the model ended.
    fn outcome(&self) -> Outcome {
        let ends: Vec<_> = self
            .kinds()
            .filter_map(|kind| match kind {
                EventKind::ModelEnd { outcome } => Some(outcome),
                _ => None,
            })
            .collect();
        assert_eq!(ends.len(), 1);
        ends[0]
    }

    /// What the loop's thread did, in order: callbacks, one level of indentation for each that they are in, and tasks.
    fn story(&self) -> Vec<String> {
        let events = &self.threads[0].1;
        let mut depth = 0;
        let mut lines = Vec::new();
        for event in events {
            let line = match event.kind {
                EventKind::CallbackBegin { name, .. } => self.names[&name].clone(),
                EventKind::CallbackEnd { .. } => {
                    depth -= 1;
                    continue;
                }
                EventKind::TaskBegin { task, .. } => format!("task {task} begins"),
                EventKind::TaskEnd { task, outcome } => format!("task {task} {outcome:?}"),
                _ => continue,
            };
            lines.push(format!("{}{line}", "  ".repeat(depth)));
            depth += usize::from(matches!(event.kind, EventKind::CallbackBegin { .. }));
        }
        lines
    }
}

/// Everything that was said to have gone wrong.
fn failures(run: &Run) -> Vec<&str> {
    run.kinds()
        .filter_map(|kind| match kind {
            EventKind::Failure { message, .. } => Some(run.names[&message].as_str()),
            _ => None,
        })
        .collect()
}

fn outcomes(runs: &[TaskRun]) -> Vec<Outcome> {
    runs.iter().map(|run| run.outcome).collect()
}

fn doing(name: &str, work: Work) -> Call {
    Call {
        name: name.to_owned(),
        work,
        fails: None,
    }
}

fn call(name: &str) -> Step {
    Step::Call(doing(name, Work::Nothing))
}

/// A callback that fails.
fn failing(name: &str) -> Call {
    Call {
        fails: Some("no luck".to_owned()),
        ..doing(name, Work::Nothing)
    }
}

fn tcp(address: SocketAddr, expected: Option<usize>) -> Endpoint {
    Endpoint {
        place: Place::Tcp(address),
        expected,
    }
}

//! The way of a task through its steps.

use std::cell::RefMut;
use std::rc::Rc;
use std::time::Duration;

use super::{Progress, Run, download, hold, lines, talk};
use crate::reactor::{Label, Reactor};
use crate::runner::live::Rhythm;
use crate::runner::running::{Running, StepError, StepResult};
use crate::scenario::{Step, Task};
use crate::trace::TaskId;

/// A task in one of its steps. Clones are the same; whoever of them says first that the step is over is heard.
#[derive(Clone)]
pub(super) struct Errand {
    pub(super) run: Rc<Run>,
    place: usize,
    /// Which step this is, counted from 0.
    step: usize,
}

impl Errand {
    /// Begins a task.
    pub(super) fn begin(run: Rc<Run>, place: usize, reactor: &mut Reactor) {
        let running = Running::begin(&run.tasks[place], reactor.recorder());
        run.progress[place].running.replace(Some(running));
        let errand = Self {
            run,
            place,
            step: 0,
        };
        errand.go_on(Ok(()), reactor);
    }

    pub(super) fn task(&self) -> TaskId {
        self.begun().id
    }

    /// The task as it was when the run began.
    fn begun(&self) -> &Task {
        &self.run.tasks[self.place]
    }

    /// The rhythm of this step, as it is to be now; `None` if it is no looping call.
    pub(super) fn rhythm(&self) -> Option<Rhythm> {
        self.run.controls.steps.rhythm(self.begun(), self.step)
    }

    /// How long nothing is to be said now after an answer.
    pub(super) fn pause(&self) -> Duration {
        self.run.controls.steps.pause(self.begun(), self.step)
    }

    /// The label of a callback of this task.
    pub(super) fn label(&self, name: &'static str) -> Label {
        Label::new(name, Some(self.task()))
    }

    /// The task in the making; `None` after its end.
    pub(super) fn running(&self) -> Option<RefMut<'_, Running>> {
        RefMut::filter_map(self.progress().running.borrow_mut(), Option::as_mut).ok()
    }

    fn progress(&self) -> &Progress {
        &self.run.progress[self.place]
    }

    /// The step is over.
    pub(super) fn step_over(&self, result: StepResult, reactor: &mut Reactor) {
        let progress = self.progress();
        if progress.steps.get() != self.step {
            return;
        }
        progress.steps.set(self.step + 1);
        if progress.is_beginning.get() {
            // Whoever began it goes on: no step begins inside another one, however many there are.
            progress.over.set(Some(result));
        } else {
            self.clone().go_on(result, reactor);
        }
    }

    /// Begins the next step, and those after it for as long as they are over at once; ends the task if there is none.
    fn go_on(mut self, result: StepResult, reactor: &mut Reactor) {
        let mut over = Some(result);
        while let Some(result) = over {
            self.step = self.progress().steps.get();
            let steps = &self.run.controls.steps;
            let step = steps.read(self.begun(), self.step, Step::clone);
            match (result, step) {
                // It is the end of the loop that broke the step off, and that ends the task.
                (Err(StepError::Failed(_)), _) | (Ok(()), Some(_)) if self.run.is_over() => return,
                (Ok(()), Some(step)) => {
                    self.progress().is_beginning.set(true);
                    self.clone().begin_step(&step, reactor);
                    self.progress().is_beginning.set(false);
                    over = self.progress().over.take();
                }
                (result, _) => return self.end(result, reactor),
            }
        }
    }

    fn begin_step(self, step: &Step, reactor: &mut Reactor) {
        match step {
            Step::Call(call) => self.call(call, reactor),
            Step::Wait(duration) => {
                let label = self.label("wait_over");
                reactor.call_later(*duration, label, move |reactor| {
                    self.step_over(Ok(()), reactor);
                    Ok(())
                });
            }
            Step::Every { .. } => self.every(0, reactor),
            Step::Download {
                server,
                by_lines: false,
                fails_after,
            } => download::begin(self, *server, *fails_after, reactor),
            Step::Download {
                server,
                by_lines: true,
                fails_after,
            } => lines::begin(self, *server, *fails_after, reactor),
            Step::Request { server, by } => {
                let by = by.unwrap_or(self.run.variant.requests);
                let treatment = self.run.controls.treatment.as_ref();
                let by = treatment.map_or(by, |it| it.of_request(self.task(), by));
                self.request(*server, by, reactor);
            }
            Step::Say {
                to, texts, times, ..
            } => {
                let script = talk::Script {
                    texts,
                    times: *times,
                };
                talk::begin(self, *to, &script, reactor);
            }
            Step::Hold { server, count } => hold::begin(self, *server, *count, reactor),
            Step::Deferred(promise) => self.promise(promise, reactor),
            Step::Stop => {
                self.run.end.stop();
                // Unless somebody has stopped it already.
                let _ = reactor.stop();
                self.step_over(Ok(()), reactor);
            }
        }
    }

    /// Ends the task.
    fn end(self, result: StepResult, reactor: &mut Reactor) {
        let running = self.progress().running.take();
        if let Some(running) = running {
            let ended = running.end(result, &self.run.controls.stop, reactor.recorder());
            self.run.ended(self.place, ended, reactor);
        }
    }
}

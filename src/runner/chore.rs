//! What takes time in a callback of a loop, and how else than there it can be carried out.

use std::time::Duration;

use super::Controls;
use super::blocking::{block_without_socket, perform};
use super::stop::StopToken;
use crate::reactor::{Deferred, Failure, Firing, Label, Reactor};
use crate::record::Recorder;
use crate::scenario::{Blocking, BlockingKind, Work};
use crate::trace::{Change, TaskId};

/// What takes time in a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chore {
    /// What the program is to do.
    Work(Work),
    /// What the switch makes it do, unless that is to read.
    Blocking(Blocking),
}

impl Chore {
    fn perform(self, task: TaskId, recorder: &mut Recorder, stop: &StopToken) {
        match self {
            Self::Work(work) => perform(work, task, recorder, stop),
            Self::Blocking(blocking) => block_without_socket(&blocking, task, recorder, stop),
        }
    }

    const fn duration(self) -> Duration {
        match self {
            Self::Work(work) => work.theory(),
            Self::Blocking(blocking) => blocking.duration,
        }
    }

    const fn with_duration(self, duration: Duration) -> Self {
        match self {
            Self::Work(Work::Nothing) => self,
            Self::Work(Work::Block(_)) => Self::Work(Work::Block(duration)),
            Self::Work(Work::Compute(_)) => Self::Work(Work::Compute(duration)),
            Self::Blocking(blocking) => Self::Blocking(Blocking {
                duration,
                ..blocking
            }),
        }
    }

    /// Whether the loop can wait for it, and call back: for a moment, or for whoever has the lock. No loop computes less
    /// for being asked later, and of a file no system says that it is ready.
    const fn is_a_wait(self) -> bool {
        match self {
            Self::Work(work) => matches!(work, Work::Block(_)),
            Self::Blocking(blocking) => {
                matches!(blocking.kind, BlockingKind::Sleep | BlockingKind::Lock)
            }
        }
    }
}

/// Does `chore` in the callback `label` that runs. Where that is carried out otherwise, it goes on when this returns, and
/// what is returned comes when it is done.
pub(super) fn carry_out(
    chore: Chore,
    label: Label,
    controls: &Controls,
    reactor: &mut Reactor,
) -> Option<Deferred<()>> {
    let treatment = controls.treatment.as_ref();
    let change = treatment.and_then(|treatment| treatment.of_callback(label.name));
    carry_out_so(chore, change, label, controls, reactor)
}

/// Does `chore` as `change` says; `None` is here and now.
pub(super) fn carry_out_so(
    chore: Chore,
    change: Option<Change>,
    label: Label,
    controls: &Controls,
    reactor: &mut Reactor,
) -> Option<Deferred<()>> {
    let task = label.task?;
    let whole = chore.duration();
    match change {
        Some(_) if whole.is_zero() => None,
        Some(Change::InThread) => {
            let stop = controls.stop.clone();
            Some(reactor.defer_to_thread(label, move |recorder| {
                chore.perform(task, recorder, &stop);
                Ok(())
            }))
        }
        Some(Change::Asynchronous) if chore.is_a_wait() => {
            let (firing, deferred) = reactor.deferred(label);
            reactor.call_later(whole, label, move |reactor| Ok(firing.fire(reactor, ())?));
            Some(deferred)
        }
        Some(Change::Slices(slice)) if whole > slice => {
            let first = chore.with_duration(slice);
            first.perform(task, reactor.recorder(), &controls.stop);
            let (done, sliced) = reactor.deferred(label);
            let rest = Rest {
                chore: chore.with_duration(whole - slice),
                slice,
                label,
                task,
                stop: controls.stop.clone(),
                done,
            };
            rest.do_later(reactor);
            Some(sliced)
        }
        _ => {
            chore.perform(task, reactor.recorder(), &controls.stop);
            None
        }
    }
}

/// What comes when both are done.
pub(super) fn both(
    one: Option<Deferred<()>>,
    other: Option<Deferred<()>>,
    label: Label,
    reactor: &mut Reactor,
) -> Option<Deferred<()>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            let (firing, both) = reactor.deferred(label);
            one.when_done(reactor, move |reactor, _| {
                other.when_done(reactor, move |reactor, _| {
                    // Nobody else fires it, and nobody cancels it.
                    let _ = firing.fire(reactor, ());
                });
            });
            Some(both)
        }
        (one, other) => one.or(other),
    }
}

/// Does `then` now, or when `done` is.
pub(super) fn after(
    done: Option<Deferred<()>>,
    reactor: &mut Reactor,
    then: impl FnOnce(&mut Reactor) + 'static,
) {
    match done {
        None => then(reactor),
        // What takes time has no way to fail, unless there is no thread for it; that is recorded.
        Some(done) => done.when_done(reactor, |reactor, _| then(reactor)),
    }
}

/// What is left of a chore that lets others have their turn in between.
struct Rest {
    chore: Chore,
    slice: Duration,
    label: Label,
    task: TaskId,
    stop: StopToken,
    done: Firing<()>,
}

impl Rest {
    /// Does the next slice in a turn of its own.
    fn do_later(self, reactor: &mut Reactor) {
        let label = Label::new("next_slice", self.label.task);
        reactor.call_later(Duration::ZERO, label, |reactor| self.do_slice(reactor));
    }

    fn do_slice(mut self, reactor: &mut Reactor) -> Result<(), Failure> {
        let left = self.chore.duration();
        let slice = self.slice.min(left);
        self.chore = self.chore.with_duration(slice);
        reactor.call_now(self.label, |reactor| {
            self.chore
                .perform(self.task, reactor.recorder(), &self.stop);
            Ok(())
        })?;
        if left > slice {
            self.chore = self.chore.with_duration(left - slice);
            self.do_later(reactor);
            return Ok(());
        }
        // Nobody else fires it, and nobody cancels it.
        Ok(self.done.fire(reactor, ())?)
    }
}

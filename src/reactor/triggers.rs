//! The reactor's start and end, in three phases each.

use std::cell::Cell;
use std::rc::Rc;

use super::{Callback, CallbackResult, Failure, Label, Reactor, Returned, State, Step};
use crate::trace::{Cause, EventKind};

/// What happens once in the life of a reactor.
///
/// ```
/// use loopscope::reactor::{Label, Phase, Reactor, SystemEvent};
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
///
/// let mut reactor = Reactor::new(recorder)?;
/// let (label, event) = (Label::new("save", None), SystemEvent::Shutdown);
/// reactor.add_system_event_trigger(Phase::During, event, label, |_| Ok(println!("saved")));
/// reactor.call_when_running(Label::new("stop", None), |reactor| Ok(reactor.stop()?));
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SystemEvent {
    /// It starts to run.
    Startup,
    /// It stops: after [`Reactor::stop`], and after the callbacks of that batch.
    Shutdown,
}

impl SystemEvent {
    const fn cause(self) -> Cause {
        match self {
            Self::Startup => Cause::WhenRunning,
            Self::Shutdown => Cause::Shutdown,
        }
    }
}

/// When something is called in the course of a [`SystemEvent`].
///
/// ```
/// use loopscope::reactor::{Label, Phase, Reactor, SystemEvent};
/// use std::{cell::RefCell, rc::Rc};
/// # use loopscope::{clock::Clock, record::channel, trace::ModelId};
/// # let (recorders, _trace) = channel(&Clock::monotonic(), std::sync::Arc::new(|| {}));
/// # let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
///
/// let order = Rc::new(RefCell::new(Vec::new()));
/// for phase in [Phase::After, Phase::During, Phase::Before] {
///     let order = Rc::clone(&order);
///     let label = Label::new("trigger", None);
///     reactor.add_system_event_trigger(phase, SystemEvent::Shutdown, label, move |_| {
///         order.borrow_mut().push(phase);
///         Ok(())
///     });
/// }
/// reactor.call_when_running(Label::new("enough", None), |reactor| Ok(reactor.stop()?));
/// reactor.run()?;
/// assert_eq!(*order.borrow(), [Phase::Before, Phase::During, Phase::After]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// First. A trigger may return a [`Deferred`](super::Deferred): the loop goes on, and the next phase waits until
    /// all of them have their results.
    Before,
    /// Then. At the shutdown, connections were lost and the threads of the pool joined before. Nobody is waited for.
    During,
    /// Last. Nobody is waited for.
    After,
}

/// Names one trigger of one reactor.
///
/// ```
/// use loopscope::reactor::{Label, Phase, Reactor, SystemEvent, TriggerId};
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
///
/// let mut reactor = Reactor::new(recorder)?;
/// let (label, event) = (Label::new("save", None), SystemEvent::Shutdown);
/// let saving: TriggerId = reactor.add_system_event_trigger(Phase::Before, event, label, |_| Ok(()));
/// // Nothing was changed, so there is nothing to save.
/// assert!(reactor.remove_system_event_trigger(saving));
/// assert!(!reactor.remove_system_event_trigger(saving));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TriggerId(u64);

type TriggerCode = Box<dyn FnOnce(&mut Reactor) -> Result<Step<(), Reactor>, Failure>>;

/// What is called when something happens to the reactor.
struct Trigger {
    id: TriggerId,
    place: (SystemEvent, Phase),
    label: Label,
    code: TriggerCode,
}

/// The triggers that were not called yet, in the order in which they were added.
#[derive(Default)]
pub(super) struct Triggers {
    waiting: Vec<Trigger>,
    added: u64,
}

impl Triggers {
    fn take_first(&mut self, place: (SystemEvent, Phase)) -> Option<Trigger> {
        let first = self
            .waiting
            .iter()
            .position(|trigger| trigger.place == place)?;
        Some(self.waiting.remove(first))
    }
}

/// How far the shutdown is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shutdown {
    #[default]
    NotBegun,
    /// What comes before it goes on still.
    Before,
    /// Nothing comes before it any more.
    Ready,
}

impl Reactor {
    /// Calls `code` in a phase of an event, after what was added before. Its failure is recorded, and holds up nobody.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use loopscope::clock::Clock;
    /// # use loopscope::record::channel;
    /// # use loopscope::trace::ModelId;
    /// use std::time::Duration;
    /// use loopscope::reactor::{Label, Phase, Reactor, SystemEvent};
    ///
    /// # let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// # let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    /// let mut reactor = Reactor::new(recorder)?;
    /// let label = Label::new("say_goodbye", None);
    /// reactor.add_system_event_trigger(Phase::Before, SystemEvent::Shutdown, label, |reactor| {
    ///     let (firing, said) = reactor.deferred(Label::new("goodbye", None));
    ///     reactor.call_later(Duration::from_millis(1), Label::new("said", None), move |reactor| {
    ///         Ok(firing.fire(reactor, ())?)
    ///     });
    ///     // The reactor runs on until it was said.
    ///     said
    /// });
    /// reactor.call_when_running(Label::new("stop", None), |reactor| Ok(reactor.stop()?));
    /// reactor.run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_system_event_trigger<R>(
        &mut self,
        phase: Phase,
        event: SystemEvent,
        label: Label,
        code: impl FnOnce(&mut Self) -> R + 'static,
    ) -> TriggerId
    where
        R: Returned<Self, Value = ()>,
    {
        let id = TriggerId(self.triggers.added);
        self.triggers.added += 1;
        self.triggers.waiting.push(Trigger {
            id,
            place: (event, phase),
            label,
            code: Box::new(move |reactor| code(reactor).into_step()),
        });
        id
    }

    /// Takes a trigger back. Whether it was still to be called.
    pub fn remove_system_event_trigger(&mut self, trigger: TriggerId) -> bool {
        let waiting = &mut self.triggers.waiting;
        let place = waiting.iter().position(|other| other.id == trigger);
        place.map(|place| waiting.remove(place)).is_some()
    }

    /// Calls `code` when the reactor has started to run, as a trigger after [`SystemEvent::Startup`]; at once if it runs
    /// already.
    pub fn call_when_running(
        &mut self,
        label: Label,
        code: impl FnOnce(&mut Self) -> CallbackResult + 'static,
    ) {
        if matches!(self.state, State::Running | State::Stopping) {
            let callback = label.callback(&mut self.recorder, Cause::WhenRunning, None);
            // Its failure is recorded, and concerns nobody else.
            let _ = self.dispatch(callback, code);
        } else {
            self.add_system_event_trigger(Phase::After, SystemEvent::Startup, label, code);
        }
    }

    /// Calls what comes before `event`, and what comes then as soon as nobody has to be waited for.
    pub(super) fn begin_system_event(&mut self, event: SystemEvent) {
        // One for itself, so that it does not go on before all were called.
        let waits_for = Rc::new(Cell::new(1_usize));
        while let Some(trigger) = self.triggers.take_first((event, Phase::Before)) {
            let (callback, step) = self.call_trigger(trigger);
            if let Ok(Step::Wait(deferred)) = step {
                waits_for.set(waits_for.get() + 1);
                let waits_for = Rc::clone(&waits_for);
                deferred.when_done(self, move |reactor, result| {
                    reactor.record_failure_of(callback, result);
                    reactor.one_is_done(event, &waits_for);
                });
            }
        }
        self.one_is_done(event, &waits_for);
    }

    fn one_is_done(&mut self, event: SystemEvent, waits_for: &Cell<usize>) {
        waits_for.set(waits_for.get() - 1);
        if waits_for.get() > 0 {
            return;
        }
        match event {
            SystemEvent::Startup => {
                self.call_triggers(event, Phase::During);
                self.call_triggers(event, Phase::After);
            }
            // The loop ends as soon as the callback returns that is running now.
            SystemEvent::Shutdown => self.shutdown = Shutdown::Ready,
        }
    }

    pub(super) fn call_triggers(&mut self, event: SystemEvent, phase: Phase) {
        while let Some(trigger) = self.triggers.take_first((event, phase)) {
            let (callback, step) = self.call_trigger(trigger);
            if let Ok(Step::Wait(deferred)) = step {
                deferred.when_done(self, move |reactor, result| {
                    reactor.record_failure_of(callback, result);
                });
            }
        }
    }

    /// Its failure was recorded when this returns.
    fn call_trigger(&mut self, trigger: Trigger) -> (Callback, Result<Step<(), Self>, Failure>) {
        let cause = trigger.place.0.cause();
        let callback = trigger.label.callback(&mut self.recorder, cause, None);
        (callback, self.dispatch(callback, trigger.code))
    }

    /// A trigger failed after it returned.
    fn record_failure_of(&mut self, trigger: Callback, result: CallbackResult) {
        if let Err(failure) = result {
            let message = self.recorder.message(&failure.to_string());
            let task = trigger.task;
            self.recorder.record(EventKind::Failure { task, message });
        }
    }

    /// Whether the loop is to end now, between its drain and its poll: it was stopped, and nothing comes before that.
    pub(super) fn is_to_end(&mut self) -> bool {
        if self.state == State::Stopping && self.shutdown == Shutdown::NotBegun {
            self.shutdown = Shutdown::Before;
            self.begin_system_event(SystemEvent::Shutdown);
        }
        self.shutdown == Shutdown::Ready
    }

    /// The end of the loop, whether it was stopped or its event provider failed.
    pub(super) fn shut_down(&mut self) {
        self.state = State::Stopping;
        // After a failure there is no loop any more that could wait for somebody.
        self.is_to_end();
        self.lose_all();
        self.recorder.flush();
        self.pool.join();
        self.renew_moment();
        self.call_triggers(SystemEvent::Shutdown, Phase::During);
        self.call_triggers(SystemEvent::Shutdown, Phase::After);
    }
}

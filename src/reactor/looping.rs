//! Calling something again and again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Callback, Deferred, Failure, Firing, Label, Reactor, Returned, Step, TimerId};
use crate::trace::{Cause, Timestamp};

/// A looping call was started that was started already.
///
/// ```
/// use loopscope::reactor::{AlreadyLooping, Label, LoopingCall, Reactor};
/// use std::time::Duration;
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
///
/// let mut reactor = Reactor::new(recorder)?;
/// let second = Duration::from_secs(1);
/// let tick = LoopingCall::new(Label::new("tick", None), |_, _| Ok(()));
/// let _over = tick.start(&mut reactor, second, false)?;
/// assert!(matches!(tick.start(&mut reactor, second, false), Err(AlreadyLooping)));
/// tick.stop(&mut reactor);
/// assert!(tick.start(&mut reactor, second, false).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the looping call runs already: stop it first")]
pub struct AlreadyLooping;

type Code = Box<dyn FnMut(&mut Reactor, &LoopingCall, u64) -> Result<Step<(), Reactor>, Failure>>;

/// Calls a function again and again, on a grid of moments: the start and every interval after it.
///
/// The next call is planned when the function has returned, or when the [`Deferred`] that it returned has its
/// result, for the next moment of the grid. So a function that takes too long misses moments and does not run
/// after itself, and after a delay the calls are on the grid again: delays do not add up. With an interval of zero
/// it is called once in each turn, and everybody else has his part of the turn.
///
/// With an interval of 1 and something that takes 2.5 from moment 1 on:
///
/// | what takes so long | moments of the calls |
/// |---|---|
/// | nothing | 0 1 2 3 4 5 … |
/// | another callback | 0 1 **3.5** 4 5 … |
/// | the function | 0 1 **4** 5 … |
/// | the Deferred that it returned | 0 1 **4** 5 …, and others are on time |
///
/// A failure of the function, or of its Deferred, stops it for good. Clones are the same looping call.
///
/// ```
/// # use std::sync::Arc;
/// # use loopscope::clock::Clock;
/// # use loopscope::record::channel;
/// # use loopscope::trace::ModelId;
/// use std::time::Duration;
/// use loopscope::reactor::{Label, LoopingCall, Reactor};
///
/// # let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
/// # let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
/// let mut reactor = Reactor::new(recorder)?;
/// let mut left = 3;
/// let countdown = LoopingCall::new(Label::new("countdown", None), move |reactor, countdown| {
///     left -= 1;
///     if left == 0 {
///         countdown.stop(reactor);
///     }
///     Ok(())
/// });
/// let over = countdown.start(&mut reactor, Duration::from_millis(1), true)?;
/// over.then(&mut reactor, |reactor, ()| Ok(reactor.stop()?));
/// reactor.run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct LoopingCall(Rc<Shared>);

struct Shared {
    label: Label,
    state: RefCell<State>,
}

struct State {
    /// Taken out while it is called.
    code: Option<Code>,
    /// Set from `start` to `stop`.
    grid: Option<Grid>,
    timer: Option<TimerId>,
    /// What the last `start` returned; set until the last call is over.
    over: Option<Firing<()>>,
    /// The moment of the last call that was counted.
    counted: Option<Timestamp>,
    counts: bool,
}

/// The moments at which it is called.
#[derive(Clone, Copy)]
struct Grid {
    start: Timestamp,
    interval: Duration,
    /// Whether the start is one of them.
    now: bool,
}

impl Grid {
    /// How many whole intervals lie between the start and `moment`; a negative number before it.
    fn intervals(self, moment: Timestamp) -> i128 {
        let elapsed = i128::from(moment.as_nanos()) - i128::from(self.start.as_nanos());
        elapsed / self.nanos()
    }

    /// The first moment of the grid after `moment`; with an interval of zero, `moment` itself.
    fn next(self, moment: Timestamp) -> Timestamp {
        if self.interval.is_zero() {
            return moment;
        }
        let next = i128::from(self.start.as_nanos())
            .saturating_add((self.intervals(moment) + 1).saturating_mul(self.nanos()));
        Timestamp(u64::try_from(next).unwrap_or(u64::MAX))
    }

    /// The interval, at least one nanosecond.
    fn nanos(self) -> i128 {
        i128::try_from(self.interval.as_nanos())
            .unwrap_or(i128::MAX)
            .max(1)
    }
}

impl LoopingCall {
    /// Will call `code`, as `label`, once it is started. `code` is given the looping call too, with which it can stop
    /// itself, and may return a [`Deferred`].
    pub fn new<R>(label: Label, mut code: impl FnMut(&mut Reactor, &Self) -> R + 'static) -> Self
    where
        R: Returned<Reactor, Value = ()>,
    {
        let code =
            move |reactor: &mut Reactor, looping: &Self, _| code(reactor, looping).into_step();
        Self::of(label, Box::new(code), false)
    }

    /// As [`LoopingCall::new`], and `code` is told how many calls it stands for: 1, and one more for each that was
    /// missed. Where that would be 0, because a delayed call has stood for this one, it is not called.
    pub fn with_count<R>(
        label: Label,
        mut code: impl FnMut(&mut Reactor, &Self, u64) -> R + 'static,
    ) -> Self
    where
        R: Returned<Reactor, Value = ()>,
    {
        let code = move |reactor: &mut Reactor, looping: &Self, count| {
            code(reactor, looping, count).into_step()
        };
        Self::of(label, Box::new(code), true)
    }

    fn of(label: Label, code: Code, counts: bool) -> Self {
        Self(Rc::new(Shared {
            label,
            state: RefCell::new(State {
                code: Some(code),
                grid: None,
                timer: None,
                over: None,
                counted: None,
                counts,
            }),
        }))
    }

    /// Starts it: the first call is made at once if `now`, also before the reactor runs, else after `interval`.
    /// What it returns fires when it was stopped and its last call is over, or fails as the call that failed.
    ///
    /// # Errors
    /// When it runs already, or its last call is not over yet.
    pub fn start(
        &self,
        reactor: &mut Reactor,
        interval: Duration,
        now: bool,
    ) -> Result<Deferred<()>, AlreadyLooping> {
        if self.is_running() || self.0.state.borrow().over.is_some() {
            return Err(AlreadyLooping);
        }
        let (firing, over) = reactor.deferred(self.0.label);
        let start = reactor.recorder.now();
        let mut state = self.0.state.borrow_mut();
        state.over = Some(firing);
        state.counted = None;
        state.grid = Some(Grid {
            start,
            interval,
            now,
        });
        drop(state);
        if now {
            let callback = self
                .0
                .label
                .callback(&mut reactor.recorder, Cause::Program, None);
            self.tick(reactor, callback);
        } else {
            self.plan(reactor, start);
        }
        Ok(over)
    }

    /// Stops it. A call that is on its way is the last one: the Deferred of [`LoopingCall::start`] fires after it. It
    /// can be started again then. Whether it ran.
    pub fn stop(&self, reactor: &mut Reactor) -> bool {
        let mut state = self.0.state.borrow_mut();
        if state.grid.take().is_none() {
            return false;
        }
        let timer = state.timer.take();
        drop(state);
        if let Some(timer) = timer {
            reactor.cancel(timer);
            self.end(reactor, Ok(()));
        }
        true
    }

    /// Starts the grid anew: the next call is an interval from now. Nothing happens during a call, after which the grid
    /// is as it was. Whether it runs.
    pub fn reset(&self, reactor: &mut Reactor) -> bool {
        let now = reactor.recorder.now();
        let mut state = self.0.state.borrow_mut();
        let State { grid, timer, .. } = &mut *state;
        let Some(grid) = grid else { return false };
        let Some(timer) = timer.take() else {
            return true;
        };
        grid.start = now;
        drop(state);
        reactor.cancel(timer);
        self.plan(reactor, now);
        true
    }

    /// Whether it was started and not stopped since.
    pub fn is_running(&self) -> bool {
        self.0.state.borrow().grid.is_some()
    }

    /// Makes a call, as `callback`.
    pub(super) fn tick(&self, reactor: &mut Reactor, callback: Callback) {
        let mut state = self.0.state.borrow_mut();
        state.timer = None;
        let count = state.count(reactor.recorder.now());
        // Nobody else has it: there is no start before the end of the last call.
        let code = if count == 0 { None } else { state.code.take() };
        drop(state);
        let Some(mut code) = code else {
            return self.called(reactor, Ok(()));
        };
        let step = reactor.dispatch(callback, |reactor| code(reactor, self, count));
        self.0.state.borrow_mut().code = Some(code);
        match step {
            Ok(Step::Value(())) => self.called(reactor, Ok(())),
            Err(failure) => self.called(reactor, Err(failure)),
            Ok(Step::Wait(deferred)) => {
                let looping = self.clone();
                deferred.when_done(reactor, move |reactor, result| {
                    looping.called(reactor, result);
                });
            }
        }
    }

    /// A call is over.
    fn called(&self, reactor: &mut Reactor, result: Result<(), Failure>) {
        if result.is_err() {
            self.0.state.borrow_mut().grid = None;
        }
        if self.is_running() {
            let now = reactor.recorder.now();
            self.plan(reactor, now);
        } else {
            self.end(reactor, result);
        }
    }

    fn plan(&self, reactor: &mut Reactor, now: Timestamp) {
        let grid = self.0.state.borrow().grid;
        if let Some(grid) = grid {
            let timer = reactor.tick_at(grid.next(now), self.0.label, self.clone());
            self.0.state.borrow_mut().timer = Some(timer);
        }
    }

    fn end(&self, reactor: &mut Reactor, result: Result<(), Failure>) {
        let over = self.0.state.borrow_mut().over.take();
        if let Some(over) = over {
            // Whoever cancelled it was told of the end then.
            let _ = over.finish(reactor, result);
        }
    }
}

impl State {
    /// For how many calls the one at `now` stands.
    fn count(&mut self, now: Timestamp) -> u64 {
        let Some(grid) = self.grid.filter(|_| self.counts) else {
            return 1;
        };
        let last = self.counted.replace(now);
        if grid.interval.is_zero() {
            return 1;
        }
        let before = match last {
            Some(last) => grid.intervals(last),
            // The one at the start is still to be counted, or it is none.
            None if grid.now => -1,
            None => 0,
        };
        let count = u64::try_from(grid.intervals(now) - before).unwrap_or(0);
        if count == 0 {
            self.counted = last;
        }
        count
    }
}

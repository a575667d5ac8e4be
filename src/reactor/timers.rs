//! Timers: what is to be called, and when.
//!
//! A delay is a [`Duration`], which has no negative values: what Twisted refuses at run time cannot be written.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::time::Duration;

use super::{Callback, CallbackResult, Code, Label, LoopingCall, Reactor};
use crate::clock::Ticks;
use crate::trace::{Cause, EventKind, FlowId, Timestamp};

/// Names one timer of one reactor, also after it was moved.
///
/// ```
/// use loopscope::reactor::{Label, Reactor, TimerId};
/// use std::time::Duration;
/// # use loopscope::{clock::Clock, record::Recorders, trace::ModelId};
/// # let recorder = Recorders::off(&Clock::monotonic()).recorder(ModelId::from_index(0), "reactor");
///
/// /// Puts the alarm off whenever somebody shows that he is there.
/// fn heard(reactor: &mut Reactor, alarm: TimerId) -> bool {
///     reactor.reset(alarm, Duration::from_secs(30))
/// }
///
/// let mut reactor = Reactor::new(recorder)?;
/// let alarm = reactor.call_later(Duration::from_secs(30), Label::new("alarm", None), |_| Err("nobody is there".into()));
/// assert!(heard(&mut reactor, alarm));
/// assert!(reactor.cancel(alarm));
/// assert!(!heard(&mut reactor, alarm), "it is not to come any more");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(Place);

/// A place in the order of the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    deadline: Timestamp,
    /// How many timers were set or moved before it: equal deadlines come in the order in which they were set.
    number: u64,
}

pub(super) struct Timer {
    pub(super) id: TimerId,
    pub(super) flow: FlowId,
    pub(super) callback: Callback,
    pub(super) action: Action,
}

/// What a timer does when it fires.
pub(super) enum Action {
    Call(Code),
    /// The next call of a looping call.
    Tick(LoopingCall),
}

/// The timers that are still to come.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<Place, Timer>,
    /// Where the timers are that were moved; the others are where their ids say.
    moved: HashMap<TimerId, Place>,
    set: u64,
}

impl Timers {
    /// How many were set so far. Timers with this number or a greater one are set later.
    pub(super) const fn count_set(&self) -> u64 {
        self.set
    }

    pub(super) fn nearest(&self) -> Option<Timestamp> {
        self.waiting
            .first_key_value()
            .map(|(place, _)| place.deadline)
    }

    /// The first timer that is due at `now` and is one of the first `set` timers.
    pub(super) fn take_due(&mut self, now: Timestamp, set: u64) -> Option<(Timestamp, Timer)> {
        let due = Place {
            deadline: now,
            number: u64::MAX,
        };
        let place = *self
            .waiting
            .range((Bound::Unbounded, Bound::Included(due)))
            .map(|(place, _)| place)
            .find(|place| place.number < set)?;
        let timer = self.waiting.remove(&place)?;
        if timer.id.0 != place {
            self.moved.remove(&timer.id);
        }
        Some((place.deadline, timer))
    }

    /// The next place in the order of those with the same deadline.
    const fn new_place(&mut self, deadline: Timestamp) -> Place {
        let number = self.set;
        self.set += 1;
        Place { deadline, number }
    }

    fn place(&self, id: TimerId) -> Place {
        self.moved.get(&id).copied().unwrap_or(id.0)
    }

    fn get(&self, id: TimerId) -> Option<&Timer> {
        self.waiting.get(&self.place(id))
    }

    fn remove(&mut self, id: TimerId) -> Option<Timer> {
        let place = self.moved.remove(&id).unwrap_or(id.0);
        self.waiting.remove(&place)
    }

    /// Moves a timer, behind the others with the same deadline. What there is to tell of it, if it is still to come.
    fn move_to(&mut self, id: TimerId, deadline: Timestamp) -> Option<(FlowId, Callback)> {
        let timer = self.remove(id)?;
        let told = (timer.flow, timer.callback);
        let place = self.new_place(deadline);
        self.waiting.insert(place, timer);
        self.moved.insert(id, place);
        Some(told)
    }
}

impl Reactor {
    /// Calls `code` in `delay`, and not before the next turn: also with no delay at all, what is ready then
    /// is served first.
    pub fn call_later(
        &mut self,
        delay: Duration,
        label: Label,
        code: impl FnOnce(&mut Self) -> CallbackResult + 'static,
    ) -> TimerId {
        let now = self.recorder.ticks();
        let deadline = self.recorder.clock().timestamp(now) + delay;
        self.set_timer(now, deadline, label, Action::Call(Box::new(code)))
    }

    /// Calls a looping call at `deadline`, and not before the next turn.
    pub(super) fn tick_at(
        &mut self,
        deadline: Timestamp,
        label: Label,
        looping: LoopingCall,
    ) -> TimerId {
        let now = self.recorder.ticks();
        self.set_timer(now, deadline, label, Action::Tick(looping))
    }

    fn set_timer(
        &mut self,
        now: Ticks,
        deadline: Timestamp,
        label: Label,
        action: Action,
    ) -> TimerId {
        let flow = self.recorder.new_flow();
        let callback = label.callback(&mut self.recorder, Cause::Timer, Some(flow));
        self.record_timer(now, deadline, flow, callback);
        let place = self.timers.new_place(deadline);
        let id = TimerId(place);
        let timer = Timer {
            id,
            flow,
            callback,
            action,
        };
        self.timers.waiting.insert(place, timer);
        id
    }

    fn record_timer(&mut self, now: Ticks, deadline: Timestamp, timer: FlowId, callback: Callback) {
        let name = callback.name;
        self.recorder.record_at(
            now,
            EventKind::TimerSet {
                timer,
                deadline,
                name,
            },
        );
    }

    /// Takes a timer back. Whether it was still to come: `false` after it fired or was cancelled.
    pub fn cancel(&mut self, timer: TimerId) -> bool {
        let Some(Timer { flow, .. }) = self.timers.remove(timer) else {
            return false;
        };
        self.recorder
            .record(EventKind::TimerCancelled { timer: flow });
        true
    }

    /// Sets a timer anew: it fires in `delay`, counted from now, and not before the next turn. Whether it was still
    /// to come.
    pub fn reset(&mut self, timer: TimerId, delay: Duration) -> bool {
        let now = self.recorder.ticks();
        let deadline = self.recorder.clock().timestamp(now) + delay;
        self.move_timer(timer, now, deadline)
    }

    /// Puts a timer off by `extra`, counted from when it was due. Whether it was still to come.
    pub fn delay(&mut self, timer: TimerId, extra: Duration) -> bool {
        let deadline = self.timers.place(timer).deadline + extra;
        let now = self.recorder.ticks();
        self.move_timer(timer, now, deadline)
    }

    fn move_timer(&mut self, timer: TimerId, now: Ticks, deadline: Timestamp) -> bool {
        let Some((flow, callback)) = self.timers.move_to(timer, deadline) else {
            return false;
        };
        self.record_timer(now, deadline, flow, callback);
        true
    }

    /// Whether a timer is still to come: it neither fired nor was cancelled.
    pub fn is_active(&self, timer: TimerId) -> bool {
        self.timers.get(timer).is_some()
    }

    /// When a timer is due, if it is still to come.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use loopscope::clock::Clock;
    /// # use loopscope::record::channel;
    /// # use loopscope::trace::ModelId;
    /// use std::time::Duration;
    /// use loopscope::reactor::{Label, Reactor};
    ///
    /// # let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// # let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    /// let mut reactor = Reactor::new(recorder)?;
    /// let second = Duration::from_secs(1);
    /// let timer = reactor.call_later(second, Label::new("wake", None), |_| Ok(()));
    /// let due = reactor.due(timer).expect("it is still to come");
    /// reactor.delay(timer, second);
    /// assert_eq!(reactor.due(timer), Some(due + second));
    /// reactor.cancel(timer);
    /// assert!(!reactor.is_active(timer));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn due(&self, timer: TimerId) -> Option<Timestamp> {
        let place = self.timers.place(timer);
        self.is_active(timer).then_some(place.deadline)
    }
}

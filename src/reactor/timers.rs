//! Timers: what is to be called, and when.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use super::{Callback, CallbackResult, Code, Label, Reactor};
use crate::trace::{Cause, EventKind, FlowId, Timestamp};

/// Names one timer of one reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    deadline: Timestamp,
    /// How many timers were set before it: equal deadlines come in the order in which they were set.
    number: u64,
}

pub(super) struct Timer {
    pub(super) flow: FlowId,
    pub(super) callback: Callback,
    pub(super) code: Code,
}

/// The timers that are still to come.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<TimerId, Timer>,
    set: u64,
}

impl Timers {
    /// How many were set so far. Timers with this number or a greater one are set later.
    pub(super) const fn count_set(&self) -> u64 {
        self.set
    }

    pub(super) fn nearest(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|(id, _)| id.deadline)
    }

    /// The first timer that is due at `now` and is one of the first `set` timers.
    pub(super) fn take_due(&mut self, now: Timestamp, set: u64) -> Option<(Timestamp, Timer)> {
        let due = TimerId {
            deadline: now,
            number: u64::MAX,
        };
        let id = *self
            .waiting
            .range((Bound::Unbounded, Bound::Included(due)))
            .map(|(id, _)| id)
            .find(|id| id.number < set)?;
        let timer = self.waiting.remove(&id)?;
        Some((id.deadline, timer))
    }

    fn add(&mut self, deadline: Timestamp, timer: Timer) -> TimerId {
        let id = TimerId {
            deadline,
            number: self.set,
        };
        self.set += 1;
        self.waiting.insert(id, timer);
        id
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
        let flow = self.recorder.new_flow();
        let callback = label.callback(&mut self.recorder, Cause::Timer, Some(flow));
        let now = self.recorder.ticks();
        let deadline = self.recorder.clock().timestamp(now) + delay;
        self.recorder.record_at(
            now,
            EventKind::TimerSet {
                timer: flow,
                deadline,
                name: callback.name,
            },
        );
        let timer = Timer {
            flow,
            callback,
            code: Box::new(code),
        };
        self.timers.add(deadline, timer)
    }

    /// Takes a timer back. Whether it was still to come: `false` after it fired or was cancelled.
    pub fn cancel(&mut self, timer: TimerId) -> bool {
        let Some(Timer { flow, .. }) = self.timers.waiting.remove(&timer) else {
            return false;
        };
        self.recorder
            .record(EventKind::TimerCancelled { timer: flow });
        true
    }
}

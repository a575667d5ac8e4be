//! How moments are kept: those that come often in as few bytes as spans.

use super::shelf::Kept;
use crate::trace::{DeferredStep, Event, EventKind, FlowId, Interest, NameId, TaskId, Timestamp};

/// What a moment has in common with others. Kinds that come seldom have nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    Readiness(Interest),
    ReadinessOf,
    Connected,
    BytesRead,
    BytesWritten(Option<TaskId>),
    TimerSet(NameId),
    TimerFired,
    TimerCancelled,
    ThreadCall,
    DeferredMade(NameId),
    DeferredStep(DeferredStep),
    WorkQueued(NameId),
    WorkDone,
}

impl Kept for Event {
    type What = What;

    fn at(&self) -> Timestamp {
        self.at
    }

    fn parts(&self) -> Option<(What, [u64; 2])> {
        let flow = |flow: FlowId| flow.number();
        let task = |task: TaskId| u64::from(task.number());
        Some(match self.kind {
            EventKind::Readiness {
                flow: one,
                task: its,
                interest,
            } => (What::Readiness(interest), [flow(one), its.map_or(0, task)]),
            EventKind::ReadinessOf { flow: one, fd } => (
                What::ReadinessOf,
                [flow(one), u64::from(u32::try_from(fd).ok()?)],
            ),
            EventKind::Connected { task: its } => (What::Connected, [task(its), 0]),
            EventKind::BytesRead { task: its, bytes } => {
                (What::BytesRead, [task(its), u64::from(bytes)])
            }
            EventKind::BytesWritten {
                connection,
                task: its,
                bytes,
            } => (
                What::BytesWritten(its),
                [flow(connection), u64::from(bytes)],
            ),
            EventKind::TimerSet {
                timer,
                deadline,
                name,
            } => {
                let ahead = deadline.0.checked_sub(self.at.0)?;
                (What::TimerSet(name), [flow(timer), ahead])
            }
            EventKind::TimerFired { timer, late } => (What::TimerFired, [flow(timer), late]),
            EventKind::TimerCancelled { timer } => (What::TimerCancelled, [flow(timer), 0]),
            EventKind::ThreadCall {
                flow: one,
                queued_at,
            } => {
                let ago = self.at.0.checked_sub(queued_at.0)?;
                (What::ThreadCall, [flow(one), ago])
            }
            EventKind::DeferredMade { deferred, name } => {
                (What::DeferredMade(name), [flow(deferred), 0])
            }
            EventKind::DeferredStep { deferred, step } => {
                (What::DeferredStep(step), [flow(deferred), 0])
            }
            EventKind::WorkQueued { work, name } => (What::WorkQueued(name), [flow(work), 0]),
            EventKind::WorkDone { work, call } => {
                (What::WorkDone, [flow(work), call.map_or(0, flow)])
            }
            _ => return None,
        })
    }

    fn of_parts(at: Timestamp, what: What, [first, second]: [u32; 2]) -> Option<Self> {
        let flow = |number: u32| FlowId::new(u64::from(number));
        let kind = match what {
            What::Readiness(interest) => EventKind::Readiness {
                flow: flow(first)?,
                task: TaskId::new(second),
                interest,
            },
            What::ReadinessOf => EventKind::ReadinessOf {
                flow: flow(first)?,
                fd: i32::try_from(second).ok()?,
            },
            What::Connected => EventKind::Connected {
                task: TaskId::new(first)?,
            },
            What::BytesRead => EventKind::BytesRead {
                task: TaskId::new(first)?,
                bytes: second,
            },
            What::BytesWritten(task) => EventKind::BytesWritten {
                connection: flow(first)?,
                task,
                bytes: second,
            },
            What::TimerSet(name) => EventKind::TimerSet {
                timer: flow(first)?,
                deadline: Timestamp(at.0 + u64::from(second)),
                name,
            },
            What::TimerFired => EventKind::TimerFired {
                timer: flow(first)?,
                late: u64::from(second),
            },
            What::TimerCancelled => EventKind::TimerCancelled {
                timer: flow(first)?,
            },
            What::ThreadCall => EventKind::ThreadCall {
                flow: flow(first)?,
                queued_at: Timestamp(at.0 - u64::from(second)),
            },
            What::DeferredMade(name) => EventKind::DeferredMade {
                deferred: flow(first)?,
                name,
            },
            What::DeferredStep(step) => EventKind::DeferredStep {
                deferred: flow(first)?,
                step,
            },
            What::WorkQueued(name) => EventKind::WorkQueued {
                work: flow(first)?,
                name,
            },
            What::WorkDone => EventKind::WorkDone {
                work: flow(first)?,
                call: flow(second),
            },
        };
        Some(Self { at, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::shelf::Shelf;
    use crate::trace::Outcome;

    /// Each kind that comes often, with these numbers.
    fn often(flow: u64, number: u32) -> [EventKind; 13] {
        let flow = FlowId::new(flow).expect("they count from 1");
        let (task, name) = (TaskId::from_index(number as usize), NameId::from_index(2));
        [
            EventKind::Readiness {
                flow,
                task: TaskId::new(number),
                interest: Interest::Writable,
            },
            EventKind::ReadinessOf {
                flow,
                fd: number as i32,
            },
            EventKind::Connected { task },
            EventKind::BytesRead {
                task,
                bytes: number,
            },
            EventKind::BytesWritten {
                connection: flow,
                task: Some(task),
                bytes: number,
            },
            EventKind::TimerSet {
                timer: flow,
                deadline: Timestamp(1_000 + u64::from(number)),
                name,
            },
            EventKind::TimerFired {
                timer: flow,
                late: u64::from(number),
            },
            EventKind::TimerCancelled { timer: flow },
            EventKind::ThreadCall {
                flow,
                queued_at: Timestamp(1_000 - u64::from(number % 1_000)),
            },
            EventKind::DeferredMade {
                deferred: flow,
                name,
            },
            EventKind::DeferredStep {
                deferred: flow,
                step: DeferredStep::Fired,
            },
            EventKind::WorkQueued { work: flow, name },
            EventKind::WorkDone {
                work: flow,
                call: FlowId::new(u64::from(number)),
            },
        ]
    }

    fn shelf_of(kinds: &[EventKind]) -> Shelf<Event> {
        let mut shelf = Shelf::default();
        let at = Timestamp(1_000);
        let events = kinds.iter().map(|&kind| Event { at, kind });
        events.clone().for_each(|event| shelf.push(event));
        for (place, event) in events.enumerate() {
            assert_eq!(shelf.get(place), Some(event));
        }
        shelf
    }

    #[test]
    fn a_moment_comes_back_as_it_was_however_large_its_numbers() {
        let large = u64::from(u32::MAX);
        let mut kinds: Vec<EventKind> =
            [(1, 0), (7, 300), (large - 1, 5), (large, 6), (1 << 40, 7)]
                .into_iter()
                .flat_map(|(flow, number)| often(flow, number))
                .collect();
        let timer = FlowId::new(1).expect("from 1");
        kinds.extend([
            EventKind::ReadinessOf {
                flow: timer,
                fd: -1,
            },
            EventKind::TimerFired {
                timer,
                late: 1 << 50,
            },
            EventKind::TimerSet {
                timer,
                deadline: Timestamp(999),
                name: NameId::from_index(0),
            },
            EventKind::ThreadCall {
                flow: timer,
                queued_at: Timestamp(1_001),
            },
            EventKind::TaskEnd {
                task: TaskId::from_index(0),
                outcome: Outcome::Done,
            },
            EventKind::Dropped { count: 1 << 60 },
        ]);
        shelf_of(&kinds);
    }

    #[test]
    fn what_comes_often_takes_half_of_what_it_takes_to_record_it() {
        let kinds: Vec<EventKind> = (1..2_000).flat_map(|flow| often(flow, 40)).collect();
        let bytes = shelf_of(&kinds).bytes() as f64 / kinds.len() as f64;
        assert!(bytes < 17.0, "{bytes:.1} bytes");
    }
}

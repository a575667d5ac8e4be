//! Who is to blame for a delay: those who held the loop while somebody waited.
//!
//! A loop does one thing at a time. So a delay is split, without a rest, among the callbacks that ran on the loop
//! from the moment when somebody was ready to the moment when he was served. While a callback calls another, it is the
//! inner one that holds the loop, and what lies between callbacks is the loop's own. The parts add up to the delay to
//! the nanosecond.

use std::sync::Arc;
use std::time::Duration;

use super::plain_count;
use super::shares::Split;
use crate::trace::{LOOP_ITSELF, Phrase};

/// Of very many who share in a delay only the worst are named; the rest is one part.
pub(super) const NAMED: usize = 16;

/// Who held a loop for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A callback. One may hold up thousands: they share its name.
    Callback {
        /// What it is called.
        name: Arc<str>,
        /// What its task is called.
        task: Option<Arc<str>>,
    },
    /// Nobody: the time lies between callbacks.
    LoopItself,
    /// So many callbacks, too many to be told one by one.
    Others(usize),
}

impl Holder {
    /// A callback, as a stall names it: by [`LOOP_ITSELF`] where it was none.
    pub(super) fn of(callback: &str, task: Option<&str>) -> Self {
        match callback {
            LOOP_ITSELF => Self::LoopItself,
            name => Self::Callback {
                name: name.into(),
                task: task.map(Arc::from),
            },
        }
    }

    /// What it is called: `data_received of ecstasy`.
    pub fn said(&self) -> Phrase {
        match self {
            Self::Callback { name, task } => named(name, task.as_deref()),
            Self::LoopItself => Phrase::new(LOOP_ITSELF),
            Self::Others(1) => Phrase::new("1 other callback"),
            Self::Others(count) => {
                Phrase::new("{count} other callbacks").with("count", plain_count(*count as u64))
            }
        }
    }

    /// The name of its task.
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Callback { task, .. } => task.as_deref(),
            Self::LoopItself | Self::Others(_) => None,
        }
    }

    /// The name of the callback, without its task.
    pub(super) fn callback(&self) -> String {
        match self {
            Self::Callback { name, .. } => name.as_ref().to_owned(),
            Self::LoopItself | Self::Others(_) => self.said().to_string(),
        }
    }
}

/// A part of a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Who held the loop.
    pub holder: Holder,
    /// For how long, while the victim waited.
    pub duration: Duration,
}

/// A callback and its task as a person says it.
pub(super) fn named(callback: &str, task: Option<&str>) -> Phrase {
    match task {
        Some(task) => Phrase::new("{callback} of {task}")
            .with("callback", callback)
            .with("task", task),
        None => Phrase::same(callback),
    }
}

/// The parts with their names. Those of very many become one.
pub(super) fn name_parts<K>(split: Split<K>, mut holder: impl FnMut(K) -> Holder) -> Vec<Blame> {
    let mut named: Vec<Blame> = Vec::with_capacity(split.largest.len().min(NAMED + 1));
    let (mut others, mut rest) = (split.others, split.rest);
    for (by, nanos) in split.largest {
        if named.len() == NAMED {
            others += 1;
            rest += nanos;
            continue;
        }
        let holder = by.map_or(Holder::LoopItself, &mut holder);
        let duration = Duration::from_nanos(nanos);
        match named.iter_mut().find(|known| known.holder == holder) {
            Some(known) => known.duration += duration,
            None => named.push(Blame { holder, duration }),
        }
    }
    if others > 0 {
        named.push(Blame {
            holder: Holder::Others(others),
            duration: Duration::from_nanos(rest),
        });
    }
    named
}

#[cfg(test)]
mod tests {
    use super::super::shares::{Held, split};
    use super::*;
    use crate::trace::{TimeRange, Timestamp};

    #[test]
    fn of_very_many_the_worst_are_named_and_nothing_is_lost() {
        let range = |begin, end| TimeRange::new(Timestamp(begin), Timestamp(end));
        let held: Vec<_> = (0..50)
            .map(|by| Held {
                range: range(by * 10, by * 10 + 10),
                by,
            })
            .collect();
        let mut all = Vec::new();
        split(&held, &[range(0, 500)], |_, split| all.push(split));
        let blame = name_parts(all.remove(0), |by| Holder::of(&by.to_string(), None));
        assert_eq!(blame.len(), NAMED + 1);
        let sum: Duration = blame.iter().map(|part| part.duration).sum();
        assert_eq!(sum, Duration::from_nanos(500));
        assert_eq!(blame[NAMED].holder, Holder::Others(50 - NAMED));
    }
}

//! Who is to blame for a delay: those who held the loop while somebody waited.
//!
//! A loop does one thing at a time. So a delay is split, without a rest, among the callbacks that ran on the loop
//! from the moment when somebody was ready to the moment when he was served; callbacks inside another are part of
//! it, and what lies between callbacks is the loop's own. The parts add up to the delay to the nanosecond.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use super::spans::common;
use crate::trace::{Phrase, TimeRange};

/// What the time between callbacks is called.
pub const LOOP_ITSELF: &str = "the loop itself";

/// Of very many who share in a delay only the worst are named; the rest is one part.
const NAMED: usize = 16;

/// Who held a loop for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A callback.
    Callback {
        /// What it is called.
        name: String,
        /// What its task is called.
        task: Option<String>,
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
                name: name.to_owned(),
                task: task.map(str::to_owned),
            },
        }
    }

    /// What it is called: `data_received of ecstasy`.
    pub fn said(&self) -> Phrase {
        match self {
            Self::Callback { name, task } => named(name, task.as_deref()),
            Self::LoopItself => Phrase::new("the loop itself"),
            Self::Others(count) => Phrase::new("{count} other callbacks").with("count", count),
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
            Self::Callback { name, .. } => name.clone(),
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

/// A stretch in which one callback held the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held<K> {
    pub(super) range: TimeRange,
    pub(super) by: K,
}

/// Splits a wait among those who held the loop, which do not overlap and come in the order of time; what is left is
/// the loop's own (`None`). The largest part first.
pub(super) fn split<K: Eq + Hash + Copy>(
    wait: TimeRange,
    held: &[Held<K>],
) -> Vec<(Option<K>, u64)> {
    let mut parts: Vec<(Option<K>, u64)> = Vec::new();
    let mut places: HashMap<K, usize> = HashMap::new();
    let mut left = wait.nanos();
    let first = held.partition_point(|held| held.range.end <= wait.begin);
    for held in held[first..]
        .iter()
        .take_while(|held| held.range.begin < wait.end)
    {
        let nanos = common(held.range, wait).nanos().min(left);
        if nanos == 0 {
            continue;
        }
        left -= nanos;
        let place = *places.entry(held.by).or_insert(parts.len());
        match parts.get_mut(place) {
            Some((_, known)) => *known += nanos,
            None => parts.push((Some(held.by), nanos)),
        }
    }
    if left > 0 {
        parts.push((None, left));
    }
    parts.sort_by_key(|(_, nanos)| std::cmp::Reverse(*nanos));
    parts
}

/// The parts with their names. Those of very many become one.
pub(super) fn name_parts<K>(
    parts: Vec<(Option<K>, u64)>,
    holder: impl Fn(K) -> Holder,
) -> Vec<Blame> {
    let mut named: Vec<Blame> = Vec::new();
    let (mut others, mut rest) = (0, 0);
    for (by, nanos) in parts {
        if named.len() == NAMED {
            others += 1;
            rest += nanos;
            continue;
        }
        let holder = by.map_or(Holder::LoopItself, &holder);
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
    use proptest::prelude::*;

    use super::*;
    use crate::trace::Timestamp;

    fn range(begin: u64, end: u64) -> TimeRange {
        TimeRange::new(Timestamp(begin), Timestamp(end))
    }

    #[test]
    fn a_delay_is_split_among_those_who_held_the_loop() {
        let held = [
            Held {
                range: range(0, 10),
                by: 'a',
            },
            Held {
                range: range(12, 20),
                by: 'b',
            },
            Held {
                range: range(20, 25),
                by: 'a',
            },
            Held {
                range: range(30, 40),
                by: 'c',
            },
        ];
        let parts = split(range(5, 27), &held);
        assert_eq!(parts, [(Some('a'), 10), (Some('b'), 8), (None, 4)]);
    }

    #[test]
    fn of_very_many_the_worst_are_named_and_nothing_is_lost() {
        let held: Vec<_> = (0..50)
            .map(|by| Held {
                range: range(by * 10, by * 10 + 10),
                by,
            })
            .collect();
        let blame = name_parts(split(range(0, 500), &held), |by| {
            Holder::of(&by.to_string(), None)
        });
        assert_eq!(blame.len(), NAMED + 1);
        let sum: Duration = blame.iter().map(|part| part.duration).sum();
        assert_eq!(sum, Duration::from_nanos(500));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_parts_add_up_to_the_delay(
            callbacks in prop::collection::vec((0_u64..20, 0_u64..50, 0_u8..4), 0..40),
            ready in 0_u64..1000,
            delay in 0_u64..1000,
        ) {
            let mut at = 0;
            let mut held = Vec::new();
            for (gap, length, by) in callbacks {
                held.push(Held { range: range(at + gap, at + gap + length), by });
                at += gap + length;
            }
            let parts = split(range(ready, ready + delay), &held);
            prop_assert_eq!(parts.iter().map(|(_, nanos)| nanos).sum::<u64>(), delay);
            for (by, nanos) in parts {
                prop_assert!(nanos > 0);
                let most = held.iter().filter(|held| Some(held.by) == by);
                let most: u64 = most.map(|held| held.range.nanos()).sum();
                prop_assert!(by.is_none() || nanos <= most);
            }
        }
    }
}

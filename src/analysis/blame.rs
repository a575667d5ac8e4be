//! Who is to blame for a delay: those who held the loop while somebody waited.
//!
//! A loop does one thing at a time. So a delay is split, without a rest, among the callbacks that ran on the loop
//! from the moment when somebody was ready to the moment when he was served. While a callback calls another, it is the
//! inner one that holds the loop, and what lies between callbacks is the loop's own. The parts add up to the delay to
//! the nanosecond.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use super::plain_count;
use super::spans::common;
use crate::trace::{LOOP_ITSELF, Phrase, TimeRange};

/// Of very many who share in a delay only the worst are named; the rest is one part.
const NAMED: usize = 16;
/// So many parts are put in order: more than are named, for several of them may have one name.
const SORTED: usize = 2 * NAMED;

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

/// Those who held a loop, ready to be asked about many waits: each has a number, so that a wait costs an addition for each
/// stretch in it. In one turn thousands may wait for thousands.
pub(super) struct Holders<K> {
    held: Vec<Held<usize>>,
    by: Vec<K>,
    /// For how long each held the loop during the wait that is looked at.
    sums: Vec<u64>,
}

impl<K: Eq + Hash + Copy> Holders<K> {
    /// Of stretches that do not overlap and come in the order of time.
    pub(super) fn new(held: &[Held<K>]) -> Self {
        let mut by = Vec::new();
        let mut numbers: HashMap<K, usize> = HashMap::new();
        let mut number = |holder: K| {
            *numbers.entry(holder).or_insert_with(|| {
                by.push(holder);
                by.len() - 1
            })
        };
        let held = held
            .iter()
            .map(|held| Held {
                range: held.range,
                by: number(held.by),
            })
            .collect();
        let sums = vec![0; by.len()];
        Self { held, by, sums }
    }

    /// Splits a wait among them; what is left is the loop's own (`None`). The largest part first, as far as [`SORTED`].
    pub(super) fn split(&mut self, wait: TimeRange) -> Vec<(Option<K>, u64)> {
        let mut came: Vec<usize> = Vec::new();
        let mut left = wait.nanos();
        let first = self
            .held
            .partition_point(|held| held.range.end <= wait.begin);
        let during = self.held[first..].iter();
        for held in during.take_while(|held| held.range.begin < wait.end) {
            let nanos = common(held.range, wait).nanos().min(left);
            if nanos == 0 {
                continue;
            }
            left -= nanos;
            if self.sums[held.by] == 0 {
                came.push(held.by);
            }
            self.sums[held.by] += nanos;
        }
        let mut parts: Vec<_> = came
            .into_iter()
            .map(|number| {
                (
                    Some(self.by[number]),
                    std::mem::take(&mut self.sums[number]),
                )
            })
            .collect();
        if left > 0 {
            parts.push((None, left));
        }
        sort_the_largest(parts)
    }
}

/// The largest parts first; of those that are alike the one that came first. From [`SORTED`] on in any order.
fn sort_the_largest<T>(parts: Vec<(T, u64)>) -> Vec<(T, u64)> {
    let mut parts: Vec<_> = parts.into_iter().enumerate().collect();
    let key = |&(place, (_, nanos)): &(usize, (T, u64))| (std::cmp::Reverse(nanos), place);
    if parts.len() > SORTED {
        parts.select_nth_unstable_by_key(SORTED, key);
    }
    let sorted = parts.len().min(SORTED);
    parts[..sorted].sort_unstable_by_key(key);
    parts.into_iter().map(|(_, part)| part).collect()
}

/// The parts with their names. Those of very many become one.
pub(super) fn name_parts<K>(
    parts: Vec<(Option<K>, u64)>,
    holder: impl Fn(K) -> Holder,
) -> Vec<Blame> {
    let mut named: Vec<Blame> = Vec::new();
    let (mut others, mut rest) = (0, 0);
    for (place, (by, nanos)) in parts.into_iter().enumerate() {
        if named.len() == NAMED || place >= SORTED {
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
        let parts = Holders::new(&held).split(range(5, 27));
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
        let blame = name_parts(Holders::new(&held).split(range(0, 500)), |by| {
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
            callbacks in prop::collection::vec((0_u64..20, 0_u64..50, 0_u8..60), 0..90),
            ready in 0_u64..1000,
            delay in 0_u64..1000,
        ) {
            let mut at = 0;
            let mut held = Vec::new();
            for (gap, length, by) in callbacks {
                held.push(Held { range: range(at + gap, at + gap + length), by });
                at += gap + length;
            }
            let mut holders = Holders::new(&held);
            let parts = holders.split(range(ready, ready + delay));
            // Of the wait before nothing is left behind.
            prop_assert_eq!(&parts, &holders.split(range(ready, ready + delay)));
            let largest = parts.windows(2).take(SORTED - 1);
            prop_assert!(largest.clone().all(|pair| pair[0].1 >= pair[1].1));
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

//! What there was at a moment: what a loop had registered and planned, found without going through all that came before.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::{ModelTrack, PendingTimer, SpanKind, ThreadTrack};
use crate::trace::{Cause, EventKind, FlowId, NameId, Side, TaskId, ThreadId, Timestamp};

/// After how many changes, at least, all that there is gets written down.
const SHORTEST_LEG: usize = 256;

/// Things that come and go.
///
/// Every so often all that there is gets written down, so that a moment is told by the changes since then. That is done
/// the more rarely the more there is: what is written down is a part of the changes, however many things there are.
#[derive(Clone, Debug)]
struct Presence<K, T> {
    changes: Vec<(Timestamp, K, Option<T>)>,
    /// How many changes had happened, and what there was then.
    written: Vec<(usize, Vec<(K, T)>)>,
    present: BTreeMap<K, T>,
}

impl<K, T> Default for Presence<K, T> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            written: Vec::new(),
            present: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Ord, T: Copy> Presence<K, T> {
    /// Something comes, or is another from now on; or it goes. Must be told in the order of time.
    fn change(&mut self, at: Timestamp, key: K, what: Option<T>) {
        let known = match what {
            Some(thing) => self.present.insert(key, thing),
            None => self.present.remove(&key),
        };
        if what.is_none() && known.is_none() {
            return;
        }
        self.changes.push((at, key, what));
        let last = self.written.last().map_or(0, |(count, _)| *count);
        if self.changes.len() - last >= SHORTEST_LEG.max(4 * self.present.len()) {
            let all = self.present.iter().map(|(key, thing)| (*key, *thing));
            self.written.push((self.changes.len(), all.collect()));
        }
    }

    /// Lets go of what is not needed to tell of `moment` or of a later one.
    fn forget_before(&mut self, moment: Timestamp) {
        let past = self.changes.partition_point(|(at, ..)| *at < moment);
        let legs = self.written.partition_point(|(count, _)| *count <= past);
        let Some(last) = legs.checked_sub(1) else {
            return;
        };
        self.written.drain(..last);
        let gone = self.written[0].0;
        self.changes.drain(..gone);
        self.written
            .iter_mut()
            .for_each(|(count, _)| *count -= gone);
    }

    /// What there was at a moment, its own changes included.
    fn at(&self, moment: Timestamp) -> BTreeMap<K, T> {
        let past = self.changes.partition_point(|(at, ..)| *at <= moment);
        let legs = self.written.partition_point(|(count, _)| *count <= past);
        let written = legs.checked_sub(1).map(|last| &self.written[last]);
        let (from, mut present) = match written {
            Some((count, all)) => (*count, all.iter().copied().collect()),
            None => (0, BTreeMap::new()),
        };
        for (_, key, what) in &self.changes[from..past] {
            match what {
                Some(thing) => present.insert(*key, *thing),
                None => present.remove(key),
            };
        }
        present
    }
}

/// What is registered with a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Handle {
    Connection(FlowId),
    /// Of traces that tell only of tasks.
    Task(TaskId),
}

/// A connection that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) since: Timestamp,
    pub(super) task: Option<TaskId>,
    pub(super) side: Option<Side>,
}

/// What one loop had registered and planned, by time. It goes on where it stopped.
#[derive(Clone, Debug, Default)]
pub(super) struct LoopHistory {
    /// How many of its moments were looked at.
    looked_at: usize,
    timers: Presence<FlowId, PendingTimer>,
    connections: Presence<Handle, Standing>,
    /// Which descriptor a task had, from when on.
    descriptors: BTreeMap<TaskId, Vec<(Timestamp, i32)>>,
    /// The readiness that was told last, until its descriptor is.
    readiness: Option<(FlowId, TaskId)>,
    work: Work,
}

/// The work that a loop gave to its thread pool.
#[derive(Clone, Debug, Default)]
struct Work {
    /// How many pieces are no more here: the pool had begun them long ago.
    gone: usize,
    given: Vec<(Timestamp, NameId)>,
}

/// What the loops of a model had registered and planned, by time.
#[derive(Clone, Debug, Default)]
pub struct LoopHistories {
    loops: BTreeMap<ThreadId, LoopHistory>,
    /// When the thread pool began each piece of work, thread by thread.
    begun: BTreeMap<ThreadId, Begun>,
}

/// When a thread of the pool began each piece of work.
#[derive(Clone, Debug, Default)]
struct Begun {
    looked_at: usize,
    /// How many are no more here.
    gone: usize,
    at: Vec<Timestamp>,
}

impl LoopHistories {
    /// Looks at what has become known of a model: at `most` moments, and the rest at the next call. Whether that was all.
    pub fn look(&mut self, model: &ModelTrack, most: usize) -> bool {
        let mut left = most;
        for thread in &model.threads {
            if thread.runs_loop() {
                let history = self.loops.entry(thread.id).or_default();
                left -= history.look(thread, left);
            } else {
                let begun = self.begun.entry(thread.id).or_default();
                left -= begun.look(thread, left);
            }
        }
        left > 0
    }

    /// Lets go of what is not needed to tell of `moment` or of a later one, as the store does.
    pub fn forget_before(&mut self, moment: Timestamp) {
        self.begun
            .values_mut()
            .for_each(|begun| begun.forget_before(moment));
        let begun = self.begun.values().map(|begun| begun.gone).sum();
        for history in self.loops.values_mut() {
            history.timers.forget_before(moment);
            history.connections.forget_before(moment);
            history.work.forget_first(begun);
        }
    }

    /// That of one loop.
    pub(super) fn of(&self, thread: ThreadId) -> Option<&LoopHistory> {
        self.loops.get(&thread)
    }

    /// How many pieces of work the thread pool had begun up to a moment.
    pub(super) fn begun(&self, model: &ModelTrack, moment: Timestamp) -> usize {
        let threads = model.threads.iter();
        let begun = threads.filter_map(|thread| {
            let ended = self.begun.get(&thread.id)?;
            let open = thread.lane.open().first();
            let open = open.filter(|span| is_work(span.kind) && span.begin <= moment);
            let ended = ended.gone + ended.at.partition_point(|at| *at <= moment);
            Some(ended + usize::from(open.is_some()))
        });
        begun.sum()
    }
}

const fn is_work(kind: SpanKind) -> bool {
    matches!(kind, SpanKind::Callback(Cause::ThreadPool))
}

impl Work {
    /// Lets go of the first `count` that were ever given, where the pool has begun as many: it takes them in their order.
    fn forget_first(&mut self, count: usize) {
        let gone = count.saturating_sub(self.gone).min(self.given.len());
        self.given.drain(..gone);
        self.gone += gone;
    }
}

impl Begun {
    fn forget_before(&mut self, moment: Timestamp) {
        let gone = self.at.partition_point(|at| *at < moment);
        self.at.drain(..gone);
        self.gone += gone;
    }

    fn look(&mut self, thread: &ThreadTrack, most: usize) -> usize {
        let Some(row) = thread.lane.row(0) else {
            return 0;
        };
        let all = row.spans();
        // What the store has let go of meanwhile, nobody asks for.
        let from = self.looked_at.max(all.first_place());
        let to = all.len().min(from + most);
        let new = all.range(from..to);
        let work = new.iter().filter(|span| is_work(span.kind));
        self.at.extend(work.map(|span| span.begin));
        self.looked_at = to;
        to - from
    }
}

impl LoopHistory {
    fn look(&mut self, thread: &ThreadTrack, most: usize) -> usize {
        let all = thread.instants();
        let from = self.looked_at.max(all.first_place());
        let to = all.len().min(from + most);
        let new = all.range(from..to);
        new.iter().for_each(|event| self.take(event.at, event.kind));
        self.looked_at = to;
        to - from
    }

    fn take(&mut self, at: Timestamp, kind: EventKind) {
        let standing = |task, side| Standing {
            since: at,
            task,
            side,
        };
        match kind {
            EventKind::TimerSet {
                timer,
                deadline,
                name,
            } => {
                let set = PendingTimer { deadline, name };
                self.timers.change(at, timer, Some(set));
            }
            EventKind::TimerFired { timer, .. } | EventKind::TimerCancelled { timer } => {
                self.timers.change(at, timer, None);
            }
            EventKind::ConnectionMade {
                connection,
                task,
                side,
            } => {
                let key = Handle::Connection(connection);
                let what = standing(task, Some(side));
                self.connections.change(at, key, Some(what));
            }
            EventKind::ConnectionLost { connection, .. } => {
                let key = Handle::Connection(connection);
                self.connections.change(at, key, None);
            }
            EventKind::Connected { task } => {
                let what = standing(Some(task), None);
                self.connections.change(at, Handle::Task(task), Some(what));
            }
            EventKind::TaskEnd { task, .. } => {
                self.connections.change(at, Handle::Task(task), None);
            }
            EventKind::Readiness {
                flow,
                task: Some(task),
                ..
            } => self.readiness = Some((flow, task)),
            EventKind::ReadinessOf { flow, fd } => self.has_descriptor(at, flow, fd),
            EventKind::WorkQueued { name, .. } => self.work.given.push((at, name)),
            _ => {}
        }
    }

    fn has_descriptor(&mut self, at: Timestamp, flow: FlowId, fd: i32) {
        let Some((_, task)) = self.readiness.filter(|(told, _)| *told == flow) else {
            return;
        };
        let had = self.descriptors.entry(task).or_default();
        if had.last().is_none_or(|(_, last)| *last != fd) {
            had.push((at, fd));
        }
    }

    /// The timers that are still to come at a moment; the one that is due first comes first.
    pub(super) fn timers(&self, moment: Timestamp) -> Vec<(FlowId, PendingTimer)> {
        let mut timers: Vec<_> = self.timers.at(moment).into_iter().collect();
        timers.sort_by_key(|(flow, timer)| (timer.deadline, *flow));
        timers
    }

    /// The connections that stand at a moment, the oldest first.
    pub(super) fn connections(&self, moment: Timestamp) -> Vec<Standing> {
        let present = self.connections.at(moment);
        let told: BTreeSet<TaskId> = present
            .iter()
            .filter(|(key, _)| matches!(key, Handle::Connection(_)))
            .filter_map(|(_, standing)| standing.task)
            .collect();
        // A task is told of twice: by its connection, and by itself.
        let once = |(key, standing): &(Handle, Standing)| match (key, standing.task) {
            (Handle::Task(_), Some(task)) => !told.contains(&task),
            _ => true,
        };
        let mut standing: Vec<_> = present
            .into_iter()
            .filter(once)
            .map(|(_, one)| one)
            .collect();
        standing.sort_by_key(|one| one.since);
        standing
    }

    /// The descriptor of a task at a moment, as far as it was told: before that moment, or else after it.
    pub(super) fn descriptor(&self, task: TaskId, moment: Timestamp) -> Option<i32> {
        let had = self.descriptors.get(&task)?;
        let past = had.partition_point(|(at, _)| *at <= moment);
        had.get(past.saturating_sub(1)).map(|(_, fd)| *fd)
    }

    /// The work that was given to the thread pool up to a moment, in that order; and how many pieces before it are no more
    /// here.
    pub(super) fn work(&self, moment: Timestamp) -> (usize, &[(Timestamp, NameId)]) {
        let given = &self.work.given;
        let past = given.partition_point(|(at, _)| *at <= moment);
        (self.work.gone, &given[..past])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_moment_is_told_as_if_all_changes_before_it_were_gone_through(
            changes in prop::collection::vec((0_u32..40, prop::option::of(0_u32..1000)), 0..2000),
            moment in 0_u64..2000,
            gone in 0_u64..2000,
        ) {
            let mut presence = Presence::default();
            let mut expected = BTreeMap::new();
            for (at, (key, what)) in changes.iter().enumerate() {
                // Two changes may share a moment.
                let at = at as u64 / 2;
                presence.change(Timestamp(at), *key, *what);
                if at <= moment {
                    match what {
                        Some(thing) => expected.insert(*key, *thing),
                        None => expected.remove(key),
                    };
                }
            }
            prop_assert_eq!(&presence.at(Timestamp(moment)), &expected);
            presence.forget_before(Timestamp(gone.min(moment)));
            prop_assert_eq!(presence.at(Timestamp(moment)), expected);
        }
    }

    #[test]
    fn what_is_written_down_is_a_part_of_the_changes_however_many_things_there_are() {
        let mut presence = Presence::default();
        for key in 0..20_000_u64 {
            presence.change(Timestamp(key), key, Some(()));
        }
        for at in 0..20_000 {
            presence.change(Timestamp(20_000 + at), at % 7, Some(()));
        }
        let written: usize = presence.written.iter().map(|(_, all)| all.len()).sum();
        assert!(written <= 20_000, "{written}");
        assert_eq!(presence.at(Timestamp(9_999)).len(), 10_000);
    }
}

//! Who waited because of a stall, since when, and who is to blame for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::blame::{Holder, name_parts, named};
use super::compare::name_of_task;
use super::ready::{Ready, ReadyTimes, Waiting, still_waiting};
use super::shares::{Held, split};
use super::spans::{Called, called_in, common, spans_in};
use super::{Blame, Known, VictimKind};
use crate::store::{Lane, LaneRef, ModelTrack, SpanKind, SpanRef, Stall, ThreadTrack, TraceStore};
use crate::trace::{FlowId, NameId, Phrase, TaskId, TimeRange, Timestamp};

/// Whoever waited for less than this during a stall is none of its victims: so long a healthy loop may take.
pub const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Somebody who waited because of a stall.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::stalls;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let stalls = stalls(&trace.store, trace.now());
/// let victims = stalls.iter().flat_map(|stall| &stall.victims);
/// let worst = victims.max_by_key(|victim| victim.delay()).expect("somebody waited");
/// let blamed = worst.blame.iter().map(|part| part.duration).sum();
/// assert_eq!(worst.delay(), blamed, "each nanosecond is somebody's");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// What it waited for.
    pub kind: VictimKind,
    /// The name of the callback that served it, or that is to; `None` where that is not known yet.
    pub callback: Option<String>,
    /// Its task.
    pub task: Option<TaskId>,
    /// What that task is called.
    pub task_name: Option<String>,
    /// The number of its descriptor, where it is one and the number is known.
    pub fd: Option<i32>,
    /// From the moment when it was ready to that when it was served, or to now.
    pub waited: TimeRange,
    /// How it is known since when it was ready.
    pub known: Known,
    /// The callback that served it; `None` while it waits.
    pub served_by: Option<SpanRef>,
    /// How much of its delay fell into the stall.
    pub during: Duration,
    /// Who held the loop meanwhile, the worst first. The parts add up to the delay.
    pub blame: Vec<Blame>,
}

impl Victim {
    /// What it is called: `data_received of ecstasy`.
    pub fn name(&self) -> Phrase {
        let task = self.task_name.as_deref();
        match (&self.callback, task, self.fd) {
            (Some(callback), _, _) => named(callback, task),
            (None, Some(task), _) => Phrase::same(task),
            (None, None, Some(fd)) => Phrase::new("descriptor {fd}").with("fd", fd),
            (None, None, None) => Phrase::new(self.kind.noun()),
        }
    }

    /// How long it waited.
    pub const fn delay(&self) -> Duration {
        self.waited.duration()
    }
}

/// How many of each kind these are: a connection that waited twice is one.
pub(super) fn count(victims: &[Victim]) -> Vec<(VictimKind, usize)> {
    let mut known = HashSet::new();
    let mut counts: BTreeMap<VictimKind, usize> = BTreeMap::new();
    for victim in victims {
        if victim.fd.is_none_or(|fd| known.insert((fd, victim.task))) {
            *counts.entry(victim.kind).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

/// Who waited because of a stall.
#[derive(Debug, Default)]
pub(super) struct Victims {
    /// The one who waited longest first.
    pub(super) all: Vec<Victim>,
    /// Whether nothing more can become known of them: the turn after the stall is over as well.
    pub(super) settled: bool,
}

/// The victims of a stall. What became ready during a stall is served in it or in the turn after it.
pub(super) fn victims(
    store: &TraceStore,
    model: &ModelTrack,
    thread: &ThreadTrack,
    stall: &Stall,
    now: Timestamp,
) -> Victims {
    if !thread.runs_loop() {
        // A thread that blocks for its own task keeps nobody else waiting.
        let (all, settled) = (Vec::new(), !stall.lasts);
        return Victims { all, settled };
    }
    let next = thread
        .polls_from(stall.range.end)
        .nth(1)
        .map(|poll| poll.begin);
    let last = next.or(thread.end).filter(|_| !stall.lasts);
    // A loop that ended without another poll has left alone whoever waited.
    let polled = thread.polls_from(stall.range.end).next().is_some();
    let left_alone = stall.lasts || (thread.end.is_some() && !polled);
    let now = thread.end.map_or(now, |end| end.min(now));
    let look = Look {
        store,
        model,
        thread,
        stall: stall.until(now),
        now,
    };
    let end = last.unwrap_or(now).max(look.stall.end);
    let mut all = look.served(TimeRange::new(look.stall.begin, end));
    if left_alone {
        all.extend(look.waiting());
    }
    look.blame(stall, &mut all);
    all.sort_by_key(|victim| {
        (
            std::cmp::Reverse(victim.waited.nanos()),
            victim.waited.begin,
        )
    });
    Victims {
        all,
        settled: last.is_some(),
    }
}

struct Look<'a> {
    store: &'a TraceStore,
    model: &'a ModelTrack,
    thread: &'a ThreadTrack,
    stall: TimeRange,
    now: Timestamp,
}

impl Look<'_> {
    /// Those whose callbacks began in `range`.
    fn served(&self, range: TimeRange) -> Vec<Victim> {
        // What follows from a readiness, such as the loss of its connection, has the same flow: the first counts.
        let mut known: HashSet<FlowId> = HashSet::new();
        let mut times = ReadyTimes::new(self.model, self.thread);
        called_in(&self.thread.lane, range, self.now)
            .iter()
            .filter(|called| called.range.begin >= range.begin)
            .filter(|called| called.span.flow.is_none_or(|flow| known.insert(flow)))
            .filter_map(|called| {
                let ready = times.of(&called.span)?;
                let waited = TimeRange::new(ready.at, called.range.begin);
                let callback = called.span.name;
                let victim = self.victim(&ready, waited, callback, called.span.task)?;
                let served_by = self.reference(called);
                Some(Victim {
                    served_by,
                    ..victim
                })
            })
            .collect()
    }

    /// Those who wait still.
    fn waiting(&self) -> Vec<Victim> {
        still_waiting(self.model, self.thread, self.stall.begin, self.now)
            .into_iter()
            .filter_map(|Waiting { ready, task, timer }| {
                let waited = TimeRange::new(ready.at, self.now);
                self.victim(&ready, waited, timer, task)
            })
            .collect()
    }

    /// One who waited so long; `None` where the stall had hardly any part in that.
    fn victim(
        &self,
        ready: &Ready,
        waited: TimeRange,
        callback: Option<NameId>,
        task: Option<TaskId>,
    ) -> Option<Victim> {
        let during = common(waited, self.stall).duration();
        (during >= SHORTEST_WAIT).then(|| Victim {
            kind: ready.kind,
            callback: callback.map(|name| self.store.name(name).to_owned()),
            task,
            task_name: task.map(|id| name_of_task(self.store, self.model, id)),
            fd: ready.fd,
            waited,
            known: ready.known,
            served_by: None,
            during,
            blame: Vec::new(),
        })
    }

    fn reference(&self, called: &Called) -> Option<SpanRef> {
        Some(SpanRef {
            model: self.model.id,
            lane: LaneRef::Thread(self.thread.id),
            depth: called.depth,
            index: self.thread.lane.at(called.depth, called.span.begin)?,
        })
    }

    /// Says of each who held the loop meanwhile.
    fn blame(&self, stall: &Stall, victims: &mut [Victim]) {
        let waits: Vec<_> = victims.iter().map(|victim| victim.waited).collect();
        let Some(whole) = waits.iter().copied().reduce(TimeRange::union) else {
            return;
        };
        let held = held(self.thread, stall, whole, self.now);
        let mut known: HashMap<(Option<NameId>, Option<TaskId>), Holder> = HashMap::new();
        let mut holder = |by: (Option<NameId>, Option<TaskId>)| {
            let holder = known.entry(by).or_insert_with(|| Holder::Callback {
                name: by.0.map_or("?", |name| self.store.name(name)).into(),
                task: by
                    .1
                    .map(|id| name_of_task(self.store, self.model, id).into()),
            });
            holder.clone()
        };
        split(&held, &waits, |place, split| {
            victims[place].blame = name_parts(split, &mut holder);
        });
    }
}

/// Who held the loop of a thread during `range`: of callbacks that called each other the one that took the time, as a stall
/// is named. While a stall lasts, the loop has told of nothing that happened in it: there the callback counts that a
/// watchdog saw.
fn held(
    thread: &ThreadTrack,
    stall: &Stall,
    range: TimeRange,
    now: Timestamp,
) -> Vec<Held<(Option<NameId>, Option<TaskId>)>> {
    let mut held = Vec::new();
    for called in called_in(&thread.lane, range, now) {
        split_by_depth(&thread.lane, called, &mut held);
    }
    if stall.lasts && stall.callback.is_some() {
        let told = held.last().map_or(Timestamp::ZERO, |held| held.range.end);
        let untold = TimeRange::new(stall.range.begin.max(told), stall.until(now).end);
        held.push(Held {
            range: untold,
            by: (stall.callback, stall.task),
        });
    }
    held
}

/// Adds the stretches in which a callback ran itself, and those of the callbacks that it called. However deep those lie in
/// each other, which a file decides: so this does not call itself.
fn split_by_depth(
    lane: &Lane,
    called: Called,
    held: &mut Vec<Held<(Option<NameId>, Option<TaskId>)>>,
) {
    let inside = |outer: &Called| spans_in(lane, outer.depth + 1, outer.range);
    let mut own = called.range.begin;
    let mut around = vec![(called, inside(&called))];
    while let Some((outer, inner)) = around.last_mut() {
        let callback = inner.find(|span| matches!(span.kind, SpanKind::Callback(_)));
        let until = callback.map_or(outer.range.end, |span| span.begin.max(own));
        held.push(Held {
            range: TimeRange::new(own, until),
            by: outer.key(),
        });
        own = until;
        let next = callback.map(|span| Called {
            span,
            range: common(span.range(outer.range.end), outer.range),
            depth: outer.depth + 1,
        });
        match next {
            Some(called) => around.push((called, inside(&called))),
            None => _ = around.pop(),
        }
    }
}

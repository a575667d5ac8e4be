//! How long the victims of a stall would have waited, had its callback not held the loop; and how long they did, where
//! the program was run so.
//!
//! What was recorded is replayed from its begin: a loop that serves one thing at a time, everything that was ready when
//! it looked in the order in which it became so, and each callback for as long as it took. Only the guilty callback is
//! changed, for every task that runs it and in all its stalls; what follows from it moves with it, and data that came
//! piece by piece is read piece by piece where the loop has time, each piece in its part of the time.
//!
//! A call that was told how long to take, and took longer than most of its kind, owes that to the machine, and takes as
//! long as they did.
//!
//! Where a guilty callback makes several blocking calls, it begins with those at once that take as long as they were told
//! to, as a run of a scenario does, and goes on when the last is done. In slices, and where one may need what another
//! brought, they come one after the other.
//!
//! What it cannot know:
//! - A core that a thread takes from the loop, or that other programs take in one of the two runs: on a busy machine
//!   each callback takes another time, and what computes takes as long as it did.
//! - What a hand-over costs: to a thread and back, or in a timer more. It is a few microseconds for each; a slice of a
//!   sleep takes about 80 more, in which the system wakes it up. So slices drift, and who comes close to the edge of one
//!   may have the next.
//! - Chance: what comes within a moment of when the loop looks is read then in one run, and a turn later in another.
//! - When data came of which neither a server told nor a watchdog: it came when the loop learned of it.
//! - That a connection ends, where the loop read that together with the last data: it ends when that came.
//! - A program that does something else when it is served earlier: other requests, a tick that it would not have missed.

mod compared;
mod counterpart;
mod entry;
mod guilt;
mod part;
mod plan;
mod replay;

use std::collections::HashMap;
use std::time::Duration;

use super::spans::{callback_around, spans_in};
use super::{StallReport, VictimKind};
use crate::store::{ModelTrack, Span, SpanKind, ThreadTrack, TraceStore};
use crate::trace::{Change, TimeRange, TimedCall, Timestamp};
pub use compared::{BY_CHANCE, Compared, HOLDS, Verdict, compare_with, is_by_chance};
pub use counterpart::{Comparison, Measured};
pub use entry::{WhatIfEntry, WhatIfVictimEntry};
use guilt::Guilt;
use plan::{Planned, planned};
use replay::{Job, Means, Moment, Queue, Wakes, replay};

/// What would become of a victim.
///
/// ```
/// # #[cfg(feature = "format")] {
/// use loopscope::analysis::{stalls, what_if};
/// use loopscope::trace::Change;
///
/// let trace = loopscope::format::open("tests/data/three-slow-servers.loopscope".as_ref())?;
/// let stalls = stalls(&trace.store, trace.now());
/// let worst = stalls.iter().max_by_key(|stall| stall.harm).expect("it was blocked");
/// let model = trace.store.model(worst.model).expect("its own");
/// for prediction in what_if(&trace.store, model, worst, Change::InThread, trace.now()) {
///     assert!(prediction.predicted < prediction.recorded / 10);
/// }
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Its place among [`StallReport::victims`].
    pub victim: usize,
    /// How long it waited; counted from when a server sent what it waited for, where that is known better so.
    pub recorded: Duration,
    /// How long it would have waited.
    pub predicted: Duration,
}

/// How long the victims of a stall would have waited after a change of its callback, in their order.
pub fn what_if(
    store: &TraceStore,
    model: &ModelTrack,
    stall: &StallReport,
    change: Change,
    now: Timestamp,
) -> Vec<Prediction> {
    Foresight::new(store, model, stall, change, now).of(stall)
}

/// How many callbacks before a stall and after it are replayed, at most.
const REPLAYED: u64 = 100_000;

/// What would become of everybody, had a callback been carried out otherwise in all of a trace.
#[derive(Debug, Default)]
pub struct Foresight {
    /// By the depth and the begin of the callback that served it: how long that waited, and how long it would have.
    served: HashMap<(usize, Timestamp), (Duration, Duration)>,
    /// How long those of the stall would have waited who wait still, by their places.
    waiting: HashMap<usize, Duration>,
}

impl Foresight {
    /// After a change of the callback that is guilty of `stall`.
    pub fn new(
        store: &TraceStore,
        model: &ModelTrack,
        stall: &StallReport,
        change: Change,
        now: Timestamp,
    ) -> Self {
        let Some(thread) = model.thread(stall.thread) else {
            return Self::default();
        };
        let window = window(thread, stall);
        let guilt = Guilt::new(store, thread, stall, change, window);
        let Planned {
            mut plan,
            called,
            ready,
        } = planned(&guilt, model, window, now);
        // Nothing of it is on the lane before the stall is over.
        if stall.lasts
            && called
                .iter()
                .all(|called| !called.range.overlaps(stall.range))
        {
            plan.jobs.push(Job {
                wakes: from(stall.range.begin, Queue::Descriptors),
                begin: stall.range.begin.0,
                end: stall.range.end.0,
                before: 0,
                parts: guilt.split(stall.range.nanos()),
            });
        }
        let mut waiting = HashMap::new();
        for (victim, one) in stall.victims.iter().enumerate() {
            if one.served_by.is_some() {
                continue;
            }
            let queue = match one.kind {
                VictimKind::Descriptor => Queue::Descriptors,
                VictimKind::Timer => Queue::Timers,
                VictimKind::ThreadCall | VictimKind::Deferred | VictimKind::Startup => Queue::Calls,
            };
            waiting.insert(victim, plan.jobs.len());
            plan.jobs.push(Job {
                wakes: from(one.waited.begin, queue),
                begin: one.waited.end.0,
                end: one.waited.end.0,
                ..Job::default()
            });
        }
        let all = replay(&plan, means(change));
        let waited = |place: usize| {
            let served = (*all.get(place)?)?;
            Some(Duration::from_nanos(
                served.begin.saturating_sub(served.ready),
            ))
        };
        let keyed = called.iter().zip(ready).enumerate();
        let keyed = keyed.filter_map(|(place, (called, ready))| {
            let recorded = called.range.begin.since(Timestamp(ready));
            let key = (called.depth, called.range.begin);
            Some((key, (recorded, waited(place)?)))
        });
        let waiting = waiting.into_iter();
        Self {
            served: keyed.collect(),
            waiting: waiting
                .filter_map(|(victim, place)| Some((victim, waited(place)?)))
                .collect(),
        }
    }

    /// How long the victims of a stall of the same callback would have waited, in their order. Who would not have come
    /// to wait at all, as far as is known, waits as he did.
    pub fn of(&self, stall: &StallReport) -> Vec<Prediction> {
        let victims = stall.victims.iter().enumerate();
        victims
            .map(|(place, victim)| {
                let delay = victim.waited.duration();
                let known = match victim.served_by {
                    Some(span) => self.served.get(&(span.depth, victim.waited.end)).copied(),
                    None => self.waiting.get(&place).map(|waited| (delay, *waited)),
                };
                let (recorded, predicted) = known.unwrap_or((delay, delay));
                Prediction {
                    victim: place,
                    recorded,
                    predicted,
                }
            })
            .collect()
    }
}

/// What is replayed for the sake of a stall: whole turns, and all there is of a trace that is not very long.
fn window(thread: &ThreadTrack, stall: &StallReport) -> TimeRange {
    let turns = thread.turns();
    let here = turns.partition_point(|turn| turn.at <= stall.range.begin);
    let here = here.checked_sub(1).and_then(|here| turns.get(here));
    let here = here.map_or(0, |turn| turn.callbacks);
    let first = turns.partition_point(|turn| turn.callbacks < here.saturating_sub(REPLAYED));
    let past = turns.partition_point(|turn| turn.callbacks <= here + REPLAYED);
    TimeRange::new(
        match first {
            0 => Timestamp::ZERO,
            _ => turns.get(first).map_or(Timestamp::ZERO, |turn| turn.at),
        },
        turns
            .get(past)
            .map_or(Timestamp::MAX, |turn| turn.at.max(stall.range.end)),
    )
}

const fn from(at: Timestamp, queue: Queue) -> Wakes {
    let moment = Moment {
        at: at.0,
        after: None,
        grid: None,
    };
    Wakes::From(queue, moment)
}

fn means(change: Change) -> Means {
    match change {
        Change::InThread => Means::Pool,
        Change::Asynchronous => Means::Waits,
        Change::Slices(length) => {
            Means::Slices(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).max(1))
        }
    }
}

/// Why it would be no change to carry out the guilty callback of a stall so: all that [`objection`] may say.
pub const NO_CHANGES: [&str; 2] = [
    "It is not known what of the program took so long, so that nothing can be carried out otherwise.",
    "Nothing in the callback takes longer than one slice: cut so, the program would be the same.",
];

/// Why it would be no change to carry out the guilty callback of a stall so, for a person; `None` where it is one.
pub fn objection(
    store: &TraceStore,
    model: &ModelTrack,
    stall: &StallReport,
    change: Change,
) -> Option<&'static str> {
    let takes_more_than = |length| is_announced(store, model, stall, length);
    match change {
        _ if !takes_more_than(Duration::ZERO) => Some(NO_CHANGES[0]),
        Change::Slices(slice) if !takes_more_than(slice) => Some(NO_CHANGES[1]),
        _ => None,
    }
}

/// Whether the guilty callback of a stall did something in it of which the program said that it takes time, and that takes
/// longer than `length`: only of that it is known what could be carried out otherwise.
fn is_announced(
    store: &TraceStore,
    model: &ModelTrack,
    stall: &StallReport,
    length: Duration,
) -> bool {
    let Some(thread) = model.thread(stall.thread) else {
        return false;
    };
    let lane = &thread.lane;
    let of_guilty = |depth, span: &Span| {
        let around = callback_around(lane, depth, span);
        let name = around.and_then(|around| around.name);
        name.is_some_and(|name| store.name(name) == stall.callback)
    };
    // However long it took in the end: it is cut as it was told to take.
    let told = |span: &Span| TimedCall::length(store.name(span.name?));
    let takes = |span: &Span| told(span).unwrap_or(span.range(stall.range.end).duration());
    let is_long = |span: &Span| span.kind == SpanKind::Blocking && takes(span) > length;
    (0..lane.depths()).any(|depth| {
        let mut spans = spans_in(lane, depth, stall.range);
        spans.any(|span| is_long(&span) && of_guilty(depth, &span))
    })
}

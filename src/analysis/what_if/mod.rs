//! How long the victims of a stall would have waited, had its callback not held the loop; and how long they did, where
//! the program was run so.
//!
//! What was recorded is replayed: a loop that serves one thing at a time, everything that was ready when it looked in
//! the order in which it served it then, and each callback for as long as it took. Only the guilty callback is changed,
//! for every task that runs it. What a changed program would do otherwise is not foreseen: other data, timers that it
//! sets at other moments, another order of the system, a core that a thread takes from the loop.

mod compared;
mod counterpart;
mod entry;
mod replay;

use std::time::Duration;

use super::ready::ready_of;
use super::spans::{Called, callback_around, called_in, common, spans_in};
use super::{StallReport, Victim};
use crate::store::{ModelTrack, Span, SpanKind, ThreadTrack, TraceStore};
use crate::trace::{Cause, Change, TimeRange, Timestamp};
pub use compared::{Compared, Verdict, compare_with};
pub use counterpart::{Measured, measure};
pub use entry::{WhatIfEntry, WhatIfVictimEntry};
use replay::{Job, Part, replay};

/// What would become of a victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Its place among [`StallReport::victims`].
    pub victim: usize,
    /// How long it waited.
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
    let Some(thread) = model.thread(stall.thread) else {
        return Vec::new();
    };
    let whole = stall.victims.iter().map(|victim| victim.waited);
    let whole = whole.fold(stall.range, TimeRange::union);
    let turns = thread.lane.row(0);
    let first = turns.and_then(|row| Some(row.get(row.at(whole.begin)?)?.begin));
    let window = TimeRange::new(
        first.unwrap_or(whole.begin),
        whole.end + Duration::from_nanos(1),
    );
    let called = called_in(&thread.lane, window, now);
    let guilt = Guilt {
        store,
        thread,
        stall,
        change,
    };
    let ready = |called: &Called| match called.span.kind {
        // The program had asked for it before its loop began.
        SpanKind::Callback(Cause::WhenRunning) => Some(thread.begin.0),
        _ => ready_of(model, thread, &called.span).map(|ready| ready.at.0),
    };
    let mut jobs: Vec<Job> = called
        .iter()
        .map(|called| Job {
            ready: ready(called),
            begin: called.range.begin.0,
            parts: guilt.parts(called),
        })
        .collect();
    // Nothing of it is on the lane before the stall is over.
    if stall.lasts
        && called
            .iter()
            .all(|called| !called.range.overlaps(stall.range))
    {
        jobs.push(Job {
            ready: None,
            begin: stall.range.begin.0,
            parts: guilt.split(stall.range.nanos()),
        });
    }
    let mut places = Vec::new();
    for victim in &stall.victims {
        let place = place_of(victim, &called);
        places.push(place.unwrap_or(jobs.len()));
        if place.is_none() {
            jobs.push(Job {
                ready: Some(victim.waited.begin.0),
                begin: victim.waited.end.0,
                parts: Vec::new(),
            });
        }
    }
    let slice = match change {
        Change::Slices(length) => Some(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).max(1)),
        Change::InThread | Change::Asynchronous => None,
    };
    let begins = replay(&jobs, slice);
    let predict = |(victim, place): (usize, usize)| {
        let waited = stall.victims[victim].waited;
        let predicted = Timestamp(begins[place]).since(waited.begin);
        Prediction {
            victim,
            recorded: waited.duration(),
            predicted,
        }
    };
    places.into_iter().enumerate().map(predict).collect()
}

/// Whether the guilty callback of a stall did something in it of which the program said that it takes time: only then it
/// is known what could be carried out otherwise.
pub fn is_announced(store: &TraceStore, model: &ModelTrack, stall: &StallReport) -> bool {
    let Some(thread) = model.thread(stall.thread) else {
        return false;
    };
    let lane = &thread.lane;
    let of_guilty = |depth, span: &Span| {
        let around = callback_around(lane, depth, span);
        let name = around.and_then(|around| around.name);
        name.is_some_and(|name| store.name(name) == stall.callback)
    };
    (0..lane.depths()).any(|depth| {
        let mut spans = spans_in(lane, depth, stall.range);
        spans.any(|span| span.kind == SpanKind::Blocking && of_guilty(depth, &span))
    })
}

/// The place of the callback that served a victim.
fn place_of(victim: &Victim, called: &[Called]) -> Option<usize> {
    let depth = victim.served_by?.depth;
    let at = victim.waited.end;
    called
        .iter()
        .position(|called| called.depth == depth && called.range.begin == at)
}

/// Which part of what ran is the guilty callback's, and would not have held the loop.
struct Guilt<'a> {
    store: &'a TraceStore,
    thread: &'a ThreadTrack,
    stall: &'a StallReport,
    change: Change,
}

impl Guilt<'_> {
    /// What a callback that lies in no other did.
    fn parts(&self, called: &Called) -> Vec<Part> {
        if self.is_guilty(&called.span) {
            return self.split(called.range.nanos());
        }
        // A stall may be named after a callback inside another.
        let lane = &self.thread.lane;
        let mut inside = (called.depth + 1..lane.depths())
            .map(|depth| spans_in(lane, depth, called.range).filter(|span| self.is_guilty(span)))
            .map(|spans| spans.map(|span| common(span.range(called.range.end), called.range)));
        let guilty = inside.find_map(|spans| {
            let spans: Vec<TimeRange> = spans.collect();
            (!spans.is_empty()).then_some(spans)
        });
        let mut parts = Vec::new();
        let mut at = called.range.begin;
        for range in guilty.unwrap_or_default() {
            parts.push(Part::Holds(TimeRange::new(at, range.begin).nanos()));
            parts.extend(self.split(range.nanos()));
            at = range.end;
        }
        parts.push(Part::Holds(TimeRange::new(at, called.range.end).nanos()));
        parts
    }

    /// What would not have held the loop of so much guilty time, and what would. Waiting can be done by the loop;
    /// computing cannot, and of a file no system says that it is ready.
    fn split(&self, nanos: u64) -> Vec<Part> {
        if self.change != Change::Asynchronous {
            return vec![Part::Guilty(nanos)];
        }
        let cause = &self.stall.cause;
        let share = match cause.split {
            _ if cause.syscall.as_deref().is_some_and(is_for_the_disk) => 0.0,
            // Who had to wait for a core, waited for it to compute, or to wake up and see that the wait is over.
            Some(split) => part(split.blocked, split.blocked + split.on_cpu),
            None => part(cause.in_calls, self.stall.range.duration()),
        };
        let guilty = ((nanos as f64 * share) as u64).min(nanos);
        let parts = [Part::Holds(nanos - guilty), Part::Guilty(guilty)];
        parts.into_iter().filter(|part| part.nanos() > 0).collect()
    }

    /// A callback is a piece of the program: it is changed for every task that runs it.
    fn is_guilty(&self, span: &Span) -> bool {
        matches!(span.kind, SpanKind::Callback(_))
            && span
                .name
                .is_some_and(|name| self.store.name(name) == self.stall.callback)
    }
}

/// Which part of a whole something is, from 0 to 1.
fn part(part: Duration, whole: Duration) -> f64 {
    (part.as_secs_f64() / whole.as_secs_f64().max(1e-9)).min(1.0)
}

/// Whether a system call waits for a disk.
fn is_for_the_disk(syscall: &str) -> bool {
    matches!(
        syscall,
        "fsync" | "fdatasync" | "sync_file_range" | "msync" | "pwrite64" | "pread64"
    )
}

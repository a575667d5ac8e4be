//! How busy a loop was over time, in columns: shares, rates and means.
//!
//! A column is told by what had been counted at its two ends, found by bisection: the work depends on how many columns a
//! view has, and not on how many turns.

use crate::store::ThreadTrack;
use crate::trace::{TimeRange, Timestamp};

/// What a column tells of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Event loop utilization: the share of its time that it spent outside the poll, 0 to 1. Of a thread without a loop,
    /// outside its waits.
    Utilization,
    /// Turns in a second. A turn counts evenly over its length, from its poll to the next one: a column may hold a part of
    /// one.
    TurnsPerSecond,
    /// Callbacks, those inside others not counted, in a turn: the mean of the turns that the column has a moment of.
    CallbacksPerTurn,
    /// Descriptors that a poll brought: the mean of the turns that the column has a moment of.
    ReadyPerPoll,
}

/// A stretch of time and what is told of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// When.
    pub range: TimeRange,
    /// What.
    pub value: f64,
}

/// The columns of a thread in `view`, in the order of time. They lie at multiples of `grain` nanoseconds of the trace's
/// time, so that they do not change while the view moves; the first and the last end where the thread does. `now` stands
/// for the end of what lasts still. Of a thread without a loop there is only its utilization.
pub fn rate(
    thread: &ThreadTrack,
    rate: Rate,
    view: TimeRange,
    grain: u64,
    now: Timestamp,
) -> Vec<Column> {
    let life = thread.range(now);
    let life = match (rate, thread.turns().first()) {
        (Rate::Utilization, _) => life,
        (_, Some(first)) => TimeRange::new(first.at, life.end),
        (_, None) => return Vec::new(),
    };
    let grain = grain.max(1);
    let end = view.end.min(life.end);
    let mut at = Timestamp(view.begin.max(life.begin).0 / grain * grain);
    let mut columns = Vec::new();
    while at < end {
        let next = Timestamp(at.0.saturating_add(grain));
        let range = TimeRange::new(at.max(life.begin), next.min(life.end));
        at = next;
        if !range.is_empty() {
            let value = value(thread, rate, widened(range, grain, life), now);
            columns.push(Column { range, value });
        }
    }
    columns
}

/// A column that is cut off at an end of a thread's life is told by as much time as any other, lest a sliver of it stand
/// out.
fn widened(range: TimeRange, grain: u64, life: TimeRange) -> TimeRange {
    let end = Timestamp(range.begin.0.saturating_add(grain)).min(life.end);
    let end = end.max(range.end);
    let begin = Timestamp(end.0.saturating_sub(grain)).max(life.begin);
    TimeRange::new(begin.min(range.begin), end)
}

fn value(thread: &ThreadTrack, rate: Rate, range: TimeRange, now: Timestamp) -> f64 {
    match rate {
        Rate::Utilization => busy_in(thread, range, now).0 as f64 / range.nanos() as f64,
        Rate::TurnsPerSecond => busy_in(thread, range, now).1 / range.duration().as_secs_f64(),
        Rate::CallbacksPerTurn => mean(thread, range, |turned| turned.callbacks),
        Rate::ReadyPerPoll => mean(thread, range, |turned| turned.ready),
    }
}

/// How many nanoseconds up to a moment a thread did not wait.
fn active_until(thread: &ThreadTrack, moment: Timestamp) -> u64 {
    let row = thread.stretches();
    let place = row.first_after(moment);
    let in_part = |begin: Timestamp| moment.0.saturating_sub(begin.0);
    let part = match row.spans().get(place) {
        Some(span) if span.kind.is_active() => in_part(span.begin),
        Some(_) => 0,
        None => thread.open_stretch().map_or(0, |open| in_part(open.begin)),
    };
    row.active_nanos(0, place) + part
}

/// How many turns a thread has made up to a moment, the present one in part.
fn turns_until(thread: &ThreadTrack, moment: Timestamp, now: Timestamp) -> f64 {
    let turns = thread.turns();
    let begun = turns.partition_point(|turn| turn.at <= moment);
    let Some(last) = begun.checked_sub(1) else {
        return 0.0;
    };
    let end = turns.get(begun).map(|turn| turn.at);
    let end = end.or(thread.end).unwrap_or(now);
    let Some(turn) = turns.get(last) else {
        // It was let go of.
        return begun as f64;
    };
    let turn = TimeRange::new(turn.at, end);
    let part = moment.0.saturating_sub(turn.begin.0) as f64 / turn.nanos().max(1) as f64;
    last as f64 + part.min(1.0)
}

/// The turns that have a moment in a stretch of time, and what was done in them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turned {
    pub(super) turns: u64,
    pub(super) callbacks: u64,
    pub(super) ready: u64,
}

pub(super) fn turned(thread: &ThreadTrack, range: TimeRange) -> Turned {
    let turns = thread.turns();
    let first = turns.partition_point(|turn| turn.at <= range.begin);
    let first = first.saturating_sub(1).max(turns.first_place());
    let past = turns.partition_point(|turn| turn.at < range.end);
    let until = |place: usize| match turns.get(place) {
        Some(turn) => (turn.callbacks, turn.ready),
        None => (thread.callbacks as u64, thread.ready),
    };
    if past <= first {
        return Turned::default();
    }
    let (before, after) = (until(first), until(past));
    Turned {
        turns: (past - first) as u64,
        callbacks: after.0.saturating_sub(before.0),
        ready: after.1.saturating_sub(before.1),
    }
}

/// How busy a thread was in a stretch of its life: for how many nanoseconds it did not wait, and how many turns it made,
/// those that it has only a part of in part.
pub(super) fn busy_in(thread: &ThreadTrack, range: TimeRange, now: Timestamp) -> (u64, f64) {
    let before = active_until(thread, range.begin);
    let busy = active_until(thread, range.end).saturating_sub(before);
    let turns = turns_until(thread, range.end, now) - turns_until(thread, range.begin, now);
    (busy, turns)
}

/// The mean of what was done in the turns that have a moment in `range`.
fn mean(thread: &ThreadTrack, range: TimeRange, which: impl Fn(Turned) -> u64) -> f64 {
    let turned = turned(thread, range);
    match turned.turns {
        0 => 0.0,
        turns => which(turned) as f64 / turns as f64,
    }
}

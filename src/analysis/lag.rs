//! How late the loop is, over time.
//!
//! Something that falls due the moment a loop stops waiting is served, at the latest, when it waits again. So
//! at every moment of a turn the loop may be late by what is left of that turn, and the length of the turn is
//! the most it inflicts; while the loop waits, its lag is zero. Over time that is a saw: it leaps up where a
//! turn begins and falls to zero where it ends. For a thread that blocks, the stretch between two waits takes
//! the place of the turn.
//!
//! This is a bound, and the same one for every model. By how much timers really were late is the
//! [lag](super::Health::lag) of a loop's health.

use std::time::Duration;

use crate::store::{Piece, Span, SpanKind, ThreadTrack};
use crate::trace::{TimeRange, Timestamp};

/// A point of a curve of lateness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagPoint {
    /// When.
    pub at: Timestamp,
    /// How late.
    pub lag: Duration,
}

/// The lag of a thread as a line through points, in the order of time: three for each turn. Turns shorter than
/// `grain` nanoseconds that lie close together show as the longest of them, so the work depends on how many
/// grains the view holds and not on how many turns. `now` stands for the end of a turn that lasts still.
pub fn loop_lag(
    thread: &ThreadTrack,
    view: TimeRange,
    grain: u64,
    now: Timestamp,
) -> Vec<LagPoint> {
    let row = thread.stretches();
    let mut points = Vec::new();
    let mut turns = view;
    if let Some(start) = start(thread) {
        if start.range(now).overlaps(view) {
            push_tooth(&mut points, &start, now);
        }
        turns.begin = start.end.clamp(view.begin, view.end);
    }
    for piece in row.pieces(turns, grain) {
        let longest = match piece {
            Piece::Span { index } => row.longest_active(index, index + 1),
            Piece::Folded { first, count, .. } => row.longest_active(first, first + count),
        };
        if let Some(turn) = longest.and_then(|place| row.get(place)) {
            push_tooth(&mut points, &turn, now);
        }
    }
    if let Some(open) = thread.open_stretch()
        && open.range(now).overlaps(view)
    {
        push_tooth(&mut points, &open, now);
    }
    points
}

/// What a loop did before its first poll, as one stretch: the callbacks of it are no turns of their own.
fn start(thread: &ThreadTrack) -> Option<Span> {
    let turns = thread.turns();
    let polled = turns.first().filter(|_| turns.first_place() == 0)?;
    let first = thread.lane.row(0)?.spans().first()?;
    let is_called = matches!(first.kind, SpanKind::Callback(_)) && first.begin < polled.at;
    is_called.then(|| Span {
        end: polled.at,
        ..Span::open(first.begin, SpanKind::Turn)
    })
}

fn push_tooth(points: &mut Vec<LagPoint>, turn: &Span, now: Timestamp) {
    let range = turn.range(now);
    let point = |at, lag| LagPoint { at, lag };
    points.extend([
        point(range.begin, Duration::ZERO),
        point(range.begin, range.duration()),
        point(range.end, Duration::ZERO),
    ]);
}

//! Which part of what ran is the guilty callback's, and would not have held the loop.

use super::super::StallReport;
use super::super::spans::{Called, callback_around, common, spans_in};
use super::replay::Part;
use crate::store::{Span, SpanKind, ThreadTrack, TraceStore};
use crate::trace::{Change, TimeRange, Timestamp};

/// Where nearly all of a call was waiting, it is a wait: to enter it and to come back takes a moment on a core, too.
const NEARLY_ALL: f64 = 0.9;

/// What is changed, and what it did.
pub(super) struct Guilt<'a> {
    pub(super) store: &'a TraceStore,
    pub(super) thread: &'a ThreadTrack,
    pub(super) stall: &'a StallReport,
    pub(super) change: Change,
}

impl Guilt<'_> {
    /// What a callback that lies in no other did. A callback is a piece of the program: it is changed for every task that
    /// runs it, and in it what the program announced as blocking; all of it, where it announced nothing.
    pub(super) fn parts(&self, called: &Called) -> Vec<Part> {
        let mut long = self.announced(called);
        if !long.iter().any(|(_, is_guilty)| *is_guilty) {
            let callbacks = self.callbacks(called);
            if !callbacks.is_empty() {
                long = callbacks.into_iter().map(|range| (range, true)).collect();
            }
        }
        let mut parts = Vec::new();
        let mut at = called.range.begin;
        let between = |at, to: Timestamp| Part::Handles(TimeRange::new(at, to.max(at)).nanos());
        for (range, is_guilty) in long {
            parts.push(between(at, range.begin));
            match is_guilty {
                true => parts.extend(self.split(range.nanos())),
                false => parts.push(Part::Holds(range.nanos())),
            }
            at = range.end;
        }
        parts.push(between(at, called.range.end));
        parts.retain(|part| part.nanos() > 0);
        parts
    }

    /// The blocking calls in a callback, and whether a guilty one made them.
    fn announced(&self, called: &Called) -> Vec<(TimeRange, bool)> {
        let lane = &self.thread.lane;
        let of_depth = |depth| {
            let spans = spans_in(lane, depth, called.range);
            let calls = spans.filter(|span| span.kind == SpanKind::Blocking);
            calls.map(move |span| {
                let around = callback_around(lane, depth, &span);
                let is_guilty = around.is_some_and(|around| self.is_guilty(&around));
                let range = common(span.range(called.range.end), called.range);
                (range, is_guilty)
            })
        };
        let calls = (called.depth + 1..lane.depths()).flat_map(of_depth);
        let mut calls: Vec<_> = calls.collect();
        calls.sort_by_key(|(range, _)| range.begin);
        calls
    }

    /// The guilty callbacks: itself, or those inside it, for a stall may be named after one of these.
    fn callbacks(&self, called: &Called) -> Vec<TimeRange> {
        if self.is_guilty(&called.span) {
            return vec![called.range];
        }
        let lane = &self.thread.lane;
        let mut inside = (called.depth + 1..lane.depths())
            .map(|depth| spans_in(lane, depth, called.range).filter(|span| self.is_guilty(span)))
            .map(|spans| spans.map(|span| common(span.range(called.range.end), called.range)));
        let guilty = inside.find_map(|spans| {
            let spans: Vec<TimeRange> = spans.collect();
            (!spans.is_empty()).then_some(spans)
        });
        guilty.unwrap_or_default()
    }

    /// What would not have held the loop of so much guilty time, and what would. Waiting can be done by the loop;
    /// computing cannot, and of a file no system says that it is ready.
    pub(super) fn split(&self, nanos: u64) -> Vec<Part> {
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
        let share = if share >= NEARLY_ALL { 1.0 } else { share };
        let guilty = ((nanos as f64 * share) as u64).min(nanos);
        let parts = [Part::Holds(nanos - guilty), Part::Guilty(guilty)];
        parts.into_iter().filter(|part| part.nanos() > 0).collect()
    }

    fn is_guilty(&self, span: &Span) -> bool {
        matches!(span.kind, SpanKind::Callback(_))
            && span
                .name
                .is_some_and(|name| self.store.name(name) == self.stall.callback)
    }
}

/// Which part of a whole something is, from 0 to 1.
fn part(part: std::time::Duration, whole: std::time::Duration) -> f64 {
    (part.as_secs_f64() / whole.as_secs_f64().max(1e-9)).min(1.0)
}

/// Whether a system call waits for a disk.
fn is_for_the_disk(syscall: &str) -> bool {
    matches!(
        syscall,
        "fsync" | "fdatasync" | "sync_file_range" | "msync" | "pwrite64" | "pread64"
    )
}

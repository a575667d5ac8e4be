//! Which part of what ran is the guilty callback's, and would not have held the loop.

use std::collections::HashMap;

use super::super::StallReport;
use super::super::spans::{Called, callback_around, called_in, common, spans_in};
use super::part::Part;
use crate::store::{Span, SpanKind, ThreadTrack, TraceStore};
use crate::trace::{Change, Doing, NameId, TimeRange, TimedCall, Timestamp};

/// Where nearly all of a call was waiting, it is a wait: to enter it and to come back takes a moment on a core, too.
const NEARLY_ALL: f64 = 0.9;

/// What is changed, and what it did.
pub(super) struct Guilt<'a> {
    pub(super) store: &'a TraceStore,
    pub(super) thread: &'a ThreadTrack,
    pub(super) stall: &'a StallReport,
    pub(super) change: Change,
    /// Which part of what the guilty callback did was waiting, from 0 to 1.
    waits: f64,
    /// How long the timed calls of each name take, as a rule.
    usual: HashMap<NameId, u64>,
}

/// What takes long in a callback.
struct Long {
    range: TimeRange,
    /// How long it takes as a rule: not longer than it did.
    nanos: u64,
    is_guilty: bool,
    /// Whether the callback, where this is carried out otherwise, begins with the next one meanwhile.
    beside: bool,
}

impl<'a> Guilt<'a> {
    /// Of what ran in `window`.
    pub(super) fn new(
        store: &'a TraceStore,
        thread: &'a ThreadTrack,
        stall: &'a StallReport,
        change: Change,
        window: TimeRange,
    ) -> Self {
        let mut guilt = Self {
            store,
            thread,
            stall,
            change,
            waits: 0.0,
            usual: usual_lengths(store, thread, window),
        };
        guilt.waits = guilt.waiting();
        guilt
    }

    /// What a callback that lies in no other did. A callback is a piece of the program: it is changed for every task that
    /// runs it, and in it what the program announced as blocking; all of it, where it announced nothing.
    pub(super) fn parts(&self, called: &Called) -> Vec<Part> {
        let long = self.long(called);
        let mut parts = Vec::new();
        let mut at = called.range.begin;
        let between = |at, to: Timestamp| Part::Handles(TimeRange::new(at, to.max(at)).nanos());
        for Long {
            range,
            nanos,
            is_guilty,
            beside,
        } in long
        {
            parts.push(between(at, range.begin));
            match is_guilty {
                // What holds the loop all the same comes one after the other.
                true if beside && self.share() >= 1.0 => parts.push(Part::Beside(nanos)),
                true => parts.extend(self.split(nanos)),
                false => parts.push(Part::Holds(nanos)),
            }
            at = range.end;
        }
        parts.push(between(at, called.range.end));
        parts.retain(|part| part.nanos() > 0);
        parts
    }

    /// What takes long in a callback.
    fn long(&self, called: &Called) -> Vec<Long> {
        let announced = self.announced(called);
        if announced.iter().any(|one| one.is_guilty) {
            return announced;
        }
        let callbacks = self.callbacks(called);
        match callbacks.is_empty() {
            true => announced,
            false => callbacks
                .into_iter()
                .map(|range| Long {
                    range,
                    nanos: range.nanos(),
                    is_guilty: true,
                    beside: false,
                })
                .collect(),
        }
    }

    /// The blocking calls in a callback; those are guilty that a guilty one made. It begins with two at once where it is
    /// known that neither needs the other, and goes on when both are done.
    fn announced(&self, called: &Called) -> Vec<Long> {
        let lane = &self.thread.lane;
        let of_depth = |depth| {
            let spans = spans_in(lane, depth, called.range);
            let calls = spans.filter(|span| span.kind == SpanKind::Blocking);
            calls.filter_map(move |span| {
                let range = common(span.range(called.range.end), called.range);
                let around = callback_around(lane, depth, &span);
                let guilty = around.filter(|around| self.is_guilty(around));
                let usual = span.name.and_then(|name| self.usual.get(&name)).copied();
                (range.nanos() > 0).then_some((range, guilty, usual))
            })
        };
        let calls = (called.depth + 1..lane.depths()).flat_map(of_depth);
        let mut calls: Vec<_> = calls.collect();
        calls.sort_by_key(|(range, ..)| range.begin);
        let mut after = calls.iter().skip(1);
        calls
            .iter()
            .map(|(range, guilty, usual)| Long {
                range: *range,
                nanos: usual.map_or(range.nanos(), |usual| usual.min(range.nanos())),
                is_guilty: guilty.is_some(),
                beside: after.next().is_some_and(|(_, next, next_usual)| {
                    usual.is_some() && next_usual.is_some() && guilty.is_some() && guilty == next
                }),
            })
            .collect()
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
        let guilty = ((nanos as f64 * self.share()) as u64).min(nanos);
        let parts = [Part::Holds(nanos - guilty), Part::Guilty(guilty)];
        parts.into_iter().filter(|part| part.nanos() > 0).collect()
    }

    /// Which part of what is guilty would not have held the loop, from 0 to 1.
    fn share(&self) -> f64 {
        match self.change {
            Change::Asynchronous if self.waits < NEARLY_ALL => self.waits,
            _ => 1.0,
        }
    }

    /// Which part of what the guilty callback did in the stall was waiting.
    fn waiting(&self) -> f64 {
        let cause = &self.stall.cause;
        if cause.syscall.as_deref().is_some_and(is_for_the_disk) {
            return 0.0;
        }
        let Some(split) = cause.split else {
            return part(cause.in_calls, self.stall.range.duration());
        };
        // Who had to wait for a core, waited for it to compute, or to wake up and see that the wait is over.
        let blocked = split.blocked.mul_f64(self.own_part(true));
        let on_cpu = split.on_cpu.mul_f64(self.own_part(false));
        part(blocked, blocked + on_cpu)
    }

    /// Which part of the time that the thread was blocked in the stall, or else on a core, is the guilty callback's. The
    /// system accounts for all of it together: what was seen now and then tells the callbacks apart.
    fn own_part(&self, blocked: bool) -> f64 {
        let range = self.stall.range;
        let called = called_in(&self.thread.lane, range, range.end);
        let long = called.iter().flat_map(|called| self.long(called));
        let guilty = long.filter(|one| one.is_guilty);
        let own: Vec<TimeRange> = guilty.map(|own| common(own.range, range)).collect();
        let own_nanos: u64 = own.iter().map(|own| own.nanos()).sum();
        let is_own = |at| own.iter().any(|own| own.contains(at));
        // How long one of the two was, as far as the looks tell; all of it where there was none.
        let spent = |nanos: u64, of_own: bool| {
            let looks = self.thread.watch.samples_in(range).iter();
            let looks = looks.filter(|look| is_own(look.at) == of_own);
            let (mut all, mut so) = (0_u32, 0_u32);
            for look in looks.filter(|look| look.doing != Doing::Unknown) {
                all += 1;
                so += u32::from((look.doing != Doing::Running) == blocked);
            }
            match all {
                0 => nanos as f64,
                _ => nanos as f64 * f64::from(so) / f64::from(all),
            }
        };
        let others = spent(range.nanos().saturating_sub(own_nanos), false);
        let own = spent(own_nanos, true);
        match own + others > 0.0 {
            true => own / (own + others),
            false => own_nanos as f64 / range.nanos().max(1) as f64,
        }
    }

    fn is_guilty(&self, span: &Span) -> bool {
        matches!(span.kind, SpanKind::Callback(_))
            && span
                .name
                .is_some_and(|name| self.store.name(name) == self.stall.callback)
    }
}

/// How long the timed calls of each name took that ran in `window`: the one in the middle. What another took longer is owed
/// to the machine, by chance: it will not be so in another run.
fn usual_lengths(
    store: &TraceStore,
    thread: &ThreadTrack,
    window: TimeRange,
) -> HashMap<NameId, u64> {
    let lane = &thread.lane;
    let mut lengths: HashMap<NameId, Vec<u64>> = HashMap::new();
    for span in (0..lane.depths()).flat_map(|depth| spans_in(lane, depth, window)) {
        if span.kind == SpanKind::Blocking
            && let Some(name) = span.name
            && TimedCall::length(store.name(name)).is_some()
        {
            let nanos = span.range(window.end).nanos();
            lengths.entry(name).or_default().push(nanos);
        }
    }
    let usual = lengths.into_iter().map(|(name, mut lengths)| {
        let middle = (lengths.len() - 1) / 2;
        (name, *lengths.select_nth_unstable(middle).1)
    });
    usual.collect()
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

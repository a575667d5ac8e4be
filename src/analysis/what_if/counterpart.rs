//! The same wait in another run of the same scenario.
//!
//! Two runs have nothing in common but the program, so that a wait is found again by what it was for:
//! - **Data** by its place in what its task read: the callback that read the same first byte. However the other run cuts
//!   the data into pieces, that byte comes once.
//! - **A tick** of a looping call by its moment on the grid, counted from the first call: ticks may have been missed.
//! - **Anything else** by its number among the callbacks of that name and task that wait for the same kind of thing.
//!
//! What another thread did in the other run, or nobody, has no counterpart there, and none is made up.

use std::time::Duration;

use super::super::ready::{last_look, ready_of};
use super::super::spans::{Called, callback_around, called_at, called_in, spans_in};
use super::super::{Known, Victim, VictimKind};
use crate::store::{LaneRef, ModelTrack, Span, SpanKind, SpanRef, ThreadTrack, TraceStore};
use crate::trace::{Cause, TaskId, TimeRange, Timestamp};

/// How far two runs of one grid may be apart: their first calls are called a moment after its start.
const SAME_MOMENT: Duration = Duration::from_millis(2);
/// A poll that is shorter did not wait: what it brought may have been there before.
const SHORT_POLL: Duration = Duration::from_micros(50);

/// How long somebody waited in another run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// From the moment when it was ready to that when it was served.
    pub waited: TimeRange,
    /// How it is known since when it was ready.
    pub known: Known,
    /// How much longer it may have waited, where the loop learned of it late and nobody else looked.
    pub unseen: Duration,
    /// The callback that served it.
    pub served_by: SpanRef,
}

/// How long a victim of a stall waited in another run of the same scenario, up to `now` there; `None` where it is not
/// found, or was not served yet.
///
/// `here` is the model of the stall, and `there` the same model in the other run, each with its store.
pub fn measure(
    victim: &Victim,
    here: (&TraceStore, &ModelTrack),
    there: (&TraceStore, &ModelTrack),
    now: Timestamp,
) -> Option<Measured> {
    let served = victim.served_by?;
    let loop_of = |(store, model)| Side::new(store, model, now);
    let (here, there) = (loop_of(here)?, loop_of(there)?);
    let span = here.store.span(served)?;
    let key = Key {
        name: victim.callback.as_deref()?,
        task: victim.task,
        kind: victim.kind,
    };
    let found = match key.kind {
        VictimKind::Descriptor if key.task.is_some() => {
            there.that_reads(here.first_byte(&key, &span)?, &key)
        }
        VictimKind::Timer => match (here.first_call(&key), there.first_call(&key)) {
            (Some(first), Some(other)) => {
                let moment = victim.waited.begin.since(first);
                there.tick(other + moment, &key)
            }
            _ => there.nth(here.number(&span, &key)?, &key),
        },
        _ => there.nth(here.number(&span, &key)?, &key),
    }?;
    there.measured(&found)
}

/// What tells one kind of wait from others.
struct Key<'a> {
    name: &'a str,
    task: Option<TaskId>,
    kind: VictimKind,
}

/// The loop of one of the two runs.
struct Side<'a> {
    store: &'a TraceStore,
    model: &'a ModelTrack,
    thread: &'a ThreadTrack,
    now: Timestamp,
}

/// Which data: so many bytes its task had read before it.
#[derive(Clone, Copy)]
enum Place {
    /// The byte after them.
    Byte(u64),
    /// Nothing came after them: a connection that stands, or ends.
    After(u64),
}

impl<'a> Side<'a> {
    fn new(store: &'a TraceStore, model: &'a ModelTrack, now: Timestamp) -> Option<Self> {
        let thread = model.threads.iter().find(|thread| thread.polls > 0)?;
        Some(Self {
            store,
            model,
            thread,
            now,
        })
    }

    fn is_called(&self, span: &Span, key: &Key<'_>) -> bool {
        let name = span
            .name
            .is_some_and(|name| self.store.name(name) == key.name);
        name && span.task == key.task
    }

    /// What a callback of `key` read first.
    fn first_byte(&self, key: &Key<'_>, span: &Span) -> Option<Place> {
        let progress = self.model.task(key.task?)?.progress();
        let before = progress.partition_point(|(at, _)| *at < span.begin);
        let read = before.checked_sub(1).map_or(0, |last| progress[last].1);
        let reads = progress
            .range(before..)
            .iter()
            .take_while(|(at, _)| *at < span.end)
            .any(|(_, bytes)| *bytes > read);
        Some(match reads {
            true => Place::Byte(read),
            false => Place::After(read),
        })
    }

    /// The callback that reads what is at `place`.
    fn that_reads(&self, place: Place, key: &Key<'_>) -> Option<Called> {
        let progress = self.model.task(key.task?)?.progress();
        match place {
            Place::Byte(before) => {
                let at = progress.partition_point(|(_, bytes)| *bytes <= before);
                let (read_at, _) = *progress.get(at)?;
                called_at(&self.thread.lane, read_at)
                    .filter(|called| self.is_called(&called.span, key))
            }
            Place::After(bytes) => {
                let reached = progress.partition_point(|(_, read)| *read < bytes);
                let since = match bytes {
                    0 => Timestamp::ZERO,
                    _ => progress.get(reached)?.0 + Duration::from_nanos(1),
                };
                self.first(since, key, |span| {
                    span.kind == SpanKind::Callback(Cause::Readiness)
                })
            }
        }
    }

    /// The first callback of `key` from a moment on of which something is so.
    fn first(
        &self,
        since: Timestamp,
        key: &Key<'_>,
        is_so: impl Fn(&Span) -> bool,
    ) -> Option<Called> {
        let lane = &self.thread.lane;
        let range = TimeRange::new(since, self.now);
        let of_depth = |depth| {
            let mut spans = spans_in(lane, depth, range);
            let span = spans.find(|span| {
                let known = span.begin >= since && self.is_called(span, key) && is_so(span);
                known && callback_around(lane, depth, span).is_none()
            })?;
            Some(Called {
                span,
                range: span.range(self.now),
                depth,
            })
        };
        let found = (0..lane.depths()).filter_map(of_depth);
        found.min_by_key(|called| called.range.begin)
    }

    /// When the program called it for the first time itself, and not through a timer: so a looping call begins.
    fn first_call(&self, key: &Key<'_>) -> Option<Timestamp> {
        let lane = &self.thread.lane;
        let rows = (0..lane.depths()).filter_map(|depth| lane.row(depth));
        let first = rows.filter_map(|row| {
            let mut spans = row.spans().iter();
            let by_program = SpanKind::Callback(Cause::Program);
            spans.find(|span| span.kind == by_program && self.is_called(span, key))
        });
        first.map(|span| span.begin).min()
    }

    /// The tick that was due at this moment.
    fn tick(&self, due: Timestamp, key: &Key<'_>) -> Option<Called> {
        let since = Timestamp(due.0.saturating_sub(nanos(SAME_MOMENT)));
        self.first(since, key, |span| {
            let ready = (span.kind == SpanKind::Callback(Cause::Timer))
                .then(|| ready_of(self.model, self.thread, span));
            ready
                .flatten()
                .is_some_and(|ready| since <= ready.at && ready.at <= due + SAME_MOMENT)
        })
    }

    /// Those that waited for the same kind of thing.
    fn all(&self, key: &Key<'_>) -> impl Iterator<Item = Called> {
        let whole = TimeRange::new(Timestamp::ZERO, self.now);
        let called = called_in(&self.thread.lane, whole, self.now).into_iter();
        called
            .filter(|called| self.is_called(&called.span, key))
            .filter(|called| {
                let ready = ready_of(self.model, self.thread, &called.span);
                ready.is_some_and(|ready| ready.kind == key.kind)
            })
    }

    fn number(&self, span: &Span, key: &Key<'_>) -> Option<usize> {
        self.all(key)
            .position(|called| called.span.begin == span.begin)
    }

    fn nth(&self, number: usize, key: &Key<'_>) -> Option<Called> {
        self.all(key).nth(number)
    }

    fn measured(&self, called: &Called) -> Option<Measured> {
        let ready = ready_of(self.model, self.thread, &called.span)?;
        let unseen = match ready.known {
            Known::AsLearned => self.unseen(ready.at),
            _ => Duration::ZERO,
        };
        Some(Measured {
            waited: TimeRange::new(ready.at, called.range.begin.max(ready.at)),
            known: ready.known,
            unseen,
            served_by: SpanRef {
                model: self.model.id,
                lane: LaneRef::Thread(self.thread.id),
                depth: called.depth,
                index: self.thread.lane.at(called.depth, called.span.begin)?,
            },
        })
    }

    /// How long before `learned` the loop had looked last, where it did not wait for what it learned then.
    fn unseen(&self, learned: Timestamp) -> Duration {
        let row = self.thread.lane.row(0);
        let before = Timestamp(learned.0.saturating_sub(1));
        let poll = row.and_then(|row| row.spans().get(row.at(before)?));
        match poll {
            Some(poll) if poll.kind == SpanKind::Poll => {
                let waited = poll.end.since(poll.begin);
                if waited > SHORT_POLL {
                    return Duration::ZERO;
                }
            }
            _ => return Duration::ZERO,
        }
        learned.since(last_look(self.thread, learned))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

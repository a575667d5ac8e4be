//! The same wait in another run of the same scenario.
//!
//! Two runs have nothing in common but the program, so that a wait is found again by what it was for:
//! - **Data** by its place in what its task read: the callback that read the same first byte. However the other run cuts
//!   the data into pieces, that byte comes once.
//! - **A tick** of a looping call by its moment on the grid, counted from the first call: ticks may have been missed.
//! - **Anything else** by its number among the callbacks of that name and task that wait for the same kind of thing.
//!
//! What another thread did in the other run, or nobody, has no counterpart there, and none is made up.

use std::collections::HashMap;
use std::time::Duration;

use super::super::ready::ReadyTimes;
use super::super::spans::{Called, called_at, called_in, last_look};
use super::super::{Known, Victim, VictimKind};
use super::plan::{read_in, sent_between, taken_in};
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

/// The loops of two runs of the same scenario, sorted by what they served: finding the counterparts of thousands of
/// victims takes little longer than looking through both runs once.
#[derive(Debug)]
pub struct Comparison<'a> {
    here: Option<Side<'a>>,
    there: Option<Side<'a>>,
}

impl<'a> Comparison<'a> {
    /// Of the model of a stall with the same model in another run, up to `now` there, each with its store.
    pub fn new(
        here: (&'a TraceStore, &'a ModelTrack),
        there: (&'a TraceStore, &'a ModelTrack),
        now: Timestamp,
    ) -> Self {
        Self {
            here: Side::new(here.0, here.1, here.0.range().end),
            there: Side::new(there.0, there.1, now),
        }
    }

    /// How long a victim waited in the other run; `None` where it is not found, or was not served yet.
    pub fn measure(&mut self, victim: &Victim) -> Option<Measured> {
        let (here, there) = (self.here.as_ref()?, self.there.as_mut()?);
        let span = here.store.span(victim.served_by?)?;
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
}

/// What tells one kind of wait from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key<'a> {
    name: &'a str,
    task: Option<TaskId>,
    kind: VictimKind,
}

/// The loop of one of the two runs.
#[derive(Debug)]
struct Side<'a> {
    store: &'a TraceStore,
    model: &'a ModelTrack,
    thread: &'a ThreadTrack,
    times: ReadyTimes<'a>,
    /// The callbacks that lie in no other, and waited for something.
    waited: HashMap<Key<'a>, Vec<Called>>,
    /// All of them.
    of_task: HashMap<TaskId, Vec<Called>>,
    /// When the program called something first itself.
    first_calls: HashMap<(&'a str, Option<TaskId>), Timestamp>,
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
        let mut side = Self {
            store,
            model,
            thread,
            times: ReadyTimes::new(model, thread),
            waited: HashMap::new(),
            of_task: HashMap::new(),
            first_calls: HashMap::new(),
        };
        let whole = TimeRange::new(Timestamp::ZERO, now);
        for called in called_in(&thread.lane, whole, now) {
            let task = called.span.task;
            if let Some(task) = task {
                side.of_task.entry(task).or_default().push(called);
            }
            if let (Some(kind), Some(name)) = (side.kind(&called.span), called.span.name) {
                let name = store.name(name);
                let key = Key { name, task, kind };
                side.waited.entry(key).or_default().push(called);
            }
        }
        let rows = (0..thread.lane.depths()).filter_map(|depth| thread.lane.row(depth));
        for span in rows.flat_map(|row| row.spans().iter()) {
            if let (SpanKind::Callback(Cause::Program), Some(name)) = (span.kind, span.name) {
                let caller = (store.name(name), span.task);
                let first = side.first_calls.entry(caller).or_insert(span.begin);
                *first = span.begin.min(*first);
            }
        }
        Some(side)
    }

    /// What a callback had waited for, if for anything.
    fn kind(&mut self, span: &Span) -> Option<VictimKind> {
        match span.kind {
            SpanKind::Callback(Cause::Readiness) => Some(VictimKind::Descriptor),
            SpanKind::Callback(Cause::Timer) => Some(VictimKind::Timer),
            SpanKind::Callback(Cause::ThreadCall | Cause::WhenRunning) => {
                self.times.of(span).map(|ready| ready.kind)
            }
            _ => None,
        }
    }

    fn all<'b>(&'b self, key: &Key<'b>) -> &'b [Called] {
        self.waited.get(key).map_or(&[], Vec::as_slice)
    }

    /// Those from a moment on.
    fn since<'b>(&'b self, moment: Timestamp, key: &Key<'b>) -> &'b [Called] {
        let all = self.all(key);
        &all[all.partition_point(|called| called.span.begin < moment)..]
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
                self.since(since, key).first().copied()
            }
        }
    }

    /// When the program called it for the first time itself, and not through a timer: so a looping call begins.
    fn first_call(&self, key: &Key<'_>) -> Option<Timestamp> {
        self.first_calls.get(&(key.name, key.task)).copied()
    }

    /// The tick that was due at this moment.
    fn tick(&self, due: Timestamp, key: &Key<'_>) -> Option<Called> {
        let since = Timestamp(due.0.saturating_sub(nanos(SAME_MOMENT)));
        let until = due + SAME_MOMENT;
        let mut times = ReadyTimes::new(self.model, self.thread);
        let mut ticks = self.since(since, key).iter().filter_map(|called| {
            let ready = times.of(&called.span)?;
            (ready.at >= since).then_some((called, ready.at))
        });
        ticks
            .next()
            .filter(|(_, at)| *at <= until)
            .map(|(called, _)| *called)
    }

    /// Its number among those that waited for the same kind of thing.
    fn number(&self, span: &Span, key: &Key<'_>) -> Option<usize> {
        let all = self.all(key);
        let found = all.binary_search_by_key(&span.begin, |called| called.span.begin);
        found.ok()
    }

    fn nth(&self, number: usize, key: &Key<'_>) -> Option<Called> {
        self.all(key).get(number).copied()
    }

    fn measured(&mut self, called: &Called) -> Option<Measured> {
        let ready = self.times.of(&called.span)?;
        let sent = (ready.known == Known::AsLearned)
            .then(|| self.sent(called, ready.at))
            .flatten();
        let unseen = match (ready.known, sent) {
            (Known::AsLearned, None) => self.unseen(ready.at),
            _ => Duration::ZERO,
        };
        let since = sent.unwrap_or(ready.at);
        Some(Measured {
            waited: TimeRange::new(since, called.range.begin.max(since)),
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

    /// Since when a callback could have run, by what the server says: since its connection stood, or since what it read
    /// was sent, or since the task reads again. Not later than it was learned.
    fn sent(&self, called: &Called, learned: Timestamp) -> Option<Timestamp> {
        let id = called.span.task?;
        let task = self.model.task(id)?;
        if let Some(stood) = taken_in(self.store, task, called.range) {
            return Some(stood.min(learned));
        }
        let (from, to) = read_in(task, called)?;
        let begin = called.range.begin;
        let sent = sent_between(self.store, task, begin, (from, to))?
            .next()?
            .at;
        let all = self.of_task.get(&id)?;
        let before = all.partition_point(|one| one.range.begin < begin);
        let before = before.checked_sub(1).map(|last| &all[last]);
        let read = SpanKind::Callback(Cause::Readiness);
        let made = task.connections().iter().rfind(|one| one.at <= begin)?.at;
        let again = match before {
            Some(before) if before.span.kind != read => before.range.end.max(made),
            _ => made,
        };
        Some(sent.max(again).min(learned))
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

//! What held the loop.

use std::time::Duration;

use super::compare::task_name;
use super::plain_duration;
use crate::store::{Lane, ModelTrack, Span, SpanKind, Stall, TraceStore};
use crate::trace::{ModelId, NameId, TaskId, ThreadId, TimeRange};

/// A stall, and what held the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StallReport {
    /// In which model.
    pub model: ModelId,
    /// Its place among [`ModelTrack::stalls`].
    pub index: usize,
    /// On which thread.
    pub thread: ThreadId,
    /// When.
    pub range: TimeRange,
    /// Whose callback took the largest part of it.
    pub task: Option<TaskId>,
    /// What that task is called.
    pub task_name: Option<String>,
    /// The name of that callback.
    pub callback: String,
    /// What held the loop, in a few words: `sleep 200ms in data_received`.
    pub cause: String,
    /// The same as a sentence for a newcomer: `data_received of ecstasy held the loop for 200 ms: sleep 200ms`.
    pub sentence: String,
}

/// The stalls of all models, in the order in which they began.
///
/// The work grows with what happened during the stalls. A report does not change once its stall is in the
/// store: whoever draws often keeps it, and asks [`stall`] for new ones.
pub fn stalls(store: &TraceStore) -> Vec<StallReport> {
    let mut reports: Vec<_> = store
        .models()
        .iter()
        .flat_map(|model| {
            (0..model.stalls.len()).filter_map(move |index| stall(store, model, index))
        })
        .collect();
    reports.sort_by_key(|report| (report.range.begin, report.model, report.index));
    reports
}

/// The stall at a place among those of its model.
pub fn stall(store: &TraceStore, model: &ModelTrack, index: usize) -> Option<StallReport> {
    let stall = model.stalls.get(index)?;
    let callback = store.name(stall.callback).to_owned();
    let task_name = stall.task.map(|id| {
        model
            .task(id)
            .map_or_else(|| format!("task {id}"), |task| task_name(store, task))
    });
    let thread = model.thread(stall.thread);
    let held = thread.map_or_else(Held::default, |thread| Held::of(&thread.lane, stall));
    let what = match thread {
        Some(thread) if thread.polls == 0 => "its thread",
        _ => "the loop",
    };
    let (cause, sentence) = held.tell(store, stall, &callback, task_name.as_deref(), what);
    Some(StallReport {
        model: model.id,
        index,
        thread: stall.thread,
        range: stall.range,
        task: stall.task,
        task_name,
        callback,
        cause,
        sentence,
    })
}

/// What went on during a stall.
#[derive(Default)]
struct Held {
    /// How many callbacks ran that lie in no other.
    callbacks: usize,
    /// For how many nanoseconds they ran.
    called: u64,
    /// The longest of them, and for how long.
    longest: Option<(Span, u64)>,
    /// The kind of call that blocked for longest, all its calls together.
    blocking: Option<BlockingCalls>,
}

/// Calls of one name that blocked in callbacks of one name.
struct BlockingCalls {
    call: Option<NameId>,
    callback: Option<NameId>,
    count: usize,
    nanos: u64,
}

impl Held {
    fn of(lane: &Lane, stall: &Stall) -> Self {
        let mut held = Self::default();
        let mut calls: Vec<BlockingCalls> = Vec::new();
        for depth in 0..lane.depths() {
            for span in spans_in(lane, depth, stall.range) {
                let nanos = overlap(&span, stall.range);
                match span.kind {
                    SpanKind::Callback(_) if !in_callback(lane, depth, &span) => {
                        held.callbacks += 1;
                        held.called += nanos;
                        if held.longest.is_none_or(|(_, longest)| nanos > longest) {
                            held.longest = Some((span, nanos));
                        }
                    }
                    SpanKind::Blocking => {
                        let callback = callback_around(lane, depth, &span).and_then(|s| s.name);
                        add_call(&mut calls, span.name, callback, nanos);
                    }
                    _ => {}
                }
            }
        }
        held.blocking = calls.into_iter().max_by_key(|calls| calls.nanos);
        held
    }

    /// The cause in a few words, and as a sentence.
    fn tell(
        &self,
        store: &TraceStore,
        stall: &Stall,
        callback: &str,
        task: Option<&str>,
        what: &str,
    ) -> (String, String) {
        let of = |task: Option<&str>| task.map_or(String::new(), |task| format!(" of {task}"));
        let length = stall.range.nanos();
        let lasted = plain_duration(stall.range.duration());
        let name = |id: Option<NameId>| id.map_or("?", |id| store.name(id));
        if let Some(calls) = &self.blocking
            && calls.nanos >= length / 2
        {
            let call = match calls.count {
                1 => name(calls.call).to_owned(),
                count => format!("{count} × {}", name(calls.call)),
            };
            let place = calls.callback.map_or(callback, |id| store.name(id));
            return (
                format!("{call} in {place}"),
                format!("{place}{} held {what} for {lasted}: {call}", of(task)),
            );
        }
        match self.longest {
            Some((span, nanos)) if nanos >= length / 2 => {
                let longest = name(span.name);
                (
                    format!("{longest} itself"),
                    format!(
                        "{longest}{} held {what} for {lasted}: its own code, no call that blocks",
                        of(task)
                    ),
                )
            }
            Some((span, nanos)) if self.called >= length / 2 => {
                let longest = name(span.name);
                let most = plain_duration(Duration::from_nanos(nanos));
                let count = self.callbacks;
                (
                    format!("{count} callbacks, the longest {longest} {most}"),
                    format!(
                        "{count} callbacks in a row held {what} for {lasted}; the longest, \
                         {longest}{}, took {most}",
                        of(task)
                    ),
                )
            }
            _ => {
                let called = plain_duration(Duration::from_nanos(self.called));
                (
                    format!("{what} itself, callbacks took {called}"),
                    format!("{what} did not wait for {lasted}; callbacks took {called} of that"),
                )
            }
        }
    }
}

fn add_call(
    calls: &mut Vec<BlockingCalls>,
    call: Option<NameId>,
    callback: Option<NameId>,
    nanos: u64,
) {
    let same = |known: &&mut BlockingCalls| known.call == call && known.callback == callback;
    match calls.iter_mut().find(same) {
        Some(known) => {
            known.count += 1;
            known.nanos = known.nanos.saturating_add(nanos);
        }
        None => calls.push(BlockingCalls {
            call,
            callback,
            count: 1,
            nanos,
        }),
    }
}

/// The spans of a depth that have a moment in common with `range`, what lasts still included.
fn spans_in(lane: &Lane, depth: usize, range: TimeRange) -> impl Iterator<Item = Span> + '_ {
    let finished = lane.row(depth).into_iter().flat_map(move |row| {
        let from = row.first_after(range.begin);
        row.spans()[from..]
            .iter()
            .take_while(move |span| span.begin < range.end)
    });
    let open = lane
        .open()
        .get(depth)
        .filter(move |span| span.begin < range.end);
    finished.chain(open).copied()
}

fn overlap(span: &Span, range: TimeRange) -> u64 {
    TimeRange::new(span.begin.max(range.begin), span.end.min(range.end)).nanos()
}

/// The callback in which a span of a depth lies.
fn callback_around(lane: &Lane, depth: usize, span: &Span) -> Option<Span> {
    (0..depth).rev().find_map(|outer| {
        let index = lane.at(outer, span.begin)?;
        let around = lane.span(outer, index)?;
        matches!(around.kind, SpanKind::Callback(_)).then_some(around)
    })
}

fn in_callback(lane: &Lane, depth: usize, span: &Span) -> bool {
    callback_around(lane, depth, span).is_some()
}

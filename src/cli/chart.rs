//! The models drawn as text: a line per task, or where there are none per thread; a column per stretch of time.

use std::fmt::Write as _;

use crate::analysis::{plain_count, plain_duration};
use crate::store::{Lane, ModelTrack, Piece, SpanKind, Stall, TaskTrack, ThreadTrack, TraceStore};
use crate::trace::{Outcome, TimeRange, Timestamp};

/// What the characters mean.
pub(super) const LEGEND: &str = "· queued   ─ waiting   ○ ready, not served   █ running   ! stalled   ✔ done   ✖ failed   ■ stopped";

/// Of more tasks than this only the first are drawn: the rest would not fit on a screen.
const MOST_LANES: usize = 24;

/// Columns of a chart never get fewer than this, however narrow the terminal.
const NARROWEST: usize = 20;

/// Draws every task of every model, or the threads of one without tasks, on one time axis, from the begin of `range` to its end, in lines of at most `width`
/// characters.
pub(super) fn chart(store: &TraceStore, range: TimeRange, width: usize) -> String {
    let names = store.models().iter().flat_map(|model| {
        let tasks = model.tasks.iter().map(|task| label(store, task));
        tasks.chain(threads(model).map(|thread| thread_label(store, thread)))
    });
    let gutter = names.map(|name| name.chars().count()).max().unwrap_or(0);
    let columns = width.saturating_sub(gutter + 3).max(NARROWEST);
    let mut text = String::new();
    for model in store.models() {
        let name = store.model_name(model);
        let elapsed = model.range(store.range().end).duration();
        let _ = writeln!(text, "{name}, {}", plain_duration(elapsed));
        for task in model.tasks.iter().take(MOST_LANES) {
            let stalls = model.stalls.iter().filter(|it| it.task == Some(task.id));
            let mut lane = lane(&task.lane, stalls, range, columns);
            if let Some((outcome, at)) = task.outcome.zip(task.end).filter(|it| it.1 <= range.end) {
                let place = column(at, range, columns);
                lane = lane
                    .chars()
                    .take(place)
                    .chain([outcome_mark(outcome)])
                    .collect();
            }
            let _ = writeln!(text, "  {:gutter$} {lane}", label(store, task));
        }
        for thread in threads(model).take(MOST_LANES) {
            let stalls = model.stalls.iter().filter(|it| it.thread == thread.id);
            let lane = lane(&thread.lane, stalls, range, columns);
            let _ = writeln!(text, "  {:gutter$} {lane}", thread_label(store, thread));
        }
        let lanes = model.tasks.len().max(threads(model).count());
        if let Some(rest) = lanes.checked_sub(MOST_LANES + 1) {
            let _ = writeln!(text, "  … and {} more", plain_count(rest as u64 + 1));
        }
    }
    let _ = writeln!(text, "  {:gutter$} {}", "", axis(range, columns));
    text
}

fn label(store: &TraceStore, task: &TaskTrack) -> String {
    format!(
        "{} {}",
        task.id,
        task.name.map_or("?", |name| store.name(name))
    )
}

/// The threads that stand for a model without tasks: those that did something, and not those that watched.
fn threads(model: &ModelTrack) -> impl Iterator<Item = &ThreadTrack> {
    let threads = model.threads.iter().filter(|_| model.tasks.is_empty());
    threads.filter(|thread| thread.lane.row(0).is_some())
}

fn thread_label(store: &TraceStore, thread: &ThreadTrack) -> String {
    thread.name.map_or("?", |name| store.name(name)).to_owned()
}

/// The beginning, the middle and the end of the time axis.
fn axis(range: TimeRange, columns: usize) -> String {
    let seconds = range.duration().as_secs_f64();
    let begin = range.begin.since(Timestamp::ZERO).as_secs_f64();
    // A short stretch is told apart, and a whole trace begins at 0 to the eye.
    let decimals = if seconds < 0.2 { 4 } else { 2 };
    let at = |seconds: f64| format!("{seconds:.decimals$} s");
    let first = if begin < 0.005 {
        "0".to_owned()
    } else {
        at(begin)
    };
    let (middle, end) = (at(begin + seconds / 2.0), at(begin + seconds));
    let left = (columns / 2).saturating_sub(middle.len() / 2);
    let right = columns.saturating_sub(left + middle.len());
    format!("{first:<left$}{middle}{end:>right$}")
}

/// How much of a column's time a task spent in which state, in nanoseconds.
#[derive(Clone, Copy, Default)]
struct Column {
    queued: u64,
    waiting: u64,
    ready: u64,
    running: u64,
    stalled: bool,
}

impl Column {
    fn spend(&mut self, kind: SpanKind, nanos: u64) {
        match kind {
            SpanKind::Queued => self.queued += nanos,
            SpanKind::Waiting | SpanKind::Poll | SpanKind::Wait(_) => self.waiting += nanos,
            SpanKind::Ready => self.ready += nanos,
            _ => self.running += nanos,
        }
    }

    /// A stall is never folded away; otherwise what took most of the time.
    fn mark(&self) -> char {
        if self.stalled {
            return '!';
        }
        let most = self
            .queued
            .max(self.waiting)
            .max(self.ready)
            .max(self.running);
        match most {
            0 => ' ',
            most if most == self.running => '█',
            most if most == self.ready => '○',
            most if most == self.waiting => '─',
            _ => '·',
        }
    }
}

/// How many nanoseconds a column stands for.
fn grain(range: TimeRange, columns: usize) -> u64 {
    (range.nanos() / columns as u64).max(1)
}

/// The column of a moment.
fn column(at: Timestamp, range: TimeRange, columns: usize) -> usize {
    usize::try_from(at.0.saturating_sub(range.begin.0) / grain(range, columns))
        .unwrap_or(usize::MAX)
        .min(columns - 1)
}

fn lane<'a>(
    spans: &Lane,
    stalls: impl Iterator<Item = &'a Stall>,
    range: TimeRange,
    columns: usize,
) -> String {
    let grain = grain(range, columns);
    let mut lane = vec![Column::default(); columns];
    let column = |at: Timestamp| column(at, range, columns);
    let mut spend = |kind: SpanKind, span: TimeRange| {
        if !span.overlaps(range) {
            return;
        }
        let (first, last) = (column(span.begin), column(span.end));
        for (place, column) in (first..).zip(&mut lane[first..=last]) {
            let begin = range.begin.0 + place as u64 * grain;
            let part = span
                .end
                .0
                .min(begin + grain)
                .saturating_sub(span.begin.0.max(begin));
            column.spend(kind, part);
        }
    };
    if let Some(row) = spans.row(0) {
        for piece in row.pieces(range, grain) {
            match piece {
                Piece::Span { index } => {
                    if let Some(span) = row.get(index) {
                        spend(span.kind, span.range(range.end));
                    }
                }
                Piece::Folded { range, active, .. } => {
                    let running = TimeRange::new(range.begin, Timestamp(range.begin.0 + active));
                    spend(SpanKind::Running, running);
                    spend(SpanKind::Waiting, TimeRange::new(running.end, range.end));
                }
            }
        }
    }
    for span in spans.open() {
        spend(span.kind, span.range(range.end));
    }
    for stall in stalls.filter(|stall| stall.range.overlaps(range)) {
        let during = &mut lane[column(stall.range.begin)..=column(stall.range.end)];
        // While others ran in the same turn, the one after whom it is named waited as everybody did.
        let ran = |column: &Column| column.running > 0;
        let nowhere = !during.iter().any(ran);
        for column in during.iter_mut().filter(|column| nowhere || ran(column)) {
            column.stalled = true;
        }
    }
    lane.iter().map(Column::mark).collect()
}

const fn outcome_mark(outcome: Outcome) -> char {
    match outcome {
        Outcome::Done => '✔',
        Outcome::Failed => '✖',
        Outcome::Stopped => '■',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{
        Batch, Cause, Event, EventKind, ModelId, NameId, Source, TaskId, ThreadId, WaitCall,
    };

    const NAME: NameId = NameId::new(1).expect("not zero");
    const TASK: TaskId = TaskId::new(1).expect("not zero");

    fn store(events: &[(u64, EventKind)]) -> TraceStore {
        let mut store = TraceStore::new();
        store.push(&Batch {
            source: Source {
                model: ModelId::from_index(0),
                thread: ThreadId::from_index(0),
            },
            names: vec![(NAME, "ecstasy".to_owned())],
            events: events
                .iter()
                .map(|&(at, kind)| Event {
                    at: Timestamp(at * 1_000_000),
                    kind,
                })
                .collect(),
        });
        store
    }

    #[test]
    fn a_task_is_queued_waits_stalls_and_is_done() {
        let callback = EventKind::CallbackBegin {
            name: NAME,
            task: Some(TASK),
            cause: Cause::Program,
            flow: None,
        };
        let store = store(&[
            (0, EventKind::ModelBegin { name: NAME }),
            (
                0,
                EventKind::TaskQueued {
                    task: TASK,
                    name: NAME,
                },
            ),
            (
                100,
                EventKind::TaskBegin {
                    task: TASK,
                    name: NAME,
                },
            ),
            (
                100,
                EventKind::WaitBegin {
                    task: TASK,
                    call: WaitCall::Read,
                },
            ),
            (200, EventKind::WaitEnd { task: TASK }),
            (200, callback),
            (300, EventKind::CallbackEnd { failed: false }),
            (
                300,
                EventKind::Stall {
                    begin: Timestamp(200_000_000),
                    task: Some(TASK),
                    callback: NAME,
                },
            ),
            (
                301,
                EventKind::WaitBegin {
                    task: TASK,
                    call: WaitCall::Read,
                },
            ),
            (390, EventKind::WaitEnd { task: TASK }),
            (
                390,
                EventKind::TaskEnd {
                    task: TASK,
                    outcome: Outcome::Done,
                },
            ),
            (
                400,
                EventKind::ModelEnd {
                    outcome: Outcome::Done,
                },
            ),
        ]);
        let text = chart(&store, store.range(), 52);
        let lane = text.lines().nth(1).expect("the task's line");
        assert_eq!(lane, "  1 ecstasy ··········──────────!!!!!!!!!!!────────✔");
        assert!(text.starts_with("ecstasy, 400 ms\n"));
        assert!(text.lines().last().expect("the axis").ends_with("0.40 s"));
    }

    #[test]
    fn of_a_stall_that_several_caused_a_task_stalls_only_where_it_ran() {
        let callback = EventKind::CallbackBegin {
            name: NAME,
            task: Some(TASK),
            cause: Cause::Program,
            flow: None,
        };
        let waits = EventKind::WaitBegin {
            task: TASK,
            call: WaitCall::Read,
        };
        let stall = EventKind::Stall {
            begin: Timestamp(100_000_000),
            task: Some(TASK),
            callback: NAME,
        };
        let store = store(&[
            (0, EventKind::ModelBegin { name: NAME }),
            (
                0,
                EventKind::TaskBegin {
                    task: TASK,
                    name: NAME,
                },
            ),
            (0, waits),
            (200, EventKind::WaitEnd { task: TASK }),
            (200, callback),
            (300, EventKind::CallbackEnd { failed: false }),
            (300, stall),
            (301, waits),
            (400, EventKind::WaitEnd { task: TASK }),
        ]);
        let text = chart(&store, store.range(), 52);
        let lane = text.lines().nth(1).expect("the task's line");
        assert_eq!(lane, "  1 ecstasy ────────────────────!!!!!!!!!!!─────────");
    }

    #[test]
    fn without_tasks_the_loop_itself_is_drawn() {
        let loop_of = [
            (0, EventKind::ThreadBegin { name: NAME }),
            (0, EventKind::ModelBegin { name: NAME }),
            (0, EventKind::PollBegin),
            (200, EventKind::PollEnd { ready: 1 }),
            (
                300,
                EventKind::Stall {
                    begin: Timestamp(200_000_000),
                    task: None,
                    callback: NAME,
                },
            ),
            (301, EventKind::PollBegin),
            (390, EventKind::PollEnd { ready: 1 }),
            (400, EventKind::ThreadEnd),
        ];
        let store = store(&loop_of);
        let text = chart(&store, store.range(), 50);
        let lane = text.lines().nth(1).expect("the thread's line");
        assert_eq!(lane, "  ecstasy ────────────────────!!!!!!!!!!!────────█");
    }

    #[test]
    fn nothing_recorded_draws_nothing_and_does_not_fail() {
        assert!(
            chart(&TraceStore::new(), TimeRange::default(), 0)
                .lines()
                .count()
                <= 1
        );
    }

    #[test]
    fn of_very_many_tasks_the_first_are_drawn() {
        let queued = |task| {
            (
                0,
                EventKind::TaskQueued {
                    task: TaskId::from_index(task),
                    name: NAME,
                },
            )
        };
        let events: Vec<_> = (0..1_000).map(queued).collect();
        let text = {
            let store = store(&events);
            chart(&store, store.range(), 80)
        };
        assert!(
            text.contains("24 ecstasy") && !text.contains("25 ecstasy"),
            "{text}"
        );
        assert!(text.contains("… and 976 more"), "{text}");
    }
}

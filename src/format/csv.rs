//! A table: a row for every span and every moment.
//!
//! | column | |
//! |---|---|
//! | `model` | such as `asynchronous`; empty for a mark |
//! | `lane` | `thread` or `task`; `trace` for a mark |
//! | `lane_name` | which thread, or which task |
//! | `depth` | how deep a span is nested; 0 is the outermost |
//! | `kind` | such as `poll`, `callback`, `waiting`, `bytes read`, `stall`, `mark` |
//! | `name` | of a callback or a call that blocks; the text of a failure; the cause of a stall; the note of a mark |
//! | `task` | for which task |
//! | `begin_s` | seconds since the trace began, to the nanosecond |
//! | `duration_s` | seconds, to the nanosecond; empty for a moment |
//! | `cause` | what made the loop run a callback |
//! | `failed` | `true` or `false` for a callback |
//! | `value` | bytes read; nanoseconds late of a timer that fired; events dropped; … |
//!
//! Spans come with those around them first; the moments of a lane follow on its spans, and the marks on all lanes.

use std::io::{self, Write};
use std::path::Path;

use super::marks::in_order;
use super::order::outermost_first;
use super::words::Moment;
use super::{Mark, Progress, WriteError, progress, whole};
use crate::analysis::{StallReport, stalls};
use crate::store::{Lane, ModelTrack, Span, SpanKind, TaskTrack, TraceStore};
use crate::trace::{TaskId, TimeRange, Timestamp};

/// How every such file begins.
pub(super) const HEADER_START: &str = "model,lane,lane_name,";

const HEADER: [&str; 12] = [
    "model",
    "lane",
    "lane_name",
    "depth",
    "kind",
    "name",
    "task",
    "begin_s",
    "duration_s",
    "cause",
    "failed",
    "value",
];

/// Writes the table to a file, whole or not at all. `now` stands for the end of what lasts still; `progress` tells how
/// far it is.
///
/// # Errors
/// When the file cannot be written, or was given up.
pub fn export(
    path: &Path,
    store: &TraceStore,
    marks: &[Mark],
    now: Timestamp,
    progress: &Progress,
) -> Result<(), WriteError> {
    whole::write(path, |out| write_watched(out, store, marks, now, progress))
}

/// Writes the table.
///
/// # Errors
/// When `out` refuses.
pub fn write(
    out: impl Write,
    store: &TraceStore,
    marks: &[Mark],
    now: Timestamp,
) -> io::Result<()> {
    write_watched(out, store, marks, now, &Progress::default())
}

fn write_watched(
    out: impl Write,
    store: &TraceStore,
    marks: &[Mark],
    now: Timestamp,
    progress: &Progress,
) -> io::Result<()> {
    progress.expect(progress::pieces(store));
    let mut table = Table {
        out: ::csv::Writer::from_writer(out),
        store,
        now,
        progress,
    };
    table.out.write_record(HEADER)?;
    let stalls = stalls(store, now);
    for model in store.models() {
        table.write_model(model)?;
        for stall in stalls.iter().filter(|stall| stall.model == model.id) {
            table.write_stall(model, stall)?;
        }
    }
    for mark in in_order(marks) {
        let row = Row {
            kind: "mark",
            name: &mark.note,
            range: TimeRange::new(mark.at, mark.at),
            ..Row::default()
        };
        table.write_row("", ("trace", ""), &row)?;
    }
    table.out.flush()
}

struct Table<'a, W: Write> {
    out: ::csv::Writer<W>,
    store: &'a TraceStore,
    now: Timestamp,
    progress: &'a Progress,
}

/// A row, without what all rows of a lane have in common.
#[derive(Default)]
struct Row<'a> {
    depth: Option<usize>,
    kind: &'a str,
    name: &'a str,
    task: &'a str,
    range: TimeRange,
    has_length: bool,
    cause: String,
    failed: Option<bool>,
    value: Option<u64>,
}

impl<'a, W: Write> Table<'a, W> {
    fn write_model(&mut self, model: &'a ModelTrack) -> io::Result<()> {
        let now = model.range(self.now).end;
        for thread in &model.threads {
            let lane = (
                "thread",
                thread.name.map_or("?", |name| self.store.name(name)),
            );
            self.write_lane(model, lane, &thread.lane, now)?;
            for event in thread.instants() {
                self.progress.go_on(1)?;
                let Some(moment) = Moment::of(self.store, &event) else {
                    continue;
                };
                let row = Row {
                    kind: moment.word,
                    name: moment.text.unwrap_or_default(),
                    task: self.task_name(model, moment.task),
                    range: TimeRange::new(event.at, event.at),
                    value: moment.value.map(|(_, value)| value),
                    ..Row::default()
                };
                self.write_row(self.store.model_name(model), lane, &row)?;
            }
        }
        for task in &model.tasks {
            let lane = ("task", self.name_of(task));
            self.write_lane(model, lane, &task.lane, now)?;
        }
        Ok(())
    }

    fn write_lane(
        &mut self,
        model: &'a ModelTrack,
        lane: (&str, &str),
        spans: &Lane,
        now: Timestamp,
    ) -> io::Result<()> {
        for (depth, span) in outermost_first(spans) {
            self.progress.go_on(1)?;
            let row = Row {
                depth: Some(depth),
                task: self.task_name(model, span.task),
                range: span.range(now),
                has_length: true,
                ..self.span_row(&span)
            };
            self.write_row(self.store.model_name(model), lane, &row)?;
        }
        Ok(())
    }

    fn span_row(&self, span: &Span) -> Row<'a> {
        let (cause, failed) = match span.kind {
            SpanKind::Callback(cause) => (cause.to_string(), Some(span.failed)),
            _ => (String::new(), None),
        };
        Row {
            kind: span.kind.word(),
            name: span.name.map_or("", |name| self.store.name(name)),
            cause,
            failed,
            ..Row::default()
        }
    }

    fn write_stall(&mut self, model: &'a ModelTrack, stall: &StallReport) -> io::Result<()> {
        let thread = model.thread(stall.thread).and_then(|thread| thread.name);
        let lane = ("thread", thread.map_or("?", |name| self.store.name(name)));
        let what = stall.what().to_string();
        let row = Row {
            kind: "stall",
            name: &what,
            task: self.task_name(model, stall.task),
            range: stall.range,
            has_length: true,
            ..Row::default()
        };
        self.write_row(self.store.model_name(model), lane, &row)
    }

    fn write_row(
        &mut self,
        model: &str,
        (lane, lane_name): (&str, &str),
        row: &Row<'_>,
    ) -> io::Result<()> {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let duration = row.has_length.then(|| seconds(row.range.nanos()));
        self.out.write_record([
            model,
            lane,
            lane_name,
            &number(row.depth.map(|depth| depth as u64)),
            row.kind,
            row.name,
            row.task,
            &seconds(row.range.begin.0),
            &duration.unwrap_or_default(),
            &row.cause,
            row.failed
                .map_or("", |failed| if failed { "true" } else { "false" }),
            &number(row.value),
        ])?;
        Ok(())
    }

    fn task_name(&self, model: &'a ModelTrack, id: Option<TaskId>) -> &'a str {
        let task = id.and_then(|id| model.task(id));
        task.map_or("", |task| self.name_of(task))
    }

    fn name_of(&self, task: &TaskTrack) -> &'a str {
        task.name.map_or("?", |name| self.store.name(name))
    }
}

/// Nanoseconds as seconds with nine decimals.
fn seconds(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

//! The statistics of a stretch of time as a table: what its columns are, in which order its rows stand, and the same as
//! CSV.

use std::cmp::Ordering;
use std::time::Duration;

use crate::analysis::{CallStatistics, Statistics, TaskStatistics, ThreadStatistics};
use crate::gui::texts::{self, english};
use crate::store::{SpanRef, TraceStore};

/// What there is a table of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subject {
    /// What was called.
    #[default]
    Callbacks,
    /// How the tasks fared.
    Tasks,
    /// How the threads spent their time.
    Threads,
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// What stands above it.
    pub(super) title: &'static str,
    /// What is in it.
    pub(super) hint: &'static str,
    /// What it is called in CSV.
    pub(super) key: &'static str,
}

const fn column(title: &'static str, key: &'static str, hint: &'static str) -> Column {
    Column { title, hint, key }
}

const MODEL: Column = column(english("Model"), "model", english("The model of execution"));

const CALLBACKS: &[Column] = &[
    column(
        english("Callback"),
        "name",
        english("What was called; a click selects the longest call"),
    ),
    MODEL,
    column(
        english("Kind"),
        "kind",
        english("A callback, or a call in it that blocks"),
    ),
    column(
        english("Count"),
        "count",
        english("How often it was called"),
    ),
    column(
        english("Total"),
        "total_s",
        english("How long in all, what it called included"),
    ),
    column(
        english("Self"),
        "self_s",
        english("How long it was busy itself, without what lies in it"),
    ),
    column(english("Mean"), "mean_s", english("The total by the count")),
    column(
        english("p50"),
        "p50_s",
        english("Half of the calls took no longer"),
    ),
    column(
        english("p99"),
        "p99_s",
        english("All but one in a hundred took no longer"),
    ),
    column(english("Max"), "max_s", english("The longest call")),
];

const TASKS: &[Column] = &[
    column(
        english("Task"),
        "task",
        english("Which; a click selects where it was ready longest"),
    ),
    MODEL,
    column(
        english("Queued"),
        "queued_s",
        english("How long nobody worked on it"),
    ),
    column(
        english("Waiting"),
        "waiting_s",
        english("How long it waited for its connection"),
    ),
    column(
        english("Ready"),
        "ready_s",
        english("How long it was ready, and nobody served it"),
    ),
    column(
        english("Running"),
        "running_s",
        english("How long its code ran"),
    ),
];

const THREADS: &[Column] = &[
    column(
        english("Thread"),
        "thread",
        english("Which; a click selects where it worked longest"),
    ),
    MODEL,
    column(
        english("Waiting"),
        "waiting_s",
        english("How long it waited, in polls or in system calls"),
    ),
    column(
        english("Busy"),
        "busy_s",
        english("How long it did anything else; it is not CPU time"),
    ),
    column(
        english("In calls"),
        "called_s",
        english("How much of that it was in callbacks"),
    ),
];

impl Subject {
    /// All of them, in the order in which they are offered.
    pub(super) const ALL: [Self; 3] = [Self::Callbacks, Self::Tasks, Self::Threads];

    /// What it is called, and what is told of it.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Callbacks => (
                english("Callbacks"),
                english("What was called, how often and how long"),
            ),
            Self::Tasks => (
                english("Tasks"),
                english("How long each task waited, was ready, and ran"),
            ),
            Self::Threads => (
                english("Threads"),
                english("How long each thread waited, and was busy"),
            ),
        }
    }

    /// Its columns, the name first.
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Callbacks => CALLBACKS,
            Self::Tasks => TASKS,
            Self::Threads => THREADS,
        }
    }

    /// How many of its columns, the first ones, are words; the others are numbers.
    pub(super) const fn worded(self) -> usize {
        match self {
            Self::Callbacks => 3,
            Self::Tasks | Self::Threads => 2,
        }
    }

    /// How its rows stand at first: what matters most on top.
    pub(super) const fn order(self) -> Order {
        let column = match self {
            Self::Callbacks | Self::Tasks => 4,
            Self::Threads => 3,
        };
        Order {
            column,
            falling: true,
        }
    }
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A word.
    Word(String),
    /// How often.
    Count(u64),
    /// How long.
    Length(Duration),
}

impl Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::Count(a), Self::Count(b)) => a.cmp(b),
            (Self::Length(a), Self::Length(b)) => a.cmp(b),
            // A column is of one kind.
            _ => Ordering::Equal,
        }
    }

    /// As CSV has it: lengths in seconds, to the nanosecond.
    fn plain(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Count(count) => count.to_string(),
            Self::Length(length) => {
                format!("{}.{:09}", length.as_secs(), length.subsec_nanos())
            }
        }
    }
}

/// By which column rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Its place.
    pub(super) column: usize,
    /// Whether the largest is on top.
    pub(super) falling: bool,
}

impl Order {
    /// What a press on the title of a column makes of it: another column begins with what matters, the same one turns
    /// round.
    pub(super) const fn pressed(self, column: usize, is_word: bool) -> Self {
        let falling = if self.column == column {
            !self.falling
        } else {
            !is_word
        };
        Self { column, falling }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// One for each column.
    pub(super) values: Vec<Value>,
    /// The span that it is about most.
    pub(super) leads_to: SpanRef,
}

/// The rows of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sheet {
    /// What it is about.
    pub(super) subject: Subject,
    /// Its rows.
    pub(super) rows: Vec<Row>,
}

impl Sheet {
    /// What `models` say of a subject, in their order.
    pub(super) fn new(subject: Subject, store: &TraceStore, models: &[Statistics]) -> Self {
        let mut rows = Vec::new();
        for statistics in models {
            let model = store.model(statistics.model);
            let model = model.map_or("?", |model| store.model_name(model));
            match subject {
                Subject::Callbacks => {
                    rows.extend(statistics.callbacks.iter().map(|one| call(model, one)));
                }
                Subject::Tasks => rows.extend(statistics.tasks.iter().map(|one| task(model, one))),
                Subject::Threads => {
                    rows.extend(statistics.threads.iter().map(|one| thread(model, one)));
                }
            }
        }
        Self { subject, rows }
    }

    /// Puts the rows in order; those that are equal stay as they are.
    pub(super) fn sort(&mut self, order: Order) {
        self.rows.sort_by(|a, b| {
            let values = a.values.get(order.column).zip(b.values.get(order.column));
            let rising = values.map_or(Ordering::Equal, |(a, b)| a.cmp(b));
            if order.falling {
                rising.reverse()
            } else {
                rising
            }
        });
    }

    /// The same as CSV, with a line for the titles.
    pub(super) fn csv(&self) -> String {
        let mut out = csv::Writer::from_writer(Vec::new());
        let titles = self.subject.columns().iter().map(|column| column.key);
        // Memory refuses nothing, and every row has as many values as there are columns.
        let _ = out.write_record(titles);
        for row in &self.rows {
            let _ = out.write_record(row.values.iter().map(Value::plain));
        }
        let bytes = out.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn call(model: &str, call: &CallStatistics) -> Row {
    let kind = if call.blocking {
        "blocking call"
    } else {
        "callback"
    };
    let lengths = [
        call.total, call.own, call.mean, call.p50, call.p99, call.max,
    ];
    let mut values = words([&call.name, model, kind]);
    values.push(Value::Count(call.count));
    values.extend(lengths.map(Value::Length));
    Row {
        values,
        leads_to: call.longest,
    }
}

fn task(model: &str, task: &TaskStatistics) -> Row {
    let mut values = words([&task.name, model]);
    let lengths = [task.queued, task.waiting, task.ready, task.running];
    values.extend(lengths.map(Value::Length));
    Row {
        values,
        leads_to: task.longest,
    }
}

fn thread(model: &str, thread: &ThreadStatistics) -> Row {
    let mut values = words([&texts::thread(&thread.name), model]);
    values.extend([thread.waited, thread.busy, thread.called].map(Value::Length));
    Row {
        values,
        leads_to: thread.longest,
    }
}

fn words<const COUNT: usize>(words: [&str; COUNT]) -> Vec<Value> {
    words.map(|word| Value::Word(word.to_owned())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::statistics;
    use crate::store::sample;
    use crate::trace::{TimeRange, Timestamp};

    fn sheet(subject: Subject) -> Sheet {
        let store = sample::store();
        let all = TimeRange::new(Timestamp::ZERO, Timestamp(1_000_000_000));
        let of = |model| statistics(&store, model, all, all.end);
        let models: Vec<_> = store.models().iter().map(of).collect();
        Sheet::new(subject, &store, &models)
    }

    fn names(sheet: &Sheet) -> Vec<String> {
        sheet.rows.iter().map(|row| row.values[0].plain()).collect()
    }

    #[test]
    fn every_row_has_a_value_for_each_column() {
        for subject in Subject::ALL {
            let sheet = sheet(subject);
            assert!(!sheet.rows.is_empty());
            for row in &sheet.rows {
                assert_eq!(row.values.len(), subject.columns().len());
                let words = row.values.iter();
                let words = words.take_while(|value| matches!(value, Value::Word(_)));
                assert_eq!(words.count(), subject.worded());
            }
            assert!(subject.order().column < subject.columns().len());
        }
    }

    #[test]
    fn rows_are_sorted_by_what_is_pressed() {
        let mut sheet = sheet(Subject::Callbacks);
        let first = Subject::Callbacks.order();
        sheet.sort(first);
        assert_eq!(names(&sheet)[..2], ["data_received", "sleep 60ms"]);
        let by_name = first.pressed(0, true);
        assert!(!by_name.falling, "words begin with a");
        sheet.sort(by_name);
        let mut sorted = names(&sheet);
        sorted.sort();
        assert_eq!(names(&sheet), sorted);
        sheet.sort(by_name.pressed(0, true));
        sorted.reverse();
        assert_eq!(names(&sheet), sorted);
        let by_max = by_name.pressed(9, false);
        assert!(by_max.falling, "of numbers the large ones matter");
    }

    #[test]
    fn csv_has_a_line_for_each_row_and_quotes_what_must_be_quoted() {
        let mut tasks = sheet(Subject::Tasks);
        tasks.sort(Subject::Tasks.order());
        let csv = tasks.csv();
        let mut lines = csv.lines();
        let titles = "task,model,queued_s,waiting_s,ready_s,running_s";
        assert_eq!(lines.next(), Some(titles));
        let first = "\"science \"\"quoted\"\"\",asynchronous,0.001000000,0.026000000,0.063000000,0.003000000";
        let found = lines.next().expect("it was ready longest");
        assert_eq!(found.split(',').count(), 6);
        assert_eq!(found, first);
        assert_eq!(lines.count(), tasks.rows.len() - 1);
    }
}

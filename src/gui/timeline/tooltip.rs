//! What is said about the thing under the pointer, in plain words.

use std::time::Duration;

use super::census::Count;
use super::hit::Target;
use super::scene::Scene;
use crate::analysis::{plain_count, plain_duration};
use crate::gui::describe;
use crate::gui::lanes::Sort;
use crate::gui::text::moment;
use crate::gui::texts::{self, fill, say, tr};
use crate::gui::theme::Palette;
use crate::store::{LaneRef, ModelTrack, SpanKind, SpanRef};
use crate::trace::{EventKind, Interest, ModelId, NameId, TaskId, ThreadId, Timestamp, WaitCall};

/// A title, and lines of a word and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Description {
    /// What it is called.
    pub(super) title: String,
    /// What is known of it.
    pub(super) lines: Vec<(&'static str, String)>,
    /// What to do with it.
    pub(super) hint: Option<&'static str>,
}

impl Description {
    fn line(&mut self, word: &'static str, text: impl Into<String>) {
        self.lines.push((word, text.into()));
    }
}

/// What is said about `target`; `None` where it is no more, or speaks for itself.
pub(super) fn describe(scene: &Scene<'_>, target: &Target) -> Option<Description> {
    match *target {
        Target::Span(span) => describe_span(scene, span),
        Target::Fold {
            count,
            range,
            active,
            ..
        } => {
            let mut text = Description {
                title: fill(
                    tr("{count} spans, too short to be told apart here"),
                    &[("count", &plain_count(count as u64))],
                ),
                hint: Some(tr("Double-click to zoom in")),
                ..Description::default()
            };
            text.line(tr("begin"), moment(range.begin));
            text.line(tr("duration"), plain_duration(range.duration()));
            let share = match active as f64 / range.nanos().max(1) as f64 * 100.0 {
                // What is little is not nothing.
                share if active > 0 && share < 0.95 => format!("{:.1}", share.max(0.1)),
                share => format!("{share:.0}"),
            };
            let active = plain_duration(Duration::from_nanos(active));
            text.line(
                tr("active"),
                texts::with_aside(&active, &format!("{share} %")),
            );
            Some(text)
        }
        Target::Stall(model, index) => describe_stall(scene, model, index),
        Target::Instant(model, thread, index) => describe_instant(scene, model, thread, index),
        Target::Crowd {
            sort,
            lanes,
            count,
            at,
        } => Some(describe_crowd(sort, lanes, count, at)),
        Target::Header(_) => None,
    }
}

fn describe_span(scene: &Scene<'_>, reference: SpanRef) -> Option<Description> {
    let store = scene.store;
    let model = store.model(reference.model)?;
    let span = store.span(reference)?;
    let name = span.name.map(|name| store.name(name).to_owned());
    let (word, meaning) = words(span.kind);
    let mut text = Description {
        title: name.unwrap_or_else(|| word.to_owned()),
        ..Description::default()
    };
    text.line(tr("what"), meaning);
    text.line(tr("begin"), moment(span.begin));
    let length = plain_duration(span.range(scene.now).duration());
    let so_far = if span.is_open() { tr(" so far") } else { "" };
    text.line(tr("duration"), format!("{length}{so_far}"));
    if let Some(task) = span.task {
        text.line(tr("task"), task_name(scene, model, task));
    }
    if let SpanKind::Callback(cause) = span.kind {
        text.line(tr("cause"), tr(&cause.to_string()));
        if let Some((at, _)) = store.cause(reference) {
            let delay = plain_duration(span.begin.since(at));
            text.line(
                tr("after"),
                fill(
                    tr("{delay} since {moment}"),
                    &[("delay", &delay), ("moment", &moment(at))],
                ),
            );
        }
    }
    if span.failed {
        text.line(tr("ended"), tr("in a failure"));
    }
    if let LaneRef::Task(id) = reference.lane
        && let Some(task) = model.task(id)
        && let Some(message) = task.failure
    {
        text.line(tr("failure"), texts::failure(store.name(message)));
    }
    Some(text)
}

fn describe_crowd(sort: Sort, lanes: usize, count: Count, at: Timestamp) -> Description {
    let mut text = Description {
        title: crowd_name(sort, lanes),
        hint: Some(tr("A click on its name gives each a lane of its own")),
        ..Description::default()
    };
    let plain = |count: usize| plain_count(count as u64);
    text.line(tr("at"), moment(at));
    text.line(tr("running"), plain(count.active));
    if sort == Sort::Tasks {
        text.line(tr("ready, not served"), plain(count.ready));
    }
    let waiting = count.there.saturating_sub(count.active + count.ready);
    text.line(tr("waiting"), plain(waiting));
    text
}

/// What the lane of a crowd is called.
pub(super) fn crowd_name(sort: Sort, lanes: usize) -> String {
    let words = match sort {
        Sort::Tasks => tr("{count} more tasks"),
        Sort::Threads => tr("{count} more threads"),
    };
    fill(words, &[("count", &plain_count(lanes as u64))])
}

fn describe_stall(scene: &Scene<'_>, model: ModelId, index: usize) -> Option<Description> {
    let report = scene.report(model, index)?;
    let mut text = Description {
        title: fill(
            tr("Stall, {length}"),
            &[("length", &plain_duration(report.range.duration()))],
        ),
        ..Description::default()
    };
    text.line(tr("why"), say(&report.sentence()));
    text.line(tr("begin"), moment(report.range.begin));
    if let Some(task) = &report.task_name {
        text.line(tr("task"), task);
    }
    Some(text)
}

fn describe_instant(
    scene: &Scene<'_>,
    model: ModelId,
    thread: ThreadId,
    index: usize,
) -> Option<Description> {
    let store = scene.store;
    let model = store.model(model)?;
    let event = model.thread(thread)?.instants().get(index)?;
    let name = |name: NameId| store.name(name).to_owned();
    let task_of = |task: TaskId| task_name(scene, model, task);
    let mut text = Description::default();
    match event.kind {
        EventKind::Connected { task } => {
            text.title = tr("Connected").to_owned();
            text.line(tr("task"), task_of(task));
        }
        EventKind::Failure { task, message } => {
            text.title = tr("Failure").to_owned();
            text.line(tr("why"), texts::failure(store.name(message)));
            if let Some(task) = task {
                text.line(tr("task"), task_of(task));
            }
        }
        EventKind::Dropped { count } => {
            text.title = fill(tr("{count} events dropped"), &[("count", &count)]);
            text.line(
                tr("why"),
                tr("nobody fetched them in time; what happened here is not known"),
            );
        }
        EventKind::Readiness { task, interest, .. } => {
            text.title = tr("Ready").to_owned();
            let what = match interest {
                Interest::Readable => tr("there is something to read"),
                Interest::Writable => tr("it can be written to"),
            };
            text.line(tr("what"), what);
            if let Some(task) = task {
                text.line(tr("task"), task_of(task));
            }
        }
        EventKind::TimerSet {
            deadline, name: id, ..
        } => {
            text.title = tr("Timer set").to_owned();
            text.line(tr("calls"), name(id));
            let delay = plain_duration(deadline.since(event.at));
            text.line(
                tr("due"),
                fill(
                    tr("{moment}, {delay} later"),
                    &[("moment", &moment(deadline)), ("delay", &delay)],
                ),
            );
        }
        EventKind::TimerFired { late, .. } => {
            text.title = tr("Timer fired").to_owned();
            text.line(tr("late by"), plain_duration(Duration::from_nanos(late)));
        }
        EventKind::TimerCancelled { .. } => text.title = tr("Timer cancelled").to_owned(),
        EventKind::ThreadCall { queued_at, .. } => {
            text.title = tr("Call from a thread").to_owned();
            let delay = plain_duration(event.at.since(queued_at));
            text.line(tr("waited"), delay);
        }
        kind => text.title = describe::event(store, model, &kind),
    }
    text.line(tr("at"), moment(event.at));
    Some(text)
}

/// What is said of a task's name.
fn task_name(scene: &Scene<'_>, model: &ModelTrack, id: TaskId) -> String {
    let name = model.task(id).and_then(|task| task.name);
    name.map_or_else(
        || fill(tr("task {id}"), &[("id", &id)]),
        |name| scene.store.name(name).to_owned(),
    )
}

/// The word for what went on, and what it means.
fn words(kind: SpanKind) -> (&'static str, &'static str) {
    match kind {
        SpanKind::Poll => (tr("poll"), tr("the loop waits for something to happen")),
        SpanKind::Turn => (
            tr("turn"),
            tr("the loop works: it calls whoever has something to do"),
        ),
        SpanKind::Wait(WaitCall::Work) => (tr("wait"), tr("the thread has nothing to do")),
        SpanKind::Wait(WaitCall::Sleep) => (tr("sleep"), tr("the thread lets some time pass")),
        SpanKind::Wait(_) => (tr("wait"), tr("the thread waits in a system call")),
        SpanKind::Callback(_) => (tr("callback"), tr("a callback: code of the program runs")),
        SpanKind::Blocking => (
            tr("blocking call"),
            tr("a call that blocks: nothing else runs on this thread"),
        ),
        SpanKind::Queued => (tr("queued"), tr("nobody works on the task yet")),
        SpanKind::Waiting => (
            tr("waiting"),
            tr("the task waits for its connection, or lets some time pass"),
        ),
        SpanKind::Ready => (
            tr("ready"),
            tr("there is data, and nobody has come to serve it"),
        ),
        SpanKind::Running => (tr("running"), tr("the task's code runs")),
    }
}

/// Shows a description.
pub(super) fn show(ui: &mut egui::Ui, palette: &Palette, text: &Description) {
    ui.set_max_width(340.0);
    // Rows of text need no room for buttons.
    ui.spacing_mut().interact_size.y = 0.0;
    ui.label(egui::RichText::new(&text.title).strong());
    egui::Grid::new("description")
        .num_columns(2)
        .spacing([10.0, 3.0])
        .show(ui, |ui| {
            for (word, value) in &text.lines {
                ui.label(egui::RichText::new(*word).color(palette.text_weak).small());
                ui.add(egui::Label::new(egui::RichText::new(value).small()).wrap());
                ui.end_row();
            }
        });
    if let Some(hint) = text.hint {
        ui.label(egui::RichText::new(hint).color(palette.text_weak).small());
    }
}

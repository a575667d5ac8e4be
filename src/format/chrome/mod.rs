//! The trace event format in JSON, which the Perfetto UI, Chrome's tracing page and many others read.
//!
//! A model becomes a process, a thread a thread, and a task a thread of its own that shows its states. Stalls
//! have a thread beside the one that they held, and the marks of a person a process of their own. What has a length
//! is a complete event (`X`), a moment an instant (`i`), and an arrow (`s` to `f`) leads to a callback from the poll
//! that brought its readiness, from the setting of its timer, or from the moment at which another thread asked for
//! it. Counters (`C`) show the bytes of each task and the lag of each thread.
//!
//! What readers insist on, and how it is met:
//! - Times are microseconds with three decimals, made from whole nanoseconds: a slice that reached one nanosecond
//!   over the end of the one around it would be lost.
//! - At equal times, what encloses comes first, then what is inside, then arrows and instants.
//! - An arrow begins and ends inside slices, and its number is used once: `arrows` knows which qualify.
//! - Instants of one moment are nested into each other. So a readiness is none: its poll tells how many there
//!   were, the arrow leads to the callback, and the task is *ready, not served*.
//!
//! The events are written one after the other: the trace is never held a second time.

mod arrows;
mod json;

use std::cmp::Reverse;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::marks::in_order;
use super::order::outermost_first;
use super::words::Moment;
use super::{Mark, Progress, TraceInfo, WriteError, progress, whole};
use crate::analysis::{StallReport, loop_lag, stalls};
use crate::store::{ModelTrack, Span, SpanKind, TaskTrack, ThreadTrack, TraceStore};
use crate::trace::{Event, EventKind, TaskId, TimeRange, Timestamp};
use arrows::Arrows;
use json::{Json, Track};

/// The curve of a thread's lag has about so many teeth at most: it is an outline, the slices tell the rest.
const LAG_TEETH: u64 = 20_000;

/// How much was written, by the letter of the event: what a reader has to arrive at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Complete events.
    pub slices: u64,
    /// Instants.
    pub instants: u64,
    /// Arrows; each is a start and a finish.
    pub arrows: u64,
    /// Values of counters.
    pub counters: u64,
}

/// Writes the trace to a file, whole or not at all. `now` stands for the end of what lasts still; `progress` tells how
/// far it is.
///
/// # Errors
/// When the file cannot be written, or was given up.
pub fn export(
    path: &Path,
    info: &TraceInfo,
    store: &TraceStore,
    marks: &[Mark],
    now: Timestamp,
    progress: &Progress,
) -> Result<(), WriteError> {
    whole::write(path, |out| {
        write_watched(out, info, store, marks, now, progress).map(|_| ())
    })
}

/// Writes the trace, in many small pieces: give it something that buffers.
///
/// # Errors
/// When `out` refuses.
pub fn write(
    out: impl Write,
    info: &TraceInfo,
    store: &TraceStore,
    marks: &[Mark],
    now: Timestamp,
) -> io::Result<Written> {
    write_watched(out, info, store, marks, now, &Progress::default())
}

fn write_watched(
    out: impl Write,
    info: &TraceInfo,
    store: &TraceStore,
    marks: &[Mark],
    now: Timestamp,
    progress: &Progress,
) -> io::Result<Written> {
    progress.expect(progress::pieces(store));
    let mut stalls = stalls(store, now);
    // One stall may hold another where callbacks nest.
    stalls.sort_by_key(|stall| (stall.range.begin, Reverse(stall.range.end)));
    let mut exporter = Exporter {
        json: Json::begin(out, info)?,
        store,
        stalls,
        now: now.max(store.range().end),
        progress,
        next_id: 1,
    };
    for (place, model) in store.models().iter().enumerate() {
        exporter.write_model(place, model)?;
    }
    exporter.write_marks(marks)?;
    exporter.json.end()
}

struct Exporter<'a, W: Write> {
    json: Json<W>,
    store: &'a TraceStore,
    stalls: Vec<StallReport>,
    now: Timestamp,
    progress: &'a Progress,
    /// Processes and threads are numbered together: readers mix up threads of one number.
    next_id: u32,
}

impl<'a, W: Write> Exporter<'a, W> {
    fn write_model(&mut self, place: usize, model: &'a ModelTrack) -> io::Result<()> {
        let process = self.new_id();
        // The first thread has the number of its process, as a main thread has.
        let mut track = Track {
            process,
            thread: process,
        };
        self.json
            .name_process(track, self.store.model_name(model), place)?;
        let mut order = 0;
        let mut arrows = Arrows::of(model);
        for thread in &model.threads {
            let name = thread.name.map_or("?", |name| self.store.name(name));
            self.json.name_thread(track, name, order)?;
            self.write_thread(track, model, thread, &mut arrows)?;
            self.write_lag(track, thread, name)?;
            track.thread = self.new_id();
            order += 1;
            if self.write_stalls(track, model, thread, name, order)? {
                track.thread = self.new_id();
                order += 1;
            }
        }
        for task in &model.tasks {
            self.write_task(track, model, task, order)?;
            track.thread = self.new_id();
            order += 1;
        }
        Ok(())
    }

    /// What a person marked is of no model: it has a process of its own, after all others.
    fn write_marks(&mut self, marks: &[Mark]) -> io::Result<()> {
        if marks.is_empty() {
            return Ok(());
        }
        let process = self.new_id();
        let track = Track {
            process,
            thread: process,
        };
        let place = self.store.models().len();
        self.json.name_process(track, "marks", place)?;
        self.json.name_thread(track, "marks", 0)?;
        for (number, mark) in in_order(marks).into_iter().enumerate() {
            // A reader shows the name; one that is empty shows nothing.
            let name = match mark.note.trim() {
                "" => format!("mark {}", number + 1),
                note => note.to_owned(),
            };
            let instant = self.json.instant(track, mark.at, &name)?;
            instant.text("note", &mark.note)?.end()?;
        }
        Ok(())
    }

    /// The spans of a thread and its moments in the order of time. At equal times the moments come last, after
    /// the end of an arrow: a reader lets an arrow end in whatever came last at its time.
    fn write_thread(
        &mut self,
        track: Track,
        model: &'a ModelTrack,
        thread: &'a ThreadTrack,
        arrows: &mut Arrows,
    ) -> io::Result<()> {
        let mut moments = thread.instants().iter().peekable();
        for (_, span) in outermost_first(&thread.lane) {
            self.progress.go_on(1)?;
            while let Some(event) = moments.next_if(|event| event.at < span.begin) {
                self.write_moment(track, model, &event, arrows)?;
            }
            let slice = self.slice(track, model, &span, self.now)?;
            match span.kind {
                SpanKind::Poll => slice
                    .number("ready", count_ready(thread, span.end))?
                    .end()?,
                _ => slice.end()?,
            }
            if let SpanKind::Callback(_) = span.kind
                && let Some(flow) = arrows.ended_by(&span)
            {
                self.json.arrow_end(track, span.begin, flow)?;
            }
        }
        for event in moments {
            self.write_moment(track, model, &event, arrows)?;
        }
        Ok(())
    }

    /// A span, to which more arguments may be added.
    fn slice(
        &mut self,
        track: Track,
        model: &ModelTrack,
        span: &Span,
        now: Timestamp,
    ) -> io::Result<json::Event<'_, W>> {
        let name = span
            .name
            .map_or_else(|| span.kind.word(), |name| self.store.name(name));
        let task = task_name(self.store, model, span.task);
        let category = category(span.kind);
        let mut slice = self.json.slice(track, span.range(now), category, name)?;
        if let Some(task) = task {
            slice = slice.text("task", task)?;
        }
        if let SpanKind::Callback(cause) = span.kind {
            slice = slice.text("cause", &cause.to_string())?;
        }
        if span.failed {
            slice = slice.yes("failed")?;
        }
        if span.is_open() {
            slice = slice.yes("unfinished")?;
        }
        Ok(slice)
    }

    fn write_moment(
        &mut self,
        track: Track,
        model: &ModelTrack,
        event: &Event,
        arrows: &Arrows,
    ) -> io::Result<()> {
        self.progress.go_on(1)?;
        let moment = match event.kind {
            EventKind::Readiness { .. } => None,
            _ => Moment::of(self.store, event),
        };
        if let Some(moment) = moment {
            let mut instant = self.json.instant(track, event.at, moment.word)?;
            if let Some(task) = task_name(self.store, model, moment.task) {
                instant = instant.text("task", task)?;
            }
            if let Some(text) = moment.text {
                instant = instant.text("text", text)?;
            }
            if let Some((unit, value)) = moment.value {
                instant = instant.number(unit, value)?;
            }
            instant.end()?;
        }
        match arrows.begun_by(event) {
            Some((flow, begin)) => self.json.arrow_begin(track, begin, flow),
            None => Ok(()),
        }
    }

    fn write_lag(&mut self, track: Track, thread: &ThreadTrack, name: &str) -> io::Result<()> {
        let range = thread.range(self.now);
        let grain = range.nanos() / LAG_TEETH;
        let points = loop_lag(thread, range, grain, self.now);
        let title = format!("lag of {name}");
        for (place, point) in points.iter().enumerate() {
            // A counter has one value at a moment: the last one.
            let replaced = points
                .get(place + 1)
                .is_some_and(|next| next.at == point.at);
            if !replaced {
                let nanos = u64::try_from(point.lag.as_nanos()).unwrap_or(u64::MAX);
                let counter = self.json.counter(track, point.at, &title)?;
                counter.millis("ms", nanos)?.end()?;
            }
        }
        Ok(())
    }

    /// Writes the stalls of a thread; whether there are any.
    fn write_stalls(
        &mut self,
        track: Track,
        model: &ModelTrack,
        thread: &ThreadTrack,
        name: &str,
        order: usize,
    ) -> io::Result<bool> {
        // The ends of the stalls around: one that reaches over them would be lost.
        let mut around: Vec<Timestamp> = Vec::new();
        let mut found = false;
        let mine = |stall: &&StallReport| stall.model == model.id && stall.thread == thread.id;
        for stall in self.stalls.iter().filter(mine) {
            if !found {
                self.json
                    .name_thread(track, &format!("stalls of {name}"), order)?;
                found = true;
            }
            let TimeRange { begin, end } = stall.range;
            while around.pop_if(|outer| *outer <= begin).is_some() {}
            let end = around.last().map_or(end, |outer| end.min(*outer));
            around.push(end);
            let range = TimeRange::new(begin, end);
            let title = format!("stall: {}", stall.what());
            let mut slice = self.json.slice(track, range, "stall", &title)?;
            if let Some(task) = &stall.task_name {
                slice = slice.text("task", task)?;
            }
            slice.text("what", &stall.sentence().to_string())?.end()?;
        }
        Ok(found)
    }

    fn write_task(
        &mut self,
        track: Track,
        model: &ModelTrack,
        task: &TaskTrack,
        order: usize,
    ) -> io::Result<()> {
        let name = task.name.map_or("?", |name| self.store.name(name));
        let title = format!("task {}: {name}", task.id);
        self.json.name_thread(track, &title, order)?;
        let now = model.range(self.now).end;
        for (_, span) in outermost_first(&task.lane) {
            self.progress.go_on(1)?;
            // A state that lasts no time would come to lie inside the next one.
            if !span.range(now).is_empty() {
                self.slice(track, model, &span, now)?.end()?;
            }
        }
        for &(at, bytes) in task.progress() {
            let counter = self.json.counter(track, at, &title)?;
            counter.number("bytes", bytes)?.end()?;
        }
        Ok(())
    }

    const fn new_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }
}

fn task_name<'a>(
    store: &'a TraceStore,
    model: &ModelTrack,
    task: Option<TaskId>,
) -> Option<&'a str> {
    let name = model.task(task?)?.name?;
    Some(store.name(name))
}

/// How many descriptors were ready when a poll returned.
fn count_ready(thread: &ThreadTrack, returned: Timestamp) -> u64 {
    let moment = TimeRange::new(returned, returned + Duration::from_nanos(1));
    let events = thread.instants_in(moment).iter();
    events
        .filter(|event| matches!(event.kind, EventKind::Readiness { .. }))
        .count() as u64
}

const fn category(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Poll => "poll",
        SpanKind::Turn => "turn",
        SpanKind::Wait(_) => "wait",
        SpanKind::Callback(_) => "callback",
        SpanKind::Blocking => "blocking",
        SpanKind::Queued | SpanKind::Waiting | SpanKind::Ready | SpanKind::Running => "task",
    }
}

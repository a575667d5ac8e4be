//! What is to be drawn, as plain data.
//!
//! Layout asks the store for what is visible at this scale and touches nothing else, so that the work grows
//! with the size of the screen and not with the length of the trace. It is a pure function of the scene and is
//! tested as one; `paint` gives its items their looks.

use std::time::Duration;

use egui::{Rect, pos2};

use super::flows::Flows;
use super::items::{Bar, End, Label, Life, Look, Of, On, Picture, SHARES};
use super::outline::{Band, Kind, MOMENTS, Outline};
use super::place::{NARROWEST, Placement};
use super::{crowd, marks, stalls};
use crate::analysis::plain_duration;
use crate::gui::texts::{self, tr};
use crate::store::{Piece, Row, Span, SpanKind, TaskTrack, ThreadTrack};
use crate::trace::{Outcome, TimeRange, Timestamp};

/// How much higher a step of the bytes that arrived has to be to be seen, in points.
const TOLD_APART: f64 = 0.5;

/// Lays out the bands that show, except for those that are pinned.
pub(super) fn lay_out(placement: &Placement<'_>, outline: &Outline<'_>) -> Picture {
    let visible = || outline.visible(placement.scroll, placement.lanes.height());
    let mut picture = Picture {
        flows: Flows::of(placement, outline),
        ..lay_out_bands(placement, visible())
    };
    for band in visible() {
        if let Kind::Crowd { sort, .. } = band.kind {
            let crowd = (band.model.id, sort);
            if let Some(counted) = outline.counted.get(&crowd) {
                let lanes = outline.crowd(crowd.0, sort);
                crowd::lay_out(placement, band, lanes, counted, sort, &mut picture);
            }
        }
    }
    picture
}

/// Lays out these bands.
pub(super) fn lay_out_bands<'a>(
    placement: &Placement<'_>,
    bands: impl Iterator<Item = &'a Band<'a>>,
) -> Picture {
    let mut picture = Picture::default();
    let layout = Layout(placement);
    for band in bands {
        match band.kind {
            Kind::Header { .. } => layout.header(band, &mut picture),
            Kind::Task(task) => layout.task(band, task, &mut picture),
            Kind::Thread(thread) => layout.thread(band, thread, &mut picture),
            // What shares it is not told by the band alone.
            Kind::Crowd { .. } => {}
        }
    }
    picture
}

/// What is drawn narrower than this is hard to tell from what is beside it, in points.
const SHORT: f32 = 3.0;
/// From the beginning of one short thing to that of the next: nearer than this there is more of them to be seen than of what is
/// between them, in points.
const NEAR: f32 = 4.0;
/// From how many on that stand so close it is drawn how busy they were, and not that there they are.
const CROWDED: usize = 5;

/// What waits says so only where there is much room: a row of waits would be a row of words.
const WIDE: f32 = 100.0;

struct Layout<'a>(&'a Placement<'a>);

impl Layout<'_> {
    fn header(&self, band: &Band<'_>, picture: &mut Picture) {
        let (model, bottom) = (band.model, self.0.top(band) + band.height);
        let range = model.range(self.0.scene.now);
        if self.0.axis.sees(range) {
            picture.lives.push(Life {
                rect: self.0.bar(range, bottom - 3.0, bottom, 1.0),
                outcome: model.outcome,
            });
        }
        stalls::in_header(self.0, band, &mut picture.stall_marks);
    }

    fn task(&self, band: &Band<'_>, task: &TaskTrack, picture: &mut Picture) {
        let (top, bottom) = self.0.task_edges(band);
        let style = RowStyle {
            top,
            bottom,
            of: Of::Task,
        };
        if let Some(row) = task.lane.row(0) {
            self.row(row, style, picture);
        }
        if let Some(span) = task.lane.open().first() {
            self.span(span, style, picture);
        }
        self.progress(task, top, bottom, picture);
        stalls::on_task(self.0, band, task, picture);
        marks::of_task(self.0, band, task, &mut picture.marks);
        self.end(task, (top + bottom) / 2.0, picture);
    }

    fn end(&self, task: &TaskTrack, middle: f32, picture: &mut Picture) {
        let (Some(end), Some(outcome)) = (task.end, task.outcome) else {
            return;
        };
        let x = self.0.axis.x(end);
        if x < self.0.axis.left() || x > self.0.axis.right() {
            return;
        }
        let text = match outcome {
            Outcome::Failed => task.failure.map_or_else(
                || tr("failed").to_owned(),
                |message| texts::failure(self.0.scene.store.name(message)).into_owned(),
            ),
            Outcome::Done => task
                .range(end)
                .map_or_else(String::new, |range| plain_duration(range.duration())),
            Outcome::Stopped => tr("stopped").to_owned(),
        };
        picture.ends.push(End {
            at: pos2(x, middle),
            outcome,
            text,
        });
    }

    /// The curve of bytes that arrived, as columns one beside the other.
    fn progress(&self, task: &TaskTrack, top: f32, bottom: f32, picture: &mut Picture) {
        // The same scale for the same task under every model: 3,007 bytes are as high here as there.
        let models = self.0.scene.store.models().iter();
        let most = models
            .filter_map(|model| model.task(task.id))
            .map(|task| task.bytes)
            .max()
            .unwrap_or(0)
            .max(1);
        let points = task.progress();
        let last = Timestamp(self.0.axis.range().end.0.min(self.0.scene.now.0));
        let grain = Duration::from_nanos(self.0.axis.nanos_per_point().ceil() as u64);
        let visible = (most as f64 / f64::from(bottom - top) * TOLD_APART) as u64;
        let mut next = points
            .partition_point(|(at, _)| *at <= self.0.axis.range().begin)
            .saturating_sub(1)
            .max(points.first_place());
        // How far the last step was likely says how far the next one is.
        let (mut near_by, mut higher_by) = (0, 0);
        while let Some(&(at, _)) = points.get(next).filter(|(at, _)| *at < last) {
            // What arrives within one point of the screen is one step, as high as the last of it.
            let (first, near) = (next + 1, at + grain);
            let mut step = points.partition_point_near(first, near_by, |(at, _)| *at < near);
            near_by = step - first;
            if near_by > 0 {
                // Where so many arrive, it lasts until the next one can be told from it.
                let (first, higher) = (step, points[step - 1].1.saturating_add(visible));
                step = points.partition_point_near(first, higher_by, |(_, bytes)| *bytes < higher);
                higher_by = step - first;
            }
            let bytes = points[step - 1].1;
            let until = points
                .get(step)
                .map_or(task.end.unwrap_or(self.0.scene.now), |(at, _)| *at);
            next = step;
            let height = (bottom - top) * (bytes as f64 / most as f64) as f32;
            let range = TimeRange::new(at, until);
            if bytes > 0 && self.0.axis.sees(range) {
                picture
                    .progress
                    .push(self.0.bar(range, bottom - height, bottom, 0.0));
            }
        }
    }

    fn thread(&self, band: &Band<'_>, thread: &ThreadTrack, picture: &mut Picture) {
        for depth in 0..thread.lane.depths().min(band.rows) {
            let (top, bottom) = self.0.row_edges(band, depth);
            let style = RowStyle {
                top,
                bottom,
                of: if depth == 0 { Of::Thread } else { Of::Calls },
            };
            if let Some(row) = thread.lane.row(depth) {
                self.row(row, style, picture);
            }
            if let Some(span) = thread.lane.open().get(depth) {
                self.span(span, style, picture);
            }
        }
        stalls::on_thread(self.0, band, thread, picture);
        let middle = self.0.top(band) + MOMENTS / 2.0;
        marks::of_thread(self.0, thread, middle, &mut picture.marks);
    }

    /// The finished spans of a row. What is too short to be told apart is gathered until there is room between two of
    /// them: only then it is known whether they stand alone or so close that they would look like a single long one.
    fn row(&self, row: &Row, style: RowStyle, picture: &mut Picture) {
        let mut crowd = Crowd::default();
        for piece in row.pieces(self.0.axis.range(), self.0.grain) {
            let (range, active, kind) = match piece {
                Piece::Span { index } => {
                    let Some(span) = row.get(index) else { continue };
                    let range = span.range(self.0.scene.now);
                    let is_short = self.0.bar(range, 0.0, 0.0, 0.0).width() < SHORT;
                    if !is_short || !span.kind.is_active() {
                        if !is_short {
                            crowd.leave(self.0, style, picture);
                        }
                        self.span(&span, style, picture);
                        continue;
                    }
                    (range, range.nanos(), span.kind)
                }
                Piece::Folded {
                    range,
                    active,
                    kind,
                    ..
                } => (range, active, kind),
            };
            if active == 0 {
                let rect = self.0.bar(range, style.top, style.bottom, 1.0);
                let look = Look::Fold { kind, share: 0 };
                push_merged(&mut picture.bars, rect, look, style.of);
                continue;
            }
            let short = Short {
                left: self.0.axis.x(range.begin),
                range,
                active,
                kind,
            };
            if !crowd.is_near(&short) {
                crowd.leave(self.0, style, picture);
            }
            crowd.0.push(short);
        }
        crowd.leave(self.0, style, picture);
    }

    fn span(&self, span: &Span, style: RowStyle, picture: &mut Picture) {
        let range = span.range(self.0.scene.now);
        if !self.0.axis.sees(range) {
            return;
        }
        let look = Look::Span(span.kind);
        let narrowest = if span.kind.is_active() {
            NARROWEST
        } else {
            1.0
        };
        let mut rect = self.0.bar(range, style.top, style.bottom, narrowest);
        if rect.width() < 3.0 {
            push_merged(&mut picture.bars, rect, look, style.of);
            return;
        }
        // Neighbours are told apart by a gap.
        if span.kind.is_active() && !span.is_open() {
            rect.max.x -= 1.0;
        }
        picture.bars.push(Bar {
            rect,
            look,
            of: style.of,
        });
        if let Some(label) = self.label(span, rect, style.of) {
            picture.labels.push(label);
        }
    }

    fn label(&self, span: &Span, rect: Rect, of: Of) -> Option<Label> {
        let room = self.0.room(rect)?;
        let waits = matches!(span.kind, SpanKind::Poll | SpanKind::Wait(_));
        if waits && room.width() < WIDE {
            return None;
        }
        // How a task waits and runs is told by its looks; a lane full of words would hide it.
        if of == Of::Task && !matches!(span.kind, SpanKind::Queued | SpanKind::Ready) {
            return None;
        }
        let name = || span.name.map(|name| self.0.scene.store.name(name));
        let word = name().unwrap_or_else(|| tr(span.kind.word())).to_owned();
        let task = (of != Of::Task && !waits)
            .then(|| self.task_name(span))
            .flatten();
        let (text, short) = match task {
            Some(task) => (format!("{word} · {task}"), Some(word)),
            None => (word, None),
        };
        Some(Label {
            room,
            text,
            short,
            on: On::Bar(span.kind),
        })
    }

    fn task_name(&self, span: &Span) -> Option<&str> {
        let id = span.task?;
        let models = self.0.scene.store.models().iter();
        let name = models.filter_map(|model| model.task(id)?.name).next()?;
        Some(self.0.scene.store.name(name))
    }
}

/// Where the bars of a row lie, and on what kind of lane.
#[derive(Clone, Copy)]
struct RowStyle {
    top: f32,
    bottom: f32,
    of: Of,
}

/// Something active that is too short to be told from what is beside it: one span, or several.
#[derive(Clone, Copy)]
struct Short {
    left: f32,
    range: TimeRange,
    /// How much of the range was active, in nanoseconds.
    active: u64,
    kind: SpanKind,
}

/// Short ones, each so close to the one before that they touch on the screen, or nearly do.
#[derive(Default)]
struct Crowd(Vec<Short>);

impl Crowd {
    fn is_near(&self, next: &Short) -> bool {
        let last = self.0.last();
        last.is_none_or(|last| next.left - last.left < NEAR)
    }

    /// Draws them, and forgets them. A few are ticks: each is drawn as wide as it takes to be seen. Many ticks would be
    /// one solid bar, however little they were active: they are columns without gaps, each as high as its share is.
    fn leave(&mut self, place: &Placement<'_>, style: RowStyle, picture: &mut Picture) {
        let is_crowded = self.0.len() >= CROWDED;
        for (at, short) in self.0.iter().enumerate() {
            let mut rect = place.bar(short.range, style.top, style.bottom, NARROWEST);
            let look = if is_crowded {
                let next = self.0.get(at + 1);
                let least = (f64::from(NARROWEST) * place.axis.nanos_per_point()) as u64;
                let nanos = match next {
                    Some(next) => next.range.begin.since(short.range.begin).as_nanos() as u64,
                    None => short.range.nanos().max(least),
                };
                rect.max.x = next.map_or(rect.right(), |next| next.left);
                Look::Fold {
                    kind: short.kind,
                    share: share(short.active, nanos),
                }
            } else {
                Look::Span(short.kind)
            };
            push_merged(&mut picture.bars, rect, look, style.of);
        }
        self.0.clear();
    }
}

/// Adds a narrow bar; one that continues the last one and looks the same makes that one longer.
fn push_merged(bars: &mut Vec<Bar>, rect: Rect, look: Look, of: Of) {
    if let Some(last) = bars.last_mut()
        && last.look == look
        && (last.rect.top() - rect.top()).abs() < 0.5
        && rect.left() - last.rect.right() < 0.5
        && last.rect.left() <= rect.left()
    {
        last.rect.max.x = last.rect.right().max(rect.right());
        return;
    }
    bars.push(Bar { rect, look, of });
}

/// How much of a stretch was active, in steps. What was active at all is at least one step.
fn share(active: u64, length: u64) -> u8 {
    if active == 0 {
        return 0;
    }
    let share = active as f64 / length.max(1) as f64 * f64::from(SHARES);
    (share.ceil() as u8).clamp(1, SHARES)
}

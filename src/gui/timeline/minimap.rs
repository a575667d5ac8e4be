//! The whole trace at a glance, above the ruler: how busy each model was, its stalls, and the view as a window in it
//! that can be dragged, and resized by its edges.

use std::ops::Range;

use egui::{
    CursorIcon, Mesh, Painter, PointerButton, Pos2, Rect, Response, Role, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use super::chrome::gutter_width;
use super::items::StallBar;
use super::paint;
use super::scene::Scene;
use crate::gui::command::{Command, ViewCommand};
use crate::gui::texts::tr;
use crate::gui::theme::{self, Palette};
use crate::store::{ModelTrack, ThreadTrack};
use crate::trace::{TimeRange, Timestamp};

/// How high it is, in points.
pub const HEIGHT: f32 = 40.0;
/// How far beside an edge of the window a hand may take hold of it, in points.
const GRIP: f32 = 5.0;
/// The narrowest that the window is drawn, in points.
const NARROWEST: f32 = 3.0;
/// How long a live trace goes on before it is looked at again, in seconds.
const STALE: f64 = 0.2;

/// What the minimap remembers from frame to frame.
#[derive(Clone, Debug, Default)]
pub struct Minimap {
    drawn: Option<Drawn>,
    grab: Option<Grab>,
}

/// What was looked up in the store, which is cheap but not for nothing.
#[derive(Clone, Debug)]
struct Drawn {
    /// What was looked at: which store, and how much was in it.
    store: (usize, u64),
    /// The time that all columns are.
    range: TimeRange,
    /// When it was looked up, in seconds.
    at: f64,
    tracks: Vec<Track>,
}

/// A model, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
struct Track {
    /// How busy it was: 0 to 1.
    busy: Vec<f32>,
    /// Which columns were stalled.
    stalls: Vec<Range<usize>>,
    /// Which columns it lived in.
    life: Range<usize>,
}

/// What a drag does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Grab {
    /// It moves the window, of which what lies so many nanoseconds behind its beginning stays under the pointer.
    Window { held: f64 },
    /// It moves one of its edges; the other one stays at this moment.
    Edge { other: f64 },
}

/// Time on the minimap.
struct Axis {
    area: Rect,
    range: TimeRange,
}

impl Axis {
    fn x(&self, nanos: f64) -> f32 {
        let share = (nanos - self.range.begin.0 as f64) / self.length();
        self.area.left() + (share * f64::from(self.area.width())) as f32
    }

    fn nanos(&self, x: f32) -> f64 {
        let share = f64::from((x - self.area.left()) / self.area.width().max(1.0));
        self.range.begin.0 as f64 + share * self.length()
    }

    fn length(&self) -> f64 {
        (self.range.nanos() as f64).max(1.0)
    }
}

impl Minimap {
    /// Shows the minimap of `scene` in all the room that is left in `ui`.
    pub fn show(&mut self, ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
        let size = vec2(ui.available_width(), HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, tr("Overview")));
        let palette = Palette::of(ui.visuals());
        let area = rect.with_min_x(rect.left() + gutter_width(rect.width()));
        let range = TimeRange::new(Timestamp::ZERO, scene.now.max(scene.store.range().end));
        let axis = Axis { area, range };
        self.look(ui, scene, &axis);
        let window = window(scene, &axis);
        self.hands(&response, scene, &axis, window, commands);

        let painter = ui.painter().with_clip_rect(rect);
        painter.rect_filled(rect, 0.0, palette.panel);
        painter.rect_filled(area, 0.0, palette.background);
        if let Some(drawn) = &self.drawn {
            tracks(&painter, palette, area, &drawn.tracks);
        }
        hits(&painter, palette, &axis, scene);
        for mark in scene.marks {
            let x = axis.x(mark.at.0 as f64).round();
            let flag = Rect::from_min_size(pos2(x, area.top()), vec2(5.0, 6.0));
            painter.vline(x + 0.5, area.y_range(), Stroke::new(1.0, palette.now));
            painter.rect_filled(flag, 0.0, palette.now);
        }
        paint_window(&painter, palette, area, window);
        let at = pos2(rect.left() + 12.0, rect.center().y);
        let ink = palette.text_weak;
        paint::text(&painter, at, tr("Overview"), theme::small(), ink);
        let line = Stroke::new(1.0, palette.border);
        painter.hline(rect.x_range(), rect.bottom() - 0.5, line);
    }

    /// Looks at the store where that was not done since it changed; of a live trace not in every frame.
    fn look(&mut self, ui: &Ui, scene: &Scene<'_>, axis: &Axis) {
        let columns = axis.area.width().max(1.0) as usize;
        let store = (std::ptr::from_ref(scene.store).addr(), scene.store.events());
        let now = ui.input(|input| input.time);
        if let Some(drawn) = &self.drawn {
            let wide = drawn.tracks.iter().all(|track| track.busy.len() == columns);
            let same = drawn.store == store && drawn.range == axis.range;
            if wide && same {
                return;
            }
            if wide && scene.live && now - drawn.at < STALE {
                let rest = std::time::Duration::from_secs_f64(STALE);
                ui.ctx().request_repaint_after(rest);
                return;
            }
        }
        self.drawn = Some(Drawn {
            store,
            range: axis.range,
            at: now,
            tracks: look_up(scene, axis.range, columns),
        });
    }

    fn hands(
        &mut self,
        response: &Response,
        scene: &Scene<'_>,
        axis: &Axis,
        window: Rect,
        commands: &mut Vec<Command>,
    ) {
        let pointer = response.ctx.input(|input| input.pointer.latest_pos());
        let Some(pointer) = pointer else { return };
        let over = response
            .contains_pointer()
            .then(|| self.at(scene, axis, window, pointer));
        if response.drag_started_by(PointerButton::Primary) {
            let origin = response.ctx.input(|input| input.pointer.press_origin());
            let origin = origin.unwrap_or(pointer);
            // Beside the window it comes to the hand, with its middle.
            let held = scene.view.length() / 2.0;
            let grab = self.at(scene, axis, window, origin);
            self.grab = Some(grab.unwrap_or(Grab::Window { held }));
        } else if response.clicked() && !window.contains(pointer) {
            commands.push(jump(axis, pointer));
        }
        if response.dragged() || response.drag_stopped() {
            match self.grab {
                Some(Grab::Window { held }) => {
                    let by = axis.nanos(pointer.x) - held - scene.view.begin();
                    if by != 0.0 {
                        commands.push(Command::View(ViewCommand::Pan(by)));
                    }
                }
                Some(Grab::Edge { other }) => {
                    let pulled = axis.nanos(pointer.x);
                    let (begin, end) = (pulled.min(other), pulled.max(other));
                    commands.push(Command::View(ViewCommand::Window { begin, end }));
                }
                None => {}
            }
        }
        if response.drag_stopped() {
            self.grab = None;
        }
        let icon = match self.grab.or(over.flatten()) {
            Some(Grab::Edge { .. }) => CursorIcon::ResizeHorizontal,
            Some(Grab::Window { .. }) if self.grab.is_some() => CursorIcon::Grabbing,
            Some(Grab::Window { .. }) => CursorIcon::Grab,
            None => return,
        };
        response.ctx.set_cursor_icon(icon);
    }

    /// What can be taken hold of at a place.
    fn at(&self, scene: &Scene<'_>, axis: &Axis, window: Rect, at: Pos2) -> Option<Grab> {
        let near = |x: f32| (at.x - x).abs() <= GRIP;
        // Of a narrow window the middle must be left to hold.
        let inside = window.width() > 4.0 * GRIP;
        let left = near(window.left()) && (inside || at.x <= window.left());
        let right = near(window.right()) && (inside || at.x >= window.right());
        if left {
            let other = scene.view.end();
            return Some(Grab::Edge { other });
        }
        if right {
            let other = scene.view.begin();
            return Some(Grab::Edge { other });
        }
        let held = axis.nanos(at.x) - scene.view.begin();
        let inside = window.x_range().contains(at.x);
        inside.then_some(Grab::Window { held })
    }
}

fn jump(axis: &Axis, at: Pos2) -> Command {
    Command::View(ViewCommand::Center(axis.nanos(at.x)))
}

/// Where the view lies.
fn window(scene: &Scene<'_>, axis: &Axis) -> Rect {
    let (left, right) = (axis.x(scene.view.begin()), axis.x(scene.view.end()));
    let area = axis.area;
    let left = left.min(area.right() - NARROWEST).max(area.left());
    let right = right.max(left + NARROWEST).min(area.right().max(left));
    Rect::from_x_y_ranges(left..=right, area.y_range())
}

/// What there is to see of the models, in so many columns.
fn look_up(scene: &Scene<'_>, range: TimeRange, columns: usize) -> Vec<Track> {
    let models = scene.store.models().iter();
    let track = |model| track(scene, model, range, columns);
    models.map(track).collect()
}

fn track(scene: &Scene<'_>, model: &ModelTrack, range: TimeRange, columns: usize) -> Track {
    let nanos = (range.nanos() as f64 / columns as f64).max(1.0);
    let mut track = Track {
        busy: vec![0.0; columns],
        stalls: Vec::new(),
        life: 0..0,
    };
    for (stretch, active) in model.busy.stretches() {
        spread(&mut track.busy, stretch, active as f64, nanos);
    }
    for open in model.threads.iter().filter_map(ThreadTrack::open_stretch) {
        let lasts = open.range(scene.now);
        spread(&mut track.busy, lasts, lasts.nanos() as f64, nanos);
    }
    let last = columns.saturating_sub(1);
    let column = |at: Timestamp| ((at.0 as f64 / nanos) as usize).min(last);
    let life = model.range(scene.now);
    track.life = column(life.begin)..column(life.end) + 1;
    for stall in &model.stalls {
        let stalled = stall.until(scene.now);
        let (from, to) = (column(stalled.begin), column(stalled.end) + 1);
        match track.stalls.last_mut() {
            Some(before) if before.start <= from && from <= before.end => {
                before.end = before.end.max(to);
            }
            _ => track.stalls.push(from..to),
        }
    }
    track
}

/// Spreads so much active time evenly over the columns of a stretch.
fn spread(columns: &mut [f32], range: TimeRange, active: f64, nanos: f64) {
    if active <= 0.0 || columns.is_empty() {
        return;
    }
    let (begin, end) = (range.begin.0 as f64 / nanos, range.end.0 as f64 / nanos);
    let last = columns.len() - 1;
    let (first, until) = ((begin as usize).min(last), (end as usize).min(last));
    let length = (end - begin).max(f64::EPSILON);
    for (place, column) in columns[first..=until].iter_mut().enumerate() {
        let left = (first + place) as f64;
        let inside = (end.min(left + 1.0) - begin.max(left)).max(0.0);
        let share = if first == until { 1.0 } else { inside / length };
        *column = (*column + (share * active / nanos) as f32).min(1.0);
    }
}

fn tracks(painter: &Painter, palette: &Palette, area: Rect, tracks: &[Track]) {
    let inner = area.shrink2(vec2(0.0, 4.0));
    let height = inner.height() / tracks.len().max(1) as f32;
    let gap = if height > 4.0 { 1.0 } else { 0.0 };
    let mut mesh = Mesh::default();
    for (place, track) in tracks.iter().enumerate() {
        let top = inner.top() + place as f32 * height;
        let bottom = top + height - gap;
        let (left, right) = (track.life.start as f32, track.life.end as f32);
        let x_range = area.left() + left..=area.left() + right;
        let life = Rect::from_x_y_ranges(x_range, top..=bottom);
        mesh.add_colored_rect(life, palette.poll);
        for (column, share) in track.busy.iter().enumerate() {
            if *share > 0.0 {
                // What was active at all must be seen.
                let high = (share.sqrt() * (bottom - top)).max(1.0);
                let left = area.left() + column as f32;
                let rect = Rect::from_min_max(pos2(left, bottom - high), pos2(left + 1.0, bottom));
                mesh.add_colored_rect(rect, palette.running.gamma_multiply(0.75));
            }
        }
        for stalled in &track.stalls {
            let (left, right) = (stalled.start as f32, stalled.end as f32);
            let x_range = area.left() + left..=area.left() + right;
            let rect = Rect::from_x_y_ranges(x_range, top..=bottom);
            let bar = StallBar {
                rect,
                growing: false,
            };
            paint::stall(&mut mesh, palette, &bar, f64::from(area.left()));
        }
    }
    painter.add(mesh);
}

/// A tick for what was found, one in a column.
fn hits(painter: &Painter, palette: &Palette, axis: &Axis, scene: &Scene<'_>) {
    let mut mesh = Mesh::default();
    let mut last = f32::MIN;
    for hit in scene.hits {
        let x = axis.x(hit.at.0 as f64).floor();
        if x >= last + 1.0 {
            last = x;
            let tick = Rect::from_min_size(pos2(x, axis.area.top()), vec2(2.0, 5.0));
            mesh.add_colored_rect(tick, palette.link);
        }
    }
    painter.add(mesh);
}

/// The view as a window: what lies beside it is dimmed.
fn paint_window(painter: &Painter, palette: &Palette, area: Rect, window: Rect) {
    let shade = palette.panel.gamma_multiply(0.65);
    painter.rect_filled(area.with_max_x(window.left()), 0.0, shade);
    painter.rect_filled(area.with_min_x(window.right()), 0.0, shade);
    let line = Stroke::new(1.0, palette.link);
    let inside = window.shrink(0.5);
    painter.rect_stroke(inside, 0.0, line, egui::StrokeKind::Inside);
    for x in [window.left(), window.right()] {
        let grip = Rect::from_center_size(pos2(x, window.center().y), vec2(3.0, 12.0));
        painter.rect_filled(grip, 1.0, palette.link);
    }
}

#[cfg(test)]
mod tests;

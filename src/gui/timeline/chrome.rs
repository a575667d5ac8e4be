//! What stands around the lanes: the ruler above, names in the gutter, the headers of the models.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Galley, Mesh, Painter, Rect, Stroke, StrokeKind, pos2, vec2};

use super::items::{Picture, StallBar, StallMark};
use super::outline::{Band, Kind, Stays};
use super::paint::{elided, life, outcome_glyph, stall, text};
use super::place::Placement;
use super::ruler::{Ruler, moment};
use super::stalls;
use super::tooltip::crowd_name;
use crate::analysis::{plain_count, plain_duration};
use crate::gui::describe;
use crate::gui::texts::{self, english, fill, tr};
use crate::gui::theme::{self, Palette};
use crate::store::{ModelTrack, TaskTrack, ThreadTrack};
use crate::trace::{Timestamp, process_of};

/// Width of the column of names, in points.
pub(super) const GUTTER: f32 = 176.0;

/// How far right of the left edge of a timeline of this width its time begins, in points. Plots that share its
/// axis begin there too.
pub fn gutter_width(width: f32) -> f32 {
    GUTTER.min(width / 3.0).round()
}
/// Height of the ruler: moments are written along its upper edge, and flags stand along its lower one.
pub(super) const RULER: f32 = 34.0;
/// How far below its upper edge the moments of the ruler are written, in points: at their middle.
const WRITTEN: f32 = 11.0;
/// A column of names that is narrower has room for nothing else, in points.
const NARROW: f32 = 130.0;
/// How far lanes are indented below the header of their model.
const INDENT: f32 = 22.0;
/// Height of the strip for stalls at the lower edge of a header.
const STRIP: f32 = 6.0;
/// Height of the line of a model's life, below that strip.
const LIFE: f32 = 3.0;

/// Where the parts of the timeline lie on the screen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Areas {
    /// All of it.
    pub(super) all: Rect,
    /// The ruler, above the lanes.
    pub(super) ruler: Rect,
    /// The names, left of the lanes.
    pub(super) gutter: Rect,
    /// The corner above the names.
    pub(super) corner: Rect,
    /// Where time runs.
    pub(super) lanes: Rect,
}

impl Areas {
    /// Divides `all`, of which the lowest `legend` points are left free.
    pub(super) fn new(all: Rect, legend: f32) -> Self {
        let gutter = gutter_width(all.width());
        let (x, y) = (all.left() + gutter, all.top() + RULER);
        let bottom = (all.bottom() - legend).max(y);
        let part =
            |left, top, right, bottom| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        Self {
            all,
            ruler: part(x, all.top(), all.right(), y),
            gutter: part(all.left(), y, x, bottom),
            corner: part(all.left(), all.top(), x, y),
            lanes: part(x, y, all.right(), bottom),
        }
    }

    /// The same, where names and lanes end at `bottom`.
    pub(super) fn with_bottom(self, bottom: f32) -> Self {
        Self {
            gutter: self.gutter.with_max_y(bottom),
            lanes: self.lanes.with_max_y(bottom),
            ..self
        }
    }
}

/// Paints the ruler, with a mark for every stall.
pub(super) fn ruler(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    ruler: &Ruler,
) {
    let area = areas.ruler;
    painter.rect_filled(area.union(areas.corner), 0.0, palette.panel);
    let inside = painter.with_clip_rect(area.intersect(painter.clip_rect()));
    let mut mesh = Mesh::default();
    for tick in &ruler.ticks {
        let x = (area.left() + tick.x).round();
        let (height, color) = match tick.label {
            Some(_) => (area.height() - 6.0, palette.border),
            None => (5.0, palette.border),
        };
        let line = Rect::from_min_max(
            pos2(x, area.bottom() - height),
            pos2(x + 1.0, area.bottom()),
        );
        mesh.add_colored_rect(line, color);
    }
    for range in stalls::on_ruler(place) {
        let rect = Rect::from_x_y_ranges(range, area.bottom() - 5.0..=area.bottom() - 1.0);
        mesh.add_colored_rect(rect, palette.stalled);
    }
    inside.add(mesh);
    for tick in &ruler.ticks {
        if let Some(label) = &tick.label {
            let at = pos2(area.left() + tick.x + 5.0, area.top() + WRITTEN);
            let galley = painter.layout_no_wrap(label.clone(), theme::number(), palette.text_weak);
            // Half a number would be another number.
            if area.left() <= at.x && at.x + galley.size().x <= area.right() {
                text(&inside, at, label, theme::number(), palette.text_weak);
            }
        }
    }
    if let Some(base) = &ruler.base {
        let at = pos2(areas.corner.right() - 8.0, area.top() + WRITTEN);
        let ink = palette.text_weak;
        painter.text(at, Align2::RIGHT_CENTER, base, theme::number(), ink);
    }
    let line = Stroke::new(1.0, palette.border);
    painter.hline(areas.all.x_range(), area.bottom() - 0.5, line);
}

/// Paints the moment at `x` onto the ruler.
pub(super) fn cursor_time(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    x: f32,
) {
    let (at, resolution) = (place.axis.nanos_at(x), place.axis.nanos_per_point());
    let text = moment(at, resolution);
    let galley = painter.layout_no_wrap(text, theme::number(), palette.text);
    plate(painter, palette, areas, (x, galley), palette.cursor);
}

/// Paints a plate on which something is written, around `x` at the upper edge of the ruler. Where it lies.
pub(super) fn plate(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    (x, galley): (f32, Arc<Galley>),
    edge: Color32,
) -> Rect {
    let size = galley.size() + vec2(12.0, 4.0);
    let most = (areas.ruler.right() - size.x).max(areas.ruler.left());
    let left = (x - size.x / 2.0).clamp(areas.ruler.left(), most);
    let top = areas.ruler.top() + WRITTEN - size.y / 2.0;
    let plate = Rect::from_min_size(pos2(left, top.round()), size);
    let line = Stroke::new(1.0, edge);
    painter.rect(plate, 3.0, palette.raised, line, StrokeKind::Inside);
    painter.galley(plate.min + vec2(6.0, 2.0), galley, palette.text);
    plate
}

/// Paints the names of lanes, and headers over names and lanes.
pub(super) fn names<'a>(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    bands: impl Iterator<Item = &'a Band<'a>>,
    picture: &Picture,
) {
    let both = areas.gutter.union(areas.lanes);
    let painter = painter.with_clip_rect(both.intersect(painter.clip_rect()));
    painter.rect_filled(areas.gutter, 0.0, palette.panel);
    for band in bands {
        let top = place.top(band);
        match band.kind {
            Kind::Header { collapsed } => {
                let rect = Rect::from_x_y_ranges(both.x_range(), top..=top + band.height);
                header(&painter, palette, areas, place, band.model, rect, collapsed);
            }
            Kind::Task(task) => task_name(&painter, palette, areas, place, band, task),
            Kind::Thread(thread) => thread_name(&painter, palette, areas, place, band, thread),
            Kind::Crowd {
                sort,
                count,
                collapsed,
            } => {
                let name = crowd_name(sort, count);
                let (middle, room) = (
                    top + band.height / 2.0,
                    areas.gutter.width() - INDENT - 12.0,
                );
                let at = pos2(areas.gutter.left() + 12.0, middle);
                disclosure(&painter, palette, at, collapsed);
                lane_name(&painter, areas, middle, room, &name, palette.text);
            }
        }
    }
    let line = Stroke::new(1.0, palette.border);
    painter.vline(areas.gutter.right() - 0.5, areas.gutter.y_range(), line);
    stall_marks(&painter, palette, areas, place, picture);
}

fn header(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    model: &ModelTrack,
    rect: Rect,
    collapsed: bool,
) {
    painter.rect_filled(rect, 0.0, palette.header);
    let line = Stroke::new(1.0, palette.border);
    painter.hline(rect.x_range(), rect.top() + 0.5, line);
    let middle = rect.top() + 12.0;
    let name = texts::variant(place.scene.store.model_name(model));
    let at = pos2(rect.left() + 12.0, middle);
    disclosure(painter, palette, at, collapsed);
    let name = elided(painter, name, theme::heading(), rect.width() / 3.0);
    let left = at + vec2(10.0, -name.size().y / 2.0);
    // Where the gutter is narrow the name goes on over the lanes, which have nothing there.
    let mut x = areas.lanes.left().max(left.x + name.size().x) + 10.0;
    painter.galley(left, name, palette.text);

    let mut word = |text_: &str, font: FontId, color| {
        x = text(painter, pos2(x, middle), text_, font, color) + 10.0;
        x
    };
    let elapsed = plain_duration(model.range(place.scene.now).duration());
    let x = word(&elapsed, theme::body(), palette.text);
    let glyph = pos2(x + 9.0, middle);
    match model.outcome {
        Some(outcome) => outcome_glyph(painter, glyph, outcome, palette.outcome(outcome)),
        None if place.scene.live => drop(painter.circle_filled(glyph, 3.5, palette.now)),
        None => {
            let edge = Stroke::new(1.5, palette.text_weak);
            painter.circle_stroke(glyph, 3.0, edge);
        }
    }
    let at = pos2(x + 19.0, middle);
    let words = describe::outcome(model.outcome, place.scene.live);
    let x = text(painter, at, words, theme::small(), palette.text_weak);
    let count = model.stalls.len();
    if count > 0 {
        let longest = model.longest_stall(place.scene.now);
        let longest = longest.map_or_else(String::new, |range| plain_duration(range.duration()));
        let words = match count {
            1 => fill(tr("1 stall, {longest}"), &[("longest", &longest)]),
            _ => fill(
                tr("{count} stalls, the longest {longest}"),
                &[("count", &plain_count(count as u64)), ("longest", &longest)],
            ),
        };
        let at = pos2(x + 20.0, middle);
        triangle(painter, at + vec2(0.0, 0.5), palette.stalled);
        let at = at + vec2(9.0, 0.0);
        let room = areas.lanes.right() - 8.0 - at.x;
        let galley = elided(painter, &words, theme::small(), room.max(1.0));
        let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        painter.galley(rect.min, galley, palette.text);
    }
    if model.dropped > 0 {
        let words = fill(
            tr("{count} events dropped"),
            &[("count", &plain_count(model.dropped))],
        );
        let at = pos2(areas.lanes.right() - 10.0, middle);
        painter.text(
            at,
            Align2::RIGHT_CENTER,
            words,
            theme::small(),
            palette.stalled,
        );
    }
}

/// The small triangle that says whether there is more below.
fn disclosure(painter: &Painter, palette: &Palette, at: egui::Pos2, collapsed: bool) {
    let points = if collapsed {
        [vec2(-2.5, -4.0), vec2(3.0, 0.0), vec2(-2.5, 4.0)]
    } else {
        [vec2(-4.0, -2.5), vec2(4.0, -2.5), vec2(0.0, 3.0)]
    };
    let points = points.map(|by| at + by).to_vec();
    let shape = egui::Shape::convex_polygon(points, palette.text_weak, Stroke::NONE);
    painter.add(shape);
}

fn triangle(painter: &Painter, at: egui::Pos2, color: egui::Color32) {
    let points = [vec2(-4.5, -4.0), vec2(4.5, -4.0), vec2(0.0, 4.0)];
    let points = points.map(|by| at + by).to_vec();
    painter.add(egui::Shape::convex_polygon(points, color, Stroke::NONE));
}

fn task_name(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    band: &Band<'_>,
    task: &TaskTrack,
) {
    let middle = place.top(band) + band.height / 2.0;
    let mut room = areas.gutter.width() - INDENT - 12.0;
    if task.bytes > 0 && areas.gutter.width() >= NARROW {
        let bytes = format!("{} B", plain_count(task.bytes));
        let at = pos2(areas.gutter.right() - 10.0, middle);
        let ink = palette.text_weak;
        let rect = painter.text(at, Align2::RIGHT_CENTER, bytes, theme::number(), ink);
        room -= rect.width() + 8.0;
    }
    let name = task.name.map_or("?", |name| place.scene.store.name(name));
    let name = full_name(place, band, name);
    lane_name(painter, areas, middle, room, &name, palette.text);
}

/// The name of a lane; of one that is not below its model's header, with the name of the model.
fn full_name(place: &Placement<'_>, band: &Band<'_>, name: &str) -> String {
    let store = place.scene.store;
    match band.stays {
        Stays::Pinned => format!("{name} · {}", texts::variant(store.model_name(band.model))),
        Stays::Scrolls | Stays::Sticks { .. } => name.to_owned(),
    }
}

/// The name of a lane, in as much of the gutter as is left for it.
fn lane_name(
    painter: &Painter,
    areas: &Areas,
    middle: f32,
    room: f32,
    name: &str,
    ink: egui::Color32,
) {
    let galley = elided(painter, name, theme::body(), room);
    let left = areas.gutter.left() + INDENT;
    let top = (middle - galley.size().y / 2.0).round();
    painter.galley(pos2(left, top), galley, ink);
}

/// What the rows of a thread's lane hold.
const fn rows_of(is_process: bool, has_loop: bool) -> &'static [&'static str] {
    const PROCESS: &[&str] = &[english("process"), english("calls that block")];
    const LOOP: &[&str] = &[
        english("loop"),
        english("callbacks"),
        // Others, nested, and calls that block.
        english("what they call"),
    ];
    const THREAD: &[&str] = &[english("thread"), english("calls that block")];
    match (is_process, has_loop) {
        (true, _) => PROCESS,
        (false, true) => LOOP,
        (false, false) => THREAD,
    }
}

fn thread_name(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    band: &Band<'_>,
    thread: &ThreadTrack,
) {
    let (first, _) = place.row_edges(band, 0);
    let ink = palette.text_weak;
    let name = thread.name.map_or("?", |name| place.scene.store.name(name));
    let pid = process_of(name).map(|pid| format!("pid {pid}"));
    let rows = rows_of(pid.is_some(), thread.polls > 0);
    let mut room = areas.gutter.width() - INDENT - 12.0;
    for (depth, words) in rows
        .iter()
        .enumerate()
        .take(thread.lane.depths().min(band.rows))
    {
        if depth == 0 && areas.gutter.width() < NARROW {
            continue;
        }
        let at = pos2(
            areas.gutter.right() - 10.0,
            first + (depth as f32 + 0.5) * band.row - 0.5,
        );
        let most = areas.gutter.width() - 14.0;
        let galley = elided(painter, tr(words), theme::small(), most);
        let rect = Align2::RIGHT_CENTER.anchor_size(at, galley.size());
        painter.galley(rect.min, galley, ink);
        if depth == 0 {
            room -= rect.width() + 8.0;
        }
    }
    let name = full_name(place, band, pid.as_deref().unwrap_or(name));
    let middle = first + band.row / 2.0 - 0.5;
    lane_name(painter, areas, middle, room, &name, ink);
}

/// The strips and triangles of stalls in headers, and the lives of models below them.
fn stall_marks(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    picture: &Picture,
) {
    let painter = painter.with_clip_rect(areas.lanes.intersect(painter.clip_rect()));
    let mut mesh = Mesh::default();
    let anchor = place.axis.exact_x(Timestamp::ZERO);
    for item in &picture.lives {
        life(&mut mesh, palette, item);
    }
    for mark in &picture.stall_marks {
        let bottom = mark.rect.bottom() - LIFE;
        let rect = Rect::from_x_y_ranges(mark.rect.x_range(), bottom - STRIP..=bottom);
        let growing = mark.index.is_none();
        let bar = StallBar { rect, growing };
        stall(&mut mesh, palette, &bar, anchor);
    }
    painter.add(mesh);
    for mark in &picture.stall_marks {
        triangle(&painter, stall_triangle(mark).center(), palette.stalled);
    }
}

/// Where the triangle of a stall in a header lies: above the beginning of its strip.
pub(super) fn stall_triangle(mark: &StallMark) -> Rect {
    let at = pos2(mark.rect.left(), mark.rect.bottom() - LIFE - STRIP - 4.0);
    Rect::from_center_size(at, vec2(10.0, 9.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lane_of_a_process_does_not_say_that_it_is_a_thread() {
        assert_eq!(rows_of(true, false)[0], "process");
        assert_eq!(rows_of(false, false)[0], "thread");
        assert_eq!(rows_of(false, true)[0], "loop");
    }
}

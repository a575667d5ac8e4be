//! The stretch of time that is chosen: where it lies, what holds of it there is, and what is written on it.

use egui::{Painter, Pos2, Rangef, Rect, Stroke, pos2, vec2};

use super::chrome::{Areas, plate};
use super::outline::{Band, Kind, Outline};
use super::place::Placement;
use crate::gui::range::{exact, exact_moment};
use crate::gui::theme::{self, Palette};
use crate::store::Lane;
use crate::trace::{TimeRange, Timestamp};

/// How close the pointer must be to the edge of a span to mean it, in points.
const SNAP: f32 = 6.0;
/// How close it must be to an edge of the chosen range to take hold of it, in points.
const GRIP: f32 = 4.0;

/// The moment that a hand means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    /// When.
    pub(super) at: Timestamp,
    /// Whether a span begins or ends there.
    pub(super) on_edge: bool,
}

/// The moment that a hand at `pointer` means: that of the nearest edge of a span close by, unless it is to be `free`. On
/// a lane its own edges count, on the ruler those of all lanes that can be seen.
pub(super) fn meant(
    place: &Placement<'_>,
    outline: &Outline<'_>,
    pointer: Pos2,
    free: bool,
) -> Meant {
    let axis = &place.axis;
    let x = pointer.x.clamp(axis.left(), axis.right());
    let exact = axis.nanos_at(x).max(0.0);
    let near = f64::from(SNAP) * axis.nanos_per_point();
    let seen = outline.visible(place.scroll, place.lanes.height());
    let under = |band: &&Band<'_>| {
        let top = place.top(band);
        !place.lanes.contains(pointer) || (top..top + band.height).contains(&pointer.y)
    };
    let lanes = seen.chain(outline.pinned()).filter(under);
    let edges = lanes.flat_map(|band| edges_near(place, band, Timestamp(exact as u64), pointer.y));
    let distance = |edge: &Edge| (edge.at.0 as f64 - exact).abs();
    let nearest = edges
        .filter(|edge| !free && distance(edge) <= near)
        .min_by(|a, b| {
            let depth = b.under_pointer.cmp(&a.under_pointer);
            depth.then(distance(a).total_cmp(&distance(b)))
        });
    Meant {
        at: nearest.map_or(Timestamp(exact.round() as u64), |edge| edge.at),
        on_edge: nearest.is_some(),
    }
}

/// Where a span begins or ends.
#[derive(Clone, Copy)]
struct Edge {
    at: Timestamp,
    /// Whether the pointer is on the very row: what lies above and below it means less.
    under_pointer: bool,
}

fn lane_of<'a>(band: &Band<'a>) -> Option<&'a Lane> {
    match band.kind {
        Kind::Header { .. } | Kind::Crowd { .. } => None,
        Kind::Task(task) => Some(&task.lane),
        Kind::Thread(thread) => Some(&thread.lane),
    }
}

/// The edges of a band around `at`, those of each depth that are nearest among them.
fn edges_near<'a>(
    place: &Placement<'_>,
    band: &Band<'a>,
    at: Timestamp,
    y: f32,
) -> impl Iterator<Item = Edge> + use<'a> {
    let (first, _) = place.row_edges(band, 0);
    let row_under = ((y - first) / band.row).floor();
    let lane = lane_of(band);
    let depths = lane.map_or(0, Lane::depths).min(band.rows);
    let edges = move |depth: usize| {
        let lane = lane?;
        let next = lane.row(depth).map_or(0, |row| row.first_after(at));
        let spans =
            (next.saturating_sub(1)..=next).filter_map(move |place| lane.span(depth, place));
        Some(spans.flat_map(move |span| {
            let end = (!span.is_open()).then_some(span.end);
            let under_pointer = depth as f32 == row_under;
            let edges = std::iter::once(span.begin).chain(end);
            edges.map(move |at| Edge { at, under_pointer })
        }))
    };
    (0..depths).filter_map(edges).flatten()
}

/// The other end of the chosen range, where the pointer can take hold of one.
pub(super) fn held_by(place: &Placement<'_>, pointer: Pos2) -> Option<Timestamp> {
    let range = place.scene.chosen?;
    let distance = |at| (place.axis.exact_x(at) - f64::from(pointer.x)).abs();
    let (begin, end) = (distance(range.begin), distance(range.end));
    let (near, other) = if begin < end {
        (begin, range.end)
    } else {
        (end, range.begin)
    };
    (near <= f64::from(GRIP)).then_some(other)
}

/// What is seen of the chosen range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    /// From where to where, or just outside of the screen.
    pub(super) x: Rangef,
    /// How long it is, to the nanosecond.
    pub(super) length: String,
    /// When it begins and ends.
    pub(super) moments: [String; 2],
}

impl Measure {
    /// Of a range that can be seen.
    pub(super) fn of(place: &Placement<'_>, range: TimeRange) -> Option<Self> {
        let seen = place.axis.sees(range);
        seen.then(|| Self {
            x: Rangef::new(place.axis.x(range.begin), place.axis.x(range.end)),
            length: exact(range.nanos()),
            moments: [range.begin, range.end].map(exact_moment),
        })
    }

    /// What is written on it: with its moments where somebody looks closely.
    pub(super) fn words(&self, closely: bool) -> String {
        let length = &self.length;
        match (&self.moments, closely) {
            ([begin, end], true) => format!("{begin}   Δ {length}   {end}"),
            (_, false) => format!("Δ {length}"),
        }
    }
}

/// Paints the chosen range over lanes and ruler, if it can be seen. Where on the ruler its length is written.
pub(super) fn paint(
    painter: &Painter,
    palette: &Palette,
    areas: &Areas,
    place: &Placement<'_>,
    closely: bool,
) -> Option<Rect> {
    let measure = place
        .scene
        .chosen
        .and_then(|range| Measure::of(place, range));
    let measure = measure?;
    let painter = painter.with_clip_rect(
        areas
            .lanes
            .union(areas.ruler)
            .intersect(painter.clip_rect()),
    );
    let both = areas.ruler.top()..=areas.lanes.bottom();
    let rect = Rect::from_x_y_ranges(measure.x, both);
    painter.rect_filled(rect, 0.0, palette.selection_fill.gamma_multiply(0.28));
    for x in [measure.x.min, measure.x.max] {
        painter.vline(x, rect.y_range(), Stroke::new(1.0, palette.link));
        let grip = Rect::from_center_size(pos2(x, areas.ruler.bottom() - 6.0), vec2(5.0, 12.0));
        painter.rect_filled(grip, 2.0, palette.link);
    }
    let words = measure.words(closely);
    let galley = painter.layout_no_wrap(words, theme::number(), palette.text);
    let middle = rect.intersect(areas.ruler).center().x;
    let plate = plate(&painter, palette, areas, (middle, galley), palette.link);
    Some(plate)
}

/// Paints the edge of a span that a hand is on.
pub(super) fn edge(painter: &Painter, palette: &Palette, areas: &Areas, x: f32) {
    let stroke = Stroke::new(2.0, palette.selection);
    painter.vline(x, areas.lanes.y_range(), stroke);
}

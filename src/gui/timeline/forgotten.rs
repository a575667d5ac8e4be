//! What is no more: of a run that goes on for long the oldest events are let go of, and that is told where they were.

use egui::{Align2, Mesh, Painter, Rect, pos2};

use super::patterns::{FORGOTTEN, stripes};
use super::place::Placement;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette};
use crate::store::Forgotten;
use crate::trace::Timestamp;

/// The stretch of the screen in which nothing is known any more; `None` where all of it is known.
pub(super) fn area(place: &Placement<'_>) -> Option<(Rect, Forgotten)> {
    let gone = place.scene.store.forgotten()?;
    let (left, right) = (place.axis.x(Timestamp::ZERO), place.axis.x(gone.until));
    let area = Rect::from_x_y_ranges(left..=right, place.lanes.y_range());
    let seen = area.intersect(place.lanes);
    (seen.width() > 0.0).then_some((seen, gone))
}

/// Stripes it, behind whatever is left there.
pub(super) fn paint(painter: &Painter, palette: &Palette, place: &Placement<'_>) {
    let Some((area, _)) = area(place) else { return };
    let mut mesh = Mesh::default();
    let anchor = place.axis.exact_x(Timestamp::ZERO);
    stripes(&mut mesh, area, anchor, FORGOTTEN, palette.waiting_hatch);
    painter.add(mesh);
}

/// Says what was there, above everything.
pub(super) fn tell(painter: &Painter, palette: &Palette, place: &Placement<'_>) {
    const MARGIN: f32 = 8.0;
    let Some((area, gone)) = area(place) else {
        return;
    };
    let events = crate::analysis::plain_count(gone.events);
    let text = fill(
        tr("{count} older events were let go of: the run is longer than what is kept in memory"),
        &[("count", &events)],
    );
    let job = egui::text::LayoutJob::simple(
        text,
        theme::small(),
        palette.text,
        (area.width() - 2.0 * MARGIN).max(120.0),
    );
    let galley = painter.layout_job(job);
    let at = pos2(area.left() + MARGIN, area.bottom() - MARGIN);
    let rect = Align2::LEFT_BOTTOM.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand(4.0), theme::RADIUS, palette.header);
    painter.galley(rect.min, galley, palette.text);
}

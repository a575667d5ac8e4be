//! Where things lie on the screen in one frame.

use egui::{Rect, pos2, vec2};

use super::axis::Axis;
use super::outline::Band;
use super::scene::Scene;
use super::stalls::{self, GrowingStall};
use crate::trace::TimeRange;

/// The narrowest that something active is drawn, in points.
pub(super) const NARROWEST: f32 = 2.0;
/// Room above and below a task's bar, at most.
pub(super) const TASK_PADDING: f32 = 4.0;
/// How high the bars of a task are at least, where it is not collapsed.
const BAR: f32 = 15.0;
/// The narrowest room for a text, in points.
const NARROWEST_TEXT: f32 = 16.0;

/// The scene and where it lies on the screen.
pub(super) struct Placement<'a> {
    /// What there is to see.
    pub(super) scene: &'a Scene<'a>,
    /// When.
    pub(super) axis: Axis,
    /// Where time runs on the screen.
    pub(super) lanes: Rect,
    /// How far the lanes are scrolled up, in points.
    pub(super) scroll: f32,
    /// Nothing shorter can be told apart, in nanoseconds.
    pub(super) grain: u64,
    /// What threads are stalled in at this moment although nobody has told of it.
    pub(super) growing: Vec<GrowingStall>,
}

impl<'a> Placement<'a> {
    /// Lays `scene` into `lanes`, scrolled up by `scroll` points.
    pub(super) fn new(
        scene: &'a Scene<'a>,
        lanes: Rect,
        scroll: f32,
        pixels_per_point: f32,
    ) -> Self {
        let axis = Axis::new(scene.view, lanes);
        Self {
            scene,
            axis,
            lanes,
            scroll,
            grain: axis.grain(pixels_per_point),
            growing: stalls::growing(scene),
        }
    }

    /// Where the upper edge of a band lies on the screen.
    pub(super) fn top(&self, band: &Band<'_>) -> f32 {
        self.lanes.top() + band.shown_top(self.scroll)
    }

    /// The bar of a stretch of time between two heights. At least `narrowest` wide.
    pub(super) fn bar(&self, range: TimeRange, top: f32, bottom: f32, narrowest: f32) -> Rect {
        let left = self.axis.x(range.begin);
        let right = self.axis.x(range.end).max(left + narrowest);
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    /// The upper and the lower edge of the bar of a task.
    pub(super) fn task_edges(&self, band: &Band<'_>) -> (f32, f32) {
        let top = self.top(band);
        // A lower lane has less of it: the bars keep their height.
        let padding = (band.height - BAR) / 2.0;
        let padding = padding.floor().clamp(2.0, TASK_PADDING);
        (top + padding, top + band.height - padding)
    }

    /// The upper and the lower edge of the bars of a depth of a thread.
    pub(super) fn row_edges(&self, band: &Band<'_>, depth: usize) -> (f32, f32) {
        let top = self.top(band) + band.row_top(depth);
        (top, top + band.row - 1.0)
    }

    /// The part of a bar that is on the screen, if a text may stand in it.
    pub(super) fn room(&self, rect: Rect) -> Option<Rect> {
        let room = rect.intersect(self.lanes).shrink2(vec2(5.0, 0.0));
        let edges = (
            pos2(room.left(), rect.top()),
            pos2(room.right(), rect.bottom()),
        );
        (room.width() >= NARROWEST_TEXT).then_some(Rect::from_min_max(edges.0, edges.1))
    }
}

//! Where moments lie on the screen.

use egui::Rect;

use crate::gui::time_view::TimeView;
use crate::trace::{TimeRange, Timestamp};

/// The time axis of one frame. All arithmetic on time is done in `f64`; only what is on the screen becomes `f32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    begin: f64,
    length: f64,
    left: f32,
    width: f32,
}

/// How far beyond the screen something may be said to lie, in points: enough to hide an edge or an outline.
const BEYOND: f64 = 8.0;

impl Axis {
    /// The axis that shows `view` across the width of `lanes`.
    pub(super) fn new(view: &TimeView, lanes: Rect) -> Self {
        Self {
            begin: view.begin(),
            length: view.length(),
            left: lanes.left(),
            width: lanes.width().max(1.0),
        }
    }

    /// Its left end on the screen.
    pub(super) const fn left(&self) -> f32 {
        self.left
    }

    /// Its right end on the screen.
    pub(super) fn right(&self) -> f32 {
        self.left + self.width
    }

    /// How many points it has.
    pub(super) const fn width(&self) -> f32 {
        self.width
    }

    /// How many nanoseconds one point shows.
    pub(super) fn nanos_per_point(&self) -> f64 {
        self.length / f64::from(self.width)
    }

    /// The shortest time that can be told apart on a screen with so many pixels per point, in nanoseconds: that
    /// of two pixels, because nothing that is active is drawn narrower.
    pub(super) fn grain(&self, pixels_per_point: f32) -> u64 {
        (2.0 * self.nanos_per_point() / f64::from(pixels_per_point.max(1.0))).max(1.0) as u64
    }

    /// Where a moment lies, also far outside the screen.
    pub(super) fn exact_x(&self, at: Timestamp) -> f64 {
        f64::from(self.left) + (at.0 as f64 - self.begin) / self.length * f64::from(self.width)
    }

    /// Where a moment lies on the screen, or just outside of it.
    pub(super) fn x(&self, at: Timestamp) -> f32 {
        let (left, right) = (f64::from(self.left), f64::from(self.right()));
        self.exact_x(at).clamp(left - BEYOND, right + BEYOND) as f32
    }

    /// Where a moment in nanoseconds lies on the screen, also far outside of it.
    pub(super) fn x_of(&self, nanos: f64) -> f32 {
        self.left + ((nanos - self.begin) / self.nanos_per_point()) as f32
    }

    /// Which moment lies at `x`, in nanoseconds.
    pub(super) fn nanos_at(&self, x: f32) -> f64 {
        self.begin + f64::from(x - self.left) * self.nanos_per_point()
    }

    /// What of the trace's time is on the screen.
    pub(super) fn range(&self) -> TimeRange {
        let end = (self.begin + self.length).max(0.0).ceil();
        TimeRange::new(Timestamp(self.begin.max(0.0) as u64), Timestamp(end as u64))
    }

    /// Whether something that takes this long at this time is on the screen, a point more at each side counted.
    pub(super) fn sees(&self, range: TimeRange) -> bool {
        let margin = self.nanos_per_point();
        range.end.0 as f64 >= self.begin - margin
            && range.begin.0 as f64 <= self.begin + self.length + margin
    }
}

//! Which pixels a triangle covers, and what lies between its corners.
//!
//! Corners are rounded to 1/256 of a pixel, as on a graphics card; from there on every decision is exact.

use std::ops::Range;

use egui::Pos2;

/// Parts of a pixel that a corner can lie on, along one side.
const SUBPIXELS: i64 = 256;
/// Corners farther out, in parts of a pixel, are pulled in, so that no product overflows. A million pixels.
const FARTHEST: i64 = 1 << 28;

/// A corner, in parts of a pixel.
#[derive(Clone, Copy, Debug)]
struct Point {
    x: i64,
    y: i64,
}

impl Point {
    fn new(at: Pos2) -> Self {
        Self {
            x: fixed(at.x),
            y: fixed(at.y),
        }
    }
}

fn fixed(at: f32) -> i64 {
    ((at * SUBPIXELS as f32).round() as i64).clamp(-FARTHEST, FARTHEST)
}

/// Where the centre of a pixel lies, in parts of a pixel.
fn centre(pixel: usize) -> i64 {
    pixel as i64 * SUBPIXELS + SUBPIXELS / 2
}

/// `a / b`, rounded up; `b` is positive.
fn div_ceil(a: i64, b: i64) -> i64 {
    -(-a).div_euclid(b)
}

/// The first pixel whose centre lies at or after `at`, in parts of a pixel; 0 for all before the picture.
fn first_from(at: i64) -> usize {
    div_ceil(at - SUBPIXELS / 2, SUBPIXELS).max(0) as usize
}

/// The pixels within `clip` whose centres lie in a stretch of a row or column, its beginning counted in and its
/// end not; both in pixels, in either order.
pub(super) fn covered(from: f32, to: f32, clip: &Range<usize>) -> Range<usize> {
    if !(from.is_finite() && to.is_finite()) {
        return clip.start..clip.start;
    }
    let (from, to) = (fixed(from.min(to)), fixed(from.max(to)));
    let end = first_from(to).min(clip.end).max(clip.start);
    first_from(from).clamp(clip.start, end)..end
}

/// A side of a triangle, seen from within: `at(p) >= least` for what it keeps.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: Point,
    dx: i64,
    dy: i64,
    /// 0 where the edge itself belongs to the triangle (top and left), else 1.
    least: i64,
}

impl Edge {
    /// The inside is on the right of the way from `from` to `to`, as y goes down.
    fn new(from: Point, to: Point) -> Self {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let top_or_left = dy < 0 || (dy == 0 && dx > 0);
        Self {
            from,
            dx,
            dy,
            least: i64::from(!top_or_left),
        }
    }

    fn at(self, x: i64, y: i64) -> i64 {
        self.dx * (y - self.from.y) - self.dy * (x - self.from.x)
    }
}

/// A triangle that covers some area.
#[derive(Debug)]
pub(super) struct Triangle {
    /// In the order in which they were given.
    corners: [Point; 3],
    edges: [Edge; 3],
}

impl Triangle {
    /// From corners in pixels, in either direction. None for one without area, or with a corner that is no place.
    pub(super) fn new(corners: [Pos2; 3]) -> Option<Self> {
        if !corners.iter().all(|corner| corner.is_finite()) {
            return None;
        }
        let corners = corners.map(Point::new);
        let [a, b, c] = corners;
        let edges = match Edge::new(a, b).at(c.x, c.y) {
            0 => return None,
            1.. => [Edge::new(a, b), Edge::new(b, c), Edge::new(c, a)],
            _ => [Edge::new(a, c), Edge::new(c, b), Edge::new(b, a)],
        };
        Some(Self { corners, edges })
    }

    /// The rows within `clip` that it may cover something of.
    pub(super) fn rows(&self, clip: Range<usize>) -> Range<usize> {
        let [a, b, c] = self.corners.map(|corner| corner.y);
        let end = first_from(a.max(b).max(c) + 1)
            .min(clip.end)
            .max(clip.start);
        first_from(a.min(b).min(c)).clamp(clip.start, end)..end
    }

    /// The pixels within `clip` that it covers in row `y`.
    pub(super) fn columns(&self, y: usize, clip: &Range<usize>) -> Range<usize> {
        let (mut start, mut end) = (clip.start as i64, clip.end as i64);
        for edge in self.edges {
            // How far the first pixel of the row is inside, and how much farther each next one.
            let inside = edge.at(centre(0), centre(y)) - edge.least;
            let step = -edge.dy * SUBPIXELS;
            match step {
                0 if inside < 0 => end = start,
                0 => {}
                1.. => start = start.max(div_ceil(-inside, step)),
                _ => end = end.min(inside.div_euclid(-step) + 1),
            }
        }
        let end = end.max(clip.start as i64) as usize;
        (start as usize).min(end)..end
    }

    /// What has these values at the corners and changes evenly between them.
    pub(super) fn plane(&self, values: [f32; 3]) -> Plane {
        let [a, b, c] = self.corners;
        let [va, vb, vc] = values.map(f64::from);
        let area = Edge::new(a, b).at(c.x, c.y) as f64;
        let [abx, aby, acx, acy] = [b.x - a.x, b.y - a.y, c.x - a.x, c.y - a.y].map(|d| d as f64);
        let (ab, ac) = (vb - va, vc - va);
        let dx = (ab * acy - ac * aby) / area;
        let dy = (ac * abx - ab * acx) / area;
        let first = va + dx * (centre(0) - a.x) as f64 + dy * (centre(0) - a.y) as f64;
        let scale = SUBPIXELS as f64;
        Plane {
            first,
            dx: dx * scale,
            dy: dy * scale,
        }
    }
}

/// A value that changes evenly over the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    /// At the centre of the first pixel of the first row.
    first: f64,
    /// From one pixel to the next.
    pub(super) dx: f64,
    /// From one row to the next.
    pub(super) dy: f64,
}

impl Plane {
    /// Its value at the centre of a pixel.
    pub(super) fn at(&self, x: usize, y: usize) -> f64 {
        self.first + self.dx * x as f64 + self.dy * y as f64
    }
}

//! Patterns as triangles: what tells states apart without colour.
//!
//! Everything goes into one mesh per layer. Slanted edges fade over a point, which is what makes them smooth where
//! nobody else does.

use egui::{Color32, Mesh, Pos2, Rect, pos2, vec2};

/// Over how many points a slanted edge fades.
const FADE: f32 = 0.9;

/// Slanted stripes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stripes {
    /// From one stripe to the next, in points along the horizontal.
    pub(super) spacing: f32,
    /// How thick one is, along the horizontal.
    pub(super) thickness: f32,
}

/// The hatching of what waits.
pub(super) const HATCH: Stripes = Stripes {
    spacing: 8.0,
    thickness: 1.2,
};

/// The stripes of what is stalled.
pub(super) const STALL: Stripes = Stripes {
    spacing: 11.0,
    thickness: 4.0,
};

/// The stripes where nothing is known any more: far apart, so that nobody takes them for waiting.
pub(super) const FORGOTTEN: Stripes = Stripes {
    spacing: 40.0,
    thickness: 1.2,
};

/// Fills `rect` with stripes that rise to the right. They stand still on what they belong to while the view moves:
/// one of them starts at `anchor`, which may lie far outside the screen.
pub(super) fn stripes(mesh: &mut Mesh, rect: Rect, anchor: f64, stripes: Stripes, color: Color32) {
    let (left, right, height) = (rect.left(), rect.right(), rect.height());
    if height <= 0.0 || rect.width() < 2.0 * FADE {
        return;
    }
    let spacing = stripes.spacing;
    let half = stripes.thickness / 2.0;
    let reach = half + FADE;
    let first = left - height - spacing;
    let phase = (anchor - f64::from(first)).rem_euclid(f64::from(spacing)) as f32;
    let mut foot = first + phase;
    while foot < right + reach {
        if left <= foot - reach && foot + height + reach <= right {
            let head = pos2(foot + height, rect.top());
            stripe(mesh, [pos2(foot, rect.bottom()), head], half, color);
        } else if foot + height + reach > left {
            cut_stripe(mesh, rect, foot, half, color);
        }
        foot += spacing;
    }
}

/// What lies in `rect` of a stripe that rises from `foot` on its lower edge.
fn cut_stripe(mesh: &mut Mesh, rect: Rect, foot: f32, half: f32, color: Color32) {
    let edges = [
        (-half - FADE, Color32::TRANSPARENT),
        (-half, color),
        (half, color),
        (half + FADE, Color32::TRANSPARENT),
    ];
    for ribbon in edges.windows(2) {
        let mut outline = Outline::default();
        for (edge, upwards) in [(ribbon[0], true), (ribbon[1], false)] {
            let (x, color) = (foot + edge.0, edge.1);
            let ends = [
                (pos2(x, rect.bottom()), color),
                (pos2(x + rect.height(), rect.top()), color),
            ];
            let [from, to] = if upwards { ends } else { [ends[1], ends[0]] };
            outline.push(from);
            outline.push(to);
        }
        let inside = outline
            .cut(|at| at.x - rect.left())
            .cut(|at| rect.right() - at.x);
        inside.fill(mesh);
    }
}

/// The corners of something convex, and their colours.
#[derive(Default)]
struct Outline {
    corners: [(Pos2, Color32); 8],
    count: usize,
}

impl Outline {
    const fn push(&mut self, corner: (Pos2, Color32)) {
        if self.count < self.corners.len() {
            self.corners[self.count] = corner;
            self.count += 1;
        }
    }

    /// What lies on one side of a line, from which every point has this distance.
    fn cut(self, distance: impl Fn(Pos2) -> f32) -> Self {
        let mut cut = Self::default();
        for place in 0..self.count {
            let (a, b) = (self.corners[place], self.corners[(place + 1) % self.count]);
            let (near, far) = (distance(a.0), distance(b.0));
            if near >= 0.0 {
                cut.push(a);
            }
            if (near < 0.0) != (far < 0.0) {
                let part = near / (near - far);
                cut.push((a.0.lerp(b.0, part), mix(a.1, b.1, part)));
            }
        }
        cut
    }

    fn fill(&self, mesh: &mut Mesh) {
        let first = mesh.vertices.len() as u32;
        for (at, color) in &self.corners[..self.count] {
            mesh.colored_vertex(*at, *color);
        }
        for place in 2..self.count as u32 {
            mesh.add_triangle(first, first + place - 1, first + place);
        }
    }
}

/// One stripe between two points, as three ribbons: it fades in, is solid, and fades out.
fn stripe(mesh: &mut Mesh, ends: [Pos2; 2], half: f32, color: Color32) {
    let first = mesh.vertices.len() as u32;
    for end in ends {
        let offsets = [
            (-half - FADE, Color32::TRANSPARENT),
            (-half, color),
            (half, color),
            (half + FADE, Color32::TRANSPARENT),
        ];
        for (offset, color) in offsets {
            mesh.colored_vertex(end + vec2(offset, 0.0), color);
        }
    }
    for ribbon in 0..3 {
        let (a, b) = (first + ribbon, first + ribbon + 4);
        mesh.add_triangle(a, a + 1, b);
        mesh.add_triangle(a + 1, b, b + 1);
    }
}

/// A dotted line along the middle of `rect`. One dot lies at `anchor`, which may lie far outside the screen.
pub(super) fn dots(mesh: &mut Mesh, rect: Rect, anchor: f64, color: Color32) {
    const SPACING: f32 = 7.0;
    const SIZE: f32 = 2.0;
    let phase = (anchor - f64::from(rect.left())).rem_euclid(f64::from(SPACING)) as f32;
    let mut x = rect.left() + phase;
    let y = rect.center().y.round();
    while x + SIZE <= rect.right() {
        let dot = Rect::from_min_size(pos2(x, y - SIZE / 2.0), vec2(SIZE, SIZE));
        mesh.add_colored_rect(dot, color);
        x += SPACING;
    }
}

/// The edge of `rect`, on its inner side.
pub(super) fn outline(mesh: &mut Mesh, rect: Rect, width: f32, color: Color32) {
    let inner = rect.shrink(width);
    if !inner.is_positive() {
        mesh.add_colored_rect(rect, color);
        return;
    }
    let part = |left, top, right, bottom| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
    let sides = [
        part(rect.left(), rect.top(), rect.right(), inner.top()),
        part(rect.left(), inner.bottom(), rect.right(), rect.bottom()),
        part(rect.left(), inner.top(), inner.left(), inner.bottom()),
        part(inner.right(), inner.top(), rect.right(), inner.bottom()),
    ];
    for side in sides {
        mesh.add_colored_rect(side, color);
    }
}

/// A colour between two opaque ones: `a` at 0, `b` at 1.
pub(super) fn mix(a: Color32, b: Color32, part: f32) -> Color32 {
    a.lerp_to_gamma(b, part.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect() -> Rect {
        Rect::from_min_max(pos2(10.0, 5.0), pos2(110.0, 23.0))
    }

    #[test]
    fn stripes_stay_in_their_rectangle() {
        let mut mesh = Mesh::default();
        stripes(&mut mesh, rect(), 12.3, STALL, Color32::RED);
        assert!(!mesh.is_empty());
        assert!(rect().expand(0.01).contains_rect(mesh.calc_bounds()));
        assert!(mesh.is_valid());
    }

    #[test]
    fn stripes_move_with_what_they_belong_to() {
        let feet = |anchor: f64| {
            let mut mesh = Mesh::default();
            stripes(&mut mesh, rect(), anchor, HATCH, Color32::RED);
            let bottom = mesh.vertices.iter().filter(|vertex| {
                let is_solid = vertex.color == Color32::RED;
                is_solid && vertex.pos.y == rect().bottom() && vertex.pos.x > rect().center().x
            });
            let x: Vec<_> = bottom.map(|vertex| vertex.pos.x).collect();
            // The two edges of one stripe, and not of two.
            let is_one = |pair: &&[f32]| pair[1] - pair[0] < HATCH.spacing / 2.0;
            x.windows(2).find(is_one).expect("there are stripes")[0]
        };
        let moved = (feet(-1e12 + 3.0) - feet(-1e12)).rem_euclid(HATCH.spacing);
        assert!((moved - 3.0).abs() < 0.01, "{moved}");
    }

    #[test]
    fn a_narrow_bar_has_its_stripes_over_all_of_its_height() {
        let narrow = Rect::from_min_size(pos2(3.0, 5.0), vec2(9.0, 18.0));
        for place in 0..11 {
            let mut mesh = Mesh::default();
            stripes(&mut mesh, narrow, f64::from(place), STALL, Color32::RED);
            let bounds = mesh.calc_bounds();
            assert!(narrow.expand(0.01).contains_rect(bounds) && mesh.is_valid());
            assert!(bounds.height() > 17.9 && bounds.width() > 8.9, "{bounds}");
        }
    }

    #[test]
    fn nothing_comes_of_a_sliver() {
        let mut mesh = Mesh::default();
        let sliver = Rect::from_min_size(pos2(3.0, 3.0), vec2(1.0, 18.0));
        stripes(&mut mesh, sliver, 0.0, STALL, Color32::RED);
        assert!(mesh.is_empty());
    }

    #[test]
    fn an_outline_leaves_the_middle_free() {
        let mut mesh = Mesh::default();
        outline(&mut mesh, rect(), 2.0, Color32::RED);
        assert_eq!(mesh.indices.len(), 4 * 6);
        assert_eq!(mesh.calc_bounds(), rect());
    }
}

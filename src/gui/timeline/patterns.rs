//! Patterns as triangles: what tells states apart without colour.
//!
//! Everything goes into one mesh per layer. Slanted edges fade over a point, which is what makes them smooth where
//! nobody else does.

use egui::{Color32, Mesh, Rect, pos2, vec2};

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
    let phase = (anchor - f64::from(left - height)).rem_euclid(f64::from(spacing)) as f32;
    let half = stripes.thickness / 2.0;
    let reach = half + FADE;
    let mut foot = left - height + phase;
    while foot < right {
        // The part of the stripe whose whole thickness lies in the rectangle, from its foot (0) to its head (1).
        let from = ((left + reach - foot) / height).max(0.0);
        let to = ((right - reach - foot) / height).min(1.0);
        if from < to {
            let at = |part: f32| pos2(foot + part * height, rect.bottom() - part * height);
            stripe(mesh, [at(from), at(to)], half, color);
        }
        foot += spacing;
    }
}

/// One stripe between two points, as three ribbons: it fades in, is solid, and fades out.
fn stripe(mesh: &mut Mesh, ends: [egui::Pos2; 2], half: f32, color: Color32) {
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
            let bottom = mesh
                .vertices
                .iter()
                .filter(|vertex| vertex.pos.y == rect().bottom());
            bottom
                .map(|vertex| vertex.pos.x)
                .next()
                .expect("there are stripes")
        };
        let moved = (feet(-1e12 + 3.0) - feet(-1e12)).rem_euclid(HATCH.spacing);
        assert!((moved - 3.0).abs() < 0.01, "{moved}");
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

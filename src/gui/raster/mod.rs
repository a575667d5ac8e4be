//! A painter without a graphics card: egui's triangles become pixels on the processor.
//!
//! It serves pictures that must look the same everywhere: the `screenshot` command and the snapshot tests. It
//! needs no driver, no display and no library, and the same input gives the same bytes on every machine: edges
//! are decided in whole numbers, and what is left in floating point are single IEEE operations in a fixed order.
//!
//! It follows what egui's own painters ask of a graphics card. A pixel belongs to the triangle that holds its
//! centre; on an edge the top-left rule decides, so that neighbours share no pixel and leave none out. Colours
//! are premultiplied and blended as they are stored (in gamma space). Textures are sampled as their
//! [`egui::TextureOptions`] say, only mipmaps are not used. There is no dithering. Paint callbacks need a
//! graphics card and are left out.
//!
//! What is drawn, and where the picture goes, is not known here: see [`super::screenshot`].

mod blend;
mod texture;
mod triangle;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;

use egui::epaint::{ClippedPrimitive, ColorImage, Mesh, Primitive, Vertex};
use egui::{Color32, Rect, TextureId, TexturesDelta};

use blend::{Source, over, over_row};
use texture::Texture;
use triangle::{Plane, Triangle};

/// Keeps the textures of one [`egui::Context`] and paints what it tessellates.
#[derive(Default)]
pub struct Rasterizer {
    textures: HashMap<TextureId, Texture>,
    /// Not needed any more once the frame that came with them was painted.
    freed: Vec<TextureId>,
}

impl Rasterizer {
    /// One that knows no texture yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the changes of one frame, and leaves `delta` empty. Every frame's changes must come here, in
    /// order, also those of frames that are not painted.
    pub fn update_textures(&mut self, delta: &mut TexturesDelta) {
        for id in self.freed.drain(..) {
            self.textures.remove(&id);
        }
        for (id, images) in delta.set.drain() {
            for image in images {
                match image.pos {
                    None => {
                        self.textures.insert(id, Texture::new(&image));
                    }
                    Some(at) => {
                        if let Some(texture) = self.textures.get_mut(&id) {
                            texture.patch(at, &image);
                        }
                    }
                }
            }
        }
        // What the frame frees it may still paint.
        self.freed.extend(delta.free.drain());
    }

    /// Paints over `picture`, whose pixels are premultiplied sRGBA, `pixels_per_point` of them to one of egui's
    /// points, with the point (0, 0) at the top left corner of the first pixel. Meshes with a texture that nobody
    /// sent are left out.
    pub fn paint(
        &self,
        primitives: &[ClippedPrimitive],
        pixels_per_point: f32,
        picture: &mut ColorImage,
    ) {
        for ClippedPrimitive {
            clip_rect,
            primitive,
        } in primitives
        {
            let Primitive::Mesh(mesh) = primitive else {
                continue;
            };
            let Some(texture) = self.textures.get(&mesh.texture_id) else {
                continue;
            };
            let clip = Clip::new(*clip_rect, pixels_per_point, picture.size);
            let mut brush = Brush {
                picture,
                clip,
                texture,
                pixels_per_point,
            };
            brush.mesh(mesh);
        }
    }
}

/// Which pixels may be painted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Clip {
    x: Range<usize>,
    y: Range<usize>,
}

impl Clip {
    /// Rounds to whole pixels as egui's painters do.
    fn new(points: Rect, pixels_per_point: f32, [width, height]: [usize; 2]) -> Self {
        // Casting a float saturates, so that a clip rectangle without bounds is the whole picture.
        let pixel = |at: f32| (at * pixels_per_point).round() as usize;
        let range = |from: f32, to: f32, size: usize| {
            let end = pixel(to).min(size);
            pixel(from).min(end)..end
        };
        Self {
            x: range(points.min.x, points.max.x, width),
            y: range(points.min.y, points.max.y, height),
        }
    }
}

/// Paints one mesh.
struct Brush<'a> {
    picture: &'a mut ColorImage,
    clip: Clip,
    texture: &'a Texture,
    pixels_per_point: f32,
}

impl Brush<'_> {
    fn mesh(&mut self, mesh: &Mesh) {
        let mut rest = &mesh.indices[..];
        while let [a, b, c, tail @ ..] = rest {
            let corner = |&index: &u32| mesh.vertices.get(index as usize).copied();
            rest = tail;
            // A mesh that names vertices it does not have is not drawn; it cannot come out of egui.
            let (Some(a), Some(b), Some(c)) = (corner(a), corner(b), corner(c)) else {
                continue;
            };
            if let [e, f, d, after @ ..] = tail
                && (corner(e), corner(f)) == (Some(c), Some(b))
                && let Some(d) = corner(d)
                && is_plain_rect([&a, &b, &c, &d])
            {
                rest = after;
                self.plain_rect(&a, &d);
            } else {
                self.triangle([a, b, c]);
            }
        }
    }

    /// What most of a timeline is made of. The same pixels as from its two triangles, many times faster.
    fn plain_rect(&mut self, from: &Vertex, to: &Vertex) {
        let columns = triangle::covered(
            from.pos.x * self.pixels_per_point,
            to.pos.x * self.pixels_per_point,
            &self.clip.x,
        );
        let rows = triangle::covered(
            from.pos.y * self.pixels_per_point,
            to.pos.y * self.pixels_per_point,
            &self.clip.y,
        );
        let color = Source::new(from.color, self.texture.at_corner(from.uv)).rounded();
        for y in rows {
            over_row(self.row(y, columns.clone()), color);
        }
    }

    fn triangle(&mut self, corners: [Vertex; 3]) {
        let scale = self.pixels_per_point;
        let Some(triangle) = Triangle::new(corners.map(|corner| corner.pos * scale)) else {
            return;
        };
        let [a, b, c] = &corners;
        let one_color = a.color == b.color && a.color == c.color;
        let one_texel = a.uv == b.uv && a.uv == c.uv;
        let plane = |value: fn(&Vertex) -> f32| triangle.plane(corners.each_ref().map(value));
        let (clip_x, clip_y) = (self.clip.x.clone(), self.clip.y.clone());
        let rows = triangle
            .rows(clip_y)
            .map(|y| (y, triangle.columns(y, &clip_x)));
        if one_color && one_texel {
            let color = Source::new(a.color, self.texture.at_corner(a.uv)).rounded();
            for (y, columns) in rows {
                over_row(self.row(y, columns), color);
            }
            return;
        }
        let colors = [
            plane(|corner| f32::from(corner.color.r())),
            plane(|corner| f32::from(corner.color.g())),
            plane(|corner| f32::from(corner.color.b())),
            plane(|corner| f32::from(corner.color.a())),
        ];
        let uv = [plane(|corner| corner.uv.x), plane(|corner| corner.uv.y)];
        let sampler = self.texture.sampler(&uv);
        let constant = one_texel.then(|| self.texture.at_corner(a.uv));
        for (y, columns) in rows {
            let first = columns.start;
            for (i, pixel) in self.row(y, columns).iter_mut().enumerate() {
                let at = |plane: &Plane| plane.at(first + i, y);
                let texel = constant.unwrap_or_else(|| sampler.sample(at(&uv[0]), at(&uv[1])));
                *pixel = if one_color {
                    over(*pixel, Source::new(a.color, texel))
                } else {
                    over(*pixel, Source::mixed(colors.each_ref().map(at), texel))
                };
            }
        }
    }

    fn row(&mut self, y: usize, columns: Range<usize>) -> &mut [Color32] {
        let start = y * self.picture.size[0];
        &mut self.picture.pixels[start + columns.start..start + columns.end]
    }
}

/// Whether these four corners (left top, right top, left bottom, right bottom) are an upright rectangle of one
/// colour, such as [`Mesh::add_colored_rect`] makes.
fn is_plain_rect([a, b, c, d]: [&Vertex; 4]) -> bool {
    a.pos.x == c.pos.x
        && b.pos.x == d.pos.x
        && a.pos.y == b.pos.y
        && c.pos.y == d.pos.y
        && [b, c, d]
            .iter()
            .all(|corner| corner.color == a.color && corner.uv == a.uv)
}

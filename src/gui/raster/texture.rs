//! Textures, and what colour they have at a place.

use egui::epaint::{ColorImage, ImageData, ImageDelta};
use egui::{Color32, Pos2, TextureFilter, TextureOptions, TextureWrapMode};

use super::triangle::Plane;

/// How finely a place between two texels is told: as fine as graphics cards do.
const STEPS: u32 = 256;

/// A picture to be sampled.
pub(super) struct Texture {
    image: ColorImage,
    options: TextureOptions,
}

impl Texture {
    pub(super) fn new(delta: &ImageDelta) -> Self {
        let ImageData::Color(image) = &delta.image;
        Self {
            image: ColorImage::clone(image),
            options: delta.options,
        }
    }

    /// Replaces the part whose first texel is `at`. What reaches beyond the texture is left out.
    pub(super) fn patch(&mut self, [left, top]: [usize; 2], delta: &ImageDelta) {
        let ImageData::Color(patch) = &delta.image;
        self.options = delta.options;
        let [width, height] = self.image.size;
        let columns = patch.width().min(width.saturating_sub(left));
        let rows = patch.height().min(height.saturating_sub(top));
        for y in 0..rows {
            let from = y * patch.width();
            let to = (top + y) * width + left;
            self.image.pixels[to..to + columns]
                .copy_from_slice(&patch.pixels[from..from + columns]);
        }
    }

    /// The colour of something that has one texture coordinate everywhere, as plain colours have.
    pub(super) fn at_corner(&self, uv: Pos2) -> Color32 {
        let filter = self.options.magnification;
        Sampler {
            texture: self,
            filter,
        }
        .sample(f64::from(uv.x), f64::from(uv.y))
    }

    /// What samples it for a surface with these texture coordinates: they tell whether a texel is larger than a
    /// pixel or smaller.
    pub(super) fn sampler(&self, uv: &[Plane; 2]) -> Sampler<'_> {
        let [width, height] = self.image.size.map(|side| side as f64);
        let step = |u: f64, v: f64| (u * width).powi(2) + (v * height).powi(2);
        let texels_per_pixel = step(uv[0].dx, uv[1].dx).max(step(uv[0].dy, uv[1].dy));
        // A hair more than one is one that was not quite representable.
        let filter = if texels_per_pixel > 1.000_1 {
            self.options.minification
        } else {
            self.options.magnification
        };
        Sampler {
            texture: self,
            filter,
        }
    }

    fn texel(&self, x: i64, y: i64) -> Color32 {
        let [width, height] = self.image.size;
        let wrap = |at: i64, size: usize| {
            let size = size as i64;
            match self.options.wrap_mode {
                TextureWrapMode::ClampToEdge => at.clamp(0, size - 1),
                TextureWrapMode::Repeat => at.rem_euclid(size),
                TextureWrapMode::MirroredRepeat => {
                    let at = at.rem_euclid(2 * size);
                    at.min(2 * size - 1 - at)
                }
            }
        };
        if self.image.pixels.is_empty() {
            return Color32::TRANSPARENT;
        }
        self.image.pixels[wrap(y, height) as usize * width + wrap(x, width) as usize]
    }
}

/// A texture with the filter that fits a surface.
pub(super) struct Sampler<'a> {
    texture: &'a Texture,
    filter: TextureFilter,
}

impl Sampler<'_> {
    /// The colour at `u`, `v`, where 0 is the texture's first edge and 1 its last.
    pub(super) fn sample(&self, u: f64, v: f64) -> Color32 {
        let [width, height] = self.texture.image.size.map(|side| side as f64);
        match self.filter {
            TextureFilter::Nearest => self
                .texture
                .texel((u * width).floor() as i64, (v * height).floor() as i64),
            TextureFilter::Linear => self.linear(u * width - 0.5, v * height - 0.5),
        }
    }

    /// The mean of the four texels around a place, in texels from the centre of the first.
    fn linear(&self, x: f64, y: f64) -> Color32 {
        let fixed = |at: f64| (at * f64::from(STEPS)).round() as i64;
        let split = |at: i64| {
            let steps = i64::from(STEPS);
            (at.div_euclid(steps), at.rem_euclid(steps) as u32)
        };
        let ((x, right), (y, lower)) = (split(fixed(x)), split(fixed(y)));
        if (right, lower) == (0, 0) {
            // Text on whole pixels: one texel each.
            return self.texture.texel(x, y);
        }
        let weighted = [
            (x, y, (STEPS - right) * (STEPS - lower)),
            (x + 1, y, right * (STEPS - lower)),
            (x, y + 1, (STEPS - right) * lower),
            (x + 1, y + 1, right * lower),
        ]
        .map(|(x, y, weight)| (self.texture.texel(x, y).to_array(), weight));
        let [r, g, b, a] = std::array::from_fn(|channel| {
            let sum: u32 = weighted
                .iter()
                .map(|(texel, weight)| u32::from(texel[channel]) * weight)
                .sum();
            ((sum + STEPS * STEPS / 2) / (STEPS * STEPS)) as u8
        });
        Color32::from_rgba_premultiplied(r, g, b, a)
    }
}

//! How a colour comes over another: premultiplied, in gamma space, rounded once.

use egui::Color32;

/// The full value of a [`Source`]'s channel: a colour's 255 times a texel's 255.
const FULL: u32 = 255 * 255;

/// A vertex colour multiplied by a texel, channel by channel, before it is rounded to a byte: 0 to [`FULL`].
#[derive(Clone, Copy)]
pub(super) struct Source([u32; 4]);

impl Source {
    pub(super) fn new(color: Color32, texel: Color32) -> Self {
        let (color, texel) = (color.to_array(), texel.to_array());
        Self(std::array::from_fn(|i| {
            u32::from(color[i]) * u32::from(texel[i])
        }))
    }

    /// As [`Source::new`], of a colour that lies between those of the vertices; its channels are 0 to 255.
    pub(super) fn mixed(color: [f64; 4], texel: Color32) -> Self {
        let texel = texel.to_array();
        // A cast saturates: what lies a hair outside because it was extrapolated stays a colour.
        Self(std::array::from_fn(|i| {
            ((color[i] * f64::from(texel[i]) + 0.5) as u32).min(FULL)
        }))
    }

    /// The nearest colour of bytes.
    pub(super) fn rounded(self) -> Color32 {
        let [r, g, b, a] = self.0.map(|channel| ((channel + 127) / 255) as u8);
        Color32::from_rgba_premultiplied(r, g, b, a)
    }
}

/// `source + below × (1 - alpha)`, in every channel.
pub(super) fn over(below: Color32, Source([r, g, b, a]): Source) -> Color32 {
    let clear = FULL - a;
    if clear == FULL && r + g + b == 0 {
        return below;
    }
    let mix = |source: u32, below: u8| {
        // An additive colour (more light than its alpha allows) may pass 255.
        ((source * 255 + u32::from(below) * clear + FULL / 2) / FULL).min(255) as u8
    };
    Color32::from_rgba_premultiplied(
        mix(r, below.r()),
        mix(g, below.g()),
        mix(b, below.b()),
        mix(a, below.a()),
    )
}

/// Paints a row of pixels with one colour.
pub(super) fn over_row(row: &mut [Color32], color: Color32) {
    if color.is_opaque() {
        row.fill(color);
        return;
    }
    let source = Source::new(color, Color32::WHITE);
    for pixel in row {
        *pixel = over(*pixel, source);
    }
}

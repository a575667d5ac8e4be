//! What the tests of pictures share: a window in a test that is painted by the library's own rasterizer, so that
//! a picture is the same to the byte on every machine, with or without a display or a driver.
//!
//! A picture that is meant to change is written anew by `UPDATE_SNAPSHOTS=1 cargo test --test snapshots`; look at
//! it before you commit it. A test that fails leaves what it saw beside it, as `NAME.new.png` and `NAME.diff.png`.

use egui::epaint::ColorImage;
use egui::{Context, FullOutput, TexturesDelta};
use egui_kittest::{Harness, HarnessBuilder, TestRenderer};
use image::RgbaImage;
use loopscope::gui::raster::Rasterizer;
use loopscope::gui::theme;

/// A window of `size` points in the theme of the app. Animations are at their end.
pub(crate) fn window<'a>(
    size: [f32; 2],
    theme: egui::Theme,
    ui: impl FnMut(&mut egui::Ui) + 'a,
) -> Harness<'a> {
    builder(size, theme).build_ui(ui)
}

fn builder(size: [f32; 2], theme: egui::Theme) -> HarnessBuilder {
    Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_context_setup(theme::install)
        .with_render_cursor(false)
        .renderer(Painter::default())
}

/// Lets egui's test harness paint with our rasterizer.
#[derive(Default)]
struct Painter(Rasterizer);

impl TestRenderer for Painter {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.update_textures(delta);
    }

    fn render(&mut self, ctx: &Context, output: &FullOutput) -> Result<RgbaImage, String> {
        let scale = output.pixels_per_point;
        let size = ctx.content_rect().size() * scale;
        let [width, height] = [size.x, size.y].map(|side| side.round() as usize);
        let background = ctx.global_style().visuals.panel_fill.to_opaque();
        let mut picture = ColorImage::filled([width, height], background);
        let primitives = ctx.tessellate(output.shapes.clone(), scale);
        self.0.paint(&primitives, scale, &mut picture);
        let bytes = picture
            .pixels
            .iter()
            .flat_map(|pixel| pixel.to_array())
            .collect();
        RgbaImage::from_raw(width as u32, height as u32, bytes)
            .ok_or_else(|| "the picture has no pixels".to_owned())
    }
}

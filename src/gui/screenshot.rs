//! A picture of the window without a window: the same user interface, run a few times and painted on the
//! processor ([`super::raster`]). Works where there is no display and no driver, and gives the same bytes every
//! time.
//!
//! What is shown, and in which theme, is up to the caller.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use egui::epaint::ColorImage;
use egui::{Context, Pos2, RawInput, Rect, Ui, Vec2, ViewportId};

use super::raster::Rasterizer;
use crate::format::{self, WriteError};

/// How often the user interface is run before it is painted, unless there is a reason for another number. The
/// first pass measures, the second lays out by what was measured, the third shows what the second opened.
pub const PASSES: usize = 3;

/// Seconds from one pass to the next: more than any animation takes, so that the picture shows its end.
const BETWEEN_PASSES: f64 = 1.0;

/// The largest side of a picture, in pixels.
const LARGEST_SIDE: u32 = 16_384;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ScreenshotError {
    /// The text is no size.
    #[error("“{0}” is no size; write width and height in pixels, such as 1600x900")]
    NoSize(String),
    /// The size is none that a picture can have.
    #[error("a picture is 1 to {LARGEST_SIDE} pixels wide and high, not {0}x{1}")]
    OutOfBounds(u32, u32),
    /// The name of the file promises another format.
    #[error("{}: pictures are written as PNG; give it a name that ends in .png", .0.display())]
    OtherFormat(PathBuf),
    /// The picture cannot become a PNG.
    #[error("cannot encode the picture as PNG: {0}")]
    Encode(png::EncodingError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// How large a picture is, in pixels. Written as `1600x900`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: u32,
    height: u32,
}

impl Size {
    /// # Errors
    /// When a side is 0 or longer than 16,384.
    pub fn new(width: u32, height: u32) -> Result<Self, ScreenshotError> {
        let allowed = 1..=LARGEST_SIDE;
        if allowed.contains(&width) && allowed.contains(&height) {
            Ok(Self { width, height })
        } else {
            Err(ScreenshotError::OutOfBounds(width, height))
        }
    }
}

/// 1600x900: fits a page of text, and shows the whole window.
impl Default for Size {
    fn default() -> Self {
        Self {
            width: 1600,
            height: 900,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = ScreenshotError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides = text
            .split_once(['x', 'X', '×'])
            .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let (width, height) = sides.ok_or_else(|| ScreenshotError::NoSize(text.to_owned()))?;
        Self::new(width, height)
    }
}

/// Runs `ui` a number of `passes` ([`PASSES`] is a good one; at least one is run), each a second after the one
/// before and without any input, and paints the last. `pixels_per_point` is the scale of an imagined screen.
///
/// `ctx` carries style and fonts. Nothing may have been painted with it before: its textures are sent once.
pub fn capture(
    ctx: &Context,
    size: Size,
    pixels_per_point: f32,
    passes: usize,
    mut ui: impl FnMut(&mut Ui),
) -> ColorImage {
    let mut rasterizer = Rasterizer::new();
    let mut pass = |number: usize| {
        let mut output = ctx.run_ui(input(ctx, size, pixels_per_point, number), &mut ui);
        rasterizer.update_textures(&mut output.textures_delta);
        output
    };
    let last = passes.max(1) - 1;
    for number in 0..last {
        pass(number);
    }
    let output = pass(last);
    let background = ctx.global_style().visuals.panel_fill.to_opaque();
    let mut picture = ColorImage::filled([size.width as usize, size.height as usize], background);
    let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
    rasterizer.paint(&primitives, output.pixels_per_point, &mut picture);
    picture
}

/// What a screen of this size would send where nobody touches anything.
fn input(ctx: &Context, size: Size, pixels_per_point: f32, pass: usize) -> RawInput {
    let points =
        Vec2::new(size.width as f32, size.height as f32) / (pixels_per_point * ctx.zoom_factor());
    let mut input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, points)),
        time: Some(pass as f64 * BETWEEN_PASSES),
        ..RawInput::default()
    };
    input
        .viewports
        .entry(ViewportId::ROOT)
        .or_default()
        .native_pixels_per_point = Some(pixels_per_point);
    input
}

/// The picture as a PNG file's bytes, the same every time.
///
/// # Errors
/// When the picture has no pixels.
pub fn encode_png(picture: &ColorImage) -> Result<Vec<u8>, ScreenshotError> {
    encoded(picture).map_err(ScreenshotError::Encode)
}

fn encoded(picture: &ColorImage) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let [width, height] = picture.size.map(|side| side as u32);
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = picture
        .pixels
        .iter()
        .flat_map(|pixel| pixel.to_srgba_unmultiplied())
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Whether a picture may have this name: one that promises another format than PNG would not hold what it says.
///
/// # Errors
/// When the name does not end in `.png`, large or small.
pub fn check_name(path: &Path) -> Result<(), ScreenshotError> {
    let ending = path.extension();
    match ending.is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
        true => Ok(()),
        false => Err(ScreenshotError::OtherFormat(path.to_owned())),
    }
}

/// Writes the picture to `path` as PNG, whole or not at all. A file that is there is replaced.
///
/// # Errors
/// When the name is that of another format, the file cannot be written, or `path` is something else than a file.
pub fn save_png(picture: &ColorImage, path: &Path) -> Result<(), ScreenshotError> {
    check_name(path)?;
    Ok(format::write_file(path, &encode_png(picture)?)?)
}

#[cfg(test)]
mod tests {
    use egui::{Color32, Frame, Panel, Theme, Window};

    use super::*;

    fn small() -> Size {
        Size::new(200, 120).expect("a size within bounds")
    }

    fn shot(theme: Theme) -> ColorImage {
        let ctx = Context::default();
        ctx.set_theme(theme);
        capture(&ctx, small(), 1.0, PASSES, |ui| {
            Panel::top("top").show(ui, |ui| ui.heading("Loopscope"));
            Window::new("Keys").show(ui.ctx(), |ui| ui.label("Space: run"));
        })
    }

    fn png(theme: Theme) -> Vec<u8> {
        encode_png(&shot(theme)).expect("it has pixels")
    }

    #[test]
    fn the_same_interface_gives_the_same_bytes() {
        let bytes = png(Theme::Dark);
        assert_eq!(bytes, png(Theme::Dark));
        assert_ne!(bytes, png(Theme::Light));
    }

    #[test]
    fn the_picture_is_filled_and_written_upon() {
        let picture = shot(Theme::Dark);
        assert_eq!(picture.size, [200, 120]);
        assert!(picture.pixels.iter().all(|pixel| pixel.is_opaque()));
        let bright = picture.pixels.iter().filter(|pixel| pixel.g() > 150);
        assert!(bright.count() > 50, "the text is there");
    }

    #[test]
    fn points_grow_with_the_scale_of_the_screen() {
        let width_at = |scale| {
            let mut width = 0.0;
            let picture = capture(&Context::default(), small(), scale, 1, |ui| {
                width = ui.available_width();
                let square = Rect::from_min_size(Pos2::ZERO, Vec2::splat(10.0));
                ui.painter().rect_filled(square, 0, Color32::RED);
            });
            let red = picture.pixels.iter().filter(|&&p| p == Color32::RED);
            (width, red.count())
        };
        assert_eq!(width_at(1.0), (200.0, 100));
        assert_eq!(width_at(2.0), (100.0, 400));
    }

    #[test]
    fn every_pass_is_a_moment_of_its_own_without_input() {
        let mut times = Vec::new();
        capture(&Context::default(), small(), 1.0, PASSES, |ui| {
            times.push(ui.input(|input| (input.time, input.events.len())));
            Frame::NONE.show(ui, |_| {});
        });
        assert_eq!(times, [(0.0, 0), (1.0, 0), (2.0, 0)]);
    }

    #[test]
    fn a_size_is_read_and_written() {
        let size: Size = "1280x720".parse().expect("a size");
        assert_eq!(size.to_string(), "1280x720");
        for (text, complaint) in [
            (
                "1280",
                "“1280” is no size; write width and height in pixels",
            ),
            ("axb", "“axb” is no size"),
            ("0x20", "1 to 16384 pixels wide and high, not 0x20"),
            ("20x99999", "not 20x99999"),
        ] {
            let error = text.parse::<Size>().expect_err(text).to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn a_saved_picture_reads_back_and_replaces_an_older_one() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shot.png");
        std::fs::write(&path, "an older one").expect("it can be written");
        let mut picture = ColorImage::filled([3, 2], Color32::from_rgb(1, 2, 3));
        picture.pixels[0] = Color32::from_rgba_premultiplied(100, 0, 50, 128);
        save_png(&picture, &path).expect("it can be written");

        let file = std::io::BufReader::new(std::fs::File::open(&path).expect("it was written"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a few bytes")];
        let info = reader.next_frame(&mut pixels).expect("one picture");
        assert_eq!((info.width, info.height), (3, 2));
        assert_eq!(pixels[..8], [199, 0, 100, 128, 1, 2, 3, 255]);
        assert_eq!(
            std::fs::read_dir(folder.path())
                .expect("it is there")
                .count(),
            1,
            "nothing else is left behind"
        );
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let picture = ColorImage::filled([1, 1], Color32::RED);
        let nowhere = folder.path().join("missing").join("shot.png");
        let error = save_png(&picture, &nowhere)
            .expect_err("no folder")
            .to_string();
        assert!(error.contains("missing/shot.png"), "{error}");

        let taken = folder.path().join("folder.png");
        std::fs::create_dir(&taken).expect("there is room");
        let error = save_png(&picture, &taken)
            .expect_err("a folder")
            .to_string();
        assert!(error.contains("is a folder"), "{error}");
    }

    #[test]
    fn a_name_that_promises_another_format_is_refused() {
        for name in ["shot.jpg", "shot", "/dev/null", "png"] {
            let error = check_name(Path::new(name)).expect_err(name).to_string();
            assert!(error.contains(name) && error.contains(".png"), "{error}");
        }
        check_name(Path::new("/tmp/Shot.PNG")).expect("it is one");
    }
}

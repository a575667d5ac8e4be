use egui::epaint::{ImageDelta, Primitive};
use egui::{TextureOptions, TextureWrapMode, pos2};

use super::*;

const RED: Color32 = Color32::from_rgb(255, 0, 0);
/// Half covering, premultiplied.
const VEIL: Color32 = Color32::from_rgba_premultiplied(100, 60, 20, 128);

fn black(width: usize, height: usize) -> ColorImage {
    ColorImage::filled([width, height], Color32::BLACK)
}

/// A rasterizer whose texture 0 is this picture.
fn rasterizer(texture: ColorImage, options: TextureOptions) -> Rasterizer {
    let mut rasterizer = Rasterizer::new();
    let mut delta = TexturesDelta::default();
    delta.push(TextureId::default(), ImageDelta::full(texture, options));
    rasterizer.update_textures(&mut delta);
    rasterizer
}

fn plain() -> Rasterizer {
    let white = ColorImage::filled([2, 2], Color32::WHITE);
    rasterizer(white, TextureOptions::LINEAR)
}

fn everywhere(mesh: Mesh) -> [ClippedPrimitive; 1] {
    within(Rect::EVERYTHING, mesh)
}

fn within(clip_rect: Rect, mesh: Mesh) -> [ClippedPrimitive; 1] {
    [ClippedPrimitive {
        clip_rect,
        primitive: Primitive::Mesh(mesh),
    }]
}

/// Triangles of one colour, three corners each.
fn triangles(corners: &[(f32, f32)], color: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for &(x, y) in corners {
        mesh.indices.push(mesh.vertices.len() as u32);
        mesh.colored_vertex(pos2(x, y), color);
    }
    mesh
}

fn rect(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
    Rect::from_min_max(pos2(left, top), pos2(right, bottom))
}

fn colored_rect(rect: Rect, color: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(rect, color);
    mesh
}

/// The same rectangle, so that it does not look like one.
fn as_two_triangles(mesh: &Mesh) -> Mesh {
    let mut other = mesh.clone();
    let [a, b, c, d, e, f] = mesh.indices[..] else {
        panic!("a rectangle has two triangles");
    };
    other.indices = vec![b, c, a, e, f, d];
    other
}

/// Which pixels are not black, one line per row.
fn shape(picture: &ColorImage) -> Vec<String> {
    picture
        .pixels
        .chunks(picture.width())
        .map(|row| {
            row.iter()
                .map(|&pixel| if pixel == Color32::BLACK { '.' } else { '#' })
                .collect()
        })
        .collect()
}

fn painted(mesh: Mesh, width: usize, height: usize) -> ColorImage {
    let mut picture = black(width, height);
    plain().paint(&everywhere(mesh), 1.0, &mut picture);
    picture
}

#[test]
fn a_triangle_covers_the_pixels_whose_centres_it_holds() {
    let corners = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)];
    // The long side passes through centres; it is a right side, and they are not in.
    let expected = ["###..", "##...", "#....", ".....", "....."];
    assert_eq!(
        shape(&painted(triangles(&corners, RED), 5, 5)),
        expected,
        "clockwise"
    );
    let [a, b, c] = corners;
    let turned = triangles(&[a, c, b], RED);
    assert_eq!(shape(&painted(turned, 5, 5)), expected, "counterclockwise");
}

#[test]
fn triangles_that_share_a_side_paint_every_pixel_once() {
    // A fan around a point that is itself the centre of a pixel, with sides through other centres.
    let centre = (4.5, 3.5);
    let rim = [
        (0.0, 0.0),
        (4.5, -1.0),
        (9.0, 0.0),
        (9.0, 3.5),
        (9.0, 7.0),
        (4.5, 8.0),
        (0.0, 7.0),
        (-1.0, 3.5),
    ];
    let mut corners = Vec::new();
    for (i, &from) in rim.iter().enumerate() {
        corners.extend([centre, from, rim[(i + 1) % rim.len()]]);
    }
    let picture = painted(triangles(&corners, VEIL), 9, 7);
    let once = over(Color32::BLACK, Source::new(VEIL, Color32::WHITE));
    assert!(
        picture.pixels.iter().all(|&pixel| pixel == once),
        "{picture:?}"
    );
}

#[test]
fn a_rectangle_is_the_same_from_its_two_triangles() {
    let plain = plain();
    for rect in [
        rect(1.0, 1.0, 5.0, 4.0),
        rect(0.5, 0.5, 2.5, 2.5),
        rect(1.2, 1.6, 1.4, 3.7),
        rect(0.501, 0.499, 6.499, 6.503),
        rect(-3.0, -1e9, 3.3, 1e9),
        rect(5.0, 5.0, 2.0, 2.0),
        rect(f32::NEG_INFINITY, 0.0, 3.0, 3.0),
        rect(100.0, 100.0, 200.0, 200.0),
    ] {
        for color in [RED, VEIL] {
            let quad = colored_rect(rect, color);
            let (mut fast, mut slow) = (black(8, 8), black(8, 8));
            plain.paint(&everywhere(quad.clone()), 1.0, &mut fast);
            plain.paint(&everywhere(as_two_triangles(&quad)), 1.0, &mut slow);
            assert_eq!(shape(&fast), shape(&slow), "{rect:?}");
            assert!(fast.pixels == slow.pixels, "{rect:?}");
        }
    }
}

#[test]
fn colours_are_blended_premultiplied_as_they_are_stored() {
    let mut picture = ColorImage::filled([1, 1], Color32::from_rgb(200, 100, 0));
    let veil = colored_rect(rect(0.0, 0.0, 1.0, 1.0), VEIL);
    plain().paint(&everywhere(veil.clone()), 1.0, &mut picture);
    // 100 + 200 × 127/255 = 199.6, 60 + 100 × 127/255 = 109.8, 20
    assert_eq!(picture.pixels, [Color32::from_rgb(200, 110, 20)]);

    let mut empty = ColorImage::filled([1, 1], Color32::TRANSPARENT);
    plain().paint(&everywhere(veil), 1.0, &mut empty);
    assert_eq!(empty.pixels, [VEIL], "nothing below changes nothing");

    let light = Color32::from_rgb_additive(100, 100, 100);
    let glow = colored_rect(rect(0.0, 0.0, 1.0, 1.0), light);
    plain().paint(&everywhere(glow), 1.0, &mut picture);
    assert_eq!(
        picture.pixels,
        [Color32::from_rgb(255, 210, 120)],
        "light adds up"
    );
}

#[test]
fn colours_change_evenly_between_the_corners() {
    let mut mesh = Mesh::default();
    let gray = |value| Color32::from_gray(value);
    for (x, y, color) in [
        (0.0, 0.0, gray(0)),
        (4.0, 0.0, gray(200)),
        (0.0, 2.0, gray(0)),
        (4.0, 2.0, gray(200)),
    ] {
        mesh.colored_vertex(pos2(x, y), color);
    }
    mesh.indices = vec![0, 1, 2, 2, 1, 3];
    let picture = painted(mesh, 4, 2);
    let row = [gray(25), gray(75), gray(125), gray(175)];
    assert_eq!(picture.pixels, [row, row].concat());
}

#[test]
fn nothing_is_painted_outside_the_clip_rectangle_which_is_rounded_to_pixels() {
    let mesh = colored_rect(rect(0.0, 0.0, 5.0, 5.0), RED);
    let mut picture = black(5, 3);
    plain().paint(&within(rect(1.4, 0.5, 3.6, 2.4), mesh), 1.0, &mut picture);
    assert_eq!(shape(&picture), [".....", ".###.", "....."]);

    let slanted = triangles(&[(0.0, 0.0), (9.0, 0.0), (0.0, 9.0)], RED);
    let mut picture = black(5, 3);
    plain().paint(
        &within(rect(3.0, 1.0, f32::INFINITY, 2.0), slanted),
        1.0,
        &mut picture,
    );
    assert_eq!(shape(&picture), [".....", "...##", "....."]);
}

#[test]
fn a_point_is_as_many_pixels_as_it_is_told() {
    let mut picture = black(6, 4);
    plain().paint(
        &everywhere(colored_rect(rect(1.0, 1.0, 2.0, 2.0), RED)),
        2.0,
        &mut picture,
    );
    assert_eq!(shape(&picture), ["......", "......", "..##..", "..##.."]);
}

#[test]
fn what_lies_nowhere_is_left_out() {
    for corners in [
        [(0.0, 0.0), (f32::NAN, 0.0), (0.0, 3.0)],
        [(0.0, 0.0), (f32::INFINITY, 0.0), (0.0, 3.0)],
        [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)],
    ] {
        let picture = painted(triangles(&corners, RED), 3, 3);
        assert!(picture.pixels.iter().all(|&pixel| pixel == Color32::BLACK));
    }
    let mut mesh = colored_rect(rect(0.0, 0.0, 3.0, 3.0), RED);
    mesh.texture_id = TextureId::User(7);
    let picture = painted(mesh, 3, 3);
    assert!(
        picture.pixels.iter().all(|&pixel| pixel == Color32::BLACK),
        "a texture nobody sent"
    );
}

/// Two texels by two: red, green; blue, white.
fn checkers() -> ColorImage {
    ColorImage::new(
        [2, 2],
        vec![RED, Color32::GREEN, Color32::BLUE, Color32::WHITE],
    )
}

fn textured(to: Rect, uv: Rect) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.add_rect_with_uv(to, uv, Color32::WHITE);
    mesh
}

fn sampled(options: TextureOptions, uv: Rect, width: usize, height: usize) -> Vec<Color32> {
    let mut picture = black(width, height);
    let mesh = textured(rect(0.0, 0.0, width as f32, height as f32), uv);
    rasterizer(checkers(), options).paint(&everywhere(mesh), 1.0, &mut picture);
    picture.pixels
}

#[test]
fn a_texture_is_sampled_as_its_options_say() {
    let whole = rect(0.0, 0.0, 1.0, 1.0);
    let texels = checkers().pixels;
    for options in [TextureOptions::NEAREST, TextureOptions::LINEAR] {
        assert_eq!(
            sampled(options, whole, 2, 2),
            texels,
            "texel on pixel is exact"
        );
    }
    let top = rect(0.0, 0.25, 1.0, 0.25);
    assert_eq!(
        sampled(TextureOptions::NEAREST, top, 4, 1),
        [RED, RED, Color32::GREEN, Color32::GREEN]
    );
    assert_eq!(
        sampled(TextureOptions::LINEAR, top, 4, 1),
        [
            RED,
            Color32::from_rgb(191, 64, 0),
            Color32::from_rgb(64, 191, 0),
            Color32::GREEN
        ]
    );
    let smaller = TextureOptions {
        minification: egui::TextureFilter::Nearest,
        ..TextureOptions::LINEAR
    };
    assert_eq!(
        sampled(smaller, whole, 1, 1),
        [Color32::WHITE],
        "the filter for texels smaller than pixels"
    );
}

#[test]
fn a_texture_goes_on_beyond_its_edge_as_its_options_say() {
    let beyond = rect(-1.0, 0.25, 2.0, 0.25);
    let green = Color32::GREEN;
    for (wrap_mode, expected) in [
        (
            TextureWrapMode::ClampToEdge,
            [RED, RED, RED, green, green, green],
        ),
        (
            TextureWrapMode::Repeat,
            [RED, green, RED, green, RED, green],
        ),
        (
            TextureWrapMode::MirroredRepeat,
            [green, RED, RED, green, green, RED],
        ),
    ] {
        let options = TextureOptions {
            wrap_mode,
            ..TextureOptions::NEAREST
        };
        assert_eq!(sampled(options, beyond, 6, 1), expected, "{wrap_mode:?}");
    }
}

#[test]
fn a_glyph_takes_the_colour_of_its_text() {
    let half = Color32::from_white_alpha(128);
    let rasterizer = rasterizer(
        ColorImage::new([2, 1], vec![half, Color32::TRANSPARENT]),
        TextureOptions::LINEAR,
    );
    let mut mesh = Mesh::default();
    mesh.add_rect_with_uv(rect(0.0, 0.0, 2.0, 1.0), rect(0.0, 0.0, 1.0, 1.0), RED);
    let mut picture = ColorImage::filled([2, 1], Color32::from_rgb(0, 0, 100));
    rasterizer.paint(&everywhere(mesh), 1.0, &mut picture);
    assert_eq!(
        picture.pixels,
        [Color32::from_rgb(128, 0, 50), Color32::from_rgb(0, 0, 100)]
    );
}

#[test]
fn a_part_of_a_texture_can_be_replaced() {
    let id = TextureId::default();
    let mut rasterizer = rasterizer(checkers(), TextureOptions::NEAREST);
    let mut delta = TexturesDelta::default();
    let patch = ColorImage::filled([1, 2], Color32::BLACK);
    delta.push(
        id,
        ImageDelta::partial([1, 0], patch, TextureOptions::NEAREST),
    );
    let too_large = ColorImage::filled([9, 9], Color32::GRAY);
    delta.push(
        id,
        ImageDelta::partial([0, 1], too_large, TextureOptions::NEAREST),
    );
    rasterizer.update_textures(&mut delta);
    assert!(delta.is_empty());

    let mut picture = black(2, 2);
    let whole = rect(0.0, 0.0, 1.0, 1.0);
    rasterizer.paint(
        &everywhere(textured(rect(0.0, 0.0, 2.0, 2.0), whole)),
        1.0,
        &mut picture,
    );
    let gray = Color32::GRAY;
    assert_eq!(picture.pixels, [RED, Color32::BLACK, gray, gray]);
}

#[test]
fn a_frame_may_still_paint_what_it_frees() {
    let mut rasterizer = plain();
    let mut delta = TexturesDelta::default();
    delta.free(TextureId::default());
    rasterizer.update_textures(&mut delta);
    let mesh = colored_rect(rect(0.0, 0.0, 1.0, 1.0), RED);
    let mut picture = black(1, 1);
    rasterizer.paint(&everywhere(mesh.clone()), 1.0, &mut picture);
    assert_eq!(picture.pixels, [RED]);

    rasterizer.update_textures(&mut TexturesDelta::default());
    let mut picture = black(1, 1);
    rasterizer.paint(&everywhere(mesh), 1.0, &mut picture);
    assert_eq!(picture.pixels, [Color32::BLACK], "the next one may not");
}

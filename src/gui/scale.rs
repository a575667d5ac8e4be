//! How large everything is drawn: as the person chose, and smaller where the window would have no room for it.
//!
//! A window is laid out in points. One with very few of them, as a small window on a display of 200 % has, would run off
//! its edges; there a point is made of so many fewer pixels that there are enough of them. It happens before a frame
//! begins, so that no frame is ever shown at the wrong scale.

use egui::{Context, Event, Plugin, RawInput, Rect, Vec2, vec2};

/// How many points a window has at least, across and down: what the main views need in both languages.
pub const LEAST: Vec2 = vec2(960.0, 540.0);
/// The scales that can be chosen, and that even the smallest window keeps. 1 is as large as the display has it.
pub const SCALES: std::ops::RangeInclusive<f32> = 0.5..=3.0;
/// Where there is too little room the scale goes down in steps of one part in so many of a pixel for each point: letters stay
/// sharp, and are drawn anew only now and then while the edge of a window is pulled.
const STEPS: f32 = 8.0;

/// How large everything is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// As the person chose.
    pub chosen: f32,
    /// The largest that the window has room for.
    pub most: f32,
}

impl Scale {
    /// How large that is in effect.
    pub fn shown(self) -> f32 {
        self.chosen.min(self.most)
    }

    /// How large it is in `ctx`.
    pub fn of(ctx: &Context) -> Self {
        ctx.with_plugin(|fitted: &mut Fitted| fitted.0)
            .unwrap_or_default()
    }

    /// Draws everything in `ctx` so large from the next frame on, as far as there is room.
    pub fn choose(ctx: &Context, chosen: f32) {
        ctx.add_plugin(Fitted::default());
        ctx.with_plugin(|fitted: &mut Fitted| {
            fitted.0.chosen = chosen.clamp(*SCALES.start(), *SCALES.end());
        });
        // It is set here, and nowhere else.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        ctx.request_repaint();
    }

    /// The largest scale at which a window has its least number of points, where it has `size` of them at scale 1, of so many
    /// `pixels` each.
    fn most(size: Vec2, pixels: f32) -> f32 {
        let most = (size.x / LEAST.x).min(size.y / LEAST.y);
        let most = if most < 1.0 {
            (most * pixels * STEPS + 1e-2).floor() / (pixels * STEPS)
        } else {
            most
        };
        most.clamp(*SCALES.start(), *SCALES.end())
    }
}

/// As large as the display has it.
impl Default for Scale {
    fn default() -> Self {
        Self {
            chosen: 1.0,
            most: *SCALES.end(),
        }
    }
}

/// Sees to it before each frame.
#[derive(Default)]
struct Fitted(Scale);

impl Plugin for Fitted {
    fn debug_name(&self) -> &'static str {
        "scale"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        let before = ctx.zoom_factor();
        // Told in points of the scale that was until now; where nothing is told the window is as it was.
        let known = || ctx.input(egui::InputState::viewport_rect);
        let screen = input.screen_rect.unwrap_or_else(known);
        let pixels = input.viewport().native_pixels_per_point;
        let pixels = pixels.or_else(|| ctx.native_pixels_per_point());
        self.0.most = Scale::most(screen.size() * before, pixels.unwrap_or(1.0));
        let shown = self.0.shown();
        if shown == before {
            return;
        }
        let ratio = before / shown;
        ctx.options_mut(|options| options.zoom_factor = shown);
        input.screen_rect = Some(Rect::from_min_size(screen.min, screen.size() * ratio));
        // The pointer stays where it is on the display.
        let pointer = ctx.input(|input| input.pointer.latest_pos());
        let stays = pointer.map(Event::PointerMoved);
        input.events.splice(0..0, stays);
        for event in &mut input.events {
            if let Event::PointerMoved(at) | Event::PointerButton { pos: at, .. } = event {
                *at = (at.to_vec2() * ratio).to_pos2();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Pos2, ViewportId};

    /// A window of so many pixels on a display of this scale.
    struct Display {
        ctx: Context,
        pixels: Vec2,
        native: f32,
    }

    impl Display {
        fn new(pixels: Vec2, native: f32) -> Self {
            let ctx = Context::default();
            Scale::choose(&ctx, 1.0);
            Self {
                ctx,
                pixels,
                native,
            }
        }

        /// The size in points that a frame is laid out for, and how many pixels a point has in it.
        fn frame(&self, events: Vec<Event>) -> (Vec2, f32) {
            let points = self.pixels / (self.native * self.ctx.zoom_factor());
            let mut input = RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, points)),
                events,
                ..RawInput::default()
            };
            let viewport = input.viewports.entry(ViewportId::ROOT).or_default();
            viewport.native_pixels_per_point = Some(self.native);
            let mut size = Vec2::ZERO;
            let output = self.ctx.run_ui(input, |ui| size = ui.content_rect().size());
            let pixels = output.pixels_per_point;
            output.drop_without_applying_deltas();
            (size, pixels)
        }
    }

    #[test]
    fn a_small_window_has_enough_points_from_its_first_frame_on() {
        for (width, height) in [(1024.0, 640.0), (1280.0, 800.0), (1440.0, 900.0)] {
            for native in [1.0, 1.25, 1.5, 2.0] {
                let display = Display::new(vec2(width, height), native);
                let (points, pixels) = display.frame(Vec::new());
                assert!(points.x >= LEAST.x && points.y >= LEAST.y, "{points}");
                assert!((points * pixels - display.pixels).length() < 0.5);
                // No frame differs from the one before.
                for _ in 0..3 {
                    assert_eq!(display.frame(Vec::new()), (points, pixels));
                }
            }
        }
    }

    #[test]
    fn what_was_chosen_comes_back_with_the_room_for_it() {
        let mut display = Display::new(vec2(1920.0, 1080.0), 1.0);
        Scale::choose(&display.ctx, 1.5);
        assert_eq!(display.frame(Vec::new()).1, 1.5);
        display.pixels = vec2(1200.0, 900.0);
        assert_eq!(display.frame(Vec::new()).1, 1.25);
        assert_eq!(Scale::of(&display.ctx).chosen, 1.5);
        display.pixels = vec2(3840.0, 2160.0);
        assert_eq!(display.frame(Vec::new()).1, 1.5);
    }

    #[test]
    fn the_pointer_stays_where_it_is_on_the_display() {
        let mut display = Display::new(vec2(1920.0, 1080.0), 1.0);
        display.frame(vec![Event::PointerMoved(Pos2::new(400.0, 200.0))]);
        display.pixels = vec2(960.0, 540.0) / 2.0;
        let (_, pixels) = display.frame(Vec::new());
        assert_eq!(pixels, 0.5);
        let pointer = display.ctx.input(|input| input.pointer.latest_pos());
        assert_eq!(pointer, Some(Pos2::new(800.0, 400.0)));
    }
}

//! A window that nobody sees, and a hand that does things in it: for how long each holds the window's thread.

use std::time::{Duration, Instant};

use egui::{Context, Event, Key, Modifiers, Pos2, RawInput, Rect, Vec2};
use loopscope::gui::App;
use loopscope::gui::command::Command;
use loopscope::gui::document::Document;
use loopscope::gui::settings::Settings;

use crate::{resident, thread_time};

/// From one frame to the next, in seconds.
const FRAME: f64 = 1.0 / 60.0;
/// More frames than these nothing takes.
const MOST: usize = 20_000;

/// The app in a window that nobody sees.
pub struct Screen {
    ctx: Context,
    /// What is in it.
    pub app: App,
    only: Option<String>,
    events: Vec<Event>,
    time: f64,
    /// The most CPU time that a frame took.
    pub held: Duration,
    all: Duration,
    frames: usize,
    /// Whether the last frame asked for another one.
    more: bool,
}

impl Screen {
    /// An empty one. Only what has the word `only` in its name is told of, if there is such a word.
    pub fn new(only: Option<String>) -> Self {
        let ctx = Context::default();
        let app = App::new(&ctx, Settings::default());
        // A cursor that blinks would never be done.
        ctx.all_styles_mut(|style| style.visuals.text_cursor.blink = false);
        let mut screen = Self {
            ctx,
            app,
            only,
            events: Vec::new(),
            time: 0.0,
            held: Duration::ZERO,
            all: Duration::ZERO,
            frames: 0,
            more: false,
        };
        screen.settle();
        screen
    }

    /// A frame, up to the triangles, with a command before it.
    pub fn frame(&mut self, command: Option<Command>) {
        self.time += FRAME;
        let size = Vec2::new(1920.0, 1080.0);
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
            time: Some(self.time),
            events: std::mem::take(&mut self.events),
            ..RawInput::default()
        };
        let app = &mut self.app;
        let before = thread_time();
        if let Some(command) = command {
            app.apply(command);
        }
        app.logic(&self.ctx);
        let output = self.ctx.run_ui(input, |ui| app.ui(ui));
        let triangles = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        std::hint::black_box(triangles);
        let took = thread_time() - before;
        self.held = self.held.max(took);
        self.all += took;
        self.frames += 1;
        let root = output.viewport_output.get(&egui::ViewportId::ROOT);
        self.more = root.is_some_and(|root| root.repaint_delay < Duration::from_secs(1));
    }

    /// Frames until nothing more happens.
    pub fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..MOST {
            self.frame(None);
            quiet = if self.more || self.app.is_busy() {
                0
            } else {
                quiet + 1
            };
            if quiet > 2 {
                return;
            }
            if self.app.is_busy() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// The trace that is shown.
    pub fn shown(&self) -> &Document {
        self.app.documents().shown().expect("it is open")
    }

    /// Does something and says what that took.
    pub fn act(&mut self, what: &str, act: impl FnOnce(&mut Self)) {
        let before = resident();
        let begun = Instant::now();
        (self.held, self.all, self.frames) = (Duration::ZERO, Duration::ZERO, 0);
        act(self);
        let told = self.only.as_ref().is_none_or(|only| what.contains(only));
        if told {
            println!(
                "{:>9.1} {:>7} {:>9.0} {:>8.1}  {what} ({:.1} s)",
                self.held.as_secs_f64() * 1e3,
                self.frames,
                self.all.as_secs_f64() * 1e3,
                (resident() - before) / 1e6,
                begun.elapsed().as_secs_f64(),
            );
        }
    }

    /// Whether it is not wanted.
    pub fn skips(&self, what: &str) -> bool {
        self.only.as_ref().is_some_and(|only| !what.contains(only))
    }

    /// A command, and frames until it has been done.
    pub fn does(&mut self, what: &str, command: Command) {
        if self.skips(what) {
            return;
        }
        self.act(what, |screen| {
            screen.frame(Some(command));
            screen.settle();
        });
    }

    /// As [`Self::does`], also where its figures are not wanted: what comes after it needs it.
    pub fn needs(&mut self, what: &str, command: Command) {
        self.act(what, |screen| {
            screen.frame(Some(command));
            screen.settle();
        });
    }

    /// A key, and frames until nothing more happens.
    pub fn key(&mut self, what: &str, modifiers: Modifiers, key: Key) {
        if self.skips(what) {
            return;
        }
        self.act(what, |screen| {
            screen.press(modifiers, key);
            screen.settle();
        });
    }

    /// A key goes down and up in the next frame.
    pub fn press(&mut self, modifiers: Modifiers, key: Key) {
        for pressed in [true, false] {
            self.events.push(Event::Key {
                key,
                physical_key: None,
                pressed,
                repeat: false,
                modifiers,
            });
        }
    }
}

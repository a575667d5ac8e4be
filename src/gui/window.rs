//! The native window around the [`App`].

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use super::app::App;
use super::command::Command;
use super::desktop::Desktop;
use super::messages::Severity;
use super::settings::Settings;
use super::texts::{fill, tr};
use crate::scenario::builtins;

/// The smallest window, in points of the display: 1024 by 640 pixels on a display of 200 %.
const SMALLEST: [f32; 2] = [512.0, 320.0];

/// As what a desktop knows the window, and where it keeps what the window remembers.
const ID: &str = "loopscope";

/// What a desktop needs of the height of a screen beside the window: for a bar above it, and one of its own.
const BARS: f32 = 64.0;

/// What the window begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Launch {
    /// A scenario, ready to run: the name of a built-in one, or the path of a file.
    Scenario(String),
    /// A trace from a file.
    Trace(PathBuf),
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum GuiError {
    /// No display can be reached, or it cannot be drawn on.
    #[error("cannot open a window: {0}")]
    NoDisplay(String),
}

/// The first of the built-in scenarios.
impl Default for Launch {
    fn default() -> Self {
        Self::Scenario(builtins()[0].name.to_owned())
    }
}

/// Opens the window and returns when it was closed and everything that ran in it has ended. A scenario or trace
/// that cannot be loaded is told of in the window.
///
/// # Errors
/// When there is no display, or no way to draw on it.
pub fn run(launch: Launch) -> Result<(), GuiError> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Loopscope")
            .with_app_id(ID)
            .with_icon(icon())
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size(SMALLEST)
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    let create = move |creation: &eframe::CreationContext<'_>| {
        let settings: Settings = creation
            .storage
            .and_then(|storage| eframe::get_value(storage, eframe::APP_KEY))
            .unwrap_or_default();
        let mut app = App::new(&creation.egui_ctx, settings).on(Desktop::ask());
        if !app.settings().walked && launch == Launch::default() {
            app.apply(Command::StartWalk);
        }
        if creation.storage.is_none() {
            app.messages.say(Severity::Warning, forgets());
        }
        app.apply(match launch {
            Launch::Scenario(name) => Command::PickScenario(name),
            Launch::Trace(path) => Command::Open(path),
        });
        let title = app.title();
        Ok(Box::new(Window {
            app,
            title,
            is_placed: false,
        }) as Box<dyn eframe::App>)
    };
    eframe::run_native(ID, options, Box::new(create)).map_err(|error| {
        GuiError::NoDisplay(reason(&error.to_string(), |name| {
            env::var_os(name).is_some()
        }))
    })
}

/// Whether the window, as large as it is made, lies on the screen with all that a desktop puts around it. Where that is
/// not known, it does.
fn fits(viewport: &egui::ViewportInfo) -> bool {
    let sizes = viewport.monitor_size.zip(viewport.inner_rect);
    sizes.is_none_or(|(screen, window)| {
        window.width() <= screen.x && window.height() + BARS <= screen.y
    })
}

/// What a person is told whose window has no place to keep its settings in.
fn forgets() -> String {
    let folder = eframe::storage_dir(ID).unwrap_or_default();
    fill(
        tr(
            "What is set here will be forgotten: there is no folder {folder}, and none can be made.",
        ),
        &[("folder", &folder.display())],
    )
}

/// The picture that stands for the window in a list of windows.
fn icon() -> egui::IconData {
    eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png"))
        .expect("a test reads it")
}

/// Why there is no display, for a person: what the windowing library says without the places in its own source,
/// and what may help. `is_set` tells whether a variable of the environment is.
fn reason(error: &str, is_set: impl Fn(&str) -> bool) -> String {
    let displays = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];
    if !displays.into_iter().any(&is_set) {
        return "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)".to_owned();
    }
    // "os error at winit/src/…/mod.rs:788: what happened"
    let said = error
        .rsplit_once(".rs:")
        .and_then(|(_, rest)| rest.split_once(": "));
    let said = said.map_or(error, |(_, said)| said).trim_end_matches('.');
    if is_set("WAYLAND_DISPLAY") && is_set("DISPLAY") {
        return format!("{said} (unset WAYLAND_DISPLAY to use the X display instead)");
    }
    said.to_owned()
}

/// What eframe drives.
struct Window {
    app: App,
    /// What stands above it.
    title: String,
    /// Whether it was looked after that it lies on the screen: once, then it is the user's.
    is_placed: bool,
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        if let Some(cost) = frame.info().cpu_usage {
            self.app
                .note_frame_cost(Duration::try_from_secs_f32(cost).unwrap_or_default());
        }
        self.app.logic(ctx);
        if !self.is_placed {
            self.is_placed = true;
            if !ctx.input(|input| fits(input.viewport())) {
                ctx.send_viewport_cmd(egui::ViewportCommand::Maximized(true));
            }
        }
        let asked = ctx.input(|input| input.viewport().close_requested());
        if asked && !self.app.is_closing() && !self.app.may_close() {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        }
        let title = self.app.title();
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.ui(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, eframe::APP_KEY, self.app.settings());
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.app.shut_down();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: &str =
        "winit EventLoopError: os error at winit/mod.rs:788: Failed to open connection to X server";

    #[test]
    fn a_missing_display_is_told_without_the_source_of_a_library() {
        assert_eq!(
            reason(ERROR, |name| name == "DISPLAY"),
            "Failed to open connection to X server"
        );
        assert!(reason(ERROR, |_| false).contains("neither DISPLAY nor WAYLAND_DISPLAY is set"));
        assert!(reason("no GL", |name| name == "DISPLAY").contains("no GL"));
    }

    #[test]
    fn a_window_as_high_as_its_screen_would_hide_its_last_row() {
        let window = |size, screen| egui::ViewportInfo {
            inner_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size)),
            monitor_size: screen,
            ..Default::default()
        };
        let size = egui::vec2(1440.0, 900.0);
        assert!(!fits(&window(size, Some(size))));
        assert!(!fits(&window(size, Some(egui::vec2(1366.0, 1000.0)))));
        assert!(fits(&window(size, Some(egui::vec2(1920.0, 1080.0)))));
        assert!(fits(&window(size, None)), "nobody knows");
    }

    #[test]
    fn the_icon_can_be_read() {
        let icon = icon();
        assert_eq!((icon.width, icon.height), (256, 256));
    }

    #[test]
    fn who_has_both_displays_is_told_how_to_use_the_other() {
        assert!(reason(ERROR, |_| true).contains("unset WAYLAND_DISPLAY"));
    }
}

//! The native window around the [`App`].

use std::path::PathBuf;

use super::app::App;
use super::command::Command;
use super::settings::Settings;
use crate::scenario::builtins;

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
            .with_app_id("loopscope")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([800.0, 520.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Glow,
        ..Default::default()
    };
    let create = move |creation: &eframe::CreationContext<'_>| {
        let settings: Settings = creation
            .storage
            .and_then(|storage| eframe::get_value(storage, eframe::APP_KEY))
            .unwrap_or_default();
        let mut app = App::new(&creation.egui_ctx, settings);
        app.apply(match launch {
            Launch::Scenario(name) => Command::PickScenario(name),
            Launch::Trace(path) => Command::Open(path),
        });
        Ok(Box::new(Window(app)) as Box<dyn eframe::App>)
    };
    eframe::run_native("loopscope", options, Box::new(create))
        .map_err(|error| GuiError::NoDisplay(error.to_string()))
}

/// What eframe drives.
struct Window(App);

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.0.logic(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.0.ui(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, eframe::APP_KEY, self.0.settings());
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.0.shut_down();
    }
}

//! The bar on top: run and stop, how far the run is, which trace is shown, and what can be done with it.

use egui::{Button, Frame, Margin, Response, RichText, Ui, Vec2, vec2};

use crate::gui::command::{Command, Side, ViewCommand};
use crate::gui::document::{Document, Documents};
use crate::gui::live::Live;
use crate::gui::settings::Settings;
use crate::gui::texts::{LanguageChoice, fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::trace::Outcome;

/// What the bar looks at.
pub struct Scene<'a> {
    /// The traces.
    pub documents: &'a Documents,
    /// The run, if one goes on.
    pub live: Option<&'a Live>,
    /// Why nothing can be run now, if it cannot.
    pub cannot_run: Option<&'static str>,
    /// What is shown and what is hidden.
    pub settings: &'a Settings,
}

/// Shows the bar.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let frame = Frame::new()
        .fill(palette.panel)
        .inner_margin(Margin::symmetric(12, 8));
    egui::Panel::top("top bar").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new("Loopscope").font(theme::heading()).strong());
            ui.add_space(STEP);
            run_or_stop(ui, scene, commands);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                window_buttons(ui, scene, commands);
                ui.separator();
                trace_buttons(ui, scene, commands);
                ui.separator();
                trace_picker(ui, scene.documents, commands);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    progress(ui, scene);
                });
            });
        });
    });
}

fn run_or_stop(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let size = vec2(88.0, 28.0);
    match scene.live {
        Some(live) => {
            let palette = Palette::of(ui.visuals());
            let text = RichText::new(tr("■ Stop")).strong();
            let button = Button::new(text)
                .min_size(size)
                .stroke(egui::Stroke::new(1.5, palette.running));
            let response = ui
                .add_enabled(!live.stopping, button)
                .on_hover_text(tr("Stop all models (Space)"));
            if response.clicked() {
                commands.push(Command::Stop);
            }
        }
        None => {
            let allowed = scene.cannot_run.is_none();
            let response = ui
                .add_enabled_ui(allowed, |ui| run_button(ui, size))
                .inner
                .on_hover_text(tr("Run the scenario (Space)"))
                .on_disabled_hover_text(scene.cannot_run.unwrap_or_default());
            if response.clicked() {
                commands.push(Command::Run);
            }
        }
    }
}

/// The one prominent button.
pub fn run_button(ui: &mut Ui, size: Vec2) -> Response {
    let palette = Palette::of(ui.visuals());
    let ink = palette.ink_on(palette.running);
    let text = RichText::new(tr("▶ Run")).strong().color(ink);
    ui.add(Button::new(text).min_size(size).fill(palette.running))
}

/// How far the run is, or how it ended.
fn progress(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(document) = scene.documents.shown() else {
        return;
    };
    let is_live = |live: &&Live| document.run == Some(live.number);
    match scene.live.filter(is_live) {
        Some(live) => live_progress(ui, document, live),
        None => {
            ui.add(egui::Label::new(RichText::new(ended(document)).weak()).truncate());
        }
    }
}

fn live_progress(ui: &mut Ui, document: &Document, live: &Live) {
    let share = live.share(document) as f32;
    let seconds = document.now.as_secs_f64();
    let text = if live.stopping {
        tr("stopping …").to_owned()
    } else {
        format!("{seconds:.1} s · {:.0} %", share.min(1.0) * 100.0)
    };
    let number = RichText::new(text).font(theme::number());
    ui.add_sized(vec2(88.0, 18.0), egui::Label::new(number));
    let width = ui.available_width().min(220.0);
    if width < 40.0 {
        return;
    }
    let palette = Palette::of(ui.visuals());
    let bar = egui::ProgressBar::new(share)
        .desired_width(width)
        .desired_height(6.0)
        .fill(palette.running);
    ui.add(bar).widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::Role::ProgressIndicator,
            true,
            tr("Progress of the run"),
        )
    });
}

/// How a trace ended, in a few words.
fn ended(document: &Document) -> String {
    let models = document.store.models();
    let failed = models
        .iter()
        .flat_map(|model| &model.tasks)
        .filter(|task| task.outcome == Some(Outcome::Failed))
        .count();
    let stopped = models
        .iter()
        .any(|model| model.outcome == Some(Outcome::Stopped));
    let length = format!("{:.2} s", document.range().end.as_secs_f64());
    match (failed, stopped) {
        (0, false) => fill(tr("finished in {length}"), &[("length", &length)]),
        (0, true) => fill(tr("stopped after {length}"), &[("length", &length)]),
        (1, _) => fill(tr("{length}, one task failed"), &[("length", &length)]),
        (_, _) => fill(
            tr("{length}, {failed} tasks failed"),
            &[("length", &length), ("failed", &failed)],
        ),
    }
}

fn trace_picker(ui: &mut Ui, documents: &Documents, commands: &mut Vec<Command>) {
    let Some(shown) = documents.shown() else {
        return;
    };
    let combo = egui::ComboBox::from_id_salt("trace")
        .width(190.0)
        .truncate()
        .selected_text(&shown.title)
        .show_ui(ui, |ui| {
            for (place, document) in documents.all().iter().enumerate().rev() {
                let chosen = place == documents.shown_place();
                if ui.selectable_label(chosen, &document.title).clicked() {
                    commands.push(Command::ShowTrace(place));
                }
            }
        });
    combo
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, tr("Trace")));
    combo.response.on_hover_text(tr(
        "Which trace is shown. Runs and opened files stay here until you quit.",
    ));
}

/// Added from right to left.
fn trace_buttons(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let shown = scene.documents.shown();
    ui.add_enabled_ui(shown.is_some(), |ui| {
        let export = ui
            .button(tr("Export…"))
            .on_hover_text(tr("Write this trace to a file (Ctrl E)"));
        if export.clicked() {
            commands.push(Command::ExportDialog);
        }
    });
    if ui
        .button(tr("Open…"))
        .on_hover_text(tr("Open a trace file (Ctrl O)"))
        .clicked()
    {
        commands.push(Command::OpenDialog);
    }
    ui.separator();
    let is_live = scene
        .live
        .is_some_and(|live| shown.and_then(|one| one.run) == Some(live.number));
    ui.add_enabled_ui(is_live, |ui| {
        let mut following = is_live && shown.is_some_and(|one| one.view.is_following());
        let follow = ui
            .toggle_value(&mut following, tr("Follow"))
            .on_hover_text(tr(
                "Keep the newest moment in view (End); lets go when you move",
            ))
            .on_disabled_hover_text(tr("Only while this trace is being recorded"));
        if follow.changed() {
            commands.push(Command::View(ViewCommand::Follow(following)));
        }
    });
    ui.add_enabled_ui(shown.is_some(), |ui| {
        if ui
            .button(tr("Fit"))
            .on_hover_text(tr("Show the whole trace (F)"))
            .clicked()
        {
            commands.push(Command::View(ViewCommand::Fit));
        }
    });
}

/// Added from right to left.
fn window_buttons(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let help = ui.button("?").on_hover_text(tr("The keys (?)"));
    help.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, tr("Keys")));
    if help.clicked() {
        commands.push(Command::ToggleHelp);
    }
    ui.menu_button(tr("View"), |ui| {
        for side in Side::ALL {
            let mut shown = scene.settings.shows(side);
            if ui.checkbox(&mut shown, side.word()).changed() {
                commands.push(Command::SetPanel(side, shown));
            }
        }
        ui.separator();
        let now = ui.ctx().options(|options| options.theme_preference);
        for (theme, word) in [
            (egui::ThemePreference::Dark, tr("Dark")),
            (egui::ThemePreference::Light, tr("Light")),
            (egui::ThemePreference::System, tr("As the system")),
        ] {
            if ui.radio(now == theme, word).clicked() {
                commands.push(Command::SetTheme(theme));
            }
        }
        ui.separator();
        // Its name in both languages: who cannot read the one that is spoken has to find it.
        ui.menu_button("Language 语言", |ui| {
            for language in LanguageChoice::ALL {
                let chosen = language == scene.settings.language;
                if ui.radio(chosen, language.word()).clicked() {
                    commands.push(Command::SetLanguage(language));
                }
            }
        });
    })
    .response
    .on_hover_text(tr("Parts of the window, dark and light (T), language"));
}

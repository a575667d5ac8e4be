//! The bar on top: run and stop, how far the run is, which trace is shown, and what can be done with it.

use egui::{Button, Frame, Margin, Response, RichText, Stroke, Ui, Vec2, vec2};

use super::{menu, walk};
use crate::gui::action::{Action, State};
use crate::gui::command::{Command, ViewCommand};
use crate::gui::document::{Document, Documents};
use crate::gui::live::Live;
use crate::gui::opening::Opening;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::trace::Outcome;

/// In a window that is narrower, in points, what the menus have as well is left out.
const NARROW: f32 = 960.0;
/// The size of the one prominent button, in points.
const BUTTON: Vec2 = vec2(88.0, 28.0);

/// The size of what tells how far a run is, in points.
const CLOCK: Vec2 = vec2(88.0, 18.0);
/// How wide the button with the name of a trace is, in points, where there is room, and at least.
const NAME: f32 = 190.0;
const LEAST_OF_NAME: f32 = 96.0;

/// What the bar looks at.
pub struct Scene<'a> {
    /// The traces.
    pub documents: &'a Documents,
    /// The run, if one goes on.
    pub live: Option<&'a Live>,
    /// The traces that are being opened.
    pub opening: &'a [Opening],
}

/// Shows the bar.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, state: &State<'_>, commands: &mut Vec<Command>) {
    let palette = Palette::of(ui.visuals());
    let frame = Frame::new()
        .fill(palette.panel)
        .inner_margin(Margin::symmetric(12, 8));
    egui::Panel::top("top bar").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            // As high as what is highest in it, from the beginning: else what comes first stands higher.
            ui.set_min_height(BUTTON.y);
            ui.label(RichText::new("Loopscope").font(theme::heading()).strong());
            ui.add_space(STEP);
            run_or_stop(ui, scene, state, commands);
            menu::bar(ui, state, commands);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                button(ui, "?", "keys", state, commands);
                ui.separator();
                trace_buttons(ui, state, commands);
                ui.separator();
                ui.scope(|ui| {
                    let room = ui.available_width() - width_of_progress(ui, scene);
                    ui.set_max_width(room.max(LEAST_OF_NAME));
                    trace_picker(ui, scene.documents, commands);
                });
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    progress(ui, scene);
                });
            });
        });
    });
}

/// A button in the bar that stands for an action.
fn button(ui: &mut Ui, face: &str, id: &str, state: &State<'_>, commands: &mut Vec<Command>) {
    let Some(action) = Action::by_id(id) else {
        return;
    };
    let asked = action.command(state);
    let response = ui
        .add_enabled(asked.is_ok(), Button::new(face))
        .on_hover_text(action.hint())
        .on_disabled_hover_text(tr(asked.clone().err().unwrap_or_default()));
    if id == "keys" {
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, tr(action.name)));
    }
    if response.clicked() {
        commands.extend(asked);
    }
}

fn run_or_stop(ui: &mut Ui, scene: &Scene<'_>, state: &State<'_>, commands: &mut Vec<Command>) {
    let size = BUTTON;
    match scene.live {
        Some(live) => {
            let palette = Palette::of(ui.visuals());
            let text = RichText::new(tr("■ Stop")).strong();
            let button = Button::new(text)
                .min_size(size)
                .stroke(Stroke::new(1.5, palette.running));
            let response = ui
                .add_enabled(!live.stopping, button)
                .on_hover_text(tr("Stop all models (Space)"));
            walk::anchor(ui.ctx(), walk::Anchor::Run, response.rect);
            if response.clicked() {
                commands.push(Command::Stop);
            }
        }
        None => {
            let allowed = state.cannot_run.is_none();
            let response = ui
                .add_enabled_ui(allowed, |ui| run_button(ui, size))
                .inner
                .on_hover_text(tr("Run the scenario (Space)"))
                .on_disabled_hover_text(tr(state.cannot_run.unwrap_or_default()));
            walk::anchor(ui.ctx(), walk::Anchor::Run, response.rect);
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

/// How wide what [`progress`] says is: a name is cut before it.
fn width_of_progress(ui: &Ui, scene: &Scene<'_>) -> f32 {
    let gap = ui.spacing().item_spacing.x;
    let shown = scene.documents.shown();
    match (scene.live, shown) {
        (Some(_), _) => CLOCK.x + 3.0 * gap,
        (None, None) => 0.0,
        (None, Some(document)) => {
            let font = egui::TextStyle::Body.resolve(ui.style());
            let ink = Palette::of(ui.visuals()).text;
            let galley = ui.painter().layout_no_wrap(ended(document), font, ink);
            galley.size().x + 3.0 * gap
        }
    }
}

/// How far the run is, or how it ended.
fn progress(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(document) = scene.documents.shown() else {
        return;
    };
    let is_live = |live: &&Live| document.run == Some(live.number);
    let mut opening = scene.opening.iter();
    match scene.live.filter(is_live) {
        Some(live) => live_progress(ui, document, live),
        // How it ended nobody knows yet.
        None if opening.any(|one| one.document == Some(document.id)) => {}
        None => {
            ui.add(egui::Label::new(RichText::new(ended(document)).weak()).truncate());
        }
    }
}

fn live_progress(ui: &mut Ui, document: &Document, live: &Live) {
    let share = live.share(document) as f32;
    let seconds = document.now.as_secs_f64();
    let is_calm = live.is_calm(document);
    let text = if live.stopping {
        tr("stopping …").to_owned()
    } else if is_calm {
        format!("{seconds:.1} s · {}", tr("idle"))
    } else {
        format!("{seconds:.1} s · {:.0} %", share.min(1.0) * 100.0)
    };
    let number = RichText::new(text).font(theme::number());
    let label = ui.add_sized(CLOCK, egui::Label::new(number));
    if is_calm {
        // Whoever sees a clock stand still may take it for broken.
        label.on_hover_text(tr(
            "Everybody waits. The clock moves on as soon as something happens, and now and then until it does.",
        ));
    }
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
    let breaks_off = models.iter().any(|model| model.outcome.is_none());
    match (failed, stopped) {
        (0, false) if breaks_off => fill(tr("breaks off after {length}"), &[("length", &length)]),
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
        .width(NAME.min(ui.available_width()))
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
    combo.response.on_hover_ui(|ui| {
        ui.strong(&shown.title);
        ui.label(tr(
            "Which trace is shown. Runs and opened files stay here until you quit.",
        ));
    });
}

/// Added from right to left.
fn trace_buttons(ui: &mut Ui, state: &State<'_>, commands: &mut Vec<Command>) {
    // The menu has them, too.
    if ui.content_rect().width() > NARROW {
        button(ui, tr("Export…"), "export", state, commands);
        button(ui, tr("Open…"), "open", state, commands);
        ui.separator();
    }
    ui.add_enabled_ui(state.live, |ui| {
        let mut following = state.live && state.document.is_some_and(|one| one.view.is_following());
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
    button(ui, tr("Fit"), "fit-all", state, commands);
}

//! The left side: which scenario, its story, which models and how they start.

use std::path::Path;

use egui::{RichText, Ui, vec2};

use super::{blocking, parameters, prose, widgets};
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::focus;
use crate::gui::texts::{self, Language, say_all, told, tr};
use crate::gui::theme::{self, STEP};
use crate::scenario::{Scenario, builtins};

/// What is hidden below is told of where it is at least so high, in points.
const HIDDEN: f32 = 24.0;
/// Height of the strip that tells of it.
const STRIP: f32 = 26.0;

/// Shows the side; `running` is whether a run goes on.
pub fn show(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    let strip = ui
        .ctx()
        .data(|data| data.get_temp(more_id()).unwrap_or(false));
    let room = ui.available_height() - if strip { STRIP + STEP } else { 0.0 };
    let scroll = egui::ScrollArea::vertical()
        .id_salt("controls")
        .max_height(room);
    let shown = scroll.auto_shrink(false).show(ui, |ui| {
        scroll_on(ui);
        picker(ui, controls, running, commands);
        models(ui, controls, running, commands);
        ui.add_space(2.0 * STEP);
        blocking::show(ui, controls, running, commands);
        ui.add_space(STEP);
        blocking::threshold(ui, controls, commands);
        ui.add_space(STEP);
        parameters::show(ui, controls, running, commands);
        ui.add_space(STEP);
        story(ui, controls);
        ui.add_space(2.0 * STEP);
        focus::follow(ui);
    });
    more_below(ui, &shown, strip);
}

/// Scrolls as far as was asked for in the last frame.
fn scroll_on(ui: &Ui) {
    let asked = ui
        .ctx()
        .data_mut(|data| data.remove_temp::<f32>(asked_id()));
    if let Some(by) = asked {
        ui.scroll_with_delta(vec2(0.0, -by));
    }
}

fn asked_id() -> egui::Id {
    egui::Id::unique("scroll on")
}

/// Remembers whether there is more below, which a small window hides; then the strip for that takes some room.
fn more_below(ui: &mut Ui, shown: &egui::scroll_area::ScrollAreaOutput<()>, strip: bool) {
    let room = shown.inner_rect.height();
    let hidden = shown.content_size.y - room - shown.state.clamped_offset().y;
    let more = hidden >= HIDDEN;
    if more != strip {
        ui.ctx().data_mut(|data| data.insert_temp(more_id(), more));
        ui.ctx().request_repaint();
    }
    if !strip {
        return;
    }
    let text = RichText::new(tr("▼ More below")).font(theme::small());
    let button = egui::Button::new(text).frame_when_inactive(false);
    let button = button.min_size(vec2(ui.available_width(), STRIP - 2.0));
    let hint = tr("Scroll to the parameters and the story");
    if ui.add(button).on_hover_text(hint).clicked() {
        let by = hidden.min(room - 2.0 * theme::BODY);
        ui.ctx().data_mut(|data| data.insert_temp(asked_id(), by));
        ui.ctx().request_repaint();
    }
}

fn more_id() -> egui::Id {
    egui::Id::unique("more below")
}

/// What a scenario is called in the language that is spoken.
pub fn title(scenario: &Scenario) -> &str {
    told(&scenario.title, &scenario.chinese.title)
}

fn picker(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    let title = title(&controls.scenario);
    let is_builtin = builtins().iter().any(|one| one.name == controls.source);
    // A copy has the title of what it is a copy of.
    let title = match Path::new(&controls.source).file_name() {
        Some(file) if !is_builtin => format!("{title} · {}", file.display()),
        _ => title.to_owned(),
    };
    ui.add_space(STEP);
    ui.horizontal(|ui| {
        ui.label(
            RichText::new(tr("Scenario"))
                .font(theme::heading())
                .strong(),
        );
        if controls.is_changed() {
            let hint = tr("Something is not as it was loaded: see Reset and Save as below");
            widgets::note(ui, tr("changed")).on_hover_text(hint);
        }
    });
    let picker = ui.add_enabled_ui(!running, |ui| {
        let width = ui.available_width();
        let combo = egui::ComboBox::from_id_salt("scenario")
            .width(width)
            .truncate()
            .height(ui.content_rect().height() * 0.8)
            .selected_text(&title)
            .show_ui(ui, |ui| {
                ui.spacing_mut().item_spacing.y = STEP / 2.0;
                for builtin in builtins() {
                    let chosen = controls.source == builtin.name;
                    let headline = builtin.headline();
                    let item =
                        ui.selectable_label(chosen, told(&headline.title, &headline.chinese.title));
                    let summary = told(&headline.summary, &headline.chinese.summary);
                    let item = item.on_hover_ui(|ui| {
                        ui.add(egui::Label::new(prose::job(ui, summary)).wrap());
                    });
                    if item.clicked() {
                        commands.push(Command::PickScenario(builtin.name.to_owned()));
                    }
                }
                if !is_builtin {
                    let _ = ui.selectable_label(true, &title);
                }
                ui.separator();
                if ui.button(tr("Load a scenario file…")).clicked() {
                    commands.push(Command::LoadScenarioDialog);
                }
            });
        combo.response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::ComboBox, ui.is_enabled(), tr("Scenario"))
        });
        combo.response
    });
    picker
        .inner
        .on_disabled_hover_text(tr(widgets::STOP_FIRST))
        .on_hover_text(&controls.source);
}

fn story(ui: &mut Ui, controls: &Controls) {
    let scenario = &controls.scenario;
    if !scenario.summary.is_empty() {
        widgets::title(ui, tr("What happens"));
        let summary = told(&scenario.summary, &scenario.chinese.summary);
        let summary = prose::job(ui, summary);
        ui.add(egui::Label::new(summary).wrap());
    }
    if scenario.look_for.is_empty() {
        return;
    }
    widgets::title(ui, tr("What to look for"));
    for (place, hint) in look_for(scenario).iter().enumerate() {
        ui.horizontal_top(|ui| {
            let number = RichText::new(format!("{}.", place + 1)).weak();
            ui.label(number.line_height(Some(theme::LINE)));
            let hint = prose::job(ui, hint);
            ui.add(egui::Label::new(hint).wrap());
        });
    }
}

fn look_for(scenario: &Scenario) -> &[String] {
    let chinese = &scenario.chinese.look_for;
    match texts::spoken() {
        Language::Chinese if !chinese.is_empty() => chinese,
        _ => &scenario.look_for,
    }
}

fn models(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    widgets::title(ui, tr("Models of execution"));
    ui.add_enabled_ui(!running, |ui| {
        for (place, variant) in controls.scenario.variants.iter().enumerate() {
            let mut on = controls.runs(place);
            if widgets::switch(ui, &mut on, texts::variant(&variant.name))
                .on_hover_text(say_all(&controls.scenario.explain(variant)))
                .on_disabled_hover_text(tr(widgets::STOP_FIRST))
                .changed()
            {
                commands.push(Command::SetModel(place, on));
            }
        }
        let together = widgets::segments(
            ui,
            controls.together,
            [
                (
                    true,
                    tr("Start together"),
                    tr("All models start at the same moment, so that the eye compares them"),
                ),
                (
                    false,
                    tr("One after another"),
                    tr("A model starts when the one before it has ended, so that none disturbs another"),
                ),
            ],
        );
        commands.extend(together.map(Command::SetTogether));
    });
}

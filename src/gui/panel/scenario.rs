//! The left side: which scenario, its story, which models and how they start.

use egui::{RichText, Ui};

use super::{blocking, parameters, widgets};
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::texts::{self, Language, say_all, told, tr};
use crate::gui::theme::{self, STEP};
use crate::scenario::{Scenario, builtins};

/// Shows the side; `running` is whether a run goes on.
pub fn show(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    egui::ScrollArea::vertical()
        .id_salt("controls")
        .auto_shrink(false)
        .show(ui, |ui| {
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
        });
}

/// What a scenario is called in the language that is spoken.
pub fn title(scenario: &Scenario) -> &str {
    told(&scenario.title, &scenario.chinese.title)
}

fn picker(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    let title = title(&controls.scenario);
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
            .selected_text(title)
            .show_ui(ui, |ui| {
                ui.spacing_mut().item_spacing.y = STEP / 2.0;
                for builtin in builtins() {
                    let chosen = controls.source == builtin.name;
                    let headline = builtin.headline();
                    let item =
                        ui.selectable_label(chosen, told(&headline.title, &headline.chinese.title));
                    if item
                        .on_hover_text(told(&headline.summary, &headline.chinese.summary))
                        .clicked()
                    {
                        commands.push(Command::PickScenario(builtin.name.to_owned()));
                    }
                }
                if !builtins().iter().any(|one| one.name == controls.source) {
                    let _ = ui.selectable_label(true, title);
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
        ui.add(egui::Label::new(summary.trim()).wrap());
    }
    if scenario.look_for.is_empty() {
        return;
    }
    widgets::title(ui, tr("What to look for"));
    for (place, hint) in look_for(scenario).iter().enumerate() {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(format!("{}.", place + 1)).weak());
            ui.add(egui::Label::new(hint.trim()).wrap());
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

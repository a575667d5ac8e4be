//! The values of the scenario that are worth changing, each with a slider, by what they belong to.

use egui::{RichText, Ui};

use super::widgets::{self, STOP_FIRST};
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::texts::{self, fill, say, tr};
use crate::gui::theme::{self, STEP};
use crate::scenario::{Effect, Parameter, Setting};

/// Shows them, and what can be done with the scenario that they make; `running` is whether a run goes on.
pub fn show(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    let (first, more): (Vec<_>, Vec<_>) = controls.parameters.iter().partition(|one| one.important);
    // Above, so that they stay where they are, and in sight, when it is opened.
    buttons(ui, controls, running, commands);
    ui.add_space(STEP);
    // Closed at first: who comes for the first time is to read the story below.
    let title = RichText::new(tr("Parameters"))
        .font(theme::heading())
        .strong();
    egui::CollapsingHeader::new(title)
        .id_salt("parameters")
        .show_unindented(ui, |ui| {
            sliders(ui, &first, running, commands);
            if !more.is_empty() {
                egui::CollapsingHeader::new(fill(tr("{count} more"), &[("count", &more.len())]))
                    .id_salt("more parameters")
                    .show_unindented(ui, |ui| sliders(ui, &more, running, commands));
            }
        });
}

fn buttons(ui: &mut Ui, controls: &Controls, running: bool, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let save = ui.button(tr("Save as…")).on_hover_text(tr(
            "Save the scenario, as it is set now, to a TOML file of its own",
        ));
        if save.clicked() {
            commands.push(Command::SaveScenarioDialog);
        }
        let reset = egui::Button::new(tr("Reset"));
        let reset = ui
            .add_enabled(controls.is_changed() && !running, reset)
            .on_hover_text(tr("Everything as the scenario has it"))
            .on_disabled_hover_text(if running {
                tr(STOP_FIRST)
            } else {
                tr("Everything is as the scenario has it")
            });
        if reset.clicked() {
            commands.push(Command::ResetScenario);
        }
    });
}

fn sliders(ui: &mut Ui, parameters: &[&Parameter], running: bool, commands: &mut Vec<Command>) {
    for group in parameters.chunk_by(|one, next| one.owner == next.owner) {
        let first = group[0];
        let title = fill(
            tr("{of}, {owner}"),
            &[
                ("of", &texts::variant(&first.of)),
                ("owner", &say(&first.owner.word())),
            ],
        );
        let title = RichText::new(title).font(theme::small()).weak();
        ui.add(egui::Label::new(title).truncate());
        for parameter in group {
            let enabled = !running || parameter.effect != Effect::NextRun;
            ui.add_enabled_ui(enabled, |ui| slider(ui, parameter, commands));
        }
    }
}

fn slider(ui: &mut Ui, parameter: &Parameter, commands: &mut Vec<Command>) {
    let shown = say(&parameter.name);
    let name = fill(
        tr("{of}: {name}"),
        &[("of", &parameter.of), ("name", &shown)],
    );
    let hint = match parameter.effect {
        Effect::AtOnce => tr("{hint}. Takes effect at once, also in the middle of a run."),
        Effect::NextTime => tr("{hint}. Takes effect the next time, also in the middle of a run."),
        Effect::NextRun => tr("{hint}."),
    };
    let hint = fill(hint, &[("hint", &say(&parameter.hint))]);
    let label = widgets::SliderLabel {
        shown: Some(&shown),
        name: &name,
        hint: &hint,
        disabled: tr(STOP_FIRST),
    };
    let mut setting = parameter.setting.clone();
    match &mut setting {
        Setting::Duration(duration, allowed) => {
            widgets::duration_slider(ui, &label, duration, allowed);
        }
        Setting::Number(number, allowed) => {
            widgets::number_slider(ui, &label, number, allowed);
        }
    }
    if setting != parameter.setting {
        commands.push(Command::Edit(parameter.owner, parameter.set(&setting)));
    }
}

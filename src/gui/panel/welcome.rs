//! What stands in the middle before there is a trace: what is going to run, and what to expect of it by theory.

use std::time::Duration;

use egui::{Align2, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::top_bar::run_button;
use crate::analysis::plain_duration;
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::theme::{self, Palette, STEP};
use crate::scenario::{Model, Scenario, Variant};

/// How many tasks are drawn of one model; more would be too thin.
const TASKS: usize = 12;
/// How wide the drawing is where there is room, in points.
const WIDTH: f32 = 520.0;
/// Room for the name of a model.
const NAME: f32 = 108.0;
/// Room for how long it takes.
const LENGTH: f32 = 60.0;

/// Shows what can be done first.
pub fn show(ui: &mut Ui, controls: &Controls, commands: &mut Vec<Command>) {
    egui::ScrollArea::vertical()
        .id_salt("welcome")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.vertical_centered(|ui| {
                ui.add_space((ui.available_height() * 0.2).max(2.0 * STEP));
                ui.label(RichText::new(&controls.scenario.title).size(theme::DISPLAY));
                ui.add_space(STEP);
                let text = "Run it, and watch the models of execution side by side, on one clock.";
                ui.label(RichText::new(text).weak());
                ui.add_space(4.0 * STEP);
                ui.add_enabled_ui(!controls.models.is_empty(), |ui| {
                    if run_button(ui, vec2(132.0, 36.0)).clicked() {
                        commands.push(Command::Run);
                    }
                });
                ui.add_space(2.0 * STEP);
                ui.label(RichText::new("or drop a trace on this window").weak());
                ui.add_space(8.0 * STEP);
                theory(ui, controls);
            });
        });
}

/// A task of a model, by theory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expected {
    begin: Duration,
    end: Duration,
}

/// When the tasks of a model are expected to begin and to end if nothing goes wrong and nothing blocks.
fn expected(scenario: &Scenario, model: Model) -> Vec<Expected> {
    let in_turn = matches!(model, Model::Synchronous | Model::Sequential);
    let mut next = Duration::ZERO;
    let mut ends: Vec<Expected> = Vec::with_capacity(scenario.tasks.len());
    for task in &scenario.tasks {
        let after = task.after.and_then(|id| ends.get(id.index()));
        let begin = match after {
            _ if in_turn => next,
            Some(before) => before.end,
            None => Duration::ZERO,
        };
        let end = begin.saturating_add(scenario.theory(task));
        next = end;
        ends.push(Expected { begin, end });
    }
    ends
}

fn theory(ui: &mut Ui, controls: &Controls) {
    let rows: Vec<(&Variant, Vec<Expected>)> = controls
        .chosen()
        .map(|variant| (variant, expected(&controls.scenario, variant.model)))
        .collect();
    let end = |tasks: &[Expected]| tasks.iter().map(|task| task.end).max().unwrap_or_default();
    let longest = rows
        .iter()
        .map(|(_, tasks)| end(tasks))
        .max()
        .unwrap_or_default();
    if longest.is_zero() {
        return;
    }
    ui.label(RichText::new("What to expect, if nothing blocks").weak());
    ui.add_space(STEP);
    for (variant, tasks) in &rows {
        row(ui, variant, tasks, end(tasks), longest);
    }
}

fn row(ui: &mut Ui, variant: &Variant, tasks: &[Expected], end: Duration, longest: Duration) {
    const LANE: f32 = 8.0;
    let palette = Palette::of(ui.visuals());
    let shown = &tasks[..tasks.len().min(TASKS)];
    let height = (shown.len() as f32 * LANE).max(theme::BODY) + 2.0 * STEP;
    let width = WIDTH.min(ui.available_width() - 4.0 * STEP);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let length = plain_duration(end);
    response.widget_info(|| {
        let said = format!("{variant}: {length} by theory");
        egui::WidgetInfo::labeled(egui::Role::Label, true, said)
    });
    let painter = ui.painter();
    painter.text(
        rect.left_center(),
        Align2::LEFT_CENTER,
        &variant.name,
        theme::body(),
        palette.text,
    );
    let track = Rect::from_min_max(
        pos2(rect.left() + NAME, rect.top() + STEP),
        pos2(rect.right() - LENGTH, rect.bottom() - STEP),
    );
    let x = |at: Duration| {
        let share = at.as_secs_f64() / longest.as_secs_f64();
        egui::lerp(track.x_range(), share as f32)
    };
    for (place, task) in shown.iter().enumerate() {
        let top = track.top() + place as f32 * LANE;
        let bar = Rect::from_min_max(
            pos2(x(task.begin), top + 1.0),
            pos2(x(task.end).max(x(task.begin) + 1.0), top + LANE - 1.0),
        );
        let edge = Stroke::new(1.0, palette.waiting_hatch);
        painter.rect(bar, 0.0, palette.waiting, edge, StrokeKind::Inside);
    }
    painter.text(
        pos2(x(end) + 2.0 * STEP, rect.center().y),
        Align2::LEFT_CENTER,
        length,
        theme::number(),
        palette.text_weak,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::builtins;

    #[test]
    fn the_sum_is_expected_of_one_model_and_the_maximum_of_the_others() {
        let scenario = builtins()[0].scenario();
        let end = |model| expected(&scenario, model).iter().map(|task| task.end).max();
        assert_eq!(end(Model::Synchronous), Some(Duration::from_millis(7200)));
        for model in [Model::Threaded, Model::Asynchronous] {
            assert_eq!(end(model), Some(Duration::from_millis(3100)));
        }
    }
}

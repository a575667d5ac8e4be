//! What stands in the middle before there is a trace: what is going to run, and what to expect of it by theory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use egui::{Align2, Rect, RichText, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::scenario;
use super::top_bar::run_button;
use super::widgets;
use crate::analysis::{plain_count, plain_duration};
use crate::gui::command::Command;
use crate::gui::controls::Controls;
use crate::gui::texts::{self, fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::scenario::{Model, Scenario, Step, Variant};

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
                ui.label(RichText::new(scenario::title(&controls.scenario)).size(theme::DISPLAY));
                ui.add_space(STEP);
                let text =
                    tr("Run it, and watch the models of execution side by side, on one clock.");
                ui.label(RichText::new(text).weak());
                ui.add_space(4.0 * STEP);
                ui.add_enabled_ui(!controls.models.is_empty(), |ui| {
                    if run_button(ui, vec2(132.0, 36.0)).clicked() {
                        commands.push(Command::Run);
                    }
                });
                ui.add_space(2.0 * STEP);
                ui.label(RichText::new(tr("or drop a trace on this window")).weak());
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

/// When the tasks of a model are expected to begin and to end if nothing goes wrong and none holds up another.
fn expected(scenario: &Scenario, model: Model) -> Vec<Expected> {
    // When each of those who work on the tasks is free: whoever is free first takes the next one. None: one for each.
    let mut free = match (model, &scenario.service) {
        (Model::Synchronous | Model::Sequential, _) => Some(idle(1)),
        (Model::Pool, Some(service)) => Some(idle(service.threads)),
        _ => None,
    };
    let mut all: Vec<Expected> = Vec::with_capacity(scenario.tasks.len());
    let mut stops = Duration::MAX;
    for task in &scenario.tasks {
        let after = task.after.and_then(|id| all.get(id.index()));
        let free_at = free.as_mut().and_then(BinaryHeap::pop);
        let free_at = free_at.map_or(Duration::ZERO, |Reverse(at)| at);
        let begin = after.map_or(free_at, |before| before.end.max(free_at));
        let end = begin.saturating_add(scenario.theory(task));
        if let Some(free) = &mut free {
            free.push(Reverse(end));
        }
        if task.steps.contains(&Step::Stop) {
            stops = stops.min(end);
        }
        all.push(Expected { begin, end });
    }
    // Whoever stops the program ends all tasks.
    for task in &mut all {
        task.begin = task.begin.min(stops);
        task.end = task.end.min(stops);
    }
    all
}

/// So many who have nothing to do yet.
fn idle(count: usize) -> BinaryHeap<Reverse<Duration>> {
    vec![Reverse(Duration::ZERO); count].into()
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
    ui.label(RichText::new(tr("What to expect, if no task holds up another")).weak());
    ui.add_space(STEP);
    let tasks = controls.scenario.tasks.len();
    if tasks > TASKS {
        widgets::note(
            ui,
            fill(
                tr("{TASKS} of the {all} tasks, from the first to the last"),
                &[("TASKS", &TASKS), ("all", &plain_count(tasks as u64))],
            ),
        );
    }
    for (variant, tasks) in &rows {
        row(ui, variant, tasks, end(tasks), longest);
    }
}

fn row(ui: &mut Ui, variant: &Variant, tasks: &[Expected], end: Duration, longest: Duration) {
    const LANE: f32 = 8.0;
    let palette = Palette::of(ui.visuals());
    let shown = sample(tasks);
    let height = (shown.len() as f32 * LANE).max(theme::BODY) + 2.0 * STEP;
    let width = WIDTH.min(ui.available_width() - 4.0 * STEP).max(0.0);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let length = plain_duration(end);
    response.widget_info(|| {
        let said = fill(
            tr("{variant}: {length} by theory"),
            &[
                ("variant", &texts::variant(&variant.name)),
                ("length", &length),
            ],
        );
        egui::WidgetInfo::labeled(egui::Role::Label, true, said)
    });
    let painter = ui.painter();
    painter.text(
        rect.left_center(),
        Align2::LEFT_CENTER,
        texts::variant(&variant.name),
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

/// Those that are drawn: all, or some from the first to the last.
fn sample(tasks: &[Expected]) -> Vec<Expected> {
    let shown = tasks.len().min(TASKS);
    let last = tasks.len().saturating_sub(1);
    let place = |row: usize| row * last / shown.saturating_sub(1).max(1);
    (0..shown).map(|row| tasks[place(row)]).collect()
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

    #[test]
    fn a_pool_serves_as_many_at_once_as_it_has_threads() {
        let text = "title = 'x'\n[service]\nname = 's'\ncompute = '10ms'\nthreads = 2\n\
                    [[tasks]]\ncount = 5\nsteps = [{ say = ['a', 'b'], pause = '80ms' }]\n";
        let scenario = Scenario::parse(text, std::path::Path::new("x.toml")).expect("it is right");
        let ends = |model| -> Vec<u128> {
            let tasks = expected(&scenario, model).into_iter();
            tasks.map(|task| task.end.as_millis()).collect()
        };
        assert_eq!(ends(Model::Pool), [100, 100, 200, 200, 300]);
        assert_eq!(ends(Model::Sequential), [100, 200, 300, 400, 500]);
        assert_eq!(ends(Model::Reactor), [100; 5]);
    }

    #[test]
    fn a_task_that_comes_after_another_waits_for_it_and_one_that_stops_ends_all() {
        let text = "title = 'x'\n[[tasks]]\nname = 'a'\nsteps = [{ wait = '1s' }]\n\
                    [[tasks]]\nafter = 'a'\nsteps = [{ wait = '2s' }, { stop = true }]\n\
                    [[tasks]]\nsteps = [{ wait = '9s' }]\n";
        let scenario = Scenario::parse(text, std::path::Path::new("x.toml")).expect("it is right");
        let tasks = expected(&scenario, Model::Asynchronous);
        let seconds: Vec<_> = tasks
            .iter()
            .map(|task| (task.begin.as_secs(), task.end.as_secs()))
            .collect();
        assert_eq!(seconds, [(0, 1), (1, 3), (0, 3)]);
    }

    #[test]
    fn of_a_thousand_tasks_the_first_the_last_and_some_between_are_drawn() {
        let moment = Duration::from_secs;
        let tasks = |count| -> Vec<Expected> {
            let task = |at| Expected {
                begin: moment(at),
                end: moment(at + 1),
            };
            (0..count).map(task).collect()
        };
        let shown = sample(&tasks(1_000));
        assert_eq!(shown.len(), TASKS);
        assert_eq!(
            (shown[0].begin, shown[TASKS - 1].begin),
            (moment(0), moment(999))
        );
        assert_eq!(sample(&tasks(3)), tasks(3));
        assert_eq!(sample(&tasks(1)), tasks(1));
        assert!(sample(&[]).is_empty());
    }
}

//! The models side by side, live.

use std::sync::Arc;
use std::time::Duration;

use egui::{Id, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder, TableRow};

use super::widgets::{self, bar_number, number};
use crate::analysis::{self, ModelSummary, plain_count, plain_duration, plain_size};
use crate::gui::command::{Command, ScrollTo, ViewCommand};
use crate::gui::describe;
use crate::gui::document::Document;
use crate::gui::focus;
use crate::gui::texts::{self, english, fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::ModelTrack;
use crate::trace::{Outcome, Timestamp};

/// Height of a line of the table.
const LINE: f32 = 26.0;
/// How high the titles of the columns are, with the margins around it all.
const HEADER: f32 = 40.0;
/// Room for what failed, at first.
const FAILURES: f32 = 36.0;
/// For how many models there is room at first.
const MOST_LINES: usize = 5;

/// The columns: title, least width, and what the numbers in it mean.
const COLUMNS: [(&str, f32, &str); 12] = [
    (
        english("Model"),
        120.0,
        english("A model of execution; its name leads to the whole of it"),
    ),
    (
        english("Elapsed"),
        76.0,
        english("From its begin to its end"),
    ),
    (
        english("Waiting"),
        76.0,
        english(
            "How long its threads waited in polls or blocking system calls; the sum of all its threads",
        ),
    ),
    (
        english("Running"),
        76.0,
        english(
            "How long its threads did anything else: the sum of all its threads. It is not CPU time",
        ),
    ),
    (
        english("Longest stall"),
        76.0,
        english("The longest stretch without a poll that counts as a stall"),
    ),
    (
        english("CPU"),
        60.0,
        english("How much CPU time its threads have used; they tell it when they end"),
    ),
    (
        english("Memory"),
        60.0,
        english(
            "By how much the memory of the process grew at most; told where the models run one after another",
        ),
    ),
    (
        english("Polls"),
        44.0,
        english("How often its loop asked the system what is ready, or waited for that"),
    ),
    (english("Stalls"), 44.0, english("How many stalls")),
    (english("Tasks"), 84.0, english("How many tasks are done")),
    (
        english("Bytes"),
        60.0,
        english("What all its tasks have read"),
    ),
    (
        english("Events"),
        60.0,
        english("What was recorded; dropped is what was lost because nobody fetched it in time"),
    ),
];

/// The place of a column that is not always known.
const CPU: usize = 5;
/// Another one.
const MEMORY: usize = 6;
/// One that only loops have.
const POLLS: usize = 7;
/// The one column of words among those of numbers.
const TASKS: usize = 9;

/// Which columns are shown: one in which no model has anything is left out.
fn columns(models: &[ModelSummary]) -> Vec<usize> {
    let is_known = |place: &usize| match *place {
        CPU => models.iter().any(|model| model.cpu.is_some()),
        MEMORY => models.iter().any(|model| model.memory.is_some()),
        POLLS => models.iter().any(|model| model.polls > 0),
        _ => true,
    };
    (0..COLUMNS.len()).filter(is_known).collect()
}

/// The longest of each duration among the models: what the bars are measured by.
struct Scale {
    elapsed: Duration,
    threads: Duration,
    stall: Duration,
}

impl Scale {
    fn of(models: &[ModelSummary]) -> Self {
        let most =
            |of: fn(&ModelSummary) -> Duration| models.iter().map(of).max().unwrap_or_default();
        Self {
            elapsed: most(|model| model.elapsed),
            // Waiting and running share a scale: one is to be compared with the other.
            threads: most(|model| model.waiting.max(model.running)),
            stall: most(|model| model.longest_stall.unwrap_or_default()),
        }
    }
}

/// How much there is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// How many models; more than these are scrolled to.
    lines: usize,
    /// Whether there is more than the table.
    failures: bool,
}

impl Shape {
    /// That of a trace.
    pub fn of(document: &Document) -> Self {
        let models = document.store.models();
        let mut tasks = models.iter().flat_map(|model| &model.tasks);
        Self {
            lines: models.len().clamp(1, MOST_LINES),
            failures: tasks.any(|task| task.failure.is_some()),
        }
    }

    /// How high it is to be at first, in points, where the window has so much room for everything: the timeline is
    /// what it is all about.
    pub fn height(self, room: f32) -> f32 {
        let whole = HEADER + LINE * self.lines as f32;
        let table = whole.min((room * 0.21).max(HEADER + LINE * 3.0));
        table + if self.failures { FAILURES } else { 0.0 }
    }
}

/// How the models fared, and when that was: it looks at every task.
type Summaries = ((u32, u64, Timestamp), Arc<Vec<ModelSummary>>);

/// How the models fared; looked up only where something has happened since the last frame.
fn summaries(ui: &Ui, document: &Document) -> Arc<Vec<ModelSummary>> {
    let key = (document.id, document.store.events(), document.now);
    let id = Id::unique("summaries of the models");
    let known = ui.data(|data| data.get_temp::<Summaries>(id));
    if let Some((_, models)) = known.filter(|(known, _)| *known == key) {
        return models;
    }
    let models = Arc::new(analysis::compare(&document.store, document.now));
    ui.data_mut(|data| data.insert_temp::<Summaries>(id, (key, Arc::clone(&models))));
    models
}

/// Shows the table, and what failed under it.
pub fn show(ui: &mut Ui, document: &Document, commands: &mut Vec<Command>) {
    let models = summaries(ui, document);
    let scale = Scale::of(&models);
    egui::ScrollArea::both()
        .id_salt("comparison")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(3.0 * STEP, 2.0);
            table(ui, document, &models, &scale, commands);
            failures(ui, &models);
            focus::follow(ui);
        });
}

fn table(
    ui: &mut Ui,
    document: &Document,
    models: &[ModelSummary],
    scale: &Scale,
    commands: &mut Vec<Command>,
) {
    let columns = columns(models);
    let mut table = TableBuilder::new(ui)
        .id_salt(("models", &columns))
        .vscroll(false)
        .cell_layout(egui::Layout::left_to_right(egui::Align::Center));
    for &place in &columns {
        let (_, width, _) = COLUMNS[place];
        table = table.column(match place {
            0 => Column::exact(width),
            1..=4 => Column::remainder().at_least(width).clip(true),
            _ => Column::auto().at_least(width),
        });
    }
    let header = table.header(20.0, |mut row| {
        for &place in &columns {
            let (title, _, hint) = COLUMNS[place];
            row.col(|ui| {
                let title = match place {
                    0..CPU | TASKS => widgets::note(ui, tr(title)),
                    _ => number(ui, RichText::new(tr(title)).weak()),
                };
                title.on_hover_text(tr(hint));
            });
        }
    });
    let hues = theme::hues(models.iter().map(|model| model.name.as_str()));
    header.body(|body| {
        body.rows(LINE, models.len(), |mut row| {
            let place = row.index();
            let model = &models[place];
            let Some(track) = document.store.model(model.id) else {
                return;
            };
            let live = document.run.is_some();
            if line(&mut row, &columns, model, hues[place], (track, live), scale) {
                let range = track.range(document.now);
                commands.push(Command::View(ViewCommand::Show(range)));
                commands.push(Command::Scroll(ScrollTo::Model(model.name.clone())));
            }
        });
    });
}

/// One model. Whether its name was pressed.
fn line(
    row: &mut TableRow<'_, '_>,
    columns: &[usize],
    model: &ModelSummary,
    hue: usize,
    (track, live): (&ModelTrack, bool),
    scale: &Scale,
) -> bool {
    let mut pressed = false;
    row.col(|ui| pressed = name(ui, model, hue).clicked());
    row.col(|ui| {
        let color = Palette::of(ui.visuals()).text_weak;
        let text = match model.outcome {
            // Two decimals always: a number that counts does not tremble.
            None => format!("{:.2} s", model.elapsed.as_secs_f64()),
            Some(_) => plain_duration(model.elapsed),
        };
        bar_number(ui, &text, share(model.elapsed, scale.elapsed), color);
    });
    row.col(|ui| {
        let color = Palette::of(ui.visuals()).turn;
        let text = plain_duration(model.waiting);
        bar_number(ui, &text, share(model.waiting, scale.threads), color);
    });
    row.col(|ui| {
        let color = Palette::of(ui.visuals()).running;
        let text = plain_duration(model.running);
        bar_number(ui, &text, share(model.running, scale.threads), color);
    });
    row.col(|ui| {
        let color = Palette::of(ui.visuals()).stalled;
        let text = model
            .longest_stall
            .map_or_else(|| tr("none").to_owned(), plain_duration);
        let stall = model.longest_stall.unwrap_or_default();
        bar_number(ui, &text, share(stall, scale.stall), color);
    });
    if columns.contains(&CPU) {
        row.col(|ui| told(ui, model.cpu.map(plain_duration)));
    }
    if columns.contains(&MEMORY) {
        row.col(|ui| told(ui, model.memory.map(plain_size)));
    }
    if columns.contains(&POLLS) {
        let polls = Some(model.polls as u64).filter(|polls| *polls > 0);
        row.col(|ui| told(ui, polls.map(plain_count)));
    }
    row.col(|ui| drop(number(ui, plain_count(model.stalls as u64))));
    row.col(|ui| tasks(ui, model, live));
    let bytes = model.tasks.iter().map(|task| task.bytes).sum();
    row.col(|ui| drop(number(ui, plain_count(bytes))));
    let (_, events) = row.col(|ui| match model.dropped {
        0 => drop(number(ui, plain_count(model.events))),
        dropped => {
            let color = Palette::of(ui.visuals()).failed;
            let (events, dropped) = (plain_count(model.events), plain_count(dropped));
            let dropped = fill(tr("{count} dropped"), &[("count", &dropped)]);
            let text = RichText::new(format!("{events} · {dropped}"));
            number(ui, text.color(color));
        }
    });
    events.on_hover_ui(|ui| {
        ui.label(texts::say_all(&analysis::cost_of_seeing(track)));
    });
    pressed
}

fn name(ui: &mut Ui, model: &ModelSummary, hue: usize) -> Response {
    let palette = Palette::of(ui.visuals());
    let (mark, _) = ui.allocate_exact_size(vec2(4.0, 18.0), Sense::hover());
    ui.painter().rect_filled(mark, 1.0, palette.model(hue));
    ui.spacing_mut().item_spacing.x = 2.0 * STEP;
    let response =
        widgets::link(ui, texts::variant(&model.name)).on_hover_text(tr("Show the whole of it"));
    let said = fill(tr("Show {name}"), &[("name", &texts::variant(&model.name))]);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &said));
    response
}

/// What is not always known.
fn told(ui: &mut Ui, text: Option<String>) {
    number(
        ui,
        text.map_or_else(|| RichText::new("–").weak(), RichText::new),
    );
}

fn tasks(ui: &mut Ui, model: &ModelSummary, live: bool) {
    let palette = Palette::of(ui.visuals());
    let count = |outcome| {
        model
            .tasks
            .iter()
            .filter(|task| task.outcome == Some(outcome))
            .count()
    };
    let (done, failed) = (count(Outcome::Done), count(Outcome::Failed));
    ui.spacing_mut().item_spacing.x = STEP;
    ui.label(
        RichText::new(fill(
            tr("{done} of {all}"),
            &[
                ("done", &plain_count(done as u64)),
                ("all", &plain_count(model.tasks.len() as u64)),
            ],
        ))
        .font(theme::number()),
    );
    // Right behind the count, what the model does would be taken for what is counted.
    let (word, color) = match (failed, model.outcome) {
        (0, Some(Outcome::Done)) => (tr("done").to_owned(), palette.text_weak),
        (0, None) if live => (tr("done").to_owned(), palette.text_weak),
        (0, outcome) => {
            let word = format!("· {}", describe::outcome(outcome, live));
            (word, palette.text_weak)
        }
        _ => (
            fill(
                tr("{failed} failed"),
                &[("failed", &plain_count(failed as u64))],
            ),
            palette.failed,
        ),
    };
    ui.label(RichText::new(word).font(theme::small()).color(color));
}

/// What failed, and why.
fn failures(ui: &mut Ui, models: &[ModelSummary]) {
    let palette = Palette::of(ui.visuals());
    for model in models {
        for task in &model.tasks {
            let Some(error) = &task.error else {
                continue;
            };
            let text = fill(
                tr("× {model}, {task}: {error}"),
                &[
                    ("model", &texts::variant(&model.name)),
                    ("task", &task.name),
                    ("error", &texts::failure(error)),
                ],
            );
            ui.add(egui::Label::new(RichText::new(text).color(palette.failed)).wrap());
        }
    }
}

fn share(part: Duration, whole: Duration) -> f32 {
    if whole.is_zero() {
        return 0.0;
    }
    (part.as_secs_f64() / whole.as_secs_f64()) as f32
}

//! What differs between two traces: a sentence and a table, and how the two lie and are aligned. Also the heading that says
//! which of them a timeline shows.

use std::time::Duration;

use egui::{
    Align, Align2, Button, CornerRadius, Label, Layout, Response, RichText, Role, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use egui_extras::{Column, TableBuilder, TableRow};

use super::widgets::{note, number, paragraph, segments};
use crate::analysis::{
    Figure, FoundIn, Judgement, ModelDifference, ModelFigures, difference, most_telling,
    plain_ratio,
};
use crate::gui::action::{Action, State};
use crate::gui::beside::{Alignment, BesideCommand, Compared, Split};
use crate::gui::command::Command;
use crate::gui::counting::{Counting, Scope};
use crate::gui::document::Document;
use crate::gui::text::elided;
use crate::gui::texts::{fill, say, tr, variant};
use crate::gui::theme::{self, Palette, STEP};
use crate::trace::{Phrase, TimeRange, Timestamp};

/// Height of a heading, in points.
const HEADING: f32 = 24.0;
/// Height of a row of the table.
const ROW: f32 = 20.0;
/// Width of a column of numbers.
const NUMBER: f32 = 70.0;
/// From this width on, in points, the callbacks stand beside the figures of the model, and else below them.
const WIDE: f32 = 1160.0;

/// Says which of the two a timeline shows, and whether it is the one that keys, menus and lists are about. A press takes it
/// up.
pub fn heading(ui: &mut Ui, letter: &str, document: &Document, in_hand: bool) -> Response {
    let palette = Palette::of(ui.visuals());
    let size = vec2(ui.available_width(), HEADING);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = format!("{letter}: {}", document.title);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, in_hand, &name));
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, palette.header);
    let middle = rect.center().y;
    let badge = egui::Rect::from_center_size(pos2(rect.left() + 20.0, middle), vec2(18.0, 18.0));
    let edge = Stroke::new(1.5, palette.text);
    let (fill, ink) = match in_hand {
        true => (palette.text, palette.ink_on(palette.text)),
        false => (palette.header, palette.text),
    };
    let radius = CornerRadius::same(theme::RADIUS);
    painter.rect(badge, radius, fill, edge, StrokeKind::Inside);
    let center = badge.center();
    painter.text(center, Align2::CENTER_CENTER, letter, theme::body(), ink);
    let mut right = rect.right() - 3.0 * STEP;
    if in_hand {
        let at = pos2(right, middle);
        let weak = palette.text_weak;
        let words = tr("in hand");
        right = painter
            .text(at, Align2::RIGHT_CENTER, words, theme::small(), weak)
            .left()
            - 2.0 * STEP;
    }
    let left = badge.right() + 2.0 * STEP;
    let title = elided(
        painter,
        &document.title,
        theme::body(),
        (right - left).max(1.0),
    );
    let top = middle - title.size().y / 2.0;
    painter.galley(pos2(left, top), title, palette.text);
    if response.has_focus() || response.hovered() {
        let edge = Stroke::new(1.5, palette.link);
        painter.rect_stroke(rect.shrink(1.0), 2.0, edge, StrokeKind::Inside);
    }
    response.on_hover_ui(|ui| {
        ui.label(&document.title);
        note(
            ui,
            match in_hand {
                true => tr("Keys, menus, the inspector and the lists are about this one"),
                false => {
                    tr("Press it, and keys, menus, the inspector and the lists are about this one")
                }
            },
        );
    })
}

/// What the differences were made of: with anything else they are out of date.
type Made = [(u32, u64, usize); 2];

/// The table of what differs, and what it remembers.
#[derive(Default)]
pub struct Differences {
    counting: [Counting; 2],
    made: Option<(Made, Vec<ModelDifference>)>,
    /// The model that was chosen; without a choice it is the one that tells most.
    chosen: Option<String>,
}

impl Differences {
    /// Shows what differs between two traces, of which these are being recorded.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        compared: &Compared<'_>,
        live: [bool; 2],
        state: &State<'_>,
        commands: &mut Vec<Command>,
    ) {
        ui.take_available_width();
        self.count(ui, compared.documents, live);
        let models = self.made.as_ref().map_or(&[][..], |(_, models)| models);
        let names = models.iter().map(|model| &model.name);
        let names: Vec<&String> = names.collect();
        let in_both = models
            .iter()
            .filter(|model| model.found_in == FoundIn::Both);
        let in_both: Vec<&String> = in_both.map(|model| &model.name).collect();
        controls(ui, compared, &in_both, state, commands);
        let chosen = self.chosen.as_ref();
        let place = models.iter().position(|one| Some(&one.name) == chosen);
        let Some(place) = place.or_else(|| most_telling(models)) else {
            note(ui, tr("Neither of the two has run a model yet."));
            return;
        };
        if let Some(pressed) = choice(ui, &names, place) {
            commands.push(Command::Beside(BesideCommand::ShowModel(pressed.clone())));
            self.chosen = Some(pressed);
        }
        let model = &models[place];
        let sentence = say(&model.sentence(&Phrase::new("B")));
        let words = fill(
            tr("{name}: {message}"),
            &[("name", &variant(&model.name)), ("message", &sentence)],
        );
        paragraph(ui, words);
        ui.add_space(STEP);
        tables(ui, model);
    }

    /// Goes on counting, and compares anew where something is new.
    fn count(&mut self, ui: &Ui, documents: [&Document; 2], live: [bool; 2]) {
        let time = ui.input(|input| input.time);
        for (counting, document) in self.counting.iter_mut().zip(documents) {
            if let Some(wait) = counting.go_on(document, Scope::Trace, time) {
                ui.ctx().request_repaint_after(wait);
            }
        }
        let made = [0, 1].map(|place| {
            let document = documents[place];
            let number = self.counting[place]
                .counted(document)
                .map_or(0, |it| it.number);
            // What is being recorded is counted now and then, and not compared more often than that.
            let waits = document.waits.values().map(crate::analysis::Waits::count);
            let waits = if live[place] { 0 } else { waits.sum() };
            (document.id, number, waits)
        });
        let known = self.made.as_ref().map(|(known, _)| *known);
        if known.map(|known| known.map(|(id, ..)| id)) != Some(made.map(|(id, ..)| id)) {
            // Of other traces another model may tell most.
            self.chosen = None;
        }
        if known != Some(made) {
            let [a, b] = [0, 1].map(|place| figures(documents[place], &self.counting[place]));
            self.made = Some((made, difference(&a, &b)));
        }
    }
}

/// The figures of the models of a trace, as far as they are known.
fn figures(document: &Document, counting: &Counting) -> Vec<ModelFigures> {
    let end = document.range().end + Duration::from_nanos(1);
    let whole = TimeRange::new(Timestamp::ZERO, end);
    let counted = counting.counted(document);
    let models = document.store.models().iter();
    let figures = models.map(|model| {
        let waits = document.waits.get(&model.id);
        let queueing = waits.map(|waits| waits.histogram(whole).quantiles());
        let called =
            counted.and_then(|counted| counted.models.iter().find(|it| it.model == model.id));
        let calls = called.map_or(Vec::new(), |it| it.callbacks.clone());
        let queueing = queueing.unwrap_or_default();
        ModelFigures::new(&document.store, model, document.now, queueing, calls)
    });
    figures.collect()
}

/// How the two lie, where they are aligned, and the way out.
fn controls(
    ui: &mut Ui,
    compared: &Compared<'_>,
    names: &[&String],
    state: &State<'_>,
    commands: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        let splits = Split::ALL.map(|split| (split, tr(split.word()), tr(split.explained())));
        if let Some(split) = segments(ui, state.settings.split, splits) {
            commands.push(Command::Beside(BesideCommand::Split(split)));
        }
        ui.add_space(2.0 * STEP);
        let label = note(ui, tr("aligned at"));
        alignment(ui, &label, compared, names, state, commands);
        ui.add_space(2.0 * STEP);
        for id in ["swap-traces", "stop-comparing"] {
            let Some(action) = Action::by_id(id) else {
                continue;
            };
            let button = ui.button(tr(action.name)).on_hover_text(tr(action.does));
            if button.clicked() {
                commands.extend(action.command(state));
            }
        }
    });
}

/// Which moments lie below each other.
fn alignment(
    ui: &mut Ui,
    label: &Response,
    compared: &Compared<'_>,
    names: &[&String],
    state: &State<'_>,
    commands: &mut Vec<Command>,
) {
    let mut choices = vec![Alignment::Beginnings];
    if names.len() > 1 {
        let names = names.iter().map(|name| (*name).clone());
        choices.extend(names.map(Alignment::Model));
    }
    let combo = egui::ComboBox::from_id_salt("alignment")
        .width(210.0)
        .truncate()
        .selected_text(compared.alignment.words())
        .show_ui(ui, |ui| {
            for choice in choices {
                let chosen = choice == *compared.alignment;
                if ui.selectable_label(chosen, choice.words()).clicked() {
                    commands.push(Command::Beside(BesideCommand::Align(choice)));
                }
            }
            let Some(action) = Action::by_id("align-selections") else {
                return;
            };
            let asked = action.command(state);
            let chosen = matches!(compared.alignment, Alignment::Moments(_));
            let button = Button::selectable(chosen, tr("what is selected in each"));
            let response = ui
                .add_enabled(asked.is_ok(), button)
                .on_hover_text(tr(action.does))
                .on_disabled_hover_text(tr(asked.clone().err().unwrap_or_default()));
            if response.clicked() {
                commands.extend(asked);
            }
        });
    combo
        .response
        .widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, tr("Alignment")));
    combo.response.labelled_by(label.id);
}

/// Which model the table is about; only where there are several. Which was pressed, if one was.
fn choice(ui: &mut Ui, names: &[&String], chosen: usize) -> Option<String> {
    if names.len() < 2 {
        return None;
    }
    let mut pressed = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = STEP / 2.0;
        for (place, name) in names.iter().enumerate() {
            let button = Button::selectable(place == chosen, variant(name));
            let response = ui.add(button.frame_when_inactive(true));
            let said = fill(tr("Differences of {name}"), &[("name", &variant(name))]);
            response
                .widget_info(|| WidgetInfo::selected(Role::Button, true, place == chosen, &said));
            if response.on_hover_text(&said).clicked() {
                pressed = Some((*name).clone());
            }
        }
    });
    pressed
}

/// A line of the table.
enum Line<'a> {
    Figure(&'a Figure, &'static str),
    /// What the lines below are about.
    Heading(String),
}

/// The figures of a model and those of what it called.
fn tables(ui: &mut Ui, model: &ModelDifference) {
    let own = model.figures.iter().map(|figure| Line::Figure(figure, ""));
    let mut own: Vec<Line<'_>> = own.collect();
    let mut called = Vec::new();
    for callback in &model.callbacks {
        let name = match callback.blocking {
            true => fill(tr("{name} (blocks)"), &[("name", &callback.name)]),
            false => callback.name.clone(),
        };
        called.push(Line::Heading(name));
        let figures = callback.figures.iter();
        called.extend(figures.map(|figure| Line::Figure(figure, "    ")));
    }
    if called.is_empty() || ui.available_width() < WIDE {
        own.append(&mut called);
        table(ui, (&model.name, "all"), tr("Figure"), &own);
        return;
    }
    ui.spacing_mut().item_spacing.x = 6.0 * STEP;
    ui.columns_const(|[left, right]| {
        table(left, (&model.name, "own"), tr("Figure"), &own);
        table(right, (&model.name, "called"), tr("Callback"), &called);
    });
}

fn table(ui: &mut Ui, salt: (&str, &str), title: &str, lines: &[Line<'_>]) {
    ui.spacing_mut().item_spacing = vec2(2.0 * STEP, 2.0);
    let table = TableBuilder::new(ui)
        .id_salt(("differences", salt))
        .striped(true)
        .auto_shrink(false)
        // The hand says how high the panel is, not the table.
        .min_scrolled_height(ROW)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::initial(170.0).at_least(110.0).clip(true))
        .columns(Column::exact(NUMBER), 4)
        .column(Column::remainder().at_least(150.0).clip(true));
    let header = table.header(ROW, |mut row| {
        row.col(|ui| drop(note(ui, title)));
        for title in ["A", "B", "B − A", "B / A"] {
            row.col(|ui| drop(number(ui, RichText::new(title).weak())));
        }
        row.col(|ui| drop(note(ui, tr("In words"))));
    });
    header.body(|body| {
        body.rows(ROW, lines.len(), |mut row| match &lines[row.index()] {
            Line::Figure(figure, indent) => figure_line(&mut row, figure, indent),
            Line::Heading(name) => {
                row.col(|ui| cell(ui, RichText::new(name).strong(), name));
                (0..5).for_each(|_| drop(row.col(|_| {})));
            }
        });
    });
}

fn figure_line(row: &mut TableRow<'_, '_>, figure: &Figure, indent: &str) {
    let unit = figure.what.unit();
    let unknown = || "–".to_owned();
    let plain = |value: Option<f64>| value.map_or_else(unknown, |value| unit.plain(value));
    let difference = figure.difference();
    let numbers = [
        plain(figure.a),
        plain(figure.b),
        difference.map_or_else(unknown, |by| unit.signed(by)),
        figure.ratio().map_or_else(unknown, plain_ratio),
    ];
    row.col(|ui| {
        let name = say(&figure.what.name());
        cell(
            ui,
            RichText::new(format!("{indent}{name}")),
            &say(&figure.what.explained()),
        );
    });
    for text in numbers {
        row.col(|ui| drop(number(ui, text)));
    }
    row.col(|ui| {
        let palette = Palette::of(ui.visuals());
        let color = match figure.judgement() {
            Judgement::Worse => palette.failed,
            Judgement::Better | Judgement::Different => palette.text,
            Judgement::Same | Judgement::Unknown => palette.text_weak,
        };
        let words = say(&figure.told());
        cell(ui, RichText::new(&words).color(color), &words);
    });
}

/// A text that ends in `…` where it has no room.
fn cell(ui: &mut Ui, text: RichText, hint: &str) {
    ui.add(Label::new(text).truncate()).on_hover_text(hint);
}

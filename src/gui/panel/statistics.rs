//! What was called in a stretch of time, how often and how long; how tasks and threads spent it.

use egui::{Align, Layout, Rect, Response, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder, TableRow};

use super::widgets::{note, number, segments};
use crate::analysis::{plain_count, plain_duration};
use crate::gui::command::{Command, Selection};
use crate::gui::counting::{Counted, Counting, Scope};
use crate::gui::document::Document;
use crate::gui::navigate;
use crate::gui::range::{exact, exact_moment};
use crate::gui::sheet::{self, Order, Sheet, Subject, Value};
use crate::gui::statistics::{StatisticsCommand, Tabled};
use crate::gui::texts::{fill, tr, variant};
use crate::gui::theme::{self, Palette, STEP};
use crate::trace::TimeRange;

/// Height of a row.
const ROW: f32 = 20.0;
/// Height of the titles of the columns, which are buttons.
const TITLES: f32 = 24.0;

/// Width of a column of numbers where there is room, and where there is little.
const NUMBER: [f32; 2] = [78.0, 58.0];
/// Width of the first column, and of the other columns of words.
const WORDS: [f32; 2] = [190.0, 104.0];

/// The table and what it remembers.
#[derive(Default)]
pub struct Table {
    /// What it shows.
    pub(in crate::gui) tabled: Tabled,
    counting: Counting,
    /// The rows as they are shown, and of what they were made.
    sheet: Option<(u64, Subject, Order, Sheet)>,
}

impl Table {
    /// Shows the table of `document`.
    pub fn show(&mut self, ui: &mut Ui, document: &Document, commands: &mut Vec<Command>) {
        let time = ui.input(|input| input.time);
        if let Some(wait) = self.counting.go_on(document, self.tabled.scope, time) {
            ui.ctx().request_repaint_after(wait);
        }
        self.head(ui, document, commands);
        let Some(counted) = self.counting.counted(document) else {
            note(ui, tr("Counting…"));
            return;
        };
        let Tabled { subject, .. } = self.tabled;
        let order = self.tabled.order();
        let key = (counted.number, subject, order);
        let known = self
            .sheet
            .as_ref()
            .map(|(number, subject, order, _)| (*number, *subject, *order));
        if known != Some(key) {
            let mut sheet = Sheet::new(subject, &document.store, &counted.models);
            sheet.sort(order);
            self.sheet = Some((key.0, key.1, key.2, sheet));
        }
        if let Some((.., sheet)) = &self.sheet {
            rows(ui, document, sheet, order, commands);
        }
    }

    /// The rows of this trace as they are shown, where it is this one whose rows are.
    pub(in crate::gui) fn sheet(&self, document: &Document) -> Option<&Sheet> {
        let counted = self.counting.counted(document)?;
        let shown = self.sheet.as_ref();
        let shown = shown.filter(|(number, ..)| *number == counted.number);
        shown.map(|(.., sheet)| sheet)
    }

    /// What there is a table of, of which stretch of time, and what can be done with it.
    fn head(&self, ui: &mut Ui, document: &Document, commands: &mut Vec<Command>) {
        let mut ask = |command| commands.push(Command::Statistics(command));
        ui.horizontal_wrapped(|ui| {
            let subjects = Subject::ALL.map(|subject| {
                let (word, hint) = subject.words();
                (subject, tr(word), tr(hint))
            });
            if let Some(subject) = segments(ui, self.tabled.subject, subjects) {
                ask(StatisticsCommand::Of(subject));
            }
            ui.add_space(2.0 * STEP);
            note(ui, tr("of time"));
            let scopes = [
                (
                    Scope::Chosen,
                    tr("Range"),
                    tr("The stretch that is chosen: drag on the ruler, or with Shift on the lanes"),
                ),
                (Scope::View, tr("In view"), tr("What is on the screen")),
                (Scope::Trace, tr("Whole trace"), tr("All there is")),
            ];
            let chosen = document.chosen.is_some();
            let offered = scopes
                .into_iter()
                .filter(|(scope, ..)| chosen || *scope != Scope::Chosen);
            if let Some(scope) = segments(ui, self.tabled.scope.of(document), offered) {
                ask(StatisticsCommand::During(scope));
            }
            ui.add_space(2.0 * STEP);
            if let Some(counted) = self.counting.counted(document) {
                when(ui, counted);
            }
            if let Some(seen) = self.counting.progress() {
                note(
                    ui,
                    fill(
                        tr("counting: {spans} spans so far"),
                        &[("spans", &plain_count(seen as u64))],
                    ),
                );
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = egui::Button::new(tr("Copy as CSV"));
                let response = ui
                    .add_enabled(self.sheet(document).is_some(), button)
                    .on_hover_text(tr(
                        "The rows as they stand, lengths in seconds to the nanosecond",
                    ));
                if response.clicked() {
                    ask(StatisticsCommand::Copy);
                }
            });
        });
    }
}

/// From when to when, to the nanosecond.
fn when(ui: &mut Ui, counted: &Counted) {
    let TimeRange { begin, end } = counted.range;
    let length = format!("Δ {}", exact(counted.range.nanos()));
    let words = format!("{} – {}", exact_moment(begin), exact_moment(end));
    ui.label(RichText::new(length).font(theme::number()))
        .on_hover_text(&words);
    ui.label(RichText::new(words).font(theme::number()).weak());
}

/// The table itself.
fn rows(
    ui: &mut Ui,
    document: &Document,
    sheet: &Sheet,
    order: Order,
    commands: &mut Vec<Command>,
) {
    let one_model = document.store.models().len() <= 1;
    let columns = sheet.subject.columns();
    let shown: Vec<usize> = (0..columns.len())
        .filter(|place| !(one_model && columns[*place].key == "model"))
        .collect();
    let words = sheet.subject.worded();
    ui.spacing_mut().item_spacing = vec2(2.0 * STEP, 2.0);
    let worded = shown.iter().filter(|place| **place < words).count();
    let number = number_width(ui, shown.len(), worded);
    let salt = ("statistics", columns[0].key);
    let mut table = TableBuilder::new(ui)
        .id_salt(salt)
        .striped(true)
        // A row can be pressed anywhere; the keyboard comes to its name.
        .sense(Sense::CLICK)
        .auto_shrink(false)
        // In a small window there is room for a few rows only: the others are scrolled to.
        .min_scrolled_height(0.0)
        .cell_layout(Layout::left_to_right(Align::Center));
    for place in &shown {
        table = table.column(match place {
            0 => Column::initial(WORDS[0])
                .at_least(90.0)
                .clip(true)
                .resizable(true),
            place if *place < words => Column::initial(WORDS[1])
                .at_least(50.0)
                .clip(true)
                .resizable(true),
            _ => Column::exact(number),
        });
    }
    let header = table.header(TITLES, |mut row| {
        for &place in &shown {
            let is_word = place < words;
            let layout = match is_word {
                true => Layout::left_to_right(Align::Center),
                false => Layout::right_to_left(Align::Center),
            };
            row.col(|ui| {
                let response = ui.with_layout(layout, |ui| {
                    title(ui, &columns[place], order.column == place)
                });
                if order.column == place {
                    sorted_mark(ui, response.inner.rect, is_word, order.falling);
                }
                if response.inner.clicked() {
                    let sort = StatisticsCommand::SortBy(place);
                    commands.push(Command::Statistics(sort));
                }
            });
        }
    });
    header.body(|body| {
        body.rows(ROW, sheet.rows.len(), |mut row| {
            line(&mut row, document, sheet, &shown, commands);
        });
    });
    let worded = shown.iter().take(worded).map(|place| &columns[*place]);
    name_edges(ui, egui::IdSalt::new(salt), worded);
}

/// How wide a column of numbers is beside so many others, of which some are words.
fn number_width(ui: &Ui, columns: usize, worded: usize) -> f32 {
    let (columns, worded) = (columns as f32, worded as f32);
    let gap = ui.spacing().item_spacing.x;
    let taken = WORDS[0] + WORDS[1] * (worded - 1.0).max(0.0) + gap * columns;
    let numbers = (columns - worded).max(1.0);
    ((ui.available_width() - taken) / numbers).clamp(NUMBER[1], NUMBER[0])
}

/// Says of the edges of columns by which those are made wider what they are called: the library gives them no names.
fn name_edges<'a>(ui: &Ui, table: egui::IdSalt, columns: impl Iterator<Item = &'a sheet::Column>) {
    let edges = ui.scope_id().with(table).with("resize_column");
    for (number, column) in columns.enumerate() {
        let edge = edges.with(number);
        if ui.read_response(edge).is_some() {
            let name = fill(tr("Width of {column}"), &[("column", &tr(column.title))]);
            ui.ctx()
                .accesskit_node_builder(edge, |node| node.set_label(name));
        }
    }
}

/// The title of a column, which can be pressed.
fn title(ui: &mut Ui, column: &sheet::Column, sorted: bool) -> Response {
    let palette = Palette::of(ui.visuals());
    let ink = if sorted {
        palette.text
    } else {
        palette.text_weak
    };
    let words = RichText::new(tr(column.title))
        .font(theme::small())
        .color(ink);
    let response = ui.add(egui::Button::new(words).frame(false));
    response.widget_info(|| {
        let name = fill(tr("Sort by {column}"), &[("column", &tr(column.title))]);
        WidgetInfo::selected(egui::Role::Button, true, sorted, name)
    });
    response.on_hover_text(tr(column.hint))
}

/// A small triangle beside the title of the column by which rows are sorted: behind a word, before what stands at the
/// right.
fn sorted_mark(ui: &Ui, title: Rect, behind: bool, falling: bool) {
    let at = match behind {
        true => title.right_center() + vec2(8.0, 0.0),
        false => title.left_center() - vec2(8.0, 0.0),
    };
    let down = if falling { 1.0 } else { -1.0 };
    let points = [vec2(-3.5, -2.0), vec2(3.5, -2.0), vec2(0.0, 2.5)];
    let points = points.map(|by| at + vec2(by.x, by.y * down)).to_vec();
    let color = Palette::of(ui.visuals()).text;
    let shape = egui::Shape::convex_polygon(points, color, egui::Stroke::NONE);
    ui.painter().add(shape);
}

/// One row; a click leads to the span that it is about most.
fn line(
    row: &mut TableRow<'_, '_>,
    document: &Document,
    sheet: &Sheet,
    shown: &[usize],
    commands: &mut Vec<Command>,
) {
    let (columns, found) = (sheet.subject.columns(), &sheet.rows[row.index()]);
    let leads_to = Selection::Span(found.leads_to);
    row.set_selected(document.selection == Some(leads_to));
    let mut pressed = false;
    for &place in shown {
        row.col(|ui| match &found.values[place] {
            Value::Word(word) if place == 0 => {
                let label = egui::Label::new(word).sense(Sense::click()).truncate();
                let response = ui.add(label);
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, word));
                pressed = response.clicked();
                if response.gained_focus() {
                    response.scroll_to_me(None);
                }
            }
            Value::Word(word) => {
                let word = match columns[place].key {
                    "model" => variant(word),
                    _ => tr(word),
                };
                ui.add(egui::Label::new(RichText::new(word).weak()).truncate());
            }
            Value::Count(count) => drop(number(ui, plain_count(*count))),
            Value::Length(length) if length.is_zero() => drop(number(ui, "–")),
            Value::Length(length) => drop(number(ui, plain_duration(*length))),
        });
    }
    if pressed || row.response().clicked() {
        commands.push(go_to(document, leads_to));
    }
}

/// Looks closely at something; the view moves only if it has to.
fn go_to(document: &Document, what: Selection) -> Command {
    let view = document.view.range();
    let range = navigate::range_of(&document.store, what, document.now);
    match range.is_some_and(|range| range.overlaps(view)) {
        true => Command::Select(Some(what)),
        false => Command::Reveal(what),
    }
}

//! What held the loops: findings, the most harmful first, or one stall after another. Each line leads to its stall.

use egui::{RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{walk, widgets};
use crate::analysis::{CauseKind, Finding, StallReport, plain_duration};
use crate::gui::command::{Command, Selection, StallOrder};
use crate::gui::describe;
use crate::gui::document::Document;
use crate::gui::focus;
use crate::gui::text;
use crate::gui::texts::{counted, english, fill, say, tr, with_aside};
use crate::gui::theme::{self, Palette, STEP};
use crate::gui::what_if::Ran;
use crate::trace::{LOOP_ITSELF, Phrase};

/// Height of a line of the list.
const LINE: f32 = 38.0;

/// Height of its title.
const HEAD: f32 = 48.0;
/// So many lines are few.
const FEW: usize = 3;

/// So many stalls.
const STALL: &str = english("{count} stall");
const STALLS: &str = english("{count} stalls");

/// How much there is to show: each has the height that the hand gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// That there is nothing.
    Empty,
    /// A few lines, which all find room.
    Few,
    /// More.
    Many,
}

impl Shape {
    /// Of the stalls of a trace in this order.
    pub fn of(document: &Document, order: StallOrder) -> Self {
        match lines(document, order) {
            0 => Self::Empty,
            1..=FEW => Self::Few,
            _ => Self::Many,
        }
    }

    /// How high the list is, in points, where it may be as high as `most`; its title and a line have room in any case.
    pub fn height(self, most: f32) -> f32 {
        // Without a line below it, the title would say nothing.
        let least = HEAD + LINE;
        let most = most.max(least);
        match self {
            Self::Empty => least,
            Self::Few => most.min(least + FEW as f32 * (LINE + STEP)),
            Self::Many => most,
        }
    }
}

fn lines(document: &Document, order: StallOrder) -> usize {
    match order {
        StallOrder::Harm => document.findings.len(),
        StallOrder::Time => document.stalls.len(),
    }
}

/// Shows the list.
pub fn show(ui: &mut Ui, document: &Document, order: StallOrder, commands: &mut Vec<Command>) {
    walk::anchor(ui.ctx(), walk::Anchor::Stalls, ui.max_rect());
    let stalls = &document.stalls;
    ui.add_space(STEP);
    ui.horizontal(|ui| {
        ui.label(RichText::new(tr("Stalls")).font(theme::heading()).strong());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_enabled_ui(!stalls.is_empty(), |ui| {
                for (forward, key, name) in [
                    (true, "]", tr("Next stall")),
                    (false, "[", tr("Previous stall")),
                ] {
                    let button = ui.button(key).on_hover_text(with_aside(name, key));
                    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
                    if button.clicked() {
                        commands.push(Command::NextStall(forward));
                    }
                }
            });
            widgets::note(ui, counted(stalls.len() as u64, STALL, STALLS));
        });
    });
    if stalls.is_empty() {
        let held_otherwise = |ran: &Ran| ran.options.blocking.is_some() || ran.asks.is_some();
        widgets::remark(
            ui,
            match document.ran.as_ref().is_some_and(held_otherwise) {
                true => tr("No stretch without a poll was long enough."),
                false => tr(
                    "No stretch without a poll was long enough. Switch the blocking callback on to see one.",
                ),
            },
        );
        // Else the panel would shrink to this text.
        ui.take_available_space();
        return;
    }
    let choices = StallOrder::ALL.map(|order| (order, order.word(), order.explained()));
    let chosen = widgets::segments(ui, order, choices);
    commands.extend(chosen.map(Command::SetStallOrder));
    let lines = lines(document, order);
    let most = most(document, order);
    egui::ScrollArea::vertical()
        .id_salt("stalls")
        .min_scrolled_height(0.0)
        .auto_shrink(false)
        .show_rows(ui, LINE, lines, |ui, rows| {
            for row in rows {
                let line = match order {
                    StallOrder::Harm => Line::of_finding(document, &document.findings[row]),
                    StallOrder::Time => Some(Line::of_stall(document, &stalls[row])),
                };
                if let Some(line) = line {
                    line.show(ui, most, commands);
                }
            }
            focus::follow(ui);
        });
}

/// What a full bar stands for, in nanoseconds.
fn most(document: &Document, order: StallOrder) -> f32 {
    let most = match order {
        StallOrder::Harm => document
            .findings
            .iter()
            .map(|one| one.harm.as_nanos())
            .max(),
        StallOrder::Time => {
            let stalls = document.stalls.iter();
            stalls.map(|stall| stall.range.duration().as_nanos()).max()
        }
    };
    most.unwrap_or(0).max(1) as f32
}

/// Whose stall it is: a task's, and where there is none a callback's; of many callbacks none is the one.
fn whose<'a>(kind: CauseKind, task: Option<&'a str>, callback: &'a str) -> &'a str {
    if kind == CauseKind::ManyCallbacks {
        return tr("many callbacks");
    }
    task.unwrap_or(match callback {
        LOOP_ITSELF => tr("the loop itself"),
        name => name,
    })
}

/// A line of the list.
struct Line {
    first: String,
    second: String,
    /// What is read aloud.
    name: String,
    /// All that there is to say.
    sentence: Phrase,
    /// How long its bar is, in nanoseconds.
    bar: f32,
    selected: bool,
    leads_to: Selection,
}

impl Line {
    /// A finding leads to its worst stall, and from any of its stalls to the next.
    fn of_finding(document: &Document, finding: &Finding) -> Option<Self> {
        let selection = |place: &usize| {
            let stall = document.stalls.get(*place)?;
            Some(Selection::Stall(stall.model, stall.index))
        };
        let worst = document.stalls.get(*finding.stalls.first()?)?;
        let selected = document.selection.and_then(|selected| {
            let mut places = finding.stalls.iter();
            places.position(|place| selection(place) == Some(selected))
        });
        let next = selected.map_or(0, |place| (place + 1) % finding.stalls.len());
        let leads_to = selection(finding.stalls.get(next)?)?;
        let model = describe::model(&document.store, finding.model);
        let task = whose(
            finding.kind,
            finding.task_name.as_deref(),
            &finding.callback,
        );
        let stalled = plain_duration(finding.stalled);
        let first = match finding.stalls.len() {
            1 => fill(
                tr("{model}: {task}, {stalled}"),
                &[("model", &model), ("task", &task), ("stalled", &stalled)],
            ),
            count => fill(
                tr("{model}: {count} × {task}, {stalled}"),
                &[
                    ("model", &model),
                    ("count", &count),
                    ("task", &task),
                    ("stalled", &stalled),
                ],
            ),
        };
        let count = counted(finding.stalls.len() as u64, STALL, STALLS);
        let waited = match finding.victims {
            0 if !finding.of_loop => tr("its own thread").to_owned(),
            0 if worst.lasts => tr("nobody is known to wait yet").to_owned(),
            0 if !worst.watched => tr("nobody is known to have waited").to_owned(),
            0 => tr("nobody waited").to_owned(),
            _ => fill(
                tr("others waited {time}"),
                &[("time", &plain_duration(finding.harm))],
            ),
        };
        let what = say(&worst.what());
        Some(Self {
            name: fill(
                tr("{count} in {model}, {task}: {what}; {waited}"),
                &[
                    ("count", &count),
                    ("model", &model),
                    ("task", &task),
                    ("what", &what),
                    ("waited", &waited),
                ],
            ),
            second: format!("{waited} · {what}"),
            first,
            sentence: finding.sentence(&document.stalls),
            bar: finding.harm.as_nanos() as f32,
            selected: selected.is_some(),
            leads_to,
        })
    }

    fn of_stall(document: &Document, stall: &StallReport) -> Self {
        let leads_to = Selection::Stall(stall.model, stall.index);
        let mut length = plain_duration(stall.range.duration());
        if stall.lasts {
            length.push_str(tr(" so far"));
        }
        let model = describe::model(&document.store, stall.model);
        let task = whose(
            stall.cause.kind,
            stall.task_name.as_deref(),
            &stall.callback,
        );
        let what = say(&stall.what());
        Self {
            first: format!("{length}  {task}"),
            second: format!("{} · {model} · {what}", text::moment(stall.range.begin)),
            name: fill(
                tr("Stall of {length} in {model}, {task}: {what}"),
                &[
                    ("length", &length),
                    ("model", &model),
                    ("task", &task),
                    ("what", &what),
                ],
            ),
            sentence: stall.sentence(),
            bar: stall.range.duration().as_nanos() as f32,
            selected: document.selection == Some(leads_to),
            leads_to,
        }
    }

    fn show(&self, ui: &mut Ui, most: f32, commands: &mut Vec<Command>) {
        let palette = Palette::of(ui.visuals());
        let size = vec2(ui.available_width(), LINE);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response
            .widget_info(|| WidgetInfo::selected(Role::Button, true, self.selected, &self.name));
        if ui.is_rect_visible(rect) {
            let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
            if self.selected || response.hovered() || response.has_focus() {
                let fill = match self.selected {
                    true => palette.selection_fill,
                    false => palette.widget,
                };
                painter.rect_filled(rect, theme::RADIUS, fill);
            }
            let bar = rect
                .shrink2(vec2(STEP, 0.0))
                .with_min_y(rect.bottom() - 3.0);
            let length = (bar.width() * self.bar / most).max(2.0);
            let bar = bar.with_max_x(bar.left() + length);
            painter.rect_filled(bar, 1.0, palette.stalled);
            let weak = match self.selected {
                true => palette.text,
                false => palette.text_weak,
            };
            for (down, text, font, color) in [
                (2.0, &self.first, theme::body(), palette.text),
                (19.0, &self.second, theme::small(), weak),
            ] {
                let at = pos2(rect.left() + STEP, rect.top() + down);
                let galley = text::elided(&painter, text, font, rect.width() - 2.0 * STEP);
                painter.galley(at, galley, color);
            }
        }
        let response = response.on_hover_ui(|ui| {
            ui.label(say(&self.sentence));
        });
        if response.clicked() {
            commands.push(Command::Reveal(self.leads_to));
        }
    }
}

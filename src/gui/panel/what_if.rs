//! What if what held the loop were carried out otherwise: how, a button that runs it so, and the waits side by side.

use std::time::Duration;

use egui::{Color32, RichText, Ui};

use super::widgets::{self, SliderLabel, bar_number, link, note, paragraph, remark, title};
use crate::analysis::{
    BY_CHANCE, CauseKind, Compared, HOLDS, Measured, StallReport, Verdict, is_by_chance,
    plain_duration,
};
use crate::gui::action::Action;
use crate::gui::command::{Command, Selection};
use crate::gui::document::Document;
use crate::gui::texts::{fill, say, tr, with_aside};
use crate::gui::theme::{Palette, STEP};
use crate::gui::what_if::{Answer, explained, in_words};
use crate::scenario::{Treatment, limits};
use crate::trace::Change;

/// What is shown.
pub struct Scene<'a> {
    /// The answer.
    pub answer: &'a Answer,
    /// The trace of the stall, and its place among the open ones.
    pub asked: (usize, &'a Document),
    /// The stall.
    pub stall: &'a StallReport,
    /// The place of the trace that was made for the question, where there is one, and whether it is being made.
    pub made: Option<(usize, bool)>,
    /// How long a slice is.
    pub slice: Duration,
}

impl Scene<'_> {
    /// Whether this trace was made for it.
    pub(super) fn is_about_run(&self, document: &Document) -> bool {
        self.answer.other == Some(document.id)
    }
}

/// Shows it beside the stall that it is about.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    title(ui, tr("What if"));
    let Treatment {
        callback, change, ..
    } = &scene.answer.question.treatment;
    let change = *change;
    remark(
        ui,
        fill(
            tr("If {callback} were carried out…"),
            &[("callback", callback)],
        ),
    );
    let slices = Change::Slices(scene.slice);
    let choices = [
        (Change::InThread, tr("In a thread")),
        (slices, tr("In slices")),
        (Change::Asynchronous, tr("Asynchronous")),
    ];
    let choices = choices.map(|(change, name)| (change, name, explained(change)));
    let chosen = widgets::segments(ui, change, choices);
    commands.extend(chosen.map(Command::SetWhatIf));
    if change == slices {
        slice(ui, scene.slice, commands);
    }
    if let Some(warning) = warning(change, scene.stall) {
        remark(ui, warning);
    }
    button(ui, scene, commands);
    sides(ui, scene, commands);
}

/// Shows it where the run is looked at that was made for it.
pub(super) fn show_made(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let treatment = &scene.answer.question.treatment;
    let change = in_words(treatment.change);
    title(ui, &fill(tr("What if: {change}"), &[("change", &change)]));
    let (place, document) = scene.asked;
    let values: [(&str, &dyn std::fmt::Display); 2] = [
        ("callback", &treatment.callback),
        ("trace", &document.title),
    ];
    remark(
        ui,
        fill(
            tr(
                "Here {callback} is carried out so. Those who waited in a stall of {trace}, side by side:",
            ),
            &values,
        ),
    );
    if link(ui, tr("Back to the stall")).clicked() {
        let stall = Selection::Stall(scene.stall.model, scene.stall.index);
        commands.extend([Command::ShowTrace(place), Command::Reveal(stall)]);
    }
    sides(ui, scene, commands);
}

fn slice(ui: &mut Ui, length: Duration, commands: &mut Vec<Command>) {
    let label = SliderLabel::of(
        tr("Slice"),
        tr("How long it works before it lets the loop look for others"),
    );
    let mut chosen = length;
    widgets::duration_slider(ui, &label, &mut chosen, &limits::SLICE);
    if chosen != length {
        commands.push(Command::SetWhatIf(Change::Slices(chosen)));
    }
}

/// What a change does not change.
fn warning(change: Change, stall: &StallReport) -> Option<&'static str> {
    let computes = matches!(
        stall.cause.kind,
        CauseKind::OnCpu | CauseKind::ManyCallbacks
    );
    (change == Change::Asynchronous && computes)
        .then(|| tr("It computes, and that holds the loop however it is asked for."))
}

fn button(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let treatment = &scene.answer.question.treatment;
    let refusal = scene.answer.refusal;
    let change = in_words(treatment.change);
    let does = fill(
        tr(
            "Runs this loop once more, alone, with every {callback} carried out {change}, and puts what comes of it beside the prediction",
        ),
        &[("callback", &treatment.callback), ("change", &change)],
    );
    let keys = Action::by_id("what-if").map_or_else(String::new, Action::shortcut);
    let text = match scene.made {
        None => tr("▶ Run it so"),
        Some(_) => tr("▶ Run it so again"),
    };
    ui.add_space(STEP);
    let button = ui.add_enabled(refusal.is_none(), egui::Button::new(text));
    let button = button.on_hover_text(with_aside(&does, &keys));
    if button
        .on_disabled_hover_text(refusal.map_or("", tr))
        .clicked()
    {
        commands.push(Command::RunWhatIf);
    }
    // Whoever cannot point at a button is told as well.
    if let Some(refusal) = refusal {
        remark(ui, tr(refusal));
    }
}

/// The waits, one after another, and what comes of them.
fn sides(ui: &mut Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
    let Answer {
        compared, verdict, ..
    } = scene.answer;
    ui.add_space(STEP);
    if scene.answer.is_coming {
        note(ui, tr("Working it out…"));
        return;
    }
    if compared.is_empty() {
        note(ui, tr("Nobody is known to have waited for it."));
        return;
    }
    let is_live = scene.made.is_some_and(|(_, live)| live);
    let said = paragraph(ui, RichText::new(sentence(verdict, is_live)).strong());
    if verdict.found > 0 {
        said.on_hover_text(tr(HOLDS));
    }
    if is_by_chance(scene.stall) {
        remark(ui, tr(BY_CHANCE));
    }
    if let Some((place, _)) = scene.made
        && verdict.found > 0
    {
        let most = compared.iter().filter_map(|one| one.measured);
        let worst = most.max_by_key(|measured| measured.waited.nanos());
        let go = link(ui, tr("Go to the longest wait that was measured"));
        if let Some(worst) = worst.filter(|_| go.clicked()) {
            commands.extend(lead_to(place, &worst));
        }
    }
    ui.add_space(STEP);
    let most = verdict.recorded.max(verdict.predicted);
    let most = most.max(verdict.measured.unwrap_or_default());
    ui.columns(3, |columns| {
        let heads = [tr("waited"), tr("predicted"), tr("measured")];
        for (column, head) in columns.iter_mut().zip(heads) {
            note(column, head);
        }
    });
    let all = (&compared[..], scene.stall.victims.len());
    widgets::the_worst(ui, "what if", all, |ui, one| {
        row(ui, scene, one, most, commands);
    });
}

fn sentence(verdict: &Verdict, is_live: bool) -> String {
    let predicted = plain_duration(verdict.predicted);
    let Some(measured) = verdict.measured.map(plain_duration) else {
        let recorded = plain_duration(verdict.recorded);
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("recorded", &recorded), ("predicted", &predicted)];
        return fill(
            tr("Waited {recorded} at worst, predicted {predicted}."),
            &values,
        );
    };
    let template = match (is_live, verdict.holding, verdict.found) {
        (true, ..) => tr("Predicted {predicted} at worst, measured {measured} so far."),
        (_, 1, 1) => {
            tr("Predicted {predicted} at worst, measured {measured}: the prediction holds.")
        }
        (_, _, 1) => {
            tr("Predicted {predicted} at worst, measured {measured}: the prediction does not hold.")
        }
        _ => tr(
            "Predicted {predicted} at worst, measured {measured}: {holding} of {found} predictions hold.",
        ),
    };
    fill(
        template,
        &[
            ("predicted", &predicted),
            ("measured", &measured),
            ("holding", &verdict.holding),
            ("found", &verdict.found),
        ],
    )
}

/// To the other trace, and there to where somebody waited.
fn lead_to(place: usize, measured: &Measured) -> [Command; 2] {
    let served = Selection::Span(measured.served_by);
    [Command::ShowTrace(place), Command::Reveal(served)]
}

fn row(
    ui: &mut Ui,
    scene: &Scene<'_>,
    one: &Compared,
    most: Duration,
    commands: &mut Vec<Command>,
) {
    let Some(victim) = scene.stall.victims.get(one.prediction.victim) else {
        return;
    };
    let palette = Palette::of(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        let name = say(&victim.name());
        match (scene.made, one.measured) {
            (Some((place, _)), Some(measured)) => {
                let link = link(ui, name).on_hover_text(tr("Go to its wait in the other run"));
                if link.clicked() {
                    commands.extend(lead_to(place, &measured));
                }
            }
            _ => {
                ui.label(name);
            }
        }
        match (one.off(), one.holds()) {
            (Some(off), holds) => {
                let off = fill(tr("off by {off}"), &[("off", &plain_duration(off))]);
                let off = RichText::new(off).font(crate::gui::theme::small());
                ui.label(match holds {
                    Some(false) => off.color(palette.failed),
                    _ => off.weak(),
                });
            }
            (None, _) if scene.made.is_some_and(|(_, live)| !live) => {
                note(ui, tr("not found in the other run"));
            }
            (None, _) => {}
        }
        if victim.task.is_some() && victim.task == scene.stall.task {
            note(ui, tr("of the same task")).on_hover_text(tr(
                "It still waits for the work of its own task, and no longer for the loop",
            ));
        }
    });
    let share = |duration: Duration| (duration.as_secs_f64() / most.as_secs_f64().max(1e-9)) as f32;
    let prediction = one.prediction;
    let measured = one.measured.map(|measured| measured.waited.duration());
    let bars: [(Option<Duration>, Color32); 3] = [
        (Some(prediction.recorded), palette.stalled),
        (Some(prediction.predicted), palette.ready),
        (measured, palette.running),
    ];
    ui.columns(3, |columns| {
        for (column, (duration, color)) in columns.iter_mut().zip(bars) {
            match duration {
                Some(duration) => {
                    bar_number(column, &plain_duration(duration), share(duration), color);
                }
                None => {
                    note(column, "–");
                }
            }
        }
        if let Some(known) = one.measured.and_then(doubt) {
            columns[2].response().on_hover_text(known);
        }
    });
}

/// What is not known of a measurement.
fn doubt(measured: Measured) -> Option<String> {
    (!measured.unseen.is_zero()).then(|| {
        let unseen = plain_duration(measured.unseen);
        fill(
            tr("It may have waited up to {unseen} longer: nobody looked before the loop did"),
            &[("unseen", &unseen)],
        )
    })
}

//! A stall, closely: the sentence for a newcomer, and all the evidence for an expert.

use egui::{RichText, Ui};

use super::widgets::{field, fields, link, note, title};
use crate::analysis::{StallReport, Victim, plain_duration};
use crate::gui::command::{Command, Selection};
use crate::gui::text;
use crate::gui::theme::{self, Palette, STEP};
use crate::store::{LaneRef, SpanRef, TraceStore};

/// How many victims are listed before the rest is only counted.
const LISTED: usize = 24;
/// How many parts of a victim's blame are listed.
const PARTS: usize = 4;

/// What speaks for the cause.
pub(super) fn evidence(ui: &mut Ui, stall: &StallReport) {
    title(ui, "Why");
    fields(ui, "evidence", |ui| {
        field(ui, "cause", RichText::new(stall.cause.to_string()).strong());
        for (what, says) in stall.cause.evidence() {
            field(ui, what, says);
        }
    });
    if stall.cause.samples > 0 {
        note(ui, "Sampled: what happened between two looks is not known.");
    }
}

/// Who waited because of it, each with a link to where that is seen.
pub(super) fn victims(
    ui: &mut Ui,
    store: &TraceStore,
    stall: &StallReport,
    commands: &mut Vec<Command>,
) {
    title(ui, "Who waited");
    if stall.victims.is_empty() {
        let said = match stall.of_loop {
            true => "Nobody is known to have waited for it.",
            false => "Nobody but its own task: this thread runs no loop.",
        };
        note(ui, said);
        return;
    }
    let harm = plain_duration(stall.harm);
    let count = text::plural(stall.victims.len() as u64, "wait");
    note(ui, format!("{count}, {harm} of them in this stall"));
    for victim in stall.victims.iter().take(LISTED) {
        ui.add_space(STEP / 2.0);
        self::victim(ui, store, stall, victim, commands);
    }
    if let Some(more) = stall
        .victims
        .len()
        .checked_sub(LISTED)
        .filter(|more| *more > 0)
    {
        note(ui, format!("and {more} more, who waited less"));
    }
}

fn victim(
    ui: &mut Ui,
    store: &TraceStore,
    stall: &StallReport,
    victim: &Victim,
    commands: &mut Vec<Command>,
) {
    let palette = Palette::of(ui.visuals());
    let delay = plain_duration(victim.delay());
    ui.horizontal_wrapped(|ui| {
        ui.label(
            RichText::new(delay)
                .font(theme::number())
                .color(palette.stalled),
        );
        let name = victim.name();
        match place_of(store, stall, victim) {
            Some(place) => {
                let link = link(ui, name).on_hover_text("Go to where it waited");
                if link.clicked() {
                    commands.push(Command::Reveal(Selection::Span(place)));
                }
            }
            None => {
                ui.label(name);
            }
        }
        let mut said = victim.kind.noun().to_owned();
        if let Some(fd) = victim.fd {
            said.push_str(&format!(", descriptor {fd}"));
        }
        if victim.served_by.is_none() {
            said.push_str(", waits still");
        }
        note(ui, said);
    });
    let ready = text::moment(victim.waited.begin);
    note(ui, format!("ready {ready}, {}", victim.known.explained()));
    let mut parts: Vec<_> = victim
        .blame
        .iter()
        .take(PARTS)
        .map(|part| format!("{} {}", plain_duration(part.duration), part.whose()))
        .collect();
    if victim.blame.len() > PARTS {
        parts.push("…".to_owned());
    }
    note(ui, format!("because of {}", parts.join(", ")));
}

/// Where a victim is seen waiting: on the lane of its task, or else the callback that served it.
fn place_of(store: &TraceStore, stall: &StallReport, victim: &Victim) -> Option<SpanRef> {
    let waiting = || {
        let task = victim.task?;
        let lane = &store.model(stall.model)?.task(task)?.lane;
        let index = lane.at(0, victim.waited.begin)?;
        Some(SpanRef {
            model: stall.model,
            lane: LaneRef::Task(task),
            depth: 0,
            index,
        })
    };
    waiting().or(victim.served_by)
}

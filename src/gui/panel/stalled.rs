//! A stall, closely: the sentence for a newcomer, and all the evidence for an expert.

use egui::{RichText, Ui};

use super::widgets::{self, field, fields, link, note, remark, title};
use crate::analysis::{StallReport, Victim, plain_duration};
use crate::gui::command::{Command, Selection};
use crate::gui::text;
use crate::gui::texts::{self, counted, english, fill, say, tr, with_aside};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::{LaneRef, SpanRef, TraceStore};

/// How many parts of a victim's blame are listed.
const PARTS: usize = 4;

/// What speaks for the cause.
pub(super) fn evidence(ui: &mut Ui, stall: &StallReport) {
    title(ui, tr("Why"));
    fields(ui, "evidence", |ui| {
        field(
            ui,
            tr("cause"),
            RichText::new(say(&stall.cause.said())).strong(),
        );
        for (what, says) in stall.cause.evidence() {
            field(ui, &say(&what), say(&says));
        }
    });
    if stall.cause.samples > 0 {
        remark(
            ui,
            tr("Sampled: what happened between two looks is not known."),
        );
    }
}

/// Who waited because of it, each with a link to where that is seen.
pub(super) fn victims(
    ui: &mut Ui,
    store: &TraceStore,
    stall: &StallReport,
    commands: &mut Vec<Command>,
) {
    title(ui, tr("Who waited"));
    if stall.victims.is_empty() {
        let said = match stall.of_loop {
            true if stall.lasts => tr("Nobody is known to wait yet."),
            true if stall.watched => tr("Nobody waited for it."),
            true => tr("Nobody is known to have waited for it."),
            false => tr("Nobody but its own task: this thread runs no loop."),
        };
        remark(ui, said);
        return;
    }
    let harm = plain_duration(stall.harm);
    let count = counted(
        stall.victims.len() as u64,
        english("{count} wait"),
        english("{count} waits"),
    );
    remark(
        ui,
        fill(
            tr("{count}, {harm} in this stall"),
            &[("count", &count), ("harm", &harm)],
        ),
    );
    let all = (&stall.victims[..], stall.victims.len());
    widgets::the_worst(ui, "who waited", all, |ui, victim| {
        ui.add_space(STEP / 2.0);
        self::victim(ui, store, stall, victim, commands);
    });
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
        let name = say(&victim.name());
        match place_of(store, stall, victim) {
            Some(place) => {
                let link = link(ui, name).on_hover_text(tr("Go to where it waited"));
                if link.clicked() {
                    commands.push(Command::Reveal(Selection::Span(place)));
                }
            }
            None => {
                ui.label(name);
            }
        }
        let mut said = tr(victim.kind.noun()).to_owned();
        if let Some(fd) = victim.fd {
            said.push_str(&fill(tr(", descriptor {fd}"), &[("fd", &fd)]));
        }
        match victim.served_by {
            Some(_) => {}
            None if stall.settled => said.push_str(tr(", never served")),
            None => said.push_str(tr(", waits still")),
        }
        note(ui, said);
    });
    let moments = [victim.waited.begin, victim.waited.end].map(text::moment);
    let how = tr(victim.known.explained());
    let template = match victim.served_by {
        Some(_) => tr("ready {ready} ({how}), served {served}"),
        None => tr("ready {ready} ({how})"),
    };
    let values: [(&str, &dyn std::fmt::Display); 3] = [
        ("ready", &moments[0]),
        ("how", &how),
        ("served", &moments[1]),
    ];
    remark(ui, fill(template, &values));
    let mut parts: Vec<_> = victim
        .blame
        .iter()
        .take(PARTS)
        .map(|part| {
            let whom = say(&part.holder.said());
            with_aside(&whom, &plain_duration(part.duration))
        })
        .collect();
    if victim.blame.len() > PARTS {
        parts.push("…".to_owned());
    }
    remark(
        ui,
        fill(tr("because of {whom}"), &[("whom", &texts::list(&parts))]),
    );
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

//! The ways that lead from what is inspected to its neighbours: the next of its kind, what led to it, what followed.

use egui::{RichText, Ui};

use super::inspector::row;
use super::widgets::{field, link, note, title};
use crate::analysis::{self, Happened, Link, plain_duration};
use crate::gui::command::{Command, Selection, Step};
use crate::gui::describe;
use crate::gui::hinting::nothing_among;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::STEP;
use crate::gui::walk;
use crate::store::{LaneRef, ModelTrack, SpanKind, SpanRef, TraceStore};

/// Only the first of them is told.
const SENDS: usize = 1;
/// How many of the things that followed are listed.
const LISTED: usize = 6;

/// To the one before and after it of the same kind.
pub(super) fn steps(ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0 * STEP;
        note(ui, tr("of its kind:"));
        for (step, words, hint) in [
            (
                Step::Previous,
                tr("previous"),
                tr("The one before it of the same name, on this lane or else on another"),
            ),
            (
                Step::Next,
                tr("next"),
                tr("The next one of the same name, on this lane or else on another"),
            ),
        ] {
            if link(ui, words).on_hover_text(hint).clicked() {
                commands.push(Command::Walk(step));
            }
        }
    });
}

/// What caused a span, with a link to where that happened; for the grid of fields.
pub(super) fn cause(
    ui: &mut Ui,
    store: &TraceStore,
    model: &ModelTrack,
    at: SpanRef,
    commands: &mut Vec<Command>,
) {
    if let Some(found) = analysis::cause_of(store, at) {
        let delay = found.arrived.since(found.left);
        row(ui, tr("caused by"), |ui| {
            let text = told(store, model, &found);
            if link(ui, text)
                .on_hover_text(tr("Go to where it happened"))
                .clicked()
            {
                commands.extend(walk::selection(found.from).map(Command::Reveal));
            }
        });
        let waited = fill(
            tr("{waited} before it"),
            &[("waited", &plain_duration(delay))],
        );
        field(ui, "", RichText::new(waited).weak());
    } else if let Some(SpanKind::Callback(cause)) = store.span(at).map(|span| span.kind) {
        field(ui, tr("caused by"), tr(&cause.to_string()));
    }
}

/// What a poll was woken for: the first callback of the turn after it. For the grid of fields.
pub(super) fn woken_for(
    ui: &mut Ui,
    store: &TraceStore,
    model: &ModelTrack,
    at: SpanRef,
    commands: &mut Vec<Command>,
) {
    let Some(first) = first_after_poll(store, model, at) else {
        return;
    };
    let Some(span) = store.span(first) else {
        return;
    };
    row(ui, tr("woken for"), |ui| {
        let name = describe::span(store, &span);
        let text = match span.kind {
            SpanKind::Callback(cause) => format!("{name}, {}", tr(&cause.to_string())),
            _ => name,
        };
        if link(ui, text)
            .on_hover_text(tr("The first callback of the turn after it"))
            .clicked()
        {
            commands.push(Command::Reveal(Selection::Span(first)));
        }
    });
}

fn first_after_poll(store: &TraceStore, model: &ModelTrack, at: SpanRef) -> Option<SpanRef> {
    let LaneRef::Thread(thread) = at.lane else {
        return None;
    };
    let lane = &model.thread(thread)?.lane;
    store.span(at).filter(|span| span.kind == SpanKind::Poll)?;
    let turn = lane.span(at.depth, at.index + 1)?;
    let depth = at.depth + 1;
    let index = lane.row(depth)?.begins_at(0, turn.begin);
    let first = lane.span(depth, index)?;
    (turn.begin <= first.begin && first.begin < turn.end).then_some(SpanRef { depth, index, ..at })
}

/// When the server sent what was read in a span; for the grid of fields.
pub(super) fn sent(ui: &mut Ui, store: &TraceStore, at: SpanRef) {
    let sent = analysis::sends_to(store, at, SENDS);
    let Some(first) = sent.first() else {
        return;
    };
    let waited = plain_duration(first.arrived.since(first.left));
    field(
        ui,
        tr("sent"),
        fill(tr("{waited} before it was read"), &[("waited", &waited)]),
    );
}

/// A cause in a few words.
fn told(store: &TraceStore, model: &ModelTrack, link: &Link) -> String {
    match link.from {
        Happened::Span(span) => {
            let name = store.span(span).map(|span| describe::span(store, &span));
            format!("{}, {}", name.unwrap_or_default(), tr(link.kind.word()))
        }
        Happened::Sent(..) => tr("the server").to_owned(),
        Happened::Instant(_, thread, index) => {
            let thread = model.thread(thread);
            let event = thread.and_then(|thread| thread.instants().get(index));
            event.map_or_else(String::new, |event| {
                describe::event(store, model, &event.kind)
            })
        }
    }
}

/// What followed, with links.
pub(super) fn followed(
    ui: &mut Ui,
    store: &TraceStore,
    from: Happened,
    commands: &mut Vec<Command>,
) {
    let effects = analysis::effects(store, from, LISTED + 1);
    let links = &effects.links;
    if links.is_empty() && effects.is_whole {
        return;
    }
    title(ui, tr("What followed"));
    for found in links.iter().take(LISTED) {
        let Some(span) = store.span(found.to) else {
            continue;
        };
        let delay = plain_duration(found.arrived.since(found.left));
        let name = describe::span(store, &span);
        let text = fill(
            tr("{name} · {delay} later"),
            &[("name", &name), ("delay", &delay)],
        );
        if link(ui, text)
            .on_hover_text(tr(found.kind.word()))
            .clicked()
        {
            commands.push(Command::Reveal(Selection::Span(found.to)));
        }
    }
    if links.len() > LISTED {
        note(ui, tr("and more"));
    } else if !effects.is_whole {
        note(ui, nothing_among(effects.looked_at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    #[test]
    fn a_poll_was_woken_for_the_first_callback_of_the_turn_after_it() {
        let mut store = TraceStore::new();
        sample::batches().iter().for_each(|batch| store.push(batch));
        let mut found = 0;
        for model in store.models() {
            for thread in &model.threads {
                let spans = thread.lane.row(0).map_or(0, |row| row.spans().len());
                for index in 0..spans {
                    let at = SpanRef {
                        model: model.id,
                        lane: LaneRef::Thread(thread.id),
                        depth: 0,
                        index,
                    };
                    let span = store.span(at).expect("there are so many");
                    let first = first_after_poll(&store, model, at);
                    let first = first.and_then(|first| store.span(first));
                    let Some(first) = first else { continue };
                    assert_eq!(span.kind, SpanKind::Poll);
                    assert!(matches!(first.kind, SpanKind::Callback(_)));
                    assert!(first.begin >= span.end);
                    let turn = thread.lane.span(0, index + 1).expect("it came after it");
                    assert!(first.begin < turn.end);
                    found += 1;
                }
            }
        }
        assert!(found > 0);
    }
}

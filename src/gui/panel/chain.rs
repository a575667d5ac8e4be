//! The way of a result through the chain of a Deferred: one line for each thing that happened to it.

use std::time::Duration;

use egui::{Color32, RichText, Ui};

use super::widgets::{link, note, title};
use crate::analysis::{Chain, ChainEvent, ChainStep, plain_duration};
use crate::gui::command::{Command, Selection};
use crate::gui::text::moment;
use crate::gui::texts::{fill, tr};
use crate::gui::theme::{self, Palette, STEP};
use crate::store::TraceStore;
use crate::trace::DeferredStep;

/// A longer chain is cut.
pub(in crate::gui) const LINES: usize = 40;

/// Shows a chain; its callbacks are links.
pub(super) fn show(ui: &mut Ui, store: &TraceStore, chain: &Chain, commands: &mut Vec<Command>) {
    title(
        ui,
        &fill(
            tr("The chain of {name}"),
            &[("name", &store.name(chain.name))],
        ),
    );
    let made = chain.steps.first().map(|step| step.at).unwrap_or_default();
    // What goes down the chain: a result, a failure, or nothing yet.
    let mut goes_down = Goes::Nothing;
    for step in chain.steps.iter().take(LINES) {
        let next = goes_down.after(step);
        ui.horizontal(|ui| {
            let color = next.color(Palette::of(ui.visuals()));
            let (mark, _) =
                ui.allocate_exact_size(egui::vec2(4.0, theme::BODY + STEP), egui::Sense::hover());
            ui.painter().rect_filled(mark, 0.0, color);
            let after = plain_duration(Duration::from_nanos(step.at.0 - made.0.min(step.at.0)));
            let after = RichText::new(after).font(theme::number()).weak();
            ui.add_sized([64.0, theme::BODY], egui::Label::new(after));
            line(ui, store, step, commands);
        });
        goes_down = next;
    }
    if chain.steps.len() > LINES {
        ui.label(RichText::new(tr("and more")).weak());
    } else if !chain.is_whole {
        let until = moment(chain.until);
        note(
            ui,
            fill(
                tr("looked for up to {moment} so far"),
                &[("moment", &until)],
            ),
        );
    }
}

fn line(ui: &mut Ui, store: &TraceStore, step: &ChainStep, commands: &mut Vec<Command>) {
    match step.what {
        ChainEvent::Called { span, name, failed } => {
            let name = name.map_or(tr("a callback"), |name| store.name(name));
            if link(ui, name).on_hover_text(tr("Go to it")).clicked() {
                commands.push(Command::Reveal(Selection::Span(span)));
            }
            if failed {
                let failed = Palette::of(ui.visuals()).failed;
                ui.label(RichText::new(tr("failed")).color(failed));
            }
        }
        ChainEvent::Made => {
            ui.label(tr("a result is promised"));
        }
        ChainEvent::Paused(_) => {
            ui.label(tr("pauses: it waits for another Deferred"));
        }
        ChainEvent::Step(step) => {
            ui.label(words(step));
        }
    }
}

/// A step in the words of a teacher.
fn words(step: DeferredStep) -> &'static str {
    match step {
        DeferredStep::Fired => tr("fires: the result is there"),
        DeferredStep::FiredWithFailure => tr("fires with a failure: on to the next errback"),
        DeferredStep::Failed => tr("on to the next errback"),
        DeferredStep::Recovered => tr("has recovered: on to the next callback"),
        DeferredStep::Resumed => tr("goes on"),
        DeferredStep::Cancelled => tr("was cancelled"),
        DeferredStep::Unhandled => tr("nobody handled the failure"),
    }
}

/// What goes down a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    Nothing,
    Result,
    Failure,
}

impl Goes {
    const fn after(self, step: &ChainStep) -> Self {
        match step.what {
            ChainEvent::Made | ChainEvent::Paused(_) => Self::Nothing,
            ChainEvent::Called { failed: true, .. } => Self::Failure,
            ChainEvent::Called { failed: false, .. } => self,
            ChainEvent::Step(step) => match step {
                DeferredStep::Fired | DeferredStep::Recovered | DeferredStep::Resumed => {
                    Self::Result
                }
                DeferredStep::FiredWithFailure
                | DeferredStep::Failed
                | DeferredStep::Cancelled
                | DeferredStep::Unhandled => Self::Failure,
            },
        }
    }

    const fn color(self, palette: &Palette) -> Color32 {
        match self {
            Self::Nothing => palette.waiting,
            Self::Result => palette.running,
            Self::Failure => palette.failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{LaneRef, SpanRef};
    use crate::trace::{ModelId, ThreadId, Timestamp};

    #[test]
    fn a_failure_goes_down_until_somebody_recovers() {
        let called = |failed| ChainEvent::Called {
            span: SpanRef {
                model: ModelId::from_index(0),
                lane: LaneRef::Thread(ThreadId::from_index(0)),
                depth: 0,
                index: 0,
            },
            name: None,
            failed,
        };
        let way = [
            (ChainEvent::Made, Goes::Nothing),
            (ChainEvent::Step(DeferredStep::Fired), Goes::Result),
            (called(false), Goes::Result),
            (called(true), Goes::Failure),
            (ChainEvent::Step(DeferredStep::Failed), Goes::Failure),
            (called(false), Goes::Failure),
            (ChainEvent::Step(DeferredStep::Recovered), Goes::Result),
            (ChainEvent::Paused(None), Goes::Nothing),
            (ChainEvent::Step(DeferredStep::Resumed), Goes::Result),
        ];
        let mut goes_down = Goes::Nothing;
        for (what, expected) in way {
            let at = Timestamp::ZERO;
            goes_down = goes_down.after(&ChainStep { at, what });
            assert_eq!(goes_down, expected, "{what:?}");
        }
    }
}

//! The actions that walk from a thing to its neighbours, and that choose a stretch of time.

use egui::Key;

use super::build::{NONE, action};
use super::{Action, Asked, Group, State, Trigger};
use crate::gui::command::{Command, Step};
use crate::gui::texts::english;

/// To the one of the same kind before it.
pub(super) const PREVIOUS: Action = action(
    "previous-of-kind",
    Group::Find,
    "Previous of its kind",
    "Go to the one of the same name before it, on this lane or else on another",
    |state| walk(state, Step::Previous),
)
.keys(&[Trigger::Press(NONE, Key::Comma)])
.repeats_itself();

/// To the next one of the same kind.
pub(super) const NEXT: Action = action(
    "next-of-kind",
    Group::Find,
    "Next of its kind",
    "Go to the next one of the same name, on this lane or else on another",
    |state| walk(state, Step::Next),
)
.keys(&[Trigger::Press(NONE, Key::Period)])
.repeats_itself();

/// To what it lies in.
pub(super) const OUT: Action = action(
    "outwards",
    Group::Find,
    "Outwards",
    "Go to what the selected thing lies in",
    |state| walk(state, Step::Out),
)
.keys(&[Trigger::Press(NONE, Key::ArrowUp)])
.repeats_itself();

/// To the first thing in it.
pub(super) const IN: Action = action(
    "inwards",
    Group::Find,
    "Inwards",
    "Go to the first thing that lies in the selected one",
    |state| walk(state, Step::In),
)
.keys(&[Trigger::Press(NONE, Key::ArrowDown)])
.repeats_itself();

/// To what led to it.
pub(super) const CAUSE: Action = action(
    "cause",
    Group::Find,
    "To its cause",
    "Go to what led to the selected thing",
    |state| walk(state, Step::Cause),
)
.keys(&[Trigger::Press(NONE, Key::ArrowLeft)])
.repeats_itself();

/// To what followed.
pub(super) const EFFECT: Action = action(
    "effect",
    Group::Find,
    "To what followed",
    "Go to what followed from the selected thing",
    |state| walk(state, Step::Effect),
)
.keys(&[Trigger::Press(NONE, Key::ArrowRight)])
.repeats_itself();

/// Chooses a stretch of time without a hand on the ruler.
pub(super) const RANGE: Action = action(
    "range",
    Group::Time,
    "Choose a range",
    "Choose the time of the selected thing, or else what is in view, to measure it and read its statistics; again, and none is chosen",
    |state| {
        let document = state.document()?;
        Ok(match document.chosen {
            Some(_) => Command::ChooseRange(None),
            None => Command::ReadRange(state.selected_range().unwrap_or(document.view.range())),
        })
    },
)
.keys(&[Trigger::Press(NONE, Key::R), Trigger::Hand("Shift drag")])
.switch(|state| state.document.is_some_and(|document| document.chosen.is_some()));

/// Draws all arrows, or those of the selected thing.
pub(super) const ARROWS: Action = action(
    "arrows",
    Group::Drawing,
    "Arrows of everything in view",
    "Draw an arrow from its cause to everything in view, and not only to the selected thing",
    |state| Ok(Command::SetAllArrows(!state.settings.all_arrows)),
)
.keys(&[Trigger::Press(NONE, Key::X)])
.switch(|state| state.settings.all_arrows);

fn walk(state: &State<'_>, step: Step) -> Asked {
    match state.document()?.selection {
        Some(_) => Ok(Command::Walk(step)),
        None => Err(english("Nothing is selected")),
    }
}

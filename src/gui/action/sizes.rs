//! How large everything is drawn.

use egui::Key;

use super::Trigger::Press;
use super::build::{CTRL, action};
use super::{Action, Asked, Group, State};
use crate::gui::command::Command;
use crate::gui::scale::SCALES;
use crate::gui::texts::english;

/// How much larger or smaller everything becomes at once.
const STEP: f32 = 0.1;

pub(super) const LARGER: Action = action(
    "larger",
    Group::Look,
    "Larger",
    "Draw everything larger, as far as the window has room for it",
    |state| {
        if state.scale.shown() >= state.scale.most {
            return Err(english(
                "This window has no room for it: it is drawn as large as fits in",
            ));
        }
        step(state, STEP)
    },
)
.keys(&[Press(CTRL, Key::Plus), Press(CTRL, Key::Equals)])
.repeats_itself();

pub(super) const SMALLER: Action = action(
    "smaller",
    Group::Look,
    "Smaller",
    "Draw everything smaller",
    |state| {
        if state.scale.shown() <= *SCALES.start() {
            return Err(english("It is as small as it can be"));
        }
        step(state, -STEP)
    },
)
.keys(&[Press(CTRL, Key::Minus)])
.repeats_itself();

pub(super) const USUAL: Action = action(
    "usual-size",
    Group::Look,
    "As large as the display has it",
    "Draw everything at the scale of the display, as far as the window has room for it",
    |_| Ok(Command::SetScale(1.0)),
)
.keys(&[Press(CTRL, Key::Num0)])
.switch(|state| state.scale.chosen == 1.0);

/// From what is shown, which may be less than what was chosen, to the next tenth.
fn step(state: &State<'_>, by: f32) -> Asked {
    let steps = ((state.scale.shown() + by) / STEP).round();
    Ok(Command::SetScale(steps / STEP.recip()))
}

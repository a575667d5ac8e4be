//! The words in which the lists of actions are written.

use egui::Modifiers;

use super::{Action, Asked, Group, Heard, State, Trigger};

pub(super) const NONE: Modifiers = Modifiers::NONE;
pub(super) const CTRL: Modifiers = Modifiers::COMMAND;
pub(super) const SHIFT: Modifiers = Modifiers::SHIFT;
pub(super) const ALT: Modifiers = Modifiers::ALT;
pub(super) const CTRL_SHIFT: Modifiers = CTRL.plus(SHIFT);

/// An action without keys.
pub(super) const fn action(
    id: &'static str,
    group: Group,
    name: &'static str,
    does: &'static str,
    command: fn(&State<'_>) -> Asked,
) -> Action {
    Action {
        id,
        name,
        does,
        group,
        triggers: &[],
        repeats: false,
        heard: Heard::Free,
        on: None,
        command,
    }
}

impl Action {
    /// The ways to ask for it; the one to teach first.
    pub(super) const fn keys(self, triggers: &'static [Trigger]) -> Self {
        Self { triggers, ..self }
    }

    /// Its key can be held down.
    pub(super) const fn repeats_itself(self) -> Self {
        Self {
            repeats: true,
            ..self
        }
    }

    /// Its key is heard also while somebody types.
    pub(super) const fn even_while_typing(self) -> Self {
        Self {
            heard: Heard::Typing,
            ..self
        }
    }

    /// Its key is heard always.
    pub(super) const fn always(self) -> Self {
        Self {
            heard: Heard::Always,
            ..self
        }
    }

    /// It is a switch.
    pub(super) const fn switch(self, on: fn(&State<'_>) -> bool) -> Self {
        Self {
            on: Some(on),
            ..self
        }
    }
}

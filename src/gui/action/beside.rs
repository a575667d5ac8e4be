//! What can be done with two traces.

use egui::Key;

use super::Trigger::Press;
use super::build::{NONE, SHIFT, action};
use super::{Action, Asked, Group, State};
use crate::gui::beside::{Alignment, BesideCommand, Compared, Split};
use crate::gui::command::Command;
use crate::gui::texts::english;

pub(super) const ACTIONS: &[Action] = &[
    action(
        "compare",
        Group::Compare,
        "Compare with…",
        "Compare this trace with another one: with one that is open, or with one from a file",
        |state| {
            state.document()?;
            Ok(Command::Beside(BesideCommand::Ask))
        },
    )
    .keys(&[Press(NONE, Key::B)]),
    action(
        "compare-before",
        Group::Compare,
        "Compare with the run before",
        "Compare this trace, as B, with the one that was run or opened before it, as A",
        |state| {
            let b = state.document()?.id;
            let a = state.before.ok_or(english("No trace was there before this one"))?;
            Ok(Command::Beside(BesideCommand::Compare([a.id, b])))
        },
    )
    .keys(&[Press(SHIFT, Key::B)]),
    split(Split::Below, "one-below-other", |state| lay(state, Split::Below))
        .switch(|state| state.compared.is_some() && state.settings.split == Split::Below),
    split(Split::Aside, "side-by-side", |state| lay(state, Split::Aside))
        .switch(|state| state.compared.is_some() && state.settings.split == Split::Aside),
    action(
        "align-beginnings",
        Group::Compare,
        "Align at the beginnings",
        "Let the two traces begin at the same place",
        |state| two(state).map(|_| align(Alignment::Beginnings)),
    )
    .switch(|state| is_aligned(state, |alignment| *alignment == Alignment::Beginnings)),
    action(
        "align-selections",
        Group::Compare,
        "Align at the selections",
        "Let what is selected in one trace begin below what is selected in the other; where nothing is, its first mark counts",
        |state| match two(state)?.meant() {
            Some(alignment) => Ok(align(alignment)),
            None => Err(english("Select something in each of the two traces first")),
        },
    )
    .switch(|state| is_aligned(state, |alignment| matches!(alignment, Alignment::Moments(_)))),
    action(
        "swap-traces",
        Group::Compare,
        "Swap A and B",
        "Let A be B, and B be A",
        |state| two(state).map(|_| Command::Beside(BesideCommand::Swap)),
    ),
    action(
        "stop-comparing",
        Group::Compare,
        "End the comparison",
        "Show only one trace again; both stay open",
        |state| two(state).map(|_| Command::Beside(BesideCommand::Stop)),
    ),
];

const fn split(split: Split, id: &'static str, lay: fn(&State<'_>) -> Asked) -> Action {
    action(id, Group::Compare, split.word(), split.explained(), lay)
}

fn lay(state: &State<'_>, split: Split) -> Asked {
    two(state).map(|_| Command::Beside(BesideCommand::Split(split)))
}

const fn align(alignment: Alignment) -> Command {
    Command::Beside(BesideCommand::Align(alignment))
}

fn two<'a>(state: &State<'a>) -> Result<Compared<'a>, &'static str> {
    let compared = state.compared;
    compared.ok_or(english("Compare this trace with another one first"))
}

fn is_aligned(state: &State<'_>, so: fn(&Alignment) -> bool) -> bool {
    state.compared.is_some_and(|it| so(it.alignment))
}

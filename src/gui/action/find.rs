//! What can be done to find something again, or for the first time.

use egui::Key;

use super::Trigger::Press;
use super::build::{CTRL, NONE, SHIFT, action};
use super::{Action, Asked, Group, State};
use crate::gui::command::Command;
use crate::gui::search::SearchCommand;
use crate::gui::texts::english;

pub(super) const ACTIONS: &[Action] = &[
    action(
        "search",
        Group::Find,
        "Search…",
        "Find callbacks, tasks and causes by a part of their name",
        |state| {
            state.document()?;
            Ok(Command::Search(SearchCommand::Open))
        },
    )
    .keys(&[Press(NONE, Key::Slash), Press(CTRL, Key::F)]),
    action(
        "next-find",
        Group::Find,
        "Next find",
        "Go to the next of what was found",
        |state| walk(state, true),
    )
    .keys(&[Press(NONE, Key::F3)])
    .repeats_itself()
    .even_while_typing(),
    action(
        "previous-find",
        Group::Find,
        "Previous find",
        "Go to the previous of what was found",
        |state| walk(state, false),
    )
    .keys(&[Press(SHIFT, Key::F3)])
    .repeats_itself()
    .even_while_typing(),
];

fn walk(state: &State<'_>, forward: bool) -> Asked {
    match state.found {
        0 => Err(english("Nothing was searched for and found")),
        _ => Ok(Command::Search(SearchCommand::Walk(forward))),
    }
}

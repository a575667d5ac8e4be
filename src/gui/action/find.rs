//! What can be done to find something again, or for the first time.

use egui::Key;

use super::Trigger::Press;
use super::build::{CTRL, NONE, SHIFT, action};
use super::{Action, Asked, Group, State};
use crate::gui::command::Command;
use crate::gui::marks::MarkCommand;
use crate::gui::search::SearchCommand;
use crate::gui::texts::english;
use crate::trace::Timestamp;

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
    action(
        "mark",
        Group::Find,
        "Mark this moment",
        "Mark the moment at the pointer, or where what is selected begins, and note something down",
        |state| {
            let document = state.document()?;
            let selected = document.selected_range().map(|range| range.begin);
            let at = match (state.pointed, selected) {
                (None, Some(begin)) => begin,
                _ => Timestamp(state.moment()?.max(0.0) as u64),
            };
            let at = at.min(document.range().end);
            Ok(Command::Mark(MarkCommand::Add(at)))
        },
    )
    .keys(&[Press(NONE, Key::M)]),
    action(
        "undo-mark",
        Group::Find,
        "Undo the change of marks",
        "Take back what was marked, noted or deleted last",
        |state| match state.document()?.marks.can_undo() {
            true => Ok(Command::Mark(MarkCommand::Undo)),
            false => Err(english("No mark was changed")),
        },
    )
    .keys(&[Press(SHIFT, Key::M)]),
];

fn walk(state: &State<'_>, forward: bool) -> Asked {
    match state.found {
        0 => Err(english("Nothing was searched for and found")),
        _ => Ok(Command::Search(SearchCommand::Walk(forward))),
    }
}

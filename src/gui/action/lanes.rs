//! What can be done with lanes.

use egui::Key;

use super::Trigger::{Hand, Idle, Press};
use super::build::{ALT, NONE, SHIFT, action};
use super::{Action, Asked, Group, State};
use crate::gui::command::{Command, ScrollTo};
use crate::gui::lanes::{Arrangement, Lane, LaneCommand, Part};
use crate::gui::texts::english;

/// What part of the lanes that are seen goes out of sight with a page: a few stay, so that nobody gets lost.
const PAGE: f32 = 0.85;
/// How many times what is seen of the lanes they move in a second under a held key.
const SPEED: f32 = 1.0;

pub(super) const ACTIONS: &[Action] = &[
    action(
        "page-down",
        Group::Lanes,
        "Further down",
        "Scroll to the lanes below those that are seen",
        |state| scroll(state, PAGE),
    )
    .keys(&[Press(NONE, Key::PageDown), Hand("Wheel")])
    .repeats_itself(),
    action(
        "page-up",
        Group::Lanes,
        "Further up",
        "Scroll to the lanes above those that are seen",
        |state| scroll(state, -PAGE),
    )
    .keys(&[Press(NONE, Key::PageUp), Hand("Wheel")])
    .repeats_itself(),
    action(
        "down",
        Group::Lanes,
        "Scroll down",
        "Scroll the lanes down, for as long as the key is held",
        |state| scroll(state, SPEED * state.held as f32),
    )
    .keys(&[Idle(Key::ArrowDown)]),
    action(
        "up",
        Group::Lanes,
        "Scroll up",
        "Scroll the lanes up, for as long as the key is held",
        |state| scroll(state, -SPEED * state.held as f32),
    )
    .keys(&[Idle(Key::ArrowUp)]),
    action(
        "next-model",
        Group::Lanes,
        "Next model",
        "Scroll to the model below, past all lanes of this one",
        |state| next_model(state, true),
    )
    .keys(&[Press(SHIFT, Key::PageDown)])
    .repeats_itself(),
    action(
        "previous-model",
        Group::Lanes,
        "Previous model",
        "Scroll to the top of this model, and then to the one above",
        |state| next_model(state, false),
    )
    .keys(&[Press(SHIFT, Key::PageUp)])
    .repeats_itself(),
    action(
        "collapse-lane",
        Group::Lanes,
        "Collapse or expand",
        "Show as little as possible of the lane at the pointer, or all of it again",
        |state| lane(state, |lane, is| LaneCommand::Collapse(lane, !is.collapsed)),
    )
    .keys(&[Press(NONE, Key::C), Hand("Click on a header")]),
    action(
        "collapse-all",
        Group::Lanes,
        "Collapse all groups",
        "Show only the headers of the models",
        |state| arrange(state, LaneCommand::CollapseAll(true)),
    )
    .keys(&[Press(SHIFT, Key::C)]),
    action(
        "expand-all",
        Group::Lanes,
        "Expand all groups",
        "Show the lanes of all models",
        |state| arrange(state, LaneCommand::CollapseAll(false)),
    )
    .keys(&[Press(SHIFT, Key::E)]),
    action(
        "pin-lane",
        Group::Lanes,
        "Pin or unpin",
        "Keep the lane at the pointer at the top, or let it go",
        |state| match state.lane {
            Some(Lane {
                part: Part::Whole | Part::Crowd(_),
                ..
            }) => Err(english("Only a single lane can be pinned")),
            _ => lane(state, |lane, is| LaneCommand::Pin(lane, !is.pinned)),
        },
    )
    .keys(&[Press(NONE, Key::P)]),
    action(
        "hide-lane",
        Group::Lanes,
        "Hide",
        "Hide the lane at the pointer",
        |state| lane(state, |lane, _| LaneCommand::Hide(lane)),
    )
    .keys(&[Press(NONE, Key::H)]),
    action(
        "hide-group",
        Group::Lanes,
        "Hide the group",
        "Hide all lanes of the model at the pointer",
        |state| lane(state, |lane, _| LaneCommand::Hide(lane.whole())),
    )
    .keys(&[Press(SHIFT, Key::H)]),
    action(
        "show-hidden",
        Group::Lanes,
        "Show what is hidden",
        "Show all lanes that are hidden",
        |state| match state.lanes.hides_any() {
            true => arrange(state, LaneCommand::ShowHidden),
            false => Err(english("No lane is hidden")),
        },
    )
    .keys(&[Press(NONE, Key::U)]),
    action(
        "lane-up",
        Group::Lanes,
        "Move up",
        "Move the lane at the pointer up by one place",
        |state| lane(state, |lane, _| LaneCommand::Move(lane, -1)),
    )
    .keys(&[Press(ALT, Key::ArrowUp), Hand("Drag its name")])
    .repeats_itself(),
    action(
        "lane-down",
        Group::Lanes,
        "Move down",
        "Move the lane at the pointer down by one place",
        |state| lane(state, |lane, _| LaneCommand::Move(lane, 1)),
    )
    .keys(&[Press(ALT, Key::ArrowDown), Hand("Drag its name")])
    .repeats_itself(),
    action(
        "reset-lanes",
        Group::Lanes,
        "Arrange as recorded",
        "Show all lanes, expanded and in their first order",
        |state| match state.lanes == Arrangement::PLAIN {
            false => arrange(state, LaneCommand::Reset),
            true => Err(english("They are as they were recorded")),
        },
    ),
];

/// How the lane at the pointer is shown.
struct Shown {
    collapsed: bool,
    pinned: bool,
}

fn scroll(state: &State<'_>, pages: f32) -> Asked {
    let scroll = Command::Scroll(ScrollTo::Pages(pages));
    state.document().map(|_| scroll)
}

fn next_model(state: &State<'_>, down: bool) -> Asked {
    let document = state.document()?;
    match document.store.models().len() {
        0 | 1 => Err(english("There is no other model")),
        _ => Ok(Command::Scroll(ScrollTo::NextModel(down))),
    }
}

fn lane(state: &State<'_>, change: fn(Lane, Shown) -> LaneCommand) -> Asked {
    state.document()?;
    let lane = state.lane.ok_or(english("Point at a lane first"))?;
    let shown = Shown {
        collapsed: state.lanes.is_collapsed(lane),
        pinned: state.lanes.is_pinned(lane),
    };
    Ok(Command::Lane(change(lane.clone(), shown)))
}

fn arrange(state: &State<'_>, change: LaneCommand) -> Asked {
    state.document().map(|_| Command::Lane(change))
}

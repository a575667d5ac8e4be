//! The actions of the playhead, and of what is told beside the timeline.
//!
//! Its keys are those of film editors: J back, K stop and go, L on.

use egui::Key;

use super::Trigger::{Hand, Press};
use super::build::{NONE, SHIFT, action};
use super::{Action, Asked, Group, State};
use crate::gui::command::{Command, Detail};
use crate::gui::playback::{PlaybackCommand, StepBy};
use crate::gui::texts::english;
use crate::trace::Timestamp;

/// Stop and go.
pub(super) const PLAY: Action = action(
    "play",
    Group::Playback,
    "Play or pause",
    "Let the playhead move, or stop it; the state of the loop at it is shown beside the timeline",
    |state| playback(state, PlaybackCommand::Toggle),
)
.keys(&[Press(NONE, Key::K)])
.switch(|state| state.document.is_some_and(|one| one.playback.is_playing()));

/// To the pointer.
pub(super) const HERE: Action = action(
    "playhead-here",
    Group::Playback,
    "Put the playhead here",
    "Put the playhead at the moment under the pointer, or else in the middle of the screen",
    |state| {
        let at = state.moment()?.max(0.0) as u64;
        playback(state, PlaybackCommand::Seek(Timestamp(at)))
    },
)
.keys(&[Press(NONE, Key::G), Hand("Click on the ruler")]);

/// On to whatever happened.
pub(super) const NEXT_EVENT: Action = action(
    "next-event",
    Group::Playback,
    "Next event",
    "Move the playhead to whatever happened next",
    |state| playback(state, PlaybackCommand::Step(StepBy::Event, true)),
)
.keys(&[Press(NONE, Key::L)])
.repeats_itself();

/// Back to whatever happened.
pub(super) const PREVIOUS_EVENT: Action = action(
    "previous-event",
    Group::Playback,
    "Previous event",
    "Move the playhead to what happened before it",
    |state| playback(state, PlaybackCommand::Step(StepBy::Event, false)),
)
.keys(&[Press(NONE, Key::J)])
.repeats_itself();

/// On to the next poll.
pub(super) const NEXT_TURN: Action = action(
    "next-turn",
    Group::Playback,
    "Next turn",
    "Move the playhead to where a loop polled next",
    |state| turn(state, true),
)
.keys(&[Press(SHIFT, Key::L)])
.repeats_itself();

/// Back to the poll before.
pub(super) const PREVIOUS_TURN: Action = action(
    "previous-turn",
    Group::Playback,
    "Previous turn",
    "Move the playhead to where a loop polled before it",
    |state| turn(state, false),
)
.keys(&[Press(SHIFT, Key::J)])
.repeats_itself();

/// The next speed.
pub(super) const FASTER: Action = action(
    "faster",
    Group::Playback,
    "Play faster",
    "Move the playhead faster, up to ten times the speed of life",
    |state| speed(state, true),
)
.keys(&[Press(NONE, Key::Plus), Press(NONE, Key::Equals)])
.repeats_itself();

/// The speed before.
pub(super) const SLOWER: Action = action(
    "slower",
    Group::Playback,
    "Play slower",
    "Move the playhead slower, down to a thousandth of the speed of life",
    |state| speed(state, false),
)
.keys(&[Press(NONE, Key::Minus)])
.repeats_itself();

/// No playhead.
pub(super) const LEAVE: Action = action(
    "leave-playhead",
    Group::Playback,
    "Put the playhead away",
    "Look at the newest moment again",
    |state| match state.document()?.playback.at() {
        Some(_) => Ok(Command::Playback(PlaybackCommand::Leave)),
        None => Err(english("There is no playhead")),
    },
);

/// What is selected.
pub(super) const INSPECTOR: Action = action(
    "inspector",
    Group::Window,
    "Inspector",
    "Show what is selected",
    |_| Ok(Command::SetDetail(Detail::Inspector)),
)
.switch(|state| state.settings.detail == Detail::Inspector);

/// The circle.
pub(super) const LOOP: Action = action(
    "loop",
    Group::Window,
    "Loop",
    "Show the state of the loop at the playhead",
    |_| Ok(Command::SetDetail(Detail::Loop)),
)
.switch(|state| state.settings.detail == Detail::Loop);

/// The histogram.
pub(super) const DELAYS: Action = action(
    "delays",
    Group::Window,
    "Delays",
    "Show how long things in view waited for the loop",
    |_| Ok(Command::SetDetail(Detail::Delays)),
)
.switch(|state| state.settings.detail == Detail::Delays);

fn playback(state: &State<'_>, command: PlaybackCommand) -> Asked {
    state.document().map(|_| Command::Playback(command))
}

fn turn(state: &State<'_>, forward: bool) -> Asked {
    let mut models = state.document()?.store.models().iter();
    let has_loop = models.any(|model| model.threads.iter().any(|thread| thread.polls > 0));
    match has_loop {
        true => playback(state, PlaybackCommand::Step(StepBy::Turn, forward)),
        false => Err(english("No model of this trace runs a loop")),
    }
}

fn speed(state: &State<'_>, faster: bool) -> Asked {
    match state.settings.speed.next(faster) {
        Some(speed) => Ok(Command::Playback(PlaybackCommand::SetSpeed(speed))),
        None => Err(english("There is no other speed")),
    }
}

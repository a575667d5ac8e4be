//! What can be done about how much of a run stays, and where.

use super::build::action;
use super::{Action, Asked, Group, State};
use crate::gui::command::Command;
use crate::gui::settings::Kept;

pub(super) const ACTIONS: &[Action] = &[
    action(
        "record",
        Group::Run,
        "Record runs into a folder…",
        "Write each run into a file of a folder while it goes on; off, its recording goes when its trace is put away",
        |state| match state.settings.recordings {
            Some(_) => Ok(Command::RecordInto(None)),
            None => Ok(Command::RecordIntoDialog),
        },
    )
    .switch(|state| state.settings.recordings.is_some()),
    kept(Kept::Little, "keep-little", |_| {
        Ok(Command::SetKept(Kept::Little))
    })
    .switch(|state| state.settings.kept == Kept::Little),
    kept(Kept::Much, "keep-much", |_| {
        Ok(Command::SetKept(Kept::Much))
    })
    .switch(|state| state.settings.kept == Kept::Much),
    kept(Kept::All, "keep-all", |_| Ok(Command::SetKept(Kept::All)))
        .switch(|state| state.settings.kept == Kept::All),
];

/// How much of a run is kept in memory.
const fn kept(kept: Kept, id: &'static str, set: fn(&State<'_>) -> Asked) -> Action {
    let name = match kept {
        Kept::Little => "Keep 2 million events",
        Kept::Much => "Keep 20 million events",
        Kept::All => "Keep all events",
    };
    let does = "Choose how much of a run is kept in memory; its recording has all of it";
    action(id, Group::Run, name, does, set)
}

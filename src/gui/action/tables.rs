//! What can be done with the table of statistics; how it is sorted is offered column by column, in `offers`.

use super::build::action;
use super::{Action, Asked, Group, State};
use crate::gui::command::{Command, Side};
use crate::gui::counting::Scope;
use crate::gui::sheet::Subject;
use crate::gui::statistics::StatisticsCommand;
use crate::gui::texts::english;

pub(super) const ACTIONS: &[Action] = &[
    action(
        "callback-statistics",
        Group::Statistics,
        "Statistics of callbacks",
        "Show what was called, how often and how long",
        |state| of(state, Subject::Callbacks),
    )
    .switch(|state| is_of(state, Subject::Callbacks)),
    action(
        "task-statistics",
        Group::Statistics,
        "Statistics of tasks",
        "Show how long each task waited, was ready, and ran",
        |state| of(state, Subject::Tasks),
    )
    .switch(|state| is_of(state, Subject::Tasks)),
    action(
        "thread-statistics",
        Group::Statistics,
        "Statistics of threads",
        "Show how long each thread waited, and was busy",
        |state| of(state, Subject::Threads),
    )
    .switch(|state| is_of(state, Subject::Threads)),
    action(
        "count-range",
        Group::Statistics,
        "Statistics of the range",
        "Count what happened in the range that is chosen",
        |state| match state.document()?.chosen {
            Some(_) => during(state, Scope::Chosen),
            None => Err(english("Choose a range first")),
        },
    )
    .switch(|state| is_during(state, Scope::Chosen)),
    action(
        "count-view",
        Group::Statistics,
        "Statistics of what is in view",
        "Count what happened in the time that is on the screen",
        |state| during(state, Scope::View),
    )
    .switch(|state| is_during(state, Scope::View)),
    action(
        "count-all",
        Group::Statistics,
        "Statistics of the whole trace",
        "Count all that happened",
        |state| during(state, Scope::Trace),
    )
    .switch(|state| is_during(state, Scope::Trace)),
    action(
        "copy-statistics",
        Group::Statistics,
        "Copy the statistics as CSV",
        "Copy the rows of the statistics as they stand, lengths in seconds to the nanosecond",
        |state| {
            state.document()?;
            match (state.counted, state.settings.shows(Side::Statistics)) {
                (true, _) => ask(state, StatisticsCommand::Copy),
                (false, true) => Err(english("They are being counted still")),
                (false, false) => Err(english("Show the statistics first")),
            }
        },
    ),
];

fn ask(state: &State<'_>, command: StatisticsCommand) -> Asked {
    state.document().map(|_| Command::Statistics(command))
}

fn of(state: &State<'_>, subject: Subject) -> Asked {
    ask(state, StatisticsCommand::Of(subject))
}

fn during(state: &State<'_>, scope: Scope) -> Asked {
    ask(state, StatisticsCommand::During(scope))
}

fn is_shown(state: &State<'_>) -> bool {
    state.document.is_some() && state.settings.shows(Side::Statistics)
}

fn is_of(state: &State<'_>, subject: Subject) -> bool {
    is_shown(state) && state.tabled.subject == subject
}

fn is_during(state: &State<'_>, scope: Scope) -> bool {
    let meant = state
        .document
        .map(|document| state.tabled.scope.of(document));
    is_shown(state) && meant == Some(scope)
}

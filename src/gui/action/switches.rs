//! What can be switched without a hand on its switch: how callbacks block, what is plotted, how stalls are listed.

use egui::Key;

use super::Trigger::Press;
use super::build::{CTRL, action};
use super::{Action, Asked, Group, State};
use crate::gui::command::{Command, Detail, StallOrder};
use crate::gui::plot::Measure;
use crate::gui::texts::english;

pub(super) const ACTIONS: &[Action] = &[
    plot(Measure::Lag, "plot-lag", |state| flip(state, Measure::Lag))
        .switch(|state| is_plotted(state, Measure::Lag)),
    plot(Measure::Utilization, "plot-utilization", |state| {
        flip(state, Measure::Utilization)
    })
    .switch(|state| is_plotted(state, Measure::Utilization)),
    plot(Measure::QueueingDelay, "plot-delay", |state| {
        flip(state, Measure::QueueingDelay)
    })
    .switch(|state| is_plotted(state, Measure::QueueingDelay)),
    plot(Measure::TurnsPerSecond, "plot-turns", |state| {
        flip(state, Measure::TurnsPerSecond)
    })
    .switch(|state| is_plotted(state, Measure::TurnsPerSecond)),
    plot(Measure::CallbacksPerTurn, "plot-callbacks", |state| {
        flip(state, Measure::CallbacksPerTurn)
    })
    .switch(|state| is_plotted(state, Measure::CallbacksPerTurn)),
    plot(Measure::ReadyPerPoll, "plot-ready", |state| {
        flip(state, Measure::ReadyPerPoll)
    })
    .switch(|state| is_plotted(state, Measure::ReadyPerPoll)),
    plot(Measure::Bytes, "plot-bytes", |state| {
        flip(state, Measure::Bytes)
    })
    .switch(|state| is_plotted(state, Measure::Bytes)),
];

/// The switch that all of it is about.
pub(super) const BLOCKING: Action = action(
    "blocking",
    Group::Run,
    "Blocking callback",
    "Let callbacks of the scenario block, or no longer; at once where it runs",
    |state| Ok(Command::SetBlockingOn(!state.controls.blocking_on)),
)
.keys(&[Press(CTRL, Key::B)])
.switch(|state| state.controls.blocking_on);

/// Whether the models run at the same time.
pub(super) const TOGETHER: Action = action(
    "together",
    Group::Run,
    "Start together",
    "Let all models start at the same moment, or one after another",
    |state| match state.running {
        true => Err(english("Stop the run first")),
        false => Ok(Command::SetTogether(!state.controls.together)),
    },
)
.switch(|state| state.controls.together);

/// The scenario as it was.
pub(super) const RESET: Action = action(
    "reset-scenario",
    Group::Run,
    "Reset the scenario",
    "Give the scenario its own values back",
    |state| match state.running {
        true => Err(english("Stop the run first")),
        false => Ok(Command::ResetScenario),
    },
);

/// In which order stalls are listed.
pub(super) const BY_TIME: Action = action(
    "stalls-by-time",
    Group::Find,
    "List the stalls by time",
    "List one stall after another, or else those of one callback as one line, the most harmful first",
    |state| {
        Ok(Command::SetStallOrder(match state.settings.stall_order {
            StallOrder::Time => StallOrder::Harm,
            StallOrder::Harm => StallOrder::Time,
        }))
    },
)
.switch(|state| state.settings.stall_order == StallOrder::Time);

/// The marks.
pub(super) const MARKS: Action = action(
    "marks",
    Group::Window,
    "Marks",
    "Show the moments that you marked, with your notes",
    |_| Ok(Command::SetDetail(Detail::Marks)),
)
.switch(|state| state.settings.detail == Detail::Marks);

const fn plot(measure: Measure, id: &'static str, flip: fn(&State<'_>) -> Asked) -> Action {
    let does = "Plot this below the timeline, or no longer";
    action(id, Group::Drawing, measure.word(), does, flip)
}

fn is_plotted(state: &State<'_>, measure: Measure) -> bool {
    state.settings.measures.contains(measure)
}

fn flip(state: &State<'_>, measure: Measure) -> Asked {
    let on = !is_plotted(state, measure);
    match on || state.settings.measures.count() > 1 {
        true => Ok(Command::SetPlot(measure, on)),
        false => Err(english(
            "The last plot stays; hide the part of the window instead",
        )),
    }
}

//! The actions, in the order in which menus show them within their groups.

use egui::{Key, ThemePreference};

use super::Trigger::{Hand, Hold, Idle, Press};
use super::build::{CTRL, CTRL_SHIFT, NONE, SHIFT, action};
use super::{Action, Asked, Group, State, plays, sizes, switches, walks};
use crate::gui::command::{Command, Side, ViewCommand};
use crate::gui::texts::{LanguageChoice, english};

/// By what part of its length the view shrinks or grows in a second under a held key, as a power of e.
const ZOOM_SPEED: f64 = 2.2;
/// How many lengths of the view it moves in a second under a held key.
const PAN_SPEED: f64 = 0.9;

/// What hands do that is no action: it needs to know where.
pub const GESTURES: &[(Group, &str, &str)] = &[
    (Group::Time, "Drag", "Move in time and through the lanes"),
    (
        Group::Time,
        "Drag on the ruler",
        "Choose a range; its edges can be pulled",
    ),
    (
        Group::Time,
        "Alt",
        "While a range is chosen: not from edge to edge of what happened",
    ),
    (Group::Find, "Click", "Inspect a bar"),
    (Group::Find, "Double click", "Zoom to a bar"),
    (
        Group::Window,
        "Tab",
        "On to the next control; Space or Enter presses it",
    ),
];

/// All that can be done, except for what has a list of its own beside this one.
pub(super) const ACTIONS: &[Action] = &[
    action(
        "run",
        Group::Run,
        "Run or stop",
        "Run the chosen scenario, or stop what runs",
        |state| match (state.running, state.cannot_run) {
            (true, _) => Ok(Command::Stop),
            (false, Some(why)) => Err(why),
            (false, None) => Ok(Command::Run),
        },
    )
    .keys(&[Press(NONE, Key::Space)]),
    action(
        "what-if",
        Group::Run,
        "Run the what-if",
        "Run the loop of the selected stall once more, with what held it carried out as its what-if says",
        |state| match state.what_if {
            None => Err(english("Select the stall of a loop first")),
            Some(answer) => answer.refusal.map_or(Ok(Command::RunWhatIf), Err),
        },
    )
    .keys(&[Press(CTRL, Key::R)]),
    switches::BLOCKING,
    switches::TOGETHER,
    switches::RESET,
    action(
        "load-scenario",
        Group::File,
        "Load a scenario…",
        "Load a scenario from a file",
        |state| match state.running {
            true => Err(english("Stop the run first")),
            false => Ok(Command::LoadScenarioDialog),
        },
    )
    .keys(&[Press(CTRL_SHIFT, Key::O)]),
    action(
        "save-scenario",
        Group::File,
        "Save the scenario…",
        "Save the scenario as it is set",
        |_| Ok(Command::SaveScenarioDialog),
    )
    .keys(&[Press(CTRL, Key::S)]),
    action(
        "open",
        Group::File,
        "Open a trace…",
        "Open a trace file",
        |_| Ok(Command::OpenDialog),
    )
    .keys(&[Press(CTRL, Key::O)]),
    action(
        "export",
        Group::File,
        "Export the trace…",
        "Write this trace to a file",
        |state| state.document().map(|_| Command::ExportDialog),
    )
    .keys(&[Press(CTRL, Key::E)]),
    action(
        "cancel",
        Group::File,
        "Cancel opening or exporting",
        "Give up what is being opened, or else what is being exported; what grows on is no longer followed",
        |state| match (state.opening, state.exporting) {
            (true, _) => Ok(Command::CancelOpening),
            (false, true) => Ok(Command::CancelExporting),
            (false, false) => Err(english("Nothing is being opened or exported")),
        },
    ),
    action(
        "quit",
        Group::File,
        "Quit",
        "Stop everything and close the window",
        |_| Ok(Command::Quit),
    )
    .keys(&[Press(CTRL, Key::Q)])
    .always(),
    action(
        "previous-trace",
        Group::Find,
        "Previous trace",
        "Look at the trace that was opened before this one",
        |state| trace(state, false),
    )
    .keys(&[Press(CTRL, Key::PageUp)])
    .repeats_itself(),
    action(
        "next-trace",
        Group::Find,
        "Next trace",
        "Look at the trace that was opened after this one",
        |state| trace(state, true),
    )
    .keys(&[Press(CTRL, Key::PageDown)])
    .repeats_itself(),
    action(
        "zoom-in",
        Group::Time,
        "Zoom in",
        "Show less time, around the pointer",
        |state| zoom(state, -1.0),
    )
    .keys(&[Hold(Key::W), Hand("Ctrl wheel")]),
    action(
        "zoom-out",
        Group::Time,
        "Zoom out",
        "Show more time, around the pointer",
        |state| zoom(state, 1.0),
    )
    .keys(&[Hold(Key::S), Hand("Ctrl wheel")]),
    action(
        "earlier",
        Group::Time,
        "Earlier",
        "Move to earlier moments",
        |state| pan(state, -1.0),
    )
    .keys(&[Hold(Key::A), Idle(Key::ArrowLeft), Hand("Shift wheel")]),
    action(
        "later",
        Group::Time,
        "Later",
        "Move to later moments",
        |state| pan(state, 1.0),
    )
    .keys(&[Hold(Key::D), Idle(Key::ArrowRight), Hand("Shift wheel")]),
    action(
        "fit",
        Group::Time,
        "Fit the selection",
        "Show the range, or else what is selected, or else everything; again, and it is everything",
        |state| {
            state.document()?;
            let range = state.selected_range();
            let view = range.map_or(ViewCommand::Fit, ViewCommand::Show);
            Ok(Command::View(view))
        },
    )
    .keys(&[Press(NONE, Key::F)]),
    action(
        "fit-all",
        Group::Time,
        "Fit everything",
        "Show the whole trace",
        |state| view(state, ViewCommand::Fit),
    )
    .keys(&[Press(SHIFT, Key::F)]),
    action(
        "beginning",
        Group::Time,
        "Go to the beginning",
        "Show where the trace begins, at this scale",
        |state| view(state, ViewCommand::Beginning),
    )
    .keys(&[Press(NONE, Key::Home)]),
    action(
        "follow",
        Group::Time,
        "Follow the newest moment",
        "Show where the trace ends; while it is recorded, go along with it until the view is moved",
        |state| view(state, ViewCommand::Follow(true)),
    )
    .keys(&[Press(NONE, Key::End)])
    .switch(|state| state.live && state.document.is_some_and(|one| one.view.is_following())),
    action(
        "undo",
        Group::Time,
        "Back",
        "Back to where the view was before the last jump, or before hands moved it since",
        |state| match state.document()?.view.can_undo() {
            true => Ok(Command::View(ViewCommand::Undo)),
            false => Err(english("The view has not been moved yet")),
        },
    )
    .keys(&[Press(CTRL, Key::Z)])
    .repeats_itself(),
    action(
        "redo",
        Group::Time,
        "Forward",
        "Forward again to where the view was before the last step back",
        |state| match state.document()?.view.can_redo() {
            true => Ok(Command::View(ViewCommand::Redo)),
            false => Err(english("There was no step back")),
        },
    )
    .keys(&[Press(CTRL_SHIFT, Key::Z), Press(CTRL, Key::Y)])
    .repeats_itself(),
    plays::PLAY,
    plays::HERE,
    plays::NEXT_EVENT,
    plays::PREVIOUS_EVENT,
    plays::NEXT_TURN,
    plays::PREVIOUS_TURN,
    plays::FASTER,
    plays::SLOWER,
    plays::LEAVE,
    action(
        "previous-stall",
        Group::Find,
        "Previous stall",
        "Go to the previous stall",
        |state| stall(state, false),
    )
    .keys(&[Press(NONE, Key::OpenBracket)])
    .repeats_itself(),
    action(
        "next-stall",
        Group::Find,
        "Next stall",
        "Go to the next stall",
        |state| stall(state, true),
    )
    .keys(&[Press(NONE, Key::CloseBracket)])
    .repeats_itself(),
    switches::BY_TIME,
    walks::PREVIOUS,
    walks::NEXT,
    walks::OUT,
    walks::IN,
    walks::CAUSE,
    walks::EFFECT,
    walks::RANGE,
    side(Side::Controls, "controls", |state| {
        flip(state, Side::Controls)
    })
    .keys(&[Press(CTRL, Key::Num1)])
    .switch(|state| state.settings.shows(Side::Controls)),
    side(Side::Details, "details", |state| flip(state, Side::Details))
        .keys(&[Press(CTRL, Key::Num2)])
        .switch(|state| state.settings.shows(Side::Details)),
    side(Side::Plot, "plot", |state| flip(state, Side::Plot))
        .keys(&[Press(CTRL, Key::Num3)])
        .switch(|state| state.settings.shows(Side::Plot)),
    side(Side::Overview, "overview", |state| {
        flip(state, Side::Overview)
    })
    .keys(&[Press(CTRL, Key::Num6)])
    .switch(|state| state.settings.shows(Side::Overview)),
    side(Side::Comparison, "comparison", |state| {
        flip(state, Side::Comparison)
    })
    .keys(&[Press(CTRL, Key::Num4)])
    .switch(|state| state.settings.shows(Side::Comparison)),
    side(Side::Statistics, "statistics", |state| {
        flip(state, Side::Statistics)
    })
    .keys(&[Press(CTRL, Key::Num5)])
    .switch(|state| state.settings.shows(Side::Statistics)),
    action(
        "legend",
        Group::Drawing,
        "Legend",
        "Show what the patterns and shapes mean, or hide it",
        |state| Ok(Command::SetLegend(!state.settings.legend)),
    )
    .keys(&[Press(NONE, Key::Y)])
    .switch(|state| state.settings.legend),
    walks::ARROWS,
    plays::INSPECTOR,
    plays::LOOP,
    plays::DELAYS,
    switches::MARKS,
    action(
        "reset-layout",
        Group::Window,
        "Reset the layout",
        "Show every part of the window where it was at first, and as large",
        |_| Ok(Command::ResetLayout),
    ),
    action(
        "dismiss",
        Group::Window,
        "Close or deselect",
        "Put away what lies on top: a dialog, the keys, a message, the selection, or else the range",
        |_| Ok(Command::Dismiss),
    )
    .keys(&[Press(NONE, Key::Escape)]),
    action(
        "theme",
        Group::Look,
        "Dark or light",
        "Change between dark and light",
        |state| {
            let theme = if state.dark {
                ThemePreference::Light
            } else {
                ThemePreference::Dark
            };
            Ok(Command::SetTheme(theme))
        },
    )
    .keys(&[Press(NONE, Key::T)]),
    action(
        "system-theme",
        Group::Look,
        "Dark or light as the system",
        "Be dark when the system is, and light when it is light",
        |_| Ok(Command::SetTheme(ThemePreference::System)),
    ),
    sizes::LARGER,
    sizes::SMALLER,
    sizes::USUAL,
    action(
        "still",
        Group::Look,
        "Reduce motion",
        "Let nothing move by itself: what goes on is shown step by step",
        |state| Ok(Command::SetStill(!state.still)),
    )
    .switch(|state| state.still),
    language(LanguageChoice::System, "system-language", |_| {
        Ok(Command::SetLanguage(LanguageChoice::System))
    })
    .switch(|state| state.settings.language == LanguageChoice::System),
    language(LanguageChoice::English, "english", |_| {
        Ok(Command::SetLanguage(LanguageChoice::English))
    })
    .switch(|state| state.settings.language == LanguageChoice::English),
    language(LanguageChoice::Chinese, "chinese", |_| {
        Ok(Command::SetLanguage(LanguageChoice::Chinese))
    })
    .switch(|state| state.settings.language == LanguageChoice::Chinese),
    action(
        "walk",
        Group::Help,
        "Guided walk",
        "Run, block, see: from one control to the next",
        |_| Ok(Command::StartWalk),
    ),
    action(
        "palette",
        Group::Help,
        "Find a command…",
        "Find anything on this list by its name, and do it",
        |_| Ok(Command::TogglePalette),
    )
    .keys(&[Press(CTRL, Key::P), Press(CTRL_SHIFT, Key::P)])
    .even_while_typing(),
    action(
        "keys",
        Group::Help,
        "Keys",
        "Show the table of keys, or hide it",
        |_| Ok(Command::ToggleHelp),
    )
    .keys(&[Press(NONE, Key::Questionmark), Press(NONE, Key::F1)]),
];

/// The language of the window. Who cannot read the one that is spoken has to find it: each is called by itself.
const fn language(
    choice: LanguageChoice,
    id: &'static str,
    set: fn(&State<'_>) -> Asked,
) -> Action {
    let name = match choice {
        LanguageChoice::System => "Language 语言: as the system",
        LanguageChoice::English => "English",
        LanguageChoice::Chinese => "中文",
    };
    let does = "Choose the language of the window";
    action(id, Group::Language, name, does, set)
}

/// A part of the window that can be hidden.
const fn side(side: Side, id: &'static str, flip: fn(&State<'_>) -> Asked) -> Action {
    let does = "Show this part of the window, or hide it";
    action(id, Group::Window, side.word(), does, flip)
}

fn flip(state: &State<'_>, side: Side) -> Asked {
    Ok(Command::SetPanel(side, !state.settings.shows(side)))
}

fn view(state: &State<'_>, command: ViewCommand) -> Asked {
    state.document().map(|_| Command::View(command))
}

fn zoom(state: &State<'_>, direction: f64) -> Asked {
    let at = state.moment()?;
    let factor = (direction * ZOOM_SPEED * state.held).exp();
    Ok(Command::View(ViewCommand::Zoom { at, factor }))
}

fn pan(state: &State<'_>, direction: f64) -> Asked {
    let length = state.document()?.view.length();
    let by = direction * PAN_SPEED * state.held * length;
    Ok(Command::View(ViewCommand::Pan(by)))
}

fn stall(state: &State<'_>, forward: bool) -> Asked {
    match state.document()?.stalls.is_empty() {
        true => Err(english("There is no stall")),
        false => Ok(Command::NextStall(forward)),
    }
}

fn trace(state: &State<'_>, forward: bool) -> Asked {
    let (place, count) = state.place;
    if count < 2 {
        return Err(english("There is no other trace"));
    }
    let step = if forward { 1 } else { count - 1 };
    Ok(Command::ShowTrace((place + step) % count))
}

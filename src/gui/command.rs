//! What a person can ask for. Menus, keys, buttons, the timeline and links all speak these words, and only the
//! app acts on them.

use std::path::PathBuf;
use std::time::Duration;

use super::beside::BesideCommand;
use super::lanes::LaneCommand;
use super::marks::MarkCommand;
use super::playback::PlaybackCommand;
use super::plot::Measure;
use super::search::SearchCommand;
use super::settings::Kept;
use super::statistics::StatisticsCommand;
use crate::gui::texts::{LanguageChoice, english, tr};
use crate::scenario::{Blocking, Edit, Owner};
use crate::store::SpanRef;
use crate::trace::{Change, ModelId, ThreadId, TimeRange};

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make this shipped scenario the chosen one, by its name.
    PickScenario(String),
    /// Ask for a scenario file and load it.
    LoadScenarioDialog,
    /// Load a scenario from a file and make it the chosen one.
    LoadScenario(PathBuf),
    /// Change a value of the chosen scenario; of a server it takes effect on a running loop.
    Edit(Owner, Edit),
    /// Give the chosen scenario its own values back.
    ResetScenario,
    /// Ask for a file and save the chosen scenario to it.
    SaveScenarioDialog,
    /// Save the chosen scenario as it is set, and make the file the chosen one. Replaces a file that is there.
    SaveScenario(PathBuf),
    /// Run the chosen scenario.
    Run,
    /// Ask how it would be if what holds a loop were carried out so.
    SetWhatIf(Change),
    /// Run what is asked about, with what held the loop carried out so.
    RunWhatIf,
    /// Stop what runs.
    Stop,
    /// Run this variant of the scenario, by its place, or do not.
    SetModel(usize, bool),
    /// Start the models together, or one after another.
    SetTogether(bool),
    /// Turn the blocking switch on or off; takes effect on a running loop.
    SetBlockingOn(bool),
    /// Choose how, how long and in which task callbacks block; takes effect on a running loop.
    SetBlocking(Blocking),
    /// Choose how long a stretch without a poll must be to count as a stall; takes effect on a running loop.
    SetStallThreshold(Duration),
    /// Move the view in time.
    View(ViewCommand),
    /// Choose a stretch of time: to measure it, to read its statistics, to zoom to it; or none.
    ChooseRange(Option<TimeRange>),
    /// The same, and show its statistics.
    ReadRange(TimeRange),
    /// Show other statistics, or copy them.
    Statistics(StatisticsCommand),
    /// Arrange the lanes.
    Lane(LaneCommand),
    /// Scroll the lanes.
    Scroll(ScrollTo),
    /// Show the key to patterns and shapes, or hide it.
    SetLegend(bool),
    /// Look at one thing closely, or at nothing.
    Select(Option<Selection>),
    /// Look at one thing closely, and move the view so that it can be seen.
    Reveal(Selection),
    /// Go from what is looked at closely to one of its neighbours.
    Walk(Step),
    /// Draw the arrows of everything in view, or only those of what is looked at closely.
    SetAllArrows(bool),
    /// List the stalls in this order.
    SetStallOrder(StallOrder),
    /// Go to the next stall (`true`) or to the previous one.
    NextStall(bool),
    /// Look at another one of the traces that are there, by its place among them.
    ShowTrace(usize),
    /// Compare two traces.
    Beside(BesideCommand),
    /// Ask for a trace file and open it.
    OpenDialog,
    /// Open a trace file.
    Open(PathBuf),
    /// Give up the traces that are being opened.
    CancelOpening,
    /// Give up the traces that are being exported.
    CancelExporting,
    /// Ask for a file and export the trace to it.
    ExportDialog,
    /// Export the trace; the ending of the name chooses the format. Replaces a file that is there.
    Export(PathBuf),
    /// Choose the path of the open dialog through the system's own dialog.
    Browse,
    /// Choose dark, light, or as the system has it.
    SetTheme(egui::ThemePreference),
    /// Choose how much of a run is kept in memory.
    SetKept(Kept),
    /// Ask for the folder that runs are recorded into.
    RecordIntoDialog,
    /// Record the runs that begin from now on into files of this folder; without one, their recordings go with them.
    RecordInto(Option<PathBuf>),
    /// Choose the language of the texts.
    SetLanguage(LanguageChoice),
    /// Draw everything so many times as large as the display has it, as far as the window has room for it.
    SetScale(f32),
    /// Let nothing move by itself, or let it.
    SetStill(bool),
    /// Show a side of the window, or hide it.
    SetPanel(Side, bool),
    /// Plot this below the timeline, or do not.
    SetPlot(Measure, bool),
    /// Show this beside the timeline.
    SetDetail(Detail),
    /// Begin the guided walk.
    StartWalk,
    /// End the guided walk for good.
    EndWalk,
    /// Do this to the playhead.
    Playback(PlaybackCommand),
    /// Every part of the window where it was at first, and as large.
    ResetLayout,
    /// Show the table of keys, or hide it.
    ToggleHelp,
    /// Mark moments.
    Mark(MarkCommand),
    /// Search the trace.
    Search(SearchCommand),
    /// Show the command palette, or hide it.
    TogglePalette,
    /// Say for a moment why something is not possible; in English.
    Explain(&'static str),
    /// Put the message away.
    DismissMessage,
    /// Put away what lies on top: the dialog, the table of keys, the message, or else the selection.
    Dismiss,
    /// Close the window.
    Quit,
}

/// Where lanes are scrolled to.
#[derive(Clone, Debug, PartialEq)]
pub enum ScrollTo {
    /// By so many times what is seen of them; down where positive.
    Pages(f32),
    /// To the model of this name.
    Model(String),
    /// To the model below (`true`) or above the one that is at the top.
    NextModel(bool),
}

/// A part of the window that can be hidden, so that the timeline has more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The scenario and its switches.
    Controls,
    /// The inspector and the list of stalls.
    Details,
    /// How the loops fared over time.
    Plot,
    /// The whole trace at a glance.
    Overview,
    /// The table that compares the models.
    Comparison,
    /// What was called in a stretch of time, how often and how long.
    Statistics,
}

impl Side {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Controls,
        Self::Details,
        Self::Overview,
        Self::Plot,
        Self::Comparison,
        Self::Statistics,
    ];

    /// What it is called, in English.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Controls => english("Scenario and controls"),
            Self::Details => english("Inspector and stalls"),
            Self::Plot => english("Plots"),
            Self::Overview => english("Overview of the trace"),
            Self::Comparison => english("Comparison"),
            Self::Statistics => english("Statistics"),
        }
    }
}

/// What is told beside the timeline, above the stalls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Detail {
    /// What is selected.
    #[default]
    Inspector,
    /// The state of the loops at the playhead.
    Loop,
    /// How long things waited for the loops.
    Delays,
    /// What was marked.
    Marks,
}

impl Detail {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Inspector, Self::Loop, Self::Delays, Self::Marks];

    /// What it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inspector => english("Inspector"),
            Self::Loop => english("Loop"),
            Self::Delays => english("Delays"),
            Self::Marks => english("Marks"),
        }
    }

    /// What it tells.
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Inspector => english("What is selected"),
            Self::Loop => english("What the loop did at the playhead, and its circle"),
            Self::Marks => english("Moments that you marked, with your notes"),
            Self::Delays => english(
                "How long things in view waited for the loop: a histogram of the queueing delay",
            ),
        }
    }
}

/// How stalls are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StallOrder {
    /// Those of one callback and cause as one finding, the most harmful first.
    #[default]
    Harm,
    /// One after another.
    Time,
}

impl StallOrder {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Harm, Self::Time];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Harm => tr("By harm"),
            Self::Time => tr("By time"),
        }
    }

    /// What it is good for.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Harm => tr(
                "Stalls of one callback as one line, the one for which others waited longest first",
            ),
            Self::Time => tr("One stall after another"),
        }
    }
}

/// A move of the view in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ViewCommand {
    /// By so many nanoseconds; later is positive.
    Pan(f64),
    /// By a factor (less than 1 shows less time), so that the moment `at`, in nanoseconds, stays where it is.
    Zoom {
        /// The moment that stays.
        at: f64,
        /// New length of the view by its old length.
        factor: f64,
    },
    /// Show this stretch, with a margin.
    Show(TimeRange),
    /// Show everything.
    Fit,
    /// Show where the trace begins, at the same scale.
    Beginning,
    /// Bring this moment, in nanoseconds, into the middle, at the same scale.
    Center(f64),
    /// Show exactly from one moment to the other, in nanoseconds, as a hand pulls them. No jump.
    Window {
        /// The first moment on the screen.
        begin: f64,
        /// The first moment right of it.
        end: f64,
    },
    /// Keep the newest moment in view, or stop that.
    Follow(bool),
    /// Back to where the view was before the last jump, or before hands moved it since.
    Undo,
    /// Forward again.
    Redo,
}

/// A step from a thing in the trace to one of its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The one of the same kind before it.
    Previous,
    /// The next one of the same kind.
    Next,
    /// What it lies in.
    Out,
    /// The first thing in it.
    In,
    /// What led to it.
    Cause,
    /// What followed from it.
    Effect,
}

impl Step {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Previous,
        Self::Next,
        Self::Out,
        Self::In,
        Self::Cause,
        Self::Effect,
    ];
}

/// What is looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// A span of a thread or a state of a task.
    Span(SpanRef),
    /// A stall: its place among those of its model.
    Stall(ModelId, usize),
    /// A moment of a thread: its place among [`crate::store::ThreadTrack::instants`].
    Instant(ModelId, ThreadId, usize),
}

//! What can be done, each thing once: its name, its keys, whether it is possible now, and the command that it
//! gives. Menus, keys, the table of keys and the command palette all come from [`all`].
//!
//! To add one: an entry in `list` or beside it, and a case in `tests/window/keys.rs`, which fails without it. What people
//! from elsewhere may call it stands in `words`.

mod beside;
mod build;
mod find;
mod keeping;
mod lanes;
mod list;
mod offers;
mod plays;
mod sizes;
mod switches;
mod tables;
#[cfg(test)]
mod tests;
mod walks;
mod words;

use std::fmt;
use std::time::Duration;

use egui::{Key, Modifiers};

use super::beside::Compared;
use super::command::Command;
use super::controls::Controls;
use super::document::Document;
use super::lanes::{Arrangement, Lane};
use super::scale::Scale;
use super::settings::Settings;
use super::statistics::Tabled;
use super::what_if::Answer;
use crate::gui::texts::{english, tr, with_aside};
use crate::trace::TimeRange;
pub use list::GESTURES;
pub(super) use offers::{Offer, offers};
#[cfg(test)]
pub(super) use words::WORDS;

/// The lists, in the order in which menus show them.
const LISTS: &[&[Action]] = &[
    list::ACTIONS,
    switches::ACTIONS,
    keeping::ACTIONS,
    find::ACTIONS,
    lanes::ACTIONS,
    tables::ACTIONS,
    beside::ACTIONS,
];

/// All that can be done.
pub fn all() -> impl Iterator<Item = &'static Action> {
    LISTS.iter().copied().flatten()
}

/// Something that can be asked for by its name.
#[derive(Debug)]
pub struct Action {
    /// Tells it from all others, and never changes.
    pub id: &'static str,
    /// What it is called in menus, in English.
    pub name: &'static str,
    /// What it does, in one sentence without its end, in English.
    pub does: &'static str,
    /// What it stands with.
    pub group: Group,
    /// The ways to ask for it without a menu; the one to teach first.
    pub triggers: &'static [Trigger],
    /// Whether it is asked for again and again while its key is held down.
    repeats: bool,
    heard: Heard,
    /// Where it is a switch: whether it is on.
    on: Option<fn(&State<'_>) -> bool>,
    command: fn(&State<'_>) -> Asked,
}

/// When the keys of an action mean it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// While nothing else wants keys.
    Free,
    /// Also while somebody types.
    Typing,
    /// Also while a dialog or a menu is open.
    Always,
}

/// What follows when it is asked for; where it is not possible now, why.
pub type Asked = Result<Command, &'static str>;

/// What decides whether an action is possible, and what it means.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// The trace that is shown.
    pub document: Option<&'a Document>,
    /// Its place among the traces that are open, and how many there are.
    pub place: (usize, usize),
    /// The trace that was opened or run before it.
    pub before: Option<&'a Document>,
    /// The two that are compared, where it is one of them.
    pub compared: Option<Compared<'a>>,
    /// Whether it is being recorded.
    pub live: bool,
    /// Whether a run goes on, of whatever trace.
    pub running: bool,
    /// What is to be run, and how.
    pub controls: &'a Controls,
    /// Why nothing could be run, where nothing could.
    pub cannot_run: Option<&'static str>,
    /// What is shown and what is hidden.
    pub settings: &'a Settings,
    /// Whether it is dark now.
    pub dark: bool,
    /// Whether nothing moves by itself.
    pub still: bool,
    /// How large everything is drawn.
    pub scale: Scale,
    /// How much was found, while something is searched for.
    pub found: usize,
    /// What the table of statistics shows.
    pub tabled: Tabled,
    /// Whether that table has rows.
    pub counted: bool,
    /// Whether a trace is being opened.
    pub opening: bool,
    /// Whether a trace is being exported.
    pub exporting: bool,
    /// The lane that was pointed at or selected last.
    pub lane: Option<&'a Lane>,
    /// How the lanes are arranged.
    pub lanes: &'a Arrangement,
    /// The moment under the pointer, in nanoseconds, where it points into the timeline.
    pub pointed: Option<f64>,
    /// How long a key that is held down has been since the last frame, in seconds.
    pub held: f64,
    /// What is asked about the stall that is looked at, where one is.
    pub what_if: Option<&'a Answer>,
    /// How long a slice is of which it can be asked.
    pub slice: Duration,
}

/// For how long an action counts as held that was asked for once, in seconds.
pub const ONE_STEP: f64 = 0.3;

impl<'a> State<'a> {
    /// The trace that is shown.
    ///
    /// # Errors
    /// When there is none, with the words that say so.
    pub fn document(&self) -> Result<&'a Document, &'static str> {
        self.document.ok_or(english("There is no trace yet"))
    }

    /// The moment under the pointer, or else in the middle of the screen, in nanoseconds.
    ///
    /// # Errors
    /// When there is no trace.
    pub fn moment(&self) -> Result<f64, &'static str> {
        let view = &self.document()?.view;
        Ok(self.pointed.unwrap_or(view.begin() + view.length() / 2.0))
    }

    /// When the selected thing was, where it took any time.
    pub fn selected_range(&self) -> Option<TimeRange> {
        let range = self.document?.selected_range()?;
        (!range.is_empty()).then_some(range)
    }
}

impl Action {
    /// The one with this id.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        all().find(|action| action.id == id)
    }

    /// What follows when it is asked for now.
    ///
    /// # Errors
    /// When it is not possible now: why.
    pub fn command(&self, state: &State<'_>) -> Asked {
        (self.command)(state)
    }

    /// Where it is a switch: whether it is on now.
    pub fn is_on(&self, state: &State<'_>) -> Option<bool> {
        self.on.map(|on| on(state))
    }

    /// Whether it is asked for again and again while its key is held down.
    pub const fn repeats(&self) -> bool {
        self.repeats
    }

    /// When its keys mean it.
    pub const fn heard(&self) -> Heard {
        self.heard
    }

    /// The way to ask for it that a menu shows; empty where there is none.
    pub fn shortcut(&self) -> String {
        self.triggers
            .first()
            .map_or_else(String::new, ToString::to_string)
    }

    /// All ways to ask for it.
    pub fn shortcuts(&self) -> String {
        let all: Vec<String> = self.triggers.iter().map(ToString::to_string).collect();
        all.join(",  ")
    }

    /// What it does and its key, for whoever points at a button that does it.
    pub fn hint(&self) -> String {
        match self.shortcut() {
            keys if keys.is_empty() => tr(self.does).to_owned(),
            keys => with_aside(tr(self.does), &keys),
        }
    }
}

/// A way to ask for an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A key that goes down.
    Press(Modifiers, Key),
    /// A key, for as long as it is down.
    Hold(Key),
    /// A key, for as long as it is down, while nothing is selected: it means something else then.
    Idle(Key),
    /// Something that the pointer does on the timeline, which sees to it.
    Hand(&'static str),
}

/// `Ctrl Shift Z`.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Hand(words) => f.write_str(tr(words)),
            Self::Hold(key) => f.write_str(tr(key_name(key))),
            Self::Idle(key) => {
                let aside = tr("nothing selected");
                f.write_str(&with_aside(tr(key_name(key)), aside))
            }
            Self::Press(modifiers, key) => {
                let control = if cfg!(target_os = "macos") {
                    "Cmd"
                } else {
                    "Ctrl"
                };
                for (held, word) in [
                    (modifiers.command, control),
                    (modifiers.alt, "Alt"),
                    (modifiers.shift, "Shift"),
                ] {
                    if held {
                        write!(f, "{word} ")?;
                    }
                }
                f.write_str(tr(key_name(key)))
            }
        }
    }
}

fn key_name(key: Key) -> &'static str {
    match key {
        Key::Escape => "Esc",
        Key::PageUp => "Page Up",
        Key::PageDown => "Page Down",
        Key::Space => english("Space"),
        Key::ArrowUp => english("Up"),
        Key::ArrowDown => english("Down"),
        Key::ArrowLeft => english("Left"),
        Key::ArrowRight => english("Right"),
        _ => key.symbol_or_name(),
    }
}

/// What stands together in menus and in the table of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Files, and the end of it all.
    File,
    /// The run.
    Run,
    /// Moving in time.
    Time,
    /// The playhead.
    Playback,
    /// Two traces compared.
    Compare,
    /// Finding something in the trace.
    Find,
    /// Arranging the lanes.
    Lanes,
    /// What is counted.
    Statistics,
    /// The parts of the window.
    Window,
    /// What is drawn beside the lanes: plots, arrows, the legend.
    Drawing,
    /// How the window looks.
    Look,
    /// The language of the window.
    Language,
    /// What helps.
    Help,
}

impl Group {
    /// All of them, in the order in which they are told of.
    pub const ALL: [Self; 13] = [
        Self::File,
        Self::Run,
        Self::Time,
        Self::Playback,
        Self::Compare,
        Self::Find,
        Self::Lanes,
        Self::Statistics,
        Self::Window,
        Self::Drawing,
        Self::Look,
        Self::Language,
        Self::Help,
    ];

    /// Whether it is a menu within a menu: all of it would be longer than a small window is high.
    pub const fn is_folded(self) -> bool {
        match self {
            Self::File | Self::Run | Self::Window | Self::Help => false,
            Self::Compare | Self::Time | Self::Playback => true,
            Self::Find | Self::Lanes | Self::Statistics | Self::Drawing => true,
            Self::Look | Self::Language => true,
        }
    }

    /// What it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "Files",
            Self::Run => "Run",
            Self::Time => "Move in time",
            Self::Playback => "Playback",
            Self::Compare => "Compare two traces",
            Self::Find => "Find",
            Self::Lanes => "Lanes",
            Self::Statistics => "Table of statistics",
            Self::Window => "Window",
            Self::Drawing => "What is drawn",
            Self::Look => "Look",
            Self::Language => "Language 语言",
            Self::Help => "Help",
        }
    }
}

/// The menus: what each is called, and what is in it.
pub const MENUS: [(&str, &[Group]); 4] = [
    ("File", &[Group::Run, Group::File, Group::Compare]),
    (
        "View",
        &[
            Group::Lanes,
            Group::Drawing,
            Group::Statistics,
            Group::Window,
            Group::Look,
            Group::Language,
        ],
    ),
    ("Go", &[Group::Time, Group::Playback, Group::Find]),
    ("Help", &[Group::Help]),
];

//! Keys. Those that move about in time (W A S D, F, Home, End) are the timeline's own.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::command::{Command, ViewCommand};
use crate::gui::texts::english;

/// The keys as the help shows them: what to press, and what it does.
pub(super) const KEYS: [(&str, &[(&str, &str)]); 4] = [
    (
        english("Run"),
        &[
            (
                english("Space"),
                english("Run the scenario, or stop what runs"),
            ),
            ("Ctrl O", english("Open a trace")),
            ("Ctrl E", english("Export the trace")),
            ("Ctrl Q", english("Stop everything and quit")),
        ],
    ),
    (
        english("Look"),
        &[
            (english("Drag"), english("Move in time")),
            (english("Ctrl wheel"), english("Zoom at the pointer")),
            ("W  S", english("Zoom in, out")),
            ("A  D", english("Move to earlier, later")),
            ("F", english("Show what is selected, then everything")),
            (
                english("Home  End"),
                english("Go to the beginning; follow the newest moment"),
            ),
            (
                "Ctrl Z",
                english("Back to where the view was before the last jump"),
            ),
            ("Ctrl Shift Z", english("Forward again (or Ctrl Y)")),
        ],
    ),
    (
        english("Find"),
        &[
            (english("Click"), english("Inspect a bar")),
            (english("Double click"), english("Zoom to it")),
            ("[  ]", english("Go to the previous, next stall")),
            ("Esc", english("Close, put away or deselect")),
        ],
    ),
    (
        english("Window"),
        &[
            ("T", english("Dark or light")),
            ("?", english("These keys")),
            (
                "Tab",
                english("On to the next control; Space or Enter presses it"),
            ),
        ],
    ),
];

/// What the app knows that decides what a key means.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    /// Whether a run goes on.
    pub(super) running: bool,
    /// Whether it is dark now.
    pub(super) dark: bool,
    /// Whether a dialog lies over the window and has the keys for itself.
    pub(super) modal: bool,
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

/// What the keys of this frame ask for. A text field that has the focus has the keys for itself.
pub(super) fn commands(ctx: &Context, state: State) -> Vec<Command> {
    let mut asked = Vec::new();
    if ctx.input_mut(|input| input.consume_shortcut(&ctrl(Key::Q))) {
        asked.push(Command::Quit);
    }
    if state.modal || ctx.text_edit_focused() || egui::Popup::is_any_open(ctx) {
        return asked;
    }
    let theme = if state.dark {
        egui::ThemePreference::Light
    } else {
        egui::ThemePreference::Dark
    };
    let run = if state.running {
        Command::Stop
    } else {
        Command::Run
    };
    let redo = KeyboardShortcut::new(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    // The more keys, the earlier: Ctrl Z is also held down in Ctrl Shift Z.
    let table = [
        (redo, Command::View(ViewCommand::Redo)),
        (ctrl(Key::Y), Command::View(ViewCommand::Redo)),
        (ctrl(Key::Z), Command::View(ViewCommand::Undo)),
        (ctrl(Key::O), Command::OpenDialog),
        (ctrl(Key::E), Command::ExportDialog),
        (plain(Key::OpenBracket), Command::NextStall(false)),
        (plain(Key::CloseBracket), Command::NextStall(true)),
        (plain(Key::Questionmark), Command::ToggleHelp),
        (plain(Key::F1), Command::ToggleHelp),
        (plain(Key::T), Command::SetTheme(theme)),
        (plain(Key::Escape), Command::Dismiss),
    ];
    for (keys, command) in table {
        if ctx.input_mut(|input| input.consume_shortcut(&keys)) {
            asked.push(command);
        }
    }
    // A control that has the focus is pressed by Space.
    let focused = ctx.memory(|memory| memory.focused().is_some());
    if !focused && ctx.input_mut(|input| consume_press(input, Key::Space)) {
        asked.push(run);
    }
    asked
}

/// Whether a key went down. One that is held down does not run and stop by turns.
fn consume_press(input: &mut egui::InputState, key: Key) -> bool {
    let held = input.events.iter().any(
        |event| matches!(event, egui::Event::Key { key: one, repeat: true, .. } if *one == key),
    );
    input.consume_shortcut(&plain(key)) && !held
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

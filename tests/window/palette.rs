//! The command palette beyond the actions: see `keys` for those.

use egui::accesskit::Toggled;
use egui::{Key, Modifiers};
use egui_kittest::kittest::NodeT;
use loopscope::gui::command::Command;

use crate::desk::Desk;

#[test]
fn the_arrows_choose_in_the_palette() {
    let mut other = Desk::with_trace();
    other.apply(Command::NextStall(false));
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::COMMAND, Key::P);
    desk.control("Command").type_text("stall");
    desk.frames(2);
    for key in [Key::ArrowDown, Key::ArrowUp, Key::ArrowDown, Key::Enter] {
        desk.press(Modifiers::NONE, key);
    }
    // "Previous stall" is the second on the list.
    assert!(desk.shown().selection.is_some());
    assert_eq!(desk.shown().selection, other.shown().selection);
}

#[test]
fn the_palette_also_loads_a_scenario_and_shows_an_open_trace() {
    let mut desk = Desk::with_trace();
    let ask = |desk: &mut Desk, words: &str| {
        desk.press(Modifiers::COMMAND, Key::P);
        desk.control("Command").type_text(words);
        desk.frames(2);
        desk.press(Modifiers::NONE, Key::Enter);
        desk.frames(2);
    };
    ask(&mut desk, "the bank");
    assert_eq!(desk.app().controls().source, "the-bank");
    desk.show_recorded();
    assert_eq!(desk.app().documents().shown_place(), 1);
    let title = desk.shown().title.clone();
    ask(&mut desk, &format!("trace {title}"));
    assert_eq!(
        desk.app().documents().shown_place(),
        0,
        "the first of that name"
    );
}

#[test]
fn the_palette_tells_which_switches_are_on() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::COMMAND, Key::P);
    for (name, on) in [
        ("Overview of the trace", Toggled::True),
        ("Arrows of everything in view", Toggled::False),
    ] {
        desk.control("Command").type_text(name);
        desk.frames(2);
        let row = desk.control(name).accesskit_node().toggled();
        assert_eq!(row, Some(on), "{name}");
        desk.press(Modifiers::COMMAND, Key::A);
    }
}

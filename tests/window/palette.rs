//! The command palette beyond the actions: see `keys` for those.

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use loopscope::gui::action::{self, GESTURES};
use loopscope::gui::beside::BesideCommand;
use loopscope::gui::command::{Command, Side};
use loopscope::scenario::BlockingKind;

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

/// Types these words into the palette, and does what they find first.
fn ask(desk: &mut Desk, words: &str) {
    desk.press(Modifiers::COMMAND, Key::P);
    desk.control("Command").type_text(words);
    desk.frames(2);
    desk.press(Modifiers::NONE, Key::Enter);
    desk.frames(2);
}

#[test]
fn the_palette_also_loads_a_scenario_and_shows_an_open_trace() {
    let mut desk = Desk::with_trace();
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
fn the_palette_switches_models_and_how_callbacks_block() {
    let mut desk = Desk::new();
    let mut variants = desk.app().controls().scenario.variants.iter();
    let threaded = variants.position(|model| model.name == "threaded");
    let threaded = threaded.expect("it is one of three");
    for on in [false, true] {
        ask(&mut desk, "run threaded");
        assert_eq!(desk.app().controls().runs(threaded), on);
    }
    ask(&mut desk, "block cpu");
    let kind = desk.app().controls().blocking.kind;
    assert_eq!(kind, BlockingKind::Cpu);
}

fn is_chosen(desk: &Desk, name: &str) -> bool {
    desk.control(name).accesskit_node().toggled() == Some(Toggled::True)
}

#[test]
fn the_palette_sorts_the_statistics_and_asks_what_if() {
    let mut desk = Desk::with_trace();
    desk.apply(Command::SetPanel(Side::Statistics, true));
    desk.until("it is counted", |desk| desk.has("Sort by p99"));
    assert!(!is_chosen(&desk, "Sort by p99"));
    ask(&mut desk, "sort p99");
    assert!(is_chosen(&desk, "Sort by p99"));
    desk.apply(Command::NextStall(true));
    assert!(is_chosen(&desk, "In a thread"));
    ask(&mut desk, "what if slices");
    assert!(is_chosen(&desk, "In slices"));
}

#[test]
fn the_palette_aligns_two_traces_at_a_model() {
    let mut desk = Desk::with_trace();
    desk.show_recorded();
    desk.apply(Command::Beside(BesideCommand::Compare([1, 2])));
    ask(&mut desk, "align threaded");
    let compared = desk.app().compared().expect("two are compared");
    assert_eq!(compared.alignment.words(), "the beginning of threaded");
}

#[test]
fn the_table_of_keys_has_every_action_that_has_a_key() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::NONE, Key::Questionmark);
    let has = |text: &str| {
        let mut nodes = desk.harness.query_all_by_label(text);
        nodes.any(|node| node.accesskit_node().role() == Role::Label)
    };
    for action in action::all().filter(|action| !action.triggers.is_empty()) {
        assert!(has(action.name), "{}", action.id);
        let keys = action.shortcuts();
        assert!(has(&format!(" {keys} ")), "{keys} of {}", action.id);
    }
    for (_, how, what) in GESTURES {
        assert!(has(what) && has(&format!(" {how} ")), "{how}");
    }
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

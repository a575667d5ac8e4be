//! The guided walk of a first start: it points at the real controls and goes on when they are used.

use egui::{Key, Modifiers};
use loopscope::gui::command::Command;

use crate::ENDLESS;
use crate::desk::Desk;

#[test]
fn a_first_start_is_led_through_run_block_and_see() {
    let mut desk = Desk::with_scenario("endless.toml", ENDLESS);
    desk.apply(Command::StartWalk);
    assert!(desk.has("Press Run, or Space"));
    desk.click("▶ Run");
    desk.until("it goes on", |desk| desk.has("Now let a callback block"));
    desk.click("Blocking callback");
    desk.until("a stall is seen", |desk| {
        desk.has("Red stripes are a stall")
    });
    desk.press(Modifiers::NONE, Key::CloseBracket);
    desk.until("the stall is read", |desk| {
        desk.has("What held the loop, why")
    });
    assert!(!desk.app().settings().walked);
    desk.click("Done");
    assert!(!desk.has("What held the loop, why"));
    assert!(desk.app().settings().walked, "never again");
}

#[test]
fn it_can_be_skipped_for_good() {
    let mut desk = Desk::new();
    assert!(!desk.has("Skip the walk"), "only a first start begins it");
    desk.apply(Command::StartWalk);
    desk.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.has("Skip the walk"));
    assert!(desk.app().settings().walked);
    desk.apply(Command::StartWalk);
    desk.click("Skip the walk");
    assert!(!desk.has("Press Run, or Space"));
}

#[test]
fn a_trace_from_a_file_is_no_run() {
    let mut desk = Desk::with_trace();
    desk.apply(Command::StartWalk);
    assert!(desk.has("Press Run, or Space"));
}

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

/// One of its tasks goes on when the one that may block is over.
const ONE_IS_SHORT: &str = r#"
title = "One is short"
models = ["asynchronous"]
[[servers]]
name = "short"
text = "0123456789"
chunk = 10
delay = "1ms"
[[servers]]
name = "long"
poem = "ecstasy"
chunk = 1
delay = "20ms"
[[tasks]]
name = "short"
server = "short"
[[tasks]]
name = "long"
server = "long"
[blocking]
task = "short"
"#;

#[test]
fn who_blocks_a_task_that_is_over_is_told_so_at_once() {
    let mut desk = Desk::with_scenario("one-is-short.toml", ONE_IS_SHORT);
    desk.apply(Command::StartWalk);
    desk.click("▶ Run");
    desk.until("the short one is over", |desk| {
        let mut models = desk.shown().store.models().iter();
        models.any(|model| model.tasks.iter().any(|task| task.end.is_some()))
    });
    desk.click("Blocking callback");
    desk.frames(2);
    assert!(desk.has("That task has ended in this run already"));
    desk.click("■ Stop");
    desk.until("the run ends", |desk| !desk.app().is_running());
    assert!(desk.has("Run it again"));
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

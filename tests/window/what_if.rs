//! What if what held the loop were carried out otherwise: asked of a stall, run, and compared.

use egui::{Key, Modifiers};
use loopscope::analysis::CauseKind;
use loopscope::gui::command::{Command, Selection};

use crate::desk::Desk;

/// Two servers that recite for 200 ms, and a loop that one of the tasks blocks for 60 ms at a time.
const BLOCKED: &str = r#"
title = "Blocked"
stall_threshold = "20ms"
models = ["synchronous", "asynchronous"]
[[servers]]
name = "long"
text = "0123456789012345678901234567890123456789"
chunk = 4
delay = "20ms"
[[servers]]
name = "short"
text = "01234567890123456789"
chunk = 2
delay = "20ms"
[[tasks]]
name = "long"
server = "long"
[[tasks]]
name = "short"
server = "short"
[blocking]
kind = "sleep"
duration = "60ms"
task = "long"
on = true
"#;

/// A run, and in it a stall of the loop that somebody waited for.
fn with_stall() -> Desk {
    let mut desk = Desk::with_scenario("blocked.toml", BLOCKED);
    desk.run_to_the_end();
    let stalls = &desk.shown().stalls;
    let stall = stalls.iter().find(|stall| {
        let others = stall.victims.iter().any(|victim| victim.task != stall.task);
        stall.of_loop && stall.callback == "data_received" && others
    });
    let stall = stall.expect("it slept, and data came in meanwhile");
    let selection = Selection::Stall(stall.model, stall.index);
    desk.apply(Command::Reveal(selection));
    desk
}

/// As one does who cannot see it: it may have been scrolled out of sight.
fn push(desk: &mut Desk, label: &str) {
    desk.control(label).click_accesskit();
    desk.frames(3);
}

#[test]
fn a_stall_is_run_otherwise_and_both_stand_side_by_side() {
    let mut desk = with_stall();
    assert!(desk.has("If data_received were carried out"));
    assert!(desk.has("at worst, predicted"), "before anything was run");
    push(&mut desk, "▶ Run it so");
    assert!(desk.app().is_running());
    let title = desk.shown().title.clone();
    assert!(
        title.starts_with("Run 2 · Blocked · what if: in a thread"),
        "{title}"
    );
    assert_eq!(desk.shown().info.title, "Blocked · what if: in a thread");
    desk.until("the run ends", |desk| !desk.app().is_running());
    assert_eq!(desk.shown().store.models().len(), 1, "it is about one loop");
    // It may still have to wait for a core.
    let mut stalls = desk.shown().stalls.iter();
    let blocked = stalls
        .find(|stall| stall.callback == "data_received" && stall.cause.kind == CauseKind::Blocked);
    assert!(blocked.is_none(), "{blocked:?}");
    assert!(
        desk.has("What if: in a thread"),
        "the new trace says why it is there"
    );
    assert!(desk.has("at worst, measured"));
    let switch = "Switch the blocking callback on";
    assert!(!desk.has(switch), "it is on, and holds nobody any more");

    push(&mut desk, "Back to the stall");
    assert_eq!(desk.app().documents().shown_place(), 0);
    assert!(matches!(desk.shown().selection, Some(Selection::Stall(..))));
    assert!(desk.has("at worst, measured"));
    let _ = desk.control("▶ Run it so again");

    push(&mut desk, "Go to the longest wait that was measured");
    assert_eq!(desk.app().documents().shown_place(), 1);
    assert!(matches!(desk.shown().selection, Some(Selection::Span(_))));
}

#[test]
fn another_change_has_no_measurement_before_it_was_run() {
    let mut desk = with_stall();
    desk.press(Modifiers::COMMAND, Key::R);
    assert!(desk.app().is_running(), "by its key");
    desk.until("the run ends", |desk| !desk.app().is_running());
    push(&mut desk, "Back to the stall");
    assert!(desk.has("at worst, measured"));
    push(&mut desk, "In slices");
    assert!(desk.has("at worst, predicted"));
    assert!(!desk.has("at worst, measured"));
    desk.slide("Slice", 15.0);
    push(&mut desk, "▶ Run it so");
    assert!(
        desk.shown().title.contains("in slices of 15 ms"),
        "{}",
        desk.shown().title
    );
    desk.until("the run ends", |desk| !desk.app().is_running());
    assert!(desk.has("at worst, measured"));
}

/// Nine tasks that compute one after another, before the loop polls for the first time.
#[test]
fn of_many_who_waited_the_worst_are_shown_and_the_others_counted() {
    let task = |number| {
        format!(
            "[[tasks]]\nname = 'no {number}'\n\
             steps = [{{ call = 'work', compute = '10ms' }}, {{ wait = '10ms' }}]\n"
        )
    };
    let tasks: String = (1..=9).map(task).collect();
    let many = format!("title = 'Many'\nmodels = ['asynchronous']\n{tasks}");
    let mut desk = Desk::with_scenario("many.toml", &many);
    desk.run_to_the_end();
    desk.apply(Command::NextStall(true));
    desk.frames(2);
    assert!(desk.has("8 startup callbacks"));
    assert!(desk.sees("start of no 9"), "the worst");
    assert!(!desk.sees("start of no 2"));
    assert!(desk.has("more, who waited less"));
}

#[test]
fn a_trace_from_a_file_is_predicted_and_cannot_be_run_again() {
    let mut desk = Desk::with_trace();
    desk.apply(Command::NextStall(true));
    assert!(desk.has("What if"));
    assert!(desk.has("a file does not say how it was set"));
    desk.press(Modifiers::COMMAND, Key::R);
    assert!(!desk.app().is_running());
}

//! The whole window, used as a person uses it: by the names of its controls. The runs are real.
#![cfg(feature = "gui")]

mod beside;
mod cases;
mod chinese;
mod desk;
mod flood;
mod keyboard;
mod keys;
mod lanes;
mod marks;
mod opening;
mod palette;
mod parameters;
mod playback;
mod plots;
mod ranges;
mod recorded;
mod sizes;
mod switches;
mod views;
mod walk;
mod what_if;

use std::fs;
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable as _};
use loopscope::gui::command::{Command, ViewCommand};
use loopscope::scenario::builtins;
use loopscope::trace::{TimeRange, Timestamp};

use desk::{Desk, Dropped};

/// Two servers that recite for a good 100 ms, and a loop that is blocked for 20 ms at a time when asked.
const QUICK: &str = r#"
title = "Quick"
stall_threshold = "10ms"
[[servers]]
name = "long"
text = "0123456789012345678901234567890123456789"
chunk = 4
delay = "10ms"
[[servers]]
name = "short"
text = "01234567890123456789"
chunk = 4
delay = "10ms"
[[tasks]]
name = "long"
server = "long"
[[tasks]]
name = "short"
server = "short"
[blocking]
kind = "sleep"
duration = "20ms"
task = "long"
"#;

/// As [`QUICK`], and goes on until it is stopped.
const ENDLESS: &str = r#"
title = "Endless"
stall_threshold = "10ms"
models = ["asynchronous"]
[[servers]]
name = "long"
poem = "ecstasy"
chunk = 1
delay = "20ms"
[[tasks]]
name = "long"
server = "long"
[blocking]
kind = "sleep"
duration = "20ms"
task = "long"
"#;

/// One of its two tasks finds nobody at its port.
const DEAD: &str = r#"
title = "Dead"
models = ["asynchronous"]
[[servers]]
name = "dead"
dead = true
[[servers]]
name = "alive"
text = "01234567890123456789"
chunk = 10
delay = "5ms"
[[tasks]]
name = "in vain"
server = "dead"
[[tasks]]
name = "alive"
server = "alive"
"#;

#[test]
fn a_newcomer_picks_runs_blocks_sees_the_stall_exports_and_opens_again() {
    let mut desk = Desk::with_scenario("endless.toml", ENDLESS);
    desk.click("▶ Run");
    desk.until("bytes arrive", |desk| {
        let models = desk.shown().store.models();
        models
            .iter()
            .flat_map(|model| &model.tasks)
            .any(|task| task.bytes > 3)
    });
    // A busy machine may hold a loop, too.
    let stall = "in asynchronous, long: sleep 20ms in data_received";
    assert!(!desk.has(stall), "nothing blocks yet");

    desk.click("Blocking callback");
    assert!(desk.has("Every data_received of long sleeps for 20 ms"));
    desk.until("a stall is listed", |desk| desk.has(stall));
    desk.click("■ Stop");
    desk.until("the run ends", |desk| !desk.app().is_running());

    let recorded = desk.shown().store.events();
    let stalls = desk.shown().stalls.len();
    for name in ["run.loopscope", "run.json", "run.csv"] {
        let path = desk.path(name);
        desk.export(&path);
        assert!(
            desk.message().starts_with("Exported to"),
            "{}",
            desk.message()
        );
        assert!(path.metadata().expect("it was written").len() > 100);
    }
    let path = desk.path("run.loopscope");
    desk.open(&path);
    assert_eq!(desk.shown().title, "run.loopscope");
    assert_eq!(desk.shown().store.events(), recorded);
    assert_eq!(desk.shown().stalls.len(), stalls);
    assert_eq!(
        desk.app().documents().all().len(),
        2,
        "the run is still there"
    );
}

#[test]
fn every_model_is_compared_when_the_run_is_over() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    assert_eq!(desk.app().title(), "Loopscope");
    desk.run_to_the_end();
    assert!(
        desk.app().title().starts_with("Run 1 · "),
        "{}",
        desk.app().title()
    );
    for text in [
        "synchronous",
        "threaded",
        "asynchronous",
        "finished in",
        "2 of 2",
    ] {
        assert!(desk.has(text), "{text}");
    }
    desk.click("synchronous");
    assert!(!desk.app().controls().models.is_empty());
    desk.run_to_the_end();
    let models = desk.shown().store.models().len();
    assert_eq!(models, 2, "what was switched off does not run");
    assert_eq!(
        desk.app().documents().all().len(),
        2,
        "each run is a trace of its own"
    );
}

#[test]
fn of_what_goes_on_it_is_counted_what_is_done() {
    let mut desk = Desk::new();
    desk.click("▶ Run");
    let none_of_three = |desk: &Desk| desk.harness.query_all_by_label("0 of 3").count() == 3;
    desk.until("all models have begun", none_of_three);
    assert_eq!(desk.harness.query_all_by_label("done").count(), 3);
    desk.click("■ Stop");
    desk.until("it has stopped", |desk| !desk.app().is_running());
}

#[test]
fn a_task_that_fails_is_told_of_and_the_others_go_on() {
    let mut desk = Desk::with_scenario("dead.toml", DEAD);
    desk.run_to_the_end();
    assert!(desk.has("1 of 2"));
    assert!(desk.has("1 failed"));
    assert!(desk.has("× asynchronous, in vain: "));
}

#[test]
fn a_shipped_scenario_is_picked_by_its_title_and_tells_its_story() {
    let mut desk = Desk::new();
    desk.click("Scenario");
    desk.frames(2);
    desk.click("A port on which nobody listens");
    desk.frames(2);
    assert_eq!(desk.app().controls().source, "dead-port");
    assert!(desk.has("clientConnectionFailed"), "its story is shown");
}

#[test]
fn a_story_has_no_marks_of_emphasis_in_it() {
    let mut desk = Desk::new();
    for builtin in builtins() {
        desk.apply(Command::PickScenario(builtin.name.to_owned()));
        assert!(!desk.has("*") && !desk.has("`"), "{}", builtin.name);
    }
    assert!(desk.has("What to look for"));
}

#[test]
fn a_wrong_scenario_is_refused_with_its_line_and_the_old_one_stays() {
    let mut desk = Desk::new();
    let path = desk.path("wrong.toml");
    fs::write(&path, QUICK.replacen("chunk = 4", "chunck = 4", 1)).expect("the folder is ours");
    desk.load(&path);
    assert!(desk.has("wrong.toml:7"), "the dialog says where");
    assert!(desk.has("chunk"), "and what was meant");
    desk.frames(2);
    assert!(desk.control("Path").is_focused(), "to be put right");
    desk.press(Modifiers::NONE, Key::Escape);
    assert_eq!(desk.app().controls().source, "three-slow-servers");
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_dialog_open() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    desk.click("Export…");
    let nowhere = desk.path("no such folder/run.csv");
    desk.type_path(&nowhere);
    desk.until("it is tried", |desk| !desk.app().is_busy());
    assert!(desk.has("there is no folder"));
    let unknown = desk.path("run.gif");
    desk.type_path(&unknown);
    desk.until("it is tried", |desk| !desk.app().is_busy());
    assert!(desk.has("the ending of the name chooses the format"));
    let field = desk.control("Path").accesskit_node().is_focused();
    assert!(field, "it can be mended at once");
    let good = desk.path("run.csv");
    desk.type_path(&good);
    desk.until("it is written", |_| good.exists());
    desk.until("the dialog closes", |desk| !desk.has("Browse…"));
}

#[test]
fn what_is_typed_at_once_stands_in_the_dialog_and_a_whole_path_takes_the_place_of_the_folder() {
    // The folder of what was loaded last stands there.
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.app_mut().apply(Command::OpenDialog);
    let typed = |text: &str| egui::Event::Text(text.to_owned());
    desk.harness.event(typed("letters.txt"));
    desk.frames(2);
    let begun = desk.path("letters.txt").display().to_string();
    let stands = |desk: &Desk| desk.control("Path").accesskit_node().value();
    assert_eq!(stands(&desk), Some(begun), "in the very first frame");
    desk.press(Modifiers::NONE, Key::Escape);
    desk.app_mut().apply(Command::OpenDialog);
    for part in ["/", "tm", "p/a"] {
        desk.harness.event(typed(part));
    }
    desk.frames(2);
    assert_eq!(stands(&desk), Some("/tmp/a".to_owned()));
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_asked() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    let path = desk.path("precious.csv");
    fs::write(&path, "mine").expect("the folder is ours");
    desk.click("Export…");
    desk.type_path(&path);
    assert!(desk.has("is there already"));
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "mine");
    desk.click("Replace it");
    desk.until("it is written", |desk| !desk.app().is_busy());
    assert_ne!(fs::read_to_string(&path).expect("it is there"), "mine");
}

#[test]
fn a_trace_that_breaks_off_is_shown_as_far_as_it_goes() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    let whole = desk.path("whole.loopscope");
    desk.export(&whole);
    let bytes = fs::read(&whole).expect("it was exported");
    let cut = desk.path("cut.loopscope");
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3]).expect("the folder is ours");
    let events = desk.shown().store.events();
    desk.open(&cut);
    assert_eq!(desk.shown().title, "cut.loopscope");
    assert!(desk.shown().store.events() > 0);
    assert!(desk.shown().store.events() < events);
    assert!(!desk.message().is_empty());
    desk.click("Dismiss");
    assert_eq!(desk.message(), "");
}

#[test]
fn what_is_no_trace_is_refused_and_the_window_lives() {
    let mut desk = Desk::new();
    let path = desk.path("letter.txt");
    fs::write(&path, "Dear reader").expect("the folder is ours");
    desk.open(&path);
    assert!(desk.has("is not a Loopscope trace"));
    desk.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.has("is not a Loopscope trace"));
    assert!(desk.app().documents().shown().is_none());
}

#[test]
fn a_run_can_be_driven_by_keys() {
    let mut desk = Desk::with_scenario("endless.toml", ENDLESS);
    desk.press(Modifiers::NONE, Key::Space);
    assert!(desk.app().is_running());
    desk.press(Modifiers::NONE, Key::Space);
    desk.until("the run ends", |desk| !desk.app().is_running());
    assert!(desk.has("stopped after"));

    desk.press(Modifiers::SHIFT, Key::Questionmark);
    assert!(desk.has("Fit the selection"));
    desk.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.has("Fit the selection"));

    let dark = desk.harness.ctx.global_style().visuals.dark_mode;
    desk.press(Modifiers::NONE, Key::T);
    assert_ne!(desk.harness.ctx.global_style().visuals.dark_mode, dark);

    desk.press(Modifiers::COMMAND, Key::E);
    assert!(desk.has("Export the trace"));
    desk.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.has("Export the trace"));
}

#[test]
fn a_letter_that_is_typed_is_no_command() {
    let mut desk = Desk::new();
    desk.press(Modifiers::COMMAND, Key::O);
    let dark = desk.harness.ctx.global_style().visuals.dark_mode;
    desk.press(Modifiers::NONE, Key::T);
    desk.press(Modifiers::NONE, Key::Space);
    assert_eq!(desk.harness.ctx.global_style().visuals.dark_mode, dark);
    assert!(!desk.app().is_running());
}

#[test]
fn a_jump_of_the_view_is_undone_and_done_again() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.click("Blocking callback");
    desk.run_to_the_end();
    let where_it_is = |desk: &Desk| (desk.shown().view.begin(), desk.shown().view.length());
    let whole = where_it_is(&desk);
    desk.press(Modifiers::NONE, Key::CloseBracket);
    assert!(
        desk.has("What ran in it"),
        "the inspector tells of the stall"
    );
    // On a busy machine the run takes long, and the stall is so small in it that this was a jump already.
    let looked = where_it_is(&desk);
    desk.press(Modifiers::NONE, Key::F);
    let stall = where_it_is(&desk);
    assert!(stall.1 < whole.1, "it fills the screen");
    desk.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(where_it_is(&desk), looked);
    desk.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(where_it_is(&desk), stall);
    desk.press(Modifiers::NONE, Key::F);
    assert_eq!(where_it_is(&desk), whole, "F leads there and back");
}

#[test]
fn a_scenario_cannot_be_changed_under_a_run() {
    let mut desk = Desk::with_scenario("endless.toml", ENDLESS);
    desk.click("▶ Run");
    let app = desk.app_mut();
    app.apply(Command::PickScenario("three-slow-servers".to_owned()));
    assert!(desk.message().contains("Stop the run"));
    assert_eq!(desk.app().controls().scenario.name, "endless");
    desk.click("■ Stop");
    desk.until("the run ends", |desk| !desk.app().is_running());
}

#[test]
fn a_trace_that_is_dropped_on_the_window_opens() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    let path = desk.path("dropped.loopscope");
    desk.export(&path);
    let dropped = Arc::new(Dropped(path));
    desk.harness.input_mut().dropped_files.push(dropped);
    desk.until("it is opened", |desk| {
        desk.shown().title == "dropped.loopscope"
    });
}

#[test]
fn a_side_of_the_window_can_be_hidden_and_shown_again() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    assert!(desk.has("Longest stall"));
    for _ in 0..2 {
        desk.click("View");
        desk.click("Comparison");
        desk.press(Modifiers::NONE, Key::Escape);
        desk.press(Modifiers::NONE, Key::Escape);
    }
    assert!(desk.has("Longest stall"), "hidden, and shown again");
    desk.click("View");
    desk.click("Comparison");
    assert!(!desk.has("Longest stall"));
}

#[test]
fn a_column_in_which_nobody_has_anything_is_left_out() {
    let desk = Desk::with_trace();
    assert!(desk.has("Longest stall"));
    assert!(!desk.has("CPU") && !desk.has("Memory"), "nobody told");
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    assert!(desk.has("CPU"));
}

#[test]
fn quitting_stops_the_run_first() {
    let mut desk = Desk::with_scenario("endless.toml", ENDLESS);
    desk.click("▶ Run");
    // One event, so that one frame follows it.
    desk.harness.event(egui::Event::Key {
        key: Key::Q,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::COMMAND,
    });
    let closes = |desk: &Desk| {
        let viewports = desk.harness.output().viewport_output.values();
        viewports
            .flat_map(|viewport| &viewport.commands)
            .any(|command| *command == egui::ViewportCommand::Close)
    };
    desk.until_now("the window is asked to close", closes);
    let app = desk.app_mut();
    app.shut_down();
    assert!(!app.is_running());
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    let show = Command::View(ViewCommand::Show(TimeRange::new(
        Timestamp(0),
        Timestamp(1_000_000),
    )));
    let app = desk.app_mut();
    app.apply(show);
    desk.frames(5);
    // Panics where the window goes on asking for frames.
    desk.harness.run();
}

#[test]
fn nothing_is_cut_off_in_a_small_window() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.click("Blocking callback");
    desk.run_to_the_end();
    desk.harness.set_size(egui::vec2(1024.0, 640.0));
    desk.frames(3);
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1024.0, 640.0));
    for label in [
        "▶ Run",
        "Fit",
        "Follow",
        "Open…",
        "Export…",
        "View",
        "Keys",
        "Trace",
    ] {
        let rect = desk.control(label).rect();
        assert!(screen.contains_rect(rect), "{label} at {rect:?}");
    }
}

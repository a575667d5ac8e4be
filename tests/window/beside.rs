//! Two traces in one window: one below the other or side by side, aligned, with what differs between them.

use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::{NodeT, Queryable};
use loopscope::gui::beside::{Alignment, BesideCommand, Split};
use loopscope::gui::command::{Command, Selection, Side, ViewCommand};
use loopscope::gui::document::Document;
use loopscope::gui::playback::PlaybackCommand;
use loopscope::trace::{TimeRange, Timestamp};

use crate::desk::Desk;
use crate::keys::Ask;

/// A loop alone, of which one callback sleeps: a trace with one model of which the recorded one has three.
const OTHER: &str = r#"
title = "Other"
stall_threshold = "10ms"
[[servers]]
name = "long"
text = "0123456789012345678901234567890123456789"
chunk = 4
delay = "5ms"
[[tasks]]
name = "long"
server = "long"
[blocking]
kind = "sleep"
duration = "20ms"
task = "long"
on = true
[[variants]]
name = "asynchronous"
model = "asynchronous"
[[variants]]
name = "another"
model = "asynchronous"
"#;

/// The case of an action, if it is one about two traces.
pub(crate) fn of_comparing(id: &str) -> Option<fn(&mut Desk, Ask<'_>)> {
    let case: fn(&mut Desk, Ask<'_>) = match id {
        "compare" => |desk, ask| {
            ask(desk);
            assert!(desk.has("Compare with another trace"));
            let _ = desk.control("Path");
        },
        "compare-before" => |desk, ask| {
            ask(desk);
            assert!(desk.app().compared().is_none(), "it is the first");
            desk.press(Modifiers::NONE, Key::Escape);
            desk.show_recorded();
            ask(desk);
            assert_eq!(ids(desk), [1, 2]);
            assert_eq!(desk.shown().id, 2, "the hand stays where it was");
        },
        "one-below-other" => |desk, ask| {
            compare(desk);
            desk.apply(Command::Beside(BesideCommand::Split(Split::Aside)));
            ask(desk);
            let [a, b] = timelines(desk);
            assert!(a.bottom() <= b.top() && a.left() == b.left());
        },
        "side-by-side" => |desk, ask| {
            compare(desk);
            ask(desk);
            let [a, b] = timelines(desk);
            assert!(a.right() <= b.left() && a.top() == b.top());
        },
        "align-beginnings" => |desk, ask| {
            compare(desk);
            let moments = [1_000, 500_000_000].map(Timestamp);
            align(desk, Alignment::Moments(moments));
            ask(desk);
            assert_eq!(offset(desk), 0.0);
        },
        "align-selections" => |desk, ask| {
            compare(desk);
            select_stalls(desk);
            ask(desk);
            assert!(offset(desk) > 0.0);
        },
        "swap-traces" => |desk, ask| {
            compare(desk);
            ask(desk);
            assert_eq!(ids(desk), [2, 1]);
        },
        "stop-comparing" => |desk, ask| {
            compare(desk);
            ask(desk);
            assert!(desk.app().compared().is_none());
        },
        _ => return None,
    };
    Some(case)
}

/// Compares the recorded trace with itself: as A and as B.
fn compare(desk: &mut Desk) {
    desk.show_recorded();
    desk.apply(Command::Beside(BesideCommand::Compare([1, 2])));
    desk.apply(Command::ShowTrace(0));
    desk.frames(4);
}

fn align(desk: &mut Desk, alignment: Alignment) {
    desk.apply(Command::Beside(BesideCommand::Align(alignment)));
}

fn documents(desk: &Desk) -> [&Document; 2] {
    let compared = desk.app().compared();
    compared.expect("two are compared").documents
}

fn ids(desk: &Desk) -> [u32; 2] {
    documents(desk).map(|document| document.id)
}

fn offset(desk: &Desk) -> f64 {
    desk.app().compared().expect("two are compared").offset
}

/// Where the timelines of A and B lie.
fn timelines(desk: &Desk) -> [Rect; 2] {
    let named = desk.harness.query_all_by_label("Timeline");
    let rects: Vec<Rect> = named.map(|node| node.rect()).collect();
    rects.try_into().expect("there are two")
}

/// Selects the first stall of A, and the last one of B, which is the one in hand then.
fn select_stalls(desk: &mut Desk) {
    let [a, b] = ids(desk);
    for (id, last) in [(a, false), (b, true)] {
        let [first, second] = documents(desk);
        let document = if first.id == id { first } else { second };
        let stall = if last {
            document.stalls.last()
        } else {
            document.stalls.first()
        };
        let stall = stall.expect("something slept in it");
        let select = Command::Select(Some(Selection::Stall(stall.model, stall.index)));
        desk.apply(Command::Beside(BesideCommand::In(id, Box::new(select))));
    }
}

/// The recorded trace as a file.
fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/three-slow-servers.loopscope")
}

/// Whether both show the same stretch of time, each by its own clock.
fn show_the_same(desk: &Desk) -> bool {
    let [a, b] = documents(desk).map(|document| &document.view);
    let apart = b.begin() - a.begin() - offset(desk);
    apart.abs() < 1.0 && (a.length() - b.length()).abs() < 1.0
}

#[test]
fn a_trace_is_compared_with_one_from_a_file() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::NONE, Key::B);
    desk.type_path(&recorded());
    desk.until("it is opened", |desk| !desk.app().is_busy());
    assert_eq!(ids(&desk), [1, 2]);
    assert_eq!(desk.shown().id, 1, "A stays in hand");
    let name = "three-slow-servers.loopscope";
    assert_eq!(desk.app().title(), format!("{name} | {name} – Loopscope"));
    let _ = desk.control("A: three-slow-servers.loopscope");
    let _ = desk.control("B: three-slow-servers.loopscope");
    desk.until("it is counted", |desk| desk.has("data_received"));
    assert!(desk.has("B took as long as A"), "it is the same trace");
    assert!(desk.has("about the same"));
    let [a, b] = timelines(&desk);
    assert!(a.bottom() <= b.top(), "one below the other");
}

#[test]
fn a_file_that_cannot_be_opened_leaves_the_dialog_with_the_reason_and_the_trace_alone() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::NONE, Key::B);
    let path = desk.path("no trace.loopscope");
    std::fs::write(&path, "nothing of the kind").expect("the folder is ours");
    desk.type_path(&path);
    desk.until("it is refused", |desk| !desk.app().is_busy());
    desk.frames(2);
    assert!(
        desk.has("no trace.loopscope is not a Loopscope trace"),
        "it says which file, and why"
    );
    let _ = desk.control("Path");
    assert!(desk.app().compared().is_none());
    assert_eq!(desk.app().documents().all().len(), 1);
    desk.type_path(&recorded());
    desk.until("another one is opened", |desk| {
        desk.app().compared().is_some()
    });
}

#[test]
fn a_trace_that_is_open_is_chosen_by_its_name() {
    let mut desk = Desk::with_scenario("other.toml", OTHER);
    desk.run_to_the_end();
    desk.show_recorded();
    desk.press(Modifiers::NONE, Key::B);
    assert!(desk.has("One that is open here:"));
    desk.click("Run 1 · Other");
    assert_eq!(ids(&desk), [2, 1]);
    assert!(!desk.has("One that is open here:"), "the dialog is gone");
}

#[test]
fn models_that_only_one_has_are_told_as_such() {
    let mut desk = Desk::with_scenario("other.toml", OTHER);
    desk.run_to_the_end();
    desk.show_recorded();
    desk.apply(Command::Beside(BesideCommand::Compare([2, 1])));
    desk.frames(4);
    assert!(
        desk.has("asynchronous: B "),
        "the one that both have tells most"
    );
    desk.click("Differences of synchronous");
    assert!(desk.has("synchronous: only A has run it."));
    assert!(desk.has("only A has it"));
    desk.click("Differences of another");
    assert!(desk.has("another: only B has run it."));
}

#[test]
fn a_run_that_goes_on_is_compared_with_the_one_before_it() {
    let mut desk = Desk::with_scenario("endless.toml", crate::ENDLESS);
    for _ in 0..2 {
        desk.click("▶ Run");
        desk.until("something happens", |desk| desk.shown().store.events() > 40);
        if desk.app().documents().all().len() < 2 {
            desk.click("■ Stop");
            desk.until("the run ends", |desk| !desk.app().is_running());
        }
    }
    desk.press(Modifiers::SHIFT, Key::B);
    assert_eq!(ids(&desk), [1, 2]);
    let before = desk.shown().now;
    desk.until("it goes on", |desk| {
        desk.shown().now.0 > before.0 + 300_000_000
    });
    assert!(show_the_same(&desk));
    assert!(
        desk.shown().view.end() >= desk.shown().now.0 as f64,
        "all of it stays in view"
    );
    assert!(desk.has("B has not ended yet"));
    desk.click("■ Stop");
    desk.until("the run ends", |desk| !desk.app().is_running());
}

#[test]
fn whichever_is_moved_the_other_goes_along() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    assert!(show_the_same(&desk));
    let part = TimeRange::new(Timestamp(300_000_000), Timestamp(600_000_000));
    desk.apply(Command::View(ViewCommand::Show(part)));
    assert!(show_the_same(&desk));
    align(
        &mut desk,
        Alignment::Moments([0, 200_000_000].map(Timestamp)),
    );
    assert!(show_the_same(&desk), "with what lies between their clocks");
    assert_eq!(offset(&desk), 200e6);

    let begin = desk.shown().view.begin();
    let [_, b] = timelines(&desk);
    let from = b.center();
    desk.drag(from, from - egui::vec2(80.0, 0.0));
    assert!(desk.shown().view.begin() > begin, "A went along with B");
    assert!(show_the_same(&desk));
    assert_eq!(desk.shown().id, 1, "and is still the one in hand");

    desk.press(Modifiers::COMMAND, Key::Z);
    desk.press(Modifiers::SHIFT, Key::F);
    assert!(show_the_same(&desk));
    let [a, b] = documents(&desk);
    let ends = a.range().end.0 as f64;
    assert!(a.view.begin() < -200e6, "B begins before A does");
    assert!(a.view.end() > ends && b.view.end() > ends + 200e6);
}

#[test]
fn the_lanes_of_both_are_scrolled_together() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    let below = |desk: &Desk, name: &str| {
        let headers = desk.harness.query_all_by_label(name);
        let tops: Vec<f32> = headers.map(|header| header.rect().top()).collect();
        let tops: [f32; 2] = tops.try_into().expect("both have it in sight");
        let [a, b] = timelines(desk).map(|rect| rect.top());
        [tops[0] - a, tops[1] - b]
    };
    let before = below(&desk, "Collapse synchronous");
    let [a, _] = timelines(&desk);
    let from = a.center();
    desk.drag(from, from - egui::vec2(0.0, 60.0));
    let [in_a, in_b] = below(&desk, "Collapse threaded");
    assert_eq!(in_a, in_b);
    desk.click("Differences of threaded");
    desk.frames(2);
    assert_eq!(below(&desk, "Collapse threaded"), before);
}

#[test]
fn each_has_its_own_selection_and_they_are_aligned_at_it() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    desk.press(Modifiers::COMMAND, Key::P);
    desk.control("Command").type_text("Align at the selections");
    desk.frames(2);
    desk.press(Modifiers::NONE, Key::Enter);
    assert_eq!(offset(&desk), 0.0, "nothing is selected yet");
    desk.press(Modifiers::NONE, Key::Escape);

    select_stalls(&mut desk);
    assert_eq!(desk.shown().id, 2, "what was selected last is in hand");
    let [a, b] = documents(&desk);
    assert_ne!(a.selection, b.selection);
    let begins = [a, b].map(|one| one.selected_range().expect("a stall").begin);
    let meant = desk.app().compared().expect("two are compared").meant();
    align(&mut desk, meant.expect("both have one"));
    let apart = begins[1].0 as f64 - begins[0].0 as f64;
    assert_eq!(offset(&desk), apart);
    assert!(show_the_same(&desk));
    desk.click("A: three-slow-servers.loopscope");
    assert_eq!(desk.shown().id, 1, "the heading takes it up");

    align(&mut desk, Alignment::Model("asynchronous".to_owned()));
    assert_eq!(offset(&desk), 0.0, "it is the same trace");
}

#[test]
fn the_pointer_is_shown_at_the_same_moment_of_both() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    align(
        &mut desk,
        Alignment::Moments([0, 100_000_000].map(Timestamp)),
    );
    let [_, b] = timelines(&desk);
    desk.harness.hover_at(b.center());
    desk.frames(2);
    desk.press(Modifiers::NONE, Key::G);
    let at = desk.shown().playback.at().expect("the playhead of A");
    let [_, other] = documents(&desk);
    let lanes = b.width() - loopscope::gui::timeline::gutter_width(b.width());
    let x = b.center().x - (b.right() - lanes);
    let in_b = other.view.at_x(x, lanes);
    assert!((at.0 as f64 - (in_b - 100e6)).abs() < 2.0, "{at:?} {in_b}");
}

#[test]
fn a_playhead_stands_at_the_same_moment_of_both_and_tells_of_both_loops() {
    let playheads = |desk: &Desk| documents(desk).map(|one| one.playback.at().map(|at| at.0));
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    align(
        &mut desk,
        Alignment::Moments([100_000_000, 0].map(Timestamp)),
    );
    let seek = |at| Command::Playback(PlaybackCommand::Seek(Timestamp(at)));
    desk.apply(seek(1_955_447_000));
    desk.frames(2);
    assert_eq!(
        playheads(&desk),
        [Some(1_955_447_000), Some(1_855_447_000)],
        "by the clock of each"
    );
    let circles = desk
        .harness
        .query_all_by_label_contains("Circle of asynchronous");
    assert_eq!(circles.count(), 2);
    assert!(desk.has("A · asynchronous: stalled for 137 ms, turn 11"));
    assert!(desk.has("B · asynchronous: "), "at a glance");
    assert!(desk.has("1.955\u{a0}447\u{a0}s of A") && desk.has("1.855\u{a0}447\u{a0}s of B"));
    desk.apply(seek(40_000_000));
    desk.frames(2);
    assert_eq!(playheads(&desk), [Some(40_000_000), None]);
    assert!(desk.has("It had not begun at this moment."));

    desk.click("B: three-slow-servers.loopscope");
    desk.frames(2);
    assert_eq!(playheads(&desk), [Some(40_000_000), None]);
    desk.press(Modifiers::NONE, Key::K);
    desk.frames(4);
    let [a, b] = playheads(&desk);
    let [a, b] = [a.expect("it goes along"), b.expect("it is played")];
    assert!(a.abs_diff(b + 100_000_000) < 2 && b > 0);
    desk.apply(Command::Playback(PlaybackCommand::Leave));
    desk.frames(2);
    assert_eq!(playheads(&desk), [None, None]);
}

#[test]
fn stopping_shows_one_again_and_both_stay_open() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    assert!(desk.has("End the comparison") && !desk.has("finished in 0"));
    align(
        &mut desk,
        Alignment::Moments([0, 3_600_000_000_000].map(Timestamp)),
    );
    desk.click("A: three-slow-servers.loopscope");
    let only_a = TimeRange::new(Timestamp(0), desk.shown().range().end);
    desk.apply(Command::View(ViewCommand::Show(only_a)));
    desk.click("End the comparison");
    assert!(desk.app().compared().is_none());
    assert!(!desk.has("End the comparison"));
    let timelines = desk.harness.query_all_by_label("Timeline").count();
    assert_eq!(timelines, 1);
    for document in desk.app().documents().all() {
        let (view, end) = (&document.view, document.range().end.0 as f64);
        assert!(view.begin() < end && view.end() > 0.0, "nobody is lost");
        assert!(document.beyond.is_none());
    }
    assert!(
        desk.has("Show synchronous"),
        "the models are compared again"
    );
}

#[test]
fn a_third_trace_is_shown_alone_and_the_two_wait() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    desk.show_recorded();
    assert!(desk.app().compared().is_none());
    desk.apply(Command::ShowTrace(1));
    assert_eq!(ids(&desk), [1, 2]);
    assert_eq!(desk.shown().id, 2);
}

#[test]
fn the_differences_can_be_hidden() {
    let mut desk = Desk::with_trace();
    compare(&mut desk);
    desk.apply(Command::SetPanel(Side::Comparison, false));
    assert!(!desk.has("End the comparison"));
    let [a, b] = timelines(&desk);
    assert!(a.height() > 150.0 && b.height() > 150.0);
    desk.apply(Command::Beside(BesideCommand::Compare([2, 1])));
    assert!(desk.has("End the comparison"), "they are what one asks for");
}

#[test]
fn what_needs_two_traces_says_so() {
    let mut desk = Desk::with_trace();
    desk.click("File");
    desk.click("Compare two traces");
    let stop = desk.control("End the comparison");
    assert!(stop.accesskit_node().is_disabled());
    desk.control("Compare with…").click();
    desk.frames(3);
    let _ = desk.control("Path");
}

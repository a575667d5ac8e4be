//! The playhead, and the state of the loop at it.

use egui::{Key, Modifiers};
use loopscope::gui::command::{Command, ViewCommand};
use loopscope::gui::playback::{PlaybackCommand, Speed};
use loopscope::trace::{TimeRange, Timestamp};

use super::desk::Desk;

/// A moment at which the loop of the recorded trace is held up.
const STALLED: Timestamp = Timestamp(1_955_447_000);

fn seek(desk: &mut Desk, at: Timestamp) {
    desk.apply(Command::Playback(PlaybackCommand::Seek(at)));
    desk.frames(2);
}

fn playhead(desk: &Desk) -> u64 {
    desk.shown().playback.at().expect("it was put somewhere").0
}

#[test]
fn the_loop_is_told_of_as_it_was_at_the_playhead() {
    let mut desk = Desk::with_trace();
    seek(&mut desk, STALLED);
    assert!(
        desk.has("Loop at 1.955\u{a0}447\u{a0}s"),
        "it is shown at once"
    );
    assert!(desk.has("Circle of asynchronous: dispatch, stalled, for 137 ms, turn 11"));
    assert!(!desk.has("Circle of threaded"));
    desk.click("Next turn");
    assert!(desk.has("Circle of asynchronous: poll, asleep, for 0 ns, turn 12"));
    let begins = playhead(&desk);
    desk.click("Previous turn");
    assert!(playhead(&desk) < STALLED.0);
    desk.click("Next turn");
    assert_eq!(playhead(&desk), begins);
    desk.click("Put the playhead away");
    assert_eq!(desk.shown().playback.at(), None);
    assert!(desk.has("Loop at the end"));
}

#[test]
fn what_runs_at_the_playhead_leads_to_where_it_is_seen() {
    let mut desk = Desk::with_trace();
    seek(&mut desk, STALLED);
    desk.click("sleep 200ms");
    assert!(desk.shown().selection.is_some());
    assert!(desk.has("blocking call"), "the inspector tells of it");
}

#[test]
fn the_playhead_moves_at_the_speed_that_was_chosen_and_can_be_pulled() {
    let mut desk = Desk::with_trace();
    seek(&mut desk, Timestamp(0));
    let begun = playhead(&desk);
    desk.apply(Command::Playback(PlaybackCommand::SetSpeed(Speed::from(
        0.1,
    ))));
    desk.click("Play");
    desk.frames(20);
    desk.click("Pause");
    let slow = playhead(&desk) - begun;
    // A frame moves it by a tenth of a second at most, and by a hundredth at this speed.
    assert!(slow > 0 && slow < 400_000_000, "{slow}");
    let rests = playhead(&desk);
    desk.frames(3);
    assert_eq!(playhead(&desk), rests);
    desk.slide("Playhead", 2.5);
    assert_eq!(playhead(&desk), 2_500_000_000);
}

#[test]
fn the_view_goes_along_with_a_playhead_in_sight() {
    let mut desk = Desk::with_trace();
    let part = TimeRange::new(Timestamp(0), Timestamp(500_000_000));
    desk.apply(Command::View(ViewCommand::Show(part)));
    let length = desk.shown().view.length();
    seek(&mut desk, Timestamp(100_000_000));
    desk.press(Modifiers::NONE, Key::K);
    desk.until("it is beyond what was in view", |desk| {
        playhead(desk) > 600_000_000
    });
    desk.press(Modifiers::NONE, Key::K);
    let view = &desk.shown().view;
    let at = playhead(&desk) as f64;
    assert!(view.begin() > 0.0);
    assert!(view.begin() < at && at < view.end());
    assert!((view.length() - length).abs() < 1.0, "at the same scale");
}

#[test]
fn a_playhead_that_is_put_out_of_sight_brings_the_view_along_and_then_all_is_still() {
    let mut desk = Desk::with_trace();
    let part = TimeRange::new(Timestamp(0), Timestamp(50_000_000));
    desk.apply(Command::View(ViewCommand::Show(part)));
    seek(&mut desk, STALLED);
    desk.until("it is in sight", |desk| {
        let view = &desk.shown().view;
        view.begin() < STALLED.0 as f64 && (STALLED.0 as f64) < view.end()
    });
    desk.frames(20);
    // Panics where the window goes on asking for frames.
    desk.harness.run();
    let moved = desk.shown().view.begin();
    desk.apply(Command::View(ViewCommand::Pan(1e9)));
    desk.frames(5);
    assert!(
        desk.shown().view.begin() > moved + 0.9e9,
        "a hand is not disturbed"
    );
}

#[test]
fn at_the_end_of_a_trace_it_stops_by_itself() {
    let mut desk = Desk::with_trace();
    let end = desk.shown().range().end;
    seek(&mut desk, Timestamp(end.0 - 1_000_000));
    desk.click("Play");
    desk.until("it stops", |desk| !desk.shown().playback.is_playing());
    assert_eq!(desk.shown().playback.at(), Some(end));
}

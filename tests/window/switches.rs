//! What is to happen when an action is asked for that switches something, and what is said where nothing happens.

use egui::{Key, Modifiers};
use loopscope::gui::command::{Command, Detail, Selection, Side, StallOrder, ViewCommand};
use loopscope::gui::playback::PlaybackCommand;
use loopscope::gui::plot::Measure;
use loopscope::trace::{TimeRange, Timestamp};

use crate::desk::Desk;
use crate::keys::Ask;

/// The case of an action, if it is one of these.
pub(crate) fn of_switches(id: &str) -> Option<fn(&mut Desk, Ask<'_>)> {
    let case: fn(&mut Desk, Ask<'_>) = match id {
        "range" => |desk, ask| {
            let stall = desk.shown().stalls[0].clone();
            desk.apply(Command::Select(Some(Selection::Stall(
                stall.model,
                stall.index,
            ))));
            ask(desk);
            assert_eq!(desk.shown().chosen, Some(stall.range));
            assert!(
                desk.has("Copy as CSV"),
                "its statistics are there to be read"
            );
            ask(desk);
            assert_eq!(desk.shown().chosen, None);
        },
        "blocking" => |desk, ask| {
            for on in [true, false] {
                ask(desk);
                assert_eq!(desk.app().controls().blocking_on, on);
            }
        },
        "together" => |desk, ask| {
            let before = desk.app().controls().together;
            ask(desk);
            assert_ne!(desk.app().controls().together, before);
        },
        "reset-scenario" => |desk, ask| {
            desk.apply(Command::SetModel(0, false));
            ask(desk);
            assert!(desk.app().controls().runs(0));
        },
        "stalls-by-time" => |desk, ask| {
            for order in [StallOrder::Time, StallOrder::Harm] {
                ask(desk);
                assert_eq!(desk.app().settings().stall_order, order);
            }
        },
        "plot-lag" => |desk, ask| {
            // The last one would stay.
            desk.apply(Command::SetPlot(Measure::Bytes, true));
            for on in [false, true] {
                ask(desk);
                assert_eq!(plots(desk, Measure::Lag), on);
            }
        },
        "plot-utilization" => |desk, ask| flips(desk, ask, Measure::Utilization),
        "plot-delay" => |desk, ask| flips(desk, ask, Measure::QueueingDelay),
        "plot-turns" => |desk, ask| flips(desk, ask, Measure::TurnsPerSecond),
        "plot-callbacks" => |desk, ask| flips(desk, ask, Measure::CallbacksPerTurn),
        "plot-ready" => |desk, ask| flips(desk, ask, Measure::ReadyPerPoll),
        "plot-bytes" => |desk, ask| flips(desk, ask, Measure::Bytes),
        _ => return None,
    };
    Some(case)
}

fn plots(desk: &Desk, measure: Measure) -> bool {
    desk.app().settings().measures.contains(measure)
}

fn flips(desk: &mut Desk, ask: Ask<'_>, measure: Measure) {
    desk.apply(Command::SetPanel(Side::Plot, false));
    ask(desk);
    assert!(plots(desk, measure) && desk.app().settings().shows(Side::Plot));
    ask(desk);
    assert!(!plots(desk, measure));
}

#[test]
fn a_tab_that_is_asked_for_is_shown_where_its_part_of_the_window_was_hidden() {
    let mut desk = Desk::with_trace();
    desk.apply(Command::SetPanel(Side::Details, false));
    desk.apply(Command::SetDetail(Detail::Marks));
    assert!(desk.app().settings().shows(Side::Details));
}

#[test]
fn a_key_that_can_do_nothing_says_why() {
    let mut desk = Desk::new();
    desk.press(Modifiers::NONE, Key::CloseBracket);
    assert!(desk.has("There is no trace yet"));
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::COMMAND, Key::Z);
    assert!(desk.has("The view has not been moved yet"));
    desk.press(Modifiers::NONE, Key::U);
    assert!(desk.has("No lane is hidden"));
    assert!(
        !desk.has("The view has not been moved yet"),
        "one at a time"
    );
    desk.press(Modifiers::NONE, Key::Y);
    assert!(!desk.has("No lane is hidden"), "the next deed puts it away");
    // The arrows mean something else while nothing is selected.
    desk.press(Modifiers::NONE, Key::ArrowUp);
    assert_eq!(desk.app().hint(), None);
}

#[test]
fn who_walks_beyond_the_end_is_told() {
    let mut desk = Desk::with_trace();
    let last = desk.shown().stalls.last().expect("it has stalls").clone();
    desk.apply(Command::Select(Some(Selection::Stall(
        last.model, last.index,
    ))));
    desk.press(Modifiers::NONE, Key::CloseBracket);
    assert_eq!(
        desk.app().hint(),
        Some("After the last stall comes the first again")
    );
    desk.press(Modifiers::NONE, Key::OpenBracket);
    assert_eq!(
        desk.app().hint(),
        Some("Before the first stall comes the last again")
    );
    desk.press(Modifiers::NONE, Key::OpenBracket);
    assert_eq!(desk.app().hint(), None);
    desk.press(Modifiers::NONE, Key::ArrowDown);
    let callback = desk.shown().selection;
    assert!(
        matches!(callback, Some(Selection::Span(_))),
        "what held the loop"
    );
    desk.press(Modifiers::NONE, Key::ArrowDown);
    assert_ne!(desk.shown().selection, callback, "the call that blocked");
    desk.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(desk.app().hint(), Some("Nothing lies in it"));
    let end = Command::Playback(PlaybackCommand::Seek(Timestamp::MAX));
    desk.apply(end);
    desk.press(Modifiers::NONE, Key::L);
    assert_eq!(
        desk.app().hint(),
        Some("Nothing happened after the playhead")
    );
}

#[test]
fn a_sign_that_comes_up_as_another_one_is_heard_again() {
    let mut desk = Desk::with_trace();
    let mut event = |key, pressed| {
        desk.harness.event(egui::Event::Key {
            key,
            physical_key: Some(Key::Slash),
            pressed,
            repeat: false,
            modifiers: Modifiers::NONE,
        });
        desk.frames(4);
        desk.has("Fit the selection")
    };
    for (time, shown) in [true, false, true].into_iter().enumerate() {
        assert_eq!(event(Key::Questionmark, true), shown, "{time}");
        // Shift came up first.
        event(Key::Slash, false);
    }
}

#[test]
fn the_playhead_comes_in_where_one_looks() {
    let mut desk = Desk::with_trace();
    let range = TimeRange::new(Timestamp(1_000_000_000), Timestamp(1_500_000_000));
    desk.apply(Command::View(ViewCommand::Show(range)));
    for key in [Key::L, Key::J, Key::K] {
        desk.press(Modifiers::NONE, key);
        let at = desk.shown().playback.at().expect("it is there");
        let seen = desk.shown().view.range();
        assert!(seen.begin <= at && at <= seen.end, "{key:?}");
        desk.apply(Command::Playback(PlaybackCommand::Leave));
    }
}

#[test]
fn what_was_said_for_a_moment_goes_by_itself() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::NONE, Key::U);
    assert!(desk.has("No lane is hidden"));
    let until = desk.harness.ctx.input(|input| input.time) + 5.0;
    desk.until("it is gone", |desk| {
        desk.harness.ctx.input(|input| input.time) > until
    });
    assert!(!desk.has("No lane is hidden"));
    assert_eq!(desk.app().hint(), None);
}

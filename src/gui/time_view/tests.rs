//! Where a view is after whatever was asked of it.

use super::*;

fn trace() -> TimeRange {
    TimeRange::new(Timestamp(0), Timestamp(10_000_000_000))
}

fn view() -> TimeView {
    let mut view = TimeView::default();
    view.apply(ViewCommand::Fit, trace());
    view
}

#[test]
fn zooming_keeps_the_moment_under_the_pointer_to_the_nanosecond() {
    let mut view = view();
    let at = 3_000_000_001.0;
    let x = (at - view.begin()) / view.length();
    for _ in 0..60 {
        view.apply(ViewCommand::Zoom { at, factor: 0.7 }, trace());
    }
    assert!((view.begin() + x * view.length() - at).abs() < 1.0);
    assert!(
        (view.length() - SHORTEST).abs() < f64::EPSILON,
        "it stops at the shortest view"
    );
}

#[test]
fn the_whole_trace_stays_on_the_screen_until_a_hand_takes_over() {
    let mut view = view();
    let longer = TimeRange::new(Timestamp(0), Timestamp(20_000_000_000));
    view.advance(longer);
    assert!(view.end() > 20e9);
    view.apply(ViewCommand::Pan(1e9), longer);
    assert!(!view.is_following());
    let before = view.begin();
    view.advance(TimeRange::new(Timestamp(0), Timestamp(40_000_000_000)));
    assert!((view.begin() - before).abs() < f64::EPSILON);
}

#[test]
fn in_steps_the_view_rests_until_the_newest_moment_leaves_it() {
    let until = |end: u64| TimeRange::new(Timestamp(0), Timestamp(end));
    for follow in [false, true] {
        let mut view = TimeView::default();
        view.apply(ViewCommand::Fit, until(1_000));
        view.move_in_steps(true);
        if follow {
            view.apply(ViewCommand::Follow(true), until(1_000));
        }
        let moves = (1_000..5_000).filter(|end| {
            let before = (view.begin(), view.length());
            view.advance(until(*end));
            assert!(view.end() >= *end as f64 && view.begin() <= *end as f64);
            before != (view.begin(), view.length())
        });
        let moves = moves.count();
        assert!((1..12).contains(&moves), "{moves} of 4000");
        view.move_in_steps(false);
        view.advance(until(5_000));
        let free = view.end() - 5_000.0;
        let least = if follow { 0.05 } else { 0.1 };
        assert!(free < view.length() * least, "at rest it is as it would be");
    }
}

#[test]
fn behind_all_of_a_trace_there_is_room_for_how_it_ended() {
    let free = |view: &TimeView| (view.end() - 10e9) / 10e9;
    let mut view = view();
    assert!((free(&view) - AFTER).abs() < 1e-9);
    assert!((view.begin() / 10e9 + MARGIN).abs() < 1e-9);
    view.apply(ViewCommand::Show(trace()), trace());
    assert!(
        (free(&view) - MARGIN).abs() < 1e-9,
        "of a part nothing ends"
    );
}

#[test]
fn following_keeps_the_scale() {
    let mut view = view();
    view.apply(
        ViewCommand::Show(TimeRange::new(Timestamp(0), Timestamp(1_000_000))),
        trace(),
    );
    let length = view.length();
    view.apply(ViewCommand::Follow(true), trace());
    assert!((view.length() - length).abs() < f64::EPSILON);
    assert!(view.begin() < 10e9 && view.end() > 10e9);
}

#[test]
fn what_hands_did_since_the_last_jump_is_undone_at_once() {
    let mut view = view();
    let seen = |view: &TimeView| (view.begin(), view.length());
    let whole = seen(&view);
    for _ in 0..9 {
        let (begin, end) = (view.begin() + 1e7, view.end() - 1e8);
        view.apply(ViewCommand::Window { begin, end }, trace());
        view.apply(ViewCommand::Pan(1e7), trace());
    }
    let near = seen(&view);
    view.apply(ViewCommand::Undo, trace());
    assert_eq!(seen(&view), whole);
    view.apply(ViewCommand::Redo, trace());
    assert_eq!(seen(&view), near);
    view.apply(ViewCommand::Pan(1e7), trace());
    view.apply(ViewCommand::Undo, trace());
    assert_eq!(seen(&view), near);
    assert!(!view.is_following());
    view.apply(ViewCommand::Undo, trace());
    assert!(view.is_following(), "as before a hand took over");
}

#[test]
fn a_jump_can_be_undone_and_done_again() {
    let mut view = view();
    let before = (view.begin(), view.length());
    view.apply(
        ViewCommand::Show(TimeRange::new(Timestamp(5), Timestamp(500))),
        trace(),
    );
    let after = (view.begin(), view.length());
    view.apply(ViewCommand::Undo, trace());
    assert_eq!((view.begin(), view.length()), before);
    view.apply(ViewCommand::Redo, trace());
    assert_eq!((view.begin(), view.length()), after);
}

#[test]
fn a_shifted_view_shows_the_same_and_remembers_the_same() {
    let mut view = view();
    let whole = (view.begin(), view.length());
    let part = TimeRange::new(Timestamp(5), Timestamp(500));
    view.apply(ViewCommand::Show(part), trace());
    let mut shifted = view.shifted(-1e9);
    assert!((shifted.begin() - (view.begin() - 1e9)).abs() < 1e-3);
    assert!((shifted.length() - view.length()).abs() < f64::EPSILON);
    let there = Extent::from(trace()).shifted(-1e9);
    shifted.apply(ViewCommand::Undo, there);
    assert_eq!(
        (shifted.begin(), shifted.length()),
        (whole.0 - 1e9, whole.1)
    );
    assert_eq!(shifted.shifted(1e9).shifted(-1e9), shifted);
}

#[test]
fn what_begins_before_the_beginning_is_shown_whole() {
    let mut view = view();
    let other = Extent::from(trace()).shifted(-4e9);
    let both = Extent::from(trace()).union(other);
    view.apply(ViewCommand::Fit, both);
    assert!(view.begin() < -4e9 && view.end() > 10e9);
    view.apply(
        ViewCommand::Follow(true),
        Extent {
            newest: 6e9,
            ..both
        },
    );
    assert!(view.begin() < 6e9 && 6e9 < view.end());
}

#[test]
fn nobody_gets_lost() {
    let mut view = view();
    view.apply(ViewCommand::Pan(1e18), trace());
    assert!(view.begin() < 10e9);
    view.apply(ViewCommand::Pan(-1e18), trace());
    assert!(view.end() > 0.0);
    view.apply(
        ViewCommand::Zoom {
            at: f64::NAN,
            factor: 1.0,
        },
        trace(),
    );
    view.apply(
        ViewCommand::Zoom {
            at: 0.0,
            factor: f64::INFINITY,
        },
        trace(),
    );
    assert!(view.begin() < 10e9 && view.end() > 0.0);
}

//! Marks: set, listed, deleted, kept in the file, and not lost in silence.

use std::fs;

use loopscope::gui::command::Command;
use loopscope::gui::marks::MarkCommand;
use loopscope::trace::Timestamp;

use crate::desk::Desk;

fn mark(desk: &mut Desk, at: u64, note: &str) {
    desk.apply(Command::Mark(MarkCommand::Add(Timestamp(at))));
    let mut marks = desk.shown().marks.all().iter();
    let place = marks.position(|mark| mark.at == Timestamp(at));
    let place = place.expect("it was just added");
    desk.apply(Command::Mark(MarkCommand::Note(place, note.to_owned())));
}

#[test]
fn marks_are_exported_with_the_trace_and_opened_again() {
    let mut desk = Desk::with_trace();
    mark(&mut desk, 2_000_000_000, "the second");
    mark(&mut desk, 1_000_000_000, "the first");
    let marks = desk.shown().marks.all().to_vec();
    let path = desk.path("marked.loopscope");
    desk.export(&path);
    assert!(!desk.shown().marks.are_unsaved(), "{}", desk.message());
    desk.open(&path);
    assert_eq!(desk.shown().title, "marked.loopscope");
    assert_eq!(desk.shown().marks.all(), marks);
    let table = desk.path("marked.csv");
    desk.apply(Command::Mark(MarkCommand::Remove(0)));
    desk.export(&table);
    let written = fs::read_to_string(&table).expect("it was exported");
    assert!(written.contains("the second") && !written.contains("the first"));
    let unsaved = desk.shown().marks.are_unsaved();
    assert!(unsaved, "nobody reads them from a table again");
}

#[test]
fn the_list_leads_to_a_mark_and_deletes_it() {
    let mut desk = Desk::with_trace();
    mark(&mut desk, 2_000_000_000, "there");
    desk.click("2.000\u{a0}000\u{a0}000\u{a0}s");
    let view = &desk.shown().view;
    let middle = view.begin() + view.length() / 2.0;
    assert!((middle - 2e9).abs() < 1.0);
    desk.click("Delete mark 1");
    assert!(desk.shown().marks.all().is_empty());
}

#[test]
fn who_closes_the_window_is_told_of_unsaved_marks_once() {
    let mut desk = Desk::with_trace();
    mark(&mut desk, 5, "");
    desk.apply(Command::Quit);
    assert!(!desk.app().is_closing());
    assert!(desk.message().contains("not in a file yet"));
    desk.apply(Command::Quit);
    assert!(desk.app().is_closing());
}

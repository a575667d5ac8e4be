//! Runs that are recorded into a folder.

use std::fs;

use loopscope::format;
use loopscope::gui::command::Command;

use crate::QUICK;
use crate::desk::Desk;

#[test]
fn each_run_gets_a_file_of_its_own_that_holds_all_of_it() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    let folder = desk.path("recordings");
    desk.apply(Command::RecordInto(Some(folder.clone())));
    for name in ["quick.loopscope", "quick-2.loopscope"] {
        desk.run_to_the_end();
        let file = folder.join(name);
        assert_eq!(
            desk.shown().file.as_ref(),
            Some(&file),
            "{}",
            desk.message()
        );
        assert!(!desk.shown().is_unsaved());
        let trace = format::open(&file).expect("it is whole");
        assert_eq!(trace.truncated, None);
        assert_eq!(trace.store.events(), desk.shown().store.events());
    }
    let left = fs::read_dir(&folder).expect("it was made").count();
    assert_eq!(left, 2, "nothing else is left there");
}

#[test]
fn what_cannot_be_a_folder_is_told_where_it_was_typed() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.apply(Command::RecordIntoDialog);
    desk.type_path(&desk.path("quick.toml"));
    assert!(desk.has("cannot be used as a folder"));
    assert_eq!(desk.app().settings().recordings, None);
}

#[test]
fn a_folder_that_went_away_costs_the_file_and_not_the_run() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    let folder = desk.path("recordings");
    desk.apply(Command::RecordInto(Some(folder.clone())));
    fs::remove_dir(&folder).expect("it is empty");
    desk.run_to_the_end();
    assert!(desk.message().contains("is not recorded into"));
    assert_eq!(desk.shown().file, None);
    let file = desk.path("saved.loopscope");
    desk.export(&file);
    assert!(file.exists());
}

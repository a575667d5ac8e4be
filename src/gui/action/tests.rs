//! The list holds what it promises: ids and keys that nobody else has.

use std::collections::HashSet;

use super::*;
use crate::scenario::builtins;

#[test]
fn every_action_has_an_id_and_a_name_of_its_own() {
    let mut ids = HashSet::new();
    let mut names = HashSet::new();
    for action in all() {
        assert!(ids.insert(action.id), "{} twice", action.id);
        assert!(names.insert(action.name), "{} twice", action.name);
        assert!(!action.does.ends_with('.'), "{}", action.does);
    }
}

#[test]
fn no_two_actions_share_a_key() {
    let mut taken = HashSet::new();
    for action in all() {
        for trigger in action.triggers {
            let key = match *trigger {
                Trigger::Press(modifiers, key) => (modifiers, key),
                Trigger::Hold(key) => (Modifiers::NONE, key),
                // What is selected decides whether it is the other one's.
                Trigger::Idle(_) | Trigger::Hand(_) => continue,
            };
            assert!(taken.insert(key), "{trigger} of {} is taken", action.id);
        }
    }
}

#[test]
fn every_group_is_in_one_menu() {
    for group in Group::ALL {
        let menus = MENUS.iter().filter(|(_, groups)| groups.contains(&group));
        assert_eq!(menus.count(), 1, "{group:?}");
    }
}

#[test]
fn keys_are_written_as_they_are_pressed() {
    let redo = Action::by_id("redo").expect("it is there");
    let control = if cfg!(target_os = "macos") {
        "Cmd"
    } else {
        "Ctrl"
    };
    assert_eq!(redo.shortcut(), format!("{control} Shift Z"));
    let stall = Action::by_id("next-stall").expect("it is there");
    assert_eq!(stall.hint(), "Go to the next stall (])");
}

#[test]
fn what_needs_a_trace_says_so_where_there_is_none() {
    let settings = Settings::default();
    let builtin = &builtins()[0];
    let controls = Controls::of(builtin.scenario(), builtin.name);
    let state = State {
        document: None,
        place: (0, 0),
        before: None,
        compared: None,
        live: false,
        running: false,
        controls: &controls,
        cannot_run: Some("Choose a model"),
        settings: &settings,
        dark: true,
        still: false,
        scale: Scale::default(),
        found: 0,
        lane: None,
        lanes: Arrangement::PLAIN,
        pointed: None,
        held: ONE_STEP,
        what_if: None,
    };
    let asked = |id| Action::by_id(id).map(|action| action.command(&state));
    assert_eq!(asked("fit"), Some(Err("There is no trace yet")));
    assert_eq!(asked("run"), Some(Err("Choose a model")));
    assert_eq!(asked("next-trace"), Some(Err("There is no other trace")));
    assert_eq!(asked("open"), Some(Ok(Command::OpenDialog)));
}

//! The list holds what it promises: ids and keys that nobody else has.

use std::collections::HashSet;

use super::*;
use crate::scenario::builtins;

impl<'a> State<'a> {
    /// Where there is no trace yet.
    pub(in crate::gui) fn of_nothing(controls: &'a Controls, settings: &'a Settings) -> Self {
        Self {
            document: None,
            place: (0, 0),
            before: None,
            compared: None,
            live: false,
            running: false,
            controls,
            cannot_run: None,
            settings,
            dark: true,
            still: false,
            scale: Scale::default(),
            found: 0,
            tabled: Tabled::default(),
            counted: false,
            opening: false,
            exporting: false,
            lane: None,
            lanes: Arrangement::PLAIN,
            pointed: None,
            held: ONE_STEP,
            what_if: None,
            slice: Duration::from_millis(5),
        }
    }
}

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
        cannot_run: Some("Choose a model"),
        ..State::of_nothing(&controls, &settings)
    };
    let asked = |id| Action::by_id(id).map(|action| action.command(&state));
    assert_eq!(asked("fit"), Some(Err("There is no trace yet")));
    assert_eq!(asked("run"), Some(Err("Choose a model")));
    assert_eq!(asked("next-trace"), Some(Err("There is no other trace")));
    assert_eq!(asked("open"), Some(Ok(Command::OpenDialog)));
}

#[test]
fn what_is_at_work_can_be_cancelled_and_opening_comes_first() {
    let settings = Settings::default();
    let builtin = &builtins()[0];
    let controls = Controls::of(builtin.scenario(), builtin.name);
    let cancel = Action::by_id("cancel").expect("it is there");
    let cancelled = |opening, exporting| {
        cancel.command(&State {
            opening,
            exporting,
            ..State::of_nothing(&controls, &settings)
        })
    };
    assert_eq!(cancelled(true, true), Ok(Command::CancelOpening));
    assert_eq!(cancelled(false, true), Ok(Command::CancelExporting));
    assert!(cancelled(false, false).is_err());
}

#[test]
fn other_words_belong_to_one_action_each() {
    let mut ids = HashSet::new();
    for (id, words) in WORDS {
        assert!(Action::by_id(id).is_some(), "there is no {id}");
        assert!(ids.insert(id), "{id} twice");
        assert!(!words.is_empty(), "{id}");
    }
}

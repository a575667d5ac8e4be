//! A long trace in the window: what takes a while holds no frame, is told of and can be given up.

use std::path::{Path, PathBuf};

use egui::{Key, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::anything::{app, trace_of, window};
use super::app::App;
use super::command::{Command, Selection, Step};
use super::traces::Exporting;
use crate::format::Progress;
use crate::store::{LaneRef, SpanRef};
use crate::trace::{Batch, Cause, Event, EventKind, ModelId, NameId, Source, ThreadId, Timestamp};

const MODEL: ModelId = match ModelId::new(1) {
    Some(id) => id,
    None => panic!("one is not zero"),
};
const LOOP: ThreadId = match ThreadId::new(1) {
    Some(id) => id,
    None => panic!("one is not zero"),
};

/// A loop that calls back once in each of so many turns: in the first and the last of them something else than in the
/// others, which is a stall in the end.
fn turns(count: u64) -> Batch {
    const TURN: u64 = 10_000;
    let [often, rare] = [0, 1].map(NameId::from_index);
    let mut events = vec![Event {
        at: Timestamp::ZERO,
        kind: EventKind::PollBegin,
    }];
    for turn in 1..=count {
        let name = if turn == 1 || turn == count {
            rare
        } else {
            often
        };
        let begin = turn * TURN;
        let end = begin + if turn == count { 60_000_000 } else { 100 };
        let called = EventKind::CallbackBegin {
            name,
            task: None,
            cause: Cause::Timer,
            flow: None,
        };
        let turn = [
            (begin, EventKind::PollEnd { ready: 0 }),
            (begin, called),
            (end, EventKind::CallbackEnd { failed: false }),
        ];
        events.extend(turn.map(|(at, kind)| Event {
            at: Timestamp(at),
            kind,
        }));
        if end > begin + TURN {
            let stall = EventKind::Stall {
                begin: Timestamp(begin),
                task: None,
                callback: name,
            };
            let at = Timestamp(end);
            events.push(Event { at, kind: stall });
        }
        let at = Timestamp(end + 100);
        let kind = EventKind::PollBegin;
        events.push(Event { at, kind });
    }
    Batch {
        source: Source {
            model: MODEL,
            thread: LOOP,
        },
        names: vec![(often, "often".to_owned()), (rare, "rare".to_owned())],
        events,
    }
}

fn with_turns(count: u64) -> Harness<'static, Option<App>> {
    let mut window = window(vec2(1_440.0, 900.0));
    let trace = trace_of(&[turns(count)]);
    app(&mut window).show_trace(Path::new("long.loopscope"), trace);
    window.run_steps(2);
    window
}

#[test]
fn an_export_tells_how_far_it_is_and_is_given_up() {
    let mut window = with_turns(10);
    let progress = Progress::default();
    app(&mut window).apply(Command::ExportDialog);
    app(&mut window).exporting.push(Exporting {
        path: PathBuf::from("/somewhere/long.json"),
        document: 1,
        progress: progress.clone(),
    });
    window.run_steps(3);
    assert!(
        window.query_all_by_label("Path").next().is_some(),
        "it may fail yet"
    );
    progress.expect(10);
    progress.go_on(3).expect("nobody has given it up");
    window.run_steps(3);
    assert!(
        window.query_all_by_label("Path").next().is_none(),
        "nothing stands in its way"
    );
    window.get_by_label("Exporting long.json, 30 %");
    window.get_by_label("Cancel").click();
    window.run_steps(3);
    assert!(progress.is_given_up());
}

#[test]
fn what_would_have_been_in_a_long_trace_is_worked_out_beside_the_window() {
    let mut window = with_turns(9_000);
    let stall = Selection::Stall(MODEL, 0);
    app(&mut window).apply(Command::Reveal(stall));
    app(&mut window).update_what_if();
    let answer = |window: &mut Harness<'_, Option<App>>| {
        let answer = app(window).what_if.answer.as_ref();
        answer.map(|answer| answer.is_coming)
    };
    assert_eq!(answer(&mut window), Some(true));
    // Another stall is none, and what was asked of this one comes all the same.
    while answer(&mut window) == Some(true) {
        window.step();
        std::thread::yield_now();
    }
    assert_eq!(answer(&mut window), Some(false));
    let shown = app(&mut window).documents().shown();
    assert!(!shown.expect("it is open").is_lent(), "it was given back");
}

#[test]
fn the_next_of_its_kind_is_looked_for_over_several_frames_until_something_else_is_selected() {
    const COUNT: u64 = 150_000;
    let mut window = with_turns(COUNT);
    let at = |index: u64| {
        Selection::Span(SpanRef {
            model: MODEL,
            lane: LaneRef::Thread(LOOP),
            depth: 1,
            index: index as usize,
        })
    };
    let selected = |window: &mut Harness<'_, Option<App>>| {
        let shown = app(window).documents().shown();
        shown.expect("it is open").selection
    };
    app(&mut window).apply(Command::Select(Some(at(0))));
    app(&mut window).apply(Command::Walk(Step::Next));
    assert_eq!(selected(&mut window), Some(at(0)), "it is far away");
    let mut frames = 0;
    while app(&mut window).alike.is_some() {
        window.step();
        frames += 1;
    }
    assert_eq!(selected(&mut window), Some(at(COUNT - 1)));
    // Of polls, turns and callbacks there are 450,000, and a frame looks at 100,000; a step may be two frames.
    assert!(frames >= 2, "{frames}");
    app(&mut window).apply(Command::Walk(Step::Previous));
    assert!(app(&mut window).alike.is_some());
    window.key_press(Key::Escape);
    window.run_steps(2);
    assert!(
        app(&mut window).alike.is_none(),
        "nothing is selected any more"
    );
    assert_eq!(selected(&mut window), None);
}

//! A long trace is shown while it is still being read.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use loopscope::format::native::Writer;
use loopscope::format::{self, Recording, TraceInfo};
use loopscope::gui::command::{Command, ViewCommand};
use loopscope::trace::{
    Batch, Event, EventKind, ModelId, NameId, Source, ThreadId, TimeRange, Timestamp,
};

use crate::desk::Desk;
use crate::keys::Ask;

/// So many events cannot be taken in within one frame.
const TURNS: u64 = 300_000;

fn write(path: &Path) {
    let out = BufWriter::new(File::create(path).expect("the folder is ours"));
    let mut writer = Writer::new(out, &TraceInfo::default()).expect("there is room");
    let name = NameId::from_index(0);
    for first in (0..TURNS).step_by(500) {
        let turn = |turn: u64| {
            let at = |after: u64| Timestamp(turn * 1_000 + after);
            let kinds = [EventKind::PollEnd { ready: 0 }, EventKind::PollBegin];
            let [end, begin] = kinds;
            let events = [(at(100), end), (at(900), begin)];
            events.map(|(at, kind)| Event { at, kind })
        };
        let begin = (first == 0).then_some(Event {
            at: Timestamp::ZERO,
            kind: EventKind::ModelBegin { name },
        });
        let turns = (first..first + 500).flat_map(turn);
        let batch = Batch {
            source: Source {
                model: ModelId::from_index(0),
                thread: ThreadId::from_index(0),
            },
            names: vec![(name, "long".to_owned())],
            events: begin.into_iter().chain(turns).collect(),
        };
        writer.write(&batch).expect("there is room");
    }
    writer.finish().expect("there is room");
}

/// A desk at which a long trace is being opened, and its first events are shown.
fn begun() -> Desk {
    let mut desk = Desk::new();
    let path = desk.path("long.loopscope");
    write(&path);
    desk.app_mut().apply(Command::Open(path));
    desk.until("the first events are here", |desk| {
        desk.app().documents().shown().is_some()
    });
    assert!(desk.app().is_busy(), "there is more to come");
    desk
}

#[test]
fn the_first_picture_of_a_long_trace_comes_before_its_last_event() {
    let mut desk = begun();
    let events = desk.shown().store.events();
    assert!(events > 0 && events < 2 * TURNS, "{events}");
    assert!(desk.has("Opening long.loopscope"));
    assert!(
        !desk.has("breaks off") && !desk.has("finished in"),
        "nobody knows yet"
    );
    let part = TimeRange::new(Timestamp(0), Timestamp(1_000_000));
    desk.app_mut().apply(Command::View(ViewCommand::Show(part)));
    let seen = desk.shown().view.begin();
    desk.until("it is opened", |desk| !desk.app().is_busy());
    assert_eq!(desk.shown().store.events(), 2 * TURNS + 1);
    assert!(!desk.has("Opening long.loopscope"));
    assert!(desk.has("breaks off after"), "its model has no end");
    assert!(desk.has("not ended"), "and it does not run");
    assert_eq!(desk.shown().view.begin(), seen, "the hand has the view");
    assert_eq!(desk.message(), "");
}

#[test]
fn opening_can_be_given_up() {
    let mut desk = begun();
    desk.click("Cancel");
    assert!(!desk.app().is_busy());
    assert!(desk.app().documents().shown().is_none());
    assert!(!desk.has("Opening long.loopscope"));
}

#[test]
fn what_is_not_all_here_is_not_exported() {
    let mut desk = begun();
    let path = desk.path("part.loopscope");
    desk.apply(Command::Export(path.clone()));
    assert!(desk.message().contains("still being opened"));
    assert!(!path.exists());
    desk.until("it is opened", |desk| !desk.app().is_busy());
    desk.apply(Command::Export(path.clone()));
    desk.until("it is exported", |desk| !desk.app().is_busy());
    assert!(path.exists());
}

/// A batch of one event.
fn moment(at: u64, kind: EventKind) -> Batch {
    Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: vec![(NameId::from_index(0), "my program".to_owned())],
        events: vec![Event {
            at: Timestamp(at),
            kind,
        }],
    }
}

fn record(recording: &mut Recording, at: u64, kind: EventKind) {
    recording.append(&moment(at, kind)).expect("there is room");
    recording.flush().expect("there is room");
}

/// The case of an action, if it is about files that are opened.
pub(crate) fn of_opening(id: &str) -> Option<fn(&mut Desk, Ask<'_>)> {
    (id == "cancel").then_some(|desk, ask| {
        let _recording = follow(desk);
        ask(desk);
        assert!(!desk.app().is_busy() && !desk.has("still being recorded"));
    })
}

/// A desk at which a recording of another program is shown, and that recording.
fn following() -> (Desk, Recording) {
    let mut desk = Desk::new();
    let recording = follow(&mut desk);
    (desk, recording)
}

/// A recording of another program, which is shown from now on.
fn follow(desk: &mut Desk) -> Recording {
    let path = desk.path("mine.loopscope");
    let mut recording =
        Recording::beside(&path, &TraceInfo::default()).expect("the folder is ours");
    let name = NameId::from_index(0);
    record(&mut recording, 0, EventKind::ModelBegin { name });
    desk.apply(Command::Open(recording.path().to_owned()));
    desk.until("it is followed", |desk| {
        desk.has("mine.loopscope.part is still being recorded")
    });
    recording
}

#[test]
fn what_another_program_still_records_is_shown_as_it_comes() {
    let (mut desk, mut recording) = following();
    for at in 1..4 {
        record(&mut recording, at, EventKind::PollBegin);
        desk.until("it is shown", |desk| desk.shown().store.events() == at + 1);
    }
    recording.finish().expect("there is room");
    desk.until("its end is shown", |desk| !desk.app().is_busy());
    assert!(!desk.has("still being recorded"));
    assert_eq!(desk.message(), "");
}

#[test]
fn of_what_still_grows_that_is_exported_which_is_there_and_all_of_it_later() {
    let (mut desk, mut recording) = following();
    let export = |desk: &mut Desk, name: &str| {
        let path = desk.path(name);
        desk.apply(Command::Export(path.clone()));
        desk.until("it is exported", |desk| desk.message().contains(name));
        format::open(&path).expect("it was just written")
    };
    let so_far = export(&mut desk, "so far.loopscope");
    assert_eq!(so_far.truncated, None, "a whole trace");
    assert_eq!(so_far.store.events(), 1);
    assert!(desk.has("is still being recorded"), "it goes on");
    record(&mut recording, 1, EventKind::PollBegin);
    desk.until("it is shown", |desk| desk.shown().store.events() == 2);
    recording.finish().expect("there is room");
    desk.until("its end is shown", |desk| !desk.app().is_busy());
    let all = export(&mut desk, "all.loopscope");
    assert_eq!(all.truncated, None);
    assert_eq!(all.store.events(), 2);
}

#[test]
fn what_still_grows_can_be_left_and_stays() {
    let (mut desk, mut recording) = following();
    desk.click("Leave it");
    assert!(!desk.app().is_busy() && !desk.has("still being recorded"));
    record(&mut recording, 1, EventKind::PollBegin);
    desk.harness.run();
    assert_eq!(desk.shown().store.events(), 1);
}

#[test]
fn the_end_of_a_program_that_was_killed_is_told() {
    let (mut desk, recording) = following();
    drop(recording);
    desk.until("it is told", |desk| !desk.app().is_busy());
    let message = desk.message();
    assert!(message.contains("was not finished"), "{message}");
    assert_eq!(desk.shown().store.events(), 1);
}

//! A long trace is shown while it is still being read.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use loopscope::format::TraceInfo;
use loopscope::format::native::Writer;
use loopscope::gui::command::{Command, ViewCommand};
use loopscope::trace::{
    Batch, Event, EventKind, ModelId, NameId, Source, ThreadId, TimeRange, Timestamp,
};

use crate::desk::Desk;

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

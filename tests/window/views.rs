//! The main states of the window, for the tests that look at all of them.

use egui::vec2;
use loopscope::gui::beside::BesideCommand;
use loopscope::gui::command::{Command, Detail, Selection, Side, StallOrder};
use loopscope::gui::marks::MarkCommand;
use loopscope::gui::search::SearchCommand;
use loopscope::store::{LaneRef, SpanRef};
use loopscope::trace::{TimeRange, Timestamp};

use crate::desk::Desk;

/// A state by its name, and how it is brought about.
pub(crate) type View = (&'static str, fn(&mut Desk));

/// All of them, from the first page on.
pub(crate) const VIEWS: [View; 16] = [
    ("first page", |_| {}),
    ("walk", |desk| desk.apply(Command::StartWalk)),
    ("keys", |desk| desk.apply(Command::ToggleHelp)),
    ("palette", |desk| desk.apply(Command::TogglePalette)),
    ("path dialog", |desk| desk.apply(Command::OpenDialog)),
    ("trace", Desk::show_recorded),
    ("export dialog", |desk| {
        desk.show_recorded();
        desk.apply(Command::ExportDialog);
    }),
    ("span", |desk| {
        desk.show_recorded();
        let span = Selection::Span(first_callback(desk));
        desk.apply(Command::Reveal(span));
    }),
    ("stall", |desk| {
        desk.show_recorded();
        let stall = desk.shown().stalls[0].clone();
        desk.apply(Command::Reveal(Selection::Stall(stall.model, stall.index)));
        desk.apply(Command::SetStallOrder(StallOrder::Time));
    }),
    ("loop", |desk| {
        desk.show_recorded();
        desk.apply(Command::SetDetail(Detail::Loop));
    }),
    ("delays", |desk| {
        desk.show_recorded();
        desk.apply(Command::SetDetail(Detail::Delays));
    }),
    ("marks", |desk| {
        desk.show_recorded();
        let at = Timestamp(200_000_000);
        desk.apply(Command::Mark(MarkCommand::Add(at)));
    }),
    ("statistics", |desk| {
        desk.show_recorded();
        let range = TimeRange::new(Timestamp(100_000_000), Timestamp(600_000_000));
        desk.apply(Command::ChooseRange(Some(range)));
        desk.apply(Command::SetPanel(Side::Statistics, true));
    }),
    ("search", |desk| {
        desk.show_recorded();
        desk.apply(Command::Search(SearchCommand::Open));
    }),
    ("two traces", |desk| {
        desk.show_recorded();
        desk.show_recorded();
        desk.apply(Command::Beside(BesideCommand::Compare([1, 2])));
    }),
    ("small", |desk| {
        desk.show_recorded();
        desk.harness.set_size(vec2(1024.0, 640.0));
    }),
];

/// The first callback of a loop.
fn first_callback(desk: &Desk) -> SpanRef {
    let mut models = desk.shown().store.models().iter();
    let found = models.find_map(|model| {
        let thread = model.threads.iter().find(|thread| thread.polls > 0)?;
        Some(SpanRef {
            model: model.id,
            lane: LaneRef::Thread(thread.id),
            depth: 1,
            index: 0,
        })
    });
    found.expect("one model has a loop")
}

//! What is to happen when an action is asked for that is about lanes, the search, marks or how large
//! everything is.

use egui::{Key, Modifiers};
use loopscope::gui::command::{Command, ScrollTo, Selection, Side};
use loopscope::gui::lanes::{Arrangement, LaneCommand};
use loopscope::gui::marks::MarkCommand;
use loopscope::gui::search::SearchCommand;
use loopscope::trace::Timestamp;

use crate::desk::Desk;
use crate::keys::Ask;

/// How high on the screen a lane is that goes along when the lanes are scrolled.
fn height(desk: &Desk) -> f32 {
    desk.control("Lane ecstasy of threaded").rect().top()
}

/// The case of an action, if it is one of these.
pub(crate) fn of_lanes_and_marks(id: &str) -> Option<fn(&mut Desk, Ask<'_>)> {
    let case: fn(&mut Desk, Ask<'_>) = match id {
        "search" => |desk, ask| {
            ask(desk);
            desk.control("Search").type_text("data_received");
            desk.frames(3);
            assert!(desk.app().searched().hits(desk.shown().id).len() > 10);
            desk.press(Modifiers::NONE, Key::Enter);
            assert!(desk.has("1 of ") || desk.has(" of "));
            assert!(matches!(desk.shown().selection, Some(Selection::Span(_))));
            desk.press(Modifiers::NONE, Key::Escape);
            assert!(!desk.app().searched().is_open());
        },
        "next-find" | "previous-find" => |desk, ask| {
            desk.apply(Command::Search(SearchCommand::Open));
            desk.apply(Command::Search(SearchCommand::For(
                "data_received".to_owned(),
            )));
            desk.frames(3);
            ask(desk);
            let first = desk.shown().selection;
            assert!(matches!(first, Some(Selection::Span(_))));
            ask(desk);
            assert_ne!(desk.shown().selection, first);
        },
        "mark" => |desk, ask| {
            let canvas = desk.control("Timeline").rect();
            desk.harness.hover_at(canvas.center());
            desk.frames(2);
            ask(desk);
            assert_eq!(desk.shown().marks.all().len(), 1);
            desk.control("Note of mark 1").type_text("here");
            desk.frames(2);
            assert_eq!(desk.shown().marks.all()[0].note, "here");
            let _ = desk.control("Mark 1: here");
        },
        "larger" => |desk, ask| {
            ask(desk);
            assert_eq!(desk.harness.ctx.zoom_factor(), 1.1);
        },
        "smaller" => |desk, ask| {
            ask(desk);
            assert_eq!(desk.harness.ctx.zoom_factor(), 0.9);
        },
        "usual-size" => |desk, ask| {
            desk.apply(Command::SetScale(1.2));
            assert_eq!(desk.harness.ctx.zoom_factor(), 1.2);
            ask(desk);
            assert_eq!(desk.harness.ctx.zoom_factor(), 1.0);
        },
        "undo-mark" => |desk, ask| {
            desk.apply(Command::Mark(MarkCommand::Add(Timestamp(1_000))));
            desk.press(Modifiers::NONE, Key::Escape);
            ask(desk);
            assert!(desk.shown().marks.all().is_empty());
        },
        "collapse-lane" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            ask(desk);
            assert!(desk.app().lanes().is_collapsed(&lane));
            ask(desk);
            assert!(!desk.app().lanes().is_collapsed(&lane));
        },
        "collapse-all" => |desk, ask| {
            ask(desk);
            assert!(desk.has("Expand synchronous") && desk.has("Expand asynchronous"));
        },
        "expand-all" => |desk, ask| {
            desk.apply(Command::Lane(LaneCommand::CollapseAll(true)));
            ask(desk);
            assert!(desk.has("Collapse synchronous") && desk.has("Collapse asynchronous"));
        },
        "pin-lane" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            ask(desk);
            assert_eq!(desk.app().lanes().pinned(), [lane]);
        },
        "hide-lane" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            ask(desk);
            assert!(desk.app().lanes().is_hidden(&lane));
            desk.click("1 lane hidden · show");
            assert!(!desk.app().lanes().is_hidden(&lane));
        },
        "hide-group" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            ask(desk);
            assert!(desk.app().lanes().is_hidden(&lane.whole()));
            assert!(!desk.has("Collapse synchronous"));
        },
        "show-hidden" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            desk.apply(Command::Lane(LaneCommand::Hide(lane)));
            ask(desk);
            assert!(!desk.app().lanes().hides_any());
        },
        "lane-up" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            let before = desk.order_of(&lane);
            ask(desk);
            assert_eq!(desk.order_of(&lane), before - 1);
        },
        "lane-down" => |desk, ask| {
            let lane = desk.aim_at_a_lane();
            let before = desk.order_of(&lane);
            ask(desk);
            assert_eq!(desk.order_of(&lane), before + 1);
        },
        "reset-lanes" => |desk, ask| {
            desk.apply(Command::Lane(LaneCommand::CollapseAll(true)));
            ask(desk);
            assert_eq!(desk.app().lanes(), Arrangement::PLAIN);
        },
        "page-down" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            assert!(desk.sees("Lane ecstasy of synchronous"));
            ask(desk);
            assert!(!desk.sees("Lane ecstasy of synchronous"));
        },
        "next-model" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            ask(desk);
            assert!(!desk.sees("Collapse synchronous") && desk.sees("Collapse threaded"));
        },
        "previous-model" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            desk.apply(Command::Scroll(ScrollTo::NextModel(true)));
            assert!(!desk.sees("Collapse synchronous"));
            ask(desk);
            assert!(desk.sees("Collapse synchronous"));
        },
        "down" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            let before = height(desk);
            ask(desk);
            assert!(height(desk) < before);
        },
        "up" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            desk.apply(Command::Scroll(ScrollTo::Pages(0.3)));
            let before = height(desk);
            ask(desk);
            assert!(height(desk) > before);
        },
        "page-up" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            desk.apply(Command::Scroll(ScrollTo::Pages(0.85)));
            assert!(!desk.sees("Lane ecstasy of synchronous"));
            ask(desk);
            assert!(desk.sees("Lane ecstasy of synchronous"));
        },
        _ => return None,
    };
    Some(case)
}

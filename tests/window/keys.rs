//! Every action of the table of keys, asked for by each of its keys and by its name in the command palette.

use egui::{Key, Modifiers, Pos2, pos2, vec2};
use loopscope::gui::action::{self, Action, Trigger};
use loopscope::gui::command::{Command, Detail, Selection, Side, Step, ViewCommand};
use loopscope::gui::playback::PlaybackCommand;
use loopscope::gui::settings::Kept;
use loopscope::gui::texts::LanguageChoice;
use loopscope::gui::theme;
use loopscope::store::{LaneRef, Span, SpanKind, SpanRef};
use loopscope::trace::{Cause, TimeRange, Timestamp};

use crate::beside;
use crate::cases;
use crate::desk::Desk;
use crate::switches;

/// Asks for the action under test.
pub(crate) type Ask<'a> = &'a dyn Fn(&mut Desk);

/// What is to happen when an action is asked for. An action without a case fails the tests below.
fn case(id: &str) -> fn(&mut Desk, Ask<'_>) {
    match id {
        "run" => |desk, ask| {
            ask(desk);
            assert!(desk.app().is_running());
            ask(desk);
            desk.until("the run ends", |desk| !desk.app().is_running());
        },
        "what-if" => |desk, ask| {
            // A file does not say how it was run, so that it is not: `what_if` has one that is.
            desk.apply(Command::NextStall(true));
            ask(desk);
            assert!(!desk.app().is_running());
        },
        "load-scenario" => |desk, ask| opens(desk, ask, "Load a scenario"),
        "save-scenario" => |desk, ask| opens(desk, ask, "Save the scenario"),
        "open" => |desk, ask| opens(desk, ask, "Open a trace"),
        "export" => |desk, ask| opens(desk, ask, "Export the trace"),
        "quit" => |desk, ask| {
            ask(desk);
            assert!(desk.app().is_closing());
        },
        "previous-trace" | "next-trace" => |desk, ask| {
            desk.show_recorded();
            let before = desk.app().documents().shown_place();
            ask(desk);
            assert_ne!(desk.app().documents().shown_place(), before);
        },
        "zoom-in" => |desk, ask| {
            let (_, before) = changed(desk, ask);
            assert!(desk.shown().view.length() < before);
        },
        "zoom-out" => |desk, ask| {
            let (_, before) = changed(desk, ask);
            assert!(desk.shown().view.length() > before);
        },
        "earlier" => |desk, ask| {
            let (before, _) = changed(desk, ask);
            assert!(desk.shown().view.begin() < before);
        },
        "later" => |desk, ask| {
            let (before, _) = changed(desk, ask);
            assert!(desk.shown().view.begin() > before);
        },
        "fit" => |desk, ask| {
            let stall = desk.shown().stalls[0].clone();
            let selection = Selection::Stall(stall.model, stall.index);
            desk.apply(Command::Select(Some(selection)));
            let (_, whole) = changed(desk, ask);
            let length = stall.range.nanos() as f64;
            let seen = desk.shown().view.length();
            assert!(seen >= length && seen < length * 1.2 && seen < whole);
        },
        "fit-all" => |desk, ask| {
            zoom(desk);
            changed(desk, ask);
            assert!(desk.shown().view.length() >= desk.shown().range().nanos() as f64);
        },
        "beginning" => |desk, ask| {
            zoom(desk);
            let (_, length) = changed(desk, ask);
            let view = &desk.shown().view;
            assert!(view.begin() <= 0.0 && view.end() > 0.0);
            assert_eq!(view.length(), length, "at the same scale");
        },
        "follow" => |desk, ask| {
            zoom(desk);
            changed(desk, ask);
            let end = desk.shown().range().end.0 as f64;
            let view = &desk.shown().view;
            assert!(view.is_following() && view.begin() < end && end < view.end());
        },
        "undo" => |desk, ask| {
            let whole = desk.shown().view.length();
            zoom(desk);
            ask(desk);
            assert_eq!(desk.shown().view.length(), whole);
        },
        "redo" => |desk, ask| {
            zoom(desk);
            let near = desk.shown().view.length();
            desk.apply(Command::View(ViewCommand::Undo));
            ask(desk);
            assert_eq!(desk.shown().view.length(), near);
        },
        "previous-stall" | "next-stall" => |desk, ask| {
            ask(desk);
            let selection = desk.shown().selection;
            assert!(matches!(selection, Some(Selection::Stall(..))));
        },
        "legend" => |desk, ask| {
            ask(desk);
            assert!(!desk.app().settings().legend);
        },
        "play" => |desk, ask| {
            ask(desk);
            assert!(desk.shown().playback.is_playing());
            assert_eq!(desk.app().settings().detail, Detail::Loop);
            ask(desk);
            assert!(!desk.shown().playback.is_playing());
        },
        "playhead-here" => |desk, ask| {
            ask(desk);
            let view = &desk.shown().view;
            let middle = view.begin() + view.length() / 2.0;
            assert!((playhead(desk) as f64 - middle).abs() < 2.0);
        },
        "next-event" | "next-turn" => |desk, ask| {
            seek(desk);
            ask(desk);
            assert!(playhead(desk) > HERE);
        },
        "previous-event" | "previous-turn" => |desk, ask| {
            seek(desk);
            ask(desk);
            assert!(playhead(desk) < HERE);
        },
        "faster" => |desk, ask| {
            ask(desk);
            assert!(desk.app().settings().speed.factor() > 1.0);
        },
        "slower" => |desk, ask| {
            ask(desk);
            assert!(desk.app().settings().speed.factor() < 1.0);
        },
        "leave-playhead" => |desk, ask| {
            seek(desk);
            ask(desk);
            assert_eq!(desk.shown().playback.at(), None);
        },
        "inspector" => |desk, ask| tells(desk, ask, Detail::Inspector),
        "loop" => |desk, ask| tells(desk, ask, Detail::Loop),
        "delays" => |desk, ask| tells(desk, ask, Detail::Delays),
        "marks" => |desk, ask| tells(desk, ask, Detail::Marks),
        "dismiss" => |desk, ask| {
            desk.apply(Command::NextStall(true));
            ask(desk);
            assert_eq!(desk.shown().selection, None);
        },
        "controls" => |desk, ask| flips(desk, ask, Side::Controls),
        "details" => |desk, ask| flips(desk, ask, Side::Details),
        "plot" => |desk, ask| flips(desk, ask, Side::Plot),
        "overview" => |desk, ask| flips(desk, ask, Side::Overview),
        "comparison" => |desk, ask| flips(desk, ask, Side::Comparison),
        "statistics" => |desk, ask| flips(desk, ask, Side::Statistics),
        "previous-of-kind" => |desk, ask| walks(desk, ask, None),
        "next-of-kind" => |desk, ask| walks(desk, ask, None),
        "outwards" => |desk, ask| walks(desk, ask, None),
        "inwards" => |desk, ask| walks(desk, ask, Some(Step::Out)),
        "cause" => |desk, ask| walks(desk, ask, None),
        "effect" => |desk, ask| walks(desk, ask, Some(Step::Cause)),
        "arrows" => |desk, ask| {
            let before = desk.app().settings().all_arrows;
            ask(desk);
            assert_ne!(desk.app().settings().all_arrows, before);
        },
        "record" => |desk, ask| {
            opens(desk, ask, "Record runs into a folder");
            let folder = desk.path("recordings");
            desk.type_path(&folder);
            assert!(folder.is_dir());
            assert_eq!(desk.app().settings().recordings, Some(folder));
            ask(desk);
            assert_eq!(desk.app().settings().recordings, None);
        },
        "keep-little" => |desk, ask| keeps(desk, ask, Kept::All, Kept::Little),
        "keep-much" => |desk, ask| keeps(desk, ask, Kept::All, Kept::Much),
        "keep-all" => |desk, ask| keeps(desk, ask, Kept::Much, Kept::All),
        "theme" => |desk, ask| {
            let dark = desk.harness.ctx.global_style().visuals.dark_mode;
            ask(desk);
            assert_ne!(desk.harness.ctx.global_style().visuals.dark_mode, dark);
        },
        "system-theme" => |desk, ask| {
            desk.apply(Command::SetTheme(egui::ThemePreference::Light));
            ask(desk);
            let theme = desk.harness.ctx.options(|options| options.theme_preference);
            assert_eq!(theme, egui::ThemePreference::System);
        },
        "system-language" => |desk, ask| speaks(desk, ask, LanguageChoice::System),
        "english" => |desk, ask| speaks(desk, ask, LanguageChoice::English),
        "chinese" => |desk, ask| {
            speaks(desk, ask, LanguageChoice::Chinese);
            assert!(desk.has("运行") || desk.has("▶ 运行"));
            desk.apply(Command::SetLanguage(LanguageChoice::English));
        },
        "still" => |desk, ask| {
            assert!(!theme::is_still(&desk.harness.ctx));
            ask(desk);
            assert!(theme::is_still(&desk.harness.ctx));
            assert_eq!(desk.app().settings().still, Some(true));
            ask(desk);
            assert!(!theme::is_still(&desk.harness.ctx));
        },
        "reset-layout" => |desk, ask| {
            let place = |desk: &Desk| desk.control("Inspector").rect();
            let before = place(desk);
            desk.apply(Command::SetPanel(Side::Comparison, false));
            let edge = before.left_center() - vec2(8.0, 0.0);
            desk.drag(edge, edge - vec2(120.0, 0.0));
            assert!(place(desk).left() < before.left() - 60.0);
            ask(desk);
            desk.frames(3);
            assert_eq!(place(desk), before);
            assert!(desk.app().settings().shows(Side::Comparison));
        },
        "walk" => |desk, ask| {
            ask(desk);
            assert!(desk.has("Skip the walk"));
        },
        "palette" => |desk, ask| {
            ask(desk);
            let _ = desk.control("Command");
            ask(desk);
            assert!(!desk.has("What do you want to do?"));
        },
        "keys" => |desk, ask| {
            ask(desk);
            assert!(desk.has("Fit the selection"));
            ask(desk);
            assert!(!desk.has("Fit the selection"));
        },
        _ => cases::of_lanes_and_marks(id)
            .or_else(|| beside::of_comparing(id))
            .or_else(|| switches::of_switches(id))
            .unwrap_or_else(|| panic!("{id} has no case: add one here")),
    }
}

fn opens(desk: &mut Desk, ask: Ask<'_>, title: &str) {
    ask(desk);
    assert!(desk.has(title), "{title}");
    let _ = desk.control("Path");
}

fn keeps(desk: &mut Desk, ask: Ask<'_>, before: Kept, after: Kept) {
    desk.apply(Command::SetKept(before));
    ask(desk);
    assert_eq!(desk.app().settings().kept, after);
}

fn flips(desk: &mut Desk, ask: Ask<'_>, side: Side) {
    let before = desk.app().settings().shows(side);
    ask(desk);
    assert_ne!(desk.app().settings().shows(side), before);
    ask(desk);
    assert_eq!(desk.app().settings().shows(side), before);
}

fn tells(desk: &mut Desk, ask: Ask<'_>, detail: Detail) {
    let others = Detail::ALL.into_iter().filter(|other| *other != detail);
    for other in others {
        desk.apply(Command::SetDetail(other));
        ask(desk);
        assert_eq!(desk.app().settings().detail, detail);
    }
}

/// A moment in the middle of the trace, in nanoseconds.
const HERE: u64 = 1_000_000_000;

fn seek(desk: &mut Desk) {
    desk.apply(Command::Playback(PlaybackCommand::Seek(Timestamp(HERE))));
}

fn playhead(desk: &Desk) -> u64 {
    desk.shown().playback.at().expect("it was put somewhere").0
}

fn speaks(desk: &mut Desk, ask: Ask<'_>, language: LanguageChoice) {
    ask(desk);
    assert_eq!(desk.app().settings().language, language);
}

/// From a callback that a loop ran because something was ready, after a first step if there is one.
fn walks(desk: &mut Desk, ask: Ask<'_>, first: Option<Step>) {
    let mut models = desk.shown().store.models().iter();
    let (model, thread) = models
        .find_map(|model| {
            let thread = model.threads.iter().find(|thread| thread.polls > 0)?;
            Some((model.id, thread))
        })
        .expect("one model has a loop");
    let callbacks = thread.lane.row(1).expect("it called something").spans();
    let served = |span: Span| span.kind == SpanKind::Callback(Cause::Readiness);
    // Those in the middle have neighbours on either side.
    let middle = callbacks.len() / 2;
    let index = callbacks.range(middle..).iter().position(served);
    let callback = SpanRef {
        model,
        lane: LaneRef::Thread(thread.id),
        depth: 1,
        index: middle + index.expect("it served somebody"),
    };
    desk.apply(Command::Select(Some(Selection::Span(callback))));
    if let Some(step) = first {
        desk.apply(Command::Walk(step));
    }
    let before = desk.shown().selection;
    ask(desk);
    let after = desk.shown().selection;
    assert!(after.is_some() && after != before, "{before:?}");
}

/// Looks at a small part in the middle of the trace.
fn zoom(desk: &mut Desk) {
    let range = desk.shown().range();
    let third = range.nanos() / 3;
    let part = TimeRange::new(Timestamp(third), Timestamp(2 * third));
    desk.apply(Command::View(ViewCommand::Show(part)));
}

/// Where the view began and how long it was, before it was moved.
fn changed(desk: &mut Desk, ask: Ask<'_>) -> (f64, f64) {
    let seen = |desk: &Desk| (desk.shown().view.begin(), desk.shown().view.length());
    let before = seen(desk);
    ask(desk);
    assert_ne!(seen(desk), before);
    before
}

fn press(desk: &mut Desk, trigger: Trigger) {
    match trigger {
        Trigger::Press(modifiers, key) => desk.press(modifiers, key),
        Trigger::Hold(key) | Trigger::Idle(key) => {
            desk.harness.key_down(key);
            desk.frames(4);
            desk.harness.key_up(key);
            desk.frames(2);
        }
        // The timeline's own tests do these.
        Trigger::Hand(_) => unreachable!("keys only"),
    }
}

#[test]
fn every_key_does_what_the_table_says() {
    for action in action::all() {
        let keys = action.triggers.iter();
        for &key in keys.filter(|trigger| !matches!(trigger, Trigger::Hand(_))) {
            let mut desk = Desk::with_trace();
            case(action.id)(&mut desk, &|desk| press(desk, key));
        }
    }
}

fn by_name(desk: &mut Desk, action: &Action) {
    desk.press(Modifiers::COMMAND, Key::P);
    desk.control("Command").type_text(action.name);
    desk.frames(2);
    desk.press(Modifiers::NONE, Key::Enter);
}

#[test]
fn every_action_is_found_by_its_name() {
    // The palette is not in its own list.
    for action in action::all().filter(|action| action.id != "palette") {
        let mut desk = Desk::with_trace();
        case(action.id)(&mut desk, &|desk| by_name(desk, action));
    }
}

#[test]
fn what_is_not_possible_is_told_why_and_does_nothing() {
    let mut desk = Desk::new();
    desk.press(Modifiers::COMMAND, Key::P);
    desk.control("Command").type_text("export");
    desk.frames(2);
    assert!(desk.has("Export the trace…"));
    desk.press(Modifiers::NONE, Key::Enter);
    let _ = desk.control("Command");
    desk.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.has("Export the trace…"));
}

#[test]
fn a_menu_shows_the_keys_and_does_the_same() {
    let mut desk = Desk::with_trace();
    desk.click("Go");
    desk.click("Find");
    assert!(desk.has("Next stall"));
    desk.click("Next stall");
    assert!(matches!(desk.shown().selection, Some(Selection::Stall(..))));
    desk.click("View");
    desk.click("Plots");
    assert!(!desk.app().settings().shows(Side::Plot));
}

#[test]
fn keys_that_are_typed_do_not_steer() {
    let mut desk = Desk::with_trace();
    desk.press(Modifiers::COMMAND, Key::E);
    let before = (desk.shown().view.begin(), desk.shown().view.length());
    for key in [Key::W, Key::D] {
        press(&mut desk, Trigger::Hold(key));
    }
    for key in [Key::F, Key::Home, Key::CloseBracket] {
        desk.press(Modifiers::NONE, key);
    }
    let view = &desk.shown().view;
    assert_eq!((view.begin(), view.length()), before);
    assert_eq!(desk.shown().selection, None);
}

#[test]
fn a_held_letter_with_control_is_no_move() {
    let mut desk = Desk::with_trace();
    let before = desk.shown().view.begin();
    desk.press(Modifiers::COMMAND, Key::A);
    desk.press(Modifiers::COMMAND, Key::D);
    assert_eq!(desk.shown().view.begin(), before);
}

#[test]
fn zooming_by_key_keeps_the_moment_under_the_pointer() {
    let mut desk = Desk::with_trace();
    let canvas = desk.control("Timeline").rect();
    let at: Pos2 = pos2(canvas.right() - 100.0, canvas.center().y);
    desk.harness.hover_at(at);
    desk.frames(2);
    let axis = (canvas.right() - 100.0 - canvas.left()) as f64;
    let gutter = f64::from(loopscope::gui::timeline::gutter_width(canvas.width()));
    let width = f64::from(canvas.width()) - gutter;
    let moment = |desk: &Desk| {
        let view = &desk.shown().view;
        view.begin() + view.length() * (axis - gutter) / width
    };
    let before = moment(&desk);
    press(&mut desk, Trigger::Hold(Key::W));
    let moved = (moment(&desk) - before).abs();
    assert!(
        moved < desk.shown().view.length() / width,
        "less than a point"
    );
}

#[test]
fn the_edge_of_a_side_is_caught_from_both_its_sides() {
    let edge = |desk: &Desk| desk.control("Edge of Inspector and stalls").rect();
    for aside in [-2.0, 2.0] {
        let mut desk = Desk::with_trace();
        let before = edge(&desk);
        let from = before.center() + vec2(aside, 0.0);
        desk.drag(from, from - vec2(90.0, 0.0));
        let moved = before.center().x - edge(&desk).center().x;
        assert!(
            (moved - 90.0).abs() < 6.0,
            "{moved} from {aside} beside it: {before}"
        );
    }
}

#[test]
fn arrows_move_the_view_only_while_nothing_is_selected() {
    let mut desk = Desk::with_trace();
    let view = |desk: &Desk| (desk.shown().view.begin(), desk.shown().view.length());
    let before = view(&desk);
    press(&mut desk, Trigger::Hold(Key::ArrowRight));
    assert_ne!(view(&desk), before);
    desk.apply(Command::NextStall(true));
    let before = view(&desk);
    // It leads from a stall to what the stall caused, or nowhere: the view is moved by that alone.
    press(&mut desk, Trigger::Hold(Key::ArrowUp));
    assert_eq!(view(&desk).1, before.1);
}

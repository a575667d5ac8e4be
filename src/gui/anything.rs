//! The window over whatever a file can tell: nothing in it, and nothing that is asked of it, brings the window down.

use std::path::Path;
use std::time::Duration;

use egui::{Event, Key, PointerButton, Vec2, pos2, vec2};
use egui_kittest::Harness;
use proptest::prelude::*;
use proptest::sample::select;

use super::app::App;
use super::beside::BesideCommand;
use super::command::{Command, Detail, Selection, StallOrder, Step, ViewCommand};
use super::playback::{PlaybackCommand, StepBy};
use super::plot::Measure;
use super::settings::Settings;
use crate::format::{Trace, TraceInfo};
use crate::store::anything::any_batches;
use crate::store::{LaneRef, SpanRef, TraceStore, sample};
use crate::trace::{Batch, ModelId, TaskId, ThreadId, TimeRange, Timestamp};

/// What somebody does.
#[derive(Clone, Debug)]
enum Deed {
    Ask(Command),
    Press(Key),
    Point(f32, f32),
    Click(f32, f32),
}

pub(super) fn trace_of(batches: &[Batch]) -> Trace {
    let mut store = TraceStore::new();
    batches.iter().for_each(|batch| store.push(batch));
    Trace {
        info: TraceInfo::of_run("any", "Anything", Duration::from_millis(50)),
        store,
        marks: Vec::new(),
        truncated: None,
    }
}

/// One that may be in a trace of [`any_batches`], or far behind its end.
fn moments() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (0_u64..100).prop_map(Timestamp),
        (0_u64..2_000_000_000).prop_map(Timestamp),
        select(vec![Timestamp(u64::MAX / 2), Timestamp::MAX]),
    ]
}

fn ranges() -> impl Strategy<Value = TimeRange> {
    (moments(), moments()).prop_map(|(begin, end)| TimeRange::new(begin, end))
}

fn selections() -> impl Strategy<Value = Selection> {
    let places = (0_usize..3, 1_u32..4, 0_usize..3, 0_usize..20);
    (0_u8..4, places).prop_map(|(kind, (model, number, depth, index))| {
        let id = ModelId::from_index(model);
        let thread = ThreadId::from_index(10 * model + 9 + number as usize);
        let span = |lane| {
            Selection::Span(SpanRef {
                model: id,
                lane,
                depth,
                index,
            })
        };
        match kind {
            0 => span(LaneRef::Task(TaskId::from_index(depth))),
            1 => span(LaneRef::Thread(thread)),
            2 => Selection::Instant(id, thread, index),
            _ => Selection::Stall(id, depth),
        }
    })
}

fn views() -> impl Strategy<Value = ViewCommand> {
    let factors = select(vec![0.0, 1e-3, 0.5, 1e3, f64::NAN, f64::INFINITY]);
    let zoom = |(at, factor): (Timestamp, f64)| ViewCommand::Zoom {
        at: at.0 as f64,
        factor,
    };
    prop_oneof![
        select(vec![ViewCommand::Fit, ViewCommand::Undo]),
        (moments(), factors).prop_map(zoom),
        ranges().prop_map(ViewCommand::Show),
        select(vec![-1e9, 1.0, 1e18, f64::NAN]).prop_map(ViewCommand::Pan),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    let step = |(by, on)| Command::Playback(PlaybackCommand::Step(by, on));
    prop_oneof![
        3 => selections().prop_map(Command::Reveal),
        2 => views().prop_map(Command::View),
        1 => select(Step::ALL.to_vec()).prop_map(Command::Walk),
        1 => any::<bool>().prop_map(Command::NextStall),
        1 => select(Detail::ALL.to_vec()).prop_map(Command::SetDetail),
        1 => select(Measure::ALL.to_vec()).prop_map(|one| Command::SetPlot(one, true)),
        1 => moments().prop_map(|at| Command::Playback(PlaybackCommand::Seek(at))),
        1 => (select(vec![StepBy::Event, StepBy::Turn]), any::<bool>()).prop_map(step),
        1 => ranges().prop_map(|range| Command::ChooseRange(Some(range))),
        1 => select(StallOrder::ALL.to_vec()).prop_map(Command::SetStallOrder),
        1 => any::<bool>().prop_map(Command::SetAllArrows),
    ]
}

/// Nothing that runs a scenario or opens a dialog: the keys are letters without Ctrl, and the clicks go into the
/// timeline.
fn deeds() -> impl Strategy<Value = Deed> {
    let keys = "ABCDEFGHIJLMNOPQRSTUVWXYZ".chars();
    let mut keys: Vec<_> = keys
        .filter_map(|key| Key::from_name(&key.to_string()))
        .collect();
    keys.extend([Key::OpenBracket, Key::CloseBracket, Key::Escape, Key::Home]);
    keys.extend([
        Key::ArrowLeft,
        Key::ArrowRight,
        Key::ArrowUp,
        Key::ArrowDown,
    ]);
    let points = || (300_f32..1_100.0, 90_f32..880.0);
    prop_oneof![
        4 => commands().prop_map(Deed::Ask),
        1 => select(keys).prop_map(Deed::Press),
        2 => points().prop_map(|(x, y)| Deed::Point(x + 300.0, y)),
        1 => points().prop_map(|(x, y)| Deed::Click(x, y)),
    ]
}

pub(super) fn window(size: Vec2) -> Harness<'static, Option<App>> {
    let builder = Harness::builder().with_size(size);
    builder.build_ui_state(
        |ui, app: &mut Option<App>| {
            let app = app.get_or_insert_with(|| App::new(ui.ctx(), Settings::default()));
            app.logic(ui.ctx());
            app.ui(ui);
        },
        None,
    )
}

pub(super) fn app<'a>(window: &'a mut Harness<'_, Option<App>>) -> &'a mut App {
    window
        .state_mut()
        .as_mut()
        .expect("the first frame made it")
}

fn act(window: &mut Harness<'_, Option<App>>, deed: Deed) {
    match deed {
        Deed::Ask(command) => app(window).apply(command),
        Deed::Press(key) => window.key_press(key),
        Deed::Point(x, y) => window.event(Event::PointerMoved(pos2(x, y))),
        Deed::Click(x, y) => {
            let pos = pos2(x, y);
            window.event(Event::PointerMoved(pos));
            for pressed in [true, false] {
                window.event(Event::PointerButton {
                    pos,
                    button: PointerButton::Primary,
                    pressed,
                    modifiers: egui::Modifiers::NONE,
                });
            }
        }
    }
    window.step();
}

#[test]
fn a_window_without_room_stands() {
    for size in [vec2(1.0, 1.0), vec2(60.0, 900.0), vec2(1_440.0, 20.0)] {
        let mut window = window(size);
        app(&mut window).show_trace(Path::new("any.loopscope"), trace_of(&sample::batches()));
        let details = Detail::ALL.map(Command::SetDetail);
        let over_it = [Command::StartWalk, Command::ToggleHelp, Command::OpenDialog];
        for command in details.into_iter().chain(over_it) {
            app(&mut window).apply(command);
            window.run_steps(2);
        }
    }
}

proptest! {
    // Each is a window for some dozens of frames.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 50,
        ..ProptestConfig::with_cases(4)
    })]

    #[test]
    fn whatever_two_files_tell_the_window_stands(
        size in select(vec![vec2(1_440.0, 900.0), vec2(800.0, 520.0), vec2(60.0, 60.0)]),
        a in any_batches(true),
        b in any_batches(false),
        alone in prop::collection::vec(deeds(), 30),
        compared in prop::collection::vec(deeds(), 20),
    ) {
        let mut window = window(size);
        for batches in [a, b] {
            app(&mut window).show_trace(Path::new("any.loopscope"), trace_of(&batches));
        }
        alone.into_iter().for_each(|deed| act(&mut window, deed));
        let all = app(&mut window).documents().all();
        let both = [all[1].id, all[0].id];
        app(&mut window).apply(Command::Beside(BesideCommand::Compare(both)));
        compared.into_iter().for_each(|deed| act(&mut window, deed));
    }
}

//! Curves and bars as data, and where they lie on the screen.

use std::path::Path;
use std::time::Duration;

use egui::{Pos2, RawInput, Rect, vec2};
use egui_plot::PlotPoint;

use super::curves::Shape;
use super::*;
use crate::format;
use crate::gui::command::ViewCommand;
use crate::gui::{theme, timeline};
use crate::store::TraceStore;
use crate::trace::{
    Batch, Event, EventKind, ModelId, NameId, Source, TaskId, ThreadId, TimeRange, Timestamp,
    WaitCall,
};

/// A run of *three slow servers* in which the callbacks of task 1 slept, as it was recorded once.
fn document() -> Document {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/three-slow-servers.loopscope"
    );
    let trace =
        format::open(Path::new(path)).expect("it was recorded by this version or an older one");
    let mut document = Document::of_file(Path::new(path), trace);
    while !document.look_at_loops() {}
    document
}

fn look(document: &Document) -> Look {
    Look {
        view: document.view.range(),
        screen: [document.view.begin(), document.view.end()],
        nanos_per_pixel: document.view.length() / 1000.0,
        now: document.now,
    }
}

#[test]
fn loops_have_all_curves_and_threads_that_block_have_some() {
    let document = document();
    let count = |measure| curves(&document, measure, look(&document)).len();
    // Main, three threads of tasks, and the reactor.
    assert_eq!((count(Measure::Lag), count(Measure::Utilization)), (5, 5));
    for measure in [
        Measure::QueueingDelay,
        Measure::TurnsPerSecond,
        Measure::CallbacksPerTurn,
        Measure::ReadyPerPoll,
    ] {
        assert_eq!(count(measure), 1, "{measure:?}");
    }
    assert_eq!(count(Measure::Bytes), 9, "three tasks in three models");
}

#[test]
fn of_very_many_threads_those_have_a_curve_that_were_held_for_longest() {
    let model = ModelId::from_index(0);
    let mut store = TraceStore::new();
    for index in 0..1_000 {
        let (thread, name) = (ThreadId::from_index(index), NameId::from_index(index));
        let task = TaskId::from_index(index);
        let call = WaitCall::Read;
        // The later ones are busy for longer.
        let events = [
            (0, EventKind::ThreadBegin { name }),
            (1, EventKind::WaitBegin { task, call }),
            (2, EventKind::WaitEnd { task }),
            (500 + index as u64, EventKind::WaitBegin { task, call }),
            (5_000, EventKind::WaitEnd { task }),
            (5_000, EventKind::ThreadEnd),
        ];
        let event = |(at, kind)| Event {
            at: Timestamp(at),
            kind,
        };
        store.push(&Batch {
            source: Source { model, thread },
            names: vec![(name, format!("thread {index}"))],
            events: events.map(event).into(),
        });
    }
    let path = Path::new("many-threads.loopscope");
    let trace = format::Trace {
        info: format::TraceInfo::default(),
        store,
        marks: Vec::new(),
        truncated: None,
    };
    let document = Document::of_file(path, trace);
    let curves = curves(&document, Measure::Lag, look(&document));
    let names: Vec<_> = curves.iter().map(|curve| curve.name.as_str()).collect();
    assert_eq!(names.len(), super::curves::MOST);
    assert!(names[0].ends_with("thread 968"), "{names:?}");
    assert!(names[31].ends_with("thread 999"), "{names:?}");
    let model = &document.store.models()[0];
    assert!(super::curves::is_crowded(Measure::Lag, model));
    assert!(!super::curves::is_crowded(Measure::ReadyPerPoll, model));
}

#[test]
fn however_closely_one_looks_no_curve_reaches_far_beyond_the_screen() {
    let document = document();
    // In the middle of a stall, where every line comes from far away and goes on for long.
    let (begin, end) = (Timestamp(1_955_447_000), Timestamp(1_955_447_010));
    let close = Look {
        view: TimeRange::new(begin, end),
        screen: [begin, end].map(|at| at.0 as f64),
        nanos_per_pixel: 0.01,
        now: document.now,
    };
    let whole = look(&document);
    let here = begin.as_secs_f64();
    let mut held = false;
    for measure in Measure::ALL {
        let far = curves(&document, measure, whole);
        let near = curves(&document, measure, close);
        assert_eq!(far.len(), near.len());
        for (far, near) in far.iter().zip(&near) {
            let beside = 1e-9;
            let is_seen = |x: f64| here - beside <= x && x <= end.as_secs_f64() + beside;
            assert!(near.points.iter().all(|point| is_seen(point.x)));
            let values = far.at(here, 0.0).zip(near.at(here, 0.0));
            if let (Measure::Lag, Some((value, told))) = (measure, values) {
                assert!((told - value).abs() < 1e-6, "{told} {value}");
                held |= told > 0.05;
            }
        }
    }
    assert!(held, "the lag of what is held is told");
}

/// Their dashes took all the memory there was: what was left of them lay so far from the screen that no two dashes could be
/// told apart.
#[test]
fn curves_are_not_drawn_where_the_screen_lies_outside_of_the_time_of_a_trace() {
    let mut document = document();
    let inside = look(&document);
    document.view = document.view.shifted(-5e18);
    let outside = look(&document);
    assert_eq!(outside.view.end, Timestamp::ZERO);
    let at_the_beginning = Curve {
        name: String::new(),
        hue: 0,
        shape: Shape::Line,
        points: vec![PlotPoint::new(0.0, 1.0), PlotPoint::new(1e-9, 0.0)],
        highest: 0.0,
    };
    let seen = |look: Look| at_the_beginning.clone().clip(look.edges()).points.len();
    assert_eq!((seen(outside), seen(inside)), (0, 2));
}

#[test]
fn there_are_no_more_points_than_can_be_told_apart() {
    let document = document();
    let coarse = Look {
        nanos_per_pixel: document.view.length() / 10.0,
        ..look(&document)
    };
    for measure in Measure::ALL {
        for curve in curves(&document, measure, coarse) {
            assert!(
                curve.points.len() <= 3 * 12,
                "{measure:?}: {}",
                curve.points.len()
            );
            let in_order = curve.points.is_sorted_by(|a, b| a.x <= b.x);
            assert!(in_order, "{measure:?}");
        }
    }
}

#[test]
fn the_curve_of_a_delay_reaches_the_longest_of_them() {
    let document = document();
    let curves = curves(&document, Measure::QueueingDelay, look(&document));
    let highest = curves[0]
        .points
        .iter()
        .map(|point| point.y)
        .fold(0.0, f64::max);
    let model = &document.store.models()[2];
    let longest = document.waits[&model.id].histogram(document.view.range());
    let longest = longest.quantiles().max;
    assert!(longest > Duration::from_millis(200));
    assert!((highest - longest.as_secs_f64()).abs() < 1e-9);
}

#[test]
fn bytes_end_at_what_a_task_has_read() {
    let document = document();
    let curves = curves(&document, Measure::Bytes, look(&document));
    let read = |name: &str| {
        let curve = curves.iter().find(|curve| curve.name == name);
        curve
            .and_then(|curve| curve.points.last())
            .map(|point| point.y)
    };
    assert_eq!(read("asynchronous · ecstasy"), Some(3007.0));
    assert_eq!(read("synchronous · science"), Some(653.0));
}

fn curve(shape: Shape, points: &[(f64, f64)]) -> Curve {
    let points = points.iter();
    Curve {
        name: String::new(),
        hue: 0,
        shape,
        points: points
            .map(|&(x, y)| egui_plot::PlotPoint::new(x, y))
            .collect(),
        highest: 10.0,
    }
}

#[test]
fn of_a_stair_no_more_is_drawn_than_can_be_told_apart() {
    let stair = (0..10_000_u32).flat_map(|step| {
        let (at, value) = (f64::from(step), f64::from(step));
        [(at, value), (at, value + 1.0)]
    });
    let stair: Vec<_> = stair.collect();
    let steps = curve(Shape::Steps, &stair);
    let drawn = steps.told_apart(100.0);
    assert!(drawn.len() <= 202, "{}", drawn.len());
    assert_eq!(drawn.last().map(|point| point.y), Some(10_000.0));
    let shown = curve(
        Shape::Steps,
        &drawn.iter().map(|one| (one.x, one.y)).collect::<Vec<_>>(),
    );
    for at in (0..9_999).map(|step| f64::from(step) + 0.5) {
        let (whole, shown) = (steps.at(at, 0.0), shown.at(at, 0.0));
        let differ = whole.zip(shown).map(|(whole, shown)| whole - shown);
        assert!(differ.is_some_and(|differ| differ.abs() <= 100.0), "{at}");
    }
    assert_eq!(steps.told_apart(0.5).len(), stair.len(), "each step");
}

#[test]
fn a_value_is_read_at_a_moment() {
    let line = curve(Shape::Line, &[(0.0, 0.0), (0.0, 10.0), (10.0, 0.0)]);
    assert_eq!(line.at(5.0, 0.1), Some(5.0));
    let steps = curve(
        Shape::Steps,
        &[(0.0, 3.0), (10.0, 3.0), (10.0, 4.0), (20.0, 4.0)],
    );
    assert_eq!(
        (steps.at(9.9, 0.1), steps.at(10.1, 0.1)),
        (Some(3.0), Some(4.0))
    );
    assert_eq!(steps.at(30.0, 0.1), None, "it has ended");
    let spikes = curve(Shape::Spikes, &[(5.0, 0.0), (5.0, 7.0), (5.0, 0.0)]);
    assert_eq!(
        (spikes.at(5.2, 0.1), spikes.at(6.0, 0.1)),
        (Some(7.0), None)
    );
}

#[test]
fn nothing_is_computed_again_while_nothing_changes() {
    let mut document = document();
    let mut plots = Plots::default();
    let all = |document: &Document, plots: &mut Plots| {
        for measure in Measure::ALL {
            plots.curves(document, measure, look(document));
        }
        plots.bars(document);
    };
    all(&document, &mut plots);
    let once = plots.computed;
    assert_eq!(once, Measure::ALL.len() + 1);
    all(&document, &mut plots);
    assert_eq!(plots.computed, once);
    document.look(ViewCommand::Pan(1e6));
    all(&document, &mut plots);
    assert_eq!(plots.computed, 2 * once, "another stretch of time");
}

#[test]
fn bars_count_what_is_in_view() {
    let mut document = document();
    let mut plots = Plots::default();
    let served =
        |bars: &[histogram::Bars]| bars.iter().map(histogram::Bars::served).collect::<Vec<_>>();
    let all = served(plots.bars(&document));
    assert_eq!(all.len(), 1, "only one model runs a loop");
    let second = TimeRange::new(Timestamp(0), Timestamp(1_000_000_000));
    document.look(ViewCommand::Show(second));
    let some = served(plots.bars(&document));
    assert!(0 < some[0] && some[0] < all[0], "{some:?} of {all:?}");
}

#[test]
fn a_plot_lies_exactly_below_the_lanes_of_the_timeline() {
    let ctx = egui::Context::default();
    theme::install(&ctx);
    let document = document();
    let screen = Rect::from_min_size(Pos2::ZERO, vec2(701.0, 300.0));
    let mut frames = Vec::new();
    let measures = Measures::from(vec!["lag".to_owned(), "bytes".to_owned()]);
    let mut plots = Plots::default();
    for _ in 0..3 {
        let input = RawInput {
            screen_rect: Some(screen),
            ..RawInput::default()
        };
        frames.clear();
        let mut output = ctx.run_ui(input, |ui| {
            let gutter = timeline::gutter_width(ui.available_width());
            let scene = strip::Scene {
                document: &document,
                measures: &measures,
                gutter,
                threshold: Duration::from_millis(50),
                hover: None,
                grid: &[],
            };
            let area = ui.available_rect_before_wrap();
            frames = strip::show(ui, &scene, &mut plots, &mut Vec::new());
            for frame in &frames {
                assert_eq!(frame.left(), area.left() + gutter);
                assert_eq!(frame.right(), area.right());
            }
        });
        output.textures_delta.clear();
    }
    assert_eq!(frames.len(), 2);
}

#[test]
fn a_thread_of_the_pool_makes_no_loop_late() {
    let mut document = document();
    let reactor = document.store.models()[2].threads[0].id;
    let beside = ThreadId::from_index(reactor.index() + 100);
    let event = |millis: u64, kind| Event {
        at: Timestamp(millis * 1_000_000),
        kind,
    };
    let name = NameId::from_index(0);
    document.push(&Batch {
        source: Source {
            model: ModelId::from_index(2),
            thread: beside,
        },
        names: vec![(name, "pool thread 1".to_owned())],
        events: vec![
            event(1, EventKind::ThreadBegin { name }),
            event(2, EventKind::IdleBegin),
            event(100, EventKind::IdleEnd),
            event(900, EventKind::IdleBegin),
        ],
    });
    let lag = curves(&document, Measure::Lag, look(&document));
    assert_eq!(lag.len(), 5, "as many as without it");
}

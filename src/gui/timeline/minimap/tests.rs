//! Columns of the whole trace, and hands on the window in it.

use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::super::scene::Legend;
use super::*;
use crate::gui::lanes::Arrangement;
use crate::gui::theme;
use crate::gui::time_view::TimeView;
use crate::gui::timeline::samples::Sample;
use crate::store::TraceStore;

struct World {
    store: TraceStore,
    view: TimeView,
    map: Minimap,
}

impl World {
    fn new() -> Self {
        let store = Sample::default().store();
        let mut view = TimeView::default();
        let trace = TimeRange::new(Timestamp::ZERO, store.range().end);
        let third = trace.end.0 / 3;
        let part = TimeRange::new(Timestamp(third), Timestamp(2 * third));
        view.apply(ViewCommand::Show(part), trace);
        Self {
            store,
            view,
            map: Minimap::default(),
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            store: &self.store,
            now: self.store.range().end,
            live: false,
            view: &self.view,
            lanes: Arrangement::PLAIN,
            legend: Legend::Hidden,
            hits: &[],
            reports: &[],
            marks: &[],
            selection: None,
            chosen: None,
            all_arrows: false,
            playhead: None,
            hover: None,
            stall_threshold: Duration::from_millis(50),
        }
    }
}

fn harness() -> Harness<'static, World> {
    let mut harness = Harness::builder()
        .with_size(vec2(900.0, 80.0))
        .build_ui_state(
            |ui, world: &mut World| {
                let mut map = std::mem::take(&mut world.map);
                let mut commands = Vec::new();
                map.show(ui, &world.scene(), &mut commands);
                world.map = map;
                let trace = TimeRange::new(Timestamp::ZERO, world.store.range().end);
                for command in commands {
                    if let Command::View(view) = command {
                        world.view.apply(view, trace);
                    }
                }
            },
            World::new(),
        );
    theme::install(&harness.ctx);
    harness.run_steps(2);
    harness
}

/// Where the window lies.
fn seen(harness: &Harness<'_, World>) -> Rect {
    let rect = harness.get_by_label("Overview").rect();
    let area = rect.with_min_x(rect.left() + gutter_width(rect.width()));
    let world = harness.state();
    let range = TimeRange::new(Timestamp::ZERO, world.store.range().end);
    window(&world.scene(), &Axis { area, range })
}

fn drag(harness: &mut Harness<'_, World>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    harness.hover_at(to);
    harness.run_steps(2);
    harness.drop_at(to);
    harness.step();
}

#[test]
fn busy_time_is_spread_over_the_columns_that_it_covers() {
    let mut columns = vec![0.0; 4];
    let range = TimeRange::new(Timestamp(50), Timestamp(250));
    spread(&mut columns, range, 100.0, 100.0);
    assert_eq!(columns, [0.25, 0.5, 0.25, 0.0]);
    spread(&mut columns, range, 1_000.0, 100.0);
    assert_eq!(columns[..3], [1.0, 1.0, 1.0], "no more than all");
}

#[test]
fn every_model_has_its_columns_and_its_stalls() {
    let world = World::new();
    let range = TimeRange::new(Timestamp::ZERO, world.store.range().end);
    let tracks = look_up(&world.scene(), range, 500);
    assert_eq!(tracks.len(), world.store.models().len());
    for (track, model) in tracks.iter().zip(world.store.models()) {
        assert_eq!(track.busy.len(), 500);
        assert!(track.busy.iter().any(|share| *share > 0.0));
        assert_eq!(track.stalls.is_empty(), model.stalls.is_empty());
        for stall in &model.stalls {
            let column = (stall.range.begin.0 * 500 / range.end.0) as usize;
            let is_marked = track.stalls.iter().any(|marked| marked.contains(&column));
            assert!(is_marked, "{column} of {:?}", track.stalls);
        }
    }
}

#[test]
fn the_window_is_dragged_and_its_length_stays() {
    let mut harness = harness();
    let before = (harness.state().view.begin(), harness.state().view.length());
    let (at, left) = (seen(&harness).center(), seen(&harness).left());
    drag(&mut harness, at, at + vec2(60.0, 0.0));
    assert!(
        (seen(&harness).left() - left - 60.0).abs() < 0.5,
        "all the way"
    );
    let view = &harness.state().view;
    assert!(view.begin() > before.0);
    assert!((view.length() - before.1).abs() < 1.0);
}

#[test]
fn an_edge_is_pulled_and_the_other_stays() {
    let mut harness = harness();
    let (begin, end) = (harness.state().view.begin(), harness.state().view.end());
    let edge = seen(&harness).right_center();
    drag(&mut harness, edge, edge + vec2(50.0, 0.0));
    let view = &harness.state().view;
    assert!((view.begin() - begin).abs() < 1.0);
    assert!(view.end() > end);
    let edge = seen(&harness).left_center();
    let end = view.end();
    drag(&mut harness, edge, edge + vec2(30.0, 0.0));
    let view = &harness.state().view;
    assert!(view.begin() > begin && (view.end() - end).abs() < 1.0);
}

#[test]
fn a_click_beside_the_window_jumps_there_and_can_be_undone() {
    let mut harness = harness();
    let before = harness.state().view.begin();
    let at = seen(&harness).right_center() + vec2(80.0, 0.0);
    harness.hover_at(at);
    harness.step();
    harness.drag_at(at);
    harness.step();
    harness.drop_at(at);
    harness.step();
    assert!((seen(&harness).center().x - at.x).abs() < 2.0);
    let trace = TimeRange::new(Timestamp::ZERO, harness.state().store.range().end);
    harness.state_mut().view.apply(ViewCommand::Undo, trace);
    assert_eq!(harness.state().view.begin(), before);
}

#[test]
fn it_is_seen_how_long_each_model_lived_also_where_it_only_waited() {
    const COLUMNS: usize = 700;
    let world = World::new();
    let scene = world.scene();
    let range = TimeRange::new(Timestamp::ZERO, scene.now);
    let tracks = look_up(&scene, range, COLUMNS);
    for (track, model) in tracks.iter().zip(scene.store.models()) {
        let lived = model.range(scene.now).nanos() as f64 / range.nanos() as f64;
        let columns = track.life.len() as f64;
        assert!((columns - lived * COLUMNS as f64).abs() <= 2.0, "{columns}");
    }
    assert!(tracks[0].life.len() > 2 * tracks[2].life.len());
}

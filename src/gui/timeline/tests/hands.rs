//! The widget in a window without a screen: what the hands do becomes commands.

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, TouchPhase, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::super::Timeline;
use super::super::chrome::Areas;
use super::*;
use crate::gui::command::Command;
use crate::gui::playback::PlaybackCommand;
use crate::gui::theme;

/// What an app does around the timeline.
pub(super) struct App {
    pub(super) world: World,
    pub(super) timeline: Timeline,
    pub(super) commands: Vec<Command>,
}

impl App {
    fn ui(&mut self, ui: &mut egui::Ui) {
        let world = &mut self.world;
        let reports = stalls(&world.store, world.now);
        let scene = world.scene(&reports);
        let mut commands = Vec::new();
        self.timeline.show(ui, &scene, &mut commands);
        let trace = TimeRange::new(Timestamp::ZERO, world.now);
        for command in &commands {
            match command {
                Command::View(view) => world.view.apply(*view, trace),
                Command::Lane(change) => world.lanes.apply(change.clone(), &world.store),
                Command::Select(selection) => world.selection = *selection,
                Command::ChooseRange(range) => world.chosen = *range,
                _ => {}
            }
        }
        self.commands.extend(commands);
    }
}

pub(super) fn harness(world: World) -> Harness<'static, App> {
    let app = App {
        world,
        timeline: Timeline::default(),
        commands: Vec::new(),
    };
    let mut harness = Harness::builder()
        .with_size(vec2(1_200.0, 900.0))
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(|ui, app: &mut App| app.ui(ui), app);
    theme::install(&harness.ctx);
    harness.run_steps(3);
    harness
}

pub(super) fn areas(harness: &Harness<'_, App>) -> Areas {
    let canvas = harness.get_by_label("Timeline").rect();
    Areas::new(canvas, 0.0)
}

/// What the app sees of its own timeline.
pub(super) fn look<R>(
    harness: &Harness<'_, App>,
    see: impl FnOnce(&Placement<'_>, &Outline<'_>) -> R,
) -> R {
    let app = harness.state();
    let world = &app.world;
    let reports = stalls(&world.store, world.now);
    let scene = world.scene(&reports);
    let place = Placement::new(&scene, areas(harness).lanes, app.timeline.scroll, 1.0);
    let room = areas(harness).lanes.height();
    see(&place, &Outline::new(&scene, room))
}

fn wheel(harness: &mut Harness<'_, App>, delta: Vec2, modifiers: Modifiers) {
    let event = Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta,
        source: MouseWheelSource::Unknown,
        phase: TouchPhase::Move,
        modifiers,
    };
    harness.event_modifiers(event, modifiers);
    harness.run_steps(20);
}

pub(super) fn press(harness: &mut Harness<'_, App>, at: Pos2) {
    harness.hover_at(at);
    harness.step();
    harness.drag_at(at);
    harness.step();
}

pub(super) fn release(harness: &mut Harness<'_, App>, at: Pos2) {
    harness.drop_at(at);
    harness.step();
}

fn click(harness: &mut Harness<'_, App>, at: Pos2) {
    press(harness, at);
    release(harness, at);
}

/// The middle of the longest callback of the reactor.
pub(super) fn callback(harness: &Harness<'_, App>) -> (Pos2, TimeRange) {
    look(harness, |place, outline| {
        let band = thread(outline, 2);
        let Kind::Thread(track) = band.kind else {
            unreachable!()
        };
        let row = track.lane.row(1).expect("it has callbacks");
        let longest = row
            .longest_active(0, row.spans().len())
            .expect("it has callbacks");
        let range = row
            .get(longest)
            .expect("it is there")
            .range(place.scene.now);
        let (top, bottom) = place.row_edges(band, 1);
        let x = (place.axis.x(range.begin) + place.axis.x(range.end)) / 2.0;
        (pos2(x, (top + bottom) / 2.0), range)
    })
}

#[test]
fn control_and_wheel_zoom_where_the_pointer_is() {
    let mut harness = harness(World::new(Sample::default()));
    let at = areas(&harness).lanes.center() + vec2(133.0, -50.0);
    harness.hover_at(at);
    harness.step();
    let moment = |harness: &Harness<'_, App>| look(harness, |place, _| place.axis.nanos_at(at.x));
    let (before, length) = (moment(&harness), harness.state().world.view.length());
    wheel(&mut harness, vec2(0.0, 120.0), Modifiers::COMMAND);
    assert!(harness.state().world.view.length() < length * 0.9);
    assert!(
        (moment(&harness) - before).abs() < 2.0,
        "the moment stays to the nanosecond"
    );
}

#[test]
fn shift_and_wheel_move_through_time() {
    let mut harness = harness(World::new(Sample::default()).at(2_000 * MS, 3_000 * MS));
    harness.hover_at(areas(&harness).lanes.center());
    harness.step();
    let before = harness.state().world.view.begin();
    wheel(&mut harness, vec2(0.0, -100.0), Modifiers::SHIFT);
    assert!(harness.state().world.view.begin() > before);
}

#[test]
fn two_fingers_that_part_zoom_exactly_at_the_pointer() {
    let mut harness = harness(World::new(Sample::default()));
    let at = areas(&harness).lanes.center() + vec2(-217.0, 60.0);
    harness.hover_at(at);
    harness.step();
    let moment = |harness: &Harness<'_, App>| look(harness, |place, _| place.axis.nanos_at(at.x));
    let length = |harness: &Harness<'_, App>| harness.state().world.view.length();
    let (held, mut before) = (moment(&harness), length(&harness));
    for (pinch, times) in [(1.25_f32, 12), (0.8, 5), (3.0, 4)] {
        for _ in 0..times {
            harness.event(Event::Zoom(pinch));
            harness.step();
            let expected = before / f64::from(pinch);
            assert!((length(&harness) - expected).abs() < 1e-6 * expected);
            before = length(&harness);
        }
        assert!((moment(&harness) - held).abs() < 2.0);
    }
    harness.run_steps(30);
    assert_eq!(length(&harness), before, "nothing goes on by itself");
}

#[test]
fn two_fingers_aside_move_time_along_with_them() {
    let mut harness = harness(World::new(Sample::default()).at(2_000 * MS, 3_000 * MS));
    let at = areas(&harness).lanes.center();
    harness.hover_at(at);
    harness.step();
    let (held, scroll) = (
        look(&harness, |place, _| place.axis.nanos_at(at.x)),
        harness.state().timeline.scroll,
    );
    // As a touchpad tells of it: in small steps, none of them straight.
    for _ in 0..25 {
        let event = Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(-4.0, 0.2),
            source: MouseWheelSource::Unknown,
            phase: TouchPhase::Move,
            modifiers: Modifiers::NONE,
        };
        harness.event(event);
        harness.step();
    }
    harness.run_steps(30);
    let moved = look(&harness, |place, _| place.axis.nanos_at(at.x - 100.0));
    let point = look(&harness, |place, _| place.axis.nanos_per_point());
    assert!((moved - held).abs() < point, "{}", (moved - held) / point);
    assert_eq!(harness.state().timeline.scroll, scroll);
    assert_eq!(harness.state().world.selection, None);
}

#[test]
fn the_wheel_scrolls_what_is_higher_than_the_screen() {
    let mut harness = harness(World::new(Sample::default()));
    harness.set_size(vec2(1_200.0, 400.0));
    harness.run_steps(3);
    harness.hover_at(areas(&harness).lanes.center());
    harness.step();
    wheel(&mut harness, vec2(0.0, -100.0), Modifiers::NONE);
    assert!(harness.state().timeline.scroll > 50.0);
    wheel(&mut harness, vec2(0.0, 10_000.0), Modifiers::NONE);
    assert_eq!(harness.state().timeline.scroll, 0.0);
}

#[test]
fn what_a_hand_took_hold_of_stays_under_it_from_the_first_point_to_the_last() {
    let mut harness = harness(World::new(Sample::default()).at(1_000 * MS, 2_000 * MS));
    let at = areas(&harness).lanes.center();
    let under = |harness: &Harness<'_, App>, x| look(harness, |place, _| place.axis.nanos_at(x));
    let point = look(&harness, |place, _| place.axis.nanos_per_point());
    let held = under(&harness, at.x);
    press(&mut harness, at);
    // The first points are not a drag yet; to far beyond the end and back nothing slips from the hand.
    for dx in [3.0, 9.0, -20_000.0, 40.0] {
        harness.hover_at(at + vec2(dx, 0.0));
        harness.step();
    }
    assert!((under(&harness, at.x + 40.0) - held).abs() < 0.1 * point);
    // The last stretch and the release come in one frame.
    let end = at + vec2(150.0, 0.0);
    let let_go = Event::PointerButton {
        pos: end,
        button: egui::PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    };
    let events = [Event::PointerMoved(end), let_go];
    harness.input_mut().events.extend(events);
    harness.step();
    assert!((under(&harness, at.x + 150.0) - held).abs() < 0.1 * point);
}

#[test]
fn a_drag_moves_time_along_with_the_hand() {
    let mut harness = harness(World::new(Sample::default()).at(1_000 * MS, 2_000 * MS));
    let at = areas(&harness).lanes.center();
    let held = look(&harness, |place, _| place.axis.nanos_at(at.x + 40.0));
    press(&mut harness, at);
    // The first points only make it a drag.
    for dx in [20.0, 40.0, 100.0, 160.0] {
        harness.hover_at(at + vec2(dx, 0.0));
        harness.step();
    }
    let moved = look(&harness, |place, _| {
        place.axis.nanos_at(at.x + 160.0 + 40.0)
    });
    release(&mut harness, at + vec2(160.0, 0.0));
    let point = look(&harness, |place, _| place.axis.nanos_per_point());
    assert!(
        (moved - held).abs() < 1.5 * point,
        "{} points",
        (moved - held) / point
    );
    assert_eq!(
        harness.state().world.selection,
        None,
        "a drag selects nothing"
    );
}

#[test]
fn a_click_selects_and_a_click_beside_deselects() {
    let mut harness = harness(World::new(Sample::default()));
    let (at, range) = callback(&harness);
    click(&mut harness, at);
    let Some(Selection::Span(span)) = harness.state().world.selection else {
        panic!("{:?}", harness.state().world.selection);
    };
    let found = harness.state().world.store.span(span).expect("it is there");
    assert_eq!(found.range(Timestamp::MAX), range);
    let lanes = areas(&harness).lanes;
    harness.run_steps(40);
    click(&mut harness, pos2(lanes.center().x, lanes.bottom() - 5.0));
    assert_eq!(harness.state().world.selection, None);
}

#[test]
fn a_double_click_shows_the_span() {
    let mut harness = harness(World::new(Sample::default()));
    let (at, range) = callback(&harness);
    click(&mut harness, at);
    click(&mut harness, at);
    let show = Command::View(ViewCommand::Show(range));
    assert!(
        harness.state().commands.contains(&show),
        "{:?}",
        harness.state().commands
    );
}

#[test]
fn a_header_hides_and_shows_its_lanes() {
    let mut harness = harness(World::new(Sample::default()));
    let height = |harness: &Harness<'_, App>| look(harness, |_, outline| outline.height());
    let before = height(&harness);
    harness.get_by_label("Collapse asynchronous").click();
    harness.run_steps(2);
    assert!(height(&harness) < before);
    harness.get_by_label("Expand asynchronous").click();
    harness.run_steps(2);
    assert_eq!(height(&harness), before);
}

#[test]
fn a_stall_can_be_found_by_its_name_and_selected() {
    let mut harness = harness(World::new(Sample::default()).at(500 * MS, 1_500 * MS));
    let name = "Stall: data_received of ecstasy, 200 ms";
    let stalls: Vec<_> = harness.get_all_by_label(name).collect();
    assert!(stalls.len() >= 6, "each model has some");
    stalls.last().expect("there are some").click();
    harness.run_steps(2);
    let selected = harness.state().world.selection;
    assert!(
        matches!(selected, Some(Selection::Stall(..))),
        "{selected:?}"
    );
}

#[test]
fn the_pointer_is_told_what_it_is_on() {
    let mut harness = harness(World::new(Sample::default()));
    let (at, _) = callback(&harness);
    harness.hover_at(at);
    harness.run_steps(3);
    assert!(
        harness
            .query_by_label_contains("code of the program")
            .is_some()
    );
    assert!(
        harness.query_by_label_contains("since 0.").is_some(),
        "its cause"
    );
}

#[test]
fn while_keys_steer_the_pointer_that_rests_is_told_nothing() {
    let mut harness = harness(World::new(Sample::default()));
    let (at, _) = callback(&harness);
    let is_told = |harness: &Harness<'_, App>| {
        let told = harness.query_by_label_contains("code of the program");
        told.is_some()
    };
    harness.hover_at(at);
    harness.run_steps(3);
    assert!(is_told(&harness));
    harness.key_press(egui::Key::Period);
    harness.run_steps(3);
    assert!(!is_told(&harness));
    harness.hover_at(at + vec2(1.0, 0.0));
    harness.run_steps(3);
    assert!(is_told(&harness));
}

#[test]
fn an_empty_timeline_says_what_to_do() {
    let harness = harness(World::of(TraceStore::new(), Timestamp::MAX));
    assert!(harness.state().commands.is_empty());
    assert_eq!(look(&harness, |_, outline| outline.height()), 0.0);
}

#[test]
fn an_idle_timeline_asks_for_no_frames() {
    let mut harness = harness(World::new(Sample::default()));
    harness.run_steps(30);
    let output = harness.output();
    let delay = output
        .viewport_output
        .values()
        .map(|out| out.repaint_delay)
        .min();
    assert!(
        delay.is_some_and(|delay| delay > Duration::from_secs(1)),
        "{delay:?}"
    );
}

fn sought(harness: &mut Harness<'_, App>) -> Vec<u64> {
    let commands = harness.state_mut().commands.drain(..);
    let sought = commands.filter_map(|command| match command {
        Command::Playback(PlaybackCommand::Seek(at)) => Some(at.0),
        _ => None,
    });
    sought.collect()
}

#[test]
fn a_click_on_the_ruler_puts_the_playhead_there_and_its_head_can_be_pulled() {
    let mut harness = harness(World::new(Sample::default()));
    let ruler = areas(&harness).ruler;
    click(&mut harness, ruler.center());
    let middle = look(&harness, |place, _| place.axis.nanos_at(ruler.center().x));
    let there = sought(&mut harness);
    assert_eq!(there, [middle as u64]);
    harness.state_mut().world.playhead = Some(Timestamp(middle as u64));
    let head = pos2(ruler.center().x + 3.0, ruler.bottom() - 5.0);
    press(&mut harness, head);
    let to = head + vec2(60.0, 0.0);
    harness.hover_at(to);
    harness.step();
    release(&mut harness, to);
    let pulled = look(&harness, |place, _| place.axis.nanos_at(to.x));
    assert_eq!(sought(&mut harness).last(), Some(&(pulled as u64)));
    assert_eq!(
        harness.state().world.chosen,
        None,
        "it is no stretch of time"
    );
}

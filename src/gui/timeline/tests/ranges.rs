//! The stretch of time that is chosen: by hand, from edge to edge.

use egui::{Event, Modifiers, Pos2};
use egui_kittest::Harness;

use super::super::measure::{Measure, meant};
use super::hands::{App, areas, callback, harness, look, press, release};
use super::*;
use crate::gui::command::{Command, Side};
use crate::store::SpanKind;

/// Drags by way of `over`.
fn drag(harness: &mut Harness<'_, App>, modifiers: Modifiers, way: &[Pos2]) {
    let (Some(first), Some(last)) = (way.first(), way.last()) else {
        return;
    };
    harness.event(Event::ModifiersChanged(modifiers));
    press(harness, *first);
    for at in &way[1..] {
        harness.hover_at(*at);
        harness.step();
    }
    release(harness, *last);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run_steps(2);
}

fn chosen(harness: &Harness<'_, App>) -> Option<TimeRange> {
    harness.state().world.chosen
}

#[test]
fn a_drag_on_the_ruler_chooses_a_range_and_its_edges_can_be_pulled() {
    let mut harness = harness(World::new(Sample::default()));
    let ruler = areas(&harness).ruler;
    let (from, to) = (ruler.center(), ruler.center() + vec2(200.0, 0.0));
    let expected = look(&harness, |place, _| {
        [from, to].map(|at| place.axis.nanos_at(at.x))
    });
    drag(
        &mut harness,
        Modifiers::ALT,
        &[from, from + vec2(90.0, 0.0), to],
    );
    let range = chosen(&harness).expect("it was chosen");
    assert!((range.begin.0 as f64 - expected[0]).abs() < 2.0);
    assert!((range.end.0 as f64 - expected[1]).abs() < 2.0);
    let opened = Command::SetPanel(Side::Statistics, true);
    assert!(harness.state().commands.contains(&opened));

    let far = from - vec2(100.0, 0.0);
    drag(&mut harness, Modifiers::ALT, &[to, from, far]);
    let pulled = chosen(&harness).expect("it is still chosen");
    assert_eq!(pulled.end, range.begin, "the other end was held");
    assert!(pulled.begin < range.begin);
}

#[test]
fn a_drag_with_shift_chooses_and_one_without_pans() {
    let mut harness = harness(World::new(Sample::default()).at(1_000 * MS, 2_000 * MS));
    let at = areas(&harness).lanes.center();
    let way = [at, at + vec2(40.0, 0.0), at + vec2(160.0, 30.0)];
    let begin = harness.state().world.view.begin();
    drag(&mut harness, Modifiers::SHIFT, &way);
    assert!(chosen(&harness).is_some());
    assert_eq!(harness.state().world.view.begin(), begin);
    let before = chosen(&harness);
    drag(&mut harness, Modifiers::NONE, &[at + vec2(70.0, 0.0), at]);
    assert_eq!(chosen(&harness), before);
    assert!(harness.state().world.view.begin() > begin);
}

#[test]
fn who_goes_back_to_where_he_began_wants_none() {
    let mut harness = harness(World::new(Sample::default()));
    let at = areas(&harness).ruler.center();
    let far = at + vec2(90.0, 0.0);
    drag(
        &mut harness,
        Modifiers::ALT,
        &[at, far, at + vec2(1.0, 0.0)],
    );
    assert_eq!(chosen(&harness), None);
}

#[test]
fn the_hand_meets_the_edges_of_a_span_to_the_nanosecond() {
    let mut harness = harness(World::new(Sample::default()).at(600 * MS, 1_000 * MS));
    let (middle, span) = callback(&harness);
    let [begin, end] = look(&harness, |place, _| {
        [span.begin, span.end].map(|at| pos2(place.axis.x(at), middle.y))
    });
    let way = [begin + vec2(4.0, 0.0), middle, end - vec2(5.0, 0.0)];
    drag(&mut harness, Modifiers::SHIFT, &way);
    assert_eq!(chosen(&harness), Some(span));
}

#[test]
fn an_edge_is_met_from_nearby_unless_the_hand_is_to_be_free() {
    let world = World::new(Sample::default()).at(600 * MS, 1_000 * MS);
    world.look(|place, outline| {
        let band = thread(outline, 2);
        let Kind::Thread(track) = band.kind else {
            unreachable!()
        };
        let row = track.lane.row(2).expect("some calls block");
        let view = place.axis.range();
        let inside = |one: &crate::store::Span| view.contains(one.begin) && view.contains(one.end);
        let span = row.spans().iter().find(inside).expect("one is seen");
        assert_eq!(span.kind, SpanKind::Blocking);
        let (top, _) = place.row_edges(band, 2);
        let near = |dx| pos2(place.axis.x(span.end) + dx, top + 2.0);
        let found = meant(place, outline, near(-5.0), false);
        assert!(found.on_edge && found.at <= span.end);
        let found = meant(place, outline, near(-30.0), false);
        assert!(!found.on_edge, "nothing is so near");
        let found = meant(place, outline, near(-5.0), true);
        let exact = place.axis.nanos_at(near(-5.0).x);
        assert!(!found.on_edge && (found.at.0 as f64 - exact).abs() < 1.0);
    });
}

#[test]
fn what_is_chosen_is_measured_to_the_nanosecond() {
    let world = World::new(Sample::default()).at(600 * MS, 1_000 * MS);
    world.look(|place, _| {
        let range = TimeRange::new(Timestamp(700_000_001), Timestamp(712_345_679));
        let measure = Measure::of(place, range).expect("it is seen");
        assert_eq!(measure.words(false), "Δ 12.345\u{a0}678\u{a0}ms");
        let words = "0.700\u{a0}000\u{a0}001\u{a0}s   Δ 12.345\u{a0}678\u{a0}ms   0.712\u{a0}345\u{a0}679\u{a0}s";
        assert_eq!(measure.words(true), words);
        assert!(measure.x.min < measure.x.max && place.lanes.x_range().contains(measure.x.min));
        let elsewhere = TimeRange::new(Timestamp(0), Timestamp(5));
        assert_eq!(Measure::of(place, elsewhere), None);
    });
}

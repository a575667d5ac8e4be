//! Lanes that are arranged by hand where there is not room for all.

use egui::vec2;
use loopscope::gui::lanes::Lane;
use loopscope::store::LaneRef;
use loopscope::trace::TaskId;

use crate::desk::Desk;

#[test]
fn a_lane_that_is_dragged_to_the_edge_scrolls_the_others() {
    let mut desk = Desk::sized(vec2(1024.0, 640.0), 1.0);
    desk.show_recorded();
    let first = TaskId::new(1).expect("it counts from 1");
    let lane = Lane::one("threaded", LaneRef::Task(first));
    let next = "Collapse asynchronous";
    let from = desk.control("Lane ecstasy of threaded").rect().center();
    assert!(!desk.sees(next), "there is not room for all lanes");
    let [top, bottom] = {
        let timeline = desk.control("Timeline").rect();
        [timeline.top() + 80.0, timeline.bottom() - 30.0]
    };
    desk.harness.hover_at(from);
    desk.frames(1);
    desk.harness.drag_at(from);
    desk.frames(1);
    let hold = |y: f32, desk: &mut Desk| {
        for _ in 0..60 {
            desk.harness.hover_at(egui::pos2(from.x, y));
            desk.frames(1);
        }
    };
    hold(bottom, &mut desk);
    let last = desk.order_of(&lane);
    assert!(last > 3, "it is below its threads: {last}");
    assert!(desk.sees(next), "the others were scrolled");
    hold(top, &mut desk);
    assert_eq!(desk.order_of(&lane), 0, "and back");
    desk.harness.drop_at(egui::pos2(from.x, top));
    desk.frames(2);
}

#[test]
fn the_name_of_a_model_in_the_comparison_leads_to_its_lanes() {
    let mut desk = Desk::sized(vec2(1024.0, 640.0), 1.0);
    desk.show_recorded();
    assert!(!desk.sees("Collapse asynchronous"), "it is further down");
    desk.click("Show asynchronous");
    desk.frames(2);
    assert!(desk.sees("Collapse asynchronous"));
}

#[test]
fn the_lanes_are_pulled_by_their_scroll_bar() {
    let mut desk = Desk::sized(vec2(1024.0, 640.0), 1.0);
    desk.show_recorded();
    assert!(!desk.sees("Collapse asynchronous"), "it is further down");
    let timeline = desk.control("Timeline").rect();
    let grip = timeline.right_top() + vec2(-5.0, 45.0);
    desk.harness.hover_at(grip);
    desk.frames(1);
    desk.harness.drag_at(grip);
    desk.frames(1);
    for _ in 0..2 {
        desk.harness.hover_at(grip + vec2(0.0, timeline.height()));
        desk.frames(1);
    }
    desk.harness.drop_at(grip + vec2(0.0, timeline.height()));
    desk.frames(2);
    assert!(desk.sees("Collapse asynchronous"));
}

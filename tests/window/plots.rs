//! The plots below the timeline and the histogram beside it.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use loopscope::gui::command::Command;
use loopscope::gui::plot::Measure;

use super::QUICK;
use super::desk::Desk;

#[test]
fn what_is_plotted_is_chosen_among_all_measures_and_remembered() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    assert!(desk.has("Plot of Loop lag: at most "));
    for measure in Measure::ALL {
        if !desk.app().settings().measures.contains(measure) {
            desk.click(measure.word());
        }
        let plot = format!("Plot of {}: at most ", measure.word());
        assert!(desk.has(&plot), "{plot}");
    }
    desk.click("Loop lag");
    assert!(!desk.has("Plot of Loop lag"));
    let kept = serde_json::to_string(desk.app().settings()).expect("they are plain");
    let kept: loopscope::gui::settings::Settings =
        serde_json::from_str(&kept).expect("they were just written");
    assert_eq!(kept.measures, desk.app().settings().measures);
}

#[test]
fn of_many_plots_the_first_are_shown_that_have_room_and_that_is_said() {
    let mut desk = Desk::sized(egui::vec2(1024.0, 640.0), 1.0);
    desk.show_recorded();
    assert!(!desk.has("have room"));
    for measure in Measure::ALL {
        desk.apply(Command::SetPlot(measure, true));
    }
    let words = desk.harness.query_all_by_label_contains("Plot of ");
    let shown: Vec<_> = words.map(|plot| plot.rect().height()).collect();
    assert!(shown.len() > 1 && shown.iter().all(|height| *height >= 20.0));
    assert!(desk.has(&format!("{} of 7 have room", shown.len())));
}

#[test]
fn the_delays_in_view_are_told_as_a_histogram_with_their_quantiles() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.click("Blocking callback");
    desk.run_to_the_end();
    desk.click("Delays");
    assert!(desk.has("Histogram of queueing delay, asynchronous: p50 "));
    assert!(!desk.has("Histogram of queueing delay, threaded"));
    desk.press(Modifiers::NONE, Key::CloseBracket);
    assert!(!desk.has("Histogram of"), "what is selected is told of");
    assert!(desk.has("What ran in it"));
}

#[test]
fn a_plot_is_moved_and_zoomed_with_the_timeline() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    let plot = {
        let mut plots = desk.harness.query_all_by_label_contains("Plot of Loop lag");
        plots.next().expect("it is shown").rect()
    };
    let length = desk.shown().view.length();
    desk.harness.hover_at(plot.center());
    desk.frames(2);
    desk.harness.event(egui::Event::Zoom(2.0));
    desk.frames(2);
    let zoomed = desk.shown().view.length();
    assert!((zoomed * 2.0 - length).abs() < 1.0, "{zoomed} of {length}");
    let begin = desk.shown().view.begin();
    desk.harness.drag_at(plot.center());
    desk.frames(1);
    desk.harness
        .hover_at(plot.center() + egui::vec2(-40.0, 0.0));
    desk.frames(1);
    desk.harness.drop_at(plot.center() + egui::vec2(-40.0, 0.0));
    desk.frames(2);
    let moved = desk.shown().view.begin() - begin;
    let expected = 40.0 * zoomed / f64::from(plot.width());
    assert!(
        (moved - expected).abs() < expected / 10.0,
        "{moved} for {expected}"
    );
}

#[test]
fn the_last_plot_cannot_be_switched_off() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    let app = desk
        .harness
        .state_mut()
        .as_mut()
        .expect("the first frame made it");
    app.apply(Command::SetPlot(Measure::Lag, false));
    desk.frames(2);
    assert!(desk.has("Plot of Loop lag"));
}

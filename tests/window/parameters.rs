//! The parameters of a scenario: changed, told to a run, saved and given back.

use std::time::Duration;

use egui_kittest::kittest::{NodeT, Queryable};
use loopscope::scenario::{Scenario, builtins};
use loopscope::trace::Timestamp;

use super::desk::Desk;
use super::{ENDLESS, QUICK};

#[test]
fn a_parameter_is_changed_run_saved_and_given_back() {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    assert!(!desk.has("changed"));
    desk.click("Parameters");
    desk.slide("long: delay", 60.0);
    assert!(desk.has("changed"));
    let delay = |desk: &Desk| desk.app().controls().scenario.servers[0].delay;
    assert_eq!(delay(&desk), Duration::from_millis(60));
    desk.click("synchronous");
    desk.run_to_the_end();
    let end = desk.shown().range().end;
    assert!(end >= Timestamp(600_000_000), "ten pieces: {end:?}");

    let path = desk.path("slower");
    desk.click("Save as…");
    desk.type_path(&path);
    desk.until("it is saved", |desk| !desk.app().is_busy());
    let path = path.with_extension("toml");
    assert_eq!(desk.message(), format!("Saved to {}.", path.display()));
    let saved = Scenario::load(&path.display().to_string()).expect("it was saved");
    assert_eq!(&saved, &desk.app().controls().scenario);
    assert_eq!(saved.servers[0].delay, Duration::from_millis(60));
    assert_eq!(saved.models, [1, 2]);
    assert!(!desk.has("changed"), "the file is the scenario now");

    desk.slide("long: chunk", 7.0);
    assert_eq!(desk.app().controls().scenario.servers[0].chunk, 7);
    desk.click("Reset");
    assert_eq!(&saved, &desk.app().controls().scenario);
}

#[test]
fn a_server_takes_another_pace_in_the_middle_of_a_run_and_a_count_of_tasks_does_not_change() {
    let text = ENDLESS.replacen("server = \"long\"", "server = \"long\"\ncount = 2", 1);
    let text = text.replace("task = \"long\"", "");
    let mut desk = Desk::with_scenario("endless.toml", &text);
    desk.click("Parameters");
    desk.slide("long: delay", 10_000.0);
    desk.click("▶ Run");
    let bytes = |desk: &Desk| -> u64 {
        let models = desk.shown().store.models().iter();
        models
            .flat_map(|model| &model.tasks)
            .map(|task| task.bytes)
            .sum()
    };
    desk.until("the first bytes arrive", |desk| bytes(desk) > 0);
    desk.slide("long: count", 3.0);
    assert_eq!(desk.app().controls().scenario.tasks.len(), 2);
    desk.slide("long: delay", 1.0);
    // At the old pace ten bytes would take longer than anybody waits here.
    desk.until("many bytes arrive", |desk| bytes(desk) > 20);
    desk.click("■ Stop");
    desk.until("the run ends", |desk| !desk.app().is_running());
    desk.slide("long: count", 3.0);
    assert_eq!(desk.app().controls().scenario.tasks.len(), 3);
}

#[test]
fn a_scenario_that_nothing_is_chosen_of_is_not_saved() {
    let mut desk = Desk::with_scenario("endless.toml", ENDLESS);
    desk.click("asynchronous");
    desk.click("Save as…");
    let path = desk.path("nothing.toml");
    desk.type_path(&path);
    assert!(desk.has("models: empty"));
    assert!(!path.exists());
}

#[test]
fn every_shipped_scenario_can_be_picked_in_a_small_window() {
    let mut desk = Desk::new();
    desk.harness.set_size(egui::vec2(1024.0, 640.0));
    desk.frames(3);
    desk.click("Scenario");
    desk.frames(2);
    let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1024.0, 640.0));
    let titles = builtins().iter().map(|one| one.headline().title.as_str());
    for label in titles.chain(["Load a scenario file…"]) {
        let rect = desk.control(label).rect();
        assert!(screen.contains_rect(rect), "{label} at {rect:?}");
    }
}

#[test]
fn a_run_that_reads_nothing_is_as_far_as_its_time() {
    let text = "title = 'Waits'\nmodels = ['threaded']\n[[tasks]]\nsteps = [{ wait = '10s' }]\n";
    let mut desk = Desk::with_scenario("waits.toml", text);
    desk.click("▶ Run");
    let percent = |desk: &Desk| {
        let mut labels = desk.harness.query_all_by_label_contains(" s · ");
        let node = labels.next()?.accesskit_node();
        let label = node.label().or_else(|| node.value())?;
        let (_, share) = label.split_once(" · ")?;
        share.strip_suffix(" %")?.parse::<u32>().ok()
    };
    desk.until("some of it is done", |desk| {
        percent(desk).is_some_and(|percent| percent > 0)
    });
    desk.click("■ Stop");
    desk.until("the run ends", |desk| !desk.app().is_running());
}

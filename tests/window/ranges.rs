//! A stretch of time is chosen, its statistics are read and copied, and what they are about is walked to.

use egui::accesskit::Toggled;
use egui::{Key, Modifiers, OutputCommand, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use loopscope::gui::command::{Command, Selection, Side};
use loopscope::gui::counting::Scope;
use loopscope::gui::sheet::Subject;
use loopscope::gui::statistics::StatisticsCommand;

use crate::QUICK;
use crate::desk::Desk;
use crate::keys::Ask;

/// A desk with the trace of a run that is over.
fn run() -> Desk {
    let mut desk = Desk::with_scenario("quick.toml", QUICK);
    desk.run_to_the_end();
    desk.frames(3);
    desk
}

/// The case of an action, if it is about statistics.
pub(crate) fn of_statistics(id: &str) -> Option<fn(&mut Desk, Ask<'_>)> {
    let case: fn(&mut Desk, Ask<'_>) = match id {
        "callback-statistics" => |desk, ask| {
            desk.apply(Command::Statistics(StatisticsCommand::Of(Subject::Tasks)));
            tabulates(desk, ask, "Callbacks", "Sort by p99");
        },
        "task-statistics" => |desk, ask| tabulates(desk, ask, "Tasks", "Sort by Ready"),
        "thread-statistics" => |desk, ask| tabulates(desk, ask, "Threads", "Sort by Busy"),
        "count-range" => |desk, ask| {
            let range = desk.shown().stalls[0].range;
            desk.apply(Command::ReadRange(range));
            let whole = StatisticsCommand::During(Scope::Trace);
            desk.apply(Command::Statistics(whole));
            tabulates(desk, ask, "Range", "Sort by p99");
        },
        "count-view" => |desk, ask| {
            let whole = StatisticsCommand::During(Scope::Trace);
            desk.apply(Command::Statistics(whole));
            tabulates(desk, ask, "In view", "Sort by p99");
        },
        "count-all" => |desk, ask| tabulates(desk, ask, "Whole trace", "Sort by p99"),
        "copy-statistics" => |desk, ask| {
            desk.apply(Command::SetPanel(Side::Statistics, true));
            desk.until("it is counted", |desk| desk.has("Sort by p99"));
            ask(desk);
            assert_eq!(desk.app().hint(), Some("The table was copied"));
        },
        _ => return None,
    };
    Some(case)
}

/// Asks for statistics: they are shown, this choice is made, and there is a table with this column.
fn tabulates(desk: &mut Desk, ask: Ask<'_>, choice: &str, column: &str) {
    desk.apply(Command::SetPanel(Side::Statistics, false));
    ask(desk);
    desk.until("it is counted", |desk| desk.has(column));
    let chosen = desk.control(choice).accesskit_node().toggled();
    assert_eq!(chosen, Some(Toggled::True), "{choice}");
}

/// Drags over the middle of the ruler.
fn choose_a_range(desk: &mut Desk) {
    let timeline = desk.harness.get_by_label("Timeline").rect();
    let ruler = timeline.center_top() + vec2(0.0, 12.0);
    desk.drag(ruler - vec2(150.0, 0.0), ruler + vec2(150.0, 0.0));
}

fn copied(desk: &Desk) -> String {
    let commands = desk.harness.output().platform_output.commands.iter();
    let texts = commands.filter_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_range_opens_its_statistics_and_escape_puts_it_away() {
    let mut desk = run();
    assert!(!desk.has("Sort by p99"));
    choose_a_range(&mut desk);
    let range = desk.shown().chosen.expect("it was chosen");
    assert!(!range.is_empty());
    desk.until("it is counted", |desk| desk.has("Sort by p99"));
    assert!(desk.has("data_received"));
    desk.press(Modifiers::NONE, Key::F);
    let view = desk.shown().view.range();
    assert!(view.begin <= range.begin && range.end <= view.end);
    assert!(
        view.nanos() < range.nanos() * 6 / 5,
        "F shows what is chosen"
    );
    desk.press(Modifiers::NONE, Key::Escape);
    assert_eq!(desk.shown().chosen, None);
}

#[test]
fn statistics_are_sorted_copied_and_lead_to_the_longest() {
    let mut desk = run();
    choose_a_range(&mut desk);
    desk.click("Whole trace");
    desk.until("it is counted", |desk| desk.has("connection_lost"));
    desk.click("Sort by Count");
    desk.control("Copy as CSV").click();
    desk.frames(1);
    let csv = copied(&desk);
    let mut lines = csv.lines();
    assert!(
        lines
            .next()
            .is_some_and(|line| line.starts_with("name,model,kind,count,total_s"))
    );
    let counts: Vec<u64> = lines
        .filter_map(|line| line.split(',').nth(3)?.parse().ok())
        .collect();
    assert!(counts.len() > 3, "{csv}");
    assert!(counts.is_sorted_by(|a, b| a >= b), "{csv}");
    desk.harness
        .get_all_by_label("connection_lost")
        .next()
        .expect("every model has one")
        .click();
    desk.frames(3);
    assert!(matches!(desk.shown().selection, Some(Selection::Span(_))));
    desk.click("Tasks");
    desk.until("it is shown", |desk| desk.has("Sort by Ready"));
}

#[test]
fn keys_and_links_walk_from_one_thing_to_its_neighbours() {
    let mut desk = run();
    choose_a_range(&mut desk);
    desk.click("Whole trace");
    desk.until("it is counted", |desk| desk.has("connection_made"));
    // The one that took longest: where the machine is busy, there may be no room for the last one.
    desk.harness
        .get_all_by_label("data_received")
        .next()
        .expect("every model has one")
        .click();
    desk.frames(3);
    assert!(desk.shown().selection.is_some(), "the longest is selected");
    // Which model has it is chance. In the middle of a loop's there are neighbours on either side.
    let mut models = desk.shown().store.models().iter();
    let found = models.find_map(|model| {
        let thread = model.threads.iter().find(|thread| thread.polls > 0)?;
        let lane = loopscope::store::LaneRef::Thread(thread.id);
        let spans = thread.lane.row(1)?.spans();
        let middle = spans.len() / 2;
        let cause = loopscope::trace::Cause::Readiness;
        let mut served = spans.range(middle..).iter();
        let of_loop = loopscope::store::SpanKind::Callback(cause);
        let index = middle + served.position(|span| span.kind == of_loop)?;
        let (model, depth) = (model.id, 1);
        Some(loopscope::store::SpanRef {
            model,
            lane,
            depth,
            index,
        })
    });
    let first = Selection::Span(found.expect("a loop served somebody"));
    desk.apply(Command::Select(Some(first)));
    desk.frames(2);
    let mut seen = vec![first];
    for key in [Key::Comma, Key::ArrowUp, Key::ArrowDown, Key::Period] {
        desk.press(Modifiers::NONE, key);
        let now = desk.shown().selection.expect("it never gets lost");
        seen.push(now);
    }
    seen.dedup();
    assert!(seen.len() > 2, "{seen:?}");
    desk.click("next");
    let last = seen.last().copied();
    assert_ne!(desk.shown().selection, last, "the link goes on");
}

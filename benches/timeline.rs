//! What a frame of the timeline costs: laid out, painted and tessellated, a screen of 1920×1080 out of a million
//! spans, at several zooms.
//!
//! Beside it stands what one would write first: `rect_filled` for every span in view, without headers, names,
//! patterns and everything else that the timeline shows.
//!
//! Measured on two virtual cores: 0.01 of that for all of them and 0.5 for a hundredth. A ten-thousandth is a
//! hundred spans: there headers, names and ruler are nearly all there is to pay for.

use std::time::Duration;

use criterion::Criterion;
use egui::{CentralPanel, Context, RawInput, Rect, Ui, Vec2};
use loopscope::gui::command::ViewCommand;
use loopscope::gui::theme::{self, Palette};
use loopscope::gui::time_view::TimeView;
use loopscope::gui::timeline::{Scene, Timeline};
use loopscope::store::{Lane, TraceStore};
use loopscope::trace::{
    Batch, Cause, Event, EventKind, FlowId, Interest, ModelId, NameId, Source, TaskId, ThreadId,
    TimeRange, Timestamp,
};
use loopscope_benches::{Peer, beside};

const SPANS: usize = 1_000_000;
const TASKS: u64 = 8;
/// Nanoseconds from one turn of the loop to the next.
const TURN: u64 = 10_000;
/// Six spans come from a turn: its poll, itself, its callback, and the task that waits, is ready and runs.
const TURNS: u64 = SPANS as u64 / 6 + TASKS;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let store = stored();
    let count: usize = lanes(&store)
        .flat_map(Lane::rows)
        .map(|row| row.spans().len())
        .sum();
    assert!(count >= SPANS, "{count} spans");
    for (what, part) in [
        ("draw all", 1),
        ("draw a hundredth", 100),
        ("draw a ten-thousandth", 10_000),
    ] {
        let view = view(&store, part);
        let (ours, theirs) = (context(), context());
        let mut timeline = Timeline::default();
        let scene = Scene {
            store: &store,
            now: store.range().end,
            live: false,
            view: &view,
            selection: None,
            stall_threshold: Duration::from_millis(50),
        };
        let peers = vec![
            Peer::new("timeline", || {
                frame(&ours, |ui| timeline.show(ui, &scene, &mut Vec::new()))
            }),
            Peer::new("a rectangle per span", || {
                frame(&theirs, |ui| rectangles(ui, &store, &view))
            }),
        ];
        beside(&mut criterion, what, 1, peers);
    }
    criterion.final_summary();
}

fn context() -> Context {
    let context = Context::default();
    theme::install(&context);
    context
}

/// One frame without a window, up to the triangles. Returns how many vertices they have.
fn frame(context: &Context, mut show: impl FnMut(&mut Ui)) -> usize {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(
            egui::Pos2::ZERO,
            Vec2::new(1920.0, 1080.0),
        )),
        ..RawInput::default()
    };
    let mut output = context.run_ui(input, |ui| {
        CentralPanel::default()
            .frame(egui::Frame::NONE)
            .show(ui, &mut show);
    });
    output.textures_delta.clear();
    context
        .tessellate(output.shapes, output.pixels_per_point)
        .iter()
        .map(|part| match &part.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        })
        .sum()
}

fn rectangles(ui: &mut Ui, store: &TraceStore, view: &TimeView) {
    let area = ui.max_rect();
    let painter = ui.painter();
    let palette = Palette::of(ui.visuals());
    let range = view.range();
    let mut top = area.top();
    for row in lanes(store).flat_map(Lane::rows) {
        for span in &row.spans()[row.first_after(range.begin)..] {
            if span.begin >= range.end {
                break;
            }
            let x = |at| area.left() + view.x_of(at, area.width());
            let rect = Rect::from_x_y_ranges(x(span.begin)..=x(span.end), top..=top + 16.0);
            painter.rect_filled(rect, 0, palette.span(span.kind));
        }
        top += 18.0;
    }
}

fn lanes(store: &TraceStore) -> impl Iterator<Item = &Lane> {
    store.models().iter().flat_map(|model| {
        let threads = model.threads.iter().map(|thread| &thread.lane);
        threads.chain(model.tasks.iter().map(|task| &task.lane))
    })
}

/// A view of the middle.
fn view(store: &TraceStore, part: u64) -> TimeView {
    let all = store.range();
    let length = all.nanos() / part;
    let begin = all.begin.0 + (all.nanos() - length) / 2;
    let mut view = TimeView::default();
    let range = TimeRange::new(Timestamp(begin), Timestamp(begin + length));
    view.apply(ViewCommand::Show(range), all);
    view
}

/// A loop that serves one of its tasks each turn.
fn stored() -> TraceStore {
    let names = ["asynchronous", "reactor", "a task", "data_received"];
    let mut batch = Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: (0..)
            .map(NameId::from_index)
            .zip(names.map(str::to_owned))
            .collect(),
        events: Vec::new(),
    };
    let [model, thread, task_name, name] = [0, 1, 2, 3].map(NameId::from_index);
    let mut push = |at, kind| {
        let at = Timestamp(at);
        batch.events.push(Event { at, kind });
    };
    push(0, EventKind::ThreadBegin { name: thread });
    push(0, EventKind::ModelBegin { name: model });
    for task in (0..TASKS).map(|task| TaskId::from_index(task as usize)) {
        let name = task_name;
        push(0, EventKind::TaskBegin { task, name });
    }
    push(0, EventKind::PollBegin);
    for turn in 1..=TURNS {
        let begin = turn * TURN;
        let task = Some(TaskId::from_index((turn % TASKS) as usize));
        let flow = FlowId::new(turn).expect("turns are counted from 1");
        let interest = Interest::Readable;
        push(begin, EventKind::PollEnd { ready: 1 });
        push(
            begin,
            EventKind::Readiness {
                flow,
                task,
                interest,
            },
        );
        push(
            begin + 500,
            EventKind::CallbackBegin {
                name,
                task,
                cause: Cause::Readiness,
                flow: Some(flow),
            },
        );
        // Some are long, so that not everything looks the same.
        let end = begin + 3_000 + 400 * (turn % 13);
        push(end, EventKind::CallbackEnd { failed: false });
        push(end + 100, EventKind::PollBegin);
    }
    let mut store = TraceStore::new();
    store.push(&batch);
    store
}

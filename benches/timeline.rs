//! What a frame of the timeline costs: laid out, painted and tessellated, a screen of 1920×1080 out of ten thousand to
//! ten million spans, at every zoom from all of them to a microsecond.
//!
//! Beside it stands what one would write first: `rect_filled` for every span in view, without headers, names,
//! patterns and everything else that the timeline shows.
//!
//! Measured on two virtual cores, in processor time, one frame after the other: all of a hundred thousand spans, of a
//! million and of ten million in 1.2, 0.6 and 1.2 ms; at every closer zoom 0.1 to 1.4 ms, whatever the length of the trace. Ten
//! thousand spans, of which nearly all are told apart, take 0.7 ms. A million spans of a thousand tasks, of which nearly all
//! share a lane, take 0.4 ms at most, of ten thousand tasks 0.6 ms. With the caches emptied before each frame all of them take 1.4,
//! 1.0 and 2.4 ms.
//!
//! The rectangles of ten million spans throw ours out of the caches each round: beside them all of a hundred thousand, a million
//! and ten million spans take 1.6, 1.6 and 3.6 ms (0.001 of the rectangles).
//!
//! `cargo bench --bench timeline -- frames` measures nothing but our frames, one after the other and with the caches emptied.
//!
//! The targets: under 4 ms at every zoom, and less than twice as much for ten million spans as for a hundred thousand.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use egui::{CentralPanel, Context, RawInput, Rect, Ui, Vec2};
use loopscope::gui::command::ViewCommand;
use loopscope::gui::lanes::Arrangement;
use loopscope::gui::memory;
use loopscope::gui::theme::{self, Palette};
use loopscope::gui::time_view::TimeView;
use loopscope::gui::timeline::{Legend, Scene, Timeline};
use loopscope::store::{Lane, TraceStore};
use loopscope::trace::{TimeRange, Timestamp};
use loopscope_benches::made::{count, lanes, stored, stored_of};
use loopscope_benches::{Peer, beside, thread_time};

/// How long the traces are, in spans.
const SIZES: [usize; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// How much of a trace is on the screen besides all of it, in nanoseconds.
const LENGTHS: [u64; 9] = [
    1_000_000_000,
    300_000_000,
    100_000_000,
    30_000_000,
    10_000_000,
    1_000_000,
    100_000,
    10_000,
    1_000,
];

/// In how many frames one is measured: one after the other, and with the caches emptied before each.
const FRAMES: usize = 101;
const COLD_FRAMES: usize = 31;
/// More bytes than any cache of the processor holds.
const CACHES: usize = 64 << 20;
/// With how many tasks a trace of a million spans is drawn as well.
const TASKS: [usize; 2] = [1_000, 10_000];

fn main() {
    // As in the window.
    memory::keep();
    let mut criterion = Criterion::default().configure_from_args();
    let only_frames = std::env::args().any(|argument| argument == "frames");
    let mut measured = Vec::new();
    for spans in SIZES {
        let store = stored(spans);
        let count = count(&store);
        assert!(count >= spans, "{count} spans");
        if !only_frames {
            compare(&mut criterion, &store, spans);
        }
        measured.push((format!("{spans} spans"), at_every_zoom(&store)));
    }
    for tasks in TASKS {
        let store = stored_of(SIZES[2], tasks);
        let what = format!("{} spans of {tasks} tasks", SIZES[2]);
        measured.push((what, at_every_zoom(&store)));
    }
    criterion.final_summary();
    println!(
        "\nA frame, processor time at the median, one after the other | with the caches emptied before each:"
    );
    for (what, frames) in measured {
        let frames = frames.into_iter().map(|(shown, took)| {
            let [warm, cold] = took.map(|took| took.as_secs_f64() * 1e3);
            format!("{warm:.2} | {cold:.2} ms for {shown}")
        });
        println!("{what}: {}", frames.collect::<Vec<_>>().join(", "));
    }
}

/// What a frame costs at every zoom, where one comes after the other as in a window, and where everything else that the
/// machine has to do comes between two of them.
fn at_every_zoom(store: &TraceStore) -> Vec<(String, [Duration; 2])> {
    let mut other = vec![0_u64; CACHES / size_of::<u64>()];
    let all = store.range().nanos();
    let some = LENGTHS.into_iter().filter(|length| *length <= all);
    let lengths = [all, all / 2, all / 4].into_iter().chain(some);
    let shown = |length: u64| match length {
        1_000_000.. => format!("{} ms", length / 1_000_000),
        _ => format!("{} µs", length / 1_000),
    };
    let mut frames = |length| {
        let (view, context) = (view(store, length), context());
        let scene = scene(store, &view);
        let mut timeline = Timeline::default();
        let mut one = || {
            let begin = thread_time();
            black_box(frame(&context, |ui| {
                timeline.show(ui, &scene, &mut Vec::new());
            }));
            thread_time() - begin
        };
        let warm = median((0..FRAMES).map(|_| one()));
        let cold = median((0..COLD_FRAMES).map(|_| {
            empty_caches(&mut other);
            one()
        }));
        (shown(length), [warm, cold])
    };
    lengths.map(&mut frames).collect()
}

fn median(took: impl Iterator<Item = Duration>) -> Duration {
    let mut took: Vec<_> = took.collect();
    took.sort_unstable();
    took[took.len() / 2]
}

/// Fills the caches of the processor with something else.
fn empty_caches(other: &mut [u64]) {
    const LINE: usize = 64 / size_of::<u64>();
    for line in other.chunks_mut(LINE) {
        line[0] = black_box(line[0] + 1);
    }
}

/// All of a trace, beside what one would write first. Both take turns: neither finds in the caches what it left there.
fn compare(criterion: &mut Criterion, store: &TraceStore, spans: usize) {
    let view = view(store, store.range().nanos());
    let (ours, theirs) = (context(), context());
    let mut timeline = Timeline::default();
    let scene = scene(store, &view);
    let peers = vec![
        Peer::new("timeline", || {
            frame(&ours, |ui| {
                timeline.show(ui, &scene, &mut Vec::new());
            })
        })
        .on_clock(thread_time),
        Peer::new("a rectangle per span", || {
            frame(&theirs, |ui| rectangles(ui, store, &view))
        })
        .on_clock(thread_time),
    ];
    beside(criterion, &format!("draw all of {spans} spans"), 1, peers);
}

fn scene<'a>(store: &'a TraceStore, view: &'a TimeView) -> Scene<'a> {
    Scene {
        store,
        now: store.range().end,
        live: false,
        view,
        lanes: Arrangement::PLAIN,
        legend: Legend::Below,
        hits: &[],
        reports: &[],
        marks: &[],
        selection: None,
        chosen: None,
        playhead: None,
        hover: None,
        all_arrows: false,
        stall_threshold: Duration::from_millis(50),
    }
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
        for span in row.spans().range(row.first_after(range.begin)..) {
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

/// A view of the middle.
fn view(store: &TraceStore, length: u64) -> TimeView {
    let all = store.range();
    let begin = all.begin.0 + (all.nanos() - length) / 2;
    let mut view = TimeView::default();
    let range = TimeRange::new(Timestamp(begin), Timestamp(begin + length));
    view.apply(ViewCommand::Show(range), all);
    view
}

//! What a frame of the timeline costs: laid out, painted and tessellated, a screen of 1920×1080 out of ten thousand to
//! ten million spans, at every zoom from all of them to a microsecond.
//!
//! Beside it stands what one would write first: `rect_filled` for every span in view, without headers, names,
//! patterns and everything else that the timeline shows.
//!
//! Measured on two busy virtual cores, in processor time: 0.15 ms for a microsecond, 0.9 ms for 10 ms and 3 ms for a second,
//! the same of a hundred thousand spans and of ten million. All of them on the screen: 1.4 ms for a hundred thousand, 3.1 ms
//! for a million, 5.9 ms for ten million (0.002 of a rectangle per span, which throws ours out of the caches each round).
//!
//! The targets: under 4 ms at every zoom, and less than twice as much for ten million spans as for a hundred thousand.

use std::time::Duration;

use criterion::Criterion;
use egui::{CentralPanel, Context, RawInput, Rect, Ui, Vec2};
use loopscope::gui::command::ViewCommand;
use loopscope::gui::lanes::Arrangement;
use loopscope::gui::theme::{self, Palette};
use loopscope::gui::time_view::TimeView;
use loopscope::gui::timeline::{Scene, Timeline};
use loopscope::store::{Lane, TraceStore};
use loopscope::trace::{TimeRange, Timestamp};
use loopscope_benches::made::{count, lanes, stored};
use loopscope_benches::{Peer, beside, thread_time};

/// How long the traces are, in spans.
const SIZES: [usize; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// How much of a trace is on the screen: all of it, or so many nanoseconds.
const LENGTHS: [Option<u64>; 5] = [
    None,
    Some(1_000_000_000),
    Some(10_000_000),
    Some(100_000),
    Some(1_000),
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for spans in SIZES {
        let store = stored(spans);
        let count = count(&store);
        assert!(count >= spans, "{count} spans");
        let all = store.range().nanos();
        for length in LENGTHS.map(|length| length.unwrap_or(all)) {
            if length <= all {
                compare(&mut criterion, &store, spans, length);
            }
        }
    }
    criterion.final_summary();
}

fn compare(criterion: &mut Criterion, store: &TraceStore, spans: usize, length: u64) {
    let view = view(store, length);
    let (ours, theirs) = (context(), context());
    let mut timeline = Timeline::default();
    let scene = Scene {
        store,
        now: store.range().end,
        live: false,
        view: &view,
        lanes: Arrangement::PLAIN,
        legend: true,
        hits: &[],
        reports: &[],
        marks: &[],
        selection: None,
        chosen: None,
        playhead: None,
        hover: None,
        all_arrows: false,
        stall_threshold: Duration::from_millis(50),
    };
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
    let shown = match length {
        1_000_000.. => format!("{} ms", length / 1_000_000),
        _ => format!("{} µs", length / 1_000),
    };
    let what = format!("draw {shown} of {spans} spans");
    beside(criterion, &what, 1, peers);
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

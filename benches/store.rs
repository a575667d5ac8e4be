//! What the store costs: to take events in, to hold them, and to be asked what there is to see.
//!
//! Taking in stands beside keeping the events as they came. Asking for what a screen can show stands beside a look
//! at every span in view, which gives the same answer, and costs more the more spans fall into a column.
//!
//! Measured on two virtual cores, alone: 35 ns of processor time for a span where the memory was in use before, 42 to 47 ns
//! where the system hands it out for the first time, which it does here for a fault in each page of 4 KiB, and up to 80 ns
//! more while the machine around this virtual one has to find that page as well (which pages of 2 MiB do not help: it finds
//! them in small ones); 26 bytes for a span. Asking for all of ten million takes 0.2 ms, 0.007 of what a look at each does.
//!
//! The targets: at most 50 ns to take a span in, and no more at the end of a long trace than at its begin; at most 40
//! bytes of memory for a span, with everything that belongs to it but its name.

use std::hint::black_box;

use criterion::Criterion;
use loopscope::store::{Lane, Piece, Row, TraceStore};
use loopscope::trace::{Batch, TimeRange, Timestamp};
use loopscope_benches::made::{batches, count, lanes};
use loopscope_benches::{Peer, beside, resident, thread_time};

/// How long the traces are, in spans.
const SIZES: [usize; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// Columns of pixels on the screen.
const COLUMNS: u64 = 2_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    append(&mut criterion);
    for spans in SIZES {
        let store = grow(spans);
        ask(&mut criterion, &store, spans);
    }
    criterion.final_summary();
}

fn append(criterion: &mut Criterion) {
    let batches: Vec<Batch> = batches(SIZES[1]).collect();
    let kept = || {
        let mut events = Vec::new();
        for batch in &batches {
            events.extend_from_slice(&batch.events);
        }
        events
    };
    let taken_in = || {
        let mut store = TraceStore::new();
        batches.iter().for_each(|batch| store.push(batch));
        store
    };
    let peers = vec![
        Peer::new("store", taken_in).on_clock(thread_time),
        Peer::new("as they came", kept).on_clock(thread_time),
    ];
    beside(criterion, "take in a span", SIZES[1] as u64, peers);
}

/// Takes a trace in, and says what that cost at its begin and at its end, and how much memory it takes.
fn grow(spans: usize) -> TraceStore {
    let before = resident();
    let mut store = TraceStore::new();
    let mut parts = [0.0_f64; 10];
    let mut batches = batches(spans);
    for part in 1..=parts.len() {
        let begun = count(&store);
        let mut spent = 0;
        while count(&store) < spans / parts.len() * part {
            // Made before they are taken in: only the latter is measured.
            let some: Vec<Batch> = batches.by_ref().take(3).collect();
            if some.is_empty() {
                break;
            }
            let begin = thread_time();
            some.iter().for_each(|batch| store.push(batch));
            spent += (thread_time() - begin).as_nanos();
        }
        parts[part - 1] = spent as f64 / (count(&store) - begun).max(1) as f64;
    }
    let count = count(&store) as f64;
    println!(
        "\n{spans} spans: {:.1} ns for each of the first tenth, {:.1} ns for each of the last; {:.1} bytes for each \
         ({:.1} more in the process)",
        parts[0],
        parts[9],
        store.bytes() as f64 / count,
        (resident() - before) / count,
    );
    store
}

fn ask(criterion: &mut Criterion, store: &TraceStore, spans: usize) {
    let rows = lanes(store).flat_map(Lane::rows);
    let row = rows.max_by_key(|row| row.spans().len());
    let row = row.expect("the trace has rows");
    let all = store.range();
    for part in [1, 100, 10_000] {
        let length = all.nanos() / part;
        let begin = all.nanos() / 2 - length / 2;
        let view = TimeRange::new(Timestamp(begin), Timestamp(begin + length));
        let grain = (length / COLUMNS).max(1);
        assert_eq!(
            pieces(row, view, grain).0,
            every_span(row, view, grain).0,
            "both see the same"
        );
        let peers = vec![
            Peer::new("store", || pieces(black_box(row), view, grain)),
            Peer::new("every span", || every_span(black_box(row), view, grain)),
        ];
        let what = format!("ask for 1/{part} of {spans} spans");
        beside(criterion, &what, 1, peers);
    }
}

/// How many things there are to draw, and how many spans they stand for.
fn pieces(row: &Row, view: TimeRange, grain: u64) -> (usize, usize) {
    row.pieces(view, grain)
        .fold((0, 0), |(drawn, spans), piece| match piece {
            Piece::Span { .. } => (drawn + 1, spans + 1),
            Piece::Folded { count, .. } => (drawn + 1, spans + count),
        })
}

fn every_span(row: &Row, view: TimeRange, grain: u64) -> (usize, usize) {
    let mut column = None;
    let (mut drawn, mut spans) = (0, 0);
    for span in row.spans().range(row.first_after(view.begin)..) {
        if span.begin >= view.end {
            break;
        }
        let visible = span.end.0 - span.begin.0 >= grain;
        let its = (!visible).then_some(span.begin.0 / grain);
        if visible || column != its {
            drawn += 1;
        }
        column = its;
        spans += 1;
    }
    (drawn, spans)
}

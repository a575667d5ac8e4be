//! What the store costs: to take events in, and to be asked what there is to see.
//!
//! Taking in stands beside keeping the events as they came. Asking for what a screen can show stands beside a look
//! at every span in view, which gives the same answer, and costs more the more spans fall into a column.
//!
//! Measured on two virtual cores: taking an event in is 8 times as dear as keeping it. Asking takes 0.1 of what a
//! look at each of a million spans does, 0.9 for a hundredth of them and 0.8 for a ten-thousandth.

use std::hint::black_box;

use criterion::Criterion;
use loopscope::store::{Piece, Row, TraceStore};
use loopscope::trace::{
    Batch, Cause, Event, EventKind, ModelId, NameId, Source, ThreadId, TimeRange, Timestamp,
};
use loopscope_benches::{Peer, beside};

/// Turns of the loop in the trace that is asked.
const TURNS: u64 = 1_000_000;
/// Turns in the trace that is taken in.
const APPENDED: u64 = 20_000;
/// Nanoseconds from one turn to the next, and how many of them the callback takes.
const TURN: u64 = 10_000;
const CALLBACK: u64 = 3_000;
/// Columns of pixels on the screen.
const COLUMNS: u64 = 2_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    append(&mut criterion);
    ask(&mut criterion);
    criterion.final_summary();
}

/// What a loop records that has one callback a turn, in batches of 64 turns.
fn batches(turns: u64) -> Vec<Batch> {
    let name = NameId::from_index(0);
    let turn = |turn: u64| {
        let begin = turn * TURN;
        [
            (0, EventKind::PollEnd { ready: 1 }),
            (
                100,
                EventKind::CallbackBegin {
                    name,
                    task: None,
                    cause: Cause::Readiness,
                    flow: None,
                },
            ),
            (100 + CALLBACK, EventKind::CallbackEnd { failed: false }),
            (200 + CALLBACK, EventKind::PollBegin),
        ]
        .map(|(after, kind)| Event {
            at: Timestamp(begin + after),
            kind,
        })
    };
    let turns: Vec<u64> = (1..=turns).collect();
    turns
        .chunks(64)
        .map(|turns| Batch {
            source: Source {
                model: ModelId::from_index(0),
                thread: ThreadId::from_index(0),
            },
            names: Vec::new(),
            events: turns.iter().copied().flat_map(turn).collect(),
        })
        .collect()
}

fn stored(batches: &[Batch]) -> TraceStore {
    let mut store = TraceStore::new();
    for batch in batches {
        store.push(batch);
    }
    store
}

fn append(criterion: &mut Criterion) {
    let batches = batches(APPENDED);
    let kept = || {
        let mut events = Vec::new();
        for batch in &batches {
            events.extend_from_slice(&batch.events);
        }
        events
    };
    let peers = vec![
        Peer::new("store", || stored(&batches)),
        Peer::new("as they came", kept),
    ];
    beside(criterion, "take in an event", 4 * APPENDED, peers);
}

fn ask(criterion: &mut Criterion) {
    let store = stored(&batches(TURNS));
    let lane = &store.models()[0].threads[0].lane;
    let callbacks = lane
        .rows()
        .iter()
        .max_by_key(|row| row.spans().len())
        .expect("the lane has rows");
    for (what, part) in [
        ("ask for all", 1),
        ("ask for a hundredth", 100),
        ("ask for a ten-thousandth", 10_000),
    ] {
        let length = TURNS * TURN / part;
        let begin = TURNS * TURN / 2 - length / 2;
        let view = TimeRange::new(Timestamp(begin), Timestamp(begin + length));
        let grain = length / COLUMNS;
        assert_eq!(
            pieces(callbacks, view, grain),
            every_span(callbacks, view, grain),
            "both see the same"
        );
        let peers = vec![
            Peer::new("store", || pieces(black_box(callbacks), view, grain)),
            Peer::new("every span", || {
                every_span(black_box(callbacks), view, grain)
            }),
        ];
        beside(criterion, what, 1, peers);
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
    for span in &row.spans()[row.first_after(view.begin)..] {
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

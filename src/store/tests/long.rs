//! Long traces: what they take, and what goes when they never end.

use super::super::{LaneRef, SpanRef, TraceStore};
use crate::trace::{
    Batch, Cause, Event, EventKind, FlowId, Interest, ModelId, NameId, Source, TaskId, ThreadId,
    TimeRange, Timestamp,
};

/// Nanoseconds from one turn to the next.
const TURN: u64 = 10_000;
/// Six events a turn.
const EVENTS: u64 = 6;

/// What a loop records that serves one of four tasks each turn.
fn turn(number: u64) -> Batch {
    let (at, name) = (number * TURN, NameId::from_index(0));
    let task = TaskId::new(number as u32 % 4 + 1);
    let flow = FlowId::new(number).expect("they count from 1");
    let callback = EventKind::CallbackBegin {
        name,
        task,
        cause: Cause::Readiness,
        flow: Some(flow),
    };
    let readiness = EventKind::Readiness {
        flow,
        task,
        interest: Interest::Readable,
    };
    let read = EventKind::BytesRead {
        task: task.expect("they count from 1"),
        bytes: 1,
    };
    let events = [
        (0, EventKind::PollEnd { ready: 1 }),
        (0, readiness),
        (500, callback),
        (600, read),
        (3_000, EventKind::CallbackEnd { failed: false }),
        (3_100, EventKind::PollBegin),
    ];
    Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: Vec::new(),
        events: events
            .map(|(after, kind)| Event {
                at: Timestamp(at + after),
                kind,
            })
            .into(),
    }
}

fn begun() -> TraceStore {
    let mut store = TraceStore::new();
    let mut first = turn(1);
    let name = NameId::from_index(0);
    let tasks = (1..=4).filter_map(TaskId::new);
    let begins = tasks.map(|task| EventKind::TaskBegin { task, name });
    let at = Timestamp::ZERO;
    first.events = begins.map(|kind| Event { at, kind }).collect();
    store.push(&first);
    store
}

fn spans(store: &TraceStore) -> usize {
    let model = &store.models()[0];
    let threads = model.threads.iter().map(|thread| &thread.lane);
    let lanes = threads.chain(model.tasks.iter().map(|task| &task.lane));
    let rows = lanes.flat_map(|lane| lane.rows());
    rows.map(|row| row.spans().iter().len()).sum()
}

#[test]
fn a_span_takes_at_most_forty_bytes_with_all_that_belongs_to_it() {
    let mut store = begun();
    (1..=50_000).for_each(|number| store.push(&turn(number)));
    let bytes = store.bytes() as f64 / spans(&store) as f64;
    assert!(bytes <= 40.0, "{bytes:.1} bytes");
}

#[test]
fn of_a_run_that_never_ends_the_oldest_goes_and_references_stay_good() {
    const KEPT: u64 = 40_000;
    let mut store = begun();
    store.keep_at_most(Some(KEPT));
    let callback = |index| SpanRef {
        model: ModelId::from_index(0),
        lane: LaneRef::Thread(ThreadId::from_index(0)),
        depth: 1,
        index,
    };
    let mut most = 0;
    for number in 1..=60_000 {
        store.push(&turn(number));
        let begun = callback(number as usize - 1);
        let span = store.span(begun).expect("it has just been");
        assert_eq!(span.begin, Timestamp(number * TURN + 500));
        assert_eq!(span.flow, FlowId::new(number));
        most = most.max(store.bytes());
    }
    let gone = store.forgotten().expect("there were more than are kept");
    let events = 60_000 * EVENTS + 4;
    assert_eq!(store.events(), events, "what is counted stays counted");
    assert!(events - gone.events <= KEPT && events - gone.events > KEPT / 2);

    // What is kept is found as before, and all of it is kept.
    let kept = gone.until.0 / TURN + 1;
    let old = store.span(callback(kept as usize - 1)).expect("it is kept");
    assert_eq!(old.begin, Timestamp(kept * TURN + 500));
    let (at, _) = store
        .cause(callback(kept as usize - 1))
        .expect("it is kept");
    assert_eq!(at, Timestamp(kept * TURN));
    assert_eq!(store.span(callback(0)), None, "it was let go of");
    assert_eq!(store.cause(callback(0)), None);
    let thread = &store.models()[0].threads[0];
    assert_eq!(thread.callbacks, 60_000);
    let row = thread.lane.row(1).expect("it has callbacks");
    let all = TimeRange::new(Timestamp::ZERO, Timestamp::MAX);
    let first = row.pieces(all, 1).next().expect("some are kept");
    assert_eq!(Some(row.spans().first_place()), index_of(first));
    assert_eq!(
        row.longest_active(0, usize::MAX),
        Some(row.spans().first_place())
    );
    assert_eq!(row.first_after(Timestamp::ZERO), row.spans().first_place());
    assert_eq!(
        thread.instants_in(all).iter().len(),
        thread.instants().iter().len()
    );
    let task = &store.models()[0].tasks[0];
    assert_eq!(
        task.progress().last(),
        Some(&(Timestamp(600_000_600), 15_000))
    );
    assert!(most < 6_000_000, "{most} bytes");
}

const fn index_of(piece: super::super::Piece) -> Option<usize> {
    match piece {
        super::super::Piece::Span { index } => Some(index),
        super::super::Piece::Folded { .. } => None,
    }
}

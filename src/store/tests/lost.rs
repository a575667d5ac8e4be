//! What is made of a trace in which something is missing: events that were dropped, a name that nobody told.

use super::*;
use crate::trace::{Batch, Cause, EventKind, NameId, Source};

const LOOP: ThreadId = ThreadId::new(1).expect("not zero");

fn batch(thread: ThreadId, events: &[(u64, EventKind)]) -> Batch {
    let model = ModelId::from_index(0);
    let events = events.iter().map(|&(at, kind)| Event {
        at: Timestamp(at),
        kind,
    });
    Batch {
        source: Source { model, thread },
        names: Vec::new(),
        events: events.collect(),
    }
}

#[test]
fn nothing_is_taken_to_have_lasted_while_events_were_dropped() {
    let name = NameId::from_index(0);
    let task = TaskId::from_index(0);
    let begin = EventKind::CallbackBegin {
        name,
        task: Some(task),
        cause: Cause::Readiness,
        flow: None,
    };
    let end = EventKind::CallbackEnd { failed: false };
    let of_loop = batch(
        LOOP,
        &[
            (0, EventKind::TaskBegin { task, name }),
            (0, EventKind::PollBegin),
            (10, EventKind::PollEnd { ready: 1 }),
            (12, begin),
            (20, EventKind::Dropped { count: 9 }),
            (30, end),
            (31, begin),
            (32, end),
            (40, EventKind::PollBegin),
            (50, EventKind::PollEnd { ready: 1 }),
            (60, EventKind::PollBegin),
        ],
    );
    let noticed = EventKind::StallNoticed {
        thread: LOOP,
        task: None,
        callback: None,
        begin: Timestamp(12),
    };
    let of_watchdog = batch(ThreadId::from_index(1), &[(25, noticed)]);
    for batches in [[&of_loop, &of_watchdog], [&of_watchdog, &of_loop]] {
        let mut store = TraceStore::new();
        batches.iter().for_each(|batch| store.push(batch));
        let model = &store.models()[0];
        assert_eq!(model.dropped, 9);
        let lane = &model.threads[0].lane;
        let ranges = |lane: &Lane, depth: usize| {
            let spans = lane
                .row(depth)
                .map(Row::spans)
                .into_iter()
                .flat_map(|all| all.iter());
            spans
                .map(|span| (span.begin.0, span.end.0))
                .collect::<Vec<_>>()
        };
        assert_eq!(ranges(lane, 0), [(0, 10), (10, 20), (40, 50), (50, 60)]);
        assert_eq!(ranges(lane, 1), [(12, 20)]);
        let states = &model.tasks[0].lane;
        assert_eq!(ranges(states, 0), [(0, 12), (12, 20)]);
        assert_eq!(model.tasks[0].state(), None);
        let stalls: Vec<_> = model.stalls.iter().map(|stall| stall.range.end.0).collect();
        assert_eq!(stalls, [25], "so long it was seen to last");
    }
}

#[test]
fn a_model_that_does_not_tell_its_name_has_that_of_its_first_thread() {
    let mut store = TraceStore::new();
    let watchdog = ThreadId::from_index(1);
    store.push(&batch(watchdog, &[(3, EventKind::IdleBegin)]));
    assert_eq!(store.model_name(&store.models()[0]), "?");
    let name = NameId::from_index(0);
    let mut told = batch(LOOP, &[(1, EventKind::ThreadBegin { name })]);
    told.names = vec![(name, "my loop".to_owned())];
    store.push(&told);
    assert_eq!(store.model_name(&store.models()[0]), "my loop");
}

#[test]
fn a_thread_that_waits_by_itself_is_busy_again_from_what_it_tells_first_after_a_gap() {
    let (task, call) = (TaskId::from_index(0), WaitCall::Read);
    let wait = EventKind::WaitBegin { task, call };
    let mut store = TraceStore::new();
    store.push(&batch(
        LOOP,
        &[
            (0, wait),
            (10, EventKind::WaitEnd { task }),
            (20, EventKind::Dropped { count: 9 }),
            (30, EventKind::CallbackEnd { failed: false }),
            (40, wait),
        ],
    ));
    let stretches = store.models()[0].threads[0].stretches().spans().iter();
    let stretches: Vec<_> = stretches.map(|span| (span.begin.0, span.end.0)).collect();
    assert_eq!(stretches, [(10, 20), (30, 40)]);
}

#[test]
fn a_callback_that_broke_off_inside_a_blocking_call_has_ended_with_it() {
    let name = NameId::from_index(0);
    let mut store = TraceStore::new();
    store.push(&batch(
        LOOP,
        &[
            (
                10,
                EventKind::CallbackBegin {
                    name,
                    task: None,
                    cause: Cause::Timer,
                    flow: None,
                },
            ),
            (12, EventKind::BlockingBegin { name, task: None }),
            (20, EventKind::CallbackEnd { failed: true }),
        ],
    ));
    let lane = &store.models()[0].threads[0].lane;
    assert!(lane.open().is_empty(), "{:?}", lane.open());
    let ended = |depth: usize| lane.span(depth, 0).map(|span| (span.end.0, span.failed));
    assert_eq!((ended(0), ended(1)), (Some((20, true)), Some((20, false))));
}

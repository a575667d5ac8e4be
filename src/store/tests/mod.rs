//! The store fed with hand-made batches.

mod long;
mod lost;
mod pool;
mod watched;

use super::*;
use crate::trace::{Cause, Event, FlowId, Interest, Outcome, Source, TaskId, ThreadId, WaitCall};

const NAME: NameId = NameId::new(1).expect("not zero");
const TASK: TaskId = TaskId::new(1).expect("not zero");

fn model() -> ModelId {
    ModelId::from_index(0)
}

fn batch(events: &[(u64, EventKind)]) -> Batch {
    Batch {
        source: Source {
            model: model(),
            thread: ThreadId::from_index(0),
        },
        names: vec![(NAME, "name".to_owned())],
        events: events
            .iter()
            .map(|&(at, kind)| Event {
                at: Timestamp(at),
                kind,
            })
            .collect(),
    }
}

fn store(events: &[(u64, EventKind)]) -> TraceStore {
    let mut store = TraceStore::new();
    store.push(&batch(events));
    store
}

fn flow() -> FlowId {
    FlowId::from_index(0)
}

/// One turn of a reactor that serves one readiness.
fn turn() -> Vec<(u64, EventKind)> {
    vec![
        (0, EventKind::ModelBegin { name: NAME }),
        (0, EventKind::ThreadBegin { name: NAME }),
        (
            0,
            EventKind::TaskQueued {
                task: TASK,
                name: NAME,
            },
        ),
        (
            5,
            EventKind::TaskBegin {
                task: TASK,
                name: NAME,
            },
        ),
        (10, EventKind::PollBegin),
        (50, EventKind::PollEnd { ready: 1 }),
        (
            50,
            EventKind::Readiness {
                flow: flow(),
                task: Some(TASK),
                interest: Interest::Readable,
            },
        ),
        (
            60,
            EventKind::CallbackBegin {
                name: NAME,
                task: Some(TASK),
                cause: Cause::Readiness,
                flow: Some(flow()),
            },
        ),
        (
            65,
            EventKind::BytesRead {
                task: TASK,
                bytes: 30,
            },
        ),
        (
            70,
            EventKind::BlockingBegin {
                name: NAME,
                task: Some(TASK),
            },
        ),
        (80, EventKind::BlockingEnd),
        (90, EventKind::CallbackEnd { failed: false }),
        (95, EventKind::PollBegin),
    ]
}

fn spans(lane: &Lane, depth: usize) -> Vec<(u64, u64, SpanKind)> {
    let row = lane.row(depth).into_iter();
    row.flat_map(Row::spans)
        .map(|span| (span.begin.0, span.end.0, span.kind))
        .collect()
}

#[test]
fn a_turn_of_the_reactor_becomes_nested_spans() {
    let store = store(&turn());
    let lane = &store.models()[0].threads[0].lane;
    assert_eq!(
        spans(lane, 0),
        [(10, 50, SpanKind::Poll), (50, 95, SpanKind::Turn)]
    );
    assert_eq!(
        spans(lane, 1),
        [(60, 90, SpanKind::Callback(Cause::Readiness))]
    );
    assert_eq!(spans(lane, 2), [(70, 80, SpanKind::Blocking)]);
    assert_eq!(lane.open().len(), 1, "the second poll lasts still");
}

#[test]
fn a_task_in_the_reactor_waits_is_ready_runs_and_waits_again() {
    let store = store(&turn());
    let task = &store.models()[0].tasks[0];
    assert_eq!(
        spans(&task.lane, 0),
        [
            (0, 5, SpanKind::Queued),
            (5, 50, SpanKind::Waiting),
            (50, 60, SpanKind::Ready),
            (60, 90, SpanKind::Running),
        ]
    );
    assert_eq!(task.state(), Some(SpanKind::Waiting));
    assert_eq!(task.bytes, 30);
}

#[test]
fn a_task_of_a_blocking_model_runs_until_its_next_wait() {
    let store = store(&[
        (
            0,
            EventKind::TaskBegin {
                task: TASK,
                name: NAME,
            },
        ),
        (
            0,
            EventKind::WaitBegin {
                task: TASK,
                call: WaitCall::Read,
            },
        ),
        (40, EventKind::WaitEnd { task: TASK }),
        (
            42,
            EventKind::CallbackBegin {
                name: NAME,
                task: Some(TASK),
                cause: Cause::Program,
                flow: None,
            },
        ),
        (44, EventKind::CallbackEnd { failed: false }),
        (
            46,
            EventKind::WaitBegin {
                task: TASK,
                call: WaitCall::Read,
            },
        ),
        (60, EventKind::WaitEnd { task: TASK }),
        (
            61,
            EventKind::TaskEnd {
                task: TASK,
                outcome: Outcome::Done,
            },
        ),
        (
            62,
            EventKind::CallbackBegin {
                name: NAME,
                task: Some(TASK),
                cause: Cause::Program,
                flow: None,
            },
        ),
        (63, EventKind::CallbackEnd { failed: false }),
    ]);
    let task = &store.models()[0].tasks[0];
    assert_eq!(
        spans(&task.lane, 0),
        [
            (0, 40, SpanKind::Waiting),
            (40, 46, SpanKind::Running),
            (46, 60, SpanKind::Waiting),
            (60, 61, SpanKind::Running),
        ]
    );
    assert_eq!(task.end, Some(Timestamp(61)));
    assert_eq!(store.models()[0].threads[0].waited_nanos(Timestamp(63)), 54);
}

#[test]
fn a_callback_inside_one_of_the_same_task_is_part_of_it() {
    let begins = |cause| EventKind::CallbackBegin {
        name: NAME,
        task: Some(TASK),
        cause,
        flow: None,
    };
    let returns = EventKind::CallbackEnd { failed: false };
    let store = store(&[
        (
            0,
            EventKind::TaskBegin {
                task: TASK,
                name: NAME,
            },
        ),
        (10, begins(Cause::Readiness)),
        (20, begins(Cause::Deferred)),
        (30, returns),
        (40, returns),
    ]);
    let model = &store.models()[0];
    let task = &model.tasks[0];
    assert_eq!(
        spans(&task.lane, 0),
        [(0, 10, SpanKind::Waiting), (10, 40, SpanKind::Running)]
    );
    assert_eq!(task.state(), Some(SpanKind::Waiting));
    assert_eq!(
        spans(&model.threads[0].lane, 1),
        [(20, 30, SpanKind::Callback(Cause::Deferred))]
    );
}

#[test]
fn a_task_whose_callback_ran_inside_anothers_waits_after_it() {
    let begins = |task, cause| EventKind::CallbackBegin {
        name: NAME,
        task,
        cause,
        flow: None,
    };
    let returns = EventKind::CallbackEnd { failed: false };
    let (task, name) = (TASK, NAME);
    let store = store(&[
        // A port takes its connection in.
        (10, begins(None, Cause::Readiness)),
        (20, EventKind::TaskBegin { task, name }),
        (30, begins(Some(TASK), Cause::Program)),
        (40, returns),
        (90, returns),
    ]);
    let task = &store.models()[0].tasks[0];
    assert_eq!(
        spans(&task.lane, 0),
        [(20, 30, SpanKind::Waiting), (30, 40, SpanKind::Running)]
    );
    assert_eq!(task.state(), Some(SpanKind::Waiting));
}

#[test]
fn a_thread_of_a_pool_waits_while_it_is_idle_and_its_work_is_a_span_with_a_cause() {
    let store = store(&[
        (
            0,
            EventKind::WorkQueued {
                work: flow(),
                name: NAME,
            },
        ),
        (0, EventKind::IdleBegin),
        (10, EventKind::IdleEnd),
        (
            11,
            EventKind::CallbackBegin {
                name: NAME,
                task: None,
                cause: Cause::ThreadPool,
                flow: Some(flow()),
            },
        ),
        (20, EventKind::CallbackEnd { failed: false }),
        (
            20,
            EventKind::WorkDone {
                work: flow(),
                call: None,
            },
        ),
        (21, EventKind::IdleBegin),
        (40, EventKind::IdleEnd),
        (40, EventKind::ThreadEnd),
    ]);
    let thread = &store.models()[0].threads[0];
    assert_eq!(
        spans(&thread.lane, 0),
        [
            (0, 10, SpanKind::Wait(WaitCall::Work)),
            (11, 20, SpanKind::Callback(Cause::ThreadPool)),
            (21, 40, SpanKind::Wait(WaitCall::Work)),
        ]
    );
    assert_eq!(thread.waited_nanos(Timestamp(40)), 29);
    let queued = thread.origin(flow()).map(|event| event.kind);
    assert!(matches!(queued, Some(EventKind::WorkQueued { .. })));
    let kept = thread.instants().last().map(|event| event.kind);
    assert!(matches!(kept, Some(EventKind::WorkDone { .. })));
}

#[test]
fn a_reference_to_a_span_that_lasts_stays_good_when_it_ends() {
    let mut store = TraceStore::new();
    store.push(&batch(&turn()[..8]));
    let callback = SpanRef {
        model: model(),
        lane: LaneRef::Thread(ThreadId::from_index(0)),
        depth: 1,
        index: 0,
    };
    assert!(store.span(callback).expect("it lasts").is_open());
    store.push(&batch(&turn()[8..]));
    assert_eq!(store.span(callback).expect("it ended").end, Timestamp(90));
}

#[test]
fn a_callback_knows_its_turn_and_its_cause() {
    let store = store(&turn());
    let callback = SpanRef {
        model: model(),
        lane: LaneRef::Thread(ThreadId::from_index(0)),
        depth: 1,
        index: 0,
    };
    let parent = store.parent(callback).expect("it is in a turn");
    assert_eq!(
        store.span(parent).map(|span| span.kind),
        Some(SpanKind::Turn)
    );
    let (at, kind) = store.cause(callback).expect("a readiness");
    assert_eq!(at, Timestamp(50));
    assert!(matches!(kind, EventKind::Readiness { .. }));
}

#[test]
fn an_end_without_a_begin_is_left_out() {
    let store = store(&[
        (1, EventKind::CallbackEnd { failed: false }),
        (2, EventKind::PollEnd { ready: 0 }),
        (3, EventKind::BlockingEnd),
        (4, EventKind::ThreadEnd),
    ]);
    let thread = &store.models()[0].threads[0];
    assert_eq!(spans(&thread.lane, 0), [(2, 4, SpanKind::Turn)]);
    assert_eq!(thread.end, Some(Timestamp(4)));
}

#[test]
fn a_failure_that_was_handled_is_none_of_its_task() {
    let failed_and_ended = |outcome| {
        let failure = EventKind::Failure {
            task: Some(TASK),
            message: NAME,
        };
        let task = TASK;
        let store = store(&[(110, failure), (120, EventKind::TaskEnd { task, outcome })]);
        store.models()[0].tasks[0].failure
    };
    assert_eq!(failed_and_ended(Outcome::Done), None);
    assert_eq!(failed_and_ended(Outcome::Failed), Some(NAME));
}

#[test]
fn stalls_failures_and_dropped_events_are_kept_with_the_model() {
    let store = store(&[
        (
            100,
            EventKind::Stall {
                begin: Timestamp(20),
                task: Some(TASK),
                callback: NAME,
            },
        ),
        (
            110,
            EventKind::Failure {
                task: Some(TASK),
                message: NAME,
            },
        ),
        (120, EventKind::Dropped { count: 7 }),
    ]);
    let model = &store.models()[0];
    assert_eq!(
        model.stalls[0].range,
        TimeRange::new(Timestamp(20), Timestamp(100))
    );
    assert_eq!(model.dropped, 7);
    assert_eq!(model.tasks[0].failure, Some(NAME));
    assert_eq!(model.threads[0].instants().iter().len(), 3);
    assert_eq!(
        model.threads[0]
            .instants_in(TimeRange::new(Timestamp(105), Timestamp(111)))
            .iter()
            .len(),
        1
    );
    let notable = model.threads[0].notable().iter().flatten();
    assert!(notable.eq(&[1, 2]), "a stall is kept elsewhere");
}

#[test]
fn a_flow_whose_number_was_asked_for_long_ago_is_found() {
    let readiness = |at, number| {
        let kind = EventKind::Readiness {
            flow: FlowId::new(number).expect("from 1"),
            task: None,
            interest: Interest::Readable,
        };
        (at, kind)
    };
    let store = store(&[
        readiness(1, 3),
        readiness(2, 9),
        readiness(3, 5),
        readiness(4, 9),
    ]);
    let thread = &store.models()[0].threads[0];
    let origin = |number| {
        let event = thread.origin(FlowId::new(number).expect("from 1"));
        event.map(|event| event.at.0)
    };
    assert_eq!([3, 5, 9].map(origin), [Some(1), Some(3), Some(2)]);
    assert_eq!(origin(4), None);
}

#[test]
fn a_thread_that_is_heard_of_late_keeps_its_place_and_queues_no_task_that_has_begun() {
    let by = |thread, kind| {
        let mut batch = batch(&[(5, kind)]);
        batch.source.thread = ThreadId::from_index(thread);
        batch
    };
    let (task, name) = (TASK, NAME);
    let mut store = TraceStore::new();
    store.push(&by(1, EventKind::TaskBegin { task, name }));
    store.push(&by(0, EventKind::TaskQueued { task, name }));
    let model = &store.models()[0];
    assert_eq!(model.tasks[0].state(), Some(SpanKind::Waiting));
    let threads: Vec<_> = model
        .threads
        .iter()
        .map(|thread| thread.id.index())
        .collect();
    assert_eq!(threads, [0, 1]);
    assert!(model.thread(ThreadId::from_index(1)).is_some());
}

#[test]
fn a_task_that_comes_again_is_queued_again() {
    let (task, name) = (TASK, NAME);
    let store = store(&[
        (0, EventKind::TaskQueued { task, name }),
        (10, EventKind::TaskBegin { task, name }),
        (20, EventKind::TaskQueued { task, name }),
        (
            30,
            EventKind::WaitBegin {
                task,
                call: WaitCall::Read,
            },
        ),
    ]);
    let task = &store.models()[0].tasks[0];
    assert_eq!(
        spans(&task.lane, 0),
        [
            (0, 10, SpanKind::Queued),
            (10, 20, SpanKind::Waiting),
            (20, 30, SpanKind::Queued)
        ]
    );
    assert_eq!(task.begin, Some(Timestamp(10)));
}

//! What a thread of the pool does for a task.

use super::*;

#[test]
fn a_task_waits_for_the_pool_whoever_is_heard_of_first() {
    let of_loop = batch(&turn());
    let mut of_pool = batch(&[
        (62, EventKind::ThreadBegin { name: NAME }),
        (
            63,
            EventKind::CallbackBegin {
                name: NAME,
                task: Some(TASK),
                cause: Cause::ThreadPool,
                flow: None,
            },
        ),
        (
            64,
            EventKind::WaitBegin {
                task: TASK,
                call: WaitCall::Read,
            },
        ),
        (500, EventKind::WaitEnd { task: TASK }),
        (501, EventKind::CallbackEnd { failed: false }),
    ]);
    of_pool.source.thread = ThreadId::from_index(1);
    let told = |batches: [&Batch; 2]| {
        let mut store = TraceStore::new();
        batches.iter().for_each(|batch| store.push(batch));
        let lane = &store.models()[0].task(TASK).expect("it is told of").lane;
        let ended = lane.row(0).into_iter().flat_map(|row| row.spans().iter());
        let all = ended.chain(lane.open().first().copied());
        all.map(|span| (span.kind, span.begin)).collect::<Vec<_>>()
    };
    let first = told([&of_loop, &of_pool]);
    assert_eq!(first.last().map(|(kind, _)| *kind), Some(SpanKind::Waiting));
    assert_eq!(told([&of_pool, &of_loop]), first);
}

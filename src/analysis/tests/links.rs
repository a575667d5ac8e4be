//! What led to what.

use super::made::{Made, name};
use super::*;
use crate::store::{LaneRef, Span, SpanKind, SpanRef};
use crate::trace::WaitCall;

/// The spans of a thread that have this cause, in the order of depth and time.
fn caused(store: &TraceStore, thread: usize, cause: Cause) -> Vec<SpanRef> {
    let model = &store.models()[0];
    let thread = &model.threads[thread];
    let rows = thread.lane.rows().iter().enumerate();
    let spans = rows.flat_map(|(depth, row)| {
        row.spans()
            .iter()
            .enumerate()
            .map(move |(index, span)| (depth, index, span))
    });
    let with = spans.filter(|(_, _, span)| span.kind == SpanKind::Callback(cause));
    with.map(|(depth, index, _)| SpanRef {
        model: model.id,
        lane: LaneRef::Thread(thread.id),
        depth,
        index,
    })
    .collect()
}

/// What followed, where it was looked for to the end.
fn effects(store: &TraceStore, from: Happened, most: usize) -> Vec<Link> {
    let effects = crate::analysis::effects(store, from, most);
    assert!(effects.is_whole);
    effects.links
}

fn span(store: &TraceStore, at: SpanRef) -> Span {
    store.span(at).expect("it is there")
}

/// A callback at 110 sets a timer, hands work to a thread and promises its result; the work is done at 140, its result is
/// taken at 145, and the timer fires at 160.
fn made() -> TraceStore {
    let mut made = Made::new();
    let ready = made.ready(100, 1, None);
    let [timer, work, call, deferred] = [0; 4].map(|_| made.new_flow());
    made.tell(
        110,
        EventKind::CallbackBegin {
            name: name("data_received"),
            task: None,
            cause: Cause::Readiness,
            flow: Some(ready),
        },
    );
    let deadline = at(150);
    let set = EventKind::TimerSet {
        timer,
        deadline,
        name: name("tick"),
    };
    made.tell(111, set);
    let promised = name("call");
    made.tell(
        112,
        EventKind::DeferredMade {
            deferred,
            name: promised,
        },
    );
    made.tell(
        113,
        EventKind::WorkQueued {
            work,
            name: promised,
        },
    );
    made.tell(115, EventKind::CallbackEnd { failed: false });
    made.poll(120, 145);
    let queued_at = at(140);
    made.tell(
        145,
        EventKind::ThreadCall {
            flow: call,
            queued_at,
        },
    );
    made.tell(
        145,
        EventKind::CallbackBegin {
            name: name("call"),
            task: None,
            cause: Cause::ThreadCall,
            flow: Some(call),
        },
    );
    made.call((146, 147), "tick", None, (Cause::Deferred, deferred));
    made.tell(148, EventKind::CallbackEnd { failed: false });
    made.poll(149, 160);
    made.tell(
        160,
        EventKind::TimerFired {
            timer,
            late: 10_000_000,
        },
    );
    made.call((160, 161), "tick", None, (Cause::Timer, timer));
    made.poll(162, 170);
    made.pool = vec![
        (
            0,
            EventKind::ThreadBegin {
                name: name("truth"),
            },
        ),
        (
            116,
            EventKind::CallbackBegin {
                name: promised,
                task: None,
                cause: Cause::ThreadPool,
                flow: Some(work),
            },
        ),
        (139, EventKind::CallbackEnd { failed: false }),
        (
            140,
            EventKind::WorkDone {
                work,
                call: Some(call),
            },
        ),
        (
            141,
            EventKind::WaitBegin {
                task: super::made::task(3),
                call: WaitCall::Work,
            },
        ),
    ];
    made.store()
}

/// The place of the pool's thread among those of the model: the watchdog tells nothing.
const POOL: usize = 1;

#[test]
fn a_callback_has_its_cause() {
    let store = made();
    let of = |thread, why| {
        let spans = caused(&store, thread, why);
        let link = cause_of(&store, spans[0]).expect("it has a cause");
        assert_eq!(link.to, spans[0]);
        (link.kind, link.left)
    };
    assert_eq!(of(0, Cause::Readiness), (LinkKind::Readiness, at(100)));
    assert_eq!(of(0, Cause::Timer), (LinkKind::Timer, at(111)));
    assert_eq!(of(POOL, Cause::ThreadPool), (LinkKind::Work, at(113)));
}

#[test]
fn the_result_of_a_thread_comes_from_its_work() {
    let store = made();
    let [work] = caused(&store, POOL, Cause::ThreadPool)[..] else {
        panic!("there is one");
    };
    for why in [Cause::ThreadCall, Cause::Deferred] {
        let taken = caused(&store, 0, why)[0];
        let link = cause_of(&store, taken).expect("it has a cause");
        let expected = (LinkKind::Result, Happened::Span(work), at(140));
        assert_eq!((link.kind, link.from, link.left), expected, "{why:?}");
    }
}

#[test]
fn what_followed_is_found_on_every_thread() {
    let store = made();
    let first = caused(&store, 0, Cause::Readiness)[0];
    let links = effects(&store, Happened::Span(first), 10);
    let told: Vec<_> = links.iter().map(|link| (link.kind, link.arrived)).collect();
    let expected = [
        (LinkKind::Timer, at(160)),
        (LinkKind::Deferred, at(146)),
        (LinkKind::Work, at(116)),
    ];
    assert_eq!(told, expected);
    assert_eq!(effects(&store, Happened::Span(first), 1).len(), 1);
    let work = caused(&store, POOL, Cause::ThreadPool)[0];
    let [result] = effects(&store, Happened::Span(work), 10)[..] else {
        panic!("it has a result");
    };
    assert_eq!((result.kind, result.arrived), (LinkKind::Result, at(145)));
    let taken = span(&store, result.to);
    assert_eq!(taken.kind, SpanKind::Callback(Cause::ThreadCall));
    assert_eq!(
        effects(&store, Happened::Span(result.to), 10),
        [],
        "it led to nothing outside of it"
    );
}

#[test]
fn a_moment_leads_on_and_a_cancelled_timer_to_nothing() {
    let store = made();
    let model = &store.models()[0];
    let instants = model.threads[0].instants();
    let place = |is: fn(&EventKind) -> bool| {
        let index = instants.iter().position(|event| is(&event.kind));
        Happened::Instant(model.id, model.threads[0].id, index.expect("it was told"))
    };
    let set = place(|kind| matches!(kind, EventKind::TimerSet { .. }));
    assert_eq!(effects(&store, set, 9)[0].arrived, at(160));
    let fired = place(|kind| matches!(kind, EventKind::TimerFired { .. }));
    assert_eq!(effects(&store, fired, 9), []);

    let mut cancelled = Made::new();
    let timer = cancelled.new_flow();
    let tick = name("tick");
    let deadline = at(300);
    cancelled.tell(
        110,
        EventKind::TimerSet {
            timer,
            deadline,
            name: tick,
        },
    );
    cancelled.tell(120, EventKind::TimerCancelled { timer });
    cancelled.poll(130, 400);
    let store = cancelled.store();
    let model = &store.models()[0];
    let index = model.threads[0].instants().len() - 2;
    let set = Happened::Instant(model.id, model.threads[0].id, index);
    assert_eq!(effects(&store, set, 9), []);
}

#[test]
fn where_it_was_not_looked_for_what_followed_to_the_end_that_is_told() {
    let mut long = Made::new();
    let timer = long.new_flow();
    let never = EventKind::TimerSet {
        timer,
        deadline: at(300),
        name: name("tick"),
    };
    long.tell(110, never);
    let turns = 110_000;
    (0..turns).for_each(|turn| long.poll(400 + 10 * turn, 405 + 10 * turn));
    let store = long.store();
    let model = &store.models()[0];
    let instants = model.threads[0].instants().iter();
    let set = instants
        .enumerate()
        .find(|(_, event)| event.kind == never)
        .map(|(index, _)| Happened::Instant(model.id, model.threads[0].id, index));
    let found = crate::analysis::effects(&store, set.expect("it was set"), 9);
    assert_eq!((found.links.len(), found.is_whole), (0, false));
    assert!(found.looked_at < 2 * turns as usize, "there are more spans");
}

#[test]
fn a_task_that_is_ready_leads_to_the_callback_that_serves_it() {
    let store = sample::store();
    let model = &store.models()[0];
    let task = &model.tasks[1];
    let row = task.lane.row(0).expect("it had states");
    let index = row
        .spans()
        .iter()
        .position(|span| span.kind == SpanKind::Ready);
    let ready = SpanRef {
        model: model.id,
        lane: LaneRef::Task(task.id),
        depth: 0,
        index: index.expect("it was ready"),
    };
    let [link] = effects(&store, Happened::Span(ready), 9)[..] else {
        panic!("it was served");
    };
    assert_eq!(link.arrived, at(73));
    assert_eq!(span(&store, link.to).task, Some(task.id));
}

//! The analysis of hand-made traces.

mod causes;
mod connecting;
mod counterparts;
mod crowd;
mod difference;
mod lasting;
mod links;
mod loop_states;
mod made;
mod nested;
mod rates;
mod schedules;
mod sends;
mod startup;
mod statistics;
mod watched;

use std::time::Duration;

use super::*;
use crate::store::{TraceStore, sample};
use crate::trace::{
    Batch, Cause, DeferredStep, Event, EventKind, FlowId, LOOP_ITSELF, ModelId, NameId, Outcome,
    Source, TaskId, ThreadId, TimeRange, Timestamp,
};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn at(millis: u64) -> Timestamp {
    Timestamp(millis * 1_000_000)
}

const WHOLE: TimeRange = TimeRange {
    begin: Timestamp::ZERO,
    end: at(1000),
};

#[test]
fn the_models_compare_by_what_their_threads_waited_and_did() {
    let models = compare(&sample::store(), at(500));
    let [asynchronous, threaded] = &models[..] else {
        panic!("{models:?}");
    };
    assert_eq!(asynchronous.name, "asynchronous");
    assert_eq!(asynchronous.outcome, Some(Outcome::Failed));
    assert_eq!(asynchronous.elapsed, millis(96));
    assert_eq!(asynchronous.waiting, millis(8 + 12 + 1));
    assert_eq!(asynchronous.running, millis(96 - 21));
    assert_eq!(asynchronous.longest_stall, Some(millis(68)));
    assert_eq!((asynchronous.stalls, asynchronous.polls), (1, 3));
    assert_eq!(asynchronous.dropped, 7);
    assert_eq!(threaded.elapsed, millis(100));
    assert_eq!(threaded.waiting, millis(2 + 46 + 45));
    assert_eq!(
        threaded.running,
        millis(5),
        "the main thread, which has no spans, does not count"
    );
    assert_eq!((threaded.stalls, threaded.polls), (0, 0));
}

/// A Deferred whose first callback fails, whose errback recovers, and which then pauses.
#[test]
fn the_way_of_a_result_through_its_chain_is_told_in_order() {
    let [get_poem, parse, recover, wait] = [0, 1, 2, 3].map(NameId::from_index);
    let (deferred, inner) = (FlowId::from_index(0), FlowId::from_index(1));
    let step = |step| EventKind::DeferredStep { deferred, step };
    let begin = |name| EventKind::CallbackBegin {
        name,
        task: None,
        cause: Cause::Deferred,
        flow: Some(deferred),
    };
    let end = |failed| EventKind::CallbackEnd { failed };
    let made = |deferred| EventKind::DeferredMade {
        deferred,
        name: get_poem,
    };
    let waits_for = Some(inner);
    let events = [
        (1, made(deferred)),
        (1, made(inner)),
        (5, step(DeferredStep::Fired)),
        (5, begin(parse)),
        (6, end(true)),
        (6, step(DeferredStep::Failed)),
        (6, begin(recover)),
        (7, end(false)),
        (7, step(DeferredStep::Recovered)),
        (7, begin(wait)),
        (8, end(false)),
        (
            8,
            EventKind::DeferredPaused {
                deferred,
                waits_for,
            },
        ),
        (9, step(DeferredStep::Resumed)),
    ];
    let mut store = TraceStore::new();
    store.push(&Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: Vec::new(),
        events: events
            .map(|(millis, kind)| Event {
                at: at(millis),
                kind,
            })
            .to_vec(),
    });
    let model = &store.models()[0];
    let way = chain(model, deferred).expect("it is recorded");
    assert_eq!(way.name, get_poem);
    let words: Vec<String> = way
        .steps
        .iter()
        .map(|step| match step.what {
            ChainEvent::Made => "made".to_owned(),
            ChainEvent::Step(step) => step.to_string(),
            ChainEvent::Paused(other) => format!("paused for {}", other == waits_for),
            ChainEvent::Called { name, failed, span } => {
                assert_eq!(store.span(span).and_then(|span| span.name), name);
                format!("called {:?} {failed}", name.map(NameId::index))
            }
        })
        .collect();
    assert_eq!(
        words,
        [
            "made",
            "fired",
            "called Some(1) true",
            "failed",
            "called Some(2) false",
            "recovered",
            "called Some(3) false",
            "paused for true",
            "resumed",
        ]
    );
    let mut in_parts = Chain::begin(model, deferred).expect("it is recorded");
    assert!(in_parts.steps.is_empty() && !in_parts.is_whole);
    let mut parts = 1;
    while !in_parts.look(model, 1) {
        parts += 1;
        assert!(parts < 100, "each part looks at something");
    }
    assert_eq!(in_parts.steps, way.steps);
    assert!(in_parts.look(model, 1), "and at nothing twice");
    assert_eq!(in_parts, way);
    assert_eq!(chain(model, inner).expect("it is recorded").steps.len(), 1);
    assert_eq!(chain(model, FlowId::from_index(7)), None);
}

#[test]
fn callbacks_are_counted_by_name_and_task_with_their_moments() {
    let store = sample::store();
    let called = callbacks(&store, &store.models()[0], at(500));
    let [first, ..] = &called[..] else {
        panic!("nothing was called");
    };
    assert_eq!((first.name.as_str(), first.count), ("start", 1));
    let received = called
        .iter()
        .find(|one| one.name == "data_received" && one.task == TaskId::new(1))
        .expect("ecstasy received data");
    assert_eq!(received.begins.len(), received.count);
    assert!(received.longest <= received.total);
    assert!(
        received.total >= millis(60),
        "it slept: {:?}",
        received.total
    );
    assert!(called.is_sorted_by_key(|one| one.begins[0]));
}

#[test]
fn a_task_tells_how_long_it_was_in_which_state() {
    let models = compare(&sample::store(), at(500));
    let [ecstasy, science] = &models[0].tasks[..] else {
        panic!("{models:?}");
    };
    assert_eq!((ecstasy.bytes, ecstasy.outcome), (30, Some(Outcome::Done)));
    assert_eq!((ecstasy.queued, ecstasy.ready), (millis(1), millis(0)));
    assert_eq!(ecstasy.running, millis(63));
    assert_eq!(ecstasy.waiting, millis(9 + 20));
    assert_eq!(science.ready, millis(63), "it waited for the other's sleep");
    assert_eq!(
        science.error.as_deref(),
        Some("connection reset, said the kernel")
    );
    let threaded = &models[1].tasks[0];
    assert_eq!((threaded.begin, threaded.end), (Some(at(1)), Some(at(99))));
    assert_eq!(threaded.waiting, millis(2 + 46 + 45));
}

#[test]
fn what_lasts_still_lasts_until_now() {
    let mut store = TraceStore::new();
    store.push(&sample::batches()[0]);
    let models = compare(&store, at(200));
    assert_eq!(models[0].outcome, None);
    assert_eq!(models[0].elapsed, millis(200));
    assert_eq!(models[0].waiting, millis(8));
    assert_eq!(models[0].tasks[0].waiting, millis(9 + 127));
}

#[test]
fn a_stall_names_the_call_that_blocked() {
    let store = sample::store();
    let reports = stalls(&store, at(100));
    assert_eq!(reports.len(), 1);
    let report = &reports[0];
    assert_eq!(report.range, TimeRange::new(at(10), at(78)));
    assert_eq!(report.task_name.as_deref(), Some("ecstasy"));
    assert_eq!(report.cause.kind, CauseKind::Blocked);
    assert_eq!(report.what().to_string(), "sleep 60ms in data_received");
    assert_eq!(
        report.sentence().to_string(),
        "data_received of ecstasy held the loop for 68 ms: sleep 60ms; 1 connection and 1 timer waited, the worst 63 ms"
    );
    assert!(report.settled, "the turn after it is over");
    let model = &store.models()[0];
    assert_eq!(stall(&store, model, 0, at(100)).as_ref(), Some(report));
    assert_eq!(stall(&store, model, 1, at(100)), None);
}

/// From when to when calls block, in milliseconds.
type Calls = &'static [(u64, u64)];

/// A turn from 0 to 100 ms that is a stall, with these callbacks and, in each, these calls that block.
fn stalled(callbacks: &[(u64, u64, Calls)]) -> StallReport {
    let (work, call) = (NameId::from_index(0), NameId::from_index(1));
    let begins = EventKind::CallbackBegin {
        name: work,
        task: None,
        cause: Cause::Timer,
        flow: None,
    };
    let mut events = vec![
        (0, EventKind::PollBegin),
        (0, EventKind::PollEnd { ready: 0 }),
    ];
    for &(begin, end, calls) in callbacks {
        events.push((begin, begins));
        for &(begin, end) in calls {
            let blocks = EventKind::BlockingBegin {
                name: call,
                task: None,
            };
            events.extend([(begin, blocks), (end, EventKind::BlockingEnd)]);
        }
        events.push((end, EventKind::CallbackEnd { failed: false }));
    }
    let stall = EventKind::Stall {
        begin: at(0),
        task: None,
        callback: work,
    };
    events.extend([(100, stall), (100, EventKind::PollBegin)]);
    let mut store = TraceStore::new();
    store.push(&Batch {
        source: Source {
            model: ModelId::from_index(0),
            thread: ThreadId::from_index(0),
        },
        names: vec![(work, "work".to_owned()), (call, "read".to_owned())],
        events: events
            .into_iter()
            .map(|(millis, kind)| Event {
                at: at(millis),
                kind,
            })
            .collect(),
    });
    stalls(&store, at(100)).remove(0)
}

#[test]
fn a_stall_tells_a_callback_that_computes_from_calls_that_block_and_from_many_callbacks() {
    let said = |stall: &StallReport| {
        let sentence = stall.sentence().to_string();
        let (told, _) = sentence.split_once("; nobody").expect("nobody waits");
        told.to_owned()
    };
    let itself = stalled(&[(1, 99, &[(5, 9)])]);
    assert_eq!(itself.cause.kind, CauseKind::Unknown, "nobody looked");
    assert_eq!(
        said(&itself),
        "work held the loop for 100 ms, and it is not known why"
    );
    let row = stalled(&[(1, 99, &[(5, 35), (40, 70)])]);
    assert_eq!(row.cause.kind, CauseKind::ManyCalls);
    assert_eq!(row.what().to_string(), "2 × read in work");
    let long = stalled(&[(1, 99, &[(5, 65), (70, 90)])]);
    assert_eq!(long.cause.kind, CauseKind::Blocked, "one is most of it");
    let few = stalled(&[(1, 31, &[(1, 31)]), (31, 71, &[(31, 71)]), (71, 99, &[])]);
    assert_eq!(few.cause.kind, CauseKind::ManyCalls, "each is to blame");
    assert_eq!(
        said(&few),
        "3 callbacks in one turn held the loop for 100 ms, the longest, work, for 40 ms: 2 × read"
    );
    let dozen: Vec<_> = (0..12).map(|at| (8 * at, 8 * at + 8, &[][..])).collect();
    let many = stalled(&dozen);
    assert_eq!(many.cause.kind, CauseKind::ManyCallbacks);
    assert_eq!(
        said(&many),
        "12 callbacks in one turn held the loop for 100 ms, the longest, work, for 8 ms"
    );
    let mut own = stalled(&[(1, 3, &[])]);
    assert_eq!(
        said(&own),
        "the loop did not wait for 100 ms; callbacks took 2 ms of that"
    );
    own.cause.kind = CauseKind::OnCpu;
    assert_eq!(
        said(&own),
        "what ran between callbacks held the loop for 100 ms, computing"
    );
    let two = stalled(&[(1, 61, &[]), (61, 90, &[]), (90, 91, &[])]);
    assert_eq!(
        said(&two),
        "work and 1 other callback held the loop for 100 ms, and it is not known why"
    );
}

#[test]
fn the_lag_of_a_loop_leaps_up_with_each_turn_and_falls_while_it_lasts() {
    let store = sample::store();
    let reactor = &store.models()[0].threads[0];
    let lag = loop_lag(reactor, WHOLE, 1, at(100));
    let teeth: Vec<_> = lag
        .chunks(3)
        .map(|tooth| (tooth[1].at, tooth[1].lag, tooth[2].at))
        .collect();
    assert_eq!(
        teeth,
        [
            (at(1), millis(1), at(2)),
            (at(10), millis(68), at(78)),
            (at(90), millis(4), at(94)),
            // What came after its first moment was dropped.
            (at(95), millis(0), at(95)),
        ]
    );
    let worker = &store.models()[1].threads[1];
    let highest = loop_lag(worker, WHOLE, 1, at(100));
    let highest = highest.iter().map(|point| point.lag).max();
    assert_eq!(highest, Some(millis(4)), "from one wait to the next");
    let main = &store.models()[1].threads[0];
    assert_eq!(loop_lag(main, WHOLE, 1, at(100)), []);
}

#[test]
fn turns_too_short_to_be_told_apart_show_as_the_longest_of_them() {
    let store = sample::store();
    let reactor = &store.models()[0].threads[0];
    let view = TimeRange::new(at(80), at(1000));
    let lag = loop_lag(reactor, view, 900_000_000, at(100));
    assert_eq!(lag.len(), 3, "{lag:?}");
    assert_eq!(lag[1].lag, millis(4));
}

#[test]
fn a_turn_that_lasts_still_is_late_by_what_has_passed_of_it() {
    let mut store = TraceStore::new();
    store.push(&sample::batches()[0]);
    let reactor = &store.models()[0].threads[0];
    let lag = loop_lag(reactor, WHOLE, 1, at(300));
    assert_eq!(lag.last().map(|point| point.at), Some(at(300)));
    assert_eq!(lag[lag.len() - 2].lag, millis(290));
}

#[cfg(feature = "format")]
#[test]
fn the_report_has_the_promised_keys() {
    let report = Report::new(&sample::store(), "three-slow-servers", at(100));
    let json = serde_json::to_value(&report).expect("plain data");
    assert_eq!(json["scenario"], "three-slow-servers");
    let model = &json["models"][0];
    assert_eq!(model["model"], "asynchronous");
    assert_eq!(model["elapsed_s"], 0.096);
    assert_eq!(model["dropped"], 7);
    assert_eq!(model["events"], 38);
    let task = &model["tasks"][1];
    assert_eq!(task["name"], "science \"quoted\"");
    assert_eq!(
        (task["number"].as_u64(), task["bytes"].as_u64()),
        (Some(2), Some(20))
    );
    assert_eq!(task["started_s"], 0.001);
    assert_eq!(task["finished_s"], 0.093);
    assert_eq!(task["error"], "connection reset, said the kernel");
    assert!(model["tasks"][0]["error"].is_null());
    let stall = &model["stalls"][0];
    assert_eq!(
        (&stall["start_s"], &stall["duration_s"]),
        (&0.01.into(), &0.068.into())
    );
    assert_eq!(stall["task"], "ecstasy");
    let cause = &stall["cause"];
    assert_eq!(
        (&cause["kind"], &cause["call"]),
        (&"blocked".into(), &"sleep 60ms".into())
    );
    assert!(cause["syscall"].is_null() && cause["fd"].is_null() && cause["on_cpu_s"].is_null());
    let victim = &stall["victims"][0];
    assert_eq!(victim["kind"], "fd");
    assert_eq!(victim["name"], "data_received of science \"quoted\"");
    assert_eq!(
        (&victim["ready_s"], &victim["served_s"]),
        (&0.01.into(), &0.073.into())
    );
    assert_eq!(victim["delay_s"], 0.063);
    assert_eq!(victim["blame"][0]["callback"], "data_received");
    assert_eq!(victim["blame"][0]["seconds"], 0.063);
    let health = &model["health"];
    assert_eq!(health["turns"], 3);
    assert_eq!(health["queueing_delay"]["count"], 5);
    assert_eq!(health["queueing_delay"]["max_s"], 0.063);
    assert_eq!(health["lag"]["max_s"], 0.061);
    assert_eq!(model["observer"]["dropped"], 7);
    assert!(json["models"][1]["health"].is_null(), "it has no loop");
}

//! Chrome JSON as its readers want it.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::format::Mark;
use crate::format::chrome::{self, Written};
use crate::store::TraceStore;
use crate::store::anything::any_batches;
use crate::trace::{Cause, EventKind};

fn exported(store: &TraceStore) -> (Written, Vec<Value>) {
    exported_with(store, &[])
}

fn exported_with(store: &TraceStore, marks: &[Mark]) -> (Written, Vec<Value>) {
    let mut bytes = Vec::new();
    let now = store.range().end;
    let written = chrome::write(&mut bytes, &info(), store, marks, now).expect("memory");
    let json: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    let Value::Array(events) = json["traceEvents"].clone() else {
        panic!("{json}");
    };
    (written, events)
}

fn is(event: &Value, letter: &str) -> bool {
    event["ph"] == letter
}

/// Microseconds in the file as nanoseconds.
fn nanos(number: &Value) -> u64 {
    let micros = number.as_f64().expect("a number");
    assert!(micros >= 0.0);
    (micros * 1000.0).round() as u64
}

fn track(event: &Value) -> (u64, u64) {
    let number = |key: &str| event[key].as_u64().expect("a whole number");
    (number("pid"), number("tid"))
}

/// The rules that a file has to obey whatever is in it.
fn check(written: Written, events: &[Value]) {
    let mut slices: HashMap<_, Vec<(u64, u64)>> = HashMap::new();
    for event in events {
        assert!(event["name"].is_string(), "{event}");
        assert_ne!(track(event).1, 0, "{event}");
        if is(event, "M") {
            assert!(event["args"].is_object(), "{event}");
            continue;
        }
        let at = nanos(&event["ts"]);
        match event["ph"].as_str().expect("a letter") {
            "X" => slices
                .entry(track(event))
                .or_default()
                .push((at, at + nanos(&event["dur"]))),
            "i" => assert_eq!(event["s"], "t"),
            "C" => assert!(
                event["args"]
                    .as_object()
                    .expect("args")
                    .values()
                    .all(Value::is_number)
            ),
            "s" | "f" => {}
            other => panic!("{other}"),
        }
    }
    for slices in slices.values_mut() {
        check_nesting(slices);
    }
    let (begins, ends) = (arrow_ends(events, "s"), arrow_ends(events, "f"));
    assert_eq!(begins.len(), ends.len());
    for (id, end) in &ends {
        assert_eq!(end["bp"], "e");
        let begin = begins.get(id).expect("every arrow has a begin");
        assert!(nanos(&begin["ts"]) < nanos(&end["ts"]));
        for event in [begin, end] {
            let at = nanos(&event["ts"]);
            let around = &slices[&track(event)];
            assert!(
                around.iter().any(|(from, to)| (*from..=*to).contains(&at)),
                "{event}"
            );
        }
    }
    let count = |letter| events.iter().filter(|event| is(event, letter)).count() as u64;
    let counted = Written {
        slices: count("X"),
        instants: count("i"),
        arrows: count("s"),
        counters: count("C"),
    };
    assert_eq!(written, counted);
}

/// As a reader does it: sorted by time, in the order of the file where times are equal.
fn check_nesting(slices: &mut [(u64, u64)]) {
    slices.sort_by_key(|(begin, _)| *begin);
    let mut around: Vec<(u64, u64)> = Vec::new();
    for &mut (begin, end) in slices {
        while around
            .last()
            .is_some_and(|(_, outer_end)| *outer_end <= begin)
        {
            around.pop();
        }
        if let Some((_, outer_end)) = around.last() {
            assert!(end <= *outer_end, "{begin}..{end} reaches over {outer_end}");
        }
        around.push((begin, end));
    }
}

fn arrow_ends<'a>(events: &'a [Value], letter: &str) -> HashMap<u64, &'a Value> {
    let mut found = HashMap::new();
    for event in events.iter().filter(|event| is(event, letter)) {
        let id = event["id"].as_u64().expect("a whole number");
        assert!(found.insert(id, event).is_none(), "a number is used once");
    }
    found
}

#[test]
fn the_sample_obeys_the_rules() {
    let (written, events) = exported(&sample::store());
    check(written, &events);
    assert_eq!(written.arrows, 4, "two readinesses, a timer, a call");
}

#[test]
fn models_are_processes_and_threads_stalls_and_tasks_are_threads() {
    let (_, events) = exported(&sample::store());
    let named = |what: &str| -> Vec<(u64, String)> {
        let about = events.iter().filter(|event| event["name"] == what);
        about
            .map(|event| {
                (
                    track(event).0,
                    event["args"]["name"].as_str().expect("text").to_owned(),
                )
            })
            .collect()
    };
    let processes = named("process_name");
    assert_eq!(processes.len(), 2);
    let threads = |process: u64| -> Vec<String> {
        let all = named("thread_name").into_iter();
        all.filter(|(of, _)| *of == process)
            .map(|(_, name)| name)
            .collect()
    };
    assert_eq!(processes[0].1, "asynchronous");
    assert_eq!(
        threads(processes[0].0),
        [
            "reactor",
            "stalls of reactor",
            "task 1: ecstasy",
            "task 2: science \"quoted\""
        ]
    );
    assert_eq!(
        threads(processes[1].0),
        ["main", "thread of ecstasy", "task 1: ecstasy"]
    );
    let tracks: Vec<_> = events
        .iter()
        .filter(|event| event["name"] == "thread_name")
        .map(|event| track(event).1)
        .collect();
    let distinct: HashSet<_> = tracks.iter().collect();
    assert_eq!(distinct.len(), tracks.len());
}

#[test]
fn times_are_exact_to_the_nanosecond() {
    let mut bytes = Vec::new();
    let mut batches = sample::batches();
    for event in batches.iter_mut().flat_map(|batch| &mut batch.events) {
        event.at.0 += 7_000_000_001;
    }
    let mut store = TraceStore::new();
    batches.iter().for_each(|batch| store.push(batch));
    chrome::write(&mut bytes, &info(), &store, &[], now()).expect("memory");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(
        text.contains("\"ts\":7010000.001,\"dur\":68000.000"),
        "{text}"
    );
}

#[test]
fn arrows_begin_in_the_slice_that_brought_the_cause() {
    let (_, events) = exported(&sample::store());
    // Where readers look for the slice: the innermost that has begun and not ended.
    let slice_at = |letter: &str, id: u64| {
        let arrow = events
            .iter()
            .find(|event| is(event, letter) && event["id"] == id);
        let arrow = arrow.expect("the arrow is drawn");
        let at = nanos(&arrow["ts"]);
        let mut around = events.iter().filter(|event| {
            let begin = || nanos(&event["ts"]);
            let ends_after = || begin() + nanos(&event["dur"]) > at;
            is(event, "X") && track(event) == track(arrow) && begin() <= at && ends_after()
        });
        around.next_back().expect("an arrow is in a slice")["name"]
            .as_str()
            .expect("text")
    };
    assert_eq!(
        (slice_at("s", 1), slice_at("f", 1)),
        ("poll", "data_received")
    );
    assert_eq!(
        (slice_at("s", 2), slice_at("f", 2)),
        ("poll", "data_received")
    );
    assert_eq!((slice_at("s", 3), slice_at("f", 3)), ("start", "timed_out"));
    assert_eq!((slice_at("s", 4), slice_at("f", 4)), ("poll", "start"));
    let poll = events.iter().find(|event| event["name"] == "poll");
    assert_eq!(poll.expect("there is one")["args"]["ready"], 2);
}

#[test]
fn the_end_of_an_arrow_comes_before_the_moments_of_its_time() {
    let (_, events) = exported(&sample::store());
    let place =
        |found: &dyn Fn(&Value) -> bool| events.iter().position(found).expect("it is there");
    let fired = place(&|event| event["name"] == "timer fired");
    assert_eq!(
        place(&|event| is(event, "f") && event["id"] == 3) + 1,
        fired
    );
}

#[test]
fn an_arrow_from_where_no_slice_is_gets_left_out() {
    let mut batches = sample::batches();
    // The start, in which the timer is set, is not recorded.
    batches[0].events.retain(|event| {
        let ends_at_2 = event.at.0 == 2_000_000 && event.kind != EventKind::PollBegin;
        !ends_at_2 && !is_start(event.kind)
    });
    let mut store = TraceStore::new();
    batches.iter().for_each(|batch| store.push(batch));
    let (written, events) = exported(&store);
    check(written, &events);
    assert_eq!(written.arrows, 3);
}

fn is_start(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::CallbackBegin {
            cause: Cause::WhenRunning,
            ..
        }
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_recorded_obeys_the_rules(batches in any_batches(false)) {
        let mut store = TraceStore::new();
        for batch in &batches {
            store.push(batch);
        }
        let (written, events) = exported(&store);
        check(written, &events);
    }
}

#[test]
fn the_stall_and_what_lasts_still_are_told() {
    let mut store = TraceStore::new();
    store.push(&sample::batches()[0]);
    let (written, events) = exported(&store);
    check(written, &events);
    let open = events
        .iter()
        .filter(|event| event["args"]["unfinished"] == true);
    assert_eq!(
        open.count(),
        2,
        "the turn, and the task that waits since then"
    );
    let (_, events) = exported(&sample::store());
    let stall = events
        .iter()
        .find(|event| event["cat"] == "stall")
        .expect("one");
    assert_eq!(stall["name"], "stall: sleep 60ms in data_received");
    assert_eq!(nanos(&stall["dur"]), 68_000_000);
}

#[test]
fn marks_have_a_process_of_their_own_and_say_what_was_noted() {
    let mark = |at, note: &str| Mark {
        at: Timestamp(at),
        note: note.to_owned(),
    };
    let marks = [mark(7_001, "\"here\""), mark(2_000, "")];
    let store = sample::store();
    let (plain, _) = exported(&store);
    let (written, events) = exported_with(&store, &marks);
    check(written, &events);
    assert_eq!(written.instants, plain.instants + 2);
    let is_process = |event: &&Value| event["name"] == "process_name";
    let processes: Vec<_> = events.iter().filter(is_process).collect();
    let own = processes.last().expect("there are some");
    assert_eq!(own["args"]["name"], "marks");
    let instants = events
        .iter()
        .filter(|event| is(event, "i") && track(event) == track(own));
    let told: Vec<_> = instants
        .map(|event| (nanos(&event["ts"]), &event["name"], &event["args"]["note"]))
        .collect();
    assert_eq!(told[0], (2_000, &Value::from("mark 1"), &Value::from("")));
    assert_eq!(
        told[1],
        (7_001, &Value::from("\"here\""), &Value::from("\"here\""))
    );
}

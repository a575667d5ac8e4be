use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::super::channel::channel_with_capacity;
use super::super::{Receiver, TryRecvError};
use super::*;
use crate::trace::{Batch, ModelId, Outcome, TaskId};

fn model() -> ModelId {
    ModelId::from_index(0)
}

fn drain(receiver: &Receiver) -> Vec<Batch> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

#[test]
fn events_come_out_in_order_on_the_time_of_the_clock() {
    let (clock, hand) = Clock::manual();
    let (recorders, receiver) = super::super::channel(&clock, Arc::new(|| {}));
    let mut recorder = recorders.recorder(model(), "reactor");
    hand.advance(Duration::from_micros(5));
    recorder.record(EventKind::PollBegin);
    drop(recorder);
    let batches = drain(&receiver);
    assert_eq!(batches.len(), 1);
    let (id, name) = &batches[0].names[0];
    assert_eq!(name, "reactor");
    let events: Vec<_> = batches[0]
        .events
        .iter()
        .map(|event| (event.at.as_nanos(), event.kind))
        .collect();
    assert_eq!(
        events,
        [
            (0, EventKind::ThreadBegin { name: *id }),
            (5_000, EventKind::PollBegin),
            (5_000, EventKind::ThreadEnd),
        ]
    );
}

#[test]
fn where_it_is_asked_for_the_last_word_tells_how_the_threads_time_was_spent() {
    let (recorders, receiver) = super::super::channel(&Clock::monotonic(), Arc::new(|| {}));
    let recorder = recorders.with_thread_times().recorder(model(), "reactor");
    drop(recorder);
    let events = drain(&receiver).remove(0).events;
    let [.., times, cost, end] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(matches!(times.kind, EventKind::ThreadSpent { .. }));
    assert!(matches!(cost.kind, EventKind::Recorded { events: 4, .. }));
    assert_eq!(end.kind, EventKind::ThreadEnd);
}

#[test]
fn a_moment_in_the_past_is_moved_to_the_last_event() {
    let (clock, hand) = Clock::manual();
    let (recorders, receiver) = super::super::channel(&clock, Arc::new(|| {}));
    let mut recorder = recorders.recorder(model(), "reactor");
    let early = recorder.ticks();
    hand.advance(Duration::from_micros(5));
    recorder.record(EventKind::PollBegin);
    recorder.record_at(early, EventKind::PollEnd { ready: 0 });
    recorder.flush();
    let events = drain(&receiver).remove(0).events;
    assert_eq!(events[2].at, events[1].at);
}

#[test]
fn a_loop_that_turns_often_hands_over_once_a_millisecond() {
    let (clock, hand) = Clock::manual();
    let (recorders, receiver) = super::super::channel(&clock, Arc::new(|| {}));
    let mut recorder = recorders.recorder(model(), "reactor");
    let mut turn = || {
        let now = recorder.record(EventKind::PollBegin);
        recorder.flush_if_due(now)
    };
    assert!(!turn(), "the first time at once");
    assert_eq!(drain(&receiver).len(), 1);
    assert!(turn() && turn(), "somebody has to see to it");
    assert!(drain(&receiver).is_empty());
    hand.advance(FLUSH_INTERVAL);
    assert!(!turn());
    assert_eq!(drain(&receiver)[0].events.len(), 3);
    hand.advance(FLUSH_INTERVAL);
    assert!(!recorder.flush_if_due(recorder.ticks()), "nothing is left");
}

#[test]
fn each_handing_over_wakes_once() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&wakes);
    let wake: super::super::Wake = Arc::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let (recorders, _receiver) = super::super::channel(&Clock::monotonic(), wake);
    let mut recorder = recorders.recorder(model(), "reactor");
    recorder.flush();
    recorder.flush();
    assert_eq!(
        wakes.load(Ordering::Relaxed),
        1,
        "an empty batch is not handed over"
    );
}

#[test]
fn a_full_channel_costs_nothing_until_the_cap_and_then_the_dropped_are_counted() {
    let clock = Clock::monotonic();
    let (recorders, receiver) = channel_with_capacity(&clock, Arc::new(|| {}), 1);
    let mut recorder = recorders.recorder(model(), "reactor");
    recorder.flush();
    let lost = 1000;
    for _ in 0..MAX_PENDING + lost {
        recorder.record(EventKind::PollBegin);
    }
    let first = receiver.try_recv().expect("the one batch that fitted");
    assert_eq!(first.events.len(), 1);
    recorder.flush();
    let second = receiver.try_recv().expect("what had to wait");
    assert_eq!(second.events.len(), MAX_PENDING + 1);
    assert_eq!(
        second.events[MAX_PENDING].kind,
        EventKind::Dropped { count: lost as u64 }
    );
    drop(recorder);
    drop(recorders);
    let last = receiver.try_recv().expect("the end of the thread");
    assert_eq!(last.events.len(), 1, "nothing is counted twice");
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn how_a_task_ended_is_not_dropped() {
    let clock = Clock::monotonic();
    let (recorders, receiver) = channel_with_capacity(&clock, Arc::new(|| {}), 1);
    let mut recorder = recorders.recorder(model(), "reactor");
    recorder.flush();
    for _ in 0..MAX_PENDING + 10 {
        recorder.record(EventKind::PollBegin);
    }
    let end = EventKind::TaskEnd {
        task: TaskId::from_index(0),
        outcome: Outcome::Done,
    };
    recorder.record(end);
    recorder.record(EventKind::PollBegin);
    receiver.try_recv().expect("the one batch that fitted");
    recorder.flush();
    let second = receiver.try_recv().expect("what had to wait");
    let last = second.events[MAX_PENDING..].iter();
    let last: Vec<_> = last.map(|event| event.kind).collect();
    assert_eq!(last, [EventKind::Dropped { count: 11 }, end]);
}

#[test]
fn the_last_words_of_a_thread_are_never_lost_and_come_last() {
    let (recorders, receiver) = channel_with_capacity(&Clock::monotonic(), Arc::new(|| {}), 1);
    let mut recorder = recorders.recorder(model(), "reactor");
    recorder.flush();
    recorder.record(EventKind::PollBegin);
    drop(recorder);
    drop(recorders);
    let events: Vec<_> = drain(&receiver)
        .into_iter()
        .flat_map(|batch| batch.events)
        .map(|event| event.kind)
        .collect();
    assert!(
        matches!(events[0], EventKind::ThreadBegin { .. }),
        "{events:?}"
    );
    assert_eq!(events[1..], [EventKind::PollBegin, EventKind::ThreadEnd]);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn names_survive_a_full_channel() {
    let (recorders, receiver) = channel_with_capacity(&Clock::monotonic(), Arc::new(|| {}), 1);
    let mut recorder = recorders.recorder(model(), "reactor");
    recorder.flush();
    let name = recorder.name("late");
    recorder.flush();
    assert_eq!(recorder.name("late"), name, "a text keeps its id");
    drain(&receiver);
    recorder.flush();
    assert_eq!(drain(&receiver)[0].names, [(name, "late".to_owned())]);
}

#[test]
fn one_that_is_off_keeps_nothing() {
    let mut recorder = Recorders::off(&Clock::monotonic()).recorder(model(), "reactor");
    for _ in 0..10_000 {
        recorder.record(EventKind::PollBegin);
        recorder.message("bad luck");
    }
    let name = recorder.name("callback");
    assert_eq!(recorder.name("callback"), name);
    assert!(recorder.events.is_empty() && recorder.names.is_empty());
}

#[test]
fn a_recorder_without_a_receiver_does_not_care() {
    let (recorders, receiver) = channel_with_capacity(&Clock::monotonic(), Arc::new(|| {}), 1);
    drop(receiver);
    let mut recorder = recorders.recorder(model(), "reactor");
    for _ in 0..10_000 {
        recorder.record(EventKind::PollBegin);
    }
}

//! A hand-made loop at several moments.

use super::made::{LOOP, Made, name, task};
use super::{at, millis};
use crate::analysis::{LoopHistories, LoopState, Phase, loop_state};
use crate::store::TraceStore;
use crate::trace::{Cause, EventKind, Side, ThreadId, Timestamp};

/// A poll to 100; two tasks ready, of which the first holds the loop to 160; then a call from a thread, asked for at 120,
/// and a timer that was due at 130. A second poll from 180 to 300, and a turn that lasts still.
fn made() -> Made {
    let mut made = Made::new();
    let timer = made.new_flow();
    let later = made.new_flow();
    for (flow, deadline) in [(timer, 130), (later, 500)] {
        made.tell(
            100,
            EventKind::TimerSet {
                timer: flow,
                deadline: at(deadline),
                name: name("tick"),
            },
        );
    }
    let connection = made.new_flow();
    made.tell(
        100,
        EventKind::ConnectionMade {
            connection,
            task: Some(task(1)),
            side: Side::Client,
        },
    );
    let (first, second) = (made.ready(100, 1, Some(7)), made.ready(100, 2, None));
    made.serve((101, 160), 1, first);
    made.serve((160, 161), 2, second);
    let call = made.new_flow();
    let queued_at = at(120);
    made.tell(
        165,
        EventKind::ThreadCall {
            flow: call,
            queued_at,
        },
    );
    made.call((166, 168), "call", None, (Cause::ThreadCall, call));
    let late = 40_000_000;
    made.tell(170, EventKind::TimerFired { timer, late });
    made.call((170, 175), "tick", None, (Cause::Timer, timer));
    made.poll(180, 300);
    made
}

fn state_of(store: &TraceStore, moment: Timestamp) -> LoopState {
    state_without(store, Timestamp::ZERO, moment)
}

/// The state at a moment where what lies before `gone` was let go of.
fn state_without(store: &TraceStore, gone: Timestamp, moment: Timestamp) -> LoopState {
    let model = &store.models()[0];
    let mut histories = LoopHistories::default();
    while !histories.look(model, 1) {}
    histories.forget_before(gone);
    let thread = model.thread(LOOP).expect("it is there");
    loop_state(model, thread, &histories, moment, at(400)).expect("it has a loop")
}

fn state(millis: u64) -> LoopState {
    state_of(&made().store(), at(millis))
}

#[test]
fn a_turn_comes_by_its_stations_in_order() {
    let phases = [0, 1, 50, 100, 120, 166, 170, 178, 180, 300, 350].map(|moment| {
        let state = state(moment);
        (state.phase, state.turn)
    });
    let expected = [
        (Phase::Starting, 0),
        (Phase::Poll, 1),
        (Phase::Poll, 1),
        (Phase::Dispatch, 1),
        (Phase::Dispatch, 1),
        (Phase::ThreadCalls, 1),
        (Phase::Timers, 1),
        (Phase::Timers, 1),
        (Phase::Poll, 2),
        (Phase::Dispatch, 2),
        (Phase::Dispatch, 2),
    ];
    assert_eq!(phases, expected);
}

#[test]
fn the_circle_turns_forward_and_what_lasts_still_is_halfway() {
    let shares: Vec<f64> = (1..=179).map(|moment| state(moment).share()).collect();
    assert!(shares.is_sorted(), "{shares:?}");
    assert!(shares[0] < 0.01 && shares[178] > 0.9);
    let state = state(350);
    assert!(state.lasts);
    assert!((state.share() - 0.375).abs() < 1e-9);
}

#[test]
fn what_runs_and_what_is_ready_and_not_served() {
    let state = state(110);
    let running: Vec<_> = state.stack.iter().map(|frame| frame.span.name).collect();
    assert_eq!(running, [Some(name("data_received"))]);
    assert_eq!(state.without_poll, millis(10));
    let [ready] = &state.ready[..] else {
        panic!("{:?}", state.ready);
    };
    assert_eq!((ready.task, ready.since), (Some(task(2)), at(100)));
    assert!(self::state(50).ready.is_empty());
    assert!(self::state(160).ready.is_empty());
}

#[test]
fn a_call_is_queued_from_when_it_is_asked_for_until_it_runs() {
    let queued = [119, 120, 140, 165, 166].map(|moment| state(moment).calls.len());
    assert_eq!(queued, [0, 1, 1, 1, 0]);
    let call = state(140).calls[0];
    assert_eq!((call.since, call.name), (at(120), Some(name("call"))));
}

#[test]
fn timers_lie_in_the_order_of_their_deadlines_until_they_fire() {
    let before = state(140);
    let deadlines: Vec<_> = before.timers.iter().map(|timer| timer.deadline).collect();
    assert_eq!(deadlines, [at(130), at(500)]);
    assert_eq!(before.late_timers(), 1);
    let after = state(200);
    assert_eq!((after.timers.len(), after.late_timers()), (1, 0));
    assert!(state(50).timers.is_empty());
}

#[test]
fn a_connection_stands_with_its_task_and_its_descriptor() {
    let [one] = &state(110).registered[..] else {
        panic!("{:?}", state(110).registered);
    };
    assert_eq!((one.task, one.fd), (Some(task(1)), Some(7)));
    assert!(state(50).registered.is_empty());
}

#[test]
fn work_waits_for_a_thread_of_the_pool() {
    let mut made = made();
    for text in ["call", "tick"] {
        let work = made.new_flow();
        let name = name(text);
        made.tell(300, EventKind::WorkQueued { work, name });
    }
    made.pool = vec![
        (0, EventKind::ThreadBegin { name: name("loop") }),
        (
            310,
            EventKind::CallbackBegin {
                name: name("call"),
                task: None,
                cause: Cause::ThreadPool,
                flow: None,
            },
        ),
        (390, EventKind::CallbackEnd { failed: false }),
        (391, EventKind::IdleBegin),
    ];
    let store = made.store();
    let counts = [299, 300, 310, 395].map(|moment| {
        let pool = state_of(&store, at(moment)).pool;
        (pool.at_work.len(), pool.queued.len())
    });
    assert_eq!(counts, [(0, 0), (0, 2), (1, 1), (0, 1)]);
    let late = [350, 395].map(|moment| {
        let pool = state_without(&store, at(350), at(moment)).pool;
        (pool.at_work.len(), pool.queued.len())
    });
    assert_eq!(
        late,
        [(1, 1), (0, 1)],
        "what was done long ago is forgotten"
    );
}

#[test]
fn a_thread_without_a_loop_has_no_state() {
    let mut made = made();
    made.pool = vec![(0, EventKind::IdleBegin)];
    let store = made.store();
    let model = &store.models()[0];
    let mut histories = LoopHistories::default();
    assert!(histories.look(model, 1_000));
    let other = model
        .thread(ThreadId::from_index(2))
        .expect("it was told of");
    assert!(loop_state(model, other, &histories, at(100), at(400)).is_none());
}

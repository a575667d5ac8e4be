//! What columns tell of a hand-made loop, and when its queue was how long.

use super::made::{LOOP, Made};
use super::{WHOLE, at};
use crate::analysis::{Health, Meter, Rate, Waits, health_in, rate};
use crate::store::TraceStore;
use crate::trace::{EventKind, Outcome, TimeRange};

/// Turns from 1, 160 and 220 on, with one, two and no callbacks; the last poll returns at 300.
fn three_turns() -> Made {
    let mut made = Made::new();
    let flow = made.ready(100, 1, None);
    made.serve((100, 160), 1, flow);
    made.poll(160, 200);
    let (first, second) = (made.ready(200, 1, None), made.ready(200, 2, None));
    made.serve((200, 210), 1, first);
    made.serve((210, 220), 2, second);
    made.poll(220, 300);
    made
}

/// The columns of 100 ms of the loop: where they begin, in milliseconds, and their values.
fn columns(store: &TraceStore, which: Rate) -> Vec<(u64, f64)> {
    let thread = &store.models()[0].threads[0];
    let columns = rate(thread, which, WHOLE, 100_000_000, at(300));
    let columns = columns.iter();
    columns
        .map(|column| (column.range.begin.0 / 1_000_000, column.value))
        .collect()
}

fn assert_columns(which: Rate, expected: &[(u64, f64)]) {
    let columns = columns(&three_turns().store(), which);
    let same = |(a, b): (&(u64, f64), &(u64, f64))| a.0 == b.0 && (a.1 - b.1).abs() < 1e-9;
    assert!(
        columns.len() == expected.len() && columns.iter().zip(expected).all(same),
        "{columns:?}"
    );
}

#[test]
fn utilization_is_the_share_outside_the_poll() {
    assert_columns(Rate::Utilization, &[(0, 0.0), (100, 0.6), (200, 0.2)]);
}

#[test]
fn a_turn_counts_evenly_over_its_length() {
    let first = |millis: f64| (millis - 1.0) / 159.0;
    let expected = [
        // Cut off where the loop began to poll, and told by the next 100 ms.
        (1, first(101.0) / 0.1),
        (100, (1.0 + 40.0 / 60.0 - first(100.0)) / 0.1),
        (200, (3.0 - (1.0 + 40.0 / 60.0)) / 0.1),
    ];
    assert_columns(Rate::TurnsPerSecond, &expected);
}

#[test]
fn callbacks_and_descriptors_are_means_of_the_turns_that_are_seen() {
    assert_columns(Rate::CallbacksPerTurn, &[(1, 1.0), (100, 1.5), (200, 1.0)]);
    assert_columns(Rate::ReadyPerPoll, &[(1, 1.0), (100, 1.0), (200, 1.0)]);
}

#[test]
fn what_runs_still_is_busy_up_to_now() {
    let store = three_turns().store();
    let thread = &store.models()[0].threads[0];
    let view = TimeRange::new(at(300), at(1000));
    let columns = rate(thread, Rate::Utilization, view, 1_000_000_000, at(400));
    let [column] = &columns[..] else {
        panic!("{columns:?}");
    };
    // 60, 20, and 100 since the last poll, of 400.
    assert_eq!(column.range, TimeRange::new(at(0), at(400)));
    assert!((column.value - 0.45).abs() < 1e-9, "{column:?}");
}

#[test]
fn delays_are_found_by_when_they_ended() {
    let mut made = three_turns();
    let outcome = Outcome::Done;
    made.tell(300, EventKind::ModelEnd { outcome });
    made.tell(300, EventKind::ThreadEnd);
    let store = made.store();
    let model = &store.models()[0];
    let mut waits = Waits::default();
    while !waits.look(model, 1) {}
    assert_eq!(waits.count(), 3);
    let longest: Vec<_> = waits.longest(LOOP, WHOLE, 1_000_000_000).collect();
    assert_eq!(longest, [(at(210), 10_000_000)]);
    let seen = |begin, end| {
        let view = TimeRange::new(at(begin), at(end));
        waits.histogram(view).quantiles()
    };
    assert_eq!((seen(0, 300).count, seen(0, 205).count), (3, 2));
    assert_eq!(seen(205, 300).max, super::millis(10));
}

#[test]
fn the_health_of_a_part_is_that_of_what_lies_in_it() {
    let store = three_turns().store();
    let model = &store.models()[0];
    let mut meter = Meter::default();
    meter.look(model);
    let whole = health_in(model, WHOLE, at(300)).expect("it has a loop");
    let all = meter.health(model, at(300)).expect("it has a loop");
    // What comes before the first poll is neither a turn nor a wait.
    let share = (all.utilization - whole.utilization).abs();
    assert!(share < 0.01, "{whole:?} is {all:?}");
    let utilization = all.utilization;
    assert_eq!(
        Health {
            utilization,
            ..whole
        },
        all
    );
    let first = health_in(model, TimeRange::new(at(0), at(160)), at(300)).expect("it has a loop");
    assert_eq!((first.turns, first.callbacks_per_turn), (1, Some(1.0)));
    let later = health_in(model, TimeRange::new(at(200), at(220)), at(300)).expect("it has a loop");
    assert!((later.utilization - 1.0).abs() < 1e-9, "{later:?}");
    assert_eq!(later.queueing.count, 2);
    let none = TimeRange::new(at(400), at(500));
    assert_eq!(health_in(model, none, at(300)), None);
}

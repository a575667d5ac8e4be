//! A stall for which very many wait: what is looked up for each is the same as if all were gone through.

use proptest::prelude::*;

use super::made::{LOOP, Made, task};
use super::*;
use crate::analysis::spans::called_in;
use crate::analysis::taken::Taken;
use crate::store::{Arrival, SpanKind, ThreadTrack};
use crate::trace::Sighting;

/// The plain rule: each callback of a descriptor that lies in no other is looked at.
fn is_taken(thread: &ThreadTrack, arrival: &Arrival, learned: Timestamp) -> bool {
    let is_found = arrival.sighting == Sighting::AtFirstLook;
    let from = match is_found {
        true => arrival.at - Duration::from_micros(100),
        false => arrival.at,
    };
    let called = called_in(&thread.lane, WHOLE, WHOLE.end);
    called.iter().any(|called| {
        let span = called.span;
        let number = span.flow.and_then(|flow| thread.descriptor_of(flow));
        let is_its = match number {
            Some(fd) => fd == arrival.fd,
            None => span.task == arrival.task,
        };
        let begun = is_found || span.begin >= from;
        let inside = span.end > from && span.begin < learned;
        span.kind == SpanKind::Callback(Cause::Readiness) && is_its && begun && inside
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_taken_is_found_as_if_all_callbacks_were_gone_through(
        turns in prop::collection::vec(
            prop::collection::vec((1_u32..4, prop::option::of(0_i32..5), 0_u64..4), 0..9),
            1..5,
        ),
        arrivals in prop::collection::vec((90_u64..200, 1_u32..4, 0_i32..5, 0_usize..3), 1..40),
        learned in prop::collection::vec(0_u64..40, 1..6),
    ) {
        let mut made = Made::new();
        let mut now = 100;
        for turn in turns {
            for (number, fd, length) in turn {
                let flow = made.ready(now, number, fd);
                made.serve((now, now + length), number, flow);
                now += length;
            }
            made.poll(now, now + 1);
            now += 1;
        }
        let store = made.store();
        let thread = store.models()[0].thread(LOOP).expect("it ran");
        let sightings = [Sighting::AsItCame, Sighting::AtFirstLook, Sighting::Stamped];
        let mut taken = Taken::new(thread);
        for (millis, number, fd, sighting) in arrivals {
            let (at, task) = (at(millis), Some(task(number)));
            let arrival = Arrival { at, fd, task, sighting: sightings[sighting] };
            for later in &learned {
                let learned = at + super::millis(*later);
                prop_assert_eq!(
                    taken.is_taken(&arrival, learned),
                    is_taken(thread, &arrival, learned),
                    "{:?}, learned at {:?}", arrival, learned
                );
            }
        }
    }
}

#[test]
fn of_a_crowd_the_callbacks_of_its_turn_are_gone_through_once() {
    const CROWD: u32 = 500;
    let mut made = Made::new();
    for fd in 0..CROWD {
        let begin = 100 + u64::from(fd);
        let flow = made.ready(100, 1, i32::try_from(fd).ok());
        made.serve((begin, begin + 1), 1, flow);
    }
    made.poll(700, 701);
    let store = made.store();
    let thread = store.models()[0].thread(LOOP).expect("it ran");
    let mut taken = Taken::new(thread);
    let sighting = Sighting::AsItCame;
    let still_there = (0..CROWD).filter(|fd| {
        let arrival = Arrival {
            at: at(350),
            fd: i32::try_from(*fd).expect("few"),
            task: Some(task(2)),
            sighting,
        };
        !taken.is_taken(&arrival, at(701))
    });
    assert_eq!(
        still_there.count(),
        250,
        "those that had been served before"
    );
    assert_eq!(taken.looks, 1);
}

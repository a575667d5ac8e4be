//! The same wait in another run: how it is found again.

use super::made::{Made, name, task};
use super::*;
use crate::trace::{Change, FlowId, Sighting};

impl Made {
    fn reads(&mut self, at: u64, number: u32, bytes: u32) {
        let task = task(number);
        self.tell(at, EventKind::BytesRead { task, bytes });
    }

    /// Data of science is read in a callback of its own.
    fn receive(&mut self, (begin, end): (u64, u64), ready: FlowId, bytes: u32) {
        let called = EventKind::CallbackBegin {
            name: name("data_received"),
            task: Some(task(2)),
            cause: Cause::Readiness,
            flow: Some(ready),
        };
        self.tell(begin, called);
        self.reads(begin, 2, bytes);
        self.tell(end, EventKind::CallbackEnd { failed: false });
    }

    /// A tick that was due at `due` and comes at `at`.
    fn tick(&mut self, due: u64, at: u64) {
        let timer = self.new_flow();
        let late = (at - due) * 1_000_000;
        self.tell(at, EventKind::TimerFired { timer, late });
        self.call((at, at + 1), "tick", None, (Cause::Timer, timer));
    }

    /// The first call of a looping call.
    fn starts(&mut self, at: u64) {
        let flow = self.new_flow();
        self.call((at, at + 1), "tick", None, (Cause::Program, flow));
    }
}

/// A loop that is held from 110 to 310: two pieces of 10 bytes came meanwhile, and the ticks of 150, 200, 250 and 300
/// were missed.
fn held() -> Made {
    let mut made = Made::new();
    made.starts(100);
    let first = made.ready(100, 2, Some(7));
    made.receive((101, 102), first, 10);
    made.poll(103, 110);
    let guilty = made.ready(110, 1, None);
    made.serve((110, 310), 1, guilty);
    made.stall(110, 310, 1);
    made.arrives(160, 2, 7, Sighting::AsItCame);
    made.poll(310, 311);
    made.tick(150, 311);
    let late = made.ready(311, 2, Some(7));
    made.receive((313, 314), late, 20);
    made.poll(315, 400);
    made
}

/// The same where the loop is not held: each piece comes at its time, and so does each tick.
fn free() -> Made {
    let mut made = Made::new();
    made.starts(100);
    let first = made.ready(100, 2, Some(7));
    made.receive((101, 102), first, 10);
    made.poll(103, 110);
    let mut begin = 111;
    for (at, bytes) in [(150, 0), (160, 10), (200, 0), (250, 0), (260, 10), (300, 0)] {
        made.poll(begin, at);
        if bytes == 0 {
            made.tick(at, at);
        } else {
            let ready = made.ready(at, 2, Some(7));
            made.receive((at + 3, at + 4), ready, bytes);
        }
        begin = at + 5;
    }
    made.poll(begin, 400);
    made
}

fn victims(made: &Made) -> (TraceStore, StallReport) {
    let store = made.store();
    let mut all = stalls(&store, at(400));
    assert_eq!(all.len(), 1);
    (store, all.remove(0))
}

#[test]
fn data_is_found_by_its_first_byte_and_a_tick_by_its_moment() {
    let (here, stall) = victims(&held());
    let there = free().store();
    let names = stall.victims.iter();
    let names: Vec<_> = names.map(|victim| victim.name().to_string()).collect();
    assert_eq!(names, ["tick", "data_received of science"]);
    let models = (&here.models()[0], &there.models()[0]);
    let mut comparison = Comparison::new((&here, models.0), (&there, models.1), at(400));
    let measured = stall.victims.iter().map(|one| comparison.measure(one));
    let measured: Vec<_> = measured
        .map(|one| one.expect("it is there").waited)
        .collect();
    let range = |begin, end| TimeRange::new(at(begin), at(end));
    assert_eq!(measured, [range(150, 150), range(160, 163)]);
}

#[test]
fn what_the_other_run_does_not_have_is_not_made_up() {
    let (here, stall) = victims(&held());
    let mut short = Made::new();
    let first = short.ready(100, 2, Some(7));
    short.receive((101, 102), first, 10);
    short.poll(103, 110);
    let there = short.store();
    let (model, other) = (&here.models()[0], &there.models()[0]);
    let predictions = what_if(&here, model, &stall, Change::InThread, at(400));
    let compared = compare_with(
        &stall,
        &predictions,
        (&here, model),
        (&there, other),
        at(110),
    );
    assert_eq!(compared.len(), 2);
    assert!(compared.iter().all(|one| one.measured.is_none()));
    let verdict = Verdict::of(&compared);
    assert_eq!((verdict.found, verdict.lost), (0, 2));
}

//! How long a connection has stood that the loop learned of late.

use super::made::{LOOP, Made, name, task};
use super::*;
use crate::trace::{Change, Interest, Wire};

const WIRE: Wire = Wire::Tcp {
    client: 40_000,
    server: 8_000,
};

/// A callback connects at 100 and holds the loop up to 300. The server takes the client in at 101, of which the loop learns
/// at 302, and comes to it at 502: what is read before it takes so long.
fn held() -> TraceStore {
    let mut made = Made::new();
    let timer = made.new_flow();
    made.tell(100, EventKind::TimerFired { timer, late: 0 });
    made.call((100, 300), "call", Some(2), (Cause::Timer, timer));
    made.poll(301, 302);
    let guilty = made.ready(302, 1, None);
    let stands = made.new_flow();
    let interest = Interest::Writable;
    let ready = EventKind::Readiness {
        flow: stands,
        task: Some(task(2)),
        interest,
    };
    made.tell(302, ready);
    made.serve((302, 502), 1, guilty);
    let begins = EventKind::CallbackBegin {
        name: name("truth"),
        task: Some(task(2)),
        cause: Cause::Readiness,
        flow: Some(stands),
    };
    made.tell(502, begins);
    let (task, wire) = (task(2), WIRE);
    made.tell(502, EventKind::Connected { task });
    made.tell(502, EventKind::ConnectedBy { task, wire });
    made.tell(503, EventKind::CallbackEnd { failed: false });
    made.stall(302, 503, 1);
    made.poll(503, 600);
    let mut store = made.store();
    store.push(&Batch {
        source: Source {
            model: ModelId::SERVERS,
            thread: ThreadId::from_index(9),
        },
        names: Vec::new(),
        events: vec![Event {
            at: at(101),
            kind: EventKind::Sent { wire, bytes: 0 },
        }],
    });
    store
}

#[test]
fn it_stood_when_the_server_took_the_client_in() {
    let store = held();
    let mut all = stalls(&store, at(1000));
    all.retain(|stall| stall.thread == LOOP && stall.range.begin == at(302));
    let stall = &all[0];
    let model = &store.models()[0];
    let foreseen = what_if(&store, model, stall, Change::InThread, at(1000));
    let waits: Vec<_> = foreseen
        .iter()
        .map(|one| (one.recorded, one.predicted))
        .collect();
    assert_eq!(waits, [(millis(401), millis(199))]);
    let here = (&store, model);
    let same = Comparison::new(here, here, at(1000)).measure(&stall.victims[0]);
    let waited = TimeRange::new(at(101), at(502));
    assert_eq!(same.map(|measured| measured.waited), Some(waited));
}

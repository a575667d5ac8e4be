//! From a server's send to the client's read.

use super::made::{Made, task};
use super::*;
use crate::store::{LaneRef, SpanRef};
use crate::trace::Wire;

const WIRE: Wire = Wire::Tcp {
    client: 40_000,
    server: 8_000,
};

/// A task reads 30 bytes at 100, and 50 at 300, because its loop was busy meanwhile; the server sends 20 every 50 ms. It
/// had read 7 bytes from another connection.
fn made() -> TraceStore {
    made_of(
        WIRE,
        [(0, 0), (10, 20), (60, 20), (110, 20), (160, 20), (350, 20)],
    )
}

/// The same, over a connection of another kind, or with other pieces.
fn made_of(wire: Wire, sent: [(u64, u32); 6]) -> TraceStore {
    let mut made = Made::new();
    let number = task(1);
    let read = |bytes| EventKind::BytesRead {
        task: number,
        bytes,
    };
    made.events.insert(Made::BEFORE, (1, read(7)));
    let by = EventKind::ConnectedBy { task: number, wire };
    made.events.insert(Made::BEFORE + 1, (1, by));
    for (at, bytes) in [(100, 30), (300, 50)] {
        let flow = made.ready(at, 1, None);
        made.tell(at, read(bytes));
        made.serve((at, at + 10), 1, flow);
    }
    made.poll(310, 400);
    let mut store = made.store();
    store.push(&Batch {
        source: Source {
            model: ModelId::SERVERS,
            thread: ThreadId::from_index(9),
        },
        names: Vec::new(),
        events: sent
            .map(|(millis, bytes)| Event {
                at: at(millis),
                kind: EventKind::Sent { wire, bytes },
            })
            .into(),
    });
    store
}

/// The state of the task at a moment.
fn state(store: &TraceStore, moment: u64) -> SpanRef {
    let model = &store.models()[0];
    let index = model.tasks[0].lane.at(0, at(moment));
    SpanRef {
        model: model.id,
        lane: LaneRef::Task(model.tasks[0].id),
        depth: 0,
        index: index.expect("it was in some state"),
    }
}

#[test]
fn a_read_comes_from_all_sends_whose_bytes_it_brings() {
    let store = made();
    let sent = |moment| {
        let links = sends_to(&store, state(&store, moment), 9);
        let told = links.iter().map(|link| {
            assert_eq!(link.kind, LinkKind::Sent);
            (link.left, link.arrived)
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(sent(105), [(at(10), at(100)), (at(60), at(100))]);
    let late = [60, 110, 160].map(|moment| (at(moment), at(300)));
    assert_eq!(sent(305), late, "the rest of one, and two whole ones");
    assert_eq!(sent(200), [], "it waited");
    assert_eq!(sends_to(&store, state(&store, 305), 1).len(), 1);
}

#[test]
fn servers_are_no_model() {
    let store = made();
    assert_eq!(store.models().len(), 1);
    let mut without = TraceStore::new();
    sample::batches()
        .iter()
        .for_each(|batch| without.push(batch));
    let ready = state(&without, 74);
    assert_eq!(
        sends_to(&without, ready, 9),
        [],
        "nobody knows what was sent"
    );
}

/// Of what was sent before a read, some may be on its way and some lost.
#[test]
fn a_read_over_udp_is_tied_only_where_nothing_was_lost() {
    let udp = Wire::Udp {
        client: 40_000,
        server: 8_000,
    };
    let read_at = |store: &TraceStore, moment| {
        let links = sends_to(store, state(store, moment), 9);
        links.iter().map(|link| link.left).collect::<Vec<_>>()
    };
    // Nobody takes a client in over UDP: the first piece is the begin.
    let whole = [
        (10, 10),
        (60, 20),
        (110, 20),
        (160, 20),
        (200, 10),
        (350, 20),
    ];
    let store = made_of(udp, whole);
    assert_eq!(read_at(&store, 105), [at(10), at(60)]);
    assert_eq!(read_at(&store, 305), [at(110), at(160), at(200)]);
    let overtaken = [
        (10, 10),
        (60, 20),
        (90, 20),
        (160, 20),
        (200, 10),
        (350, 20),
    ];
    let store = made_of(udp, overtaken);
    let first = [at(10), at(60)];
    assert_eq!(read_at(&store, 105), first, "one was on its way, and came");
    let lost = [
        (10, 10),
        (60, 20),
        (110, 20),
        (160, 20),
        (200, 20),
        (350, 20),
    ];
    let store = made_of(udp, lost);
    assert_eq!(
        read_at(&store, 105),
        [at(10), at(60)],
        "until then all came"
    );
    assert_eq!(
        read_at(&store, 305),
        [],
        "10 bytes never came, if not others"
    );
}

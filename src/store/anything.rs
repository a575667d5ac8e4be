//! Batches of anything that can be recorded, for the tests of those who must not fail whatever comes.

use proptest::prelude::*;

use crate::trace::{Batch, Event, EventKind, FlowId, ModelId, Source, ThreadId, Timestamp};

/// Batches of anything that postcard can read, made of few numbers so that they meet; with the largest numbers and
/// moments as late as a file may tell of among them if they may be `extreme`. Each thread goes on in time.
pub(crate) fn any_batches(extreme: bool) -> impl Strategy<Value = Vec<Batch>> {
    let event = (0_u8..48, prop::collection::vec(0_u8..30, 12), 0_u8..40);
    let events = prop::collection::vec(event, 0..40);
    let batch = (1_u8..3, 1_u8..4, events);
    prop::collection::vec(batch, 0..12).prop_map(move |batches| {
        let mut at = 0_u64;
        let mut flows = 3;
        let mut made = Vec::new();
        for (model, thread, events) in batches {
            let events = events.into_iter().filter_map(|(kind, numbers, step)| {
                let passed = match step {
                    39 if extreme => u64::MAX,
                    37.. => 70_000_000,
                    _ => u64::from(step % 3),
                };
                at = at.saturating_add(passed).min(u64::MAX / 2);
                let numbers = numbers.into_iter().map(|number| match number {
                    29 if extreme => u64::MAX,
                    28 if extreme => u64::from(u32::MAX),
                    _ => u64::from(number % 3) + 1,
                });
                let numbers = numbers.flat_map(|one| postcard::to_allocvec(&one).expect("memory"));
                let encoded: Vec<u8> = [kind].into_iter().chain(numbers).collect();
                let (mut kind, _) = postcard::take_from_bytes(&encoded).ok()?;
                give_flow(&mut kind, model, &mut flows);
                Some(Event {
                    at: Timestamp(at),
                    kind,
                })
            });
            made.push(Batch {
                source: Source {
                    model: ModelId::new(u32::from(model)).expect("from 1"),
                    // A thread works for one model.
                    thread: ThreadId::new(u32::from(model * 10 + thread)).expect("from 1"),
                },
                names: Vec::new(),
                events: events.collect(),
            });
        }
        made
    })
}

/// A flow begins once in a trace, and a callback names one of its model that has begun.
fn give_flow(kind: &mut EventKind, model: u8, flows: &mut u64) {
    let of_model = |number: u64| FlowId::new(number * 2 + u64::from(model)).expect("from 1");
    match kind {
        EventKind::Readiness { flow, .. } | EventKind::ThreadCall { flow, .. } => {
            *flows += 1;
            *flow = of_model(*flows);
        }
        EventKind::TimerSet { timer, .. } => {
            *flows += 1;
            *timer = of_model(*flows);
        }
        EventKind::DeferredMade { deferred: flow, .. }
        | EventKind::WorkQueued { work: flow, .. } => {
            *flows += 1;
            *flow = of_model(*flows);
        }
        EventKind::CallbackBegin {
            flow: Some(flow), ..
        } => {
            *flow = of_model(flows.saturating_sub(flow.number()).max(1));
        }
        _ => {}
    }
}

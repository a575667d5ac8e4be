//! When what the loop recorded is handed over.

use std::time::Instant;

use super::*;

/// Waits until the callback of this name was handed over. All events so far.
fn until_called(receiver: &Receiver, events: &mut Vec<EventKind>, name: &str) {
    let mut wanted = None;
    let begin = Instant::now();
    loop {
        assert!(begin.elapsed() < Duration::from_secs(20), "it never comes");
        let Ok(batch) = receiver.try_recv() else {
            std::thread::yield_now();
            continue;
        };
        let names = batch.names.iter();
        wanted = wanted.or(names
            .filter(|(_, text)| text == name)
            .map(|(id, _)| *id)
            .next());
        events.extend(batch.events.iter().map(|event| event.kind));
        let is_it = |kind: &EventKind| matches!(kind, EventKind::CallbackBegin { name, .. } if Some(*name) == wanted);
        if events.iter().any(is_it) {
            return;
        }
    }
}

#[test]
fn a_loop_that_waits_keeps_nothing_back_and_makes_no_turn_for_that() {
    // By this clock no millisecond is ever over: the loop turns as often as can be.
    let Bench {
        mut reactor,
        receiver,
        ..
    } = Bench::manual();
    let handle = reactor.handle();
    reactor.call_when_running(label("first"), |_| Ok(()));
    let other = std::thread::spawn(move || {
        let mut events = Vec::new();
        until_called(&receiver, &mut events, "first");
        handle
            .call_from_thread(label("second"), |_| Ok(()))
            .unwrap();
        // Nothing happens any more that could bring it along.
        until_called(&receiver, &mut events, "second");
        handle.stop().unwrap();
        until_called(&receiver, &mut events, "stop");
        events
    });
    reactor.run().unwrap();
    drop(reactor);
    let events = other.join().unwrap();
    let polled = events
        .iter()
        .filter(|kind| matches!(kind, EventKind::PollEnd { .. }));
    assert_eq!(polled.count(), 2, "one for each call from the thread");
}

//! What recording costs the loop: a begin and an end of a callback, in turns of a hundred callbacks.
//!
//! All of them really record. Ours hands a batch over at the end of each turn, to a thread that drains them with
//! `try_recv`, as the window does. puffin's scopes go to a sink as a frame, in between and not measured. Tracy
//! keeps what it records until a server comes, and none comes: part of its time is fresh memory, so look at the
//! cheaper of the two.
//!
//! The target is at most half of the cheaper one's time. Measured on two virtual cores, the middle one of four runs: 0.34
//! of puffin's and 0.46 of Tracy's, and most of our time are the two readings of the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use criterion::Criterion;
use loopscope::clock::Clock;
use loopscope::record::{Receiver, Recorders, channel};
use loopscope::trace::{Cause, EventKind, ModelId};
use loopscope_benches::{Peer, beside};

/// Callbacks in a turn of the loop.
const CALLBACKS: u64 = 100;
/// Events in one: begin and end of each callback, and of the poll.
const EVENTS: u64 = 2 * CALLBACKS + 2;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    let done = AtomicBool::new(false);
    let drained = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| drain(&receiver, &drained, &done));
        let peers = vec![ours(&recorders, &drained), puffin(), tracy()];
        beside(&mut criterion, "record a callback", CALLBACKS, peers);
        done.store(true, Ordering::Relaxed);
    });
    criterion.final_summary();
}

/// What the window does, only that it looks more often.
fn drain(receiver: &Receiver, drained: &AtomicU64, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        while let Ok(batch) = receiver.try_recv() {
            drained.fetch_add(batch.events.len() as u64, Ordering::Relaxed);
            receiver.recycle(batch);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn ours<'a>(recorders: &Recorders, drained: &'a AtomicU64) -> Peer<'a> {
    let mut recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    let name = recorder.name("on_readable");
    // The first event says that the thread began.
    let recorded = Arc::new(AtomicU64::new(1));
    let expected = Arc::clone(&recorded);
    Peer::new("loopscope", move || {
        recorder.record(EventKind::PollEnd { ready: 100 });
        for _ in 0..CALLBACKS {
            recorder.record(EventKind::CallbackBegin {
                name,
                task: None,
                cause: Cause::Readiness,
                flow: None,
            });
            recorder.record(EventKind::CallbackEnd { failed: false });
        }
        recorder.record(EventKind::PollBegin);
        recorder.flush();
        recorded.fetch_add(EVENTS, Ordering::Relaxed);
    })
    .cleared_by(move || {
        // Nothing may be dropped, or this would wait for ever.
        while drained.load(Ordering::Relaxed) < expected.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_micros(100));
        }
    })
}

fn puffin() -> Peer<'static> {
    puffin::set_scopes_on(true);
    puffin::GlobalProfiler::lock().add_sink(Box::new(drop));
    Peer::new("puffin", || {
        puffin::profile_scope!("turn");
        for _ in 0..CALLBACKS {
            puffin::profile_scope!("on_readable");
        }
    })
    .cleared_by(|| puffin::GlobalProfiler::lock().new_frame())
}

fn tracy() -> Peer<'static> {
    // It runs until the process ends: nobody stops it.
    let _running = tracy_client::Client::start();
    Peer::new("tracy", || {
        let _turn = tracy_client::span!("turn");
        for _ in 0..CALLBACKS {
            let _callback = tracy_client::span!("on_readable");
        }
    })
}

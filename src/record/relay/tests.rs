//! A child that the test plays, and its parent.

use std::io::Read;
use std::time::Duration;

use rustix::pipe::pipe;

use super::*;
use crate::trace::{Batch, Cause, TaskId, Timestamp};

/// What `child` records, as it comes out of the parent's channel, and how its work ended.
fn relayed(
    child: impl FnOnce(&mut Recorder),
    cut: usize,
) -> (Vec<Batch>, Option<Result<(), String>>, Clock) {
    let parent = Clock::monotonic();
    let (recorders, receiver) = channel(&parent, Arc::new(|| {}));
    let recorder = recorders.recorder(ModelId::from_index(3), "process 1");
    // A clock of its own, as in another process.
    let (read, write) = pipe().expect("there is a pipe");
    let clock = Clock::monotonic();
    let (mut inside, outlet) = Outlet::open(&clock, write).expect("it is a pipe");
    child(&mut inside);
    outlet
        .finish(inside, Some("lost its way".to_owned()))
        .expect("somebody reads");
    let mut bytes = Vec::new();
    File::from(read)
        .read_to_end(&mut bytes)
        .expect("it can be read");
    let mut inlet = Inlet::new(recorder);
    for piece in bytes.chunks(cut) {
        inlet.push(piece).expect("it is sound");
    }
    let end = inlet.end();
    drop(inlet);
    let batches = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
    (batches, end, parent)
}

#[test]
fn what_a_child_records_is_a_thread_of_the_trace() {
    let task = TaskId::from_index(4);
    for cut in [1, 7, usize::MAX] {
        let (batches, end, clock) = relayed(
            |recorder| {
                let name = recorder.name("line_received");
                let flow = Some(recorder.new_flow());
                recorder.record(EventKind::CallbackBegin {
                    name,
                    task: Some(task),
                    cause: Cause::Program,
                    flow,
                });
                let begin = recorder.now();
                recorder.flush();
                recorder.record(EventKind::CallbackEnd { failed: false });
                recorder.record(EventKind::Stall {
                    begin,
                    task: Some(task),
                    callback: name,
                });
            },
            cut,
        );
        assert_eq!(end, Some(Err("lost its way".to_owned())));
        let names: std::collections::HashMap<_, _> = batches
            .iter()
            .flat_map(|batch| batch.names.iter().cloned())
            .collect();
        let events: Vec<_> = batches
            .iter()
            .flat_map(|batch| batch.events.iter().copied())
            .collect();
        assert!(
            batches
                .iter()
                .all(|batch| batch.source == batches[0].source)
        );
        assert_eq!(batches[0].source.model, ModelId::from_index(3));
        assert!(events.is_sorted_by_key(|event| event.at));
        assert!(events.iter().all(|event| event.at <= clock.now()));
        let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
        let [
            EventKind::ThreadBegin { name: thread },
            EventKind::CallbackBegin {
                name,
                flow: Some(_),
                ..
            },
            EventKind::CallbackEnd { failed: false },
            EventKind::Stall {
                begin, callback, ..
            },
            EventKind::ThreadSpent { on_cpu: 1.., .. },
            EventKind::Recorded {
                events: 7,
                spent: 1..,
            },
            // What it took this side.
            EventKind::Recorded {
                events: 0,
                spent: 1..,
            },
            EventKind::ThreadEnd,
        ] = kinds[..]
        else {
            panic!("{kinds:?}");
        };
        assert_eq!(names[&thread], "process 1");
        assert_eq!(names[&name], "line_received");
        assert_eq!(callback, name);
        // It was rounded twice.
        let slack = Duration::from_micros(1);
        assert!(begin + slack >= events[1].at && begin <= events[2].at + slack);
    }
}

#[test]
fn other_threads_of_a_child_are_threads_beside_it_and_tell_of_it() {
    let (batches, ..) = relayed(
        |recorder| {
            let callback = recorder.name("line_received");
            recorder.flush();
            let recorders = recorder.recorders();
            let mut other = recorders.recorder(recorder.source().model, "watchdog");
            other.record(EventKind::StallNoticed {
                thread: recorder.source().thread,
                task: None,
                callback: Some(callback),
                begin: recorder.now(),
            });
            other.record(EventKind::Watched { reads: 5, spent: 7 });
        },
        7,
    );
    let first = batches[0].source;
    let names: HashMap<_, _> = batches
        .iter()
        .flat_map(|batch| batch.names.iter().cloned())
        .collect();
    let others = batches.iter().filter(|batch| batch.source != first);
    let events: Vec<_> = others
        .flat_map(|batch| {
            assert_eq!(batch.source.model, first.model);
            batch.events.iter().map(|event| event.kind)
        })
        .collect();
    let [
        EventKind::ThreadBegin { name },
        EventKind::StallNoticed {
            thread,
            callback: Some(callback),
            ..
        },
        EventKind::Watched { reads: 5, spent: 7 },
        EventKind::ThreadSpent { .. },
        EventKind::Recorded { events: 6, .. },
        EventKind::ThreadEnd,
    ] = events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(names[&name], "watchdog");
    assert_eq!(thread, first.thread);
    assert_eq!(names[&callback], "line_received");
}

#[test]
fn what_does_not_fit_into_the_pipe_waits_in_the_channel() {
    let clock = Clock::monotonic();
    let (read, write) = pipe().expect("there is a pipe");
    let (mut recorder, outlet) = Outlet::open(&clock, write).expect("it is a pipe");
    let events = 100_000;
    for _ in 0..events {
        recorder.record(EventKind::PollBegin);
    }
    // Nobody has read so far, and nobody has waited for it.
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        File::from(read).read_to_end(&mut bytes).map(|_| bytes)
    });
    outlet.finish(recorder, None).expect("somebody reads");
    let bytes = reader.join().expect("it reads").expect("to the end");
    let (recorders, receiver) = channel(&clock, Arc::new(|| {}));
    let mut inlet = Inlet::new(recorders.recorder(ModelId::from_index(0), "process"));
    inlet.push(&bytes).expect("it is sound");
    assert_eq!(inlet.end(), Some(Ok(())));
    let batches = std::iter::from_fn(|| receiver.try_recv().ok());
    let came = batches.flat_map(|batch| batch.events);
    let polls = came.filter(|event| event.kind == EventKind::PollBegin);
    assert_eq!(polls.count(), events);
}

#[test]
fn what_is_no_frame_is_refused() {
    let mut batch_first = encode(&Frame::End(None)).expect("it can be written");
    batch_first.extend(b"more");
    let other = Frame::Hello {
        make: "loopscope 0.0.0".to_owned(),
        origin: 0,
    };
    for wrong in [
        b"running 0 tests\n".to_vec(),
        b"\x02\x00\x00\x00\xff\xff".to_vec(),
        batch_first,
        encode(&other).expect("it can be written"),
    ] {
        let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
        let recorder = recorders.recorder(ModelId::from_index(0), "process");
        let mut inlet = Inlet::new(recorder);
        assert!(matches!(inlet.push(&wrong), Err(RelayError::Foreign)));
        assert_eq!(inlet.end(), None);
    }
}

#[test]
fn moments_of_a_child_are_moved_by_when_its_clock_began() {
    let (clock, hand) = Clock::manual();
    let (recorders, _receiver) = channel(&clock, Arc::new(|| {}));
    let mut recorder = recorders.recorder(ModelId::from_index(0), "process");
    hand.advance(Duration::from_nanos(700));
    let mut dictionary = Dictionary::since(clock.now());
    let flow = recorder.new_flow();
    let kind = EventKind::ThreadCall {
        flow,
        queued_at: Timestamp(42),
    };
    let translated = [0, 1].map(|_| dictionary.translate(kind, &mut recorder));
    assert_eq!(translated[0], translated[1], "a flow stays what it is");
    assert!(matches!(
        translated[0],
        EventKind::ThreadCall { flow: own, queued_at } if own != flow && queued_at == Timestamp(742)
    ));
}

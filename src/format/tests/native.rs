//! The native file: what was written opens again, and nothing that can be in a file does harm.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::format::native::{VERSION, Writer, read_from};
use crate::store::TraceStore;
use crate::store::anything::any_batches;
use crate::trace::{
    Batch, Cause, DeferredStep, Doing, Event, EventKind, FlowId, Half, Interest, Loss, NameId,
    Outcome, Side, Sighting, TaskId, ThreadId, WaitCall, Wire,
};

fn bytes_of(batches: &[Batch]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &info()).expect("memory");
    for batch in batches {
        writer.write(batch).expect("memory");
    }
    writer.finish().expect("memory")
}

fn read_bytes(bytes: &[u8]) -> Result<Trace, ReadError> {
    read_from(Path::new("x.loopscope"), bytes)
}

fn store_of(batches: &[Batch]) -> TraceStore {
    let mut store = TraceStore::new();
    batches.iter().for_each(|batch| store.push(batch));
    store
}

/// Whether a store holds what the first so many batches of the sample tell.
fn is_prefix(store: &TraceStore) -> bool {
    let batches = sample::batches();
    (0..=batches.len()).any(|count| *store == store_of(&batches[..count]))
}

#[test]
fn what_was_written_is_read_again() {
    let trace = read_bytes(&bytes_of(&sample::batches())).expect("a trace");
    assert_eq!(trace.info, info());
    assert_eq!(trace.truncated, None);
    assert_eq!(trace.store, sample::store());
}

#[test]
fn a_file_cut_off_anywhere_keeps_what_comes_before_the_cut() {
    let whole = bytes_of(&sample::batches());
    let first = bytes_of(&[]).len() - bytes_of_end();
    let mut most = 0;
    for cut in 0..whole.len() {
        match read_bytes(&whole[..cut]) {
            Ok(trace) => {
                assert!(cut >= first, "{cut}");
                assert!(is_prefix(&trace.store), "{cut}");
                let missing = trace.truncated.expect("something is missing").to_string();
                assert!(missing.contains("Everything up to"), "{missing}");
                assert!(trace.store.events() >= most);
                most = trace.store.events();
            }
            Err(ReadError::Empty(_)) => assert_eq!(cut, 0),
            Err(ReadError::Headless(_)) => assert!(cut < first, "{cut}"),
            Err(error) => panic!("{cut}: {error}"),
        }
    }
    assert_eq!(most, sample::store().events());
}

/// How long the end mark is: head and one byte of a small count.
const fn bytes_of_end() -> usize {
    10
}

#[test]
fn the_sentence_tells_how_much_is_missing() {
    let whole = bytes_of(&sample::batches());
    let unfinished = &whole[..whole.len() - bytes_of_end()];
    let told = |bytes: &[u8]| {
        read_bytes(bytes)
            .expect("a trace")
            .truncated
            .expect("cut")
            .to_string()
    };
    assert_eq!(
        told(unfinished),
        "The recording was not finished: its program ended before. Everything up to 0.100 s (58 events) is here."
    );
    let mut damaged = whole.clone();
    let place = damaged.len() - 40;
    damaged[place] ^= 1;
    let sentence = told(&damaged);
    assert!(sentence.contains("cannot be read"), "{sentence}");
    assert!(sentence.contains("Everything up to 0.099 s"), "{sentence}");
}

#[test]
fn a_file_that_is_no_trace_is_told_as_what_it_looks_like() {
    let told = |bytes: &[u8]| read_bytes(bytes).expect_err("no trace").to_string();
    assert!(told(b"").contains("x.loopscope is empty"));
    assert!(told(b"{\"traceEvents\": []}").contains("Chrome JSON"));
    assert!(told(b"Where, like a pillow on a bed").contains("it is a text file"));
    let mut newer = bytes_of(&[]);
    newer[14..16].copy_from_slice(&(VERSION + 1).to_le_bytes());
    assert!(told(&newer).contains(&format!("newer Loopscope (version {}", VERSION + 1)));
}

#[test]
fn a_folder_and_a_missing_file_are_told() {
    let folder = tempfile::tempdir().expect("a writable folder");
    let error = open(folder.path()).expect_err("a folder").to_string();
    assert!(error.contains("is a folder"), "{error}");
    let missing = folder.path().join("missing.loopscope");
    let error = open(&missing).expect_err("missing").to_string();
    assert!(error.contains("missing.loopscope"), "{error}");
}

#[test]
fn events_that_go_back_in_time_or_beyond_all_time_count_as_damage() {
    for (place, at) in [(0, Timestamp(1)), (1, Timestamp::MAX)] {
        let mut batches = sample::batches();
        batches[1].events[place].at = at;
        let trace = read_bytes(&bytes_of(&batches)).expect("a trace");
        assert_eq!(trace.store, store_of(&batches[..1]));
        assert!(trace.truncated.is_some());
    }
}

#[test]
fn a_batch_that_vanished_from_the_middle_is_noticed() {
    let batches = sample::batches();
    let (all, first) = (bytes_of(&batches), bytes_of(&batches[..1]));
    let (head, cut) = (bytes_of(&[]).len(), bytes_of_end());
    let without_first = [&all[..head - cut], &all[first.len() - cut..]].concat();
    let trace = read_bytes(&without_first).expect("a trace");
    let missing = trace.truncated.expect("something is missing").to_string();
    assert!(missing.contains("in the middle"), "{missing}");
}

/// Each version added words behind those of the one before.
#[test]
fn what_was_written_in_an_older_version_opens_as_it_was() {
    let batches = sample::batches();
    for version in 1..VERSION {
        let mut older = bytes_of(&batches);
        older[14..16].copy_from_slice(&version.to_le_bytes());
        let trace = read_bytes(&older).expect("a trace");
        assert_eq!(trace.store, store_of(&batches));
    }
}

/// The files of this version name the variants of the vocabulary by their places.
#[test]
fn a_change_of_the_vocabulary_needs_a_new_version() {
    let (name, task) = (NameId::from_index(0), TaskId::from_index(0));
    let (flow, at) = (FlowId::from_index(0), Timestamp(7));
    let (some, thread) = (Some(task), ThreadId::from_index(0));
    let kinds = [
        EventKind::ModelBegin { name },
        EventKind::ModelEnd {
            outcome: Outcome::Stopped,
        },
        EventKind::ThreadBegin { name },
        EventKind::ThreadEnd,
        EventKind::TaskQueued { task, name },
        EventKind::TaskBegin { task, name },
        EventKind::TaskEnd {
            task,
            outcome: Outcome::Failed,
        },
        EventKind::Connected { task },
        EventKind::BytesRead { task, bytes: 300 },
        EventKind::WaitBegin {
            task,
            call: WaitCall::Read,
        },
        EventKind::WaitEnd { task },
        EventKind::PollBegin,
        EventKind::PollEnd { ready: 2 },
        EventKind::Readiness {
            flow,
            task: some,
            interest: Interest::Writable,
        },
        EventKind::CallbackBegin {
            name,
            task: None,
            cause: Cause::Shutdown,
            flow: Some(flow),
        },
        EventKind::CallbackEnd { failed: true },
        EventKind::BlockingBegin { name, task: some },
        EventKind::BlockingEnd,
        EventKind::TimerSet {
            timer: flow,
            deadline: at,
            name,
        },
        EventKind::TimerFired {
            timer: flow,
            late: 9,
        },
        EventKind::TimerCancelled { timer: flow },
        EventKind::ThreadCall {
            flow,
            queued_at: at,
        },
        EventKind::Stall {
            begin: at,
            task: some,
            callback: name,
        },
        EventKind::Failure {
            task: some,
            message: name,
        },
        EventKind::Dropped { count: 3 },
        EventKind::ConnectionMade {
            connection: flow,
            task: some,
            side: Side::Server,
        },
        EventKind::ConnectionHalfClosed {
            connection: flow,
            task: some,
            half: Half::Writing,
        },
        EventKind::ConnectionLost {
            connection: flow,
            task: some,
            loss: Loss::Failed,
            message: Some(name),
        },
        EventKind::BytesWritten {
            connection: flow,
            task: some,
            bytes: 300,
        },
        EventKind::BackPressureBegin {
            connection: flow,
            task: some,
            buffered: 300,
        },
        EventKind::BackPressureEnd {
            connection: flow,
            task: some,
            buffered: 3,
        },
        EventKind::ReadingPaused {
            connection: flow,
            task: some,
        },
        EventKind::ReadingResumed {
            connection: flow,
            task: some,
        },
        EventKind::DeferredMade {
            deferred: flow,
            name,
        },
        EventKind::DeferredStep {
            deferred: flow,
            step: DeferredStep::Unhandled,
        },
        EventKind::DeferredPaused {
            deferred: flow,
            waits_for: Some(flow),
        },
        EventKind::CallbackBegin {
            name,
            task: some,
            cause: Cause::ThreadPool,
            flow: Some(flow),
        },
        EventKind::WorkQueued { work: flow, name },
        EventKind::WorkDone {
            work: flow,
            call: Some(flow),
        },
        EventKind::IdleBegin,
        EventKind::IdleEnd,
        EventKind::StallNoticed {
            thread,
            task: some,
            callback: Some(name),
            begin: at,
        },
        EventKind::ReportsHeldBack { count: 4 },
        EventKind::ThreadSample {
            thread,
            doing: Doing::SystemCall { name, fd: Some(4) },
        },
        EventKind::ThreadTimes {
            thread,
            on_cpu: 5,
            waiting_for_core: 6,
        },
        EventKind::DataArrived {
            fd: 4,
            task: some,
            sighting: Sighting::Stamped,
        },
        EventKind::ReadinessOf { flow, fd: 4 },
        EventKind::Memory { resident: 9 },
        EventKind::Watched { reads: 7, spent: 8 },
        EventKind::ThreadSpent {
            on_cpu: 10,
            waiting_for_core: 11,
        },
        EventKind::WaitBegin {
            task,
            call: WaitCall::Sleep,
        },
        EventKind::ThreadRan { thread, times: 12 },
        EventKind::DescriptorIs {
            thread,
            fd: 4,
            task: some,
            what: name,
        },
        EventKind::Recorded {
            events: 13,
            spent: 14,
        },
        EventKind::ConnectedBy {
            task,
            wire: Wire::Tcp {
                client: 15,
                server: 16,
            },
        },
        EventKind::Sent {
            wire: Wire::Udp {
                client: 17,
                server: 18,
            },
            bytes: 19,
        },
        EventKind::Sent {
            wire: Wire::Unix(20),
            bytes: 21,
        },
        EventKind::Sent {
            wire: Wire::Pipe(22),
            bytes: 23,
        },
    ];
    let mut batch = sample::batches().remove(0);
    batch.names.clear();
    batch.events = kinds.map(|kind| Event { at, kind }).to_vec();
    let bytes = bytes_of(&[batch]);
    assert_eq!(
        (VERSION, bytes.len(), crc32fast::hash(&bytes)),
        (6, 368, 0x0DF51767),
        "what is written has changed: raise VERSION, and teach the reader the old one"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_byte_costs_at_most_what_follows_it(place in 0_usize..2000, flip in 1_u8..) {
        let mut bytes = bytes_of(&sample::batches());
        let place = place % bytes.len();
        bytes[place] ^= flip;
        if let Ok(trace) = read_bytes(&bytes) {
            prop_assert!(is_prefix(&trace.store));
        }
    }

    #[test]
    fn a_hostile_batch_with_a_sound_checksum_does_no_harm(
        payload in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut bytes = bytes_of(&[]);
        bytes.truncate(bytes.len() - bytes_of_end());
        let length = u32::try_from(payload.len()).expect("short");
        let checked = [b"B", &length.to_le_bytes()[..], &payload].concat();
        bytes.extend([b'B']);
        bytes.extend(length.to_le_bytes());
        bytes.extend(crc32fast::hash(&checked).to_le_bytes());
        bytes.extend(&payload);
        let trace = read_bytes(&bytes).expect("its head is sound");
        prop_assert!(trace.truncated.is_some());
    }

    #[test]
    fn a_length_that_lies_takes_no_memory(length in 1_000_000_u32..) {
        let mut bytes = bytes_of(&[]);
        bytes.truncate(bytes.len() - bytes_of_end());
        bytes.extend([b'B']);
        bytes.extend(length.to_le_bytes());
        bytes.extend([0; 20]);
        let trace = read_bytes(&bytes).expect("its head is sound");
        prop_assert!(trace.truncated.expect("cut").to_string().contains("last 25 bytes"));
    }

    #[test]
    fn a_store_takes_any_events(batches in any_batches(true)) {
        let trace = read_bytes(&bytes_of(&batches)).expect("a trace");
        prop_assert!(trace.truncated.is_none());
        let now = trace.now();
        crate::analysis::Report::new(&trace.store, "any", now);
        let mut written = Vec::new();
        crate::format::chrome::write(&mut written, &trace.info, &trace.store, &[], now).expect("memory");
        crate::format::csv::write(&mut written, &trace.store, &[], now).expect("memory");
    }
}

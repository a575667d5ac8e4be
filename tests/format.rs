//! From real sockets to a file and back: what a run leaves behind, and what the analysis makes of it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use loopscope::analysis::{self, Report};
use loopscope::format::{self, Origin, Recording, TraceInfo};
use loopscope::record::{Receiver, TryRecvError};
use loopscope::scenario::{Blocking, BlockingKind, Model, Scenario};
use loopscope::session::{Options, Session};
use loopscope::store::TraceStore;
use loopscope::trace::TaskId;

/// Fetches everything until the last recorder is gone.
fn record(receiver: &Receiver, recording: &mut Recording, store: &mut TraceStore) {
    loop {
        match receiver.try_recv() {
            Ok(batch) => {
                recording.append(&batch).unwrap();
                store.push(&batch);
                receiver.recycle(batch);
            }
            Err(TryRecvError::Empty) => {
                recording.flush().unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryRecvError::Disconnected) => return recording.flush().unwrap(),
        }
    }
}

#[test]
fn a_run_is_told_the_same_from_memory_and_from_its_files() {
    let mut scenario = Scenario::load("three-slow-servers").unwrap();
    for server in &mut scenario.servers {
        server.delay /= 10;
    }
    let blocking = Blocking {
        kind: BlockingKind::Sleep,
        duration: Duration::from_millis(60),
        task: TaskId::new(1),
    };
    let options = Options {
        models: [Model::Threaded, Model::Asynchronous]
            .map(Into::into)
            .to_vec(),
        together: true,
        blocking: Some(blocking),
        treatment: None,
        stall_threshold: Duration::from_millis(50),
        watch: true,
    };
    let info = TraceInfo {
        scenario: scenario.name.clone(),
        title: scenario.title.clone(),
        started_unix_nanos: 0,
        stall_threshold_nanos: 50_000_000,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.loopscope");
    let mut recording = Recording::beside(&path, &info).unwrap();
    let mut store = TraceStore::new();
    let (session, receiver) = Session::start(&scenario, options, Arc::new(|| {})).unwrap();
    record(&receiver, &mut recording, &mut store);
    session.join();

    let unfinished = format::open(recording.path()).unwrap();
    assert!(unfinished.store == store, "it opens before its end");
    assert!(unfinished.truncated.is_some());
    recording.finish().unwrap();
    let trace = format::open(&path).unwrap();
    assert!(trace.store == store);
    assert_eq!((trace.truncated.clone(), &trace.info), (None, &info));

    let report = Report::new(&store, "three-slow-servers", trace.now());
    let read = Report::new(&trace.store, &trace.info.scenario, trace.now());
    assert_eq!(report, read);
    let [threaded, asynchronous] = &report.models[..] else {
        panic!("{report:?}");
    };
    assert_eq!(asynchronous.outcome, "done", "{report:?}");
    // A busy machine may add stalls of its own.
    let held = asynchronous.stalls.iter().find(|stall| {
        stall.task_number == Some(1)
            && stall.cause.call.as_deref() == Some("sleep 60ms")
            && stall.callback == "data_received"
    });
    assert!(held.unwrap().duration_s >= 0.06, "{report:?}");
    let hurt = |model: &analysis::ModelReport| model.tasks[2].ready_s;
    assert!(hurt(asynchronous) > 0.05, "the others' data waited");
    assert_eq!(
        threaded.tasks[2].ready_s, 0.0,
        "a thread of one's own is not held up"
    );

    for ending in ["json", "csv", "loopscope"] {
        let copy = folder.path().join("copy").with_extension(ending);
        let mut origin = Origin::File(path.clone());
        origin
            .export(&copy, &info, &trace.store, &trace.marks, trace.now())
            .unwrap();
        assert!(copy.metadata().unwrap().len() > 1000);
    }
}

//! What is done to a session on its way: it is stopped, dropped, changed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use loopscope::scenario::Work;

use super::*;

/// A scenario that would take an hour.
fn endless() -> Scenario {
    let mut scenario = fast();
    for server in &mut scenario.servers {
        server.delay = Duration::from_secs(3600);
    }
    scenario
}

#[test]
fn a_session_can_be_stopped_in_the_middle() {
    let scenario = endless();
    for together in [true, false] {
        let mut options = Options::of(&scenario);
        options.together = together;
        let (session, receiver, recorded) = start_until(&scenario, options, |kind| {
            matches!(kind, EventKind::BytesRead { .. })
        });
        assert!(!session.is_finished());
        session.stop();
        session.stop();
        let recorded = recorded.finish(session, &receiver);
        assert_eq!(recorded.runs.len(), 3);
        for run in &recorded.runs {
            for task in &run.tasks {
                assert_eq!(task.outcome, Outcome::Stopped, "{}", run.variant);
                assert_eq!(task.error, None);
            }
        }
    }
}

/// Its callback would sleep for an hour. Somebody looks at every thread, also where there is no loop.
#[test]
fn a_stall_that_does_not_end_is_told_of_while_it_lasts_and_the_run_can_be_stopped() {
    let scenario = fast();
    for model in Model::OF_TASKS {
        let mut options = only(&scenario, model);
        options.stall_threshold = Duration::from_millis(5);
        options.blocking = Some(Blocking {
            kind: BlockingKind::Sleep,
            duration: Duration::from_secs(3600),
            task: Some(first()),
        });
        let noticed = |kind: &EventKind| matches!(kind, EventKind::StallNoticed { task, .. } if *task == Some(first()));
        let (session, receiver, recorded) = start_until(&scenario, options, noticed);
        session.stop();
        let recorded = recorded.finish(session, &receiver);
        let stall = |kind: &EventKind| matches!(kind, EventKind::Stall { task, .. } if *task == Some(first()));
        assert!(recorded.has(stall), "{model}");
    }
}

#[test]
fn dropping_a_session_stops_it() {
    let scenario = endless();
    let (session, receiver, _) = start_until(&scenario, Options::of(&scenario), |kind| {
        matches!(kind, EventKind::Connected { .. })
    });
    drop(session);
    while receiver.try_recv().is_ok() {}
    assert_eq!(
        receiver.try_recv(),
        Err(loopscope::record::TryRecvError::Disconnected),
        "every recorder is gone"
    );
}

#[test]
fn it_wakes_once_more_when_it_is_finished() {
    let scenario = fast();
    let (wake, wakes) = mpsc::channel();
    let finished = Arc::new(AtomicBool::new(false));
    let (session, receiver) = Session::start(
        &scenario,
        only(&scenario, Model::Threaded),
        Arc::new(move || {
            let _ = wake.send(());
        }),
    )
    .unwrap();
    // The last wake comes after everything was handed over: no other comes after it.
    while wakes.recv().is_ok() {
        finished.store(session.is_finished(), Ordering::Relaxed);
    }
    assert!(finished.load(Ordering::Relaxed));
    let recorded = Recorded::default().finish(session, &receiver);
    recorded.end(0);
}

#[test]
fn the_blocking_switch_and_the_threshold_can_be_changed_on_the_way() {
    let scenario = fast();
    let mut options = only(&scenario, Model::Asynchronous);
    options.stall_threshold = Duration::from_secs(3600);
    let (session, receiver, recorded) = start_until(&scenario, options, |kind| {
        matches!(kind, EventKind::BytesRead { .. })
    });
    session.set_stall_threshold(Duration::from_millis(5));
    session.set_blocking(Some(Blocking {
        kind: BlockingKind::Cpu,
        duration: Duration::from_millis(10),
        task: None,
    }));
    let recorded = recorded.finish(session, &receiver);
    check_content(&scenario, &recorded.runs);
    assert!(!recorded.stalls(0).is_empty());
}

/// Each client thinks for a second before it speaks again: that is when the work is changed.
#[test]
fn the_work_of_a_service_can_be_changed_on_the_way() {
    let text = r#"
        title = "A service"
        models = ["sequential", "threads", "reactor"]
        [service]
        name = "slow"
        block = "2ms"
        [[tasks]]
        name = "client"
        steps = [{ say = ["Hello", "Goodbye"], pause = "1s" }]
    "#;
    let scenario = Scenario::parse(text, Path::new("service.toml")).unwrap();
    let options = Options::of(&scenario);
    let (session, receiver, recorded) = start_until(&scenario, options, |kind| {
        matches!(kind, EventKind::BlockingEnd)
    });
    session.set_service_work(Work::Block(Duration::from_millis(1)));
    let recorded = recorded.finish(session, &receiver);
    for model in 0..3 {
        let blocked = recorded.events(model).filter_map(|event| match event.kind {
            EventKind::BlockingBegin { name, .. } => Some(&*recorded.names[&name]),
            _ => None,
        });
        let last = blocked.last();
        assert_eq!(last, Some("sleep 1ms"), "{}", scenario.variants[model].name);
        assert_eq!(recorded.runs[model].tasks[0].content, b"Hello\nGoodbye\n");
    }
}

#[test]
fn the_pace_of_a_server_can_be_changed_on_the_way() {
    let scenario = endless();
    let (session, receiver, recorded) = start_until(&scenario, Options::of(&scenario), |kind| {
        matches!(kind, EventKind::BytesRead { .. })
    });
    for server in 0..scenario.servers.len() {
        session.set_server_pace(server, usize::MAX, Duration::from_millis(1));
    }
    // There is none at this place.
    session.set_server_pace(scenario.servers.len(), 1, Duration::from_secs(3600));
    let recorded = recorded.finish(session, &receiver);
    check_content(&scenario, &recorded.runs);
}

/// What the steps of a scenario say that would take hours, as a scenario of seconds says it.
fn hurried(steps: &str, changed: &str) -> [Scenario; 2] {
    [steps, changed].map(|steps| {
        let text = format!(
            "title = 'x'\n[[servers]]\nname = 'echo'\nspeaks = 'echo'\ndelay = '1s'\n[[tasks]]\nsteps = {steps}\n"
        );
        Scenario::parse(&text, Path::new("steps.toml")).unwrap()
    })
}

fn assert_hurried(recorded: &Recorded) {
    for (place, run) in recorded.runs.iter().enumerate() {
        let done = &run.tasks[0];
        assert_eq!((done.outcome, &done.error), (Outcome::Done, &None));
        let elapsed = recorded.end(place).since(Timestamp::ZERO);
        assert!(
            elapsed < Duration::from_secs(50),
            "{}: {elapsed:?}",
            run.variant
        );
    }
}

#[test]
fn what_a_step_does_again_and_again_can_be_changed_on_the_way() {
    let [scenario, changed] = hurried(
        "[{ every = '1ms', call = 'tick', times = 1_000_000 }]",
        "[{ every = '2ms', call = 'tick', times = 3 }]",
    );
    let ticks = |kind: &EventKind| matches!(kind, EventKind::CallbackEnd { .. });
    let (session, receiver, recorded) = start_until(&scenario, Options::of(&scenario), ticks);
    session.set_steps(&changed.tasks);
    assert_hurried(&recorded.finish(session, &receiver));
}

/// While the server thinks about what to answer.
#[test]
fn pauses_and_the_steps_that_are_to_come_can_be_changed_on_the_way() {
    let [scenario, changed] = hurried(
        "[{ say = ['Hi', 'Bye'], to = 'echo', pause = '1m' }, { wait = '1m' }, { call = 'c', block = '1m' }]",
        "[{ say = ['Hi', 'Bye'], to = 'echo', pause = '1ms' }, { wait = '1ms' }, { call = 'c', block = '1ms' }]",
    );
    let connected = |kind: &EventKind| matches!(kind, EventKind::Connected { .. });
    let (session, receiver, recorded) = start_until(&scenario, Options::of(&scenario), connected);
    let [_, other] = hurried("[{ wait = '1ms' }]", "[{ call = 'c' }]");
    session.set_steps(&changed.tasks);
    // Those are other tasks.
    session.set_steps(&other.tasks);
    assert_hurried(&recorded.finish(session, &receiver));
}

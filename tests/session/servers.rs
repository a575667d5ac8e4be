//! The servers of a session, and what its tasks get from them.

use loopscope::analysis;
use loopscope::store::TraceStore;

use super::*;

#[test]
fn every_kind_of_server_is_found_where_it_is() {
    let mut scenario = Scenario::load("transports").unwrap();
    for server in &mut scenario.servers {
        server.delay = Duration::ZERO;
    }
    let recorded = run(&scenario, only(&scenario, Model::Threaded));
    for task in &recorded.runs[0].tasks {
        assert_eq!(task.outcome, Outcome::Done, "{:?}", task.error);
        assert_eq!(task.content, b"Thou\ncanst\nnot\nfind\nme\n");
    }
    for server in &mut scenario.servers {
        server.fault = Some(Fault::Dead);
    }
    let recorded = run(&scenario, only(&scenario, Model::Threaded));
    for task in &recorded.runs[0].tasks {
        let error = task.error.as_deref().unwrap();
        assert!(error.contains("refused"), "{error}");
    }
}

#[test]
fn a_request_takes_as_long_as_theory_says() {
    let scenario = Scenario::load("the-circle").unwrap();
    let request = &scenario.tasks[1];
    let theory = scenario.theory(request);
    let recorded = run(&scenario, only(&scenario, Model::Threaded));
    let is_its = |task: TaskId| task == request.id;
    let begin = recorded.at(
        0,
        |kind| matches!(kind, EventKind::TaskBegin { task, .. } if is_its(*task)),
    );
    let end = recorded.at(
        0,
        |kind| matches!(kind, EventKind::TaskEnd { task, .. } if is_its(*task)),
    );
    check_elapsed(end.since(begin), theory, "the request");
    let text = &scenario.servers[0].text[..];
    assert!(recorded.runs[0].tasks[1].content == text);
}

#[test]
fn what_a_task_reads_is_led_back_to_what_its_server_sent() {
    let scenario = fast();
    let options = Options::of(&scenario);
    let (session, receiver) = Session::start(&scenario, options, nobody()).unwrap();
    session.join();
    let mut store = TraceStore::new();
    while let Ok(batch) = receiver.try_recv() {
        store.push(&batch);
    }
    assert_eq!(store.models().len(), scenario.variants.len());
    for model in store.models() {
        for task in &model.tasks {
            let (mut total, mut sends) = (0, 0);
            for (place, &(at, read)) in task.progress().iter().enumerate() {
                let links = analysis::sends_at(&store, model, task, place..place + 1, usize::MAX);
                // The end of the data is sent by nobody.
                assert_eq!(links.is_empty(), read == total);
                assert!(
                    links
                        .iter()
                        .all(|link| link.left <= at && link.arrived == at)
                );
                (total, sends) = (read, sends + links.len());
            }
            assert_eq!(total, task.bytes);
            assert!(sends > 1, "{}", store.model_name(model));
        }
    }
}

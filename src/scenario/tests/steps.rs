//! Tasks that do more than download.

use std::time::Duration;

use super::super::*;
use super::{mistakes, parse};

/// Everything that a step can be. The lines are counted in the tests below.
const EVERYTHING: &str = "\
title = 'Everything'
[[servers]]
name = 'poem'
poem = 'science'
chunk = 100
delay = '10ms'
[[servers]]
name = 'page'
speaks = 'http'
text = 'Hello'
chunk = 1
delay = '10ms'
[[servers]]
name = 'echo'
speaks = 'echo'
[[tasks]]
name = 'much'
steps = [
  { call = 'hello', block = '20ms' },
  { wait = '1s' },
  { every = '0s', call = 'tick', times = 3, compute = '1ms', fails = 'no' },
  { download = 'poem', lines = true, fails_after = 7 },
  { request = 'page', by = 'thread' },
  { say = ['a', 'b'], to = 'echo', times = 2, pause = '5ms' },
  { hold = 'echo', count = 9 },
  { stop = true },
]
[[tasks]]
name = 'later'
after = 'much'
server = 'poem'
";

fn call(name: &str, work: Work, fails: Option<&str>) -> Call {
    Call {
        name: name.to_owned(),
        work,
        fails: fails.map(str::to_owned),
    }
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_task_has_steps_and_may_come_after_another() {
    let scenario = parse(EVERYTHING).expect("it is right");
    let [all, later] = &scenario.tasks[..] else {
        panic!("two tasks");
    };
    assert_eq!(
        all.steps,
        [
            Step::Call(call("hello", Work::Block(millis(20)), None)),
            Step::Wait(millis(1000)),
            Step::Every {
                interval: Duration::ZERO,
                times: 3,
                call: call("tick", Work::Compute(millis(1)), Some("no")),
            },
            Step::Download {
                server: 0,
                by_lines: true,
                fails_after: Some(7),
            },
            Step::Request {
                server: 1,
                by: Some(Requests::Thread),
            },
            Step::Say {
                to: Some(2),
                texts: vec!["a".to_owned(), "b".to_owned()],
                times: 2,
                pause: millis(5),
            },
            Step::Hold {
                server: 2,
                count: 9,
            },
            Step::Stop,
        ]
    );
    assert_eq!((all.after, later.after), (None, Some(all.id)));
    assert_eq!((all.download(), later.download()), (None, Some(0)));
    assert_eq!(scenario.servers[2].delay, Duration::ZERO);
    assert_eq!(scenario.expected_bytes(all), 653 + 5 + 2 * 4);
    let theory = 20 + 1000 + 70 + 50 + 3 * 5;
    assert_eq!(scenario.theory(all), millis(theory));
}

#[test]
fn a_deferred_has_a_chain_and_needs_the_loop() {
    let text = "title = 'x'\n[[tasks]]\nsteps = [{ deferred = 'poem', wait = '1s', fails = 'gone', chain = [\n\
                { callback = 'a', fails = 'b', wait = '2s' }, { callback = 'c', errback = 'd' }] }]\n";
    let scenario = parse(text).expect("it is right");
    let link = |callback: Option<Call>, errback: Option<Call>, wait| Link {
        callback,
        errback,
        wait,
    };
    let plain = |name| Some(call(name, Work::Nothing, None));
    assert_eq!(
        scenario.tasks[0].steps,
        [Step::Deferred(Promise {
            name: "poem".to_owned(),
            wait: millis(1000),
            fails: Some("gone".to_owned()),
            chain: vec![
                link(
                    Some(call("a", Work::Nothing, Some("b"))),
                    None,
                    millis(2000)
                ),
                link(plain("c"), plain("d"), Duration::ZERO),
            ],
        })]
    );
    let models: Vec<_> = scenario.variants.iter().map(|one| one.model).collect();
    assert_eq!(models, [Model::Asynchronous]);
    let synchronous = text.replace("'x'", "'x'\nmodels = ['synchronous']");
    let error = parse(&synchronous).expect_err("no loop").to_string();
    assert!(
        error.ends_with(":2:11: models[1]: `synchronous` cannot run these tasks: `asynchronous`"),
        "{error}"
    );
}

#[test]
fn variants_are_models_with_a_way_to_go_about_things() {
    let text = EVERYTHING.replacen(
        "[[servers]]",
        "[[variants]]\nname = 'a'\nrequests = 'blocking'\nprovider = 'select'\nslices = '2ms'\n\
         [[variants]]\nname = 'b'\nmodel = 'threaded'\n[[servers]]",
        1,
    );
    let scenario = parse(&text).expect("it is right");
    assert_eq!(
        scenario.variants,
        [
            Variant {
                name: "a".to_owned(),
                model: Model::Asynchronous,
                requests: Requests::Blocking,
                provider: EventProvider::Select,
                slices: Some(millis(2)),
            },
            Variant {
                name: "b".to_owned(),
                ..Model::Threaded.into()
            },
        ]
    );
    assert_eq!(scenario.models, [0, 1]);
    assert_eq!(scenario.variant("b"), Ok(&scenario.variants[1]));
    let error = scenario.variant("c").expect_err("there is none");
    assert_eq!(error.to_string(), "`c` is not allowed: `a` or `b`");
}

#[test]
fn a_service_has_clients_and_the_models_of_a_server() {
    let text = "title = 'x'\n[service]\nname = 'bank'\ncompute = '3ms'\nthreads = 2\n\
                [[tasks]]\nsteps = [{ say = ['hi'] }, { wait = '1s' }]\n";
    let scenario = parse(text).expect("it is right");
    let service = Service {
        name: "bank".to_owned(),
        work: Work::Compute(millis(3)),
        threads: 2,
    };
    assert_eq!(scenario.service, Some(service));
    let models: Vec<_> = scenario.variants.iter().map(|one| one.model).collect();
    assert_eq!(models, Model::OF_A_SERVICE);
    for (from, to, said) in [
        (
            "{ wait = '1s' }",
            "{ call = 'x' }",
            "tasks[1].steps[2].call: the tasks are the clients of the service",
        ),
        (
            "['hi'] }",
            "['hi'], to = 'bank' }",
            "tasks[1].steps[1].to: the tasks talk to the service: leave it out",
        ),
        ("threads = 2", "threads = 0", "service.threads: `0` is not"),
        (
            "compute = '3ms'",
            "compute = '3ms'\nblock = '3ms'",
            "service.compute: it has a `block` already",
        ),
        (
            "title = 'x'",
            "title = 'x'\nmodels = ['threaded']",
            "models[1]: `threaded` cannot run these tasks: `sequential`, `processes`",
        ),
    ] {
        let error = parse(&text.replace(from, to)).expect_err(to).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_step_that_cannot_be_done_is_refused_with_what_can() {
    for (from, to, said) in [
        (
            "{ wait = '1s' }",
            "{ }",
            ":20:3: tasks[1].steps[2]: does not say what to do: `every`, `call`, `download`,",
        ),
        (
            "{ wait = '1s' }",
            "{ wait = '1s', times = 2 }",
            ":20:26: tasks[1].steps[2].times: not in a step with `wait`",
        ),
        (
            "{ wait = '1s' }",
            "{ wait = '2h' }",
            "tasks[1].steps[2].wait: `2h` is not allowed: a duration from 1ms to 1m",
        ),
        (
            "{ wait = '1s' }",
            "{ wait = 1 }",
            "tasks[1].steps[2].wait: `1` is not allowed: a duration",
        ),
        (
            "{ wait = '1s' }",
            "{ weit = '1s' }",
            "tasks[1].steps[2].weit: the key `weit` is not allowed",
        ),
        (
            "call = 'tick', ",
            "",
            "tasks[1].steps[3].call: missing: what is called",
        ),
        (
            "times = 3, ",
            "",
            "tasks[1].steps[3].times: missing: a whole number from 1 to 1000000",
        ),
        (
            "block = '20ms'",
            "block = '20ms', compute = '1ms'",
            "tasks[1].steps[1].compute: it has a `block` already",
        ),
        (
            "download = 'poem'",
            "download = 'page'",
            "`page` is a server that speaks \"http\": here it takes one that speaks \"drip\"",
        ),
        (
            "download = 'poem'",
            "download = 'peom'",
            "tasks[1].steps[4].download: `peom` is not allowed: `poem`, `page` or `echo` (did you mean `poem`?)",
        ),
        (
            "['a', 'b']",
            "[]",
            "tasks[1].steps[6].say: empty: a list of texts",
        ),
        (
            "'b'",
            "\"b\\n\"",
            "tasks[1].steps[6].say: each text is one line",
        ),
        (
            "to = 'echo', ",
            "",
            "tasks[1].steps[6].to: missing: the name of a server",
        ),
        (
            "stop = true",
            "stop = false",
            "tasks[1].steps[8].stop: `false` is not allowed: `true`",
        ),
        (
            "after = 'much'",
            "after = 'later'",
            "tasks[2].after: `later` is not allowed: `much`, out of the tasks before it",
        ),
        (
            "server = 'poem'\n",
            "server = 'poem'\nsteps = [{ stop = true }]\n",
            "tasks[2].server: the steps say what it does: one of the two",
        ),
        (
            "server = 'poem'\n",
            "",
            "tasks[2].server: missing: the name of a server, in quotes; or `steps`, a list",
        ),
        (
            "speaks = 'echo'",
            "speaks = 'echo'\nchunk = 3",
            "servers[3].chunk: not for a server that speaks \"echo\"",
        ),
        (
            "speaks = 'http'",
            "speaks = 'http'\nover = 'udp'",
            "servers[2].over: only a server that speaks \"echo\" is reached over \"udp\"",
        ),
        (
            "speaks = 'echo'",
            "speaks = 'echo'\nover = 'unix'",
            "tasks[1].steps[7].hold: connections are held over `tcp` only",
        ),
    ] {
        assert!(EVERYTHING.contains(from), "{from}");
        let text = EVERYTHING.replacen(from, to, 1);
        let error = parse(&text).expect_err(to).to_string();
        assert!(error.contains(said), "{to}: {error}");
    }
}

#[test]
fn a_link_that_calls_nothing_is_refused() {
    let error = mistakes(
        "server = 'slow'",
        "steps = [{ deferred = 'd', chain = [{ wait = '1s' }] }]",
    );
    assert!(
        error.contains(
            "tasks[1].steps[1].chain[1]: does not say what is called: `callback`, `errback` or both"
        ),
        "{error}"
    );
}

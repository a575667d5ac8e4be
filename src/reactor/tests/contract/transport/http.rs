//! The agent, against servers of the same loop.

use super::*;

/// Serves `answer` to whoever has asked, and keeps what was asked.
fn serve(bench: &mut Bench, answer: &'static str, asked: &Rc<RefCell<String>>) -> SocketAddr {
    let (log, asked) = (bench.log.clone(), Rc::clone(asked));
    let (_, address) = bench.listen(move || {
        let asked = Rc::clone(&asked);
        Scripted::new("server", &log).on_data(move |reactor, transport, data| {
            let mut asked = asked.borrow_mut();
            asked.push_str(&String::from_utf8_lossy(data));
            if asked.ends_with("\r\n\r\n") {
                transport.write(reactor, answer.as_bytes());
                transport.lose_connection(reactor);
            }
            Ok(())
        })
    });
    address
}

fn get(bench: &mut Bench, address: SocketAddr) -> Connector {
    let log = bench.log.clone();
    let told = move |_: &mut Reactor, result: Result<Response, HttpError>| {
        log.add(match result {
            Ok(response) => {
                let body = response.body.escape_ascii();
                format!("answer {}: {body}", response.status)
            }
            Err(error) => format!("answer: {error}"),
        });
        Ok(())
    };
    Agent::new(task(1))
        .with_max_bytes(100)
        .get(
            &mut bench.reactor,
            address,
            "/poem?n=1",
            &[("Accept", "text/*")],
            told,
        )
        .unwrap()
}

/// The line that tells what came of a request.
fn answer(bench: &mut Bench) -> String {
    let mut lines = Vec::new();
    bench.until(|bench| {
        lines.extend(bench.log.take());
        lines.iter().any(|line| line.starts_with("answer"))
    });
    for _ in 0..20 {
        lines.extend(bench.turn());
    }
    lines.retain(|line| line.starts_with("answer"));
    assert_eq!(lines.len(), 1, "told once");
    lines.remove(0)
}

#[test]
fn a_request_is_answered() {
    let mut bench = Bench::manual();
    let asked = Rc::default();
    let address = serve(
        &mut bench,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npoem\r\n0\r\n\r\n",
        &asked,
    );
    get(&mut bench, address);
    assert_eq!(answer(&mut bench), "answer 200: poem");
    assert_eq!(
        *asked.borrow(),
        format!(
            "GET /poem?n=1 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAccept: text/*\r\n\r\n"
        )
    );
}

#[test]
fn a_body_may_last_until_the_end() {
    let mut bench = Bench::manual();
    let address = serve(&mut bench, "HTTP/1.0 200 OK\r\n\r\npoem", &Rc::default());
    get(&mut bench, address);
    assert_eq!(answer(&mut bench), "answer 200: poem");
}

#[test]
fn what_goes_wrong_is_told_once() {
    let mut bench = Bench::manual();
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npoem";
    let address = serve(&mut bench, half, &Rc::default());
    get(&mut bench, address);
    assert!(answer(&mut bench).contains("lost before the response was whole"));

    let address = serve(&mut bench, "220 smtp.example\r\n", &Rc::default());
    get(&mut bench, address);
    assert!(answer(&mut bench).contains("the head of the response cannot be read"));

    let address = std::net::TcpListener::bind(LOOPBACK)
        .unwrap()
        .local_addr()
        .unwrap();
    get(&mut bench, address);
    assert!(answer(&mut bench).contains("no connection to the server"));

    let silent = std::net::TcpListener::bind(LOOPBACK).unwrap();
    let request = get(&mut bench, silent.local_addr().unwrap());
    request.disconnect(&mut bench.reactor);
    assert!(answer(&mut bench).contains("the attempt was given up"));
}

#[test]
fn what_is_done_with_an_answer_is_a_callback_of_its_own_whose_failure_is_recorded_once() {
    let mut bench = Bench::manual();
    let poem = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npoem";
    let address = serve(&mut bench, poem, &Rc::default());
    let no_use = |_: &mut Reactor, _| -> CallbackResult { Err("no use".into()) };
    let asked = Agent::new(None).get(&mut bench.reactor, address, "/", &[], no_use);
    asked.unwrap();
    let mut trace = Vec::new();
    bench.until(|bench| {
        trace.extend(bench.trace());
        trace.iter().any(|word| word == "failed end")
    });
    for _ in 0..20 {
        bench.turn();
    }
    trace.extend(bench.trace());
    let place = trace
        .iter()
        .position(|word| word.starts_with("response_received"));
    let around = &trace[place.unwrap() - 1..place.unwrap() + 4];
    assert_eq!(
        around,
        [
            "data_received (the program's next statement)",
            "response_received (the program's next statement)",
            "failure: no use",
            "failed end",
            "end",
        ]
    );
    let count = |word: &str| trace.iter().filter(|told| *told == word).count();
    assert_eq!((count("failure: no use"), count("failed end")), (1, 1));
}

#[test]
fn a_request_cannot_be_smuggled_into_another() {
    let mut bench = Bench::manual();
    let never = |_: &mut Reactor, _: Result<Response, HttpError>| -> CallbackResult {
        panic!("nothing was asked")
    };
    for (path, name, value) in [
        ("/a b", "Accept", "x"),
        ("", "Accept", "x"),
        ("/\r\nX: y", "Accept", "x"),
        ("/", "Accept:", "x"),
        ("/", "", "x"),
        ("/", "Accept", "x\r\nX: y"),
    ] {
        let refused =
            Agent::new(None).get(&mut bench.reactor, LOOPBACK, path, &[(name, value)], never);
        assert!(refused.is_err(), "{path:?} {name:?} {value:?}");
    }
    assert!(bench.reactor.descriptors.is_empty());
}

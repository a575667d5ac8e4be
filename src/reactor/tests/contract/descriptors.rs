//! Who is called when several descriptors are ready, and who is not.

use super::*;

#[test]
fn reading_comes_before_writing() {
    let mut bench = Bench::manual();
    let (id, other) = bench.pipe("a", wait);
    bench.reactor.add_writer(id, "can_write").unwrap();
    send(&other);
    assert_eq!(bench.turn(), ["a reads", "a writes"]);
    assert_eq!(
        bench.trace()[1..6],
        [
            "poll",
            "polled 1",
            "Readable",
            "Writable",
            "data_received (readiness)"
        ]
    );
}

/// It is ready for both in one poll, and its reading decides over the writing.
#[test]
fn one_that_its_own_reading_removed_is_not_written() {
    for whole in [true, false] {
        let mut bench = Bench::manual();
        let own: Rc<RefCell<Option<DescriptorId>>> = Rc::default();
        let id = Rc::clone(&own);
        let (a, other) = bench.pipe("a", move |reactor| {
            let id = id.borrow().unwrap();
            if whole {
                assert!(reactor.remove_descriptor(id));
            } else {
                reactor.remove_writer(id)?;
            }
            Ok(Next::Wait)
        });
        *own.borrow_mut() = Some(a);
        bench.reactor.add_writer(a, "can_write").unwrap();
        send(&other);
        assert_eq!(bench.turn(), ["a reads"]);
        assert!(bench.turn().is_empty());
    }
}

#[test]
fn readiness_is_tied_to_the_callback_that_serves_it() {
    let mut bench = Bench::manual();
    let (_, other) = bench.pipe("a", wait);
    send(&other);
    bench.turn();
    let mut flows = Vec::new();
    for (_, kind) in bench.events() {
        match kind {
            EventKind::Readiness {
                flow, task: whose, ..
            } => {
                assert_eq!(whose, task(1));
                flows.push(flow);
            }
            EventKind::CallbackBegin {
                flow, task: whose, ..
            } => {
                assert_eq!(whose, task(1));
                flows.extend(flow);
            }
            _ => {}
        }
    }
    assert!(flows.len() == 2 && flows[0] == flows[1], "{flows:?}");
}

/// Two pipes that are ready in one poll; the first that is served treats the other with `act`.
fn first_treats_the_other(
    bench: &mut Bench,
    act: impl Fn(&mut Reactor, DescriptorId) + Clone + 'static,
) -> Vec<String> {
    let ids: Rc<RefCell<Vec<DescriptorId>>> = Rc::default();
    let mut others = Vec::new();
    for index in 0..2 {
        let peers = Rc::clone(&ids);
        let act = act.clone();
        let (id, other) = bench.pipe(["a", "b"][index], move |reactor| {
            act(reactor, peers.borrow()[1 - index]);
            Ok(Next::Wait)
        });
        ids.borrow_mut().push(id);
        send(&other);
        others.push(other);
    }
    let mut log = bench.turn();
    log.extend(bench.turn());
    log
}

#[test]
fn a_descriptor_that_an_earlier_callback_removed_is_skipped() {
    let log = first_treats_the_other(&mut Bench::manual(), |reactor, other| {
        assert!(reactor.remove_descriptor(other));
    });
    assert_eq!(log.len(), 1, "{log:?}");
    let log = first_treats_the_other(&mut Bench::manual(), |reactor, other| {
        reactor.remove_reader(other).unwrap();
    });
    assert_eq!(log.len(), 1, "{log:?}");
}

#[test]
fn a_new_descriptor_in_the_place_of_a_removed_one_does_not_get_its_readiness() {
    let mut bench = Bench::manual();
    let log = bench.log.clone();
    let (_keep, quiet) = UnixStream::pair().unwrap();
    let cell = Rc::new(RefCell::new(Some(quiet)));
    let done = first_treats_the_other(&mut bench, move |reactor, other| {
        reactor.remove_descriptor(other);
        let end = cell.borrow_mut().take().unwrap();
        end.set_nonblocking(true).unwrap();
        let pipe = Pipe {
            name: "new",
            end,
            log: log.clone(),
            on_read: Box::new(|_| panic!("nobody sent it anything")),
        };
        let new = reactor.add_descriptor(Box::new(pipe), None);
        assert_eq!(
            new.token().0 as u32,
            other.token().0 as u32,
            "it takes the same place"
        );
        reactor.add_reader(new, "data_received").unwrap();
    });
    assert_eq!(done.len(), 1, "{done:?}");
    let trace = bench.trace();
    assert!(
        !trace.iter().any(|word| word.starts_with("failure")),
        "{trace:?}"
    );
}

#[test]
fn a_descriptor_may_remove_itself() {
    let mut bench = Bench::manual();
    let own: Rc<RefCell<Option<DescriptorId>>> = Rc::default();
    let id = Rc::clone(&own);
    let (a, other) = bench.pipe("a", move |reactor| {
        assert!(reactor.remove_descriptor(id.borrow().unwrap()));
        Ok(Next::Again)
    });
    *own.borrow_mut() = Some(a);
    send(&other);
    assert_eq!(bench.turn(), ["a reads"]);
    assert!(bench.turn().is_empty());
    assert_eq!((&other).read(&mut [0]).unwrap(), 0, "the socket was closed");
}

#[test]
fn a_reader_that_was_away_learns_what_came_meanwhile() {
    let mut bench = Bench::manual();
    let (id, other) = bench.pipe("a", wait);
    bench.reactor.remove_reader(id).unwrap();
    send(&other);
    assert!(bench.turn().is_empty());
    bench.reactor.add_reader(id, "data_received").unwrap();
    assert_eq!(bench.turn(), ["a reads"]);
}

#[test]
fn one_that_is_not_drained_is_called_again_without_starving_the_others() {
    let mut bench = Bench::manual();
    let mut left = 2;
    let (_, flood) = bench.pipe("flood", move |_| {
        left -= 1;
        Ok(if left > 0 { Next::Again } else { Next::Wait })
    });
    send(&flood);
    assert_eq!(bench.turn(), ["flood reads"]);
    let (_, other) = bench.pipe("other", wait);
    send(&other);
    // It is told once, though the provider reports it as well.
    send(&flood);
    assert_eq!(bench.turn(), ["flood reads", "other reads"]);
    assert!(bench.turn().is_empty());
}

/// The event provider would say nothing more of it: waiting there would take for ever.
#[test]
fn a_loop_does_not_wait_while_one_is_not_drained() {
    let mut bench = Bench::real();
    let mut left = 3;
    let (_, flood) = bench.pipe("flood", move |reactor| {
        left -= 1;
        if left == 0 {
            reactor.stop()?;
        }
        Ok(Next::Again)
    });
    send(&flood);
    bench.reactor.run().unwrap();
    let log = bench.log.take();
    assert_eq!(log.iter().filter(|line| *line == "flood reads").count(), 3);
}

#[test]
fn a_failure_loses_that_connection_alone() {
    let mut bench = Bench::manual();
    let (_, a) = bench.pipe("a", |_| Err("bad data".into()));
    let (_, b) = bench.pipe("b", |_| panic!("on purpose"));
    let (_, c) = bench.pipe("c", wait);
    for other in [&a, &b, &c] {
        send(other);
    }
    let mut log = bench.turn();
    log.sort();
    assert_eq!(
        log,
        [
            "a lost: bad data",
            "a reads",
            "b lost: panicked: on purpose",
            "b reads",
            "c reads"
        ]
    );
    assert_eq!((&a).read(&mut [0]).unwrap(), 0, "the socket was closed");
    assert_eq!(bench.reactor.descriptors.len(), 1);
    let trace = bench.trace();
    let failures = trace.iter().filter(|word| word.starts_with("failure"));
    assert_eq!(failures.count(), 2, "each once: {trace:?}");
}

#[test]
fn the_end_of_data_loses_the_connection_in_order() {
    let mut bench = Bench::manual();
    let (_, other) = bench.pipe("a", |_| Ok(Next::Close));
    drop(other);
    assert_eq!(bench.turn(), ["a reads", "a closed"]);
}

#[test]
fn a_descriptor_that_is_not_there_is_refused() {
    let mut bench = Bench::manual();
    let (id, _other) = bench.pipe("a", wait);
    assert!(bench.reactor.remove_descriptor(id));
    assert!(!bench.reactor.remove_descriptor(id));
    let error = bench.reactor.add_reader(id, "data_received").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    bench.reactor.remove_reader(id).unwrap();
}

#[test]
fn one_that_could_not_be_watched_is_not_and_leaves_the_other_of_its_number_alone() {
    let mut bench = Bench::manual();
    let (id, other) = bench.pipe("a", wait);
    let fd = bench.reactor.descriptors[id].fd;
    let twin = bench.reactor.insert(fd, None, None);
    assert!(bench.reactor.add_reader(twin, "do_read").is_err());
    bench.reactor.remove_reader(twin).unwrap();
    assert!(bench.reactor.remove_descriptor(twin));
    send(&other);
    assert_eq!(bench.turn(), ["a reads"]);
}

//! A reactor with its watchdog.

use std::os::fd::AsRawFd;
use std::sync::mpsc;

use super::*;
use crate::record::Recorders;
use crate::trace::{Doing, FlowId};
use crate::watch::tests::{Looker, is_notice};

/// A reactor that counts whatever lasts longer than a few milliseconds as a stall.
fn watched() -> Bench {
    let mut bench = Bench::real();
    let threshold = StallThreshold::new(5 * MS);
    bench.reactor.share_stall_threshold(threshold);
    bench.reactor.watch().unwrap();
    bench
}

/// Runs the reactor, and meanwhile lets `look` read its trace on another thread. Everything that was recorded.
fn run(bench: Bench, look: impl FnOnce(&mut Looker) + Send + 'static) -> Looker {
    let mut looker = Looker::new(bench.receiver);
    let mut reactor = bench.reactor;
    let looking = std::thread::spawn(move || {
        look(&mut looker);
        looker
    });
    reactor.run().unwrap();
    drop(reactor);
    let mut looker = looking.join().unwrap();
    looker.drain();
    looker
}

#[cfg(target_os = "linux")]
#[test]
fn a_callback_that_blocks_is_seen_blocking_with_its_name_and_its_system_call() {
    let mut bench = watched();
    let (mut near, mut far) = UnixStream::pair().unwrap();
    let fd = near.as_raw_fd();
    let label = Label::new("ask the database", task(2));
    bench.reactor.call_when_running(label, move |reactor| {
        near.read_exact(&mut [0])?;
        Ok(reactor.stop()?)
    });
    let looker = run(bench, move |looker| {
        let noticed = looker.wait_for(is_notice).kind;
        let EventKind::StallNoticed {
            task: whose,
            callback: Some(callback),
            ..
        } = noticed
        else {
            panic!("{noticed:?}");
        };
        assert_eq!(whose, task(2));
        assert_eq!(looker.names[&callback], "ask the database");
        let reads = |kind: &EventKind| matches!(kind, EventKind::ThreadSample { doing: Doing::SystemCall { fd: Some(on), .. }, .. } if *on == fd);
        let sample = looker.wait_for(reads).kind;
        let EventKind::ThreadSample {
            doing: Doing::SystemCall { name, .. },
            ..
        } = sample
        else {
            panic!("{sample:?}");
        };
        assert!(["read", "recvfrom"].contains(&looker.names[&name].as_str()));
        let is = looker
            .wait_for(|kind| matches!(kind, EventKind::DescriptorIs { fd: on, .. } if *on == fd));
        let EventKind::DescriptorIs { what, .. } = is.kind else {
            panic!("{is:?}");
        };
        assert_eq!(looker.names[&what], "a Unix socket");
        far.write_all(b"x").unwrap();
    });
    // What was noticed and what the loop itself recorded is one stall.
    let stalls = looker.all(|kind| matches!(kind, EventKind::Stall { .. }));
    let [
        Event {
            kind: EventKind::Stall { begin, .. },
            at: end,
        },
    ] = stalls[..]
    else {
        panic!("{stalls:?}");
    };
    for noticed in looker.all(is_notice) {
        assert!(matches!(noticed.kind, EventKind::StallNoticed { begin: of, .. } if of == begin));
    }
    let times = looker.all(|kind| matches!(kind, EventKind::ThreadTimes { .. }));
    let [first, .., last] = times[..] else {
        panic!("{times:?}");
    };
    assert!(begin <= first.at && last.at == end);
}

#[test]
fn who_waited_is_told_with_its_descriptor_by_the_loop_and_by_the_watchdog() {
    let mut bench = watched();
    let (answer, answered) = mpsc::channel();
    let (_, first) = bench.pipe("stuck", move |_| {
        answered.recv()?;
        Ok(Next::Wait)
    });
    let (id, second) = bench.pipe("waits", |reactor| {
        reactor.stop()?;
        Ok(Next::Wait)
    });
    let fd = bench.reactor.descriptors[id].fd;
    send(&first);
    let looker = run(bench, move |looker| {
        looker.wait_for(is_notice);
        send(&second);
        looker.wait_for(|kind| matches!(kind, EventKind::DataArrived { fd: on, .. } if *on == fd));
        answer.send(()).unwrap();
    });
    let flow = readinesses_of(&looker, fd)[0];
    let served = looker.all(|kind| {
        matches!(kind, EventKind::CallbackBegin { flow: Some(of), cause: Cause::Readiness, .. } if *of == flow)
    });
    assert_eq!(served.len(), 1);
    let stall = looker.all(|kind| matches!(kind, EventKind::Stall { .. }))[0];
    let arrival = looker.all(|kind| matches!(kind, EventKind::DataArrived { .. }))[0];
    assert!(arrival.at <= stall.at && stall.at <= served[0].at);
}

/// The readinesses that were told to be of a descriptor.
fn readinesses_of(looker: &Looker, fd: i32) -> Vec<FlowId> {
    let told = looker.events.iter().map(|(_, event)| event.kind);
    told.filter_map(|kind| match kind {
        EventKind::ReadinessOf { flow, fd: of } if of == fd => Some(flow),
        _ => None,
    })
    .collect()
}

/// Else what came in on it would be taken for what comes in later, and somebody would have waited for that long.
#[test]
fn who_is_served_in_the_turn_that_was_stuck_is_told_with_its_descriptor() {
    let mut bench = watched();
    let (answer, answered) = mpsc::channel();
    let (id, first) = bench.pipe("stuck", move |_| {
        answered.recv()?;
        Ok(Next::Wait)
    });
    let stuck = bench.reactor.descriptors[id].fd;
    let (id, second) = bench.pipe("waits", |reactor| {
        reactor.stop()?;
        Ok(Next::Wait)
    });
    let waits = bench.reactor.descriptors[id].fd;
    send(&first);
    send(&second);
    let looker = run(bench, move |looker| {
        looker.wait_for(|kind| matches!(kind, EventKind::DataArrived { fd, .. } if *fd == waits));
        answer.send(()).unwrap();
    });
    // In the order in which they were served, in one turn.
    let served = looker.all(|kind| {
        let cause = Cause::Readiness;
        matches!(kind, EventKind::CallbackBegin { cause: of, .. } if *of == cause)
    });
    let flows: Vec<_> = served
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::CallbackBegin { flow, .. } => flow,
            _ => None,
        })
        .collect();
    let told = [stuck, waits].map(|fd| readinesses_of(&looker, fd));
    assert_eq!(told.concat(), flows);
    assert_eq!(flows.len(), 2);
    let polls = looker.all(|kind| matches!(kind, EventKind::PollEnd { .. }));
    assert_eq!(polls.len(), 1);
}

#[test]
fn a_descriptor_that_is_read_no_more_is_not_observed() {
    let mut bench = watched();
    let (answer, answered) = mpsc::channel();
    let (paused, first) = bench.pipe("paused", wait);
    let (lost, second) = bench.pipe("lost", wait);
    let (taken, third) = bench.pipe("observed", wait);
    let fd = bench.reactor.descriptors[taken].fd;
    bench
        .reactor
        .call_when_running(label("stuck"), move |reactor| {
            reactor.remove_reader(paused)?;
            reactor.remove_descriptor(lost);
            answered.recv()?;
            Ok(reactor.stop()?)
        });
    let looker = run(bench, move |looker| {
        looker.wait_for(is_notice);
        send(&first);
        // Its other end is closed.
        let _ = (&second).write_all(b"x");
        send(&third);
        looker.wait_for(|kind| matches!(kind, EventKind::DataArrived { .. }));
        answer.send(()).unwrap();
    });
    let arrivals = looker.all(|kind| matches!(kind, EventKind::DataArrived { .. }));
    assert_eq!(arrivals.len(), 1);
    assert!(matches!(arrivals[0].kind, EventKind::DataArrived { fd: on, .. } if on == fd));
}

/// Those that were there before it was to be watched are observed as well.
#[test]
fn a_reactor_can_be_watched_later() {
    let mut bench = Bench::real();
    let (answer, answered) = mpsc::channel();
    let (_, other) = bench.pipe("early", wait);
    bench
        .reactor
        .call_when_running(label("stuck"), move |reactor| {
            answered.recv()?;
            Ok(reactor.stop()?)
        });
    bench.reactor.watch().unwrap();
    // Also this counts from now on.
    bench
        .reactor
        .share_stall_threshold(StallThreshold::new(5 * MS));
    run(bench, move |looker| {
        looker.wait_for(is_notice);
        send(&other);
        looker.wait_for(|kind| matches!(kind, EventKind::DataArrived { .. }));
        answer.send(()).unwrap();
    });
}

/// Also by one of its own callbacks: it is seen from the next poll on.
#[test]
fn one_that_is_watched_no_more_can_be_watched_again() {
    let mut bench = watched();
    bench.reactor.unwatch();
    assert!(bench.reactor.watchdog.is_none());
    let (answer, answered) = mpsc::channel();
    let stuck = move |reactor: &mut Reactor| {
        answered.recv()?;
        Ok(reactor.stop()?)
    };
    bench
        .reactor
        .call_later(Duration::ZERO, label("watch"), move |reactor| {
            reactor.watch()?;
            reactor.unwatch();
            reactor.watch()?;
            // What is made in a turn is for the next one.
            reactor.call_later(Duration::ZERO, label("stuck"), stuck);
            Ok(())
        });
    run(bench, move |looker| {
        looker.wait_for(is_notice);
        answer.send(()).unwrap();
    });
}

#[test]
fn one_that_keeps_no_record_is_not_watched() {
    let recorders = Recorders::off(&Clock::monotonic());
    let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor")).unwrap();
    reactor.watch().unwrap();
    assert!(reactor.watchdog.is_none());
}

#[test]
fn one_that_is_driven_from_outside_is_busy_only_in_its_turns() {
    let mut bench = watched();
    for _ in 0..2 {
        bench.turn();
        while !bench.reactor.watchdog.as_ref().unwrap().is_asleep() {
            std::thread::yield_now();
        }
    }
}

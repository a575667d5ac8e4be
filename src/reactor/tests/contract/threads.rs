//! The thread pool. No clock decides anything here: threads wait for each other.

use std::collections::HashSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId as SystemThread;

use crossbeam_channel::{Receiver as Taken, Sender, unbounded};

use super::*;
use crate::trace::{Batch, FlowId, ThreadId};

/// Work that tells that it began and waits until it may go on.
struct Gate {
    arrived: Taken<SystemThread>,
    open: Sender<()>,
    at_gate: (Sender<SystemThread>, Taken<()>),
}

impl Gate {
    fn new() -> Self {
        let (arrive, arrived) = unbounded();
        let (open, pass) = unbounded();
        Self {
            arrived,
            open,
            at_gate: (arrive, pass),
        }
    }

    fn work(&self) -> impl FnOnce(&mut Recorder) -> CallbackResult + Send + 'static {
        let (arrive, pass) = self.at_gate.clone();
        move |_| {
            arrive.send(std::thread::current().id())?;
            Ok(pass.recv()?)
        }
    }

    /// Waits until so many have come.
    fn wait_for(&self, count: usize) -> Vec<SystemThread> {
        (0..count).map(|_| self.arrived.recv().unwrap()).collect()
    }

    fn let_pass(&self, count: usize) {
        for _ in 0..count {
            self.open.send(()).unwrap();
        }
    }
}

/// Turns until the log has so many lines, which it returns: a turn when there is something for it to do, since
/// nobody fetches what idle turns record.
fn turn_until(bench: &mut Bench, lines: usize) -> Vec<String> {
    bench.reactor.turn().unwrap();
    while bench.log.0.borrow().len() < lines {
        while bench.reactor.calls.is_empty() {
            std::thread::yield_now();
        }
        bench.reactor.turn().unwrap();
    }
    bench.log.take()
}

/// Defers gated work, whose end is logged.
fn defer(bench: &mut Bench, gate: &Gate, count: usize) {
    for _ in 0..count {
        let log = bench.log.clone();
        bench
            .reactor
            .defer_to_thread(label("work"), gate.work())
            .then(&mut bench.reactor, move |_, ()| {
                log.add("done");
                Ok(())
            });
    }
}

#[test]
fn twenty_five_pieces_of_work_are_done_by_ten_threads_ten_and_ten_and_five() {
    const ROUNDS: [usize; 3] = [10, 10, 5];
    let mut bench = Bench::real();
    let (arrive, arrived) = unbounded();
    // Each round is let go when all of it has come, and this thread too.
    let barriers = ROUNDS.map(|round| Arc::new(Barrier::new(round + 1)));
    for (round, barrier) in ROUNDS.into_iter().zip(&barriers) {
        for _ in 0..round {
            let (arrive, barrier) = (arrive.clone(), Arc::clone(barrier));
            let log = bench.log.clone();
            let code = move |_: &mut Recorder| {
                arrive.send(std::thread::current().id())?;
                barrier.wait();
                Ok(())
            };
            let deferred = bench.reactor.defer_to_thread(label("work"), code);
            deferred.then(&mut bench.reactor, move |_, ()| {
                log.add("done");
                Ok(())
            });
        }
    }
    bench.reactor.turn().unwrap();
    for (round, barrier) in ROUNDS.into_iter().zip(&barriers) {
        let threads: HashSet<SystemThread> = (0..round).map(|_| arrived.recv().unwrap()).collect();
        assert_eq!(threads.len(), round);
        assert!(arrived.is_empty(), "all threads wait at the barrier");
        barrier.wait();
        turn_until(&mut bench, round);
    }
    assert_eq!(bench.reactor.pool.alive(), 10);
}

#[test]
fn threads_are_made_when_there_is_work_that_no_other_has_time_for() {
    let mut bench = Bench::real();
    let gate = Gate::new();
    bench.reactor.turn().unwrap();
    assert_eq!(bench.reactor.pool.alive(), 0);
    for _ in 0..3 {
        defer(&mut bench, &gate, 1);
        gate.wait_for(1);
        gate.let_pass(1);
        turn_until(&mut bench, 1);
        assert_eq!(bench.reactor.pool.alive(), 1, "the same one has time again");
    }
    defer(&mut bench, &gate, 2);
    gate.wait_for(2);
    assert_eq!(bench.reactor.pool.alive(), 2);
    gate.let_pass(2);
}

#[test]
fn the_size_of_the_pool_can_be_changed() {
    let mut bench = Bench::real();
    let gate = Gate::new();
    bench.reactor.set_thread_pool_size(2).unwrap();
    bench.reactor.turn().unwrap();
    defer(&mut bench, &gate, 4);
    gate.wait_for(2);
    assert!(gate.arrived.is_empty());
    bench.reactor.set_thread_pool_size(3).unwrap();
    gate.wait_for(1);
    bench.reactor.set_thread_pool_size(0).unwrap();
    assert_eq!(bench.reactor.pool.alive(), 1, "one there must be");
    gate.let_pass(4);
    turn_until(&mut bench, 4);
    defer(&mut bench, &gate, 2);
    gate.wait_for(1);
    gate.let_pass(2);
    turn_until(&mut bench, 2);
}

#[test]
fn work_that_is_handed_in_before_the_reactor_runs_waits_for_it() {
    let mut bench = Bench::real();
    let gate = Gate::new();
    gate.let_pass(1);
    bench
        .reactor
        .defer_to_thread(label("work"), gate.work())
        .then(&mut bench.reactor, |reactor, ()| Ok(reactor.stop()?));
    assert_eq!(bench.reactor.pool.alive(), 0);
    bench.reactor.run().unwrap();
    assert_eq!(gate.arrived.len(), 1);
}

#[test]
fn a_result_wakes_the_loop_and_comes_back_on_its_thread() {
    let mut bench = Bench::real();
    let here = std::thread::current().id();
    let log = bench.log.clone();
    bench
        .reactor
        .defer_to_thread(label("work"), move |_| Ok(std::thread::current().id()))
        .then(&mut bench.reactor, move |reactor, there| {
            assert_ne!(there, here);
            assert_eq!(std::thread::current().id(), here);
            log.add("came back");
            Ok(reactor.stop()?)
        });
    bench.reactor.run().unwrap();
    assert_eq!(bench.log.take(), ["came back"]);
}

#[test]
fn a_failure_in_a_thread_goes_to_the_errback_and_is_recorded_there() {
    for panics in [false, true] {
        let mut bench = Bench::real();
        let log = bench.log.clone();
        bench
            .reactor
            .defer_to_thread(label("work"), move |_| {
                assert!(!panics, "on purpose");
                Err::<(), _>("no luck".into())
            })
            .catch(&mut bench.reactor, move |_, failure| {
                log.add(failure.to_string());
                Ok(())
            });
        let reason = ["no luck", "panicked: on purpose"][usize::from(panics)];
        assert_eq!(turn_until(&mut bench, 1), [reason]);
        assert!(bench.trace().contains(&format!("failure: {reason}")));
    }
}

#[test]
fn a_panic_in_a_plain_call_is_recorded_and_its_thread_goes_on() {
    let mut bench = Bench::real();
    bench.reactor.set_thread_pool_size(1).unwrap();
    bench
        .reactor
        .call_in_thread(label("panics"), |_| panic!("on purpose"));
    let gate = Gate::new();
    defer(&mut bench, &gate, 1);
    gate.let_pass(1);
    turn_until(&mut bench, 1);
    let trace = bench.trace();
    let expected = [
        "panics (work for the thread pool)",
        "failure: panicked: on purpose",
        "failed end",
        "work done",
        "work (work for the thread pool)",
    ];
    assert!(trace.windows(5).any(|words| words == expected), "{trace:?}");
}

#[test]
fn cancelling_does_not_stop_the_thread_and_its_result_is_thrown_away() {
    let mut bench = Bench::real();
    // What is handed in second is done second.
    bench.reactor.set_thread_pool_size(1).unwrap();
    let gate = Gate::new();
    let deferred = bench.reactor.defer_to_thread(label("work"), gate.work());
    bench.reactor.turn().unwrap();
    gate.wait_for(1);
    deferred.cancel(&mut bench.reactor);
    assert!(deferred.result().unwrap().unwrap_err().is::<Cancelled>());
    gate.let_pass(1);
    defer(&mut bench, &gate, 1);
    gate.let_pass(1);
    turn_until(&mut bench, 1);
    let trace = bench.trace();
    let done = trace.iter().filter(|word| *word == "work done").count();
    assert_eq!(done, 2, "{trace:?}");
    assert!(!trace.iter().any(|word| word.starts_with("failure")));
    assert!(bench.reactor.pool.results.is_empty());
}

#[test]
fn at_the_end_the_threads_are_joined_when_their_work_is_done() {
    let mut bench = Bench::real();
    let gate = Gate::new();
    let done = Arc::new(AtomicBool::new(false));
    let (work, is_done) = (gate.work(), Arc::clone(&done));
    bench
        .reactor
        .call_in_thread(label("work"), move |recorder| {
            work(recorder)?;
            is_done.store(true, Ordering::Relaxed);
            Ok(())
        });
    bench
        .reactor
        .call_when_running(label("stop"), move |reactor| {
            gate.wait_for(1);
            reactor.stop()?;
            // Somebody else lets it pass, at any time.
            std::thread::spawn(move || gate.let_pass(1));
            Ok(())
        });
    bench.reactor.run().unwrap();
    assert!(done.load(Ordering::Relaxed));
    assert_eq!(bench.reactor.pool.alive(), 0);
}

#[test]
fn after_the_end_no_work_is_taken() {
    let mut bench = Bench::real();
    bench.reactor.handle().stop().unwrap();
    bench.reactor.run().unwrap();
    let refused = bench.reactor.defer_to_thread(label("late"), |_| Ok(1));
    let failure = refused.result().unwrap().unwrap_err();
    assert!(matches!(
        *failure.downcast::<Error>().unwrap(),
        Error::PoolClosed
    ));
    bench.reactor.call_in_thread(label("late"), |_| Ok(()));
    let trace = bench.trace();
    let words = "failure: the thread pool is closed: its reactor was stopped";
    assert_eq!(trace.last().unwrap(), words);
}

/// What each thread recorded of one deferred call.
#[test]
fn work_is_recorded_from_queueing_to_its_result() {
    let mut bench = Bench::real();
    let gate = Gate::new();
    defer(&mut bench, &gate, 1);
    gate.let_pass(1);
    turn_until(&mut bench, 1);
    drop(bench.reactor);
    let mut kinds: HashMap<ThreadId, Vec<EventKind>> = HashMap::new();
    // The thread ends by itself when its reactor is gone.
    loop {
        match bench.receiver.try_recv() {
            Ok(Batch {
                source,
                names,
                events,
            }) => {
                bench.names.extend(names);
                let of_thread = kinds.entry(source.thread).or_default();
                of_thread.extend(events.iter().map(|event| event.kind));
            }
            Err(crate::record::TryRecvError::Empty) => std::thread::yield_now(),
            Err(crate::record::TryRecvError::Disconnected) => break,
        }
    }
    let name = |name: &NameId| bench.names[name].clone();
    let of = |index| &kinds[&ThreadId::from_index(index)];
    let queued = of(0).iter().find_map(|kind| match kind {
        EventKind::WorkQueued { work, name: id } => Some((*work, name(id))),
        _ => None,
    });
    let (work, queued) = queued.unwrap();
    assert_eq!(queued, "work");
    let begun: Vec<(FlowId, String)> = of(1)
        .iter()
        .filter_map(|kind| match kind {
            EventKind::CallbackBegin {
                cause: Cause::ThreadPool,
                flow: Some(flow),
                name: id,
                ..
            } => Some((*flow, name(id))),
            _ => None,
        })
        .collect();
    assert_eq!(begun, [(work, "work".to_owned())]);
    let call = of(1).iter().find_map(|kind| match kind {
        EventKind::WorkDone { work: done, call } if *done == work => *call,
        _ => None,
    });
    let call = call.unwrap();
    for flow in of(0).iter().filter_map(|kind| match kind {
        EventKind::ThreadCall { flow, .. } => Some(Some(*flow)),
        EventKind::CallbackBegin {
            cause: Cause::ThreadCall,
            flow,
            ..
        } => Some(*flow),
        _ => None,
    }) {
        assert_eq!(flow, Some(call));
    }
    let EventKind::ThreadBegin { name: id } = of(1)[0] else {
        panic!("{:?}", of(1));
    };
    assert_eq!(name(&id), "pool thread 1");
    assert_eq!(*of(1).last().unwrap(), EventKind::ThreadEnd);
    let idle = |wanted: EventKind| of(1).iter().filter(|kind| **kind == wanted).count();
    assert_eq!(idle(EventKind::IdleBegin), idle(EventKind::IdleEnd));
    assert!(idle(EventKind::IdleBegin) > 0);
}

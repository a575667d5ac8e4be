//! Stretches without a poll.

use std::cell::Cell;

use super::*;

/// Advances the clock by so much when it fires.
fn busy(bench: &mut Bench, whose: Option<TaskId>, name: &'static str, by: Duration) {
    let hand = bench.hand();
    bench
        .reactor
        .call_later(Duration::ZERO, Label::new(name, whose), move |_| {
            hand.advance(by);
            Ok(())
        });
}

fn stalls(bench: &mut Bench) -> Vec<String> {
    bench
        .trace()
        .into_iter()
        .filter(|word| word.starts_with("stall"))
        .collect()
}

#[test]
fn a_stretch_over_the_threshold_is_a_stall_named_after_its_longest_callback() {
    let mut bench = Bench::manual();
    bench.hand().advance(7 * MS);
    busy(&mut bench, task(2), "short", 10 * MS);
    busy(&mut bench, task(1), "long", 30 * MS);
    busy(&mut bench, task(3), "shorter", 11 * MS);
    bench.turn();
    assert_eq!(
        stalls(&mut bench),
        [format!("stall from 7 ms: long of {:?}", task(1))]
    );
}

#[test]
fn a_stretch_of_just_the_threshold_is_none() {
    let mut bench = Bench::manual();
    busy(&mut bench, task(1), "just", 50 * MS);
    bench.turn();
    assert!(stalls(&mut bench).is_empty());
    busy(
        &mut bench,
        task(1),
        "over",
        50 * MS + Duration::from_nanos(1),
    );
    bench.turn();
    assert_eq!(stalls(&mut bench).len(), 1);
}

#[test]
fn what_a_descriptor_takes_to_go_away_after_its_callback_belongs_to_the_stretch() {
    /// Takes its time.
    struct Slow(ManualClock);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.advance(60 * MS);
        }
    }
    let mut bench = Bench::manual();
    let slow = Slow(bench.hand());
    let own = Rc::new(Cell::new(None));
    let id = Rc::clone(&own);
    let (pipe, other) = bench.pipe("a", move |reactor| {
        let _with = &slow;
        assert!(id.get().is_some_and(|id| reactor.remove_descriptor(id)));
        Ok(Next::Wait)
    });
    own.set(Some(pipe));
    send(&other);
    bench.turn();
    bench.turn();
    assert_eq!(stalls(&mut bench).len(), 1);
}

#[test]
fn the_threshold_can_be_changed_on_the_way() {
    let mut bench = Bench::manual();
    let threshold = StallThreshold::new(5 * MS);
    bench.reactor.share_stall_threshold(threshold.clone());
    busy(&mut bench, None, "busy", 6 * MS);
    bench.turn();
    assert_eq!(stalls(&mut bench).len(), 1);
    threshold.set(7 * MS);
    busy(&mut bench, None, "busy", 6 * MS);
    bench.turn();
    assert!(stalls(&mut bench).is_empty());
}

/// From the return of one poll, through dispatch, calls from threads and timers, to the next poll.
#[test]
fn the_stretch_reaches_from_poll_to_poll_and_the_first_one_from_the_start() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    bench.reactor.call_when_running(label("start"), move |_| {
        hand.advance(60 * MS);
        Ok(())
    });
    let hand = bench.hand();
    let (_, other) = bench.pipe("a", move |reactor| {
        hand.advance(30 * MS);
        let hand = hand.clone();
        reactor.call_later(
            Duration::ZERO,
            Label::new("timer", task(4)),
            move |reactor| {
                hand.advance(31 * MS);
                Ok(reactor.stop()?)
            },
        );
        Ok(Next::Wait)
    });
    send(&other);
    bench.reactor.run().unwrap();
    assert_eq!(
        stalls(&mut bench),
        [
            "stall from 0 ms: start of None".to_owned(),
            format!("stall from 60 ms: timer of {:?}", task(4)),
        ]
    );
}

#[test]
fn a_stall_is_named_after_the_callback_that_took_the_time_and_not_the_one_around_it() {
    let mut bench = Bench::manual();
    let hand = bench.hand();
    bench
        .reactor
        .call_when_running(label("outer"), move |reactor| {
            let inner = hand.clone();
            reactor.call_when_running(label("inner"), move |_| {
                inner.advance(60 * MS);
                Ok(())
            });
            hand.advance(MS);
            Ok(reactor.stop()?)
        });
    bench.reactor.run().unwrap();
    assert_eq!(stalls(&mut bench), ["stall from 0 ms: inner of None"]);
}

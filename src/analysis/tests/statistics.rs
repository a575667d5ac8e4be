//! Statistics of a stretch of time: small ones by hand, and random ones moment by moment.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::made::{LOOP, Made, name, task};
use super::*;
use crate::store::{ModelTrack, SpanKind};

fn range(begin: u64, end: u64) -> TimeRange {
    TimeRange::new(at(begin), at(end))
}

fn of(store: &TraceStore, range: TimeRange) -> Statistics {
    statistics(store, &store.models()[0], range, at(1000))
}

fn call<'a>(statistics: &'a Statistics, name: &str) -> &'a CallStatistics {
    let mut calls = statistics.callbacks.iter();
    calls
        .find(|call| call.name == name)
        .expect("it was called in that time")
}

#[test]
fn a_call_without_length_is_counted_where_it_lies_and_once() {
    let mut made = Made::new();
    for begin in [100, 150] {
        let flow = made.ready(begin, 1, None);
        made.serve((begin, begin), 1, flow);
    }
    made.poll(200, 300);
    let store = made.store();
    let count = |range| call(&of(&store, range), "data_received").count;
    assert_eq!(count(range(100, 150)), 1);
    assert_eq!(count(range(150, 200)), 1, "the one where it begins");
    assert_eq!(count(WHOLE), 2);
}

#[test]
fn the_sample_adds_up() {
    let store = sample::store();
    let found = of(&store, WHOLE);
    let received = call(&found, "data_received");
    assert_eq!((received.count, received.blocking), (2, false));
    assert_eq!(received.total, millis(63 + 2));
    assert_eq!(
        received.own,
        millis(3 + 2),
        "the rest is the call that blocks"
    );
    assert_eq!((received.p50, received.max), (millis(2), millis(63)));
    assert_eq!((received.p99, received.mean), (millis(63), millis(65) / 2));
    let longest = store.span(received.longest).expect("it leads to a span");
    assert_eq!(longest.begin, at(10));
    let sleep = call(&found, "sleep 60ms");
    assert_eq!(
        (sleep.total, sleep.own, sleep.blocking),
        (millis(60), millis(60), true)
    );

    let [thread] = &found.threads[..] else {
        panic!("{:?}", found.threads);
    };
    assert_eq!(thread.waited, millis(8 + 12 + 1));
    assert_eq!(thread.busy, millis(96 - 21));
    assert_eq!(thread.called, millis(1 + 63 + 2 + 1 + 1));
    let science = &found.tasks[1];
    assert_eq!(
        (science.name.as_str(), science.ready),
        ("science \"quoted\"", millis(63))
    );
    let ready = store.span(science.longest).map(|span| span.kind);
    assert_eq!(ready, Some(SpanKind::Ready));
}

#[test]
fn what_reaches_over_the_edge_counts_with_what_lies_inside() {
    let store = sample::store();
    let found = of(&store, range(20, 74));
    let received = call(&found, "data_received");
    assert_eq!((received.count, received.total), (2, millis(53 + 1)));
    assert_eq!(received.own, millis(2));
    assert_eq!(call(&found, "sleep 60ms").max, millis(52));
    assert_eq!(found.tasks[1].ready, millis(53));
    let nothing = of(&store, range(300, 400));
    assert_eq!((nothing.callbacks.len(), nothing.threads.len()), (0, 0));
}

#[test]
fn what_lasts_still_counts_until_now() {
    let mut made = Made::new();
    made.tell(
        120,
        EventKind::CallbackBegin {
            name: name("tick"),
            task: Some(task(1)),
            cause: Cause::Program,
            flow: None,
        },
    );
    let store = made.store();
    let found = of(&store, range(0, 5000));
    assert_eq!(call(&found, "tick").total, millis(1000 - 120));
    assert_eq!(found.range.end, at(1000), "nothing is known of later");
}

#[test]
fn of_very_many_calls_the_quantiles_are_still_near() {
    let mut made = Made::new();
    for number in 0..70_000 {
        let flow = made.new_flow();
        let begin = 100 + number * 200;
        made.serve((begin, begin + 1 + number % 100), 1, flow);
    }
    let store = made.store();
    let all = range(0, 1_000_000_000);
    let found = statistics(&store, &store.models()[0], all, all.end);
    let received = call(&found, "data_received");
    assert_eq!((received.count, received.max), (70_000, millis(100)));
    assert!(received.p50 >= millis(50) && received.p50 <= millis(52));
    assert!(received.p99 >= millis(99) && received.p99 <= millis(103));
}

/// A callback: its name, how long it runs before and after what lies in it, and that.
#[derive(Clone, Debug)]
struct Tree {
    text: &'static str,
    blocks: bool,
    before: u64,
    inner: Vec<Tree>,
    after: u64,
}

impl Tree {
    /// Tells of it from `begin` on, and where it ends.
    fn tell(&self, made: &mut Made, begin: u64) -> u64 {
        let (name, task) = (name(self.text), Some(task(1)));
        let (begins, ends) = match self.blocks {
            true => (
                EventKind::BlockingBegin { name, task },
                EventKind::BlockingEnd,
            ),
            false => (
                EventKind::CallbackBegin {
                    name,
                    task,
                    cause: Cause::Program,
                    flow: None,
                },
                EventKind::CallbackEnd { failed: false },
            ),
        };
        made.tell(begin, begins);
        let mut now = begin + self.before;
        // A call that blocks ends with whatever callback is told of in it.
        for inner in self.inner.iter().filter(|_| !self.blocks) {
            now = inner.tell(made, now);
        }
        now += self.after;
        made.tell(now, ends);
        now
    }
}

/// Turns with these calls, each followed by a poll of so many milliseconds.
fn store_of(turns: &[(Vec<Tree>, u64)]) -> TraceStore {
    let mut made = Made::new();
    let mut now = 100;
    for (calls, poll) in turns {
        for tree in calls {
            now = tree.tell(&mut made, now);
        }
        made.poll(now, now + poll);
        now += poll;
    }
    made.store()
}

fn trees() -> impl Strategy<Value = Vec<Tree>> {
    let text = prop::sample::select(vec!["data_received", "tick", "call"]);
    let leaf = (text.clone(), any::<bool>(), 0_u64..8, 0_u64..8).prop_map(
        |(text, blocks, before, after)| Tree {
            text,
            blocks,
            before,
            inner: Vec::new(),
            after,
        },
    );
    let tree = leaf.prop_recursive(3, 12, 3, move |inner| {
        let inner = prop::collection::vec(inner, 0..3);
        (text.clone(), 0_u64..8, inner, 0_u64..8).prop_map(|(text, before, inner, after)| Tree {
            text,
            blocks: false,
            before,
            inner,
            after,
        })
    });
    prop::collection::vec(tree, 0..8)
}

/// Of each name, and whether it blocks: the total, and what it was busy itself.
type ByName = BTreeMap<(NameId, bool), [u64; 2]>;

/// What is found by looking at every millisecond: of each name the total and what it was busy itself; and how long the
/// thread waited, did anything else, and was in a call.
fn by_moment(model: &ModelTrack, range: TimeRange) -> (ByName, [u64; 3]) {
    let thread = model.thread(LOOP).expect("it has one");
    let mut calls = ByName::new();
    let [mut waited, mut busy, mut called] = [0; 3];
    let lived = thread.range(range.end);
    for moment in (0..1000).map(at).filter(|&moment| range.contains(moment)) {
        let depths = 0..thread.lane.depths();
        let spans: Vec<_> = depths
            .filter_map(|depth| thread.lane.span(depth, thread.lane.at(depth, moment)?))
            .collect();
        let key = |kind| match kind {
            SpanKind::Callback(_) => Some(false),
            SpanKind::Blocking => Some(true),
            _ => None,
        };
        for (place, span) in spans.iter().enumerate() {
            if let Some((blocks, name)) = key(span.kind).zip(span.name) {
                let call = calls.entry((name, blocks)).or_default();
                call[0] += 1;
                call[1] += u64::from(place + 1 == spans.len());
            }
        }
        let waits = spans.iter().any(|span| span.kind == SpanKind::Poll);
        waited += u64::from(waits);
        busy += u64::from(!waits && lived.contains(moment));
        called += u64::from(spans.iter().any(|span| key(span.kind).is_some()));
    }
    (calls, [waited, busy, called])
}

proptest! {
    // Nothing is written beside the sources: a failure prints its smallest input.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_moment_is_counted_where_it_belongs(
        turns in prop::collection::vec((trees(), 1_u64..20), 1..6),
        begin in 0_u64..300,
        length in 0_u64..300,
        at_once in 1_usize..9,
    ) {
        let store = store_of(&turns);
        let model = &store.models()[0];
        let range = range(begin, begin + length);
        let found = statistics(&store, model, range, at(999));
        let (calls, [waited, busy, called]) = by_moment(model, found.range);

        let own: Duration = found.callbacks.iter().map(|call| call.own).sum();
        for ((name, blocking), [total, own]) in calls {
            let name = store.name(name);
            let mut known = found.callbacks.iter();
            let call = known.find(|call| call.name == name && call.blocking == blocking);
            let call = call.expect("somebody was in it");
            prop_assert_eq!((call.total, call.own), (millis(total), millis(own)));
            prop_assert!(call.p50 <= call.p99 && call.p99 <= call.max && call.mean <= call.max);
            prop_assert!(call.own <= call.total && call.max <= call.total);
        }
        let thread = found.threads.iter().find(|one| one.thread == LOOP);
        let spent = thread.map_or((millis(0), millis(0), millis(0)), |one| {
            (one.waited, one.busy, one.called)
        });
        if thread.is_some() {
            prop_assert_eq!(spent, (millis(waited), millis(busy), millis(called)));
            prop_assert_eq!(own, millis(called));
        }

        let mut tally = Tally::new(model, range, at(999));
        let mut steps = 0;
        while !tally.advance(&store, at_once) {
            steps += 1;
            prop_assert!(tally.seen() <= steps * at_once);
        }
        prop_assert_eq!(tally.statistics(&store), found, "in small steps it is the same");
    }

    #[test]
    fn two_neighbours_are_both_together(
        turns in prop::collection::vec((trees(), 1_u64..20), 1..4),
        edge in 80_u64..200,
    ) {
        let store = store_of(&turns);
        let [left, right, both] =
            [range(0, edge), range(edge, 999), range(0, 999)].map(|range| of(&store, range));
        for call in &both.callbacks {
            let part = |side: &Statistics| {
                let mut calls = side.callbacks.iter();
                let same = calls.find(|one| (&one.name, one.blocking) == (&call.name, call.blocking));
                same.map_or((millis(0), millis(0)), |one| (one.total, one.own))
            };
            let (left, right) = (part(&left), part(&right));
            prop_assert_eq!((left.0 + right.0, left.1 + right.1), (call.total, call.own));
        }
        for (place, task) in both.tasks.iter().enumerate() {
            let waiting = |side: &Statistics| {
                let found = side.tasks.iter().find(|one| one.task == task.task);
                found.map_or(millis(0), |one| one.waiting)
            };
            prop_assert_eq!(waiting(&left) + waiting(&right), task.waiting, "{}", place);
        }
    }
}

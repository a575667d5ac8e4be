//! Random schedules of callbacks, arrivals and timers: whatever happens, the accounts add up.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::made::{Made, name, said, task};
use super::*;
use crate::store::{ModelTrack, Span, SpanKind};
use crate::trace::Sighting;

/// What happens in one turn: callbacks by their task and length, and how long the poll after it takes. A task whose data
/// came in is not always told of by the next poll: then the callback that ran took the data.
type Turn = (Vec<(u32, u64)>, u64);

/// Nanoseconds in a millisecond.
const MS: u64 = 1_000_000;

/// A loop that takes these turns. Every task has data at random moments, which a watchdog sees; timers fall due.
fn schedule(turns: &[Turn], arrivals: &[(u64, u32)], timers: &[u64]) -> Made {
    let mut made = Made::new();
    let mut timers: Vec<_> = timers.iter().map(|due| (*due, made.new_flow())).collect();
    timers.sort_unstable();
    for (place, &(due, timer)) in timers.iter().enumerate() {
        let set = EventKind::TimerSet {
            timer,
            deadline: at(100 + due),
            name: name("tick"),
        };
        made.events.insert(Made::BEFORE + place, (1, set));
    }
    let mut arrivals: Vec<_> = arrivals
        .iter()
        .map(|(at, task)| (100 + at, *task))
        .collect();
    arrivals.sort_unstable();
    let mut now = 100;
    let mut unread: BTreeMap<u32, i32> = BTreeMap::new();
    for (callbacks, poll) in turns {
        let begin = now;
        let mut flows = Vec::new();
        for (number, length) in callbacks {
            let fd = unread.remove(number);
            let flow = made.ready(begin, *number, fd);
            flows.push((*number, *length, flow));
        }
        for (number, length, flow) in flows {
            made.serve((now, now + length), number, flow);
            now += length;
        }
        let due = timers.partition_point(|(due, _)| 100 + due <= now);
        for (due, timer) in timers.drain(..due) {
            let late = at(now).since(at(100 + due)).as_nanos() as u64;
            made.tell(now, EventKind::TimerFired { timer, late });
            made.call((now, now + 1), "tick", None, (Cause::Timer, timer));
            now += 1;
        }
        if now - begin > 50 {
            made.stall(
                begin,
                now,
                callbacks.first().map_or(1, |(number, _)| *number),
            );
        }
        let came = arrivals.partition_point(|(at, _)| *at < now);
        for (at, number) in arrivals.drain(..came) {
            if at > begin {
                made.arrives(at, number, number as i32, Sighting::AsItCame);
                unread.insert(number, number as i32);
            }
        }
        made.poll(now, now + poll);
        now += poll;
    }
    made.tell(now, EventKind::PollBegin);
    made
}

/// Who held the loop in each millisecond of a wait, and in how many: looked up one after the other in what was told.
fn held_by(made: &Made, waited: TimeRange) -> BTreeMap<String, Duration> {
    let mut callbacks = Vec::new();
    for &(at, kind) in &made.events {
        match kind {
            EventKind::CallbackBegin { name, task, .. } => {
                callbacks.push((at, u64::MAX, said(name, task)));
            }
            EventKind::CallbackEnd { .. } => callbacks.last_mut().expect("it began").1 = at,
            _ => {}
        }
    }
    let mut held: BTreeMap<String, Duration> = BTreeMap::new();
    for now in (waited.begin.0 / MS)..(waited.end.0 / MS) {
        let running = callbacks
            .iter()
            .find(|(begin, end, _)| (*begin..*end).contains(&now));
        let who = running.map_or(LOOP_ITSELF, |(.., who)| who);
        *held.entry(who.to_owned()).or_default() += millis(1);
    }
    held
}

/// The waits of the timers that were late because of a stall.
fn late_timers(made: &Made, stall: TimeRange) -> Vec<TimeRange> {
    let fired = made.events.iter().filter_map(|&(now, kind)| match kind {
        EventKind::TimerFired { late, .. } => {
            Some(TimeRange::new(Timestamp(at(now).0 - late), at(now)))
        }
        _ => None,
    });
    let during = |waited: &TimeRange| {
        let begin = waited.begin.max(stall.begin);
        waited.end.min(stall.end).since(begin) >= SHORTEST_WAIT
    };
    fired.filter(during).collect()
}

/// The states of a task, and how long it was ready.
fn states(model: &ModelTrack, number: u32) -> Option<(Vec<Span>, u64)> {
    let task = model.task(task(number))?;
    let ended = task.lane.row(0).into_iter().flat_map(|row| row.spans());
    let all = ended.chain(task.lane.open().iter().copied());
    Some((all.collect(), task.spent_nanos(SpanKind::Ready, at(10_000))))
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let callbacks = prop::collection::btree_map(1_u32..4, 0_u64..90, 0..4);
    let callbacks = callbacks.prop_map(|callbacks| callbacks.into_iter().collect());
    prop::collection::vec((callbacks, 1_u64..30), 1..12)
}

proptest! {
    // Nothing is written beside the sources: a failure prints its smallest input.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn blame_adds_up(
        turns in turns(),
        arrivals in prop::collection::vec((0_u64..1000, 1_u32..4), 0..20),
        timers in prop::collection::vec(0_u64..1000, 0..10),
    ) {
        let made = schedule(&turns, &arrivals, &timers);
        let reports = stalls(&made.store(), at(10_000));
        for report in &reports {
            let mut harm = Duration::ZERO;
            let timers = report.victims.iter();
            let timers = timers.filter(|victim| victim.kind == VictimKind::Timer);
            let mut timers: Vec<_> = timers.map(|victim| victim.waited).collect();
            timers.sort_unstable_by_key(|waited| (waited.end, waited.begin));
            prop_assert_eq!(timers, late_timers(&made, report.range));
            let mut by_callback: BTreeMap<String, Duration> = BTreeMap::new();
            for victim in &report.victims {
                let parts: Duration = victim.blame.iter().map(|part| part.duration).sum();
                prop_assert_eq!(parts, victim.delay(), "{:?}", victim);
                let named = victim.blame.iter();
                let named = named.map(|part| (part.holder.said().to_string(), part.duration));
                prop_assert_eq!(named.collect::<BTreeMap<_, _>>(), held_by(&made, victim.waited));
                prop_assert!(SHORTEST_WAIT <= victim.during && victim.during <= victim.delay());
                prop_assert!(victim.blame.iter().all(|part| !part.duration.is_zero()));
                harm += victim.during;
                for part in &victim.blame {
                    *by_callback.entry(part.holder.said().to_string()).or_default() += part.duration;
                }
            }
            prop_assert_eq!(harm, report.harm);
            // A callback's harm is the sum over its victims, and all of them together that of the delays.
            let delays: Duration = report.victims.iter().map(Victim::delay).sum();
            prop_assert_eq!(by_callback.values().sum::<Duration>(), delays);
        }
        let found = findings(&reports);
        let whole: Duration = reports.iter().map(|report| report.harm).sum();
        prop_assert_eq!(found.iter().map(|one| one.harm).sum::<Duration>(), whole);
        let mut places: Vec<_> = found.iter().flat_map(|one| one.stalls.clone()).collect();
        places.sort_unstable();
        prop_assert_eq!(places, (0..reports.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_task_is_ready_from_its_first_arrival_on_in_whatever_order_the_two_are_heard(
        turns in turns(),
        arrivals in prop::collection::vec((0_u64..1000, 1_u32..4), 0..20),
    ) {
        let made = schedule(&turns, &arrivals, &[]);
        let watchdog_first = made.store();
        let loop_first = made.store_of([2, 0, 1]);
        let (a, b) = (&watchdog_first.models()[0], &loop_first.models()[0]);
        for number in 1..4 {
            prop_assert_eq!(states(a, number), states(b, number));
        }
        prop_assert_eq!(stalls(&watchdog_first, at(10_000)), stalls(&loop_first, at(10_000)));
    }

    #[test]
    fn a_change_that_changes_nothing_is_foreseen_as_what_was(
        lengths in prop::collection::vec((0_u64..90, 1_u64..30), 1..12),
        arrivals in prop::collection::vec(0_u64..1000, 0..20),
    ) {
        let turns: Vec<Turn> = lengths.into_iter().map(|(length, poll)| (vec![(1, length)], poll)).collect();
        let arrivals: Vec<_> = arrivals.into_iter().map(|at| (at, 1)).collect();
        let store = schedule(&turns, &arrivals, &[]).store();
        // No slice is as long as this one.
        let nothing = crate::trace::Change::Slices(Duration::from_secs(10));
        for report in stalls(&store, at(10_000)) {
            for foreseen in what_if(&store, &store.models()[0], &report, nothing, at(10_000)) {
                prop_assert_eq!(foreseen.predicted, foreseen.recorded);
            }
        }
    }
}

//! What a watchdog tells, before the loop does and after it.

use super::*;
use crate::trace::{Doing, Sighting};

const LOOP: usize = 0;
const WATCHDOG: usize = 1;

fn by(thread: usize, events: &[(u64, EventKind)]) -> Batch {
    let mut batch = batch(events);
    batch.source.thread = ThreadId::from_index(thread);
    batch
}

fn of(batches: &[Batch]) -> TraceStore {
    let mut store = TraceStore::new();
    batches.iter().for_each(|batch| store.push(batch));
    store
}

const OTHER: TaskId = TaskId::new(2).expect("not zero");

fn arrived(task: TaskId) -> EventKind {
    EventKind::DataArrived {
        fd: 7,
        task: Some(task),
        sighting: Sighting::AsItCame,
    }
}

fn noticed(begin: u64) -> EventKind {
    EventKind::StallNoticed {
        thread: ThreadId::from_index(LOOP),
        task: Some(TASK),
        callback: Some(NAME),
        begin: Timestamp(begin),
    }
}

/// Two tasks, and a poll.
fn before() -> Batch {
    let begin = |task| EventKind::TaskBegin { task, name: NAME };
    by(
        LOOP,
        &[
            (0, begin(TASK)),
            (0, begin(OTHER)),
            (10, EventKind::PollBegin),
        ],
    )
}

fn readiness(number: u64, task: TaskId) -> EventKind {
    EventKind::Readiness {
        flow: FlowId::new(number).expect("from 1"),
        task: Some(task),
        interest: Interest::Readable,
    }
}

fn served(number: u64, task: TaskId) -> EventKind {
    EventKind::CallbackBegin {
        name: NAME,
        task: Some(task),
        cause: Cause::Readiness,
        flow: FlowId::new(number),
    }
}

const RETURNED: EventKind = EventKind::CallbackEnd { failed: false };

/// The first task holds the loop from 100 to 200; the other is served then, if its loop tells of it.
fn stalled(other_is_ready: bool) -> Batch {
    let stall = EventKind::Stall {
        begin: Timestamp(100),
        task: Some(TASK),
        callback: NAME,
    };
    let mut events = vec![
        (100, EventKind::PollEnd { ready: 1 }),
        (100, readiness(1, TASK)),
        (100, served(1, TASK)),
        (200, RETURNED),
        (200, stall),
        (200, EventKind::PollBegin),
        (201, EventKind::PollEnd { ready: 1 }),
    ];
    if other_is_ready {
        events.extend([
            (201, readiness(2, OTHER)),
            (205, served(2, OTHER)),
            (210, RETURNED),
        ]);
    }
    events.push((220, EventKind::PollBegin));
    by(LOOP, &events)
}

fn watched() -> Batch {
    by(
        WATCHDOG,
        &[
            (150, noticed(100)),
            // More data for the one who holds the loop: it is not waiting.
            (155, arrived(TASK)),
            (160, arrived(OTHER)),
        ],
    )
}

fn lane(store: &TraceStore, task: usize) -> Vec<(u64, u64, SpanKind)> {
    let lane = &store.models()[0].tasks[task].lane;
    let mut all = spans(lane, 0);
    all.extend(
        lane.open()
            .iter()
            .map(|span| (span.begin.0, span.end.0, span.kind)),
    );
    all
}

#[test]
fn a_task_is_ready_since_its_data_came_whoever_is_heard_of_first() {
    let expected = [
        (0, 160, SpanKind::Waiting),
        (160, 205, SpanKind::Ready),
        (205, 210, SpanKind::Running),
        (210, u64::MAX, SpanKind::Waiting),
    ];
    let early = of(&[before(), watched(), stalled(true)]);
    let late = of(&[before(), stalled(true), watched()]);
    for store in [early, late] {
        assert_eq!(lane(&store, 1), expected);
        let task = &store.models()[0].tasks[1];
        let spent = |state| task.spent_nanos(state, Timestamp(220));
        assert_eq!(spent(SpanKind::Waiting), 160 + 10);
        assert_eq!(spent(SpanKind::Ready), 45);
        let holder = lane(&store, 0);
        assert!(
            holder.contains(&(100, 200, SpanKind::Running)),
            "{holder:?}"
        );
        assert_eq!(
            store.models()[0].tasks[0].spent_nanos(SpanKind::Ready, Timestamp(220)),
            0
        );
    }
}

#[test]
fn a_task_is_ready_while_the_loop_is_stuck_and_was_so_between_its_own_words() {
    let store = of(&[before(), watched()]);
    assert_eq!(
        lane(&store, 1),
        [
            (0, 160, SpanKind::Waiting),
            (160, u64::MAX, SpanKind::Ready)
        ]
    );
    // A part of the turn is handed over before the watchdog is heard of, and a part after it.
    let whole = stalled(true).events;
    let (first, rest) = whole.split_at(7);
    let part = |events: &[Event]| Batch {
        events: events.to_vec(),
        ..stalled(true)
    };
    let between = of(&[before(), part(first), watched(), part(rest)]);
    assert_eq!(lane(&between, 1)[1], (160, 205, SpanKind::Ready));
}

#[test]
fn what_a_loop_does_not_tell_of_after_a_poll_was_nothing() {
    let early = of(&[before(), watched(), stalled(false)]);
    let late = of(&[before(), stalled(false), watched()]);
    for store in [early, late] {
        assert_eq!(lane(&store, 1), [(0, u64::MAX, SpanKind::Waiting)]);
        assert_eq!(
            store.models()[0].tasks[1].spent_nanos(SpanKind::Ready, Timestamp(220)),
            0
        );
    }
}

#[test]
fn a_noticed_stall_lasts_until_the_loop_tells_of_its_end() {
    let mut store = of(&[before(), watched()]);
    let stall = store.models()[0].stalls[0];
    assert!(stall.lasts);
    assert_eq!(stall.until(Timestamp(190)).nanos(), 90);
    let longest = store.models()[0].longest_stall(Timestamp(190));
    assert_eq!(longest, Some(stall.until(Timestamp(190))));
    let lasting = store.models()[0].lasting_stall(ThreadId::from_index(LOOP));
    assert_eq!(lasting.map(|(place, _)| place), Some(0));
    store.push(&by(WATCHDOG, &[(170, noticed(100))]));
    assert_eq!(store.models()[0].stalls[0].range.end, Timestamp(170));
    store.push(&stalled(true));
    store.push(&by(WATCHDOG, &[(180, noticed(100))]));
    let model = &store.models()[0];
    assert_eq!(model.stalls.len(), 1, "it is the same one");
    let whole = TimeRange::new(Timestamp(100), Timestamp(200));
    assert_eq!(
        (model.stalls[0].range, model.stalls[0].lasts),
        (whole, false)
    );
    let later = Timestamp(900);
    assert_eq!(model.longest_stall(later), Some(whole));
    assert_eq!(model.lasting_stall(ThreadId::from_index(LOOP)), None);
}

#[test]
fn a_noticed_stall_ends_where_its_loop_polls_although_that_tells_of_none() {
    let silent = || {
        let mut batch = stalled(true);
        batch
            .events
            .retain(|event| !matches!(event.kind, EventKind::Stall { .. }));
        batch
    };
    for store in [
        of(&[before(), watched(), silent()]),
        of(&[before(), silent(), watched()]),
    ] {
        let stall = store.models()[0].stalls[0];
        assert_eq!((stall.range.end, stall.lasts), (Timestamp(200), false));
    }
}

#[test]
fn a_noticed_stall_of_a_thread_without_a_loop_ends_where_that_waits_again() {
    let call = WaitCall::Read;
    let wait = EventKind::WaitBegin { task: TASK, call };
    let waits = by(
        LOOP,
        &[
            (0, wait),
            (20, EventKind::WaitEnd { task: TASK }),
            (95, wait),
        ],
    );
    let watchdog = by(WATCHDOG, &[(72, noticed(20))]);
    let store = of(&[watchdog, waits]);
    let [stall] = &store.models()[0].stalls[..] else {
        panic!("{:?}", store.models()[0].stalls);
    };
    assert_eq!(
        (stall.range, stall.lasts),
        (TimeRange::new(Timestamp(20), Timestamp(95)), false)
    );
}

#[test]
fn what_a_watchdog_saw_is_kept_with_the_thread_that_it_watched() {
    let thread = ThreadId::from_index(LOOP);
    let times = |on_cpu| EventKind::ThreadTimes {
        thread,
        on_cpu,
        waiting_for_core: 1,
    };
    let sample = EventKind::ThreadSample {
        thread,
        doing: Doing::Running,
    };
    let watched = EventKind::Watched {
        reads: 3,
        spent: 40,
    };
    let store = of(&[
        before(),
        by(
            WATCHDOG,
            &[
                (110, times(5)),
                (120, sample),
                (130, times(9)),
                (130, EventKind::ReportsHeldBack { count: 2 }),
                (140, watched),
                (150, watched),
            ],
        ),
        // What a thread says of itself is about its whole life, and is of no use here.
        by(LOOP, &[(125, times(7))]),
    ]);
    let model = &store.models()[0];
    let watch = &model.thread(thread).expect("it began").watch;
    let all = TimeRange::new(Timestamp(0), Timestamp(200));
    let on_cpu: Vec<_> = watch
        .times_in(all)
        .iter()
        .map(|times| times.on_cpu)
        .collect();
    assert_eq!(on_cpu, [5, 7, 9]);
    assert_eq!(
        watch
            .samples_in(TimeRange::new(Timestamp(120), Timestamp(121)))
            .len(),
        1
    );
    assert!(
        watch
            .samples_in(TimeRange::new(Timestamp(121), Timestamp(200)))
            .is_empty()
    );
    let observer = model.observer;
    assert_eq!(
        (observer.reads, observer.spent, observer.held_back),
        (6, 80, 2)
    );
}

#[test]
fn a_timer_is_pending_until_it_fires_or_is_cancelled() {
    let set = |number, deadline| EventKind::TimerSet {
        timer: FlowId::new(number).expect("from 1"),
        deadline: Timestamp(deadline),
        name: NAME,
    };
    let timer = |number| FlowId::new(number).expect("from 1");
    let store = store(&[
        (1, set(1, 10)),
        (1, set(2, 20)),
        (1, set(3, 30)),
        (2, set(3, 35)),
        (
            10,
            EventKind::TimerFired {
                timer: timer(1),
                late: 0,
            },
        ),
        (11, EventKind::TimerCancelled { timer: timer(2) }),
    ]);
    let pending: Vec<_> = store.models()[0].threads[0].pending_timers().collect();
    assert_eq!(pending.len(), 1);
    assert_eq!(
        (pending[0].0, pending[0].1.deadline),
        (timer(3), Timestamp(35)),
        "it was moved"
    );
}

#[test]
fn what_came_in_on_a_descriptor_is_found_without_a_look_at_the_others() {
    let arrived = |fd, at| {
        let task = Some(TASK);
        let sighting = Sighting::AsItCame;
        (at, EventKind::DataArrived { fd, task, sighting })
    };
    let events: Vec<_> = (0..1_000).map(|at| arrived((at % 10) as i32, at)).collect();
    let store = of(&[by(WATCHDOG, &events)]);
    let arrivals = &store.models()[0].arrivals;
    let part = TimeRange::new(Timestamp(100), Timestamp(200));
    let of_three: Vec<_> = arrivals.on(3, part).copied().collect();
    let expected = arrivals.within(part).iter().filter(|one| one.fd == 3);
    assert!(of_three.iter().eq(expected));
    assert_eq!(of_three.len(), 10);
    assert_eq!(arrivals.on(10, part).count(), 0);
}

//! A watchdog beside a loop that the test plays itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod many;

use std::collections::HashMap;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use std::thread;
use std::time::Duration;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::record::{Receiver, channel};
use crate::trace::{Doing, Event, EventKind, ModelId, Sighting, ThreadId, Timestamp};

const MS: Duration = Duration::from_millis(1);
/// Longer than any test lasts.
const EVER: Duration = Duration::from_secs(3600);

/// Reads a trace while it grows.
pub(crate) struct Looker {
    receiver: Receiver,
    pub(crate) names: HashMap<NameId, String>,
    pub(crate) events: Vec<(ThreadId, Event)>,
}

impl Looker {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self {
            receiver,
            names: HashMap::new(),
            events: Vec::new(),
        }
    }

    /// Takes what there is.
    pub(crate) fn drain(&mut self) {
        while let Ok(batch) = self.receiver.try_recv() {
            let thread = batch.source.thread;
            self.names.extend(batch.names);
            self.events
                .extend(batch.events.iter().map(|event| (thread, *event)));
        }
    }

    /// Waits, without a system call, for the first event that is wanted.
    pub(crate) fn wait_for(&mut self, wanted: impl Fn(&EventKind) -> bool) -> Event {
        let mut from = 0;
        loop {
            let new = self.events[from..].iter();
            if let Some((_, event)) = new.into_iter().find(|(_, event)| wanted(&event.kind)) {
                return *event;
            }
            from = self.events.len();
            self.drain();
            std::hint::spin_loop();
        }
    }

    pub(crate) fn all(&self, wanted: impl Fn(&EventKind) -> bool) -> Vec<Event> {
        let events = self.events.iter().map(|(_, event)| *event);
        events.filter(|event| wanted(&event.kind)).collect()
    }
}

pub(crate) const fn is_notice(kind: &EventKind) -> bool {
    matches!(kind, EventKind::StallNoticed { .. })
}

const fn is_cost(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Watched { .. })
}

const fn is_sample(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ThreadSample { .. })
}

const fn is_times(kind: &EventKind) -> bool {
    matches!(kind, EventKind::ThreadTimes { .. })
}

/// The test is the loop.
struct Bench {
    recorder: Recorder,
    watchdog: Watchdog,
    looker: Looker,
}

impl Bench {
    fn real(threshold: Duration) -> Self {
        Self::on(&Clock::monotonic(), threshold)
    }

    fn manual(threshold: Duration) -> (Self, ManualClock) {
        let (clock, hand) = Clock::manual();
        (Self::on(&clock, threshold), hand)
    }

    fn on(clock: &Clock, threshold: Duration) -> Self {
        let (recorders, receiver) = channel(clock, Arc::new(|| {}));
        let recorders = recorders.with_thread_times();
        let recorder = recorders.recorder(ModelId::from_index(0), "loop");
        let watchdog = Watchdog::start(&recorder, StallThreshold::new(threshold)).unwrap();
        Self {
            recorder,
            watchdog,
            looker: Looker::new(receiver),
        }
    }

    fn begin(&mut self) -> Timestamp {
        let now = self.recorder.ticks();
        self.watchdog.begin_stretch(now);
        self.recorder.clock().timestamp(now)
    }

    fn end(&mut self, was_stall: bool) -> Timestamp {
        let now = self.recorder.ticks();
        self.watchdog.end_stretch(now, was_stall);
        self.recorder.flush();
        self.recorder.clock().timestamp(now)
    }

    /// Waits until the watchdog has looked so often again.
    fn wait_for_looks(&self, looks: u64) {
        let before = self.watchdog.looks();
        while self.watchdog.looks() < before + looks {
            thread::yield_now();
        }
    }

    fn wait_for_sleep(&self) {
        while !self.watchdog.is_asleep() {
            thread::yield_now();
        }
    }

    /// All that was recorded.
    fn close(self) -> Looker {
        let mut looker = self.looker;
        drop((self.watchdog, self.recorder));
        looker.drain();
        looker
    }
}

#[test]
fn a_stall_is_noticed_while_it_lasts_and_again_when_it_lasts_on() {
    let mut bench = Bench::real(5 * MS);
    let name = bench.recorder.name("data_received");
    let task = Some(TaskId::from_index(3));
    let begin = bench.begin();
    let outer = bench.watchdog.enter(name, task);
    let noticed = EventKind::StallNoticed {
        thread: bench.recorder.source().thread,
        task,
        callback: Some(name),
        begin,
    };
    let first = bench.looker.wait_for(|kind| *kind == noticed);
    assert!(first.at.since(begin) > 5 * MS);
    while bench.looker.all(is_notice).len() < 3 {
        bench.looker.drain();
    }
    bench.watchdog.leave(outer);
    bench.end(true);
    let notices = bench.close().all(is_notice);
    for (pair, times) in notices.windows(2).zip([2, 4]) {
        assert_eq!(pair[1].kind, noticed);
        assert!(pair[1].at.since(begin) > times * 5 * MS);
    }
}

#[test]
fn one_outside_of_every_callback_has_no_name() {
    let mut bench = Bench::real(MS);
    bench.begin();
    let noticed = bench.looker.wait_for(is_notice);
    assert!(matches!(
        noticed.kind,
        EventKind::StallNoticed {
            callback: None,
            task: None,
            ..
        }
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_computes_is_seen_running_and_its_time_is_accounted_for() {
    let mut bench = Bench::real(MS);
    let thread = bench.recorder.source().thread;
    let begin = bench.begin();
    let running = EventKind::ThreadSample {
        thread,
        doing: Doing::Running,
    };
    bench.looker.wait_for(|kind| *kind == running);
    let live = bench.looker.wait_for(is_times);
    let is_cost = |kind: &EventKind| matches!(kind, EventKind::Watched { .. });
    bench.looker.wait_for(is_cost);
    let end = bench.end(true);
    let times = bench.close().all(is_times);
    let [first, .., last] = times[..] else {
        panic!("{times:?}");
    };
    assert!(begin <= first.at && first.at < last.at && last.at == end);
    assert!(live.at < end, "it is told while it lasts");
    let [before, after] = [first, last].map(|times| match times.kind {
        EventKind::ThreadTimes {
            thread: of, on_cpu, ..
        } if of == thread => on_cpu,
        _ => unreachable!("they are of the loop"),
    });
    assert!(before < after);
}

#[test]
fn what_came_in_before_the_first_look_is_told_as_that() {
    let mut bench = Bench::real(MS);
    let (near, mut far) = UnixStream::pair().unwrap();
    let task = Some(TaskId::from_index(0));
    let fd = near.as_raw_fd();
    bench.watchdog.add_reader(fd, 9, task);
    far.write_all(b"x").unwrap();
    bench.begin();
    let is_arrival = |kind: &EventKind| matches!(kind, EventKind::DataArrived { .. });
    let arrival = bench.looker.wait_for(is_arrival);
    let expected = EventKind::DataArrived {
        fd,
        task,
        sighting: Sighting::AtFirstLook,
    };
    assert_eq!(arrival.kind, expected);
    bench.looker.wait_for(is_notice);
    far.write_all(b"x").unwrap();
    bench.end(true);
    assert_eq!(bench.close().all(is_arrival).len(), 1, "it is told once");
}

#[test]
fn what_comes_in_later_is_told_with_its_moment_while_the_stall_lasts() {
    let mut bench = Bench::real(MS);
    let (near, mut far) = UnixStream::pair().unwrap();
    let fd = near.as_raw_fd();
    bench.watchdog.add_reader(fd, 9, None);
    bench.begin();
    bench.looker.wait_for(is_notice);
    let sent = bench.recorder.now();
    far.write_all(b"x").unwrap();
    // On a busy machine it may be seen so late that it is told to have come before.
    let is_arrival = |kind: &EventKind| matches!(kind, EventKind::DataArrived { fd: on, task: None, .. } if *on == fd);
    let arrival = bench.looker.wait_for(is_arrival);
    assert!(arrival.at >= sent && arrival.at <= bench.recorder.now());
    bench.end(true);
    // The poll tells of this one and of another.
    bench.begin();
    bench.watchdog.poll_returned();
    assert!(!bench.watchdog.has_arrived(8));
    assert!(bench.watchdog.has_arrived(9));
    assert!(!bench.watchdog.has_arrived(9), "once");
}

/// It was read by the callback itself, or its descriptor was closed.
#[test]
fn what_the_next_poll_does_not_tell_of_is_forgotten() {
    let mut bench = Bench::real(MS);
    let pairs: Vec<_> = (0..3).map(|_| UnixStream::pair().unwrap()).collect();
    for (id, (near, _)) in (1..).zip(&pairs) {
        bench.watchdog.add_reader(near.as_raw_fd(), id, None);
    }
    bench.begin();
    for (_, far) in &pairs {
        (&*far).write_all(b"x").unwrap();
    }
    let is_arrival = |kind: &EventKind| matches!(kind, EventKind::DataArrived { .. });
    while bench.looker.all(is_arrival).len() < 3 {
        bench.looker.drain();
    }
    bench.end(true);
    bench.watchdog.poll_returned();
    assert!(bench.watchdog.has_arrived(1));
    // A poll has room for so many only; the next one goes on.
    bench.watchdog.poll_returned();
    assert!(bench.watchdog.has_arrived(2));
    bench.watchdog.poll_returned();
    bench.watchdog.poll_returned();
    assert!(!bench.watchdog.has_arrived(3));
}

#[test]
fn of_a_stretch_that_becomes_no_stall_nothing_is_recorded_but_the_cost() {
    let mut bench = Bench::real(EVER);
    for _ in 0..3 {
        bench.begin();
        // It is looked at closely.
        bench.wait_for_looks(4);
        bench.end(false);
    }
    let watched = bench.recorder.source().thread;
    let looker = bench.close();
    let theirs = looker.events.iter().filter(|(of, _)| *of != watched);
    let kinds: Vec<_> = theirs.map(|(_, event)| event.kind).collect();
    assert!(
        matches!(
            kinds[..],
            [
                EventKind::ThreadBegin { .. },
                EventKind::Watched { reads: 1.., .. },
                EventKind::ThreadEnd,
            ]
        ),
        "{kinds:?}"
    );
}

/// The loop is back in its poll before the watchdog looks again.
#[test]
fn a_stall_that_ends_just_in_time_is_not_noticed_but_has_its_evidence() {
    let mut bench = Bench::real(EVER);
    bench.begin();
    bench.wait_for_looks(4);
    bench.end(true);
    bench.looker.wait_for(is_cost);
    let looker = bench.close();
    assert!(!looker.all(is_sample).is_empty());
    assert!(looker.all(is_notice).is_empty());
}

/// Reports of them may be held back, and the loop does not wait for whoever looks at it.
#[test]
fn the_evidence_of_a_stall_is_kept_although_the_loop_has_rushed_on() {
    let mut bench = Bench::real(EVER);
    bench.begin();
    bench.wait_for_looks(4);
    bench.end(true);
    bench.begin();
    bench.looker.wait_for(is_sample);
    bench.end(false);
}

#[test]
fn what_comes_in_when_the_loop_is_stuck_again_is_not_lost() {
    let mut bench = Bench::real(EVER);
    let (near, mut far) = UnixStream::pair().unwrap();
    bench.watchdog.add_reader(near.as_raw_fd(), 9, None);
    bench.begin();
    bench.wait_for_looks(4);
    // Whoever waits for data still believes that it would be of the stretch before.
    let begin = bench.begin();
    far.write_all(b"x").unwrap();
    bench
        .watchdog
        .share_stall_threshold(StallThreshold::new(MS));
    let is_arrival = |kind: &EventKind| matches!(kind, EventKind::DataArrived { .. });
    assert!(bench.looker.wait_for(is_arrival).at >= begin);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_waits_for_one_thing_after_another_is_told_from_one_that_waits_for_one() {
    let mut bench = Bench::real(MS);
    let ran = |kind: &EventKind| matches!(kind, EventKind::ThreadRan { .. });
    bench.begin();
    while bench.looker.all(ran).is_empty() {
        thread::sleep(MS);
        bench.looker.drain();
    }
    bench.end(true);
}

#[test]
fn a_loop_that_waits_is_not_looked_at_until_it_is_busy() {
    let mut bench = Bench::real(EVER);
    for _ in 0..2 {
        bench.wait_for_sleep();
        let looks = bench.watchdog.looks();
        thread::sleep(100 * MS);
        assert_eq!(bench.watchdog.looks(), looks);
        bench.begin();
        bench.wait_for_looks(1);
        bench.end(false);
    }
}

#[test]
fn a_threshold_that_is_shared_later_counts() {
    let mut bench = Bench::real(EVER);
    bench.begin();
    bench.wait_for_looks(4);
    let threshold = StallThreshold::new(EVER);
    bench.watchdog.share_stall_threshold(threshold.clone());
    threshold.set(MS);
    bench.looker.wait_for(is_notice);
}

#[test]
fn with_many_stalls_in_a_row_reports_are_held_back_and_counted() {
    let (mut bench, hand) = Bench::manual(Duration::ZERO);
    const STALLS: usize = 25;
    for stall in 1..=STALLS {
        hand.advance(MS);
        bench.begin();
        hand.advance(Duration::from_nanos(1));
        // In the second of them the first one is over.
        bench.wait_for_looks(3);
        bench.end(true);
        while bench.looker.all(is_cost).len() < stall {
            bench.looker.drain();
        }
    }
    let looker = bench.close();
    let held_back: u32 = looker
        .all(|kind| matches!(kind, EventKind::ReportsHeldBack { .. }))
        .iter()
        .map(|event| match event.kind {
            EventKind::ReportsHeldBack { count } => count,
            _ => 0,
        })
        .sum();
    assert!(held_back > 0);
    assert_eq!(looker.all(is_notice).len() + held_back as usize, STALLS);
    assert!(looker.all(is_sample).len() >= STALLS, "each is sampled");
}

#[test]
fn one_that_sleeps_ends_with_its_loop() {
    let bench = Bench::real(MS);
    bench.wait_for_sleep();
    assert_eq!(bench.close().all(is_cost).len(), 1);
}

//! One that watches many.

use std::collections::HashSet;

use super::*;

/// So many loops, which the test plays as well, watched by one.
fn loops(of: usize, thresholds: &[Duration]) -> (Vec<(Recorder, Watchdog)>, Looker) {
    let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    let model = ModelId::from_index(0);
    let lookout = Lookout::new(&recorders, model);
    let loops = (0..of).map(|number| {
        let recorder = recorders.recorder(model, "loop");
        let threshold = StallThreshold::new(thresholds[number % thresholds.len()]);
        let watchdog = lookout.watch(&recorder, threshold).unwrap();
        (recorder, watchdog)
    });
    (loops.collect(), Looker::new(receiver))
}

#[test]
fn one_watches_all_that_are_stuck_at_once_and_sleeps_while_all_of_them_wait() {
    let (mut loops, mut looker) = loops(40, &[MS]);
    for (recorder, watchdog) in &mut loops {
        watchdog.begin_stretch(recorder.ticks());
    }
    let mut unseen: HashSet<_> = loops
        .iter()
        .map(|(recorder, _)| recorder.source().thread)
        .collect();
    while !unseen.is_empty() {
        looker.drain();
        for event in looker.all(is_notice) {
            if let EventKind::StallNoticed { thread, .. } = event.kind {
                unseen.remove(&thread);
            }
        }
    }
    for (recorder, watchdog) in &mut loops {
        watchdog.end_stretch(recorder.ticks(), true);
    }
    while !loops.iter().all(|(_, watchdog)| watchdog.is_asleep()) {
        thread::yield_now();
    }
    let looks = || loops.iter().map(|(_, watchdog)| watchdog.looks());
    let before: Vec<_> = looks().collect();
    thread::sleep(100 * MS);
    assert!(looks().eq(before), "nobody looks at those that wait");
    // One of them leaves its poll: the others are left in peace.
    let mut before: Vec<_> = looks().collect();
    before.remove(0);
    let (recorder, watchdog) = &mut loops[0];
    let seen = watchdog.looks();
    watchdog.begin_stretch(recorder.ticks());
    while watchdog.looks() < seen + 4 {
        thread::yield_now();
    }
    let others = loops[1..].iter().map(|(_, watchdog)| watchdog.looks());
    assert!(others.eq(before));
}

/// So many files are not kept open.
#[cfg(target_os = "linux")]
#[test]
fn what_each_does_is_seen_however_many_are_stuck_at_once() {
    let (mut loops, mut looker) = loops(300, &[MS]);
    for (recorder, watchdog) in &mut loops {
        watchdog.begin_stretch(recorder.ticks());
    }
    let threads = loops.iter().map(|(recorder, _)| recorder.source().thread);
    let mut unseen: HashSet<_> = threads.collect();
    while !unseen.is_empty() {
        looker.drain();
        for event in looker.all(is_sample) {
            if let EventKind::ThreadSample { thread, doing } = event.kind
                && doing != Doing::Unknown
            {
                unseen.remove(&thread);
            }
        }
    }
}

/// What was seen of it is told late, when it turns out to be a stall.
#[test]
fn what_was_seen_of_one_keeps_its_moment_whatever_was_told_of_another_meanwhile() {
    let (mut loops, mut looker) = loops(2, &[EVER, MS]);
    let begin = |(recorder, watchdog): &mut (Recorder, Watchdog)| {
        watchdog.begin_stretch(recorder.ticks());
    };
    begin(&mut loops[0]);
    while loops[0].1.looks() < 4 {
        thread::yield_now();
    }
    begin(&mut loops[1]);
    let noticed = looker.wait_for(is_notice);
    let (recorder, watchdog) = &mut loops[0];
    let thread = recorder.source().thread;
    watchdog.end_stretch(recorder.ticks(), true);
    let its = |kind: &EventKind| matches!(kind, EventKind::ThreadSample { thread: of, .. } if *of == thread);
    assert!(looker.wait_for(its).at < noticed.at);
}

#[test]
fn a_loop_that_goes_takes_nobody_with_it() {
    let (mut loops, mut looker) = loops(2, &[MS]);
    for (recorder, watchdog) in &mut loops {
        watchdog.begin_stretch(recorder.ticks());
    }
    drop(loops.remove(0));
    let thread = loops[0].0.source().thread;
    let again = |kind: &EventKind| matches!(kind, EventKind::StallNoticed { thread: of, .. } if *of == thread);
    while looker.all(again).len() < 3 {
        looker.drain();
    }
}

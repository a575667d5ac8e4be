//! What it costs a loop to be watched: echoing 64 bytes over loopback, recorded, with a watchdog beside it and without.
//!
//! Both are told: the processor time of the loop's own thread per request, in which its pulse is, and that of the whole
//! process, in which the watchdog's thread is and what its second event provider adds to each arrival (that is done where
//! the data comes from). The clients are a part of the latter.
//!
//! The target is at most 1.03. Measured on two virtual cores: 1.00 for the thread; for the process 1.01 with 1, 1.02 with
//! 100 and 1.03 with 1,000 connections, the middle of three runs.

use std::rc::Rc;
use std::time::Duration;

use criterion::Criterion;
use loopscope_benches::load::{self, Load, Wave, requests};
use loopscope_benches::{Peer, against, ours};
use rustix::time::{ClockId, clock_gettime};

/// How much work is measured at once: it lasts for several of the watchdog's looks.
const TIMES: u64 = 16;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    load::raise_limit();
    let anywhere = load::stay_here();
    for connections in [1, 100, 1000] {
        let off = Rc::new(Load::new(
            ours::recorded(anywhere),
            connections,
            0,
            Wave::Free,
        ));
        let on = Rc::new(Load::new(
            ours::watched(anywhere),
            connections,
            0,
            Wave::Free,
        ));
        let mut compare = |what: &str, clock: fn(&Load) -> Duration| {
            let peers = [("not watched", &off), ("watched", &on)].map(|(name, load)| {
                let (worker, timed) = (Rc::clone(load), Rc::clone(load));
                let work = move || (0..TIMES).for_each(|_| worker.work());
                Peer::new(name, work).on_clock(move || clock(&timed))
            });
            let what = format!("echo, {connections} connections, {what}");
            against(
                &mut criterion,
                &what,
                TIMES * requests(connections),
                peers.into(),
            );
        };
        compare("the loop's thread", Load::cpu);
        compare("the whole process", |_| process_time());
    }
    criterion.final_summary();
}

fn process_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.try_into().expect("it is not negative")
}

//! How late timers are: a thousand of them within a second, at moments that are no whole milliseconds.
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use loopscope::clock::Clock;
use loopscope::reactor::{Label, Reactor};
use loopscope::record::Recorders;
use loopscope::trace::ModelId;

const TIMERS: u32 = 1000;
const SPACING: Duration = Duration::from_nanos(997_300);
/// How often both are measured, in turns.
const ROUNDS: usize = 3;

/// Prints the median lateness of both, and the ratio.
pub fn compare() {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.extend(loopscope());
        theirs.extend(tokio());
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("\nlateness of {TIMERS} timers within a second, medians of {ROUNDS} rounds:");
    println!("{:>12.1} µs  tokio", theirs.as_secs_f64() * 1e6);
    println!(
        "{:>12.1} µs  ours; {:.3} of tokio's",
        ours.as_secs_f64() * 1e6,
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

fn delays() -> impl Iterator<Item = Duration> {
    (1..=TIMERS).map(|number| number * SPACING)
}

fn loopscope() -> Vec<Duration> {
    let recorders = Recorders::off(&Clock::monotonic());
    let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    let mut reactor = Reactor::new(recorder).expect("there are descriptors");
    let late = Rc::new(RefCell::new(Vec::new()));
    for delay in delays() {
        let late = Rc::clone(&late);
        let due = Instant::now() + delay;
        reactor.call_later(delay, Label::new("timer", None), move |reactor| {
            late.borrow_mut().push(due.elapsed());
            if late.borrow().len() == TIMERS as usize {
                reactor.stop()?;
            }
            Ok(())
        });
    }
    reactor.run().expect("epoll works");
    late.take()
}

fn tokio() -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("there are descriptors");
    let late = Arc::new(Mutex::new(Vec::new()));
    runtime.block_on(async {
        let timers: Vec<_> = delays()
            .map(|delay| {
                let late = Arc::clone(&late);
                let due = Instant::now() + delay;
                tokio::spawn(async move {
                    tokio::time::sleep_until(due.into()).await;
                    let mut late = late.lock().unwrap_or_else(PoisonError::into_inner);
                    late.push(due.elapsed());
                })
            })
            .collect();
        for timer in timers {
            timer.await.expect("no timer panics");
        }
    });
    let mut late = late.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut late)
}

fn median(mut late: Vec<Duration>) -> Duration {
    late.sort_unstable();
    late[late.len() / 2]
}

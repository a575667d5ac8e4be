//! What it costs a loop to be watched: echoing 64 bytes over loopback, recorded, with a watchdog beside it and without.
//!
//! Both are told: the processor time of the loop's own thread per request, in which its pulse is, and that of the whole
//! process, in which the watchdog's thread is and what the system does where the data comes from, as to stamp it. The
//! clients are a part of the latter.
//!
//! It is one server, which begins and ceases to be watched between two pieces of work: two servers have their memory
//! in different places, and differ by as much as what is looked for. Two neighbouring pieces, of which one is watched, make
//! a pair, and have their ratio; which one comes first changes from pair to pair. Told is the median of all ratios, in
//! which bounds it lies in 95 of 100 such runs, and those between which half of the ratios lie. A server that seems to be
//! watched, but is not, has 1.000.
//!
//! The target is at most 1.03.

use std::time::{Duration, Instant};

use loopscope_benches::load::{self, Load, Wave, requests};
use loopscope_benches::{ours, process_time, time};

/// How long a piece of work is, roughly: it lasts for several of the watchdog's looks.
const PIECE: Duration = Duration::from_millis(30);
/// How long so many connections are measured.
const EACH: Duration = Duration::from_secs(30);

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let each = if is_test { Duration::ZERO } else { EACH };
    load::raise_limit();
    let anywhere = load::stay_here();
    for connections in [1, 100, 1000] {
        let load = Load::new(ours::recorded(anywhere), connections, 0, Wave::Free);
        let pairs = pairs(&load, requests(connections), each);
        println!("\necho, {connections} connections, {} pairs:", pairs.len());
        tell(&pairs, "the loop's thread", |spent| spent.thread);
        tell(&pairs, "the whole process", |spent| spent.process);
    }
}

/// Nanoseconds of processor time for a request.
#[derive(Clone, Copy)]
struct Spent {
    thread: f64,
    process: f64,
}

/// Of two neighbouring pieces of work.
struct Pair {
    alone: Spent,
    watched: Spent,
}

/// Pairs for so long, but at least one. `requests` are in a unit of work.
fn pairs(load: &Load, requests: u64, all: Duration) -> Vec<Pair> {
    let piece = |units| {
        let (thread, process) = (load.cpu(), process_time());
        (0..units).for_each(|_| load.work());
        // In this order, or else the answer to the one question is a part of the other.
        let process = process_time().saturating_sub(process);
        let thread = load.cpu().saturating_sub(thread);
        let each = |spent: Duration| spent.as_nanos() as f64 / (units * requests) as f64;
        Spent {
            thread: each(thread),
            process: each(process),
        }
    };
    let one = piece(4).process * requests as f64;
    let units = (PIECE.as_nanos() as f64 / one).max(1.0) as u64;
    let begin = Instant::now();
    let mut pairs = Vec::new();
    let mut is_watched = false;
    while pairs.is_empty() || begin.elapsed() < all {
        let first = piece(units);
        is_watched = !is_watched;
        load.watch(is_watched);
        // What it takes to begin is not looked for: the watchdog's thread starts, and the system begins to stamp.
        piece(units);
        let second = piece(units);
        let (alone, watched) = if is_watched {
            (first, second)
        } else {
            (second, first)
        };
        pairs.push(Pair { alone, watched });
    }
    pairs
}

fn tell(pairs: &[Pair], what: &str, of: fn(&Spent) -> f64) {
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let alone = sorted(pairs.iter().map(|pair| of(&pair.alone)).collect());
    let ratio = |pair: &Pair| of(&pair.watched) / of(&pair.alone);
    let ratios = sorted(pairs.iter().map(ratio).collect());
    let last = ratios.len() - 1;
    let at = |part: f64| (part * last as f64).round() as usize;
    // So many places beside the middle the median of all pairs that could be made may be.
    let beside = (0.98 * (ratios.len() as f64).sqrt()) as usize;
    let middle = at(0.5);
    let (least, most) = (middle.saturating_sub(beside), (middle + beside).min(last));
    println!(
        "{:>12}  {what}; watched {:.3} of that ({:.3} to {:.3}; half of the pairs {:.3} to {:.3})",
        time(alone[middle]),
        ratios[middle],
        ratios[least],
        ratios[most],
        ratios[at(0.25)],
        ratios[at(0.75)],
    );
}

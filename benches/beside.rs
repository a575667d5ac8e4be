//! How we measure: beside a peer, in the same run on the same machine. A single time says little about another
//! machine; a ratio does. So every benchmark ends with ratios, from short rounds in which all take turns, so that
//! whatever else goes on meets all of them; criterion's own times come before.

pub mod hand;
pub mod load;
pub mod made;
pub mod mixed;
pub mod ours;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use rustix::time::{ClockId, clock_gettime};

/// How often all take turns; less often where one of them takes long.
const ROUNDS: usize = 501;
const FEWEST_ROUNDS: usize = 5;
/// How long each one's turn is, roughly, where a unit of work is shorter.
const TURN: Duration = Duration::from_millis(1);
/// How long all turns are together, roughly.
const ALL: Duration = Duration::from_secs(5);
/// After so many units of work what was left lying is cleared away.
const UNITS: u64 = 64;

/// The processor time of this thread: others may be busy as well.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().expect("it is not negative")
}

/// The processor time of all threads of this process.
pub fn process_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.try_into().expect("it is not negative")
}

/// How many bytes of memory this process has at present.
pub fn resident() -> f64 {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told.split(' ').nth(1).and_then(|word| word.parse().ok());
    pages.unwrap_or(0.0) * rustix::param::page_size() as f64
}

/// Someone who does the work.
pub struct Peer<'a> {
    name: &'static str,
    work: Box<dyn FnMut() + 'a>,
    clear: Box<dyn FnMut() + 'a>,
    clock: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Peer<'a> {
    /// `work` is one unit of it; what it returns is taken for used.
    pub fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        let begin = Instant::now();
        Self {
            name,
            work: Box::new(move || {
                black_box(work());
            }),
            clear: Box::new(|| {}),
            clock: Box::new(move || begin.elapsed()),
        }
    }

    /// With something to be done now and then that is not part of the work, and not measured.
    #[must_use]
    pub fn cleared_by(mut self, clear: impl FnMut() + 'a) -> Self {
        self.clear = Box::new(clear);
        self
    }

    /// With the time of another clock than the one on the wall, such as that of a thread's processor.
    #[must_use]
    pub fn on_clock(mut self, clock: impl FnMut() -> Duration + 'a) -> Self {
        self.clock = Box::new(clock);
        self
    }

    fn time(&mut self, units: u64) -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = units;
        while left > 0 {
            let now = left.min(UNITS);
            let begin = (self.clock)();
            for _ in 0..now {
                (self.work)();
            }
            spent += (self.clock)().saturating_sub(begin);
            (self.clear)();
            left -= now;
        }
        spent
    }
}

/// Which ratios are printed.
#[derive(Clone, Copy)]
enum Ratios {
    FirstToOthers,
    OthersToFirst,
}

/// Measures what each peer needs for one unit of work, in which it does `elements` things, and prints how much of
/// each other's time the first one takes.
pub fn beside(criterion: &mut Criterion, what: &str, elements: u64, peers: Vec<Peer<'_>>) {
    measure(criterion, what, elements, peers, Ratios::FirstToOthers);
}

/// As [`beside`], but prints how much of the first one's time each other takes.
pub fn against(criterion: &mut Criterion, what: &str, elements: u64, peers: Vec<Peer<'_>>) {
    measure(criterion, what, elements, peers, Ratios::OthersToFirst);
}

fn measure(
    criterion: &mut Criterion,
    what: &str,
    elements: u64,
    mut peers: Vec<Peer<'_>>,
    ratios: Ratios,
) {
    let mut group = criterion.benchmark_group(what);
    // Short, because not every peer lets go of what it recorded.
    group
        .throughput(Throughput::Elements(elements))
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300));
    for peer in &mut peers {
        group.bench_function(peer.name, |bencher| {
            bencher.iter_custom(|units| peer.time(units));
        });
    }
    group.finish();
    if !std::env::args().any(|argument| argument == "--test") {
        print_ratios(what, elements, &mut peers, ratios);
    }
}

fn print_ratios(what: &str, elements: u64, peers: &mut [Peer<'_>], ratios: Ratios) {
    let units: Vec<u64> = peers
        .iter_mut()
        .map(|peer| {
            let one = peer.time(1).min(peer.time(1));
            (TURN.as_nanos() / one.as_nanos().max(1)).clamp(1, 1 << 20) as u64
        })
        .collect();
    // By peer, then by round: nanoseconds for one element.
    let mut costs = vec![Vec::with_capacity(ROUNDS); peers.len()];
    let begin = Instant::now();
    for round in 0..ROUNDS {
        if round >= FEWEST_ROUNDS && begin.elapsed() > ALL {
            break;
        }
        // Each is the first one as often as any other.
        for turn in 0..units.len() {
            let place = (round + turn) % units.len();
            let spent = peers[place].time(units[place]).as_nanos() as f64;
            costs[place].push(spent / (units[place] * elements) as f64);
        }
    }
    println!("\n{what}, medians of {} rounds:", costs[0].len());
    let first = peers[0].name;
    for (peer, theirs) in peers.iter().zip(&costs) {
        print!(
            "{:>12}  {}",
            time(median(theirs.iter().copied())),
            peer.name
        );
        if peer.name != first {
            let ratio = median(costs[0].iter().zip(theirs).map(|(a, b)| a / b));
            match ratios {
                Ratios::FirstToOthers => print!("; {first} takes {ratio:.2} of that"),
                Ratios::OthersToFirst => print!("; {:.3} of {first}'s", 1.0 / ratio),
            }
        }
        println!();
    }
}

/// So many nanoseconds, in words.
pub fn time(nanos: f64) -> String {
    match nanos {
        ..1e3 => format!("{nanos:.1} ns"),
        ..1e6 => format!("{:.1} µs", nanos / 1e3),
        _ => format!("{:.1} ms", nanos / 1e6),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! Why a stall took so long, and what speaks for it.
//!
//! Four witnesses are heard. The trace itself says how many callbacks ran and for how long; a program may announce a
//! call that blocks; the system accounts how a thread spent its time; and a watchdog looked now and then at what it
//! was doing. Where none of them says anything, the cause is unknown.

use std::fmt;
use std::time::Duration;

use super::blame::Holder;
use super::compare::name_of_task;
use super::looks::Looks;
use super::spans::{Called, callback_around, called_in, common, spans_in};
use crate::store::{
    CpuTimes, Lane, ModelTrack, SeenDescriptor, SpanKind, Stall, ThreadTrack, TraceStore,
};
use crate::trace::{EventKind, NameId, TaskId, TimeRange, Timestamp};

/// So many callbacks may be to blame by themselves, each for its own part of a stall.
const FEW: usize = 4;

/// What kind of thing held the loop.
///
/// ```
/// use loopscope::analysis::CauseKind;
///
/// assert_eq!(CauseKind::WaitingForCore.word(), "waiting_for_core", "as in the JSON of a report");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseKind {
    /// It ran on a core.
    OnCpu,
    /// It was inside a system call, or in a call of which the program says that it blocks.
    Blocked,
    /// It could have run, and others had the cores.
    WaitingForCore,
    /// No few callbacks took most of it, but there were many in one turn.
    ManyCallbacks,
    /// A callback made a row of short calls that block.
    ManyCalls,
    /// Nobody says.
    #[default]
    Unknown,
}

impl CauseKind {
    /// The word for it in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OnCpu => "on_cpu",
            Self::Blocked => "blocked",
            Self::WaitingForCore => "waiting_for_core",
            Self::ManyCallbacks => "many_callbacks",
            Self::ManyCalls => "many_calls",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a stall took so long, with the evidence.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What kind of thing held the loop.
    pub kind: CauseKind,
    /// The system call in which most of it was spent, as sampled.
    pub syscall: Option<String>,
    /// The descriptor that call was about.
    pub fd: Option<i32>,
    /// The name of the task whose descriptor that is.
    pub fd_of: Option<String>,
    /// What that descriptor is: the path of a file, `a pipe`, `TCP to 127.0.0.1:5432`.
    pub fd_what: Option<String>,
    /// The call that blocks which took most of it, as the program announced it.
    pub call: Option<String>,
    /// How many of those calls there were.
    pub calls: usize,
    /// How long they took together.
    pub in_calls: Duration,
    /// How many callbacks ran that lie in no other, as far as that is known.
    pub callbacks: usize,
    /// How long they took together.
    pub in_callbacks: Duration,
    /// The longest of them, and how long it took.
    pub longest: Option<(Holder, Duration)>,
    /// How many beside it took nearly all of what the longest left to others; 0 where that is little.
    pub others: usize,
    /// How the time was spent, where the system accounts for it.
    pub split: Option<TimeSplit>,
    /// How often a watchdog looked.
    pub samples: usize,
    /// How often it saw the thread in [`Cause::syscall`].
    pub samples_in_call: usize,
    /// How often it saw the thread run, or ready to.
    pub samples_running: usize,
    /// How often the thread was given a core after the first look: so often did it wait for something else, or was
    /// interrupted.
    pub ran: usize,
}

/// How a thread spent a stretch of time, by the system's own account. The parts add up to [`TimeSplit::measured`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeSplit {
    /// How much of the stall lies between the first account and the last one.
    pub measured: Duration,
    /// On a core.
    pub on_cpu: Duration,
    /// It could have run, and had to wait for a core.
    pub waiting_for_core: Duration,
    /// Neither.
    pub blocked: Duration,
}

impl fmt::Display for Cause {
    /// In a few words, in English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said().fmt(f)
    }
}

/// The cause of a stall.
pub(super) fn cause(
    store: &TraceStore,
    model: &ModelTrack,
    thread: &ThreadTrack,
    stall: &Stall,
    now: Timestamp,
) -> Cause {
    let range = stall.until(now);
    let called = called_in(&thread.lane, range, now);
    let length = |called: &Called| common(called.range, range).nanos();
    let longest = called.iter().max_by_key(|called| length(called));
    let mut lengths: Vec<u64> = called.iter().map(length).collect();
    lengths.sort_unstable_by_key(|nanos| std::cmp::Reverse(*nanos));
    let in_callbacks = lengths.iter().copied().fold(0, u64::saturating_add);
    let calls = announced(&thread.lane, range);
    let looks = Looks::of(&thread.watch, range);
    let split = split(thread, range);
    let name = |name: Option<NameId>| name.map_or("?", |name| store.name(name)).to_owned();
    let in_calls = calls.map_or(0, |calls| calls.nanos);
    let most = range.nanos() / 2;
    let kind = if in_callbacks >= most && !few_took(most, &lengths) {
        CauseKind::ManyCallbacks
    } else {
        let announced = calls.filter(|_| in_calls >= most);
        looks.kind(range.duration(), split, announced.map(Calls::are_a_row))
    };
    let call = calls.filter(|calls| calls.nanos >= most);
    let in_call = looks.most(split);
    let fd = in_call.and_then(|call| call.fd);
    let seen = fd.and_then(|fd| seen(thread, fd, range));
    Cause {
        kind,
        syscall: in_call.map(|call| store.name(call.name).to_owned()),
        fd,
        fd_of: fd
            .and_then(|fd| {
                let told = seen.and_then(|seen| seen.task);
                told.or_else(|| owner(model, thread, fd, range.end))
            })
            .map(|task| name_of_task(store, model, task)),
        fd_what: seen.map(|seen| store.name(seen.what).to_owned()),
        call: call.map(|calls| name(calls.call)),
        calls: call.map_or(0, |calls| calls.count),
        in_calls: Duration::from_nanos(call.map_or(0, |calls| calls.nanos)),
        callbacks: called.len(),
        in_callbacks: Duration::from_nanos(in_callbacks),
        longest: longest.map(|longest| {
            let task = longest.span.task.map(|id| name_of_task(store, model, id));
            let holder = Holder::Callback {
                name: name(longest.span.name).into(),
                task: task.map(Into::into),
            };
            (holder, Duration::from_nanos(length(longest)))
        }),
        others: others(&lengths, range.nanos()),
        split,
        samples: looks.count,
        samples_in_call: in_call.map_or(0, |call| call.count),
        samples_running: looks.running.count,
        ran: looks.ran,
    }
}

/// Whether the few longest took so much together: then it is their own cause that counts, and not how many there were.
fn few_took(nanos: u64, longest_first: &[u64]) -> bool {
    longest_first.iter().take(FEW).sum::<u64>() >= nanos
}

/// What others than the longest callback took of a stall is little below this part of it.
const MUCH: u64 = 5;

/// How many callbacks beside the longest took nine tenths of the time that was not its own, if that is much of a stall so
/// long.
fn others(longest_first: &[u64], stall: u64) -> usize {
    let others = longest_first.get(1..).unwrap_or_default();
    let all = others
        .iter()
        .fold(0, |sum: u64, nanos| sum.saturating_add(*nanos));
    if all < stall / MUCH {
        return 0;
    }
    let nearly_all = all - all / 10;
    let mut sum = 0;
    let less = others.iter().take_while(|nanos| {
        let before = sum;
        sum += **nanos;
        before < nearly_all
    });
    less.count()
}

/// Calls of one name, of which the program said that they block.
#[derive(Clone, Copy, Debug)]
struct Calls {
    call: Option<NameId>,
    /// The callback that made them.
    callback: Option<NameId>,
    count: usize,
    nanos: u64,
    /// The longest of them.
    longest: u64,
}

impl Calls {
    /// Whether it takes several of them to make up most of the time.
    const fn are_a_row(self) -> bool {
        self.longest / 2 <= self.nanos / 3
    }
}

/// The calls of one name, made in callbacks of one name, that took most of `range`.
fn announced(lane: &Lane, range: TimeRange) -> Option<Calls> {
    let mut all: Vec<Calls> = Vec::new();
    for depth in 0..lane.depths() {
        for span in spans_in(lane, depth, range) {
            if span.kind != SpanKind::Blocking {
                continue;
            }
            let callback = callback_around(lane, depth, &span).and_then(|around| around.name);
            let nanos = common(span.range(range.end), range).nanos();
            let same = |known: &&mut Calls| (known.call, known.callback) == (span.name, callback);
            match all.iter_mut().find(same) {
                Some(known) => {
                    known.count += 1;
                    known.nanos = known.nanos.saturating_add(nanos);
                    known.longest = known.longest.max(nanos);
                }
                None => all.push(Calls {
                    call: span.name,
                    callback,
                    count: 1,
                    nanos,
                    longest: nanos,
                }),
            }
        }
    }
    all.into_iter().max_by_key(|calls| calls.nanos)
}

/// How long before a stall, and after it, an account of the system may have been taken to be about it.
const NEAR: Duration = Duration::from_millis(20);

/// How the time of a stall was spent, between the account that was taken nearest to its beginning and the last in it (or
/// right after).
fn split(thread: &ThreadTrack, range: TimeRange) -> Option<TimeSplit> {
    let near = TimeRange::new(range.begin - NEAR, range.end + NEAR);
    let accounts = thread.watch.times_in(near);
    let inside = |account: &&CpuTimes| range.begin <= account.at && account.at < range.end;
    let before = accounts.iter().rfind(|account| account.at < range.begin);
    let firsts = accounts.iter().find(inside).into_iter().chain(before);
    // What ran in between is of another stall, or nobody knows of it.
    let distance = |first: &&CpuTimes| first.at.since(range.begin) + range.begin.since(first.at);
    let first = firsts.min_by_key(distance)?;
    let last = accounts
        .iter()
        .find(|account| account.at >= range.end)
        .or_else(|| accounts.iter().rfind(inside))?;
    // What lies outside the stall was spent in polls.
    let measured = common(TimeRange::new(first.at, last.at), range).nanos();
    if measured == 0 {
        return None;
    }
    let on_cpu = last.on_cpu.saturating_sub(first.on_cpu).min(measured);
    let waited = last.waiting_for_core.saturating_sub(first.waiting_for_core);
    let waiting_for_core = waited.min(measured - on_cpu);
    Some(TimeSplit {
        measured: Duration::from_nanos(measured),
        on_cpu: Duration::from_nanos(on_cpu),
        waiting_for_core: Duration::from_nanos(waiting_for_core),
        blocked: Duration::from_nanos(measured - on_cpu - waiting_for_core),
    })
}

/// What a watchdog found out about a descriptor in which the thread was blocked in `range`.
fn seen(thread: &ThreadTrack, fd: i32, range: TimeRange) -> Option<SeenDescriptor> {
    let seen = thread.watch.descriptors_in(range).iter();
    seen.copied().rfind(|seen| seen.fd == fd)
}

/// Whose descriptor it was at a moment, as far as the trace tells.
fn owner(model: &ModelTrack, thread: &ThreadTrack, fd: i32, at: Timestamp) -> Option<TaskId> {
    let until = TimeRange::new(Timestamp::ZERO, at);
    let arrivals = model.arrivals.within(until);
    let arrived = arrivals.iter().rfind(|arrival| arrival.fd == fd);
    arrived.and_then(|arrival| arrival.task).or_else(|| {
        let flow = thread.readiness_of(fd)?;
        match thread.origin(flow)?.kind {
            EventKind::Readiness { task, .. } => task,
            _ => None,
        }
    })
}

//! The ways in which a loop is held.

use std::fs;
use std::hint::spin_loop;
use std::io::{self, Read, Write, pipe};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use loopscope::clock::Clock;
use loopscope::reactor::{CallbackResult, Reactor};
use loopscope::trace::Timestamp;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

use crate::stage::{Prompter, RELEASE};

/// How many threads compete for the one core, and how much CPU time the loop wants on it.
const RIVALS: usize = 3;
const WANTED: Duration = Duration::from_millis(30);
/// How many calls there are in a row, and how many callbacks in a turn, and how long each takes.
const COUNT: u32 = 40;
const EACH: Duration = Duration::from_millis(2);

/// A way to hold a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sleep,
    Compute,
    Read,
    Lock,
    Fsync,
    Many,
    RowOfSleeps,
    RowOfReads,
    NoCore,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Sleep,
        Self::Compute,
        Self::Read,
        Self::Lock,
        Self::Fsync,
        Self::Many,
        Self::RowOfSleeps,
        Self::RowOfReads,
        Self::NoCore,
    ];

    /// That of the callback.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Compute => "compute",
            Self::Read => "read",
            Self::Lock => "lock",
            Self::Fsync => "fsync",
            Self::Many => "many",
            Self::RowOfSleeps => "row of sleeps",
            Self::RowOfReads => "row of reads",
            Self::NoCore => "no core",
        }
    }
}

/// How a thread spent its time, in truth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) at: Timestamp,
    pub(crate) wall: Duration,
    pub(crate) on_cpu: Duration,
    pub(crate) waiting_for_core: Duration,
    /// Of a row of calls, the longest: who is to wake it may have no core.
    pub(crate) longest: Option<Duration>,
}

impl Spent {
    /// By the calling thread.
    pub(crate) fn so_far(clock: &Clock) -> Self {
        let waiting_for_core = waiting_for_core();
        let at = clock.now();
        Self {
            at,
            wall: at.since(Timestamp::ZERO),
            on_cpu: cpu_time(),
            waiting_for_core,
            longest: None,
        }
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            at: self.at,
            wall: self.wall - before.wall,
            on_cpu: self.on_cpu - before.on_cpu,
            waiting_for_core: self.waiting_for_core - before.waiting_for_core,
            longest: self.longest,
        }
    }

    pub(crate) fn blocked(&self) -> Duration {
        self.wall
            .saturating_sub(self.on_cpu + self.waiting_for_core)
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().expect("it counts from 0")
}

/// For how long the calling thread had no core so far, although it could have run.
pub(crate) fn waiting_for_core() -> Duration {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat");
    let waited = schedstat
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse().ok());
    Duration::from_nanos(waited.unwrap_or_default())
}

/// Calls it so often as there are calls in a row. How long the longest call took.
fn in_row(clock: &Clock, mut call: impl FnMut() -> io::Result<()>) -> io::Result<Option<Duration>> {
    let mut longest = Duration::ZERO;
    for _ in 0..COUNT {
        let begin = clock.now();
        call()?;
        longest = longest.max(clock.now().since(begin));
    }
    Ok(Some(longest))
}

fn compute(clock: &Clock, duration: Duration) {
    let begin = clock.now();
    while clock.now().since(begin) < duration {
        spin_loop();
    }
}

/// What holds the loop, once it is called there.
type Code = Box<dyn FnOnce(&mut Reactor) -> CallbackResult + Send>;

/// What one way to hold the loop takes.
pub(crate) struct Props {
    /// `None` where it is a connection's own callback.
    pub(crate) code: Option<Code>,
    /// Lets go, where it is another thread that holds the loop.
    pub(crate) release: Box<dyn FnOnce()>,
    /// The descriptor in question, and what it is.
    pub(crate) fd: Option<(RawFd, String)>,
}

impl Props {
    /// `None` where the system does not let it.
    pub(crate) fn prepare(
        kind: Kind,
        prompter: &Prompter,
        database: RawFd,
    ) -> io::Result<Option<Self>> {
        let own = prompter.clone();
        Ok(Some(match kind {
            Kind::Sleep => Self::simply(own, |_| {
                thread::sleep(RELEASE);
                Ok(None)
            }),
            Kind::Compute => Self::simply(own, |clock| {
                compute(clock, RELEASE);
                Ok(None)
            }),
            Kind::RowOfSleeps => Self::simply(own, |clock| {
                in_row(clock, || {
                    thread::sleep(EACH);
                    Ok(())
                })
            }),
            Kind::Read => Self {
                code: None,
                release: Box::new(|| {}),
                fd: Some((database, "a Unix socket".to_owned())),
            },
            Kind::Lock => lock(own),
            Kind::Fsync => fsync(own)?,
            Kind::Many => many(own),
            Kind::RowOfReads => row_of_reads(own)?,
            Kind::NoCore => return no_core(own),
        }))
    }

    fn new(code: impl FnOnce(&mut Reactor) -> CallbackResult + Send + 'static) -> Self {
        Self {
            code: Some(Box::new(code)),
            release: Box::new(|| {}),
            fd: None,
        }
    }

    fn simply(prompter: Prompter, code: fn(&Clock) -> io::Result<Option<Duration>>) -> Self {
        Self::new(move |reactor| prompter.hold(reactor, || Ok(code(&prompter.clock)?)))
    }
}

/// Another thread has the lock.
fn lock(prompter: Prompter) -> Props {
    let lock = Arc::new(Mutex::new(()));
    let theirs = Arc::clone(&lock);
    let (let_go, held) = channel::<()>();
    let (tell, told) = channel();
    let holder = thread::spawn(move || {
        let _held = theirs.lock().unwrap_or_else(PoisonError::into_inner);
        tell.send(()).expect("somebody waits");
        // Fails when it is time.
        let _ = held.recv();
    });
    told.recv().expect("the thread lives");
    let code = move |reactor: &mut Reactor| {
        prompter.hold(reactor, || {
            drop(lock.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(None)
        })
    };
    let release = move || {
        drop(let_go);
        holder.join().expect("it does not panic");
    };
    Props {
        release: Box::new(release),
        ..Props::new(code)
    }
}

/// A file of which every change has to reach the disk. In the folder of the build, since `/tmp` may lie in memory.
fn fsync(prompter: Prompter) -> io::Result<Props> {
    let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let fd = file.as_file().as_raw_fd();
    let path = file.path().canonicalize()?.display().to_string();
    let code = move |reactor: &mut Reactor| {
        prompter.hold(reactor, || {
            let begin = prompter.clock.now();
            while prompter.clock.now().since(begin) < RELEASE {
                file.as_file().write_all_at(&[b'x'; 4096], 0)?;
                file.as_file().sync_all()?;
            }
            Ok(None)
        })
    };
    Ok(Props {
        fd: Some((fd, path)),
        ..Props::new(code)
    })
}

/// Timers that are all due at once.
fn many(prompter: Prompter) -> Props {
    let code = move |reactor: &mut Reactor| {
        prompter.begin(reactor)?;
        let before = Spent::so_far(&prompter.clock);
        for place in 1..=COUNT {
            let own = prompter.clone();
            let work = move |_: &mut Reactor| {
                compute(&own.clock, EACH);
                match place {
                    COUNT => own.end(before, None),
                    _ => Ok(()),
                }
            };
            prompter.call_later(reactor, Duration::ZERO, Kind::Many.name(), work)?;
        }
        Ok(())
    };
    Props::new(code)
}

/// A pipe of which the loop does not know, and somebody who writes to it a little at a time.
fn row_of_reads(prompter: Prompter) -> io::Result<Props> {
    let (mut reader, mut writer) = pipe()?;
    let fd = reader.as_raw_fd();
    let (tell, told) = channel();
    let other = thread::spawn(move || {
        told.recv().expect("it is told to begin");
        for _ in 0..COUNT {
            thread::sleep(EACH);
            writer.write_all(b"x").expect("somebody reads");
        }
    });
    let code = move |reactor: &mut Reactor| {
        prompter.hold(reactor, || {
            tell.send(())?;
            Ok(in_row(&prompter.clock, || reader.read_exact(&mut [0]))?)
        })
    };
    Ok(Props {
        release: Box::new(move || other.join().expect("it does not panic")),
        fd: Some((fd, "a pipe".to_owned())),
        ..Props::new(code)
    })
}

/// The loop shares a core with others who want it as well.
fn no_core(prompter: Prompter) -> io::Result<Option<Props>> {
    let all = sched_getaffinity(None)?;
    let last = (0..CpuSet::MAX_CPU).rev().find(|&core| all.is_set(core));
    // Whoever looks needs one as well.
    let Some(core) = last.filter(|_| all.count() > 1) else {
        return Ok(None);
    };
    let mut one = CpuSet::new();
    one.set(core);
    // Whether this is allowed at all.
    if sched_setaffinity(None, &all).is_err() {
        return Ok(None);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let mut rivals = Vec::new();
    for _ in 0..RIVALS {
        let is_over = Arc::clone(&is_over);
        rivals.push(thread::spawn(move || {
            sched_setaffinity(None, &one).expect("it was allowed before");
            while !is_over.load(Ordering::Relaxed) {
                spin_loop();
            }
        }));
    }
    let code = move |reactor: &mut Reactor| {
        prompter.hold(reactor, || {
            sched_setaffinity(None, &one)?;
            let before = cpu_time();
            while cpu_time() - before < WANTED {
                spin_loop();
            }
            sched_setaffinity(None, &all)?;
            Ok(None)
        })
    };
    let release = move || {
        is_over.store(true, Ordering::Relaxed);
        for rival in rivals {
            rival.join().expect("it does not panic");
        }
    };
    Ok(Some(Props {
        release: Box::new(release),
        ..Props::new(code)
    }))
}

//! The one thread that watches all others of a model, as they know it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use mio::{Poll, Waker};

use super::subject::Subject;
use super::watcher::{WAKE, Watcher};
use super::{StallThreshold, Watchdog, lock};
use crate::record::{Recorder, Recorders};
use crate::trace::ModelId;

/// Watches the threads of a model, however many: one thread for all of them, which sleeps while all of them wait. It is
/// started for the first one, and ends with the last [`Watchdog`] when this and its clones are gone.
///
/// ```
/// use std::sync::{Arc, mpsc};
/// use std::thread;
///
/// use loopscope::clock::Clock;
/// use loopscope::reactor::{Label, Stretch};
/// use loopscope::record::channel;
/// use loopscope::trace::{Cause, EventKind, ModelId};
/// use loopscope::watch::{Lookout, StallThreshold};
///
/// let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
/// let model = ModelId::from_index(0);
/// let lookout = Lookout::new(&recorders, model);
/// let (jobs, work) = mpsc::channel::<u64>();
/// let worker = thread::spawn(move || -> std::io::Result<()> {
///     let threshold = StallThreshold::default();
///     let mut recorder = recorders.recorder(model, "worker");
///     let mut watchdog = lookout.watch(&recorder, threshold.clone())?;
///     let callback = Label::new("do_job", None).callback(&mut recorder, Cause::Program, None);
///     loop {
///         recorder.record(EventKind::IdleBegin);
///         recorder.flush();
///         let job = work.recv();
///         let begin = recorder.record(EventKind::IdleEnd);
///         let Ok(job) = job else { return Ok(()) };
///         watchdog.begin_stretch(begin);
///         let outer = watchdog.enter(callback.name, callback.task);
///         let (result, end) = callback.run(&mut recorder, begin, |_| Ok((1..=job).sum::<u64>()));
///         watchdog.leave(outer);
///         let mut stretch = Stretch::begin(begin);
///         stretch.add(&callback, begin, end);
///         let was_stall = stretch.end(end, &mut recorder, &threshold);
///         watchdog.end_stretch(end, was_stall);
///         assert!(result.is_ok());
///     }
/// });
/// jobs.send(1000)?;
/// drop(jobs);
/// worker.join().expect("it does not panic")?;
/// assert!(receiver.try_recv().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Lookout(Arc<Inner>);

struct Inner {
    recorders: Recorders,
    model: ModelId,
    running: Mutex<Option<Running>>,
}

struct Running {
    hub: Arc<Hub>,
    thread: JoinHandle<()>,
}

impl Lookout {
    /// For threads that work for `model`. What is seen is recorded with `recorders`, as from a thread called `watchdog`;
    /// where several threads are stuck at once, from as many of them.
    pub fn new(recorders: &Recorders, model: ModelId) -> Self {
        Self(Arc::new(Inner {
            // What it costs to watch it tells itself.
            recorders: recorders.clone().without_thread_times(),
            model,
            running: Mutex::default(),
        }))
    }

    /// Watches the calling thread, which records with `recorder`.
    ///
    /// # Errors
    /// When the system gives no thread or no file descriptor; it takes two on Linux, and two more for each loop that
    /// reads.
    pub fn watch(&self, recorder: &Recorder, threshold: StallThreshold) -> io::Result<Watchdog> {
        let hub = self.hub()?;
        let subject = Subject::new(recorder.source().thread, threshold);
        Ok(Watchdog::new(subject, hub, self.clone(), recorder.stamp()))
    }

    fn hub(&self) -> io::Result<Arc<Hub>> {
        let mut running = lock(&self.0.running);
        if let Some(running) = &*running {
            return Ok(Arc::clone(&running.hub));
        }
        let Inner {
            recorders, model, ..
        } = &*self.0;
        let poll = Poll::new()?;
        let hub = Arc::new(Hub {
            waker: Waker::new(poll.registry(), WAKE)?,
            is_asleep: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            roused: Mutex::default(),
        });
        let watcher = Watcher::new(Arc::clone(&hub), poll, recorders.clone(), *model);
        let thread = thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watcher.run())?;
        *running = Some(Running {
            hub: Arc::clone(&hub),
            thread,
        });
        Ok(hub)
    }
}

/// Waits until the last is recorded.
impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(Running { hub, thread }) = lock(&self.running).take() {
            hub.is_closed.store(true, Ordering::SeqCst);
            hub.wake();
            // A panic was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// Where threads ask to be looked at.
pub(super) struct Hub {
    waker: Waker,
    /// The watching thread waits, and for long: whoever wants to be looked at has to wake it.
    is_asleep: AtomicBool,
    is_closed: AtomicBool,
    roused: Mutex<Vec<Arc<Subject>>>,
}

impl Hub {
    /// `subject` has left its poll, and nobody looks at it.
    #[cold]
    pub(super) fn rouse(&self, subject: &Arc<Subject>) {
        lock(&self.roused).push(Arc::clone(subject));
        // Either this thread sees that the other one sleeps, or that one sees what this one has put here.
        if self.is_asleep.swap(false, Ordering::SeqCst) {
            self.wake();
        }
    }

    /// Ends the wait of the watching thread.
    pub(super) fn wake(&self) {
        // It would only end later.
        let _ = self.waker.wake();
    }

    /// Those that want to be looked at since this was asked last.
    pub(super) fn take_roused(&self) -> Vec<Arc<Subject>> {
        std::mem::take(&mut *lock(&self.roused))
    }

    /// Says that the watching thread sleeps from now on. Whether it may.
    pub(super) fn fall_asleep(&self) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        lock(&self.roused).is_empty() && !self.is_closed()
    }

    pub(super) fn wake_up(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

//! The processes that serve clients, as their parent has them: one thread takes in what all of them record, and buries
//! those that ended.

use std::collections::HashMap;
use std::io::{self, Read};
use std::process::Child;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use mio::unix::pipe;
use mio::{Events, Interest, Poll, Token, Waker};

use super::super::error::TaskError;
use super::super::stop::StopHook;
use super::Serving;
use crate::record::{Inlet, Recorder};
use crate::trace::TaskId;

/// How long a process may take after a stop, until it is killed. Its client has hung up by then: one that waits for it
/// to speak is gone at once, and one that works hears of nothing.
const GRACE: Duration = Duration::from_millis(500);

const WAKE: Token = Token(usize::MAX);

/// A process that was started.
pub(super) struct Started {
    process: Child,
    task: TaskId,
    inlet: Inlet,
}

impl Started {
    /// What it records goes into the track of `recorder`.
    pub(super) fn new(process: Child, task: TaskId, recorder: Recorder) -> Self {
        Self {
            process,
            task,
            inlet: Inlet::new(recorder),
        }
    }
}

/// Hands processes over to the thread that minds them. It ends with the last of them, when this is dropped.
pub(super) struct Children {
    arrivals: Sender<Started>,
    _stop: StopHook,
    /// Dropped after the sender, so that the thread learns that it is gone.
    waker: WakeOnDrop,
}

struct WakeOnDrop(Arc<Waker>);

impl WakeOnDrop {
    fn wake(&self) {
        // It fails only with the event provider itself.
        let _ = self.0.wake();
    }
}

impl Drop for WakeOnDrop {
    fn drop(&mut self) {
        self.wake();
    }
}

impl Children {
    /// Starts that thread.
    pub(super) fn start<'scope>(
        scope: &'scope thread::Scope<'scope, '_>,
        serving: &'scope Serving,
    ) -> Result<Self, TaskError> {
        let poll = Poll::new().map_err(TaskError::provider)?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(TaskError::provider)?;
        let waker = Arc::new(waker);
        let (arrivals, arrived) = crossbeam_channel::unbounded();
        let minder = Minder {
            serving,
            poll,
            _waker: Arc::clone(&waker),
            arrived,
            children: HashMap::new(),
            next: 0,
            deadline: None,
            buffer: vec![0; super::super::BUFFER_BYTES],
        };
        thread::Builder::new()
            .name("children".to_owned())
            .spawn_scoped(scope, move || minder.run())
            .map_err(TaskError::Thread)?;
        let woken = WakeOnDrop(Arc::clone(&waker));
        Ok(Self {
            arrivals,
            _stop: serving.job.controls.stop.on_stop(move || woken.wake()),
            waker: WakeOnDrop(waker),
        })
    }

    /// Minds `child` from now on.
    pub(super) fn adopt(&self, child: Started) {
        // The thread lives for as long as this.
        let _ = self.arrivals.send(child);
        self.waker.wake();
    }
}

/// A process that was taken over.
struct Minded {
    process: Child,
    task: TaskId,
    inlet: Inlet,
    pipe: Option<pipe::Receiver>,
    /// Why it was killed.
    error: Option<String>,
    /// It has told how its client was served, and only has to end.
    is_done: bool,
}

impl From<Started> for Minded {
    fn from(started: Started) -> Self {
        let Started {
            mut process,
            task,
            inlet,
        } = started;
        Self {
            pipe: process.stdout.take().map(pipe::Receiver::from),
            process,
            task,
            inlet,
            error: None,
            is_done: false,
        }
    }
}

/// What the thread owns.
struct Minder<'a> {
    serving: &'a Serving,
    poll: Poll,
    /// A waker that is gone wakes nobody, also if it was used before.
    _waker: Arc<Waker>,
    arrived: Receiver<Started>,
    children: HashMap<Token, Minded>,
    next: usize,
    /// When those are killed that are left after a stop.
    deadline: Option<Instant>,
    buffer: Vec<u8>,
}

impl Minder<'_> {
    fn run(mut self) {
        let mut events = Events::with_capacity(256);
        while self.take_arrivals() || !self.children.is_empty() {
            let patience = self.patience();
            match self.poll.poll(&mut events, patience) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.give_up(&error),
            }
            for event in &events {
                self.read(event.token());
            }
        }
    }

    /// Takes over who was started. Whether more may come.
    fn take_arrivals(&mut self) -> bool {
        loop {
            match self.arrived.try_recv() {
                Ok(started) => self.take(started),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn take(&mut self, started: Started) {
        let mut child = Minded::from(started);
        let token = Token(self.next);
        self.next += 1;
        let watched = child.pipe.as_mut().map_or(Ok(()), |pipe| {
            pipe.set_nonblocking(true)?;
            let registry = self.poll.registry();
            registry.register(pipe, token, Interest::READABLE)
        });
        match watched {
            Ok(()) => drop(self.children.insert(token, child)),
            Err(error) => self.bury(child.killed(TaskError::provider(error).to_string())),
        }
    }

    /// How long to wait for the next sign of life. Kills who has used up his time after a stop.
    fn patience(&mut self) -> Option<Duration> {
        if !self.serving.job.controls.stop.is_stopped() {
            return None;
        }
        let now = Instant::now();
        let deadline = *self.deadline.get_or_insert(now + GRACE);
        if now < deadline {
            return Some(deadline - now);
        }
        for child in self.children.values_mut() {
            // One that is gone already says so through its pipe.
            let _ = child.process.kill();
        }
        None
    }

    /// Takes in what a process has written.
    fn read(&mut self, token: Token) {
        let Some(child) = self.children.get_mut(&token) else {
            return;
        };
        let ended = child.read(&mut self.buffer);
        // What its end takes is the system's: its client has gone.
        if let (false, None, Some(result)) = (child.is_done, &child.error, child.inlet.end()) {
            child.is_done = true;
            let book = &self.serving.book;
            book.end(child.task, result, child.inlet.recorder());
            child.inlet.recorder().flush();
        }
        if ended && let Some(child) = self.children.remove(&token) {
            self.bury(child);
        }
    }

    /// The process has ended, or is about to.
    fn bury(&self, child: Minded) {
        let Minded {
            mut process,
            task,
            mut inlet,
            error,
            pipe,
            is_done,
        } = child;
        drop(pipe);
        let status = process.wait();
        if is_done {
            return;
        }
        let result = match (error, inlet.end(), status) {
            (Some(error), _, _) => Err(error),
            (None, Some(end), _) => end,
            (None, None, Ok(status)) => Err(format!("its process ended too early: {status}")),
            (None, None, Err(error)) => Err(format!("its process is lost: {error}")),
        };
        self.serving.book.end(task, result, inlet.recorder());
    }

    /// Without an event provider nobody would hear of them any more, nor of those who come still.
    fn give_up(mut self, error: &io::Error) {
        let children = std::mem::take(&mut self.children).into_values();
        for child in children.chain(self.arrived.iter().map(Minded::from)) {
            self.bury(child.killed(error.to_string()));
        }
    }
}

impl Minded {
    /// Takes in what it has written. Whether that was all.
    fn read(&mut self, buffer: &mut [u8]) -> bool {
        let Some(pipe) = &mut self.pipe else {
            return true;
        };
        loop {
            match pipe.read(buffer) {
                Ok(0) => return true,
                Ok(_) if self.error.is_some() => {}
                Ok(bytes) => {
                    if let Err(error) = self.inlet.push(&buffer[..bytes]) {
                        self.error = Some(error.to_string());
                        let _ = self.process.kill();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error.to_string());
                    let _ = self.process.kill();
                    return true;
                }
            }
        }
    }

    fn killed(mut self, why: String) -> Self {
        let _ = self.process.kill();
        self.error = Some(why);
        self
    }
}

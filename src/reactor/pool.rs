//! The thread pool: who works, on what, and when another thread is needed.

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::{CallbackResult, Error, Handle, Label, Reactor};
use crate::record::Recorder;
use crate::trace::{EventKind, FlowId};

/// How many threads the pool has at most, unless somebody says otherwise.
pub const DEFAULT_POOL_SIZE: usize = 10;

/// What the loop is to do with a result. `Send`: it comes from a thread.
pub(super) type Delivery = Box<dyn FnOnce(&mut Reactor) -> CallbackResult + Send>;

type WorkCode = Box<dyn FnOnce(&mut Recorder) -> Option<Delivery> + Send>;

/// A piece of work.
pub(super) struct Work {
    pub(super) label: Label,
    pub(super) flow: FlowId,
    /// Records itself, and returns what the loop is to do then, if anything.
    pub(super) code: WorkCode,
}

/// What a thread of the pool is told.
enum Order {
    Do(Work),
    /// There are too many threads: whoever hears it ends.
    Retire,
}

/// The threads, and the work that waits for one of them.
pub(super) struct ThreadPool {
    /// There is none after the pool was joined.
    orders: Option<Sender<Order>>,
    waiting: Receiver<Order>,
    /// All that were made, also those that retired.
    threads: Vec<JoinHandle<()>>,
    /// How many do not retire.
    alive: usize,
    size: usize,
    /// How many pieces of work were handed in and are not done.
    unfinished: Arc<AtomicUsize>,
    /// Before it started no thread is made, and the work waits.
    started: bool,
    /// Who waits in the loop for a result: cannot be sent through a thread and back.
    pub(super) results: HashMap<FlowId, Box<dyn Any>>,
}

impl Default for ThreadPool {
    fn default() -> Self {
        let (orders, waiting) = crossbeam_channel::unbounded();
        Self {
            orders: Some(orders),
            waiting,
            threads: Vec::new(),
            alive: 0,
            size: DEFAULT_POOL_SIZE,
            unfinished: Arc::default(),
            started: false,
            results: HashMap::new(),
        }
    }
}

impl ThreadPool {
    /// Has `work` done by the first thread that has time.
    pub(super) fn submit(
        &mut self,
        recorder: &mut Recorder,
        handle: &Handle,
        work: Work,
    ) -> Result<(), Error> {
        let Some(orders) = self.orders.clone() else {
            return Err(Error::PoolClosed);
        };
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.grow(recorder, handle) {
            self.unfinished.fetch_sub(1, Ordering::Relaxed);
            return Err(error);
        }
        let name = recorder.name(work.label.name);
        let flow = work.flow;
        recorder.record(EventKind::WorkQueued { work: flow, name });
        // The receiving end is ours.
        let _ = orders.send(Order::Do(work));
        Ok(())
    }

    /// The reactor runs: what was handed in before is done from now on.
    pub(super) fn start(&mut self, recorder: &Recorder, handle: &Handle) -> Result<(), Error> {
        self.started = true;
        self.grow(recorder, handle)
    }

    /// Changes how many threads there are at most. Those that are too many end when they have time.
    pub(super) fn resize(
        &mut self,
        size: usize,
        recorder: &Recorder,
        handle: &Handle,
    ) -> Result<(), Error> {
        self.size = size.max(1);
        while self.alive > self.size {
            self.alive -= 1;
            if let Some(orders) = &self.orders {
                // The receiving end is ours.
                let _ = orders.send(Order::Retire);
            }
        }
        self.grow(recorder, handle)
    }

    /// Makes as many threads as there is work for. If there is one at least, that one has to do where the system
    /// gives no more.
    fn grow(&mut self, recorder: &Recorder, handle: &Handle) -> Result<(), Error> {
        let wanted = self.size.min(self.unfinished.load(Ordering::Relaxed));
        while self.started && self.alive < wanted {
            match self.spawn(recorder, handle) {
                Ok(thread) => self.threads.push(thread),
                Err(_) if self.alive > 0 => break,
                Err(error) => return Err(Error::NoThread(error)),
            }
            self.alive += 1;
        }
        Ok(())
    }

    fn spawn(&self, recorder: &Recorder, handle: &Handle) -> io::Result<JoinHandle<()>> {
        let name = format!("pool thread {}", self.threads.len() + 1);
        let model = recorder.source().model;
        // Made here, so that the threads are numbered in the order in which they are made.
        let worker = Worker {
            recorder: recorder.recorders().recorder(model, &name),
            orders: self.waiting.clone(),
            unfinished: Arc::clone(&self.unfinished),
            handle: handle.clone(),
        };
        std::thread::Builder::new()
            .name(name)
            .spawn(move || worker.run())
    }

    /// Waits until all work is done and all threads have ended. There is no work any more after that.
    pub(super) fn join(&mut self) {
        // Without a sender the threads end once they have done what waits.
        self.orders = None;
        if self.threads.is_empty() {
            return;
        }
        for thread in self.threads.drain(..) {
            // What panics in it was recorded as the failure of its work.
            let _ = thread.join();
        }
        self.alive = 0;
    }

    #[cfg(test)]
    pub(super) const fn alive(&self) -> usize {
        self.alive
    }
}

/// One thread of the pool.
struct Worker {
    recorder: Recorder,
    orders: Receiver<Order>,
    unfinished: Arc<AtomicUsize>,
    handle: Handle,
}

impl Worker {
    fn run(mut self) {
        while let Some(Order::Do(work)) = self.next() {
            self.do_work(work);
        }
    }

    /// The next order; `None` when there will be none any more.
    fn next(&mut self) -> Option<Order> {
        match self.orders.try_recv() {
            Ok(order) => return Some(order),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        self.recorder.record(EventKind::IdleBegin);
        self.recorder.flush();
        let order = self.orders.recv();
        self.recorder.record(EventKind::IdleEnd);
        order.ok()
    }

    fn do_work(&mut self, work: Work) {
        let Work { label, flow, code } = work;
        let delivery = code(&mut self.recorder);
        // Before the loop hears of it: what it hands in then may have this thread.
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
        let call = delivery.as_ref().map(|_| self.recorder.new_flow());
        self.recorder
            .record(EventKind::WorkDone { work: flow, call });
        if let (Some(delivery), Some(call)) = (delivery, call) {
            let label = Label::new("thread_result", label.task);
            // Whoever sees the result in the trace can see where it comes from.
            self.recorder.flush();
            // Nobody waits for the result of a reactor that is gone.
            let _ = self.handle.deliver(call, label, delivery);
        }
    }
}

//! What the reactor tells its watchdog.

use std::io;
use std::os::fd::RawFd;

use super::descriptor::Ready;
use super::{Callback, Reactor};
use crate::clock::Ticks;
use crate::trace::{EventKind, FlowId, Interest};
use crate::watch::{Outer, Watchdog};

impl Reactor {
    /// Has this loop watched from now on, until it ends or [`Reactor::unwatch`]: of each stall there is then recorded that
    /// it lasts, what the thread is doing in it, and what comes in meanwhile. To be called on the thread on which the loop
    /// is to run. What is seen, and what it costs, says [`watch`](crate::watch). Of a loop that keeps no record nothing is
    /// seen.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    /// use std::time::Duration;
    ///
    /// use loopscope::clock::Clock;
    /// use loopscope::reactor::{Label, Reactor, StallThreshold};
    /// use loopscope::record::channel;
    /// use loopscope::trace::{EventKind, ModelId};
    ///
    /// let (recorders, receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
    /// reactor.share_stall_threshold(StallThreshold::new(Duration::from_millis(10)));
    /// reactor.watch()?;
    ///
    /// // A callback that waits for somebody: for the thread below, which waits for the watchdog.
    /// let (answer, answered) = mpsc::channel();
    /// reactor.call_when_running(Label::new("ask", None), move |reactor| {
    ///     answered.recv()?;
    ///     Ok(reactor.stop()?)
    /// });
    /// let looker = std::thread::spawn(move || {
    ///     let mut events = std::iter::repeat_with(|| receiver.try_recv())
    ///         .flatten()
    ///         .flat_map(|batch| batch.events);
    ///     let noticed = events.any(|event| matches!(event.kind, EventKind::StallNoticed { .. }));
    ///     answer.send(()).map(|()| noticed)
    /// });
    /// reactor.run()?;
    /// assert!(looker.join().expect("it does not panic")?, "the stall was seen while it lasted");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the system gives no thread or no file descriptor. The loop is not watched then, and runs all the same.
    pub fn watch(&mut self) -> io::Result<()> {
        // A pulse without a clock would tell of nothing but one endless stretch.
        if self.recorder.is_off() {
            return Ok(());
        }
        let threshold = self.stall_threshold.clone();
        let watchdog = Watchdog::start(&self.recorder, threshold)?;
        for (id, slot) in &self.descriptors {
            slot.tell(&watchdog, id);
        }
        self.watchdog = Some(watchdog);
        Ok(())
    }

    /// Ends that before the loop does. What was seen so far was recorded when this returns.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use loopscope::clock::Clock;
    /// use loopscope::reactor::{Label, Reactor};
    /// use loopscope::record::channel;
    /// use loopscope::trace::ModelId;
    ///
    /// let (recorders, _trace) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// let mut reactor = Reactor::new(recorders.recorder(ModelId::from_index(0), "reactor"))?;
    /// reactor.watch()?;
    /// reactor.call_when_running(Label::new("do_what_may_take_long", None), |reactor| {
    ///     reactor.unwatch();
    ///     Ok(reactor.stop()?)
    /// });
    /// reactor.run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unwatch(&mut self) {
        self.watchdog = None;
    }

    /// User code is entered.
    pub(super) fn pulse_enters(&mut self, callback: &Callback) -> Option<Outer> {
        let watchdog = self.watchdog.as_ref()?;
        // Whoever hears of the callback while it runs has to know its name, which may be new.
        if self.recorder.has_new_names() {
            self.recorder.flush();
        }
        Some(watchdog.enter(callback.name, callback.task))
    }

    /// User code returned.
    pub(super) fn pulse_leaves(&self, outer: Option<Outer>) {
        if let (Some(watchdog), Some(outer)) = (&self.watchdog, outer) {
            watchdog.leave(outer);
        }
    }

    /// Says which descriptor became ready, if data came in on it while nobody looked.
    pub(super) fn record_descriptor(&mut self, ready: Ready, at: Ticks) {
        let Ready {
            id, interest, flow, ..
        } = ready;
        if let Some(watchdog) = &mut self.watchdog
            && interest == Interest::Readable
            && watchdog.has_arrived(id.number())
            && let Some(slot) = self.descriptors.get(id)
        {
            let fd = slot.fd;
            self.recorder
                .record_at(at, EventKind::ReadinessOf { flow, fd });
        }
    }

    /// Says which descriptor a callback served in a stretch that somebody looks at: what had come in on it is taken.
    #[inline]
    pub(super) fn record_served(&mut self, fd: RawFd, interest: Interest, flow: FlowId) {
        if let Some(watchdog) = &self.watchdog
            && interest == Interest::Readable
            && watchdog.looks_closely()
        {
            let at = self.recorder.last();
            self.recorder
                .record_at(at, EventKind::ReadinessOf { flow, fd });
        }
    }
}

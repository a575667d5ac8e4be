//! The turn of the loop, and the gate to user code.

use std::io;
use std::time::Duration;

use super::callback::guarded;
use super::descriptor::{Handler, Ready};
use super::timers::Action;
use super::triggers::Shutdown;
use super::{Callback, DescriptorId, Failure, Label, Next, Reactor, Reason, Stretch};
use crate::clock::{Clock, Ticks};
use crate::trace::{Cause, EventKind, Interest, Timestamp};

/// When the poll ends so that what was recorded is handed over, although nothing is ready.
#[derive(Clone, Copy)]
pub(super) struct LateFlush {
    at: Ticks,
    deadline: Timestamp,
}

impl LateFlush {
    /// How long what was recorded may wait for the next turn.
    const DELAY: Duration = Duration::from_millis(10);

    fn after(now: Ticks, clock: &Clock) -> Self {
        let deadline = clock.timestamp(now) + Self::DELAY;
        let at = now.after(clock.ticks_in(Self::DELAY));
        Self { at, deadline }
    }
}

impl Reactor {
    pub(super) fn turn_until_stopped(&mut self) -> io::Result<()> {
        loop {
            self.drain();
            if self.is_to_end() {
                return Ok(());
            }
            self.poll(true)?;
            self.serve();
            // Who was waited for before the shutdown is done: no other turn begins, as in Twisted.
            if self.shutdown == Shutdown::Ready {
                return Ok(());
            }
        }
    }

    /// Runs `code` now, as a callback of its own inside the one that runs: how a layer of a program calls the next one,
    /// if that is to be seen.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use loopscope::clock::Clock;
    /// # use loopscope::record::channel;
    /// # use loopscope::trace::ModelId;
    /// use loopscope::reactor::{Label, Reactor};
    ///
    /// # let (recorders, _receiver) = channel(&Clock::monotonic(), Arc::new(|| {}));
    /// # let recorder = recorders.recorder(ModelId::from_index(0), "reactor");
    /// let mut reactor = Reactor::new(recorder)?;
    /// reactor.call_when_running(Label::new("data_received", None), |reactor| {
    ///     let words = reactor.call_now(Label::new("line_received", None), |_| Ok("a line".split(' ').count()))?;
    ///     assert_eq!(words, 2);
    ///     Ok(reactor.stop()?)
    /// });
    /// reactor.run()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of `code`, and its panic; either was recorded when this returns.
    pub fn call_now<T>(
        &mut self,
        label: Label,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let callback = label.callback(&mut self.recorder, Cause::Program, None);
        self.dispatch(callback, code)
    }

    /// Runs user code: the only place that does. What it fails with was recorded when this returns.
    pub(super) fn dispatch<T>(
        &mut self,
        callback: Callback,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Nobody hears of it, and so nobody watches.
        if self.recorder.is_off() {
            return guarded(self, code);
        }
        let shared = self.moment.take();
        let begin = shared.unwrap_or_else(|| self.recorder.stamp());
        let (result, end) = self.run_callback(callback, begin, code);
        // A callback inside a callback is part of the outer one, which goes on: its end is no moment to share.
        if shared.is_some() {
            self.nested = 0;
            self.moment = Some(end);
        }
        result
    }

    /// The same inside a callback, at a moment that was just recorded or stamped.
    #[inline]
    pub(super) fn dispatch_inside<T>(
        &mut self,
        callback: Callback,
        begin: Ticks,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.recorder.is_off() {
            return guarded(self, code);
        }
        self.run_callback(callback, begin, code).0
    }

    #[inline]
    fn run_callback<T>(
        &mut self,
        callback: Callback,
        begin: Ticks,
        code: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, Ticks) {
        let outer = std::mem::take(&mut self.nested);
        let around = self.pulse_enters(&callback);
        let (result, end) = callback.run(self, begin, code);
        self.pulse_leaves(around);
        // A stall is named after the callback that took the time, and not after the one that called it.
        let inner = std::mem::replace(&mut self.nested, outer);
        self.stretch.add(&callback, Ticks(begin.0 + inner), end);
        self.nested += end.0.saturating_sub(begin.0);
        (result, end)
    }

    #[inline]
    pub(super) fn begin_stretch(&mut self) {
        let now = self.recorder.stamp();
        self.moment = Some(now);
        self.stretch = Stretch::begin(now);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.begin_stretch(now);
        }
    }

    /// Where the last callback ended, if there was one: nothing that takes time came after it.
    #[inline]
    pub(super) fn end_stretch(&mut self) -> Ticks {
        let now = self.moment();
        self.moment = None;
        if self.recorder.is_off() {
            return now;
        }
        let was_stall = self
            .stretch
            .end(now, &mut self.recorder, &self.stall_threshold);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.end_stretch(now, was_stall);
        }
        now
    }

    /// Something took time between two callbacks: closing a descriptor, say.
    pub(super) fn renew_moment(&mut self) {
        self.moment = Some(self.recorder.stamp());
    }

    #[inline]
    fn moment(&self) -> Ticks {
        self.moment.unwrap_or_else(|| self.recorder.stamp())
    }

    /// Runs the calls from threads that wait now, then the timers that are due after them.
    #[inline]
    pub(super) fn drain(&mut self) {
        if self.handle.take_called() {
            self.drain_calls();
        }
        if self.timers.nearest().is_some() {
            self.drain_timers();
        }
    }

    fn drain_calls(&mut self) {
        for _ in 0..self.calls.len() {
            let Ok(call) = self.calls.try_recv() else {
                break;
            };
            let flow = call.flow.unwrap_or_else(|| self.recorder.new_flow());
            let callback = call
                .label
                .callback(&mut self.recorder, Cause::ThreadCall, Some(flow));
            let queued_at = call.queued_at;
            // It may have come after the moment that the turn shares.
            self.moment = self.moment.map(|_| self.recorder.stamp());
            self.recorder
                .record_at(self.moment(), EventKind::ThreadCall { flow, queued_at });
            // Its failure is recorded, and concerns nobody else.
            let _ = self.dispatch(callback, call.code);
        }
    }

    fn drain_timers(&mut self) {
        let now = self.recorder.time_of(self.moment());
        let set = self.timers.count_set();
        while let Some((deadline, timer)) = self.timers.take_due(now, set) {
            let moment = self.moment();
            let late = self.recorder.clock().timestamp(moment).since(deadline);
            self.recorder.record_at(
                moment,
                EventKind::TimerFired {
                    timer: timer.flow,
                    late: u64::try_from(late.as_nanos()).unwrap_or(u64::MAX),
                },
            );
            match timer.action {
                Action::Call(code) => {
                    // Its failure is recorded, and concerns nobody else.
                    let _ = self.dispatch(timer.callback, code);
                }
                Action::Tick(looping) => {
                    looping.tick(self, timer.callback);
                    // It has planned the next one since its callback ended.
                    self.renew_moment();
                }
            }
        }
    }

    /// Waits in the event provider, if it may, and lists what is ready.
    pub(super) fn poll(&mut self, may_wait: bool) -> io::Result<()> {
        self.record_unhandled();
        let begin = self.end_stretch();
        self.recorder.record_at(begin, EventKind::PollBegin);
        let nearest = self.timers.nearest();
        // A clock that moves by hand does not move while somebody waits for it here.
        let stands_still = nearest.is_some() && self.recorder.clock().is_manual();
        let polled = if !may_wait {
            // Whoever drives the loop may not come back for long.
            self.recorder.flush();
            self.provider.poll_now()
        } else if !self.ready.is_empty() || stands_still {
            self.recorder.flush_if_due(begin);
            self.provider.poll_now()
        } else {
            self.wait(begin, nearest)
        };
        self.begin_stretch();
        self.list_ready();
        polled
    }

    /// Waits until something is ready, a call waits or the nearest timer is due. What was recorded is handed over at
    /// once, or, by a loop that turns often, a little later.
    #[inline]
    fn wait(&mut self, begin: Ticks, nearest: Option<Timestamp>) -> io::Result<()> {
        let is_left = self.recorder.flush_if_due(begin);
        // One that is set stays so until it is past: under load it costs a system call now and then, and not one a turn.
        if self.late_flush.is_none_or(|late| late.at <= begin) {
            self.late_flush = is_left.then(|| LateFlush::after(begin, self.recorder.clock()));
        }
        if let Some(late) = self.late_flush
            && nearest.is_none_or(|nearest| late.deadline < nearest)
        {
            self.provider
                .poll_until(Some(late.deadline), || self.recorder.now())?;
            if !self.provider.ready().is_empty() || self.handle.has_called() {
                return Ok(());
            }
            // Woken for this and nothing else: it is no turn, and then the loop is idle.
            self.recorder.flush();
            self.late_flush = None;
        }
        self.provider.poll_until(nearest, || self.recorder.now())
    }

    /// Lists the descriptors that the poll brought, after those that were not drained in the turn before.
    #[inline]
    fn list_ready(&mut self) {
        let listed = self.ready.len();
        let mut descriptors = 0;
        // For both directions of each.
        let mut flows = self.recorder.new_flows(2 * self.provider.ready().len());
        for readiness in self.provider.ready() {
            let id = DescriptorId::from_token(readiness.token);
            let Some(slot) = self.descriptors.get_mut(id) else {
                continue;
            };
            descriptors += 1;
            slot.hung_up |= readiness.hung_up;
            for (interest, is_ready) in [
                (Interest::Readable, readiness.readable),
                (Interest::Writable, readiness.writable),
            ] {
                if let Some(watch) = slot.watch(interest)
                    && is_ready
                    && !watch.listed
                    && let Some(flow) = flows.next()
                {
                    watch.listed = true;
                    self.ready.push(Ready {
                        id,
                        task: slot.task,
                        interest,
                        flow,
                    });
                }
            }
        }
        if !self.recorder.is_off() {
            self.record_ready(listed, descriptors);
        }
    }

    /// Tells of the poll that brought so many `descriptors`, and of what is listed from the place `listed` on.
    fn record_ready(&mut self, listed: usize, descriptors: u32) {
        let returned = self.moment();
        self.recorder
            .record_at(returned, EventKind::PollEnd { ready: descriptors });
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.poll_returned();
        }
        let ready = std::mem::take(&mut self.ready);
        for &ready in &ready[listed..] {
            self.record_readiness(ready, returned);
            self.record_descriptor(ready, returned);
        }
        self.ready = ready;
    }

    fn record_readiness(&mut self, ready: Ready, at: Ticks) {
        let Ready {
            task,
            interest,
            flow,
            ..
        } = ready;
        self.recorder.record_at(
            at,
            EventKind::Readiness {
                flow,
                task,
                interest,
            },
        );
    }

    /// Serves what is listed. What it lists itself is for the next turn.
    pub(super) fn serve(&mut self) {
        let mut batch = std::mem::take(&mut self.ready);
        for ready in batch.drain(..) {
            self.serve_one(ready);
        }
        // Keeps the memory of the longer list, so that a steady loop allocates nothing.
        if !self.ready.is_empty() {
            batch.append(&mut self.ready);
        }
        self.ready = batch;
    }

    #[inline]
    fn serve_one(&mut self, ready: Ready) {
        let Ready {
            id,
            task,
            interest,
            flow,
        } = ready;
        // An earlier callback may have removed it, or wants to know of this no more.
        let Some(slot) = self.descriptors.get_mut(id) else {
            return;
        };
        let Some(watch) = slot.watch(interest) else {
            return;
        };
        watch.listed = false;
        let name = watch.name;
        let hung_up = slot.hung_up;
        let mut served = match slot.handler.take() {
            Some(Handler::Served(served)) => served,
            Some(Handler::Connecting(connecting)) => {
                return self.serve_connecting(ready, task, connecting);
            }
            None => return,
        };
        let callback = Callback {
            name,
            task,
            cause: Cause::Readiness,
            flow: Some(flow),
        };
        let mut next = Next::Wait;
        // Beside the result, which is the smaller for it: it is moved several times.
        let is_guarded = served.is_guarded();
        let mut serve = |reactor: &mut Self| {
            next = served.serve(reactor, interest, hung_up)?;
            Ok(())
        };
        let result = if self.recorder.is_off() && is_guarded {
            serve(self)
        } else {
            self.dispatch(callback, serve)
        };
        let Some(slot) = self.descriptors.get_mut(id) else {
            // It removed itself.
            drop(served);
            self.renew_moment();
            return;
        };
        slot.handler = Some(Handler::Served(served));
        let fd = slot.fd;
        self.record_served(fd, interest, flow);
        let reason = match (result, next) {
            (Ok(()), Next::Wait) => return,
            (Ok(()), Next::Again) => return self.list_again(id, interest),
            (Ok(()), Next::Close) => Reason::Closed,
            (Err(failure), _) => Reason::Failed(failure),
        };
        self.lose(id, reason, Cause::Readiness, Some(flow));
    }

    /// The descriptor was not drained: it is ready at this moment, and served in the next turn.
    pub(super) fn list_again(&mut self, id: DescriptorId, interest: Interest) {
        let Some(slot) = self.descriptors.get_mut(id) else {
            return;
        };
        if let Some(watch) = slot.watch(interest)
            && !watch.listed
        {
            watch.listed = true;
            let flow = self.recorder.new_flow();
            let ready = Ready {
                id,
                task: slot.task,
                interest,
                flow,
            };
            self.ready.push(ready);
            self.record_readiness(ready, self.moment());
        }
    }
}

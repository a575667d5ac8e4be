//! Work that would block the loop, done in a thread.
//!
//! The pool has at most [`DEFAULT_POOL_SIZE`](super::DEFAULT_POOL_SIZE) threads, each made when there is work that no
//! other has time for. Work that is handed in before the reactor runs waits for it. When the reactor stops, what was
//! handed in is done to its end, and the threads are joined; results that come then reach nobody.
//!
//! The trace has each piece of work as a span on its thread, with an arrow from where it was handed in, and another to
//! the call in the loop that takes its result.

use super::pool::{Delivery, Work};
use super::{CallbackResult, Deferred, Error, Failure, Firing, Label, Reactor};
use crate::record::Recorder;
use crate::trace::{Cause, EventKind, FlowId};

impl Reactor {
    /// Has `code` run by a thread of the pool, as `label`, with the recorder of that thread. Nobody hears of its end;
    /// a failure or a panic is recorded, and so is it if there is no thread to be had.
    ///
    /// Code that has something to tell the loop takes a [`Handle`](super::Handle) along.
    pub fn call_in_thread(
        &mut self,
        label: Label,
        code: impl FnOnce(&mut Recorder) -> CallbackResult + Send + 'static,
    ) {
        let flow = self.recorder.new_flow();
        let submitted = self.submit(label, flow, code, |_| None);
        if let Err(error) = submitted {
            let task = label.task;
            let message = self.recorder.message(&error.to_string());
            self.recorder.record(EventKind::Failure { task, message });
        }
    }

    /// Has `code` run by a thread of the pool, as [`Reactor::call_in_thread`] does, and returns its result that is still
    /// to come. A failure or a panic fails the Deferred, and so does it if there is no thread to be had.
    ///
    /// Cancelling the Deferred does not stop the thread: the result that comes then is thrown away.
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
    /// let (sender, printed) = std::sync::mpsc::channel();
    /// reactor
    ///     .defer_to_thread(Label::new("sum", None), |_| Ok((1..=1_000_000_u64).sum::<u64>()))
    ///     .then(&mut reactor, move |reactor, sum| {
    ///         sender.send(sum)?;
    ///         Ok(reactor.stop()?)
    ///     });
    /// reactor.run()?;
    /// assert_eq!(printed.recv(), Ok(500_000_500_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn defer_to_thread<T: Send + 'static>(
        &mut self,
        label: Label,
        code: impl FnOnce(&mut Recorder) -> Result<T, Failure> + Send + 'static,
    ) -> Deferred<T> {
        let (firing, deferred) = self.deferred::<T>(label);
        let flow = self.recorder.new_flow();
        self.pool.results.insert(flow, Box::new(firing));
        let submitted = self.submit(label, flow, code, move |result| {
            Some(Box::new(move |reactor: &mut Self| {
                reactor.take_result(flow, result);
                Ok(())
            }))
        });
        if let Err(error) = submitted {
            self.take_result::<T>(flow, Err(error.into()));
        }
        deferred
    }

    /// Lets the pool have at most `size` threads, and at least one. Those that are too many end when they have done
    /// what was handed in before.
    ///
    /// # Errors
    /// When work waits and no thread can be made for it.
    pub fn set_thread_pool_size(&mut self, size: usize) -> Result<(), Error> {
        self.pool.resize(size, &self.recorder, &self.handle)
    }

    fn submit<T: Send + 'static>(
        &mut self,
        label: Label,
        flow: FlowId,
        code: impl FnOnce(&mut Recorder) -> Result<T, Failure> + Send + 'static,
        deliver: impl FnOnce(Result<T, Failure>) -> Option<Delivery> + Send + 'static,
    ) -> Result<(), Error> {
        let code = move |recorder: &mut Recorder| {
            let callback = label.callback(recorder, Cause::ThreadPool, Some(flow));
            let begin = recorder.ticks();
            let (result, _) = callback.run(recorder, begin, code);
            deliver(result)
        };
        let work = Work {
            label,
            flow,
            code: Box::new(code),
        };
        self.pool.submit(&mut self.recorder, &self.handle, work)
    }

    /// The result of a piece of work has come back.
    fn take_result<T: 'static>(&mut self, flow: FlowId, result: Result<T, Failure>) {
        let firing = self.pool.results.remove(&flow);
        if let Some(Ok(firing)) = firing.map(|firing| firing.downcast::<Firing<T>>()) {
            // It comes once; and after the Deferred was cancelled it is let pass.
            let _ = firing.finish(self, result);
        }
    }
}

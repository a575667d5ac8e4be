//! What a thread without a loop records: its waits, and its callbacks.

use super::Controls;
use crate::clock::Ticks;
use crate::reactor::{Callback, Failure, StallThreshold, Stretch};
use crate::record::Recorder;
use crate::trace::{Cause, EventKind, TaskId, WaitCall};
use crate::watch::{Lookout, Outer, Watchdog};

/// Makes a system call that may block, begun at `begin` for `task`, and returns what it returned, and when.
pub(super) fn wait_at<C: AsMut<Recorder>, T>(
    context: &mut C,
    begin: Ticks,
    task: TaskId,
    call: WaitCall,
    code: impl FnOnce(&mut C) -> T,
) -> (T, Ticks) {
    let recorder = context.as_mut();
    recorder.record_at(begin, EventKind::WaitBegin { task, call });
    recorder.flush();
    let result = code(context);
    let end = context.as_mut().record(EventKind::WaitEnd { task });
    (result, end)
}

/// Runs user code as `callback`, begun at `begin`, and returns what it returned, and when. On such a thread nobody but the task
/// itself is held up by it, so that one long callback is a stall.
pub(super) fn call<C: Thread, T>(
    context: &mut C,
    callback: Callback,
    threshold: &StallThreshold,
    begin: Ticks,
    code: impl FnOnce(&mut C) -> Result<T, Failure>,
) -> (Result<T, Failure>, Ticks) {
    // Whoever hears of the callback while it runs has to know its name, which may be new.
    if context.watched().is_some() && context.as_mut().has_new_names() {
        context.as_mut().flush();
    }
    let around = context
        .watched()
        .map(|watched| watched.enter(&callback, begin));
    let (result, end) = callback.run(context, begin, code);
    let mut stretch = Stretch::begin(begin);
    stretch.add(&callback, begin, end);
    let was_stall = stretch.end(end, context.as_mut(), threshold);
    if let (Some(watched), Some(around)) = (context.watched(), around) {
        watched.leave(around, end, was_stall);
    }
    (result, end)
}

/// What a thread without a loop works with.
pub(super) trait Thread: AsMut<Recorder> {
    /// Who watches its callbacks, if anybody does.
    fn watched(&mut self) -> Option<&mut Watched>;
}

/// A thread whose callbacks are watched: each that lies in no other is a stretch.
pub(super) struct Watched {
    watchdog: Watchdog,
    depth: usize,
}

impl Watched {
    /// Has the calling thread watched, where the model has a lookout. Where the system has nothing left for that, stalls
    /// are recorded all the same, only without causes.
    pub(super) fn start(
        recorder: &Recorder,
        controls: &Controls,
        lookout: Option<&Lookout>,
    ) -> Option<Self> {
        let threshold = controls.stall_threshold.clone();
        let watchdog = lookout?.watch(recorder, threshold).ok()?;
        Some(Self { watchdog, depth: 0 })
    }

    fn enter(&mut self, callback: &Callback, at: Ticks) -> Outer {
        if self.depth == 0 {
            self.watchdog.begin_stretch(at);
        }
        self.depth += 1;
        self.watchdog.enter(callback.name, callback.task)
    }

    fn leave(&mut self, around: Outer, at: Ticks, was_stall: bool) {
        self.watchdog.leave(around);
        self.depth -= 1;
        if self.depth == 0 {
            self.watchdog.end_stretch(at, was_stall);
        }
    }
}

/// A callback of `task`, in the program's own order.
pub(super) fn callback(name: &str, task: TaskId, recorder: &mut Recorder) -> Callback {
    Callback {
        name: recorder.name(name),
        task: Some(task),
        cause: Cause::Program,
        flow: None,
    }
}
